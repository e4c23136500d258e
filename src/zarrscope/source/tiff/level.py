"""One resolution of an image in TIFF files: pixels by region, each segment decoded once."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from zarrscope.errors import CorruptDataError, ZarrscopeError
from zarrscope.source.regions import receiver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from zarrscope.source.cache import Piece, SegmentCache
    from zarrscope.source.files import Files
    from zarrscope.source.tiff.layout import Layout
    from zarrscope.source.tiff.storage import Segment, Storage
    from zarrscope.types import Region, Shape

_BAND = 2 << 20
"""Bytes of rows that are read at once where they cannot go straight to their place."""

_RUN = 4 << 20
"""Bytes of neighbouring encoded segments that are read at once."""

_GAP = 16 << 10
"""Bytes of a row that have to be unwanted before rows are read one by one."""

_UNIT = 64 << 10
"""Bytes of uncompressed rows that are called a unit of decoding."""


@dataclass(frozen=True, slots=True)
class Request:
    """A segment and where its wanted pixels go (depth, length, width, contiguous samples)."""

    segment: Segment
    target: NDArray[Any]


class TiffLevel:
    """A LazyArray over segments of TIFF pages.

    Safe to read from several threads: bytes come by position, decoding holds no lock.

    Parameters
    ----------
    layout : Layout
        Where our axes lie in the pages.
    storage : Storage
        Where the pages lie in the files.
    files : Files
        The files.
    cache : SegmentCache
        Shared by all levels of a source.
    key : tuple
        Names this series in the cache.
    reopen : tuple
        Function and arguments that make this level again in another process.
    """

    def __init__(
        self,
        layout: Layout,
        storage: Storage,
        files: Files,
        cache: SegmentCache,
        key: tuple[str | int, ...],
        reopen: tuple[Callable[..., Any], tuple[Any, ...]],
    ) -> None:
        self._layout = layout
        self._storage = storage
        self._files = files
        self._cache = cache
        self._key = key
        self._reopen = reopen
        self._shape = layout.shape
        self._dtype = storage.dtype.newbyteorder("=")
        inside = layout.inside
        kept = sorted(range(len(inside)), key=lambda i: "DLWs".index(inside[i]))
        self._order = tuple(kept)
        self._missing = tuple(i for i, slot in enumerate("DLWs") if slot not in inside)

    @property
    def shape(self) -> Shape:
        """Number of pixels along each axis."""
        return self._shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of a pixel, in native byte order."""
        return self._dtype

    @property
    def chunks(self) -> Shape:
        """The unit of decoding: a tile, a strip, a page; some full rows where nothing is encoded."""
        depth, length, width, samples = self._storage.segment
        if self._storage.raw and not self._storage.tiled:
            row = width * samples * self._storage.dtype.itemsize
            depth, length = 1, min(length, 1 << max(0, (_UNIT // max(1, row)).bit_length() - 1))
        return self._layout.chunks((depth, length, width, samples))

    @property
    def direct(self) -> bool:
        """Whether any rows can be read by themselves, since nothing is encoded."""
        return self._storage.raw

    @property
    def decoded(self) -> int:
        """Number of segments that the source of this level has decoded so far."""
        return self._cache.decoded

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return self._reopen

    def read(self, region: Region, out: NDArray[Any] | None = None) -> NDArray[Any]:
        """Return the pixels of a region; see `zarrscope.array.contracts.LazyArray`.

        Raises
        ------
        ArgumentError
            The region is not inside the image, or ``out`` is not of its shape and type.
        CorruptDataError
            The file's bytes do not decode to what it describes.
        """
        out = receiver(self, region, out)
        requests: list[Request] = []
        for job in self._layout.jobs(region):
            target = np.expand_dims(out[job.where].transpose(self._order), self._missing)
            requests += (
                Request(segment, target[segment.target.slices])
                for segment in self._storage.segments(job)
                if segment.wanted.size
            )
        requests.sort(key=lambda r: (r.segment.file, r.segment.offset))
        if self._storage.raw:
            for request in requests:
                self._read_raw(request)
        else:
            self._read_encoded(requests)
        return out

    def _read_raw(self, request: Request) -> None:
        """Read the wanted rows of an uncompressed segment, straight to their place where that is possible."""
        segment, target = request.segment, request.target
        if not segment.nbytes:
            target[...] = self._storage.fill
            return
        dtype = self._storage.dtype
        (depth0, row0, col0, s0), (depth1, row1, col1, s1) = segment.wanted
        _, length, width, samples = segment.shape
        pitch = width * samples * dtype.itemsize
        full = (col1 - col0, s1 - s0) == (width, samples)
        single = not full and samples == 1 and pitch - (col1 - col0) * dtype.itemsize >= _GAP
        for depth in range(depth0, depth1):
            start = segment.offset + depth * length * pitch
            plane = target[depth - depth0]
            if full and plane.flags.c_contiguous:
                self._fill(segment.file, start + row0 * pitch, plane, dtype)
            elif single:
                line = np.empty((1, col1 - col0, 1), dtype)
                for row in range(row0, row1):
                    self._fill(segment.file, start + row * pitch + col0 * dtype.itemsize, line)
                    plane[row - row0] = line[0]
            else:
                rows = max(1, _BAND // pitch)
                band = np.empty((min(rows, row1 - row0), width, samples), dtype)
                for row in range(row0, row1, rows):
                    part = band[: min(rows, row1 - row)]
                    self._fill(segment.file, start + row * pitch, part)
                    plane[row - row0 : row - row0 + len(part)] = part[:, col0:col1, s0:s1]

    def _fill(self, file: int, offset: int, block: NDArray[Any], stored: np.dtype[Any] | None = None) -> None:
        """Read into a contiguous block; turn it into native byte order if it is stored in another."""
        self._files.read_into(file, offset, block.reshape(-1).view(np.uint8).data)
        if stored is not None and not stored.isnative:
            block.byteswap(inplace=True)

    def _read_encoded(self, requests: Sequence[Request]) -> None:
        """Decode what is missing in the order of the file; take the rest from the cache or other threads."""
        mine: list[Request] = []
        others: list[tuple[Request, Piece]] = []
        offers: list[tuple[Request, Piece]] = []
        try:
            for request in requests:
                segment = request.segment
                if not segment.nbytes:
                    request.target[...] = self._storage.fill
                    continue
                offers.append((request, Future()))
                piece, make = self._cache.claim(self._name(segment), segment.wanted.size, offers[-1][1])
                if make:
                    mine.append(request)
                elif piece.done() and piece.exception() is None:
                    _copy(piece.result(), request)
                else:
                    others.append((request, piece))
            for run in _runs(mine):
                self._decode_run(run)
        except BaseException as error:
            for request, offer in offers:
                self._cache.abandon(self._name(request.segment), error, offer)
            raise
        for request, piece in others:
            _copy(piece.result(), request)

    def _decode_run(self, run: Sequence[Request]) -> None:
        """Read neighbouring segments at once and decode each."""
        first = run[0].segment
        stop = max(request.segment.offset + request.segment.nbytes for request in run)
        data = memoryview(self._files.read(first.file, first.offset, stop - first.offset))
        for request in run:
            segment = request.segment
            at = segment.offset - first.offset
            pixels = self._decode(segment, bytes(data[at : at + segment.nbytes]))
            _copy(pixels, request)
            left = segment.inside - segment.wanted.size
            self._cache.settle(self._name(segment), pixels, left)

    def _name(self, segment: Segment) -> tuple[str | int, ...]:
        """Return what the cache calls a segment."""
        return (*self._key, segment.page, segment.number)

    def _decode(self, segment: Segment, data: bytes) -> NDArray[Any]:
        storage = self._storage
        try:
            pixels, _, _ = storage.decoders[segment.file](
                data, segment.number, **storage.options_of(segment.page)
            )
        except ZarrscopeError:
            raise
        except Exception as error:
            name = self._files.paths[segment.file]
            raise CorruptDataError(
                f"{name}: segment {segment.number} of page {segment.page} does not decode "
                f"({str(error).splitlines()[0] if str(error) else type(error).__name__}); the file is "
                "damaged there"
            ) from error
        stop = segment.wanted.stop
        if pixels is None or any(n < s for n, s in zip(pixels.shape, stop, strict=True)):
            got = "nothing" if pixels is None else "x".join(map(str, pixels.shape))
            raise CorruptDataError(
                f"{self._files.paths[segment.file]}: segment {segment.number} of page {segment.page} "
                f"holds {got} "
                f"where {'x'.join(map(str, stop))} are needed; the file is damaged there"
            )
        return pixels


def _copy(pixels: NDArray[Any], request: Request) -> None:
    request.target[...] = pixels[request.segment.wanted.slices]


def _runs(requests: Sequence[Request]) -> Iterator[list[Request]]:
    """Group segments, sorted by position, that follow each other closely in one file."""
    run: list[Request] = []
    start = stop = 0
    for request in requests:
        segment = request.segment
        near = bool(run) and segment.file == run[0].segment.file and segment.offset - stop <= 4096
        if run and (not near or segment.offset + segment.nbytes - start > _RUN):
            yield run
            run = []
        if not run:
            start = stop = segment.offset
        run.append(request)
        stop = max(stop, segment.offset + segment.nbytes)
    if run:
        yield run
