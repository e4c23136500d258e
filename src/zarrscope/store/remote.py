"""A store behind HTTP or HTTPS, read through obstore. The only module that imports it."""

from __future__ import annotations

import re
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import obstore
from obstore import exceptions
from obstore.store import HTTPStore

from zarrscope.errors import AccessError, ArgumentError, StoreError
from zarrscope.executor import fan_out
from zarrscope.store.contracts import Buffer, ByteRange, Info, Request, Suffix
from zarrscope.store.keys import check_key, without_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_CLIENT = {"allow_http": True, "connect_timeout": "10s", "timeout": "120s"}
_RETRY: dict[str, Any] = {"max_retries": 4, "retry_timeout": timedelta(seconds=60)}
_STATUS = re.compile(r"status code: (\d{3})")
_ADDRESS = re.compile(r"\S*://\S*")
_REFUSED = (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError)


class HttpStore:
    """Bytes by key below one address. Read only; it cannot be listed.

    Only "not found" counts as absent. Whatever else a server answers is raised, after bounded
    retries of what may pass.

    Parameters
    ----------
    base : str
        ``http://`` or ``https://`` address of the folder.

    Raises
    ------
    ArgumentError
        It is no address.
    """

    def __init__(self, base: str) -> None:
        self._base = base.rstrip("/")
        try:
            self._store = HTTPStore.from_url(
                self._base,
                client_options=_CLIENT,  # type: ignore[arg-type]
                retry_config=_RETRY,  # type: ignore[arg-type]
            )
        except (ValueError, exceptions.BaseError) as error:
            reason = _ADDRESS.sub("...", str(error).partition("\n")[0])[:200]
            raise ArgumentError(f"{self.url()} is no address ({reason})") from None

    def __getstate__(self) -> str:
        return self._base

    def __setstate__(self, base: str) -> None:
        HttpStore.__init__(self, base)

    def url(self, key: str = "") -> str:
        """Return the address of a key for messages, without user, password and query."""
        base = without_secrets(self._base)
        return f"{base}/{key}" if key else base

    def get(self, key: str, range: ByteRange = None, out: memoryview | None = None) -> Buffer | None:  # noqa: A002
        """Return the value, or the part of it that ``range`` names, or None where it is absent."""
        check_key(key)
        if isinstance(range, tuple) and not isinstance(range, Suffix) and range[1] <= range[0]:
            return b"" if self.head(key) else None
        try:
            with self._explained(key):
                data = self._fetch(key, range)
        except FileNotFoundError:
            return None
        if out is None:
            return data
        out[: len(data)] = data
        return out[: len(data)]

    def get_many(self, requests: Sequence[Request]) -> list[Buffer | None]:
        """Return the values in the order of the requests, fetched side by side."""
        return fan_out(lambda request: self.get(*request), requests)

    def head(self, key: str) -> Info | None:
        """Return size and tag, or None where the key is absent."""
        check_key(key)
        try:
            with self._explained(key):
                meta = obstore.head(self._store, key)
        except FileNotFoundError:
            return None
        return Info(meta["size"], meta.get("e_tag") or str(meta["last_modified"]))

    def _fetch(self, key: str, wanted: ByteRange) -> memoryview:
        if wanted is None:
            return memoryview(obstore.get(self._store, key).bytes())
        if wanted == Suffix(0):  # HTTP has no word for the last no bytes
            return memoryview(obstore.get(self._store, key).bytes())[:0]
        part: Any = {"suffix": wanted.length} if isinstance(wanted, Suffix) else wanted
        try:
            answer = obstore.get(self._store, key, options={"range": part})
            return memoryview(answer.bytes())
        except exceptions.NotSupportedError:
            # The server knows no ranges: take the whole value and cut it here.
            whole = memoryview(obstore.get(self._store, key).bytes())
            return whole[-wanted.length :] if isinstance(wanted, Suffix) else whole[slice(*wanted)]
        except exceptions.GenericError as error:
            if _status(error) != "416":
                raise
            # The range begins past the end of the value, or the value is shorter than the suffix.
            return memoryview(obstore.get(self._store, key).bytes())[_as_slice(wanted)]

    @contextmanager
    def _explained(self, key: str) -> Iterator[None]:
        """Turn obstore's errors into ours; "not found" passes as the standard FileNotFoundError.

        Those of obstore are not shown, not even in a traceback: they hold the whole address with its
        password and token.
        """
        try:
            yield
        except FileNotFoundError:
            raise
        except _REFUSED:
            raise AccessError(f"{self.url(key)}: the server refuses access; check your credentials") from None
        except exceptions.BaseError as error:
            raise StoreError(f"{self.url(key)}: {_reason(error)}; try again later") from None


def _as_slice(wanted: ByteRange) -> slice:
    if isinstance(wanted, Suffix):
        return slice(-wanted.length, None)
    return slice(*wanted) if wanted else slice(None)


def _status(error: Exception) -> str | None:
    """Return what a server answered, where it did."""
    found = _STATUS.search(str(error))
    return found[1] if found else None


def _reason(error: Exception) -> str:
    """Return in a few words what went wrong, without the address that obstore puts into its messages."""
    status = _status(error)
    if status is not None:
        return f"the server answered {status}"
    first = str(error).partition("\n")[0].rpartition(" - ")[2]
    return _ADDRESS.sub("...", first)[:200].strip() or type(error).__name__
