"""Verification without anything to compare with: whatever is there must decode, and fit its own checksums."""

from __future__ import annotations

from contextlib import contextmanager
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from zarrscope.array.chain import unit_chain
from zarrscope.array.checksums import Checksum, Fletcher32
from zarrscope.array.chunked import ChunkedArray
from zarrscope.array.scratch import scratch
from zarrscope.array.stages import Stream, Zstd
from zarrscope.check.named import named_in
from zarrscope.check.stale import stale_notes
from zarrscope.check.verification import Finding, Tally
from zarrscope.errors import ZarrscopeError
from zarrscope.ledger.inventory import keys_of, measured
from zarrscope.store.contracts import Listable
from zarrscope.types import Region

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from numpy.typing import NDArray

    from zarrscope.array.chain import CodecChain
    from zarrscope.executor import Executor
    from zarrscope.store.contracts import Buffer, ByteRange, Info, Readable, Request
    from zarrscope.types import Shape

ABSENT = "{n} unit(s) absent: cannot tell empty from lost"
BARE = "{n} file(s) not protected by a checksum: what changed in them may go unseen"

BOX_BYTES = 8 << 20
"""Bytes of pixels that are decoded at once, unless a single chunk has more."""


class Absences:
    """A store that remembers which of the keys that are watched were not there, and no others.

    Parameters
    ----------
    inner : Readable
        Is asked.
    """

    def __init__(self, inner: Readable) -> None:
        self.inner = inner
        self.missed: set[str] = set()
        self._watched: set[str] = set()

    @contextmanager
    def watching(self, key: str) -> Iterator[None]:
        """Watch a key meanwhile; ``missed`` has it when it was not there."""
        self._watched.add(key)
        try:
            yield
        finally:
            self._watched.discard(key)
            self.missed.discard(key)

    def _miss(self, key: str) -> None:
        if key in self._watched:
            self.missed.add(key)

    def url(self, key: str = "") -> str:
        """Return the address of a key for messages."""
        return self.inner.url(key)

    def get(self, key: str, range: ByteRange = None, out: memoryview | None = None) -> Buffer | None:  # noqa: A002
        """Return the value, or the part of it that ``range`` names, or None where it is absent."""
        value = self.inner.get(key, range, out)
        if value is None:
            self._miss(key)
        return value

    def get_many(self, requests: Sequence[Request]) -> list[Buffer | None]:
        """Return the values in the order of the requests."""
        values = self.inner.get_many(requests)
        for request, value in zip(requests, values, strict=True):
            if value is None:
                self._miss(request.key)
        return values

    def head(self, key: str) -> Info | None:
        """Return size and tag, or None where the key is absent."""
        return self.inner.head(key)


class ByDecoding:
    """Every document is parsed, every unit that is there is decoded, every other file read.

    Parameters
    ----------
    store : Readable
        Holds the hierarchy.

    Raises
    ------
    NotFoundError
        There is no Zarr.
    """

    basis = "no manifest; by decoding"

    def __init__(self, store: Readable) -> None:
        self._store = store
        self._named = named_in(store)
        self._watch = Absences(store)
        self._arrays = [ChunkedArray(self._watch, a.path, a.metadata) for a in self._named.arrays]
        self._bare = {array.path for array in self._arrays if not sealed(unit_chain(array.metadata))}
        self._tally = Tally()
        self.total = sum(array.nbytes for array in self._arrays)

    @property
    def notes(self) -> list[str]:
        """What could not be told."""
        return [*self._named.notes, *stale_notes(self._store), *self._tally.told()]

    def findings(self, threads: Executor) -> Generator[Finding, None, None]:
        """Yield documents, units, then all other files."""
        yield from self._named.documents.values()
        units = ((array, place) for array in self._arrays for place in places_of(array))
        for array, found, size in threads.map(self._decode, units):
            if found is None:
                self._tally.counts[ABSENT] += 1
                continue
            if array.path in self._bare:
                self._tally.counts[BARE] += 1
            yield found._replace(read=size)
        if isinstance(self._store, Listable):
            known = self._named.keys
            others = (key for key in keys_of(self._store, self._tally.aside) if known.entry(key) is None)
            yield from threads.map(self._read, others)

    def _decode(self, unit: tuple[ChunkedArray, Shape]) -> tuple[ChunkedArray, Finding | None, int]:
        array, place = unit
        key, whole = array.key(place), array.unit_region(place)
        size = whole.size * array.dtype.itemsize
        try:
            with self._watch.watching(key):
                for box in boxes(array, whole):
                    read_into_scratch(array, box)
                    if key in self._watch.missed:
                        return array, None, size
        except ZarrscopeError as error:
            return array, Finding(key, "unreadable", str(error)), size
        return array, Finding(key, "same"), size

    def _read(self, key: str) -> Finding:
        try:
            measured(self._store, key)
        except ZarrscopeError as error:
            return Finding(key, "unreadable", str(error))
        return Finding(key, "same")


def places_of(array: ChunkedArray) -> Iterator[Shape]:
    """Yield the place of every unit of storage in the grid of an array, in C order."""
    grid = tuple(-(-n // u) for n, u in zip(array.shape, array.metadata.unit, strict=True))
    for number in range(prod(grid)):  # itertools.product would hold every index of every axis
        yield tuple(int(i) for i in np.unravel_index(number, grid)) if grid else ()


def boxes(array: ChunkedArray, whole: Region, most: int = BOX_BYTES) -> Iterator[Region]:
    """Yield boxes of whole chunks that together make up a unit, each of a bounded size.

    Parameters
    ----------
    array : ChunkedArray
        Tells the chunks.
    whole : Region
        The unit.
    most : int
        Bytes of pixels in a box, unless a single chunk has more.
    """
    side = list(array.chunks)
    for axis in reversed(range(len(side))):
        times = max(1, most // max(1, prod(side) * array.dtype.itemsize))
        side[axis] = min(whole.shape[axis], side[axis] * times)
        if side[axis] < whole.shape[axis]:
            break
    starts = (range(a, b, max(1, n)) for a, b, n in zip(*whole, side, strict=True))
    for start in product(*starts):
        yield Region.of(start, tuple(side)).intersect(whole)


def read_into_scratch(array: ChunkedArray, box: Region) -> NDArray[Any]:
    """Return the pixels of a box in memory of this thread, until it reads the next box."""
    if array.dtype.kind == "O":
        return array.read(box)
    memory = scratch("verified", box.size * array.dtype.itemsize)
    return array.read(box, memory.view(array.dtype).reshape(box.shape))


def sealed(chain: CodecChain) -> bool:
    """Return whether a checksum covers every byte of a chunk that decodes to pixels."""
    if any(isinstance(stage, Checksum | Fletcher32) or _checks(stage) for stage in chain.stages):
        return True
    return chain.shards is not None and chain.shards[0].checksums > 0 and sealed(chain.shards[1])


def _checks(stage: object) -> bool:
    """Return whether a compressor's own format holds a checksum of what was packed."""
    if isinstance(stage, Stream):
        options = dict(stage.options)
        return stage.codec != "lzma" or (options.get("format", 1) == 1 and options.get("check", -1) != 0)
    return isinstance(stage, Zstd) and stage.checksum
