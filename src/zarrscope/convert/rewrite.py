"""Documents changed where they stand: kept beside first, the root last, and all taken back if one fails."""

from __future__ import annotations

from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zarrscope.array.open import parse
from zarrscope.convert.hierarchy import CONSOLIDATED, ancestors
from zarrscope.documents import dump_json
from zarrscope.errors import ConflictError, ZarrscopeError
from zarrscope.store.keys import join

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from zarrscope.convert.hierarchy import Part
    from zarrscope.store.contracts import Writable

FOLDER = ".zarrscope"


@dataclass(frozen=True)
class Change:
    """One document, before and after.

    Parameters
    ----------
    key : str
        Of the document.
    tag : str
        Of the state that is replaced.
    before, after : bytes
        The document.
    """

    key: str
    tag: str
    before: bytes
    after: bytes


def changes(store: Writable, parts: Sequence[Part], wanted: Mapping[str, dict[str, Any]]) -> list[Change]:
    """Return what has to be replaced, in the order in which that is done: the root last.

    Consolidated metadata that repeats a document is changed with it.

    Parameters
    ----------
    store : Writable
        Holds the hierarchy.
    parts : sequence of Part
        Its groups, each before those below it.
    wanted : mapping
        New attributes by the path of the group, for those that change.

    Raises
    ------
    ConflictError
        Someone has changed a document since it was read.
    """
    found = []
    for part in reversed(parts):
        if (listed := _consolidated(store, part, wanted)) is not None:
            found.append(listed)
        if part.path not in wanted and not _repeats(part, wanted):
            continue
        tag, before = _read(store, part.key)
        document = parse(before, store.url(part.key))
        attributes = document.get("attributes", {}) if part.group.zarr_format == 3 else document
        if attributes != dict(part.group.attributes):
            raise ConflictError(f"{store.url(part.key)} was changed by someone else; run it again")
        new = wanted.get(part.path, attributes)
        if part.group.zarr_format == 3:
            document = {**document, "attributes": new, **_extra(part, wanted)}
        found.append(
            Change(part.key, tag, before, dump_json(document if part.group.zarr_format == 3 else new))
        )
    return found


def apply(store: Writable, todo: Sequence[Change], folder: str, zarr_format: int) -> None:
    """Replace documents, after the old ones were stored below a folder.

    A failure or an interrupt puts the old ones back; what a killed process leaves is a hierarchy of
    documents that are each whole, the root among the old ones, and a second run completes it.

    Parameters
    ----------
    store : Writable
        Holds the hierarchy.
    todo : sequence of Change
        What to do, in order.
    folder : str
        Key below which the old documents are kept, under their own keys.
    zarr_format : int
        Of the hierarchy.

    Raises
    ------
    ConflictError
        Someone else has changed a document meanwhile; nothing is changed.
    """
    keep(store, {change.key: change.before for change in todo}, folder, zarr_format)
    done: list[Change] = []
    try:
        for number, change in enumerate(todo):
            if number and number == len(todo) - 1:
                store.sync([one.key for one in done])  # the root tells of a version that all others have
            done.append(change)
            store.put(change.key, change.after, change.tag)
        store.sync([todo[-1].key] if todo else [])
    except BaseException as error:
        if isinstance(error, ConflictError):
            done.pop()  # that one is somebody else's
        for change in reversed(done):
            with suppress(ZarrscopeError):
                store.put(change.key, change.before)
        raise


def keep(store: Writable, documents: Mapping[str, bytes], folder: str, zarr_format: int) -> None:
    """Store old documents below a folder of ours, which is a group of its own: no reader stumbles over it.

    Parameters
    ----------
    store : Writable
        Holds the hierarchy.
    documents : mapping
        By key.
    folder : str
        Receives them.
    zarr_format : int
        Of the hierarchy.
    """
    if not documents:
        return
    if zarr_format == 3:
        group = {"zarr_format": 3, "node_type": "group", "attributes": {}}
        store.put(join(FOLDER, "zarr.json"), dump_json(group))
    else:
        store.put(join(FOLDER, ".zgroup"), dump_json({"zarr_format": 2}))
    for key, data in documents.items():
        store.put(join(folder, key), data)
    store.sync([join(folder, key) for key in documents])


def _read(store: Writable, key: str) -> tuple[str, bytes]:
    """Return tag and value; the tag is read first, so that a change in between is noticed when writing."""
    info, data = store.head(key), store.get(key)
    if info is None or data is None:
        raise ConflictError(f"{store.url(key)} is gone; run it again")
    return info.tag, bytes(data)


def _consolidated(store: Writable, part: Part, wanted: Mapping[str, dict[str, Any]]) -> Change | None:
    """Return what becomes of a ``.zmetadata`` of Zarr version 2."""
    key = join(part.path, CONSOLIDATED)
    if part.group.zarr_format == 3 or store.head(key) is None:
        return None
    tag, before = _read(store, key)
    document = parse(before, store.url(key))
    entries = document.get("metadata") if isinstance(document, dict) else None
    if not isinstance(entries, dict):
        return None
    for path, new in wanted.items():
        name = join(_below(path, part.path), ".zattrs") if _inside(path, part.path) else ""
        if name in entries:
            entries[name] = new
    after = dump_json(document)
    return Change(key, tag, before, after) if parse(after, key) != parse(before, key) else None


def _entries(part: Part) -> Mapping[str, Any]:
    """Return the consolidated metadata of a group of Zarr version 3, by path below it."""
    listed = part.group.extra.get("consolidated_metadata")
    entries = listed.get("metadata") if isinstance(listed, dict) else None
    return entries if isinstance(entries, dict) else {}


def _repeats(part: Part, wanted: Mapping[str, dict[str, Any]]) -> bool:
    entries = _entries(part)
    return any(_inside(path, part.path) and _below(path, part.path) in entries for path in wanted)


def _extra(part: Part, wanted: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the consolidated metadata of a group with the new attributes of what is below."""
    if not _repeats(part, wanted):
        return {}
    listed = deepcopy(dict(part.group.extra["consolidated_metadata"]))
    for path, new in wanted.items():
        entry = listed["metadata"].get(_below(path, part.path)) if _inside(path, part.path) else None
        if isinstance(entry, dict):
            entry["attributes"] = new
    return {"consolidated_metadata": listed}


def _inside(path: str, above: str) -> bool:
    return path == above or above in ancestors(path)


def _below(path: str, above: str) -> str:
    return path[len(above) :].strip("/")
