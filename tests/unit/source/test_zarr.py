"""OME-Zarr as a source: what its documents say goes on, also where the user names the axes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import zarrscope
from zarrscope.source.registry import open_source
from zarrscope.types import Region

if TYPE_CHECKING:
    from pathlib import Path

    from zarrscope.source.contracts import Scene


@pytest.fixture
def image(tmp_path: Path) -> tuple[Path, np.ndarray]:
    pixels = np.random.default_rng(3).integers(0, 999, (2, 5, 600, 500), dtype="u2")
    zarrscope.write(
        pixels, tmp_path / "a.zarr", axes="czyx", scale={"z": 2.0, "y": 0.25, "x": 0.25},
        translation={"z": 7.0, "y": 1.0, "x": 2.0}, unit="micrometer", channels=["DAPI", "GFP"], name="cells",
    )  # fmt: skip
    return tmp_path / "a.zarr", pixels


def only(path: Path, axes: str | None = None) -> Scene:
    with open_source(path, axes=axes) as source:
        (scene,) = source.scenes
    return scene


def edit(path: Path, change: Any) -> None:
    document = json.loads((path / "zarr.json").read_text())
    change(document["attributes"]["ome"])
    (path / "zarr.json").write_text(json.dumps(document))


def facts(scene: Scene) -> list[tuple[Any, ...]]:
    known = scene.description
    moved = known.translation or (None,) * len(known.axes)
    return [(a.name, a.type, a.unit, s, t) for a, s, t in zip(known.axes, known.scale, moved, strict=True)]


def test_the_names_that_the_axes_have_change_nothing(image: tuple[Path, np.ndarray]) -> None:
    path, _ = image
    plain, said = only(path), only(path, "czyx")
    assert facts(said) == facts(plain)
    assert said.description.name == "cells"
    assert [channel.label for channel in said.description.channels] == ["DAPI", "GFP"]
    assert [level.shape for level in said.levels] == [level.shape for level in plain.levels]
    assert len(said.levels) > 1
    assert said.notes == plain.notes


def test_axes_that_change_places_take_their_sizes_along(image: tuple[Path, np.ndarray]) -> None:
    path, pixels = image
    scene = only(path, "cxyz")
    assert facts(scene)[1:] == [
        ("z", "space", "micrometer", 0.25, 2.0),
        ("y", "space", "micrometer", 0.25, 1.0),
        ("x", "space", "micrometer", 2.0, 7.0),
    ]
    level = scene.levels[0]
    assert np.array_equal(level.read(Region.whole(level.shape)), pixels.transpose(0, 3, 2, 1))
    assert [len(found.shape) for found in scene.levels] == [4] * len(scene.levels)
    assert scene.placements is not None
    assert scene.placements[1] == ((1, 2, 2, 1), (0, 0.5, 0.5, 0))


def test_what_an_axis_of_another_type_had_is_left_out_and_said(image: tuple[Path, np.ndarray]) -> None:
    path, _ = image
    scene = only(path, "ctyx")
    assert facts(scene)[0] == ("t", "time", None, None, None)
    assert facts(scene)[3] == ("x", "space", "micrometer", 0.25, 2.0)
    assert [channel.label for channel in scene.description.channels] == ["DAPI", "GFP"]
    assert any("z is taken as t" in note and "2 micrometer" in note for note in scene.notes)
    scene = only(path, "tcyx")
    assert scene.description.channels == ()
    assert any("names and colours are left out" in note for note in scene.notes)


def test_levels_are_placed_in_pixels_of_the_first(image: tuple[Path, np.ndarray]) -> None:
    path, _ = image
    scene = only(path)
    assert scene.placements is not None
    assert scene.placements[0] == ((1, 1, 1, 1), (0, 0, 0, 0))
    assert scene.placements[1] == ((1, 1, 2, 2), (0, 0, 0.5, 0.5))
    assert len(scene.placements) == len(scene.levels)
    edit(path, lambda ome: ome["multiscales"][0]["datasets"][0]["coordinateTransformations"][0].update(
        scale=[1, 0, 1, 1]))  # fmt: skip
    assert only(path).placements is None


def test_a_label_image_says_that_it_is_one(tmp_path: Path) -> None:
    zarrscope.write(np.full((30, 30), 5, "u4"), tmp_path / "a.zarr", downsample="mode")
    assert only(tmp_path / "a.zarr").description.label is None
    said = {"colors": [{"label-value": 5, "rgba": [1, 2, 3, 255]}], "source": {"image": "../../"}}
    edit(tmp_path / "a.zarr", lambda ome: ome.update({"image-label": said}))
    for axes in (None, "xy"):
        label = only(tmp_path / "a.zarr", axes).description.label
        assert label is not None
        assert [(c.value, c.rgba) for c in label.colors] == [(5, (1, 2, 3, 255))]
