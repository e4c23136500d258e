"""What stands at a place where something is to be written: nothing, half a run, a result, something else."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING, Any, NamedTuple

from zarrscope.errors import DestinationExistsError
from zarrscope.ledger.folder import FOLDER, MARK, told_by
from zarrscope.ledger.journal import plan_in
from zarrscope.store.contracts import Archive, Listable
from zarrscope.store.local import LocalStore
from zarrscope.store.processes import started
from zarrscope.store.staging import alive, discard, publish, restore, staging_of
from zarrscope.store.zip import ZipStore

if TYPE_CHECKING:
    from zarrscope.store.contracts import Readable, Writable

LIVE: set[str] = set()
"""Tokens of the runs of this process that go on right now."""

DOCUMENTS = ("zarr.json", ".zattrs", ".zgroup", ".zarray")

UNFINISHED, FINISHED = "unfinished", "finished"


class Places(NamedTuple):
    """Where the data of a run go while it lasts, and where its ledger lies.

    In a folder, both are ``NAME.part`` beside it; of an archive the ledger lies beside it.
    """

    data: Writable
    notes: Writable


def places(final: Writable) -> Places:
    """Return where a result is built that is to stand at a place."""
    if isinstance(final, Archive):
        return Places(final, LocalStore(f"{final.path}.zarrscope"))
    staging = staging_of(final) if isinstance(final, LocalStore) else None
    return Places(staging or final, staging or final)


class Standing(NamedTuple):
    """What an earlier run has left.

    Parameters
    ----------
    state : str
        ``unfinished``, ``finished``, or empty where no run of ours has left anything.
    run : mapping
        What the run was: of an unfinished one as its journal says, of a finished one as its record does.
    place : str
        Where that is.
    """

    state: str
    run: dict[str, Any]
    place: str


def standing(final: Writable) -> Standing:
    """Return what an earlier run has left at a place; an unfinished one comes first.

    Raises
    ------
    MetadataError
        Its journal cannot be read.
    """
    data, notes = places(final)
    told = told_by(notes)
    if told.get("state") == UNFINISHED:
        run = plan_in(notes)
        return Standing(UNFINISHED, run if isinstance(run, dict) else {}, data.url())
    if isinstance(final, Archive):
        there = os.path.lexists(final.path)
        return Standing(FINISHED if there else "", dict(told.get("run") or {}), final.path)
    told = told_by(final)
    if told.get("state") == FINISHED:
        return Standing(FINISHED, dict(told.get("run") or {}), final.url())
    return Standing("", {}, final.url())


def settle(final: Writable) -> None:
    """Let a result appear that was complete when its run was killed, just before the last step."""
    data, notes = places(final)
    if isinstance(final, LocalStore) and isinstance(data, LocalStore) and data is not final:
        told = told_by(notes)
        if told.get("state") == FINISHED and told.get("name") == final.root.name:
            overwrite = bool(dict(told.get("run") or {}).get("overwrite"))
            if overwrite and next(final.list(), None) is not None:
                _check_zarr(final)
            publish(data, final, overwrite=overwrite)
        restore(final)
    elif isinstance(final, Archive):
        told = told_by(notes)
        if told.get("state") == FINISHED and os.path.lexists(final.part):
            final.comment = str(told.get("comment", "")).encode()
            final.resume(int(told["offset"]))
            final.finish(overwrite=bool(dict(told.get("run") or {}).get("overwrite")))
    else:
        told = told_by(notes)
        last = told.get("last") if told.get("state") == FINISHED else None
        for key, text in (last if isinstance(last, dict) else {}).items():
            if notes.head(key) is None:
                notes.put(key, str(text).encode())


def forget(final: Writable) -> None:
    """Remove what a run left that was killed before it had begun its journal: nothing of it can be used.

    Raises
    ------
    DestinationExistsError
        It still runs.
    """
    data, notes = places(final)
    refuse_live(notes)
    if isinstance(data, LocalStore) and data is not final:
        discard(data, MARK)
        return
    if isinstance(final, Archive):
        if os.path.lexists(final.part):
            os.unlink(final.part)  # noqa: PTH108 - an archive has a path of its own
    else:
        clear_values(final)
    notes.delete(MARK)


def clear_values(store: Writable) -> None:
    """Delete all but the mark: first whatever makes something an image, from the root down."""
    if not isinstance(store, Listable):
        return
    documents = [key for key in store.list() if key.rpartition("/")[2] in DOCUMENTS and key != MARK]
    for key in sorted(documents, key=lambda key: key.count("/")):
        store.delete(key)
    for key in list(store.list()):
        if key != MARK:
            store.delete(key)


def leftover(final: Writable) -> str:
    """Return what an interrupted run has left at a place, in words."""
    data, notes = places(final)
    state = told_by(notes).get("state")
    if state == FINISHED and data is not final:
        return f"the result stands complete in {data.url()}: --resume puts it in its place"
    if state != UNFINISHED:
        return "what had been written was removed"
    if plan_in(notes) is None:
        return f"{data.url()} is left, --overwrite begins again"
    return f"what is finished is kept in {data.url()}: --resume goes on, --overwrite begins again"


def is_unfinished(store: Readable) -> bool:
    """Return whether a mark says that a run goes on, or was killed, in a store."""
    return told_by(store).get("state") == UNFINISHED


def refuse_live(store: Readable, *, overwrite: bool = False) -> None:
    """Refuse to take over what is being written on this machine.

    Parameters
    ----------
    store : Readable
        Holds the mark.
    overwrite : bool
        Whether a run of this very process may be displaced: it ends with an error then.

    Raises
    ------
    DestinationExistsError
        It still runs.
    """
    told = told_by(store)
    if told.get("state") != UNFINISHED:
        return
    process, host = told.get("process"), told.get("host")
    if host != socket.gethostname() or not isinstance(process, int):
        return
    if told.get("started") not in (None, started(process)):
        return  # another process has got its number since
    here = process == os.getpid()
    if here and overwrite:
        LIVE.discard(str(told.get("token")))
    if told.get("token") in LIVE if here else alive(process):
        raise DestinationExistsError(
            f"{store.url()} is being written by process {process}; wait for it, or stop it first"
        )


def check_free(store: Writable, *, overwrite: bool, resume: bool = False) -> None:
    """Refuse a place that holds what may not be replaced.

    Parameters
    ----------
    store : Writable
        The place.
    overwrite : bool
        Whether a Zarr there may be replaced.
    resume : bool
        Whether what an unfinished run has left beside it is gone on with.

    Raises
    ------
    DestinationExistsError
        It does.
    """
    if isinstance(store, Archive):
        if resume:
            if os.path.lexists(store.path):
                raise DestinationExistsError(_in_the_way(store.path, unfinished=False, has_journal=False))
        else:
            _check_archive(store, overwrite=overwrite)
        return
    if not isinstance(store, Listable):
        return
    first = next(store.list(), None)
    if first is None:
        return
    place, unfinished = store.url(), is_unfinished(store)
    refuse_live(store, overwrite=overwrite)
    if not overwrite:
        raise DestinationExistsError(
            _in_the_way(place, unfinished=unfinished, has_journal=plan_in(store) is not None)
        )
    if not unfinished:
        _check_zarr(store, f" ({first} and perhaps more)")


def check_staging(staging: LocalStore, *, overwrite: bool) -> None:
    """Refuse a ``.part`` that is not ours, or that someone is still writing.

    Raises
    ------
    DestinationExistsError
        It is one of these, or may not be replaced.
    """
    first = next(staging.list(), None)
    if first is None:
        return
    told = told_by(staging)
    if staging.head(MARK) is None and not told:
        if first.startswith(f"{FOLDER}/"):
            return  # a run that was killed before it had put its mark
        raise DestinationExistsError(f"{staging.url()} is in the way and not ours; move it elsewhere")
    # Of runs that can be resumed alone: what others left complete, they make anew.
    if told.get("state") == FINISHED and "fingerprint" in dict(told.get("run") or {}):
        raise DestinationExistsError(
            f"{staging.url()} is a complete result; --resume puts it in its place if it was made for that, "
            "else move it elsewhere"
        )
    refuse_live(staging, overwrite=overwrite)
    if not overwrite:
        there = plan_in(staging) is not None
        raise DestinationExistsError(_in_the_way(staging.url(), unfinished=True, has_journal=there))


def _check_zarr(store: Readable, which: str = "") -> None:
    """Refuse to replace what is no Zarr."""
    if all(store.head(name) is None for name in DOCUMENTS):
        raise DestinationExistsError(
            f"{store.url()} holds files that are no Zarr{which}; zarrscope does not delete them, choose "
            "another place"
        )


def _check_archive(archive: Archive, *, overwrite: bool) -> None:
    notes = LocalStore(f"{archive.path}.zarrscope")
    refuse_live(notes, overwrite=overwrite)
    if os.path.lexists(archive.part) and not is_unfinished(notes):
        raise DestinationExistsError(f"{archive.part} is in the way and not ours; move it elsewhere")
    if overwrite:
        if os.path.lexists(archive.path):
            with ZipStore(archive.path) as old:
                _check_zarr(old)
        return
    if is_unfinished(notes):
        there = plan_in(notes) is not None
        raise DestinationExistsError(_in_the_way(archive.part, unfinished=True, has_journal=there))
    for path in (archive.path, archive.part):
        if os.path.lexists(path):
            raise DestinationExistsError(_in_the_way(path, unfinished=False, has_journal=False))


def _in_the_way(place: str, *, unfinished: bool, has_journal: bool) -> str:
    if has_journal:
        return (
            f"{place} is what an interrupted run left behind; go on with --resume (resume=True), or begin "
            "again with --overwrite (overwrite=True)"
        )
    if unfinished:
        return (
            f"{place} is what an interrupted run left behind; use --overwrite (overwrite=True) to begin again"
        )
    return f"{place} holds something already; choose another place or use --overwrite (overwrite=True)"
