"""Making right what verification found: files from a good copy, or a manifest of what stands there."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from zarrscope.check.by_manifest import ByManifest
from zarrscope.check.verification import Verification
from zarrscope.check.verify import address, alone, compare, place_of, with_copy, workers_for
from zarrscope.errors import AccessError, CorruptDataError, MetadataError, UnsupportedError, ZarrscopeError
from zarrscope.executor import executor
from zarrscope.ledger.inventory import manifest_of, zarr_format_of
from zarrscope.ledger.manifest import read_manifest
from zarrscope.ledger.mending import put_back, replace_manifest
from zarrscope.ledger.table import EMPTY, Entry
from zarrscope.source.registry import format_of
from zarrscope.store.contracts import Listable, Writable
from zarrscope.store.local import LocalStore
from zarrscope.store.zip import ZipStore

if TYPE_CHECKING:
    from zarrscope.check.verification import Comparison, Finding, Status
    from zarrscope.ledger.manifest import Manifest
    from zarrscope.store.contracts import Readable

MENDED: frozenset[Status] = frozenset({"differs", "missing", "unreadable"})
"""What is put right. Extra files are told, never deleted."""

Redo = Callable[[Writable, str, Sequence[str]], None]
"""Makes files of a store anew from a source: the store, the source, the keys."""


def repair(
    url: str | os.PathLike[str] | Readable,
    against: str | os.PathLike[str] | Readable,
    *,
    workers: int | None = None,
    tell: Callable[[Finding], None] | None = None,
    redo: Redo | None = None,
) -> Verification:
    """Put right every file that is missing or another one, and verify again.

    Files come from a good copy; where the manifest knows one, the copy is believed only if it has just
    that. From a source they are made anew, where there is a manifest that tells which and what.

    Parameters
    ----------
    url, against, workers
        What is to be mended, with a copy of the same form or a source (see ``verify``).
    tell : callable, optional
        Receives what was found before anything was mended.
    redo : callable, optional
        Makes files anew from a source; without it, only a copy will do.

    Returns
    -------
    Verification
        How it stands afterwards; its notes say how many files were mended, and which could not be.

    Raises
    ------
    UnsupportedError
        ``against`` is no copy of the same form, and files cannot be made anew.
    AccessError
        Nothing can be written there.
    """
    place, threads = place_of(url), workers_for(url, workers)
    copied = with_copy(place.store, against)
    if copied is None and isinstance(against, str | os.PathLike):
        format_of(os.fspath(against))  # what is not there, or nothing that can be read, is told first
    store = _writable(place.store)
    known = None
    with suppress(MetadataError, CorruptDataError):  # a damaged manifest cannot contradict
        known = read_manifest(place.ledger)
    how: Comparison
    if copied is not None:
        how, mended = copied, "put back"
    elif redo is not None and known is not None and store is place.ledger:
        how, mended = ByManifest(store, known), "made anew"
    else:
        why = " (it has no manifest)" if known is None else ""
        raise UnsupportedError(
            f"{address(against)} is no copy of the same form, and nothing tells which files of "
            f"{address(url)} are to be made anew from a source{why}; name a good copy, or convert again with "
            "--overwrite"
        )
    wrong = _wrong(how, address(url), threads, tell)
    failed: list[str] = []
    if copied is not None:
        failed = _from_copy(store, copied.copy, wrong, known, threads)
    elif redo is not None and wrong:
        redo(store, os.fspath(against) if isinstance(against, str | os.PathLike) else against.url(), wrong)
    found = Verification(address(url))
    compare(how, found, threads)
    found.notes[:0] = [f"{len(wrong) - len(failed)} file(s) {mended}", *failed[:5]]
    return found


def _wrong(how: Comparison, named: str, threads: int, tell: Callable[[Finding], None] | None) -> list[str]:
    """Return the files that are to be put right."""
    wrong: list[str] = []

    def note(one: Finding) -> None:
        if one.status in MENDED:
            wrong.append(one.file)
        if tell is not None:
            tell(one)

    compare(how, Verification(named), threads, note)
    return wrong


def _from_copy(
    store: Writable, copy: Readable, wrong: Sequence[str], known: Manifest | None, threads: int
) -> list[str]:
    """Put files back, and return why some could not be."""

    def mend(key: str) -> str | None:
        # What the manifest does not know has no business here: it is as if it were to be absent.
        entry = None if known is None else known.entry(key) or Entry(EMPTY, 0)
        try:
            put_back(store, copy, key, entry if entry is not None and entry.known else None)
        except ZarrscopeError as error:
            return str(error)
        return None

    return [error for error in executor(threads).map(mend, wrong) if error is not None]


def accept(url: str | os.PathLike[str] | Readable, *, workers: int | None = None) -> Verification:
    """Take over what stands there as right: a new manifest, and a note in the record of the run.

    Parameters
    ----------
    url : str, path-like or Writable
        What was changed by others on purpose.
    workers : int, optional
        Threads.

    Returns
    -------
    Verification
        All that stands there, as the same.

    Raises
    ------
    CorruptDataError
        Something that stands there cannot be read; nothing was changed.
    AccessError
        Nothing can be written there.
    """
    place, threads = place_of(url), workers_for(url, workers)
    store, ledger = place.store, place.ledger
    if isinstance(store, ZipStore) and ledger is store:
        ledger = LocalStore(f"{store.url()}.zarrscope")
    target = _writable(ledger)
    if not isinstance(store, Listable):
        raise AccessError(f"{store.url()}: what serves this cannot be asked for a list of files")
    found = Verification(address(url))
    compare(alone(store), found, threads)
    if wrong := [one for one in found.files if one.status in MENDED]:
        more = f" (and {len(wrong) - 1} more)" if wrong[1:] else ""
        reason = wrong[0].reason or f"{store.url(wrong[0].file)} is {wrong[0].status}"
        raise CorruptDataError(f"{reason}{more}; nothing was accepted")
    known = None
    with suppress(MetadataError, CorruptDataError):  # a damaged one is what is replaced
        known = read_manifest(place.ledger)
    manifest = manifest_of(store, threads)
    replace_manifest(target, manifest, zarr_format_of(store) if ledger is place.store else 3)
    accepted = Verification(address(url), "accepted as it stands")
    accepted.counts["same"] = sum(1 for _, entry in manifest if _there(entry))
    if gone := [key for key, e in known or () if _there(e) and not _there(manifest.entry(key))]:
        units = sum(known is not None and key not in known.documents for key in gone)
        accepted.notes.append(
            f"{len(gone)} file(s) that the old manifest knew are gone, {units} of them units with pixels "
            f"({', '.join(gone[:3])}{', ...' if gone[3:] else ''})"
        )
    return accepted


def _there(entry: Entry | None) -> bool:
    return entry is not None and entry.size >= 0


def _writable(store: Readable) -> Writable:
    if not isinstance(store, Writable):
        raise AccessError(f"{store.url()} can only be read; nothing was changed")
    return store
