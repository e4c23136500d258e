"""Which levels a pyramid has: the factor of each step along each axis."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zarrscope.model.axes import Axis
    from zarrscope.types import Shape

SMALLEST = 256
"""Levels are added until the largest side that is still halved is at most this many pixels."""

# An axis joins once its pixels are less than this much longer than the shortest ones: halving it
# then brings the voxel nearer to a cube than leaving it would.
_NEAR = sqrt(2)
_MOST_LEVELS = 40


def coarser(shape: Shape, factors: Shape) -> Shape:
    """Return the shape one level further: ``ceil(n / factor)`` along each axis."""
    return tuple(-(-n // f) for n, f in zip(shape, factors, strict=True))


def spatial_axes(axes: Sequence[Axis]) -> tuple[int, ...]:
    """Return the indices of the axes that are downsampled: those of type space (y and x come last)."""
    named = tuple(i for i, axis in enumerate(axes) if axis.type == "space" or axis.name in ("z", "y", "x"))
    return named or tuple(range(max(0, len(axes) - 2), len(axes)))


def plan_factors(
    shape: Shape, axes: Sequence[Axis], scale: Sequence[float | None], count: int | None = None
) -> tuple[Shape, ...]:
    """Return the factor of every step, from level 0 to 1, from 1 to 2 and so on.

    Parameters
    ----------
    shape : tuple of int
        Pixels of level 0.
    axes : sequence of Axis
        Those of the image, in its order.
    scale : sequence of (float or None)
        Size of a pixel; axes of unknown size are taken as the plane's if they are y or x, else
        they are left as they are.
    count : int, optional
        Number of levels to have in all, at least 1; by default as many as bring the largest
        side down to 256.

    Returns
    -------
    tuple of tuple of int
        2 in y and x, and in z once voxels are near cubes; 1 elsewhere. One entry a step.
    """
    space = spatial_axes(axes)
    plane = space[-2:]
    known = [s for i in plane if (s := scale[i])]
    default = min(known) if known else 1.0
    size = {i: scale[i] or default for i in space if scale[i] or i in plane}
    steps: list[Shape] = []
    while len(steps) < (_MOST_LEVELS if count is None else count - 1):
        halved = _halved(shape, size)
        if not halved or (count is None and max(shape[i] for i in halved) <= SMALLEST):
            break
        factors = tuple(2 if i in halved else 1 for i in range(len(shape)))
        steps.append(factors)
        shape = coarser(shape, factors)
        size = {i: s * factors[i] for i, s in size.items()}
    return tuple(steps)


def _halved(shape: Shape, size: dict[int, float]) -> set[int]:
    """Return the axes that the next step halves: those with the shortest pixels, where there are two."""
    can = {i: s for i, s in size.items() if shape[i] > 1}
    if not can:
        return set()
    shortest = min(can.values())
    return {i for i, s in can.items() if s < shortest * _NEAR}
