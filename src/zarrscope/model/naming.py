"""Our axes: their letters, their order, and what an array that does not name them is taken for."""

from __future__ import annotations

from collections import Counter
from types import MappingProxyType
from typing import TYPE_CHECKING

from zarrscope.errors import ArgumentError
from zarrscope.model.axes import Axis

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ORDER = "tczyx"
"""Our axes in our order, which is the one that OME-Zarr up to 0.6 demands."""

BY_NDIM: Mapping[int, str] = MappingProxyType({1: "x", 2: "yx", 3: "zyx", 4: "czyx", 5: "tczyx"})
"""Axes of an array that does not name them, by its number of dimensions."""

_TYPES = {"t": "time", "c": "channel", "z": "space", "y": "space", "x": "space"}


def axis(name: str, unit: str | None = None) -> Axis:
    """Return one of our axes with its type."""
    return Axis(name, _TYPES[name], unit)


def check_letters(axes: str, count: int, where: str, allowed: str = ORDER) -> str:
    """Return what a user says of the axes of an array in lower case, once it makes sense.

    Parameters
    ----------
    axes : str
        One letter an axis, in the order of the array.
    count : int
        How many axes the array has.
    where : str
        What a message calls the array.
    allowed : str
        Letters that may occur.

    Raises
    ------
    ArgumentError
        Unknown or repeated letters, no ``y`` and ``x``, or another number of axes.
    """
    text = "".join(axes).strip().lower()
    unknown = sorted(set(text) - set(allowed))
    if unknown:
        raise ArgumentError(f"axes {axes!r}: unknown {''.join(unknown)!r}; use letters of {allowed!r}")
    twice = sorted(letter for letter, number in Counter(text).items() if number > 1)
    if twice:
        raise ArgumentError(f"axes {axes!r}: {''.join(twice)!r} is named more than once")
    if not {"x", "y"} <= set(text) and count > 1:
        raise ArgumentError(f"axes {axes!r}: an image needs y and x")
    if len(text) != count:
        raise ArgumentError(f"axes {axes!r} names {len(text)} axes, but {where} has {count}")
    return text


def permutation(names: str | Sequence[str]) -> tuple[int, ...]:
    """Return where in ``names`` our axes are, in our order: ``transpose(permutation("xyz"))`` is zyx."""
    return tuple(names.index(name) for name in ORDER if name in names)
