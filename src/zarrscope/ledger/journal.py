"""The journal: which units of a run are finished, so that the next run goes on where this one ended.

Form: ``.zarrscope/journal/plan.json`` holds what the run is (its source, options, plan, the arrays with
their grids). Each segment, ``000000.units`` and so on, is written once: the letters ``ZSJ1``, the length
of a JSON text (4 bytes, little endian), the text (notes), then for each unit its number (8 bytes), size (8)
and checksum (8), and at the end the checksum of all that. A segment is written only when its units are
durable, and counts only when it is durable itself: the last one may be torn, and is ignored then.
"""

from __future__ import annotations

import json
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Any

import numpy as np

from zarrscope import log
from zarrscope.documents import dump_json
from zarrscope.errors import CorruptDataError, MetadataError
from zarrscope.ledger.checksum import checksum
from zarrscope.ledger.folder import FOLDER, parse_ours, read_ours
from zarrscope.ledger.table import Entry, UnitTable
from zarrscope.store.keys import join

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from zarrscope.store.contracts import Readable, Writable

PLACE = f"{FOLDER}/journal"
PLAN = f"{PLACE}/plan.json"

BATCH = 64 << 20
"""So many bytes of units are made durable at once,"""

SECONDS = 10.0
"""or what came in so many seconds: a slow source is not read twice for long."""

_MAGIC = b"ZSJ1"
_RECORD = np.dtype([("number", "<u8"), ("size", "<i8"), ("sum", "<u8")])


class Journal:
    """Takes note of finished units, and makes them durable. ``note`` is safe under threads.

    Parameters
    ----------
    store : Writable, optional
        Where the journal is kept; without one, units are made durable and noted in the table alone.
    data : Writable
        Where the units are written; asked to make them durable before they count.
    told : mapping
        What the run is, as JSON.
    table : UnitTable
        Of all units of the run; the journal fills it.
    segments : int
        How many segments were written before.
    notes : mapping, optional
        Notes of an earlier run.
    """

    def __init__(
        self,
        store: Writable | None,
        data: Writable,
        told: Mapping[str, Any],
        table: UnitTable,
        segments: int = 0,
        notes: Mapping[str, Any] | None = None,
    ) -> None:
        self.told, self.table, self.notes = told, table, dict(notes or {})
        self._store, self._data = store, data
        self._segments = segments
        self.documents: dict[str, Entry] = {}
        """Finished values that are no units, by key."""
        # Last in each: where an archive ended then. What came in behind and was not noted is cut off.
        self._waiting: list[tuple[int, int, int, str, int]] = []
        self._others: dict[str, tuple[Entry, int]] = {}
        self._bytes, self._last = 0, monotonic()
        self._lock, self._flushing = Lock(), Lock()
        self.watch: Callable[[], Mapping[str, Any]] | None = None
        """Asked before each segment for notes that belong to the units in it."""

    def begin(self) -> None:
        """Write down what the run is."""
        if self._store is None:
            return
        self._store.put(PLAN, dump_json({**self.told, "arrays": self.table.describe()}))
        self._store.sync([PLAN])

    def note(self, number: int | None, key: str, size: int, total: int) -> None:
        """Take note of a value that was stored; now and then, make all that wait durable.

        Parameters
        ----------
        number : int, optional
            Of the unit; None where it is none.
        key : str
            Of the value.
        size, total : int
            Its bytes and their checksum.
        """
        offset = getattr(self._data, "offset", -1)
        with self._lock:
            if number is None:
                self.documents[key] = Entry(size, total)
                self._others[key] = Entry(size, total), offset
            else:
                self.table.note(number, size, total)
                self._waiting.append((number, size, total, key, offset))
            self._bytes += max(size, 0)
            full = self._bytes >= BATCH or monotonic() - self._last > SECONDS
            if full:
                self._last = monotonic()
        if full:
            self.flush()

    def flush(self) -> None:
        """Make all units durable that wait, then let them count."""
        with self._flushing:
            with self._lock:
                waiting, self._waiting, self._bytes = self._waiting, [], 0
                others, self._others = self._others, {}
            if not waiting and not others:
                return
            # Notes first: whatever they tell of more than these units does no harm.
            if self.watch is not None:
                self.notes.update(self.watch())
            self._data.sync([*others, *(key for _, size, _, key, _ in waiting if size >= 0)])
            if self._store is None:
                return
            records = np.array([entry[:3] for entry in waiting], _RECORD)
            name = _segment(self._segments)
            told = {key: str(entry) for key, (entry, _) in others.items()}
            offset = max([*(one[-1] for one in waiting), *(one[-1] for one in others.values())])
            if offset >= 0:
                self.notes["offset"] = offset
            self._store.put(name, _packed({**self.notes, "documents": told}, records))
            self._store.sync([name])
            self._segments += 1
            log.debug("journal", segment=name, units=len(waiting), bytes=sum(max(0, w[1]) for w in waiting))

    def remove(self) -> None:
        """Delete the journal: the plan last, so that what is left of one is still known as one."""
        if self._store is None:
            return
        for number in reversed(range(self._segments)):
            self._store.delete(_segment(number))
        self._store.delete(PLAN)


def read_journal(store: Writable, data: Writable | None = None) -> Journal | None:
    """Return the journal of an unfinished run; None where there is none.

    Parameters
    ----------
    store : Writable
        Where the journal is kept.
    data : Writable, optional
        Where the units are; the same store by default.

    Raises
    ------
    MetadataError, CorruptDataError
        It cannot be read.
    """
    told: Any = read_ours(store, PLAN)
    place = store.url(PLAN)
    if told is None and store.head(PLAN) is None:
        return None
    try:
        table = UnitTable.described(told["arrays"])
    except (KeyError, TypeError, ValueError) as error:
        raise MetadataError(
            f"{place}: the journal is damaged ({error}); begin again with --overwrite"
        ) from error
    notes: dict[str, Any] = {}
    documents: dict[str, Entry] = {}
    number = 0
    while (data_of := store.get(_segment(number))) is not None:
        try:
            more, records = _unpacked(bytes(data_of), store.url(_segment(number)))
        except (CorruptDataError, MetadataError):
            if store.head(_segment(number + 1)) is None:
                break  # the machine stopped before it was durable: it never counted
            raise
        if records.size and int(records["number"].max()) >= len(table):
            raise MetadataError(f"{store.url(_segment(number))}: the journal is damaged; begin again")
        table.size[records["number"]] = records["size"]
        table.sums[records["number"]] = records["sum"]
        listed = more.pop("documents", {})
        documents.update({key: Entry.parse(text) for key, text in listed.items()})
        notes.update(more)
        number += 1
    journal = Journal(store, data or store, told, table, number, notes)
    journal.documents = documents
    return journal


def plan_in(store: Readable) -> Any | None:
    """Return what an unfinished run is, without its units; None where there is no journal."""
    return read_ours(store, PLAN)


def _segment(number: int) -> str:
    return join(PLACE, f"{number:06d}.units")


def _packed(notes: Mapping[str, Any], records: Any) -> bytes:
    text = json.dumps(notes, separators=(",", ":")).encode()
    body = b"".join((_MAGIC, len(text).to_bytes(4, "little"), text, records.tobytes()))
    return body + checksum(body).to_bytes(8, "little")


def _unpacked(data: bytes, place: str) -> tuple[dict[str, Any], Any]:
    body, total = data[:-8], data[-8:]
    if body[:4] != _MAGIC or len(data) < 16 or checksum(body) != int.from_bytes(total, "little"):
        raise CorruptDataError(f"{place}: this part of the journal is damaged; begin again with --overwrite")
    length = int.from_bytes(body[4:8], "little")
    notes = parse_ours(body[8 : 8 + length], place)
    return notes, np.frombuffer(body[8 + length :], _RECORD)
