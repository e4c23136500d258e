"""Documents replaced where they stand: kept beside first, the root last, and all taken back if one fails."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from zarrscope.errors import ConflictError, ZarrscopeError
from zarrscope.ledger.folder import ensure_group
from zarrscope.ledger.renew import renew_documents
from zarrscope.store.contracts import ABSENT
from zarrscope.store.keys import join

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from zarrscope.store.contracts import Writable


@dataclass(frozen=True)
class Change:
    """One document, before and after.

    Parameters
    ----------
    key : str
        Of the document.
    tag : str
        Of the state that is replaced; that of what is absent where the document is new.
    before : bytes, optional
        The document; None where it is new.
    after : bytes
        What it becomes.
    """

    key: str
    tag: str
    before: bytes | None
    after: bytes


def state(store: Writable, key: str) -> tuple[str, bytes | None]:
    """Return tag and value of a document, None where it is absent.

    The tag is read first, so that a change in between is noticed when writing.
    """
    info = store.head(key)
    data = None if info is None else store.get(key)
    return (ABSENT, None) if info is None or data is None else (info.tag, bytes(data))


def apply(store: Writable, todo: Sequence[Change], folder: str, zarr_format: int) -> None:
    """Replace documents, after the old ones were stored below a folder.

    A failure or an interrupt puts the old ones back; what a killed process leaves is a hierarchy of
    documents that are each whole, the root among the old ones, and a second run completes it.

    Parameters
    ----------
    store : Writable
        Holds the hierarchy.
    todo : sequence of Change
        What to do, in order.
    folder : str
        Key below which the old documents are kept, under their own keys.
    zarr_format : int
        Of the hierarchy.

    Raises
    ------
    ConflictError
        Someone else has changed a document meanwhile; nothing is changed.
    """
    keep(store, {one.key: one.before for one in todo if one.before is not None}, folder, zarr_format)
    replace(store, todo)


def replace(store: Writable, todo: Sequence[Change]) -> None:
    """Replace documents in their order; a failure or an interrupt puts the old ones back.

    Raises
    ------
    ConflictError
        Someone else has changed a document meanwhile; nothing is changed.
    """
    done: list[Change] = []
    try:
        for number, change in enumerate(todo):
            if number and number == len(todo) - 1:
                store.sync([one.key for one in done])  # the root tells of a state that all others have
            done.append(change)
            store.put(change.key, change.after, change.tag)
        store.sync([todo[-1].key] if todo else [])
        renew_documents(store, {one.key: one.after for one in todo})
    except BaseException as error:
        if isinstance(error, ConflictError):
            done.pop()  # that one is somebody else's
        stuck = [change.key for change in reversed(done) if not _taken_back(store, change)]
        if stuck and isinstance(error, ZarrscopeError):
            more = f" and {len(stuck) - 1} more" if stuck[1:] else ""
            raise type(error)(f"{error}; {stuck[0]}{more} could not be put back, run it again") from error
        raise


def _taken_back(store: Writable, change: Change) -> bool:
    """Put the old document back; True as well where it never was another one."""
    try:
        if change.before is None:
            store.delete(change.key)
        elif store.get(change.key) != change.before:
            store.put(change.key, change.before)
    except ZarrscopeError:
        return False
    return True


def keep(store: Writable, documents: Mapping[str, bytes], folder: str, zarr_format: int) -> None:
    """Store old documents below a folder of ours.

    Parameters
    ----------
    store : Writable
        Holds the hierarchy.
    documents : mapping
        By key.
    folder : str
        Receives them.
    zarr_format : int
        Of the hierarchy.
    """
    if not documents:
        return
    ensure_group(store, zarr_format)
    for key, data in documents.items():
        store.put(join(folder, key), data)
    store.sync([join(folder, key) for key in documents])
