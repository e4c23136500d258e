"""A Zarr array as a lazy array: pixels by region, read from chunks and written as chunks."""

from __future__ import annotations

from itertools import islice, product
from math import prod
from typing import TYPE_CHECKING, Any

from zarrscope.array.chain import chunk_chain, unit_chain
from zarrscope.array.grid import Part, check_block, check_region, empty, select, units
from zarrscope.array.indices import IndexCache
from zarrscope.array.ranges import Entry, batches, spans, start_of
from zarrscope.array.scratch import borrowed
from zarrscope.array.sharding import ShardIndex, ShardLayout, ShardWriter
from zarrscope.array.writing import UnitWriter
from zarrscope.errors import AccessError, ArgumentError, CorruptDataError, ZarrscopeError
from zarrscope.executor import fan_out
from zarrscope.store.contracts import Request, Writable
from zarrscope.types import Region

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from zarrscope.array.chain import CodecChain
    from zarrscope.array.metadata import ArrayMetadata
    from zarrscope.store.contracts import Buffer, Readable
    from zarrscope.types import Shape

_RUN = 8 << 20
"""Bytes of pixels that one piece of work decodes, and of encoded chunks that are fetched at once."""

_ALONE = 4 << 20
"""Below this many bytes of pixels a thread is not worth its waking."""

_WINDOW = 256

Job = tuple[str, list[Part]] | list[tuple[str, Part]]


class ChunkedArray:
    """Pixels of a Zarr array (version 2 or 3, sharded or not).

    Safe under threads. Pickles as store, path and description. An array that someone else rewrites
    while it is open has to be opened again.

    Parameters
    ----------
    store : Readable
        Where the bytes lie; a Writable in order to write.
    path : str
        Key of the array's folder, ``""`` for the root.
    metadata : ArrayMetadata
        What the array is.
    notes : tuple of str
        What was odd about it when it was opened.

    Raises
    ------
    UnsupportedError, MetadataError
        If a codec is not allowed or wrongly configured.
    """

    def __init__(
        self, store: Readable, path: str, metadata: ArrayMetadata, notes: tuple[str, ...] = ()
    ) -> None:
        self._store, self._path, self._metadata, self._notes = store, path, metadata, notes
        self._chain = chunk_chain(metadata)
        shards = unit_chain(metadata).shards if metadata.shards else None
        self.layout: ShardLayout | None = shards[0] if shards else None
        self._grid = self.layout.grid if self.layout else (1,) * len(metadata.shape)
        self._prefix = f"{path}/" if path else ""
        self._indices = IndexCache(store, self.layout) if self.layout else None

    def __reduce__(self) -> tuple[Any, ...]:
        return ChunkedArray, (self._store, self._path, self._metadata, self._notes)

    def __repr__(self) -> str:
        place = self._store.url(self._path)
        return f"<ChunkedArray {place} shape={self.shape} dtype={self.dtype} chunks={self.chunks}>"

    @property
    def store(self) -> Readable:
        """Where the bytes lie."""
        return self._store

    @property
    def path(self) -> str:
        """Key of the array's folder."""
        return self._path

    @property
    def metadata(self) -> ArrayMetadata:
        """What the array is."""
        return self._metadata

    @property
    def notes(self) -> tuple[str, ...]:
        """What was odd about the array when it was opened."""
        return self._notes

    @property
    def chain(self) -> CodecChain:
        """The codecs of one chunk."""
        return self._chain

    @property
    def shape(self) -> Shape:
        """Number of pixels along each axis."""
        return self._metadata.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of a pixel, in native byte order."""
        return self._metadata.dtype

    @property
    def chunks(self) -> Shape:
        """Shape of the unit of decoding; with sharding, of the inner chunk."""
        return self._metadata.chunks

    @property
    def shards(self) -> Shape | None:
        """Shape of the unit of storage where it holds several chunks."""
        return self._metadata.shards

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of pixels."""
        return prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Size of all pixels in memory."""
        return self.size * self.dtype.itemsize

    def key(self, unit: Sequence[int]) -> str:
        """Return the key of the unit of storage at this place of the grid."""
        return self._prefix + self._metadata.key(unit)

    def read(self, region: Region, out: NDArray[Any] | None = None) -> NDArray[Any]:
        """Return the pixels of a region; pixels of missing chunks are the fill value.

        Parameters
        ----------
        region : Region
            Lies inside the array.
        out : ndarray, optional
            Receives the pixels: the region's shape, this dtype, any strides. Returned if given.

        Raises
        ------
        CorruptDataError
            If bytes contradict the description or their checksum; the message names the key.
        """
        check_region(region, self.shape)
        if out is None:
            out = empty(region.shape, self.dtype)
        elif out.shape != region.shape or out.dtype != self.dtype:
            raise ArgumentError(
                f"out is {out.shape} {out.dtype}; the region needs {region.shape} {self.dtype}"
            )
        target = out
        if out.size == 0:
            return out

        def work(job: Job) -> None:
            if isinstance(job, tuple):
                self._read_shard(job[0], job[1], target)
            else:
                self._read_chunks(job, target)

        jobs = self._jobs(region)
        while window := list(islice(jobs, _WINDOW)):
            decoded = (
                sum(len(job[1] if isinstance(job, tuple) else job) for job in window) * self._chunk_bytes
            )
            if len(window) == 1 or decoded < _ALONE:
                for job in window:
                    work(job)
            else:
                fan_out(work, window)
        return out

    def __getitem__(self, index: Any) -> NDArray[Any]:
        """Return pixels by basic numpy indexing: integers, slices with steps, ``...``."""
        region, then = select(index, self.shape)
        block = self.read(region)
        return block[(*then, ...)]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        if copy is False:
            raise ValueError("pixels must be read into memory; copy=False cannot be honoured")
        return self.read(Region.whole(self.shape)).astype(dtype or self.dtype, copy=False)

    def write(self, region: Region, block: NDArray[Any]) -> None:
        """Write the pixels of a region.

        Units of storage (shards, or chunks where there are none) that the region covers, as far as
        they lie in the array, are written whole and at once. Others are read, changed and written
        only over the state that was read, again and again if need be: nothing that others write side
        by side, in this process or another one, is lost.

        Parameters
        ----------
        region : Region
            Lies inside the array.
        block : ndarray
            The region's shape; its dtype must cast to the array's without loss.

        Raises
        ------
        ConflictError
            Others write a unit all the time, of which only a part was given.
        UnsupportedError
            The store cannot replace a value only over a known state, which a part of a unit needs.
        """
        check_block(region, block, self.shape, self.dtype)
        if region.size == 0:
            return
        rows = zip(*region, self._metadata.unit, strict=True)
        units_met = list(product(*(range(a // n, -(-b // n)) for a, b, n in rows)))
        writer = UnitWriter(self)
        fan_out(lambda unit: writer.write(unit, region, block), units_met)

    def write_unit(self, unit: Sequence[int], part: NDArray[Any], if_tag: str | None = None) -> None:
        """Write a unit of storage whole and at once.

        Parameters
        ----------
        unit : sequence of int
            Its place in the grid.
        part : ndarray
            All of its pixels that lie inside the array.
        if_tag : str, optional
            Write only over this state of it.

        Raises
        ------
        ConflictError
            It is in another state.
        """
        UnitWriter(self).write_whole(unit, part, if_tag)

    def shard_writer(self, unit: Sequence[int], if_tag: str | None = None) -> ShardWriter:
        """Return a writer of the shard at this place of the grid.

        Raises
        ------
        ArgumentError
            If the array has no shards.
        """
        if self.layout is None:
            raise ArgumentError(f"{self._store.url(self._path)} has no shards")
        key = self.key(unit)
        self.forget(key)
        return ShardWriter(self.writable.create(key, if_tag), self.layout)

    def forget(self, key: str) -> None:
        """Forget the index of a shard that is written anew."""
        if self._indices is not None:
            self._indices.forget(key)

    def unit_region(self, unit: Sequence[int]) -> Region:
        """Return the pixels of a unit of storage, cut at the edge of the array."""
        start = tuple(i * n for i, n in zip(unit, self._metadata.unit, strict=True))
        stop = tuple(min(a + n, s) for a, n, s in zip(start, self._metadata.unit, self.shape, strict=True))
        return Region(start, stop)

    @property
    def _chunk_bytes(self) -> int:
        return prod(self.chunks) * self.dtype.itemsize

    @property
    def writable(self) -> Writable:
        """Where the bytes go.

        Raises
        ------
        AccessError
            The store is for reading.
        """
        if not isinstance(self._store, Writable):
            raise AccessError(f"{self._store.url(self._path)} cannot be written: its store is for reading")
        return self._store

    def _jobs(self, region: Region) -> Iterator[Job]:
        """Yield runs of chunks: of one shard each, or of as many keys."""
        per_run = max(1, _RUN // self._chunk_bytes)
        found = units(region, self.chunks, self._grid)
        if self.layout is None:
            parts = ((self.key(unit), tuple(side[0] for side in axes)) for unit, axes in found)
            while run := list(islice(parts, per_run)):
                yield run
            return
        for unit, axes in found:
            inside = product(*axes)
            key = self.key(unit)
            while chunks := list(islice(inside, per_run)):
                yield key, chunks

    def _read_chunks(self, run: list[tuple[str, Part]], out: NDArray[Any]) -> None:
        """Read chunks that have a key each."""
        # One byte more than can be: what fills it is too long.
        room = self._chain.most + 1
        per_batch = max(1, _RUN // room)
        for first in range(0, len(run), per_batch):
            batch = run[first : first + per_batch]
            with borrowed("fetched", room * len(batch)) as memory:
                view = memoryview(memory)  # type: ignore[arg-type]
                requests = [
                    Request(key, None, view[i * room : (i + 1) * room]) for i, (key, _) in enumerate(batch)
                ]
                for (key, part), data in zip(batch, self._fetch(requests), strict=True):
                    self._place(key, part, data, out)

    def _fetch(self, requests: list[Request]) -> list[Buffer | None]:
        """Return whole values; one that does not fit where the largest valid chunk would is no chunk."""
        try:
            return self._store.get_many(requests)
        except ZarrscopeError:
            raise
        except ValueError as error:
            places = ", ".join(self._store.url(request.key) for request in requests[:3])
            raise CorruptDataError(f"{places}: more than the {self._chain.most} bytes of a chunk") from error

    def _read_shard(self, key: str, parts: list[Part], out: NDArray[Any]) -> None:
        """Read chunks of one shard; neighbours in the file are fetched with one request."""
        assert self._indices is not None  # noqa: S101 - there are shards
        index = self._indices.get(key)
        wanted: list[Entry] = []
        for part in parts:
            entry = None if index is None else self._entry(index, key, sum(side.number for side in part))
            if entry is None:
                self._place(key, part, None, out)
            else:
                wanted.append((*entry, part))
        wanted.sort(key=start_of)
        for batch in batches(wanted, _RUN):
            self._read_batch(key, batch, out)

    def _entry(self, index: ShardIndex, key: str, chunk: int) -> tuple[int, int] | None:
        """Return where a chunk lies, if there can be one of that size."""
        try:
            entry = index.entry(chunk)
            if entry is not None and not 0 < entry[1] - entry[0] <= self._chain.most:
                raise CorruptDataError(f"a shard's index tells of a chunk of {entry[1] - entry[0]} bytes")
            return entry
        except CorruptDataError as error:
            raise CorruptDataError(f"{self._store.url(key)}: {error}") from error

    def _read_batch(self, key: str, batch: list[Entry], out: NDArray[Any]) -> None:
        ranges = spans(batch)
        with borrowed("fetched", sum(stop - start for start, stop in ranges)) as memory:
            view, at = memoryview(memory), 0  # type: ignore[arg-type]
            requests = []
            for start, stop in ranges:
                requests.append(Request(key, (start, stop), view[at : at + stop - start]))
                at += stop - start
            values = self._store.get_many(requests)
            place = 0
            for start, stop, part in batch:
                if start >= ranges[place][1] or start < ranges[place][0]:
                    place += 1
                data, base = values[place], ranges[place][0]
                if data is None or len(data) < stop - base:
                    raise CorruptDataError(
                        f"{self._store.url(key)}: the shard ends before its chunk at {start} to {stop}"
                    )
                self._place(key, part, memoryview(data)[start - base : stop - base], out)

    def _place(self, key: str, part: Part, data: Buffer | None, out: NDArray[Any]) -> None:
        """Decode one chunk into its place."""
        target = out[tuple([side.outside for side in part])] if part else out
        if data is None:
            target[...] = self._metadata.fill
            return
        try:
            for side in part:
                if not side.whole:
                    target[...] = self._chain.decode(data)[tuple([side.inside for side in part])]
                    return
            self._chain.decode_chunk(data, target)
        except CorruptDataError as error:
            raise CorruptDataError(f"{self._store.url(key)}: {error}") from error
