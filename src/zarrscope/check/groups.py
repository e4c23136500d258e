"""Groups that documents name are there and are what they ought to be: wells, fields, series, label images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zarrscope.check import rules
from zarrscope.check.arrays import shape_key
from zarrscope.check.rules import problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zarrscope.check.links import Role
    from zarrscope.check.walk import Place
    from zarrscope.report import Problem

_WANTED: dict[Role, tuple[str, str, str]] = {
    "well": (rules.WELL, "well", "well"),
    "field": (rules.FIELD, "multiscales", "image"),
    "series": (rules.SERIES, "multiscales", "image"),
    "label": (rules.LABEL, "multiscales", "label image"),
    "member": (rules.MEMBER, "multiscales", "image"),
    "displacements": (rules.PARAMETERS, "multiscales", "image"),
}
"""By role: the rule, the key that makes a group what it ought to be, and how that is called."""


def judge_presence(place: Place) -> Iterator[Problem]:
    """Yield where a group that is named is not there, or is not what it is named as."""
    namer = place.namer
    if namer is None or place.role not in _WANTED or place.document.state in ("unread", "broken"):
        return
    rule, key, noun = _WANTED[place.role]
    version, said, pointer = namer.version, place.link.said, place.link.pointer
    document = place.document
    if document.state == "absent":
        hint = f"write the {noun}, or take the entry out"
        yield problem(rule, version, namer.file, pointer, f"there is no {noun} at {said!r}", hint)
    elif document.state == "array":
        if place.role == "displacements" and "dev" in version:
            return  # drafts of 0.6 had fields in plain arrays
        hint = "an image is the group that holds the arrays of its levels" if key == "multiscales" else ""
        message = f"{said!r} is an array, not {_article(noun)}"
        yield problem(rule, version, namer.file, pointer, message, hint)
    elif key not in document.ours and not (place.role == "member" and document.ours):
        if document.nested and key in document.attributes:
            return  # it stands outside of 'ome', which is told already
        message = f"this group is named as {_article(noun)}, but has no {key!r}"
        hint = f"write {key!r}, or take the entry out of {namer.file}"
        yield problem(rule, version, document.file, document.root if document.ours else "", message, hint)


def judge_kinship(place: Place, root: Place) -> Iterator[Problem]:
    """Yield where a group or array has another Zarr format or version than the root of its hierarchy."""
    document, expected = place.document, root.document.zarr_format
    if document.state not in ("group", "array") or place is root:
        return
    version = root.version
    if document.zarr_format != expected:
        message = f"this is Zarr {document.zarr_format}, the hierarchy is Zarr {expected}"
        # the document with the attributes may be absent in Zarr 2
        file = shape_key(document) if document.state == "array" else document.file
        yield problem(rules.FORMAT, version, file, "", message, f"write it as Zarr {expected}")
        return
    said = document.ours.get("version")
    if document.nested and document.state == "group" and isinstance(said, str) and said != version:
        message = f"the version is {said[:40]!r}, that of the hierarchy {version!r}"
        pointer = f"{document.root}/version"
        yield problem(rules.VERSION, version, document.file, pointer, message, "upgrade all of it together")


def _article(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"
