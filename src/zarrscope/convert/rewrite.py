"""Which documents of a hierarchy have to be replaced so that its groups have new attributes."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from zarrscope.array.open import parse
from zarrscope.convert.hierarchy import CONSOLIDATED, ancestors
from zarrscope.documents import dump_json
from zarrscope.errors import ConflictError
from zarrscope.store.keys import join
from zarrscope.write.replace import Change, state

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from zarrscope.convert.hierarchy import Part
    from zarrscope.store.contracts import Writable


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


def _read(store: Writable, key: str) -> tuple[str, bytes]:
    """Return tag and value of a document that was there when the hierarchy was read."""
    tag, data = state(store, key)
    if data is None:
        raise ConflictError(f"{store.url(key)} is gone; run it again")
    return tag, data


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
