"""The few words that every room shares: shapes and regions of pixels."""

from __future__ import annotations

from math import prod
from typing import NamedTuple

Shape = tuple[int, ...]


class Region(NamedTuple):
    """A box of pixels: first included, last excluded, one number an axis.

    Parameters
    ----------
    start, stop : tuple of int
        First pixel and the one after the last, in the order of the array's axes.
    """

    start: Shape
    stop: Shape

    @classmethod
    def whole(cls, shape: Shape) -> Region:
        """Return the region that covers an array of this shape."""
        return cls((0,) * len(shape), tuple(shape))

    @classmethod
    def of(cls, start: Shape, shape: Shape) -> Region:
        """Return the region of this shape that begins at ``start``."""
        return cls(start, tuple(a + n for a, n in zip(start, shape, strict=True)))

    @property
    def shape(self) -> Shape:
        """Number of pixels along each axis."""
        return tuple(b - a for a, b in zip(self.start, self.stop, strict=True))

    @property
    def size(self) -> int:
        """Number of pixels; 0 where any side is empty or inverted."""
        return prod(max(0, n) for n in self.shape)

    @property
    def slices(self) -> tuple[slice, ...]:
        """The region as an index into a numpy array."""
        return tuple(slice(a, b) for a, b in zip(self.start, self.stop, strict=True))

    def intersect(self, other: Region) -> Region:
        """Return the common part (``size`` is 0 where there is none)."""
        return Region(
            tuple(max(a, b) for a, b in zip(self.start, other.start, strict=True)),
            tuple(min(a, b) for a, b in zip(self.stop, other.stop, strict=True)),
        )

    def within(self, origin: Shape) -> Region:
        """Return the same region counted from ``origin``."""
        return Region(
            tuple(a - o for a, o in zip(self.start, origin, strict=True)),
            tuple(b - o for b, o in zip(self.stop, origin, strict=True)),
        )
