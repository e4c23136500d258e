"""Version 0.5: Zarr 3, and everything of ours in one object ``ome`` that carries the version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from zarrscope.spec.v04 import V04

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zarrscope.model.node import Node


class V05(V04):
    """What differs from 0.4."""

    version = "0.5"
    claims: ClassVar[tuple[str, ...]] = ("0.5",)
    zarr_format = 3
    root = "/attributes/ome"
    versioned = frozenset({"image-label", "plate", "well"})

    def open(self, attributes: Mapping[str, Any]) -> tuple[dict[str, Any], Mapping[str, Any]]:
        """Return the members of ``ome``, and the attributes beside it.

        Lists of labels that were written beside ``ome`` are read as well, because tools did so.
        """
        found = attributes.get("ome")
        ours = dict(found) if isinstance(found, dict) else {}
        others = {k: v for k, v in attributes.items() if k != "ome"}
        if "labels" not in ours and isinstance(others.get("labels"), list):
            ours["labels"] = others.pop("labels")
        if isinstance(ours.get("version"), str):
            del ours["version"]
        return ours, others

    def close(self, body: dict[str, Any], node: Node) -> dict[str, Any]:
        """Put our keys into ``ome``."""
        rest = {k: v for k, v in node.extra.items() if k != "version"}
        return dict(node.attributes) | {"ome": {"version": self.version} | rest | body}
