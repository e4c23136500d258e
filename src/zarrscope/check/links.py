"""What the document of a group names: arrays of levels, label images, wells, fields, series, parameters.

The raw document is read, not the model: every path keeps the place where it stands, however broken
its surroundings are.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from zarrscope.model.collection import SERIES_GROUP

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from zarrscope.check.documents import Document

Role = Literal[
    "root", "level", "labels", "label", "row", "well", "field", "ome", "series", "member", "between",
    "matrix", "displacements",
]  # fmt: skip

ARRAYS: frozenset[Role] = frozenset({"level", "matrix"})
"""Roles of arrays; all others are groups."""

_DEEPEST = 32
OPTIONAL: frozenset[Role] = frozenset({"labels", "ome", "row", "between"})
"""Roles of groups that may be absent."""


class Link(NamedTuple):
    """One path in a document.

    Parameters
    ----------
    role : str
        What it ought to lead to.
    pointer : str
        Where it stands in the document; "" where no document names it.
    said : str
        The path as it stands there.
    place : tuple of int
        Index of the multiscale and of the dataset; index of well or field.
    """

    role: Role
    pointer: str
    said: str
    place: tuple[int, ...] = ()


def links(document: Document, role: Role) -> Iterator[Link]:
    """Yield all paths that the document of a group names, in the order in which they stand there."""
    ours, root = document.ours, document.root
    if isinstance(plate := ours.get("plate"), dict):
        yield from _plate(plate, f"{root}/plate")
    elif isinstance(well := ours.get("well"), dict):
        for i, image in _objects(well, "images"):
            yield from _path(image, "path", "field", f"{root}/well/images/{i}", (i,))
    elif "multiscales" in ours:
        for i, image in _objects(ours, "multiscales"):
            yield from _multiscale(image, f"{root}/multiscales/{i}", i)
        if role not in ("label", "displacements") and "image-label" not in ours:
            yield Link("labels", "", "labels")
    elif "bioformats2raw.layout" in ours:
        yield Link("ome", "", SERIES_GROUP)
    if isinstance(listed := ours.get("labels"), list):
        for i, path in enumerate(listed):
            if isinstance(path, str):
                yield from _between(path)
                yield Link("label", f"{root}/labels/{i}", path)
    if isinstance(scene := ours.get("scene"), dict):
        yield from _scene(scene, f"{root}/scene")


def series(document: Document) -> list[Link] | None:
    """Return the images that the group ``OME`` lists; None where it lists none."""
    listed = document.ours.get("series")
    if not isinstance(listed, list):
        return None
    root = document.root
    return [
        Link("series", f"{root}/series/{i}", path, (i,))
        for i, path in enumerate(listed)
        if isinstance(path, str)
    ]


def resolved(base: str, said: str) -> str | None:
    """Return the key that a relative path means, None where it leads out of the hierarchy or nowhere."""
    if not said or said.startswith("/") or "://" in said or "\\" in said:
        return None
    path = posixpath.normpath(posixpath.join("/", base, said))
    depth = base.count("/") + 1 if base else 0
    lowest = 0
    for part in said.split("/"):
        lowest += -1 if part == ".." else part not in ("", ".")
        if depth + lowest < 0:
            return None
    return path.strip("/")


def _plate(plate: Mapping[str, Any], pointer: str) -> Iterator[Link]:
    rows: set[str] = set()
    for i, well in _objects(plate, "wells"):
        said = well.get("path")
        if isinstance(said, str) and "/" in said and (row := said.partition("/")[0]) not in rows:
            rows.add(row)
            yield Link("row", f"{pointer}/wells/{i}/path", row)
        yield from _path(well, "path", "well", f"{pointer}/wells/{i}", (i,))


def _multiscale(image: Mapping[str, Any], pointer: str, number: int) -> Iterator[Link]:
    for i, dataset in _objects(image, "datasets"):
        yield from _path(dataset, "path", "level", f"{pointer}/datasets/{i}", (number, i))
        yield from _parameters(
            dataset.get("coordinateTransformations"), f"{pointer}/datasets/{i}/coordinateTransformations"
        )
    yield from _parameters(image.get("coordinateTransformations"), f"{pointer}/coordinateTransformations")


def _parameters(value: Any, pointer: str) -> Iterator[Link]:
    """Yield where the numbers of transformations lie that do not stand in the document (0.6)."""
    entries = value if isinstance(value, list) else [value]
    for i, entry in enumerate(entries):
        if not isinstance(entry, dict):
            continue
        here = f"{pointer}/{i}" if isinstance(value, list) else pointer
        if entry.get("type") in ("affine", "rotation"):
            yield from _path(entry, "path", "matrix", here)
        elif entry.get("type") in ("displacements", "coordinates"):
            yield from _path(entry, "path", "displacements", here)
        for key in ("transformations", "transformation", "forward", "inverse"):
            if key in entry:
                yield from _parameters(entry[key], f"{here}/{key}")


def _scene(scene: Mapping[str, Any], pointer: str) -> Iterator[Link]:
    seen: set[str] = set()
    for i, entry in _objects(scene, "coordinateTransformations"):
        here = f"{pointer}/coordinateTransformations/{i}"
        for side in ("input", "output"):
            target = entry.get(side)
            said = target.get("path") if isinstance(target, dict) else None
            if isinstance(said, str) and said.strip("./") and said not in seen:
                seen.add(said)
                yield Link("member", f"{here}/{side}/path", said)
    yield from _parameters(scene.get("coordinateTransformations"), f"{pointer}/coordinateTransformations")


def _between(path: str) -> Iterator[Link]:
    """Yield the groups that stand between ``labels`` and a label image in a deeper folder."""
    parts = path.strip("/").split("/")
    for end in range(1, min(len(parts), _DEEPEST)):
        yield Link("between", "", "/".join(parts[:end]))


def _objects(parent: Mapping[str, Any], key: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    listed = parent.get(key)
    for i, item in enumerate(listed if isinstance(listed, list) else ()):
        if isinstance(item, dict):
            yield i, item


def _path(
    entry: Mapping[str, Any], key: str, role: Role, pointer: str, place: tuple[int, ...] = ()
) -> Iterator[Link]:
    if isinstance(said := entry.get(key), str):
        yield Link(role, f"{pointer}/{key}", said, place)
