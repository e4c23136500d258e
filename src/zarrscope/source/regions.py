"""The first step of every read: is the region inside, and where do the pixels go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from zarrscope.errors import ArgumentError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zarrscope.types import Region, Shape


def receiver(array: Any, region: Region, out: NDArray[Any] | None) -> NDArray[Any]:
    """Return the block that receives a region: ``out`` after checking it, or a new one.

    Raises
    ------
    ArgumentError
        The region is not inside the array, or ``out`` is not of its shape and type.
    """
    shape: Shape = array.shape
    if len(region.start) != len(shape) or any(
        not 0 <= a <= b <= n for a, b, n in zip(region.start, region.stop, shape, strict=True)
    ):
        raise ArgumentError(f"region {region.start} to {region.stop} is not inside an image of {shape}")
    if out is None:
        return np.empty(region.shape, array.dtype)
    if out.shape != region.shape or out.dtype != array.dtype:
        raise ArgumentError(f"out is {out.dtype} {out.shape}, the region {array.dtype} {region.shape}")
    return out
