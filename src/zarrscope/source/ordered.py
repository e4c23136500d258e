"""Which scenes of a source are images of their own, and a scene with its axes in our order."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from zarrscope.array.foreign import Transposed
from zarrscope.model.naming import permutation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zarrscope.source.contracts import Scene

T = TypeVar("T")


def images_of(scenes: Sequence[Scene]) -> list[Scene]:
    """Return the scenes that do not accompany another one; all where there are no others."""
    return [scene for scene in scenes if not scene.associated] or list(scenes)


def ordered(scene: Scene) -> Scene:
    """Return a scene with its axes in our order; where some names are not ours, as it is."""
    description = scene.description
    names = [axis.name for axis in description.axes]
    order = permutation(names)
    if len(order) != len(names) or order == tuple(range(len(names))):
        return scene
    turned = replace(
        description,
        axes=_turned(description.axes, order),
        scale=_turned(description.scale, order),
        translation=_turned(description.translation, order) if description.translation else None,
    )
    return replace(
        scene,
        description=turned,
        levels=[Transposed(level, order) for level in scene.levels],
        placements=scene.placements
        and tuple((_turned(factors, order), _turned(offset, order)) for factors, offset in scene.placements),
    )


def _turned(values: tuple[T, ...], order: tuple[int, ...]) -> tuple[T, ...]:
    return tuple(values[i] for i in order)
