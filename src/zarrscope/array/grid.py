"""Which parts of which chunks make up a region."""

from __future__ import annotations

import operator
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from zarrscope.errors import ArgumentError, BudgetError
from zarrscope.types import Region

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from zarrscope.types import Shape


class Side(NamedTuple):
    """One chunk along one axis, and what the region has of it.

    Parameters
    ----------
    number : int
        Place of the chunk within its unit, times the stride of the axis: the sum over the axes is
        the chunk's number in the index of its shard.
    inside, outside : slice
        The part of the chunk, and where it goes in the result.
    whole : bool
        Whether that part is all of the chunk.
    """

    number: int
    inside: slice
    outside: slice
    whole: bool


Part = tuple[Side, ...]
"""One chunk of a region: its side along each axis."""


def sides(start: int, stop: int, chunk: int, per_unit: int, stride: int) -> dict[int, list[Side]]:
    """Return the chunks of one axis that meet a run of pixels, by the unit they lie in.

    Parameters
    ----------
    start, stop : int
        The run.
    chunk : int
        Pixels of a chunk.
    per_unit : int
        Chunks of a unit.
    stride : int
        What a step of one chunk adds to the chunk's number in the unit.
    """
    found: dict[int, list[Side]] = {}
    for i in range(start // chunk, -(-stop // chunk) if stop > start else start // chunk):
        low, high = max(start - i * chunk, 0), min(stop - i * chunk, chunk)
        at = i * chunk + low - start
        side = Side(i % per_unit * stride, slice(low, high), slice(at, at + high - low), high - low == chunk)
        found.setdefault(i // per_unit, []).append(side)
    return found


def units(region: Region, chunks: Shape, grid: Shape) -> Iterator[tuple[Shape, list[list[Side]]]]:
    """Yield each unit of storage that meets a region, with the sides of its chunks along each axis.

    Parameters
    ----------
    region : Region
        Lies inside the array.
    chunks : tuple of int
        Shape of a chunk.
    grid : tuple of int
        Number of chunks along each axis of a unit; ones where there are no shards.
    """
    axes = []
    stride = 1
    for start, stop, chunk, count in reversed(
        list(zip(region.start, region.stop, chunks, grid, strict=True))
    ):
        axes.append(sides(start, stop, chunk, count, stride))
        stride *= count
    for unit in product(*(axis.items() for axis in reversed(axes))):
        yield tuple(number for number, _ in unit), [found for _, found in unit]


def check_region(region: Region, shape: Shape) -> None:
    """Refuse a region that does not lie inside an array of this shape."""
    if len(region.start) != len(shape) or len(region.stop) != len(shape):
        raise ArgumentError(f"the region has {len(region.start)} axes, the array has {len(shape)}")
    for axis, (start, stop, size) in enumerate(zip(region.start, region.stop, shape, strict=True)):
        if not 0 <= start <= stop <= size:
            raise ArgumentError(f"axis {axis}: the region {start} to {stop} is not inside 0 to {size}")


def check_block(region: Region, block: NDArray[Any], shape: Shape, dtype: np.dtype[Any]) -> None:
    """Refuse a block that cannot be written to a region of an array.

    Parameters
    ----------
    region : Region
        Where it is to be written.
    block : ndarray
        What is.
    shape, dtype : tuple of int, dtype
        Of the array.
    """
    check_region(region, shape)
    if block.shape != region.shape or not np.can_cast(block.dtype, dtype, "safe"):
        raise ArgumentError(f"the block is {block.shape} {block.dtype}; needed is {region.shape} {dtype}")


def empty(shape: Shape, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return memory for a region, or BudgetError where there cannot be as much."""
    try:
        return np.empty(shape, dtype)
    except (MemoryError, ValueError) as error:
        raise BudgetError(
            f"{list(shape)} pixels of {dtype} do not fit into memory; read smaller regions"
        ) from error


class Selection(NamedTuple):
    """A numpy-style index, as the region to read and what to do with it then.

    Parameters
    ----------
    region : Region
        The smallest that holds all that is wanted.
    then : tuple
        Index into what was read: steps, reversals, dropped axes.
    """

    region: Region
    then: tuple[Any, ...]


def select(index: Any, shape: Shape) -> Selection:
    """Translate basic indexing: integers (drop their axis), slices with steps, one Ellipsis.

    Raises
    ------
    IndexError
        If an integer lies outside, or there are too many indices; so that numpy code works alike.
    ArgumentError
        For anything else, such as arrays or None.
    """
    items = list(index) if isinstance(index, tuple) else [index]
    dots = [i for i, item in enumerate(items) if item is Ellipsis]
    if len(dots) > 1:
        raise IndexError("an index can only have a single ellipsis ('...')")
    if len(items) - len(dots) > len(shape):
        raise IndexError(
            f"too many indices: the array has {len(shape)} axes, {len(items) - len(dots)} were indexed"
        )
    at = dots[0] if dots else len(items)
    rest = [slice(None)] * (len(shape) - len(items) + len(dots))
    full = [*items[:at], *rest, *items[at + 1 :]]
    start, stop, then = [], [], []
    for axis, (item, size) in enumerate(zip(full, shape, strict=True)):
        low, high, after = _one(item, size, axis)
        start.append(low)
        stop.append(high)
        then.append(after)
    return Selection(Region(tuple(start), tuple(stop)), tuple(then))


def _one(item: Any, size: int, axis: int) -> tuple[int, int, Any]:
    if isinstance(item, slice):
        wanted = range(*item.indices(size))
        if not wanted:
            return 0, 0, slice(None)
        first, last = min(wanted[0], wanted[-1]), max(wanted[0], wanted[-1])
        # Counted from the lowest pixel; a reversed slice that ends there has no stop.
        step = wanted.step
        return first, last + 1, slice(None, None, step) if step > 0 else slice(last - first, None, step)
    try:
        if isinstance(item, bool):
            raise TypeError
        number = operator.index(item)
    except TypeError:
        kind = "None" if item is None else f"an index of type {type(item).__name__}"
        raise ArgumentError(
            f"axis {axis}: {kind} is not possible here; use integers, slices and '...', and index the numpy "
            "array that comes back with the rest"
        ) from None
    if not -size <= number < size:
        raise IndexError(f"index {number} is out of bounds for axis {axis} with size {size}")
    number %= size
    return number, number + 1, 0
