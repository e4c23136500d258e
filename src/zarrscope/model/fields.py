"""Transformations by fields of vectors, and pairs of a transformation and its inverse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from zarrscope.errors import ArgumentError, UnsupportedError
from zarrscope.model.rows import Point
from zarrscope.model.transforms import Parameters, Transformation

if TYPE_CHECKING:
    from collections.abc import Sequence as Items

    from zarrscope.model.boxes import Box
    from zarrscope.model.rows import Rows

INTERPOLATIONS = ("nearest", "linear", "bspline-cubic")
"""Ways to read between the vectors of a field; the second is the default."""

Sampler = Callable[[Point], Point]
"""From a point of the input system to the vector of the field at that point."""


@dataclass(frozen=True, slots=True)
class Displacements(Transformation):
    """A field of vectors, each of which is added to the points around it. It has no inverse in closed form.

    Parameters
    ----------
    path : str
        Of the multiscale group that holds the field, relative to the group of the document.
    interpolation : str, optional
        One of ``INTERPOLATIONS``; None says nothing, which means linear.
    sampler : callable, optional
        Reads the field; None until ``bind`` has opened it.
    """

    path: str
    interpolation: str | None = None
    sampler: Sampler | None = field(default=None, compare=False, repr=False)

    def apply(self, point: Items[float]) -> Point:
        """Return the point plus the vector at it."""
        vector = _known(self.sampler, self.path)(tuple(point))
        if len(vector) != len(point):
            raise ArgumentError(
                f"the field in {self.path!r} has vectors of {len(vector)} numbers for points of {len(point)}"
            )
        return tuple(p + v for p, v in zip(point, vector, strict=True))

    def bind(self, parameters: Parameters) -> Transformation:
        """Return the same with its field."""
        return replace(self, sampler=parameters.field(self.path, self.interpolation))


@dataclass(frozen=True, slots=True)
class Coordinates(Transformation):
    """A field of points: where each point goes. It has no inverse in closed form.

    Parameters
    ----------
    path : str
        Of the multiscale group that holds the field, relative to the group of the document.
    interpolation : str, optional
        One of ``INTERPOLATIONS``; None says nothing, which means linear.
    sampler : callable, optional
        Reads the field; None until ``bind`` has opened it.
    """

    path: str
    interpolation: str | None = None
    sampler: Sampler | None = field(default=None, compare=False, repr=False)

    def apply(self, point: Items[float]) -> Point:
        """Return the vector of the field at the point."""
        return _known(self.sampler, self.path)(tuple(point))

    def bind(self, parameters: Parameters) -> Transformation:
        """Return the same with its field."""
        return replace(self, sampler=parameters.field(self.path, self.interpolation))


@dataclass(frozen=True, slots=True)
class Unavailable(Transformation):
    """A transformation whose numbers could not be read.

    Parameters
    ----------
    step : Transformation
        What the document says.
    reason : str
        Why there are no numbers.
    """

    step: Transformation
    reason: str

    def dims(self, ndim: int) -> int | None:
        """Return what is known of it without its numbers."""
        return self.step.dims(ndim)

    def apply(self, point: Items[float]) -> Point:
        """Say why nobody knows where the point goes."""
        raise UnsupportedError(f"a {type(self.step).__name__.lower()} cannot be applied: {self.reason}")


@dataclass(frozen=True, slots=True)
class Bijection(Transformation):
    """A transformation whose inverse is given with it.

    Parameters
    ----------
    forward : Transformation
        From input to output.
    backward : Transformation
        From output to input.
    """

    forward: Transformation
    backward: Transformation

    @property
    def ndim_in(self) -> int | None:
        """That of the way forward, or else what the way back gives."""
        known = self.forward.ndim_in
        return self.backward.ndim_out if known is None else known

    @property
    def ndim_out(self) -> int | None:
        """That of the way forward, or else what the way back takes."""
        known = self.forward.ndim_out
        return self.backward.ndim_in if known is None else known

    def dims(self, ndim: int) -> int | None:
        """Return how many coordinates come out of the way forward."""
        return self.forward.dims(ndim)

    def apply(self, point: Items[float]) -> Point:
        """Return where the way forward takes the point."""
        return self.forward.apply(point)

    def matrix(self, ndim: int) -> Rows | None:
        """Return that of the way forward."""
        return self.forward.matrix(ndim)

    def apply_box(self, box: Box) -> Box:
        """Return the box around the image under the way forward."""
        return self.forward.apply_box(box)

    def inverse(self) -> Transformation | None:
        """Return the pair exchanged."""
        return self.turned(Bijection(self.backward, self.forward))

    def bind(self, parameters: Parameters) -> Transformation:
        """Return the same with the numbers of both."""
        both = self.forward.bind(parameters), self.backward.bind(parameters)
        return replace(self, forward=both[0], backward=both[1])


def _known(sampler: Sampler | None, path: str) -> Sampler:
    if sampler is None:
        raise UnsupportedError(f"the field in {path!r} has not been read; bind the transformation first")
    return sampler
