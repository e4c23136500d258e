"""What stands around the members of an archive that we write: headers, directory, end.

Everything is fixed but names, sizes and checksums, so that an archive's bytes depend on what it holds
alone. Source: PKWARE's APPNOTE 6.3.10, sections 4.3 to 4.5.
"""

from __future__ import annotations

import json
from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

from zarrscope.errors import CorruptDataError, InvalidKeyError
from zarrscope.store.keys import check_key
from zarrscope.store.zip_directory import LOCAL, STORED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zarrscope.store.placed import PlacedFile

_ENTRY = Struct("<4s6H3L5H2L")
_END64 = Struct("<4sQ2H2L4Q")
_LOCATOR = Struct("<4sLQL")
_END = Struct("<4s4H2LH")
_LARGE = Struct("<2H2Q")

_FULL16, _FULL32 = 0xFFFF, 0xFFFFFFFF
_UTF8 = 1 << 11
_TIME, _DATE = 0, 1 << 5 | 1  # 1980-01-01, the first day that can be said
_MADE_BY = 3 << 8 | 45  # Unix, so that the mode counts
_MODE = 0o100644 << 16
# Versions of the format that a reader needs. Of a stored member only 1.0 is needed; those whose place is
# reserved say 2.0, which every reader has, so that a later run knows them by their own headers.
_PLAIN, _RESERVED, _ZIP64 = 10, 20, 45
LONGEST_NAME = 4096
LONGEST_COMMENT = _FULL16
LARGEST_RESERVED = _FULL32 - 1
CHECKSUM_AT = 14
"""Where the checksum stands in a local header."""


class Record(NamedTuple):
    """One member, as its headers tell.

    Parameters
    ----------
    offset : int
        Where its local header begins.
    size : int
        Bytes of the value.
    checksum : int
        CRC-32 of it.
    reserved : bool
        Whether the value may be replaced in its place.
    """

    offset: int
    size: int
    checksum: int
    reserved: bool


def encoded_name(key: str) -> bytes:
    """Return a key as it stands in headers.

    Raises
    ------
    InvalidKeyError
        It breaks the grammar, or cannot be written as UTF-8.
    """
    try:
        return check_key(key).encode()
    except UnicodeEncodeError:
        raise InvalidKeyError(f"{key!r} is no key: half a character cannot be written as UTF-8") from None


def place_of(name: bytes, record: Record) -> int:
    """Return where the bytes of a member begin."""
    return record.offset + LOCAL.size + len(name) + (_LARGE.size if record.size >= _FULL32 else 0)


def local_header(name: bytes, record: Record) -> bytes:
    """Return what stands before the bytes of a member."""
    large = record.size >= _FULL32
    extra = _LARGE.pack(1, 16, record.size, record.size) if large else b""
    size = _FULL32 if large else record.size
    version = _ZIP64 if large else _RESERVED if record.reserved else _PLAIN
    return (
        LOCAL.pack(
            b"PK\3\4",
            version,
            _UTF8,
            STORED,
            _TIME,
            _DATE,
            record.checksum,
            size,
            size,
            len(name),
            len(extra),
        )
        + name
        + extra
    )


def directory_entry(name: bytes, record: Record) -> bytes:
    """Return what stands in the directory of a member."""
    large = record.size >= _FULL32
    numbers = ([record.size] * 2 if large else []) + ([record.offset] if record.offset >= _FULL32 else [])
    extra = Struct(f"<2H{len(numbers)}Q").pack(1, 8 * len(numbers), *numbers) if numbers else b""
    size, offset = min(record.size, _FULL32), min(record.offset, _FULL32)
    version = _ZIP64 if numbers else _RESERVED if record.reserved else _PLAIN
    return (
        _ENTRY.pack(
            b"PK\1\2", _MADE_BY, version, _UTF8, STORED, _TIME, _DATE, record.checksum, size, size,
            len(name), len(extra), 0, 0, 0, _MODE, offset,
        )
        + name
        + extra
    )  # fmt: skip


def end_of_archive(start: int, length: int, count: int, comment: bytes) -> bytes:
    """Return what stands behind the directory.

    The records of ZIP64 are always there, as RFC-9 recommends. Numbers that fit into the old record
    stand there too, so that readers who know nothing of ZIP64 find their way.

    Parameters
    ----------
    start, length : int
        Where the directory lies.
    count : int
        Number of its entries.
    comment : bytes
        Of the archive.
    """
    many, size, place = min(count, _FULL16), min(length, _FULL32), min(start, _FULL32)
    return (
        _END64.pack(b"PK\6\6", _END64.size - 12, _MADE_BY, _ZIP64, 0, 0, count, count, length, start)
        + _LOCATOR.pack(b"PK\6\7", 0, start + length, 1)
        + _END.pack(b"PK\5\6", 0, 0, many, many, size, place, len(comment))
        + comment
    )


def ozx_comment(version: str) -> bytes:
    """Return the comment of an ``.ozx`` whose documents stand first (RFC-9 of OME-Zarr).

    Parameters
    ----------
    version : str
        Of OME-Zarr.
    """
    return json.dumps(
        {"ome": {"version": version, "zipFile": {"centralDirectory": {"jsonFirst": True}}}}
    ).encode()


def walk(file: PlacedFile, path: str, stop: int) -> Iterator[tuple[str, Record]]:
    """Yield the members that we wrote, from their own headers: the directory is not there yet.

    Parameters
    ----------
    file : PlacedFile
        The unfinished archive.
    path : str
        Of it, for messages.
    stop : int
        Where the last member ends.

    Raises
    ------
    CorruptDataError
        The members do not end there, or are none of ours.
    """
    at = 0
    while at < stop:
        head = file.read(at, min(LOCAL.size + LONGEST_NAME + _LARGE.size, stop - at))
        found = _member(head, at)
        if found is None:
            raise CorruptDataError(f"{path}: no member that zarrscope wrote stands at byte {at}; begin again")
        key, record, at = found
        yield key, record
    if at != stop or file.size < stop:
        raise CorruptDataError(
            f"{path}: its members end at byte {min(at, file.size)} and not at {stop}, where the interrupted "
            "run left off; begin again"
        )


def _member(head: bytes, at: int) -> tuple[str, Record, int] | None:
    """Return name, facts and end of a member, None where what begins there is none of ours."""
    if len(head) < LOCAL.size:
        return None
    _, version, _, _, _, _, checksum, size, _, length, extra = LOCAL.unpack_from(head)
    name = head[LOCAL.size : LOCAL.size + length]
    if extra == _LARGE.size and len(head) >= LOCAL.size + length + extra:
        size = _LARGE.unpack_from(head, LOCAL.size + length)[2]
    record = Record(at, size, checksum, version == _RESERVED)
    if head[: LOCAL.size + length + extra] != local_header(name, record):
        return None
    try:
        return check_key(name.decode()), record, place_of(name, record) + size
    except (UnicodeDecodeError, InvalidKeyError):
        return None
