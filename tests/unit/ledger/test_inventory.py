"""What stands in a hierarchy, measured: against the system's own sizes and the checksums of xxhash."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest
import xxhash
import zarr

import zarrscope
from zarrscope.errors import MetadataError
from zarrscope.ledger import inventory
from zarrscope.ledger.inventory import manifest_of, measured, pieces
from zarrscope.ledger.manifest import read_manifest, write_manifest
from zarrscope.ledger.table import EMPTY, Entry
from zarrscope.store.local import LocalStore
from zarrscope.store.memory import MemoryStore

if TYPE_CHECKING:
    from pathlib import Path


def truth(root: Path) -> dict[str, Entry]:
    """Return size and checksum of every file, by the system and by xxhash."""
    return {
        path.relative_to(root).as_posix(): Entry(
            path.stat().st_size, xxhash.xxh3_64(path.read_bytes()).intdigest()
        )
        for path in root.rglob("*")
        if path.is_file() and ".zarrscope" not in path.parts
    }  # fmt: skip


@pytest.mark.parametrize("size", [0, 1, 99, 100, 101, 102, 200, 201, 1000])
def test_a_value_is_measured_piece_by_piece(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inventory, "PIECE", 100)
    data = np.random.default_rng(size).bytes(size)
    store = MemoryStore({"a": data})
    whole = Entry(size, xxhash.xxh3_64(data).intdigest())
    assert measured(store, "a") == whole
    assert measured(store, "a", size) == whole
    assert b"".join(bytes(piece) for piece in pieces(store, "a", size)) == data
    for wrong in {max(0, size - 1), size + 1, size + 100, size // 2} - {size}:
        found = measured(store, "a", wrong)
        assert found is not None
        assert found.size != wrong
    assert measured(store, "b") is None
    assert measured(store, "b", 50) is None
    assert measured(store, "b", 500) is None


def test_no_request_begins_at_the_end_of_a_value(monkeypatch: pytest.MonkeyPatch) -> None:
    class Strange(MemoryStore):
        def get(self, key, range=None, out=None):  # noqa: A002
            starts.append(range[0])
            return super().get(key, range, out)

    monkeypatch.setattr(inventory, "PIECE", 100)
    for size in range(1, 420):
        starts: list[int] = []
        assert sum(map(len, pieces(Strange({"a": bytes(size)}), "a", size))) == size
        assert max(starts) < size


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize("shards", [None, "none"])
def test_the_manifest_of_an_image(tmp_path: Path, version: str, shards: str | None) -> None:
    if version == "0.4" and shards is None:
        shards = "none"
    pixels = np.random.default_rng(3).integers(0, 999, (3, 90, 100), dtype="u2")
    zarrscope.write(pixels, tmp_path / "a", axes="zyx", version=version, levels=2,
                    chunks={"z": 1, "y": 32, "x": 32}, shards=shards)  # fmt: skip
    shutil.rmtree(tmp_path / "a" / ".zarrscope", ignore_errors=True)
    gone = sorted(
        path for path in (tmp_path / "a" / "1").rglob("*") if path.name.isdecimal() and path.is_file()
    )[-1]
    gone.unlink()
    expected = truth(tmp_path / "a")
    store = LocalStore(tmp_path / "a")
    manifest = manifest_of(store)
    assert {key: entry for key, entry in manifest if not entry.empty} == expected
    lost = gone.relative_to(tmp_path / "a").as_posix()
    assert [key for key, entry in manifest if entry.size == EMPTY] == [lost]
    write_manifest(store, manifest, 2 if version == "0.4" else 3)
    again = read_manifest(store)
    assert again is not None
    assert dict(again) == dict(manifest)
    assert zarr.open_group(tmp_path / "a", mode="r")["0"].shape == pixels.shape
    assert dict(manifest_of(store)) == dict(manifest), "what lies in our own folder does not count"


def test_arrays_of_others_and_files_that_are_none_of_them(tmp_path: Path) -> None:
    root = zarr.open_group(tmp_path / "a", mode="w", zarr_format=3)
    for separator, name in (("/", "slashes"), (".", "dots")):
        array = root.create_array(
            name, shape=(5, 7), chunks=(2, 3), dtype="u1",
            chunk_key_encoding={"name": "default", "separator": separator},
        )  # fmt: skip
        array[:2] = 7
    root.create_array("one", shape=(), chunks=(), dtype="f4")[...] = 1.5
    (tmp_path / "a" / "notes.txt").write_text("mine")
    (tmp_path / "a" / "slashes" / "c" / "9").mkdir()
    (tmp_path / "a" / "slashes" / "c" / "9" / "0").write_bytes(b"outside of the grid")
    manifest = manifest_of(LocalStore(tmp_path / "a"))
    assert {key: entry for key, entry in manifest if not entry.empty} == truth(tmp_path / "a")
    assert len(manifest.units) == 9 + 9 + 1
    assert {"notes.txt", "slashes/c/9/0"} <= set(manifest.documents)
    assert (manifest.units.size == EMPTY).sum() == 12


def test_a_document_that_cannot_be_understood_is_named(tmp_path: Path) -> None:
    zarr.create_array(tmp_path / "a", shape=(4,), dtype="u1")
    (tmp_path / "a" / "zarr.json").write_text('{"zarr_format": 3')
    with pytest.raises(MetadataError, match=r"zarr\.json"):
        manifest_of(LocalStore(tmp_path / "a"))
