"""From what a source knows to what a document says."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from zarrscope.errors import ArgumentError
from zarrscope.model.axes import CoordinateSystem
from zarrscope.model.multiscales import Dataset, Multiscale
from zarrscope.model.rendering import Channel, Rendering, Window
from zarrscope.model.transforms import Scale, Sequence, Transformation, Translation

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Sequence as Items

    from zarrscope.model.axes import Axis
    from zarrscope.model.description import ImageDescription

PALETTE = ("FF0000", "00FF00", "0000FF", "FF00FF", "00FFFF", "FFFF00")
"""Colours of channels that have none, in this order and then again; a single channel is white."""

DYES = {
    "0000FF": ("dapi", "hoechst", "hoechst33342", "bfp", "alexa405", "dna"),
    "00FF00": ("gfp", "egfp", "fitc", "alexa488", "af488", "yfp"),
    "FF0000": ("rfp", "mcherry", "tritc", "tdtomato", "cy3", "alexa568", "af568", "alexa594", "texasred"),
    "FF00FF": ("cy5", "alexa647", "af647", "irfp"),
}
"""Colours of channels that are named after a dye, as microscopists expect them."""


class LevelPlacement(NamedTuple):
    """Where a level lies relative to level 0.

    Parameters
    ----------
    path : str
        Of the array, relative to the image.
    factors : tuple of float
        Size of a pixel in pixels of level 0, one an axis.
    offset : tuple of float
        Centre of the first pixel in pixels of level 0, one an axis: (f - 1) / 2 for a mean, 0 for strides.
    """

    path: str
    factors: tuple[float, ...]
    offset: tuple[float, ...]


def multiscale_of(
    description: ImageDescription,
    levels: Items[LevelPlacement],
    method: str | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> Multiscale:
    """Place the levels of an image in the world.

    Parameters
    ----------
    description : ImageDescription
        Axes and calibration of level 0.
    levels : sequence of LevelPlacement
        From the highest resolution to the lowest.
    method : str, optional
        How the lower levels are made (``type`` of the specification).
    metadata : mapping, optional
        More about it.

    Returns
    -------
    Multiscale
        An axis of unknown pixel size counts in pixels: its scale is the factor, it has no unit, and a
        position that the source gives in some unit is left out.

    Raises
    ------
    ArgumentError
        The numbers of axes disagree.
    """
    ndim = len(description.axes)
    shifts = description.translation or (None,) * ndim
    lengths = {len(description.scale), len(shifts)} | {len(x) for p in levels for x in (p.factors, p.offset)}
    if lengths != {ndim}:
        raise ArgumentError(f"{ndim} axes, but scales and positions have lengths {sorted(lengths)}")
    scale = tuple(1.0 if s is None else s for s in description.scale)
    origin = tuple(
        0.0 if s is None or t is None else t for s, t in zip(description.scale, shifts, strict=True)
    )
    datasets = tuple(Dataset(level.path, _transformation(scale, origin, level)) for level in levels)
    axes = tuple(map(_honest_axis, description.axes, description.scale))
    return Multiscale(
        name=description.name or None,
        systems=(CoordinateSystem("", axes),),
        datasets=datasets,
        type=method,
        metadata=metadata,
    )


AT_ONCE = 4
"""Of more channels than this, the first so many are shown at once, unless somebody says which."""


def rendering_of(channels: Items[Channel], window: Window) -> Rendering | None:
    """Return the channels with what versions up to 0.6 demand of each: a colour and a full window.

    Of more than four the first four are active, the others are not, where nobody says so: windows and colours
    stand in the document, so that no viewer can tell that nobody has chosen them, and would show all at once.

    Parameters
    ----------
    channels : sequence of Channel
        What is known; empty where nothing is.
    window : Window
        Stands in for what is missing: usually the range of the data type or of the pixels.

    Returns
    -------
    Rendering or None
        None where there are no channels.
    """
    if not channels:
        return None
    full = []
    colors = _colors(channels)
    for index, channel in enumerate(channels):
        own = channel.window or window
        low = window.min if own.min is None else own.min
        high = window.max if own.max is None else own.max
        own = replace(own, min=own.start if low is None else low, max=own.end if high is None else high)
        full.append(replace(channel, color=channel.color or colors[index], window=own))
    if len(full) > AT_ONCE and all(channel.active is None for channel in full):
        full = [replace(channel, active=index < AT_ONCE) for index, channel in enumerate(full)]
    return Rendering(tuple(full))


def _colors(channels: Items[Channel]) -> list[str]:
    """Return a colour for each channel: what the dye is known for, else the next that is free."""
    if len(channels) == 1:
        return ["FFFFFF"]
    named = [next((c for c, dyes in DYES.items() if _dye(channel) in dyes), None) for channel in channels]
    taken = {channel.color for channel in channels} | set(named)
    free = [color for color in PALETTE if color not in taken] or list(PALETTE)
    rest = iter(free * len(channels))
    return [color or next(rest) for color in named]


def _dye(channel: Channel) -> str:
    return (channel.label or "").lower().replace(" ", "").replace("-", "")


def _transformation(
    scale: tuple[float, ...], origin: tuple[float, ...], level: LevelPlacement
) -> Transformation:
    stretch = Scale(tuple(float(s * f) for s, f in zip(scale, level.factors, strict=True)))
    shift = tuple(float(t + o * s) for t, o, s in zip(origin, level.offset, scale, strict=True))
    return Sequence((stretch, Translation(shift))) if any(shift) else stretch


def _honest_axis(axis: Axis, scale: float | None) -> Axis:
    # a unit beside an invented 1 would claim a calibration that nobody made
    return replace(axis, unit=None) if scale is None else axis
