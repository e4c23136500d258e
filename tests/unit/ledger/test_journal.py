"""The journal: what counts was durable before, and what is read again is what was noted."""

from __future__ import annotations

import json
import struct
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import xxhash
from hypothesis import given
from hypothesis import strategies as st

from zarrscope.array.describe import describe
from zarrscope.errors import CorruptDataError, MetadataError
from zarrscope.ledger import journal as module
from zarrscope.ledger.journal import PLAN, Journal, plan_in, read_journal
from zarrscope.ledger.table import EMPTY, UNKNOWN, Entry, UnitTable
from zarrscope.store.memory import MemoryStore

TOLD = {"id": "abc", "options": {"version": "0.5"}}


class Ordered(MemoryStore):
    """Writes down what is put and made durable, in this order."""

    def __init__(self, values: dict[str, bytes] | None = None) -> None:
        self.events: list[tuple[str, Any]] = []
        super().__init__(values)

    def put(self, key: str, data: Any, if_tag: str | None = None) -> None:
        self.events.append(("put", key))
        super().put(key, data, if_tag)

    def sync(self, keys: Any) -> None:
        self.events.append(("sync", sorted(keys)))

    def delete(self, key: str) -> None:
        self.events.append(("delete", key))
        super().delete(key)


def table(count: int = 100) -> UnitTable:
    return UnitTable.of([("0", describe((count,), "u1", (1,)))])


def begun(store: MemoryStore, count: int = 100) -> Journal:
    journal = Journal(store, store, TOLD, table(count))
    journal.begin()
    return journal


def segment(number: int) -> str:
    return f".zarrscope/journal/{number:06d}.units"


def segments(store: MemoryStore) -> list[str]:
    return [key for key in store.list() if key.endswith(".units")]


def packed(notes: Any, rows: list[tuple[int, int, int]]) -> bytes:
    """Return a segment as the module's documentation describes it."""
    text = json.dumps(notes).encode()
    body = b"ZSJ1" + struct.pack("<I", len(text)) + text
    body += b"".join(struct.pack("<QqQ", *row) for row in rows)
    return body + struct.pack("<Q", xxhash.xxh3_64(body).intdigest())


@given(
    st.lists(
        st.lists(
            st.tuples(st.integers(0, 19), st.integers(-1, 1 << 40), st.integers(0, 2**64 - 1)), max_size=6
        ),
        max_size=5,
    ),
    st.dictionaries(st.text("abc/.", min_size=1, max_size=6), st.integers(0, 2**64 - 1), max_size=4),
)
def test_what_was_flushed_is_read_again(
    batches: list[list[tuple[int, int, int]]], others: dict[str, int]
) -> None:
    store = MemoryStore()
    journal = begun(store, 20)
    for number, batch in enumerate(batches):
        for unit, size, total in batch:
            journal.note(unit, journal.table.key(unit), size, total)
        for key, total in list(others.items())[number :: len(batches)]:
            journal.note(None, key, 3, total)
        journal.notes["round"] = number
        journal.flush()
    again = read_journal(store)
    assert again is not None
    assert again.table.arrays == journal.table.arrays
    assert again.table.size.tolist() == journal.table.size.tolist()
    assert again.table.sums.tolist() == journal.table.sums.tolist()
    assert again.documents == ({key: Entry(3, total) for key, total in others.items()} if batches else {})
    assert {k: v for k, v in again.told.items() if k != "arrays"} == TOLD
    assert plan_in(store) == again.told


def test_the_form_is_as_documented() -> None:
    store = MemoryStore()
    journal = begun(store)
    journal.notes["offset"] = 17
    journal.note(5, "0/c/5", 70, 2**64 - 1)
    journal.note(None, "0/zarr.json", 4, 255)
    journal.note(6, "0/c/6", EMPTY, 0)
    journal.flush()
    notes = {"offset": 17, "documents": {"0/zarr.json": f"4 {255:016x}"}}
    rows = [(5, 70, 2**64 - 1), (6, -1, 0)]
    written = bytes(store.get(segment(0)) or b"")
    length = struct.unpack("<I", written[4:8])[0]
    assert json.loads(written[8 : 8 + length]) == notes
    assert written[8 + length :][:-8] == b"".join(struct.pack("<QqQ", *row) for row in rows)
    assert written[-8:] == struct.pack("<Q", xxhash.xxh3_64(written[:-8]).intdigest())
    other = begun(MemoryStore())
    other_store = MemoryStore({PLAN: bytes(store.get(PLAN) or b""), segment(0): packed(notes, rows)})
    read = read_journal(other_store)
    assert read is not None
    assert read.table.size[[5, 6, 7]].tolist() == [70, EMPTY, UNKNOWN]
    assert read.documents == {"0/zarr.json": Entry(4, 255)}
    assert read.notes == {"offset": 17}
    assert other.notes == {}


def test_units_are_durable_before_they_count() -> None:
    store = Ordered()
    journal = begun(store)
    assert store.events == [("put", PLAN), ("sync", [PLAN])]
    store.events.clear()
    journal.note(3, "0/c/3", 10, 1)
    journal.note(4, "0/c/4", EMPTY, 0)
    journal.note(None, "zarr.json", 5, 2)
    assert store.events == []
    assert journal.table.size[3] == 10, "known at once in this process"
    journal.flush()
    assert store.events == [
        ("sync", ["0/c/3", "zarr.json"]), ("put", segment(0)), ("sync", [segment(0)])
    ]  # fmt: skip
    store.events.clear()
    journal.flush()
    assert store.events == []


def test_what_cannot_be_made_durable_does_not_count() -> None:
    class Full(MemoryStore):
        def sync(self, keys: Any) -> None:
            if any(key.startswith("0/") for key in keys):
                raise OSError("no space left")

    store = Full()
    journal = begun(store)
    journal.note(3, "0/c/3", 10, 1)
    with pytest.raises(OSError, match="no space"):
        journal.flush()
    assert segments(store) == []


def test_batches_by_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BATCH", 1000)
    store = MemoryStore()
    journal = begun(store)
    for number in range(25):
        journal.note(number, f"0/c/{number}", 100, number)
    assert len(segments(store)) == 2
    read = read_journal(store)
    assert read is not None
    assert list(read.table.known()) == list(range(20))


def test_batches_by_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(module, "monotonic", lambda: now[0])
    store = MemoryStore()
    journal = begun(store)
    for number, moment in enumerate([101, 105, 110, 110.5, 115, 120, 121, 140]):
        now[0] = moment
        journal.note(number, f"0/c/{number}", 1, 0)
    # More than ten seconds after the last: at 110.5, and at 121 and 140.
    assert len(segments(store)) == 3
    read = read_journal(store)
    assert read is not None
    assert list(read.table.known()) == list(range(8))


def test_notes_of_many_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BATCH", 300)
    store = MemoryStore()
    journal = begun(store, 2000)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda i: journal.note(i, f"0/c/{i}", i % 7, i * i), range(2000)))
    journal.flush()
    read = read_journal(store)
    assert read is not None
    assert read.table.size.tolist() == [i % 7 for i in range(2000)]
    assert read.table.sums.tolist() == [i * i for i in range(2000)]


def test_a_watch_is_asked_before_each_segment() -> None:
    store = MemoryStore()
    journal = begun(store)
    asked: list[int] = []

    def watch() -> dict[str, Any]:
        asked.append(len(asked))
        return {"contrast": len(asked)}

    journal.watch = watch
    for number in range(3):
        journal.note(number, f"0/c/{number}", 1, 0)
        journal.flush()
    read = read_journal(store)
    assert read is not None
    assert read.notes == {"contrast": 3}
    assert len(asked) == 3


def test_an_archive_is_cut_where_the_last_noted_value_ended() -> None:
    class Growing(MemoryStore):
        offset = 0

    store, data = MemoryStore(), Growing()
    journal = Journal(store, data, TOLD, table())
    journal.begin()
    for number, offset in enumerate([500, 900]):
        data.offset = offset
        journal.note(number, f"0/c/{number}", 1, 0)
    data.offset = 1300  # written by another thread, which has not noted it yet
    journal.flush()
    read = read_journal(store, data)
    assert read is not None
    assert read.notes == {"offset": 900}


def test_the_next_run_goes_on_with_the_next_segment() -> None:
    store = MemoryStore()
    journal = begun(store)
    journal.note(0, "0/c/0", 1, 0)
    journal.flush()
    second = read_journal(store)
    assert second is not None
    second.note(1, "0/c/1", 2, 0)
    second.flush()
    assert segments(store) == [segment(0), segment(1)]
    third = read_journal(store)
    assert third is not None
    assert third.table.size[:3].tolist() == [1, 2, UNKNOWN]


def test_the_last_segment_may_be_torn() -> None:
    """After a loss of power; it never counted. What it told of is written again."""
    store = MemoryStore()
    journal = begun(store)
    for number in range(2):
        journal.note(number, f"0/c/{number}", 10, number)
        journal.notes["offset"] = number
        journal.flush()
    whole = bytes(store.get(segment(1)) or b"")
    for length in range(len(whole)):
        store.put(segment(1), whole[:length])
        read = read_journal(store)
        assert read is not None
        assert list(read.table.known()) == [0], length
        assert read.notes == {"offset": 0}
    read.note(1, "0/c/1", 10, 1)
    read.flush()
    assert segments(store) == [segment(0), segment(1)]
    again = read_journal(store)
    assert again is not None
    assert list(again.table.known()) == [0, 1]


def test_a_damaged_segment_in_the_middle_is_refused() -> None:
    store = MemoryStore()
    journal = begun(store)
    for number in range(3):
        journal.note(number, f"0/c/{number}", 10, number)
        journal.flush()
    whole = bytes(store.get(segment(1)) or b"")
    for at in range(len(whole)):
        store.put(segment(1), whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(CorruptDataError, match=r"000001\.units.*damaged.*--overwrite"):
            read_journal(store)
    store.put(segment(1), packed({}, [(100, 1, 1)]))
    with pytest.raises(MetadataError, match="damaged"):
        read_journal(store)


@pytest.mark.parametrize("plan", [b"{}", b"3", b"null", b'{"arrays": 3}', b'{"arrays": [{"path": 1}]}', b"{"])
def test_a_damaged_plan_is_refused(plan: bytes) -> None:
    with pytest.raises(MetadataError, match=r"plan\.json"):
        read_journal(MemoryStore({PLAN: plan}))


def test_the_plan_of_a_large_plate_is_read_again() -> None:
    """It may have more values than a document of others."""
    store = MemoryStore()
    told = {"images": [{"path": f"A/{n}", "plan": {"levels": [n] * 30}} for n in range(20_000)]}
    units = UnitTable.of([(f"A/{n}/0", describe((2,), "u1", (1,))) for n in range(20_000)])
    Journal(store, store, told, units).begin()
    again = read_journal(store)
    assert again is not None
    assert again.told["images"] == told["images"]
    assert again.table.arrays == units.arrays


def test_none_where_there_is_none() -> None:
    assert read_journal(MemoryStore()) is None
    assert plan_in(MemoryStore()) is None


def test_it_is_removed_with_its_plan_last() -> None:
    store = Ordered()
    journal = begun(store)
    for number in range(3):
        journal.note(number, f"0/c/{number}", 10, number)
        journal.flush()
    store.events.clear()
    journal.remove()
    assert [key for event, key in store.events if event == "delete"] == [
        segment(2), segment(1), segment(0), PLAN
    ]  # fmt: skip
    assert list(store.list()) == []


def test_without_a_place_units_are_made_durable_all_the_same() -> None:
    data = Ordered()
    journal = Journal(None, data, {}, table())
    journal.begin()
    journal.note(1, "0/c/1", 10, 1)
    journal.flush()
    journal.remove()
    assert data.events == [("sync", ["0/c/1"])]
    assert list(journal.table.known()) == [1]
