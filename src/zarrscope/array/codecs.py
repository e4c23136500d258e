"""The list of codecs that are allowed, and how each is made from its configuration.

A name that is not here is refused by name: nothing is looked up in registries, nothing is imported
because a document says so, and pickle is not among them.
Sources: the codec pages of Zarr v3 (bytes, transpose, blosc, gzip, zstd, crc32c, sharding_indexed)
and the configurations of numcodecs.
"""

from __future__ import annotations

import lzma
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numcodecs import AsType, BitRound, Delta, FixedScaleOffset, PackBits, Quantize, Shuffle

from zarrscope.array import checksums, stages
from zarrscope.array.stages import Extent, Stage
from zarrscope.errors import MetadataError, UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zarrscope.array.metadata import Codec

_SHUFFLES = {"noshuffle": 0, "shuffle": 1, "bitshuffle": 2}
_CNAMES = ("lz4", "lz4hc", "blosclz", "zstd", "zlib")
_NUMBER = re.compile(r"[<>|=]?(b1|[iu][1248]|f[248]|c8|c16)")
_NAMED = {f"{s}int{b}" for s in ("", "u") for b in (8, 16, 32, 64)} | {
    "bool",
    "float16",
    "float32",
    "float64",
}
_LZMA_DICTIONARY = 64 << 20

Make = Callable[["Options", Extent, np.dtype[Any]], Stage]


@dataclass(frozen=True)
class Options:
    """The configuration of one codec, read with checks."""

    codec: str
    values: Mapping[str, Any]

    def integer(self, name: str, default: int | None, least: int, most: int) -> int:
        """Return an integer within bounds.

        Parameters
        ----------
        name : str
            Of the option.
        default : int, optional
            Stands in where the option is left out; None where it must be given.
        least, most : int
            Bounds, both allowed.
        """
        value = self.values.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise MetadataError(
                f"codec {self.codec}: {name} must be an integer from {least} to {most}, not {value!r:.80}"
            )
        return value

    def choice(self, name: str, default: Any, allowed: tuple[Any, ...]) -> Any:
        """Return one of a few values."""
        value = self.values.get(name, default)
        if not any(type(value) is type(a) and value == a for a in allowed):
            raise MetadataError(
                f"codec {self.codec}: {name} must be one of {list(allowed)}, not {value!r:.80}"
            )
        return value

    def number(self, name: str) -> float:
        """Return a finite number."""
        value = self.values.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value):
            raise MetadataError(f"codec {self.codec}: {name} must be a number, not {value!r:.80}")
        return value

    def dtype(self, name: str, default: np.dtype[Any]) -> np.dtype[Any]:
        """Return a numeric type."""
        value = self.values.get(name)
        if value is None:
            return default
        if not isinstance(value, str) or not (_NUMBER.fullmatch(value) or value in _NAMED):
            raise MetadataError(
                f"codec {self.codec}: {name} must be a numeric type such as '<f4', not {value!r:.80}"
            )
        return np.dtype(value)


def _blosc(options: Options, extent: Extent, dtype: np.dtype[Any]) -> Stage:
    shuffle = options.choice("shuffle", 1, (-1, 0, 1, 2, *_SHUFFLES))
    if options.values.get("cname") == "snappy":
        raise UnsupportedError("blosc with snappy is not supported: c-blosc is built without it here")
    # Level 0 only copies; typesize 0 does not occur in blosc.
    typesize = options.integer("typesize", max(1, min(extent.itemsize, 255)), 1, 255)
    return stages.Blosc(
        extent,
        options.choice("cname", "lz4", _CNAMES).encode(),
        options.integer("clevel", 5, 0, 9),
        _SHUFFLES.get(shuffle, shuffle),
        options.integer("blocksize", 0, 0, (1 << 31) - 1),
        typesize,
    )


def _zstd(options: Options, extent: Extent, dtype: np.dtype[Any]) -> Stage:
    checksum = options.choice("checksum", False, (True, False))
    return stages.Zstd(extent, options.integer("level", 0, -131072, 22), checksum)


def _lz4(options: Options, extent: Extent, dtype: np.dtype[Any]) -> Stage:
    return stages.Lz4(extent, options.integer("acceleration", 1, -(1 << 31), (1 << 31) - 1))


def _stream(name: str, least: int) -> Make:
    def make(options: Options, extent: Extent, dtype: np.dtype[Any]) -> Stage:
        level = options.integer("level", 1, least, 9)
        return stages.Stream(extent, name, (("level", level),))

    return make


def _lzma(options: Options, extent: Extent, dtype: np.dtype[Any]) -> Stage:
    chosen: dict[str, Any] = {
        "format": options.choice(
            "format", lzma.FORMAT_XZ, (lzma.FORMAT_XZ, lzma.FORMAT_ALONE, lzma.FORMAT_RAW)
        ),
        "check": options.choice("check", -1, (-1, 0, 1, 4, 10)),
        "preset": None if options.values.get("preset") is None else options.integer("preset", None, 0, 9),
    }
    filters = options.values.get("filters")
    if filters is not None:
        if not isinstance(filters, list) or not all(isinstance(f, dict) for f in filters):
            raise MetadataError(f"codec lzma: filters must be a list of objects, not {filters!r:.80}")
        for entry in filters:
            Options("lzma", entry).integer("dict_size", 1 << 20, 1, _LZMA_DICTIONARY)
        chosen["filters"] = filters
    return stages.Stream(extent, "lzma", tuple(chosen.items()))


def _checksum(algorithm: str, at_end: bool) -> Make:
    def make(options: Options, extent: Extent, dtype: np.dtype[Any]) -> Stage:
        where = options.choice("location", "end" if at_end else "start", ("start", "end"))
        return checksums.Checksum(extent, algorithm, where == "end")

    return make


def _jenkins(options: Options, extent: Extent, dtype: np.dtype[Any]) -> Stage:
    if options.values.get("prefix") is not None or options.values.get("initval", 0) != 0:
        raise UnsupportedError("codec jenkins_lookup3 with an initial value or a prefix is not supported")
    return checksums.Checksum(extent, "jenkins_lookup3", at_end=True)


def _fletcher32(options: Options, extent: Extent, dtype: np.dtype[Any]) -> Stage:
    return checksums.Fletcher32(extent)


def _filter(extent: Extent, codec: Any, before: np.dtype[Any], after: np.dtype[Any]) -> Stage:
    """Return a filter that turns items of one type into as many of another."""
    if extent.exact is None:
        raise UnsupportedError(f"codec {codec.codec_id} after a compressor is not supported")
    if extent.exact % before.itemsize:
        raise MetadataError(f"codec {codec.codec_id}: {extent.exact} bytes are no whole number of {before}")
    size = extent.exact // before.itemsize * after.itemsize
    return stages.Filter(extent, codec, before, Extent(size, size, after.itemsize))


def _delta(options: Options, extent: Extent, dtype: np.dtype[Any]) -> Stage:
    before = options.dtype("dtype", dtype)
    after = options.dtype("astype", before)
    return _filter(extent, Delta(before, after), before, after)


def _fixedscaleoffset(options: Options, extent: Extent, dtype: np.dtype[Any]) -> Stage:
    before = options.dtype("dtype", dtype)
    after = options.dtype("astype", before)
    scale = options.number("scale")
    if scale == 0:
        raise MetadataError("codec fixedscaleoffset: scale must not be 0")
    return _filter(extent, FixedScaleOffset(options.number("offset"), scale, before, after), before, after)


def _quantize(options: Options, extent: Extent, dtype: np.dtype[Any]) -> Stage:
    before = options.dtype("dtype", dtype)
    after = options.dtype("astype", before)
    if before.kind != "f" or after.kind != "f":
        raise MetadataError(f"codec quantize: only floats can be quantized, not {before}")
    return _filter(extent, Quantize(options.integer("digits", None, 0, 308), before, after), before, after)


def _bitround(options: Options, extent: Extent, dtype: np.dtype[Any]) -> Stage:
    if dtype.kind != "f":
        raise MetadataError(f"codec bitround: only floats can be rounded, not {dtype}")
    return _filter(extent, BitRound(options.integer("keepbits", None, 0, 52)), dtype, dtype)


def _astype(options: Options, extent: Extent, dtype: np.dtype[Any]) -> Stage:
    before = options.dtype("decode_dtype", dtype)
    after = options.dtype("encode_dtype", dtype)
    return _filter(extent, AsType(after, before), before, after)


def _packbits(options: Options, extent: Extent, dtype: np.dtype[Any]) -> Stage:
    if dtype.kind != "b" or extent.exact is None:
        raise MetadataError(f"codec packbits: only booleans can be packed, not {dtype}")
    size = 1 + (extent.exact + 7) // 8
    return stages.Filter(extent, PackBits(), np.dtype(bool), Extent(size, size, 1))


def _shuffle(options: Options, extent: Extent, dtype: np.dtype[Any]) -> Stage:
    size = options.integer("elementsize", extent.itemsize, 1, 1 << 16)
    return _filter(extent, Shuffle(size), np.dtype(np.uint8), np.dtype(np.uint8))


FILTERS: dict[str, Make] = {
    "delta": _delta, "fixedscaleoffset": _fixedscaleoffset, "quantize": _quantize, "bitround": _bitround,
    "packbits": _packbits, "astype": _astype,
}  # fmt: skip
_NUMCODECS: dict[str, Make] = {
    "blosc": _blosc, "zstd": _zstd, "lz4": _lz4, "zlib": _stream("zlib", -1), "gzip": _stream("gzip", -1),
    "bz2": _stream("bz2", 1), "lzma": _lzma, "shuffle": _shuffle, "crc32": _checksum("crc32", False),
    "crc32c": _checksum("crc32c", True), "adler32": _checksum("adler32", False), "fletcher32": _fletcher32,
    "jenkins_lookup3": _jenkins,
}  # fmt: skip
_CORE: dict[str, Make] = {
    "blosc": _blosc, "zstd": _zstd, "gzip": _stream("gzip", 0), "crc32c": _checksum("crc32c", True),
}  # fmt: skip

V2 = {**FILTERS, **_NUMCODECS}
V3 = {**_CORE, **{f"numcodecs.{name}": make for name, make in _NUMCODECS.items()}}
V3_FILTERS = {f"numcodecs.{name}": make for name, make in FILTERS.items()}


def make_stage(codec: Codec, allowed: Mapping[str, Make], extent: Extent, dtype: np.dtype[Any]) -> Stage:
    """Return the stage of a codec.

    Parameters
    ----------
    codec : Codec
        Name and configuration from a document.
    allowed : mapping
        ``V2``, ``V3`` or ``V3_FILTERS``.
    extent : Extent
        Size of what it encodes.
    dtype : numpy.dtype
        Type of the items, as stored.

    Raises
    ------
    UnsupportedError
        If the codec is not on the list.
    MetadataError
        If its configuration is wrong.
    """
    make = allowed.get(codec.name)
    if make is None:
        raise UnsupportedError(
            f"codec {codec.name!r:.80} is not supported; allowed are {', '.join(sorted(allowed))}"
        )
    return make(Options(codec.name, codec.configuration), extent, dtype)
