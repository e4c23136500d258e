"""The channels that colour samples make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from zarrscope.model.rendering import Channel, Window

if TYPE_CHECKING:
    from collections.abc import Sequence

_RGB: Sequence[tuple[str, str]] = (("Red", "FF0000"), ("Green", "00FF00"), ("Blue", "0000FF"))


def full_window(dtype: np.dtype[Any]) -> Window | None:
    """Return the window that shows every value of an integer type, None for others."""
    if dtype.kind not in "ui":
        return None
    info = np.iinfo(dtype)
    return Window(float(info.min), float(info.max), float(info.min), float(info.max))


def colour_channels(count: int, dtype: np.dtype[Any], alpha: bool = False) -> tuple[Channel, ...]:
    """Return red, green, blue (and alpha) with the full window of a type; empty for other counts."""
    window = full_window(dtype)
    channels = tuple(Channel(label, color, window, True) for label, color in _RGB)
    if count == 3:
        return channels
    if count == 4:
        return (*channels, Channel("Alpha" if alpha else None, "FFFFFF", window, False))
    return ()
