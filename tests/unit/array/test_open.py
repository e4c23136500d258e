"""Arrays and groups found in stores."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from zarrscope.array.describe import describe
from zarrscope.array.group import Group, read_group, write_group
from zarrscope.array.open import create_array, open_array
from zarrscope.errors import ConflictError, MetadataError, NotFoundError
from zarrscope.store.contracts import ABSENT
from zarrscope.store.memory import MemoryStore


@pytest.mark.parametrize("path", ["", "a", "a/b"])
@pytest.mark.parametrize("zarr_format", [2, 3])
def test_made_and_found(path: str, zarr_format: int) -> None:
    store = MemoryStore()
    made = create_array(
        store, path, describe((4,), "u1", (2,), zarr_format=zarr_format, attributes={"é": [1]})
    )
    found = open_array(store, path)
    assert found.metadata == made.metadata
    assert found.metadata.attributes == {"é": [1]}
    assert found.notes == ()
    assert open_array(store, path, zarr_format).path == path
    with pytest.raises(NotFoundError, match="no array"):
        open_array(store, path, 5 - zarr_format)


def test_nothing_there() -> None:
    store = MemoryStore()
    with pytest.raises(NotFoundError, match="memory:a: there is no array"):
        open_array(store, "a")
    with pytest.raises(NotFoundError, match="memory:a: there is no group"):
        read_group(store, "a")
    write_group(store, "a", Group(3))
    with pytest.raises(NotFoundError, match="no array"):
        open_array(store, "a")


def test_both_versions_at_one_place() -> None:
    store = MemoryStore()
    create_array(store, "a", describe((4,), "u1", (2,), zarr_format=2))
    create_array(store, "a", describe((5,), "u1", (2,)))
    found = open_array(store, "a")
    assert found.shape == (5,)
    assert "zarr.json is used" in found.notes[0]
    assert open_array(store, "a", 2).shape == (4,)


@pytest.mark.parametrize("data", [b"", b"[]", b"3", b"{", b'{"zarr_format": 2}', b"\xff", b'{"a":1,"a":2}'])
@pytest.mark.parametrize("name", ["zarr.json", ".zarray"])
def test_documents_that_are_none(name: str, data: bytes) -> None:
    with pytest.raises(MetadataError, match=name):
        open_array(MemoryStore({f"a/{name}": data}), "a")


def test_attributes_that_are_none() -> None:
    store = MemoryStore()
    create_array(store, "a", describe((4,), "u1", (2,), zarr_format=2))
    store.put("a/.zattrs", b"[]")
    with pytest.raises(MetadataError, match="attributes"):
        open_array(store, "a")


def test_bare_nan_as_older_tools_write_it() -> None:
    store = MemoryStore()
    create_array(store, "a", describe((4,), "f4", (2,), zarr_format=2, fill_value=np.nan))
    document = bytes(store.get("a/.zarray") or b"")
    assert json.loads(document)["fill_value"] == "NaN"
    store.put("a/.zarray", document.replace(b'"NaN"', b"NaN"))
    assert np.isnan(open_array(store, "a")[...]).all()


@pytest.mark.parametrize("path", ["", "a/b"])
@pytest.mark.parametrize("zarr_format", [2, 3])
def test_groups(path: str, zarr_format: int) -> None:
    store = MemoryStore()
    extra: dict[str, Any] = {"consolidated_metadata": None} if zarr_format == 3 else {}
    group = Group(zarr_format, {"ome": {"version": "0.5"}}, extra)
    write_group(store, path, group)
    assert read_group(store, path) == group
    assert read_group(store, path, zarr_format) == group


def test_groups_are_written_over_a_known_state() -> None:
    store = MemoryStore()
    write_group(store, "a", Group(3), ABSENT)
    with pytest.raises(ConflictError):
        write_group(store, "a", Group(3), ABSENT)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("zarr.json", b"[]"),
        ("zarr.json", b'{"zarr_format": 3, "node_type": "group", "attributes": 3}'),
        (".zgroup", b"[]"),
        (".zgroup", b'{"zarr_format": 3}'),
    ],
)
def test_groups_that_are_none(name: str, data: bytes) -> None:
    with pytest.raises(MetadataError, match=name):
        read_group(MemoryStore({name: data}))
