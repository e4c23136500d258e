"""Units of storage written whole; parts of them only over the state that was read."""

from __future__ import annotations

from random import random
from time import sleep
from typing import TYPE_CHECKING, Any

import numpy as np

from zarrscope.errors import ConflictError
from zarrscope.store.contracts import ABSENT
from zarrscope.store.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from zarrscope.array.chunked import ChunkedArray
    from zarrscope.array.sharding import ShardLayout
    from zarrscope.array.stages import Data
    from zarrscope.types import Region, Shape

_TRIES = 50
"""So often a unit is written over what others have written meanwhile."""

_PAUSE = 0.01
"""Seconds by which the wait before the next try grows, at most."""


class UnitWriter:
    """Writes the units of storage of one array. Safe under threads and processes.

    Parameters
    ----------
    array : ChunkedArray
        Its store is a Writable.
    """

    def __init__(self, array: ChunkedArray) -> None:
        self._array, self._store, self._chain = array, array.writable, array.chain

    def write(self, unit: Shape, region: Region, block: NDArray[Any]) -> None:
        """Write one unit from the part of a block that lies in it.

        A unit of which only a part is given is read, changed, and written only over that state; should
        others have been quicker, once more.

        Parameters
        ----------
        unit : tuple of int
            Its place in the grid.
        region : Region
            Of the block in the array.
        block : ndarray
            Pixels.

        Raises
        ------
        ConflictError
            Others write it all the time.
        """
        whole = self._array.unit_region(unit)
        common = whole.intersect(region)
        part = block[common.within(region.start).slices]
        if common == whole and getattr(self._store, "far", False):
            self.write_whole(unit, part)  # servers replace at once, whoever reads and changes meanwhile
            return
        for attempt in range(_TRIES):
            sleep(random() * _PAUSE * attempt)  # noqa: S311 - two writers are to part ways
            if common == whole:
                info = self._store.head(self._array.key(unit))
                tag, pixels = info.tag if info else ABSENT, part
            else:
                tag, pixels = self._now(unit)
                pixels[common.within(whole.start).slices] = part
            try:
                self.write_whole(unit, pixels, tag)
            except ConflictError:
                continue
            return
        place = self._store.url(self._array.key(unit))
        raise ConflictError(f"{place}: others write it all the time; try again")

    def write_whole(self, unit: Sequence[int], part: NDArray[Any], if_tag: str | None = None) -> None:
        """Write a unit whole and at once (see ``ChunkedArray.write_unit``)."""
        array, layout = self._array, self._array.layout
        key = array.key(unit)
        if layout is None:
            self._store.put(key, self._chain.encode_chunk(self._padded(part)), if_tag)
            return
        writer = array.shard_writer(unit, if_tag)
        try:
            for number, data in self._encoded(layout, part):
                writer.add(number, data)
            writer.commit()
        finally:
            writer.abort()
        array.forget(key)

    def _now(self, unit: Shape) -> tuple[str, NDArray[Any]]:
        """Return the tag of a unit and its pixels, which are no older than the tag."""
        array = self._array
        key = array.key(unit)
        info = self._store.head(key)
        data = self._store.get(key)
        alone = MemoryStore({} if data is None else {key: bytes(data)})
        pixels = type(array)(alone, array.path, array.metadata).read(array.unit_region(unit))
        return (info.tag if info else ABSENT), pixels

    def _encoded(self, layout: ShardLayout, block: NDArray[Any]) -> Iterable[tuple[int, tuple[Data, ...]]]:
        """Yield the encoded chunks of a shard; those that lie outside of the array are not stored."""
        for number, place in enumerate(layout.regions()):
            if all(side.start < size for side, size in zip(place, block.shape, strict=True)):
                yield number, self._chain.encode_parts(self._padded(block[place]))

    def _padded(self, block: NDArray[Any]) -> NDArray[Any]:
        """Return a block of a chunk's shape: beyond the edge of the array stands the fill value."""
        array = self._array
        if block.shape == array.chunks:
            return block
        chunk = np.full(array.chunks, array.metadata.fill, array.dtype)
        chunk[tuple(slice(0, n) for n in block.shape)] = block
        return chunk
