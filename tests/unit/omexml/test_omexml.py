"""OME-XML: real documents against what another reader saw, and our own there and back."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from zarrscope.documents import safe_xml
from zarrscope.errors import ArgumentError, MetadataError, UnsupportedError
from zarrscope.model.axes import Axis
from zarrscope.model.description import ImageDescription
from zarrscope.model.rendering import Channel
from zarrscope.model.units import SPACE_UNITS, TIME_UNITS
from zarrscope.omexml.describe import describe
from zarrscope.omexml.read import read
from zarrscope.omexml.schema import Quantity
from zarrscope.omexml.units import symbol_of, unit_of
from zarrscope.omexml.write import ImageEntry, metadata_only, write

SHARED = Path(os.environ.get("ZARRSCOPE_SHARED") or Path(__file__).resolve().parents[3].parent / "shared")
DATA = SHARED / "data"
OME = "{http://www.openmicroscopy.org/Schemas/OME/2016-06}"


def real() -> list[Any]:
    if not (DATA / "truth.json").is_file():
        return []
    truth = json.loads((DATA / "truth.json").read_bytes())
    return [
        pytest.param(DATA / folder / name, seen, id=f"{folder}-{name}")
        for folder, entry in truth.items()
        if folder.startswith("ome-xml/")
        for name, seen in entry["truth"]["files"].items()
        if seen.get("root") == "OME"
    ]


@pytest.mark.skipif(not real(), reason=f"no real documents in {DATA}: set ZARRSCOPE_SHARED")
@pytest.mark.parametrize(("path", "seen"), real())
def test_real_documents(path: Path, seen: dict[str, Any]) -> None:
    xml = path.read_bytes()
    stripped = metadata_only(xml, file=path.name)
    for document in (read(xml, file=path.name), read(stripped)):
        assert document.namespace == seen["namespace"]
        assert len(document.images) == len(seen["images"])
        for image, expected in zip(document.images, seen["images"], strict=True):
            assert (image.id, image.name) == (expected["image_id"], expected["name"])
            pixels = image.pixels
            assert pixels.sizes == expected["size"]
            assert (pixels.type, pixels.order) == (expected["type"], expected["order"])
            physical = {k: [q.value, q.symbol] for k, q in pixels.physical.items()}
            assert physical == expected["physical"]
            assert [c.name for c in pixels.channels] == expected["channels"]
    root = safe_xml(stripped, file="x")
    assert without_pixels(root) == without_pixels(safe_xml(xml, file="x"))
    for pixels in (e for e in root.iter() if e.tag.endswith("}Pixels")):
        names = [e.tag.rpartition("}")[2] for e in pixels]
        assert names.count("MetadataOnly") == 1
        assert not {"BinData", "TiffData"} & set(names)


@pytest.mark.skipif(
    not (DATA / "truth.json").is_file(), reason=f"no real files in {DATA}: set ZARRSCOPE_SHARED"
)
def test_real_tiffs() -> None:
    tifffile = pytest.importorskip("tifffile")
    truth = json.loads((DATA / "truth.json").read_bytes())
    for name in ("4D-series.ome.tiff", "FOV7_HV110_P0500510000.ome.tiff"):
        (path,) = [p for p in (DATA / "ome-tiff").rglob(name) if p.is_file()]
        with tifffile.TiffFile(path) as file:
            (image,) = read(file.ome_metadata).images
        seen = truth[f"ome-tiff/{name}"]["truth"]["ome"]["images"][0]
        assert (image.name, image.pixels.sizes) == (seen["name"], seen["size"])
        assert (image.pixels.type, image.pixels.order) == (seen["type"], seen["order"])
        assert image.pixels.physical == {}
        described = describe(image, "tczyx")
        assert described.scale == (None,) * 5
        assert described.channels == ()


def without_pixels(element: Any) -> Any:
    """Return an element as plain values, leaving out what tells where its pixels lie."""
    left_out = ("BinData", "TiffData", "MetadataOnly") if element.tag.endswith("}Pixels") else ()
    children = [without_pixels(e) for e in element if e.tag.rpartition("}")[2] not in left_out]
    return element.tag, dict(element.attrib), (element.text or "").strip(), children


def test_units_go_both_ways() -> None:
    assert symbol_of("micrometer") == "µm"
    assert unit_of("µm") == "micrometer"
    assert unit_of("Å") == "angstrom"
    assert unit_of("ms") == "millisecond"
    assert unit_of("in") == "inch"
    assert unit_of("pixel") is None
    assert unit_of("reference frame") is None
    assert symbol_of("volt") is None
    for unit in SPACE_UNITS | TIME_UNITS:
        symbol = symbol_of(unit)
        assert symbol is not None
        assert unit_of(symbol) == unit


def description(axes: str = "tczyx", **changes: Any) -> ImageDescription:
    kinds = {"t": ("time", "second"), "c": ("channel", None)}
    own = tuple(Axis(a, *kinds.get(a, ("space", "micrometer"))) for a in axes)
    sizes = {"t": 2.5, "c": None, "z": 1.5, "y": 0.25, "x": 0.25, "s": None}
    values = {"name": "µ <a> & \x00", "axes": own, "scale": tuple(sizes[a] for a in axes)} | changes
    return ImageDescription(**values)


def test_there_and_back() -> None:
    channels = (Channel("DAPI", "0000FF"), Channel("GFP", "7F0001"), Channel())
    entry = ImageEntry(description(channels=channels), (4, 3, 5, 60, 70), "uint16")
    flat = ImageEntry(description("yx", scale=(None, 0.0)), (8, 9), "float32")
    xml = write([entry, flat])
    first, second = read(xml).images
    assert first.name == "µ <a> & \ufffd"
    assert first.pixels.sizes == {"X": 70, "Y": 60, "Z": 5, "C": 3, "T": 4}
    assert (first.pixels.order, first.pixels.dtype) == ("XYZCT", "uint16")
    assert first.pixels.physical["Z"] == Quantity(1.5, "micrometer", "µm")
    assert first.pixels.time_increment == Quantity(2.5, "second", "s")
    assert [(c.id, c.name, c.color) for c in first.pixels.channels] == [
        ("Channel:0:0", "DAPI", "0000FF"),
        ("Channel:0:1", "GFP", "7F0001"),
        ("Channel:0:2", None, None),
    ]
    back = describe(first, "TCZYX")
    assert back.axes == entry.description.axes
    assert back.scale == entry.description.scale
    assert back.channels == channels
    assert second.pixels.physical == {}
    assert (second.pixels.type, second.pixels.order) == ("float", "XYZCT")
    root = safe_xml(xml, file="x")
    assert root.tag == f"{OME}OME"
    assert [child.tag for child in root.iter(f"{OME}MetadataOnly")] == [f"{OME}MetadataOnly"] * 2
    assert [e.get("Color") for e in root.iter(f"{OME}Channel")][:2] == ["65535", "2130706943"]


@pytest.mark.parametrize(
    ("axes", "order"), [("zctyx", "XYTCZ"), ("cyx", "XYCZT"), ("yxc", "XYCZT"), ("yx", "XYZCT")]
)
def test_order_follows_the_array(axes: str, order: str) -> None:
    xml = write([ImageEntry(description(axes), (2,) * len(axes), "int8")])
    assert read(xml).images[0].pixels.order == order


def test_what_ome_cannot_say() -> None:
    with pytest.raises(UnsupportedError, match="uint64"):
        write([ImageEntry(description("yx"), (1, 1), "uint64")])
    with pytest.raises(UnsupportedError, match="not s"):
        write([ImageEntry(description("syx"), (1, 1, 1), "uint8")])
    with pytest.raises(ArgumentError, match="'QYX'"):
        describe(read(write([ImageEntry(description("yx"), (1, 1), "uint8")])).images[0], "QYX")


def test_colours_and_samples() -> None:
    pixels = 'ID="Pixels:0" DimensionOrder="XYCZT" Type="uint8" SizeX="1" SizeY="1" SizeZ="1" SizeT="1"'
    for color, expected in (("-1", "FFFFFF"), ("-16776961", "FF0000"), ("-2147483648", None), ("x", None)):
        channel = f'<Channel Color="{color}"/>'
        xml = f'<OME><Image ID="Image:0"><Pixels {pixels} SizeC="1">{channel}</Pixels></Image></OME>'
        assert read(xml).images[0].pixels.channels[0].color == expected
    rgb = f'<OME><Image><Pixels {pixels} SizeC="3"><Channel SamplesPerPixel="3"/></Pixels></Image></OME>'
    image = read(rgb).images[0]
    assert [c.color for c in describe(image, "yxc").channels] == ["FF0000", "00FF00", "0000FF"]


def test_planes_positions_and_companions() -> None:
    xml = (
        '<OME><Image ID="Image:0"><StageLabel Name="p" X="1" Y="2" XUnit="mm"/>'
        '<Pixels DimensionOrder="XYZCT" Type="uint8" SizeX="1" SizeY="1" SizeZ="1" SizeC="1" SizeT="1" '
        'PhysicalSizeX="0" PhysicalSizeY="nan" PhysicalSizeZ="-1">'
        '<Plane TheZ="0" TheC="0" TheT="0" DeltaT="3" DeltaTUnit="ms" PositionX="-5" PositionXUnit="µm"/>'
        "</Pixels></Image></OME>"
    )
    image = read(xml).images[0]
    assert image.pixels.physical == {}
    assert image.stage == {"X": Quantity(1, "millimeter", "mm"), "Y": Quantity(2, None, "reference frame")}
    plane = image.pixels.planes[0]
    assert plane.delta == Quantity(3, "millisecond", "ms")
    assert plane.position == {"X": Quantity(-5, "micrometer", "µm")}
    assert (
        read('<OME><BinaryOnly MetadataFile="a.companion.ome" UUID="u"/></OME>').metadata_file
        == "a.companion.ome"
    )


def test_the_oldest_schema() -> None:
    xml = (
        '<OME xmlns="http://www.openmicroscopy.org/XMLschemas/OME/FC/ome.xsd"><Image ID="urn:x" Name="n" '
        'PixelSizeX="0.2" PixelSizeY="0.3"><LogicalChannel ID="c" Name="DAPI" EmWave="450"/>'
        '<Pixels DimensionOrder="XYZCT" PixelType="Uint16" SizeX="4" SizeY="3" SizeZ="2" '
        'SizeC="1" SizeT="1"/>'
        "</Image></OME>"
    )
    image = read(xml).images[0]
    assert image.pixels.dtype == "uint16"
    assert image.pixels.physical["Y"] == Quantity(0.3, "micrometer", "µm")
    assert image.pixels.channels[0].emission == Quantity(450, "nanometer", "nm")


@pytest.mark.parametrize(
    "xml",
    [
        "<a/>",
        "",
        "<OME><Image/></OME>",
        '<OME><Image><Pixels SizeX="0"/></Image></OME>',
        "<!DOCTYPE a><OME/>",
    ],
)
def test_what_is_no_ome_xml(xml: str) -> None:
    with pytest.raises(MetadataError):
        read(xml)


def test_foreign_elements_keep_their_namespaces() -> None:
    xml = (
        '<o:OME xmlns:o="u:ome"><o:Image ID="i"><o:Pixels SizeX="1"><o:TiffData/><o:Plane/></o:Pixels>'
        "</o:Image>"
        '<x xmlns="u:other"><y xmlns=""><o:z/></y></x></o:OME>'
    )
    out = metadata_only(xml)
    tags = [e.tag for e in safe_xml(out, file="x").iter()]
    assert tags == ["{u:ome}OME", "{u:ome}Image", "{u:ome}Pixels", "{u:ome}MetadataOnly", "{u:ome}Plane",
                    "{u:other}x", "y", "{u:ome}z"]  # fmt: skip
    assert out.startswith('<?xml version="1.0" encoding="UTF-8"?>\n<OME ')
    assert "<Image " in out
