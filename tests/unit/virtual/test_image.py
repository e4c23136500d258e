"""What is shown first, what it costs, and how bright."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import imagecodecs
import numpy as np
import pytest
import tifffile
import zarr
from tests.unit.virtual.arrays import Tiles, noise

import zarrscope
from zarrscope.model.description import ImageDescription
from zarrscope.model.naming import axis
from zarrscope.model.rendering import Channel, Window
from zarrscope.source.contracts import Scene
from zarrscope.source.registry import open_source
from zarrscope.virtual.encode import encode

if TYPE_CHECKING:
    from pathlib import Path

MB = 1_000_000


def scene(pixels: Any, unit: tuple[int, ...], axes: str, channels: tuple[Channel, ...] = ()) -> Scene:
    levels = [Tiles(one, unit) for one in (pixels if isinstance(pixels, list) else [pixels])]
    description = ImageDescription("", tuple(map(axis, axes)), (None,) * len(axes), channels=channels)
    return Scene(description, levels)


def empty(shape: tuple[int, ...], dtype: str = "u2") -> np.ndarray[Any, Any]:
    return np.broadcast_to(np.zeros((), dtype), shape)


def first(thing: Scene, budget: int) -> tuple[int, Any, Any]:
    with encode(thing) as store:
        image = store.images[0]
        level, region = image.affordable(budget)
        assert image.source_bytes(level, region) <= budget
        return level, region.start, region.stop


@pytest.mark.parametrize(
    ("axes", "shapes", "unit", "level", "start", "stop"),
    [
        # a plane of 50 MB: all of it, at the level where it is small
        ("zyx", [(9, 5000, 5000)], (1, 512, 512), 5, (4, 0, 0), (5, 157, 157)),
        # of 800 MB: the middle 5120 x 5120 as 10 x 10 tiles (40 x 40 halved twice)
        ("yx", [(20480, 20480)], (512, 512), 0, (7680, 7680), (12800, 12800)),
        # levels of the file cost little
        ("yx", [(20480, 20480), (1280, 1280)], (512, 512), 4, (0, 0), (160, 160)),
        # all channels together, the first time point
        ("tcyx", [(4, 3, 1000, 1000)], (1, 1, 256, 256), 2, (0, 0, 0, 0), (1, 3, 250, 250)),
        # strips are whole rows: 3 of 40 bands of 20 MB
        ("yx", [(20480, 20480)], (1, 20480), 0, (9216, 0), (10752, 20480)),
    ],
)
def test_what_64_mb_can_show(
    axes: str, shapes: list[Any], unit: Any, level: int, start: Any, stop: Any
) -> None:
    assert first(scene([empty(s) for s in shapes], unit, axes), 64 * MB) == (level, start, stop)


def test_a_viewer_is_told() -> None:
    with encode(scene(empty((9, 600, 700)), (1, 256, 256), "zyx")) as store:
        told = json.loads(json.dumps(store.told()))
    assert told == {
        "virtual": True,
        "format": "array",
        "images": [
            {
                "path": "",
                "levels": [
                    {"path": "0", "computed": False, "plane_bytes": 840000},
                    {"path": "1", "computed": True, "plane_bytes": 840000},
                    {"path": "2", "computed": True, "plane_bytes": 840000},
                ],
                "first": {"level": "2", "start": [4, 0, 0], "stop": [5, 150, 175]},
                "guessed_windows": [0],
            }
        ],
    }


def test_a_viewer_is_told_what_it_is_made_from(tmp_path: Path) -> None:
    pixels = np.zeros((3, 32, 32), "u1")
    tifffile.imwrite(tmp_path / "a.ome.tif", pixels, metadata={"axes": "ZYX"})
    tifffile.imwrite(tmp_path / "b.tif", pixels[0])
    imagecodecs.imwrite(tmp_path / "c.png", pixels[0])
    zarr.create_array(tmp_path / "d.zarr", shape=(32, 32), chunks=(32, 32), dtype="u1")
    names = {"a.ome.tif": "OME-TIFF", "b.tif": "TIFF", "c.png": "PNG", "d.zarr": "Zarr"}
    for name, said in names.items():
        with encode(open_source(tmp_path / name)) as store:
            assert store.told()["format"] == said
    zarrscope.write(pixels, tmp_path / "e.ome.zarr", axes="zyx", version="0.4")
    with encode(open_source(tmp_path / "e.ome.zarr"), version="0.5") as store:
        assert store.told()["format"] == "OME-Zarr 0.4"


def windows(thing: Scene) -> list[tuple[float, float]]:
    with encode(thing) as store:
        channels = json.loads(bytes(store.get("zarr.json")))["attributes"]["ome"]["omero"]["channels"]
    return [(c["window"]["start"], c["window"]["end"]) for c in channels]


def test_windows_come_from_the_middle() -> None:
    pixels = np.zeros((2, 3, 900, 900), "u2")  # c, z, y, x
    pixels[0, 1, 300:600, 300:600] = np.linspace(10, 20, 90000).reshape(300, 300)
    pixels[1, 1, 300:600, 300:600] = np.linspace(5000, 6000, 90000).reshape(300, 300)
    pixels[1, 1, 450, 450] = 65535  # a hot pixel decides nothing
    found = windows(scene(pixels, (1, 1, 300, 300), "czyx"))
    assert found == [(10, 19), (5001, 5999)] or found == pytest.approx([(10, 20), (5001, 5999)], abs=1)


def test_windows_of_the_source_stay() -> None:
    channels = (Channel("DAPI", "0000FF", Window(3, 77, 0, 255)), Channel("GFP"))
    thing = scene(noise((2, 64, 64), "u1"), (1, 64, 64), "cyx", channels)
    assert windows(thing)[0] == (3, 77)
    with encode(thing) as store:
        assert store.told()["images"][0]["guessed_windows"] == [1]


@pytest.mark.parametrize(
    ("dtype", "expected"), [("u1", (0, 255)), ("i2", (-32768, 32767)), ("f4", (0, 1)), ("u4", (0, 1))]
)
def test_where_all_is_the_same_the_type_decides(dtype: str, expected: Any) -> None:
    assert windows(scene(np.ones((64, 64), dtype), (64, 64), "yx")) == [expected]


def test_pixels_that_are_no_numbers_do_not_count() -> None:
    pixels = np.full((64, 64), np.nan, "f4")
    pixels[10:20, 10:20] = np.linspace(-1, 1, 100).reshape(10, 10)
    ((low, high),) = windows(scene(pixels, (64, 64), "yx"))
    assert (low, high) == pytest.approx((-1, 1), abs=0.03)


def test_little_is_read_for_windows_of_many_channels() -> None:
    tiles = Tiles(empty((200, 2048, 2048)), (1, 2048, 2048))  # 8 MB a channel
    description = ImageDescription("", tuple(map(axis, "cyx")), (None,) * 3)
    with encode(Scene(description, [tiles])) as store:
        store.get("zarr.json")
    assert sum(tiles.decoded.values()) <= 8
