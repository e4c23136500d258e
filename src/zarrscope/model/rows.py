"""Matrices of points: rows of factors with a shift at the end, in plain Python.

A matrix from N to M coordinates is M rows of N + 1 numbers; the last row of the homogeneous matrix, which
is always 0 ... 0 1, is left out as documents leave it out.
"""

from __future__ import annotations

from math import frexp, isfinite
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

Point = tuple[float, ...]
Rows = tuple[Point, ...]

_SINGULAR = 1e-13
"""Below this share of a balanced matrix a pivot is rounding, not a number."""


def placing(scale: Sequence[float], translation: Sequence[float]) -> Rows:
    """Return the matrix that stretches and shifts."""
    ndim = len(scale)
    return tuple((*(scale[i] if i == j else 0.0 for j in range(ndim)), translation[i]) for i in range(ndim))


def applied(rows: Rows, point: Sequence[float]) -> Point:
    """Return where a matrix takes a point."""
    # a factor of 0 does not ask for its coordinate, so that endless boxes have images too
    return tuple(sum((a * p for a, p in zip(row, point, strict=False) if a), start=row[-1]) for row in rows)


def chained(first: Rows, second: Rows, ndim: int) -> Rows:
    """Return the matrix that does the first, then the second.

    Parameters
    ----------
    first, second : tuple of tuple of float
        The second takes as many coordinates as the first has rows.
    ndim : int
        Number of coordinates that the first takes.
    """
    found = []
    for row in second:
        total = [0.0] * ndim + [row[-1]]
        for factor, before in zip(row, first, strict=False):
            if factor:
                total = [t + factor * b for t, b in zip(total, before, strict=True)]
        found.append(tuple(total))
    return tuple(found)


def diagonal(rows: Rows | None, ndim: int) -> tuple[Point, Point] | None:
    """Return factors and shifts of a matrix that only stretches and shifts, else None."""
    if rows is None or len(rows) != ndim:
        return None
    if any(rows[i][j] for i in range(ndim) for j in range(ndim) if i != j):
        return None
    return tuple(rows[i][i] for i in range(ndim)), tuple(row[-1] for row in rows)


def inverted(rows: Rows) -> Rows | None:
    """Return the inverse of a square matrix; None where it has none, or is not square.

    Rows and columns are first brought to one magnitude, by powers of two and so without rounding: axes
    in metres beside axes in nanometres do not make a matrix singular.
    """
    ndim = len(rows)
    if any(len(row) != ndim + 1 or not all(map(isfinite, row)) for row in rows):
        return None
    left = [_power(row[:-1]) for row in rows]
    work = [[a * f for a in row[:-1]] for row, f in zip(rows, left, strict=True)]
    right = [_power([row[j] for row in work]) for j in range(ndim)]
    work = [[a * f for a, f in zip(row, right, strict=True)] for row in work]
    found = _eliminated(work)
    if found is None:
        return None
    back = [[right[i] * found[i][j] * left[j] for j in range(ndim)] for i in range(ndim)]
    shift = [row[-1] for row in rows]
    return tuple(
        (*row, 0.0 - sum(a * t for a, t in zip(row, shift, strict=True))) for row in map(tuple, back)
    )


def transposed(rows: Sequence[Sequence[float]]) -> Rows:
    """Return rows as columns (of a matrix without shifts)."""
    return tuple(zip(*rows, strict=True))


def determinant(square: Sequence[Sequence[float]]) -> float:
    """Return the determinant of a square matrix without shifts."""
    work = [list(row) for row in square]
    product = 1.0
    for column in range(len(work)):
        best = max(range(column, len(work)), key=lambda r: abs(work[r][column]))
        if not work[best][column]:
            return 0.0
        if best != column:
            work[best], work[column] = work[column], work[best]
            product = -product
        product *= work[column][column]
        for row in work[column + 1 :]:
            factor = row[column] / work[column][column]
            row[column:] = [a - factor * b for a, b in zip(row[column:], work[column][column:], strict=True)]
    return product


def orthonormal(square: Sequence[Sequence[float]], tolerance: float) -> bool:
    """Whether the rows of a square matrix have length 1 and stand upright on each other."""
    return all(
        abs(sum(a * b for a, b in zip(one, other, strict=True)) - (i == j)) <= tolerance
        for i, one in enumerate(square)
        for j, other in enumerate(square[: i + 1])
    )


def _power(values: Sequence[float]) -> float:
    """Return the power of two that brings the largest value to about 1."""
    largest = max(map(abs, values), default=0.0)
    return 2.0 ** max(-1000, min(1000, -frexp(largest)[1])) if largest else 1.0


def _eliminated(work: list[list[float]]) -> list[list[float]] | None:
    """Return the inverse by elimination with the largest pivots, None where one is missing."""
    ndim = len(work)
    full = [[*row, *(float(i == j) for j in range(ndim))] for i, row in enumerate(work)]
    for column in range(ndim):
        best = max(range(column, ndim), key=lambda r: abs(full[r][column]))
        if abs(full[best][column]) <= _SINGULAR:
            return None
        full[best], full[column] = full[column], full[best]
        pivot = full[column][column]
        full[column] = [a / pivot for a in full[column]]
        for index, row in enumerate(full):
            factor = row[column]
            if index != column and factor:
                full[index] = [a - factor * b for a, b in zip(row, full[column], strict=True)]
    return [row[ndim:] for row in full]
