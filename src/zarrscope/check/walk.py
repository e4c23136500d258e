"""From the root document to everything that documents name, layer by layer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from zarrscope.check.documents import Document, Documents, is_key
from zarrscope.check.links import ARRAYS, OPTIONAL, Link, Role, links, resolved, series
from zarrscope.spec.versions import claimed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from zarrscope.model.node import Node

_FIRST_SERIES = 8
_DEEPEST = 12
"""Layers; a plate with label images has seven."""


@dataclass(slots=True, eq=False)
class Place:
    """One group or array that a document names, and what was found there.

    Parameters
    ----------
    path : str
        Within the store.
    link : Link
        Who named it, and how.
    parent : Place, optional
        The group that it belongs to.
    namer : Place, optional
        The group whose document names it: the parent, or for series the group ``OME``.
    document : Document
        What was found.
    stated : str, optional
        Version of OME-Zarr that the document states, else that of the place that it belongs to.
    version : str
        The same, else the version that the form of the document shows.
    node : Node, optional
        What the document of a group says.
    children : list of Place
        What the document names, in its order.
    """

    path: str
    link: Link
    parent: Place | None
    namer: Place | None
    document: Document
    stated: str | None = None
    version: str = ""
    node: Node | None = None
    children: list[Place] = field(default_factory=list)

    @property
    def role(self) -> Role:
        """What it ought to be."""
        return self.link.role

    @property
    def file(self) -> str:
        """Key of its document."""
        return self.document.file

    def of(self, *roles: Role) -> list[Place]:
        """Return the children of these roles."""
        return [child for child in self.children if child.role in roles]


Step = tuple["Place | None", "Place | None", Link, str]
"""Parent, namer, link, path."""


class Walk:
    """Follows the documents of one hierarchy.

    Parameters
    ----------
    documents : Documents
        Where they come from.
    zarr_format : int
        Of the root.
    visit : callable
        Judges a place right after its document was read.
    arrays : bool
        Also read the documents of arrays.
    """

    def __init__(
        self, documents: Documents, zarr_format: int, visit: Callable[[Place], None], *, arrays: bool
    ) -> None:
        self._documents = documents
        self._format = zarr_format
        self._visit = visit
        self._arrays = arrays
        self._seen: set[tuple[str, bool]] = set()
        self.lost: list[tuple[Place, Link]] = []
        """Paths that cannot be followed, and who named them."""

    def run(self, paths: Sequence[str], role: Role = "root") -> list[Place]:
        """Return the trees below some groups."""
        roots = self._fetch([(None, None, Link(role, "", path), path) for path in paths])
        layer, depth = self._fresh(roots), 0
        while layer and depth < _DEEPEST:
            steps = [step for place in layer for step in self._steps(place)]
            layer = self._fetch(steps)
            for place in layer:
                if place.parent is not None:
                    place.parent.children.append(place)
            layer = self._fresh(layer + self._numbered(layer))
            depth += 1
        return roots

    def _fresh(self, layer: Sequence[Place]) -> list[Place]:
        """Judge and return the places that are new: documents may name each other in circles."""
        found = []
        for place in layer:
            mark = (place.path, place.role in ARRAYS)
            _set_version(place)
            if mark not in self._seen:
                self._seen.add(mark)
                self._visit(place)
                found.append(place)
        return found

    def _steps(self, place: Place) -> Iterator[Step]:
        if place.document.state != "group":
            return
        found: list[tuple[Place, Link]] = []
        if place.role == "ome":
            listed = series(place.document)
            found = [(place.parent or place, link) for link in listed or ()]
        elif place.role not in ("row", "between"):
            found = [(place, link) for link in links(place.document, place.role)]
        for parent, link in found:
            if link.role in ARRAYS and not self._arrays:
                continue
            path = resolved(parent.path, link.said)
            if path is None or not is_key(path):
                self.lost.append((place, link))
            else:
                yield parent, place, link, path

    def _fetch(self, steps: Sequence[Step]) -> list[Place]:
        """Return a place for each step: one round trip, and a second for what was not where it should be."""
        found: dict[int, Document] = {}
        kinds = [
            "array" if s[2].role in ARRAYS else "maybe" if s[2].role in OPTIONAL else "group" for s in steps
        ]
        readers = {
            "array": self._documents.arrays,
            "maybe": self._documents.probe,
            "group": self._documents.groups,
        }
        for kind, read in readers.items():
            numbers = [i for i, known in enumerate(kinds) if known == kind]
            if numbers:
                found.update(zip(numbers, read([steps[i][3] for i in numbers], self._format), strict=True))
        places = []
        for i, (parent, namer, link, path) in enumerate(steps):
            if found[i].state != "absent" or link.role not in ("labels", "between"):
                places.append(Place(path, link, parent, namer, found[i]))
        return places

    def _numbered(self, layer: Sequence[Place]) -> list[Place]:
        """Return the series 0, 1, 2 ... of collections whose group ``OME`` does not list them."""
        found = []
        for ome in [place for place in layer if place.role == "ome"]:
            if series(ome.document) is None and ome.parent is not None:
                found += self._count(ome.parent)
        return found

    def _count(self, parent: Place) -> list[Place]:
        found: list[Place] = []
        step = _FIRST_SERIES
        while True:
            numbers = range(len(found), len(found) + step)
            paths = [f"{parent.path}/{n}".lstrip("/") for n in numbers]
            documents = self._documents.probe(paths, self._format)
            for number, path, document in zip(numbers, paths, documents, strict=True):
                if document.state in ("absent", "unread"):
                    parent.children += found
                    return found
                link = Link("series", "", str(number), (number,))
                found.append(Place(path, link, parent, parent, document))
            step *= 2


def _set_version(place: Place) -> None:
    """Note which version counts at a place."""
    document, parent = place.document, place.parent
    place.stated = parent.stated if parent is not None else None
    if document.state == "group" and place.role not in ARRAYS:
        place.stated = claimed(document.attributes, document.zarr_format) or place.stated
        place.version = document.version(place.stated)
    elif parent is not None:
        place.version = parent.version
