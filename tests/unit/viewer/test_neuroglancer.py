"""The state of Neuroglancer; all expected numbers are worked out from sizes, scales and translations."""

from __future__ import annotations

import json
import urllib.request
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import zarr

import zarrscope
from zarrscope.errors import ArgumentError, MissingDependencyError, UnsupportedError
from zarrscope.model.rendering import Channel, Window
from zarrscope.viewer.channels import channel_looks
from zarrscope.viewer.neuroglancer import neuroglancer_state
from zarrscope.viewer.neuroglancer_documents import readable

if TYPE_CHECKING:
    from pathlib import Path

    from zarrscope.node.image import Image

ADDRESS = "http://127.0.0.1:8800/token/data/cells/"


@pytest.fixture
def stack(tmp_path: Path) -> Image:
    """Two time points, two channels, 9 planes of 40 x 60 with thick voxels, moved by some pixels."""
    pixels = np.zeros((2, 2, 9, 40, 60), "u2")
    return zarrscope.write(
        pixels,
        tmp_path / "stack.ome.zarr",
        axes="tczyx",
        scale={"t": 30.0, "z": 2.0, "y": 0.5, "x": 0.5},
        unit={"t": "second", "z": "micrometer", "y": "micrometer", "x": "micrometer"},
        translation={"z": 10.0, "y": 0.0, "x": -3.0},
        channels=[
            Channel("DAPI", "0000FF", Window(100, 900, 0, 65535)),
            Channel("GFP", "00FF00", Window(50, 4000, 0, 65535), active=False),
        ],
        levels=1,
    )


def test_space_and_time(stack: Image) -> None:
    state = neuroglancer_state(stack, ADDRESS)
    assert list(state["dimensions"]) == ["x", "y", "z", "t"]
    assert state["dimensions"]["x"] == [pytest.approx(5e-7), "m"]
    assert state["dimensions"]["z"] == [pytest.approx(2e-6), "m"]
    assert state["dimensions"]["t"] == [30.0, "s"]
    assert state["displayDimensions"] == ["x", "y", "z"]
    # the middle pixel, behind the translation counted in pixels: 30 - 3 / 0.5, 20, 4 + 10 / 2, the first
    assert state["position"] == [24.0, 20.0, 9.0, 0.0]
    assert state["layout"] == "4panel"
    json.dumps(state, allow_nan=False)


def test_the_whole_image_fits(stack: Image) -> None:
    """In micrometres 30 across, 20 down, 18 deep; a panel has 600 x 320; 10 % are left around it."""
    step = 0.5
    down = 20  # more than the depth
    want = 1.1 * max(30 / step / 600, down / step / 320)
    assert neuroglancer_state(stack, ADDRESS)["crossSectionScale"] == pytest.approx(want)
    plane = neuroglancer_state(stack, ADDRESS, layout="plane")
    assert plane["layout"] == "xy"
    assert plane["crossSectionScale"] == pytest.approx(1.1 * max(60 / 1200, 40 / 640))


def test_one_layer_a_channel(stack: Image) -> None:
    first, second = neuroglancer_state(stack, ADDRESS)["layers"]
    assert first["source"] == f"{ADDRESS}|zarr3:"
    assert [first["name"], second["name"]] == ["DAPI", "GFP"]
    assert [first["visible"], second["visible"]] == [True, False]
    assert first["localDimensions"] == {"c'": [1.0, ""]}
    assert [first["localPosition"], second["localPosition"]] == [[0.0], [1.0]]
    assert second["shaderControls"]["color"] == "#00ff00"
    assert second["shaderControls"]["normalized"] == {"range": [50, 4000], "window": [0, 65535]}
    assert all(type(end) is int for end in second["shaderControls"]["normalized"]["range"])
    assert first["blend"] == "additive"


def test_what_is_asked_for(stack: Image) -> None:
    state = neuroglancer_state(stack, ADDRESS, channels=[1], dims={"z": 8, "t": 1})
    assert state["position"] == [24.0, 20.0, 13.0, 1.0]
    assert [layer["visible"] for layer in state["layers"]] == [False, True]
    look = {"color": "ff8000", "window": (1, 2), "gamma": 0.5, "opacity": 0.25}
    layer = neuroglancer_state(stack, ADDRESS, channels={0: look})["layers"][0]
    assert layer["opacity"] == 0.25
    assert layer["shaderControls"]["gamma"] == 0.5
    assert layer["shaderControls"]["color"] == "#ff8000"
    assert layer["shaderControls"]["normalized"]["range"] == [1, 2]


@pytest.mark.parametrize(
    "asked",
    [
        {"dims": {"z": 9}},
        {"channels": [2]},
        {"layout": "round"},
        {"channels": {0: {"color": "viridis"}}},
    ],
)
def test_what_cannot_be(stack: Image, asked: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError):
        neuroglancer_state(stack, ADDRESS, **asked)


def test_a_plane_without_units(tmp_path: Path) -> None:
    image = zarrscope.write(
        np.zeros((30, 50), "u1"), tmp_path / "p.ome.zarr", axes="yx", version="0.4", levels=1
    )
    state = neuroglancer_state(image, ADDRESS)
    assert state["dimensions"] == {"x": [1.0, ""], "y": [1.0, ""]}
    assert state["position"] == [25.0, 15.0]
    assert state["layout"] == "xy"
    (layer,) = state["layers"]
    assert layer["source"] == f"{ADDRESS}|zarr2:"
    assert "localDimensions" not in layer


def test_a_window_from_the_coarsest_level(tmp_path: Path) -> None:
    """An image that says nothing of its channels, written by zarr-python: a ramp from 0 to 9999."""
    place = tmp_path / "ramp.zarr"
    group = zarr.open_group(place, mode="w", zarr_format=2)
    pixels = np.arange(10000, dtype="f4").reshape(1, 100, 100)
    group.create_array("0", shape=pixels.shape, dtype="f4")[...] = pixels
    axes = [{"name": "c", "type": "channel"}, {"name": "y", "type": "space"}, {"name": "x", "type": "space"}]
    scale = {"type": "scale", "scale": [1, 1, 1]}
    group.attrs["multiscales"] = [
        {"version": "0.4", "axes": axes, "datasets": [{"path": "0", "coordinateTransformations": [scale]}]}
    ]
    (look,) = channel_looks(zarrscope.open(place))
    assert look.color == "ffffff"
    assert look.window == pytest.approx((10, 9989), abs=1)  # 0.1 % of the pixels lie beyond each end
    assert look.limits == look.window


def test_labels(stack: Image, tmp_path: Path) -> None:
    labels = zarr.open_group(tmp_path / "stack.ome.zarr", mode="a", zarr_format=3).create_group("labels")
    labels.attrs["ome"] = {"version": "0.5", "labels": ["cells", "nuclei"]}
    for name in ("cells", "nuclei"):
        group = labels.create_group(name)
        group.create_array("0", shape=(9, 40, 60), dtype="u4")
        axes = [{"name": n, "type": "space", "unit": "micrometer"} for n in "zyx"]
        placed = [{"type": "scale", "scale": [2.0, 0.5, 0.5]}]
        group.attrs["ome"] = {
            "version": "0.5",
            "multiscales": [{"axes": axes, "datasets": [{"path": "0", "coordinateTransformations": placed}]}],
            "image-label": {"colors": [{"label-value": 7, "rgba": [0, 255, 64, 255]}]},
        }
    cells, nuclei = neuroglancer_state(zarrscope.open(tmp_path / "stack.ome.zarr"), ADDRESS)["layers"][2:]
    assert cells["type"] == "segmentation"
    assert cells["source"] == f"{ADDRESS}labels/cells/|zarr3:"
    assert cells["segmentColors"] == {"7": "#00ff40"}
    assert [cells["visible"], nuclei["visible"]] == [True, False]
    alone = neuroglancer_state(zarrscope.open(tmp_path / "stack.ome.zarr").label("cells"), ADDRESS)
    assert [layer["type"] for layer in alone["layers"]] == ["segmentation"]


@pytest.mark.parametrize("dtype", ["f8", "i8", "?"])
def test_types_that_it_does_not_know(tmp_path: Path, dtype: str) -> None:
    pixels = np.zeros((8, 8), dtype)
    with pytest.raises(UnsupportedError, match="shows no pixels of type"):
        zarrscope.view(pixels, viewer="neuroglancer")


@pytest.mark.parametrize(
    ("version", "axes"),
    [
        ("0.2", None),
        ("0.3", ["t", "c", "z", "y", "x"]),
        ("0.4", [{"name": n} for n in "tczyx"]),
        ("0.4", [{"name": n, "type": "channel" if n == "c" else "space", "unit": "pixel"} for n in "tczyx"]),
    ],
)
def test_documents_that_it_does_not_read(tmp_path: Path, version: str, axes: Any) -> None:
    """Its client knows 0.4 and 0.5 and the listed units, and refuses anything else."""
    group = zarr.open_group(tmp_path / "old.zarr", mode="w", zarr_format=2)
    pixels = np.arange(2 * 19 * 8, dtype="u1").reshape(1, 2, 1, 19, 8)
    for name, shape in (("0", (1, 2, 1, 19, 8)), ("1", (1, 2, 1, 10, 4))):
        group.create_array(name, shape=shape, dtype="u1", chunks=shape)[...] = pixels[
            ..., : shape[3], : shape[4]
        ]
    datasets = [{"path": "0"}, {"path": "1"}]
    if version == "0.4":
        placed = [{"type": "scale", "scale": [1, 1, 1, 1, 1]}]
        datasets = [{**one, "coordinateTransformations": placed} for one in datasets]
    group.attrs["multiscales"] = [
        {"version": version, "datasets": datasets} | ({} if axes is None else {"axes": axes})
    ]
    group.attrs["omero"] = {"channels": [{"label": "one", "color": "FF0000"}, {"label": "two"}]}
    assert not readable(zarrscope.open(tmp_path / "old.zarr"))
    with zarrscope.view(tmp_path / "old.zarr", viewer="neuroglancer") as shown:
        address = f"{shown.data}.zattrs"
        with urllib.request.urlopen(address) as answer:
            told = json.load(answer)
        image = zarrscope.open(shown.data)
        assert readable(image)
        assert np.array_equal(image[...], pixels)
        assert image.channels[0].label == "one"
    (multiscales,) = told["multiscales"]
    assert multiscales["version"] == "0.4"
    assert [axis["name"] for axis in multiscales["axes"]] == list("tczyx")
    assert multiscales["axes"][1]["type"] == "channel"
    assert not any("unit" in axis for axis in multiscales["axes"])
    # 19 pixels became 10, and 8 became 4: two of each, whose middle lies half a pixel behind the first
    scale, translation = multiscales["datasets"][1]["coordinateTransformations"]
    assert scale == {"type": "scale", "scale": [1, 1, 1, 2, 2]}
    assert translation == {"type": "translation", "translation": [0, 0, 0, 0.5, 0.5]}


def test_viewers_that_do_not_exist() -> None:
    with pytest.raises(ArgumentError, match="no viewer 'fiji'"):
        zarrscope.view(np.zeros((4, 4), "u1"), viewer="fiji")
    with pytest.raises(ArgumentError, match="our own viewer"):
        zarrscope.view(np.zeros((4, 4), "u1"), viewer="neuroglancer", state={"z": 1})


def test_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "neuroglancer", None)
    with pytest.raises(MissingDependencyError, match=r"zarrscope\[neuroglancer\]"):
        zarrscope.view(np.zeros((4, 4), "u1"), viewer="neuroglancer")
