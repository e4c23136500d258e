"""Where the segments of a series' pages lie, as tables small enough for a hundred thousand pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil, prod
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from zarrscope.types import Region, Shape

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zarrscope.source.tiff.layout import Job

Decoder = Callable[..., tuple["NDArray[Any] | None", tuple[int, ...], tuple[int, ...]]]
"""Decodes one segment: (bytes, index) to pixels, position and shape."""


class Segment(NamedTuple):
    """One strip, tile or run of rows, and what is wanted of it.

    Parameters
    ----------
    file, offset, nbytes : int
        Where its bytes lie; ``nbytes`` 0 where the file leaves it out.
    page, number : int
        Page of the series and number of the segment in it.
    inside : int
        Number of its pixels that lie in the image.
    shape : Shape
        Its pixels in depth, length, width, contiguous samples.
    wanted : Region
        Counted from its own first pixel.
    target : Region
        The same pixels, counted from the first pixel of the job's box.
    """

    file: int
    offset: int
    nbytes: int
    page: int
    number: int
    inside: int
    shape: Shape
    wanted: Region
    target: Region


@dataclass(frozen=True)
class Storage:
    """How a series lies in its files.

    Parameters
    ----------
    page_shape : tuple of int
        Separate samples, depth, length, width, contiguous samples of a page.
    segment : tuple of int
        Depth, length, width, contiguous samples of a tile or strip; of the whole page where it lies in one
        run.
    tiled : bool
        Whether segments at the border are stored whole.
    dtype : dtype
        Of the stored pixels: in the file's byte order where ``raw``, native otherwise.
    raw : bool
        Whether the bytes are the pixels: then any rows can be read by themselves.
    offsets, counts : ndarray of int64
        Positions and lengths of segments, one row a page; ``offsets`` of shape (pages, 1) where every page
        lies in one run.
    step : int
        Bytes from page to page where pages follow each other without a table of their own, else 0.
    files : ndarray of int32
        File of each page.
    decoders : tuple
        One for each file; empty where raw.
    options : mapping
        What the decoder of a page needs (JPEG tables), by page; -1 for those without an entry.
    fill : float
        Value of pixels that the file leaves out.
    """

    page_shape: Shape
    segment: Shape
    tiled: bool
    dtype: np.dtype[Any]
    raw: bool
    offsets: NDArray[np.int64]
    counts: NDArray[np.int64]
    step: int = 0
    files: NDArray[np.int32] | None = None
    decoders: tuple[Decoder, ...] = ()
    options: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    fill: float = 0

    @property
    def grid(self) -> Shape:
        """Number of segments in depth, length and width."""
        return tuple(ceil(n / s) for n, s in zip(self.page_shape[1:4], self.segment[:3], strict=True))

    def options_of(self, page: int) -> Mapping[str, Any]:
        """Return what the decoder needs for the segments of a page."""
        return self.options.get(page) or self.options.get(-1) or {}

    def segments(self, job: Job) -> Iterator[Segment]:
        """Yield the segments that a job needs."""
        grid, unit, box = self.grid, self.segment, job.box
        spans = [
            range(a // u, ceil(b / u)) for a, b, u in zip(box.start[:3], box.stop[:3], unit[:3], strict=True)
        ]
        image = Region.whole(self.page_shape[1:])
        file = 0 if self.files is None else int(self.files[job.page])
        for depth in spans[0]:
            for row in spans[1]:
                for column in spans[2]:
                    index = ((job.sample * grid[0] + depth) * grid[1] + row) * grid[2] + column
                    origin = (depth * unit[0], row * unit[1], column * unit[2], 0)
                    shape = self._clip(origin)
                    whole = Region.of(origin, shape)
                    part = whole.intersect(box)
                    inside = whole.intersect(image).size if self.tiled else whole.size
                    offset, count = self._where(job, index)
                    yield Segment(
                        file,
                        offset,
                        count,
                        job.page,
                        index,
                        inside,
                        shape,
                        part.within(origin),
                        part.within(box.start),
                    )

    def _clip(self, origin: Shape) -> Shape:
        """Return the shape of the segment at a place: strips end with the image, tiles do not."""
        if self.tiled:
            return self.segment
        limits = self.page_shape[1:]
        return tuple(min(s, n - o) for s, n, o in zip(self.segment, limits, origin, strict=True))

    def _where(self, job: Job, index: int) -> tuple[int, int]:
        """Return position and length of a segment."""
        if self.step:
            run = prod(self.segment) * self.dtype.itemsize
            return int(self.offsets[0, 0]) + job.page * self.step + job.sample * run, run
        if self.offsets.shape[1] == 1 and self.raw and self.page_shape[0] > 1:
            run = prod(self.segment) * self.dtype.itemsize
            offset = int(self.offsets[job.page, 0])
            return (offset + job.sample * run, run) if offset else (0, 0)
        return int(self.offsets[job.page, index]), int(self.counts[job.page, index])


def whole_runs(
    offsets: NDArray[np.int64],
    counts: NDArray[np.int64],
    page: Sequence[int],
    segment: Sequence[int],
    itemsize: int,
) -> bool:
    """Tell whether the strips of every page follow each other without a gap, so that a page is one run.

    Parameters
    ----------
    offsets, counts : ndarray
        Where the strips of each page begin and how long they are: (page, strip), int64.
    page, segment : sequence of int
        Sizes of a page (samples, depth, length, width, colours) and of a strip (without the first).
    itemsize : int
        Bytes of a sample.
    """
    samples, depth, length, width, colours = page
    if segment[2] != width or segment[0] != 1 or not offsets.size or not offsets.all():
        return False
    rows = segment[1]
    per_plane = ceil(length / rows)
    if offsets.shape[1] != samples * depth * per_plane:
        return False
    sizes = np.full(per_plane, rows, np.int64)
    sizes[-1] = length - rows * (per_plane - 1)
    sizes = np.tile(sizes * width * colours * itemsize, samples * depth)
    return bool((np.diff(offsets, axis=1) == sizes[:-1]).all())
