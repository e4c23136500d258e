"""Where labels lie on their image: by hand, from sizes, scales and edges."""

from __future__ import annotations

import json
import urllib.request
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import zarr

import zarrscope
from zarrscope.viewer.napari import add_to
from zarrscope.viewer.placing import laid_over, placing

if TYPE_CHECKING:
    from pathlib import Path

    from zarrscope.node.image import Image


class Model:
    """Takes layers as ``napari.Viewer`` does."""

    def add_image(self, **layer: Any) -> dict[str, Any]:
        return layer

    def add_labels(self, **layer: Any) -> dict[str, Any]:
        return layer


def labelled(
    place: Path, scales: list[float], shape: tuple[int, int] = (40, 60), unit: str | None = "micrometer",
    first: float = 0.0, begin: float = 0.0,
) -> Image:  # fmt: skip
    """Return an image of 40 x 60 pixels of 0.25 micrometer with labels of one level for each scale."""
    pixels = np.zeros((2, 40, 60), "u1")
    zarrscope.write(
        pixels, place, axes="cyx", scale={"y": 0.25, "x": 0.25}, unit="micrometer", levels=1,
        translation={"y": first, "x": first},
    )  # fmt: skip
    labels = zarr.open_group(place, mode="a", zarr_format=3).create_group("labels")
    labels.attrs["ome"] = {"version": "0.5", "labels": ["cells"]}
    cells, datasets = labels.create_group("cells"), []
    for level, scale in enumerate(scales):
        cells.create_array(str(level), shape=tuple(n >> level for n in shape), dtype="u1")
        steps: list[dict[str, Any]] = [{"type": "scale", "scale": [scale, scale]}]
        if begin:
            steps.append({"type": "translation", "translation": [begin, begin]})
        datasets.append({"path": str(level), "coordinateTransformations": steps})
    axes = [{"name": n, "type": "space"} | ({"unit": unit} if unit else {}) for n in "yx"]
    cells.attrs["ome"] = {"version": "0.5", "multiscales": [{"axes": axes, "datasets": datasets}]}
    return zarrscope.open(place)  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("asked", "scale", "translation"),
    [
        # says nothing: its pixels are those of the image
        ({"scales": [1.0]}, 0.25, 0.0),
        ({"scales": [1.0], "unit": None}, 0.25, 0.0),
        # half as many pixels, each twice as large; the edges at -0.125 lie on each other
        ({"scales": [1.0], "shape": (20, 30)}, 0.5, 0.125),
        # the image begins at 5
        ({"scales": [1.0], "first": 5.0}, 0.25, 5.0),
        # says what it is: half of the image, whose first edge is the same
        ({"scales": [0.5], "shape": (10, 15)}, 0.5, 0.125),
        # and where
        ({"scales": [0.25], "shape": (10, 15), "begin": 3.0}, 0.25, 3.0),
        # in nanometres
        ({"scales": [250.0], "unit": "nanometer"}, 0.25, 0.0),
    ],
)
def test_where_labels_lie(tmp_path: Path, asked: dict[str, Any], scale: float, translation: float) -> None:
    image = labelled(tmp_path / "a.ome.zarr", **asked)
    *_, layer = add_to(Model(), image)
    assert layer["scale"] == pytest.approx((scale, scale))
    assert layer["translate"] == pytest.approx((translation, translation))
    assert layer["units"] == ("micrometer", "micrometer")


def test_the_page_lays_them_so_too_and_it_is_told(tmp_path: Path) -> None:
    place = tmp_path / "a.ome.zarr"
    labelled(place, [1.0])
    told = ("labels cells: their pixel size does not fit the image's; laid over all of it",)
    for viewer in ("browser", "neuroglancer"):
        with zarrscope.view(place, viewer=viewer) as shown:
            assert shown.notes == told
    (place / "labels" / "cells" / "zarr.json").write_text("{")  # the image is to be seen all the same
    with zarrscope.view(place) as shown:
        assert shown.notes == ()


def test_all_levels_as_neuroglancer_reads_them(tmp_path: Path) -> None:
    """Each level keeps its place to the finest: two pixels of it become one."""
    place = tmp_path / "a.ome.zarr"
    labelled(place, [1.0, 2.0])
    with zarrscope.view(place, viewer="neuroglancer") as shown:
        with urllib.request.urlopen(f"{shown.data}labels/cells/zarr.json") as answer:
            (told,) = json.load(answer)["attributes"]["ome"]["multiscales"]
        assert shown.notes == (
            "labels cells: their pixel size does not fit the image's; laid over all of it",
        )
    placed = [one["coordinateTransformations"] for one in told["datasets"]]
    assert [one[0]["scale"] for one in placed] == [[0.25, 0.25], [0.5, 0.5]]
    assert [one[1]["translation"] for one in placed] == [[0, 0], [0, 0]]
    assert [axis["unit"] for axis in told["axes"]] == ["micrometer", "micrometer"]


def test_labels_that_fit(tmp_path: Path) -> None:
    image = labelled(tmp_path / "a.ome.zarr", [0.25])
    assert laid_over(image) == ()
    assert placing(image.label("cells"), image).factors == (1.0, 1.0)
