"""Boxes along the axes, and where transformations take them."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, NamedTuple

from zarrscope.errors import UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from zarrscope.model.rows import Point, Rows

MOST_SAMPLES = 4096
"""Points of a box that are asked where no matrix tells its image."""


class Box(NamedTuple):
    """All points between two corners, one low and one high number an axis."""

    low: Point
    high: Point


def image_of_box(rows: Rows, box: Box) -> Box:
    """Return the smallest box around the image of a box under a matrix: exact, without its corners."""
    low, high = [], []
    for row in rows:
        ends = [sorted((a * p, a * q)) for a, p, q in zip(row, *box, strict=False) if a]
        low.append(row[-1] + sum(end[0] for end in ends))
        high.append(row[-1] + sum(end[1] for end in ends))
    return Box(tuple(low), tuple(high))


def sampled_box(apply: Callable[[Point], Point], box: Box) -> Box:
    """Return the smallest box around the images of the corners of a box and of places between them.

    Raises
    ------
    UnsupportedError
        The box has too many axes even for its corners.
    """
    ndim = len(box.low)
    if 2**ndim > MOST_SAMPLES:
        raise UnsupportedError(f"a box of {ndim} axes has too many corners to be followed one by one")
    count = next(n for n in (9, 7, 5, 4, 3, 2) if n**ndim <= MOST_SAMPLES)
    lines = [
        [low + (high - low) * i / (count - 1) for i in range(count - 1)] + [high]
        for low, high in zip(*box, strict=True)
    ]
    images = list(zip(*(apply(point) for point in product(*lines)), strict=True))
    return Box(tuple(map(min, images)), tuple(map(max, images)))
