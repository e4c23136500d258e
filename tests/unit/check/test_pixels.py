"""Samples of pixels: what cannot be decoded, and what no downsampling explains."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.lib.stride_tricks import sliding_window_view

import zarrscope
from zarrscope.check import pixels
from zarrscope.check.agreement import disagreement, new_ids
from zarrscope.ledger.inventory import manifest_of
from zarrscope.ledger.manifest import write_manifest
from zarrscope.store.memory import MemoryStore

if TYPE_CHECKING:
    from conftest import Tree

KERNELS = ("mean", "median", "mode", "nearest", "min", "max", "gaussian")


def told(found: Any, start: str = "pixels/") -> list[tuple[str, str]]:
    return [(p.rule, p.file) for p in found.problems if p.rule.startswith(start)]


def noise(shape: tuple[int, ...], dtype: str = "u2") -> Any:
    pixels = np.random.default_rng(5).integers(0, 250, shape)
    return pixels.astype(dtype)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("dtype", ["u1", "u2", "i4", "f4", "f8", "?"])
def test_every_kernel_agrees_with_itself(kernel: str, dtype: str) -> None:
    store = MemoryStore()
    zarrscope.write(noise((3, 101, 87), dtype), store, levels=4, downsample=kernel, chunks={"y": 40, "x": 40})
    found = zarrscope.validate(store, depth="pixels")
    assert told(found) == [] and found.valid, found


def test_a_chunk_that_the_manifest_knows_of_is_lost() -> None:
    store = MemoryStore()
    zarrscope.write(noise((64, 64)), store, levels=1, chunks={"y": 32, "x": 32}, shards="none")
    store.delete("0/c/1/1")
    manifest = manifest_of(store)
    assert manifest.units.find("0/c/0/1") is not None
    write_manifest(store, manifest, 3)
    assert told(zarrscope.validate(store, depth="pixels")) == []
    store.delete("0/c/0/1")
    found = zarrscope.validate(store, depth="pixels")
    assert told(found) == [("pixels/decode", "0/zarr.json")]
    assert "memory:0/c/0/1 is lost" in next(p.message for p in found.problems if p.rule == "pixels/decode")


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 7, 300), (2, 33, 1), (64, 64, 64)])
def test_odd_shapes(shape: tuple[int, ...]) -> None:
    store = MemoryStore()
    zarrscope.write(noise(shape), store, levels=3)
    assert told(zarrscope.validate(store, depth="pixels")) == []


def test_levels_that_others_smooth_and_take_every_second_pixel_of_agree(tree: Tree) -> None:
    fine = noise((64, 96))
    tree.image(levels=2, pixels=fine)
    padded = np.pad(fine.astype("f8"), 2, mode="edge")
    weights = np.array([1, 4, 6, 4, 1]) / 16
    smooth = np.einsum("ijkl,k,l", sliding_window_view(padded, (5, 5)), weights, weights)
    write_level(tree, "1", smooth[::2, ::2].astype("u2"))
    assert told(zarrscope.validate(tree.root, depth="pixels")) == []


def write_level(tree: Tree, level: str, values: Any) -> None:
    """Replace the pixels of a level of Zarr 3 by means of zarr-python."""
    import zarr

    zarr.open_array(str(tree.root / level), mode="r+")[...] = values


def test_a_level_of_another_image(tree: Tree) -> None:
    tree.image(pixels=noise((64, 96)), levels=3)
    write_level(tree, "1", 60_000)
    found = zarrscope.validate(tree.root, depth="pixels")
    assert told(found) == [("pixels/levels-agree", "1/zarr.json"), ("pixels/levels-agree", "2/zarr.json")]
    assert "one is 60000" in found.problems[-2].message
    assert found.valid and not zarrscope.validate(tree.root, depth="pixels", verdict="strict").valid


def test_shifted_levels_disagree(tree: Tree) -> None:
    steps = np.repeat(np.arange(16, dtype="u2") * 1000, 8)
    tree.image(pixels=np.tile(steps, (64, 1)), levels=2)
    whole = np.asarray(zarrscope.open(tree.root).levels[1])
    write_level(tree, "1", np.roll(whole, 8, axis=1))
    assert told(zarrscope.validate(tree.root, depth="pixels")) == [("pixels/levels-agree", "1/zarr.json")]


def test_labels_by_the_mean_have_new_ids(tree: Tree) -> None:
    tree.image()
    tree.labels()
    assert told(zarrscope.validate(tree.root, depth="pixels")) == []
    whole = np.asarray(zarrscope.open(tree.root / "labels/cells").levels[1])
    whole[0, 3, 3] = 999
    write_level(tree, "labels/cells/1", whole)
    found = zarrscope.validate(tree.root, depth="pixels")
    assert told(found) == [("pixels/no-new-ids", "labels/cells/1/zarr.json")]
    assert "999" in found.problems[-1].message


@pytest.mark.parametrize("level", ["0", "1"])
@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_chunks_that_cannot_be_decoded(tree: Tree, version: str, level: str) -> None:
    tree.image(version=version)
    for path in (tree.root / level).rglob("*"):
        if path.is_file() and path.name not in ("zarr.json", ".zarray", ".zattrs"):
            path.write_bytes(path.read_bytes()[:-20])
    found = zarrscope.validate(tree.root, depth="pixels")
    document = f"{level}/zarr.json" if version == "0.5" else f"{level}/.zarray"
    assert ("pixels/decode", document) in told(found) and not found.valid
    assert zarrscope.validate(tree.root).valid


def test_the_sample_is_bounded_and_told(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    tree.image(pixels=noise((200, 200)), levels=1)
    found = zarrscope.validate(tree.root, depth="pixels")
    assert "pixels of 37 chunks: 12 of 49 were sampled" in found.unchecked
    monkeypatch.setattr(pixels, "_LARGEST_CHUNK", 100)
    found = zarrscope.validate(tree.root, depth="pixels")
    assert any("larger than" in line for line in found.unchecked)


def test_images_beyond_the_bound_are_told(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    tree.plate()
    monkeypatch.setattr(pixels, "MOST_BYTES", 1)
    assert (
        "pixels of 2 more images: enough was read" in zarrscope.validate(tree.root, depth="pixels").unchecked
    )


def test_the_sample_is_always_the_same(tree: Tree) -> None:
    tree.image(pixels=noise((500, 500)), levels=3)
    write_level(tree, "1", 7)
    first, second = (zarrscope.validate(tree.root, depth="pixels").to_json() for _ in range(2))
    assert first == second


@given(st.integers(2, 4), st.integers(1, 3), st.integers(0, 1000))
def test_windows_are_searched_as_a_brute_search_does(factor: int, size: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    fine = rng.integers(0, 50, (factor * size, factor * size)).astype("i4")
    coarse = rng.integers(-10, 60, (size, size)).astype("i4")
    windows = [[(i * factor, (i + 1) * factor) for i in range(size)]] * 2
    blocks = sliding_window_view(fine, (factor, factor))[::factor, ::factor]
    low, high = blocks.min((2, 3)), blocks.max((2, 3))
    allowed = 0.02 * (int(high.max()) - int(low.min())) + 1
    miss = np.maximum(low - coarse, coarse - high)
    assert bool(disagreement(coarse, fine, windows)) == bool((miss > allowed).any())
    inside = (blocks == coarse[:, :, None, None]).any((2, 3))
    assert bool(new_ids(coarse, fine, windows)) == (not inside.all())


def test_large_windows_search_the_whole() -> None:
    fine = np.arange(40 * 40, dtype="u4").reshape(40, 40)
    windows = [[(0, 20), (20, 40)]] * 2
    assert new_ids(np.array([[1, 2], [3, 4]], "u4"), fine, windows) == ""
    assert new_ids(np.array([[1, 5000], [3, 4]], "u4"), fine, windows) == "the label 5000"


def test_not_a_number_is_no_disagreement() -> None:
    fine = np.array([[1.0, np.nan], [np.nan, np.nan]])
    assert disagreement(np.array([[1.0]]), fine, [[(0, 2)], [(0, 2)]]) == ""
    assert disagreement(np.array([[np.nan]]), fine, [[(0, 2)], [(0, 2)]]) == ""
    assert disagreement(np.array([[9.0]]), fine, [[(0, 2)], [(0, 2)]]) != ""
    assert disagreement(np.array([[9.0]]), np.full((2, 2), np.nan), [[(0, 2)], [(0, 2)]]) == ""
