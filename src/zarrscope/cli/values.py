"""Option values as people write them: ``z=16,y=512,x=512``, ``DAPI,GFP``, ``256MB``."""

from __future__ import annotations

from argparse import ArgumentTypeError
from math import isfinite
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


def _pairs(text: str, kind: Callable[[str], T], example: str) -> dict[str, T]:
    found: dict[str, T] = {}
    for part in text.split(","):
        name, equals, value = part.partition("=")
        name = name.strip().lower()
        try:
            if not equals or not name or name in found:
                raise ValueError
            found[name] = kind(value.strip())
        except ValueError:
            raise ArgumentTypeError(f"{text!r}: write {example}") from None
    return found


def pixels(text: str) -> dict[str, int]:
    """Return numbers of pixels by axis."""
    return _pairs(text, int, "z=16,y=512,x=512")


def shards(text: str) -> dict[str, int] | str:
    """Return numbers of pixels by axis, or ``none``."""
    return "none" if text == "none" else _pairs(text, int, "z=16,y=2048,x=2048, or none")


def sizes(text: str) -> dict[str, float]:
    """Return sizes of a pixel by axis."""
    return _pairs(text, _finite, "z=0.5,y=0.1,x=0.1")


def _finite(text: str) -> float:
    value = float(text)
    if not isfinite(value):
        raise ValueError
    return value


def units(text: str) -> dict[str, str] | str:
    """Return one unit for the spatial axes, or units by axis."""
    return _pairs(text, str, "micrometer, or z=micrometer,t=second") if "=" in text else text


def names(text: str) -> tuple[str, ...]:
    """Return names that stand between commas."""
    return tuple(part.strip() for part in text.split(","))


def amount(text: str) -> int:
    """Return a number of bytes."""
    from zarrscope.budget import parse_size
    from zarrscope.errors import ArgumentError

    try:
        return parse_size(text)
    except ArgumentError as error:
        raise ArgumentTypeError(str(error)) from None


def whole(text: str) -> int:
    """Return a whole number."""
    try:
        return int(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r:.60} is no whole number; write for example 0 or 12") from None


def positive(text: str) -> int:
    """Return a whole number above 0."""
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r}: give a whole number, at least 1")
    return int(text)
