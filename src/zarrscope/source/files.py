"""Files that many threads read at once: positions, not handles, belong to the reader."""

from __future__ import annotations

import hashlib
import os
import threading
from collections import Counter, OrderedDict
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from zarrscope.errors import AccessError, CorruptDataError, NotFoundError, SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_CAN_PREAD = hasattr(os, "preadv")


class Handles:
    """Open files, at most ``limit`` of them; those that were used longest ago give way.

    Parameters
    ----------
    limit : int
        Most descriptors to hold open (more only while that many are in use at the same moment).
    """

    def __init__(self, limit: int = 32) -> None:
        self._limit = limit
        self._open: OrderedDict[Path, int] = OrderedDict()
        self._used: Counter[Path] = Counter()
        self._lock = threading.Lock()
        self._closed = False
        self.seeking = threading.Lock()
        """For platforms where reading moves the position of a descriptor."""

    @contextmanager
    def borrowed(self, path: Path) -> Iterator[int]:
        """Give the descriptor of a file, which stays open meanwhile."""
        with self._lock:
            if self._closed:
                raise SourceError(f"{path.name}: read after the source was closed")
            if path not in self._open:
                self._open[path] = _open(path)
            self._open.move_to_end(path)
            self._used[path] += 1
            descriptor = self._open[path]
            self._trim()
        try:
            yield descriptor
        finally:
            with self._lock:
                self._used[path] -= 1
                if not self._used[path]:
                    del self._used[path]
                if self._closed:
                    self._trim()

    def _trim(self) -> None:
        """Close the files that were used longest ago, never one in use. The lock is held."""
        limit = 0 if self._closed else self._limit
        for path in list(self._open):
            if len(self._open) <= limit:
                break
            if path not in self._used:
                os.close(self._open.pop(path))

    def close(self) -> None:
        """Close every file; those in use follow when they are done."""
        with self._lock:
            self._closed = True
            self._trim()

    def __del__(self) -> None:
        with suppress(Exception):
            self.close()


class Files:
    """Files read by position from any thread.

    Parameters
    ----------
    paths : sequence of Path
        The files; everything else here names them by their index.
    handles : Handles
        Those that are open; several sets of files may share them.
    """

    def __init__(self, paths: Sequence[Path], handles: Handles) -> None:
        self.paths = tuple(paths)
        self._handles = handles

    def read_into(self, index: int, offset: int, view: memoryview) -> None:
        """Fill a writable view of bytes from a position of a file.

        Raises
        ------
        CorruptDataError
            The file ends before the view is full.
        """
        with self._handles.borrowed(self.paths[index]) as descriptor:
            done = 0
            while done < len(view):
                count = self._read_some(descriptor, offset + done, view[done:])
                if count == 0:
                    raise CorruptDataError(
                        f"{self.paths[index]} ended at byte {offset + done} where {len(view) - done} "
                        "more were "
                        "expected; it was changed or cut while being read"
                    )
                done += count

    def _read_some(self, descriptor: int, offset: int, view: memoryview) -> int:
        if _CAN_PREAD:
            return os.preadv(descriptor, [view], offset)
        with self._handles.seeking:  # no positional read on this platform: seek and read under the lock
            os.lseek(descriptor, offset, os.SEEK_SET)
            data = os.read(descriptor, len(view))
        view[: len(data)] = data
        return len(data)

    def read(self, index: int, offset: int, size: int) -> bytearray:
        """Return ``size`` bytes from a position of a file."""
        data = bytearray(size)
        self.read_into(index, offset, memoryview(data))
        return data


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0))
    except FileNotFoundError as error:
        raise NotFoundError(f"{path} is not there any more") from error
    except PermissionError as error:
        raise AccessError(f"{path} may not be read: permission denied") from error


def fingerprint(paths: Sequence[Path]) -> str:
    """Return a text of bounded length that changes when the size or the time of any of these files does."""
    digest = hashlib.sha256()
    total = 0
    for path in paths:
        info = path.stat()
        total += info.st_size
        digest.update(os.fsencode(path.name) + f"\0{info.st_size}\0{info.st_mtime_ns}\n".encode())
    return f"files:{len(paths)} bytes:{total} sha256:{digest.hexdigest()[:32]}"
