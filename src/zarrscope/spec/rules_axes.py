# ruff: noqa: D401  (the docstring of a rule is the sentence that it enforces)
"""Rules of sense for axes (sections ``axes-md`` and ``multiscale-md``)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zarrscope.model.units import SPACE_UNITS, TIME_UNITS, canonical_unit
from zarrscope.spec.forms import nearest
from zarrscope.spec.rules import MUST, SHOULD, Finding, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zarrscope.model.axes import Axis
    from zarrscope.model.node import Node

_S = "axes-md"
_M = "multiscale-md"


def axis_rank(axis: Axis) -> int:
    """Return the place of an axis in the order of 0.4: time, then channel or custom, then space."""
    return {"time": 0, "space": 2}.get(axis.type or "", 1)


def _axes(node: Node) -> Iterator[tuple[str, tuple[Axis, ...]]]:
    for m, image in enumerate(node.multiscales):
        for s, system in enumerate(image.systems):
            yield f"multiscales[{m}].systems[{s}].axes", system.axes


def _all_axes(node: Node) -> Iterator[tuple[str, tuple[Axis, ...]]]:
    """Yield the axes of all systems: of images, scenes and fragments."""
    yield from _axes(node)
    for name, scene in (("scene", node.scene), ("fragment", node.fragment)):
        for s, system in enumerate((scene.systems or ()) if scene is not None else ()):
            yield f"{name}.systems[{s}].axes", system.axes


def _pictures(node: Node) -> Iterator[tuple[str, tuple[Axis, ...]]]:
    """Yield the axes of systems that pixels live in: not those of arrays, nor of fields of vectors."""
    for path, axes in _axes(node):
        if not {axis.type for axis in axes} & {"array", "displacement", "coordinate"}:
            yield path, axes


@rule("axes/unique-names", MUST, since="0.3", section=_S)
def unique_names(node: Node) -> Iterator[Finding]:
    """No two axes of an image (since 0.6: of a coordinate system) have the same name."""
    for path, axes in _all_axes(node):
        seen: set[str] = set()
        for index, axis in enumerate(axes):
            if axis.name and axis.name in seen:
                yield Finding(f"{path}[{index}].name", f"the name {axis.name[:40]!r} stands twice")
            seen.add(axis.name)


@rule("axes/names-differ", SHOULD, since="0.9", section=_S)
def names_differ(node: Node) -> Iterator[Finding]:
    """No two names of axes differ in upper and lower case only."""
    for path, axes in _all_axes(node):
        seen: dict[str, str] = {}
        for index, axis in enumerate(axes):
            other = seen.setdefault(axis.name.lower(), axis.name)
            if other != axis.name:
                yield Finding(f"{path}[{index}].name", f"{axis.name!r} and {other!r} differ in case only")


@rule("axes/one-time", MUST, since="0.4", until="0.6", section=_M)
def one_time(node: Node) -> Iterator[Finding]:
    """At most one axis is of the type time."""
    for path, axes in _pictures(node):
        count = sum(axis.type == "time" for axis in axes)
        if count > 1:
            yield Finding(path, f"{count} axes of the type 'time'; at most 1 is allowed")


@rule("axes/one-channel", MUST, since="0.4", until="0.6", section=_M)
def one_channel(node: Node) -> Iterator[Finding]:
    """At most one axis is of the type channel or of another type than space and time."""
    for path, axes in _pictures(node):
        count = sum(axis_rank(axis) == 1 for axis in axes)
        if count > 1:
            yield Finding(path, f"{count} axes that are neither space nor time; at most 1 is allowed")


@rule("axes/order", MUST, since="0.4", until="0.6", section=_M)
def axes_order(node: Node) -> Iterator[Finding]:
    """Time comes first, then a channel or custom axis, then space."""
    for path, axes in _pictures(node):
        ranks = [axis_rank(axis) for axis in axes]
        if ranks != sorted(ranks):
            names = "".join(f" {axis.name[:40]}" for axis in axes[:10])
            yield Finding(path, f"the order{names} is not time, channel, space")


@rule("axes/order-tczyx", MUST, since="0.3", until="0.3", section=_M, suite="0.3")
def axes_order_tczyx(node: Node) -> Iterator[Finding]:
    """Axes are out of t, c, z, y, x, in this order."""
    for path, axes in _axes(node):
        places = ["tczyx".find(axis.name) for axis in axes if axis.name]
        if -1 not in places and places != sorted(places):
            yield Finding(path, "the axes are not in the order t, c, z, y, x")


@rule("axes/space-zyx", SHOULD, since="0.4", section=_M)
def space_zyx(node: Node) -> Iterator[Finding]:
    """Three axes of space stand in the order z, y, x."""
    for path, axes in _axes(node):
        names = [axis.name for axis in axes if axis.type == "space"]
        if len(names) == 3 and sorted(names) == ["x", "y", "z"] and names != ["z", "y", "x"]:
            yield Finding(path, f"the axes of space stand in the order {', '.join(names)}", "order: z, y, x")


@rule("axes/type", SHOULD, since="0.4", section=_S)
def axis_type(node: Node) -> Iterator[Finding]:
    """An axis has a type."""
    for path, axes in _axes(node):
        for index, axis in enumerate(axes):
            if axis.type is None and "type" not in axis.extra:
                yield Finding(f"{path}[{index}]", f"the axis {axis.name[:40]!r} has no type")


@rule("axes/type-known", SHOULD, since="0.4", section=_S, disputed="0.4 0.5 0.6")
def known_type(node: Node) -> Iterator[Finding]:
    """The type of an axis is space, time or channel (since 0.6 also array, coordinate or displacement)."""
    known = ("space", "time", "channel", "array", "coordinate", "displacement")
    for path, axes in _axes(node):
        for index, axis in enumerate(axes):
            if axis.type is not None and axis.type not in known:
                hint = nearest(axis.type, known)
                yield Finding(f"{path}[{index}].type", f"the type {axis.type[:40]!r} is a custom one", hint)


@rule("axes/unit", SHOULD, since="0.4", section=_S, disputed="0.4 0.5 0.6 0.9")
def unit_given(node: Node) -> Iterator[Finding]:
    """An axis of space or time has a unit."""
    for path, axes in _axes(node):
        for index, axis in enumerate(axes):
            if axis.type in ("space", "time") and axis.unit is None and "unit" not in axis.extra:
                yield Finding(f"{path}[{index}]", f"the axis {axis.name[:40]!r} has no unit")


@rule("axes/unit-known", SHOULD, since="0.4", section=_S)
def known_unit(node: Node) -> Iterator[Finding]:
    """The unit of space and time is a name from the lists of the specification."""
    for path, axes in _axes(node):
        for index, axis in enumerate(axes):
            names = {"space": SPACE_UNITS, "time": TIME_UNITS}.get(axis.type or "")
            if names is not None and axis.unit is not None and axis.unit not in names:
                known = canonical_unit(axis.unit)
                hint = f"write {known!r}" if known in names else nearest(axis.unit, sorted(names))
                message = f"{axis.unit[:40]!r} is no unit of {axis.type}"
                yield Finding(f"{path}[{index}].unit", message, hint)
