"""Version 0.9 (drafts): any number and order of axes (RFC-3), and which way of a body they run (RFC-4)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from zarrscope.model.axes import Axis, Orientation
from zarrscope.spec.reader import Fields
from zarrscope.spec.v06 import V06

if TYPE_CHECKING:
    from zarrscope.model.node import Node


class V09(V06):
    """What differs from 0.6."""

    version = "0.9"
    claims: ClassVar[tuple[str, ...]] = ("0.9.dev1", "0.9.dev2", "0.9")

    def decode_axis(self, item: Any) -> Axis:
        """Read one axis."""
        axis = super().decode_axis(item)
        entry = Fields(axis.extra)
        part = entry.object("orientation")
        if part is None:
            return axis
        found = Orientation(part.text("type"), part.text("value"), part.extra)
        return replace(axis, orientation=found, extra=entry.extra)

    def encode_axis(self, axis: Axis) -> dict[str, Any]:
        """Return one axis."""
        body = super().encode_axis(axis)
        if axis.orientation is None:
            return body
        said = {"type": axis.orientation.type, "value": axis.orientation.value}
        known = {k: v for k, v in said.items() if v is not None}
        return body | {"orientation": known | dict(axis.orientation.extra)}

    def close(self, body: dict[str, Any], node: Node) -> dict[str, Any]:
        """Put our keys into ``ome``, with the name of the one draft that has been published whole."""
        found = super().close(body, node)
        return found | {"ome": found["ome"] | {"version": self.claims[0]}}
