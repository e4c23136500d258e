"""Open TIFF files of any flavour as a Source."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from zarrscope.errors import SourceError, UnsupportedError
from zarrscope.model.description import ImageDescription
from zarrscope.model.naming import axis
from zarrscope.source.axes import LONG_NAMES, Assignment, assign
from zarrscope.source.cache import DEFAULT_BUDGET, SegmentCache
from zarrscope.source.contracts import Scene
from zarrscope.source.files import Files, Handles
from zarrscope.source.names import printable
from zarrscope.source.opened import Opened
from zarrscope.source.tiff.calibration import Facts, facts_of
from zarrscope.source.tiff.layout import Layout, layouts, parts_of
from zarrscope.source.tiff.level import TiffLevel
from zarrscope.source.tiff.ome import parse
from zarrscope.source.tiff.structure import (
    FileTable,
    check_chain,
    check_ome,
    companion_of,
    plain_name,
    storage_of,
    tiff_file,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zarrscope.omexml.schema import OME
    from zarrscope.source.tiff.storage import Storage
    from zarrscope.types import Shape

_ACCOMPANYING = {"thumbnail", "label", "macro", "map", "overview"}


def open_tiff(path: str | Path, *, axes: str | None = None, cache: int = DEFAULT_BUDGET) -> Opened:
    """Open a TIFF file (OME, ImageJ, SVS, NDPI, QPTIFF, SCN, LSM, ... or plain), no pixel is read.

    Parameters
    ----------
    path : str or Path
        The file; the other files of a set are found beside it.
    axes : str, optional
        What its axes are, in the order in which the file has them, for example ``tzcyx``.
    cache : int
        Bytes of decoded segments to keep for neighbouring regions.

    Raises
    ------
    NotFoundError, SourceError, UnsupportedError, ArgumentError
        No such file; no, a truncated or damaged TIFF; unknown pixels; axes that do not fit.
    """
    return open_sharing(path, axes, SegmentCache(cache), Handles())


def open_sharing(path: str | Path, axes: str | None, cache: SegmentCache, handles: Handles) -> Opened:
    """Open a TIFF file like `open_tiff`, together with others.

    Parameters
    ----------
    path, axes
        As in `open_tiff`.
    cache : SegmentCache
        Keeps decoded segments of all of them.
    handles : Handles
        Holds the open files of all of them; closing the source closes it.
    """
    path = Path(path)
    how = _How(str(path), axes, cache, handles)
    with tiff_file(path) as (tif, messages):
        companion = companion_of(tif, path)
        if companion is None:
            return _build(tif, messages, path, how, None)
    with tiff_file(path, companion) as (tif, messages):
        return _build(tif, messages, path, how, companion)


def open_companion(path: str | Path, *, axes: str | None = None, cache: int = DEFAULT_BUDGET) -> Opened:
    """Open the TIFF files that an OME companion file (``.companion.ome``) describes.

    Raises
    ------
    SourceError
        It names no file, or a file that is missing.
    """
    path = Path(path)
    xml = path.read_text(encoding="utf-8", errors="replace")
    check_ome(xml, path)
    match = re.search(r"\bFileName\s*=\s*[\"']([^\"']+)[\"']", xml)
    if match is None:
        raise SourceError(f"{path} names no TIFF file; open the image itself")
    first = path.parent / plain_name(unescape(match[1]), path)
    with tiff_file(first, xml) as (tif, messages):
        return _build(tif, messages, first, _How(str(path), axes, SegmentCache(cache), Handles()), xml)


class _How(NamedTuple):
    """What the user opened, and with what."""

    path: str
    axes: str | None
    cache: SegmentCache
    handles: Handles


@dataclass(frozen=True)
class _Draft:
    """A scene before its place among the others is known."""

    description: ImageDescription
    levels: tuple[tuple[Layout, Storage, tuple[int, int]], ...]
    associated: bool
    notes: tuple[str, ...]


def _build(tif: Any, messages: Sequence[str], path: Path, how: _How, companion: str | None) -> Opened:
    """Make the scenes of all series."""
    xml = companion or (tif.ome_metadata if tif.is_ome else None)
    if xml:
        check_ome(xml, path)
    series = tif.series
    check_chain(tif, messages, path)
    table = FileTable(path)
    ome, remarks = parse(xml, path.name)
    drafts: list[_Draft] = []
    refused: list[UnsupportedError] = []
    stem = printable(path.name.split(".")[0])
    for number, one in enumerate(series):
        override = how.axes if number == 0 or len(one.shape) == len(series[0].shape) else None
        fallback = stem if len(series) == 1 else f"{stem} {number}"
        try:
            drafts += _drafts(tif, one, number, override, table, ome, fallback)
        except UnsupportedError as error:
            refused.append(error)
    if not drafts:
        raise refused[0]
    drafts.sort(key=lambda draft: draft.associated)
    notes = [f"tifffile: {_shorten(message)}" for message in messages[:5]] + [str(error) for error in refused]
    drafts[0] = replace(drafts[0], notes=(*drafts[0].notes, *remarks, *notes))
    files, cache, again = Files(table.paths, how.handles), how.cache, (how.path, how.axes, how.cache.budget)
    scenes = []
    for index, draft in enumerate(drafts):
        levels = [
            TiffLevel(
                layout, storage, files, cache, (str(path), *key), (_level_again, (*again, index, number))
            )
            for number, (layout, storage, key) in enumerate(draft.levels)
        ]
        scenes.append(Scene(draft.description, levels, draft.associated, draft.notes))
    closing = (how.handles.close, cache.clear)
    return Opened(scenes, table.paths, (_open_again, again), ome_xml=xml, closing=closing)


def _drafts(
    tif: Any, one: Any, number: int, override: str | None, table: FileTable, ome: OME | None, fallback: str
) -> list[_Draft]:
    """Return the scenes of one series: one, or one for each index of the axes that an image cannot have."""
    assignment = assign(one.axes, one.shape, override, table.paths[0].name)
    guess = assignment if override is None else assign(one.axes, one.shape)
    notes = list(assignment.notes)
    levels = [level for level in one.levels if level.axes == one.axes]
    if len(levels) < len(one.levels):
        notes.append(f"{len(one.levels) - len(levels)} coarser levels have other axes and are left out")
    stored: list[tuple[list[tuple[Layout, Shape]], Storage]] = []
    for level in levels:
        storage, more = storage_of(level, table)
        notes += more
        parts = parts_of(level.shape, storage.page_shape)
        stored.append((list(layouts(parts, assignment.names, assignment.order)), storage))
    facts = facts_of(tif, one, number, assignment, guess, ome)
    notes += facts.notes
    outside = [
        letter
        for letter, name, n in zip(one.axes, assignment.names, one.shape, strict=True)
        if name is None and n > 1
    ]
    associated = (one.name or "").lower() in _ACCOMPANYING or (number > 0 and bool(one.keyframe.is_reduced))
    drafts = []
    for index, (_, place) in enumerate(stored[0][0]):
        suffix = "".join(f" {LONG_NAMES.get(a, a)} {i}" for a, i in zip(outside, place, strict=True))
        description = _describe(facts, assignment, (facts.name or fallback) + suffix)
        found = tuple(
            (placed[index][0], storage, (number, level)) for level, (placed, storage) in enumerate(stored)
        )
        drafts.append(_Draft(description, found, associated, tuple(notes)))
    return drafts


def _describe(facts: Facts, assignment: Assignment, name: str) -> ImageDescription:
    """Return name, axes, calibration and channels of a scene."""
    order = assignment.order
    moved = tuple(facts.translation.get(letter) for letter in order)
    return ImageDescription(
        name=name,
        axes=tuple(axis(letter, facts.unit.get(letter)) for letter in order),
        scale=tuple(facts.scale.get(letter) for letter in order),
        translation=moved if any(value is not None for value in moved) else None,
        channels=facts.channels,
    )


def _shorten(message: str) -> str:
    """Take tifffile's name for its object off a message."""
    return re.sub(r"^<tifffile\.\w+[^>]*>\s*", "", message)[:200]


def _open_again(path: str, axes: str | None, cache: int) -> Opened:
    opener = open_companion if path.lower().endswith(".ome") else open_tiff
    return opener(path, axes=axes, cache=cache)


def _level_again(path: str, axes: str | None, cache: int, scene: int, level: int) -> Any:
    info = Path(path).stat()
    source = _shared(path, axes, cache, info.st_size, info.st_mtime_ns)
    return source.scenes[scene].levels[level]


@lru_cache(maxsize=4)
def _shared(path: str, axes: str | None, cache: int, size: int, time: int) -> Opened:
    """One source for all levels that reach a process, as long as the file does not change."""
    return _open_again(path, axes, cache)
