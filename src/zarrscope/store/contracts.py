"""What a store is: bytes by key. Everything else in this room is implementation.

Keys are relative, separated by ``/``, without empty, ``.`` or ``..`` parts. A key that is
absent is ``None``, and only a definite "not found" counts as absent; all other trouble is raised.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

Buffer = bytes | bytearray | memoryview


class Suffix(NamedTuple):
    """The last ``length`` bytes of a value."""

    length: int


ByteRange = tuple[int, int] | Suffix | None
"""``(start, stop)``, the last bytes, or all. A range that reaches past the end is cut there."""


class Request(NamedTuple):
    """One value to fetch; ``out`` is a writable buffer that receives it (and is returned, cut to length)."""

    key: str
    range: ByteRange = None
    out: memoryview | None = None


class Info(NamedTuple):
    """What is known of a value without reading it: its size in bytes and a tag that changes with it."""

    size: int
    tag: str


ABSENT = ""
"""The tag of a key that must not exist yet (``if_tag=ABSENT``)."""


@runtime_checkable
class Readable(Protocol):
    """Bytes by key."""

    def get(self, key: str, range: ByteRange = None, out: memoryview | None = None) -> Buffer | None:  # noqa: A002
        """Return the value, or the part of it that ``range`` names, or None where the key is absent."""

    def get_many(self, requests: Sequence[Request]) -> list[Buffer | None]:
        """Return the values in the order of the requests (fetched together where that is faster)."""

    def head(self, key: str) -> Info | None:
        """Return size and tag, or None where the key is absent."""

    def url(self, key: str = "") -> str:
        """Return the address of a key for messages, without secrets."""


class Upload(Protocol):
    """A value that grows by appending and appears only when it is committed."""

    def write(self, data: Buffer) -> None:
        """Append."""

    def commit(self) -> None:
        """Let the value appear under its key, whole and at once."""

    def abort(self) -> None:
        """Forget it; harmless after ``commit``."""


@runtime_checkable
class Writable(Readable, Protocol):
    """A store that can be changed."""

    def put(self, key: str, data: Buffer, if_tag: str | None = None) -> None:
        """Write a value atomically; with ``if_tag`` only over that state, else ConflictError."""

    def create(self, key: str, if_tag: str | None = None) -> Upload:
        """Begin a value whose size is not known yet."""

    def sync(self, keys: Iterable[str]) -> None:
        """Return only once these values would survive a loss of power."""

    def delete(self, key: str) -> None:
        """Remove a value; harmless where it is absent."""


@runtime_checkable
class Listable(Protocol):
    """A store that can say what it holds."""

    def list(self, prefix: str = "") -> Iterator[str]:
        """Yield the keys that begin with ``prefix`` (a folder ends with ``/``), in sorted order."""


class Value(Protocol):
    """A value that was found; whoever has it closes it."""

    info: Info

    def at_once(self, start: int, stop: int) -> Buffer | None:
        """Return bytes without waiting for anything, or None where that cannot be."""

    def close(self) -> None:
        """Release it."""


@runtime_checkable
class Quick(Protocol):
    """A store that finds values without waiting for anything worth speaking of (a disk counts as such)."""

    def look(self, key: str) -> Value | None:
        """Return a value, or None where the key is absent."""


@runtime_checkable
class Archive(Writable, Protocol):
    """A file that grows at its end while values are written into it, and appears when it is finished.

    Its bytes depend on the order in which values are committed (``in_order``).
    """

    in_order: bool
    path: str
    part: str
    comment: bytes

    @property
    def offset(self) -> int:
        """How far it has come, in bytes."""

    def begin(self, documents: Sequence[tuple[str, int]]) -> None:
        """Begin a new one with room for documents, each of so many bytes, before all other values."""

    def resume(self, offset: int) -> None:
        """Go on where an earlier writer had come to; what stands behind that is cut off."""

    def finish(self, *, overwrite: bool = False) -> None:
        """Complete it and let it appear; over what stands there only with ``overwrite``."""

    def abort(self) -> None:
        """Remove it; harmless after ``finish``."""

    def close(self) -> None:
        """Close the file; an unfinished one stays, to be resumed."""
