"""What lies in a store beside what its documents name: strangers, label images nobody lists, stray chunks."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from zarrscope.check import rules
from zarrscope.check.arrays import ArrayFacts, facts
from zarrscope.check.rules import problem
from zarrscope.store.keys import join

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from zarrscope.check.documents import Documents
    from zarrscope.check.walk import Place
    from zarrscope.report import Problem

MOST_LISTED = 2_000_000
"""Keys that are looked at; what lies beyond is not checked."""

_OF_GROUP = frozenset({"zarr.json", ".zgroup", ".zattrs", ".zmetadata"})
_OF_ARRAY = frozenset({"zarr.json", ".zarray", ".zattrs"})
_NODES = frozenset({"zarr.json", ".zgroup", ".zarray", ".zattrs"})
_WELL_KNOWN = frozenset({".zarrscope", "OME", "ro-crate-metadata.json"})


class _Folder(NamedTuple):
    """The node that a folder belongs to, what of the folder's path lies below it, and its limits.

    ``limit`` is the number of chunks along the last axis where only that number is missing from the
    folder's path to make the key of a chunk, else -1.
    """

    owner: str
    rest: str
    limit: int


@dataclass(slots=True)
class Strangers:
    """What was listed and belongs to no document: how much, by the top of what is strange."""

    counts: dict[tuple[str, str], int] = field(default_factory=dict)
    nodes: set[tuple[str, str]] = field(default_factory=set)
    outside: dict[str, tuple[int, str]] = field(default_factory=dict)
    listed: int = 0

    def add(self, owner: str, name: str, *, node: bool) -> None:
        """Count a key below an owner whose next part is ``name``."""
        self.counts[owner, name] = self.counts.get((owner, name), 0) + 1
        if node:
            self.nodes.add((owner, name))

    def add_outside(self, owner: str, key: str) -> None:
        """Count a chunk that lies outside of the grid of its array."""
        count, first = self.outside.get(owner, (0, key))
        self.outside[owner] = (count + 1, first)


def survey(keys: Iterable[str], known: Mapping[str, Place]) -> Strangers:
    """Return what is strange among all keys of a store.

    Parameters
    ----------
    keys : iterable of str
        Everything that the store holds.
    known : mapping
        Groups and arrays that documents name, by path.
    """
    found = Strangers()
    folders: dict[str, _Folder] = {}
    arrays = {p: facts(place.document) for p, place in known.items() if place.document.state == "array"}
    for key in islice(keys, MOST_LISTED + 1):
        found.listed += 1
        folder, _, name = key.rpartition("/")
        home = folders.get(folder)
        if home is None:
            home = folders[folder] = _folder(folder, known, arrays)
        if home.limit >= 0 and name.isdecimal():
            if int(name) >= home.limit:
                found.add_outside(home.owner, key)
        elif home.owner in arrays:
            _of_array(found, home, name, key, arrays[home.owner])
        elif (home.rest or name not in _OF_GROUP) and known[home.owner].role != "ome":
            first = home.rest.partition("/")[0] if home.rest else name
            if first not in _WELL_KNOWN:
                found.add(home.owner, first, node=home.rest == first and name in _NODES)
    return found


def judge_files(
    found: Strangers, known: Mapping[str, Place], documents: Documents, zarr_format: int
) -> Iterator[Problem]:
    """Yield problems with what is strange. A few more documents are read: those of unknown nodes.

    Parameters
    ----------
    found : Strangers
        What was listed.
    known : mapping
        Groups and arrays that documents name, by path.
    documents : Documents
        Where further documents come from.
    zarr_format : int
        Of the hierarchy.
    """
    for path, (count, first) in found.outside.items():
        place = known[path]
        more = f" and {count - 1} more" if count > 1 else ""
        message = f"the chunk {first.removeprefix(path + '/')!r}{more} lies outside of the array"
        hint = "the array was cropped, or its shape is wrong; delete what is not needed"
        yield problem(rules.OUTSIDE, place.version, place.file, "", message, hint)
    nodes = sorted(found.nodes)
    inner = documents.probe([join(*node) for node in nodes], zarr_format)
    inside = dict(zip(nodes, inner, strict=True))
    for (owner, name), count in found.counts.items():
        place, node = known[owner], inside.get((owner, name))
        version = place.version
        image = node is not None and node.state == "group" and "multiscales" in node.ours
        if place.role == "labels" and image:
            pointer = f"{place.document.root}/labels"
            message = f"{name!r} is a label image that is not listed"
            yield problem(rules.UNLISTED, version, place.file, pointer, message, f'add "{name}" to the list')
        elif name == "labels" and "multiscales" in place.document.ours and node is None:
            message = "there is a folder 'labels' without a document that lists its label images"
            yield problem(rules.UNLISTED, version, place.file, "", message, "write its document")
        elif node is None or image:
            what = "this image" if image else f"{count} files" if count > 1 else "this file"
            yield problem(rules.UNMENTIONED, version, join(owner, name), "", f"no document mentions {what}")


def _folder(folder: str, known: Mapping[str, Place], arrays: Mapping[str, object]) -> _Folder:
    owner = folder
    while owner and owner not in known:
        owner = owner.rpartition("/")[0]
    rest = folder[len(owner) :].strip("/")
    described = arrays.get(owner)
    limit = _limit(described, rest) if isinstance(described, ArrayFacts) else -1
    return _Folder(owner, rest, limit)


def _limit(described: ArrayFacts, rest: str) -> int:
    """Return how many chunks a folder may hold whose path gives all numbers of a key but the last."""
    if described.separator != "/" or not described.shape:
        return -1
    numbers = _numbers(described, rest.split("/") if rest else [])
    if numbers is None or len(numbers) != len(described.shape) - 1:
        return -1
    fits = all(n < count for n, count in zip(numbers, described.grid, strict=False))
    return described.grid[-1] if fits else 0


def _numbers(described: ArrayFacts, parts: list[str]) -> list[int] | None:
    """Return the numbers in the parts of a key; None where it is none."""
    if described.nested:
        if parts[:1] != ["c"]:
            return None
        parts = parts[1:]
    return [int(part) for part in parts] if all(p.isdecimal() and len(p) < 20 for p in parts) else None


def _of_array(found: Strangers, home: _Folder, name: str, key: str, described: object) -> None:
    """Judge a key below an array that is not simply one more chunk in a folder of chunks."""
    if not home.rest and name in _OF_ARRAY:
        return
    if isinstance(described, ArrayFacts):
        text = f"{home.rest}/{name}" if home.rest else name
        numbers = _numbers(described, text.split(described.separator))
        if described.shape == () and text == ("c" if described.nested else "0"):
            return
        if numbers is not None and len(numbers) == len(described.shape):
            if any(n >= count for n, count in zip(numbers, described.grid, strict=True)):
                found.add_outside(home.owner, key)
            return
    found.add(home.owner, home.rest.partition("/")[0] or name, node=False)
