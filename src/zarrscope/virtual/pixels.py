"""Pixels of any level of an image, through the cache: read from the file, or made of the level below."""

from __future__ import annotations

from itertools import pairwise, product
from math import prod
from typing import TYPE_CHECKING, Any

from zarrscope.errors import SourceError
from zarrscope.executor import alone, pool
from zarrscope.types import Region
from zarrscope.virtual.blocks import BlockKey
from zarrscope.virtual.memory import empty

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import ThreadPoolExecutor

    from numpy.typing import NDArray

    from zarrscope.array.contracts import LazyArray
    from zarrscope.pyramid.downsample import Kernel
    from zarrscope.types import Shape
    from zarrscope.virtual.blocks import BlockCache
    from zarrscope.virtual.layout import VirtualLevel

_BAND = 1 << 19
"""Pixels that are halved at once: what they become fits into the cache of a processor."""

_ALONE = 1 << 18
"""Below so many pixels a thread is not worth its waking."""


class Pixels:
    """One image at all its levels. Safe under threads.

    A coarse block is made depth first: of each block below in turn, so that besides what the cache keeps
    there is one unfinished block a level. Only the lowest step is helped by the shared pool, and only reading
    is left to other threads: what they do waits for nobody, so that no thread can wait in a circle.

    Parameters
    ----------
    number : int
        Of the image, in the cache.
    arrays : sequence of LazyArray
        The levels that the file holds.
    levels : sequence of VirtualLevel
        All levels.
    kernel : Kernel
        Makes the others.
    cache : BlockCache
        Shared by all images of a store.
    crew : ThreadPoolExecutor
        Reads and decodes. However many ask, few threads do it: decoders take memory that the allocator of
        glibc keeps for the thread that had it, 380 MB where 16 threads decode pages of 18 MB in turn.
    side_by_side : bool
        Whether more than one thread may work for one who asks.
    """

    def __init__(
        self,
        number: int,
        arrays: Sequence[LazyArray],
        levels: Sequence[VirtualLevel],
        kernel: Kernel,
        cache: BlockCache,
        crew: ThreadPoolExecutor,
        *,
        side_by_side: bool = True,
    ) -> None:
        self._number, self._arrays, self._levels = number, arrays, levels
        self._kernel, self._cache, self._crew, self._side_by_side = kernel, cache, crew, side_by_side
        self.dtype = arrays[0].dtype

    def read(self, level: int, region: Region) -> NDArray[Any]:
        """Return the pixels of a region of a level; often a read-only view of a block that is kept."""
        here = self._levels[level]
        if here.direct:
            return self._arrays[level].read(region)
        places = list(here.places(region))
        if len(places) == 1:
            return self._block(level, places[0])[region.within(here.whole(places[0]).start).slices]
        out = empty(region.shape, self.dtype)

        def fill(place: Shape) -> None:
            whole = here.whole(place)
            part = whole.intersect(region)
            out[part.within(region.start).slices] = self._block(level, place)[part.within(whole.start).slices]

        self._each(fill, places, level, region.size)
        return out

    def ready(self, level: int, region: Region) -> NDArray[Any] | None:
        """Return the pixels of a region that lies in one block, if that is here; else None."""
        here = self._levels[level]
        places = [] if here.direct else list(here.places(region))
        if len(places) != 1:
            return None
        block = self._cache.peek(self._key(level, places[0]))
        return None if block is None else block[region.within(here.whole(places[0]).start).slices]

    def _key(self, level: int, place: Shape) -> BlockKey:
        return BlockKey(self._number, level, self._levels[level].steps, place)

    def _block(self, level: int, place: Shape) -> NDArray[Any]:
        whole = self._levels[level].whole(place)
        made = self._made if self._levels[level].computed else self._decoded
        nbytes = prod(whole.shape) * self.dtype.itemsize
        return self._cache.get(self._key(level, place), nbytes, lambda: made(level, whole))

    def _decoded(self, level: int, whole: Region) -> NDArray[Any]:
        """Have a block read from the file: whole units of decoding."""
        out = empty(whole.shape, self.dtype)

        def read() -> None:
            with alone():  # the pool may be full of threads that wait for this block
                self._arrays[level].read(whole, out)

        try:
            job = self._crew.submit(read)
        except RuntimeError as error:
            raise SourceError("the source was closed; open it again to read from it") from error
        try:
            job.result()
        finally:
            del job  # an error leads to this frame, and the job to the error: the block would stay for long
        return out

    def _made(self, level: int, whole: Region) -> NDArray[Any]:
        """Make a block of a computed level, piece by piece of the level below."""
        here, below = self._levels[level], self._levels[level - 1]
        out = empty(whole.shape, self.dtype)
        step = self._kernel.step(here.factors)

        def work(piece: Region) -> None:
            pixels = self.read(level - 1, piece)
            for band in _bands(piece, here.factors):
                start = tuple(a // f for a, f in zip(band.start, here.factors, strict=True))
                stop = tuple(-(-b // f) for b, f in zip(band.stop, here.factors, strict=True))
                part = pixels[band.within(piece.start).slices]
                out[Region(start, stop).within(whole.start).slices] = step(part)

        pieces = _pieces(whole, here.factors, below)
        self._each(work, pieces, level - 1, whole.size)
        return out

    def _each(self, work: Callable[[Any], None], items: Sequence[Any], level: int, size: int) -> None:
        """Do some pieces of work on a level, side by side where nothing below it has to be computed."""
        one = self._levels[level].computed or size < _ALONE or not self._side_by_side
        if one or len(items) < 2:
            for item in items:
                work(item)
        else:
            _together(work, items)


def _pieces(whole: Region, factors: Shape, below: VirtualLevel) -> list[Region]:
    """Cut what lies below a block along the blocks there, at even pixels, so that no window is torn."""
    sides = []
    blocks = below.shape if below.direct else below.block  # what has no blocks is read at once
    for a, b, f, unit, n in zip(whole.start, whole.stop, factors, blocks, below.shape, strict=True):
        start, stop = a * f, min(b * f, n)
        inner = {-(-cut // f) * f for cut in range(start // unit * unit + unit, stop, unit)}
        ends = sorted({start, stop, *(cut for cut in inner if cut < stop)})
        sides.append(list(pairwise(ends)))
    return [Region(tuple(a for a, _ in part), tuple(b for _, b in part)) for part in product(*sides)]


def _bands(piece: Region, factors: Shape) -> Iterator[Region]:
    """Cut a piece along the first axis that is halved, so that little is in between at a time."""
    axis = factors.index(2)
    row = piece.size // piece.shape[axis]
    step = max(2, _BAND // row // 2 * 2)
    for first in range(piece.start[axis], piece.stop[axis], step):
        start, stop = list(piece.start), list(piece.stop)
        start[axis], stop[axis] = first, min(first + step, piece.stop[axis])
        yield Region(tuple(start), tuple(stop))


def _together(work: Callable[[Any], None], items: Sequence[Any]) -> None:
    """Do pieces of work with the help of the shared pool; what nobody has begun yet, the caller does.

    So it ends even where all threads of the pool wait for what the caller is making. What nobody has begun
    stays in the queue of the pool for as long as its threads are busy: it must not hold the pixels of the
    work, for which they may be waiting.
    """
    holder = [work]

    def run(item: Any) -> None:
        holder[0](item)

    begun = [pool().submit(run, item) for item in items[1:]]
    try:
        work(items[0])
        for future, item in zip(begun, items[1:], strict=True):
            if future.cancel():
                work(item)
            else:
                future.result()
    finally:
        for future in begun:
            future.cancel()
        holder.clear()
