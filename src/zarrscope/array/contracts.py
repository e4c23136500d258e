"""What a lazy array is: pixels by region."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from zarrscope.types import Region, Shape


@runtime_checkable
class LazyArray(Protocol):
    """Pixels by region.

    ``chunks`` is the unit of decoding (tile, strip, page, chunk): reading a part of one costs all of it.
    ``dtype`` is in native byte order.
    """

    @property
    def shape(self) -> Shape:
        """Number of pixels along each axis."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of a pixel, in native byte order."""

    @property
    def chunks(self) -> Shape:
        """Shape of the unit of decoding."""

    def read(self, region: Region, out: NDArray[Any] | None = None) -> NDArray[Any]:
        """Return the pixels of a region, in C order of the array's axes.

        Parameters
        ----------
        region : Region
            Lies inside the array.
        out : ndarray, optional
            Receives the pixels: the region's shape, this dtype, any strides. Returned if given.

        Returns
        -------
        ndarray
            May be a read-only view where no copy is needed.
        """


def reads_directly(array: LazyArray) -> bool:
    """Return whether a part of a unit costs no more than that part, since nothing has to be decoded.

    Arrays of which that is known say so by an attribute ``direct``.
    """
    return bool(getattr(array, "direct", False))
