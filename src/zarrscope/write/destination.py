"""Where something new may be written: what stands there, what may be replaced, what is left behind."""

from __future__ import annotations

import os
import secrets
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from zarrscope.documents import dump_json, safe_json
from zarrscope.errors import (
    AccessError,
    ConflictError,
    DestinationExistsError,
    MetadataError,
    NotFoundError,
    StoreError,
)
from zarrscope.store.contracts import ABSENT, Listable
from zarrscope.store.local import LocalStore
from zarrscope.store.staging import alive, discard, publish, staging_of

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from zarrscope.store.contracts import Writable

_FOLDER = ".zarrscope/"
_MARK = f"{_FOLDER}zarr.json"
_DOCUMENTS = ("zarr.json", ".zattrs", ".zgroup", ".zarray")


class Destination:
    """A place that is being written to. Nothing is seen there before ``close(done=True)``.

    In a folder, all is written to ``NAME.part`` beside it, which is moved to its place when it is
    complete; what stands there is removed only then. In stores that cannot move things the writing
    is done in place, and the documents come last.

    A mark, which is a Zarr group of its own at which no reader stumbles, says that the work goes on,
    and where. It lets a later ``overwrite`` recognise what a killed run left, and nobody else's files.

    Parameters
    ----------
    store : Writable
        The place.
    overwrite : bool
        Whether a Zarr, or an unfinished run, that stands there is to be replaced.

    Raises
    ------
    DestinationExistsError
        Something stands there that may not be replaced, or someone is writing there.
    """

    def __init__(self, store: Writable, *, overwrite: bool = False) -> None:
        self._final = store
        self._token = secrets.token_hex(8)
        _check(store, overwrite)
        staging = staging_of(store) if isinstance(store, LocalStore) else None
        self.store: Writable = staging or store
        """Receives what is written."""
        self._overwrite, self._begun = overwrite, False
        if isinstance(staging, LocalStore):
            _check_staging(staging, overwrite)

    def begin(self) -> None:
        """Make the place ready. Whoever calls this calls ``close`` afterwards, whatever happens."""
        if isinstance(self.store, LocalStore) and self.store is not self._final:
            discard(self.store, _MARK)
        self._begun = True
        self._put_mark()
        if self.store is self._final and self._overwrite:
            _clear(self.store)

    def __enter__(self) -> Self:
        try:
            self.begin()
        except BaseException:
            self.close(done=False)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close(done=kind is None)

    def close(self, *, done: bool) -> None:
        """Let the result appear, or take all of it away.

        Raises
        ------
        ConflictError
            Someone else has taken the place over in the meantime.
        """
        if not self._begun:
            return
        self._begun = False
        staged = self.store is not self._final
        ours = _mark_of(self.store).get("token", self._token) == self._token
        if not ours and not done:
            return  # another run has taken the place over: what stands there is its own
        if not ours:
            place = self._final.url()
            raise ConflictError(f"{place}: another run has taken this place over; nothing was published")
        if done:
            self.store.delete(_MARK)
        if staged and isinstance(self.store, LocalStore) and isinstance(self._final, LocalStore):
            if done:
                publish(self.store, self._final)
            else:
                discard(self.store, _MARK)
        elif not done:
            self.store.delete(_MARK)

    def _put_mark(self) -> None:
        """Put the mark, unless another run is quicker."""
        told = {
            "state": "unfinished", "token": self._token, "host": socket.gethostname(), "process": os.getpid()
        }  # fmt: skip
        group = {"zarr_format": 3, "node_type": "group", "attributes": {"zarrscope": told}}
        try:
            tag = ABSENT if self.store is not self._final else None
            self.store.put(_MARK, dump_json(group), tag)
        except ConflictError:
            self._begun = False  # what stands there is the other's
            raise DestinationExistsError(f"{self._final.url()} is being written by another run") from None
        except (AccessError, StoreError):
            with suppress(AccessError, StoreError, NotFoundError):
                self.store.delete(_MARK)  # not even an empty folder stays
            raise


def leftover(store: Writable) -> str:
    """Return what an interrupted run has left at a place, in words."""
    staging = staging_of(store) if isinstance(store, LocalStore) else None
    if staging is not None and staging.root.exists():
        return f"{staging.url()} is left, --overwrite begins again"
    return "what had been written was removed"


def _check(store: Writable, overwrite: bool) -> None:
    """Refuse a place that holds what may not be replaced."""
    if not isinstance(store, Listable):
        return
    first = next(store.list(), None)
    if first is None:
        return
    place = store.url()
    unfinished = bool(_mark_of(store))  # there may also be a group of ours without a mark
    if unfinished:
        _refuse_live(store)
    if not overwrite:
        what = "what an interrupted run left behind" if unfinished else "something already"
        raise DestinationExistsError(
            f"{place} holds {what}; choose another place or use --overwrite (overwrite=True)"
        )
    if not unfinished and all(store.head(name) is None for name in _DOCUMENTS):
        raise DestinationExistsError(
            f"{place} holds files that are no Zarr ({first} and perhaps more); zarrscope does not delete "
            "them, choose another place"
        )


def _check_staging(staging: LocalStore, overwrite: bool) -> None:
    """Refuse a ``.part`` that is not ours, or that someone is still writing."""
    first = next(staging.list(), None)
    if first is None:
        return
    if staging.head(_MARK) is None:
        if first.startswith(_FOLDER):
            return  # a run that was killed before it had put its mark
        raise DestinationExistsError(f"{staging.url()} is in the way and not ours; move it elsewhere")
    _refuse_live(staging)
    if not overwrite:
        raise DestinationExistsError(
            f"{staging.url()} is what an interrupted run left behind; use --overwrite (overwrite=True) to "
            "begin again"
        )


def _refuse_live(store: Writable) -> None:
    """Refuse to take over what another process of this machine is writing."""
    told = _mark_of(store)
    process, host = told.get("process"), told.get("host")
    if host != socket.gethostname() or not isinstance(process, int) or process == os.getpid():
        return
    if alive(process):
        raise DestinationExistsError(
            f"{store.url()} is being written by process {process}; wait for it, or stop it first"
        )


def _mark_of(store: Writable) -> dict[str, Any]:
    """Return what the mark tells; nothing where it is absent or broken."""
    data = store.get(_MARK)
    if data is None:
        return {}
    try:
        told = safe_json(bytes(data), file=store.url(_MARK))["attributes"]["zarrscope"]
    except (MetadataError, KeyError, TypeError):
        return {}
    return told if isinstance(told, dict) else {}


def _clear(store: Writable) -> None:
    """Delete all but the mark: first whatever makes something an image, the deepest first."""
    if not isinstance(store, Listable):
        return
    documents = [key for key in store.list() if key.rpartition("/")[2] in _DOCUMENTS and key != _MARK]
    for key in sorted(documents, key=lambda key: -key.count("/")):
        store.delete(key)
    for key in store.list():
        if key != _MARK:
            store.delete(key)
