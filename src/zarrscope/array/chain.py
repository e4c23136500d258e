"""One chunk, from pixels to bytes and back.

A chain is made once from the description, is immutable and pickles; the memory it works in belongs
to the thread that calls it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from zarrscope.array import strings
from zarrscope.array.arraystages import ArrayStage, FilterStage, Transpose
from zarrscope.array.checksums import Checksum
from zarrscope.array.codecs import V2, V3, V3_FILTERS, make_stage
from zarrscope.array.metadata import ArrayMetadata, Codec, check_chunk_bytes, check_shards, check_sizes
from zarrscope.array.metadata_v3 import kind, parse_codecs
from zarrscope.array.scratch import flat, scratch
from zarrscope.array.sharding import ShardLayout
from zarrscope.array.stages import STREAM_ERRORS, Data, Extent, Filter, Stage
from zarrscope.errors import CorruptDataError, MetadataError, UnsupportedError, ZarrscopeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zarrscope.types import Shape

Block = NDArray[Any]

_MOST_CODECS = 16
_LARGE = 128 << 20
_STEEPEST = 4096
"""Chunks that become larger than that are not decoded where they grow by more than so many times."""


@dataclass(frozen=True)
class CodecChain:
    """All codecs of a chunk.

    Parameters
    ----------
    shape : tuple of int
        Shape of a chunk; chunks at the edge of an array are stored whole too.
    dtype : numpy.dtype
        Type of a pixel, in native byte order.
    fill : numpy scalar
        Value of pixels that are not stored.
    arrays : tuple of ArrayStage
        Array to array, in the order of encoding.
    inner_shape, stored : tuple of int, numpy.dtype
        What those make of a chunk, and its byte order when stored.
    shards : (ShardLayout, CodecChain), optional
        How the array becomes bytes where it is a shard itself.
    stages : tuple of Stage
        Bytes to bytes, in the order of encoding.
    """

    shape: Shape
    dtype: np.dtype[Any]
    fill: Any
    arrays: tuple[ArrayStage, ...]
    inner_shape: Shape
    stored: np.dtype[Any]
    shards: tuple[ShardLayout, CodecChain] | None
    stages: tuple[Stage, ...]
    most: int
    """No valid chunk has more bytes when encoded."""
    text: bool = False
    """Whether the items are strings of any length, which are read but not written."""

    def encode_parts(self, block: Block) -> tuple[Data, ...]:
        """Return the encoded chunk as buffers to be written one after the other, without joining them.

        Parameters
        ----------
        block : ndarray
            The whole chunk: its shape and dtype (or one that casts to it without loss), any strides.

        Returns
        -------
        tuple of buffers
            Valid until this thread encodes again, and while ``block`` is left alone.
        """
        if self.text:
            raise UnsupportedError("arrays of strings are read, but not written")
        data = self._to_bytes(block)
        for stage in self.stages[:-1]:
            data = stage.encode(data)
        if not self.stages:
            return (data,)
        last = self.stages[-1]
        if isinstance(last, Checksum):
            seal = last.sum(data)
            return (data, seal) if last.at_end else (seal, data)
        return (last.encode(data),)

    def encode_chunk(self, block: Block) -> bytes:
        """Return the encoded chunk as bytes of its own (see :meth:`encode_parts`)."""
        parts = self.encode_parts(block)
        if len(parts) == 1 and isinstance(parts[0], bytes):
            return parts[0]
        return b"".join(parts)

    def decode_chunk(self, data: Data, out: Block) -> None:
        """Decode a chunk into ``out``: the chunk's shape, any strides.

        Raises
        ------
        CorruptDataError
            If the bytes do not decode to exactly one chunk, or a checksum does not match.
        """
        if self.shards is not None and not self.arrays:
            self._from_shard(self._unpack(data, None), out)
        elif (
            not self.text
            and not self.arrays
            and out.dtype == self.stored
            and out.flags.c_contiguous
            and self.stages
        ):
            target = flat(out)
            made = self._unpack(data, target)
            if made is not target:
                target[:] = _as_bytes(made)
        else:
            out[...] = self.decode(data)

    @property
    def _straight(self) -> bool:
        """Whether the last stage may decode right into the pixels."""
        return bool(self.stages) and not self.arrays and not self.text

    def decode(self, data: Data) -> Block:
        """Return the decoded chunk: its shape, the stored byte order, any strides.

        The pixels stand in memory of this thread or in ``data``, until the thread decodes again.
        """
        if self.shards is not None:
            block = np.empty(self.inner_shape, self.dtype)
            self._from_shard(self._unpack(data, None), block)
        elif self.text:
            block = strings.decode(self._unpack(data, None), prod(self.inner_shape)).reshape(self.inner_shape)
        else:
            size = prod(self.inner_shape) * self.stored.itemsize
            raw = self._unpack(data, scratch("decoded", size) if self.stages else None)
            block = np.frombuffer(raw, self.stored).reshape(self.inner_shape)
        for stage in reversed(self.arrays):
            block = stage.decode(block)
        return block

    def _unpack(self, data: Data, out: Block | None) -> Data:
        """Undo the bytes-to-bytes stages; the last of them may decode into ``out``."""
        if self.most > _LARGE and self.stages:
            self._check_growth(len(data))
        try:
            for i in range(len(self.stages) - 1, -1, -1):
                data = self.stages[i].decode(data, out if i == 0 else None)
        except ZarrscopeError:
            raise
        except STREAM_ERRORS as error:
            raise CorruptDataError(f"a chunk cannot be decoded: {error}") from error
        if self.shards is None and not self.text:
            due = prod(self.inner_shape) * self.stored.itemsize
            if len(data) != due:
                raise CorruptDataError(f"a chunk holds {len(data)} bytes where {due} are due")
        return data

    def _check_growth(self, size: int) -> None:
        """Refuse a few kilobytes that are to become a gigabyte: no picture does, only an attack or a void."""
        due = prod(self.inner_shape) * self.dtype.itemsize
        if due > _LARGE and size * _STEEPEST < due:
            raise UnsupportedError(
                f"a chunk of {size} bytes is to become {due}, more than {_STEEPEST} times as many; "
                "write the array again in smaller chunks"
            )

    def _to_bytes(self, block: Block) -> Data:
        for stage in self.arrays:
            block = stage.encode(block)
        if self.shards is not None:
            layout, inner = self.shards
            return layout.pack(self._encoded(block, layout, inner))
        if block.dtype == self.stored and block.flags.c_contiguous:
            return flat(block)
        raw = scratch("encoded", prod(self.inner_shape) * self.stored.itemsize)
        # "safe" lets the byte order change but no value.
        np.copyto(raw.view(self.stored).reshape(self.inner_shape), block, casting="safe")
        return raw

    def _encoded(self, block: Block, layout: ShardLayout, inner: CodecChain) -> list[bytes | None]:
        return [inner.encode_chunk(block[region]) for region in layout.regions()]

    def _from_shard(self, data: Data, out: Block) -> None:
        layout, inner = self.shards  # type: ignore[misc]
        view = memoryview(data)
        index = layout.index_of(view)
        for region, entry in zip(layout.regions(), index.entries(), strict=True):
            if entry is None:
                out[region] = self.fill
                continue
            start, stop = entry
            if stop > len(view):
                raise CorruptDataError(f"a shard of {len(view)} bytes has a chunk at {start} to {stop}")
            inner.decode_chunk(view[start:stop], out[region])


def _as_bytes(data: Data) -> NDArray[np.uint8]:
    return np.frombuffer(data, np.uint8)


def chunk_chain(metadata: ArrayMetadata) -> CodecChain:
    """Return the chain of the unit of decoding (with sharding, of the inner chunk).

    Raises
    ------
    UnsupportedError
        If a codec is not on the list of :mod:`zarrscope.array.codecs`.
    MetadataError
        If a codec's configuration is wrong.
    """
    if metadata.zarr_format == 2:
        return _chain_v2(metadata)
    layout_and_inner = unit_chain(metadata).shards if metadata.shards else None
    return layout_and_inner[1] if layout_and_inner else unit_chain(metadata)


def unit_chain(metadata: ArrayMetadata) -> CodecChain:
    """Return the chain of the unit of storage (with sharding, of the whole shard)."""
    if metadata.zarr_format == 2:
        return _chain_v2(metadata)
    return _chain_v3(metadata.codecs, metadata.unit, metadata.dtype, metadata.fill, "zarr.json", 0)


def _check_count(codecs: Sequence[Codec], file: str) -> None:
    if len(codecs) > _MOST_CODECS:
        raise UnsupportedError(
            f"{file}: {len(codecs)} codecs behind each other; at most {_MOST_CODECS} are read"
        )


def _chain_v2(metadata: ArrayMetadata) -> CodecChain:
    """Return a chain for v2, whose filters and compressor all see the items in stored order."""
    _check_count(metadata.codecs, ".zarray")
    shape, dtype = metadata.chunks, metadata.stored_dtype
    codecs, text = _without_text(metadata.codecs, dtype)
    turned = metadata.order == "F" and len(shape) > 1
    arrays = (Transpose(tuple(range(len(shape)))[::-1]),) if turned else ()
    made, most = _stages(codecs, V2, _text_extent() if text else _extent(shape, dtype), dtype)
    inner = shape[::-1] if turned else shape
    return CodecChain(shape, metadata.dtype, metadata.fill, arrays, inner, dtype, None, made, most, text)


def _without_text(codecs: Sequence[Codec], dtype: np.dtype[Any]) -> tuple[Sequence[Codec], bool]:
    """Return the codecs behind the one that makes strings bytes, and whether there is one.

    Raises
    ------
    UnsupportedError
        The items are objects of another kind, such as pickles.
    """
    if dtype.kind != "O":
        return codecs, False
    if not codecs or codecs[0].name != strings.NAME:
        found = codecs[0].name if codecs else "nothing"
        raise UnsupportedError(f"objects stored by {found!r:.40} are not read, only strings ({strings.NAME})")
    return codecs[1:], True


def _text_extent() -> Extent:
    return Extent(None, strings.MOST, 1)


def _extent(shape: Shape, dtype: np.dtype[Any]) -> Extent:
    size = prod(shape) * dtype.itemsize
    return Extent(size, size, dtype.itemsize)


def _stages(
    codecs: Sequence[Codec], allowed: Any, extent: Extent, dtype: np.dtype[Any]
) -> tuple[tuple[Stage, ...], int]:
    made: list[Stage] = []
    for codec in codecs:
        made.append(make_stage(codec, allowed, extent, dtype))
        extent = made[-1].after
    return tuple(made), extent.most


def _chain_v3(
    codecs: Sequence[Codec], shape: Shape, dtype: np.dtype[Any], fill: Any, file: str, depth: int
) -> CodecChain:
    _check_count(codecs, file)
    kinds = [kind(codec) for codec in codecs]
    at = kinds.index("array-bytes")
    arrays: list[ArrayStage] = []
    inner, inner_dtype = shape, dtype
    for codec in codecs[:at]:
        if codec.name == "transpose":
            order = _order(codec, len(inner), file)
            arrays.append(Transpose(order))
            inner = tuple(inner[axis] for axis in order)
        else:
            stage = _filter_stage(codec, inner, inner_dtype)
            arrays.append(stage)
            inner, inner_dtype = stage.shape_after, stage.after
    shards = None
    text = dtype.kind == "O" and codecs[at].name != "sharding_indexed"
    if text:
        _without_text(codecs[at:], dtype)
        extent, stored = _text_extent(), dtype
    elif codecs[at].name == "sharding_indexed":
        if inner_dtype != dtype:
            raise UnsupportedError(
                f"{file}: a filter that changes the data type before sharding is not supported"
            )
        shards = _shards(codecs[at], inner, dtype, fill, file, depth)
        extent, stored = Extent(None, shards[0].most(shards[1].most), 1), inner_dtype
    else:
        stored = _stored(codecs[at], inner_dtype, file)
        extent = _extent(inner, stored)
    made, most = _stages(codecs[at + 1 :], V3, extent, stored)
    return CodecChain(shape, dtype, fill, tuple(arrays), inner, stored, shards, made, most, text)


def _order(codec: Codec, axes: int, file: str) -> Shape:
    order = codec.configuration.get("order")
    if not isinstance(order, list) or sorted(map(repr, order)) != sorted(map(repr, range(axes))):
        raise MetadataError(
            f"{file}: transpose order must be a permutation of {axes} axes, not {order!r:.80}"
        )
    return tuple(order)


def _filter_stage(codec: Codec, shape: Shape, dtype: np.dtype[Any]) -> FilterStage:
    stage = make_stage(codec, V3_FILTERS, _extent(shape, dtype), dtype)
    assert isinstance(stage, Filter)  # noqa: S101 - all of V3_FILTERS are
    if codec.name == "numcodecs.packbits":
        return FilterStage(stage, dtype, np.dtype(np.uint8), shape, (stage.after.most,))
    name = codec.configuration.get("encode_dtype" if codec.name == "numcodecs.astype" else "astype")
    after = np.dtype(name) if name else stage.dtype
    if stage.dtype.newbyteorder("=") != dtype:
        raise MetadataError(f"codec {codec.name}: works on {stage.dtype}, but the pixels are {dtype}")
    return FilterStage(stage, stage.dtype, after, shape, shape)


def _stored(codec: Codec, dtype: np.dtype[Any], file: str) -> np.dtype[Any]:
    """Return the byte order of the bytes codec; it may be left out where an item is one byte."""
    endian = codec.configuration.get("endian")
    if endian is None and dtype.itemsize > 1 and dtype.kind not in "SV":
        raise MetadataError(f"{file}: codec bytes needs endian 'little' or 'big' for {dtype}")
    if endian not in (None, "little", "big"):
        raise MetadataError(f"{file}: codec bytes: endian must be 'little' or 'big', not {endian!r:.80}")
    return dtype.newbyteorder(">" if endian == "big" else "<")


def _shards(
    codec: Codec, shape: Shape, dtype: np.dtype[Any], fill: Any, file: str, depth: int
) -> tuple[ShardLayout, CodecChain]:
    options = codec.configuration
    chunks = check_sizes(
        file, "chunk_shape of the shards", options.get("chunk_shape"), least=1, axes=len(shape)
    )
    check_shards(file, shape, chunks)
    check_chunk_bytes(file, chunks, dtype)
    inner = _chain_v3(
        parse_codecs(options.get("codecs"), file, depth + 1), chunks, dtype, fill, file, depth + 1
    )
    location = options.get("index_location", "end")
    if location not in ("start", "end"):
        raise MetadataError(f"{file}: index_location must be 'start' or 'end', not {location!r:.80}")
    listed = parse_codecs(options.get("index_codecs"), file, depth + 1)
    if listed[0].name != "bytes" or any(c.name != "crc32c" for c in listed[1:]):
        raise UnsupportedError(f"{file}: index_codecs other than bytes and crc32c are not supported")
    endian = listed[0].configuration.get("endian", "little")
    if endian not in ("little", "big"):
        raise MetadataError(f"{file}: index_codecs: endian must be 'little' or 'big', not {endian!r:.80}")
    grid = tuple(s // c for s, c in zip(shape, chunks, strict=True))
    return ShardLayout(grid, chunks, location, endian, len(listed) - 1), inner
