"""Version 0.2: always five axes, t, c, z, y, x, which the document does not name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zarrscope.model.axes import Axis
from zarrscope.spec.v03 import TYPES, V03

if TYPE_CHECKING:
    from zarrscope.spec.reader import Fields


class V02(V03):
    """What differs from 0.3."""

    version = "0.2"
    claims = ("0.2",)

    def decode_axes(self, part: Fields) -> tuple[Axis, ...]:
        """Return the five axes."""
        return tuple(Axis(name, kind) for name, kind in TYPES.items())
