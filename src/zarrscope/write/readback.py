"""Reading back what was stored, and comparing it with the pixels that were given."""

from __future__ import annotations

from itertools import product
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from zarrscope.array.chunked import ChunkedArray
from zarrscope.array.scratch import flat
from zarrscope.errors import CorruptDataError
from zarrscope.ledger.checksum import checksum
from zarrscope.types import Region

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zarrscope.array.metadata import ArrayMetadata
    from zarrscope.store.contracts import Writable
    from zarrscope.types import Shape


class Check:
    """Compares every unit of one array, once it is stored, with what went into it.

    Of each chunk a checksum of its pixels is kept until its unit is stored. Safe under threads.

    Parameters
    ----------
    store : Writable
        Where the array is written.
    path : str
        Of the array.
    metadata : ArrayMetadata
        What it is.
    """

    def __init__(self, store: Writable, path: str, metadata: ArrayMetadata) -> None:
        self._store, self._path, self._metadata = store, path, metadata
        self._sums: dict[Shape, int] = {}
        self._lock = Lock()

    def remember(self, index: Shape, block: NDArray[Any]) -> None:
        """Take note of a whole chunk before it is encoded."""
        inside = block[tuple(slice(n) for n in self._region(index).shape)]
        total = checksum(flat(np.ascontiguousarray(inside)))
        with self._lock:
            self._sums[index] = total

    def unit(self, unit: Shape) -> None:
        """Read a unit back.

        Raises
        ------
        CorruptDataError
            It does not hold the pixels that were given.
        """
        meta = self._metadata
        array = ChunkedArray(self._store, self._path, meta)
        key = array.key(unit)
        self._store.sync([key])
        rows = zip(unit, meta.unit, meta.chunks, meta.shape, strict=True)
        for index in product(*(range(u * n // c, -(-min((u + 1) * n, s) // c)) for u, n, c, s in rows)):
            with self._lock:
                expected = self._sums.pop(index)
            pixels = array.read(self._region(index))
            if checksum(flat(np.ascontiguousarray(pixels))) != expected:
                raise CorruptDataError(
                    f"{self._store.url(key)}: what is stored is not what was written; the disk or the memory "
                    "of this machine may be faulty"
                )

    def _region(self, index: Shape) -> Region:
        chunks, shape = self._metadata.chunks, self._metadata.shape
        start = tuple(i * c for i, c in zip(index, chunks, strict=True))
        return Region.of(start, chunks).intersect(Region.whole(shape))
