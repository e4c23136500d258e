"""What stands in a hierarchy, whatever its ledger says: values measured whole, and the manifest they make."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

from xxhash import xxh3_64

from zarrscope.array import metadata_v2, metadata_v3
from zarrscope.array.open import parse
from zarrscope.array.scratch import borrowed
from zarrscope.executor import executor
from zarrscope.ledger.folder import is_ours
from zarrscope.ledger.manifest import Manifest
from zarrscope.ledger.table import EMPTY, Entry, UnitTable
from zarrscope.store.contracts import Listable, Readable
from zarrscope.store.keys import join

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zarrscope.array.metadata import ArrayMetadata

PIECE = 8 << 20
"""Bytes of a value that are read at once: what stands there may be larger than the memory."""


_BY_DESKTOPS = re.compile(r"\.DS_Store|Thumbs\.db|desktop\.ini|\._.*")
"""Names of files that Finder and Explorer leave in whatever folder is looked at: no part of any Zarr."""


class Inventoried(Readable, Listable, Protocol):
    """A store that can be read and can say what it holds."""


def pieces(store: Readable, key: str, size: int) -> Iterator[memoryview]:
    """Yield a value of a known size piece by piece, and the first byte beyond where it is longer.

    A piece is valid until the next one is asked for. Nothing is yielded where the value is absent.

    Parameters
    ----------
    store : Readable
        Where it lies.
    key : str
        Its key.
    size : int
        How many bytes it ought to have.
    """
    end, at = size + 1, 0
    with borrowed("piece", min(end, PIECE + 1)) as memory:
        while at < end:
            # No request begins right at the end: for some servers that would be an error.
            stop = end if end - at <= PIECE + 1 else at + PIECE
            data = store.get(key, (at, stop), memoryview(memory)[: stop - at])  # type: ignore[arg-type]
            if data is None:
                return
            yield memoryview(data)
            at += len(data)
            if at < stop:
                return


def measured(store: Readable, key: str, size: int | None = None) -> Entry | None:
    """Return size and checksum of a value, or None where it is absent.

    Parameters
    ----------
    store : Readable
        Where it lies.
    key : str
        Its key.
    size : int, optional
        How many bytes it ought to have. Of a value that has not, the size that is returned is another
        one, and the checksum may be that of a part.
    """
    if size is None or size > PIECE:
        info = store.head(key)
        if info is None:
            return None
        if size is not None and info.size != size:
            return Entry(info.size, 0)
        size = info.size
    total, hashed, found = 0, xxh3_64(), False
    for piece in pieces(store, key, size):
        found = True
        total += len(piece)
        hashed.update(piece)
    return Entry(total, hashed.intdigest()) if found else None


def keys_of(store: Listable, aside: list[str] | None = None) -> Iterator[str]:
    """Yield all keys of a hierarchy in sorted order, without those of our own group and of desktops.

    Parameters
    ----------
    store : Listable
        Holds it.
    aside : list of str, optional
        Receives the keys of files that desktops leave.
    """
    for key in store.list(""):
        if _BY_DESKTOPS.fullmatch(key.rpartition("/")[2]):
            if aside is not None:
                aside.append(key)
        elif not is_ours(key):
            yield key


def zarr_format_of(store: Readable) -> int:
    """Return the Zarr format of the root of a hierarchy; 3 where none is there."""
    if store.head("zarr.json") is None and any(store.head(name) for name in (".zgroup", ".zarray")):
        return 2
    return 3


def arrays_in(store: Inventoried) -> Iterator[tuple[str, ArrayMetadata]]:
    """Yield path and description of every array of a hierarchy that has a document, in sorted order.

    Raises
    ------
    MetadataError, UnsupportedError
        The document of an array cannot be understood.
    """
    for key in keys_of(store):
        path, _, name = key.rpartition("/")
        if name not in ("zarr.json", ".zarray"):
            continue
        data = store.get(key)
        if data is None:
            continue
        document = parse(data, store.url(key))
        if name == ".zarray":
            if store.head(join(path, "zarr.json")) is None:
                yield path, metadata_v2.decode(document, {}, store.url(key))
        elif not isinstance(document, dict) or document.get("node_type") != "group":
            yield path, metadata_v3.decode(document, store.url(key))


def manifest_of(store: Inventoried, workers: int | None = None) -> Manifest:
    """Return the manifest of what stands in a hierarchy right now: units that are absent count as empty.

    Parameters
    ----------
    store : Readable, Listable
        Holds the hierarchy.
    workers : int, optional
        Threads; as many as processors by default.

    Raises
    ------
    ZarrscopeError
        Something cannot be read.
    """
    manifest = Manifest(UnitTable.of(list(arrays_in(store))))
    manifest.units.size[:] = EMPTY

    def measure(key: str) -> tuple[str, Entry | None]:
        return key, measured(store, key)

    for key, entry in executor(workers).map(measure, keys_of(store)):
        number = manifest.units.find(key)
        if entry is None:
            continue  # removed since it was listed
        if number is None:
            manifest.documents[key] = entry
        else:
            manifest.units.note(number, entry.size, entry.checksum)
    return manifest
