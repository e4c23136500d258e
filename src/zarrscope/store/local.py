"""A folder as a store. The only place, besides the sources, that knows what a path is."""

from __future__ import annotations

import errno
import os
import secrets
import stat
import time
from collections import OrderedDict
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from random import random
from threading import Lock
from typing import TYPE_CHECKING

from zarrscope.errors import ConflictError, InvalidKeyError, StoreError
from zarrscope.executor import wait_together
from zarrscope.store.contracts import ABSENT, Buffer, ByteRange, Info, Request, Suffix
from zarrscope.store.keys import check_key
from zarrscope.store.system import explained

try:
    import fcntl
except ImportError:  # pragma: no cover - Windows has no advisory locks on folders
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

# A folder where a file was expected, or the other way round, is a value that is not there.
_ABSENT_ERRORS = {errno.ENOENT, errno.ENOTDIR, errno.EISDIR}
_MOST_FOLDERS = 4096
_MOST_REMOVALS = 40  # in a row, of a folder that is about to be written to
_GENEROUS = 1 << 16  # so much memory is taken for a range without asking how much there is
_MOST_FILES = 64  # macOS allows a process 256 open files
# A pipe among the files is an error and not something to wait for.
_READING = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)
_BINARY = getattr(os, "O_BINARY", 0)  # Windows would change line ends otherwise
_HAS_PREADV = hasattr(os, "preadv")  # not on Windows, where nothing of this was ever run


class LocalStore:
    """Bytes by key below one folder.

    Values are written under a temporary name and renamed, so that a key holds a whole value or
    nothing. Symbolic links are followed only where they stay below the folder.

    Parameters
    ----------
    root : str or path-like
        The folder; it need not exist yet.
    """

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self._root = os.path.abspath(os.fspath(root))  # noqa: PTH100 - no resolving: the root itself may be a link
        self._real: str | None = None
        self._safe: set[str] = set()
        self.growing = Growing()

    def __getstate__(self) -> str:
        return self._root

    def __setstate__(self, root: str) -> None:
        LocalStore.__init__(self, root)

    @property
    def root(self) -> Path:
        """The folder."""
        return Path(self._root)

    def url(self, key: str = "") -> str:
        """Return the path of a key for messages."""
        return f"{self._root}/{key}" if key else self._root

    def get(self, key: str, range: ByteRange = None, out: memoryview | None = None) -> Buffer | None:  # noqa: A002
        """Return the value, or the part of it that ``range`` names, or None where it is absent."""
        return self.get_many((Request(key, range, out),))[0]

    def get_many(self, requests: Sequence[Request]) -> list[Buffer | None]:
        """Return the values in the order of the requests; a file asked for in a row is opened once."""
        values: list[Buffer | None] = []
        handle, opened = -1, None
        try:
            for key, wanted, out in requests:
                if key != opened:
                    handle, opened = self._close(handle), key
                    handle = self._open(key)
                values.append(None if handle < 0 else self._read(handle, key, wanted, out))
        finally:
            self._close(handle)
        return values

    def head(self, key: str) -> Info | None:
        """Return size and tag, or None where the key is absent."""
        handle = self._open(key)
        if handle < 0:
            return None
        try:
            status = os.fstat(handle)
            return _info(status) if stat.S_ISREG(status.st_mode) else None
        finally:
            os.close(handle)

    def put(self, key: str, data: Buffer, if_tag: str | None = None) -> None:
        """Write a value atomically; with ``if_tag`` only over that state, else ConflictError."""
        upload = self.create(key, if_tag)
        try:
            upload.write(data)
            upload.commit()
        finally:
            upload.abort()

    def create(self, key: str, if_tag: str | None = None) -> LocalUpload:
        """Begin a value under a temporary name in its own folder."""
        for attempt in count():
            try:
                return LocalUpload(self, self._path(key, new=True), key, if_tag)
            except StoreError as error:
                # Somebody else removed the folder, as ``delete`` does with empty ones: it is made again.
                gone = isinstance(error.__cause__, FileNotFoundError | FileExistsError)
                if not gone or attempt == _MOST_REMOVALS:
                    raise
                self._safe.clear()
                time.sleep(attempt * random() / 1000)  # noqa: S311 - out of step with those who remove it
        raise AssertionError  # pragma: no cover

    def sync(self, keys: Iterable[str]) -> None:
        """Flush values, and the folders that name them, to the disk; many at a time."""
        paths = [self._path(key) for key in keys]
        folders = {part for path in paths for part in self._folders(path)}
        wait_together(_flush, paths)
        for folder in sorted(folders, reverse=True):
            _flush(folder)

    def delete(self, key: str) -> None:
        """Remove a value, and the folders that it leaves empty; harmless where it is absent."""
        path = self._path(key)
        with explained(path), suppress(FileNotFoundError, NotADirectoryError):
            os.unlink(path)  # noqa: PTH108 - speed: one call for each of a million keys
        for folder in self._folders(path):
            try:
                os.rmdir(folder)  # noqa: PTH106
            except FileNotFoundError:
                pass  # it was not made yet; those above may be empty all the same
            except OSError:
                break
            self._safe.discard(folder)

    def list(self, prefix: str = "") -> Iterator[str]:
        """Yield the keys that begin with ``prefix`` in sorted order."""
        if prefix.strip("/"):
            check_key(prefix.rstrip("/"))
        folder = prefix.rpartition("/")[0]
        for key in self._walk(folder):
            if key.startswith(prefix):
                yield key

    def _walk(self, folder: str) -> Iterator[str]:
        with explained(self.url(folder)):
            try:
                entries = sorted(os.scandir(self.url(folder)), key=lambda e: e.name + "/" * e.is_dir())
            except (FileNotFoundError, NotADirectoryError):
                return
        for entry in entries:
            key = f"{folder}/{entry.name}" if folder else entry.name
            if entry.is_dir(follow_symlinks=False):
                yield from self._walk(key)
            elif entry.is_file():
                yield key

    def _open(self, key: str) -> int:
        """Return a handle for reading, or -1 where the key is absent."""
        path = self._path(key)
        try:
            return os.open(path, _READING | _BINARY | getattr(os, "O_NOFOLLOW", 0))
        except OSError as error:
            if error.errno in _ABSENT_ERRORS:
                return -1
            if error.errno != errno.ELOOP:
                with explained(path):
                    raise
        real = os.path.realpath(path)
        self._check_inside(real, key)
        with explained(path):
            try:
                return os.open(real, _READING | _BINARY)
            except FileNotFoundError:
                return -1

    def _read(self, handle: int, key: str, wanted: ByteRange, out: memoryview | None) -> Buffer | None:
        with explained(self.url(key)):
            try:
                return _read_range(handle, wanted, out)
            except IsADirectoryError:
                return None

    def _close(self, handle: int) -> int:
        if handle >= 0:
            os.close(handle)
        return -1

    def _path(self, key: str, *, new: bool = False) -> str:
        """Return the path of a key after making sure that its folder lies below the root."""
        path = f"{self._root}/{check_key(key)}"
        folder = path[: path.rindex("/")]
        if folder not in self._safe:
            # Below a folder that was checked only the last step can lead out.
            if folder[: folder.rindex("/")] not in self._safe or os.path.islink(folder):  # noqa: PTH114
                self._check_inside(os.path.realpath(folder), key)
            if new:
                with explained(folder):
                    os.makedirs(folder, exist_ok=True)  # noqa: PTH103
            if len(self._safe) >= _MOST_FOLDERS:
                self._safe.clear()
            # A folder that does not exist yet could still become a link.
            if new or os.path.isdir(folder):  # noqa: PTH112
                self._safe.add(folder)
        return path

    def _check_inside(self, real: str, key: str) -> None:
        if self._real is None or not os.path.isdir(self._real):  # noqa: PTH112
            self._real = os.path.realpath(self._root)
        if real != self._real and not real.startswith(self._real.rstrip(os.sep) + os.sep):
            raise InvalidKeyError(f"{self.url(key)} is a link out of {self._root}; it is not followed")

    def _folders(self, path: str) -> Iterator[str]:
        while len(path) > len(self._root):
            path = path[: path.rindex("/")]
            yield path


def _flush(path: str) -> None:
    """Flush a file or a folder to the disk."""
    with explained(path):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _info(status: os.stat_result) -> Info:
    return Info(status.st_size, f"{status.st_mtime_ns:x}-{status.st_size:x}-{status.st_ino:x}")


def _read_range(handle: int, wanted: ByteRange, out: memoryview | None) -> Buffer:
    """Read a range; what reaches past the end is cut there."""
    if isinstance(wanted, Suffix) or wanted is None:
        size = os.fstat(handle).st_size
        start = max(0, size - wanted.length) if wanted else 0
        stop = size
    else:
        start, stop = max(0, wanted[0]), wanted[1]
        if out is None and stop - start > _GENEROUS:
            stop = min(stop, os.fstat(handle).st_size)
    length = max(0, stop - start)
    if out is None:
        data = _read_at(handle, length, start)
        while len(data) < length and (more := _read_at(handle, length - len(data), start + len(data))):
            data += more  # one call returns at most 2 GiB
        return data
    done = 0
    while done < length:
        got = _read_into(handle, out[done:length], start + done)
        if got == 0:
            break
        done += got
    return out[:done]


def _read_at(handle: int, length: int, start: int) -> bytes:
    if _HAS_PREADV:
        return os.pread(handle, length, start)
    os.lseek(handle, start, os.SEEK_SET)  # handles are not shared: nobody else moves them
    return os.read(handle, length)


def _read_into(handle: int, view: memoryview, start: int) -> int:
    if _HAS_PREADV:
        return os.preadv(handle, [view], start)
    data = _read_at(handle, len(view), start)
    view[: len(data)] = data
    return len(data)


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

    def __init__(self, store: LocalStore, path: str, key: str, if_tag: str | None) -> None:
        folder, name = path.rsplit("/", 1)
        self._store, self._path, self._key, self._if_tag = store, path, key, if_tag
        self._folder = folder
        self._temporary = f"{folder}/.{name}.{secrets.token_hex(4)}.part"
        self._lock = Lock()
        with explained(store.url(key)):
            self._handle = os.open(self._temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o666)
        store.growing.use(self)

    def write(self, data: Buffer) -> None:
        """Append."""
        view = memoryview(data).cast("B")
        with self._lock, explained(self._store.url(self._key)):
            if self._handle < 0:
                self._handle = os.open(self._temporary, os.O_WRONLY | os.O_APPEND | _BINARY)
            self._store.growing.use(self)
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
        with explained(self._store.url(self._key)):
            self._store.growing.forget(self)
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
        self._store.growing.forget(self)
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
            info = self._store.head(self._key)
            if (info.tag if info else ABSENT) != tag:
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
