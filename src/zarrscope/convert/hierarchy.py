"""All that belongs to an OME-Zarr: its groups and the arrays of its levels, found by following documents."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass
from itertools import count
from typing import TYPE_CHECKING

from zarrscope.array.group import Group, read_group
from zarrscope.array.open import open_array
from zarrscope.errors import InvalidKeyError, NotFoundError
from zarrscope.ledger.folder import FOLDER
from zarrscope.model.collection import SERIES_GROUP
from zarrscope.model.fields import Coordinates, Displacements
from zarrscope.model.multiscales import Multiscale
from zarrscope.model.transforms import SystemReference
from zarrscope.node.open import open_node
from zarrscope.spec.versions import decode, detect
from zarrscope.store.contracts import Listable
from zarrscope.store.keys import join

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zarrscope.array.chunked import ChunkedArray
    from zarrscope.model.node import Node
    from zarrscope.report import Report
    from zarrscope.store.contracts import Readable

LABELS = "labels"
CONSOLIDATED = ".zmetadata"
METADATA = "METADATA.ome.xml"


@dataclass(frozen=True)
class Part:
    """One group of a hierarchy.

    Parameters
    ----------
    path : str
        Of the group; "" for the root.
    group : Group
        What stands there.
    version : str
        Of OME-Zarr; "" where the group says nothing of it.
    node : Node, optional
        What it says, without a version.
    report : Report
        What is wrong with it.
    arrays : tuple of ChunkedArray
        The levels that it names, each once.
    """

    path: str
    group: Group
    version: str
    node: Node | None
    report: Report
    arrays: tuple[ChunkedArray, ...] = ()

    @property
    def key(self) -> str:
        """Key of the document that holds the attributes."""
        return join(self.path, "zarr.json" if self.group.zarr_format == 3 else ".zattrs")


@dataclass(frozen=True)
class Hierarchy:
    """An OME-Zarr as a whole.

    Parameters
    ----------
    store : Readable
        Where it lies.
    parts : tuple of Part
        Its groups, each before those below it: the root first.
    notes : tuple of str
        What its documents name and what is not there.
    """

    store: Readable
    parts: tuple[Part, ...]
    notes: tuple[str, ...] = ()

    @property
    def root(self) -> Part:
        """The group that all others are below of."""
        return self.parts[0]

    @property
    def arrays(self) -> tuple[ChunkedArray, ...]:
        """The levels of all images."""
        return tuple(array for part in self.parts for array in part.arrays)

    @property
    def versions(self) -> tuple[str, ...]:
        """The versions that occur, the lowest first; a group without images may not tell its own."""
        told = {part.version for part in self.parts if part.node and (part.arrays or part.node.plate)}
        return tuple(sorted(told or {self.root.version}))

    def foreign(self) -> Iterator[str]:
        """Yield the keys that are neither a document of a group nor part of a level.

        What lies in the folder of a level and is no chunk of it is somebody else's too.
        A store that cannot be listed gives only what the specification names: the OME-XML.
        """
        store = self.store
        if not isinstance(store, Listable):
            for part in self.parts:
                key = join(part.path, METADATA)
                if part.path.rpartition("/")[2] == SERIES_GROUP and store.head(key):
                    yield key
            return
        groups = {part.path for part in self.parts}
        arrays = {array.path: _own_keys(array.ndim) for array in self.arrays}
        for key in store.list():
            if f"/{FOLDER}/" in key:
                continue  # the ledger of an image that once stood by itself would no longer be true
            folder, _, name = key.rpartition("/")
            if folder in groups and name in ("zarr.json", ".zgroup", ".zattrs", CONSOLIDATED):
                continue
            level = next((above for above in ancestors(key) if above in arrays), None)
            if level is None or not arrays[level].fullmatch(key[len(level) :].lstrip("/")):
                yield key


def _own_keys(ndim: int) -> re.Pattern[str]:
    """Return what the keys of an array look like below it, whichever encoding it has or gets."""
    dotted, nested = (separator.join([r"\d+"] * ndim) for separator in (r"\.", "/"))
    chunks = rf"{dotted}|{nested}|c\.{dotted}|c/{nested}" if ndim else "c|0"
    return re.compile(rf"zarr\.json|\.zarray|\.zattrs|{chunks}")


def ancestors(path: str) -> Iterator[str]:
    """Yield the groups above a path, the nearest first and the root last."""
    while path:
        path = path.rpartition("/")[0]
        yield path


def survey(store: Readable) -> Hierarchy:
    """Find all groups and levels of an OME-Zarr. Documents are read, no pixels, and nothing is listed.

    Raises
    ------
    NotFoundError
        Nothing stands there, or a level that a document names is missing.
    UnsupportedError
        It is no OME-Zarr.
    MetadataError
        A document cannot be parsed.
    """
    open_node(store)  # what is no OME-Zarr is explained there
    walk = _Walk(store, read_group(store).zarr_format)
    walk.visit("")
    for path in [above for part in walk.parts for place in _places(part) for above in ancestors(place)]:
        walk.visit(path)
    return Hierarchy(
        store, tuple(sorted(walk.parts, key=lambda part: part.path.split("/"))), tuple(walk.notes)
    )


def _places(part: Part) -> list[str]:
    return [part.path, *(array.path for array in part.arrays)]


class _Walk:
    """Follows the documents of one hierarchy."""

    def __init__(self, store: Readable, zarr_format: int) -> None:
        self._store, self._zarr_format = store, zarr_format
        self._seen: set[str] = set()
        self.parts: list[Part] = []
        self.notes: list[str] = []

    def visit(self, path: str, named_by: str | None = None) -> Part | None:
        """Take up a group and all that it names; None where it is not there."""
        if path in self._seen:
            return None
        self._seen.add(path)
        try:
            with _naming(self._store, named_by):
                group = read_group(self._store, path, self._zarr_format)
        except NotFoundError:
            if named_by is not None:
                self.notes.append(f"{path} is not there, though {named_by or 'the root'} names it")
            return None
        node, report = decode(group.attributes, zarr_format=group.zarr_format)
        version = detect(group.attributes, group.zarr_format) if node else ""
        part = Part(path, group, version, node, report, self._levels(path, node))
        self.parts.append(part)
        if node is not None:
            self._follow(part, node)
        return part

    def _levels(self, path: str, node: Node | None) -> tuple[ChunkedArray, ...]:
        images = node.multiscales if node else ()
        names = dict.fromkeys(join(path, dataset.path) for image in images for dataset in image.datasets)
        fresh = [name for name in names if name not in self._seen]
        self._seen.update(fresh)
        with _naming(self._store, path):
            return tuple(open_array(self._store, name, self._zarr_format) for name in fresh)

    def _follow(self, part: Part, node: Node) -> None:
        path = part.path
        if node.multiscales:
            self.visit(join(path, LABELS))
        for name in node.labels or ():
            self.visit(join(path, name), path)
        for well in node.plate.wells if node.plate else ():
            self.visit(join(path, well.path), path)
        for field in node.well.fields if node.well else ():
            self.visit(join(path, field.path), path)
        for name in node.scene.paths if node.scene else ():
            self.visit(join(path, name), path)
        for name in parameters((node.multiscales, node.scene.transformations if node.scene else ())):
            self.visit(join(path, name))
        layout = node.collection and node.collection.layout
        if layout is not None or not path:  # a single image may have its OME-XML beside it too
            self._series(path, numbered=layout is not None and node.plate is None)

    def _series(self, path: str, *, numbered: bool) -> None:
        """Take up the images of a collection: as listed, else 0, 1, 2 ... until one is absent."""
        listed = self.visit(join(path, SERIES_GROUP))
        names = listed.node.collection.series if listed and listed.node and listed.node.collection else None
        if names is not None:
            for name in names:
                self.visit(join(path, name), join(path, SERIES_GROUP))
        elif numbered:
            for number in count():
                place = join(path, str(number))
                if place not in self._seen and self.visit(place) is None:
                    return


@contextmanager
def _naming(store: Readable, path: str | None) -> Iterator[None]:
    """Say which group names a path that leads out of the hierarchy."""
    try:
        yield
    except InvalidKeyError as error:
        if path is None:
            raise
        raise InvalidKeyError(f"{store.url(path)} names a path that cannot be followed: {error}") from error


def parameters(value: object, *, fields_only: bool = False) -> Iterator[str]:
    """Yield the paths of the fields (and matrices) from which transformations take their numbers.

    Parameters
    ----------
    value : object
        A part of the model, or a tuple of them.
    fields_only : bool
        Leave matrices out.
    """
    if isinstance(value, tuple):
        for item in value:
            yield from parameters(item, fields_only=fields_only)
    elif isinstance(value, Multiscale):
        steps = (value.transformations, tuple(d.transformation for d in value.datasets))
        yield from parameters(steps, fields_only=fields_only)
    elif is_dataclass(value) and not isinstance(value, SystemReference):
        path = getattr(value, "path", None)
        if isinstance(path, str) and (not fields_only or isinstance(value, (Displacements, Coordinates))):
            yield path
        for one in fields(value):
            yield from parameters(getattr(value, one.name), fields_only=fields_only)
