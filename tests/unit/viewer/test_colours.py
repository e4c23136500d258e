"""Pictures in colour in every viewer: red, green and blue that have nothing but their names."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import zarr

import zarrscope
from zarrscope.errors import ArgumentError
from zarrscope.viewer.channels import channel_looks
from zarrscope.viewer.napari import add_to
from zarrscope.viewer.neuroglancer import neuroglancer_state
from zarrscope.viewer.state import MAPS, state

if TYPE_CHECKING:
    from zarrscope.node.image import Image

SHAPE = {"c": 3, "y": 20, "x": 30}
ADDRESS = "http://127.0.0.1:8800/token/data/picture/"


def picture(place: Path, axes: str = "cyx", chunks: int = 3, **omero: Any) -> Image:
    """Return a picture of which the document says no more than what the samples are called."""
    shape = tuple(SHAPE[name] for name in axes)
    group = zarr.open_group(place, mode="w", zarr_format=3)
    parts = tuple(chunks if name == "c" else SHAPE[name] for name in axes)
    group.create_array("0", shape=shape, dtype="u1", chunks=parts)[...] = np.ones(shape, "u1")
    kinds = [{"name": name, "type": "channel" if name == "c" else "space"} for name in axes]
    placed = [{"type": "scale", "scale": [1.0 if name == "c" else 0.5 for name in axes]}]
    datasets = [{"path": "0", "coordinateTransformations": placed}]
    channels = [{"label": name, **omero} for name in ("Red", "Green", "Blue")]
    group.attrs["ome"] = {
        "version": "0.5",
        "multiscales": [{"axes": kinds, "datasets": datasets, "name": "tissue"}],
        "omero": {"channels": channels},
    }
    return zarrscope.open(place)  # type: ignore[return-value]


class Model:
    """Takes layers as ``napari.Viewer`` does."""

    def add_image(self, **layer: Any) -> dict[str, Any]:
        return layer


def test_colours_and_windows(tmp_path: Path) -> None:
    looks = channel_looks(picture(tmp_path / "a.zarr"))
    assert [look.color for look in looks] == ["ff0000", "00ff00", "0000ff"]
    assert [look.window for look in looks] == [(0, 255)] * 3  # all pixels are 1: nothing is stretched


def test_one_layer_in_neuroglancer(tmp_path: Path) -> None:
    (layer,) = neuroglancer_state(picture(tmp_path / "a.zarr"), ADDRESS)["layers"]
    assert layer["name"] == "tissue"
    assert layer["channelDimensions"] == {"c^": [1.0, ""]}
    assert list(layer["source"]["transform"]["outputDimensions"]) == ["c^", "y", "x"]
    full = {"range": [0, 255], "window": [0, 255]}
    assert layer["shaderControls"] == {
        name: {**full, "channel": [i]} for i, name in enumerate(("red", "green", "blue"))
    }


@pytest.mark.parametrize(
    ("chunks", "asked"), [(1, None), (3, [0, 2]), (3, {1: {"gamma": 2}}), (3, {0: {"color": "ffffff"}})]
)
def test_layers_of_their_own_in_neuroglancer(
    tmp_path: Path, chunks: int, asked: dict[int, dict[str, Any]] | None
) -> None:
    """A shader sees one chunk only, and what somebody wants of one sample is for that one."""
    image = picture(tmp_path / "a.zarr", chunks=chunks)
    layers = neuroglancer_state(image, ADDRESS, channels=asked)["layers"]
    assert [layer["name"] for layer in layers] == ["Red", "Green", "Blue"]
    assert [layer["localPosition"] for layer in layers] == [[0.0], [1.0], [2.0]]
    assert layers[2]["shaderControls"]["color"] == "#0000ff"


def test_in_napari(tmp_path: Path) -> None:
    (layer,) = add_to(Model(), picture(tmp_path / "a.zarr", "yxc"))
    assert (layer["rgb"], layer["name"], layer["data"].shape) == (True, "tissue", (20, 30, 3))
    assert (layer["scale"], layer["axis_labels"]) == ((0.5, 0.5), ("y", "x"))
    layers = add_to(Model(), picture(tmp_path / "b.zarr", "cyx"))
    assert [one["colormap"] for one in layers] == ["#ff0000", "#00ff00", "#0000ff"]
    assert {one["blending"] for one in layers} == {"additive"}
    assert {one["data"].shape for one in layers} == {(20, 30)}
    windows = {"window": {"start": 0, "end": 100, "min": 0, "max": 255}}
    layers = add_to(Model(), picture(tmp_path / "c.zarr", "yxc", **windows))
    assert [one["contrast_limits"] for one in layers] == [(0, 100)] * 3  # rgb=True knows no window


def test_colours_that_are_asked_for() -> None:
    """The page takes six digits or the name of a map."""
    asked = {0: {"color": "#FF8000"}, 1: {"color": "00ff0080"}, 2: {"color": "viridis"}}
    layers = state(channels=asked, count=3)["layers"]
    assert [layer["color"] for layer in layers] == ["ff8000", "00ff00", "viridis"]
    for wrong in (5, "cyan", "#fff"):
        with pytest.raises(ArgumentError, match=f"color={wrong!r} is not a colour: six hexadecimal digits"):
            state(channels={0: {"color": wrong}}, count=1)


def test_the_maps_are_those_of_the_page() -> None:
    page = Path(__file__).parents[3] / "web" / "src" / "scene" / "colormaps.ts"
    stops = page.read_text().partition("STOPS:")[2].partition("};")[0]
    assert tuple(re.findall(r'^  "?([\w ]+)"?: \[', stops, re.MULTILINE)) == MAPS
