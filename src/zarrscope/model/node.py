"""What one metadata document says."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from zarrscope.model.axes import NOTHING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zarrscope.model.collection import Collection
    from zarrscope.model.labels import ImageLabel
    from zarrscope.model.multiscales import Multiscale
    from zarrscope.model.plate import Plate, Well
    from zarrscope.model.rendering import Rendering
    from zarrscope.model.scene import Scene

Kind = Literal["image", "label", "labels", "plate", "well", "scene", "collection"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """All that one document of a group says; parts that it does not have are empty or None.

    Parameters
    ----------
    multiscales : tuple of Multiscale
        Of an image or a label image; a reader takes the first.
    rendering : Rendering, optional
        How the image wants to be shown.
    image_label : ImageLabel, optional
        What makes the image a label image.
    labels : tuple of str, optional
        Paths of the label images below a ``labels`` group.
    plate : Plate, optional
        Of a plate.
    well : Well, optional
        Of a well.
    collection : Collection, optional
        Layout of a root with several images, or the list of series.
    scene : Scene, optional
        How images below the group lie to each other (0.6).
    fragment : Scene, optional
        Systems and transformations that stand in the document for themselves, as drafts of 0.6 wrote them
        beside fields of vectors.
    unversioned : frozenset of str
        Parts whose document left out the version that it may carry, so that it goes back as it came.
    extra : mapping
        Unknown keys beside those above (inside ``ome`` since 0.5).
    attributes : mapping
        All other attributes of the group, which are none of our business.
    """

    multiscales: tuple[Multiscale, ...] = ()
    rendering: Rendering | None = None
    image_label: ImageLabel | None = None
    labels: tuple[str, ...] | None = None
    plate: Plate | None = None
    well: Well | None = None
    collection: Collection | None = None
    scene: Scene | None = None
    fragment: Scene | None = None
    unversioned: frozenset[str] = frozenset()
    extra: Mapping[str, Any] = field(default=NOTHING)
    attributes: Mapping[str, Any] = field(default=NOTHING)

    @property
    def kind(self) -> Kind:
        """What stands there; a plate wins over a layout, as the specification demands."""
        if self.plate is not None:
            return "plate"
        if self.well is not None:
            return "well"
        if self.image_label is not None:
            return "label"
        if self.multiscales:
            return "image"
        if self.labels is not None:
            return "labels"
        if self.collection is not None:
            return "collection"
        return "scene" if self.scene is not None else "image"
