"""Our own group: no reader stumbles at it, and what it tells is read whatever lies around."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
import zarr

from zarrscope.ledger.folder import (
    MARK,
    begin_update,
    end_update,
    ensure_group,
    found_group,
    is_ours,
    note_stale,
    stale_levels,
    told_by,
)
from zarrscope.store.local import LocalStore
from zarrscope.store.memory import MemoryStore

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_the_group_is_one_for_zarr_python(tmp_path: Path, zarr_format: int) -> None:
    told = {"state": "finished", "run": {"id": "abc"}}
    zarr.create_group(tmp_path, zarr_format=zarr_format)
    store = LocalStore(tmp_path)
    keys = found_group(store, zarr_format, told)
    assert keys == [key for key in store.list() if is_ours(key)] or zarr_format == 2
    group = zarr.open_group(tmp_path, mode="r", zarr_format=zarr_format)[".zarrscope"]
    assert dict(group.attrs) == {"zarrscope": told}
    assert told_by(store) == told
    ensure_group(store, zarr_format)
    assert told_by(store) == told, "what it tells stays"


def test_nothing_is_told_by_what_is_broken() -> None:
    for data in (
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"attributes": 3}',
        b'{"attributes": {"zarrscope": [1]}}',
        b"\xff",
    ):
        assert told_by(MemoryStore({MARK: data})) == {}
    assert told_by(MemoryStore()) == {}


def test_the_mark_counts_before_an_older_record() -> None:
    store = MemoryStore()
    found_group(store, 2, {"state": "finished"})
    assert told_by(store) == {"state": "finished"}
    found_group(store, 3, {"state": "unfinished"})
    assert told_by(store) == {"state": "unfinished"}


@pytest.mark.parametrize(("root", "document"), [("zarr.json", MARK), (".zgroup", ".zarrscope/.zattrs")])
def test_stale_levels_are_added_to_what_is_told(root: str, document: str) -> None:
    store = MemoryStore({root: b"{}"})
    found_group(store, 3 if root == "zarr.json" else 2, {"state": "finished", "run": {"id": "a"}})
    note_stale(store, ["2", "1"])
    note_stale(store, ["1", "3"])
    assert told_by(store) == {"state": "finished", "run": {"id": "a"}, "stale": ["1", "2", "3"]}
    assert json.loads(bytes(store.get(document) or b""))


@pytest.mark.parametrize("root", ["zarr.json", ".zgroup"])
def test_notes_of_many_updates_are_neither_lost_nor_left(root: str) -> None:
    store = MemoryStore({root: b"{}"})
    assert begin_update(store, ["1"]) is None, "without our group there is nothing to note"
    found_group(store, 3 if root == "zarr.json" else 2, {"state": "finished", "stale": ["1", "3"]})
    killed = begin_update(store, ["2"])

    def one(number: int) -> None:
        token = begin_update(store, [f"a{number}"])
        assert f"a{number}" in stale_levels(store)[0]
        end_update(store, token, ["3"])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(one, range(20)))
    assert told_by(store) == {"state": "finished", "stale": ["1"], "updates": {killed: ["2"]}}
    assert stale_levels(store) == (["1", "2"], 1)
    end_update(store, killed)
    assert told_by(store) == {"state": "finished", "stale": ["1"]}


def test_what_is_ours() -> None:
    assert is_ours(".zarrscope/manifest/size/c/0")
    assert not any(map(is_ours, (".zarrscope", ".zarrscopes/a", "a/.zarrscope/b", "0/c/0")))
