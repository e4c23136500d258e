"""How an image wants to be shown: the ``omero`` block of the specification."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from zarrscope.model.axes import NOTHING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Window:
    """Intensities: what may occur (min, max) and what is shown from black to full (start, end)."""

    start: float
    end: float
    min: float | None = None
    max: float | None = None
    extra: Mapping[str, Any] = field(default=NOTHING)


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel: label, colour (six hexadecimal digits, no ``#``), window; None where unknown."""

    label: str | None = None
    color: str | None = None
    window: Window | None = None
    active: bool | None = None
    extra: Mapping[str, Any] = field(default=NOTHING)


@dataclass(frozen=True, slots=True)
class Rendering:
    """The channels of an image in the order of its channel axis, and the keys we do not interpret."""

    channels: tuple[Channel, ...] = ()
    extra: Mapping[str, Any] = field(default=NOTHING)
