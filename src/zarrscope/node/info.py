"""What ``zarrscope info`` tells, as one JSON object."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from zarrscope.node.image import Image
from zarrscope.node.open import open_node

if TYPE_CHECKING:
    from zarrscope.node.groups import ImageGroup
    from zarrscope.node.image import Level


def info(node: Image | ImageGroup | str | os.PathLike[str]) -> dict[str, Any]:
    """Return what an image or a group of images is.

    Parameters
    ----------
    node : Image, ImageGroup, str or path-like
        An open one, or the address of one.

    Returns
    -------
    dict
        ``kind``, ``name``, ``version``, ``zarr_format``, ``axes`` (name, type, unit), ``levels``
        (path, shape, dtype, chunks, shards, scale, translation; lists in the order of ``axes``),
        ``channels`` (label, color), ``labels`` (names), ``images`` (paths; empty for one image).
        Axes, levels, channels and labels of a group are those of its first image.
    """
    if isinstance(node, str | os.PathLike):
        node = open_node(node)
    images: list[str] = []
    first: Image | None
    if isinstance(node, Image):
        first = node
    else:
        images = list(node.paths)
        first = node.image(images[0]) if images else None
    return {
        "kind": node.kind,
        "name": first.name if first else "",
        "version": node.version,
        "zarr_format": node.document.zarr_format,
        "axes": [{"name": a.name, "type": a.type, "unit": a.unit} for a in first.axes] if first else [],
        "levels": [_level(level, first) for level in first.levels] if first else [],
        "channels": [{"label": c.label, "color": c.color} for c in first.channels] if first else [],
        "labels": list(first.labels) if first else [],
        "images": images,
    }


def _level(level: Level, image: Image) -> dict[str, Any]:
    prefix = f"{image.document.path}/" if image.document.path else ""
    return {
        "path": level.path.removeprefix(prefix),
        "shape": list(level.shape),
        "dtype": str(level.dtype),
        "chunks": list(level.chunks),
        "shards": list(level.shards) if level.shards else None,
        "scale": list(level.scale) if level.scale else None,
        "translation": list(level.translation) if level.translation else None,
    }
