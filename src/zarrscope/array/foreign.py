"""Other libraries' arrays as lazy arrays, and lazy arrays with their axes in another order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from zarrscope.array.contracts import reads_directly
from zarrscope.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from zarrscope.array.contracts import LazyArray
    from zarrscope.types import Region, Shape


class ForeignArray:
    """Anything with ``shape``, ``dtype`` and slicing: numpy, dask, zarr, h5py, xarray.

    Parameters
    ----------
    array : array-like
        Is sliced once a region, so it may be larger than memory.

    Raises
    ------
    ArgumentError
        It lacks one of the three.
    """

    def __init__(self, array: Any) -> None:
        missing = [name for name in ("shape", "dtype", "__getitem__") if not hasattr(array, name)]
        if missing:
            kind = type(array).__name__
            raise ArgumentError(f"{kind} has no {missing[0]}; give an array (numpy, dask, xarray, zarr ...)")
        self._array = array

    @property
    def shape(self) -> Shape:
        """Number of pixels along each axis."""
        return tuple(int(n) for n in self._array.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of a pixel, in native byte order."""
        dtype: np.dtype[Any] = np.dtype(self._array.dtype)
        return dtype.newbyteorder("=")

    @property
    def chunks(self) -> Shape:
        """What the array calls its chunks (shards where it has them), else single rows of pixels."""
        if hasattr(self._array, "dims"):  # xarray, where any other name may be that of a coordinate
            preferred = getattr(self._array, "encoding", {}).get("preferred_chunks", {})
            chunks = self._array.chunks or tuple(preferred.get(name, 1) for name in self._array.dims)
        else:
            chunks = getattr(self._array, "shards", None) or getattr(self._array, "chunks", None)
        if not chunks or len(chunks) != len(self.shape):
            return (1,) * len(self.shape)
        return tuple(int(max(c, default=1)) if isinstance(c, tuple) else int(c) for c in chunks)

    @property
    def direct(self) -> bool:
        """Whether a part of a unit costs no more than that part: only of numpy is it known."""
        return isinstance(self._array, np.ndarray)

    def read(self, region: Region, out: NDArray[Any] | None = None) -> NDArray[Any]:
        """Return the pixels of a region; a view where the array is in memory."""
        block = np.asarray(self._array[region.slices])
        if block.dtype != self.dtype:
            block = block.astype(self.dtype)
        if out is None:
            return block
        out[...] = block
        return out


class Transposed:
    """A lazy array with its axes in another order.

    Parameters
    ----------
    array : LazyArray
        The array.
    order : sequence of int
        Axis i of the result is axis ``order[i]`` of the array.
    """

    def __init__(self, array: LazyArray, order: Sequence[int]) -> None:
        self._array, self._order = array, tuple(order)

    @property
    def shape(self) -> Shape:
        """Number of pixels along each axis."""
        return self._turned(self._array.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of a pixel, in native byte order."""
        return self._array.dtype

    @property
    def chunks(self) -> Shape:
        """Shape of the unit of decoding."""
        return self._turned(self._array.chunks)

    @property
    def direct(self) -> bool:
        """Whether a part of a unit costs no more than that part."""
        return reads_directly(self._array)

    def read(self, region: Region, out: NDArray[Any] | None = None) -> NDArray[Any]:
        """Return the pixels of a region: a transposed view of what the array gives."""
        back = np.argsort(self._order)
        start, stop = (tuple(corner[i] for i in back) for corner in region)
        if out is None:
            return self._array.read(type(region)(start, stop)).transpose(self._order)
        self._array.read(type(region)(start, stop), out.transpose(back))
        return out

    def _turned(self, sizes: Shape) -> Shape:
        return tuple(sizes[i] for i in self._order)
