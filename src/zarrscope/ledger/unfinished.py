"""Runs that are not finished: what stands there is no image yet, and says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zarrscope.errors import IncompleteError
from zarrscope.ledger.folder import told_by
from zarrscope.store.local import LocalStore

if TYPE_CHECKING:
    from zarrscope.store.contracts import Readable

PART = ".part"
"""Ends the name of a folder or archive that is being written."""


def refuse_unfinished(store: Readable) -> None:
    """Refuse a hierarchy that is being written, or that an interrupted run has left.

    Raises
    ------
    IncompleteError
        It is one.
    """
    if _going_on(store):
        raise _unfinished(store.url().rstrip("/"))


def refuse_unfinished_at(path: str) -> None:
    """Refuse a local place to which a run goes on, by its name or that of the part beside it.

    Raises
    ------
    IncompleteError
        It is one.
    """
    place = path.rstrip("/").removesuffix(PART)
    for notes in (f"{place}{PART}", f"{place}.zarrscope"):
        if _going_on(LocalStore(notes)):
            raise _unfinished(f"{place}{PART}")


def _going_on(store: Readable) -> bool:
    return bool(told_by(store).get("state") == "unfinished")


def _unfinished(place: str) -> IncompleteError:
    return IncompleteError(
        f"{place} is an unfinished run, of a conversion or copy; wait for it, or go on with "
        f"'zarrscope convert SRC {place.removesuffix(PART)} --resume'"
    )
