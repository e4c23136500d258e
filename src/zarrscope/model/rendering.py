"""How an image wants to be shown: the ``omero`` block of the specification."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from zarrscope.model.axes import NOTHING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

RGB = ("FF0000", "00FF00", "0000FF")
"""The colours of the three samples of one picture."""

_SAMPLES = (("red", "r"), ("green", "g"), ("blue", "b"))
_NO_NAME = re.compile(r"((c|ch|channel)?[ :_-]*[0-9]+(:[0-9]+)*)?", re.IGNORECASE)
"""What programs call channels of which they know nothing: "Channel 0", "Channel:0:0", "C1", "0"."""

_COLOR = re.compile(r"#?([0-9A-Fa-f]{6})(?:[0-9A-Fa-f]{2})?")


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


def is_rgb(channels: Sequence[Channel], dtype: str) -> bool:
    """Return whether channels are the red, green and blue of one picture.

    No version of the format says so. The rule is that of the viewer in the browser
    (``web/src/ome/channels.ts``): three of uint8 that are called red, green and blue; or have these
    pure colours where neither a name nor a window says anything else, since programs give them to any three.

    Parameters
    ----------
    channels : sequence of Channel
        As many as the channel axis is long.
    dtype : str
        Of the pixels, for example ``uint8``.
    """
    if len(channels) != len(RGB) or dtype != "uint8":
        return False
    colours = [(one.color or "").upper() for one in channels]
    labels = [(one.label or "").strip() for one in channels]
    if all(label.lower() in names for label, names in zip(labels, _SAMPLES, strict=True)):
        return True
    whole = all(one.window is None or (one.window.start, one.window.end) == (0, 255) for one in channels)
    return colours == list(RGB) and whole and all(_NO_NAME.fullmatch(label) for label in labels)


def color_digits(text: str) -> str | None:
    """Return the six digits of a colour that somebody wrote, None where it is none.

    People write ``#`` before them and two digits of opacity behind, as CSS does; documents must not (section
    ``omero-md``), and there such a colour is one that nobody gave.
    """
    found = _COLOR.fullmatch(text)
    return found[1].lower() if found else None
