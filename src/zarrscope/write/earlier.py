"""What an earlier run of the same plan has stored: known from the journal, read back where it is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zarrscope.array.chunked import ChunkedArray
from zarrscope.errors import CorruptDataError
from zarrscope.ledger.checksum import checksum
from zarrscope.store.contracts import Request

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from zarrscope.array.metadata import ArrayMetadata
    from zarrscope.ledger.table import UnitTable
    from zarrscope.store.contracts import Buffer, ByteRange, Info, Readable
    from zarrscope.types import Region, Shape


class Earlier:
    """The finished units of an image, as they were when this run began.

    Parameters
    ----------
    store : Readable
        Where the units are.
    table : UnitTable
        Tells which are finished.
    arrays : sequence of (str, ArrayMetadata)
        The levels, by path.
    """

    def __init__(
        self, store: Readable, table: UnitTable, arrays: Sequence[tuple[str, ArrayMetadata]]
    ) -> None:
        known = _Known(store, table)
        self._arrays = [ChunkedArray(known, path, metadata) for path, metadata in arrays]
        self.units = []
        """For each level, which of its units are finished, on their grid."""
        for path, _ in arrays:
            found = table.array(path)
            assert found is not None  # noqa: S101 - the table was made of these arrays
            self.units.append(table.finished(found).copy())

    @property
    def any(self) -> bool:
        """Whether anything is finished."""
        return any(bool(grid.any()) for grid in self.units)

    def has(self, level: int, region: Region) -> bool:
        """Return whether every write unit that the region meets is finished."""
        rows = zip(*region, self._arrays[level].metadata.unit, strict=True)
        return bool(self.units[level][tuple(slice(a // u, -(-b // u)) for a, b, u in rows)].all())

    def has_unit(self, level: int, unit: Shape) -> bool:
        """Return whether a write unit is finished."""
        return bool(self.units[level][unit])

    def read(self, level: int, region: Region) -> NDArray[Any]:
        """Return pixels of finished units."""
        return self._arrays[level].read(region)


class _Known:
    """Reads units that are noted: one that is gone, or another one than was noted, is an error."""

    def __init__(self, store: Readable, table: UnitTable) -> None:
        self._store, self._table = store, table

    def url(self, key: str = "") -> str:
        """Return the address of a key for messages."""
        return self._store.url(key)

    def get(self, key: str, range: ByteRange = None, out: memoryview | None = None) -> Buffer | None:  # noqa: A002
        """Return the value, or a part of it."""
        return self.get_many((Request(key, range, out),))[0]

    def get_many(self, requests: Sequence[Request]) -> list[Buffer | None]:
        """Return the values in the order of the requests; those that are read whole are checked.

        Raises
        ------
        CorruptDataError
            One is not what was noted.
        """
        values = self._store.get_many(requests)
        for request, value in zip(requests, values, strict=True):
            number = self._table.find(request.key)
            if number is None or self._table.size[number] < 0:
                continue
            whole = request.range is None and value is not None
            if value is None or (whole and checksum(value) != self._table.sums[number]):
                raise CorruptDataError(
                    f"{self.url(request.key)} is not what the journal knows; somebody has been at work on "
                    "it, begin again with --overwrite"
                )
        return values

    def head(self, key: str) -> Info | None:
        """Return size and tag."""
        return self._store.head(key)
