"""How an image lies in a virtual store: its levels, the chunks that readers see, the blocks that are made.

A *chunk* is what stands under one key. A *block* is what is made and kept at once: of a level that the file
holds, whole units of decoding, so that none is decoded twice; of a computed level, what a few whole blocks
of the level below become. So blocks of all levels are a tree: each is needed by exactly one that is coarser.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import prod
from typing import TYPE_CHECKING

from zarrscope.array.contracts import reads_directly
from zarrscope.budget import format_size
from zarrscope.errors import ArgumentError, BudgetError
from zarrscope.model.axes import channel_axis
from zarrscope.pyramid.levels import SMALLEST, coarser, spatial_axes
from zarrscope.types import Region

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from zarrscope.array.contracts import LazyArray
    from zarrscope.model.axes import Axis
    from zarrscope.types import Shape

SIDE = 512
"""Pixels of a chunk in y and x, unless the tiles of the file suggest another size."""

_TILE = (256, 1024)
"""Sides of tiles that are good chunks as they are."""

_COLOURS = 4
"""At most so many samples of a pixel are taken for a colour and stand in one chunk."""

_TIMES = 4
"""So many units must have room: one that is kept, one that comes, two on their way through the decoder."""

_GATHERED = 64 << 20
"""Units are gathered into blocks of at most so many bytes (and of at most an eighth of the memory)."""


@dataclass(frozen=True, slots=True)
class VirtualLevel:
    """One level of an image.

    Parameters
    ----------
    path : str
        Of its array within the store.
    shape, chunks, block : tuple of int
        Pixels of the level, of a chunk, and of what is made at once.
    steps : int
        How often the file's coarsest level was halved to get here; 0: the file holds this level.
    factors : tuple of int
        How it is made of the level below; ones where the file holds it.
    direct : bool
        Whether nothing has to be decoded, so that any part costs only itself.
    """

    path: str
    shape: Shape
    chunks: Shape
    block: Shape
    steps: int
    factors: Shape
    direct: bool

    @property
    def computed(self) -> bool:
        """Whether the file does not hold this level."""
        return self.steps > 0

    @property
    def grid(self) -> Shape:
        """Number of chunks along each axis."""
        return tuple(-(-n // c) for n, c in zip(self.shape, self.chunks, strict=True))

    def chunk(self, index: Shape) -> Region:
        """Return the pixels of a chunk that lie in the image."""
        start = tuple(i * c for i, c in zip(index, self.chunks, strict=True))
        return Region.of(start, self.chunks).intersect(Region.whole(self.shape))

    def places(self, region: Region) -> Iterator[Shape]:
        """Yield the places of the blocks that a region meets."""
        rows = zip(region.start, region.stop, self.block, strict=True)
        return product(*(range(a // b, -(-z // b)) for a, z, b in rows))

    def whole(self, place: Shape) -> Region:
        """Return the pixels of the block at a place."""
        start = tuple(i * b for i, b in zip(place, self.block, strict=True))
        return Region.of(start, self.block).intersect(Region.whole(self.shape))


def levels_of(
    arrays: Sequence[LazyArray], axes: Sequence[Axis], path: str, memory: int
) -> tuple[VirtualLevel, ...]:
    """Return all levels of an image: those of the file, then computed ones until a plane is small.

    Parameters
    ----------
    arrays : sequence of LazyArray
        What the file holds, finest first.
    axes : sequence of Axis
        Of each of them.
    path : str
        Of the image within the store.
    memory : int
        Bytes that may be used.

    Raises
    ------
    ArgumentError
        The image holds no pixels.
    BudgetError
        The file decodes more at once than the memory holds.
    """
    if 0 in arrays[0].shape:
        raise ArgumentError(f"an image of shape {arrays[0].shape} holds no pixels; nothing can be shown")
    prefix = f"{path}/" if path else ""
    plane = spatial_axes(axes)[-2:]
    colour = channel_axis(axes)
    levels = [_stored(f"{prefix}{i}", array, plane, colour, memory) for i, array in enumerate(arrays)]
    sides = _sides(arrays[-1], plane, colour)
    while (last := levels[-1]) and max(last.shape[i] for i in plane) > SMALLEST:
        factors = tuple(2 if i in plane and n > 1 else 1 for i, n in enumerate(last.shape))
        shape = coarser(last.shape, factors)
        chunks = _within(sides, shape)
        block = _halved(last, factors, shape, chunks)
        levels.append(
            VirtualLevel(f"{prefix}{len(levels)}", shape, chunks, block, last.steps + 1, factors, False)
        )
    return tuple(levels)


def _stored(
    path: str, array: LazyArray, plane: tuple[int, ...], colour: int | None, memory: int
) -> VirtualLevel:
    """Return a level that the file holds."""
    shape, unit = tuple(array.shape), _within(array.chunks, array.shape)
    chunks = _within(_sides(array, plane, colour), shape)
    ones = (1,) * len(shape)
    if reads_directly(array):
        return VirtualLevel(path, shape, chunks, chunks, 0, ones, True)
    itemsize = array.dtype.itemsize
    if _TIMES * prod(unit) * itemsize > memory:
        raise BudgetError(
            f"the file decodes {format_size(prod(unit) * itemsize)} at once "
            f"({' x '.join(map(str, unit))} pixels), {format_size(memory)} of memory are allowed; "
            f"use --memory {format_size((_TIMES + 1) * prod(unit) * itemsize)}"
        )
    block = list(unit)
    room = max(prod(unit) * itemsize, min(_GATHERED, memory // 8))
    for i in reversed(plane):
        times = min(-(-chunks[i] // unit[i]), room // (prod(block) * itemsize))
        if unit[i] * times < shape[i]:
            times = _evenly(unit[i], times)  # so that no window of two by two needs two blocks
        block[i] *= max(1, times)
    return VirtualLevel(path, shape, chunks, _within(block, shape), 0, ones, False)


def _sides(array: LazyArray, plane: tuple[int, ...], colour: int | None) -> Shape:
    """Return the shape of a chunk, before it is cut to the size of a level."""
    sides = [1] * len(array.shape)
    for i in plane:
        sides[i] = _side(array.chunks[i], array.shape[i])
    if colour is not None and 1 < array.shape[colour] <= min(_COLOURS, array.chunks[colour]):
        sides[colour] = array.shape[colour]
    return tuple(sides)


def _side(unit: int, size: int) -> int:
    """Return the side of a chunk: the tile's where that is sensible, else about 512 in whole tiles."""
    if unit >= size or unit > _TILE[1]:
        return SIDE
    return unit if unit >= _TILE[0] else _evenly(unit, SIDE // unit) * unit


def _evenly(unit: int, times: int) -> int:
    """Return how often a unit is taken: once less where an odd number of pixels would come of it."""
    return times - 1 if times > 1 and unit * times % 2 else times


def _within(sides: Sequence[int], shape: Shape) -> Shape:
    return tuple(max(1, min(s, n)) for s, n in zip(sides, shape, strict=True))


def _halved(finer: VirtualLevel, factors: Shape, shape: Shape, chunks: Shape) -> Shape:
    """Return the block of a level made of a finer one: half of its block where that is a chunk or more."""
    block = []
    for b, n, f, m, c in zip(finer.block, finer.shape, factors, shape, chunks, strict=True):
        if f == 1:
            block.append(b)
        elif b >= n:
            block.append(m)
        else:
            block.append(b // 2 if b % 2 == 0 and b // 2 >= c else min(b, m))
    return tuple(block)
