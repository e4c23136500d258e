"""A plan put into practice: image by image, the root document last."""

from __future__ import annotations

import os
import posixpath
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from zarrscope.array.group import Group, write_group
from zarrscope.convert.estimate import compression
from zarrscope.convert.plan import ConversionPlan, ConvertOptions, plan_conversion
from zarrscope.convert.resume import Before, Wish, check_unchanged, given_options, same_cut, take_up
from zarrscope.convert.told import run_as_json
from zarrscope.errors import ArgumentError, SourceError, ZarrscopeError
from zarrscope.log import run_id
from zarrscope.model.collection import SERIES_GROUP
from zarrscope.node.open import open_node
from zarrscope.omexml.beside import beside
from zarrscope.omexml.write import ImageEntry
from zarrscope.source.registry import open_source
from zarrscope.spec.versions import zarr_format_of
from zarrscope.store.keys import join, without_secrets
from zarrscope.store.resolve import is_remote, local_path, resolve, resolve_writable
from zarrscope.write.destination import Destination, Job
from zarrscope.write.documents import (
    collection_attributes,
    group_rooms,
    image_job,
    series_attributes,
    together,
)
from zarrscope.write.image import arrays_of, check_form
from zarrscope.write.room import NOTES, check_room
from zarrscope.write.run import write_image
from zarrscope.write.standing import leftover

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from zarrscope.node.groups import ImageGroup
    from zarrscope.node.image import Image
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
    resume: bool = False,
    manifest: bool = True,
    verify: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Image | ImageGroup:
    """Convert anything that can be read into OME-Zarr, in one pass and bounded memory.

    What is finished is kept when something fails: ``resume=True`` goes on from it, to the same bytes as
    in one run.

    Parameters
    ----------
    source : str or path-like
        A file, a folder or pattern of plane files, a Zarr.
    destination : str or path-like
        Where to write: a folder, an archive (``.ozx``, ``.zip``), an address of an object store.
    options : ConvertOptions, optional
        What to do differently from the defaults.
    axes : str, optional
        What the axes of the source are, in its own order, for example ``tzcyx``.
    overwrite : bool
        Replace a Zarr that stands at the destination.
    resume : bool
        Go on with the unfinished run that stands there, with its own options where none are given; a
        finished result is returned as it is; where there is nothing, begin.
    manifest : bool
        Leave size and checksum of all that was written in ``.zarrscope``, with the record of the run.
    verify : bool
        Read every unit back once it is stored, and compare it with the pixels of the source.
    progress : callable, optional
        Receives the number of pixels of each region once it is stored.

    Returns
    -------
    Image or ImageGroup
        The result, open for reading: one image, or a collection of several.

    Raises
    ------
    NotFoundError, SourceError, UnsupportedError, ArgumentError, BudgetError, DestinationExistsError
        It cannot be done; nothing was written. Also where the source or the options are not those of
        the run that is to be resumed.
    AccessError, StoreError, CorruptDataError
        It failed midway; what is finished is kept.
    """
    check_apart(source, destination)
    store = resolve_writable(destination)
    wish = Wish(options or ConvertOptions(), axes, None if manifest and resume else manifest)
    before = take_up(store, wish, given_options(wish)) if resume else Before(wish, {})
    with planned(source, before.wish.options, before.wish.axes) as plan:
        check_unchanged(before, plan)
        if not before.finished:
            run(plan, store, before, overwrite=overwrite, verify=verify, progress=progress)
    return open_node(resolve(destination))


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
            plan = replace(plan, source=os.fspath(source), axes=axes)
        except ZarrscopeError as error:
            name = without_secrets(os.fspath(source))
            if name in str(error):
                raise
            raise type(error)(f"{name}: {error}") from error
        yield plan


class Written(NamedTuple):
    """What holds the pixels of a result.

    Parameters
    ----------
    files : int
        How many.
    bytes : int
        Their sizes together.
    """

    files: int
    bytes: int


def run(
    plan: ConversionPlan,
    store: Writable,
    before: Before | None = None,
    *,
    overwrite: bool = False,
    verify: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Written:
    """Carry out a plan.

    Parameters
    ----------
    plan : ConversionPlan
        What to do.
    store : Writable
        Where to write.
    before : Before, optional
        What an earlier run has left, to go on with.
    overwrite : bool
        Replace a Zarr that stands there.
    verify : bool
        Read every unit back once it is stored, and compare.
    progress : callable, optional
        Receives the number of pixels of each region once it is stored.

    Returns
    -------
    Written
        How much pixels take in all, with what earlier runs have finished.

    Raises
    ------
    ZarrscopeError
        It failed; the message says what is kept, and how to go on.
    """
    before = before or Before(Wish(plan.options, plan.axes), {})
    if before.unfinished:
        plan = same_cut(before, plan)
    xml = _ome_xml(plan)
    job = _job(plan, before, xml)
    place = Destination(store, job, overwrite=overwrite, resume=before.unfinished)
    if not before.unfinished:
        files = plan.files + len(job.documents) + NOTES
        packed = plan.options.codec != "none"
        check_room(store, plan.raw_bytes, files, lambda: compression(plan), compressed=packed)
    try:
        with place:
            return _write(plan, place, xml, verify=verify, progress=progress)
    except ZarrscopeError as error:
        if place.kept:
            raise type(error)(f"{error}; {leftover(store)}") from error
        raise


def _write(
    plan: ConversionPlan,
    place: Destination,
    xml: str | None,
    *,
    verify: bool,
    progress: Callable[[int], None] | None,
) -> Written:
    """Write image by image, and the root last of all."""
    options, store = plan.options, place.store
    images: list[ImageWriter] = []
    try:
        _write_ome_group(plan, store, xml)
        for scene in plan.scenes:
            image = write_image(
                store, scene.path, scene.description, scene.levels, scene.pyramid, options.version,
                options.codec, plan.workers, progress, place.journal, verify=verify,
            )  # fmt: skip
            images.append(image)
        if plan.fingerprint and plan.state() != plan.fingerprint:
            raise SourceError(
                f"{without_secrets(plan.source)} has changed while it was converted; convert it again"
            )
        _write_root(plan, store)
    except BaseException:
        if not place.kept:
            _take_back(store, images)
        raise
    units = place.journal.table
    return Written(int((units.size > 0).sum()), units.bytes)


def _job(plan: ConversionPlan, before: Before, xml: str | None) -> Job:
    """Return what the run comes to: all arrays, all documents, and what it is."""
    options, jobs = plan.options, []
    for scene in plan.scenes:
        dtype = scene.levels[0].dtype
        forms = check_form(scene.description, dtype, scene.pyramid, options.version, options.codec)
        arrays = arrays_of(scene.path, scene.pyramid, forms)
        jobs.append(image_job(scene.path, scene.description, dtype, scene.pyramid, options.version, arrays))
    zarr_format, more = zarr_format_of(options.version), []
    if len(jobs) > 1:
        more += group_rooms("", collection_attributes(options.version), zarr_format)
    if xml is not None or len(jobs) > 1:
        more += group_rooms(SERIES_GROUP, _listed(plan), zarr_format)
    if xml is not None:
        more.append((join(SERIES_GROUP, METADATA), len(xml.encode())))
    manifest = before.wish.manifest is not False
    told = before.run or run_as_json(plan, run_id(), manifest=manifest)
    return replace(together(jobs, more), told=told, manifest=manifest)


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
    one, two = _normal(source), _normal(destination)
    for place in (two, f"{two}.part", f"{two}.zarrscope"):
        if one == place or f"{place}/".startswith(f"{one}/") or f"{one}/".startswith(f"{place}/"):
            names = [without_secrets(os.fspath(name)) for name in (destination, source)]
            raise ArgumentError(
                f"{names[0]} and the source {names[1]} lie inside one another; write elsewhere"
            )


def _normal(address: str | os.PathLike[str]) -> str:
    """Return an address so that two of one place are the same."""
    text = os.fspath(address)
    if not is_remote(text):
        return os.path.realpath(local_path(address)).replace(os.sep, "/")
    scheme, _, rest = text.partition("://")
    return f"{scheme.lower()}://{posixpath.normpath(rest.partition('?')[0])}"


def _write_ome_group(plan: ConversionPlan, store: Writable, xml: str | None) -> None:
    """Write the OME-XML, and for several images their list."""
    if xml is not None or len(plan.scenes) > 1:
        write_group(store, SERIES_GROUP, Group(zarr_format_of(plan.options.version), _listed(plan)))
    if xml is not None:
        store.put(join(SERIES_GROUP, METADATA), xml.encode())


def write_documents(plan: ConversionPlan, store: Writable) -> None:
    """Write all documents but those of the images.

    Parameters
    ----------
    plan : ConversionPlan
        What is converted.
    store : Writable
        Receives them.
    """
    _write_ome_group(plan, store, _ome_xml(plan))
    _write_root(plan, store)


def _listed(plan: ConversionPlan) -> dict[str, Any]:
    return series_attributes([scene.path for scene in plan.scenes], plan.options.version)


def _write_root(plan: ConversionPlan, store: Writable) -> None:
    """Write, for several images, the document that makes them one collection: the last of all."""
    if len(plan.scenes) > 1:
        write_group(
            store,
            "",
            Group(zarr_format_of(plan.options.version), collection_attributes(plan.options.version)),
        )


def _ome_xml(plan: ConversionPlan) -> str | None:
    """Return the source's OME-XML where it tells the truth about these images, else one made of the plan."""
    options = plan.options
    said_otherwise = options.scale or options.unit or options.channel_names
    entries = [
        ImageEntry(scene.description, scene.pyramid.levels[0].shape, str(scene.levels[0].dtype))
        for scene in plan.scenes
    ]
    return beside(None if said_otherwise else plan.ome_xml, entries)
