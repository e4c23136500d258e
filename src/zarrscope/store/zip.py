"""A zip archive as a store, read where it lies: ``.zip`` and ``.ozx`` (RFC-9 of OME-Zarr)."""

from __future__ import annotations

import os
import zlib
from bisect import bisect_left
from typing import TYPE_CHECKING

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

LARGEST_WHOLE = 128 << 20
"""So much a deflated member may become where it is asked for whole and no buffer bounds it."""

LARGEST_DEFLATED = 512 << 20
"""A deflated member can only be read from its beginning: larger ones take too long."""

_STEEPEST = 1032
"""Deflate makes at most so many bytes of one (its own limit: 258 bytes in two bits)."""

_PIECE = 1 << 18
_DOCUMENTS = ("zarr.json", ".zgroup", ".zarray", ".zattrs")


class ZipStore:
    """The members of a zip archive by name, for reading. Nothing is extracted.

    The directory is read once, members by their place: a range of a stored member is one read; a
    deflated one is inflated from its beginning. A value that is read whole is checked against its CRC.
    Where the archive's root holds no Zarr but exactly one folder of it does, keys begin in that folder.

    Safe under threads. Pickles as the path.

    Parameters
    ----------
    path : str or path-like
        The archive.

    Raises
    ------
    AccessError, StoreError
        It cannot be opened.
    CorruptDataError, UnsupportedError, InvalidKeyError
        It is no archive, a damaged or a malicious one (see ``Directory``).
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = os.path.abspath(os.fspath(path))  # noqa: PTH100 - no resolving: messages show what was given
        self._file = ArchiveFile(self._path)
        try:
            self._directory = Directory(self._file)
        except BaseException:
            self._file.close()
            raise
        self._names = sorted(self._directory.names())
        self.prefix = _prefix(self._names)
        """Folder of the archive in which keys begin: empty, or a name and ``/``."""
        self._places: dict[str, int] = {}

    def __getstate__(self) -> str:
        return self._path

    def __setstate__(self, path: str) -> None:
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
        name = self.prefix + check_key(key)
        member = self._directory.member(name)
        if member is None:
            return None
        if isinstance(range, Suffix):
            start, stop = max(0, member.size - range.length), member.size
        else:
            start, stop = (0, member.size) if range is None else cut(member.size, *range)
        if out is not None:
            stop = min(stop, start + len(out))
        self._check(name, member, 0 if out is not None else stop - start)
        place = self._place(name, member)
        if member.method == STORED:
            data: Buffer = self._file.read(place + start, stop - start)
            if len(data) < stop - start:
                raise self._corrupt(name, "ends before its last byte; get the archive again")
        else:
            data = self._inflated(name, member, place, start, stop)
        if (start, stop) == (0, member.size) and zlib.crc32(data) != member.checksum:
            raise self._corrupt(name, "does not match its checksum; get the archive again")
        if out is None:
            return data
        out[: len(data)] = data
        return out[: len(data)]

    def get_many(self, requests: Sequence[Request]) -> list[Buffer | None]:
        """Return the values in the order of the requests."""
        return [self.get(*request) for request in requests]

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

    def _place(self, name: str, member: Member) -> int:
        """Return where the bytes of a member begin; that stands in its own header alone."""
        if (known := self._places.get(name)) is not None:
            return known
        raw = self._file.read(member.offset, LOCAL.size)
        if len(raw) < LOCAL.size or raw[:4] != b"PK\3\4":
            raise self._corrupt(name, "is not where the directory says")
        flags, method, length, extra = (LOCAL.unpack(raw)[i] for i in (2, 3, 9, 10))
        place: int = member.offset + LOCAL.size + length + extra
        said = self._file.read(member.offset + LOCAL.size, length)
        # Read by the flags of the directory: tools disagree on them, never on the bytes.
        agree = name_of(said, member.flags) == name and method == member.method
        if not agree or (flags ^ member.flags) & ENCRYPTED:
            raise self._corrupt(name, "calls itself something else than the directory does")
        if place + member.packed > self._directory.start:
            raise self._corrupt(name, "reaches into the directory")
        self._places[name] = place
        return place

    def _inflated(self, name: str, member: Member, place: int, start: int, stop: int) -> bytearray:
        """Return bytes ``start`` to ``stop`` of a deflated member; no more than a piece beyond is made."""
        inflate, kept = zlib.decompressobj(-zlib.MAX_WBITS), bytearray()
        made, read, fed = 0, 0, b""
        try:
            while made < stop:
                if not fed:
                    fed = self._file.read(place + read, min(_PIECE, member.packed - read))
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
