"""An archive while it grows: members behind each other in a file, known by name; no directory yet."""

from __future__ import annotations

import errno
import os
import zlib
from array import array
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from zarrscope.errors import (
    ConflictError,
    CorruptDataError,
    DestinationExistsError,
    NotFoundError,
    StoreError,
)
from zarrscope.store import zip_records
from zarrscope.store.contracts import Suffix
from zarrscope.store.keys import cut
from zarrscope.store.placed import PlacedFile
from zarrscope.store.system import explained
from zarrscope.store.zip_records import Record, encoded_name

try:
    import fcntl
except ImportError:  # pragma: no cover - Windows
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zarrscope.store.contracts import Buffer, ByteRange

_OPENING = os.O_RDWR | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_PIECE = 1 << 20


class GrowingArchive:
    """Members in one file, held by this process alone. Not for several threads at a time, but ``read`` is.

    Parameters
    ----------
    path : str
        Of the file.
    new : bool
        Make it; else it has to be there.

    Raises
    ------
    DestinationExistsError
        It is there and should not be, or another process writes it.
    NotFoundError
        It is not there and should be.
    """

    def __init__(self, path: str, *, new: bool) -> None:
        self.path = path
        self.offset = 0
        """End of the last member."""
        self._file = _opened(path, new)
        self._numbers: dict[str, int] = {}
        self._facts = array("Q")  # offset, size, checksum << 1 | reserved

    @classmethod
    def resumed(cls, path: str, offset: int) -> Self:
        """Return what an interrupted run left, cut off behind the last member that counts.

        Raises
        ------
        CorruptDataError
            Its members do not end there; it is left as it is.
        """
        self = cls(path, new=False)
        try:
            for key, record in zip_records.walk(self._file, path, offset):
                if key in self._numbers:
                    raise CorruptDataError(f"{path}: the member {key!r:.200} stands there twice")
                self._enter(key, record)
            self._file.cut(offset)
        except BaseException:
            self.close()
            raise
        self.offset = offset
        return self

    def close(self) -> None:
        """Close the file; it stays where it is."""
        self._file.close()

    def sync(self) -> None:
        """Return only once all that was written would survive a loss of power."""
        self._file.sync()

    def __iter__(self) -> Iterator[str]:
        """Yield the names of all members in their order."""
        return iter(self._numbers)

    def __contains__(self, key: str) -> bool:
        return key in self._numbers

    def __len__(self) -> int:
        return len(self._numbers)

    def record(self, key: str) -> Record:
        """Return the facts of a member."""
        at = 3 * self._numbers[key]
        offset, size, rest = self._facts[at : at + 3]
        return Record(offset, size, rest >> 1, bool(rest & 1))

    def written(self, key: str) -> Record | None:
        """Return the facts of a member; None where it is absent, or nothing was put into its place yet."""
        record = self.record(key) if key in self._numbers else None
        blank = record is not None and record.reserved and record.checksum == _blank(record.size)
        return None if blank else record

    def reserve(self, key: str, size: int) -> None:
        """Append a member of so many spaces, which may be replaced."""
        self.append(key, size, _blank(size), lambda file, at: _fill(file, at, size), reserved=True)

    def append(
        self,
        key: str,
        size: int,
        checksum: int,
        fill: Callable[[PlacedFile, int], int],
        *,
        reserved: bool = False,
    ) -> None:
        """Append a member; all is as it was where that fails.

        Parameters
        ----------
        key : str
            Its name.
        size, checksum : int
            Of the value.
        fill : callable
            Writes the value to a place in a file, and returns where it ends.
        reserved : bool
            Whether it may be replaced.
        """
        name = encoded_name(key)
        if key in self._numbers:
            raise ConflictError(f"{self.path}: {key} is there already; no name stands in an archive twice")
        record = Record(self.offset, size, checksum, reserved)
        try:
            end = fill(self._file, self._file.write(self.offset, zip_records.local_header(name, record)))
        except BaseException:
            with suppress(StoreError):
                self._file.cut(self.offset)
            raise
        self._enter(key, record)
        self.offset = end

    def replace(self, key: str, data: memoryview) -> None:
        """Write a value into the place reserved for it; its checksum comes last and says that it is whole."""
        record, name = self.record(key), encoded_name(key)
        if len(data) > record.size:
            raise StoreError(
                f"{self.path}: {len(data)} bytes of {key} do not fit into the {record.size} that were "
                "reserved for it; begin again with more room"
            )
        end = self._file.write(zip_records.place_of(name, record), data)
        _fill(self._file, end, record.size - len(data))
        checksum = _blank(record.size - len(data), zlib.crc32(data))
        self._file.write(record.offset + zip_records.CHECKSUM_AT, checksum.to_bytes(4, "little"))
        self._facts[3 * self._numbers[key] + 2] = checksum << 1 | 1

    def remove(self, key: str) -> bool:
        """Remove the last member; False where the key is that of another one."""
        if self._numbers[key] < len(self._numbers) - 1:
            return False
        self.offset = self.record(key).offset
        self._file.cut(self.offset)
        del self._numbers[key], self._facts[-3:]
        return True

    def read(self, key: str, record: Record, wanted: ByteRange, out: memoryview | None) -> Buffer:
        """Return a value, checked against its checksum, or a part of it, unchecked.

        Parameters
        ----------
        key : str
            Name of the member.
        record : Record
            From ``written``.
        wanted, out
            See ``Readable.get``.
        """
        if isinstance(wanted, Suffix):
            start, stop = max(0, record.size - wanted.length), record.size
        else:
            start, stop = (0, record.size) if wanted is None else cut(record.size, *wanted)
        if out is not None:
            stop = min(stop, start + len(out))
        data = self._file.read(zip_records.place_of(encoded_name(key), record) + start, stop - start)
        whole = (start, stop) == (0, record.size)
        if len(data) < stop - start or (whole and zlib.crc32(data) != record.checksum):
            raise CorruptDataError(f"{self.path}: the member {key!r:.200} does not match its checksum")
        if out is None:
            return data
        out[: len(data)] = data
        return out[: len(data)]

    def write_directory(self, comment: bytes) -> None:
        """Write what stands behind the members and makes the file an archive."""
        try:
            at, pending = self.offset, bytearray()
            for key in self._numbers:
                pending += zip_records.directory_entry(encoded_name(key), self.record(key))
                if len(pending) >= _PIECE:
                    at, pending = self._file.write(at, pending), bytearray()
            at = self._file.write(at, pending)
            end = zip_records.end_of_archive(self.offset, at - self.offset, len(self._numbers), comment)
            self._file.cut(self._file.write(at, end))
        except BaseException:
            with suppress(StoreError):
                self._file.cut(self.offset)
            raise

    def _enter(self, key: str, record: Record) -> None:
        self._numbers[key] = len(self._numbers)
        self._facts.extend((record.offset, record.size, record.checksum << 1 | record.reserved))


def _opened(path: str, new: bool) -> PlacedFile:
    """Return the file, for this process alone; a disk without locks is written all the same."""
    with explained(path):
        try:
            handle = os.open(path, _OPENING | (os.O_CREAT | os.O_EXCL if new else 0), 0o666)
        except FileExistsError:
            raise DestinationExistsError(
                f"{path} is what an interrupted run left behind; resume it or remove it"
            ) from None
        except FileNotFoundError:
            if new:
                raise
            raise NotFoundError(f"{path}: there is nothing to resume") from None
        file = PlacedFile(handle, path)
        try:
            if fcntl is not None:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
                raise DestinationExistsError(f"{path} is being written by another run") from None
        return file


def _blank(size: int, checksum: int = 0) -> int:
    """Return the CRC-32 of so many spaces, behind what has this one."""
    while size > 0:
        piece = min(size, _PIECE)
        checksum, size = zlib.crc32(b" " * piece, checksum), size - piece
    return checksum


def _fill(file: PlacedFile, at: int, size: int) -> int:
    """Write so many spaces; return where they end."""
    while size > 0:
        piece = min(size, _PIECE)
        at, size = file.write(at, b" " * piece), size - piece
    return at
