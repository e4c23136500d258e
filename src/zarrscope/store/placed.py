"""A file that is read and written at places, by several threads: what archives and spools stand on."""

from __future__ import annotations

import errno
import os
import weakref
from threading import Lock
from typing import TYPE_CHECKING

from zarrscope.errors import StoreError
from zarrscope.store.system import explained

if TYPE_CHECKING:
    from zarrscope.store.contracts import Buffer

_PIECE = 1 << 20
# The kernel cannot copy between these two files: then we do.
_NOT_BY_KERNEL = {errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM, errno.EBADF}


class PlacedFile:
    """An open file; closed by itself once nobody holds it.

    Parameters
    ----------
    handle : int
        Of the system; belongs to this object from now on.
    path : str
        For messages.
    """

    def __init__(self, handle: int, path: str) -> None:
        self._handle, self._path = handle, path
        self._lock = Lock()
        self.close = weakref.finalize(self, os.close, handle)

    @property
    def size(self) -> int:
        """Number of bytes of the file."""
        with explained(self._path):
            return os.fstat(self._open()).st_size

    def read(self, start: int, length: int) -> bytes:
        """Return so many bytes, less only where the file ends."""
        parts: list[bytes] = []
        while length > 0 and (part := self._read(start, length)):
            parts.append(part)  # one call returns at most 2 GiB
            start, length = start + len(part), length - len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def write(self, start: int, data: Buffer) -> int:
        """Write all of the data; return where they end."""
        view = memoryview(data).cast("B")
        with explained(self._path):
            while view:
                done = self._write(start, view)
                start, view = start + done, view[done:]
        return start

    def copy(self, source: PlacedFile, start: int, length: int, to: int) -> int:
        """Copy bytes of another file to a place in this one; return where they end.

        Parameters
        ----------
        source : PlacedFile
            The other file.
        start, length : int
            Which bytes of it.
        to : int
            The place here.
        """
        with explained(self._path):
            while length > 0 and hasattr(os, "copy_file_range"):
                try:
                    done = os.copy_file_range(source._open(), self._open(), length, start, to)
                except OSError as error:
                    if error.errno in _NOT_BY_KERNEL:
                        break
                    raise
                if not done:
                    break
                start, to, length = start + done, to + done, length - done
        while length > 0:
            data = source.read(start, min(_PIECE, length))
            if not data:
                raise StoreError(f"{source._path}: ends before its last byte")
            to = self.write(to, data)
            start, length = start + len(data), length - len(data)
        return to

    def cut(self, size: int) -> None:
        """Let the file end there."""
        with explained(self._path):
            os.ftruncate(self._open(), size)

    def sync(self) -> None:
        """Return only once what was written would survive a loss of power."""
        with explained(self._path):
            os.fsync(self._open())

    def _open(self) -> int:
        if not self.close.alive:
            raise StoreError(f"{self._path} was closed; open it again")
        return self._handle

    def _read(self, start: int, length: int) -> bytes:
        with explained(self._path):
            if hasattr(os, "pread"):
                return os.pread(self._open(), length, start)
            with self._lock:  # pragma: no cover - Windows
                os.lseek(self._open(), start, os.SEEK_SET)
                return os.read(self._handle, length)

    def _write(self, start: int, view: memoryview) -> int:
        if hasattr(os, "pwrite"):
            return os.pwrite(self._open(), view, start)
        with self._lock:  # pragma: no cover - Windows
            os.lseek(self._open(), start, os.SEEK_SET)
            return os.write(self._handle, view)


def sync_folder(folder: str) -> None:
    """Return only once the names in a folder would survive a loss of power."""
    with explained(folder):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
