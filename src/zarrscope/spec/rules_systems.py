# ruff: noqa: D401  (the docstring of a rule is the sentence that it enforces)
"""Rules of sense for coordinate systems since 0.6: their names, what leads where, and orientation (0.9)."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from zarrscope.model.graph import Graph, Place, graph_of_image, graph_of_scene
from zarrscope.model.orientation import VALUES, opposite
from zarrscope.model.transforms import Identity, Scale, Sequence, SystemReference, Translation
from zarrscope.spec.rules import MUST, SHOULD, Finding, rule
from zarrscope.spec.rules_transformations import groups

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zarrscope.model.axes import CoordinateSystem
    from zarrscope.model.node import Node

_M = "multiscale-md"
_C = "coord-trafo-constraints"


def _lists(node: Node) -> Iterator[tuple[str, tuple[CoordinateSystem, ...]]]:
    for m, image in enumerate(node.multiscales):
        yield f"multiscales[{m}].systems", image.systems
    for name, scene in (("scene", node.scene), ("fragment", node.fragment)):
        if scene is not None:
            yield f"{name}.systems", scene.systems or ()


@rule("systems/unique-names", MUST, since="0.6", section="coordinate-systems-md")
def unique_system_names(node: Node) -> Iterator[Finding]:
    """No two coordinate systems of a document have the same name."""
    for path, systems in _lists(node):
        seen: set[str] = set()
        for index, system in enumerate(systems):
            if system.name and system.name in seen:
                yield Finding(f"{path}[{index}].name", f"the name {system.name[:60]!r} stands twice")
            seen.add(system.name)


@rule("systems/same-dimensions", MUST, since="0.6", until="0.6", section=_M, disputed="0.6")
def same_dimensions(node: Node) -> Iterator[Finding]:
    """All coordinate systems of an image have as many axes as its arrays."""
    for m, image in enumerate(node.multiscales):
        count = len(image.axes)
        for index, system in enumerate(image.systems):
            if system.axes and count and len(system.axes) != count:
                message = f"{len(system.axes)} axes where the intrinsic system has {count}"
                yield Finding(f"multiscales[{m}].systems[{index}].axes", message)


@rule("transformations/declared", MUST, since="0.6", section="input-output-md", disputed="0.6")
def declared(node: Node) -> Iterator[Finding]:
    """Input and output without a path name a coordinate system of the same document."""
    for m, image in enumerate(node.multiscales):
        names = {system.name for system in image.systems}
        for d, dataset in enumerate(image.datasets):
            path = f"multiscales[{m}].datasets[{d}].transformation"
            yield from _unknown(f"{path}.output", dataset.transformation.output, names)
    for group in groups(node):
        if group.path == "fragment" and not group.systems:
            continue
        names = set(group.systems)
        for index, step in enumerate(group.edges):
            for key, end in (("input", step.input), ("output", step.output)):
                yield from _unknown(f"{group.path}.transformations[{index}].{key}", end, names)


def _unknown(path: str, end: SystemReference | None, names: set[str]) -> Iterator[Finding]:
    if end is not None and end.name is not None and not end.path and end.name not in names:
        known = ", ".join(sorted(islice((name for name in names if name), 9)))
        yield Finding(path, f"there is no coordinate system {end.name[:60]!r} here", f"there are: {known}")


@rule("transformations/dataset-input", MUST, since="0.6", section=_M, disputed="0.6")
def dataset_input(node: Node) -> Iterator[Finding]:
    """The input of a dataset's transformation is the path of that dataset."""
    for m, image in enumerate(node.multiscales):
        for d, dataset in enumerate(image.datasets):
            end = dataset.transformation.input
            if end is not None and end.path is not None and end.path != dataset.path:
                message = f"the input is {end.path[:60]!r}, the dataset {dataset.path[:60]!r}"
                yield Finding(f"multiscales[{m}].datasets[{d}].transformation.input", message)


@rule("transformations/dataset-ends", SHOULD, since="0.6", section=_M)
def dataset_ends(node: Node) -> Iterator[Finding]:
    """The input of a dataset's transformation has no name, its output no path."""
    for m, image in enumerate(node.multiscales):
        for d, dataset in enumerate(image.datasets):
            path, step = f"multiscales[{m}].datasets[{d}].transformation", dataset.transformation
            if step.input is not None and step.input.name is not None:
                yield Finding(f"{path}.input", "the name means nothing here", "leave it out")
            if step.output is not None and step.output.path is not None:
                yield Finding(f"{path}.output", "the path means nothing here", "leave it out")


@rule("transformations/dataset-output", MUST, since="0.6", section=_M)
def one_intrinsic(node: Node) -> Iterator[Finding]:
    """All datasets of an image lead to the same coordinate system."""
    for m, image in enumerate(node.multiscales):
        first = None
        for d, dataset in enumerate(image.datasets):
            end = dataset.transformation.output
            name = end.name if end is not None else None
            if name is not None and first not in (None, name):
                message = f"it leads to {name[:60]!r}, the dataset before to {str(first)[:60]!r}"
                yield Finding(f"multiscales[{m}].datasets[{d}].transformation.output", message)
            first = first or name


@rule("transformations/dataset-order", MUST, since="0.6", section=_C)
def scale_then_translation(node: Node) -> Iterator[Finding]:
    """In the sequence of a dataset the translation stands after the scale."""
    for m, image in enumerate(node.multiscales):
        for d, dataset in enumerate(image.datasets):
            step = dataset.transformation
            parts = [type(p) for p in step.transformations] if isinstance(step, Sequence) else []
            if parts and set(parts) <= {Scale, Translation} and parts != [Scale, Translation]:
                found = ", ".join(part.__name__.lower() for part in parts)
                path = f"multiscales[{m}].datasets[{d}].transformation"
                yield Finding(path, f"the sequence is {found}; it must be scale, translation")


@rule("transformations/intrinsic-side", MUST, since="0.6", section=_C, disputed="0.6")
def intrinsic_side(node: Node) -> Iterator[Finding]:
    """A transformation of an image starts or ends at the system that its datasets lead to."""
    for m, image in enumerate(node.multiscales):
        if not image.systems or not image.intrinsic.name:
            continue
        name = image.intrinsic.name
        for index, step in enumerate(image.transformations):
            ends = [end for end in (step.input, step.output) if end is not None]
            if len(ends) == 2 and not any(end.name == name and not end.path for end in ends):
                message = f"neither end is {name[:60]!r}, the system of the datasets"
                yield Finding(f"multiscales[{m}].transformations[{index}]", message)


@rule("transformations/label-kind", MUST, since="0.6", section=_C)
def label_kind(node: Node) -> Iterator[Finding]:
    """A transformation from or to a label image is identity, scale or translation."""
    for m, image in enumerate(node.multiscales):
        for index, step in enumerate(image.transformations):
            away = any(end is not None and end.path for end in (step.input, step.output))
            if away and not isinstance(step, Identity | Scale | Translation):
                message = f"it is {type(step).__name__}; allowed are identity, scale and translation"
                yield Finding(f"multiscales[{m}].transformations[{index}]", message)


@rule("systems/connected", MUST, since="0.6", section="coord-trafo-md", disputed="0.6")
def connected(node: Node) -> Iterator[Finding]:
    """Transformations connect all coordinate systems of a document."""
    for m, image in enumerate(node.multiscales):
        own = {Place("", system.name) for system in image.systems if system.name}
        index = {system.name: s for s, system in reversed(list(enumerate(image.systems)))}
        for name in _apart(graph_of_image(image), own):
            yield Finding(f"multiscales[{m}].systems[{index[name]}]", _alone(name))
    scene = node.scene
    if scene is not None and scene.transformations:
        own = {Place("", system.name) for system in scene.systems or () if system.name}
        graph = graph_of_scene(scene, {})
        # the systems of one image are connected by that image
        whole = [
            edge._replace(source=_image_of(edge.source), target=_image_of(edge.target))
            for edge in graph.edges
        ]
        images = {place for edge in whole for place in edge[:2] if place.path}
        for name in _apart(Graph(tuple(whole), graph.systems), own | images):
            yield Finding("scene", _alone(name))


def _image_of(place: Place) -> Place:
    return Place(place.path, "") if place.path else place


def _apart(graph: Graph, wanted: set[Place]) -> Iterator[str]:
    """Yield one name of each part that is not connected with the first."""
    parts = [part & wanted for part in graph.components]
    for part in [part for part in parts if part][1:]:
        place = min(part, key=str)
        yield place.name or place.path


def _alone(name: str) -> str:
    return f"nothing connects {name[:60]!r} with the other coordinate systems"


@rule("axes/orientation-space", MUST, since="0.9", section="orientation-md")
def orientation_of_space(node: Node) -> Iterator[Finding]:
    """Only axes of the type space have an orientation."""
    for path, systems in _lists(node):
        for s, system in enumerate(systems):
            for a, axis in enumerate(system.axes):
                if axis.orientation is not None and axis.type != "space":
                    message = f"the axis {axis.name[:40]!r} is of the type {axis.type!r:.40}"
                    yield Finding(f"{path}[{s}].axes[{a}].orientation", message)


@rule("axes/orientation-once", MUST, since="0.9", section="orientation-md")
def orientation_once(node: Node) -> Iterator[Finding]:
    """A direction of the body, or its opposite, stands at one axis of a system only."""
    for path, systems in _lists(node):
        for s, system in enumerate(systems):
            seen: dict[frozenset[str], str] = {}
            for a, axis in enumerate(system.axes):
                value = axis.orientation.value if axis.orientation is not None else None
                if value not in VALUES:
                    continue
                other = seen.setdefault(frozenset((value, opposite(value))), axis.name)
                if other != axis.name:
                    message = f"{value!r} is the direction of the axis {other[:40]!r} too"
                    yield Finding(f"{path}[{s}].axes[{a}].orientation", message)
