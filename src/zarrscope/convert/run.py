"""A plan put into practice: image by image, the root document last."""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from zarrscope.array.group import Group, write_group
from zarrscope.convert.plan import ConversionPlan, ConvertOptions, plan_conversion
from zarrscope.errors import ArgumentError, MetadataError, UnsupportedError, ZarrscopeError
from zarrscope.model.collection import LAYOUT, SERIES_GROUP, Collection
from zarrscope.model.node import Node
from zarrscope.node.open import open_node
from zarrscope.omexml.read import read as read_ome
from zarrscope.omexml.write import ImageEntry, metadata_only
from zarrscope.omexml.write import write as write_ome
from zarrscope.source.registry import open_source
from zarrscope.spec.versions import encode, zarr_format_of
from zarrscope.store.keys import join, without_secrets
from zarrscope.store.resolve import is_remote, local_path, resolve_writable
from zarrscope.write.destination import Destination
from zarrscope.write.run import write_image

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from zarrscope.node.groups import ImageGroup
    from zarrscope.node.image import Image
    from zarrscope.omexml.schema import OME
    from zarrscope.store.contracts import Writable
    from zarrscope.write.image import ImageWriter

METADATA = "METADATA.ome.xml"

_CACHED = 1 / 8

_GROUP = ("zarr.json", ".zattrs", ".zgroup")
_COLLECTION_KEYS = (*_GROUP, *(join(SERIES_GROUP, name) for name in (*_GROUP, METADATA)))


def convert(
    source: str | os.PathLike[str],
    destination: str | os.PathLike[str],
    options: ConvertOptions | None = None,
    *,
    axes: str | None = None,
    overwrite: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Image | ImageGroup:
    """Convert anything that can be read into OME-Zarr, in one pass and bounded memory.

    Parameters
    ----------
    source : str or path-like
        A file, a folder or pattern of plane files, a Zarr.
    destination : str or path-like
        The folder to write.
    options : ConvertOptions, optional
        What to do differently from the defaults.
    axes : str, optional
        What the axes of the source are, in its own order, for example ``tzcyx``.
    overwrite : bool
        Replace a Zarr that stands at the destination.
    progress : callable, optional
        Receives the number of pixels of each region once it is stored.

    Returns
    -------
    Image or ImageGroup
        The result, open for reading: one image, or a collection of several.

    Raises
    ------
    NotFoundError, SourceError, UnsupportedError, ArgumentError, BudgetError, DestinationExistsError
        It cannot be done; nothing was written.
    AccessError, StoreError, CorruptDataError
        It failed midway; what had been written was removed.
    """
    check_apart(source, destination)
    with planned(source, options or ConvertOptions(), axes) as plan:
        store = resolve_writable(destination)
        run(plan, store, overwrite=overwrite, progress=progress)
    return open_node(store)


@contextmanager
def planned(
    source: str | os.PathLike[str], options: ConvertOptions, axes: str | None = None
) -> Iterator[ConversionPlan]:
    """Open a source, give the plan of its conversion, and close the source afterwards.

    Where the user bounds the memory, an eighth of it is for the segments that the source keeps
    because two regions share them; buffers have the rest.

    Parameters
    ----------
    source : str or path-like
        What is to be converted.
    options : ConvertOptions
        What the user asks for.
    axes : str, optional
        What the axes of the source are.
    """
    memory = options.pyramid.memory
    cache = None if memory is None else int(memory * _CACHED)
    options = replace(options, pyramid=replace(options.pyramid, reserve=_CACHED))
    with ExitStack() as stack:
        try:
            opened = stack.enter_context(open_source(os.fspath(source), axes=axes, cache=cache))
            plan = plan_conversion(opened, options)
        except ZarrscopeError as error:
            name = without_secrets(os.fspath(source))
            if name in str(error):
                raise
            raise type(error)(f"{name}: {error}") from error
        yield plan


def run(
    plan: ConversionPlan,
    store: Writable,
    *,
    overwrite: bool = False,
    progress: Callable[[int], None] | None = None,
) -> int:
    """Carry out a plan.

    Parameters
    ----------
    plan : ConversionPlan
        What to do.
    store : Writable
        Where to write.
    overwrite : bool
        Replace a Zarr that stands there.
    progress : callable, optional
        Receives the number of pixels of each region once it is stored.

    Returns
    -------
    int
        Encoded bytes of pixels that were written.
    """
    images: list[ImageWriter] = []
    options = plan.options
    with Destination(store, overwrite=overwrite) as place:
        try:
            _write_ome_group(plan, place.store)
            for scene in plan.scenes:
                image = write_image(
                    place.store, scene.path, scene.description, scene.levels, scene.pyramid, options.version,
                    options.codec, plan.workers, progress,
                )  # fmt: skip
                images.append(image)
            _write_root(plan, place.store)
        except BaseException:
            if place.store is store:
                _take_back(store, images)
            raise
    return sum(image.bytes_written for image in images)


def _take_back(store: Writable, images: Sequence[ImageWriter]) -> None:
    """Remove what was written in place: some complete images are not the conversion that was asked for."""
    for key in _COLLECTION_KEYS:
        store.delete(key)
    for image in images:
        image.remove()


def check_apart(source: str | os.PathLike[str], destination: str | os.PathLike[str]) -> None:
    """Refuse to write into what is being read.

    Raises
    ------
    ArgumentError
        One of the two lies inside the other.
    """
    if is_remote(os.fspath(source)) or is_remote(os.fspath(destination)):
        return
    one, two = (os.path.realpath(local_path(path)) for path in (source, destination))
    if one == two or two.startswith(one + os.sep) or one.startswith(two + os.sep):
        raise ArgumentError(f"{destination} and the source {source} lie inside one another; write elsewhere")


def _write_ome_group(plan: ConversionPlan, store: Writable) -> None:
    """Write the OME-XML, and for several images their list."""
    version = plan.options.version
    zarr_format = zarr_format_of(version)
    several = len(plan.scenes) > 1
    series = tuple(scene.path for scene in plan.scenes)
    listed = encode(Node(collection=Collection(series=series)), version) if several else {}
    xml = _ome_xml(plan)
    if xml is not None or several:
        write_group(store, SERIES_GROUP, Group(zarr_format, listed))
    if xml is not None:
        store.put(join(SERIES_GROUP, METADATA), xml.encode())


def _write_root(plan: ConversionPlan, store: Writable) -> None:
    """Write, for several images, the document that makes them one collection: the last of all."""
    if len(plan.scenes) > 1:
        version = plan.options.version
        root = encode(Node(collection=Collection(layout=LAYOUT)), version)
        write_group(store, "", Group(zarr_format_of(version), root))


def _ome_xml(plan: ConversionPlan) -> str | None:
    """Return the source's OME-XML where it tells the truth about these images, else one made of the plan."""
    options = plan.options
    said_otherwise = options.scale or options.unit or options.channel_names
    if plan.ome_xml is not None and not said_otherwise:
        try:
            if _agrees(read_ome(plan.ome_xml, file="OME-XML"), plan):
                return metadata_only(plan.ome_xml)
        except (MetadataError, UnsupportedError):
            pass  # the plan's own facts are still good
    entries = [
        ImageEntry(scene.description, scene.pyramid.levels[0].shape, str(scene.levels[0].dtype))
        for scene in plan.scenes
    ]
    try:
        return write_ome(entries)
    except UnsupportedError:
        return None  # OME-XML has no 64-bit integers, for example


def _agrees(ome: OME, plan: ConversionPlan) -> bool:
    """Return whether an OME-XML has these images, each of these sizes."""
    if len(ome.images) != len(plan.scenes):
        return False
    for image, scene in zip(ome.images, plan.scenes, strict=True):
        names = [axis.name for axis in scene.description.axes]
        sizes = dict(zip(names, scene.pyramid.levels[0].shape, strict=True))
        if any(sizes.get(name.lower(), 1) != size for name, size in image.pixels.sizes.items()):
            return False
    return True
