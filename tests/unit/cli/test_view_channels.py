"""``zarrscope view --channels``: which channels there are, whatever the document says of the axes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest
import zarr

import zarrscope
from zarrscope.errors import ArgumentError, MetadataError

if TYPE_CHECKING:
    from pathlib import Path

SHAPE = (3, 8, 9)


def written(place: Path, axes: list[dict[str, str]], dtype: str = "u2") -> Path:
    """Return an image of 0.5 that zarr-python has written."""
    group = zarr.open_group(place, mode="w", zarr_format=3)
    group.create_array("0", shape=SHAPE, dtype=dtype, chunks=SHAPE)[...] = np.ones(SHAPE, dtype)
    scale = {"type": "scale", "scale": [1.0] * len(SHAPE)}
    datasets = [{"path": "0", "coordinateTransformations": [scale]}]
    group.attrs["ome"] = {"version": "0.5", "multiscales": [{"axes": axes, "datasets": datasets}]}
    return place


def shown(place: Path, channels: list[int]) -> list[dict[str, Any]]:
    with zarrscope.view(place, channels=channels) as view:
        layers: list[dict[str, Any]] = json.loads(unquote(urlsplit(view.url).fragment))["layers"]
        return layers


@pytest.mark.parametrize(
    "first", [{"name": "c"}, {"name": "channel"}, {"name": "wavelength", "type": "channel"}]
)
def test_channels_of_any_document(tmp_path: Path, first: dict[str, str]) -> None:
    place = written(tmp_path / "x.ome.zarr", [first, {"name": "y"}, {"name": "x"}])
    assert shown(place, [0, 2]) == [{"channel": c, "visible": c != 1} for c in range(3)]
    with pytest.raises(ArgumentError, match="no channel 3: there are 3"):
        shown(place, [3])


def test_an_axis_of_another_type_holds_no_channels(tmp_path: Path) -> None:
    axes = [{"name": "c", "type": "phase"}, {"name": "y", "type": "space"}, {"name": "x", "type": "space"}]
    with pytest.raises(ArgumentError, match="no channel 1: there are 1"):
        shown(written(tmp_path / "x.ome.zarr", axes), [1])


def test_why_channels_cannot_be_counted(tmp_path: Path) -> None:
    """It is the document that is named, and not a channel that is said to be absent."""
    axes = [{"name": name} for name in "cyx"]
    place = written(tmp_path / "x.ome.zarr", axes)
    (place / "0" / "zarr.json").write_text('{"zarr_format": 3, "node_type": "array"}')
    with pytest.raises(MetadataError, match=r"0/zarr.json"):
        zarrscope.view(place, channels=[0])
