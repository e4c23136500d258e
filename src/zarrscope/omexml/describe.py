"""What an OME image says of itself, in the words of the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zarrscope.errors import ArgumentError
from zarrscope.model.axes import Axis
from zarrscope.model.description import ImageDescription
from zarrscope.model.rendering import Channel

if TYPE_CHECKING:
    from zarrscope.omexml.schema import Image, Pixels

_TYPES = {"t": "time", "c": "channel", "z": "space", "y": "space", "x": "space"}


def describe(image: Image, axes: str) -> ImageDescription:
    """Return name, calibration and channels of an image.

    Parameters
    ----------
    image : Image
        From ``read``.
    axes : str
        Letters of the array's axes in its order, out of t, c, z, y, x in either case.

    Returns
    -------
    ImageDescription
        An axis has a size and a unit where the document gives both in words of OME-Zarr.
    """
    letters = axes.lower()
    if not set(letters) <= set(_TYPES) or len(set(letters)) < len(letters):
        raise ArgumentError(f"the axes {axes!r} are not out of t, c, z, y, x")
    sizes: list[float | None] = []
    found = []
    for letter in letters:
        own = image.pixels.time_increment if letter == "t" else image.pixels.physical.get(letter.upper())
        known = own if own is not None and own.unit is not None and own.value > 0 else None
        sizes.append(None if known is None else known.value)
        found.append(Axis(letter, _TYPES[letter], None if known is None else known.unit))
    return ImageDescription(image.name or "", tuple(found), tuple(sizes), None, _channels(image.pixels))


def _channels(pixels: Pixels) -> tuple[Channel, ...]:
    """Return one channel for each index of the axis: a channel of three samples is red, green and blue."""
    channels = []
    for channel in pixels.channels:
        count = channel.samples_per_pixel
        colors = ("FF0000", "00FF00", "0000FF") if count == 3 else (channel.color,) * count
        channels += [Channel(label=channel.name, color=color) for color in colors]
    if len(channels) != pixels.sizes["C"] or not any(c.label or c.color for c in channels):
        return ()
    return tuple(channels)
