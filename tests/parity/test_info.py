"""What ``zarrscope info`` tells of real files, against what an independent reader saw in them."""

from __future__ import annotations

import json
from math import prod
from typing import TYPE_CHECKING, Any

import pytest
from tests.parity.test_sources import DATA, entries, truth

from zarrscope.cli import main as door

if TYPE_CHECKING:
    from pathlib import Path


def told(capsys: pytest.CaptureFixture[str], place: Path) -> dict[str, Any]:
    assert door.main(["info", str(place), "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


@pytest.mark.parametrize("name", entries("tiff", having="series"))
def test_every_series_of_a_file(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Samples and channels are one axis of ours, so pixels are counted, and y and x held against theirs."""
    found = told(capsys, DATA / name)
    assert (found["format"], found["version"]) == ("TIFF", None)
    seen = sorted(
        (prod(level["shape"]), *level["shape"][-2:], level["dtype"])
        for scene in found["scenes"]
        for level in scene["levels"]
    )
    want = []
    for series in truth()[name]["truth"]["series"]:
        y, x = series["axes"].index("Y"), series["axes"].index("X")
        want += [(prod(shape), shape[y], shape[x], series["dtype"]) for shape in series["levels"]]
    assert seen == sorted(want)


@pytest.mark.parametrize("name", entries("planes", having="stack_sorted_by_name"))
def test_a_folder_of_planes(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = told(capsys, DATA / name)
    want = truth()[name]["truth"]["stack_sorted_by_name"]
    pixels = sum(prod(scene["levels"][0]["shape"]) for scene in found["scenes"])
    assert pixels == prod(want["shape"])
    assert {scene["levels"][0]["dtype"] for scene in found["scenes"]} == {want["dtype"]}


def test_sizes_units_and_channels(capsys: pytest.CaptureFixture[str]) -> None:
    if not truth():
        pytest.skip(f"no test data: {DATA} holds no truth.json (set ZARRSCOPE_SHARED)")
    stack = told(capsys, DATA / "imagej" / "mri-stack-calibrated.tif")
    raw = truth()["imagej/mri-stack-calibrated.tif"]["truth"]["physical_raw"]
    across = raw["XResolution"][1] / raw["XResolution"][0]
    assert stack["levels"][0]["scale"] == [raw["imagej"]["spacing"], across, across]
    assert [axis["unit"] for axis in stack["axes"]] == [raw["imagej"]["unit"]] * 3
    cells = told(capsys, DATA / "imagej" / "hela-cells.tif")
    assert [channel["label"] for channel in cells["channels"]] == ["Red", "Green", "Blue"]
    slide = told(capsys, DATA / "wsi" / "CMU-1-Small-Region.svs")
    assert [scene["associated"] for scene in slide["scenes"]] == [False, True, True, True]
    assert slide["images"] == []  # thumbnail, label and macro are no series
