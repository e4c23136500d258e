"""The viewer's state, the JSON in its address: which plane, which channels and how, from where.

The form is that of ``web/src/scene/state.ts``; what is left out is as the image itself asks for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from zarrscope.errors import ArgumentError
from zarrscope.model.rendering import color_digits

if TYPE_CHECKING:
    from collections.abc import Sequence

VERSION = 1
LAYOUTS = ("plane", "ortho")
MAPS = ("grey", "inverted grey", "fire", "ice", "viridis", "inferno", "blue to red", "hue circle")
"""Colour maps of the page (``web/src/scene/colormaps.ts``)."""

COLOR = f"a colour: six hexadecimal digits, such as 00ffff for cyan, or the name of a map ({', '.join(MAPS)})"
_OF_A_CHANNEL = frozenset({"visible", "color", "window", "gamma", "opacity"})

Look = Mapping[str, Any]


def state(
    *,
    source: str | None = None,
    channels: Sequence[int] | Mapping[int, Look] | None = None,
    count: int = 0,
    dims: Mapping[str, int | None] | None = None,
    layout: str | None = None,
    more: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return a state as JSON.

    Parameters
    ----------
    source : str, optional
        Address of the image, absolute or relative to the page.
    channels : sequence of int, or mapping, optional
        The channels to show; or for some of them how: ``visible``, ``color`` (six hexadecimal digits, or the
        name of a colour map), ``window`` (what is black, what is full), ``gamma``, ``opacity``.
    count : int
        How many channels there are: those not in a sequence are switched off.
    dims : mapping of str to int, optional
        Index along other axes, such as ``z`` and ``t``.
    layout : {"plane", "ortho"}, optional
        One plane, or three of a stack.
    more : mapping, optional
        Anything else of a state, as it stands; wins.

    Raises
    ------
    ArgumentError
        There is no such channel, layout or property.
    """
    if layout not in (None, *LAYOUTS):
        raise ArgumentError(f"there is no layout {layout!r}; choose {' or '.join(LAYOUTS)}")
    found: dict[str, Any] = {"v": VERSION}
    if source is not None:
        found["source"] = source
    if layers := _layers(channels, count):
        found["layers"] = layers
    if chosen := {name: int(index) for name, index in (dims or {}).items() if index is not None}:
        found["dims"] = chosen
    if layout is not None:
        found["layout"] = layout
    return found | dict(more or {})


def _layers(channels: Sequence[int] | Mapping[int, Look] | None, count: int) -> list[dict[str, Any]]:
    if channels is None:
        return []
    for index in channels:
        if not isinstance(index, int) or not 0 <= index < count:
            raise ArgumentError(f"there is no channel {index!r}: there are {count}, counted from 0")
    if not isinstance(channels, Mapping):
        return [{"channel": index, "visible": index in channels} for index in range(count)]
    layers = []
    for index, look in sorted(channels.items()):
        if wrong := set(look) - _OF_A_CHANNEL:
            raise ArgumentError(f"a channel has no {sorted(wrong)[0]!r}; it has {sorted(_OF_A_CHANNEL)}")
        window = {"window": [float(end) for end in look["window"]]} if "window" in look else {}
        layers.append({"channel": index, **look, **window, **_color(look)})
    return layers


def _color(look: Look) -> dict[str, str]:
    """Return the colour as the page takes it: six digits, or the name of one of its maps."""
    color = look.get("color")
    if color is None:
        return {}
    if not is_color(color):
        raise ArgumentError(f"color={color!r:.40} is not {COLOR}")
    return {"color": color_digits(color) or color}


def is_color(value: Any) -> bool:
    """Return whether the page can show a channel so: in a colour, or by a map."""
    return isinstance(value, str) and (color_digits(value) is not None or value.lower() in MAPS)


def link(page: str, found: Mapping[str, Any]) -> str:
    """Return the address that opens a page with a state.

    Parameters
    ----------
    page : str
        Address of the viewer.
    found : mapping
        The state; one that says nothing adds nothing.
    """
    if not set(found) - {"v"}:
        return page
    return f"{page}#{quote(json.dumps(found, separators=(',', ':')), safe='')}"
