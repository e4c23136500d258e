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
from zarrscope.write.readback import Check

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
    finished : ndarray of bool, optional
        Which units, on their grid, an earlier run has stored; they are not written again.
    verify : bool
        Read every unit back once it is stored, and compare.
    """

    def __init__(
        self,
        store: Writable,
        path: str,
        metadata: ArrayMetadata,
        finished: NDArray[np.bool_] | None = None,
        *,
        verify: bool = False,
    ) -> None:
        self.path, self.metadata = path, metadata
        self._store = store
        self._chain = chunk_chain(metadata)
        shards = unit_chain(metadata).shards if metadata.shards else None
        self._layout = shards[0] if shards else None
        rows = zip(metadata.shape, metadata.chunks, strict=True)
        self._grid: Shape = tuple(-(-n // c) for n, c in rows)
        self._seen = np.zeros(self._grid, np.bool_)
        if finished is not None:
            self._seen[...] = self._spread(finished)
        self._before = finished
        self._missing = self._seen.size - int(self._seen.sum())
        # Units that others wait for in order are committed by ``place`` alone.
        self._in_order = bool(getattr(store, "in_order", False))
        self._check = Check(store, path, metadata) if verify else None
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
            What is to be placed; None where nothing is.

        Raises
        ------
        ArgumentError
            The chunk was stored before.
        """
        if self._before is not None and self._before[self._unit(index)]:
            return None
        whole = self._whole(block)
        parts = self._chain.encode_parts(whole)
        if self._check:
            self._check.remember(index, whole)
        if self._layout is None and not self._in_order:
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
        self._count(index, encoded)
        layout = self._layout
        if layout is None:
            self._put(index, encoded)
            return
        grid, unit = layout.grid, self._unit(index)
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
            if self._check:
                self._check.unit(unit)

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

    def abort(self) -> None:
        """Forget what is open; units that are stored stay."""
        for writer, _ in self._open.values():
            writer.abort()
        self._open.clear()

    def remove(self) -> None:
        """Forget what is open and delete what was written."""
        self.abort()
        removed = None
        for number in np.flatnonzero(self._seen):
            unit = self._unit(tuple(int(i) for i in np.unravel_index(number, self._grid)))
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
        if self._check:
            self._check.unit(index)

    def _unit(self, index: Shape) -> Shape:
        """Return the place of the unit that holds a chunk."""
        if self._layout is None:
            return index
        return tuple(i // g for i, g in zip(index, self._layout.grid, strict=True))

    def _spread(self, units: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return, for every chunk, what is said of its unit."""
        grid = self._layout.grid if self._layout else (1,) * len(self._grid)
        for axis, (times, size) in enumerate(zip(grid, self._grid, strict=True)):
            units = np.repeat(units, times, axis).take(range(size), axis)
        return units

    def _chunks_of(self, unit: Shape) -> int:
        """Return how many chunks of a shard lie inside the array."""
        layout = self._layout
        assert layout is not None  # noqa: S101 - only shards ask
        rows = zip(unit, layout.grid, self._grid, strict=True)
        return prod(min((u + 1) * g, n) - u * g for u, g, n in rows)
