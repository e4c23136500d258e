"""One level on its way into a store: chunks in, whole write units out."""

from __future__ import annotations

from math import prod
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from zarrscope.array.chain import chunk_chain, unit_chain
from zarrscope.array.scratch import scratch
from zarrscope.array.sharding import ShardWriter
from zarrscope.errors import ArgumentError, IncompleteError
from zarrscope.store.keys import join

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zarrscope.array.metadata import ArrayMetadata
    from zarrscope.array.stages import Data
    from zarrscope.store.contracts import Writable
    from zarrscope.types import Shape

Encoded = tuple[bytes, ...]
"""One encoded chunk, in parts to be written one after the other."""


class LevelWriter:
    """Writes the chunks of one array, each once, in whole units.

    ``take`` may run in many threads. Where chunks are values of their own it stores them at once: their
    order does not matter. Chunks of a shard are given back for ``place``, which is for one thread at a
    time; they go to the shard's temporary file as they come, and it appears when its last chunk is there.

    Parameters
    ----------
    store : Writable
        Where the image is written.
    path : str
        Of the array within the store.
    metadata : ArrayMetadata
        What the array is.
    """

    def __init__(self, store: Writable, path: str, metadata: ArrayMetadata) -> None:
        self.path, self.metadata = path, metadata
        self._store = store
        self._chain = chunk_chain(metadata)
        shards = unit_chain(metadata).shards if metadata.shards else None
        self._layout = shards[0] if shards else None
        rows = zip(metadata.shape, metadata.chunks, strict=True)
        self._grid: Shape = tuple(-(-n // c) for n, c in rows)
        self._missing = prod(self._grid)
        self._seen = np.zeros(self._grid, np.bool_)
        self._open: dict[Shape, tuple[ShardWriter, int]] = {}
        self._lock = Lock()
        self.bytes = 0

    def take(self, index: Shape, block: NDArray[Any]) -> Encoded | None:
        """Encode a chunk, and store it unless it belongs into a shard.

        Parameters
        ----------
        index : tuple of int
            Of the chunk in the array's grid.
        block : ndarray
            All pixels of the chunk that lie inside the array; what lies outside is filled up.

        Returns
        -------
        tuple of bytes or None
            What is to be placed into a shard.

        Raises
        ------
        ArgumentError
            The chunk was stored before.
        """
        parts = self._chain.encode_parts(self._whole(block))
        if self._layout is None:
            self._count(index, parts)
            self._put(index, parts)
            return None
        # The parts live in this thread's buffers until it encodes the next chunk.
        return tuple(p if isinstance(p, bytes) else bytes(p) for p in parts)

    def _whole(self, block: NDArray[Any]) -> NDArray[Any]:
        """Return a block of a chunk's shape."""
        chunks = self.metadata.chunks
        if block.shape != chunks:
            size = prod(chunks) * block.itemsize
            padded = scratch("padded", size).view(block.dtype).reshape(chunks)
            padded[...] = self.metadata.fill
            padded[tuple(slice(n) for n in block.shape)] = block
            block = padded
        return block

    def _count(self, index: Shape, parts: tuple[Data, ...]) -> None:
        """Take note of a chunk that is about to be stored."""
        with self._lock:
            if self._seen[index]:
                raise ArgumentError(f"{self._store.url(self.path)}: chunk {index} was written before")
            self._seen[index] = True
            self._missing -= 1
            self.bytes += sum(map(len, parts))

    def place(self, index: Shape, encoded: Encoded) -> None:
        """Put a chunk into its shard.

        Parameters
        ----------
        index : tuple of int
            Of the chunk in the array's grid.
        encoded : tuple of bytes
            From ``take``.

        Raises
        ------
        ArgumentError
            The chunk was placed before.
        """
        layout = self._layout
        assert layout is not None  # noqa: S101 - only chunks of shards are given back
        self._count(index, encoded)
        grid = layout.grid
        unit = tuple(i // g for i, g in zip(index, grid, strict=True))
        writer, missing = self._open.pop(unit, (None, 0))
        if writer is None:
            key = join(self.path, self.metadata.key(unit))
            writer, missing = ShardWriter(self._store.create(key), layout), self._chunks_of(unit)
        self._open[unit] = (writer, missing)  # also on failure, so that abort finds it
        writer.add(tuple(i % g for i, g in zip(index, grid, strict=True)), encoded)
        self._open[unit] = (writer, missing - 1)
        if missing == 1:
            writer.commit()
            del self._open[unit]

    def finish(self) -> None:
        """Make sure that every chunk was placed.

        Raises
        ------
        IncompleteError
            Some were not; the message names the first.
        """
        if self._missing:
            hole = tuple(int(i) for i in np.argwhere(~self._seen)[0])
            start = tuple(i * c for i, c in zip(hole, self.metadata.chunks, strict=True))
            raise IncompleteError(
                f"{self._store.url(self.path)}: {self._missing} of {self._seen.size} chunks were never "
                f"written, the first begins at pixel {start}; put the whole image before you finish"
            )

    def remove(self) -> None:
        """Forget what is open and delete what was written."""
        for writer, _ in self._open.values():
            writer.abort()
        self._open.clear()
        grid = self._layout.grid if self._layout else (1,) * len(self._grid)
        removed = None
        for number in np.flatnonzero(self._seen):
            place = np.unravel_index(number, self._grid)
            unit = tuple(int(i) // g for i, g in zip(place, grid, strict=True))
            if unit != removed:  # chunks of a shard mostly follow each other; deleting twice is harmless
                self._store.delete(join(self.path, self.metadata.key(unit)))
                removed = unit

    def _put(self, index: Shape, parts: tuple[Data, ...]) -> None:
        key = join(self.path, self.metadata.key(index))
        upload = self._store.create(key)
        try:
            for part in parts:
                upload.write(part)
            upload.commit()
        finally:
            upload.abort()

    def _chunks_of(self, unit: Shape) -> int:
        """Return how many chunks of a shard lie inside the array."""
        layout = self._layout
        assert layout is not None  # noqa: S101 - only shards ask
        rows = zip(unit, layout.grid, self._grid, strict=True)
        return prod(min((u + 1) * g, n) - u * g for u, g, n in rows)
