"""Version 0.5: Zarr 3, and everything of ours in one object ``ome`` that carries the version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zarrscope.spec.reader import Cursor, Fields, kind_of
from zarrscope.spec.v04 import V04

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zarrscope.model.node import Node
    from zarrscope.report import Report


class V05(V04):
    """What differs from 0.4."""

    version = "0.5"
    zarr_format = 3
    root = "/attributes/ome"
    versioned = frozenset({"image-label", "plate", "well"})

    def open(self, attributes: Mapping[str, Any], report: Report) -> tuple[Fields, Mapping[str, Any]]:
        """Return the members of ``ome``, and the attributes beside it."""
        ours = attributes.get("ome")
        fields = Fields(Cursor(ours if isinstance(ours, dict) else {}, self.root, report))
        if isinstance(ours, dict):
            if "version" not in fields:
                fields.cursor.note("ome/version", "'version' is missing")
            found = fields.text("version", "ome/version")
            if found is not None and found != self.version:
                message = f"the version is {kind_of(found)} where {self.version!r} belongs"
                fields.cursor.note("ome/version", message, at="version")
        return fields, {k: v for k, v in attributes.items() if k != "ome"}

    def close(self, body: dict[str, Any], node: Node) -> dict[str, Any]:
        """Put our keys into ``ome``."""
        rest = {k: v for k, v in node.extra.items() if k != "version"}
        return dict(node.attributes) | {"ome": {"version": self.version} | rest | body}
