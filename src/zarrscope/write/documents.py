"""The documents of an image: what they say, and, before the first pixel is read, how long they can become."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from zarrscope import __version__
from zarrscope.array.describe import to_documents
from zarrscope.documents import dump_json
from zarrscope.model.axes import channel_count
from zarrscope.model.build import LevelPlacement, multiscale_of
from zarrscope.model.collection import LAYOUT, Collection
from zarrscope.model.node import Node
from zarrscope.spec.versions import encode, zarr_format_of
from zarrscope.store.keys import join
from zarrscope.write.contrast import Contrast
from zarrscope.write.destination import Job

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy as np

    from zarrscope.array.metadata import ArrayMetadata
    from zarrscope.model.description import ImageDescription
    from zarrscope.model.rendering import Rendering
    from zarrscope.pyramid.plan import PyramidPlan


def group_documents(zarr_format: int) -> tuple[str, ...]:
    """Return the names of the documents of a group with attributes."""
    return ("zarr.json",) if zarr_format == 3 else (".zgroup", ".zattrs")


def image_attributes(
    description: ImageDescription, plan: PyramidPlan, version: str, rendering: Rendering | None = None
) -> dict[str, Any]:
    """Return the attributes that make a group an image, or a label image.

    Parameters
    ----------
    description, plan, version
        See ``ImageWriter``.
    rendering : Rendering, optional
        How it is shown.
    """
    placements = [LevelPlacement(level.path, level.downsampling, level.offset) for level in plan.levels]
    method = (plan.kernel or None) if len(placements) > 1 else None
    metadata = {"method": f"zarrscope {__version__}", "kwargs": {"kernel": method}} if method else None
    multiscale = multiscale_of(description, placements, method, metadata)
    # The image that a label image belongs to does not come along.
    label = replace(description.label, source=None) if description.label else None
    return encode(Node(multiscales=(multiscale,), rendering=rendering, image_label=label), version)


def series_attributes(paths: Sequence[str], version: str) -> dict[str, Any]:
    """Return the attributes that list several images, at these paths; none for a single one."""
    if len(paths) < 2:
        return {}
    return encode(Node(collection=Collection(series=tuple(paths))), version)


def collection_attributes(version: str) -> dict[str, Any]:
    """Return the attributes that make a group a collection of images."""
    return encode(Node(collection=Collection(layout=LAYOUT)), version)


def image_job(
    path: str,
    description: ImageDescription,
    dtype: np.dtype[Any],
    plan: PyramidPlan,
    version: str,
    arrays: Sequence[tuple[str, ArrayMetadata]],
) -> Job:
    """Return what writing an image comes to: its arrays, and its documents with the room that they need.

    Parameters
    ----------
    path, description, dtype, plan, version
        See ``ImageWriter``.
    arrays : sequence of (str, ArrayMetadata)
        Its levels.
    """
    zarr_format = zarr_format_of(version)
    attributes = image_attributes(description, plan, version, _longest(description, dtype, plan))
    documents = group_rooms(path, attributes, zarr_format)
    for name, metadata in arrays:
        for document, content in to_documents(metadata).items():
            documents.append((join(name, document), len(dump_json(content))))
    return Job(tuple(arrays), zarr_format, documents=tuple(documents), version=version)


def group_rooms(path: str, attributes: Mapping[str, Any], zarr_format: int) -> list[tuple[str, int]]:
    """Return the keys of a group's documents, and their lengths.

    Parameters
    ----------
    path : str
        Of the group.
    attributes : mapping
        Of it.
    zarr_format : int
        2 or 3.
    """
    if zarr_format == 3:
        whole = {"zarr_format": 3, "node_type": "group", "attributes": dict(attributes)}
        return [(join(path, "zarr.json"), len(dump_json(whole)))]
    rooms = [(join(path, ".zgroup"), len(dump_json({"zarr_format": 2})))]
    return rooms + ([(join(path, ".zattrs"), len(dump_json(dict(attributes))))] if attributes else [])


def together(jobs: Iterable[Job], more: Iterable[tuple[str, int]] = ()) -> Job:
    """Return several jobs as one; documents go level by level down from the root, JSON before the rest.

    Parameters
    ----------
    jobs : iterable of Job
        At least one.
    more : iterable of (str, int)
        Other documents and their lengths.
    """
    listed = list(jobs)
    documents = [*more, *(document for job in listed for document in job.documents)]

    def place(document: tuple[str, int]) -> tuple[bool, int]:
        key = document[0]
        return not key.rpartition("/")[2].startswith(("zarr.json", ".z")), key.count("/")

    arrays = tuple(array for job in listed for array in job.arrays)
    return replace(listed[0], arrays=arrays, documents=tuple(sorted(documents, key=place)))


def _longest(description: ImageDescription, dtype: np.dtype[Any], plan: PyramidPlan) -> Rendering | None:
    """Return a rendering whose windows are as long, in JSON, as numbers get."""
    if description.label:
        return None
    contrast = Contrast(description, dtype, plan.levels[-1].chunks)
    count = channel_count(description.axes, plan.levels[0].shape)
    most = sys.float_info.max.hex()
    contrast.recall({str(channel): (f"-{most}", most) for channel in range(count)})
    return contrast.rendering()
