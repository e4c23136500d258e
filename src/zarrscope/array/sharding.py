"""Shards: many chunks under one key, found through an index.

Source: Zarr v3, sharding codec version 1.0. The index holds offset and size of every chunk in C
order, 2**64 - 1 twice for a chunk that is not there, and stands at the start or the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from zarrscope.array.checksums import crc32c_of
from zarrscope.errors import ArgumentError, CorruptDataError
from zarrscope.store.contracts import Suffix

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from zarrscope.array.stages import Data
    from zarrscope.store.contracts import Buffer, ByteRange, Upload
    from zarrscope.types import Shape

_ABSENT = (1 << 64) - 1
_LARGEST = 1 << 63


@dataclass(frozen=True)
class ShardIndex:
    """Where the chunks of one shard lie.

    Parameters
    ----------
    offsets, sizes : ndarray
        One uint64 a chunk, in C order of the shard's grid.
    """

    offsets: NDArray[np.uint64]
    sizes: NDArray[np.uint64]

    def entry(self, chunk: int) -> tuple[int, int] | None:
        """Return start and stop of a chunk's bytes, or None where it is not stored."""
        start, size = self.offsets.item(chunk), self.sizes.item(chunk)
        if start == _ABSENT and size == _ABSENT:
            return None
        if start + size >= _LARGEST:
            raise CorruptDataError(f"a shard's index places a chunk of {size} bytes at {start}")
        return start, start + size

    def entries(self) -> Iterator[tuple[int, int] | None]:
        """Yield the entry of every chunk."""
        return map(self.entry, range(self.offsets.size))


@dataclass(frozen=True)
class ShardLayout:
    """How chunks lie in shards.

    Parameters
    ----------
    grid : tuple of int
        Number of chunks along each axis of a shard.
    chunks : tuple of int
        Shape of a chunk.
    location : str
        ``start`` or ``end``: where the index stands.
    endian : str
        Byte order of the index.
    checksums : int
        How many crc32c follow the index (normally one).
    """

    grid: Shape
    chunks: Shape
    location: str
    endian: str
    checksums: int

    @property
    def count(self) -> int:
        """Number of chunks of a shard."""
        return prod(self.grid)

    @property
    def index_size(self) -> int:
        """Number of bytes of the index with its checksum."""
        return 16 * self.count + 4 * self.checksums

    @property
    def index_range(self) -> ByteRange:
        """Where the index lies in a shard."""
        return (0, self.index_size) if self.location == "start" else Suffix(self.index_size)

    def most(self, chunk: int) -> int:
        """Return how many bytes a shard has at most, if a chunk has at most so many.

        A shard may hold dead bytes that no index entry names; they are allowed to double it.
        """
        return 2 * self.count * chunk + self.index_size + (1 << 20)

    def regions(self) -> Iterator[tuple[slice, ...]]:
        """Yield the place of each chunk in the shard, in the order of the index."""
        sides = [
            [slice(i * c, (i + 1) * c) for i in range(n)] for n, c in zip(self.grid, self.chunks, strict=True)
        ]
        return product(*sides)

    def linear(self, chunk: Sequence[int]) -> int:
        """Return the number of the chunk at this place of the shard's grid."""
        number = 0
        for i, n in zip(chunk, self.grid, strict=True):
            if not 0 <= i < n:
                raise ArgumentError(f"there is no chunk {tuple(chunk)} in a shard of {self.grid}")
            number = number * n + i
        return number

    def encode_index(self, offsets: NDArray[np.uint64], sizes: NDArray[np.uint64]) -> bytes:
        """Return the index as it is stored."""
        order = "<u8" if self.endian == "little" else ">u8"
        data = np.stack([offsets, sizes], axis=-1).astype(order).tobytes()
        for _ in range(self.checksums):
            data += crc32c_of(data).to_bytes(4, "little")
        return data

    def decode_index(self, data: Buffer) -> ShardIndex:
        """Return the index, its checksum verified.

        Raises
        ------
        CorruptDataError
            If it is too short or was changed.
        """
        if len(data) != self.index_size:
            raise CorruptDataError(f"a shard's index has {len(data)} bytes where {self.index_size} are due")
        view = memoryview(data)
        for _ in range(self.checksums):
            if crc32c_of(view[:-4]) != int.from_bytes(view[-4:], "little"):
                raise CorruptDataError(
                    "the crc32c of a shard's index does not match: it was changed or damaged"
                )
            view = view[:-4]
        # A copy, aligned and native: the index outlives the buffer it came in.
        pairs = np.frombuffer(view, "<u8" if self.endian == "little" else ">u8").reshape(-1, 2)
        columns = pairs.T.astype(np.uint64, order="C")
        return ShardIndex(columns[0], columns[1])

    def index_of(self, shard: memoryview) -> ShardIndex:
        """Return the index of a shard that is in memory."""
        if len(shard) < self.index_size:
            raise CorruptDataError(f"a shard of {len(shard)} bytes is too short for its index")
        cut = shard[: self.index_size] if self.location == "start" else shard[-self.index_size :]
        return self.decode_index(cut)

    def pack(self, chunks: Sequence[bytes | None]) -> bytes:
        """Return a shard of encoded chunks in the order of the index, None where there is none."""
        offsets, sizes = self._empty()
        at = self.index_size if self.location == "start" else 0
        for i, chunk in enumerate(chunks):
            if chunk is not None:
                offsets[i], sizes[i] = at, len(chunk)
                at += len(chunk)
        index = self.encode_index(offsets, sizes)
        body = [chunk for chunk in chunks if chunk is not None]
        return b"".join([index, *body] if self.location == "start" else [*body, index])

    def _empty(self) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
        return np.full(self.count, _ABSENT, np.uint64), np.full(self.count, _ABSENT, np.uint64)


class ShardWriter:
    """One shard, written chunk by chunk as they come.

    With the index at the end chunks go straight to the upload; with the index at the start they
    are held until the commit. Not for several threads at a time.

    Parameters
    ----------
    upload : Upload
        Where the shard grows.
    layout : ShardLayout
        How it is laid out.
    """

    def __init__(self, upload: Upload, layout: ShardLayout) -> None:
        self._upload, self._layout = upload, layout
        self._offsets, self._sizes = layout._empty()
        self._held: list[bytes] = []
        self._at = layout.index_size if layout.location == "start" else 0

    def add(self, chunk: int | Sequence[int], encoded: Data | tuple[Data, ...]) -> None:
        """Append an encoded chunk.

        Parameters
        ----------
        chunk : int or sequence of int
            Its number, or its place in the shard's grid.
        encoded : buffer or tuple of buffers
            From :meth:`CodecChain.encode_parts` or ``encode_chunk``; not kept.
        """
        number = chunk if isinstance(chunk, int) else self._layout.linear(chunk)
        if not 0 <= number < self._layout.count or self._offsets[number] != _ABSENT:
            raise ArgumentError(f"chunk {chunk} is outside of the shard or was added before")
        parts: tuple[Any, ...] = encoded if isinstance(encoded, tuple) else (encoded,)
        size = sum(len(part) for part in parts)
        if self._layout.location == "start":
            self._held.append(b"".join(parts))
        else:
            for part in parts:
                self._upload.write(memoryview(part))
        self._offsets[number], self._sizes[number] = self._at, size
        self._at += size

    def commit(self) -> None:
        """Write the index and let the shard appear."""
        index = self._layout.encode_index(self._offsets, self._sizes)
        if self._layout.location == "start":
            self._upload.write(index)
            for part in self._held:
                self._upload.write(part)
            self._held.clear()
        else:
            self._upload.write(index)
        self._upload.commit()

    def abort(self) -> None:
        """Forget the shard; harmless after ``commit``."""
        self._held.clear()
        self._upload.abort()
