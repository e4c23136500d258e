"""A store that takes note of all that is written through it: size and checksum of units and documents."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from xxhash import xxh3_64

from zarrscope.errors import ConflictError
from zarrscope.ledger.checksum import checksum
from zarrscope.ledger.folder import is_ours
from zarrscope.ledger.table import Entry
from zarrscope.store.contracts import ABSENT

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from zarrscope.ledger.table import UnitTable
    from zarrscope.store.contracts import Buffer, ByteRange, Info, Request, Upload, Writable


class Recording:
    """Writes through to another store. What goes into our own folder is not noted.

    Parameters
    ----------
    store : Writable
        Receives all.
    table : UnitTable
        Tells which keys are units.
    note : callable
        Receives number (None where it is no unit), key, size and checksum of each value once it is stored.
    new : bool
        Whether values that grow must not be there yet: on a server, somebody else may be at work.
    last : collection of str
        Keys that are kept back when they are put, until ``release``: what makes the whole an image.
    """

    def __init__(
        self,
        store: Writable,
        table: UnitTable,
        note: Callable[[int | None, str, int, int], None],
        last: Collection[str] = (),
        *,
        new: bool = False,
    ) -> None:
        self.inner = store
        self.documents: dict[str, Entry] = {}
        """All values that are no units, by key."""
        self.held: dict[str, bytes] = {}
        """Values that are kept back."""
        self.doubtful: set[str] = set()
        """Values of which nobody knows whether they are there."""
        self._table, self._note, self._last = table, note, last
        self._tag = ABSENT if new else None

    @property
    def in_order(self) -> bool:
        """Whether the bytes of the store depend on the order of commits."""
        return bool(getattr(self.inner, "in_order", False))

    @property
    def far(self) -> bool:
        """Whether the store answers over a network."""
        return bool(getattr(self.inner, "far", False))

    def url(self, key: str = "") -> str:
        """Return the address of a key for messages."""
        return self.inner.url(key)

    def get(self, key: str, range: ByteRange = None, out: memoryview | None = None) -> Buffer | None:  # noqa: A002
        """Return the value, or a part of it."""
        return self.inner.get(key, range, out)

    def get_many(self, requests: Sequence[Request]) -> list[Buffer | None]:
        """Return the values in the order of the requests."""
        return self.inner.get_many(requests)

    def head(self, key: str) -> Info | None:
        """Return size and tag."""
        return self.inner.head(key)

    def put(self, key: str, data: Buffer, if_tag: str | None = None) -> None:
        """Write a value and take note of it."""
        if key in self._last:
            self.held[key] = bytes(data)
        else:
            with self.doubt(key):
                self.inner.put(key, data, if_tag)
        self.noted(key, memoryview(data).nbytes, checksum(data))

    def create(self, key: str, if_tag: str | None = None) -> RecordingUpload:
        """Begin a value; it is noted when it is committed."""
        return RecordingUpload(self, key, self.inner.create(key, self._tag if if_tag is None else if_tag))

    def sync(self, keys: Iterable[str]) -> None:
        """Make values durable."""
        self.inner.sync(keys)

    def delete(self, key: str) -> None:
        """Remove a value, and the note of it."""
        self.inner.delete(key)
        self.held.pop(key, None)
        self.documents.pop(key, None)

    def release(self) -> list[str]:
        """Write what was kept back, and return the keys."""
        for key, data in self.held.items():
            self.inner.put(key, data)
        return list(self.held)

    @contextmanager
    def doubt(self, key: str) -> Iterator[None]:
        """Remember the key of a value that may have arrived although its writing failed."""
        try:
            yield
        except ConflictError:
            raise  # what stands there is somebody else's
        except BaseException:
            self.doubtful.add(key)
            raise

    def noted(self, key: str, size: int, total: int) -> None:
        """Take note of a value."""
        if is_ours(key):
            return
        number = self._table.find(key)
        if number is None:
            self.documents[key] = Entry(size, total)
        if key not in self.held:
            self._note(number, key, size, total)


class RecordingUpload:
    """A value that is hashed as it grows."""

    def __init__(self, store: Recording, key: str, upload: Upload) -> None:
        self._store, self._key, self._upload = store, key, upload
        self._hash, self._size = xxh3_64(), 0

    @property
    def entry(self) -> Entry:
        """Size and checksum of what has been written so far."""
        return Entry(self._size, self._hash.intdigest())

    def write(self, data: Buffer) -> None:
        """Append."""
        self._upload.write(data)
        self._hash.update(data)
        self._size += memoryview(data).nbytes

    def commit(self) -> None:
        """Let the value appear, then take note of it."""
        with self._store.doubt(self._key):
            self._upload.commit()
        self._store.noted(self._key, self._size, self._hash.intdigest())

    def abort(self) -> None:
        """Forget it."""
        self._upload.abort()
