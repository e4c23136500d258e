"""``zarrscope.verify``: whether every byte is there, and as it was written."""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from zarrscope.check.by_archive import ByArchive
from zarrscope.check.by_copy import ByCopy, same_form
from zarrscope.check.by_decoding import ByDecoding
from zarrscope.check.by_manifest import ByManifest
from zarrscope.check.by_pixels import ByPixels
from zarrscope.check.documents import Documents, zarr_format_at_root
from zarrscope.check.verification import Verification
from zarrscope.errors import NotFoundError, UnsupportedError
from zarrscope.executor import cores, executor
from zarrscope.ledger.folder import told_by
from zarrscope.ledger.manifest import read_manifest
from zarrscope.ledger.unfinished import refuse_unfinished, refuse_unfinished_at
from zarrscope.source.registry import open_source
from zarrscope.source.zarr import ZarrSource
from zarrscope.store.keys import without_secrets
from zarrscope.store.local import LocalStore
from zarrscope.store.resolve import is_remote, local_path, resolve
from zarrscope.store.zip import ZipStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from zarrscope.check.verification import Comparison, Finding
    from zarrscope.source.contracts import Source
    from zarrscope.store.contracts import Readable

_REMOTE_WORKERS = 8
"""Files that are read at a time over a network, where nobody asks for another number."""


@dataclass(frozen=True)
class Place:
    """Where a hierarchy stands, and where its ledger does.

    Parameters
    ----------
    store : Readable
        Holds the hierarchy.
    ledger : Readable
        Holds ``.zarrscope``: the same store, or of an archive the folder beside it.
    """

    store: Readable
    ledger: Readable


def verify(
    url: str | os.PathLike[str] | Readable,
    against: str | os.PathLike[str] | Readable | None = None,
    *,
    workers: int | None = None,
) -> Verification:
    """Tell whether an OME-Zarr is what it should be, file by file. Nothing is written.

    With a manifest, every file that it lists is read and compared by size and checksum, and files that it
    does not list are told. Without one, whatever is there is decoded, which checks its own checksums.

    Parameters
    ----------
    url : str, path-like or Readable
        A folder, an archive, an address, or a store.
    against : str, path-like or Readable, optional
        What to compare with instead. A hierarchy of the same form is compared file by file. Anything else
        that can be read as images is compared by its pixels; coarser levels are made anew from the finer
        ones.
    workers : int, optional
        Threads; as many as processors by default.

    Returns
    -------
    Verification
        ``same``, ``counts``, ``files`` (those that are not as they should be) and ``message``.

    Raises
    ------
    NotFoundError
        Nothing stands there.
    IncompleteError
        What stands there is an unfinished run.
    MetadataError, CorruptDataError
        The manifest itself is damaged.
    """
    found = Verification(address(url))
    compare(comparison(url, against), found, workers_for(url, workers))
    return found


def comparison(
    url: str | os.PathLike[str] | Readable, against: str | os.PathLike[str] | Readable | None = None
) -> Comparison:
    """Return how a hierarchy is to be verified (see ``verify``)."""
    place = place_of(url)
    if against is not None:
        return _with(place, against)
    manifest = read_manifest(place.ledger)
    if manifest is not None:
        return ByManifest(place.store, manifest)
    return alone(place.store)


def alone(store: Readable) -> ByArchive | ByDecoding:
    """Return how a hierarchy is verified with which there is nothing to compare."""
    return ByArchive(store) if isinstance(store, ZipStore) else ByDecoding(store)


def compare(
    chosen: Comparison,
    found: Verification,
    workers: int | None = None,
    tell: Callable[[Finding], None] | None = None,
    advance: Callable[[int], None] | None = None,
) -> None:
    """Compare, and note what was found.

    Parameters
    ----------
    chosen : Comparison
        What is compared with what.
    found : Verification
        Receives the result. Files are not kept where somebody is told of them.
    workers : int, optional
        Threads.
    tell : callable, optional
        Receives every finding, also those of files that are as they should be.
    advance : callable, optional
        Receives the number of bytes that were read for each file.
    """
    found.basis = chosen.basis
    findings = chosen.findings(executor(workers))
    with closing(findings):
        for one in findings:
            found.counts[one.status] += 1
            if tell is not None:
                tell(one)
            elif one.status != "same":
                found.files.append(one)
            if advance is not None:
                advance(one.read)
    found.notes = chosen.notes


def place_of(url: str | os.PathLike[str] | Readable) -> Place:
    """Return where a hierarchy and its ledger stand.

    Raises
    ------
    IncompleteError
        A run to this place is not finished.
    """
    if isinstance(url, str | os.PathLike):
        _refuse_unfinished(os.fspath(url))
    store = resolve(url)
    refuse_unfinished(store)
    return Place(store, _beside(url, store) or store)


def address(url: str | os.PathLike[str] | Readable) -> str:
    """Return an address for messages."""
    return without_secrets(os.fspath(url)) if isinstance(url, str | os.PathLike) else url.url()


def workers_for(url: str | os.PathLike[str] | Readable, asked: int | None) -> int:
    """Return how many files to read at a time."""
    remote = isinstance(url, str | os.PathLike) and is_remote(os.fspath(url))
    return asked or (max(_REMOTE_WORKERS, cores()) if remote else cores())


def _refuse_unfinished(url: str) -> None:
    """Refuse a local place beside which a run goes on, or was interrupted."""
    if is_remote(url):
        return
    refuse_unfinished_at(os.path.abspath(local_path(url)))  # noqa: PTH100 - links stay


def _beside(url: str | os.PathLike[str] | Readable, store: Readable) -> Readable | None:
    """Return the ledger that lies beside a local archive; None where there is none."""
    if not isinstance(store, ZipStore) or not isinstance(url, str | os.PathLike) or is_remote(os.fspath(url)):
        return None
    beside = f"{os.path.abspath(local_path(url))}.zarrscope"  # noqa: PTH100
    return LocalStore(beside) if os.path.isdir(beside) else None  # noqa: PTH112


def with_copy(store: Readable, against: str | os.PathLike[str] | Readable) -> ByCopy | None:
    """Return how a hierarchy is compared with a copy; None where the other is none of the same form."""
    other = _as_zarr(against)
    return ByCopy(store, other) if other is not None and same_form(store, other) else None


def _with(place: Place, against: str | os.PathLike[str] | Readable) -> ByCopy | ByPixels:
    """Return how a hierarchy is compared with something else."""
    copy = with_copy(place.store, against)
    if copy is not None:
        return copy
    options = told_by(place.ledger).get("run", {}).get("options", {})
    return ByPixels(place.store, _source(against, options.get("axes")), address(against))


def _as_zarr(against: str | os.PathLike[str] | Readable) -> Readable | None:
    """Return the store of what is a Zarr; None where it is something else."""
    try:
        store = resolve(against)
    except (UnsupportedError, NotFoundError):
        return None  # a file, or a pattern of files: a source, if anything
    return store if zarr_format_at_root(Documents(store)) is not None else None


def _source(against: str | os.PathLike[str] | Readable, axes: str | None) -> Source:
    """Open a source; what its axes are, the record of the run may say."""
    if isinstance(against, str | os.PathLike):
        return open_source(os.fspath(against), axes=axes)
    return ZarrSource(cast("str", against), axes)
