"""How the channels of an image look in any viewer: what its document says, else a choice of ours.

The choice is that of the viewer in the browser (``web/src/scene/layers.ts``).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from zarrscope.errors import ArgumentError
from zarrscope.model.axes import channel_axis, channel_count
from zarrscope.model.build import AT_ONCE
from zarrscope.model.rendering import RGB, Channel, color_digits, is_rgb
from zarrscope.types import Region

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zarrscope.node.image import Image
    from zarrscope.viewer.state import Look

_PAIR = ("00ff00", "ff00ff")
_PALETTE = (
    "4d9dff", "3fe07a", "ff5a4f", "ffd23f", "e05cff", "2ee6e6", "ff9a3c", "b9ff66", "ff7fb0", "ffffff",
)  # fmt: skip
_PERCENTILES = (0.1, 99.9)
_WIDEST = 2048
"""Pixels along each side of what automatic windows are taken from."""

_SAMPLES = ("Red", "Green", "Blue")


FULL = (0.0, 255.0)
"""The window that shows colours as they are."""


@dataclass(frozen=True)
class ChannelLook:
    """One channel as it is shown.

    Parameters
    ----------
    name : str
        For people.
    color : str
        Six hexadecimal digits.
    window : tuple of float
        What is black, and what is full.
    limits : tuple of float
        Between what the window may be moved.
    visible : bool
        Whether it is switched on.
    gamma, opacity : float
        1 for none, and for all.
    """

    name: str
    color: str
    window: tuple[float, float]
    limits: tuple[float, float]
    visible: bool = True
    gamma: float = 1.0
    opacity: float = 1.0


def displayed_axes(image: Image) -> list[int]:
    """Return the axes of the picture: across, down and, where there is one, depth."""
    spatial = [i for i, a in enumerate(image.axes) if a.type == "space" or (not a.type and a.name in "xyz")]
    named = {image.axes[i].name.lower(): i for i in spatial}
    if {"x", "y"} <= named.keys():
        return [named[name] for name in "xyz" if name in named]
    if len(spatial) < 2:
        spatial = [i for i in range(len(image.axes)) if i != channel_axis(image.axes)][-2:]
    return spatial[::-1][:3]


def channel_looks(
    image: Image,
    chosen: Sequence[int] | Mapping[int, Look] | None = None,
    dims: Mapping[str, int] | None = None,
) -> tuple[ChannelLook, ...]:
    """Return how each channel is shown; pixels are read only for windows that the document does not give.

    Parameters
    ----------
    image : Image
        No label image.
    chosen : sequence of int, or mapping, optional
        The channels to show; or for some of them how, as ``zarrscope.view`` takes it.
    dims : mapping of str to int, optional
        The plane from which automatic windows are taken, by name of axis.

    Raises
    ------
    ArgumentError
        There is no such channel, or a colour is no six hexadecimal digits.
    """
    count = channel_count(image.axes, image.shape)
    if wrong := [i for i in chosen or () if not isinstance(i, int) or not 0 <= i < count]:
        raise ArgumentError(f"there is no channel {wrong[0]!r}: there are {count}, counted from 0")
    told = channels_of(image)
    rgb = is_rgb(told, str(image.dtype))
    many = count > AT_ONCE and not any(one.color or one.window for one in told)
    looks = []
    for index, channel in enumerate(told):
        asked = chosen.get(index, {}) if isinstance(chosen, Mapping) else {}
        window = _window(image, channel, index, asked.get("window"), dims or {}, rgb=rgb)
        visible = channel.active is not False and (not many or index < AT_ONCE)
        if chosen is not None and not isinstance(chosen, Mapping):
            visible = index in chosen
        looks.append(
            ChannelLook(
                _SAMPLES[index] if rgb and not channel.label else _name(image, channel, index, count),
                _color(channel, index, count, asked.get("color"), rgb=rgb),
                window,
                _limits(image, channel, window),
                bool(asked.get("visible", visible)),
                float(asked.get("gamma", 1)),
                float(asked.get("opacity", 1)),
            )
        )
    return tuple(looks)


def channels_of(image: Image) -> tuple[Channel, ...]:
    """Return what the document says of each channel that there is."""
    count = channel_count(image.axes, image.shape)
    return (*image.channels[:count], *[Channel()] * (count - len(image.channels)))


def one_picture(image: Image, looks: Sequence[ChannelLook]) -> bool:
    """Return whether all channels are shown, each as its part of one picture in colour."""
    return is_rgb(channels_of(image), str(image.dtype)) and all(
        look.visible and look.color == own.lower() and (look.gamma, look.opacity) == (1, 1)
        for look, own in zip(looks, RGB, strict=True)
    )


def _name(image: Image, channel: Channel, index: int, count: int) -> str:
    if channel.label:
        return channel.label
    if count > 1:
        return f"channel {index}"
    return image.name if re.search(r"\w", image.name) else "image"


def _color(channel: Channel, index: int, count: int, asked: str | None, *, rgb: bool) -> str:
    if asked is not None:
        if (found := color_digits(asked)) is None:
            raise ArgumentError(
                f"colour {asked!r}: other viewers take six hexadecimal digits, such as 00ff00"
            )
        return found
    if rgb:
        return RGB[index].lower()
    if channel.color:
        return channel.color.lower()
    if count <= len(_PAIR):
        return "ffffff" if count == 1 else _PAIR[index]
    return _PALETTE[index % len(_PALETTE)]


def _window(
    image: Image,
    channel: Channel,
    index: int,
    asked: Sequence[float] | None,
    dims: Mapping[str, int],
    *,
    rgb: bool,
) -> tuple[float, float]:
    if asked is not None:
        return float(asked[0]), float(asked[1])
    own = channel.window
    if own is not None and math.isfinite(own.start) and math.isfinite(own.end) and own.end > own.start:
        return float(own.start), float(own.end)
    if rgb:
        return FULL
    return _seen(image, index, dims)


def _seen(image: Image, index: int, dims: Mapping[str, int]) -> tuple[float, float]:
    """Return what is nearly the darkest and brightest in the plane of the coarsest level that is shown."""
    level, at = image.levels[-1], channel_axis(image.axes)
    across, down, *depth = [*displayed_axes(image), -1, -1]
    start, stop = [], []
    for i, (axis, n, full) in enumerate(zip(image.axes, level.shape, image.shape, strict=True)):
        first, length = 0, 1
        if i in (across, down):
            length = min(n, _WIDEST)
            first = (n - length) // 2
        elif i == at:
            first = index
        elif axis.name in dims or i in depth:
            first = min(n - 1, dims.get(axis.name, full // 2) * n // max(1, full))
        start.append(first)
        stop.append(first + length)
    block: Any = level.read(Region(tuple(start), tuple(stop))).astype("f8")
    known = block[np.isfinite(block)]
    if not known.size:
        return 0.0, 1.0
    low, high = (float(v) for v in np.percentile(known, _PERCENTILES, method="nearest"))
    if high <= low:
        low, high = float(known.min()), float(known.max())
    return (low, high) if high > low else (low, low + 1)


def _limits(image: Image, channel: Channel, window: tuple[float, float]) -> tuple[float, float]:
    """Return the limits of the document, else what a small type can hold, else the window itself."""
    own, (low, high) = channel.window, window
    least, most = (own.min, own.max) if own is not None else (None, None)
    if least is None or most is None or not (math.isfinite(least) and math.isfinite(most) and most > least):
        least, most = low, high
        if image.dtype.kind in "iu" and image.dtype.itemsize <= 2:
            info = np.iinfo(image.dtype)
            least, most = float(info.min), float(info.max)
    return min(low, least), max(high, most)
