"""Making right what verification found: files from a good copy, or a manifest of what stands there."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from zarrscope.check.by_copy import ByCopy
from zarrscope.check.verification import Verification
from zarrscope.check.verify import address, alone, compare, comparison, place_of, workers_for
from zarrscope.errors import AccessError, CorruptDataError, MetadataError, UnsupportedError, ZarrscopeError
from zarrscope.executor import executor
from zarrscope.ledger.inventory import manifest_of, zarr_format_of
from zarrscope.ledger.manifest import read_manifest
from zarrscope.ledger.mending import put_back, replace_manifest
from zarrscope.store.contracts import Listable, Writable
from zarrscope.store.local import LocalStore
from zarrscope.store.zip import ZipStore

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from zarrscope.check.verification import Finding, Status
    from zarrscope.ledger.table import Entry
    from zarrscope.store.contracts import Readable

MENDED: frozenset[Status] = frozenset({"differs", "missing", "unreadable"})
"""What is put back from a copy. Extra files are told, never deleted."""


def repair(
    url: str | os.PathLike[str] | Readable,
    against: str | os.PathLike[str] | Readable,
    *,
    workers: int | None = None,
    tell: Callable[[Finding], None] | None = None,
) -> Verification:
    """Put back from a good copy every file that is missing or another one, and verify again.

    Where the manifest knows a file, the copy is believed only if it has just that.

    Parameters
    ----------
    url : str, path-like or Writable
        What is to be mended.
    against : str, path-like or Readable
        A copy of the same form.
    workers : int, optional
        Threads.
    tell : callable, optional
        Receives what was found before anything was mended.

    Returns
    -------
    Verification
        How it stands afterwards; its notes say how many files were put back, and which could not be.

    Raises
    ------
    UnsupportedError
        ``against`` is no copy of the same form.
    AccessError
        Nothing can be written there.
    """
    chosen = comparison(url, against)
    if not isinstance(chosen, ByCopy):
        raise UnsupportedError(
            f"{address(against)} is no copy of the same form: files are put back only from one; convert the "
            "source again with 'zarrscope convert SRC DST --overwrite'"
        )
    store, copy = _writable(chosen.store), chosen.copy
    wrong: list[str] = []

    def note(one: Finding) -> None:
        if one.status in MENDED:
            wrong.append(one.file)
        if tell is not None:
            tell(one)

    threads = workers_for(url, workers)
    compare(chosen, Verification(address(url)), threads, note)
    known = None
    with suppress(MetadataError, CorruptDataError):  # a damaged manifest cannot contradict
        known = read_manifest(place_of(url).ledger)

    def mend(key: str) -> str | None:
        entry = known.entry(key) if known else None
        try:
            put_back(store, copy, key, entry if entry is not None and entry.known else None)
        except ZarrscopeError as error:
            return str(error)
        return None

    failed = [error for error in executor(threads).map(mend, wrong) if error is not None]
    found = Verification(address(url))
    compare(comparison(url, against), found, threads)
    found.notes[:0] = [f"{len(wrong) - len(failed)} file(s) put back", *failed[:5]]
    return found


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
    manifest = manifest_of(store, threads)
    replace_manifest(target, manifest, zarr_format_of(store) if ledger is place.store else 3)
    accepted = Verification(address(url), "accepted as it stands")
    accepted.counts["same"] = sum(1 for _, entry in manifest if _there(entry))
    return accepted


def _there(entry: Entry) -> bool:
    return entry.size >= 0


def _writable(store: Readable) -> Writable:
    if not isinstance(store, Writable):
        raise AccessError(f"{store.url()} can only be read; nothing was changed")
    return store
