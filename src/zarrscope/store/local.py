"""A folder as a store. The only place, besides the sources, that knows what a path is."""

from __future__ import annotations

import errno
import os
import stat
import time
from contextlib import suppress
from itertools import count
from pathlib import Path
from random import random
from typing import TYPE_CHECKING

from zarrscope.errors import InvalidKeyError, StoreError
from zarrscope.executor import wait_together
from zarrscope.store.contracts import Buffer, ByteRange, Info, Request, Suffix
from zarrscope.store.growing import Growing, LocalUpload, info_of
from zarrscope.store.keys import check_key
from zarrscope.store.system import explained

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

# A folder where a file was expected, or the other way round, is a value that is not there.
_ABSENT_ERRORS = {errno.ENOENT, errno.ENOTDIR, errno.EISDIR}
_MOST_FOLDERS = 4096
_MOST_REMOVALS = 40  # in a row, of a folder that is about to be written to
_GENEROUS = 1 << 16  # so much memory is taken for a range without asking how much there is
# A pipe among the files is an error and not something to wait for.
_READING = os.O_RDONLY
for _flag in ("O_CLOEXEC", "O_NONBLOCK", "O_BINARY"):  # not every system has all of them
    _READING |= getattr(os, _flag, 0)
_NOT_WAITING: int | None = getattr(os, "RWF_NOWAIT", None)
_MOST_AT_ONCE = 4 << 20
_HAS_PREADV = hasattr(os, "preadv")  # not on Windows, where nothing of this was ever run


class LocalValue:
    """An open file: bytes that the system has in memory are there at once."""

    def __init__(self, handle: int, info: Info, path: str) -> None:
        self.info = info
        self._handle, self._path = handle, path

    def at_once(self, start: int, stop: int) -> Buffer | None:
        """Return bytes without waiting for the disk; None where not all are in memory or nobody can tell.

        Copying many takes its time too: those are for whoever can wait.
        """
        if _NOT_WAITING is None or stop - start > _MOST_AT_ONCE:  # only Linux tells
            return None
        if start >= stop:
            return b""
        import numpy as np  # no command that reads no pixels waits for it

        data = np.empty(stop - start, np.uint8).data  # a bytearray would be filled with zeros first
        try:
            there = os.preadv(self._handle, [data], start, _NOT_WAITING)
        except OSError:  # nothing of it is in memory, or this file system cannot tell
            return None
        return data if there == len(data) else None

    def close(self) -> None:
        """Close the file."""
        os.close(self._handle)


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
            return info_of(status) if stat.S_ISREG(status.st_mode) else None
        finally:
            os.close(handle)

    def look(self, key: str) -> LocalValue | None:
        """Return an open value, or None where the key is absent."""
        handle = self._open(key)
        if handle < 0:
            return None
        status = os.fstat(handle)
        if stat.S_ISREG(status.st_mode):
            return LocalValue(handle, info_of(status), f"{self._root}/{key}")
        os.close(handle)
        return None

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
                return LocalUpload(self.growing, self._path(key, new=True), if_tag)
            except StoreError as error:
                # Somebody else removed the folder, as ``delete`` does with empty ones: it is made again.
                gone = isinstance(error.__cause__, FileNotFoundError | FileExistsError)
                if not gone or attempt == _MOST_REMOVALS:
                    raise
                self._safe.clear()
                time.sleep(attempt * random() / 1000)  # noqa: S311 - out of step with those who remove it
        raise AssertionError  # pragma: no cover - the loop ends by return or raise

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
            return os.open(path, _READING | getattr(os, "O_NOFOLLOW", 0))
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
                return os.open(real, _READING)
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
