"""Scenes: how several images below one group lie to each other (since 0.6)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from zarrscope.model.axes import NOTHING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zarrscope.model.axes import CoordinateSystem
    from zarrscope.model.transforms import Parameters, Transformation


@dataclass(frozen=True, slots=True)
class Scene:
    """What a document says of several images (section ``scene`` of the specification).

    Parameters
    ----------
    systems : tuple of CoordinateSystem, optional
        Spaces that the images share; the first is the one to show them in. None where the document
        does not list any.
    transformations : tuple of Transformation
        Each from one named system to another; a path leads to the image that declares a system.
    extra : mapping
        Keys of the document that the specification does not name.
    """

    transformations: tuple[Transformation, ...]
    systems: tuple[CoordinateSystem, ...] | None = None
    extra: Mapping[str, Any] = field(default=NOTHING)

    @property
    def paths(self) -> tuple[str, ...]:
        """Paths of the images that the transformations name, each once, in their order."""
        ends = [end for t in self.transformations for end in (t.input, t.output) if end is not None]
        return tuple(dict.fromkeys(end.path for end in ends if end.path))

    def bind(self, parameters: Parameters) -> Scene:
        """Return the same with the numbers that stand in arrays (see ``Transformation.bind``)."""
        return replace(self, transformations=tuple(t.bind(parameters) for t in self.transformations))
