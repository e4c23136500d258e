"""What files tell of their pixels: sizes, times, channels, positions."""

from __future__ import annotations

import pickle
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile

from zarrscope.source.registry import open_source
from zarrscope.source.tiff.open import open_tiff
from zarrscope.types import Region, Shape

if TYPE_CHECKING:
    from pathlib import Path


def ramp(shape: Shape) -> np.ndarray[Any, Any]:
    """Return pixels that all differ."""
    return np.arange(prod(shape), dtype=np.uint16).reshape(shape)


def test_imagej_knows_sizes_channels_and_windows(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    data = ramp((2, 3, 2, 24, 20))
    green = np.zeros((3, 256), np.uint8)
    green[1] = np.arange(256)
    tifffile.imwrite(
        path, data, imagej=True, resolution=(10, 5), byteorder=">",
        metadata={
            "axes": "TZCYX", "unit": "um", "spacing": 2.5, "finterval": 0.5, "Labels": ["GFP", "DAPI"],
            "LUTs": [green, green[::-1]], "mode": "composite", "Ranges": (1.0, 100.0, 5.0, 200.0),
        },
    )  # fmt: skip
    with open_tiff(path) as source:
        (scene,) = source.scenes
        known = scene.description
        assert known.scale == (0.5, None, 2.5, 0.2, 0.1)
        assert [axis.unit for axis in known.axes] == [
            "second",
            None,
            "micrometer",
            "micrometer",
            "micrometer",
        ]
        assert [(c.label, c.color) for c in known.channels] == [("GFP", "00FF00"), ("DAPI", "00FF00")]
        assert known.channels[1].window is not None
        assert (known.channels[1].window.start, known.channels[1].window.end) == (5, 200)
        level = scene.levels[0]
        np.testing.assert_array_equal(level.read(Region.whole(level.shape)), data.transpose(0, 2, 1, 3, 4))
    with open_source(path, axes="zctyx") as source:
        assert source.scenes[0].description.scale == (None, None, None, 0.2, 0.1)


@pytest.mark.parametrize(
    ("resolution", "unit", "size"),
    [
        ((20_000, 20_000), "CENTIMETER", 0.5),
        ((25_400, 25_400), "INCH", 1.0),
        ((20_000, 20_000), "NONE", None),
        ((72, 72), "INCH", None),
        ((96, 96), "INCH", None),
        ((300, 300), "INCH", None),
        ((28.3464567, 28.3464567), "CENTIMETER", None),
        ((1, 1), "CENTIMETER", None),
        ((20, 26), "INCH", None),
    ],
)
def test_resolution_tags_are_believed_where_they_mean_something(
    tmp_path: Path, resolution: tuple[float, float], unit: str, size: float | None
) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, ramp((30, 20)), resolution=resolution, resolutionunit=unit, metadata=None)
    with open_tiff(path) as source:
        known = source.scenes[0].description
        assert known.scale == pytest.approx((size, size)) if size else known.scale == (None, None)
        assert {axis.unit for axis in known.axes} == {"micrometer" if size else None}


def test_ome_knows_names_sizes_positions_and_times(tmp_path: Path) -> None:
    path = tmp_path / "a.ome.tif"
    metadata = {
        "axes": "TCYX", "Name": "first", "Channel": {"Name": ["A", "B"]},
        "PhysicalSizeX": 250, "PhysicalSizeXUnit": "nm", "PhysicalSizeY": 0.25, "PhysicalSizeYUnit": "µm",
        "TimeIncrement": 2, "TimeIncrementUnit": "min",
        "Plane": {"PositionX": [1.5] * 4, "PositionXUnit": ["µm"] * 4},
    }  # fmt: skip
    tifffile.imwrite(path, ramp((2, 2, 24, 20)), metadata=metadata, photometric="minisblack")
    with open_tiff(path) as source:
        known = source.scenes[0].description
        assert known.name == "first"
        assert known.scale == (2, None, 0.25, 250)
        assert [axis.unit for axis in known.axes] == ["minute", None, "micrometer", "nanometer"]
        assert [c.label for c in known.channels] == ["A", "B"]
        assert known.translation == (None, None, None, pytest.approx(1500))
        assert source.ome_xml is not None
        assert source.ome_xml.startswith("<?xml")


def test_a_companion_file_describes_its_images(tmp_path: Path) -> None:
    data = ramp((2, 50, 40))
    uuids = [f"urn:uuid:00000000-0000-0000-0000-00000000000{i}" for i in range(2)]
    planes = "".join(
        f'<TiffData FirstC="{i}" PlaneCount="1"><UUID FileName="p{i}.ome.tif">{uuid}</UUID></TiffData>'
        for i, uuid in enumerate(uuids)
    )
    space = 'xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"'
    (tmp_path / "set.companion.ome").write_text(
        f'<OME {space} UUID="urn:uuid:00000000-0000-0000-0000-00000000000a"><Image ID="Image:0" Name="set">'
        '<Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint16" SizeX="40" SizeY="50" SizeZ="1" '
        'SizeC="2" SizeT="1" PhysicalSizeX="0.5"><Channel ID="Channel:0:0" Name="A" SamplesPerPixel="1"/>'
        f'<Channel ID="Channel:0:1" Name="B" SamplesPerPixel="1"/>{planes}</Pixels></Image></OME>'
    )
    for i in range(2):
        only = f'<OME {space} UUID="{uuids[i]}"><BinaryOnly MetadataFile="set.companion.ome" UUID="x"/></OME>'
        text = f'<?xml version="1.0"?>{only}'
        tifffile.imwrite(
            tmp_path / f"p{i}.ome.tif", data[i], description=text, metadata=None, compression="zlib"
        )
    for path in (tmp_path / "set.companion.ome", tmp_path / "p1.ome.tif", tmp_path):
        with open_source(path) as source:
            (scene,) = source.scenes
            assert scene.description.name == "set"
            assert scene.description.scale == (None, None, 0.5)
            assert [c.label for c in scene.description.channels] == ["A", "B"]
            level = scene.levels[0]
            np.testing.assert_array_equal(level.read(Region.whole(data.shape)), data)
            again = pickle.loads(pickle.dumps(level))  # noqa: S301
            np.testing.assert_array_equal(again.read(Region.whole(data.shape)), data)
