"""Images of one axis as one row of pixels: OME-Zarr asks for y and x, and to look at a profile is no sin."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from zarrscope.array.contracts import reads_directly
from zarrscope.model.naming import axis
from zarrscope.types import Region

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zarrscope.array.contracts import LazyArray
    from zarrscope.source.contracts import Scene
    from zarrscope.types import Shape


def with_row(scene: Scene) -> Scene:
    """Return a scene whose only axis of space is x with an axis y of one pixel; others as they are."""
    description = scene.description
    space = [i for i, one in enumerate(description.axes) if one.type == "space"]
    if len(space) != 1 or description.axes[space[0]].name != "x":
        return scene
    at = space[0]
    wider = replace(
        description,
        axes=_inserted(description.axes, at, axis("y")),
        scale=_inserted(description.scale, at, None),
        translation=description.translation and _inserted(description.translation, at, None),
    )
    return replace(
        scene,
        description=wider,
        levels=[Row(level, at) for level in scene.levels],
        placements=scene.placements
        and tuple((_inserted(f, at, 1.0), _inserted(o, at, 0.0)) for f, o in scene.placements),
    )


class Row:
    """A lazy array with one more axis, of length 1.

    Parameters
    ----------
    array : LazyArray
        The array.
    at : int
        Which axis of the result is the new one.
    """

    def __init__(self, array: LazyArray, at: int) -> None:
        self._array, self._at = array, at

    @property
    def shape(self) -> Shape:
        """Number of pixels along each axis."""
        return _inserted(self._array.shape, self._at, 1)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of a pixel, in native byte order."""
        return self._array.dtype

    @property
    def chunks(self) -> Shape:
        """Shape of the unit of decoding."""
        return _inserted(self._array.chunks, self._at, 1)

    @property
    def direct(self) -> bool:
        """Whether a part of a unit costs no more than that part."""
        return reads_directly(self._array)

    def read(self, region: Region, out: NDArray[Any] | None = None) -> NDArray[Any]:
        """Return the pixels of a region: a view of what the array gives."""
        start, stop = (corner[: self._at] + corner[self._at + 1 :] for corner in region)
        if out is None:
            return np.expand_dims(self._array.read(Region(start, stop)), self._at)
        self._array.read(Region(start, stop), out.squeeze(self._at))
        return out


def _inserted(values: tuple[Any, ...], at: int, value: Any) -> tuple[Any, ...]:
    return (*values[:at], value, *values[at:])
