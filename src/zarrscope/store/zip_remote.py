"""An archive that lies in any store, read by ranges: nothing of it is downloaded that is not asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zarrscope.errors import NotFoundError, StoreError
from zarrscope.store.contracts import Request
from zarrscope.store.keys import check_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zarrscope.store.contracts import Buffer, Readable

_TAIL = 256 << 10


class StoredFile:
    """A value of a store, as ``ZipStore`` reads files.

    Opening an archive takes two requests, HEAD and the last 256 KiB, as long as its directory lies
    there (some three thousand members), and one more for each 8 MiB of a larger directory. A document or
    another member of at most 64 KiB takes one request, the first range of a larger one two, each
    further range one; ``get_many`` has them joined and side by side as the store does.

    Parameters
    ----------
    store : Readable
        Where the archive lies.
    key : str
        Of the archive.

    Raises
    ------
    NotFoundError
        There is none.
    """

    window = 8 << 20

    def __init__(self, store: Readable, key: str) -> None:
        self._store, self._key = store, check_key(key)
        self.path = store.url(key)
        info = store.head(key)
        if info is None:
            raise NotFoundError(f"{self.path}: no such archive")
        self.size, self.tag = info
        self._closed = False
        self._start = max(0, self.size - _TAIL)
        self._tail = b""
        self._tail = self.read(self._start, _TAIL)

    def __reduce__(self) -> tuple[type[StoredFile], tuple[Readable, str]]:
        return StoredFile, (self._store, self._key)

    def close(self) -> None:
        """Read nothing any more."""
        self._closed = True

    def read(self, start: int, length: int) -> bytes:
        """Return so many bytes, less only where the value ends."""
        return bytes(self.read_many([(start, length)])[0])

    def read_many(self, places: Sequence[tuple[int, int]]) -> list[Buffer]:
        """Return the bytes of several places, each a start and a length.

        Raises
        ------
        StoreError
            The archive is gone or was closed.
        """
        if self._closed:
            raise StoreError(f"{self.path} was closed; open it again")
        found: list[Buffer | None] = []
        asked: list[Request] = []
        for start, length in places:
            stop = min(start + length, self.size)
            near = start >= self._start and bool(self._tail)
            found.append(
                self._tail[start - self._start : stop - self._start] if near or stop <= start else None
            )
            if found[-1] is None:
                asked.append(Request(self._key, (start, stop)))
        got = iter(self._store.get_many(asked) if asked else ())
        return [self._there(next(got)) if data is None else data for data in found]

    def _there(self, data: Buffer | None) -> Buffer:
        if data is None:
            raise StoreError(f"{self.path} is gone; somebody removed it while it was read")
        return data
