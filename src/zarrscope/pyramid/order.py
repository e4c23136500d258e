"""In which order an image is walked so that few coarse pixels and few shards are open at a time."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from zarrscope.types import Region

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from zarrscope.types import Shape


def walk(shape: Shape, region: Shape, shard: Shape, halved: Sequence[int]) -> Iterator[Region]:
    """Yield the regions of an image, each once.

    Shards come one after the other (all that one region reaches at once), those that share a coarse
    pixel close together; inside a shard the regions come in the same manner.

    Parameters
    ----------
    shape : tuple of int
        Pixels of level 0.
    region : tuple of int
        Pixels of a region; along each axis it divides the shard or is a multiple of it, unless it
        covers the axis.
    shard : tuple of int
        Pixels of a write unit of level 0.
    halved : sequence of int
        Axes along which coarser levels are smaller.
    """
    outer = tuple(max(r, s) for r, s in zip(region, shard, strict=True))
    for index in _grid(shape, outer, halved):
        start = tuple(i * n for i, n in zip(index, outer, strict=True))
        stop = tuple(min(a + n, size) for a, n, size in zip(start, outer, shape, strict=True))
        box = Region(start, stop)
        for inner in _grid(box.shape, region, halved):
            first = tuple(a + i * n for a, i, n in zip(start, inner, region, strict=True))
            last = tuple(min(a + n, b) for a, n, b in zip(first, region, stop, strict=True))
            yield Region(first, last)


def _grid(shape: Shape, cell: Shape, halved: Sequence[int]) -> Iterator[Shape]:
    """Yield the indices of a grid: plain order along the other axes, depth first along the halved ones."""
    counts = [-(-n // c) for n, c in zip(shape, cell, strict=True)]
    others = [i for i in range(len(shape)) if i not in halved]
    for outer in product(*(range(counts[i]) for i in others)):
        for inner in depth_first([counts[i] for i in halved]):
            index = [0] * len(shape)
            for axis, value in (*zip(others, outer, strict=True), *zip(halved, inner, strict=True)):
                index[axis] = value
            yield tuple(index)


def depth_first(counts: Sequence[int]) -> Iterator[Shape]:
    """Yield the cells of a grid in Z order: any aligned block of 2, 4, 8 ... cells without a break."""
    side = 1
    while side < max(counts, default=1):
        side *= 2
    yield from _quarter((0,) * len(counts), side, counts)


def _quarter(origin: Shape, side: int, counts: Sequence[int]) -> Iterator[Shape]:
    if any(o >= n for o, n in zip(origin, counts, strict=True)):
        return
    if side == 1:
        yield origin
        return
    half = side // 2
    for corner in product((0, half), repeat=len(origin)):
        yield from _quarter(tuple(o + c for o, c in zip(origin, corner, strict=True)), half, counts)
