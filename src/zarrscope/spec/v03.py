"""Version 0.3: axes are plain names, and nothing says where the levels lie."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zarrscope.model.axes import Axis
from zarrscope.model.transforms import Identity
from zarrscope.spec.reader import kind_of
from zarrscope.spec.v04 import V04

if TYPE_CHECKING:
    from zarrscope.model.transforms import Transformation
    from zarrscope.spec.reader import Fields

TYPES = {"t": "time", "c": "channel", "z": "space", "y": "space", "x": "space"}


class V03(V04):
    """What differs from 0.4."""

    version = "0.3"
    indexed_wells = False

    def decode_axes(self, part: Fields) -> tuple[Axis, ...]:
        """Read the names of the axes."""
        cursor = part.need("axes", "axes/list")
        found = []
        for item in cursor.items("axes/list", "'axes'") if cursor else ():
            name = item.text()
            if name not in TYPES:
                item.note("axes/name", f"an axis must be one of t, c, z, y, x, found {kind_of(item.value)}")
            found.append(Axis(name or "", TYPES.get(name or "")))
        return tuple(found)

    def decode_common(self, part: Fields) -> tuple[Transformation, ...]:
        """Return nothing: there are none."""
        return ()

    def decode_placement(self, entry: Fields) -> Transformation:
        """Return the identity: nothing is said."""
        return Identity()

    def pointer(self, path: str) -> str:
        """Return where a path of the model stands in the document."""
        return super().pointer(path.removesuffix(".name"))
