"""Windows for channels that came without, from the little that can be read before anybody has to wait."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from zarrscope.errors import ZarrscopeError
from zarrscope.model.axes import channel_axis, channel_count
from zarrscope.pyramid.levels import spatial_axes
from zarrscope.types import Region
from zarrscope.write.contrast import Contrast

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zarrscope.model.description import ImageDescription
    from zarrscope.model.rendering import Rendering
    from zarrscope.types import Shape
    from zarrscope.virtual.layout import VirtualLevel
    from zarrscope.virtual.pixels import Pixels

_MOST = 64 << 20
"""Bytes that may be read of the file for all windows together."""

_SHOWN = (0.1, 99.9)
"""Percentiles that become black and full: single hot pixels do not decide."""


def without_window(description: ImageDescription, shape: Shape) -> tuple[int, ...]:
    """Return the channels of which the source does not say how bright they are; none for label images."""
    if description.label:
        return ()
    count = channel_count(description.axes, shape)
    known = description.channels
    return tuple(i for i in range(count) if i >= len(known) or known[i].window is None)


def rendering(
    description: ImageDescription, pixels: Pixels, levels: Sequence[VirtualLevel], cost: int
) -> Rendering | None:
    """Return all channels, each with a window: its own, or what one chunk in the middle shows.

    Parameters
    ----------
    description : ImageDescription
        What is known of the channels.
    pixels : Pixels
        Of the image.
    levels : sequence of VirtualLevel
        Of the image.
    cost : int
        Bytes of the file that such a chunk takes.
    """
    if description.label:
        return None
    stored = [number for number, level in enumerate(levels) if not level.computed]
    level, dtype = stored[-1], pixels.dtype
    contrast = Contrast(description, dtype, levels[level].chunks)
    missing = without_window(description, levels[0].shape)
    read = missing[: max(1, _MOST // max(1, cost))]
    for channel in missing:
        region = middle(description, levels[level], channel)
        seen = _seen(pixels, level, region) if channel in read else None
        low, high = seen or _range(dtype)
        contrast.recall({str(channel): (low.hex(), high.hex())})
    return contrast.rendering()


def middle(description: ImageDescription, level: VirtualLevel, channel: int = 0) -> Region:
    """Return the chunk that is in the middle of what is shown first, of one channel alone.

    That is the middle of y, x and z, and the first of everything else.
    """
    axes = list(description.axes)
    index = tuple(n // 2 if i in spatial_axes(axes) else 0 for i, n in enumerate(level.grid))
    chosen, at = level.chunk(index), channel_axis(description.axes)
    if at is None:
        return chosen
    start, stop = list(chosen.start), list(chosen.stop)
    start[at], stop[at] = channel, channel + 1
    return Region(tuple(start), tuple(stop))


def _seen(pixels: Pixels, level: int, region: Region) -> tuple[float, float] | None:
    """Return what is nearly the darkest and brightest there; None where it is all the same or unreadable."""
    try:
        block = pixels.read(level, region)
    except ZarrscopeError:
        return None  # who asks for these pixels is told; the others can still be shown
    known = block[np.isfinite(block)] if block.dtype.kind == "f" else block.reshape(-1)
    if not known.size:
        return None
    low, high = (float(v) for v in np.percentile(known, _SHOWN, method="nearest"))
    return (low, high) if high > low else None


def _range(dtype: np.dtype[Any]) -> tuple[float, float]:
    """Return what pixels can be, where that is little; else 0 to 1."""
    if dtype.kind in "iu" and dtype.itemsize <= 2:
        info = np.iinfo(dtype)
        return float(info.min), float(info.max)
    return 0.0, 1.0
