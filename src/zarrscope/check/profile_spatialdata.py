"""The profile of SpatialData: containers of images, labels, points, shapes and tables that it reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zarrscope.check import rules_profiles as rules
from zarrscope.check.arrays import INTEGERS
from zarrscope.check.images import levels_of
from zarrscope.check.rules import problem
from zarrscope.store.contracts import Listable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from zarrscope.check.documents import Document, Documents
    from zarrscope.check.validation import Validation
    from zarrscope.check.walk import Place
    from zarrscope.report import Problem

_CONTAINERS = {2: ("0.1",), 3: ("0.2",)}
_RASTER = ("0.1", "0.2", "0.3")
_KNOWN = {
    "images": _RASTER, "labels": _RASTER, "points": ("0.1", "0.2"), "shapes": ("0.1", "0.2", "0.3"),
    "tables": ("0.1", "0.2"),
}  # fmt: skip
"""Versions of the encoding of elements, by the group that they stand in."""
_OWN = "spatialdata_attrs"
_OTHERS = ("points", "shapes", "tables")
_GLOBAL = "global"


def judge_spatialdata(
    places: list[Place], documents: Documents, zarr_format: int, found: Validation
) -> Iterator[Problem]:
    """Yield what the library of SpatialData would not read.

    Parameters
    ----------
    places : list of Place
        All of the hierarchy.
    documents : Documents
        For the root and for elements that are no images.
    zarr_format : int
        Of the root.
    found : Validation
        Receives what could not be judged.
    """
    yield from _container(documents.groups([""], zarr_format)[0], zarr_format)
    images = [p for p in places if "multiscales" in p.document.ours]
    for image in images:
        yield from _raster(image)
    others = _others(documents, zarr_format, found)
    for path, document in others.items():
        kind = path.partition("/")[0]
        yield from _version(kind, document)
        if kind != "tables":
            yield from _leads_to_global(document, document.attributes, "/coordinateTransformations")
    if not images and not others:
        file = "zarr.json" if zarr_format == 3 else ".zattrs"
        yield problem(rules.SPATIALDATA_ELEMENTS, "0.5", file, "", "there is no element")


def _container(root: Document, zarr_format: int) -> Iterator[Problem]:
    own = root.attributes.get(_OWN)
    version = own.get("version") if isinstance(own, dict) else None
    if version in _CONTAINERS[zarr_format] or (own is None and zarr_format == 2):
        return
    wanted = _CONTAINERS[zarr_format][0]
    message = f"the version of the container is {version!r:.40}" if own else f"{_OWN!r} is missing"
    hint = f'write "{_OWN}": {{"version": "{wanted}"}}'
    yield problem(rules.SPATIALDATA_CONTAINER, "0.5", root.file, _start(root), message, hint)


def _raster(image: Place) -> Iterator[Problem]:
    document = image.document
    kind, _, name = image.path.partition("/")
    if kind not in ("images", "labels") or not name or "/" in name:
        message = "an image stands here, not below 'images' or 'labels' of the root"
        yield problem(rules.SPATIALDATA_ELEMENTS, image.version, image.file, document.root, message)
        return
    yield from _version(kind, document)
    listed = document.ours["multiscales"]
    first = listed[0] if isinstance(listed, list) and listed and isinstance(listed[0], dict) else {}
    yield from _leads_to_global(document, first, "/multiscales/0/coordinateTransformations")
    if kind == "labels":
        for level in levels_of(image, 0):
            if level.facts.dtype not in INTEGERS:
                message = f"level {level.name!r} is {level.facts.dtype}"
                yield problem(rules.SPATIALDATA_INTEGER, image.version, level.file, "", message)


def _version(kind: str, document: Document) -> Iterator[Problem]:
    own = document.ours.get(_OWN, document.attributes.get(_OWN))
    if kind == "tables":
        own = document.attributes
    version = own.get("version") if isinstance(own, dict) else None
    if version in _KNOWN[kind]:
        return
    message = "no version is said" if version is None else f"the version is {version!r:.40}"
    hint = f"known are {', '.join(_KNOWN[kind])}"
    yield problem(rules.SPATIALDATA_VERSION, "0.5", document.file, _start(document), message, hint)


def _leads_to_global(document: Document, holder: Mapping[str, Any], pointer: str) -> Iterator[Problem]:
    steps = holder.get("coordinateTransformations")
    outputs = (
        [step.get("output") for step in steps if isinstance(step, dict)] if isinstance(steps, list) else []
    )
    names = [output.get("name") if isinstance(output, dict) else output for output in outputs]
    if _GLOBAL in names:
        return
    leads = (
        f"transformations lead to {', '.join(map(str, names))[:80]}"
        if names
        else "there is no transformation"
    )
    start = document.root if pointer.startswith("/multiscales") else _start(document)
    hint = "add an identity whose output is the system 'global'"
    yield problem(rules.SPATIALDATA_GLOBAL, "0.5", document.file, start + pointer, leads, hint)


def _others(documents: Documents, zarr_format: int, found: Validation) -> dict[str, Document]:
    """Return the elements that are no images, by path; only a store that can be listed tells them."""
    store = documents.store
    if not isinstance(store, Listable):
        found.unchecked.append("points, shapes and tables: a server cannot be asked for a list")
        return {}
    keys = (key for kind in _OTHERS for key in store.list(f"{kind}/"))
    paths = sorted({"/".join(key.split("/")[:2]) for key in keys if key.count("/") > 1})
    read = dict(zip(paths, documents.probe(paths, zarr_format), strict=True))
    return {path: document for path, document in read.items() if document.state == "group"}


def _start(document: Document) -> str:
    return "/attributes" if document.zarr_format == 3 else ""
