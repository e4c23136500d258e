"""A store in memory, for tests and for small results that never reach a disk."""

from __future__ import annotations

from itertools import count
from threading import Lock
from typing import TYPE_CHECKING

from zarrscope.errors import ConflictError
from zarrscope.store.contracts import ABSENT, Buffer, ByteRange, Info, Request, Suffix
from zarrscope.store.keys import check_key, cut

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


class MemoryStore:
    """Bytes by key in a dictionary; safe under threads.

    Parameters
    ----------
    values : dict, optional
        What it holds at first.
    """

    def __init__(self, values: dict[str, bytes] | None = None) -> None:
        self._lock = Lock()
        self._tags = count(1)
        self._values: dict[str, tuple[bytes, str]] = {}
        for key, data in (values or {}).items():
            self.put(key, data)

    def url(self, key: str = "") -> str:
        """Return the address of a key for messages."""
        return f"memory:{key}"

    def get(self, key: str, range: ByteRange = None, out: memoryview | None = None) -> Buffer | None:  # noqa: A002
        """Return the value, or the part of it that ``range`` names, or None where it is absent."""
        found = self._values.get(check_key(key))
        if found is None:
            return None
        data = memoryview(found[0])
        if isinstance(range, Suffix):
            data = data[max(0, len(data) - range.length) :]
        elif range is not None:
            start, stop = cut(len(data), *range)
            data = data[start:stop]
        if out is None:
            return data
        out[: len(data)] = data
        return out[: len(data)]

    def get_many(self, requests: Sequence[Request]) -> list[Buffer | None]:
        """Return the values in the order of the requests."""
        return [self.get(*request) for request in requests]

    def head(self, key: str) -> Info | None:
        """Return size and tag, or None where the key is absent."""
        found = self._values.get(check_key(key))
        return None if found is None else Info(len(found[0]), found[1])

    def put(self, key: str, data: Buffer, if_tag: str | None = None) -> None:
        """Write a value; with ``if_tag`` only over that state, else ConflictError."""
        value = bytes(data)
        with self._lock:
            found = self._values.get(check_key(key))
            if if_tag is not None and (found[1] if found else ABSENT) != if_tag:
                raise ConflictError(f"{self.url(key)} was changed by someone else; read it again")
            self._values[key] = (value, f"{next(self._tags):x}")

    def create(self, key: str, if_tag: str | None = None) -> MemoryUpload:
        """Begin a value whose size is not known yet."""
        return MemoryUpload(self, check_key(key), if_tag)

    def sync(self, keys: Iterable[str]) -> None:
        """Do nothing: memory does not outlive its process."""

    def delete(self, key: str) -> None:
        """Remove a value; harmless where it is absent."""
        with self._lock:
            self._values.pop(check_key(key), None)

    def list(self, prefix: str = "") -> Iterator[str]:
        """Yield the keys that begin with ``prefix`` in sorted order."""
        with self._lock:
            keys = sorted(key for key in self._values if key.startswith(prefix))
        yield from keys

    def __getstate__(self) -> dict[str, bytes]:
        return {key: value for key, (value, _) in self._values.items()}

    def __setstate__(self, values: dict[str, bytes]) -> None:
        MemoryStore.__init__(self, values)


class MemoryUpload:
    """A value that grows in memory until it is committed."""

    def __init__(self, store: MemoryStore, key: str, if_tag: str | None) -> None:
        self._store, self._key, self._if_tag = store, key, if_tag
        self._data = bytearray()

    def write(self, data: Buffer) -> None:
        """Append."""
        self._data += memoryview(data).cast("B")

    def commit(self) -> None:
        """Let the value appear."""
        self._store.put(self._key, self._data, self._if_tag)

    def abort(self) -> None:
        """Forget it."""
        self._data.clear()
