"""What ``zarrscope info`` tells of anything that can be read, in one form."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from zarrscope.errors import NotFoundError, UnsupportedError
from zarrscope.node.groups import ImageGroup
from zarrscope.node.image import Image
from zarrscope.node.info import axes_info, channels_info, node_info
from zarrscope.node.open import open_node
from zarrscope.source.ordered import images_of
from zarrscope.source.registry import ZARR, format_of, open_source

if TYPE_CHECKING:
    from zarrscope.source.contracts import Scene, Source


def info(thing: Image | ImageGroup | Source | str | os.PathLike[str]) -> dict[str, Any]:
    """Return what an OME-Zarr, or any source that can be converted, holds. No pixels are read.

    Parameters
    ----------
    thing : Image, ImageGroup, Source, str or path-like
        An open one, or the address of one.

    Returns
    -------
    dict
        ``kind``, ``name``, ``format``, ``version``, ``zarr_format``, ``axes`` (name, type, unit), ``levels``
        (path, shape, dtype, chunks, shards, scale, translation; lists in the order of ``axes``),
        ``channels`` (label, color), ``labels`` (names), ``images`` (paths, or the names of series; empty for
        one image), ``systems`` (name, axes) and ``transformations`` (type, name, from, to; both ends with
        path and name) that the document of an image or scene declares, empty before 0.6.
        Axes, levels, channels and labels of a group are those of its first image; of a scene the first
        that is there.
        Of a source that is no OME-Zarr ``version`` and ``zarr_format`` are None, as are the numbers of
        ``scale`` and ``translation`` that it does not say, and ``scenes`` has name, axes, levels, channels,
        ``associated`` (whether it is a thumbnail or label of another) and ``notes`` of each of its images.

    Raises
    ------
    NotFoundError, SourceError, UnsupportedError, MetadataError
        It cannot be read.
    """
    if isinstance(thing, Image | ImageGroup):
        return node_info(thing)
    if not isinstance(thing, str | os.PathLike):
        return source_info(thing)
    found, name = open_any(os.fspath(thing))
    if isinstance(found, Image | ImageGroup):
        return node_info(found)
    with found:
        return source_info(found, name)


def open_any(address: str) -> tuple[Image | ImageGroup | Source, str]:
    """Return the node of an OME-Zarr, a source of anything else, and the name of the format.

    Raises
    ------
    NotFoundError, SourceError, UnsupportedError, MetadataError
        It cannot be read.
    """
    row, place = format_of(address)
    if row is ZARR:
        try:
            return open_node(address), "OME-Zarr"
        except (NotFoundError, UnsupportedError):
            pass  # an array that is no OME-Zarr is a source too; if there is none, opening it says the same
    return open_source(place), row.name


def source_info(source: Source, name: str = "") -> dict[str, Any]:
    """Return what a source holds; the members are those of ``info``.

    Parameters
    ----------
    source : Source
        It stays open.
    name : str
        Of its format.
    """
    images = images_of(source.scenes)
    first = _scene(images[0])
    return {
        "kind": "image" if len(images) == 1 else "series",
        "name": first["name"] if len(images) == 1 else "",
        "format": name,
        "version": None,
        "zarr_format": None,
        "axes": first["axes"],
        "levels": first["levels"],
        "channels": first["channels"],
        "labels": [],
        "images": [scene.description.name for scene in images] if len(images) > 1 else [],
        "systems": [],
        "transformations": [],
        "scenes": [_scene(scene) for scene in source.scenes],
    }


def _scene(scene: Scene) -> dict[str, Any]:
    known = scene.description
    return {
        "name": known.name,
        "associated": scene.associated,
        "axes": axes_info(known.axes),
        "levels": [_level(scene, number) for number in range(len(scene.levels))],
        "channels": channels_info(known.channels),
        "notes": list(scene.notes),
    }


def _level(scene: Scene, number: int) -> dict[str, Any]:
    level, known = scene.levels[number], scene.description
    scale: list[float | None] | None = None
    translation: list[float | None] | None = None
    if number == 0:
        scale = list(known.scale)
        translation = list(known.translation) if known.translation else None
    elif scene.placements:
        factors = scene.placements[number][0]
        scale = [None if s is None else s * f for s, f in zip(known.scale, factors, strict=True)]
    return {
        "path": str(number),
        "shape": list(level.shape),
        "dtype": str(level.dtype),
        "chunks": list(level.chunks),
        "shards": None,
        "scale": scale,
        "translation": translation,
    }
