"""A place that is being written to: begun, gone on with, finished; and what a failure leaves there."""

from __future__ import annotations

import os
import re
import secrets
import socket
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zarrscope import log
from zarrscope.documents import dump_json
from zarrscope.errors import (
    AccessError,
    ConflictError,
    DestinationExistsError,
    NotFoundError,
    StoreError,
    UnsupportedError,
    ZarrscopeError,
)
from zarrscope.ledger.folder import FOLDER, MARK, found_group, told_by
from zarrscope.ledger.journal import BATCH, Journal, read_journal
from zarrscope.ledger.manifest import Manifest, write_manifest
from zarrscope.ledger.record import Record
from zarrscope.ledger.recording import Recording
from zarrscope.ledger.table import UNKNOWN, UnitTable
from zarrscope.store.behind import Behind
from zarrscope.store.contracts import ABSENT, Archive, Listable
from zarrscope.store.local import LocalStore
from zarrscope.store.placed import sync_folder
from zarrscope.store.processes import started
from zarrscope.store.staging import clear, discard, publish
from zarrscope.store.zip_records import ozx_comment
from zarrscope.write.standing import (
    FINISHED,
    LIVE,
    UNFINISHED,
    check_free,
    check_staging,
    clear_values,
    places,
    refuse_live,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType
    from typing import Self

    from zarrscope.array.metadata import ArrayMetadata
    from zarrscope.store.contracts import Writable

_LAST = ("zarr.json", ".zattrs", ".zmetadata")
"""The documents of the root: only they make the whole an image, or a collection."""

_LITTER = re.compile(r"(?:^|/)\.[^/]+\.[0-9a-f]{8}\.part$")
"""Temporary names of values that were not complete when their writer was killed."""


@dataclass(frozen=True)
class Job:
    """What is going to be written.

    Parameters
    ----------
    arrays : sequence of (str, ArrayMetadata)
        Every array of it, by path.
    zarr_format : int
        2 or 3.
    told : mapping, optional
        What the run is, as JSON: with it a journal is kept, and the run can be resumed.
    documents : sequence of (str, int)
        All other values, in the order in which an archive holds them, and how large they become at most.
    manifest : bool
        Whether the manifest and the record of the run stay with the result.
    version : str
        Of OME-Zarr, for the comment of an archive.
    """

    arrays: Sequence[tuple[str, ArrayMetadata]]
    zarr_format: int = 3
    told: Mapping[str, Any] | None = None
    documents: Sequence[tuple[str, int]] = ()
    manifest: bool = True
    version: str = ""


class Destination:
    """A place that is being written to. Nothing is seen there before ``close(done=True)``.

    In a folder, all is written to ``NAME.part`` beside it, which is moved to its place when it is
    complete; what stands there is removed only then. In stores that cannot move things the writing
    is done in place, and the documents come last.

    A mark, which is a Zarr group of its own at which no reader stumbles, says that the work goes on,
    and where. It lets a later run recognise what a killed run left, and nobody else's files.

    Parameters
    ----------
    final : Writable
        The place.
    job : Job
        What is going to be written.
    overwrite : bool
        Whether a Zarr, or an unfinished run, that stands there is to be replaced.
    resume : bool
        Whether to go on with the unfinished run that stands there.

    Raises
    ------
    DestinationExistsError
        Something stands there that may not be replaced, or someone is writing there.
    """

    def __init__(self, final: Writable, job: Job, *, overwrite: bool = False, resume: bool = False) -> None:
        self._final, self._job = final, job
        self._token = secrets.token_hex(8)
        self._overwrite, self._resume = overwrite, resume
        self._data, self._notes = places(final)
        self._staged = self._data is not final
        self._begun, self._since = False, 0
        mark = self._notes.head(MARK)
        # Before anything is checked: who changes it afterwards is noticed when the mark is put.
        self._seen = mark.tag if mark else ABSENT
        if isinstance(final, Archive) and job.version and job.zarr_format == 3:
            final.comment = ozx_comment(job.version)
        if not resume:
            check_free(final, overwrite=overwrite)
        if isinstance(self._data, LocalStore) and self._staged and not resume:
            check_staging(self._data, overwrite=overwrite)
        told = dict(job.told or {})
        if overwrite:
            told["overwrite"] = True
        self.record = Record(str(told.get("id") or self._token), told)
        kept = self._notes if job.told is not None else None
        self._behind = Behind(self._data) if getattr(final, "far", False) else None
        units = self._behind or self._data
        self.journal = Journal(kept, units, told, UnitTable.of(job.arrays))
        """Takes note of every unit."""
        new = self._behind is not None and not overwrite  # a conflict tells of somebody else at work
        self.store = Recording(units, self.journal.table, self._note, _LAST, new=new)
        """Receives what is written."""

    def begin(self) -> None:
        """Make the place ready. Whoever calls this calls ``close`` afterwards, whatever happens."""
        if self._resume:
            self._go_on()
            done = int((self.journal.table.size > UNKNOWN).sum())
            log.info("goes on", place=self._final.url(), of=self.record.run, done=done)
            return
        log.info("begins", place=self._final.url(), units=len(self.journal.table))
        self._begun = True
        self._put_mark(self._seen)
        # Only now: what lies here belongs to nobody else. Also the journal of a run that is replaced.
        if self._data is not self._final or isinstance(self._final, Archive):
            if isinstance(self._notes, LocalStore):
                clear(self._notes, MARK)
                sync_folder(str(self._notes.root.parent))  # its name has to last as long as what is in it
            if isinstance(self._final, Archive):
                self._clear_archive(self._final)
        elif self._overwrite:
            clear_values(self._final)
        self.journal.begin()
        if isinstance(self._final, Archive):
            self._final.begin(self._job.documents)

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
        """Let the result appear; or keep what can be resumed, and take all else away.

        Raises
        ------
        ConflictError
            Someone else has taken the place over in the meantime.
        """
        if not self._begun:
            return
        self._begun = ended = False
        LIVE.discard(self._token)
        try:
            self._end(done=done)
            ended = done
        finally:
            if self._behind:
                self._behind.close()
            if isinstance(self._final, Archive) and not ended:
                self._final.close()  # the next run, perhaps of this process, takes it up

    def _end(self, *, done: bool) -> None:
        if done:
            self._check_ours()
            self._finish()
        elif (told := told_by(self._notes)) and told.get("token") != self._token:
            return  # finished, or another run has taken the place over: what stands there stays
        elif not self._kept():
            self._take_away()

    def _check_ours(self) -> None:
        if told_by(self._notes).get("token") != self._token:
            place = self._final.url()
            raise ConflictError(f"{place}: another run has taken this place over; nothing was published")

    def _note(self, number: int | None, key: str, size: int, total: int) -> None:
        """Take note of a value; now and then, make sure that the place is still ours."""
        self._since += max(size, 0)
        if self._since > BATCH or self._token not in LIVE:
            self._since = 0
            self._check_ours()
        self.journal.note(number, key, size, total)

    @property
    def kept(self) -> bool:
        """Whether a run that failed has left something to go on with."""
        told, journal = self._job.told, self.journal
        if told is None:
            return False
        others = told.get("kind") == "copy" and bool(journal.documents)
        return others or bool((journal.table.size > UNKNOWN).any())

    def _finish(self) -> None:
        """Make all durable, leave the manifest, and let the result appear: that comes last."""
        self.journal.flush()
        hidden = self._staged or isinstance(self._final, Archive)
        if hidden:
            self.store.release()
        held: Mapping[str, bytes] = {} if hidden else self.store.held
        self._data.sync(key for key in self.store.documents if key not in held)
        if self._job.manifest:
            manifest = Manifest(self.journal.table, self.store.documents)
            self._notes.sync(write_manifest(self._notes, manifest, self._job.zarr_format))
        try:
            self._let_appear(held)
        except (DestinationExistsError, StoreError):
            if not self._appeared():
                raise
        if not self._job.manifest:
            notes = self._final if self._staged else self._notes
            _remove_notes(notes, self._job.zarr_format)

    def _let_appear(self, held: Mapping[str, bytes]) -> None:
        """Leave the record, and do the last step; ``settle`` does it should this one be killed."""
        self._put_record(held)
        self.journal.remove()
        if isinstance(self._final, Archive):
            self._final.finish(overwrite=self._overwrite)
        elif not self._staged:
            self._data.sync(self.store.release())
        elif isinstance(self._data, LocalStore) and isinstance(self._final, LocalStore):
            publish(self._data, self._final, overwrite=self._overwrite)

    def _appeared(self) -> bool:
        """Return whether another run, meant to go on with this one, has done its last step already."""
        if not isinstance(self._data, LocalStore) or not self._staged or self._data.root.exists():
            return False
        told = told_by(self._final)
        return told.get("state") == FINISHED and dict(told.get("run") or {}).get("id") == self.record.run

    def _put_record(self, held: Mapping[str, bytes]) -> None:
        """Replace the mark by the record of the run; with what comes after it, should that not happen."""
        table = self.journal.table
        run = self.record.finished(int((table.size >= 0).sum()), table.bytes)
        told: dict[str, Any] = {"state": FINISHED, "run": run}
        if isinstance(self._final, Archive):
            told |= {"offset": self._final.offset, "comment": self._final.comment.decode()}
        if isinstance(self._final, LocalStore) and self._staged:
            told["name"] = self._final.root.name
        if held:
            told["last"] = {key: data.decode() for key, data in held.items()}
        keys = found_group(self._notes, self._job.zarr_format, told)
        log.info("finished", place=self._final.url(), units=run["units"], bytes=run["bytes"])
        self._notes.sync(keys)
        if MARK not in keys:
            self._notes.delete(MARK)

    def _kept(self) -> bool:
        """Make durable what is finished; False where there is nothing worth keeping."""
        log.info("stopped", place=self._final.url(), kept=self.kept)
        if not self.kept:
            return False
        with suppress(ZarrscopeError):  # a full disk, say: what was made durable before is kept
            self.journal.flush()
        return True

    def _take_away(self) -> None:
        if isinstance(self._data, LocalStore) and self._staged:
            discard(self._data, MARK)
            return
        if isinstance(self._final, Archive):
            self._final.abort()
        else:
            for key in [*self.store.documents, *self.store.doubtful]:
                self.store.delete(key)
        self.journal.remove()
        self._notes.delete(MARK)

    def _go_on(self) -> None:
        """Take over what an earlier run left."""
        info = self._notes.head(MARK)  # first: who changes it from now on is noticed when ours is put
        refuse_live(self._notes)
        goes_on = told_by(self._notes).get("state") == UNFINISHED
        journal = read_journal(self._notes, self._behind or self._data) if goes_on else None
        if journal is None or info is None or journal.table.arrays != self.journal.table.arrays:
            place = self._data.url()
            raise DestinationExistsError(
                f"{place}: the journal does not belong to this run; begin again with --overwrite"
            )
        self._overwrite = self._overwrite or bool(journal.told.get("overwrite"))
        if self._staged or isinstance(self._final, Archive):
            check_free(self._final, overwrite=self._overwrite, resume=not self._overwrite)
        self._begun = True
        self.journal = journal
        self._put_mark(info.tag)
        self.record.resumed = int(journal.notes.get("resumed", 0)) + 1
        journal.notes["resumed"] = self.record.resumed
        if isinstance(self._final, Archive):
            self._go_on_with_archive(self._final)
        else:
            if isinstance(self._data, LocalStore):
                _sweep(self._data)
            _check_units(self._data, journal.table)
        self.store = Recording(self._behind or self._data, journal.table, self._note, _LAST)

    def _go_on_with_archive(self, archive: Archive) -> None:
        offset = self.journal.notes.get("offset")
        if isinstance(offset, int):
            archive.resume(offset)
            return
        self._clear_archive(archive)
        self.journal.table.size[:] = UNKNOWN
        archive.begin(self._job.documents)

    def _clear_archive(self, archive: Archive) -> None:
        with suppress(FileNotFoundError):
            os.unlink(archive.part)  # noqa: PTH108 - an archive has a path of its own

    def _put_mark(self, tag: str) -> None:
        """Put the mark, unless another run is quicker."""
        told = {
            "state": UNFINISHED, "token": self._token, "host": socket.gethostname(),
            "process": os.getpid(), "started": started(os.getpid()),
        }  # fmt: skip
        group = {"zarr_format": 3, "node_type": "group", "attributes": {"zarrscope": told}}
        LIVE.add(self._token)
        try:
            try:
                self._notes.put(MARK, dump_json(group), tag)
            except UnsupportedError:  # some servers replace only without conditions
                self._notes.put(MARK, dump_json(group))
        except ConflictError:
            self._begun = False  # what stands there is the other's
            LIVE.discard(self._token)
            raise DestinationExistsError(f"{self._final.url()} is being written by another run") from None
        except (AccessError, StoreError):
            if tag == ABSENT:
                with suppress(AccessError, StoreError, NotFoundError):
                    self._notes.delete(MARK)  # not even an empty folder stays
            raise


def _sweep(store: LocalStore) -> None:
    """Delete the temporary files of values that were never complete."""
    for key in list(store.list()):
        if _LITTER.search(key):
            store.delete(key)


def _check_units(store: Writable, table: UnitTable) -> None:
    """Forget units that are not there as they were noted: somebody has been at work on them."""
    if not isinstance(store, LocalStore):
        if isinstance(store, Listable):
            numbers = [number for key in store.list() if (number := table.find(key)) is not None]
            gone = table.size >= 0
            gone[numbers] = False
            table.size[gone] = UNKNOWN
        return
    for number in table.known():
        info = store.head(table.key(number))
        if (info.size if info else -1) != table.size[number]:
            table.size[number] = UNKNOWN


def _remove_notes(store: Writable, zarr_format: int) -> None:
    names = ("zarr.json",) if zarr_format == 3 else (".zattrs", ".zgroup")
    for name in names:
        store.delete(f"{FOLDER}/{name}")
