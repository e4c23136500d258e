"""Documents in archives may end in blanks: their places are reserved before they are known.

JSON and XML allow white space at their end, so a document with it and one without are the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zarrscope.ledger.checksum import checksum
from zarrscope.store.zip import ZipStore

if TYPE_CHECKING:
    from zarrscope.ledger.table import Entry
    from zarrscope.store.contracts import Readable

_LARGEST = 16 << 20
"""A larger document is not padded."""


def same_when_trimmed(store: Readable, key: str, entry: Entry) -> bool:
    """Return whether a document in an archive is what a manifest says, apart from blanks at its end."""
    data = _in_archive(store, key)
    if data is None or len(data) <= entry.size or data[entry.size :].strip(b" "):
        return False
    return checksum(data[: entry.size]) == entry.checksum


def same_document(store: Readable, copy: Readable, key: str) -> bool:
    """Return whether two documents, one of them in an archive, are the same but for blanks at their end."""
    if not isinstance(store, ZipStore) and not isinstance(copy, ZipStore):
        return False
    if not key.endswith((".json", ".xml", ".zattrs", ".zgroup", ".zarray", ".zmetadata")):
        return False
    mine, theirs = store.head(key), copy.head(key)
    if mine is None or theirs is None or max(mine.size, theirs.size) > _LARGEST:
        return False
    one, two = store.get(key), copy.get(key)
    return one is not None and two is not None and bytes(one).rstrip(b" ") == bytes(two).rstrip(b" ")


def _in_archive(store: Readable, key: str) -> bytes | None:
    if not isinstance(store, ZipStore):
        return None
    info = store.head(key)
    data = store.get(key) if info is not None and info.size <= _LARGEST else None
    return None if data is None else bytes(data)
