"""From values to OME-XML that describes pixels which lie elsewhere (section ``bf2raw``: MetadataOnly)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple
from xml.etree import ElementTree

from zarrscope.documents import safe_xml
from zarrscope.errors import UnsupportedError
from zarrscope.omexml.schema import NAMESPACE, TYPES
from zarrscope.omexml.units import symbol_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zarrscope.model.description import ImageDescription
    from zarrscope.model.rendering import Channel
    from zarrscope.types import Shape

_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_TYPE_NAMES = {dtype: name for name, dtype in TYPES.items()}
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class ImageEntry(NamedTuple):
    """An image to describe: what is known, the shape of level 0, and the numpy name of its data type."""

    description: ImageDescription
    shape: Shape
    dtype: str


def write(images: Sequence[ImageEntry]) -> str:
    """Return OME-XML 2016-06 for images in the order of their series.

    Parameters
    ----------
    images : sequence of ImageEntry
        Axes are told by their names t, c, z, y, x (in either case).

    Raises
    ------
    UnsupportedError
        OME-XML has no such axis or data type; the message names it.
    """
    root = ElementTree.Element("OME", {"xmlns": NAMESPACE, "Creator": "zarrscope"})
    root.set(f"{{{_XSI}}}schemaLocation", f"{NAMESPACE} {NAMESPACE}/ome.xsd")
    for index, entry in enumerate(images):
        _image(root, index, entry)
    return _text(root)


def metadata_only(xml: str | bytes, *, file: str = "OME-XML") -> str:
    """Return OME-XML whose pixels lie elsewhere: BinData and TiffData go, everything else stays.

    Masks of regions keep their BinData, which is theirs.

    Raises
    ------
    MetadataError
        It is no XML.
    """
    root = safe_xml(xml.lstrip("\ufeff \r\n\t").rstrip("\0") if isinstance(xml, str) else xml, file=file)
    for pixels in [e for e in root.iter() if _local(e.tag) == "Pixels"]:
        namespace = pixels.tag[: pixels.tag.rfind("}") + 1]
        kept = [e for e in pixels if _local(e.tag) not in ("BinData", "TiffData", "MetadataOnly")]
        channels = [i for i, e in enumerate(kept, 1) if _local(e.tag) in ("Channel", "LogicalChannel")]
        kept.insert(max(channels, default=0), ElementTree.Element(f"{namespace}MetadataOnly"))
        pixels[:] = kept
    _plain_names(root)
    return _text(root)


def _image(root: ElementTree.Element, index: int, entry: ImageEntry) -> None:
    description, shape, dtype = entry
    names = [axis.name.upper() for axis in description.axes]
    strange = [a.name for a, name in zip(description.axes, names, strict=True) if name not in set("TCZYX")]
    if strange or len(set(names)) < len(names):
        raise UnsupportedError(f"OME-XML has the axes t, c, z, y, x only, not {', '.join(strange or names)}")
    if dtype not in _TYPE_NAMES:
        raise UnsupportedError(f"OME-XML has no pixels of the type {dtype}")
    sizes = dict.fromkeys("XYZCT", 1) | dict(zip(names, shape, strict=True))
    image = ElementTree.SubElement(root, "Image", {"ID": f"Image:{index}"})
    if description.name:
        image.set("Name", _clean(description.name))
    pixels = ElementTree.SubElement(image, "Pixels", {"ID": f"Pixels:{index}"})
    pixels.set("DimensionOrder", _order(names))
    pixels.set("Type", _TYPE_NAMES[dtype])
    for name, size in sizes.items():
        pixels.set(f"Size{name}", str(size))
    _calibrate(pixels, description)
    for number in range(sizes["C"]):
        known = description.channels[number] if number < len(description.channels) else None
        _channel(pixels, f"Channel:{index}:{number}", known)
    ElementTree.SubElement(pixels, "MetadataOnly")


def _order(names: list[str]) -> str:
    """Return the axes fastest first; X and Y must lead, whatever their order in the array."""
    middle = [name for name in reversed(names) if name in "ZCT"]
    return "XY" + "".join(middle + [name for name in "ZCT" if name not in middle])


def _calibrate(pixels: ElementTree.Element, description: ImageDescription) -> None:
    for axis, scale in zip(description.axes, description.scale, strict=True):
        symbol = symbol_of(axis.unit) if axis.unit else None
        name = axis.name.upper()
        if scale is None or scale <= 0 or symbol is None or name == "C":
            continue  # a number without its unit would be read as micrometers or seconds
        attribute = "TimeIncrement" if name == "T" else f"PhysicalSize{name}"
        pixels.set(attribute, repr(float(scale)))
        pixels.set(f"{attribute}Unit", symbol)


def _channel(pixels: ElementTree.Element, number: str, known: Channel | None) -> None:
    channel = ElementTree.SubElement(pixels, "Channel", {"ID": number, "SamplesPerPixel": "1"})
    if known is not None and known.label:
        channel.set("Name", _clean(known.label))
    if known is not None and known.color:
        value = int(known.color + "FF", 16)
        channel.set("Color", str(value - 2**32 if value >= 2**31 else value))


def _plain_names(root: ElementTree.Element) -> None:
    """Write the namespace of the root as the default one: ``<Image>`` rather than ``<ns0:Image>``."""
    own = root.tag[1 : root.tag.rfind("}")] if root.tag.startswith("{") else ""
    pending = [(root, "")]
    while pending:
        element, around = pending.pop()
        space, _, name = element.tag.rpartition("}")
        inside = around
        if space in ("", "{" + own):
            inside = space[1:]
            element.tag = name
            if inside != around:
                element.set("xmlns", inside)
        pending += [(child, inside) for child in element]


def _text(root: ElementTree.Element) -> str:
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _clean(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
