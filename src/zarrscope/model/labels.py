"""Label images: which pixels belong to which object, how objects look and what is known of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from zarrscope.model.axes import NOTHING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class LabelColor:
    """The colour of one label value: red, green, blue, opacity, each 0 to 255."""

    value: int
    rgba: tuple[int, int, int, int] | None = None
    extra: Mapping[str, Any] = field(default=NOTHING)


@dataclass(frozen=True, slots=True)
class LabelProperties:
    """What is known of one label value, as free keys."""

    value: int
    values: Mapping[str, Any] = field(default=NOTHING)


@dataclass(frozen=True, slots=True)
class LabelSource:
    """The image that was segmented; None means the usual ``../../``."""

    image: str | None = None
    extra: Mapping[str, Any] = field(default=NOTHING)


@dataclass(frozen=True, slots=True)
class ImageLabel:
    """What makes an image a label image (section ``image-label`` of the specification).

    Parameters
    ----------
    colors : tuple of LabelColor
        Where a value stands twice, the last one counts.
    properties : tuple of LabelProperties
        As colours.
    source : LabelSource, optional
        The image that was segmented.
    extra : mapping
        Keys of the document that the specification does not name.
    """

    colors: tuple[LabelColor, ...] = ()
    properties: tuple[LabelProperties, ...] = ()
    source: LabelSource | None = None
    extra: Mapping[str, Any] = field(default=NOTHING)
