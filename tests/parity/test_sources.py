"""Real files against what an independent reader saw in them.

The files lie in the folder ``data`` of $ZARRSCOPE_SHARED, or of ``../shared`` beside the repository.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile

from zarrscope.source.axes import assign
from zarrscope.source.registry import open_source
from zarrscope.types import Region

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zarrscope.source.contracts import Scene

KINDS = ("tiff", "ome-multifile", "planes")
SHARED = Path(os.environ.get("ZARRSCOPE_SHARED") or Path(__file__).resolve().parents[3] / "shared")
DATA = SHARED / "data"

LOSSY = {
    "wsi/CMU-1-Small-Region.svs",
    "wsi/test3-DAPI-2-(387).ndpi",
    "tiff/olympus_SIS.tif",
    "jpeg",
    "skimage/retina.jpg",
}
"""JPEG: decoders may differ by two grey levels, so tifffile is asked, or the mean, and no checksum."""

NOT_COVERED: dict[str, str] = {}
"""Entries of these kinds that cannot be read yet, and why; empty is the goal."""


@cache
def truth() -> dict[str, Any]:
    """Return what the independent reader saw, by name; empty without the shared folder."""
    path = DATA / "truth.json"
    return json.loads(path.read_text()) if path.is_file() else {}


def entries(*kinds: str, having: str = "") -> list[Any]:
    """Return the names of the entries of these kinds, or one that is skipped with the reason."""
    found = [
        name for name, e in truth().items() if e["kind"] in kinds and (not having or having in e["truth"])
    ]
    reason = f"no test data: {DATA} holds no truth.json (set ZARRSCOPE_SHARED)"
    return found or [pytest.param("", marks=pytest.mark.skip(reason=reason))]


def pieces(shape: tuple[int, ...]) -> Iterator[Region]:
    """Yield regions that make up an image and fit none of its own units."""
    steps = [max(1, n if k < len(shape) - 2 and n <= 3 else -(-n // 3) | 1) for k, n in enumerate(shape)]
    for start in itertools.product(*(range(0, n, s) for n, s in zip(shape, steps, strict=True))):
        yield Region(start, tuple(min(a + s, n) for a, s, n in zip(start, steps, shape, strict=True)))


def read_in_pieces(scene: Scene, level: int = 0) -> np.ndarray[Any, Any]:
    """Return a level, read region by region, in our order of axes."""
    array = scene.levels[level]
    out = np.empty(array.shape, array.dtype)
    for region in pieces(array.shape):
        array.read(region, out[region.slices])
    return out


def undone(pixels: np.ndarray[Any, Any], letters: str, shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """Bring pixels from our axes back into those of the independent reader."""
    names = assign(letters, shape).names
    ours = [name for name in "tc" if name in names or (name == "c" and "s" in names)] + [
        name for name in "zyx" if name in names
    ]
    if {"c", "s"} <= set(names):
        at = ours.index("c")
        channels = shape[names.index("c")]
        pixels = pixels.reshape(*pixels.shape[:at], channels, -1, *pixels.shape[at + 1 :])
        ours.insert(at + 1, "s")
    elif "s" in names:
        ours[ours.index("c")] = "s"
    return pixels.transpose([ours.index(str(name)) for name in names])


def checksum(pixels: np.ndarray[Any, Any]) -> str:
    little = np.ascontiguousarray(pixels, dtype=pixels.dtype.newbyteorder("<"))
    return hashlib.sha256(little.tobytes()).hexdigest()


def place_of(name: str) -> Path:
    path = DATA / name
    return sorted(path.glob("*.ome.tif*"))[0] if truth()[name]["kind"] == "ome-multifile" else path


@pytest.mark.parametrize("name", entries("tiff", "ome-multifile"))
def test_every_series(name: str) -> None:
    if name in NOT_COVERED:
        pytest.skip(NOT_COVERED[name])
    series = truth()[name]["truth"]["series"]
    with open_source(place_of(name)) as source:
        assert len(source.scenes) == len(series)
        for number, (scene, seen) in enumerate(zip(source.scenes, series, strict=True)):
            pixels = read_in_pieces(scene)
            assert pixels.dtype == np.dtype(seen["dtype"])
            found = undone(pixels, seen["axes"], tuple(seen["shape"]))
            assert list(found.shape) == seen["shape"]
            assert len(scene.levels) == len(seen["levels"])
            if name in LOSSY:
                expected = tifffile.imread(place_of(name), series=number)
                assert np.abs(found.astype(int) - expected.astype(int)).max() <= 2
            else:
                assert checksum(found) == seen["sha256_c_order"]
            assert scene.associated == (seen["name"] in {"Thumbnail", "Label", "Macro", "Map"})


@pytest.mark.parametrize("name", entries("tiff", "ome-multifile"))
def test_every_coarser_level(name: str) -> None:
    with open_source(place_of(name)) as source, tifffile.TiffFile(place_of(name)) as tif:
        for number, (scene, seen) in enumerate(
            zip(source.scenes, truth()[name]["truth"]["series"], strict=True)
        ):
            for level in range(1, len(scene.levels)):
                found = undone(read_in_pieces(scene, level), seen["axes"], tuple(seen["levels"][level]))
                expected = tif.series[number].levels[level].asarray()
                assert np.abs(found.astype(int) - expected.astype(int)).max() <= (2 if name in LOSSY else 0)


PHYSICAL: dict[str, tuple[dict[str, float], str]] = {
    "wsi/CMU-1-Small-Region.svs": ({"y": 0.499, "x": 0.499}, "micrometer"),
    "wsi/test3-DAPI-2-(387).ndpi": ({"y": 10_000 / 43_826, "x": 10_000 / 43_826}, "micrometer"),
    "imagej/xyzct-mitosis.tif": ({"t": 1 / 7, "y": 1e6 / 11_299_435, "x": 1e6 / 11_299_435}, "micrometer"),
    "imagej/mri-stack-calibrated.tif": ({"z": 5.0, "y": 1.0, "x": 1.0}, "micrometer"),
    "imagej/control--000.tif": (
        {"z": 0.05445500181716341, "y": 1e6 / 3_672_757, "x": 1e6 / 3_672_757},
        "micrometer",
    ),
    "imagej/hela-cells.tif": ({"y": 1e6 / 19_420_064, "x": 1e6 / 19_420_064}, "micrometer"),
    "tiff/fei-sem-rbc.tif": ({"y": 7.70833, "x": 7.70833}, "nanometer"),
}
"""From the raw numbers of truth.json (resolution, MPP, spacing) and the FEI tag."""


@pytest.mark.parametrize("name", entries("tiff", "ome-multifile"))
def test_what_is_known_of_the_pixels(name: str) -> None:
    seen = truth()[name]["truth"]
    with open_source(place_of(name)) as source:
        known = source.scenes[0].description
        sizes = {
            axis.name: size for axis, size in zip(known.axes, known.scale, strict=True) if size is not None
        }
        units = {axis.name: axis.unit for axis in known.axes if axis.unit is not None}
        if "ome" in seen:
            (image,) = seen["ome"]["images"]
            assert known.name == image["name"]
            assert sizes == {axis.lower(): size for axis, (size, _) in image["physical"].items()}
            assert set(units.values()) <= {"micrometer"}
            named = [channel for channel in image["channels"] if channel]
            assert [c.label for c in known.channels if c.label not in ("Red", "Green", "Blue")] == named
            assert source.ome_xml is not None
            return
        expected, unit = PHYSICAL.get(name, ({}, ""))
        assert sizes == pytest.approx(expected)
        assert units == {axis: "second" if axis == "t" else unit for axis in expected}
        assert source.ome_xml is None


@pytest.mark.parametrize("name", entries("planes"))
def test_every_plane(name: str) -> None:
    seen = truth()[name]["truth"]
    for file in seen["files"]:
        path = DATA / name if (DATA / name).is_file() else DATA / name / file["file"]
        with open_source(path) as source:
            (scene,) = source.scenes
            pixels = read_in_pieces(scene)
            found = pixels.transpose(1, 2, 0) if pixels.ndim == 3 else pixels
            assert (list(found.shape), found.dtype.name) == (file["shape"], file["dtype"])
            if name in LOSSY:
                assert abs(float(found.mean()) - file["mean"]) < 0.5
                assert abs(float(found.max()) - file["max"]) <= 2
            else:
                assert checksum(found) == file["sha256_c_order"]


@pytest.mark.parametrize("name", entries("planes", having="stack_sorted_by_name"))
def test_every_folder_of_planes(name: str) -> None:
    seen = truth()[name]["truth"]["stack_sorted_by_name"]
    with open_source(DATA / name) as source:
        blocks = []
        for scene in source.scenes:
            order = "".join(axis.name for axis in scene.description.axes)
            pixels = read_in_pieces(scene)
            if len(seen["shape"]) == 4:  # planes of colours: the independent reader has them last
                pixels = pixels.transpose([order.index(a) for a in "tzyxc" if a in order])
            blocks.append(pixels)
        found = np.concatenate(blocks)
        assert list(found.shape) == seen["shape"]
        assert checksum(found) == seen["sha256_c_order"]


def test_what_folders_of_planes_mean() -> None:
    if not truth():
        pytest.skip(f"no test data: {DATA} holds no truth.json (set ZARRSCOPE_SHARED)")
    with open_source(DATA / "planes" / "fly_3ch") as source:
        assert [scene.description.name for scene in source.scenes] == ["01_POS002", "01_POS076"]
        assert [c.label for c in source.scenes[0].description.channels] == ["D", "F", "R"]
    with open_source(DATA / "planes" / "drosophila_seq1", axes="tyx") as source:
        assert [axis.name for axis in source.scenes[0].description.axes] == list("tcyx")
    with open_source(DATA / "png") as source:
        assert [c.label for c in source.scenes[0].description.channels] == ["G", "R"]


def test_no_entry_is_left_out() -> None:
    assert set(NOT_COVERED) <= set(truth())
    assert not NOT_COVERED
