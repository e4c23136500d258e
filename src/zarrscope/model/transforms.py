"""Transformations of coordinates: forward, from the points of one system to those of another.

Everything that a version can write is one of these values. A new kind is one more class with the same
three methods; nothing else has to know it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from zarrscope.errors import ArgumentError
from zarrscope.model.axes import NOTHING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Sequence as Items

Point = tuple[float, ...]


class Placement(NamedTuple):
    """What a transformation does when it only stretches and shifts: ``scale * point + translation``."""

    scale: Point
    translation: Point


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

    def apply(self, point: Items[float]) -> Point:
        """Return where a point goes."""
        raise NotImplementedError

    def placement(self, ndim: int) -> Placement | None:
        """Return scale and translation in so many dimensions, or None where there is more to it."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Identity(Transformation):
    """Points stay where they are."""

    def apply(self, point: Items[float]) -> Point:
        """Return the point itself."""
        return tuple(point)

    def placement(self, ndim: int) -> Placement | None:
        """Return scale 1 and translation 0."""
        return Placement((1.0,) * ndim, (0.0,) * ndim)


@dataclass(frozen=True, slots=True)
class Scale(Transformation):
    """Each coordinate is multiplied.

    Parameters
    ----------
    scale : tuple of float
        One factor a dimension, in the order of the axes.
    """

    scale: Point

    def apply(self, point: Items[float]) -> Point:
        """Return the stretched point."""
        return tuple(p * s for p, s in _paired(point, self.scale))

    def placement(self, ndim: int) -> Placement | None:
        """Return the factors and translation 0; None where their number is not ``ndim``."""
        return Placement(self.scale, (0.0,) * ndim) if len(self.scale) == ndim else None


@dataclass(frozen=True, slots=True)
class Translation(Transformation):
    """Each coordinate is shifted.

    Parameters
    ----------
    translation : tuple of float
        One shift a dimension, in the order and the units of the axes.
    """

    translation: Point

    def apply(self, point: Items[float]) -> Point:
        """Return the shifted point."""
        return tuple(p + t for p, t in _paired(point, self.translation))

    def placement(self, ndim: int) -> Placement | None:
        """Return scale 1 and the shifts; None where their number is not ``ndim``."""
        return Placement((1.0,) * ndim, self.translation) if len(self.translation) == ndim else None


@dataclass(frozen=True, slots=True)
class Sequence(Transformation):
    """Several transformations, the first one applied first.

    Parameters
    ----------
    transformations : tuple of Transformation
        Each takes what the one before gives.
    """

    transformations: tuple[Transformation, ...]

    def apply(self, point: Items[float]) -> Point:
        """Return where the point is after the last step."""
        place = tuple(point)
        for step in self.transformations:
            place = step.apply(place)
        return place

    def placement(self, ndim: int) -> Placement | None:
        """Return the composed scale and translation, where every step has them."""
        return composed(self.transformations, ndim)


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
    scale: Point = (1.0,) * ndim
    shift: Point = (0.0,) * ndim
    for step in steps:
        next_ = step.placement(ndim)
        if next_ is None:
            return None
        shift = tuple(t * s + u for t, s, u in zip(shift, next_.scale, next_.translation, strict=True))
        scale = tuple(a * b for a, b in zip(scale, next_.scale, strict=True))
    return Placement(scale, shift)


def _paired(point: Items[float], values: Point) -> list[tuple[float, float]]:
    if len(point) != len(values):
        raise ArgumentError(f"a point of {len(point)} coordinates meets a transformation of {len(values)}")
    return list(zip(point, values, strict=True))
