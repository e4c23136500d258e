"""The ``omero`` object as documents write it (section ``omero-md``, transitional)."""

from __future__ import annotations

import re
from typing import Any

from zarrscope.model.rendering import Channel, Rendering, Window
from zarrscope.spec.reader import Fields

_HEX = re.compile(r"[0-9A-Fa-f]{6}")


def decode_rendering(fields: Fields) -> Rendering:
    """Read an ``omero`` object; a channel that is incomplete stays, so that the others keep their places."""
    channels = fields.items("channels") or ()
    return Rendering(tuple(map(_channel, channels)), fields.extra)


def encode_rendering(value: Rendering) -> dict[str, Any]:
    """Write an ``omero`` object."""
    return {"channels": [_encode_channel(c) for c in value.channels]} | {
        k: v for k, v in value.extra.items() if k != "channels"
    }


def _channel(item: Any) -> Channel:
    if not isinstance(item, dict):
        return Channel()
    entry = Fields(item)
    color = entry.peek("color")
    good = isinstance(color, str) and _HEX.fullmatch(color) is not None
    return Channel(
        label=entry.text("label"),
        color=entry.text("color") if good else None,
        window=_window(entry),
        active=entry.flag("active"),
        extra=entry.extra,
    )


def _window(entry: Fields) -> Window | None:
    """Take the window; one without start and end stays where it is."""
    found = entry.peek("window")
    if not isinstance(found, dict):
        return None
    window = Fields(found)
    start, end = window.number("start"), window.number("end")
    low, high = window.number("min"), window.number("max")
    if start is None or end is None:
        return None
    entry.take("window")
    return Window(start, end, low, high, window.extra)


def _encode_channel(channel: Channel) -> dict[str, Any]:
    body: dict[str, Any] = {"label": channel.label, "color": channel.color, "active": channel.active}
    if channel.window is not None:
        own = channel.window
        numbers = {"min": own.min, "max": own.max, "start": own.start, "end": own.end}
        body["window"] = {k: v for k, v in numbers.items() if v is not None} | dict(own.extra)
    return {k: v for k, v in body.items() if v is not None} | dict(channel.extra)
