"""Where labels lie on their image, for viewers that take every document at its word.

The rule is that of the viewer in the browser (``imageGrid`` in ``web/src/scene/geometry.ts``): labels lie
where their document says; where that says nothing they cover the whole image.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from math import isclose
from typing import TYPE_CHECKING

from zarrscope.errors import ZarrscopeError
from zarrscope.model.axes import channel_axis
from zarrscope.model.units import conversion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zarrscope.model.axes import Axis
    from zarrscope.node.image import Image


@dataclass(frozen=True)
class Placing:
    """How the places that a label document gives become places of the image, for each axis of the labels.

    Parameters
    ----------
    factors, offsets : tuple of float
        A place ``p`` of the document is ``factor * p + offset`` in the image.
    units : tuple of str or None
        In which that is: those of the image, for axes that it has.
    covers : bool
        Whether the labels are laid over all of the image because the size of a pixel in their document does
        not fit it.
    """

    factors: tuple[float, ...]
    offsets: tuple[float, ...]
    units: tuple[str | None, ...]
    covers: bool = False

    def scale(self, scale: Sequence[float]) -> tuple[float, ...]:
        """Return sizes of a pixel as they are in the image."""
        return tuple(s * f for s, f in zip(scale, self.factors, strict=True))

    def translation(self, translation: Sequence[float]) -> tuple[float, ...]:
        """Return the centre of a first pixel as it is in the image."""
        return tuple(t * f + o for t, f, o in zip(translation, self.factors, self.offsets, strict=True))


def as_it_stands(image: Image) -> Placing:
    """Return the placing that changes nothing."""
    count = len(image.axes)
    return Placing((1.0,) * count, (0.0,) * count, tuple(axis.unit for axis in image.axes))


def placing(label: Image, image: Image) -> Placing:
    """Return where labels lie on their image.

    Parameters
    ----------
    label, image : Image
        Either placed by more than scale and translation: the labels are left as they stand.
    """
    own, main = label.levels[0], image.levels[0]
    if own.scale is None or own.translation is None or main.scale is None or main.translation is None:
        return as_it_stands(label)
    partners = [_partner(label, i, image) for i in range(len(label.axes))]
    spatial = [i for i, axis in enumerate(label.axes) if _is_space(axis)]
    placed = any(own.scale[i] != 1 or own.translation[i] != 0 for i in spatial)
    moved = any(own.translation[i] != main.translation[k] for i in spatial if (k := partners[i]) is not None)
    factors, offsets, units = [], [], []
    for i, (axis, k) in enumerate(zip(label.axes, partners, strict=True)):
        factor, offset, unit = 1.0, 0.0, axis.unit
        if k is not None:
            unit, step, size = image.axes[k].unit, abs(main.scale[k]) or 1.0, abs(own.scale[i]) or 1.0
            ratio = _exchanged(axis.unit, unit) if placed and i in spatial else None
            new = step * main.shape[k] / max(1, own.shape[i]) if ratio is None else size * ratio
            factor = 1.0 if isclose(new, size, rel_tol=1e-6) else new / size
            first = main.translation[k] + (new - step) / 2  # the edges of both lie on each other
            if ratio is not None and moved:
                first = own.translation[i] * ratio
            offset = first - factor * own.translation[i]
            offset = 0.0 if abs(offset) < 1e-6 * step else offset  # what rounding leaves is no shift
        factors.append(factor)
        offsets.append(offset)
        units.append(unit)
    covers = not placed and any(factors[i] != 1 for i in spatial)
    return Placing(tuple(factors), tuple(offsets), tuple(units), covers)


def laid_over(image: Image) -> tuple[str, ...]:
    """Return a line for each label image that is laid over all of an image since its pixels do not fit.

    Parameters
    ----------
    image : Image
        The main image. Labels that cannot be read are left out.
    """
    found = []
    with suppress(ZarrscopeError):
        for name in image.labels:
            with suppress(ZarrscopeError):
                if placing(image.label(name), image).covers:
                    found.append(
                        f"labels {name}: their pixel size does not fit the image's; laid over all of it"
                    )
    return tuple(found)


def _is_space(axis: Axis) -> bool:
    return axis.type == "space" or (not axis.type and axis.name in "xyz")


def _partner(label: Image, at: int, image: Image) -> int | None:
    """Return the axis of the image along which an axis of the labels runs; channels are no place."""
    if at == channel_axis(label.axes):
        return None
    name = label.axes[at].name
    return next((k for k, axis in enumerate(image.axes) if axis.name == name), None)


def _exchanged(unit: str | None, into: str | None) -> float | None:
    """Return what a length in one unit is in another; None where they cannot be compared."""
    return 1.0 if unit is None or into is None or unit == into else conversion(unit, into)
