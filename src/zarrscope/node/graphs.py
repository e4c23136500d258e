"""Graphs of coordinate systems over the documents that speak of each other."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from zarrscope.errors import InvalidKeyError, MetadataError, NotFoundError, UnsupportedError
from zarrscope.executor import fan_out
from zarrscope.model.graph import Graph, graph_of_image, graph_of_scene, joined, normal_path
from zarrscope.node.document import Document, read_document
from zarrscope.node.parameters import StoredParameters, bound

if TYPE_CHECKING:
    from zarrscope.model.multiscales import Multiscale


def graph_of_document(document: Document) -> Graph:
    """Return the graph of a document, and of those below it that its transformations name.

    Matrices that stand in arrays are read, fields opened; whatever of them is missing or damaged makes
    its transformation one that says so when it is asked.

    Parameters
    ----------
    document : Document
        Of an image or a scene. Paths in the graph are relative to its group.
    """
    model, parameters = document.model, StoredParameters(document.store, document.path)
    parts = [graph_of_image(image) for image in _images(document)]
    ends = [end for image in model.multiscales for t in image.transformations for end in (t.input, t.output)]
    named = [end.path for end in ends if end is not None and end.path and end.name is not None]
    if model.scene is not None:
        scene = replace(model.scene, transformations=bound(model.scene.transformations, parameters))
        parts.append(graph_of_scene(scene, {}))
        named.extend(scene.paths)
    own = {""} | {normal_path(dataset.path) for image in model.multiscales for dataset in image.datasets}
    paths = [path for path in dict.fromkeys(map(normal_path, named)) if path not in own]
    below = fan_out(lambda path: _below(document, path), paths)
    for path, images in zip(paths, below, strict=True):
        parts.extend(graph_of_image(image, path) for image in images)
    return joined(parts)


def _below(document: Document, path: str) -> tuple[Multiscale, ...]:
    """Return the images of another group; none where it cannot be read: its systems then have no axes."""
    place = normal_path(document.path, path)
    try:
        found = read_document(document.store, place, document.zarr_format)
    except (NotFoundError, UnsupportedError, MetadataError, InvalidKeyError):
        return ()
    return _images(found)


def _images(document: Document) -> tuple[Multiscale, ...]:
    parameters = StoredParameters(document.store, document.path)
    return tuple(
        replace(image, transformations=bound(image.transformations, parameters))
        for image in document.model.multiscales
    )
