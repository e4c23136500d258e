"""What ``zarrscope info`` prints of coordinate systems and scenes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile

import zarrscope
from zarrscope.cli import main as door

if TYPE_CHECKING:
    from pathlib import Path

MICROMETERS = [{"name": name, "type": "space", "unit": "micrometer"} for name in "yx"]
PLAIN = [{"name": name, "type": "space", "unit": None} for name in "yx"]
SHIFT = {"type": "translation", "translation": [10.0, 20.0]}


def write_image(place: Path, version: str = "0.6", **edits: Any) -> None:
    pixels = np.zeros((8, 9), "u1")
    zarrscope.write(pixels, place, scale=(0.5, 0.5), unit="micrometer", name="cells", version=version)
    if edits:
        said = json.loads((place / "zarr.json").read_text())
        image = said["attributes"]["ome"]["multiscales"][0]
        image["coordinateSystems"] += edits.pop("systems")
        image |= edits
        (place / "zarr.json").write_text(json.dumps(said))


def write_scene(place: Path, *steps: dict[str, Any]) -> None:
    scene = {
        "coordinateSystems": [{"name": "world", "axes": MICROMETERS}],
        "coordinateTransformations": list(steps),
    }
    ome = {"version": "0.6", "scene": scene}
    place.mkdir(exist_ok=True)
    document = {"zarr_format": 3, "node_type": "group", "attributes": {"ome": ome}}
    (place / "zarr.json").write_text(json.dumps(document))


def placed(path: str, step: dict[str, Any] = SHIFT) -> dict[str, Any]:
    return step | {"input": {"name": "physical", "path": path}, "output": {"name": "world"}}


def printed(capsys: pytest.CaptureFixture[str], place: Path, *words: str) -> list[str]:
    assert door.main(["info", str(place), *words]) == 0
    return capsys.readouterr().out.splitlines()


def test_an_image_of_several_systems(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    turn = {"type": "rotation", "rotation": [[0, -1], [1, 0]], "name": "turned"}
    ends = {"input": {"name": "physical"}, "output": {"name": "world"}}
    write_image(
        tmp_path / "a",
        systems=[{"name": "world", "axes": [{"name": name, "type": "space"} for name in "yx"]}],
        coordinateTransformations=[turn | ends],
    )
    assert printed(capsys, tmp_path / "a")[1:4] == [
        "  system 'physical': y micrometer, x micrometer",
        "  system 'world': y, x",
        "  rotation: 'physical' -> 'world'",
    ]
    told = json.loads(printed(capsys, tmp_path / "a", "--json")[0])
    assert told["systems"] == [{"name": "physical", "axes": MICROMETERS}, {"name": "world", "axes": PLAIN}]
    assert told["transformations"] == [
        {
            "type": "rotation",
            "name": "turned",
            "from": {"path": "", "name": "physical"},
            "to": {"path": "", "name": "world"},
        }
    ]


@pytest.mark.parametrize(("version", "systems"), [("0.4", []), ("0.5", []), ("0.6", ["physical"])])
def test_one_system_is_not_worth_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], version: str, systems: list[str]
) -> None:
    write_image(tmp_path / "a", version)
    words = [line.split()[0] for line in printed(capsys, tmp_path / "a")[1:]]
    assert words == ["pixels:", "level", "channel"]
    told = zarrscope.info(tmp_path / "a")
    assert [system["name"] for system in told["systems"]] == systems
    assert told["transformations"] == []


def test_a_scene(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "s"
    write_scene(place, placed("left"), placed("right", {"type": "identity"}))
    write_image(place / "left")
    write_image(place / "right")
    lines = printed(capsys, place)
    assert lines[0].endswith("s: scene, OME-Zarr 0.6 (Zarr v3)")
    assert lines[1:5] == [
        "  system 'world': y micrometer, x micrometer",
        "  translation: 'physical' of left -> 'world'",
        "  identity: 'physical' of right -> 'world'",
        "  images: 2 (left 'cells', right 'cells'); the first of them:",
    ]
    assert lines[5].startswith("  pixels: uint8, one pixel is y 0.5 micrometer")
    told = json.loads(printed(capsys, place, "--json")[0])
    assert (told["kind"], told["name"], told["images"]) == ("scene", "", ["left", "right"])
    assert told["systems"] == [{"name": "world", "axes": MICROMETERS}]
    assert [step["type"] for step in told["transformations"]] == ["translation", "identity"]
    assert told["transformations"][0]["from"] == {"path": "left", "name": "physical"}
    assert told["levels"][0]["shape"] == [8, 9]


def test_a_scene_with_gaps(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "s"
    write_scene(place, placed("gone"), placed("inner"), placed("../outside"), placed("here"))
    write_scene(place / "inner", placed("x"))
    write_image(place / "here")
    shown = (
        "gone (no image is there), inner (no image is there), ../outside (no image is there), here 'cells'"
    )
    assert f"  images: 4 ({shown}); the first of them:" in printed(capsys, place)
    assert zarrscope.info(place)["levels"][0]["shape"] == [8, 9]
    write_scene(place, placed("gone"))
    assert printed(capsys, place)[-1] == "  images: 1 (gone (no image is there))"


def test_many_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_scene(tmp_path, *(placed(f"tile {number}") for number in range(11)))
    lines = printed(capsys, tmp_path)
    assert lines[9:11] == [
        "  translation: 'physical' of tile 7 -> 'world'",
        "  ... and 3 more transformations",
    ]
    assert len(zarrscope.info(tmp_path)["transformations"]) == 11


def test_what_nobody_knows_is_shown_by_its_type(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_scene(tmp_path, placed("a", {"type": "wobble", "strength": 3}), {"output": {"name": "world"}})
    lines = printed(capsys, tmp_path)
    assert "  wobble: 'physical' of a -> 'world'" in lines
    assert "  no type: '' -> 'world'" in lines
    assert any(line.startswith("not valid: ") for line in lines)


def test_a_tiff_of_several_series(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "cells.ome.tif"
    with tifffile.TiffWriter(place, ome=True) as file:
        size = {"PhysicalSizeX": 0.5, "PhysicalSizeXUnit": "µm", "PhysicalSizeY": 0.25, "Name": "first"}
        channels = {"Channel": {"Name": ["DAPI", "GFP"]}}
        file.write(np.zeros((2, 20, 30), "u2"), metadata={"axes": "CYX", **size, **channels})
        file.write(np.zeros((8, 9), "u1"), metadata={"axes": "YX", "Name": "second"})
    lines = printed(capsys, place)
    assert lines == [
        f"{place}: series, TIFF",
        "  image 0: 'first' uint16, c 2, y 20, x 30",
        "  image 1: 'second' uint8, y 8, x 9",
        "  images: 2; the first of them:",
        "  pixels: uint16, one pixel is y 0.25 micrometer, x 0.5 micrometer",
        "  level 0: c 2, y 20, x 30; chunks 1 x 20 x 30",
        "  channel 0: DAPI, no colour",
        "  channel 1: GFP, no colour",
    ]
    told = json.loads(printed(capsys, place, "--json")[0])
    assert told == zarrscope.info(place)
    assert told.keys() - {"scenes"} == zarrscope.info(write_plain(tmp_path / "z")).keys()
    assert (told["kind"], told["images"], told["zarr_format"]) == ("series", ["first", "second"], None)
    assert told["levels"][0]["scale"] == [None, 0.25, 0.5]
    with zarrscope.open_source(place) as source:
        assert zarrscope.info(source) == told | {"format": ""}


def write_plain(place: Path) -> Path:
    write_image(place, "0.5")
    return place


def test_a_bare_array_and_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_plain(tmp_path / "a")
    assert printed(capsys, tmp_path / "a" / "0")[:2] == [
        f"{tmp_path}/a/0: image, Zarr",
        "  pixels: uint8, pixel size unknown",
    ]
    (tmp_path / "empty").mkdir()
    for name in ("empty", "absent"):
        assert door.main(["info", str(tmp_path / name)]) == 1
        assert str(tmp_path / name) in capsys.readouterr().err
