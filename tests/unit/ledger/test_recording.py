"""A store that takes note of all that is written through it, against xxhash and the sizes themselves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xxhash

from zarrscope.array.describe import describe
from zarrscope.errors import ConflictError
from zarrscope.ledger.recording import Recording
from zarrscope.ledger.table import Entry, UnitTable
from zarrscope.store.contracts import ABSENT, Request, Writable
from zarrscope.store.memory import MemoryStore

DATA = np.random.default_rng(1).bytes(5000)


def digest(data: bytes) -> int:
    return xxhash.xxh3_64(data).intdigest()


def recording(*last: str) -> tuple[Recording, MemoryStore, list[tuple[Any, ...]]]:
    noted: list[tuple[Any, ...]] = []
    store = MemoryStore()
    table = UnitTable.of([("0", describe((4,), "u1", (1,)))])
    return Recording(store, table, lambda *row: noted.append(row), last), store, noted


def test_units_and_documents() -> None:
    store, inner, noted = recording()
    store.put("0/c/3", DATA)
    store.put("0/zarr.json", b"{}")
    store.put(".zarrscope/a", b"ours")
    assert noted == [(3, "0/c/3", 5000, digest(DATA)), (None, "0/zarr.json", 2, digest(b"{}"))]
    assert store.documents == {"0/zarr.json": Entry(2, digest(b"{}"))}
    assert {key: bytes(inner.get(key) or b"") for key in inner.list()} == {
        "0/c/3": DATA, "0/zarr.json": b"{}", ".zarrscope/a": b"ours"
    }  # fmt: skip


def test_values_that_grow() -> None:
    store, inner, noted = recording()
    upload = store.create("0/c/1")
    for start in range(0, 5000, 700):
        upload.write(memoryview(DATA)[start : start + 700])
        assert upload.entry == Entry(min(start + 700, 5000), digest(DATA[: start + 700]))
    assert noted == []
    assert inner.head("0/c/1") is None
    upload.commit()
    assert noted == [(1, "0/c/1", 5000, digest(DATA))]
    assert bytes(inner.get("0/c/1") or b"") == DATA
    upload = store.create("0/c/2")
    upload.write(np.arange(10, dtype="<u2").data)
    assert upload.entry.size == 20, "bytes, not elements"
    upload.abort()
    assert len(noted) == 1
    assert inner.head("0/c/2") is None


def test_what_was_not_stored_is_not_noted() -> None:
    store, _, noted = recording()
    store.put("0/c/1", b"1", ABSENT)
    with pytest.raises(ConflictError):
        store.put("0/c/1", b"2", ABSENT)
    upload = store.create("0/c/1", ABSENT)
    upload.write(b"3")
    with pytest.raises(ConflictError):
        upload.commit()
    assert noted == [(1, "0/c/1", 1, digest(b"1"))]


def test_documents_of_the_root_are_kept_back() -> None:
    store, inner, noted = recording("zarr.json")
    store.put("zarr.json", b"root")
    store.put("0/zarr.json", b"below")
    assert store.held == {"zarr.json": b"root"}
    assert list(inner.list()) == ["0/zarr.json"]
    assert [row[1] for row in noted] == ["0/zarr.json"], "what is not stored is not noted"
    assert store.documents["zarr.json"] == Entry(4, digest(b"root")), "yet the manifest will know it"
    assert store.release() == ["zarr.json"]
    assert inner.get("zarr.json") == b"root"


def test_what_is_deleted_is_forgotten() -> None:
    store, inner, _ = recording("zarr.json")
    for key in ("zarr.json", "0/zarr.json"):
        store.put(key, b"{}")
        store.delete(key)
    assert store.documents == {}
    assert store.held == {}
    assert store.release() == []
    assert list(inner.list()) == []


def test_it_is_a_store_like_the_inner_one() -> None:
    store, inner, _ = recording()
    inner.put("a", DATA)
    assert isinstance(store, Writable)
    assert store.get("a", (10, 20)) == DATA[10:20]
    assert store.get_many([Request("a"), Request("b")]) == [DATA, None]
    assert store.head("a") == inner.head("a")
    assert store.url("a") == inner.url("a")
    assert not store.in_order
    inner.in_order = True  # type: ignore[attr-defined]
    assert store.in_order
