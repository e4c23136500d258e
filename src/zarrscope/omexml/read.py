"""From OME-XML of any schema to values; what is not understood is left out, never guessed."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

from zarrscope.documents import safe_xml
from zarrscope.errors import MetadataError
from zarrscope.omexml.schema import OME, Channel, Image, Pixels, Plane, Quantity
from zarrscope.omexml.units import unit_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

_NO_COLOR = -(2**31)  # the default of the older schemas: it says nothing


def read(xml: str | bytes, *, file: str = "OME-XML") -> OME:
    """Read OME-XML.

    Parameters
    ----------
    xml : str or bytes
        A document of any schema from 2003-FC to 2016-06.
    file : str
        Name of the document for messages.

    Raises
    ------
    MetadataError
        It is no XML, no OME-XML, or an image lacks its sizes.
    """
    root = safe_xml(xml.lstrip("\ufeff \r\n\t").rstrip("\0") if isinstance(xml, str) else xml, file=file)
    if _local(root) != "OME":
        raise MetadataError(f"{file}: the root is {_local(root)[:60]!r}, not 'OME'")
    namespace = root.tag[1:].partition("}")[0] if root.tag.startswith("{") else ""
    only = _first(root, "BinaryOnly")
    images = tuple(_image(element, index, file) for index, element in enumerate(_children(root, "Image")))
    return OME(images, namespace, None if only is None else only.get("MetadataFile"))


def _image(element: Element, index: int, file: str) -> Image:
    number = element.get("ID") or f"Image:{index}"
    pixels = _first(element, "Pixels")
    if pixels is None:
        raise MetadataError(f"{file}: the image {number[:60]!r} has no Pixels")
    stage = _first(element, "StageLabel")
    return Image(
        id=number,
        name=element.get("Name"),
        pixels=_pixels(element, pixels, file),
        stage={} if stage is None else _axes(stage, "{}", "reference frame"),
    )


def _pixels(image: Element, element: Element, file: str) -> Pixels:
    sizes = {}
    for axis in "XYZCT":
        size = _whole(element, f"Size{axis}")
        if size is None or size < 1:
            raise MetadataError(f"{file}: Size{axis} of the image {image.get('ID', '')[:60]!r} is no number")
        sizes[axis] = size
    # up to 2007 the sizes of a pixel stood in the image
    physical = _axes(element, "PhysicalSize{}", "µm") or _axes(image, "PixelSize{}", "µm")
    channels = list(_children(element, "Channel")) or list(_children(image, "LogicalChannel"))
    step = _quantity(element, "TimeIncrement", "s") or _quantity(image, "TimeIncrement", "s")
    return Pixels(
        sizes=sizes,
        order=element.get("DimensionOrder", "XYZCT"),
        type=element.get("Type") or element.get("PixelType") or "",
        physical={axis: size for axis, size in physical.items() if size.value > 0},
        time_increment=step,
        channels=tuple(_channel(channel, index) for index, channel in enumerate(channels)),
        planes=tuple(_plane(plane) for plane in _children(element, "Plane")),
    )


def _channel(element: Element, index: int) -> Channel:
    color = _whole(element, "Color")
    known = color is not None and color != _NO_COLOR and -(2**31) <= color < 2**32
    emission, excitation = ("EmissionWavelength", "ExcitationWavelength")
    return Channel(
        id=element.get("ID") or f"Channel:{index}",
        name=element.get("Name"),
        color=f"{(color or 0) & 0xFFFFFFFF:08X}"[:6] if known else None,
        samples_per_pixel=max(1, _whole(element, "SamplesPerPixel") or 1),
        emission=_quantity(element, emission, "nm") or _quantity(element, "EmWave", "nm"),
        excitation=_quantity(element, excitation, "nm") or _quantity(element, "ExWave", "nm"),
    )


def _plane(element: Element) -> Plane:
    z, c, t = (_whole(element, key) or 0 for key in ("TheZ", "TheC", "TheT"))
    # 2008 and 2009 had both in elements of their own
    timing = _first(element, "PlaneTiming")
    stage = _first(element, "StagePosition")
    times = element if timing is None else timing
    return Plane(
        z,
        c,
        t,
        _quantity(times, "DeltaT", "s"),
        _quantity(times, "ExposureTime", "s"),
        _axes(element if stage is None else stage, "Position{}", "reference frame"),
    )


def _axes(element: Element, name: str, symbol: str) -> dict[str, Quantity]:
    found = {axis: _quantity(element, name.format(axis), symbol) for axis in "XYZ"}
    return {axis: quantity for axis, quantity in found.items() if quantity is not None}


def _quantity(element: Element, name: str, symbol: str) -> Quantity | None:
    """Return an attribute and its unit; ``symbol`` is what the schema says where the unit is left out."""
    try:
        value = float(element.get(name, ""))
    except ValueError:
        return None
    symbol = element.get(f"{name}Unit", symbol)
    return Quantity(value, unit_of(symbol), symbol) if isfinite(value) else None


def _whole(element: Element, name: str) -> int | None:
    try:
        return int(element.get(name, "")[:20])
    except ValueError:
        return None


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _children(element: Element, name: str) -> Iterator[Element]:
    return (child for child in element if _local(child) == name)


def _first(element: Element, name: str) -> Element | None:
    return next(_children(element, name), None)
