"""What ``zarrscope info`` tells, as one JSON object."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from zarrscope.node.image import Image
from zarrscope.node.open import open_node
from zarrscope.node.scene import Scene
from zarrscope.spec.transformations06 import encode_transformation

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zarrscope.model.axes import Axis, CoordinateSystem
    from zarrscope.model.transforms import SystemReference, Transformation
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
        ``channels`` (label, color), ``labels`` (names), ``images`` (paths; empty for one image),
        ``systems`` (name, axes) and ``transformations`` (type, name, from, to; both ends with path and
        name) that the document of an image or scene declares, empty before 0.6.
        Axes, levels, channels and labels of a group are those of its first image; of a scene the first
        that is there.
    """
    if isinstance(node, str | os.PathLike):
        node = open_node(node)
    images: list[str] = []
    first: Image | None
    if isinstance(node, Image):
        first = node
    else:
        images = list(node.paths)
        first = _first(node)
    axes = first.axes if first else ()
    return {
        "kind": node.kind,
        "name": first.name if first and not isinstance(node, Scene) else "",
        "version": node.version,
        "zarr_format": node.document.zarr_format,
        "axes": _axes(axes),
        "levels": [_level(level, first) for level in first.levels] if first else [],
        "channels": [{"label": c.label, "color": c.color} for c in first.channels] if first else [],
        "labels": list(first.labels) if first else [],
        "images": images,
        "systems": [{"name": s.name, "axes": _axes(s.axes)} for s in _systems(node) if s.name],
        "transformations": [_transformation(step) for step in _transformations(node)],
    }


def _first(group: ImageGroup) -> Image | None:
    """Return the first image, of a scene the first that is there."""
    if isinstance(group, Scene):
        return next((image for image in map(group.find, group.paths) if image is not None), None)
    return group.image(group.paths[0]) if group.paths else None


def _systems(node: Image | ImageGroup) -> tuple[CoordinateSystem, ...]:
    return node.systems if isinstance(node, Image | Scene) else ()


def _transformations(node: Image | ImageGroup) -> tuple[Transformation, ...]:
    if isinstance(node, Image):
        return node.multiscale.edges
    scene = node.document.model.scene
    return scene.transformations if scene is not None and isinstance(node, Scene) else ()


def _transformation(step: Transformation) -> dict[str, Any]:
    kind = encode_transformation(step).get("type")
    return {"type": kind, "name": step.name, "from": _end(step.input), "to": _end(step.output)}


def _end(end: SystemReference | None) -> dict[str, Any]:
    return {"path": end.path or "" if end else "", "name": end.name if end else None}


def _axes(axes: Iterable[Axis]) -> list[dict[str, Any]]:
    return [{"name": a.name, "type": a.type, "unit": a.unit} for a in axes]


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
