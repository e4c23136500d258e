"""Values of a folder that are being written: under a temporary name, until they are complete."""

from __future__ import annotations

import os
import secrets
from collections import OrderedDict
from contextlib import contextmanager, suppress
from threading import Lock
from typing import TYPE_CHECKING

from zarrscope.errors import ConflictError
from zarrscope.store.contracts import ABSENT, Info
from zarrscope.store.system import explained

try:
    import fcntl
except ImportError:  # pragma: no cover - Windows has no advisory locks on folders
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zarrscope.store.contracts import Buffer

_MOST_FILES = 64  # macOS allows a process 256 open files
_BINARY = getattr(os, "O_BINARY", 0)  # Windows would change line ends otherwise


def info_of(status: os.stat_result) -> Info:
    """Return size and tag of a file."""
    return Info(status.st_size, f"{status.st_mtime_ns:x}-{status.st_size:x}-{status.st_ino:x}")


def _tag(path: str) -> str:
    try:
        return info_of(os.stat(path)).tag  # noqa: PTH116
    except (FileNotFoundError, NotADirectoryError):
        return ABSENT


class Growing:
    """The uploads of a store whose files are open; the one that rested longest gives way."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._open: OrderedDict[int, LocalUpload] = OrderedDict()

    def use(self, upload: LocalUpload) -> None:
        """Take note that an upload's file is open and wanted."""
        with self._lock:
            self._open[id(upload)] = upload
            self._open.move_to_end(id(upload))
            if len(self._open) > _MOST_FILES:
                for number, other in list(self._open.items()):
                    if other is not upload and other.park():
                        del self._open[number]
                        return

    def forget(self, upload: LocalUpload) -> None:
        """Take note that an upload needs no file any more."""
        with self._lock:
            self._open.pop(id(upload), None)


class LocalUpload:
    """A value that grows under a temporary name beside its final one.

    Its file is closed in between where many values grow at a time, as the shards of a wide image do.
    """

    def __init__(self, growing: Growing, path: str, if_tag: str | None) -> None:
        folder, name = path.rsplit("/", 1)
        self._growing, self._path, self._if_tag = growing, path, if_tag
        self._folder = folder
        self._temporary = f"{folder}/.{name}.{secrets.token_hex(4)}.part"
        self._lock = Lock()
        with explained(path):
            self._handle = os.open(self._temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o666)
        growing.use(self)

    def write(self, data: Buffer) -> None:
        """Append."""
        view = memoryview(data).cast("B")
        with self._lock, explained(self._path):
            if self._handle < 0:
                self._handle = os.open(self._temporary, os.O_WRONLY | os.O_APPEND | _BINARY)
            self._growing.use(self)
            while view:
                view = view[os.write(self._handle, view) :]

    def park(self) -> bool:
        """Close the file until the next ``write``; False if that is going on right now."""
        if not self._lock.acquire(blocking=False):
            return False
        try:
            self._close()
        finally:
            self._lock.release()
        return True

    def commit(self) -> None:
        """Let the value appear under its key."""
        with explained(self._path):
            self._growing.forget(self)
            self._close()
            if self._if_tag is None:
                os.replace(self._temporary, self._path)  # noqa: PTH105
            elif self._if_tag == ABSENT:
                self._commit_new()
            else:
                self._commit_over(self._if_tag)
        self._temporary = ""

    def abort(self) -> None:
        """Forget it; harmless after ``commit``."""
        self._growing.forget(self)
        self._close()
        if self._temporary:
            with suppress(OSError):
                os.unlink(self._temporary)  # noqa: PTH108
            self._temporary = ""

    def _close(self) -> None:
        handle, self._handle = self._handle, -1
        if handle >= 0:
            os.close(handle)

    def _commit_new(self) -> None:
        try:
            os.link(self._temporary, self._path)  # a link, unlike a rename, refuses to replace
        except FileExistsError:
            raise ConflictError(f"{self._path} was written by someone else; read it again") from None
        os.unlink(self._temporary)  # noqa: PTH108

    def _commit_over(self, tag: str) -> None:
        with _locked(self._folder):
            if _tag(self._path) != tag:
                raise ConflictError(f"{self._path} was changed by someone else; read it again")
            os.replace(self._temporary, self._path)  # noqa: PTH105


@contextmanager
def _locked(folder: str) -> Iterator[None]:
    """Hold the folder's advisory lock: compare and replace must be one step among zarrscope's processes."""
    if fcntl is None:  # pragma: no cover
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
