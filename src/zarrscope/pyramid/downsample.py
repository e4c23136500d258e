"""The kernels that make coarser pixels, by name, and the engine that runs them.

Every kernel halves the axes whose factor is 2 and leaves those whose factor is 1. At an odd end the
last pixel stands alone: its window holds only what is there. The two engines, numpy and numba,
give the same bits.

=========  =====================================================================================
mean       arithmetic mean of the window; integers are rounded half to even, so that no level is
           brighter than the one before (halves up would add 1/8 grey level a level)
median     mean of the two middle values, rounded half to even
mode       the most frequent value, the first of them in C order where several are (labels)
nearest    the first pixel of the window (labels)
min, max   smallest and largest value
gaussian   weights 1 3 3 1 along each halved axis, rounded half to even; needs one pixel around
=========  =====================================================================================
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from zarrscope.errors import ArgumentError, UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from zarrscope.types import Shape

KERNELS = ("mean", "min", "max", "nearest", "median", "mode", "gaussian")
"""Names of all kernels."""


@dataclass(frozen=True, slots=True)
class Kernel:
    """How pixels of the next level are made.

    Parameters
    ----------
    name : str
        One of ``KERNELS``.
    halo : int
        Pixels that it needs around a block along each halved axis.
    engine : str
        ``numpy`` or ``numba``.
    """

    name: str
    halo: int
    engine: str

    def step(self, factors: Shape) -> Callable[[NDArray[Any]], NDArray[Any]]:
        """Return the function that makes the next level's block from a block.

        Parameters
        ----------
        factors : tuple of int
            1 or 2 along each axis of the blocks.

        Returns
        -------
        callable
            Takes a block (with ``halo`` pixels more on both sides of each halved axis) and returns
            ``ceil(n / factor)`` pixels along each axis, in the same dtype.
        """
        return partial(self._apply, factors)

    def _apply(self, factors: Shape, block: NDArray[Any]) -> NDArray[Any]:
        if self.engine == "numba":
            from zarrscope.pyramid.kernels_numba import shrink
        else:
            from zarrscope.pyramid.kernels_numpy import shrink
        return shrink(self.name, block, factors)


def offset(name: str, downsampling: tuple[float, ...]) -> tuple[float, ...]:
    """Return where the centre of the first pixel of a level lies, in pixels of level 0.

    Parameters
    ----------
    name : str
        Of the kernel; "" for levels that came with the source, which are taken as averages.
    downsampling : tuple of float
        Size of a pixel of the level in pixels of level 0.

    Returns
    -------
    tuple of float
        ``(d - 1) / 2`` where a pixel stands for all that it covers; 0 where it was picked.
    """
    return tuple(0.0 if name == "nearest" else (d - 1) / 2 for d in downsampling)


def kernel(name: str, dtype: np.dtype[Any], engine: str = "numpy") -> Kernel:
    """Return a kernel by name.

    Parameters
    ----------
    name : str
        One of ``KERNELS``.
    dtype : numpy.dtype
        Of the pixels: boolean, integer or floating point.
    engine : str
        ``numpy``, or ``numba``, which is slower for most and at best as fast (``bench/kernels.py``), and
        costs 0.25 CPU seconds and 20 MB to start; it is there to check the other one.

    Raises
    ------
    ArgumentError
        There is no kernel of that name.
    UnsupportedError
        Pixels of this type cannot be averaged or ordered.
    """
    if name not in KERNELS:
        raise ArgumentError(f"there is no kernel {name!r}; choose one of {', '.join(KERNELS)}")
    if dtype.kind not in "biuf" or dtype.itemsize > 8:
        raise UnsupportedError(f"pixels of type {dtype} cannot be downsampled; images hold real numbers")
    return Kernel(name, 1 if name == "gaussian" else 0, engine)
