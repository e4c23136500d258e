"""Stores behind a network: HTTP, S3, Google Cloud, Azure. The only module that imports obstore.

What obstore does, measured in ``tests/faults/test_network.py``: it repeats requests that met 429, 5xx, a
reset or silence, and asks for the rest of a body that broke off where the server gave a tag. It does not
repeat a broken body without one, hands on a body that is shorter than the server said, and counts the
silence of a server that still receives as a stall: these three are seen to here.
"""

from __future__ import annotations

import random
import time
from itertools import count
from typing import TYPE_CHECKING, Any, TypeVar

import obstore
from obstore import exceptions
from obstore.store import AzureStore, GCSStore, HTTPStore, S3Store

from zarrscope import log
from zarrscope.errors import (
    AccessError,
    ArgumentError,
    ConflictError,
    StoreError,
    UnsupportedError,
    ZarrscopeError,
)
from zarrscope.executor import wait_together
from zarrscope.store.answers import first_line, may_pass, names_no_bucket, reason_of, remedy_of, status_of
from zarrscope.store.coalesce import gather
from zarrscope.store.contracts import ABSENT, Buffer, ByteRange, Info, Request, Suffix
from zarrscope.store.credentials import Place, place_of
from zarrscope.store.keys import check_key, cut, without_secrets
from zarrscope.store.limits import Limits
from zarrscope.store.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

T = TypeVar("T")

_REFUSED = (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError)
_CONFLICT = (exceptions.AlreadyExistsError, exceptions.PreconditionError)
_PIECE = 8 << 20
_MULTIPART = 128 << 20
"""Larger values are sent in parts, where nothing has to be compared; a request takes 5 GiB on S3."""


class _WrongLengthError(Exception):
    """A body is not as long as the server said."""

    def __init__(self) -> None:
        super().__init__("the answer is not as long as the server says")


class RemoteStore:
    """Bytes by key below one HTTP or HTTPS address. Read only; it cannot be listed.

    Only "not found" counts as absent. Whatever else a server answers is raised, after bounded
    retries of what may pass. ``get_many`` joins ranges of one key that lie close (see ``coalesce``),
    and has at most ``executor.WIDE`` requests under way in a process.

    Parameters
    ----------
    address : str
        Of the folder.
    limits : Limits, optional
        How long and how often.

    Raises
    ------
    ArgumentError
        It is no address.
    """

    far = True
    """Answers take a while: what can be asked for or sent side by side should be."""

    def __init__(self, address: str, limits: Limits | None = None) -> None:
        self._address, self._limits = address.rstrip("/"), limits or Limits()
        self._reader = self._connected(self._limits.stall, self._limits.longest, self._limits.retries)

    def __reduce__(self) -> tuple[type[RemoteStore], tuple[str, Limits]]:
        if without_secrets(self._address) != self._address:
            raise UnsupportedError(
                f"{self.url()}: an address with a password or token in it stays in its process"
            )
        return type(self), (self._address, self._limits)

    def url(self, key: str = "") -> str:
        """Return the address of a key for messages, without user, password and query."""
        base = without_secrets(self._address)
        return f"{base}/{key}" if key else base

    def get(self, key: str, range: ByteRange = None, out: memoryview | None = None) -> Buffer | None:  # noqa: A002
        """Return the value, or the part of it that ``range`` names, or None where it is absent."""
        check_key(key)
        if range is not None and (range.length if isinstance(range, Suffix) else range[1] - range[0]) <= 0:
            return b"" if self.head(key) else None
        most = None if out is None else len(out)
        data = self._ask(key, lambda: self._fetch(key, range, most))
        if data is None or out is None:
            return data
        out[: len(data)] = data
        return out[: len(data)]

    def get_many(self, requests: Sequence[Request]) -> list[Buffer | None]:
        """Return the values in the order of the requests, fetched side by side."""
        return gather(requests, lambda request: self.get(*request), wait_together)

    def head(self, key: str) -> Info | None:
        """Return size and tag, or None where the key is absent."""
        check_key(key)
        meta = self._ask(key, lambda: obstore.head(self._reader, key))
        return None if meta is None else Info(meta["size"], self._tag(meta))

    def _tag(self, meta: Any) -> str:
        return meta.get("e_tag") or str(meta["last_modified"])

    def _connected(self, stall: float | None, longest: float, retries: int) -> Any:
        """Return a client of obstore with these limits."""
        try:
            return self._connect(
                client_options=self._limits.client(stall, longest),
                retry_config=self._limits.repeating(retries),
            )
        except (ValueError, exceptions.BaseError) as error:
            reason = first_line(str(error))
        raise ArgumentError(f"{self.url()} is no address ({reason})")

    def _connect(self, **options: Any) -> Any:
        return HTTPStore.from_url(self._address, **options)

    def _ask(self, key: str, call: Callable[[], T]) -> T | None:
        """Return what a call to obstore returns, None where the key is absent; its errors become ours.

        Those of obstore are kept nowhere, not even as a cause: they hold addresses, passwords and tokens.
        """
        try:
            return call()
        except FileNotFoundError as error:
            if not names_no_bucket(error):
                return None
            failure: ZarrscopeError = StoreError(f"{self.url(key)}: there is no such bucket; check its name")
        except (exceptions.BaseError, _WrongLengthError) as error:
            failure = self._explained(key, error)
        raise failure

    def _explained(self, key: str, error: Exception) -> ZarrscopeError:
        if isinstance(error, _REFUSED) or status_of(error) in ("401", "403"):
            return AccessError(f"{self.url(key)}: the server refuses access; check your credentials")
        return StoreError(f"{self.url(key)}: {reason_of(error)}; {remedy_of(error)}")

    def _fetch(self, key: str, wanted: ByteRange, most: int | None) -> Buffer:
        """Return a value or a part of it, at most ``most`` bytes; a broken body is asked for again."""
        begun = time.monotonic()
        for repetition in count():
            answer, start, stop = self._answer(key, wanted)
            try:
                return _body(answer, start, stop if most is None else min(stop, start + most))
            except _WrongLengthError:
                if self._last(repetition, begun):
                    raise
            except exceptions.BaseError:
                if answer.meta.get("e_tag") or self._last(repetition, begun):
                    raise  # with a tag, obstore itself has asked for the rest
            self._pause(repetition)
        raise AssertionError  # pragma: no cover - the loop ends by return or raise

    def _answer(self, key: str, wanted: ByteRange) -> tuple[Any, int, int]:
        """Return the beginning of an answer, and which bytes of the value are wanted."""
        if wanted is not None:
            try:
                answer = obstore.get(self._reader, key, options={"range": self._range(key, wanted)})
                return (answer, *_cut(wanted, answer.meta["size"]))
            except exceptions.NotSupportedError:
                pass  # the server knows no ranges: of the whole value only these bytes are kept
            except exceptions.GenericError as error:
                # 416: it begins past the end, or the value is shorter than the suffix.
                if status_of(error) != "416" and "non-partial response" not in str(error):
                    raise
        answer = obstore.get(self._reader, key)
        return (answer, *_cut(wanted, answer.meta["size"]))

    def _range(self, key: str, wanted: tuple[int, int] | Suffix) -> Any:
        return {"suffix": wanted.length} if isinstance(wanted, Suffix) else (max(0, wanted[0]), wanted[1])

    def _last(self, repetition: int, begun: float) -> bool:
        limits = self._limits
        return repetition >= limits.retries or time.monotonic() - begun > limits.patience

    def _pause(self, repetition: int) -> None:
        log.TALLY["retries"] += 1
        log.debug("asks again", place=self.url(), repetition=repetition)
        time.sleep(random.uniform(0, self._limits.before(repetition)))  # noqa: S311 - to part those who failed together


class ObjectStore(RemoteStore):
    """Bytes by key below a folder of a bucket: S3 and what speaks like it, Google Cloud, Azure.

    A value is durable once it is sent, and appears whole. Credentials come from the environment and the
    usual files (see ``credentials``); without any, requests are anonymous. Pickles as address and
    limits: another process finds the credentials in its own environment.

    Parameters
    ----------
    address : str
        ``s3://BUCKET/FOLDER``, ``gs://BUCKET/FOLDER``, ``az://CONTAINER/FOLDER`` or
        ``abfs://CONTAINER@ACCOUNT.dfs.core.windows.net/FOLDER``.
    limits : Limits, optional
        How long and how often.

    Raises
    ------
    ArgumentError, UnsupportedError
        It is no address, or the credentials are incomplete or of a kind that is not known.
    """

    def __init__(self, address: str, limits: Limits | None = None) -> None:
        self._place: Place = place_of(address)
        self._senders: dict[tuple[float, int], Any] = {}
        super().__init__(address, limits)

    def put(self, key: str, data: Buffer, if_tag: str | None = None) -> None:
        """Write a value in one request; with ``if_tag`` only over that state, else ConflictError.

        Where the answer to a conditional request was lost and the next one finds the key taken, what
        stands there is compared: if it is this very value, it was written. Who uses such a value as a
        lock writes something into it that nobody else would.

        Raises
        ------
        ConflictError
            The key is in another state.
        UnsupportedError
            The server does not compare tags.
        """
        view = memoryview(data).cast("B")
        check_key(key)
        if if_tag is not None:
            return self._put_over(key, view, if_tag)
        parts = len(view) > _MULTIPART
        part = max(_PIECE, len(view) // 9000)  # a value may have ten thousand
        sender = self._sender(part if parts else len(view), self._limits.retries)

        def send() -> Any:
            return obstore.put(sender, key, view, use_multipart=parts, chunk_size=part, max_concurrency=4)

        if self._ask(key, send) is None:
            raise StoreError(f"{self.url(key)}: the server does not know where to put it; check the address")
        return None

    def create(self, key: str, if_tag: str | None = None) -> Spool:
        """Begin a value whose size is not known yet; it waits on the disk until it is sent at once."""
        check_key(key)
        return Spool(lambda data: self.put(key, data, if_tag), self.url(key))

    def sync(self, keys: Iterable[str]) -> None:
        """Do nothing: what was sent and answered is durable."""

    def delete(self, key: str) -> None:
        """Remove a value; harmless where it is absent."""
        check_key(key)
        self._ask(key, lambda: obstore.delete(self._reader, key))

    def list(self, prefix: str = "") -> Iterator[str]:
        """Yield the keys that begin with ``prefix`` in sorted order, as the server tells them."""
        if prefix.strip("/"):
            check_key(prefix.rstrip("/"))
        folder = prefix.rpartition("/")[0]
        pages = iter(obstore.list(self._reader, folder or None))
        last = ""
        while page := self._ask(prefix, lambda: next(pages, None)):
            for entry in page:
                if entry["path"] < last:
                    raise StoreError(f"{self.url(prefix)}: the server does not list in order")
                last = entry["path"]
                if last.startswith(prefix):
                    yield last

    def _connect(self, **options: Any) -> Any:
        kind, bucket, prefix, settings = (getattr(self._place, name) for name in self._place.__match_args__)
        options["client_options"]["allow_http"] = any(
            str(value).startswith("http://") for value in settings.values()
        )
        store: Any = {"s3": S3Store, "gs": GCSStore, "az": AzureStore}[kind]
        return store(bucket, prefix=prefix or None, **settings, **options)

    def _tag(self, meta: Any) -> str:
        # Google compares generations and not tags.
        return (meta.get("version") if self._place.kind == "gs" else None) or super()._tag(meta)

    def _range(self, key: str, wanted: tuple[int, int] | Suffix) -> Any:
        if isinstance(wanted, Suffix) and self._place.kind == "az":  # Azure has no word for the last bytes
            size = obstore.head(self._reader, key)["size"]
            return max(0, size - wanted.length), max(1, size)
        return super()._range(key, wanted)

    def _sender(self, size: int, retries: int) -> Any:
        """Return a client for sending: a server that still receives is silent, which is no stall."""
        asked = (self._limits.sending(size), retries)
        if asked not in self._senders:
            self._senders[asked] = self._connected(None, *asked)
        return self._senders[asked]

    def _put_over(self, key: str, view: memoryview, tag: str) -> None:
        """Send a value under a condition; repeated here, to know whether an attempt may have arrived."""
        name = "version" if self._place.kind == "gs" else "e_tag"
        mode: Any = "create" if tag == ABSENT else {name: tag}
        sender, begun, doubt = self._sender(len(view), 0), time.monotonic(), False
        for repetition in count():
            try:
                obstore.put(sender, key, view, mode=mode, use_multipart=False)
            except (exceptions.BaseError, FileNotFoundError) as error:
                failure = self._not_put(key, error)
                passing = may_pass(error) and not self._last(repetition, begun)
            else:
                return
            if not passing:
                break
            doubt = True
            self._pause(repetition)
        if not (isinstance(failure, ConflictError) and doubt and self._holds(key, view)):
            raise failure

    def _not_put(self, key: str, error: Exception) -> ZarrscopeError:
        if isinstance(error, FileNotFoundError):
            return StoreError(f"{self.url(key)}: there is no such bucket; check its name")
        if isinstance(error, _CONFLICT) and status_of(error) != "409":
            return ConflictError(f"{self.url(key)} was changed by someone else; read it again")
        if isinstance(error, exceptions.NotSupportedError) or status_of(error) == "501":
            return UnsupportedError(
                f"{self.url(key)}: this server cannot replace a value only where it is unchanged; "
                "let one process at a time write there"
            )
        return self._explained(key, error)

    def _holds(self, key: str, view: memoryview) -> bool:
        """Return whether a key holds these very bytes."""
        info = self.head(key)
        if info is None or info.size != len(view):
            return False
        for start in range(0, len(view), _PIECE):
            if self.get(key, (start, start + _PIECE)) != view[start : start + _PIECE]:
                return False
        return True


def _cut(wanted: ByteRange, size: int) -> tuple[int, int]:
    """Return start and stop of a range in a value of so many bytes."""
    if wanted is None or isinstance(wanted, Suffix):
        return (0 if wanted is None else max(0, size - wanted.length)), size
    return cut(size, *wanted)


def _body(answer: Any, start: int, stop: int) -> Buffer:
    """Return bytes ``start`` to ``stop`` of a value, of which an answer may hold more."""
    begin, end = answer.range
    if (start, stop) == (begin, end):
        whole = memoryview(answer.bytes())
        if len(whole) != end - begin:
            raise _WrongLengthError
        return whole
    if begin > start:
        raise _WrongLengthError
    kept, at = bytearray(), begin
    for piece in answer.stream(1 << 20):
        kept += memoryview(piece)[max(0, start - at) : max(0, stop - at)]
        at += len(piece)
        if at >= stop:
            return kept
    raise _WrongLengthError
