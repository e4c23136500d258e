"""The plan of an image: its levels, how they lie in chunks and shards, and what writing it will take."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

from zarrscope.budget import format_size
from zarrscope.errors import ArgumentError, BudgetError
from zarrscope.executor import AHEAD
from zarrscope.pyramid.cascade import Step
from zarrscope.pyramid.downsample import offset
from zarrscope.pyramid.layout import chunk_shape, clamp, clamp_shard, shard_shape
from zarrscope.pyramid.levels import coarser, plan_factors, spatial_axes
from zarrscope.pyramid.order import walk
from zarrscope.pyramid.regions import PER_REGION, work_shapes
from zarrscope.pyramid.waiting import open_cells

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from zarrscope.model.axes import Axis
    from zarrscope.types import Region, Shape

Placement = tuple[tuple[float, ...], tuple[float, ...]]
"""Size of a pixel, and centre of the first one, in pixels of level 0."""


@dataclass(frozen=True, slots=True)
class LevelPlan:
    """One level: where it stands, how large it is, how it is cut.

    Parameters
    ----------
    path : str
        Of the array within the image.
    shape, chunks : tuple of int
        Pixels of the level and of a chunk.
    shards : tuple of int, optional
        Pixels of a shard; None where chunks are written one by one.
    factors : tuple of int, optional
        How the next level is made of this one; None where it is not.
    downsampling : tuple of float
        Size of a pixel in pixels of level 0.
    offset : tuple of float
        Centre of the first pixel in pixels of level 0.
    region : tuple of int
        Pixels that are read and worked on at once.
    group : tuple of int
        Pixels that are finished before the next group is begun: a shard, or as many chunks. A power
        of two of chunks along each axis, so that the cells of coarser levels fit over groups.
    raster : bool
        Whether regions are walked in plain order, since they are whole tiles that cut chunks.
    """

    path: str
    shape: Shape
    chunks: Shape
    shards: Shape | None
    factors: Shape | None
    downsampling: tuple[float, ...]
    offset: tuple[float, ...]
    region: Shape
    group: Shape
    raster: bool = False

    @property
    def cell(self) -> Shape:
        """Smallest box that holds whole chunks and whole pixels of the next level."""
        return Step(self.shape, self.chunks, self.factors).cell

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
        How coarser pixels are made; "" where every level comes from the source.
    itemsize : int
        Bytes of a pixel.
    halved : tuple of int
        Axes along which coarser levels are smaller.
    """

    levels: tuple[LevelPlan, ...]
    kernel: str
    itemsize: int
    halved: tuple[int, ...]

    @property
    def sources(self) -> tuple[int, ...]:
        """Levels whose pixels come from the source: the first, or all where none is computed."""
        return (0,) if self.kernel else tuple(range(len(self.levels)))

    def regions(self, level: int = 0) -> Iterator[Region]:
        """Yield the regions of a level of the source in the order in which they are worked on."""
        chosen = self.levels[level]
        return walk(chosen.shape, chosen.region, chosen.group, () if chosen.raster else self.halved)

    @property
    def region_count(self) -> int:
        """How many regions are read from the source."""
        return sum(_region_count(self.levels[i]) for i in self.sources)

    @property
    def source_pixels(self) -> int:
        """How many pixels are read from the source."""
        return sum(prod(self.levels[i].shape) for i in self.sources)

    @property
    def raw_bytes(self) -> int:
        """Bytes of all levels before compression; chunks at the edge are stored whole."""
        rows = (zip(level.shape, level.chunks, strict=True) for level in self.levels)
        return sum(prod(-(-n // c) * c for n, c in row) for row in rows) * self.itemsize

    @property
    def units(self) -> int:
        """Number of files that hold pixels."""
        return sum(level.units for level in self.levels)

    def memory(self, workers: int) -> int:
        """Return the most memory, in bytes, that regions in flight and open cells take.

        Parameters
        ----------
        workers : int
            Threads; with more than one, ``executor.AHEAD`` regions more than threads are in flight.
        """
        flight = 1 if workers <= 1 else workers + AHEAD
        region = max(prod(self.levels[i].region) for i in self.sources)
        return int(flight * PER_REGION * region * self.itemsize) + self.open_bytes

    @property
    def open_bytes(self) -> int:
        """Bytes of the cells that wait, at most, for more pixels."""
        if self.kernel:
            return sum(self._waiting(level, self.levels[0]) for level in self.levels) * self.itemsize
        return max(self._waiting(level, level) for level in self.levels) * self.itemsize

    def _waiting(self, level: LevelPlan, walked: LevelPlan) -> int:
        """Return how many pixels of a level's cells may be open while another level is walked."""
        ratio = [round(d / e) for d, e in zip(level.downsampling, walked.downsampling, strict=True)]
        cell = tuple(c * r for c, r in zip(level.cell, ratio, strict=True))
        halved = () if walked.raster else self.halved
        cells = open_cells(walked.shape, walked.region, walked.group, cell, halved)
        return prod(min(k * c, n) for k, c, n in zip(cells, level.cell, level.shape, strict=True))


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """What a user may ask for; None stands for the default.

    ``chunks`` and ``shards`` give pixels by axis name; axes that are left out keep their default.
    ``kernel`` is ``mean`` by default, and ``mode`` for label images. ``reserve`` is the share of
    ``memory`` that is not for buffers: the cache of a source.
    """

    chunks: dict[str, int] | None = None
    shards: dict[str, int] | None = None
    sharded: bool = True
    levels: int | None = None
    kernel: str | None = None
    memory: int | None = None
    reserve: float = 0.0

    @property
    def buffers(self) -> int | None:
        """Bytes that buffers may take."""
        return None if self.memory is None else int(self.memory * (1 - self.reserve))


def plan_pyramid(
    shape: Shape,
    itemsize: int,
    axes: Sequence[Axis],
    scale: Sequence[float | None],
    options: PlanOptions,
    tile: Shape | None = None,
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

    Raises
    ------
    ArgumentError
        An axis that the image does not have, or a size below 1.
    BudgetError
        Not even one region fits into ``options.memory``; the message names the least that would.
    """
    space = spatial_axes(axes)
    steps = plan_factors(shape, axes, scale, _positive(options.levels, "levels"))
    shapes, factors = [shape], [*steps, None]
    for step in steps:
        shapes.append(coarser(shapes[-1], step))
    cubes = any(step[i] > 1 for step in steps[:1] for i in space[:-2])
    kernel = options.kernel or "mean"
    places = [_made(steps[:number], len(shape), kernel) for number in range(len(shapes))]
    levels = _levels(shapes, factors, places, itemsize, axes, options, [tile] * len(shapes), cubes=cubes)
    return _fitted(PyramidPlan(levels, kernel, itemsize, _halved(shapes)), options, tile)


def _made(steps: Sequence[Shape], count: int, kernel: str) -> Placement:
    """Return where a level lies that is made in these steps."""
    factors = tuple(float(prod(step[i] for step in steps)) for i in range(count))
    return factors, offset(kernel, factors)


def plan_kept(
    shapes: Sequence[Shape],
    itemsize: int,
    axes: Sequence[Axis],
    options: PlanOptions,
    tiles: Sequence[Shape],
    placements: Sequence[Placement] | None = None,
) -> PyramidPlan:
    """Plan an image whose levels all come from the source as they are.

    Parameters
    ----------
    shapes, tiles : sequence of tuple of int
        Pixels and unit of decoding of each level, finest first.
    itemsize, axes, options
        See ``plan_pyramid``; ``options.levels`` takes the first so many.
    placements : sequence, optional
        Where the source says that its levels lie: for each, size of a pixel and centre of the first one
        in pixels of level 0. By default pixels are taken for means of what they cover.

    Raises
    ------
    ArgumentError, BudgetError
        See ``plan_pyramid``.
    """
    count = _positive(options.levels, "levels") or len(shapes)
    shapes = shapes[:count]
    places = placements or [covering(shapes[0], shape) for shape in shapes]
    levels = _levels(shapes, [None] * len(shapes), places, itemsize, axes, options, tiles, cubes=False)
    return _fitted(PyramidPlan(levels, "", itemsize, _halved(shapes)), options, tiles[0])


def covering(finest: Shape, shape: Shape) -> Placement:
    """Return where a level lies whose pixels are means: by whole factors where these give its shape."""
    ratios = [n / m for n, m in zip(finest, shape, strict=True)]
    factors = tuple(
        float(round(r)) if -(-n // round(r)) == m else r
        for r, n, m in zip(ratios, finest, shape, strict=True)
    )
    return factors, offset("", factors)


def _region_count(level: LevelPlan) -> int:
    """Return how many regions a level has; a group may end with a shorter one."""
    count = 1
    for size, region, group in zip(level.shape, level.region, level.group, strict=True):
        groups, rest = divmod(size, max(region, group))
        count *= groups * -(-max(region, group) // region) + -(-rest // region)
    return count


def _halved(shapes: Sequence[Shape]) -> tuple[int, ...]:
    return tuple(i for i, (n, m) in enumerate(zip(shapes[0], shapes[-1], strict=True)) if m < n)


def _levels(
    shapes: Sequence[Shape],
    factors: Sequence[Shape | None],
    places: Sequence[Placement],
    itemsize: int,
    axes: Sequence[Axis],
    options: PlanOptions,
    tiles: Sequence[Shape | None],
    *,
    cubes: bool,
) -> tuple[LevelPlan, ...]:
    """Cut every level into chunks, shards and regions."""
    if 0 in shapes[0]:
        raise ArgumentError(f"an image of shape {shapes[0]} holds no pixels; nothing can be written")
    space, names = spatial_axes(axes), [axis.name for axis in axes]
    _check_names(options, names)
    levels = []
    for number, (shape, step, tile) in enumerate(zip(shapes, factors, tiles, strict=False)):
        chunk = chunk_shape(shape, itemsize, space, tile, cubes)
        chunk = clamp(_asked(chunk, options.chunks, names), shape)
        default = shard_shape(shape, chunk, itemsize, space)
        shard = clamp_shard(_asked(default, options.shards, names), chunk, shape) if options.sharded else None
        cut = work_shapes(shape, chunk, shard or default, itemsize, tile, space, options.buffers)
        size, first = places[number]
        levels.append(
            LevelPlan(str(number), shape, chunk, shard, step, size, first, cut.region, cut.group, cut.raster)
        )
    return tuple(levels)


def _fitted(plan: PyramidPlan, options: PlanOptions, tile: Shape | None) -> PyramidPlan:
    """Return the plan if it fits into the memory it may use with one worker."""
    if options.memory is not None and plan.memory(1) > (options.buffers or 0):
        least = int(plan.memory(1) / (1 - options.reserve)) + 10**6
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


def _asked(default: Shape, sizes: dict[str, int] | None, names: list[str]) -> Shape:
    return tuple((sizes or {}).get(name, n) for name, n in zip(names, default, strict=True))
