"""The OME-XML beside images: the source's own where it is true, else one made anew."""

from __future__ import annotations

import pytest

from zarrscope.documents import safe_xml
from zarrscope.model.description import ImageDescription
from zarrscope.model.naming import axis
from zarrscope.omexml.beside import beside
from zarrscope.omexml.read import read
from zarrscope.omexml.write import ImageEntry

OWN = """<?xml version="1.0" encoding="UTF-8"?>
<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0" Name="theirs">
<Description>a note of the microscopist</Description>
<Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint16" SizeX="40" SizeY="30" SizeZ="2" SizeC="1"
SizeT="1">
<Channel ID="Channel:0:0" SamplesPerPixel="1"/><TiffData IFD="0" PlaneCount="2"/></Pixels></Image></OME>"""


def entry(shape: tuple[int, ...], axes: str = "zyx", dtype: str = "uint16") -> ImageEntry:
    description = ImageDescription("ours", tuple(map(axis, axes)), (None,) * len(axes))
    return ImageEntry(description, shape, dtype)


def test_their_own_where_it_is_true() -> None:
    found = beside(OWN, [entry((2, 30, 40))])
    assert found is not None
    assert "a note of the microscopist" in found
    assert "TiffData" not in found
    assert "MetadataOnly" in found


@pytest.mark.parametrize(
    ("own", "images"),
    [
        (None, [entry((2, 30, 40))]),
        (OWN, [entry((2, 30, 41))]),
        (OWN, [entry((2, 30, 40)), entry((2, 30, 40))]),
        (OWN.replace('SizeC="1"', 'SizeC="3"'), [entry((2, 30, 40))]),
        ("<OME", [entry((2, 30, 40))]),
        ("<html/>", [entry((2, 30, 40))]),
    ],
)
def test_else_what_is_known(own: str | None, images: list[ImageEntry]) -> None:
    found = beside(own, images)
    assert found is not None
    safe_xml(found, file="made anew")
    assert [image.name for image in read(found).images] == ["ours"] * len(images)
    assert [image.pixels.sizes["X"] for image in read(found).images] == [one.shape[-1] for one in images]


def test_none_where_it_has_no_words() -> None:
    assert beside(None, [entry((30, 40), "yx", "int64")]) is None
