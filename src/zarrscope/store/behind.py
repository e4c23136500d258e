"""A store whose values are sent behind the writer's back, several at a time, and waited for by ``sync``."""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, Future, wait
from threading import Lock
from typing import TYPE_CHECKING

from zarrscope.errors import IncompleteError
from zarrscope.executor import crew

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from types import TracebackType
    from typing import Self

    from zarrscope.store.contracts import Buffer, ByteRange, Info, Request, Upload, Writable


class Behind:
    """A Writable that lets a writer go on while its values are sent.

    ``Upload.commit`` hands a value over and returns; at most ``in_flight`` values are under way, and
    whoever commits one more waits until one of them is there. ``sync`` returns once its keys are, or
    raises what went wrong with any of them. What went wrong is also raised by the next ``create`` and
    ``put``, so that a writer ends soon. A value is read, or its key written again, only after it is there.

    ``put`` is not handed over: documents are small, and others are told by them that all else is there.

    Parameters
    ----------
    store : Writable
        Where the values go.
    in_flight : int
        How many values may be under way. They wait on the disk and not in memory where the store keeps
        them there, as ``ObjectStore`` does.
    """

    far = True

    def __init__(self, store: Writable, in_flight: int = 4) -> None:
        self._store, self._most = store, in_flight
        self._crew, self._closed = crew(in_flight), False
        self._lock = Lock()
        self._going: dict[str, Future[None]] = {}
        self._failed: dict[str, BaseException] = {}

    def __reduce__(self) -> tuple[type[Behind], tuple[Writable, int]]:
        return Behind, (self._store, self._most)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Wait for what is under way, and send nothing any more. What went wrong is told by ``sync``."""
        self._closed = True
        self._crew.shutdown()

    def url(self, key: str = "") -> str:
        """Return the address of a key for messages."""
        return self._store.url(key)

    def get(self, key: str, range: ByteRange = None, out: memoryview | None = None) -> Buffer | None:  # noqa: A002
        """Return the value, or a part of it, or None where it is absent."""
        self._settle((key,))
        return self._store.get(key, range, out)

    def get_many(self, requests: Sequence[Request]) -> list[Buffer | None]:
        """Return the values in the order of the requests."""
        self._settle({request.key for request in requests})
        return self._store.get_many(requests)

    def head(self, key: str) -> Info | None:
        """Return size and tag, or None where the key is absent."""
        self._settle((key,))
        return self._store.head(key)

    def put(self, key: str, data: Buffer, if_tag: str | None = None) -> None:
        """Write a value at once."""
        self._raise_failure()
        self._settle((key,))
        self._store.put(key, data, if_tag)

    def create(self, key: str, if_tag: str | None = None) -> SentBehind:
        """Begin a value that is sent once it is committed."""
        self._raise_failure()
        return SentBehind(self, key, self._store.create(key, if_tag))

    def sync(self, keys: Iterable[str]) -> None:
        """Return once these values are there and durable, else raise what went wrong with the first."""
        wanted = tuple(keys)
        self._settle(wanted)
        with self._lock:
            failed = [self._failed.pop(key) for key in wanted if key in self._failed]
        if failed:
            raise failed[0]
        self._store.sync(wanted)

    def delete(self, key: str) -> None:
        """Remove a value; harmless where it is absent."""
        self._settle((key,))
        with self._lock:
            self._failed.pop(key, None)
        self._store.delete(key)

    def list(self, prefix: str = "") -> Iterator[str]:
        """Yield the keys that begin with ``prefix``; only where the store below can."""
        with self._lock:
            going = tuple(self._going)
        self._settle(going)
        yield from self._store.list(prefix)  # type: ignore[attr-defined]

    def hand_over(self, key: str, upload: Upload) -> None:
        """Send a value that is complete; wait first while too many others are under way."""
        self._raise_failure()
        while True:
            with self._lock:
                going = (self._going[key],) if key in self._going else tuple(self._going.values())
                if key not in self._going and len(going) < self._most:
                    if self._closed:
                        raise IncompleteError(f"{self.url(key)}: the store was closed; open it again")
                    self._going[key] = self._crew.submit(self._send, key, upload)
                    return
            wait(going, return_when=FIRST_COMPLETED)

    def _send(self, key: str, upload: Upload) -> None:
        try:
            upload.commit()
        except BaseException as error:  # kept until somebody asks
            upload.abort()
            with self._lock:
                self._failed[key] = error
        finally:
            with self._lock:
                self._going.pop(key, None)

    def _settle(self, keys: Iterable[str]) -> None:
        """Wait until none of these keys is under way."""
        with self._lock:
            going = [self._going[key] for key in keys if key in self._going]
        wait(going)

    def _raise_failure(self) -> None:
        with self._lock:
            failed = next(iter(self._failed.values()), None)
        if failed is not None:
            raise failed


class SentBehind:
    """A value that grows as in the store below, and is sent in the back once it is committed."""

    def __init__(self, behind: Behind, key: str, upload: Upload) -> None:
        self._behind, self._key, self._upload = behind, key, upload
        self._over = False

    def write(self, data: Buffer) -> None:
        """Append."""
        if self._over:
            raise IncompleteError(f"{self._behind.url(self._key)} is complete; nothing can be appended")
        self._upload.write(data)

    def commit(self) -> None:
        """Hand the value over; it is there once ``sync`` returns."""
        if not self._over:
            self._behind.hand_over(self._key, self._upload)
            self._over = True

    def abort(self) -> None:
        """Forget it; harmless after ``commit``."""
        if not self._over:
            self._over = True
            self._upload.abort()
