"""Places of every kind that something can be written to, and a small thing to write."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from zarrscope.array.chunked import ChunkedArray
from zarrscope.array.describe import describe
from zarrscope.array.group import Group, write_group
from zarrscope.array.open import create_array
from zarrscope.store.local import LocalStore
from zarrscope.store.memory import MemoryStore
from zarrscope.store.zip_writer import ZipWriter
from zarrscope.types import Region
from zarrscope.write.destination import Destination, Job

if TYPE_CHECKING:
    from pathlib import Path

KINDS = ("folder", "memory", "archive")
FORM = describe((8,), "u1", (2,))
VALUES = np.arange(1, 9, dtype="u1")
ROOT = {"ome": {"version": "0.5"}}


class Stopped(Exception):
    """What ends a run in these tests."""


class Place:
    """A place of one kind, and what stands there."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.kind, self.folder = kind, folder
        self.path = folder / ("a.ozx" if kind == "archive" else "a.zarr")
        self._memory = MemoryStore()

    def final(self) -> Any:
        """Return the place to write to, as a new process would see it."""
        if self.kind == "memory":
            return self._memory
        return LocalStore(self.path) if self.kind == "folder" else ZipWriter(self.path)

    @property
    def beside(self) -> list[str]:
        """Names of all that stands in the folder."""
        return sorted(path.name for path in self.folder.iterdir())

    @property
    def keys(self) -> list[str]:
        """Keys of a store in memory."""
        return list(self._memory.list())

    @property
    def nothing(self) -> bool:
        """Whether nothing at all stands there."""
        return not self.beside and not self.keys


def job(*, journal: bool = True, told: dict[str, Any] | None = None, manifest: bool = True) -> Job:
    """Return what is to be written: an array of four units."""
    documents = (("zarr.json", 400), ("0/zarr.json", 2000))
    run = {"id": "abc", "options": {"version": "0.5"}, **(told or {})} if journal else None
    return Job((("0", FORM),), 3, run, documents, manifest, "0.5")


def write_units(store: Any, units: Any = range(4)) -> None:
    """Write some units."""
    array = ChunkedArray(store, "0", FORM)
    for unit in units:
        array.write_unit((unit,), VALUES[2 * unit : 2 * unit + 2])


def write_documents(store: Any) -> None:
    """Write the documents, the root last."""
    create_array(store, "0", FORM)
    write_group(store, "", Group(3, ROOT))


def run(place: Place, *, overwrite: bool = False, **form: Any) -> None:
    """Write everything."""
    with Destination(place.final(), job(**form), overwrite=overwrite) as there:
        write_units(there.store)
        write_documents(there.store)


def stop(place: Place, units: Any = (0, 1), *, overwrite: bool = False, **form: Any) -> None:
    """Write some units, and fail."""
    try:
        with Destination(place.final(), job(**form), overwrite=overwrite) as there:
            write_units(there.store, units)
            raise Stopped
    except Stopped:
        pass


def go_on(place: Place, **form: Any) -> list[int]:
    """Go on, and return which units were missing."""
    there = Destination(place.final(), job(**form), resume=True)
    with there:
        known = set(there.journal.table.known())
        write_units(there.store, [n for n in range(4) if n not in known])
        write_documents(there.store)
    return sorted(set(range(4)) - known)


def killed(place: Place, units: Any = (0, 1), *, mark: dict[str, Any] | None = None, **form: Any) -> None:
    """Leave what a killed process leaves: the destination is never closed."""
    there = Destination(place.final(), job(**form))
    there.begin()
    write_units(there.store, units)
    there.journal.flush()
    if mark is not None:
        notes = notes_of(place)
        document = json.loads(bytes(notes.get(".zarrscope/zarr.json")))
        document["attributes"]["zarrscope"].update(mark)
        notes.put(".zarrscope/zarr.json", json.dumps(document).encode())
    if place.kind == "archive":
        there._final.close()  # the end of a process closes its files


def notes_of(place: Place) -> Any:
    """Return where the ledger of an unfinished run lies."""
    if place.kind == "memory":
        return place.final()
    return LocalStore(f"{place.path}.part" if place.kind == "folder" else f"{place.path}.zarrscope")


def values(store: Any) -> Any:
    """Return what is written, and what the root says."""
    root = json.loads(bytes(store.get("zarr.json")).decode())
    return ChunkedArray(store, "0", FORM).read(Region.whole((8,))).tolist(), root["attributes"]
