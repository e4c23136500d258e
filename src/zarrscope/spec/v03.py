"""Version 0.3: axes are plain names, and nothing says where the levels lie."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zarrscope.model.axes import Axis
from zarrscope.model.transforms import Identity
from zarrscope.spec.v04 import V04

if TYPE_CHECKING:
    from zarrscope.model.transforms import Transformation
    from zarrscope.spec.reader import Fields

TYPES = {"t": "time", "c": "channel", "z": "space", "y": "space", "x": "space"}


class V03(V04):
    """What differs from 0.4."""

    version = "0.3"
    claims = ("0.3",)
    indexed_wells = False

    def decode_axis(self, item: Any) -> Axis:
        """Read the name of an axis."""
        name = item if isinstance(item, str) else ""
        return Axis(name, TYPES.get(name))

    def decode_common(self, part: Fields) -> tuple[Transformation, ...]:
        """Return nothing: there are none."""
        return ()

    def decode_placement(self, entry: Fields) -> Transformation:
        """Return the identity: nothing is said."""
        return Identity()

    def pointer(self, path: str) -> str:
        """Return where a path of the model stands in the document."""
        return super().pointer(path.removesuffix(".name"))
