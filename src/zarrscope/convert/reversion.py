"""What the documents and arrays of a hierarchy become in another version: decode, then encode."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING, Any

from zarrscope.array.describe import describe
from zarrscope.array.presets import preset
from zarrscope.errors import MetadataError, UnsupportedError
from zarrscope.model.transforms import Identity, Scale
from zarrscope.pyramid.layout import clamp, shard_shape
from zarrscope.pyramid.levels import spatial_axes
from zarrscope.report import Severity
from zarrscope.spec.versions import encode, zarr_format_of
from zarrscope.store.keys import join

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zarrscope.array.chunked import ChunkedArray
    from zarrscope.array.metadata import ArrayMetadata
    from zarrscope.convert.hierarchy import Part
    from zarrscope.model.axes import Axis
    from zarrscope.model.multiscales import Multiscale
    from zarrscope.types import Shape

_DIMENSIONS = "_ARRAY_DIMENSIONS"

_MOST_UNITS = 10**9
"""Chunks or shards of one level: years of work where they are there, and an endless loop where not."""


def attributes_in(part: Part, version: str) -> dict[str, Any]:
    """Return the attributes of a group as a version says them.

    Parameters
    ----------
    part : Part
        The group.
    version : str
        Of OME-Zarr.

    Raises
    ------
    UnsupportedError
        The version cannot hold it.
    MetadataError
        So much of the document is broken that something would be lost.
    """
    if part.node is None or part.version == version:
        return dict(part.group.attributes)
    _check_whole(part)
    shapes = {array.path: array.shape for array in part.arrays}
    images = tuple(_placed(image, part.path, shapes) for image in part.node.multiscales)
    return encode(replace(part.node, multiscales=images), version)


def array_in(part: Part, array: ChunkedArray, version: str) -> ArrayMetadata:
    """Return what the array of a level becomes: the same pixels, chunks and attributes.

    Where the Zarr format stays, only the chunk keys of version 2 change: they become nested.

    Parameters
    ----------
    part : Part
        The image.
    array : ChunkedArray
        One of its levels.
    version : str
        Of OME-Zarr.

    Raises
    ------
    UnsupportedError, MetadataError, ArgumentError
        The Zarr format cannot hold it.
    """
    old, zarr_format = array.metadata, zarr_format_of(version)
    if zarr_format == old.zarr_format:
        return replace(old, separator="/") if zarr_format == 2 else old
    number = prod(-(-size // unit) for size, unit in zip(old.shape, old.unit, strict=True))
    if number > _MOST_UNITS:
        raise UnsupportedError(
            f"{array.store.url(array.path)} has {number} chunks; the limit is {_MOST_UNITS}"
        )
    axes = _axes(part, array)
    names = [axis.name for axis in axes]
    chunks = clamp(old.chunks, old.shape)
    attributes = {k: v for k, v in old.attributes.items() if k != _DIMENSIONS}
    if zarr_format == 2:
        attributes[_DIMENSIONS] = list(old.dimension_names or names)
    itemsize = old.dtype.itemsize
    return describe(
        old.shape,
        old.dtype,
        chunks,
        shards=shard_shape(old.shape, chunks, itemsize, spatial_axes(axes)) if zarr_format == 3 else None,
        codecs=preset("default", old.dtype, chunks, zarr_format=zarr_format),
        zarr_format=zarr_format,
        fill_value=old.fill,
        dimension_names=names if zarr_format == 3 else None,
        attributes=attributes,
    )


def _axes(part: Part, array: ChunkedArray) -> tuple[Axis, ...]:
    """Return the axes of the image that names an array."""
    images = part.node.multiscales if part.node else ()
    for image in images:
        if array.path in [join(part.path, dataset.path) for dataset in image.datasets]:
            if len(image.axes) != array.ndim:
                raise MetadataError(
                    f"{array.store.url(array.path)} has {array.ndim} axes, its image names {len(image.axes)}"
                )
            return image.axes
    raise AssertionError  # pragma: no cover - the arrays of a part are those that its images name


def _placed(image: Multiscale, path: str, shapes: Mapping[str, Shape]) -> Multiscale:
    """Return an image whose document says nowhere how large pixels are (0.1 to 0.3) with what shapes tell.

    Level 0 counts in its own pixels, and each coarser one in as many of them as its shape makes likely:
    whole numbers where these give that shape, however the last pixel was rounded.
    """
    bare = [dataset.transformation == Identity() for dataset in image.datasets]
    found = [shapes.get(join(path, dataset.path)) for dataset in image.datasets]
    if not found or not all(bare) or None in found or len({len(shape or ()) for shape in found}) > 1:
        return image
    finest = found[0] or ()
    datasets = tuple(
        replace(dataset, transformation=Scale(tuple(map(_factor, finest, shape or ()))))
        for dataset, shape in zip(image.datasets, found, strict=True)
    )
    return replace(image, datasets=datasets)


def _factor(finest: int, size: int) -> float:
    ratio = finest / size if finest and size else 1.0
    whole = max(1, round(ratio))
    return float(whole) if size in (finest // whole, -(-finest // whole)) else ratio


def _check_whole(part: Part) -> None:
    """Refuse a document of which some images or levels could not be understood: they would be lost.

    Raises
    ------
    MetadataError
        The message names the first of what is wrong.
    """
    said = part.group.attributes.get("ome", part.group.attributes)
    images = said.get("multiscales", []) if isinstance(said, dict) else []
    understood = part.node.multiscales if part.node else ()
    counts = [len(image.datasets) for image in understood]
    due = [_length(i.get("datasets", []) if isinstance(i, dict) else None) for i in _entries(images)]
    nameless = any(not image.axes or not all(d.path for d in image.datasets) for image in understood)
    if counts != due or nameless:
        grave = (p for p in part.report.problems if p.severity is Severity.MUST)
        first = next((f"{p.location}: {p.message}" for p in grave), "an axis or a path is missing")
        raise MetadataError(f"the document is broken ({first}); mend it first")


def _entries(value: Any) -> list[Any]:
    """Return a list itself; what is none counts as one entry that nobody understands."""
    return value if isinstance(value, list) else [value]


def _length(value: Any) -> int:
    return len(value) if isinstance(value, list) else -1
