"""How many pixels are worked on at once, and in which groups: whole tiles of the source, whole chunks."""

from __future__ import annotations

from math import lcm, prod
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zarrscope.types import Shape

REGION_BYTES = 8 << 20
"""A region is read, encoded and downsampled at once; this much keeps the memory of a run small."""

PER_REGION = 2.75
"""What a region in flight takes, in sizes of its pixels: these, what is encoded of them (at worst as
much), the coarser pixels and the scratch of the kernels."""

# Tiles that are so many times shorter than a region may be cut by it: what is decoded twice is little.
_SHORT = 32


class WorkShapes(NamedTuple):
    """Region, group, and whether regions are walked in plain order (see ``plan.LevelPlan``)."""

    region: Shape
    group: Shape
    raster: bool


def work_shapes(
    shape: Shape,
    chunk: Shape,
    shard: Shape,
    itemsize: int,
    tile: Shape | None,
    space: Sequence[int],
    memory: int | None,
) -> WorkShapes:
    """Choose the regions of a level.

    A region grows from the smallest box of whole chunks and whole tiles, in the plane and then in
    depth, within a group. Where that box is too large (pages of one strip under chunks with depth),
    or chunks and tiles do not go together, whole tiles alone are taken, and chunks wait until they
    are complete.

    Parameters
    ----------
    shape, chunk : tuple of int
        Pixels of the level and of a chunk.
    shard : tuple of int
        Pixels of a shard, or of as many chunks as a shard would have.
    itemsize : int
        Bytes of a pixel.
    tile : tuple of int, optional
        The unit in which the source decodes.
    space : sequence of int
        Indices of the spatial axes, y and x last.
    memory : int, optional
        Bytes that all buffers may take.
    """
    most = REGION_BYTES if memory is None else min(REGION_BYTES, int(memory / 4 / PER_REGION))
    tiles = tile or chunk
    group = [c * (1 << (max(1, u // c).bit_length() - 1)) for u, c in zip(shard, chunk, strict=True)]
    region = [_common(c, t, n) for c, t, n in zip(chunk, tiles, shape, strict=True)]
    if prod(region) * itemsize > most:
        region = [min(t, n) for t, n in zip(tiles, shape, strict=True)]
    for axes in (space[-2:][::-1], space[:-2][::-1]):
        growing = True
        while growing:
            growing = False
            for axis in axes:
                longer = _longer(region[axis], group[axis], shape[axis])
                if longer > region[axis] and prod(region) // region[axis] * longer * itemsize <= most:
                    region[axis] = longer
                    growing = True
    raster = any(region[i] < shape[i] and region[i] % chunk[i] and chunk[i] % region[i] for i in space)
    if raster:
        group = [n if i in space else g for i, (g, n) in enumerate(zip(group, shape, strict=True))]
    return WorkShapes(tuple(region), tuple(max(r, g) for r, g in zip(region, group, strict=True)), raster)


def _longer(region: int, group: int, size: int) -> int:
    """Return the next length along one axis that still divides the group, or covers the axis."""
    for times in range(2, group // region + 1):
        if group % (times * region) == 0:
            return min(size, times * region)
    return region


def _common(chunk: int, tile: int, size: int) -> int:
    """Return the least number of pixels that is whole chunks and whole tiles along one axis.

    Where the two do not go together, whole tiles: none is decoded twice. Only very short ones (strips
    of a few rows) are cut instead.
    """
    if tile >= size:
        return size
    both = lcm(chunk, tile)
    if both <= 4 * max(chunk, tile):
        return min(size, both)
    return min(size, chunk if tile * _SHORT <= chunk else max(1, round(chunk / tile)) * tile)
