"""Every write unit of a hierarchy by number: its size and checksum, in a few bytes a unit."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from zarrscope.ledger.entry import EMPTY as EMPTY
from zarrscope.ledger.entry import UNKNOWN as UNKNOWN
from zarrscope.ledger.entry import Entry as Entry

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from zarrscope.array.metadata import ArrayMetadata
    from zarrscope.types import Shape


@dataclass(frozen=True, slots=True)
class Units:
    """The write units of one array.

    Parameters
    ----------
    path : str
        Of the array.
    prefix, separator : str
        The key of a unit is the prefix and the numbers of its place, with the separator between them.
    grid : tuple of int
        How many units there are along each axis.
    first : int
        Number of the first unit; the others follow in C order.
    """

    path: str
    prefix: str
    separator: str
    grid: Shape
    first: int

    @property
    def count(self) -> int:
        """How many units the array has."""
        return prod(self.grid)

    def key(self, number: int) -> str:
        """Return the key of the unit of this number."""
        if not self.grid:
            return self.prefix
        place = np.unravel_index(number - self.first, self.grid)
        return self.prefix + self.separator.join(str(int(i)) for i in place)

    def number(self, rest: str) -> int | None:
        """Return the number of the unit whose key ends so after the prefix; None where there is none."""
        parts = rest.split(self.separator) if rest else []
        if len(parts) != len(self.grid):
            return None
        number = 0
        for part, size in zip(parts, self.grid, strict=True):
            if not part.isdecimal() or str(int(part)) != part or int(part) >= size:
                return None
            number = number * size + int(part)
        return self.first + number


def units_of(path: str, metadata: ArrayMetadata, first: int) -> Units:
    """Return the write units of an array.

    Parameters
    ----------
    path : str
        Of the array.
    metadata : ArrayMetadata
        Tells the grid and the keys.
    first : int
        Number of its first unit.
    """
    grid = tuple(-(-n // u) for n, u in zip(metadata.shape, metadata.unit, strict=True))
    zero = metadata.key((0,) * len(grid))
    numbers = metadata.separator.join("0" * len(grid))
    prefix = zero[: len(zero) - len(numbers)] if grid else zero
    return Units(path, f"{path}/{prefix}" if path else prefix, metadata.separator, grid, first)


class UnitTable:
    """Sizes and checksums of the units of several arrays. Not locked.

    Parameters
    ----------
    arrays : sequence of Units
        Numbered without gaps, in order.
    """

    def __init__(self, arrays: Sequence[Units]) -> None:
        self.arrays = tuple(arrays)
        self._firsts = [one.first for one in self.arrays]
        self._by_path = {one.path: one for one in reversed(self.arrays)}
        self._by_prefix = {one.prefix: one for one in self.arrays}
        self._shapes = sorted({(one.separator, len(one.grid)) for one in self.arrays})
        count = sum(one.count for one in self.arrays)
        self.size: NDArray[np.int64] = np.full(count, UNKNOWN, np.int64)
        self.sums: NDArray[np.uint64] = np.zeros(count, np.uint64)

    @classmethod
    def of(cls, arrays: Sequence[tuple[str, ArrayMetadata]]) -> UnitTable:
        """Return the table of arrays, each given by path and description."""
        first, listed = 0, []
        for path, metadata in arrays:
            listed.append(units_of(path, metadata, first))
            first += listed[-1].count
        return cls(listed)

    def __len__(self) -> int:
        return len(self.size)

    def find(self, key: str) -> int | None:
        """Return the number of the unit of a key; None where it is the key of no unit."""
        for separator, axes in self._shapes:
            if not axes:
                rest = ""  # the one unit has no numbers, whatever would stand between them
            elif separator == "/":
                rest = "/".join(key.rsplit("/", axes)[-axes:])
            else:
                rest = key.rpartition("/")[2]
                if rest.count(separator) == axes:  # v3 with dots: c.0.0
                    rest = rest.partition(separator)[2]
            array = self._by_prefix.get(key[: len(key) - len(rest)])
            if array is not None and (number := array.number(rest)) is not None:
                return number
        return None

    def key(self, number: int) -> str:
        """Return the key of the unit of this number."""
        return self.arrays[bisect_right(self._firsts, number) - 1].key(number)

    def array(self, path: str) -> Units | None:
        """Return the units of the array at a path."""
        return self._by_path.get(path)

    def note(self, number: int, size: int, total: int) -> None:
        """Take note of a unit."""
        self.size[number], self.sums[number] = size, total

    def finished(self, array: Units) -> NDArray[np.bool_]:
        """Return, on the grid of an array, which of its units are known."""
        part = self.size[array.first : array.first + array.count]
        known: NDArray[np.bool_] = (part >= EMPTY).reshape(array.grid)
        return known

    @property
    def complete(self) -> bool:
        """Whether every unit is known."""
        return bool((self.size >= EMPTY).all())

    @property
    def bytes(self) -> int:
        """Bytes of all units that are stored."""
        return int(self.size[self.size > 0].sum())

    def known(self) -> Iterator[int]:
        """Yield the numbers of the units that are known."""
        yield from map(int, np.flatnonzero(self.size >= EMPTY))

    def describe(self) -> list[str]:
        """Return the arrays as JSON: a text each, for a plate has a hundred thousand of them."""
        return [
            "\t".join((one.path, one.prefix, one.separator, ",".join(map(str, one.grid))))
            for one in self.arrays
        ]

    @classmethod
    def described(cls, told: Sequence[Any]) -> UnitTable:
        """Return the empty table that ``describe`` tells of.

        Raises
        ------
        TypeError, ValueError
            It tells of no table.
        """
        first, listed = 0, []
        for one in told:
            path, prefix, separator, sizes = str(one).split("\t")
            grid = tuple(int(n) for n in sizes.split(",")) if sizes else ()
            if any(n < 0 for n in grid) or len(grid) > _MOST_AXES or prod(grid) > _MOST_UNITS - first:
                raise ValueError("a grid that cannot be")
            listed.append(Units(path, prefix, separator, grid, first))
            first += listed[-1].count
        return cls(listed)


_MOST_AXES = 32
_MOST_UNITS = 1 << 28
"""A table of more would take 4 GiB: what tells of so many is no ledger of ours."""
