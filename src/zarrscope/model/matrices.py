"""Transformations that are matrices: written into the document, or kept in an array beside it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from zarrscope.errors import UnsupportedError
from zarrscope.model.rows import Point, Rows, inverted, orthonormal, transposed
from zarrscope.model.transforms import Parameters, Transformation, apply_rows

if TYPE_CHECKING:
    from collections.abc import Sequence as Items

_UPRIGHT = 1e-9
"""How far a rotation may be from orthonormal for its transpose to be its inverse."""


@dataclass(frozen=True, slots=True)
class Affine(Transformation):
    """A matrix and a shift, from N to M coordinates.

    Parameters
    ----------
    rows : tuple of tuple of float, optional
        M rows of N + 1 numbers, the shift last; the last row of the homogeneous matrix is left out.
        None until ``bind`` has read them.
    path : str, optional
        Of the array that holds them, relative to the group of the document.
    """

    rows: Rows | None = None
    path: str | None = None

    @property
    def ndim_in(self) -> int | None:
        """Length of a row without its shift; None where the matrix has not been read."""
        return len(self.rows[0]) - 1 if self.rows else None

    @property
    def ndim_out(self) -> int | None:
        """Number of rows; None where the matrix has not been read."""
        return len(self.rows) if self.rows else None

    def apply(self, point: Items[float]) -> Point:
        """Return the matrix times the point, plus the shift."""
        return apply_rows(_known(self.rows, self.path), point)

    def matrix(self, ndim: int) -> Rows | None:
        """Return the rows."""
        return self.rows if self.rows is not None and _fits(self.rows, ndim + 1) else None

    def inverse(self) -> Transformation | None:
        """Return the inverse matrix; None where it is not square or squeezes space flat."""
        back = inverted(self.rows) if self.rows else None
        return None if back is None else self.turned(Affine(back))

    def bind(self, parameters: Parameters) -> Transformation:
        """Return the same with its rows."""
        if self.rows is not None or self.path is None:
            return self
        return replace(self, rows=parameters.matrix(self.path))


@dataclass(frozen=True, slots=True)
class Rotation(Transformation):
    """A turn around the origin.

    Parameters
    ----------
    rows : tuple of tuple of float, optional
        N rows of N numbers. None until ``bind`` has read them.
    path : str, optional
        Of the array that holds them, relative to the group of the document.
    """

    rows: Rows | None = None
    path: str | None = None

    @property
    def ndim_in(self) -> int | None:
        """Number of rows; None where the matrix has not been read."""
        return len(self.rows) if self.rows else None

    def apply(self, point: Items[float]) -> Point:
        """Return the turned point."""
        return apply_rows(_with_shift(_known(self.rows, self.path)), point)

    def matrix(self, ndim: int) -> Rows | None:
        """Return the rows with a shift of 0."""
        fits = self.rows is not None and len(self.rows) == ndim and _fits(self.rows, ndim)
        return _with_shift(self.rows) if fits and self.rows is not None else None

    def inverse(self) -> Transformation | None:
        """Return the transposed matrix, or the inverse where rounding left it less than upright."""
        if not self.rows or not _fits(self.rows, len(self.rows)):
            return None
        if orthonormal(self.rows, _UPRIGHT):
            return self.turned(Rotation(transposed(self.rows)))
        back = inverted(_with_shift(self.rows))
        return None if back is None else self.turned(Affine(back))

    def bind(self, parameters: Parameters) -> Transformation:
        """Return the same with its rows."""
        if self.rows is not None or self.path is None:
            return self
        return replace(self, rows=parameters.matrix(self.path))


def _known(rows: Rows | None, path: str | None) -> Rows:
    if rows is None:
        raise UnsupportedError(f"the matrix in {path!r} has not been read; bind the transformation first")
    return rows


def _fits(rows: Rows, length: int) -> bool:
    return all(len(row) == length for row in rows)


def _with_shift(rows: Rows) -> Rows:
    return tuple((*row, 0.0) for row in rows)
