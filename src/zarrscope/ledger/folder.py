"""``.zarrscope/``: our own group beside the data, at which no reader stumbles.

While a run goes, its document says so (the mark) and the journal lies below it. Afterwards it holds the
record of the run as attributes, and the manifest.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from zarrscope.documents import dump_json, safe_json
from zarrscope.errors import ConflictError, MetadataError
from zarrscope.store.contracts import ABSENT, Request
from zarrscope.store.keys import join

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from zarrscope.store.contracts import Buffer, Readable, Writable

FOLDER = ".zarrscope"
"""Name of the group."""

MARK = f"{FOLDER}/zarr.json"
"""Says that a run goes on; in Zarr version 3 also the document of the group afterwards."""

MANIFEST = f"{FOLDER}/manifest"
"""Where the manifest lies."""

LARGEST = 512 << 20
"""Bytes of a document of ours: a manifest names every array and document of a plate, a plan every image,"""

MOST_VALUES = 10_000_000
"""and so many values in it. Documents of others have narrower bounds."""

_OURS = "zarrscope"
_TRIES = 100


def read_ours(store: Readable, key: str) -> Any | None:
    """Return a document of ours, which may be larger than those of others; None where it is absent.

    Raises
    ------
    MetadataError
        It is no JSON, or larger than ours become.
    """
    data = store.get(key, (0, LARGEST + 1))
    return None if data is None else parse_ours(data, store.url(key))


def parse_ours(data: Buffer, file: str) -> Any:
    """Return what a document of ours says (see ``read_ours``)."""
    return safe_json(memoryview(data), file=file, limit=LARGEST, values=MOST_VALUES)


def is_ours(key: str) -> bool:
    """Return whether a key lies in our own group."""
    return key.startswith(f"{FOLDER}/")


def found_group(store: Writable, zarr_format: int, told: Mapping[str, Any] | None = None) -> list[str]:
    """Write the document that makes the folder a group of the hierarchy's own Zarr version.

    Parameters
    ----------
    store : Writable
        Holds the hierarchy.
    zarr_format : int
        Of the hierarchy: 2 or 3.
    told : mapping, optional
        Becomes the attribute ``zarrscope``.

    Returns
    -------
    list of str
        Keys that were written.
    """
    attributes = {_OURS: dict(told)} if told else {}
    if zarr_format == 3:
        store.put(MARK, dump_json({"zarr_format": 3, "node_type": "group", "attributes": attributes}))
        return [MARK]
    store.put(join(FOLDER, ".zgroup"), dump_json({"zarr_format": 2}))
    if not attributes:
        return [join(FOLDER, ".zgroup")]
    store.put(join(FOLDER, ".zattrs"), dump_json(attributes))
    return [join(FOLDER, name) for name in (".zgroup", ".zattrs")]


def ensure_group(store: Writable, zarr_format: int) -> None:
    """Write that document where there is none; what one tells stays.

    Parameters
    ----------
    store : Writable
        Holds the hierarchy.
    zarr_format : int
        Of the hierarchy: 2 or 3.
    """
    if all(store.head(join(FOLDER, name)) is None for name in ("zarr.json", ".zgroup")):
        found_group(store, zarr_format)


def told_by(store: Readable) -> dict[str, Any]:
    """Return what our group's attributes tell; nothing where it is absent or broken.

    Where an unfinished run's mark and the record of an older result are both there, the mark counts.
    """
    names = (MARK, join(FOLDER, ".zattrs"))
    for name, data in zip(names, store.get_many([Request(name) for name in names]), strict=True):
        if data is None:
            continue
        try:
            document = safe_json(bytes(data), file=store.url(name))
            told = (document["attributes"] if name == MARK else document)[_OURS]
        except (MetadataError, KeyError, TypeError):
            continue
        if isinstance(told, dict):
            return told
    return {}


def note_stale(store: Writable, paths: Sequence[str]) -> None:
    """Note that levels show what finer ones no longer do.

    Parameters
    ----------
    store : Writable
        Holds the hierarchy.
    paths : sequence of str
        Of the levels.

    Raises
    ------
    ConflictError
        Others change what our group tells all the time.
    """
    _tell(store, lambda told: {**told, "stale": sorted({*told.get("stale", ()), *paths})})


def begin_update(store: Writable, paths: Sequence[str]) -> str | None:
    """Note that an update has begun, so that its end can be missed, and return its token.

    Where our group is absent nothing is noted, and None returned: there is no manifest that could be wrong.

    Parameters
    ----------
    store : Writable
        Holds the hierarchy.
    paths : sequence of str
        Of the levels that are to be renewed.

    Raises
    ------
    ConflictError
        Others change what our group tells all the time.
    """
    if all(store.head(join(FOLDER, name)) is None for name in ("zarr.json", ".zgroup")):
        return None
    token = secrets.token_hex(8)
    _tell(store, lambda told: {**told, "updates": {**told.get("updates", {}), token: list(paths)}})
    return token


def end_update(store: Writable, token: str | None, whole: Sequence[str] = ()) -> None:
    """Remove the note of an update; those of others stay.

    Parameters
    ----------
    store : Writable
        Holds the hierarchy.
    token : str, optional
        Of the update; nothing is done without one.
    whole : sequence of str
        Paths of levels that it has made anew as a whole: they are stale no longer.

    Raises
    ------
    ConflictError
        Others change what our group tells all the time.
    """

    def without(told: dict[str, Any]) -> dict[str, Any]:
        others = {name: paths for name, paths in told.pop("updates", {}).items() if name != token}
        stale = sorted({*told.pop("stale", ())} - {*whole})
        return told | ({"stale": stale} if stale else {}) | ({"updates": others} if others else {})

    if token is not None:
        _tell(store, without)


def stale_levels(store: Readable) -> tuple[list[str], int]:
    """Return the levels that may not show what finer ones do, and how many updates have not ended."""
    told = told_by(store)
    stale, updates = told.get("stale", ()), told.get("updates", {})
    try:
        begun = {str(one) for paths in updates.values() for one in paths}
        return sorted({*map(str, stale), *begun}), len(updates)
    except (AttributeError, TypeError):  # by somebody's hand
        return [], 0


def _tell(store: Writable, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Change what our group tells, by compare-and-set, durably."""
    zarr_format = 2 if store.head("zarr.json") is None else 3
    key = MARK if zarr_format == 3 else join(FOLDER, ".zattrs")
    if zarr_format == 2 and store.head(join(FOLDER, ".zgroup")) is None:
        store.put(join(FOLDER, ".zgroup"), dump_json({"zarr_format": 2}))
    for _ in range(_TRIES):
        info = store.head(key)
        told = change(told_by(store))
        document: dict[str, Any] = {_OURS: told} if told else {}
        if zarr_format == 3:
            document = {"zarr_format": 3, "node_type": "group", "attributes": document}
        try:
            store.put(key, dump_json(document), ABSENT if info is None else info.tag)
        except ConflictError:
            continue
        store.sync([key])
        return
    raise ConflictError(f"{store.url(key)} is changed by others all the time; try again")
