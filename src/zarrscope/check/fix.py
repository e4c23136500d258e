"""``zarrscope validate --fix``: what is mechanical is mended, what would have to be guessed is left alone.

Problems are found, mended in documents above the store, and sought again, until nothing more can be done.
Only then are documents replaced: the old ones are kept, the root is the last, and all are put back if one
cannot be written.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from zarrscope.check import mends_documents, mends_structure
from zarrscope.check.arrays import shape_key
from zarrscope.check.documents import parse
from zarrscope.check.drafts import Case, Drafts
from zarrscope.check.edits import Edit, edits
from zarrscope.check.hierarchy import Hierarchy
from zarrscope.check.lone import document_at, judge_alone
from zarrscope.check.overlay import Overlay
from zarrscope.check.structure import all_places
from zarrscope.check.validation import Validation
from zarrscope.errors import AccessError
from zarrscope.ledger.folder import FOLDER
from zarrscope.spec.versions import claimed, detect
from zarrscope.store.contracts import Listable, Writable
from zarrscope.store.resolve import resolve
from zarrscope.write.replace import Change, apply, replace, state

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from zarrscope.check.walk import Place
    from zarrscope.report import Problem
    from zarrscope.store.contracts import Readable

_MOST_ROUNDS = 64
"""A rule is told a hundred times a document, and what was mended may bring to light what else is wrong."""

MENDED = frozenset({*mends_documents.MENDS, *mends_structure.MENDS, *mends_structure.LAST})
"""Names of the rules whose problems can be mended, where the document tells the right value."""


@dataclass(frozen=True)
class Repair:
    """What can be mended, decided before anything is changed.

    Parameters
    ----------
    store : Writable
        Where the documents lie.
    edits : tuple of Edit
        What changes in them.
    changes : tuple of Change
        The documents, in the order in which they are replaced.
    zarr_format : int
        Of the hierarchy; 0 for one document alone.
    """

    store: Writable
    edits: tuple[Edit, ...]
    changes: tuple[Change, ...]
    zarr_format: int

    @property
    def kept(self) -> str:
        """Where the old documents will be kept: a folder of the store, or a file beside one alone."""
        for number in count(1):
            if self.zarr_format:
                place = f"{FOLDER}/fix-{number}"
                used = any(self.store.head(f"{place}/{one.key}") for one in self.changes)
            else:
                place = f"{self.changes[0].key}.before-fix{f'-{number}' if number > 1 else ''}"
                used = self.store.head(place) is not None
            if not used:
                return place
        raise AssertionError  # pragma: no cover - numbers do not end

    def apply(self) -> None:
        """Replace the documents; a failure or an interrupt leaves them as they were.

        Raises
        ------
        ConflictError
            Someone else has changed a document meanwhile.
        AccessError, StoreError
            A document cannot be written.
        """
        if not self.changes:
            return
        if self.zarr_format:
            apply(self.store, self.changes, self.kept, self.zarr_format)
        else:
            self.store.put(self.kept, self.changes[0].before or b"")
            replace(self.store, self.changes)


def fix(url: str | os.PathLike[str] | Readable, dry_run: bool = False) -> list[Edit]:
    """Mend what follows from the documents of an OME-Zarr themselves; pixels are never touched.

    The old documents are kept: in ``.zarrscope/fix-1`` of the hierarchy (or the next number), or beside a
    document alone as ``NAME.before-fix``.

    Parameters
    ----------
    url : str, path-like or Readable
        A folder, a store that can be written and listed, or one JSON document alone.
    dry_run : bool
        Change nothing.

    Returns
    -------
    list of Edit
        What was changed, or would be.

    Raises
    ------
    NotFoundError
        Nothing stands there.
    AccessError
        It can only be read: an archive, an address.
    ConflictError, StoreError
        A document could not be replaced; all are as they were.
    """
    repair = plan_fix(url)
    if not dry_run:
        repair.apply()
    return list(repair.edits)


def plan_fix(url: str | os.PathLike[str] | Readable) -> Repair:
    """Find out what can be mended. Nothing is written.

    Parameters
    ----------
    url : str, path-like or Readable
        As that of ``fix``.
    """
    lone = document_at(url)
    store, key = lone if lone is not None else (resolve(url), "")
    if not isinstance(store, Writable) or not isinstance(store, Listable):
        where = store.url(key)
        raise AccessError(f"{where} can only be read; unpack or download it into a folder and mend it there")
    overlay = Overlay(store)
    for _ in range(_MOST_ROUNDS):
        if not (_mend_alone(overlay, key) if lone is not None else _mend(overlay)):
            break
    changes = [_change(store, name, after) for name, after in overlay.values.items()]
    changes = sorted((one for one in changes if one.before != one.after), key=_order)
    told = tuple(edit for one in reversed(changes) for edit in _told(one))
    zarr_format = 0 if lone is not None else 3 if store.head("zarr.json") is not None else 2
    return Repair(store, told, tuple(changes), zarr_format)


def _change(store: Writable, key: str, after: bytes) -> Change:
    tag, before = state(store, key)
    return Change(key, tag, before, after)


def _order(change: Change) -> tuple[int, bool, str]:
    """Return what puts deeper documents first, and the attributes of the root last of all."""
    name = change.key.rpartition("/")[2]
    return -change.key.count("/"), name in ("zarr.json", ".zattrs"), change.key


def _told(change: Change) -> list[Edit]:
    """Return what changes in a document; copies in consolidated metadata are told as one."""
    before = None if change.before is None else parse(change.before, change.key, comments=True).value
    found = edits(change.key, before, parse(change.after, change.key).value)
    copies = "/metadata/" if change.key.endswith(".zmetadata") else "/consolidated_metadata/metadata/"
    own = [edit for edit in found if not edit.pointer.startswith(copies)]
    names = {edit.pointer.removeprefix(copies).partition("/")[0] for edit in found if edit not in own}
    if names:
        shown = f"{len(names)} cop{'ies' if len(names) > 1 else 'y'}"
        own.append(Edit(change.key, copies.rstrip("/"), f"{shown} out of date", "as the documents are"))
    return own


def _mend(store: Overlay) -> bool:
    """Mend what is found in a hierarchy, and return whether there was anything."""
    found = Validation()
    hierarchy = Hierarchy(found, store, "structure", None)
    hierarchy.run()
    places: dict[str, Place] = {}
    for place in all_places(hierarchy.roots):
        places.setdefault(place.file, place)
        if place.document.state == "array":
            places.setdefault(shape_key(place.document), place)
    drafts = Drafts(store)
    cases = [_case(problem, places.get(problem.file), drafts) for problem in found.problems]
    # fields that stand in plain arrays, as drafts had them, 0.6 cannot have: the whole stays a draft
    fields = [place for place in all_places(hierarchy.roots) if place.role == "displacements"]
    _mend_cases(cases, keep_drafts=any(place.document.state == "array" for place in fields))
    if not drafts.changed:
        for case in cases:
            if mend := mends_structure.LAST.get(case.problem.rule):
                mend(case)
    return drafts.settle()


def _case(problem: Problem, place: Place | None, drafts: Drafts) -> Case:
    v3 = problem.file.endswith("zarr.json")
    version, stated = (place.version, place.stated) if place is not None else ("", None)
    document = drafts.value(problem.file)
    return Case(problem, document, drafts, 3 if v3 else 2, v3, version, stated, place)


def _mend_alone(store: Overlay, key: str) -> bool:
    """Mend what is found in one document, and return whether there was anything."""
    found = Validation()
    judge_alone(found, store, key, None)
    drafts = Drafts(store)
    value = drafts.value(key)
    if not isinstance(value, dict):
        return False
    whole = "zarr_format" in value or "node_type" in value
    attributes = value.get("attributes") if whole else value
    said = attributes if isinstance(attributes, dict) else {}
    zarr_format = 3 if whole or "ome" in said else 2
    version, stated = detect(said, zarr_format), claimed(said, zarr_format)
    cases = [Case(p, value, drafts, zarr_format, whole, version, stated) for p in found.problems]
    _mend_cases(cases)
    return drafts.settle()


def _mend_cases(cases: list[Case], *, keep_drafts: bool = False) -> None:
    """Mend all that need not wait for others."""
    migrating = {} if keep_drafts else {case.problem.file: case for case in _of_drafts(cases)}
    for case in migrating.values():
        mends_documents.migrate(case)
    for case in cases:
        if case.problem.file in migrating or mends_documents.is_dialect(case):
            continue  # problems of a dialect point into the form of today, which is not there, or not yet
        mend = mends_documents.MENDS.get(case.problem.rule) or mends_structure.MENDS.get(case.problem.rule)
        if mends_documents.stands_there(case):
            mend = mends_documents.rename
        if mend is not None:
            mend(case)


def _of_drafts(cases: list[Case]) -> Iterator[Case]:
    for case in cases:
        if case.problem.rule in ("version/draft", "version/draft-form") and isinstance(case.document, dict):
            yield case
