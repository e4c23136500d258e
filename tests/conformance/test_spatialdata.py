"""Images that SpatialData wrote: their transformations, against numbers worked out from the documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import zarrscope
from zarrscope.errors import UnsupportedError
from zarrscope.spec.reduction import losses, reduced
from zarrscope.spec.versions import encode

if TYPE_CHECKING:
    from pathlib import Path


def test_labels_in_six_systems(shared: Path) -> None:
    image = zarrscope.open(shared / "data" / "spatialdata" / "blobs.zarr" / "labels" / "blobs_labels")
    assert isinstance(image, zarrscope.Image)
    assert [s.name for s in image.systems] == ["yx", "global", "scale", "translation", "affine", "sequence"]
    assert image.multiscale.intrinsic.name == "yx"
    expected = {
        None: (4, 5),
        "global": (4, 5),
        "scale": (3 * 4, 2 * 5),
        "translation": (4 - 50, 5 + 10),
        "affine": (20 * 4 + 10 * 5 + 30, 50 * 4 + 40 * 5 + 60),
        "sequence": (3 * 4 - 50, 2 * 5 + 10),
    }
    for name, place in expected.items():
        assert image.transform(name).apply((4, 5)) == place
    back = image.graph.between("affine", "sequence")
    assert back.apply(expected["affine"]) == pytest.approx(expected["sequence"])
    assert image.scale == (1, 1)


def test_levels_of_a_pyramid(shared: Path) -> None:
    image = zarrscope.open(
        shared / "data" / "spatialdata" / "blobs.zarr" / "images" / "blobs_multiscale_image"
    )
    assert isinstance(image, zarrscope.Image)
    assert [image.transform("global", level).apply((1, 1, 1)) for level in range(3)] == [
        (1, 1, 1), (1, 2, 2), (1, 4, 4),
    ]  # fmt: skip
    assert "spatialdata" in image.document.notes[-1]


def test_it_becomes_0_6_whole_and_0_5_with_losses(shared: Path) -> None:
    image = zarrscope.open(shared / "data" / "ome-zarr" / "viv" / "blobs_image_v04.ome.zarr")
    assert isinstance(image, zarrscope.Image)
    node = image.document.model
    written = encode(node, "0.6")
    assert [s["name"] for s in written["ome"]["multiscales"][0]["coordinateSystems"]] == ["cyx", "global"]
    with pytest.raises(UnsupportedError, match="'global'"):
        encode(node, "0.5")
    assert len(losses(node, "0.5")) == 2
    less = encode(reduced(node, "0.5")[0], "0.5")["ome"]["multiscales"][0]
    assert [axis["name"] for axis in less["axes"]] == ["c", "y", "x"]
    assert less["datasets"][0]["coordinateTransformations"] == [{"type": "scale", "scale": [1, 1, 1]}]
