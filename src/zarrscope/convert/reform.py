"""The new form of a level that is copied: other chunks, shards, codec; and images with fewer levels."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from zarrscope.array.describe import describe
from zarrscope.array.presets import preset
from zarrscope.errors import ArgumentError
from zarrscope.pyramid.layout import clamp, clamp_shard, shard_shape
from zarrscope.pyramid.levels import spatial_axes
from zarrscope.store.keys import join

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zarrscope.array.chunked import ChunkedArray
    from zarrscope.array.metadata import ArrayMetadata
    from zarrscope.convert.copy_plan import CopyOptions
    from zarrscope.convert.hierarchy import Part
    from zarrscope.model.axes import Axis


def becomes(form: ArrayMetadata, part: Part, path: str, options: CopyOptions) -> ArrayMetadata:
    """Return what a level becomes.

    Parameters
    ----------
    form : ArrayMetadata
        What it would be if only the version changed.
    part : Part
        The image that it belongs to.
    path : str
        Of the level.
    options : CopyOptions
        What is to change.

    Raises
    ------
    ArgumentError
        An axis that the image has not, or shards where there can be none.
    """
    if options.chunks is None and options.shards is None and options.codec is None:
        return form
    axes = _axes(part, path)
    names = [axis.name for axis in axes]
    chunk = clamp(_asked(form.chunks, options.chunks, names, "chunks"), form.shape)
    shard = None
    if isinstance(options.shards, dict):
        if form.zarr_format == 2:
            raise ArgumentError(
                "OME-Zarr up to 0.4 is Zarr v2, which has no shards; leave --shards out, or add --version 0.5"
            )
        wanted = _asked(form.shards or chunk, options.shards, names, "shards")
        shard = clamp_shard(wanted, chunk, form.shape)
    elif form.shards and options.shards is None:
        default = shard_shape(form.shape, chunk, form.dtype.itemsize, spatial_axes(axes))
        shard = form.shards if options.chunks is None else default
    codecs = preset(options.codec or "default", form.dtype, chunk, zarr_format=form.zarr_format)
    return describe(
        form.shape, form.dtype, chunk, shards=shard, codecs=codecs, zarr_format=form.zarr_format,
        fill_value=form.fill_value, separator="/", dimension_names=form.dimension_names,
        attributes=form.attributes,
    )  # fmt: skip


def with_levels(
    part: Part, attributes: dict[str, Any], count: int | None
) -> tuple[Sequence[ChunkedArray], dict[str, Any]]:
    """Return the levels of an image that are kept, and its attributes without the others.

    Parameters
    ----------
    part : Part
        A group of the hierarchy.
    attributes : dict
        Its attributes in the new form.
    count : int, optional
        Keep so many, the finest.

    Raises
    ------
    ArgumentError
        There are not so many.
    """
    if count is None or part.node is None or not part.node.multiscales:
        return part.arrays, attributes
    kept, cut = set(), deepcopy(attributes)
    holder = cut["ome"] if isinstance(cut.get("ome"), dict) else cut
    for multiscale, told in zip(part.node.multiscales, holder["multiscales"], strict=True):
        if count > len(multiscale.datasets):
            raise ArgumentError(
                f"{part.path or 'the image'} has {len(multiscale.datasets)} level(s), not {count}; "
                "'zarrscope convert' makes more of them"
            )
        kept |= {join(part.path, dataset.path) for dataset in multiscale.datasets[:count]}
        told["datasets"] = told["datasets"][:count]
    return [array for array in part.arrays if array.path in kept], cut


def _axes(part: Part, path: str) -> Sequence[Axis]:
    for multiscale in part.node.multiscales if part.node else ():
        if any(join(part.path, dataset.path) == path for dataset in multiscale.datasets):
            return multiscale.axes
    return ()


def _asked(
    default: tuple[int, ...], sizes: dict[str, int] | None, names: list[str], what: str
) -> tuple[int, ...]:
    for name, size in (sizes or {}).items():
        if name not in names:
            raise ArgumentError(f"{what}: there is no axis {name!r}; the axes are {', '.join(names)}")
        if size < 1:
            raise ArgumentError(f"{what} {name} must be at least 1, not {size}")
    return tuple(
        (sizes or {}).get(name, n) for name, n in zip(names or [""] * len(default), default, strict=True)
    )
