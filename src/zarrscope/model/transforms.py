"""Transformations of coordinates: forward, from the points of one system to those of another.

Everything that a version can write is one of these values; here stand what they share and the four plain
kinds. A new kind is one more class: it says where a point goes and, where it can, the matrix that does
the same and the way back; nothing else has to know it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from zarrscope.errors import ArgumentError, UnsupportedError
from zarrscope.model.axes import NOTHING
from zarrscope.model.boxes import Box, image_of_box, sampled_box
from zarrscope.model.rows import Point, Rows, applied, chained, diagonal, placing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from collections.abc import Sequence as Items


class Placement(NamedTuple):
    """What a transformation does when it only stretches and shifts: ``scale * point + translation``."""

    scale: Point
    translation: Point


class Parameters(Protocol):
    """Numbers that stand in arrays beside a document: what ``Transformation.bind`` asks for."""

    def matrix(self, path: str) -> Rows:
        """Return the rows of a two-dimensional array."""
        ...

    def field(self, path: str, interpolation: str | None) -> Callable[[Point], Point]:
        """Return the function that reads the vector of a field at a point of the input system."""
        ...


@dataclass(frozen=True, slots=True)
class SystemReference:
    """The system at one end of a transformation: its name, and the path of the node that declares it."""

    name: str | None = None
    path: str | None = None
    extra: Mapping[str, Any] = field(default=NOTHING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transformation:
    """What all transformations share.

    Parameters
    ----------
    name : str, optional
        For people.
    input, output : SystemReference, optional
        Where the points come from and go to; None where the place of the transformation says it
        (always before 0.6).
    extra : mapping
        Keys of the document that the specification does not name.
    """

    name: str | None = None
    input: SystemReference | None = None
    output: SystemReference | None = None
    extra: Mapping[str, Any] = field(default=NOTHING)

    @property
    def ndim_in(self) -> int | None:
        """Number of coordinates that go in; None where it follows from the context."""
        return None

    @property
    def ndim_out(self) -> int | None:
        """Number of coordinates that come out; None where it follows from the context."""
        return self.ndim_in

    def dims(self, ndim: int) -> int | None:
        """Return how many coordinates come out where so many go in; None where so many do not fit."""
        if self.ndim_in not in (None, ndim):
            return None
        out = self.ndim_out
        return ndim if out is None else out

    def apply(self, point: Items[float]) -> Point:
        """Return where a point goes.

        Raises
        ------
        ArgumentError
            The point has another number of coordinates.
        UnsupportedError
            The numbers stand in an array that has not been read (see ``bind``).
        """
        raise NotImplementedError

    def matrix(self, ndim: int) -> Rows | None:
        """Return the rows of the matrix that does the same to points of so many coordinates.

        Returns
        -------
        tuple of tuple of float, or None
            One row for each coordinate that comes out, with ``ndim`` factors and the shift at its end.
            None where no matrix does it, or where ``ndim`` does not fit.
        """
        return None

    def placement(self, ndim: int) -> Placement | None:
        """Return scale and translation in so many dimensions, or None where there is more to it."""
        found = diagonal(self.matrix(ndim), ndim)
        return None if found is None else Placement(*found)

    def inverse(self) -> Transformation | None:
        """Return the way back, None where there is none in closed form."""
        return None

    def apply_box(self, box: Box) -> Box:
        """Return the smallest axis-aligned box around the image of a box.

        It is exact wherever a matrix does the same. Fields of vectors are asked at the corners and at
        places between them, so that what a field does between those may stick out.
        """
        rows = self.matrix(len(box.low))
        return sampled_box(self.apply, box) if rows is None else image_of_box(rows, box)

    def bind(self, parameters: Parameters) -> Transformation:
        """Return the same with the numbers that stand in arrays beside the document.

        Parameters
        ----------
        parameters : Parameters
            Where they are read, by their paths.
        """
        return self

    def turned(self, back: Transformation | None) -> Transformation | None:
        """Return the way back with input and output exchanged."""
        return None if back is None else replace(back, input=self.output, output=self.input)


@dataclass(frozen=True, slots=True)
class Unknown(Transformation):
    """What stood in a document and is none of the kinds that we know; all of it is in ``extra``."""

    def apply(self, point: Items[float]) -> Point:
        """Say that nobody knows."""
        raise UnsupportedError(f"a transformation of the type {self.extra.get('type')!r:.60} is not known")

    def dims(self, ndim: int) -> int | None:
        """Return None: nobody knows."""
        return None


@dataclass(frozen=True, slots=True)
class Identity(Transformation):
    """Points stay where they are."""

    def apply(self, point: Items[float]) -> Point:
        """Return the point itself."""
        return tuple(point)

    def matrix(self, ndim: int) -> Rows:
        """Return the matrix of ones."""
        return placing((1.0,) * ndim, (0.0,) * ndim)

    def placement(self, ndim: int) -> Placement | None:
        """Return scale 1 and translation 0."""
        return Placement((1.0,) * ndim, (0.0,) * ndim)

    def inverse(self) -> Transformation | None:
        """Return the same, from output to input."""
        return self.turned(Identity())


@dataclass(frozen=True, slots=True)
class Scale(Transformation):
    """Each coordinate is multiplied.

    Parameters
    ----------
    scale : tuple of float
        One factor a dimension, in the order of the axes.
    """

    scale: Point

    @property
    def ndim_in(self) -> int:
        """Number of factors."""
        return len(self.scale)

    def apply(self, point: Items[float]) -> Point:
        """Return the stretched point."""
        return tuple(p * s for p, s in _paired(point, self.scale))

    def matrix(self, ndim: int) -> Rows | None:
        """Return the factors on the diagonal."""
        return placing(self.scale, (0.0,) * ndim) if len(self.scale) == ndim else None

    def placement(self, ndim: int) -> Placement | None:
        """Return the factors and translation 0; None where their number is not ``ndim``."""
        return Placement(self.scale, (0.0,) * ndim) if len(self.scale) == ndim else None

    def inverse(self) -> Transformation | None:
        """Return the scale by the reciprocals; None where a factor is 0."""
        back = tuple(1.0 / s if s else 0.0 for s in self.scale)
        usable = all(s and b and abs(b) != float("inf") for s, b in zip(self.scale, back, strict=True))
        return self.turned(Scale(back)) if usable else None


@dataclass(frozen=True, slots=True)
class Translation(Transformation):
    """Each coordinate is shifted.

    Parameters
    ----------
    translation : tuple of float
        One shift a dimension, in the order and the units of the axes.
    """

    translation: Point

    @property
    def ndim_in(self) -> int:
        """Number of shifts."""
        return len(self.translation)

    def apply(self, point: Items[float]) -> Point:
        """Return the shifted point."""
        return tuple(p + t for p, t in _paired(point, self.translation))

    def matrix(self, ndim: int) -> Rows | None:
        """Return ones and the shifts."""
        return placing((1.0,) * ndim, self.translation) if len(self.translation) == ndim else None

    def placement(self, ndim: int) -> Placement | None:
        """Return scale 1 and the shifts; None where their number is not ``ndim``."""
        return Placement((1.0,) * ndim, self.translation) if len(self.translation) == ndim else None

    def inverse(self) -> Transformation | None:
        """Return the shift by the opposite."""
        return self.turned(Translation(tuple(0.0 - t for t in self.translation)))


@dataclass(frozen=True, slots=True)
class Sequence(Transformation):
    """Several transformations, the first one applied first.

    Parameters
    ----------
    transformations : tuple of Transformation
        Each takes what the one before gives.
    """

    transformations: tuple[Transformation, ...]

    @property
    def ndim_in(self) -> int | None:
        """That of the first step that is no identity."""
        own = (step for step in self.transformations if not isinstance(step, Identity))
        first = next(own, None)
        return None if first is None else first.ndim_in

    @property
    def ndim_out(self) -> int | None:
        """That of the last step whose number is known, carried through the steps after it."""
        ndim = self.ndim_in
        for step in self.transformations:
            ndim = step.ndim_out if ndim is None else step.dims(ndim)
        return ndim

    def dims(self, ndim: int) -> int | None:
        """Return how many coordinates come out of the last step; None where a step does not fit."""
        count: int | None = ndim
        for step in self.transformations:
            count = None if count is None else step.dims(count)
        return count

    def apply(self, point: Items[float]) -> Point:
        """Return where the point is after the last step."""
        place = tuple(point)
        for step in self.transformations:
            place = step.apply(place)
        return place

    def matrix(self, ndim: int) -> Rows | None:
        """Return the product of the matrices of all steps."""
        return composed_affine(self.transformations, ndim)

    def placement(self, ndim: int) -> Placement | None:
        """Return the composed scale and translation, where there is no more to it."""
        simple = composed(self.transformations, ndim)
        if simple is not None:
            return simple
        found = diagonal(self.matrix(ndim), ndim)
        return None if found is None else Placement(*found)

    def inverse(self) -> Transformation | None:
        """Return the inverses in reverse; None where a step has none."""
        steps = [step.inverse() for step in reversed(self.transformations)]
        known = tuple(step for step in steps if step is not None)
        return self.turned(Sequence(known)) if len(known) == len(steps) else None

    def bind(self, parameters: Parameters) -> Transformation:
        """Return the same with the numbers of all steps."""
        return replace(self, transformations=tuple(t.bind(parameters) for t in self.transformations))


def composed(steps: Items[Transformation], ndim: int) -> Placement | None:
    """Return scale and translation of transformations applied one after another.

    Parameters
    ----------
    steps : sequence of Transformation
        The first one is applied first.
    ndim : int
        Number of dimensions.

    Returns
    -------
    Placement or None
        None where one of the steps is more than scale and translation, or has another length.
    """
    whole: Placement | None = None
    for step in steps:
        found = step.placement(ndim)
        if found is None:
            return None
        whole = found if whole is None else joined_placement(whole, found)
    return whole or Placement((1.0,) * ndim, (0.0,) * ndim)


def joined_placement(first: Placement, then: Placement) -> Placement:
    """Return what two placements of the same length do, one after the other."""
    if set(then.scale) <= {1.0}:  # a translation is what follows most scales
        shift = tuple(t + u for t, u in zip(first.translation, then.translation, strict=True))
        return Placement(first.scale, shift)
    shift = tuple(t * s + u for t, s, u in zip(first.translation, then.scale, then.translation, strict=True))
    return Placement(tuple(a * b for a, b in zip(first.scale, then.scale, strict=True)), shift)


def composed_affine(steps: Items[Transformation], ndim: int) -> Rows | None:
    """Return the matrix of transformations applied one after another.

    Parameters
    ----------
    steps : sequence of Transformation
        The first one is applied first.
    ndim : int
        Number of coordinates that go into the first.

    Returns
    -------
    tuple of tuple of float, or None
        As ``Transformation.matrix``; None where one of the steps has none.
    """
    rows = placing((1.0,) * ndim, (0.0,) * ndim)
    for step in steps:
        after = step.matrix(len(rows))
        if after is None:
            return None
        rows = chained(rows, after, ndim)
    return rows


def apply_rows(rows: Rows, point: Items[float]) -> Point:
    """Return where a matrix takes a point.

    Raises
    ------
    ArgumentError
        The point has another number of coordinates than the matrix takes.
    """
    ndim = len(rows[0]) - 1 if rows else 0
    if len(point) != ndim:
        raise ArgumentError(f"a point of {len(point)} coordinates meets a matrix for {ndim}")
    return applied(rows, point)


def _paired(point: Items[float], values: Point) -> list[tuple[float, float]]:
    if len(point) != len(values):
        raise ArgumentError(f"a point of {len(point)} coordinates meets a transformation of {len(values)}")
    return list(zip(point, values, strict=True))
