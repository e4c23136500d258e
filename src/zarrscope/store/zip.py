"""A zip archive as a store, read where it lies: ``.zip`` and ``.ozx`` (RFC-9 of OME-Zarr)."""

from __future__ import annotations

import os
import zlib
from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

from zarrscope.errors import CorruptDataError, UnsupportedError
from zarrscope.store.contracts import Buffer, ByteRange, Info, Request, Suffix
from zarrscope.store.keys import check_key, cut
from zarrscope.store.zip_directory import (
    DEFLATED,
    ENCRYPTED,
    LOCAL,
    STORED,
    ArchiveFile,
    Directory,
    Member,
    name_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import TracebackType
    from typing import Self

    from zarrscope.store.zip_directory import RangeFile

LARGEST_WHOLE = 128 << 20
"""So much a deflated member may become where it is asked for whole and no buffer bounds it."""

LARGEST_DEFLATED = 512 << 20
"""A deflated member can only be read from its beginning: larger ones take too long."""

_STEEPEST = 1032
"""Deflate makes at most so many bytes of one (its own limit: 258 bytes in two bits)."""

_PIECE = 1 << 18
_ALONG = 64 << 10
"""Members of at most so many bytes are read together with the header before them."""

_EXTRA = 64
"""Bytes that the extra fields of a header usually need at most."""

_DOCUMENTS = ("zarr.json", ".zgroup", ".zarray", ".zattrs")


class _Part(NamedTuple):
    """Bytes of a member that are wanted, and where they are to go."""

    name: str
    member: Member
    start: int
    stop: int
    out: memoryview | None


class ZipStore:
    """The members of a zip archive by name, for reading. Nothing is extracted.

    The directory is read once, members by their place: a range of a stored member is one read; a
    deflated one is inflated from its beginning. A value that is read whole is checked against its CRC.
    Where the archive's root holds no Zarr but exactly one folder of it does, keys begin in that folder.

    Safe under threads. Pickles as the path, or as the store that holds the archive and its key.

    Parameters
    ----------
    path : str, path-like or RangeFile
        The archive: a file, or a ``StoredFile`` in any store.

    Raises
    ------
    AccessError, StoreError
        It cannot be opened.
    CorruptDataError, UnsupportedError, InvalidKeyError
        It is no archive, a damaged or a malicious one (see ``Directory``).
    """

    def __init__(self, path: str | os.PathLike[str] | RangeFile) -> None:
        if isinstance(path, str | os.PathLike):
            path = ArchiveFile(os.path.abspath(os.fspath(path)))  # noqa: PTH100 - messages show what was given
        self._file: RangeFile = path
        self._path = path.path
        try:
            self._directory = Directory(self._file)
        except BaseException:
            self._file.close()
            raise
        self._names = sorted(self._directory.names())
        self.prefix = _prefix(self._names)
        """Folder of the archive in which keys begin: empty, or a name and ``/``."""
        self._places: dict[str, int] = {}

    def __getstate__(self) -> str | RangeFile:
        return self._path if isinstance(self._file, ArchiveFile) else self._file

    def __setstate__(self, path: str | RangeFile) -> None:
        ZipStore.__init__(self, path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the archive; it can no longer be read from. Done by itself once nobody holds the store."""
        self._file.close()

    def url(self, key: str = "") -> str:
        """Return the path of the archive, and of the member in it, for messages."""
        return f"{self._path}/{self.prefix}{key}" if key else self._path

    def get(self, key: str, range: ByteRange = None, out: memoryview | None = None) -> Buffer | None:  # noqa: A002
        """Return the value, or the part of it that ``range`` names, or None where it is absent.

        Raises
        ------
        CorruptDataError
            The member is not what the directory says of it.
        UnsupportedError
            It is encrypted, packed in a way that is not read here, or would become too large.
        """
        return self.get_many((Request(key, range, out),))[0]

    def get_many(self, requests: Sequence[Request]) -> list[Buffer | None]:
        """Return the values in the order of the requests, read together."""
        parts = [self._part(request) for request in requests]
        along = self._locate({part.name: part.member for part in parts if part is not None})
        far = [part for part in parts if part is not None and self._is_far(part, along)]
        read = iter(self._file.read_many([(self._places[p.name] + p.start, p.stop - p.start) for p in far]))
        return [
            None
            if part is None
            else self._value(part, next(read) if self._is_far(part, along) else None, along.get(part.name))
            for part in parts
        ]

    def _part(self, request: Request) -> _Part | None:
        """Return which bytes of which member are wanted; None where there is no such member."""
        key, wanted, out = request
        name = self.prefix + check_key(key)
        member = self._directory.member(name)
        if member is None:
            return None
        if isinstance(wanted, Suffix):
            start, stop = max(0, member.size - wanted.length), member.size
        else:
            start, stop = (0, member.size) if wanted is None else cut(member.size, *wanted)
        if out is not None:
            stop = min(stop, start + len(out))
        self._check(name, member, 0 if out is not None else stop - start)
        return _Part(name, member, start, stop, out)

    def _is_far(self, part: _Part, along: dict[str, Buffer]) -> bool:
        """Return whether the bytes are still to be read; those that are inflated are read as they are."""
        return part.member.method == STORED and part.stop > len(along.get(part.name, b""))

    def _value(self, part: _Part, data: Buffer | None, along: Buffer | None) -> Buffer:
        """Return the bytes that are wanted, out of those that were read, or inflated; checked if whole."""
        name, member, start, stop, out = part
        if member.method != STORED:
            data = self._inflated(part, along or b"")
        elif data is None:
            data = memoryview(along or b"")[start:stop]
        if len(data) < stop - start:
            raise self._corrupt(name, "ends before its last byte; get the archive again")
        if (start, stop) == (0, member.size) and zlib.crc32(data) != member.checksum:
            raise self._corrupt(name, "does not match its checksum; get the archive again")
        if out is None:
            return data
        out[: len(data)] = data
        return out[: len(data)]

    def head(self, key: str) -> Info | None:
        """Return size and tag, or None where the key is absent."""
        member = self._directory.member(self.prefix + check_key(key))
        return None if member is None else Info(member.size, f"{member.checksum:x}-{self._file.tag}")

    def list(self, prefix: str = "") -> Iterator[str]:
        """Yield the keys that begin with ``prefix`` in sorted order."""
        if prefix.strip("/"):
            check_key(prefix.rstrip("/"))
        wanted = self.prefix + prefix
        for number in range(bisect_left(self._names, wanted), len(self._names)):
            if not self._names[number].startswith(wanted):
                return
            yield self._names[number][len(self.prefix) :]

    def _check(self, name: str, member: Member, whole: int) -> None:
        """Refuse what is not read here, before a byte is."""
        if member.flags & ENCRYPTED:
            raise UnsupportedError(f"{self._path}: the member {name!r:.200} is encrypted; decrypt it first")
        if member.method not in (STORED, DEFLATED):
            raise UnsupportedError(
                f"{self._path}: the member {name!r:.200} is packed by method {member.method}, which is not "
                "read; write the archive again without compression (zip -0)"
            )
        if member.method == STORED:
            if member.packed != member.size:
                raise self._corrupt(name, "is stored, but has two sizes")
        elif member.size > member.packed * _STEEPEST:
            raise self._corrupt(name, f"claims {member.size} bytes, more than {member.packed} can become")
        elif member.size > LARGEST_DEFLATED or whole > LARGEST_WHOLE:
            raise UnsupportedError(
                f"{self._path}: the member {name!r:.200} inflates to {member.size} bytes, which is too much; "
                "write the archive again without compression (zip -0)"
            )

    def _locate(self, members: dict[str, Member]) -> dict[str, Buffer]:
        """Learn where the bytes of members begin, which stands in their own headers alone.

        Returns the bytes of small ones, as they lie in the archive, which were read together with these.
        """
        unknown = [(name, member) for name, member in members.items() if name not in self._places]
        rooms = [LOCAL.size + len(name.encode()) + _EXTRA for name, _ in unknown]
        along: dict[str, Buffer] = {}
        heads = self._file.read_many(
            [
                (member.offset, room + (member.packed if member.packed <= _ALONG else 0))
                for (_, member), room in zip(unknown, rooms, strict=True)
            ]
        )
        for (name, member), head in zip(unknown, heads, strict=True):
            place = self._places[name] = self._place(name, member, memoryview(head))
            if member.packed <= len(head) - (place - member.offset):
                along[name] = memoryview(head)[place - member.offset :][: member.packed]
        return along

    def _place(self, name: str, member: Member, head: memoryview) -> int:
        """Return where the bytes of a member begin, of whose header the first bytes are given."""
        if len(head) < LOCAL.size or bytes(head[:4]) != b"PK\3\4":
            raise self._corrupt(name, "is not where the directory says")
        flags, method, length, extra = (LOCAL.unpack_from(head)[i] for i in (2, 3, 9, 10))
        place: int = member.offset + LOCAL.size + length + extra
        said = bytes(head[LOCAL.size : LOCAL.size + length])
        # Read by the flags of the directory: tools disagree on them, never on the bytes.
        agree = len(said) == length and name_of(said, member.flags) == name and method == member.method
        if not agree or (flags ^ member.flags) & ENCRYPTED:
            raise self._corrupt(name, "calls itself something else than the directory does")
        if place + member.packed > self._directory.start:
            raise self._corrupt(name, "reaches into the directory")
        return place

    def _inflated(self, part: _Part, along: Buffer) -> bytearray:
        """Return what is wanted of a deflated member; no more than a piece beyond it is made."""
        name, member, start, stop, _ = part
        inflate, kept = zlib.decompressobj(-zlib.MAX_WBITS), bytearray()
        made, read, fed = 0, len(along), bytes(along)
        try:
            while made < stop:
                if not fed:
                    size = min(self._file.window, member.packed - read)
                    fed = self._file.read(self._places[name] + read, size)
                    read += len(fed)
                piece = inflate.decompress(fed, min(_PIECE, stop - made))
                kept += piece[max(0, start - made) :]
                made += len(piece)
                if made < stop and (inflate.eof or not (piece or fed)):
                    raise self._corrupt(name, f"inflates to {made} bytes where {member.size} are due")
                fed = inflate.unconsumed_tail
        except zlib.error as error:
            raise self._corrupt(name, f"cannot be inflated ({error}); get the archive again") from None
        return kept

    def _corrupt(self, name: str, what: str) -> CorruptDataError:
        return CorruptDataError(f"{self._path}: the member {name!r:.200} {what}")


def _prefix(names: Sequence[str]) -> str:
    """Return the one top folder that holds a Zarr where the root of the archive does not."""
    held = [name for name in names if name.count("/") <= 1 and name.rpartition("/")[2] in _DOCUMENTS]
    folders = {name.rpartition("/")[0] for name in held}
    return f"{folders.pop()}/" if len(folders) == 1 and "" not in folders else ""
