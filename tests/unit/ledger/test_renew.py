"""The manifest follows documents and units that are changed, also when several change them at once."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import xxhash

import zarrscope
from zarrscope.errors import ConflictError
from zarrscope.ledger.folder import MANIFEST
from zarrscope.ledger.inventory import manifest_of
from zarrscope.ledger.manifest import read_manifest
from zarrscope.ledger.renew import renew_documents
from zarrscope.ledger.table import EMPTY, Entry
from zarrscope.ledger.units import renew_units, until_settled
from zarrscope.store.local import LocalStore
from zarrscope.store.memory import MemoryStore

if TYPE_CHECKING:
    from pathlib import Path

FORMS = [("0.4", "none"), ("0.5", "none"), ("0.5", {"z": 1, "y": 64, "x": 64})]


def image(place: Any, version: str = "0.5", shards: Any = "none") -> Any:
    pixels = np.random.default_rng(5).integers(1, 999, (3, 64, 64), dtype="u2")
    zarrscope.write(pixels, place, axes="zyx", version=version, levels=1, chunks={"z": 1, "y": 32, "x": 32},
                    shards=shards)  # fmt: skip
    return place


def units(store: Any) -> list[str]:
    return [key for key in store.list("0/") if key.rpartition("/")[2].isdecimal()]


def entry(data: bytes) -> Entry:
    return Entry(len(data), xxhash.xxh3_64(data).intdigest())


def known(store: Any) -> dict[str, Entry]:
    manifest = read_manifest(store)
    assert manifest is not None
    return dict(manifest)


@pytest.mark.parametrize(("version", "shards"), FORMS)
def test_documents(version: str, shards: Any) -> None:
    store = image(MemoryStore(), version, shards)
    before = known(store)
    assert before == dict(manifest_of(store))
    name = ".zattrs" if version == "0.4" else "zarr.json"
    renew_documents(store, {name: b"new", "labels/zarr.json": b"added", ".zarrscope/x": b"ours"})
    changed = {name: entry(b"new"), "labels/zarr.json": entry(b"added")}
    assert known(store) == before | changed
    renew_documents(store, {"labels/zarr.json": None, "never/there": None})
    assert known(store) == before | {name: entry(b"new")}


@pytest.mark.parametrize("kind", [MemoryStore, LocalStore])
def test_documents_by_many_threads(tmp_path: Path, kind: Any) -> None:
    store = image(LocalStore(tmp_path / "a") if kind is LocalStore else MemoryStore())
    before = known(store)
    with ThreadPoolExecutor(4) as pool:
        for number in range(12):
            pool.submit(renew_documents, store, {f"a/{number}": b"x" * number})
    assert known(store) == before | {f"a/{number}": entry(b"x" * number) for number in range(12)}


def test_documents_without_a_manifest_or_with_a_broken_one() -> None:
    store = MemoryStore({"zarr.json": b"{}"})
    renew_documents(store, {"zarr.json": b"new"})
    assert list(store.list()) == ["zarr.json"]
    for broken in (
        b"{",
        b"[]",
        b'{"attributes": {}}',
        json.dumps({"attributes": {"zarrscope": {"documents": 3}}}),
    ):
        data = broken if isinstance(broken, bytes) else broken.encode()
        store.put(f"{MANIFEST}/zarr.json", data)
        renew_documents(store, {"zarr.json": b"new"})
        assert store.get(f"{MANIFEST}/zarr.json") == data, "that is for verify to tell of"


@pytest.mark.parametrize(("version", "shards"), FORMS)
def test_units(version: str, shards: Any) -> None:
    store = image(MemoryStore(), version, shards)
    before = known(store)
    keys = units(store)
    store.put(keys[0], b"changed")
    store.delete(keys[1])
    renew_units(store, [*keys[:2], "zarr.json", "0/c/9/9/9", "elsewhere"])
    assert known(store) == before | {keys[0]: entry(b"changed"), keys[1]: Entry(EMPTY, 0)}
    renew_units(MemoryStore(), keys)


def test_units_by_many_threads(tmp_path: Path) -> None:
    store = LocalStore(image(tmp_path / "a"))
    keys = units(store)
    assert len(keys) == 12

    def change(number: int) -> None:
        key = keys[number % 6]  # each is changed four times
        store.put(key, b"x" * (number + 1))
        renew_units(store, [key])

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(change, range(24)))
    found = known(store)
    for key in keys:
        assert found[key] == entry(bytes(store.get(key) or b"")), key
    assert found == dict(manifest_of(store))


def test_work_is_done_until_nothing_changes_meanwhile() -> None:
    store = MemoryStore({"a": b"0", "b": b"0"})
    rounds: list[int] = []

    def work() -> None:
        rounds.append(len(rounds))
        if len(rounds) < 4:
            store.put("b", f"{len(rounds)}".encode())

    until_settled(store, ["a", "b"], work)
    assert len(rounds) == 4
    with pytest.raises(ConflictError, match="memory:a: others write it all the time"):
        until_settled(store, ["a", "b"], lambda: store.put("a", b"again"))
