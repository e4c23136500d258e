"""Numbers of transformations that stand in arrays beside a document: matrices, and fields of vectors."""

from __future__ import annotations

from itertools import product
from math import isfinite, prod
from typing import TYPE_CHECKING

from zarrscope.array.open import open_array
from zarrscope.errors import CorruptDataError, MetadataError, NotFoundError, ZarrscopeError
from zarrscope.model.fields import Unavailable
from zarrscope.model.graph import normal_path
from zarrscope.model.matrices import Affine
from zarrscope.model.transforms import Identity
from zarrscope.node.document import read_document
from zarrscope.node.fields import VectorField
from zarrscope.spec.versions import decode
from zarrscope.types import Region

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zarrscope.array.chunked import ChunkedArray
    from zarrscope.model.axes import Axis
    from zarrscope.model.rows import Rows
    from zarrscope.model.transforms import Transformation
    from zarrscope.store.contracts import Readable

MOST_NUMBERS = 10_000
"""Numbers of a matrix: more than any sensible one has, and little enough to be read at once."""

VECTOR_TYPES = ("displacement", "coordinate")
"""Types of the axis along which the components of a vector lie."""


class StoredParameters:
    """What transformations find below a group: the ``Parameters`` that they are bound to.

    Parameters
    ----------
    store : Readable
        Where the bytes lie.
    path : str
        Of the group whose document holds the transformations.
    """

    def __init__(self, store: Readable, path: str = "") -> None:
        self._store, self._path = store, path

    def matrix(self, path: str) -> Rows:
        """Return the rows of a two-dimensional array.

        Raises
        ------
        NotFoundError
            There is no array.
        MetadataError
            It is no matrix of numbers.
        CorruptDataError
            Its pixels are damaged or missing; the fill value would be no matrix.
        """
        array = open_array(self._store, normal_path(self._path, path))
        where = array.store.url(array.path)
        if array.ndim != 2 or prod(array.shape) > MOST_NUMBERS or array.dtype.kind not in "iuf":
            shape = "x".join(map(str, array.shape))
            raise MetadataError(f"{where}: an array of {shape} {array.dtype} is no matrix")
        units = (range(-(-s // n)) for s, n in zip(array.shape, array.metadata.unit, strict=True))
        for key in map(array.key, product(*units)):
            if array.store.head(key) is None:
                raise CorruptDataError(f"{array.store.url(key)} is missing: a matrix needs all numbers")
        rows = tuple(tuple(map(float, row)) for row in array.read(Region.whole(array.shape)))
        if not all(isfinite(value) for row in rows for value in row):
            raise CorruptDataError(f"{where}: a number of the matrix is not finite")
        return rows

    def field(self, path: str, interpolation: str | None) -> VectorField:
        """Return a field of vectors; no vector is read yet.

        Parameters
        ----------
        path : str
            Of its multiscale group, whose first level is taken; or, as drafts of 0.6 had it, of an array
            whose attributes say the same.
        interpolation : str, optional
            How to read between the vectors.

        Raises
        ------
        NotFoundError
            There is no group and no array.
        MetadataError
            Nothing says where the vectors lie, or along which axis their components.
        UnsupportedError
            The interpolation is none that can be done here.
        """
        place = normal_path(self._path, path)
        try:
            array, axes, placed = self._of_array(place)
        except NotFoundError:
            array, axes, placed = self._of_group(place)
        where = self._store.url(place)
        vectors = [i for i, axis in enumerate(axes) if axis.type in VECTOR_TYPES]
        if len(vectors) != 1 or len(axes) != array.ndim:
            raise MetadataError(
                f"{where}: a field has one axis of the type displacement or coordinate, as many axes as its "
                f"array; found {', '.join(f'{axis.name} ({axis.type})' for axis in axes) or 'none'}"
            )
        axis = vectors[0]
        index_of = _index_of(placed, axis, array.ndim)
        if index_of is None:
            raise MetadataError(f"{where}: the transformation of the field has no inverse")
        positions = axes[axis].type == "coordinate"
        return VectorField(array, axis, index_of, interpolation, complete=positions)

    def _of_group(self, place: str) -> tuple[ChunkedArray, tuple[Axis, ...], Transformation]:
        document = read_document(self._store, place)
        images = document.model.multiscales
        if not images or not images[0].datasets:
            raise MetadataError(f"{document.url} is no image, as a field of vectors has to be")
        level = images[0].datasets[0]
        array = open_array(self._store, document.child(level.path), document.zarr_format)
        return array, images[0].axes, level.transformation

    def _of_array(self, place: str) -> tuple[ChunkedArray, tuple[Axis, ...], Transformation]:
        """Return what an array says of itself, which is how drafts of 0.6 wrote fields."""
        array = open_array(self._store, place)
        attributes = array.metadata.attributes
        node, _ = decode(attributes, zarr_format=array.metadata.zarr_format, assume="0.6")
        said = node.fragment if node is not None else None
        if said is None or not said.systems:
            raise MetadataError(f"{self._store.url(place)}: nothing says where the vectors of the field lie")
        steps = said.transformations
        return array, said.systems[0].axes, steps[0] if steps else Identity()


def bound(steps: Iterable[Transformation], parameters: StoredParameters) -> tuple[Transformation, ...]:
    """Return transformations with their numbers; those whose numbers cannot be had say why when asked."""
    found: list[Transformation] = []
    for step in steps:
        try:
            found.append(step.bind(parameters))
        except ZarrscopeError as error:
            found.append(Unavailable(step, str(error), name=step.name, input=step.input, output=step.output))
    return tuple(found)


def _index_of(placed: Transformation, axis: int, ndim: int) -> Transformation | None:
    """Return the way from points to indices of a field, without the axis of the components.

    Some write scale and translation for the axes of the points alone: the example of the specification.
    """
    rows = placed.matrix(ndim)
    if rows is None:
        return placed.inverse() if placed.matrix(ndim - 1) is not None else None
    kept = [i for i in range(ndim) if i != axis]
    if any(rows[i][axis] for i in kept):
        return None
    return Affine(tuple(tuple(rows[i][j] for j in (*kept, ndim)) for i in kept)).inverse()
