"""What an upgrade will do: decided, and printable, before anything is changed."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from math import prod
from typing import TYPE_CHECKING, Any

from zarrscope.budget import format_size
from zarrscope.convert.hierarchy import CONSOLIDATED, Hierarchy, Part, ancestors, parameters, survey
from zarrscope.convert.reversion import array_in, attributes_in
from zarrscope.errors import ArgumentError, MetadataError, UnsupportedError
from zarrscope.ledger.folder import FOLDER
from zarrscope.report import Severity
from zarrscope.spec.versions import VERSIONS_WRITTEN, zarr_format_of
from zarrscope.store.bounds import DOCUMENT
from zarrscope.store.contracts import Listable
from zarrscope.store.keys import join
from zarrscope.store.resolve import resolve

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from zarrscope.array.metadata import ArrayMetadata
    from zarrscope.store.contracts import Readable

NEWEST = "0.5"
"""The version to which things are upgraded where nobody says another."""

OURS = tuple(f"{FOLDER}/{name}" for name in ("zarr.json", ".zgroup", ".zattrs", "manifest/", "journal/"))
"""The group of our own notes, which is made anew."""

_SHOWN = 20

_LEADING = frozenset(
    {
        "plate/object", "plate/wells", "plate/well", "well/object", "well/images", "well/image",
        "multiscales/list", "multiscales/object", "multiscales/datasets", "multiscales/dataset",
        "multiscales/path", "labels/list", "labels/path",
    }
)  # fmt: skip
"""Rules without which a hierarchy cannot be followed, so that a part of it would be left behind."""


@dataclass(frozen=True)
class UpgradePlan:
    """What an upgrade will do; ``str`` tells it in lines.

    Parameters
    ----------
    hierarchy : Hierarchy
        What is there.
    version : str
        What it becomes.
    copying : bool
        Whether pixels have to be written anew.
    attributes : mapping
        New attributes of every group, by path.
    arrays : mapping
        New description of every level, by path; empty unless copying.
    obstacles : tuple of str
        What the version cannot hold, a line for each document. Nothing is done while there are any.
    notes : tuple of str
        What is lost, left or wrong.
    foreign : tuple of str
        Keys that are copied as they are; empty unless copying.
    """

    hierarchy: Hierarchy
    version: str
    copying: bool
    attributes: Mapping[str, dict[str, Any]]
    arrays: Mapping[str, ArrayMetadata]
    obstacles: tuple[str, ...]
    notes: tuple[str, ...]
    foreign: tuple[str, ...] = ()

    @property
    def store(self) -> Readable:
        """Where the hierarchy lies."""
        return self.hierarchy.store

    @property
    def before(self) -> str:
        """The versions that it has now."""
        return ", ".join(self.hierarchy.versions)

    @property
    def changed(self) -> dict[str, dict[str, Any]]:
        """The groups whose attributes change: new attributes by path."""
        parts = self.hierarchy.parts
        return {
            part.path: self.attributes[part.path]
            for part in parts
            if part.path in self.attributes and self.attributes[part.path] != dict(part.group.attributes)
        }

    @property
    def needed(self) -> bool:
        """Whether there is anything to do."""
        return self.copying or bool(self.changed) or bool(self.obstacles)

    @property
    def pixels(self) -> int:
        """How many pixels are written anew."""
        return sum(prod(array.shape) for array in self.arrays.values())

    @property
    def raw_bytes(self) -> int:
        """Their size before compression."""
        return sum(prod(array.shape) * array.dtype.itemsize for array in self.arrays.values())

    @cached_property
    def folder(self) -> str:
        """Key below which old documents are kept: one where no other state of them is kept yet.

        Only those of an ``upgrade`` can be copied back; where pixels were written anew it is ``replaced``.
        """
        told = "".join(c if c.isalnum() or c in ".-" else "_" for c in self.hierarchy.versions[0])[:40]
        kind = "replaced" if self.copying else "upgrade"
        for number in count(1):
            folder = f"{FOLDER}/{kind}-{told}" + (f"-{number}" if number > 1 else "")
            if not self._keeps_others(folder):
                return folder
        raise AssertionError  # pragma: no cover - numbers do not end

    def _keeps_others(self, folder: str) -> bool:
        """Whether a folder holds a document that is not as it stands now (after a killed run it is)."""
        parts = [part for part in self.hierarchy.parts if self.copying or part.path in self.changed]
        for part in parts:
            kept = self.store.get(join(folder, part.key))
            if kept is not None and kept != self.store.get(part.key):
                return True
        return False

    def __str__(self) -> str:
        return "\n".join(_lines(self))


def plan_upgrade(url: str | os.PathLike[str] | Readable, to: str | None = None) -> UpgradePlan:
    """Plan an upgrade. Documents are read, no pixels.

    Parameters
    ----------
    url : str, path-like or Readable
        Root of an OME-Zarr.
    to : str, optional
        Version of OME-Zarr; by default the newest, and nothing is ever brought back to an older one.

    Raises
    ------
    NotFoundError, UnsupportedError, MetadataError
        Nothing is there, it is no OME-Zarr, or a document cannot be parsed.
    ArgumentError
        No such version is written.
    """
    version = to or NEWEST
    if version not in VERSIONS_WRITTEN:
        raise ArgumentError(
            f"OME-Zarr {version!r:.40} is not written; choose {' or '.join(VERSIONS_WRITTEN)}"
        )
    hierarchy = survey(resolve(url))
    if to is None and _rank(hierarchy.versions[-1]) > _rank(version):
        # A newer one stays what it is, and a draft of one becomes what the draft was of.
        newer = hierarchy.versions[-1]
        version = next((known for known in VERSIONS_WRITTEN if _rank(known) == _rank(newer)), newer)
        if version not in VERSIONS_WRITTEN:
            return UpgradePlan(hierarchy, version, False, {}, {}, (), hierarchy.notes)
    zarr_format = zarr_format_of(version)
    copying = zarr_format != hierarchy.root.group.zarr_format or _flat(hierarchy, zarr_format)
    attributes: dict[str, dict[str, Any]] = {}
    arrays: dict[str, ArrayMetadata] = {}
    obstacles = []
    for part in hierarchy.parts:
        obstacles += _bare_fields(part, hierarchy.store, version)
        try:
            attributes[part.path] = attributes_in(part, version)
            if copying:
                for array in part.arrays:
                    arrays[array.path] = array_in(part, array, version)
        except (UnsupportedError, MetadataError, ArgumentError) as error:
            obstacles.append(f"{hierarchy.store.url(part.key)}: {error}")
        else:
            obstacles += _broken(part, hierarchy.store)
    foreign = tuple(key for key in hierarchy.foreign() if key not in OURS) if copying else ()
    notes = (*hierarchy.notes, *_faults(hierarchy), *(_left(hierarchy, foreign) if copying else ()))
    return UpgradePlan(hierarchy, version, copying, attributes, arrays, tuple(obstacles), notes, foreign)


def _broken(part: Part, store: Readable) -> list[str]:
    """Return why a group cannot be followed to all that belongs to it."""
    found = [p for p in part.report.problems if p.rule in _LEADING and part.node]
    hint = "mend it first (zarrscope validate tells more)"
    return [f"{store.url(part.key)}: {p.location}: {p.message}; {hint}" for p in found[:1]]


def _bare_fields(part: Part, store: Readable, version: str) -> list[str]:
    """Return the fields that drafts of 0.6 held in plain arrays, where 0.6 wants an image of vectors."""
    if not part.version.startswith("0.6.dev") or version < "0.6" or part.node is None:
        return []
    scene = part.node.scene.transformations if part.node.scene else ()
    found = []
    for name in parameters((part.node.multiscales, scene), fields_only=True):
        data = store.get(join(part.path, f"{name}/zarr.json"), DOCUMENT)
        if data is not None and b'"node_type": "array"' in bytes(data).replace(b'":"', b'": "'):
            message = f"the field {name!r} is a plain array, as drafts had it; {version} wants an image there"
            found.append(f"{store.url(part.key)}: {message}")
    return found


def _flat(hierarchy: Hierarchy, zarr_format: int) -> bool:
    """Return whether chunk keys are joined by dots where the version wants slashes."""
    return zarr_format == 2 and any(a.ndim > 1 and a.metadata.separator != "/" for a in hierarchy.arrays)


def _faults(hierarchy: Hierarchy) -> list[str]:
    """Return a line for each document that breaks its own version."""
    lines = []
    for part in hierarchy.parts:
        grave = [p for p in part.report.problems if p.severity is Severity.MUST and part.node]
        if grave:
            more = f" (and {len(grave) - 1} more)" if grave[1:] else ""
            lines.append(
                f"{part.key} is not valid as it stands: {grave[0].location}: {grave[0].message}{more}"
            )
    return lines


def _left(hierarchy: Hierarchy, foreign: tuple[str, ...]) -> list[str]:
    """Return what is copied though readers of another Zarr format will not see it."""
    lines = []
    if any(_consolidated(hierarchy, part) for part in hierarchy.parts):
        lines.append("consolidated metadata is left out; zarr.consolidate_metadata makes it anew")
    if not isinstance(hierarchy.store, Listable):
        lines.append("this place cannot be listed: only what documents name is copied")
    old = hierarchy.root.group.zarr_format
    marks = (".zarray", ".zgroup") if old == 2 else ("zarr.json",)
    known = {part.path for part in hierarchy.parts} | {array.path for array in hierarchy.arrays}
    tops = Counter(_top(key, known) for key in foreign if _foreign_mark(key, marks))
    for top, number in sorted(tops.items()):
        lines.append(
            f"{top} is no image and stays Zarr {old} ({number} document(s)): copied as it is, but readers of "
            "the new hierarchy will not find it"
        )
    return lines


def _consolidated(hierarchy: Hierarchy, part: Part) -> bool:
    if part.group.zarr_format == 3:
        return bool(part.group.extra.get("consolidated_metadata"))
    return hierarchy.store.head(join(part.path, CONSOLIDATED)) is not None


def _foreign_mark(key: str, marks: tuple[str, ...]) -> bool:
    return key.rpartition("/")[2] in marks and not key.startswith(f"{FOLDER}/")


def _rank(version: str) -> tuple[int, ...]:
    """Return a version as numbers; nothing where it is none."""
    found = re.match(r"(\d+)\.(\d+)", version)
    return tuple(map(int, found.groups())) if found else ()


def _top(key: str, known: set[str]) -> str:
    """Return the topmost folder above a key that is none of the groups and levels we know."""
    folders = [path for path in ancestors(key) if path not in known]
    return folders[-1] if folders else key


def _lines(plan: UpgradePlan) -> list[str]:
    where, hierarchy = plan.store.url(), plan.hierarchy
    if not plan.needed:
        return [f"{where}: already OME-Zarr {plan.version}; nothing to do", *_noted(plan)]
    changed = plan.changed
    how = "pixels are written anew" if plan.copying else "documents are rewritten where they stand"
    lines = [f"{where}: OME-Zarr {plan.before} to {plan.version}, {how}"]
    shown = [part for part in hierarchy.parts if part.path in changed or (plan.copying and part.node)]
    lines += [f"  {part.key}: {part.version} to {plan.version}" for part in shown[:_SHOWN]]
    lines += [f"  ... and {len(shown) - _SHOWN} more documents"] * (len(shown) > _SHOWN)
    rows = [_row(path, array) for path, array in plan.arrays.items()]
    lines += rows[:_SHOWN] + [f"  ... and {len(rows) - _SHOWN} more levels"] * (len(rows) > _SHOWN)
    if plan.copying:
        lines += _amounts(plan)
    else:
        lines.append(f"  the old documents are kept in {plan.folder}")
    return [*lines, *_noted(plan), *(f"  cannot be held: {obstacle}" for obstacle in plan.obstacles)]


def _noted(plan: UpgradePlan) -> list[str]:
    return [f"  note: {note}" for note in plan.notes]


def _row(path: str, new: ArrayMetadata) -> str:
    times = [" x ".join(map(str, sizes)) for sizes in (new.shape, new.chunks, new.shards or ())]
    shards = f", shards {times[2]}" if new.shards else ""
    return f"  {path}: {times[0]} {new.dtype}, chunks {times[1]}{shards}"


def _amounts(plan: UpgradePlan) -> list[str]:
    """Return what is copied, and the disk that it takes."""
    store = plan.store
    lines = [f"  pixels: {format_size(plan.raw_bytes)} before compression"]
    if not isinstance(store, Listable):
        return lines
    sizes = {key: info.size for key in store.list() if (info := store.head(key))}
    if plan.foreign:
        size = format_size(sum(sizes.get(key, 0) for key in plan.foreign))
        lines.append(f"  copied as they are: {len(plan.foreign)} file(s), {size}")
    total = format_size(sum(sizes.values()))
    lines.append(f"  disk: {total} now in {len(sizes)} file(s); about as much again until the new one stands")
    return lines
