"""Copying a hierarchy between any two stores, as bytes or in another form; it can be gone on with."""

from __future__ import annotations

from contextlib import closing
from math import prod
from typing import TYPE_CHECKING, Any

from zarrscope.array.chunked import ChunkedArray
from zarrscope.budget import format_size
from zarrscope.convert.copy_plan import CopyOptions, CopyPlan, plan_copy
from zarrscope.convert.plan import ConvertOptions
from zarrscope.convert.resume import Before, Wish
from zarrscope.convert.run import check_apart
from zarrscope.convert.told import check_same_options
from zarrscope.convert.transfer import recode, units
from zarrscope.errors import (
    ArgumentError,
    BudgetError,
    CorruptDataError,
    NotFoundError,
    UnsupportedError,
    ZarrscopeError,
)
from zarrscope.executor import Successive, cores
from zarrscope.ledger.inventory import measured, pieces
from zarrscope.ledger.record import now, versions
from zarrscope.ledger.table import EMPTY, UNKNOWN, Entry
from zarrscope.log import run_id
from zarrscope.node.open import open_node
from zarrscope.store.keys import without_secrets
from zarrscope.store.resolve import resolve, resolve_writable
from zarrscope.write.destination import Destination, Job
from zarrscope.write.room import NOTES, check_room
from zarrscope.write.standing import FINISHED, forget, leftover, settle, standing

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator

    from zarrscope.ledger.recording import RecordingUpload
    from zarrscope.node.groups import ImageGroup
    from zarrscope.node.image import Image
    from zarrscope.store.contracts import Writable
    from zarrscope.types import Shape

_PER_UNIT = 3
"""What encoding a unit anew takes at once, in sizes of its pixels: the pixels, and what they become."""

_PER_VALUE = 24 << 20
"""Bytes of buffers for a value that goes over piece by piece."""

_COMFORTABLE = 512 << 20


def copy(
    source: str | os.PathLike[str],
    destination: str | os.PathLike[str],
    options: CopyOptions | None = None,
    *,
    overwrite: bool = False,
    resume: bool = False,
    manifest: bool = True,
    verify: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Image | ImageGroup | None:
    """Copy an image, a plate, a collection with all that belongs to it, between any two stores.

    Without options all goes over as bytes, each value checked against the source's manifest where there
    is one. What an interrupted copy has finished is kept.

    Parameters
    ----------
    source, destination : str or path-like
        Folder, archive or address.
    options : CopyOptions, optional
        What is to change on the way.
    overwrite : bool
        Replace a Zarr that stands at the destination.
    resume : bool
        Go on with the unfinished copy that stands there; a finished one is returned as it is.
    manifest : bool
        Leave size and checksum of all that was written in ``.zarrscope``.
    verify : bool
        Read every value back once it is stored, and compare.
    progress : callable, optional
        Receives the number of values that have been copied.

    Returns
    -------
    Image, ImageGroup or None
        The copy, open for reading; None where it is a Zarr but no image and no group of some.

    Raises
    ------
    NotFoundError, UnsupportedError, ArgumentError, BudgetError, DestinationExistsError
        It cannot be done; nothing was written.
    AccessError, StoreError, CorruptDataError
        It failed midway; what is finished is kept.
    """
    check_apart(source, destination)
    chosen = options or CopyOptions()
    final = resolve_writable(destination)
    before = take_up_copy(final, chosen) if resume else None
    plan = plan_copy(resolve(source), chosen_before(chosen, before))
    if not finished(before, plan):
        run_copy(
            plan, final, before, overwrite=overwrite, manifest=manifest, verify=verify, progress=progress
        )
    try:
        return open_node(resolve(destination))
    except (NotFoundError, UnsupportedError):
        return None  # a Zarr, but no OME-Zarr


def take_up_copy(final: Writable, options: CopyOptions, *, look: bool = False) -> Before | None:
    """Return what an earlier copy has left; None where there is nothing.

    Parameters
    ----------
    final : Writable
        The destination.
    options : CopyOptions
        What is asked for now.
    look : bool
        Only look: nothing is changed.

    Raises
    ------
    ArgumentError
        It was no copy, or one in another form.
    """
    if not look:
        settle(final)
    found = standing(final)
    if not found.state:
        return None
    if not found.run and found.state != FINISHED:
        if not look:
            forget(final)
        return None
    if found.run.get("kind") != "copy":
        raise ArgumentError(
            f"{found.place}: what stands there was not begun by a copy; begin again with --overwrite"
        )
    given = {name: value for name, value in options.form.items() if value is not None}
    check_same_options(found.run["options"], given, found.place)
    return Before(Wish(ConvertOptions()), found.run, finished=found.state == FINISHED, place=found.place)


def chosen_before(options: CopyOptions, before: Before | None) -> CopyOptions:
    """Return the options of the copy that is taken up, with the workers and the memory of this one."""
    if before is None:
        return options
    return CopyOptions(**before.run["options"], workers=options.workers, memory=options.memory)


def finished(before: Before | None, plan: CopyPlan) -> bool:
    """Return whether nothing is left to do.

    Raises
    ------
    ArgumentError
        The source is not what the copy began with.
    """
    if before is None:
        return False
    if before.run.get("fingerprint") != plan.fingerprint:
        raise ArgumentError(
            f"{before.place}: the source {plan.source.url()} has changed since the copy began; begin "
            "again with --overwrite"
        )
    return before.finished


def run_copy(
    plan: CopyPlan,
    final: Writable,
    before: Before | None = None,
    *,
    overwrite: bool = False,
    manifest: bool = True,
    verify: bool = False,
    progress: Callable[[int], None] | None = None,
) -> int:
    """Carry out a plan, and return how many bytes this run has written.

    Parameters
    ----------
    plan : CopyPlan
        What to do.
    final : Writable
        Where to write.
    before : Before, optional
        What an earlier copy has left, to go on with.
    overwrite, manifest, verify, progress
        See ``copy``.

    Raises
    ------
    ZarrscopeError
        It failed; the message says what is kept, and how to go on.
    """
    told = before.run if before else _told(plan, manifest=manifest)
    rooms = [
        (key, len(plan.documents[key])) for key in sorted(plan.documents, key=lambda k: (k.count("/"), k))
    ]
    job = Job(
        tuple(plan.arrays.items()),
        plan.zarr_format,
        told,
        rooms,
        bool(told.get("manifest", True)),
        plan.version,
    )
    place = Destination(final, job, overwrite=overwrite, resume=before is not None)
    if before is None:
        check_room(final, plan.bytes, max(plan.count, len(rooms)) + NOTES, lambda: 1.0)
    already = place.journal.table.bytes
    try:
        with place:
            already = place.journal.table.bytes
            Copying(plan, place, verify=verify, progress=progress).run()
    except ZarrscopeError as error:
        if place.kept:
            raise type(error)(f"{error}; {leftover(final)}") from error
        raise
    return place.journal.table.bytes - already


class Copying:
    """One copy at work.

    Parameters
    ----------
    plan : CopyPlan
        What to do.
    place : Destination
        Where to write; begun.
    verify : bool
        Read every value back.
    progress : callable, optional
        Receives the number of values that have been copied.
    """

    def __init__(
        self,
        plan: CopyPlan,
        place: Destination,
        *,
        verify: bool = False,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        self._plan, self._place, self._store = plan, place, place.store
        self._verify, self._progress = verify, progress or (lambda _: None)
        self._table = place.journal.table
        self._done = dict(place.journal.documents)
        self._store.documents.update(self._done)
        # Written before this run began; those of this run come on top while it goes.
        self._before = self._table.size > UNKNOWN

    def run(self) -> None:
        """Copy values and arrays, then the documents, the root last."""
        with Successive() as threads:
            self._move(threads)
            for path, old in self._plan.old.items():
                self._encode_anew(old, self._plan.arrays[path], threads)
        if plan_copy(self._plan.source, self._plan.options).fingerprint != self._plan.fingerprint:
            raise CorruptDataError(
                f"{self._plan.source.url()} has changed while it was copied; copy it again"
            )
        # What was never stored stays so; the journal needs not know, the manifest tells of it.
        self._table.size[self._table.size == UNKNOWN] = EMPTY
        for key in sorted(self._plan.documents, key=lambda k: (-k.count("/"), k)):
            self._store.put(key, self._plan.documents[key])

    def _move(self, threads: Successive) -> None:
        """Copy values as bytes, side by side."""
        keys = self._open_keys()
        chosen = threads.executor(workers_for_values(self._plan.options))
        with closing(chosen.map(self._fetch, keys)) as uploads:
            for key, upload in uploads:
                if upload is not None:
                    self._commit(key, upload)
                self._progress(1)

    def _open_keys(self) -> Iterator[str]:
        for key in self._plan.values():
            number = self._table.find(key)
            if key in self._done or (number is not None and self._before[number]):
                self._progress(1)
            else:
                yield key

    def _fetch(self, key: str) -> tuple[str, RecordingUpload | None]:
        """Read a value into an upload; committed at once unless commits have an order."""
        source, known = self._plan.source, self._plan.manifest.entry(key) if self._plan.manifest else None
        info = source.head(key)
        if info is None:
            if known is not None and known.size >= 0:
                raise CorruptDataError(
                    f"{source.url(key)} is lost: its manifest says that {known.size} bytes stood here"
                )
            return key, None
        upload = self._store.create(key)
        try:
            for piece in pieces(source, key, info.size):
                upload.write(piece)
            self._check(key, upload.entry, info.size, known)
            if self._store.in_order:
                return key, upload
            self._commit(key, upload)
        except BaseException:
            upload.abort()
            raise
        return key, None

    def _check(self, key: str, entry: Entry, size: int, known: Entry | None) -> None:
        place = self._plan.source.url(key)
        if entry.size != size:
            raise CorruptDataError(
                f"{place} changed while it was copied: {entry.size} bytes came, {size} were there"
            )
        if known is not None and known.known and known != entry:
            raise CorruptDataError(f"{place} is not what its manifest says; 'zarrscope verify' tells more")

    def _commit(self, key: str, upload: RecordingUpload) -> None:
        upload.commit()
        if self._verify:
            self._store.sync([key])
            if measured(self._store, key) != upload.entry:
                raise CorruptDataError(f"{self._store.url(key)}: what is stored is not what was written")

    def _encode_anew(self, old: ChunkedArray, form: Any, threads: Successive) -> None:
        """Write an array in its new form, unit by unit; units whose form stays go over as bytes."""
        new = ChunkedArray(self._store, old.path, form)

        def move(unit: Shape) -> int:
            number = self._table.find(new.key(unit))
            if number is None or not self._before[number]:
                recode(old, new, unit)
                if self._verify:
                    self._compare(old, new, unit)
            return 1

        count = 1 if self._store.in_order else workers_for(new, self._plan.options)
        with closing(threads.executor(count).map(move, units(new))) as results:
            for done in results:
                self._progress(done)

    def _compare(self, old: ChunkedArray, new: ChunkedArray, unit: Shape) -> None:
        region = new.unit_region(unit)
        self._store.sync([key] if self._store.head(key := new.key(unit)) else [])
        one, two = old.read(region), new.read(region)
        if one.tobytes() != two.tobytes():
            raise CorruptDataError(f"{self._store.url(key)}: what is stored is not what was written")


def workers_for(array: ChunkedArray, options: CopyOptions) -> int:
    """Return how many threads may each encode a unit.

    Raises
    ------
    BudgetError
        Not even one unit fits into the memory.
    """
    need = prod(array.metadata.unit) * array.dtype.itemsize * _PER_UNIT
    wanted = options.workers or cores()
    if options.memory is not None and need > options.memory:
        raise BudgetError(
            f"{array.path}: one {'shard' if array.shards else 'chunk'} needs {format_size(need)}, "
            f"{format_size(options.memory)} are allowed; use --memory {format_size(need)} or smaller --shards"
        )
    return max(1, min(wanted, (options.memory or _COMFORTABLE) // need - 2))


def workers_for_values(options: CopyOptions) -> int:
    """Return how many values may be on their way at a time."""
    wanted = options.workers or max(8, cores())
    return wanted if options.memory is None else max(1, min(wanted, options.memory // _PER_VALUE - 2))


def _told(plan: CopyPlan, *, manifest: bool) -> dict[str, Any]:
    return {
        "id": run_id(),
        "kind": "copy",
        "source": without_secrets(plan.source.url()),
        "fingerprint": plan.fingerprint,
        "options": plan.options.form,
        "manifest": manifest,
        "began": now(),
        "versions": versions(),
    }
