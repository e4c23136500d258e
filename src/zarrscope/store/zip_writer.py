"""A zip archive as a store that is written: ``.zip`` and ``.ozx`` (RFC-9 of OME-Zarr)."""

from __future__ import annotations

import os
import zlib
from contextlib import suppress
from threading import RLock
from typing import TYPE_CHECKING

from zarrscope.errors import (
    ArgumentError,
    ConflictError,
    DestinationExistsError,
    IncompleteError,
    StoreError,
    UnsupportedError,
)
from zarrscope.store.contracts import ABSENT, Buffer, ByteRange, Info, Request
from zarrscope.store.keys import check_key
from zarrscope.store.placed import sync_folder
from zarrscope.store.system import explained
from zarrscope.store.zip_part import GrowingArchive
from zarrscope.store.zip_records import LARGEST_RESERVED, LONGEST_COMMENT
from zarrscope.store.zip_spool import Blocks, Waiting

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from zarrscope.store.zip_records import Record


class ZipWriter:
    """An archive that grows in ``PATH.part`` and appears at ``PATH`` whole, when it is finished.

    Members are stored as they are. Documents stand first, in places that were reserved for them, and may
    be written at any time, padded with the white space that JSON and XML allow at their end; all else is
    appended in the order of the commits and cannot be changed. So the bytes of the archive depend on
    keys, their order and their values alone.

    Reading is safe under threads, of what has been committed; writing takes turns. Pickles as its path:
    the copy has to ``begin`` or ``resume`` for itself.

    Parameters
    ----------
    path : str or path-like
        The archive. Nothing is touched before ``begin`` or ``resume``.
    comment : bytes
        Of the archive; may be set until ``finish`` (see ``ozx_comment``).
    """

    in_order = True
    """Units are to be committed in the order of the plan, by one thread."""

    def __init__(self, path: str | os.PathLike[str], *, comment: bytes = b"") -> None:
        text = os.path.abspath(os.fspath(path))  # noqa: PTH100 - messages show what was given
        self.path: str = os.path.realpath(text) if os.path.islink(text) else text  # noqa: PTH114 - links stay
        """Where the archive will stand."""
        self.part = f"{self.path}.part"
        """Where it grows."""
        self.comment = comment
        self._lock = RLock()
        self._archive: GrowingArchive | None = None
        self._finished = False
        self._folder = os.path.dirname(self.path)  # noqa: PTH120
        self._blocks = Blocks(self._folder)

    def __getstate__(self) -> tuple[str, bytes]:
        return self.path, self.comment

    def __setstate__(self, state: tuple[str, bytes]) -> None:
        ZipWriter.__init__(self, state[0], comment=state[1])

    def begin(self, documents: Sequence[tuple[str, int]]) -> None:
        """Make ``PATH.part``, with room for documents first of all.

        Parameters
        ----------
        documents : sequence of (str, int)
            Keys, in the order in which they are to stand (RFC-9: breadth first), and the bytes to reserve.

        Raises
        ------
        DestinationExistsError
            A ``PATH.part`` is there already.
        """
        self._check_unused()
        self._archive = GrowingArchive(self.part, new=True)
        try:
            for key, size in documents:
                if not 0 < size <= LARGEST_RESERVED:
                    raise ArgumentError(f"{self.url(key)}: {size} bytes cannot be reserved")
                self._archive.reserve(key, size)
            sync_folder(self._folder)
        except BaseException:
            self.abort()
            raise

    def resume(self, offset: int) -> None:
        """Take up a ``PATH.part`` that an interrupted run left, and cut off what was not committed.

        Parameters
        ----------
        offset : int
            End of the last member that counts.

        Raises
        ------
        NotFoundError
            There is no such file.
        CorruptDataError
            Its members do not end there; it is left as it is.
        """
        self._check_unused()
        self._archive = GrowingArchive.resumed(self.part, offset)

    @property
    def offset(self) -> int:
        """End of the last committed member: where a later run may take up the work."""
        return 0 if self._archive is None else self._archive.offset

    def finish(self, *, overwrite: bool = False) -> None:
        """Write the directory and let the archive appear; it can be read from afterwards.

        Parameters
        ----------
        overwrite : bool
            Replace a file that stands at ``path``.

        Raises
        ------
        IncompleteError
            A document for which room was reserved was not written.
        DestinationExistsError
            Something stands at ``path``.
        """
        with self._lock:
            archive = self._writing()
            missing = [key for key in archive if archive.written(key) is None]
            if missing:
                many = f" ({len(missing)} such documents)" if missing[1:] else ""
                raise IncompleteError(f"{self.path}: {missing[0]} was never written{many}")
            if len(self.comment) > LONGEST_COMMENT:
                raise ArgumentError(f"{self.path}: a comment of {len(self.comment)} bytes is too long")
            if os.path.lexists(self.path) and not overwrite:
                raise DestinationExistsError(f"{self.path} is there already; choose another name")
            archive.write_directory(self.comment)
            archive.sync()
            with explained(self.path):
                os.replace(self.part, self.path)  # noqa: PTH105
            self._finished = True
            sync_folder(self._folder)

    def abort(self) -> None:
        """Close and remove ``PATH.part``; harmless when it was not begun or is finished."""
        with self._lock:
            if self._archive is None or self._finished:
                return
            with suppress(OSError):
                os.unlink(self.part)  # noqa: PTH108 - before the lock on it is given up
            self.close()

    def close(self) -> None:
        """Close the file; an unfinished one stays, to be resumed."""
        with self._lock:
            if self._archive is not None:
                self._archive.close()
                self._archive = None

    def url(self, key: str = "") -> str:
        """Return the path of the archive, and of the member in it, for messages."""
        return f"{self.path}/{key}" if key else self.path

    def get(self, key: str, range: ByteRange = None, out: memoryview | None = None) -> Buffer | None:  # noqa: A002
        """Return the value, or the part of it that ``range`` names, or None where it is absent.

        Raises
        ------
        CorruptDataError
            The value does not match its checksum.
        """
        check_key(key)
        with self._lock:
            archive = self._reading()
            record = archive.written(key)
            if record is not None and record.reserved:
                return archive.read(key, record, range, out)  # nobody changes it meanwhile
        return None if record is None else archive.read(key, record, range, out)

    def get_many(self, requests: Sequence[Request]) -> list[Buffer | None]:
        """Return the values in the order of the requests."""
        return [self.get(*request) for request in requests]

    def head(self, key: str) -> Info | None:
        """Return size and tag, or None where the key is absent."""
        check_key(key)
        with self._lock:
            record = self._reading().written(key)
        return None if record is None else Info(record.size, _tag(record))

    def list(self, prefix: str = "") -> Iterator[str]:
        """Yield the keys that begin with ``prefix`` in sorted order."""
        with self._lock:
            archive = self._reading()
            keys = sorted(key for key in archive if key.startswith(prefix) and archive.written(key))
        yield from keys

    def put(self, key: str, data: Buffer, if_tag: str | None = None) -> None:
        """Write a document into its place, or append any other value.

        Raises
        ------
        ConflictError
            The key is there already and has no place of its own, or ``if_tag`` is not its tag.
        StoreError
            The document does not fit into its place, or the disk is full; all is as it was.
        """
        view = memoryview(data).cast("B")
        with self._lock:
            archive = self._writing()
            if self._reserved(archive, key, if_tag):
                archive.replace(key, view)
            else:
                archive.append(key, len(view), zlib.crc32(view), lambda file, at: file.write(at, view))

    def create(self, key: str, if_tag: str | None = None) -> ZipUpload:
        """Begin a value; it is appended when it is committed. Several may be open at a time."""
        with self._lock:
            self._reserved(self._writing(), key, if_tag)
        return ZipUpload(self, key, if_tag, Waiting(self._blocks))

    def commit(self, key: str, value: Waiting, if_tag: str | None) -> None:
        """Append a value that has grown, or put it into its place (see ``ZipUpload``)."""
        with self._lock:
            archive = self._writing()
            if self._reserved(archive, key, if_tag):
                archive.replace(key, memoryview(value.value()))
            else:
                archive.append(key, value.size, value.checksum, value.copy_to)

    def sync(self, keys: Iterable[str]) -> None:
        """Return only once all that was committed would survive a loss of power."""
        with self._lock:
            archive = self._writing()
        archive.sync()

    def delete(self, key: str) -> None:
        """Remove the value that was appended last, or what stands in a document's place.

        Raises
        ------
        UnsupportedError
            Others stand behind it.
        """
        check_key(key)
        with self._lock:
            archive = self._writing()
            if key in archive and archive.record(key).reserved:
                archive.replace(key, memoryview(b""))
            elif key in archive and not archive.remove(key):
                raise UnsupportedError(
                    f"{self.url(key)} cannot be deleted: others stand behind it in the archive"
                )

    def _check_unused(self) -> None:
        if self._archive is not None:
            raise StoreError(f"{self.part} is being written already")

    def _reading(self) -> GrowingArchive:
        if self._archive is None:
            raise StoreError(f"{self.path}: an archive has to be begun before it is used")
        return self._archive

    def _writing(self) -> GrowingArchive:
        if self._finished:
            raise StoreError(f"{self.path} is finished; an archive is not changed")
        return self._reading()

    def _reserved(self, archive: GrowingArchive, key: str, if_tag: str | None) -> bool:
        """Return whether a value has a place, or is to be appended; refuse what would be neither."""
        check_key(key)
        found = archive.written(key)
        if if_tag is not None and (ABSENT if found is None else _tag(found)) != if_tag:
            raise ConflictError(f"{self.url(key)} was changed by someone else; read it again")
        if found is not None and not found.reserved:
            raise ConflictError(f"{self.url(key)} was written already; what is in an archive is not changed")
        return key in archive


class ZipUpload:
    """A value that waits beside the archive until it is appended.

    Parameters
    ----------
    store : ZipWriter
        The archive.
    key, if_tag
        See ``ZipWriter.create``.
    value : Waiting
        Receives the bytes.
    """

    def __init__(self, store: ZipWriter, key: str, if_tag: str | None, value: Waiting) -> None:
        self._store, self._key, self._if_tag, self._value = store, key, if_tag, value

    def write(self, data: Buffer) -> None:
        """Append."""
        self._value.write(data)

    def commit(self) -> None:
        """Let the value appear as the last member."""
        self._store.commit(self._key, self._value, self._if_tag)
        self._value.forget()

    def abort(self) -> None:
        """Forget it; harmless after ``commit``."""
        self._value.forget()


def _tag(record: Record) -> str:
    return f"{record.checksum:x}-{record.offset:x}"
