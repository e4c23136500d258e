# ruff: noqa: D401  (the docstring of a rule is the sentence that it enforces)
"""The sentences of the specification that speak of sense: one function each, run on the model.

A rule yields what is wrong and where, as a path in the model (``multiscales[0].axes[1].name``); the codec
of the version knows where that stands in its document. Rules of shape are cited by the codecs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from zarrscope.model.units import SPACE_UNITS, TIME_UNITS, canonical_unit
from zarrscope.report import Problem, Severity

if TYPE_CHECKING:
    from zarrscope.model.axes import Axis
    from zarrscope.model.node import Node

MUST = Severity.MUST
SHOULD = Severity.SHOULD


class Finding(NamedTuple):
    """What a rule found: where in the model, what, and how to mend it."""

    path: str
    message: str
    hint: str = ""


Check = Callable[["Node"], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One sentence: its name, weight, first and last version, section, and the function that checks it."""

    name: str
    weight: Severity
    since: str
    until: str
    section: str
    check: Check

    @property
    def text(self) -> str:
        """What the rule demands."""
        return (self.check.__doc__ or "").strip()

    def holds_in(self, version: str) -> bool:
        """Whether a version has this rule."""
        return self.since <= version <= self.until


RULES: dict[str, Rule] = {}


def rule(
    name: str, weight: Severity, *, since: str, until: str = "9", section: str
) -> Callable[[Check], Check]:
    """Enter a function into the table of rules.

    Parameters
    ----------
    name : str
        Identifier, for example ``axes/unique-names``.
    weight : Severity
        MUST or SHOULD.
    since, until : str
        First and last version that has the sentence.
    section : str
        Anchor in the text of the specification.
    """

    def enter(check: Check) -> Check:
        RULES[name] = Rule(name, weight, since, until, section, check)
        return check

    return enter


def check(node: Node, version: str) -> Iterator[Problem]:
    """Run all rules of a version; locations are paths in the model."""
    for entry in RULES.values():
        if entry.holds_in(version):
            for path, message, hint in entry.check(node):
                yield Problem(path, entry.name, message, entry.weight, hint)


def axis_rank(axis: Axis) -> int:
    """Return the place of an axis in the order of 0.4: time, then channel or custom, then space."""
    return {"time": 0, "space": 2}.get(axis.type or "", 1)


def _axes(node: Node) -> Iterator[tuple[str, tuple[Axis, ...]]]:
    for m, image in enumerate(node.multiscales):
        for s, system in enumerate(image.systems):
            yield f"multiscales[{m}].systems[{s}].axes", system.axes


@rule("axes/unique-names", MUST, since="0.3", section="axes-md")
def unique_names(node: Node) -> Iterator[Finding]:
    """No two axes of an image have the same name."""
    for path, axes in _axes(node):
        seen: set[str] = set()
        for index, axis in enumerate(axes):
            if axis.name and axis.name in seen:
                yield Finding(f"{path}[{index}].name", f"the name {axis.name!r} stands twice")
            seen.add(axis.name)


@rule("axes/count", MUST, since="0.3", until="0.6", section="multiscale-md")
def axes_count(node: Node) -> Iterator[Finding]:
    """An image has two to five axes."""
    for path, axes in _axes(node):
        if not 2 <= len(axes) <= 5:
            yield Finding(path, f"{len(axes)} axes; allowed are 2 to 5")


@rule("axes/space-count", MUST, since="0.4", until="0.6", section="multiscale-md")
def space_count(node: Node) -> Iterator[Finding]:
    """Two or three axes are of the type space."""
    for path, axes in _axes(node):
        count = sum(axis.type == "space" for axis in axes)
        if count not in (2, 3):
            yield Finding(path, f"{count} axes of the type 'space'; allowed are 2 or 3")


@rule("axes/one-time", MUST, since="0.4", until="0.6", section="multiscale-md")
def one_time(node: Node) -> Iterator[Finding]:
    """At most one axis is of the type time."""
    for path, axes in _axes(node):
        count = sum(axis.type == "time" for axis in axes)
        if count > 1:
            yield Finding(path, f"{count} axes of the type 'time'; at most 1 is allowed")


@rule("axes/one-channel", MUST, since="0.4", until="0.6", section="multiscale-md")
def one_channel(node: Node) -> Iterator[Finding]:
    """At most one axis is of the type channel or of another type than space and time."""
    for path, axes in _axes(node):
        count = sum(axis_rank(axis) == 1 for axis in axes)
        if count > 1:
            yield Finding(path, f"{count} axes that are neither space nor time; at most 1 is allowed")


@rule("axes/order", MUST, since="0.4", until="0.6", section="multiscale-md")
def axes_order(node: Node) -> Iterator[Finding]:
    """Time comes first, then a channel or custom axis, then space."""
    for path, axes in _axes(node):
        ranks = [axis_rank(axis) for axis in axes]
        if ranks != sorted(ranks):
            names = "".join(f" {axis.name}" for axis in axes)
            yield Finding(path, f"the order{names} is not time, channel, space")


@rule("axes/order-tczyx", MUST, since="0.3", until="0.3", section="multiscale-md")
def axes_order_tczyx(node: Node) -> Iterator[Finding]:
    """Axes are out of t, c, z, y, x, in this order."""
    for path, axes in _axes(node):
        places = ["tczyx".find(axis.name) if axis.name else -1 for axis in axes]
        if -1 in places or places != sorted(places):
            yield Finding(path, "the axes are not out of t, c, z, y, x in this order")


@rule("axes/space-zyx", SHOULD, since="0.4", until="0.6", section="multiscale-md")
def space_zyx(node: Node) -> Iterator[Finding]:
    """Three axes of space stand in the order z, y, x."""
    for path, axes in _axes(node):
        names = [axis.name for axis in axes if axis.type == "space"]
        if len(names) == 3 and sorted(names) == ["x", "y", "z"] and names != ["z", "y", "x"]:
            yield Finding(path, f"the axes of space stand in the order {', '.join(names)}", "order: z, y, x")


@rule("axes/type", SHOULD, since="0.4", section="axes-md")
def axis_type(node: Node) -> Iterator[Finding]:
    """An axis has a type."""
    for path, axes in _axes(node):
        for index, axis in enumerate(axes):
            if axis.type is None:
                yield Finding(f"{path}[{index}]", f"the axis {axis.name!r} has no type")


@rule("axes/unit-known", SHOULD, since="0.4", section="axes-md")
def known_unit(node: Node) -> Iterator[Finding]:
    """The unit of space and time is a name from the lists of the specification."""
    for path, axes in _axes(node):
        for index, axis in enumerate(axes):
            names = {"space": SPACE_UNITS, "time": TIME_UNITS}.get(axis.type or "")
            if names is not None and axis.unit is not None and axis.unit not in names:
                known = canonical_unit(axis.unit)
                hint = f"write {known!r}" if known in names else ""
                message = f"{axis.unit!r} is no unit of {axis.type}"
                yield Finding(f"{path}[{index}].unit", message, hint)


@rule("axes/unit-key", SHOULD, since="0.4", section="axes-md")
def unit_key(node: Node) -> Iterator[Finding]:
    """The key of a unit is ``unit``."""
    for path, axes in _axes(node):
        for index, axis in enumerate(axes):
            if "units" in axis.extra:
                yield Finding(f"{path}[{index}]", "the key 'units' means nothing", "write 'unit'")


@rule("multiscales/finest-first", MUST, since="0.4", section="multiscale-md")
def finest_first(node: Node) -> Iterator[Finding]:
    """Datasets are ordered from the highest resolution to the lowest."""
    for m, image in enumerate(node.multiscales):
        before = None
        for d in range(len(image.datasets)):
            placement = image.placement(d)
            if placement is None:
                continue
            size = [abs(s) for s in placement.scale]
            if before is not None and any(a < b * (1 - 1e-6) for a, b in zip(size, before, strict=True)):
                path = f"multiscales[{m}].datasets[{d}].transformation"
                yield Finding(path, "the pixels are smaller than those of the dataset before")
            before = size


@rule("multiscales/unique-paths", SHOULD, since="0.1", section="multiscale-md")
def unique_paths(node: Node) -> Iterator[Finding]:
    """No array stands twice in an image."""
    for m, image in enumerate(node.multiscales):
        paths = [dataset.path for dataset in image.datasets]
        for d, path in enumerate(paths):
            if path in paths[:d]:
                yield Finding(f"multiscales[{m}].datasets[{d}].path", f"the path {path!r} stands twice")


@rule("multiscales/one-dimensionality", MUST, since="0.4", until="0.5", section="multiscale-md")
def one_dimensionality(node: Node) -> Iterator[Finding]:
    """The vectors of a transformation have one number an axis."""
    for m, image in enumerate(node.multiscales):
        ndim = len(image.axes)
        steps = [(f"datasets[{d}].transformation", x.transformation) for d, x in enumerate(image.datasets)]
        steps += [("transformations", t) for t in image.transformations]
        for path, transformation in steps:
            if transformation.placement(ndim) is None:
                yield Finding(
                    f"multiscales[{m}].{path}", f"scale and translation need {ndim} numbers, one an axis"
                )


@rule("multiscales/scale-not-zero", SHOULD, since="0.4", section="trafo-md")
def scale_not_zero(node: Node) -> Iterator[Finding]:
    """No scale is 0."""
    for m, image in enumerate(node.multiscales):
        for d in range(len(image.datasets)):
            placement = image.placement(d)
            if placement is not None and 0 in placement.scale:
                hint = "where the size of a pixel is unknown write 1.0 and no unit"
                yield Finding(f"multiscales[{m}].datasets[{d}].transformation", "a scale is 0", hint)


for _field in ("name", "type", "metadata"):

    def _said(node: Node, _field: str = _field) -> Iterator[Finding]:
        for m, image in enumerate(node.multiscales):
            if getattr(image, _field) is None:
                yield Finding(f"multiscales[{m}]", f"{_field!r} is missing")

    _said.__doc__ = f"A multiscale image says its {_field}."
    rule(f"multiscales/{_field}", SHOULD, since="0.2", section="multiscale-md")(_said)
