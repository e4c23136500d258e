"""What is known of an image before anybody decides how to store it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zarrscope.model.axes import Axis
    from zarrscope.model.labels import ImageLabel
    from zarrscope.model.rendering import Channel


@dataclass(frozen=True, slots=True)
class ImageDescription:
    """Name, axes, calibration and channels of one image.

    Parameters
    ----------
    name : str
        For people; may be empty.
    axes : tuple of Axis
        In the order of the pixels. The unit of a calibrated axis stands in the axis.
    scale : tuple of (float or None)
        Size of a pixel along each axis, None where unknown (never 0, never an invented 1).
    translation : tuple of (float or None), optional
        Position of the centre of the first pixel along each axis, in the unit of the axis.
    channels : tuple of Channel
        One for each index of the channel axis, or empty where nothing is known.
    label : ImageLabel, optional
        What makes it a label image; None for pictures.
    """

    name: str
    axes: tuple[Axis, ...]
    scale: tuple[float | None, ...]
    translation: tuple[float | None, ...] | None = None
    channels: tuple[Channel, ...] = ()
    label: ImageLabel | None = None
