"""What somebody wants to see of an image, compared with what there is: once, for every viewer."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from numbers import Integral
from typing import TYPE_CHECKING, Any, TypeAlias

from zarrscope.errors import ArgumentError
from zarrscope.model.axes import channel_count
from zarrscope.viewer.state import COLOR, is_color

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zarrscope.node.image import Image
    from zarrscope.viewer.state import Look


Channels: TypeAlias = "int | str | Sequence[int | str] | Mapping[int | str, Look] | None"


def check_wishes(
    image: Image, channels: Channels, dims: Mapping[str, int]
) -> list[int] | dict[int, Look] | None:
    """Return the channels by their numbers, if all that is wanted can be shown.

    Parameters
    ----------
    image : Image
        What is shown.
    channels : int, str, sequence or mapping, optional
        A number or a name, several of them, or for some of them how.
    dims : mapping of str to int
        Index along axes, by name.

    Raises
    ------
    ArgumentError
        There is no such channel or place, or a channel cannot look so; the message names what there is.
    """
    sizes = {axis.name: size for axis, size in zip(image.axes, image.shape, strict=True)}
    for name, index in dims.items():
        if name not in sizes:
            raise ArgumentError(f"{name}={index}: the image has no axis {name}; it has {', '.join(sizes)}")
        if not 0 <= index < sizes[name]:
            raise ArgumentError(f"{name}={index}: along {name} the image goes from 0 to {sizes[name] - 1}")
    if isinstance(channels, Mapping):
        return {_number(image, one): _checked(one, look) for one, look in channels.items()}
    if isinstance(channels, int | str):
        channels = [channels]
    return None if channels is None else [_number(image, one) for one in channels]


def _number(image: Image, one: int | str) -> int:
    count = channel_count(image.axes, image.shape)
    names = [channel.label or "" for channel in image.channels[:count]]
    if isinstance(one, Integral) and 0 <= one < count:
        return int(one)
    if str(one) in names:
        return names.index(str(one))
    known = f" ({', '.join(names)})" if any(names) else ""
    raise ArgumentError(f"there is no channel {one}: there are {count}, counted from 0{known}")


def _checked(channel: int | str, look: Look) -> Look:
    """Return how a channel is to look, if it can."""
    for name, value in look.items():
        if name in _RULES and not _RULES[name][0](value):
            raise ArgumentError(f"channel {channel}: {name}={value!r} is not {_RULES[name][1]}")
    return look


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_window(value: Any) -> bool:
    try:
        low, high = (float(end) for end in value)
    except (TypeError, ValueError):
        return False
    return math.isfinite(low) and math.isfinite(high) and low < high


_RULES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "visible": (lambda value: isinstance(value, bool), "True or False"),
    "color": (is_color, COLOR),
    "window": (_is_window, "two numbers: what is black, and the higher one that is full"),
    "gamma": (lambda value: _is_number(value) and 0.05 <= value <= 20, "a number from 0.05 to 20"),
    "opacity": (lambda value: _is_number(value) and 0 <= value <= 1, "a number from 0 to 1"),
}
