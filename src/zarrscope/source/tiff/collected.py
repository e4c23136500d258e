"""What is known of an image while the flavours of TIFF are asked one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from zarrscope.model.units import canonical_unit

if TYPE_CHECKING:
    from zarrscope.model.rendering import Channel


class Collected:
    """What is known so far; the first flavour that knows something is believed."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.scale: dict[str, float] = {}
        self.unit: dict[str, str] = {}
        self.translation: dict[str, float] = {}
        self.channels: tuple[Channel, ...] = ()
        self.notes: list[str] = []

    def size(self, axis: str, value: Any, unit: str | None) -> None:
        """Take the size of a pixel, unless it is none (zero, negative, infinite, without a unit)."""
        name = canonical_unit(unit)
        if axis in self.scale or name is None or not isinstance(value, (int, float, np.number)):
            return
        if np.isfinite(value) and value > 0:
            self.scale[axis] = float(value)
            self.unit[axis] = name
