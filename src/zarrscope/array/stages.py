"""Bytes to bytes: compressors and filters, each bounded by what the description demands.

Nothing here trusts a length that stands in the data: it is compared with the length that must
come out before memory is taken, and streams are decoded up to one byte more than that.
"""

from __future__ import annotations

import bz2
import lzma
import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
from numcodecs import blosc, lz4, zstd

from zarrscope.errors import CorruptDataError

if TYPE_CHECKING:
    from collections.abc import Callable

    from zarrscope.array.scratch import Bytes

# Encoding must be a pure function: blosc with several threads gives other bytes each time.
blosc.use_threads = False
blosc.set_nthreads(1)

Data = Any
"""A buffer of bytes: bytes, bytearray, memoryview or a flat uint8 array.

Arrays are buffers, but before Python 3.12 no type can say so.
"""

_LZMA_MEMORY = 128 << 20
_MOST = 1 << 32


class Extent(NamedTuple):
    """How many bytes go into a stage when it encodes, and must come out when it decodes.

    Parameters
    ----------
    exact : int, optional
        The number, where it is the same for every chunk.
    most : int
        No valid chunk has more.
    itemsize : int
        Size of an item, for codecs that look at one.
    """

    exact: int | None
    most: int
    itemsize: int


class Stage(Protocol):
    """One bytes-to-bytes codec, bound to the size of what it encodes."""

    @property
    def after(self) -> Extent:
        """How many bytes come out when it encodes."""

    def encode(self, data: Data) -> Data:
        """Return the encoded bytes."""

    def decode(self, data: Data, out: Bytes | None) -> Data:
        """Return the decoded bytes; ``out`` has their exact size and may be used for them."""


def _packed(extent: Extent) -> Extent:
    """Return the bound of what a compressor makes: data that cannot be compressed grows a little."""
    return Extent(None, min(extent.most + extent.most // 8 + (1 << 16), _MOST), 1)


def check_size(extent: Extent, size: int, codec: str) -> None:
    """Refuse data that holds another number of bytes than is due."""
    if size > extent.most or (extent.exact is not None and size != extent.exact):
        wanted = extent.most if extent.exact is None else extent.exact
        raise CorruptDataError(f"{codec} data holds {size} bytes where {wanted} are due")


@dataclass(frozen=True)
class Blosc:
    """Blosc, version 1 of its format, with one thread."""

    extent: Extent
    cname: bytes
    clevel: int
    shuffle: int
    blocksize: int
    typesize: int

    @property
    def after(self) -> Extent:
        """See :class:`Stage`."""
        return Extent(None, self.extent.most + 16, 1)

    def encode(self, data: Data) -> Data:
        """See :class:`Stage`."""
        packed: bytes = blosc.compress(
            data, self.cname, self.clevel, self.shuffle, self.blocksize, self.typesize
        )
        return packed

    def decode(self, data: Data, out: Bytes | None) -> Data:
        """Check the header (nbytes, blocksize, cbytes; README_CHUNK_FORMAT of c-blosc), then decode."""
        if len(data) < 16:
            raise CorruptDataError(f"blosc data of {len(data)} bytes has no header")
        size, block, packed = _BLOSC.unpack_from(data, 4)
        check_size(self.extent, size, "blosc")
        if packed != len(data) or block > max(size, 1):
            raise CorruptDataError(
                f"blosc header tells of {packed} bytes in blocks of {block}, there are {len(data)}"
            )
        if out is None:
            out = np.empty(size, np.uint8)
        if size:
            blosc.decompress(data, out)
        return out


_BLOSC = struct.Struct("<III")


@dataclass(frozen=True)
class Zstd:
    """Zstandard frames (RFC 8878)."""

    extent: Extent
    level: int
    checksum: bool

    @property
    def after(self) -> Extent:
        """See :class:`Stage`."""
        return _packed(self.extent)

    def encode(self, data: Data) -> Data:
        """See :class:`Stage`."""
        packed: bytes = zstd.compress(data, self.level, self.checksum)
        return packed

    def decode(self, data: Data, out: Bytes | None) -> Data:
        """Compare the frame's content size, where it has one, then decode into memory of the size due."""
        declared = zstd_content_size(data)
        if declared is not None:
            check_size(self.extent, declared, "zstd")
        size = self.extent.exact if declared is None else declared
        if size is None:
            raise CorruptDataError("zstd data does not say its size and nothing else does")
        if out is None:
            out = np.empty(size, np.uint8)
        if size == 0:
            return out
        result = zstd.decompress(data, out)
        if len(result) != size:
            raise CorruptDataError(f"zstd data holds {len(result)} bytes where {size} are due")
        return out


def zstd_content_size(data: Data) -> int | None:
    """Return the size that the first frame declares (RFC 8878, 3.1.1.1), None where it declares none."""
    head = bytes(data[:18])
    if len(head) < 6 or head[:4] != b"\x28\xb5\x2f\xfd":
        raise CorruptDataError("zstd data does not begin with a frame")
    flags = head[4]
    single = flags >> 5 & 1
    at = 5 + (1 - single) + (0, 1, 2, 4)[flags & 3]
    width = (single, 2, 4, 8)[flags >> 6]
    if width == 0:
        return None
    if len(head) < at + width:
        raise CorruptDataError("zstd data ends within its header")
    size = int.from_bytes(head[at : at + width], "little")
    return size + 256 if width == 2 else size


@dataclass(frozen=True)
class Lz4:
    """LZ4 block behind the size of what it holds (4 bytes, little endian), as numcodecs writes it."""

    extent: Extent
    acceleration: int

    @property
    def after(self) -> Extent:
        """See :class:`Stage`."""
        return _packed(self.extent)

    def encode(self, data: Data) -> Data:
        """See :class:`Stage`."""
        packed: bytes = lz4.compress(data, self.acceleration)
        return packed

    def decode(self, data: Data, out: Bytes | None) -> Data:
        """See :class:`Stage`."""
        if len(data) < 4:
            raise CorruptDataError("lz4 data has no header")
        size = int.from_bytes(bytes(data[:4]), "little")
        check_size(self.extent, size, "lz4")
        if out is None:
            out = np.empty(size, np.uint8)
        if size:
            lz4.decompress(data, out)
        return out


class _Decompressor(Protocol):
    """What the decoders of zlib, bz2 and lzma have in common."""

    @property
    def eof(self) -> bool:
        """Whether the end of a stream was reached."""

    @property
    def unused_data(self) -> bytes:
        """What follows the end."""

    def decompress(self, data: Any, max_length: int, /) -> bytes:
        """Return at most so many bytes."""


@dataclass(frozen=True)
class Stream:
    """zlib, gzip, bz2 or lzma: formats without a size, decoded one byte further than is due at most."""

    extent: Extent
    codec: str
    options: tuple[tuple[str, Any], ...]

    @property
    def after(self) -> Extent:
        """See :class:`Stage`."""
        return _packed(self.extent)

    def encode(self, data: Data) -> Data:
        """See :class:`Stage`."""
        return _ENCODE[self.codec](data, dict(self.options))

    def decode(self, data: Data, out: Bytes | None) -> Data:
        """Decode one stream after the other (gzip may have several members)."""
        limit = (self.extent.most if self.extent.exact is None else self.extent.exact) + 1
        rest: Any = data
        parts: list[bytes] = []
        got = 0
        while len(rest):
            decoder = _DECODER[self.codec](dict(self.options))
            part = decoder.decompress(rest, limit - got)
            got += len(part)
            parts.append(part)
            if got >= limit:
                break
            if not decoder.eof:
                raise CorruptDataError(f"{self.codec} data ends too early, after {got} bytes")
            rest = decoder.unused_data
        check_size(self.extent, got, self.codec)
        return parts[0] if len(parts) == 1 else b"".join(parts)


def _gzip_encode(data: Data, options: dict[str, Any]) -> bytes:
    packer = zlib.compressobj(options.get("level", 1), zlib.DEFLATED, 31)
    return packer.compress(data) + packer.flush()


def _lzma_filters(options: dict[str, Any]) -> dict[str, Any]:
    return {"format": options.get("format", lzma.FORMAT_XZ), "filters": options.get("filters")}


def _lzma_encode(data: Data, options: dict[str, Any]) -> bytes:
    return lzma.compress(
        data, check=options.get("check", -1), preset=options.get("preset"), **_lzma_filters(options)
    )


def _lzma_decoder(options: dict[str, Any]) -> _Decompressor:
    # A stream may ask for a dictionary of 4 GiB; raw ones take theirs from the description, checked there.
    chosen = _lzma_filters(options)
    raw = chosen["format"] == lzma.FORMAT_RAW
    return lzma.LZMADecompressor(
        chosen["format"], memlimit=None if raw else _LZMA_MEMORY, filters=chosen["filters"] if raw else None
    )


_ENCODE: dict[str, Callable[[Any, dict[str, Any]], bytes]] = {
    "zlib": lambda data, options: zlib.compress(data, options.get("level", 1)),
    "gzip": _gzip_encode,
    "bz2": lambda data, options: bz2.compress(data, options.get("level", 1)),
    "lzma": _lzma_encode,
}
_DECODER: dict[str, Callable[[dict[str, Any]], _Decompressor]] = {
    "zlib": lambda _: zlib.decompressobj(15),
    "gzip": lambda _: zlib.decompressobj(31),
    "bz2": lambda _: bz2.BZ2Decompressor(),
    "lzma": _lzma_decoder,
}

STREAM_ERRORS = (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError, RuntimeError, MemoryError)
"""What the libraries below raise for data that is none of theirs."""


@dataclass(frozen=True)
class Filter:
    """A filter of numcodecs that keeps the number of items and may change their type.

    Parameters
    ----------
    codec
        The numcodecs object.
    dtype
        How the bytes are to be seen when they are encoded.
    after
        Size of what it makes.
    """

    extent: Extent
    codec: Any
    dtype: np.dtype[Any]
    after: Extent

    def encode(self, data: Data) -> Data:
        """See :class:`Stage`."""
        with np.errstate(all="ignore"):
            made = self.codec.encode(np.frombuffer(data, self.dtype))
        return np.ascontiguousarray(made).reshape(-1).view(np.uint8)

    def decode(self, data: Data, out: Bytes | None) -> Data:
        """See :class:`Stage`."""
        if self.after.exact is not None:
            check_size(self.after, len(data), self.codec.codec_id)
        with np.errstate(all="ignore"):
            made = self.codec.decode(np.frombuffer(data, np.uint8))
        back = np.ascontiguousarray(made).reshape(-1).view(np.uint8)
        check_size(self.extent, len(back), self.codec.codec_id)
        return back
