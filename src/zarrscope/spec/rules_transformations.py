# ruff: noqa: D401  (the docstring of a rule is the sentence that it enforces)
"""Rules of sense for the transformations of 0.6 and later: each by itself, and whether its sizes fit."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from zarrscope.model.dimensions import ByDimension, MapAxis, ProjectAxis
from zarrscope.model.fields import Bijection, Displacements
from zarrscope.model.matrices import Affine, Rotation
from zarrscope.model.rows import determinant, orthonormal
from zarrscope.model.transforms import Scale, Sequence, Translation
from zarrscope.spec.rules import MUST, Finding, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from zarrscope.model.axes import CoordinateSystem
    from zarrscope.model.node import Node
    from zarrscope.model.transforms import SystemReference, Transformation

_ROUNDED = 1e-3
"""How far a rotation may be from orthonormal: documents hold numbers that people rounded."""


_LARGEST = 64
"""Rows of a rotation that are checked: more is no image, and would take its time."""


class Visit(NamedTuple):
    """One transformation, wherever it stands.

    Parameters
    ----------
    path : str
        Of the transformation in the model.
    step : Transformation
        Itself.
    into, out : int or None
        How many coordinates go in and come out, as far as the document says it elsewhere.
    """

    path: str
    step: Transformation
    into: int | None
    out: int | None


class Edges(NamedTuple):
    """The transformations of one image, scene or fragment, and the systems that they may name.

    Parameters
    ----------
    path : str
        Of the image or scene in the model.
    systems : mapping of str to CoordinateSystem
        By name.
    edges : tuple of Transformation
        Between them.
    """

    path: str
    systems: Mapping[str, CoordinateSystem]
    edges: tuple[Transformation, ...]


def groups(node: Node) -> Iterator[Edges]:
    """Yield the images, scenes and fragments of a document with their transformations."""
    for index, image in enumerate(node.multiscales):
        yield Edges(f"multiscales[{index}]", {s.name: s for s in image.systems}, image.transformations)
    for name, scene in (("scene", node.scene), ("fragment", node.fragment)):
        if scene is not None:
            yield Edges(name, {s.name: s for s in scene.systems or ()}, scene.transformations)


def visits(node: Node) -> Iterator[Visit]:
    """Yield every transformation of a document, and those inside it."""
    for m, image in enumerate(node.multiscales):
        systems = {system.name: system for system in image.systems}
        for d, dataset in enumerate(image.datasets):
            # an array has as many dimensions as the system that its pixels are placed in
            count = _count(dataset.transformation.output, systems)
            path = f"multiscales[{m}].datasets[{d}].transformation"
            yield from _inside(Visit(path, dataset.transformation, count, count))
    for group in groups(node):
        for index, step in enumerate(group.edges):
            counts = _count(step.input, group.systems), _count(step.output, group.systems)
            yield from _inside(Visit(f"{group.path}.transformations[{index}]", step, *counts))


def _count(end: SystemReference | None, systems: Mapping[str, CoordinateSystem]) -> int | None:
    """Return how many axes the system at one end has, where this document declares it."""
    system = systems.get(end.name) if end is not None and end.name is not None and not end.path else None
    return len(system.axes) if system is not None and system.axes else None


def _inside(visit: Visit) -> Iterator[Visit]:
    yield visit
    path, step, into, out = visit
    if isinstance(step, Sequence):
        for index, part in enumerate(step.transformations):
            yield from _inside(Visit(f"{path}.transformations[{index}]", part, into, None))
            into = _after(part, into)
    elif isinstance(step, ByDimension):
        for index, item in enumerate(step.items):
            counts = len(item.inputs), len(item.outputs)
            yield from _inside(Visit(f"{path}.items[{index}].transformation", item.transformation, *counts))
    elif isinstance(step, Bijection):
        yield from _inside(Visit(f"{path}.forward", step.forward, into, out))
        yield from _inside(Visit(f"{path}.backward", step.backward, out, into))


def _after(step: Transformation, into: int | None) -> int | None:
    """Return how many coordinates come out; where too many or few go in, what it would give otherwise."""
    known = None if into is None else step.dims(into)
    return step.ndim_out if known is None else known


@rule("transformations/map-axis-permutation", MUST, since="0.6", section="mapAxis-md")
def map_axis_permutation(node: Node) -> Iterator[Finding]:
    """``mapAxis`` names every axis from 0 to one less than their number exactly once."""
    for path, step, _, _ in visits(node):
        if isinstance(step, MapAxis) and not step.permutes:
            message = f"{list(step.axes)[:9]} does not name each of 0 to {len(step.axes) - 1} once"
            yield Finding(path, message)


@rule("transformations/rotation-orthonormal", MUST, since="0.6", section="rotation-md")
def rotation_orthonormal(node: Node) -> Iterator[Finding]:
    """The rows and columns of a rotation are orthonormal and its determinant is 1."""
    for path, step, _, _ in visits(node):
        if not isinstance(step, Rotation) or step.rows is None or len(step.rows) > _LARGEST:
            continue
        if not orthonormal(step.rows, _ROUNDED):
            yield Finding(path, "the rows are not orthonormal", "a matrix that stretches is an affine")
        elif determinant(step.rows) < 0:
            yield Finding(path, "the determinant is -1: it mirrors", "a matrix that mirrors is an affine")


@rule("transformations/vector-length", MUST, since="0.6", section="trafo-types-md", disputed="0.6")
def vector_length(node: Node) -> Iterator[Finding]:
    """``scale``, ``translation`` and ``mapAxis`` have one number for each coordinate that goes in."""
    for path, step, into, out in visits(node):
        wanted = out if into is None else into
        if isinstance(step, Scale | Translation | MapAxis) and wanted not in (None, step.ndim_in):
            yield Finding(path, f"{step.ndim_in} numbers for points of {wanted} coordinates")


@rule("transformations/matrix-size", MUST, since="0.6", section="matrix-trafo-md")
def matrix_size(node: Node) -> Iterator[Finding]:
    """A matrix has a row for each output axis, and a column for each input axis (an affine one more)."""
    for path, step, into, out in visits(node):
        if not isinstance(step, Affine | Rotation) or step.rows is None:
            continue
        extra = isinstance(step, Affine)
        if into not in (None, step.ndim_in) or out not in (None, step.ndim_out):
            columns = "any number of" if into is None else into + extra
            rows = "any number of" if out is None else out
            message = f"{len(step.rows)} rows of {len(step.rows[0])} numbers"
            yield Finding(path, f"{message}; here belong {rows} rows of {columns}")


@rule("transformations/project-axis-indices", MUST, since="0.6", section="projectAxis-md")
def project_axis_indices(node: Node) -> Iterator[Finding]:
    """``projectAxis`` drops axes of its input and creates axes of its output."""
    for path, step, into, _ in visits(node):
        if isinstance(step, ProjectAxis) and into is not None and step.dims(into) is None:
            yield Finding(path, f"points of {into} coordinates do not have the axes that it drops or creates")


@rule("transformations/by-dimension-range", MUST, since="0.6", section="bydimension-md")
def by_dimension_range(node: Node) -> Iterator[Finding]:
    """The indices of ``byDimension`` are those of axes of its input and output."""
    for path, step, into, out in visits(node):
        if not isinstance(step, ByDimension):
            continue
        for index, item in enumerate(step.items):
            for axes, count, what in ((item.inputs, into, "input"), (item.outputs, out, "output")):
                wrong = [axis for axis in axes if axis < 0 or (count is not None and axis >= count)]
                if wrong:
                    yield Finding(f"{path}.items[{index}]", f"the {what} has no axis {wrong[0]}")


@rule("transformations/by-dimension-cover", MUST, since="0.6", section="bydimension-md")
def by_dimension_cover(node: Node) -> Iterator[Finding]:
    """Every output axis of ``byDimension`` stands in exactly one of its parts."""
    for path, step, _, out in visits(node):
        if not isinstance(step, ByDimension):
            continue
        given = [axis for item in step.items for axis in item.outputs]
        twice = sorted(axis for axis, count in Counter(given).items() if count > 1)
        missing = sorted(set(range(len(given) if out is None else out)) - set(given))
        if twice:
            yield Finding(path, f"the output axis {twice[0]} stands in more than one part")
        elif missing:
            yield Finding(path, f"the output axis {missing[0]} stands in no part")


@rule("transformations/output-dimensions", MUST, since="0.6", section="trafo-types-md", disputed="0.6")
def output_dimensions(node: Node) -> Iterator[Finding]:
    """What comes out of a transformation has as many coordinates as the system it leads to has axes."""
    for path, step, into, out in visits(node):
        if isinstance(step, Affine | Rotation | ByDimension | Bijection):
            continue
        given = None if into is None else step.dims(into)
        if given is not None and out not in (None, given):
            yield Finding(path, f"{given} coordinates come out where {out} belong")


@rule("transformations/field-dimensions", MUST, since="0.6", section="coordinates-displacements-md")
def field_dimensions(node: Node) -> Iterator[Finding]:
    """Displacements and bijections lead between systems of equally many axes."""
    for path, step, into, out in visits(node):
        if isinstance(step, Displacements | Bijection) and None not in (into, out) and into != out:
            yield Finding(path, f"it leads from {into} axes to {out}")
