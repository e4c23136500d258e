"""What is wrong with one document: its form first, then its sense."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from zarrscope.spec import (  # noqa: F401  (they enter their rules)
    rules_axes,
    rules_groups,
    rules_images,
    rules_systems,
    rules_transformations,
)
from zarrscope.spec.forms import Notes, escaped, kind_of
from zarrscope.spec.forms_documents import KINDS, MISSING, OME, OUTSIDE, VERSION, fragment, parts
from zarrscope.spec.rules import EVERY, MUST, NOTE, RULES, SHOULD, Rule, sentence

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from zarrscope.model.node import Node
    from zarrscope.report import Problem
    from zarrscope.spec.v04 import V04

_NEW = "0.5 0.6 0.9"
PARTS = ("multiscales", "omero", "image-label", "labels", "plate", "well", "scene")

KNOWN = sentence(
    "version/known", MUST, "The version is one that was published.", since="0.5", section="metadata",
    schema=_NEW,
)  # fmt: skip
DRAFT = sentence(
    "version/draft", SHOULD, "The version is no draft.", since="0.4", section="metadata", schema=_NEW
)  # fmt: skip
_FORMAT = sentence(
    "version/zarr-format", MUST, "0.1 to 0.4 stand in Zarr 2, later versions in Zarr 3.",
    section="storage-format", schema=EVERY,
)  # fmt: skip
_LABELS_VERSION = sentence(
    "labels/version", SHOULD, "The document of a list of labels says the version.", since="0.5",
    section="metadata",
)  # fmt: skip
FORM = sentence(
    "version/draft-form", NOTE, "A document is written as its own version has it, not as a draft had it."
)
_NOTHING = sentence(
    "document/nothing", MUST, "A document says something of OME-Zarr.", section="metadata", schema=EVERY
)  # fmt: skip


def judge(
    attributes: Mapping[str, Any],
    node: Node | None,
    codec: V04,
    claimed: str,
    zarr_format: int,
    kind: str | None,
) -> Iterator[Problem]:
    """Yield all that is wrong with a document.

    Parameters
    ----------
    attributes : mapping
        Of the group.
    node : Node or None
        What the codec read from them.
    codec : V04
        Of the version by which it is judged.
    claimed : str
        The version that it claims to have.
    zarr_format : int
        2 or 3, of the group.
    kind : str, optional
        What it must be.
    """
    notes = Notes(codec.version)
    ours = _ours(attributes, codec, notes, fragmentary=kind == "transformation")
    _check_version(claimed, codec, zarr_format, notes)
    forms = fragment(codec.version) if kind == "transformation" else parts(codec.version)
    for part, value in ours.items():
        form = forms.get(part)
        if form is not None:
            form(value, f"{codec.root}/{escaped(part)}", notes)
    if kind is not None and KINDS[kind][0] not in ours:
        notes.note(MISSING[KINDS[kind][0]], codec.root, f"{KINDS[kind][0]!r} is missing: this is no {kind}")
    elif kind is None and (node is None or (node.fragment is not None and not ours.keys() & forms.keys())):
        notes.note(_NOTHING, "", "nothing of OME-Zarr is said here")
    if node is not None:
        for entry in _rules(codec.version):
            for path, message, hint in entry.check(node):  # type: ignore[misc]
                notes.note(entry.name, codec.pointer(path), message, hint)
    found = notes.problems
    yield from found if kind is None else (_as_kind(problem, codec, kind) for problem in found)


def _ours(attributes: Mapping[str, Any], codec: V04, notes: Notes, *, fragmentary: bool) -> Mapping[str, Any]:
    """Return the members that the version has; note where they do not stand in their place."""
    if codec.zarr_format == 2:
        return attributes
    ome = attributes.get("ome")
    for part in PARTS:
        if part in attributes:
            hint = f"move it to {codec.root}/{part}"
            place = codec.root.rpartition("/")[0]
            notes.note(OUTSIDE, f"{place}/{part}", f"{part!r} stands outside of 'ome'", hint)
    if not isinstance(ome, dict):
        if "ome" in attributes:
            notes.note(OME, codec.root, f"'ome' must be an object, found {kind_of(ome)}")
        return {}
    if not fragmentary:
        _check_version_given(ome, codec, notes)
    return ome


def _check_version_given(ome: Mapping[str, Any], codec: V04, notes: Notes) -> None:
    """Check that a version is there; a list of labels has no schema that demands one."""
    if isinstance(ome.get("version"), str):
        return
    if "version" not in ome and set(ome) & set(PARTS) == {"labels"}:
        notes.note(_LABELS_VERSION, codec.root, "'version' is missing", f"write {codec.version!r}")
        return
    found = kind_of(ome["version"]) if "version" in ome else "nothing"
    notes.note(VERSION, codec.root, f"'version' must be a string, found {found}")


def _check_version(claimed: str, codec: V04, zarr_format: int, notes: Notes) -> None:
    where = f"{codec.root}/version" if codec.zarr_format == 3 else ""
    if codec.zarr_format != zarr_format or (zarr_format == 3 and claimed in ("0.1", "0.2", "0.3", "0.4")):
        right = 2 if claimed < "0.5" else 3
        message = f"version {kind_of(claimed)} belongs into Zarr {right}, not {zarr_format}"
        notes.note(_FORMAT, where, message)
    elif claimed not in codec.claims:
        message = f"version {kind_of(claimed)} is none that was published; it was read as {codec.version}"
        notes.note(KNOWN, where, message, f"write {codec.version!r}")


@cache
def _rules(version: str) -> tuple[Rule, ...]:
    return tuple(entry for entry in RULES.values() if entry.check is not None and entry.holds_in(version))


def _as_kind(problem: Problem, codec: V04, kind: str) -> Problem:
    """Take the official schemas out of a problem where that of this kind of document does not look."""
    official = ("image-label",) if kind == "label" else KINDS[kind]
    step = problem.location.removeprefix(codec.root).lstrip("/").partition("/")[0]
    if step in ("", "version", *official):
        return problem
    return replace(problem, verdicts=problem.fails - {"schema"})
