"""The ``omero`` object as documents write it (section ``omero-md``, transitional)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from zarrscope.model.rendering import Channel, Rendering, Window

if TYPE_CHECKING:
    from zarrscope.spec.reader import Cursor, Fields

_HEX = re.compile(r"[0-9A-Fa-f]{6}")


def decode_rendering(fields: Fields) -> Rendering:
    """Read an ``omero`` object; a channel that is incomplete stays, so that the others keep their places."""
    cursor = fields.need("channels", "omero/channels")
    channels = cursor.items("omero/channels", "'channels'") if cursor else ()
    return Rendering(tuple(_channel(item) for item in channels), fields.extra)


def encode_rendering(value: Rendering) -> dict[str, Any]:
    """Write an ``omero`` object."""
    return {"channels": [_encode_channel(c) for c in value.channels]} | {
        k: v for k, v in value.extra.items() if k != "channels"
    }


def _channel(item: Cursor) -> Channel:
    entry = item.fields("omero/channel", "a channel")
    if entry is None:
        return Channel()
    for key in ("color", "window"):
        if key not in entry:
            item.note(f"omero/channel-{key}", f"{key!r} is missing")
    label = entry.text("label", "omero/channel-label")
    color = entry.text("color", "omero/channel-color")
    if color is not None and not _HEX.fullmatch(color):
        item.note("omero/channel-color", "a colour must be six hexadecimal digits without '#'", at="color")
        entry.leave("color")
        color = None
    window = _window(entry)
    return Channel(label, color, window, entry.flag("active", "omero/channel-active"), entry.extra)


def _window(entry: Fields) -> Window | None:
    cursor = entry.take("window")
    if cursor is None:
        return None
    window = cursor.fields("omero/window", "'window'")
    if window is None:
        entry.leave("window")
        return None
    for key in ("min", "max", "start", "end"):
        if key not in window:
            cursor.note(f"omero/window-{key}", f"{key!r} is missing")
    start, end = window.number("start", "omero/window-start"), window.number("end", "omero/window-end")
    low, high = window.number("min", "omero/window-min"), window.number("max", "omero/window-max")
    if start is None or end is None:
        entry.leave("window")
        return None
    return Window(start, end, low, high, window.extra)


def _encode_channel(channel: Channel) -> dict[str, Any]:
    body: dict[str, Any] = {"label": channel.label, "color": channel.color, "active": channel.active}
    if channel.window is not None:
        own = channel.window
        numbers = {"min": own.min, "max": own.max, "start": own.start, "end": own.end}
        body["window"] = {k: v for k, v in numbers.items() if v is not None} | dict(own.extra)
    return {k: v for k, v in body.items() if v is not None} | dict(channel.extra)
