"""What ``zarrscope info`` tells of an OME-Zarr, as one JSON object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zarrscope.node.image import Image
from zarrscope.node.scene import Scene
from zarrscope.spec.transformations06 import encode_transformation

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zarrscope.model.axes import Axis, CoordinateSystem
    from zarrscope.model.rendering import Channel
    from zarrscope.model.transforms import SystemReference, Transformation
    from zarrscope.node.groups import ImageGroup
    from zarrscope.node.image import Level


def node_info(node: Image | ImageGroup) -> dict[str, Any]:
    """Return what an image or a group of images is; the members are those of ``zarrscope.info``."""
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
        "format": "OME-Zarr",
        "version": node.version,
        "zarr_format": node.document.zarr_format,
        "axes": axes_info(axes),
        "levels": [_level(level, first) for level in first.levels] if first else [],
        "channels": channels_info(first.channels) if first else [],
        "labels": list(first.labels) if first else [],
        "images": images,
        "systems": [{"name": s.name, "axes": axes_info(s.axes)} for s in _systems(node) if s.name],
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


def axes_info(axes: Iterable[Axis]) -> list[dict[str, Any]]:
    """Return name, type and unit of each axis."""
    return [{"name": a.name, "type": a.type, "unit": a.unit} for a in axes]


def channels_info(channels: Iterable[Channel]) -> list[dict[str, Any]]:
    """Return label and colour of each channel."""
    return [{"label": c.label, "color": c.color} for c in channels]


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
