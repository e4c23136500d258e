"""The multiscale image: one picture at several resolutions, and where its pixels lie in the world."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from zarrscope.errors import UnsupportedError
from zarrscope.model.axes import NOTHING, Axis, CoordinateSystem
from zarrscope.model.transforms import Placement, Transformation, composed, joined_placement

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zarrscope.model.transforms import Parameters


@dataclass(frozen=True, slots=True)
class Dataset:
    """One resolution.

    Parameters
    ----------
    path : str
        Of the array, relative to the group of the image.
    transformation : Transformation
        From the indices of the array (a pixel's centre is a whole number) to the intrinsic system.
    extra : mapping
        Keys of the document that the specification does not name.
    """

    path: str
    transformation: Transformation
    extra: Mapping[str, Any] = field(default=NOTHING)


@dataclass(frozen=True, slots=True)
class Multiscale:
    """One image at several resolutions (section ``multiscales`` of the specification).

    Parameters
    ----------
    name : str, optional
        For people.
    systems : tuple of CoordinateSystem
        At least one; versions before 0.6 have exactly one without a name.
    datasets : tuple of Dataset
        From the highest resolution to the lowest.
    transformations : tuple of Transformation
        Of all levels together: ``common`` ones, which name no systems (0.4, 0.5), and those that lead
        from one named system to another (0.6).
    type : str, optional
        How the lower resolutions were made, for example ``gaussian``.
    metadata : mapping, optional
        Whatever describes the down-scaling method further.
    extra : mapping
        Keys of the document that the specification does not name.
    """

    name: str | None
    systems: tuple[CoordinateSystem, ...]
    datasets: tuple[Dataset, ...]
    transformations: tuple[Transformation, ...] = ()
    type: str | None = None
    metadata: Mapping[str, Any] | None = None
    extra: Mapping[str, Any] = field(default=NOTHING)

    @property
    def intrinsic(self) -> CoordinateSystem:
        """The system into which the datasets are placed."""
        if len(self.systems) == 1:
            return self.systems[0]
        outputs = (d.transformation.output for d in self.datasets)
        target = next((output for output in outputs if output is not None), None)
        named = [s for s in self.systems if target is not None and s.name == target.name]
        return (*named, *self.systems)[0]

    @property
    def axes(self) -> tuple[Axis, ...]:
        """Axes of the intrinsic system, which are those of every array."""
        return self.intrinsic.axes if self.systems else ()

    @property
    def common(self) -> tuple[Transformation, ...]:
        """Transformations that are applied after that of every dataset (0.4, 0.5)."""
        if self.systems and self.intrinsic.name:
            return ()
        return tuple(t for t in self.transformations if t.input is None and t.output is None)

    @property
    def edges(self) -> tuple[Transformation, ...]:
        """Transformations between systems that have names (0.6)."""
        if self.systems and self.intrinsic.name:
            return self.transformations
        return tuple(t for t in self.transformations if t.input is not None or t.output is not None)

    def placement(self, level: int) -> Placement | None:
        """Return scale and translation of a level, or None where its transformation is more than that."""
        return composed([self.datasets[level].transformation, *self.common], len(self.axes))

    def placements(self) -> tuple[Placement | None, ...]:
        """Return those of all levels; what they have in common is composed once."""
        ndim = len(self.axes)
        own = [dataset.transformation.placement(ndim) for dataset in self.datasets]
        if not self.common:
            return tuple(own)
        after = composed(self.common, ndim)
        return tuple(None if one is None or after is None else joined_placement(one, after) for one in own)

    def bind(self, parameters: Parameters) -> Multiscale:
        """Return the same with the numbers that stand in arrays (see ``Transformation.bind``)."""
        return replace(self, transformations=tuple(t.bind(parameters) for t in self.transformations))

    def scale(self, level: int) -> tuple[float, ...]:
        """Return the size of a pixel of this level, one number an axis, in the unit of the axis.

        Raises
        ------
        UnsupportedError
            The level is placed by more than scale and translation.
        """
        return self._simple(level).scale

    def translation(self, level: int) -> tuple[float, ...]:
        """Return the centre of the first pixel of this level, one number an axis, in the unit of the axis.

        Raises
        ------
        UnsupportedError
            The level is placed by more than scale and translation.
        """
        return self._simple(level).translation

    def _simple(self, level: int) -> Placement:
        placement = self.placement(level)
        if placement is None:
            path = self.datasets[level].path
            raise UnsupportedError(f"level {path!r} is not placed by one scale and one translation")
        return placement
