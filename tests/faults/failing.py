"""Stores whose N-th operation fails: any store that is wrapped, and all folders and archives of a process."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from zarrscope.errors import AccessError, StoreError
from zarrscope.store.growing import LocalUpload
from zarrscope.store.local import LocalStore
from zarrscope.store.zip_writer import ZipUpload, ZipWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from zarrscope.store.contracts import Buffer, ByteRange, Info, Request, Upload, Writable

KINDS = ("full", "refused", "interrupt", "lost")
"""How an operation fails: the last one is carried out, and only its answer is lost."""

_LOCAL = {
    LocalStore: ("get_many", "head", "create", "sync", "delete"),
    LocalUpload: ("write", "commit"),
    ZipWriter: ("begin", "get", "head", "put", "create", "commit", "sync", "delete", "finish"),
    ZipUpload: ("write",),
}


_ANSWERED = ("put", "commit", "sync", "delete")


class Faults:
    """Counts operations, and lets one of them fail.

    Parameters
    ----------
    at : int
        Which one; 0 for none.
    kind : str
        One of ``KINDS``.
    """

    def __init__(self, at: int = 0, kind: str = "full") -> None:
        self.at, self.kind, self.count, self.name = at, kind, 0, ""
        self._lock = threading.Lock()

    @property
    def happened(self) -> bool:
        """Whether an operation has failed."""
        return 0 < self.at <= self.count

    def call(self, name: str, act: Callable[[], Any]) -> Any:
        """Do an operation, or fail."""
        with self._lock:
            self.count += 1
            failing = self.count == self.at
        if not failing:
            return act()
        self.name = name
        if self.kind == "lost" and name.rpartition(".")[2] in _ANSWERED:
            act()
        raise self.error()

    def error(self) -> BaseException:
        """Return what is raised."""
        if self.kind == "interrupt":
            return KeyboardInterrupt()
        if self.kind == "refused":
            return AccessError(f"{self.name} was refused; the test wants it so")
        return StoreError(f"{self.name}: No space left on device; the test wants it so")


@contextmanager
def failing_disks(faults: Faults) -> Iterator[None]:
    """Let operations of every folder and archive count and fail while the block runs."""

    def counting(kind: type, name: str) -> Callable[..., Any]:
        inner = getattr(kind, name)

        @wraps(inner)
        def counted(*words: Any, **more: Any) -> Any:
            return faults.call(f"{kind.__name__}.{name}", lambda: inner(*words, **more))

        return counted

    patches = [
        patch.object(kind, name, counting(kind, name)) for kind, names in _LOCAL.items() for name in names
    ]
    for one in patches:
        one.start()
    try:
        yield
    finally:
        for one in reversed(patches):
            one.stop()


class Failing:
    """A store that hands everything on to another one, and fails when it is told to."""

    def __init__(self, store: Writable, faults: Faults) -> None:
        self.inner, self._faults = store, faults

    def url(self, key: str = "") -> str:
        return self.inner.url(key)

    def get(self, key: str, range: ByteRange = None, out: memoryview | None = None) -> Buffer | None:  # noqa: A002
        return self._faults.call("get", lambda: self.inner.get(key, range, out))

    def get_many(self, requests: Sequence[Request]) -> list[Buffer | None]:
        return self._faults.call("get_many", lambda: self.inner.get_many(requests))

    def head(self, key: str) -> Info | None:
        return self._faults.call("head", lambda: self.inner.head(key))

    def put(self, key: str, data: Buffer, if_tag: str | None = None) -> None:
        self._faults.call("put", lambda: self.inner.put(key, data, if_tag))

    def create(self, key: str, if_tag: str | None = None) -> FailingUpload:
        return FailingUpload(
            self._faults.call("create", lambda: self.inner.create(key, if_tag)), self._faults
        )

    def sync(self, keys: Iterable[str]) -> None:
        self._faults.call("sync", lambda: self.inner.sync(keys))

    def delete(self, key: str) -> None:
        self._faults.call("delete", lambda: self.inner.delete(key))

    def list(self, prefix: str = "") -> Iterator[str]:
        yield from self._faults.call("list", lambda: self.inner.list(prefix))  # type: ignore[attr-defined]


class FailingUpload:
    """A value that grows in such a store."""

    def __init__(self, upload: Upload, faults: Faults) -> None:
        self._upload, self._faults = upload, faults

    def write(self, data: Buffer) -> None:
        self._faults.call("write", lambda: self._upload.write(data))

    def commit(self) -> None:
        self._faults.call("commit", self._upload.commit)

    def abort(self) -> None:
        self._upload.abort()
