"""The form of ``omero`` (section ``omero-md``, transitional)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from zarrscope.spec.forms import flag, items, members, numeric, text
from zarrscope.spec.rules import EVERY, MUST, NOTE, sentence

if TYPE_CHECKING:
    from zarrscope.spec.forms import Notes

_S = "omero-md"
_OLD = "0.1 0.2 0.3 0.4"
_TO_06 = "0.1 0.2 0.3 0.4 0.5 0.6"

OBJECT = sentence("omero/object", MUST, "``omero`` is an object.", section=_S, schema=EVERY)
_CHANNELS = sentence(
    "omero/channels", MUST, "``omero`` lists its channels.", section=_S, schema=EVERY
)  # fmt: skip
_CHANNEL = sentence("omero/channel", MUST, "A channel is an object.", section=_S, schema=EVERY)
_COLOR_MISSING = sentence(
    "omero/channel-color", MUST, "A channel has a colour.", until="0.6", section=_S, schema=_OLD,
    disputed="0.5 0.6",
)  # fmt: skip
_WINDOW_MISSING = sentence(
    "omero/channel-window", MUST, "A channel has a window.", until="0.6", section=_S, schema=_OLD,
    disputed="0.5 0.6",
)  # fmt: skip
_COLOR_TEXT = sentence(
    "omero/color-text", MUST, "A colour is a string.", section=_S, schema=EVERY
)  # fmt: skip
_COLOR = sentence(
    "omero/color", MUST, "A colour is six hexadecimal digits without #.", section=_S
)  # fmt: skip
_LABEL = sentence("omero/label", MUST, "The label of a channel is a string.", section=_S, schema=EVERY)
_FAMILY = sentence(
    "omero/family", MUST, "The family of a channel is a string.", until="0.6", section=_S, schema=_TO_06
)  # fmt: skip
_ACTIVE = sentence(
    "omero/active", MUST, "Whether a channel is active is true or false.", section=_S, schema=EVERY
)  # fmt: skip
_INVERTED = sentence(
    "omero/inverted", NOTE, "Whether a channel is inverted is true or false.", section=_S, schema="0.9"
)  # fmt: skip
_WINDOW = sentence("omero/window", MUST, "A window is an object.", section=_S, schema=EVERY)
_ENDS = sentence(
    "omero/window-ends", MUST, "A window has start and end, which are numbers.", section=_S, schema=EVERY
)  # fmt: skip
_LIMITS = sentence(
    "omero/window-limits", MUST, "A window has min and max.", until="0.6", section=_S, schema=_TO_06
)  # fmt: skip
_LIMIT = sentence(
    "omero/window-limit", MUST, "min and max of a window are numbers.", section=_S, schema=EVERY
)  # fmt: skip

_HEX = re.compile(r"[0-9A-Fa-f]{6}")


def _color(value: Any, at: str, notes: Notes) -> None:
    _COLOR_FORM(value, at, notes)
    if isinstance(value, str) and not _HEX.fullmatch(value):
        bare = value.removeprefix("#")[:6]
        hint = f"write {bare!r}" if _HEX.fullmatch(bare) else "for example 'FF0000' for red"
        notes.note(_COLOR, at, f"the colour {value[:40]!r} is not six hexadecimal digits without #", hint)


_COLOR_FORM = text(_COLOR_TEXT)

_WINDOW_FORM = members(
    _WINDOW,
    {"start": numeric(_ENDS), "end": numeric(_ENDS), "min": numeric(_LIMIT), "max": numeric(_LIMIT)},
    {"start": _ENDS, "end": _ENDS, "min": _LIMITS, "max": _LIMITS},
)

_CHANNEL_FORM = members(
    _CHANNEL,
    {
        "color": _color,
        "window": _WINDOW_FORM,
        "label": text(_LABEL),
        "family": text(_FAMILY),
        "active": flag(_ACTIVE),
        "inverted": flag(_INVERTED),
    },
    {"color": _COLOR_MISSING, "window": _WINDOW_MISSING},
)

RENDERING = members(OBJECT, {"channels": items(_CHANNELS, _CHANNEL_FORM)}, {"channels": _CHANNELS})
