"""What the pixels of a coarser level should be: made anew, by the same kernel, from the finer one."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from zarrscope.pyramid.downsample import KERNELS, Kernel, kernel
from zarrscope.types import Region

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from zarrscope.array.chunked import ChunkedArray
    from zarrscope.model.multiscales import Multiscale
    from zarrscope.types import Shape


class Truth(Protocol):
    """Pixels as they should be."""

    @property
    def shape(self) -> Shape:
        """Number of pixels along each axis."""

    def read(self, region: Region) -> NDArray[Any]:
        """Return the pixels of a region."""


class Trusted:
    """A level as it is stored, except for units that were found to be wrong: those as they should be.

    So a unit that is wrong does not make all those wrong that were made of it.

    Parameters
    ----------
    array : ChunkedArray
        The level.
    wrong : collection of tuple of int
        Places of units in its grid.
    truth : Truth
        Knows what should be there.
    """

    def __init__(self, array: ChunkedArray, wrong: Collection[Shape], truth: Truth) -> None:
        self.shape = array.shape
        self._array, self._wrong, self._truth = array, wrong, truth

    def read(self, region: Region) -> NDArray[Any]:
        """Return the pixels of a region."""
        if not self._wrong:
            return self._array.read(region)
        out = np.empty(region.shape, self._array.dtype)
        unit = self._array.metadata.unit
        for place in product(*(range(a // n, -(-b // n)) for a, b, n in zip(*region, unit, strict=True))):
            part = self._array.unit_region(place).intersect(region)
            source = self._truth if place in self._wrong else self._array
            out[part.within(region.start).slices] = source.read(part)
        return out


class Remade:
    """A level as the kernel makes it of the finer one.

    Parameters
    ----------
    finer : Truth
        The finer level.
    shape : tuple of int
        Of the level itself.
    made_by : Kernel
        What makes it.
    factors : tuple of int
        1 or 2 along each axis.
    """

    def __init__(self, finer: Truth, shape: Shape, made_by: Kernel, factors: Shape) -> None:
        self.shape = shape
        self._finer, self._kernel, self._factors = finer, made_by, factors

    def read(self, region: Region) -> NDArray[Any]:
        """Return the pixels of a region; beyond the edge of the finer level its last pixel is repeated."""
        rows = list(zip(*region, self._factors, self._finer.shape, strict=True))
        halo = self._kernel.halo
        wanted = [(a * f - halo * (f > 1), b * f + halo * (f > 1)) for a, b, f, _ in rows]
        there = Region(
            tuple(max(a, 0) for a, _ in wanted),
            tuple(min(b, n) for (_, b), (*_, n) in zip(wanted, rows, strict=True)),
        )
        block = self._finer.read(there)
        if halo:
            ends = [(c - a, b - d) for (a, b), c, d in zip(wanted, there.start, there.stop, strict=True)]
            block = np.pad(block, ends, mode="edge")
        return self._kernel.step(self._factors)(block)


def factors_between(finer: Shape, coarser: Shape) -> Shape | None:
    """Return by how much a level is smaller along each axis; None where that is neither once nor twice."""
    found = []
    for n, m in zip(finer, coarser, strict=True):
        if m not in (n, -(-n // 2)):
            return None
        found.append(1 if m == n else 2)
    return tuple(found)


def kernel_of(multiscale: Multiscale, dtype: np.dtype[Any]) -> Kernel | None:
    """Return the kernel of ours that made the coarser levels; None where the document names none.

    A name alone does not count: what others call a mean need not be the same to the last bit.
    """
    metadata = multiscale.metadata or {}
    if not str(metadata.get("method", "")).startswith("zarrscope"):
        return None
    options = metadata.get("kwargs")
    name = options.get("kernel") if isinstance(options, Mapping) else None
    return kernel(name, dtype) if name in KERNELS else None
