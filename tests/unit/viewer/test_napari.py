"""Layers for napari, handed to a stand-in that keeps what a viewer is given.

napari itself is not here: with what it needs it takes 660 MB.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import zarr

import zarrscope
from zarrscope.errors import MissingDependencyError
from zarrscope.model.rendering import Channel, Window
from zarrscope.viewer.napari import add_to, open_in_napari

if TYPE_CHECKING:
    from pathlib import Path

    from zarrscope.node.image import Image


class Model:
    """Takes layers as ``napari.Viewer`` does."""

    def add_image(self, **layer: Any) -> dict[str, Any]:
        return {"kind": "image", **layer}

    def add_labels(self, **layer: Any) -> dict[str, Any]:
        return {"kind": "labels", **layer}


@pytest.fixture
def image(tmp_path: Path) -> Image:
    pixels = np.arange(2 * 3 * 20 * 30, dtype="u2").reshape(2, 3, 20, 30)
    place = tmp_path / "image.ome.zarr"
    zarrscope.write(
        pixels,
        place,
        axes="czyx",
        scale={"z": 2.0, "y": 0.5, "x": 0.5},
        translation={"z": 7.0},
        unit="micrometer",
        channels=[Channel("A", "FF8000", Window(5, 50)), Channel("B", "0000FF", Window(0, 900))],
        levels=2,
    )
    labels = zarr.open_group(place, mode="a", zarr_format=3).create_group("labels")
    labels.attrs["ome"] = {"version": "0.5", "labels": ["cells"]}
    cells = labels.create_group("cells")
    cells.create_array("0", shape=(3, 20, 30), dtype="u4")[...] = 7
    axes = [{"name": n, "type": "space"} for n in "zyx"]
    placed = [{"type": "scale", "scale": [2.0, 0.5, 0.5]}]
    cells.attrs["ome"] = {
        "version": "0.5",
        "multiscales": [{"axes": axes, "datasets": [{"path": "0", "coordinateTransformations": placed}]}],
        "image-label": {},
    }
    return zarrscope.open(place)  # type: ignore[return-value]


def test_channels_and_labels(image: Image) -> None:
    first, second, cells = add_to(Model(), image, channels=[1])
    assert [first["name"], second["name"], cells["name"]] == ["A", "B", "cells"]
    assert [first["visible"], second["visible"], cells["visible"]] == [False, True, True]
    assert first["colormap"] == "#ff8000"
    assert first["contrast_limits"] == (5, 50)
    assert first["scale"] == cells["scale"] == (2.0, 0.5, 0.5)
    assert first["translate"] == (7.0, 0.0, 0.0)
    assert first["units"] == ("micrometer",) * 3
    assert cells["units"] == first["units"]
    assert first["axis_labels"] == ("z", "y", "x")
    assert [first["multiscale"], cells["multiscale"]] == [True, False]
    assert [level.shape for level in second["data"]] == [(3, 20, 30), (3, 10, 15)]
    assert np.array_equal(second["data"][0][1].compute(), image[1, 1])
    assert (cells["kind"], int(cells["data"][0, 0, 0].compute())) == ("labels", 7)


def test_a_label_image_by_itself(image: Image) -> None:
    (layer,) = add_to(Model(), image.label("cells"))
    assert (layer["kind"], layer["opacity"]) == ("labels", 1.0)


def test_without_napari(image: Image, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "napari", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'napari\[all\]'"):
        open_in_napari(image)
