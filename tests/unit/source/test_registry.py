"""The table of formats, numpy arrays, and what is imported when."""

from __future__ import annotations

import pickle
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile

from zarrscope.errors import ArgumentError, NotFoundError, SourceError, UnsupportedError
from zarrscope.source.registry import FORMATS, by_suffix, choose, open_source
from zarrscope.types import Region

if TYPE_CHECKING:
    from pathlib import Path


def test_the_table_imports_nothing_heavy() -> None:
    code = (
        "import sys, zarrscope.source.registry as r; r.formats(); "
        "assert not {'numpy', 'tifffile', 'imagecodecs'} & set(sys.modules), sorted(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_longest_suffix_wins() -> None:
    assert by_suffix("a.companion.ome")[0].name == "OME companion"
    assert by_suffix("A.OME.TIFF")[0].name == "TIFF"
    assert by_suffix("a.ome.zarr")[0].name == "Zarr"
    assert by_suffix("a.unknown") == []
    assert len({row.name for row in FORMATS}) == len(FORMATS)


def test_content_beats_the_suffix(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    tifffile.imwrite(path, np.zeros((8, 9), np.uint8))
    assert choose(path).name == "TIFF"
    with open_source(path) as source:
        assert source.scenes[0].levels[0].shape == (8, 9)


def test_unknown_and_remote(tmp_path: Path) -> None:
    (tmp_path / "a.xyz").write_bytes(b"what is this")
    with pytest.raises(UnsupportedError, match=r"no reader knows .* TIFF, PNG, .*docs/reference/formats\.md"):
        open_source(tmp_path / "a.xyz")
    with pytest.raises(UnsupportedError, match="download it first"):
        open_source("https://example.org/a.tif")
    with pytest.raises(NotFoundError):
        open_source(tmp_path / "absent")


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("kind", ["<u2", ">f4", "?"])
def test_arrays_of_numpy(tmp_path: Path, order: str, kind: str) -> None:
    path = tmp_path / "a.npy"
    data = np.arange(3 * 40 * 30).reshape(3, 40, 30).astype(kind)
    np.save(path, np.asarray(data, order=order))  # type: ignore[call-overload]
    region = Region((1, 4, 5), (3, 30, 25))
    with open_source(path) as source:
        (scene,) = source.scenes
        assert [axis.name for axis in scene.description.axes] == list("zyx")
        assert "names no axes" in scene.notes[0]
        level = scene.levels[0]
        assert level.dtype.isnative
        np.testing.assert_array_equal(level.read(region), data[region.slices])
        np.testing.assert_array_equal(pickle.loads(pickle.dumps(level)).read(region), data[region.slices])  # noqa: S301
    with open_source(path, axes="xyt") as source:
        level = source.scenes[0].levels[0]
        np.testing.assert_array_equal(level.read(Region.whole(level.shape)), data.transpose(2, 1, 0))
    with pytest.raises(ArgumentError, match="names 2 axes"):
        open_source(path, axes="yx")


def test_archives_and_objects_of_numpy(tmp_path: Path) -> None:
    data = np.arange(12).reshape(3, 4)
    np.savez(tmp_path / "one.npz", data)
    np.savez(tmp_path / "two.npz", data, data)
    np.save(tmp_path / "objects.npy", np.array([{}, []], dtype=object))
    with open_source(tmp_path / "one.npz") as source:
        np.testing.assert_array_equal(source.scenes[0].levels[0].read(Region.whole((3, 4))), data)
    with pytest.raises(UnsupportedError, match="2 arrays"):
        open_source(tmp_path / "two.npz")
    with pytest.raises(UnsupportedError, match="never loaded"):
        open_source(tmp_path / "objects.npy")
    (tmp_path / "cut.npy").write_bytes(b"\x93NUMPY\x01\x00")
    with pytest.raises(SourceError, match="damaged"):
        open_source(tmp_path / "cut.npy")


def test_addresses_are_those_of_stores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    tifffile.imwrite(tmp_path / "sp ace.tif", np.zeros((8, 9), np.uint8))
    folder = tmp_path.as_posix()
    for address in (
        f"file:{folder}/sp ace.tif", f"file://{folder}/sp%20ace.tif", "~/sp ace.tif", "~/sp*.tif",
        f"file:{folder}/sp%20ace.t*", tmp_path / "sp ace.tif",
    ):  # fmt: skip
        with open_source(address) as source:
            assert source.scenes[0].levels[0].shape == (8, 9)
    for address in (f"file:{folder}/absent.tif", f"file://{folder}/ab%20sent.tif", "~/absent.tif"):
        with pytest.raises(NotFoundError, match=r"sent\.tif: no such file"):
            open_source(address)


def test_an_archive_that_is_too_large_is_not_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = np.zeros((300, 1000), np.uint8)
    np.savez_compressed(tmp_path / "a.npz", data)
    for cache in (None, 400_000):
        with open_source(tmp_path / "a.npz", cache=cache) as source:
            level = pickle.loads(pickle.dumps(source.scenes[0].levels[0]))  # noqa: S301
            assert level.read(Region((0, 0), (2, 2))).shape == (2, 2)
    monkeypatch.setattr("zarrscope.source.numpy._LARGEST_MEMBER", 200_000)
    for cache in (None, 200_000):
        with pytest.raises(UnsupportedError, match=r"more than the 200kB .* np.save"):
            open_source(tmp_path / "a.npz", cache=cache)
    with open_source(tmp_path / "a.npz", cache=400_000) as source:  # the bound goes along
        level = pickle.loads(pickle.dumps(source.scenes[0].levels[0]))  # noqa: S301
        assert level.shape == (300, 1000)
