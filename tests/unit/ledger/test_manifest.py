"""The manifest: what is written is read again, also by zarr-python; what is damaged is told."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import zarr
from hypothesis import given
from hypothesis import strategies as st

from zarrscope.array.describe import describe
from zarrscope.documents import VALUES_LIMIT
from zarrscope.errors import CorruptDataError, MetadataError, UnsupportedError, ZarrscopeError
from zarrscope.ledger.checksum import checksum
from zarrscope.ledger.folder import MANIFEST, found_group
from zarrscope.ledger.manifest import Manifest, read_manifest, read_table, write_manifest
from zarrscope.ledger.renew import renew_documents
from zarrscope.ledger.table import EMPTY, UNKNOWN, Entry, UnitTable
from zarrscope.store.local import LocalStore
from zarrscope.store.memory import MemoryStore

if TYPE_CHECKING:
    from pathlib import Path

entries = st.builds(Entry, st.integers(0, 1 << 50), st.integers(0, 2**64 - 1))
keys = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=20)


def table(*counts: int, zarr_format: int = 3) -> UnitTable:
    return UnitTable.of(
        [(f"{i}", describe((n,), "u1", (1,), zarr_format=zarr_format)) for i, n in enumerate(counts)]
    )


def example() -> Manifest:
    """Return a manifest of 3 + 2 units, of which one is empty and one not known."""
    units = table(3, 2)
    units.size[:] = [10, EMPTY, 1 << 40, 0, UNKNOWN]
    units.sums[:] = [2**64 - 1, 0, 1 << 63, 3, 0]
    return Manifest(units, {"zarr.json": Entry(100, 0xABC), "0/zarr.json": Entry(7, 2**64 - 1)})


@given(
    st.lists(st.tuples(st.integers(-2, 1 << 62), st.integers(0, 2**64 - 1)), max_size=30),
    st.dictionaries(keys, entries, max_size=5),
    st.sampled_from([2, 3]),
)
def test_round_trip(units: list[tuple[int, int]], documents: dict[str, Entry], zarr_format: int) -> None:
    manifest = Manifest(table(len(units), zarr_format=zarr_format), documents)
    for number, (size, total) in enumerate(units):
        manifest.units.note(number, size, total)
    store = MemoryStore()
    assert sorted(write_manifest(store, manifest, zarr_format)) == sorted(store.list())
    again = read_manifest(store)
    assert again is not None
    assert again.documents == documents
    assert again.units.arrays == manifest.units.arrays
    assert np.array_equal(again.units.size, manifest.units.size)
    assert np.array_equal(again.units.sums, manifest.units.sums)
    only = read_table(store)
    assert only is not None
    assert only.arrays == manifest.units.arrays


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_zarr_python_reads_it(tmp_path: Path, zarr_format: int) -> None:
    manifest, store = example(), LocalStore(tmp_path)
    found_group(store, zarr_format, {"state": "finished"})
    write_manifest(store, manifest, zarr_format)
    group = zarr.open_group(tmp_path / ".zarrscope", mode="r", zarr_format=zarr_format)
    assert dict(group.attrs) == {"zarrscope": {"state": "finished"}}
    assert group["manifest/size"].dtype == "int64"
    assert group["manifest/size"][...].tolist() == [10, -1, 1 << 40, 0, -2]
    assert group["manifest/checksum"][...].tolist() == [2**64 - 1, 0, 1 << 63, 3, 0]
    told = group["manifest"].attrs["zarrscope"]
    assert told["algorithm"] == "xxh3-64"
    assert told["documents"] == {"zarr.json": "100 0000000000000abc", "0/zarr.json": "7 " + "f" * 16}
    assert told["arrays"] == ["0\t0/c/\t/\t3", "1\t1/c/\t/\t2"]


def test_what_is_said_of_a_key() -> None:
    manifest = example()
    assert manifest.entry("zarr.json") == Entry(100, 0xABC)
    assert manifest.entry("0/c/1") == Entry(EMPTY, 0)
    assert manifest.entry("1/c/0") == Entry(0, 3)
    assert manifest.entry("1/c/2") is None
    assert manifest.entry("other") is None
    assert [key for key, _ in manifest] == [
        "0/zarr.json", "zarr.json", "0/c/0", "0/c/1", "0/c/2", "1/c/0", "1/c/1"
    ]  # fmt: skip


def test_many_units_are_several_chunks_and_few_bytes() -> None:
    manifest = Manifest(table((1 << 18) + 5))
    manifest.units.size[:] = np.random.default_rng(1).integers(0, 9000, len(manifest.units))
    manifest.units.sums[:] = np.random.default_rng(2).integers(0, 1 << 62, len(manifest.units))
    store = MemoryStore()
    keys = write_manifest(store, manifest, 3)
    assert len([key for key in keys if "/c/" in key]) == 4
    assert sum(len(store.get(key) or b"") for key in keys) < 16 * len(manifest.units)
    again = read_manifest(store)
    assert again is not None
    assert np.array_equal(again.units.sums, manifest.units.sums)


def test_none_where_there_is_none() -> None:
    assert read_manifest(MemoryStore()) is None
    assert read_table(MemoryStore()) is None


def damaged(change: Any) -> MemoryStore:
    store = MemoryStore()
    write_manifest(store, example(), 3)
    key = f"{MANIFEST}/zarr.json"
    document = json.loads(bytes(store.get(key) or b""))
    change(document["attributes"]["zarrscope"])
    store.put(key, json.dumps(document).encode())
    return store


@pytest.mark.parametrize(
    "change",
    [
        lambda told: told.pop("arrays"),
        lambda told: told.pop("documents"),
        lambda told: told.update(arrays=7),
        lambda told: told.update(arrays=told["arrays"][:1]),
        lambda told: told["arrays"].__setitem__(0, "0\t0/c/\t/\t4"),
        lambda told: told["arrays"].__setitem__(0, f"0\t0/c/\t/\t{1 << 60}"),
        lambda told: told.update(documents=[]),
        lambda told: told["documents"].update(a="1 xyz"),
        lambda told: told["documents"].update(a=3),
        lambda told: told["documents"].update(a=[1, "0"]),
        lambda told: told.clear(),
    ],
)
def test_a_damaged_document_is_told_of(change: Any) -> None:
    with pytest.raises(MetadataError, match=r"\.zarrscope/manifest.*damaged.*--accept"):
        read_manifest(damaged(change))


def test_checksums_of_another_kind() -> None:
    with pytest.raises(UnsupportedError, match="md5"):
        read_manifest(damaged(lambda told: told.update(algorithm="md5")))


@pytest.mark.parametrize("name", ["size", "checksum"])
def test_damaged_columns(name: str) -> None:
    """A part that is gone or changed is damage, not "nothing is known"."""
    store = MemoryStore()
    write_manifest(store, example(), 3)
    kept = {key: bytes(store.get(key) or b"") for key in store.list(f"{MANIFEST}/{name}/")}
    assert len(kept) == 2
    for key, data in kept.items():
        store.delete(key)
        with pytest.raises(MetadataError, match=r"damaged"):
            read_manifest(store)
        for at in range(0, len(data), 5):
            store.put(key, data[:at] + bytes([data[at] ^ 16]) + data[at + 1 :])
            if "/c/" in key:
                with pytest.raises(CorruptDataError):
                    read_manifest(store)
            else:
                try:
                    found = read_manifest(store)
                except ZarrscopeError:
                    continue
                assert found is not None
                assert dict(found) == dict(example()), "a flip that means nothing"
        store.put(key, data)
    assert read_manifest(store) is not None


def test_a_plate_of_a_hundred_thousand_arrays() -> None:
    """1536 wells of 9 fields of 8 levels: more values than a document of others may have."""
    names = [f"{row}/{column}/{field}" for row in range(32) for column in range(48) for field in range(9)]
    one = describe((2, 2), "u1", (1, 1))
    units = UnitTable.of([(f"{name}/{level}", one) for name in names for level in range(8)])
    documents = {f"{array.path}/zarr.json": Entry(900, 2**63) for array in units.arrays}
    documents |= {f"{name}/{n}": Entry(1, 1) for name in names for n in range(40)}
    assert len(units.arrays) == 110_592
    assert len(documents) > VALUES_LIMIT
    store = MemoryStore()
    write_manifest(store, Manifest(units, documents), 3)
    again = read_manifest(store)
    assert again is not None
    assert again.documents == documents
    assert again.units.arrays == units.arrays
    renew_documents(store, {"31/47/8/7/zarr.json": b"new"})
    again = read_manifest(store)
    assert again is not None
    assert again.entry("31/47/8/7/zarr.json") == Entry(3, checksum(b"new"))
    assert again.units.array("31/47/8/7") == units.arrays[-1]
