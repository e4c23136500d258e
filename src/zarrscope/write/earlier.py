"""What an earlier run of the same plan has stored: known from the journal, read back where it is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zarrscope.array.chunked import ChunkedArray

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from zarrscope.array.metadata import ArrayMetadata
    from zarrscope.ledger.table import UnitTable
    from zarrscope.store.contracts import Readable
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
        self._arrays = [ChunkedArray(store, path, metadata) for path, metadata in arrays]
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
