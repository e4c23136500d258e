"""What OME-XML tells of a series: sizes, times, channels, positions."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from zarrscope.errors import MetadataError
from zarrscope.model.units import conversion
from zarrscope.omexml.describe import describe
from zarrscope.omexml.read import read

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zarrscope.omexml.schema import OME, Image, Plane
    from zarrscope.source.tiff.collected import Collected


def parse(xml: str | None, file: str) -> tuple[OME | None, tuple[str, ...]]:
    """Read OME-XML; a document that is none costs its metadata, with a note, and not the pixels."""
    if not xml:
        return None, ()
    try:
        return read(xml, file=file), ()
    except MetadataError as error:
        return None, (f"the OME-XML cannot be used: {error}",)


def read_ome(ome: OME, number: int, series: Any, order: str, found: Collected) -> None:
    """Take what OME-XML knows of a series.

    Parameters
    ----------
    ome : OME
        The document.
    number : int
        Index of the series in the file.
    series : TiffPageSeries
        To tell its image from others by name and size.
    order : str
        Our axes of the image.
    found : Collected
        Receives it.
    """
    image = _image(ome, number, series)
    if image is None:
        found.notes.append("no image of the OME-XML fits; its metadata are not used")
        return
    known = describe(image, order)
    found.name = known.name.strip() or found.name
    found.channels = known.channels
    for axis, size in zip(known.axes, known.scale, strict=True):
        found.size(axis.name, size, axis.unit)
    _interval(image.pixels.planes, found)
    first = next((p for p in image.pixels.planes if (p.z, p.c, p.t) == (0, 0, 0)), None)
    for name, place in (first.position if first else {}).items():
        unit = found.unit.get(name.lower())
        factor = None if unit is None or place.unit is None else conversion(place.unit, unit)
        if factor is not None:
            found.translation[name.lower()] = place.value * factor


def _image(ome: OME, number: int, series: Any) -> Image | None:
    """Return the image that a series shows: the one of its number, else the one of its name."""
    rows, columns = series.keyframe.imagelength, series.keyframe.imagewidth

    def fits(image: Image) -> bool:
        return (image.pixels.sizes["Y"], image.pixels.sizes["X"]) == (rows, columns)

    if number < len(ome.images) and fits(ome.images[number]):
        return ome.images[number]
    return next((image for image in ome.images if image.name == series.name and fits(image)), None)


def _interval(planes: Sequence[Plane], found: Collected) -> None:
    """Take the time between frames from the times of planes where they are regular within a twentieth."""
    times = {p.t: p.delta for p in planes if (p.z, p.c) == (0, 0) and p.delta is not None}
    if "t" in found.scale or len(times) < 2 or sorted(times) != list(range(len(times))):
        return
    if len({delta.unit for delta in times.values()}) != 1:
        return
    values = [times[t].value for t in range(len(times))]
    steps = [b - a for a, b in pairwise(values)]
    mean = sum(steps) / len(steps)
    if mean > 0 and all(abs(step - mean) <= 0.05 * mean for step in steps):
        found.size("t", mean, times[0].unit)
        found.notes.append("the time between frames is the mean of the times of the planes")
