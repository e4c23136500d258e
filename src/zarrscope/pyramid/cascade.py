"""The one pass: every coarser pixel is made, in memory, as soon as the finer ones are there."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from zarrscope.types import Region

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from zarrscope.types import Shape


_SPARE = 4
"""Buffers of one shape that are kept for the next cells."""


@dataclass(frozen=True, slots=True)
class Step:
    """One level as the cascade sees it.

    Parameters
    ----------
    shape : tuple of int
        Pixels of the level.
    chunk : tuple of int
        The unit in which pixels are handed on.
    factors : tuple of int, optional
        How the next level is made of this one; None for the last.
    """

    shape: Shape
    chunk: Shape
    factors: Shape | None

    @property
    def cell(self) -> Shape:
        """Smallest box that holds whole chunks and whole pixels of the next level."""
        if self.factors is None:
            return self.chunk
        rows = zip(self.chunk, self.factors, self.shape, strict=True)
        return tuple(c if c % f == 0 or c >= n else c * f for c, f, n in rows)

    def aligned(self, region: Region) -> bool:
        """Return whether a region consists of whole cells (the edge of the level ends one as well)."""
        rows = zip(region.start, region.stop, self.cell, self.shape, strict=True)
        return all(a % c == 0 and (b % c == 0 or b == n) for a, b, c, n in rows)

    def whole(self, index: Shape) -> Region:
        """Return the pixels of the cell of this index."""
        return Region.of(tuple(i * c for i, c in zip(index, self.cell, strict=True)), self.cell).intersect(
            Region.whole(self.shape)
        )

    def coarser(self, region: Region) -> Region | None:
        """Return the pixels of the next level that whole cells become; None where there is none."""
        if self.factors is None:
            return None
        return Region(
            tuple(a // f for a, f in zip(region.start, self.factors, strict=True)),
            tuple(-(-b // f) for b, f in zip(region.stop, self.factors, strict=True)),
        )


class Part(NamedTuple):
    """Pixels of a level that do not make up whole cells yet; no block where nobody needs them."""

    level: int
    region: Region
    block: NDArray[Any] | None


class Finished(Protocol):
    """What an earlier run has stored."""

    def has(self, level: int, region: Region) -> bool:
        """Return whether every write unit that the region meets is finished."""

    def read(self, level: int, region: Region) -> NDArray[Any]:
        """Return pixels of finished units."""


class Cascade:
    """Turns blocks of level 0 into chunks of all levels, with memory for open cells only.

    Each level is a pure function of the level below it as stored. ``feed`` may run in many threads;
    ``settle`` is for one at a time.

    What an earlier run has finished is not made again, but walked by in the same order, so that the
    rest comes out as if there had been one run. Pixels that are finished are read back only where a
    coarser unit, which is not, is made of them.

    Parameters
    ----------
    steps : tuple of Step
        The levels, finest first.
    shrink : tuple of callables
        ``shrink[k](block)`` makes pixels of level k + 1 from pixels of level k; one a step.
    finished : Finished, optional
        What needs not be made.
    """

    def __init__(
        self,
        steps: tuple[Step, ...],
        shrink: tuple[Callable[[NDArray[Any]], NDArray[Any]], ...],
        finished: Finished | None = None,
    ) -> None:
        self._steps = steps
        self._shrink = shrink
        self._finished = finished
        self._open: dict[tuple[int, Shape], tuple[NDArray[Any] | None, int]] = {}
        self._spare: dict[Shape, list[NDArray[Any]]] = {}

    def wants(self, level: int, region: Region) -> bool:
        """Return whether anything that is not finished is made of these pixels, at this level."""
        if self._finished is None:
            return True
        step = self._steps[level]
        if step.aligned(region):
            return not self._finished.has(level, region)
        return any(not self._finished.has(level, step.whole(index)) for index in _touched(region, step.cell))

    def feed(
        self,
        level: int,
        region: Region,
        block: NDArray[Any] | None,
        emit: Callable[[int, Shape, NDArray[Any]], None],
    ) -> Part | None:
        """Hand on whole chunks of a block, and of what is made of it, as far as cells are whole.

        Parameters
        ----------
        level : int
            Where the block belongs.
        region : Region
            Of the level.
        block : ndarray, optional
            Its pixels; None where ``wants`` says that they are not needed.
        emit : callable
            Receives level, index of the chunk in the level's grid, and the chunk's pixels.

        Returns
        -------
        Part or None
            What is left over for ``settle``.
        """
        while True:
            step = self._steps[level]
            if not step.aligned(region):
                return Part(level, region, block)
            coarser = step.coarser(region)
            if block is None and self._finished and coarser and self.wants(level + 1, coarser):
                block = self._finished.read(level, region)
            if block is not None:
                for index, inside in _chunks(region, step.chunk):
                    emit(level, index, block[inside])
            if coarser is None:
                return None
            if block is not None:
                block = self._shrink[level](block)
            region, level = coarser, level + 1

    def settle(self, part: Part, emit: Callable[[int, Shape, NDArray[Any]], None]) -> None:
        """Put left-over pixels into their cells, and feed every cell that they complete."""
        step = self._steps[part.level]
        for index in _touched(part.region, step.cell):
            whole = step.whole(index)
            piece = part.region.intersect(whole)
            buffer, missing = self._open.pop((part.level, index), (None, whole.size))
            if self._finished is None or not self._finished.has(part.level, whole):
                assert part.block is not None  # noqa: S101 - whoever feeds asks what is wanted
                if buffer is None:
                    buffer = self._buffer(whole.shape, part.block.dtype)
                inside = part.block[piece.within(part.region.start).slices]
                buffer[piece.within(whole.start).slices] = inside
            missing -= piece.size
            if missing > 0:
                self._open[part.level, index] = (buffer, missing)
                continue
            rest = self.feed(part.level, whole, buffer, emit)
            if rest is not None:
                self.settle(rest, emit)
            if buffer is None:
                continue
            spare = self._spare.setdefault(whole.shape, [])
            if len(spare) < _SPARE:
                spare.append(buffer)

    @property
    def open_cells(self) -> int:
        """How many cells still wait for pixels: 0 after a complete image."""
        return len(self._open)

    def close(self) -> None:
        """Give all memory back."""
        self._open.clear()
        self._spare.clear()

    def _buffer(self, shape: Shape, dtype: np.dtype[Any]) -> NDArray[Any]:
        """Return a used buffer where there is one: fresh pages cost more than the copy into them."""
        spare = self._spare.get(shape)
        return spare.pop() if spare else np.empty(shape, dtype)


def _touched(region: Region, cell: Shape) -> Iterator[Shape]:
    return product(
        *(range(a // c, -(-b // c)) for a, b, c in zip(region.start, region.stop, cell, strict=True))
    )


def _chunks(region: Region, chunk: Shape) -> Iterator[tuple[Shape, tuple[slice, ...]]]:
    """Yield the index and the place inside the region of each of its chunks, in C order."""
    axes = []
    for a, b, c in zip(region.start, region.stop, chunk, strict=True):
        first, last = a // c, -(-b // c)
        axes.append([(i, slice(i * c - a, min((i + 1) * c, b) - a)) for i in range(first, last)])
    for places in product(*axes):
        yield tuple(i for i, _ in places), tuple(s for _, s in places)
