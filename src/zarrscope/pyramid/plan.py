"""The plan of an image: its levels, how they lie in chunks and shards, and what writing it will take."""

from __future__ import annotations

from dataclasses import dataclass
from math import lcm, prod
from typing import TYPE_CHECKING

from zarrscope.budget import format_size
from zarrscope.errors import ArgumentError, BudgetError
from zarrscope.pyramid.layout import chunk_shape, clamp, clamp_shard, shard_shape
from zarrscope.pyramid.levels import coarser, plan_factors, spatial_axes
from zarrscope.pyramid.order import walk

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from zarrscope.model.axes import Axis
    from zarrscope.types import Region, Shape

REGION_BYTES = 8 << 20
"""A region is read, encoded and downsampled at once; this much keeps the memory of a run small."""

# A region in flight: its pixels, what is encoded of them (at worst as much), the coarser pixels and
# the scratch of the kernels.
_PER_REGION = 2.75


@dataclass(frozen=True, slots=True)
class LevelPlan:
    """One level: where it stands, how large it is, how it is cut.

    ``factors`` lead to the next level and are None for the last; ``shards`` is None where chunks are
    written one by one.
    """

    path: str
    shape: Shape
    chunks: Shape
    shards: Shape | None
    factors: Shape | None

    @property
    def unit(self) -> Shape:
        """Pixels of a write unit: the shard, or the chunk where there are none."""
        return self.shards or self.chunks

    @property
    def units(self) -> int:
        """Number of write units, each a file."""
        return prod(-(-n // u) for n, u in zip(self.shape, self.unit, strict=True))


@dataclass(frozen=True, slots=True)
class PyramidPlan:
    """All that is decided before the first pixel is read. The same plan gives the same bytes.

    Parameters
    ----------
    levels : tuple of LevelPlan
        Finest first.
    kernel : str
        How coarser pixels are made.
    itemsize : int
        Bytes of a pixel.
    region : tuple of int
        Pixels that are read and worked on at once.
    group : tuple of int
        Pixels that are finished before the next group is begun: a shard, or as many chunks.
    halved : tuple of int
        Axes along which coarser levels are smaller.
    """

    levels: tuple[LevelPlan, ...]
    kernel: str
    itemsize: int
    region: Shape
    group: Shape
    halved: tuple[int, ...]

    def regions(self) -> Iterator[Region]:
        """Yield the regions of level 0 in the order in which they are worked on."""
        return walk(self.levels[0].shape, self.region, self.group, self.halved)

    @property
    def region_count(self) -> int:
        """How many regions there are."""
        return prod(-(-n // r) for n, r in zip(self.levels[0].shape, self.region, strict=True))

    @property
    def raw_bytes(self) -> int:
        """Bytes of all levels before compression."""
        return sum(prod(level.shape) for level in self.levels) * self.itemsize

    @property
    def units(self) -> int:
        """Number of files that hold pixels."""
        return sum(level.units for level in self.levels)

    def memory(self, workers: int) -> int:
        """Return the most memory, in bytes, that regions in flight and open cells take.

        Parameters
        ----------
        workers : int
            Threads; with more than one, one region more than threads is in flight.
        """
        flight = 1 if workers <= 1 else workers + 1
        region = prod(min(r, n) for r, n in zip(self.region, self.levels[0].shape, strict=True))
        return int(flight * _PER_REGION * region * self.itemsize) + self.open_bytes

    @property
    def open_bytes(self) -> int:
        """Bytes of the cells that wait, at most, for more pixels."""
        total = self._waiting(self.levels[0], self.region)
        reach = [max(r, g) for r, g in zip(self.region, self.group, strict=True)]
        for level in self.levels[:-1]:
            total += self._waiting(level, reach)
            reach = [-(-n // f) for n, f in zip(reach, level.factors or reach, strict=True)]
        return (total + self._waiting(self.levels[-1], reach)) * self.itemsize

    def _waiting(self, level: LevelPlan, reach: Sequence[int]) -> int:
        """Return the pixels of the cells that a box of this size may leave open."""
        if all(r % c == 0 or r >= n for r, c, n in zip(reach, level.chunks, level.shape, strict=True)):
            return 0
        touched = [
            min(-(-n // c), -(-r // c) + (1 if r % c and i in self.halved and r > c else 0)) * c
            for i, (r, c, n) in enumerate(zip(reach, level.chunks, level.shape, strict=True))
        ]
        return prod(min(t, n) for t, n in zip(touched, level.shape, strict=True))


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """What a user may ask for; None stands for the default.

    ``chunks`` and ``shards`` give pixels by axis name; axes that are left out keep their default.
    """

    chunks: dict[str, int] | None = None
    shards: dict[str, int] | None = None
    sharded: bool = True
    levels: int | None = None
    kernel: str = "mean"
    memory: int | None = None


def plan_pyramid(
    shape: Shape,
    itemsize: int,
    axes: Sequence[Axis],
    scale: Sequence[float | None],
    options: PlanOptions,
    tile: Shape | None = None,
    workers: int = 1,
) -> PyramidPlan:
    """Plan the pyramid of an image.

    Parameters
    ----------
    shape : tuple of int
        Pixels of level 0, in the order of ``axes``.
    itemsize : int
        Bytes of a pixel.
    axes : sequence of Axis
        Names and types decide what is downsampled.
    scale : sequence of (float or None)
        Size of a pixel along each axis.
    options : PlanOptions
        What the user asks for.
    tile : tuple of int, optional
        The unit in which the source decodes; regions are made of whole ones.
    workers : int
        Threads that will work on it; fewer are used where memory is short.

    Raises
    ------
    ArgumentError
        An axis that the image does not have, or a size below 1.
    BudgetError
        Not even one region fits into ``options.memory``; the message names the least that would.
    """
    if 0 in shape:
        raise ArgumentError(f"an image of shape {shape} holds no pixels; nothing can be written")
    space = spatial_axes(axes)
    steps = plan_factors(shape, axes, scale, _positive(options.levels, "levels"))
    names = [axis.name for axis in axes]
    _check_names(options, names)
    halved = tuple(sorted({i for step in steps for i, f in enumerate(step) if f > 1}))
    cubes = any(step[i] > 1 for step in steps[:1] for i in space[:-2])
    levels = []
    level_shape = shape
    for number in range(len(steps) + 1):
        factors = steps[number] if number < len(steps) else None
        chunk = chunk_shape(level_shape, itemsize, space, tile, cubes)
        chunk = _asked(chunk, options.chunks, names, level_shape)
        shard = _shards(options, level_shape, chunk, itemsize, space, names)
        levels.append(LevelPlan(str(number), level_shape, chunk, shard, factors))
        level_shape = coarser(level_shape, factors) if factors else level_shape
    first = levels[0]
    group = first.shards or shard_shape(shape, first.chunks, itemsize, space)
    region = _region(first, group, itemsize, tile, space, options.memory)
    plan = PyramidPlan(tuple(levels), options.kernel, itemsize, region, group, halved)
    return _fitted(plan, options, tile)


def _fitted(plan: PyramidPlan, options: PlanOptions, tile: Shape | None) -> PyramidPlan:
    """Return the plan if it fits into the memory it may use with one worker."""
    least = plan.memory(1)
    if options.memory is not None and least > options.memory:
        unit = f"; the source decodes {tile} pixels at once" if tile else ""
        raise BudgetError(
            f"this plan needs at least {format_size(least)} of memory, {format_size(options.memory)} are "
            f"allowed{unit}; use --memory {format_size(least)} or smaller --chunks"
        )
    return plan


def _positive(value: int | None, name: str) -> int | None:
    if value is not None and value < 1:
        raise ArgumentError(f"{name} must be at least 1, not {value}")
    return value


def _check_names(options: PlanOptions, names: list[str]) -> None:
    for what, sizes in (("chunks", options.chunks), ("shards", options.shards)):
        for name, size in (sizes or {}).items():
            if name not in names:
                raise ArgumentError(f"{what}: there is no axis {name!r}; the axes are {', '.join(names)}")
            _positive(size, f"{what} {name}")


def _asked(default: Shape, sizes: dict[str, int] | None, names: list[str], shape: Shape) -> Shape:
    wanted = tuple((sizes or {}).get(name, n) for name, n in zip(names, default, strict=True))
    return clamp(wanted, shape)


def _shards(
    options: PlanOptions, shape: Shape, chunk: Shape, itemsize: int, space: Sequence[int], names: list[str]
) -> Shape | None:
    if not options.sharded:
        return None
    default = shard_shape(shape, chunk, itemsize, space)
    sizes = options.shards or {}
    return clamp_shard(
        tuple(sizes.get(name, n) for name, n in zip(names, default, strict=True)), chunk, shape
    )


def _region(
    level: LevelPlan,
    group: Shape,
    itemsize: int,
    tile: Shape | None,
    space: Sequence[int],
    memory: int | None,
) -> Shape:
    """Return how many pixels to work on at once.

    Grows from the smallest box of whole chunks and whole tiles of the source, in the plane and then
    in depth, within a group. Where that box is too large already (pages of one strip under chunks
    with depth), whole tiles alone are taken, and chunks wait until they are complete.
    """
    most = REGION_BYTES if memory is None else min(REGION_BYTES, int(memory / 4 / _PER_REGION))
    tiles = tile or level.chunks
    both = [_common(c, t, n) for c, t, n in zip(level.chunks, tiles, level.shape, strict=True)]
    region = both
    if prod(both) * itemsize > most:
        region = [min(t, n) for t, n in zip(tiles, level.shape, strict=True)]
    for axes in (space[-2:][::-1], space[:-2][::-1]):
        growing = True
        while growing:
            growing = False
            for axis in axes:
                longer = _longer(region[axis], group[axis], level.shape[axis])
                if longer > region[axis] and prod(region) // region[axis] * longer * itemsize <= most:
                    region[axis] = longer
                    growing = True
    return tuple(region)


def _longer(region: int, group: int, size: int) -> int:
    """Return the next length along one axis that still divides the group, or covers the axis."""
    for times in range(2, group // region + 1):
        if group % (times * region) == 0:
            return min(size, times * region)
    return region


def _common(chunk: int, tile: int, size: int) -> int:
    """Return the least number of pixels that is whole chunks and whole tiles along one axis.

    Where the two do not go together, whole chunks alone are taken if they are many tiles long (the
    tile that two regions share is kept by the source), else whole tiles.
    """
    if tile >= size:
        return size
    both = lcm(chunk, tile)
    if both <= 4 * max(chunk, tile):
        return min(size, both)
    return min(size, chunk if chunk >= 2 * tile else -(-tile // chunk) * chunk)
