"""Fields of vectors in arrays, read at points between their samples."""

from __future__ import annotations

from collections import OrderedDict
from itertools import product
from math import floor, isfinite, prod
from threading import Lock
from typing import TYPE_CHECKING, Any

from zarrscope.errors import ArgumentError, CorruptDataError, MetadataError, UnsupportedError
from zarrscope.types import Region

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zarrscope.array.chunked import ChunkedArray
    from zarrscope.model.rows import Point
    from zarrscope.model.transforms import Transformation
    from zarrscope.types import Shape

CACHED = 64 * 2**20
"""Bytes of decoded chunks that a field keeps, because neighbouring points ask for the same ones."""


class VectorField:
    """A field of vectors: called with a point, it returns the vector there.

    Only the chunks around the point are read. Outside of the samples the vector of the nearest one holds,
    because the specification says nothing of it and a field seldom covers the last half pixel of an image.

    Parameters
    ----------
    array : ChunkedArray
        The vectors, one axis more than the points have.
    axis : int
        The axis along which the components of a vector lie.
    index_of : Transformation
        From points to indices of the array, without ``axis``.
    interpolation : str, optional
        ``nearest`` or ``linear``; None means linear.
    complete : bool
        Whether a missing chunk is an error: where vectors are positions, the fill value is none.

    Raises
    ------
    UnsupportedError
        The interpolation is another one, or the array holds no real numbers.
    MetadataError
        The array has no samples.
    """

    def __init__(
        self,
        array: ChunkedArray,
        axis: int,
        index_of: Transformation,
        interpolation: str | None = None,
        *,
        complete: bool = False,
    ) -> None:
        self.where = array.store.url(array.path)
        if interpolation not in (None, "nearest", "linear"):
            raise UnsupportedError(
                f"{self.where}: interpolation {interpolation!r:.40} cannot be done; nearest and linear can"
            )
        if array.dtype.kind not in "iuf":
            raise UnsupportedError(f"{self.where}: {array.dtype} holds no vectors of real numbers")
        if 0 in array.shape:
            raise MetadataError(f"{self.where}: a field of {'x'.join(map(str, array.shape))} has no samples")
        self.array, self.axis, self.index_of = array, axis, index_of
        self.interpolation, self.complete = interpolation or "linear", complete
        self._blocks: OrderedDict[Shape, NDArray[Any]] = OrderedDict()
        self._lock = Lock()

    def __reduce__(self) -> tuple[Any, ...]:
        return _field, (self.array, self.axis, self.index_of, self.interpolation, self.complete)

    @property
    def shape(self) -> Shape:
        """Number of samples along each axis of the points."""
        return tuple(n for i, n in enumerate(self.array.shape) if i != self.axis)

    def __call__(self, point: Point) -> Point:
        """Return the vector at a point.

        Raises
        ------
        ArgumentError
            The point has another number of coordinates than the field has axes.
        CorruptDataError
            A chunk is damaged or, where vectors are positions, missing.
        """
        if len(point) != len(self.shape):
            raise ArgumentError(
                f"{self.where} is a field over {len(self.shape)} axes; the point has {len(point)} coordinates"
            )
        index = self.index_of.apply(point)
        if not all(map(isfinite, index)):
            raise ArgumentError(f"{self.where}: the point {point} has no place in the field")
        inside = [min(max(i, 0.0), n - 1.0) for i, n in zip(index, self.shape, strict=True)]
        if self.interpolation == "nearest":
            return self._sample(tuple(floor(i + 0.5) for i in inside))
        total = [0.0] * self.array.shape[self.axis]
        base = [floor(i) for i in inside]
        parts = [i - b for i, b in zip(inside, base, strict=True)]
        for corner in product((0, 1), repeat=len(inside)):
            weight = prod(part if up else 1.0 - part for part, up in zip(parts, corner, strict=True))
            if weight:
                vector = self._sample(tuple(b + up for b, up in zip(base, corner, strict=True)))
                total = [t + weight * v for t, v in zip(total, vector, strict=True)]
        return tuple(total)

    def _sample(self, index: Shape) -> Point:
        """Return the vector of one sample."""
        full = (*index[: self.axis], 0, *index[self.axis :])
        start = tuple(i // n * n for i, n in zip(full, self.array.chunks, strict=True))
        block = self._block(start)
        inside = [i - a for i, a in zip(full, start, strict=True)]
        place = tuple(slice(None) if axis == self.axis else i for axis, i in enumerate(inside))
        return tuple(float(v) for v in block[place])

    def _block(self, start: Shape) -> NDArray[Any]:
        """Return the chunk that begins at a place, with all components of its vectors."""
        with self._lock:
            found = self._blocks.get(start)
            if found is not None:
                self._blocks.move_to_end(start)
                return found
        array = self.array
        stop = [min(a + n, s) for a, n, s in zip(start, array.chunks, array.shape, strict=True)]
        stop[self.axis] = array.shape[self.axis]
        if self.complete:
            self._check_presence(Region(start, tuple(stop)))
        found = array.read(Region(start, tuple(stop)))
        with self._lock:
            self._blocks[start] = found
            while len(self._blocks) > 1 and sum(block.nbytes for block in self._blocks.values()) > CACHED:
                self._blocks.popitem(last=False)
        return found

    def _check_presence(self, region: Region) -> None:
        units = [range(a // n, -(-b // n)) for a, b, n in zip(*region, self.array.metadata.unit, strict=True)]
        for unit in product(*units):
            key = self.array.key(unit)
            if self.array.store.head(key) is None:
                where = self.array.store.url(key)
                raise CorruptDataError(f"{where} is missing: a field of positions needs it")


def _field(
    array: ChunkedArray, axis: int, index_of: Transformation, interpolation: str, complete: bool
) -> VectorField:
    return VectorField(array, axis, index_of, interpolation, complete=complete)
