"""What lies in a store beside what documents name, and copies of documents that are no longer true."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import zarr

import zarrscope
from zarrscope.store.memory import MemoryStore

if TYPE_CHECKING:
    from conftest import Tree


def told(found: Any, rule: str) -> list[tuple[str, str]]:
    assert found.valid, found
    return [(p.file, p.message) for p in found.problems if p.rule == rule]


def test_strangers_are_noted(tree: Tree) -> None:
    tree.image()
    tree.write("notes.txt", "hello")
    tree.write("old/a.bin", "1")
    tree.write("old/b.bin", "2")
    tree.write("0/thumbs.db", "3")
    tree.write("0/c/0/x", "4")
    assert told(zarrscope.validate(tree.root), "files/unmentioned") == [
        ("0/c", "no document mentions this file"),
        ("0/thumbs.db", "no document mentions this file"),
        ("notes.txt", "no document mentions this file"),
        ("old", "no document mentions 2 files"),
    ]


def test_what_is_well_known_is_no_stranger(tree: Tree) -> None:
    tree.image()
    tree.write("ro-crate-metadata.json", "{}")
    tree.write("OME/METADATA.ome.xml", "<OME/>")
    tree.write(".zarrscope/journal", "x")
    tree.group("tables", None)
    tree.write("tables/regions/data.parquet", "x")
    assert told(zarrscope.validate(tree.root), "files/unmentioned") == []


def test_images_that_nobody_names(tree: Tree) -> None:
    tree.plate()
    shutil.copytree(tree.root / "A/1/0", tree.root / "A/1/7")
    shutil.copytree(tree.root / "A/1/0/0", tree.root / "A/1/0/5")
    found = told(zarrscope.validate(tree.root), "files/unmentioned")
    assert ("A/1/7", "no document mentions this image") in found
    assert len(found) == 1  # an array is a foreign node, like a table: it may have a meaning of its own


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_chunks_outside_of_the_grid(tree: Tree, version: str) -> None:
    tree.image(version=version)  # 2 x 70 x 90 in chunks of 32 x 32: 3 x 3 chunks in y and x
    prefix = "0/c/" if version == "0.5" else "0/"
    for key in ("0/2/3", "0/3/0", "9/0/0"):
        tree.write(prefix + key, "x")
    document = "0/zarr.json" if version == "0.5" else "0/.zattrs"
    ((file, message),) = told(zarrscope.validate(tree.root), "files/outside-grid")
    assert file == document and "and 2 more" in message and "0/2/3" in message


def test_flat_keys(tree: Tree) -> None:
    tree.group("", version="0.4")
    array = {
        "zarr_format": 2, "shape": [1, 1, 1, 4, 4], "chunks": [1, 1, 1, 2, 2], "dtype": "|u1",
        "compressor": None, "fill_value": 0, "order": "C", "filters": None,
    }  # fmt: skip
    tree.write(".zattrs", {"multiscales": [{"version": "0.1", "datasets": [{"path": "0"}]}]})
    tree.write("0/.zarray", array)
    tree.write("0/0.0.0.1.1", "abcd")
    assert told(zarrscope.validate(tree.root), "files/outside-grid") == []
    tree.write("0/0.0.0.2.1", "abcd")
    assert len(told(zarrscope.validate(tree.root), "files/outside-grid")) == 1


# zarr-python warns that this is not part of Zarr 3
@pytest.mark.filterwarnings("ignore:Consolidated metadata:zarr.errors.ZarrUserWarning")
@pytest.mark.parametrize("zarr_format", [2, 3])
def test_consolidated_metadata(tree: Tree, zarr_format: int) -> None:
    tree.image(version="0.4" if zarr_format == 2 else "0.5")
    tree.labels("0.4" if zarr_format == 2 else "0.5")
    assert told(zarrscope.validate(tree.root), "files/consolidated") == []
    zarr.consolidate_metadata(str(tree.root), zarr_format=zarr_format)
    assert told(zarrscope.validate(tree.root), "files/consolidated") == []
    name = "0/.zarray" if zarr_format == 2 else "0/zarr.json"
    tree.change(name, lambda d: d.update(fill_value=7))
    shutil.rmtree(tree.root / "labels/cells/1")
    found = zarrscope.validate(tree.root)
    messages = [p.message for p in found.problems if p.rule == "files/consolidated"]
    assert f"{name} has changed since" in messages
    assert any("labels/cells/1" in m and "not there" in m for m in messages)


@pytest.mark.filterwarnings("ignore:Consolidated metadata:zarr.errors.ZarrUserWarning")
def test_documents_that_the_consolidated_ones_lack(tree: Tree) -> None:
    tree.image()
    zarr.consolidate_metadata(str(tree.root), zarr_format=3)
    tree.labels()
    messages = [m for _, m in told(zarrscope.validate(tree.root), "files/consolidated")]
    assert "labels/zarr.json is missing" in messages


def test_any_store_will_do() -> None:
    store = MemoryStore()
    zarrscope.write(np.zeros((64, 64), "u1"), store)
    store.put("c", b"x")
    found = zarrscope.validate(store)
    assert found.valid and told(found, "files/unmentioned") == [("c", "no document mentions this file")]
