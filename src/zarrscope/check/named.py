"""What the documents of a hierarchy name: its arrays, and the keys that there may be."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from zarrscope.array.open import open_array
from zarrscope.check.documents import MOST_REMOTE, Documents, zarr_format_at_root
from zarrscope.check.links import ARRAYS, OPTIONAL
from zarrscope.check.structure import all_places
from zarrscope.check.verification import Finding
from zarrscope.check.walk import Walk
from zarrscope.errors import NotFoundError, ZarrscopeError
from zarrscope.ledger.inventory import keys_of
from zarrscope.ledger.manifest import Manifest, read_manifest
from zarrscope.ledger.table import UNKNOWN, Entry, UnitTable
from zarrscope.store.contracts import Listable
from zarrscope.store.keys import join

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zarrscope.array.chunked import ChunkedArray
    from zarrscope.check.walk import Place
    from zarrscope.store.contracts import Readable

_NODES = ("zarr.json", ".zgroup", ".zarray", ".zattrs")


@dataclass(slots=True)
class Named:
    """Arrays and documents of a hierarchy.

    Parameters
    ----------
    arrays : list of ChunkedArray
        Every array that could be opened.
    documents : dict
        Every document by key: as it should be, missing, or unreadable.
    notes : list of str
        What was not looked at.
    """

    arrays: list[ChunkedArray] = field(default_factory=list)
    documents: dict[str, Finding] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def keys(self) -> Manifest:
        """The keys that there may be, as a manifest that knows nothing of them."""
        table = UnitTable.of([(array.path, array.metadata) for array in self.arrays])
        return Manifest(table, dict.fromkeys(self.documents, Entry(UNKNOWN, 0)))


def named_in(store: Readable) -> Named:
    """Return what the documents of a hierarchy name; where the store can be listed, all its arrays.

    Raises
    ------
    NotFoundError
        There is no Zarr.
    """
    listable = isinstance(store, Listable)
    documents = Documents(store, None if listable else MOST_REMOTE)
    zarr_format = zarr_format_at_root(documents)
    if zarr_format is None:
        raise NotFoundError(f"{store.url()}: there is no Zarr here (no zarr.json, .zgroup or .zarray)")
    walk = Walk(documents, zarr_format, lambda place: None, arrays=True)
    places = {place.path: place for place in all_places(walk.run([""]))}
    found = Named()
    if documents.beyond:
        found.notes.append(f"{documents.beyond} documents: not looked at, they are too many for a network")
    for place in places.values():
        found.documents.update((one.file, one) for one in _judged(place))
    paths = {path for path, place in places.items() if place.document.state == "array"}
    if isinstance(store, Listable):
        paths |= _listed(store, found, set(places))
    _open(store, sorted(paths), found)
    return found


def keys_in(store: Readable) -> Manifest:
    """Return the keys that there may be in a store that cannot be listed."""
    return read_manifest(store) or named_in(store).keys


def _judged(place: Place) -> Iterator[Finding]:
    """Yield what became of the documents of a place, unless it may be absent and is."""
    document, needed = place.document, _document_of(place)
    if document.state == "absent":
        if place.role not in OPTIONAL:
            yield Finding(needed, "missing")
        return
    yield Finding(needed, "same")
    for flaw in document.faults:
        if flaw.message.startswith("is missing"):
            yield Finding(flaw.file, "missing")
        elif not flaw.json:
            yield Finding(flaw.file, "unreadable", flaw.message)
    for key, parsed in ((document.file, document.parsed), (needed, document.array)):
        if parsed.error:
            yield Finding(key, "unreadable", parsed.error)
    if document.state in ("broken", "unread") or (place.role in ARRAYS and document.state != "array"):
        yield Finding(needed, "unreadable", f"{needed}: it cannot be read as what it should be")


def _document_of(place: Place) -> str:
    """Return the document without which there is nothing at a place."""
    if place.document.zarr_format == 3:
        return join(place.path, "zarr.json")
    return join(place.path, ".zarray" if place.role in ARRAYS else ".zgroup")


def _listed(store: Listable, found: Named, known: set[str]) -> set[str]:
    """Note every document that is there, and return the paths of arrays that no other document names."""
    paths = set()
    for key in keys_of(store):
        path, _, name = key.rpartition("/")
        if name in _NODES:
            found.documents.setdefault(key, Finding(key, "same"))
            if name in ("zarr.json", ".zarray") and path not in known:
                paths.add(path)
    return paths


def _open(store: Readable, paths: list[str], found: Named) -> None:
    """Open arrays; a document that describes none is unreadable, one of a group is left alone."""
    for path in paths:
        try:
            found.arrays.append(open_array(store, path))
        except NotFoundError:
            continue
        except ZarrscopeError as error:
            key = join(path, "zarr.json" if store.head(join(path, "zarr.json")) else ".zarray")
            found.documents[key] = Finding(key, "unreadable", str(error))
