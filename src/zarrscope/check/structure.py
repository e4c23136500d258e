"""The structure of a hierarchy: which sentences are judged at which place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zarrscope.check import rules
from zarrscope.check.groups import judge_kinship, judge_presence
from zarrscope.check.images import judge_image
from zarrscope.check.labels import judge_label, judge_labels_group, judge_source
from zarrscope.check.plates import judge_plate
from zarrscope.check.references import judge_references
from zarrscope.check.rules import problem
from zarrscope.check.series import judge_collection

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from zarrscope.check.documents import Documents
    from zarrscope.check.links import Link
    from zarrscope.check.walk import Place
    from zarrscope.report import Problem


def all_places(roots: Sequence[Place]) -> Iterator[Place]:
    """Yield every place of some trees, each before those below it."""
    stack = list(reversed(roots))
    while stack:
        place = stack.pop()
        yield place
        stack += reversed(place.children)


def judge_structure(root: Place, documents: Documents) -> Iterator[Problem]:
    """Yield what is wrong with the structure of one hierarchy.

    Parameters
    ----------
    root : Place
        Its tree.
    documents : Documents
        For the few documents that are not part of the tree.
    """
    places = list(all_places([root]))
    # documents may be named more than once, but are read into a model the first time only
    groups = {place.path: place for place in reversed(places) if place.document.state == "group"}
    judged: set[str] = set()
    for place in places:
        yield from judge_presence(place)
        if place.path in judged:
            continue
        judged.add(place.path)
        yield from judge_kinship(place, root)
        ours = place.document.ours
        if place.document.state != "group":
            continue
        if "multiscales" in ours:
            yield from judge_image(place)
            if place.role == "label" or "image-label" in ours:
                yield from judge_label(place, _image_of(place))
                yield from judge_source(place, groups)
        if "multiscales" in ours or "scene" in ours:
            yield from judge_references(place, groups, documents)
        if place.role == "labels":
            yield from judge_labels_group(place)
        if "plate" in ours:
            yield from judge_plate(place)
        if "bioformats2raw.layout" in ours:
            yield from judge_collection(place, documents)


def judge_lost(lost: Sequence[tuple[Place, Link]]) -> Iterator[Problem]:
    """Yield a problem for each path that leads nowhere."""
    for place, link in lost:
        message = f"{link.said[:80]!r} leads to nothing below this group"
        hint = "write a relative path without '..', a leading / or a backslash"
        yield problem(rules.PATH, place.version, place.file, link.pointer, message, hint)


def _image_of(label: Place) -> Place | None:
    """Return the image that a label image belongs to by its place."""
    group = label.parent
    return group.parent if group is not None and group.role == "labels" else None
