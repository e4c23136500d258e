"""The directory of a zip archive: which members it has and where their bytes lie. Nothing is unpacked.

Read by our own few lines and not by ``zipfile``, which takes the last of two members of one name, cuts
names at a NUL, lets members overlap, and makes an object of half a kilobyte of each: what stands here
refuses the first three and keeps forty bytes a member. Source: PKWARE's APPNOTE 6.3.10, sections 4.3 and 4.5.
"""

from __future__ import annotations

import os
import weakref
from array import array
from itertools import zip_longest
from struct import Struct
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from zarrscope.errors import AccessError, CorruptDataError, InvalidKeyError, StoreError, UnsupportedError
from zarrscope.store.keys import check_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from zarrscope.store.contracts import Buffer

_END = Struct("<4s4H2LH")
_LOCATOR = Struct("<4sLQL")
_END64 = Struct("<4sQ2H2L4Q")
_ENTRY = Struct("<4s6H3L5H2L")
_FIELD = Struct("<2H")
_FULL16, _FULL32 = 0xFFFF, 0xFFFFFFFF
_LARGEST_COMMENT = 0xFFFF
_UTF8 = 1 << 11
LOCAL = Struct("<4s5H3L2H")
"""What stands before the bytes of a member, besides its name and extra fields."""

STORED, DEFLATED = 0, 8
ENCRYPTED = 1 | 1 << 6 | 1 << 13

LARGEST_DIRECTORY = 256 << 20
"""Some three million members: who has more should write shards."""


class RangeFile(Protocol):
    """A file of which parts are read."""

    path: str
    size: int
    tag: str
    window: int
    """So many bytes are read at a time where much is."""

    def read(self, start: int, length: int) -> bytes:
        """Return so many bytes, less only where the file ends."""

    def read_many(self, places: Sequence[tuple[int, int]]) -> Sequence[Buffer]:
        """Return the bytes of several places, each a start and a length."""

    def close(self) -> object:
        """Read nothing any more."""


class ArchiveFile:
    """A file that many threads read at their own places.

    Parameters
    ----------
    path : str
        Of the file.

    Raises
    ------
    AccessError, StoreError
        It cannot be opened.
    """

    window = 1 << 20

    def __init__(self, path: str) -> None:
        self.path = path
        self._lock = Lock()
        try:
            self._handle = os.open(
                path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
            )
            self.close = weakref.finalize(self, os.close, self._handle)
            status = os.fstat(self._handle)
        except PermissionError as error:
            raise AccessError(f"{path}: {error.strerror}; ask for the right to read it") from error
        except OSError as error:
            raise StoreError(f"{path}: {error.strerror}") from error
        self.size = status.st_size
        self.tag = f"{status.st_mtime_ns:x}-{status.st_ino:x}"

    def read(self, start: int, length: int) -> bytes:
        """Return so many bytes, less only where the file ends.

        Raises
        ------
        StoreError
            The disk fails, or the file was closed.
        """
        length = min(length, max(0, self.size - start))
        data = self._read_at(start, length)
        while len(data) < length and (more := self._read_at(start + len(data), length - len(data))):
            data += more  # one call returns at most 2 GiB
        return data

    def read_many(self, places: Sequence[tuple[int, int]]) -> list[bytes]:
        """Return the bytes of several places, each a start and a length."""
        return [self.read(*place) for place in places]

    def _read_at(self, start: int, length: int) -> bytes:
        if not self.close.alive:
            raise StoreError(f"{self.path} was closed; open it again")
        try:
            if hasattr(os, "pread"):
                return os.pread(self._handle, length, start)
            with self._lock:  # pragma: no cover - Windows
                os.lseek(self._handle, start, os.SEEK_SET)
                return os.read(self._handle, length)
        except OSError as error:
            raise StoreError(f"{self.path}: {error.strerror}") from error


class Member(NamedTuple):
    """One file of an archive.

    Parameters
    ----------
    offset : int
        Where its local header begins.
    packed, size : int
        Bytes in the archive, and of the value.
    checksum : int
        CRC-32 of the value.
    method, flags : int
        ``STORED``, ``DEFLATED`` or another one; bits such as ``ENCRYPTED``.
    """

    offset: int
    packed: int
    size: int
    checksum: int
    method: int
    flags: int


class Directory:
    """All members of an archive by name, in little memory.

    Parameters
    ----------
    file : RangeFile
        The archive.

    Raises
    ------
    CorruptDataError
        It is no zip archive, or its directory contradicts itself: names that stand twice, members that
        overlap or lie outside.
    UnsupportedError
        It is spread over several files, or larger than can be handled.
    InvalidKeyError
        A name might lead out of the archive.
    """

    def __init__(self, file: RangeFile) -> None:
        self._file = file
        self.start, length, count = _find(file)
        self._numbers: dict[str, int] = {}
        self._facts = array("Q")  # offset, packed, size, checksum << 32 | method << 16 | flags
        ends = array("Q")
        for name, room, member in _entries(file, self.start, length, count):
            if name in self._numbers:
                raise CorruptDataError(f"{file.path}: the member {name!r:.200} stands there twice")
            _check_name(file, name)
            self._numbers[name] = len(ends)
            self._facts.extend(member[:3])
            self._facts.append(member.checksum << 32 | member.method << 16 | member.flags)
            # The local header has at least this length; its extra field is not known yet.
            ends.append(member.offset + LOCAL.size + room + member.packed)
        self._check_apart(ends)

    def names(self) -> Iterator[str]:
        """Yield the names of all files, in the order of the directory; folders are none."""
        return (name for name in self._numbers if not name.endswith("/"))

    def member(self, name: str) -> Member | None:
        """Return what the directory says of a file."""
        number = self._numbers.get(name)
        if number is None or name.endswith("/"):
            return None
        offset, packed, size, rest = self._facts[4 * number : 4 * number + 4]
        return Member(offset, packed, size, rest >> 32, rest >> 16 & _FULL16, rest & _FULL16)

    def _check_apart(self, ends: array[int]) -> None:
        """Refuse members that share bytes: a few kilobytes of such can claim to be petabytes."""
        offsets = self._facts[::4]
        order = sorted(range(len(ends)), key=offsets.__getitem__)
        names = list(self._numbers)
        for here, after in zip_longest(order, order[1:]):
            limit = self.start if after is None else offsets[after]
            if ends[here] > limit:
                what = "reaches into the directory" if after is None else f"overlaps {names[after]!r:.200}"
                raise CorruptDataError(f"{self._file.path}: the member {names[here]!r:.200} {what}")


def _check_name(file: RangeFile, name: str) -> None:
    """Refuse a name that is no key, and might lead out of the archive; that of a folder ends with a slash."""
    try:
        check_key(name.removesuffix("/"))
    except InvalidKeyError as error:
        raise InvalidKeyError(f"{file.path}: {str(error)[:300]}") from None


def _find(file: RangeFile) -> tuple[int, int, int]:
    """Return start and length of the directory, and the number of its entries."""
    tail = file.read(max(0, file.size - _LARGEST_COMMENT - _END.size), _LARGEST_COMMENT + _END.size)
    at = tail.rfind(b"PK\5\6")
    while at >= 0 and not _fits(tail, at):
        at = tail.rfind(b"PK\5\6", 0, at)
    if at < 0:
        raise CorruptDataError(
            f"{file.path} is no zip archive, or one whose end is missing; get it again if it was cut"
        )
    end = file.size - len(tail) + at
    _, disk, first_disk, here, count, length, start, _ = _END.unpack_from(tail, at)
    if _FULL16 in (disk, here, count) or _FULL32 in (length, start):
        if (large := _find64(file, end)) is not None:
            end, disk, first_disk, here, count, length, start = large
    if disk or first_disk or here != count:
        raise UnsupportedError(f"{file.path} is spread over several files; join them into one archive")
    if length > LARGEST_DIRECTORY:
        raise UnsupportedError(
            f"{file.path}: a directory of {length} bytes is too large; write shards, which are fewer files"
        )
    if start + length > end or count * _ENTRY.size > length:
        raise CorruptDataError(f"{file.path}: the directory is not where the end of the archive says")
    return start, length, count


def _fits(tail: bytes, at: int) -> bool:
    """Return whether the record of the end can begin here: its comment reaches to the end of the file."""
    return len(tail) - at >= _END.size and at + _END.size + _END.unpack_from(tail, at)[-1] == len(tail)


def _find64(file: RangeFile, end: int) -> tuple[int, ...] | None:
    """Return what the larger record of the end says, where there is one."""
    data = file.read(end - _LOCATOR.size, _LOCATOR.size) if end >= _LOCATOR.size else b""
    if not data.startswith(b"PK\6\7"):
        return None
    _, disk, place, disks = _LOCATOR.unpack(data)
    if disk or disks > 1:
        raise UnsupportedError(f"{file.path} is spread over several files; join them into one archive")
    record = file.read(place, _END64.size)
    if len(record) < _END64.size or not record.startswith(b"PK\6\6") or place + len(record) > end:
        raise CorruptDataError(f"{file.path}: its ZIP64 record is missing; get the archive again")
    _, _, _, _, disk, first_disk, here, count, length, start = _END64.unpack(record)
    return place, disk, first_disk, here, count, length, start


def _entries(file: RangeFile, start: int, length: int, count: int) -> Iterator[tuple[str, int, Member]]:
    """Yield name, the bytes it takes, and facts of every entry of the directory, read piece by piece."""
    damaged = CorruptDataError(f"{file.path}: its directory is damaged; get the archive again")
    window, at, stop = b"", 0, start + length
    for _ in range(count):
        if start < stop and len(window) - at < _ENTRY.size + 3 * _FULL16:
            rest = window[at:]
            window, at = rest + file.read(start, min(file.window, stop - start)), 0
            start += len(window) - len(rest)
        if len(window) - at < _ENTRY.size or window[at : at + 4] != b"PK\1\2":
            raise damaged
        entry = _ENTRY.unpack_from(window, at)
        name, extra, comment = entry[10:13]
        at += _ENTRY.size
        if len(window) - at < name + extra + comment:
            raise damaged
        text = name_of(window[at : at + name], entry[3])
        if text is None:
            raise CorruptDataError(f"{file.path}: one of its names is no UTF-8; write the archive again")
        yield text, name, _facts(file, text, entry, window[at + name : at + name + extra])
        at += name + extra + comment
    if start < stop or at < len(window):
        raise damaged  # entries beyond those that were counted would be seen by some readers only


def _facts(file: RangeFile, name: str, entry: tuple[Any, ...], extra: bytes) -> Member:
    """Return what an entry says, with sizes beyond four bytes from its ZIP64 field."""
    _, _, _, flags, method, _, _, checksum, packed, size, _, _, _, disk, _, _, offset = entry
    if _FULL32 in (packed, size, offset) or disk == _FULL16:
        size, packed, offset, disk = _large(file, name, extra, [size, packed, offset, disk])
    if disk:
        raise UnsupportedError(f"{file.path} is spread over several files; join them into one archive")
    return Member(offset, packed, size, checksum, method, flags)


def name_of(raw: bytes, flags: int) -> str | None:
    """Return a member's name, None where it is not what its flags say."""
    try:
        return raw.decode("utf-8" if flags & _UTF8 else "cp437")
    except UnicodeDecodeError:
        return None


def _large(file: RangeFile, name: str, extra: bytes, facts: list[int]) -> list[int]:
    """Return size, packed size, offset and disk with those that the ZIP64 field says."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = _FIELD.unpack_from(extra, at)
        field, at = extra[at + 4 : at + 4 + length], at + 4 + length
        if kind != 1:
            continue
        for i, (full, width) in enumerate(((_FULL32, 8), (_FULL32, 8), (_FULL32, 8), (_FULL16, 4))):
            if facts[i] == full:
                if len(field) < width:
                    raise CorruptDataError(f"{file.path}: the ZIP64 field of {name!r:.200} is too short")
                facts[i], field = int.from_bytes(field[:width], "little"), field[width:]
        break
    if max(facts) >= 1 << 63:
        raise CorruptDataError(f"{file.path}: the sizes of {name!r:.200} are beyond any file")
    return facts
