"""Pixels of a finished image replaced: what stands there afterwards is as if it had been written anew."""

from __future__ import annotations

import json
import random
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st

import zarrscope
from zarrscope.check.repair import accept
from zarrscope.errors import AccessError, ArgumentError, UnsupportedError
from zarrscope.ledger.folder import told_by
from zarrscope.ledger.manifest import read_manifest
from zarrscope.pyramid.downsample import KERNELS
from zarrscope.store.local import LocalStore
from zarrscope.store.memory import MemoryStore
from zarrscope.types import Region

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

SHAPE = (3, 75, 90)
FORMS = [("0.4", "none"), ("0.5", "none"), ("0.5", {"z": 2, "y": 32, "x": 64})]


def pixels(seed: int = 1, dtype: str = "u2") -> NDArray[Any]:
    return np.random.default_rng(seed).integers(0, 9000, SHAPE).astype(dtype)


def write(
    place: Any, data: NDArray[Any], version: str = "0.5", shards: Any = None, kernel: str = "mean"
) -> Any:
    zarrscope.write(
        data, place, axes="zyx", version=version, levels=3, chunks={"z": 1, "y": 16, "x": 32},
        shards=shards or FORMS[-1][1], downsample=kernel,
    )  # fmt: skip
    return place


def levels(place: Any) -> list[NDArray[Any]]:
    return [level[...] for level in zarrscope.open(place).levels]


regions = st.tuples(*(st.tuples(st.integers(0, n - 1), st.integers(1, n)) for n in SHAPE)).map(
    lambda sides: tuple(slice(min(a, b - 1), max(a + 1, b)) for a, b in sides)
)


@settings(max_examples=settings().max_examples // 3)  # each writes two images
@given(st.sampled_from(FORMS), st.sampled_from(KERNELS), st.lists(regions, min_size=1, max_size=3))
def test_as_if_it_had_been_written_anew(form: Any, kernel: str, places: list[tuple[slice, ...]]) -> None:
    version, shards = form
    data = pixels()
    store = write(MemoryStore(), data, version, shards, kernel)
    for number, place in enumerate(places):
        block = np.random.default_rng(number).integers(0, 9000, data[place].shape).astype("u2")
        done = zarrscope.update(store, place, block)
        assert (done.renewed, done.stale) == (("1", "2"), ())
        data[place] = block
    expected = levels(write(MemoryStore(), data, version, shards, kernel))
    for found, right in zip(levels(store), expected, strict=True):
        assert np.array_equal(found, right)
    assert zarrscope.verify(store).same
    manifest = read_manifest(store)
    assert manifest is not None
    assert manifest.units.complete


@pytest.mark.parametrize(("version", "shards"), FORMS)
def test_zarr_python_reads_what_was_written(tmp_path: Path, version: str, shards: Any) -> None:
    data = pixels()
    place = write(tmp_path / "a.zarr", data, version, shards)
    block = pixels(2)[:, 5:50, 7:80]
    zarrscope.update(place, np.s_[:, 5:50, 7:80], block)
    data[:, 5:50, 7:80] = block
    assert np.array_equal(zarr.open_array(place / "0", mode="r")[...], data)
    padded = np.pad(data, ((0, 0), (0, 1), (0, 0)), mode="edge").astype("u8")
    summed = padded.reshape(3, 38, 2, 45, 2).sum(axis=(2, 4))
    expected = (summed + 1 + (summed // 4 % 2)) // 4  # halves to even
    assert np.array_equal(zarr.open_array(place / "1", mode="r")[...], expected)
    assert zarrscope.verify(place).same
    assert zarrscope.validate(place).valid
    assert not [path for path in place.rglob("*") if path.name.endswith((".part", ".lock"))]


@pytest.mark.parametrize("level", [1, 2])
def test_coarser_levels_alone(level: int) -> None:
    store = write(MemoryStore(), pixels())
    before = levels(store)
    block = np.full((2, 10, 12), 7, "u2")
    done = zarrscope.update(store, Region((0, 3, 5), (2, 13, 17)), block, level=level)
    assert done.renewed == ("2",)[level - 1 :]
    after = levels(store)
    assert all(np.array_equal(a, b) for a, b in zip(after[:level], before[:level], strict=True))
    expected = before[level].copy()
    expected[0:2, 3:13, 5:17] = 7
    assert np.array_equal(after[level], expected)
    if level == 1:
        assert (after[2][0:2, 2:6, 3:8] == 7).all()
        assert np.array_equal(after[2][:, 8:], before[2][:, 8:])
    assert zarrscope.verify(store).same


@pytest.mark.parametrize("dtype", ["u1", "i2", "f4", "bool"])
def test_types(dtype: str) -> None:
    data = pixels(dtype="u1").astype(dtype)
    store = write(MemoryStore(), data, kernel="nearest")
    zarrscope.update(store, np.s_[0:1, 0:2, 0:2], np.ones((1, 2, 2), "bool" if dtype == "bool" else "u1"))
    assert (levels(store)[0][0, :2, :2] == 1).all()
    refused = {"u1": "u2", "i2": "u2", "f4": "f8", "bool": "u1"}[dtype]
    before = levels(store)
    with pytest.raises(ArgumentError, match=r"the block is .*; needed is "):
        zarrscope.update(store, np.s_[0:1, 0:2, 0:2], np.ones((1, 2, 2), refused))
    assert all(np.array_equal(a, b) for a, b in zip(levels(store), before, strict=True))


def test_what_does_not_fit_is_refused() -> None:
    store = write(MemoryStore(), pixels())
    block = np.zeros((1, 4, 4), "u2")
    for wrong in (np.s_[0:1, 0:4], np.s_[0:1, 0:8:2, 0:4], np.s_[0, 0:4, 0:4], np.s_[0:1, 0:4, 0:5],
                  Region((0, 73, 0), (1, 77, 4)), Region((0, 0), (1, 4))):  # fmt: skip
        with pytest.raises((ArgumentError, UnsupportedError)):
            zarrscope.update(store, wrong, block)
    with pytest.raises(UnsupportedError, match="no pixels"):
        zarrscope.update(store, np.s_[0:0, 0:4, 0:4], block[:0])
    for level in (-1, 3):
        with pytest.raises(ArgumentError, match=r"there is no level .*has 3"):
            zarrscope.update(store, np.s_[0:1, 0:4, 0:4], block, level=level)
    assert np.array_equal(levels(store)[0], pixels())
    assert zarrscope.verify(store).same


def test_archives_and_groups_are_refused(tmp_path: Path) -> None:
    block = np.zeros((1, 4, 4), "u2")
    archive = write(tmp_path / "a.ozx", pixels())
    with pytest.raises(AccessError, match="only be read"):
        zarrscope.update(archive, np.s_[0:1, 0:4, 0:4], block)
    write(tmp_path / "g" / "0", pixels())
    root = {"zarr_format": 3, "node_type": "group", "attributes": {"ome": {"version": "0.5",
            "bioformats2raw.layout": 3}}}  # fmt: skip
    (tmp_path / "g" / "zarr.json").write_text(json.dumps(root))
    with pytest.raises(ArgumentError, match="group"):
        zarrscope.update(tmp_path / "g", np.s_[0:1, 0:4, 0:4], block)


@pytest.mark.parametrize("change", ["metadata", "kernel", "shape"])
def test_levels_of_others_are_noted_as_stale(change: str) -> None:
    """What others call a mean need not be ours, to the last bit."""
    store = write(MemoryStore(), pixels())
    document = json.loads(bytes(store.get("zarr.json") or b""))
    (multiscale,) = document["attributes"]["ome"]["multiscales"]
    if change == "metadata":
        del multiscale["metadata"]
    elif change == "kernel":
        multiscale["metadata"]["method"] = "skimage.transform.pyramid_gaussian"
    else:
        del multiscale["datasets"][1]  # from 0 to 2 it is four times
    store.put("zarr.json", json.dumps(document).encode())
    before = levels(store)
    done = zarrscope.update(store, np.s_[0:1, 0:4, 0:4], np.full((1, 4, 4), 5, "u2"))
    stale = ("2",) if change == "shape" else ("1", "2")
    assert (done.renewed, done.stale) == ((), stale)
    assert told_by(store)["stale"] == list(stale)
    after = levels(store)
    assert (after[0][0, :4, :4] == 5).all()
    assert all(np.array_equal(a, b) for a, b in zip(after[1:], before[1:], strict=True))


class Dying(MemoryStore):
    """Stops as a killed process does, at the first value that begins so."""

    deadly = "never"

    def create(self, key: str, if_tag: str | None = None) -> Any:
        if key.startswith(self.deadly):
            raise KeyboardInterrupt
        return super().create(key, if_tag)

    def put(self, key: str, data: Any, if_tag: str | None = None) -> None:
        if key.startswith(self.deadly):
            raise KeyboardInterrupt
        super().put(key, data, if_tag)


@pytest.mark.parametrize("deadly", ["1/", "2/"])
@pytest.mark.parametrize(("version", "shards"), FORMS)
def test_what_a_killed_update_leaves_is_told_and_not_undone(version: str, shards: Any, deadly: str) -> None:
    store = write(Dying(), pixels(), version, shards)
    place, block = np.s_[0:1, 0:20, 0:40], np.full((1, 20, 40), 9999, "u2")
    store.deadly = deadly
    with pytest.raises(KeyboardInterrupt):
        zarrscope.update(store, place, block)
    store.deadly = "never"
    found = zarrscope.verify(store)
    assert "file(s) of which the manifest knows nothing" in found.message
    assert "level(s) 1, 2: stale" in found.message
    assert "1 update(s) not ended" in found.message
    assert found.same, "nothing that --repair would put back"
    zarrscope.update(store, place, block)
    data = pixels()
    data[place] = block
    for level, right in zip(levels(store), levels(write(MemoryStore(), data, version, shards)), strict=True):
        assert np.array_equal(level, right)
    assert "1 update(s) not ended" in zarrscope.verify(store).message, (
        "nothing says which pixels it was about"
    )
    accept(store)
    assert told_by(store)["stale"] == ["1", "2"]
    zarrscope.update(store, np.s_[:, :, :], data)
    assert not {"stale", "updates"} & told_by(store).keys()
    assert "stale" not in zarrscope.verify(store).message
    assert zarrscope.verify(store).same


def test_a_refused_block_leaves_no_note() -> None:
    store = write(MemoryStore(), pixels())
    before = {key: bytes(store.get(key) or b"") for key in store.list()}
    with pytest.raises(ArgumentError):
        zarrscope.update(store, np.s_[0:1, 0:4, 0:4], np.zeros((1, 4, 5), "u2"))
    assert {key: bytes(store.get(key) or b"") for key in store.list()} == before


def test_without_a_manifest() -> None:
    store = write(MemoryStore(), pixels())
    for key in list(store.list(".zarrscope/")):
        store.delete(key)
    before = sorted(store.list())
    zarrscope.update(store, np.s_[:, 0:40, :], pixels(3)[:, :40])
    assert np.array_equal(levels(store)[0][:, :40], pixels(3)[:, :40])
    assert sorted(store.list()) == before


def test_what_was_never_stored_is_stored_then() -> None:
    store = write(MemoryStore(), pixels(), "0.4", "none")
    for key in [key for key in store.list("0/") if key.rpartition("/")[2].isdecimal()]:
        store.delete(key)
    for key in list(store.list(".zarrscope/")):
        store.delete(key)
    zarrscope.update(store, np.s_[1:2, 20:21, 40:41], np.full((1, 1, 1), 9, "u2"))
    found = levels(store)[0]
    assert np.argwhere(found).tolist() == [[1, 20, 40]]
    assert len([key for key in store.list("0/") if key.rpartition("/")[2].isdecimal()]) == 1


@pytest.mark.parametrize(("version", "shards"), FORMS)
@pytest.mark.parametrize("kind", ["memory", "folder"])
def test_threads_lose_nothing(tmp_path: Path, version: str, shards: Any, kind: str) -> None:
    """Many small parts, none aligned to a unit, by several threads in any order."""
    store: Any = MemoryStore() if kind == "memory" else LocalStore(tmp_path / "a")
    write(store, np.zeros(SHAPE, "u2"), version, shards)
    data = pixels(4)
    parts = [np.s_[0:3, y : y + 25, x : x + 30] for y in range(0, 75, 25) for x in range(0, 90, 30)]
    random.Random(5).shuffle(parts)
    with ThreadPoolExecutor(4) as pool:
        for part, done in [(part, pool.submit(zarrscope.update, store, part, data[part])) for part in parts]:
            assert done.result().stale == (), part
    expected = levels(write(MemoryStore(), data, version, shards))
    for found, right in zip(levels(store), expected, strict=True):
        assert np.array_equal(found, right)
    assert zarrscope.verify(store).same
