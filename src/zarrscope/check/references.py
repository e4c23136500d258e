"""What transformations refer to in other documents: systems of other groups, matrices and fields (0.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from zarrscope.check import rules
from zarrscope.check.arrays import ArrayFacts, facts
from zarrscope.check.images import judge_array, levels_of, multiscale_of
from zarrscope.check.links import resolved
from zarrscope.check.rules import problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from zarrscope.check.documents import Document, Documents, State
    from zarrscope.check.walk import Place
    from zarrscope.model.multiscales import Multiscale
    from zarrscope.report import Problem
    from zarrscope.types import Shape

_VECTORS = {"displacements": "displacement", "coordinates": "coordinate"}
"""By type of the transformation: the type that the axis of vectors has."""


class Step(NamedTuple):
    """One transformation, wherever it stands.

    Parameters
    ----------
    entry : mapping
        As it is written.
    pointer : str
        Where.
    before, after : int, optional
        How many coordinates go in and come out; None where that is not known.
    """

    entry: Mapping[str, Any]
    pointer: str
    before: int | None
    after: int | None


def judge_references(place: Place, known: Mapping[str, Place], documents: Documents) -> Iterator[Problem]:
    """Yield where transformations of an image or a scene refer to what is not there or does not fit.

    Parameters
    ----------
    place : Place
        The group whose document is judged.
    known : mapping
        All groups that were read, by path.
    documents : Documents
        For groups that no document names in any other way.
    """
    for matrix in place.of("matrix"):
        yield from judge_array(matrix, place.version)
    if rules.rule_version(place.version) < "0.6" or "dev" in place.version:
        return  # drafts wrote ends and fields otherwise
    parameters = {child.link.pointer: child for child in place.of("matrix", "displacements")}
    systems = _Systems(place, known, documents)
    for entry, pointer in _edges(place):
        counts: list[int | None] = []
        for side in ("input", "output"):
            count, problems = _end(entry.get(side), f"{pointer}/{side}", place, systems)
            counts.append(count)
            yield from problems
        for step in _steps(entry, pointer, counts[0], counts[1]):
            stored = parameters.get(f"{step.pointer}/path")
            if stored is None:
                continue
            if stored.role == "matrix":
                yield from _matrix(step, stored, place)
            else:
                yield from _field(step, known.get(stored.path, stored), place)


def _edges(place: Place) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Yield the transformations between systems, and where they stand."""
    ours, root = place.document.ours, place.document.root
    images = ours.get("multiscales")
    holders = [
        (image, f"{root}/multiscales/{i}")
        for i, image in enumerate(images if isinstance(images, list) else ())
    ]
    for holder, pointer in [*holders, (ours.get("scene"), f"{root}/scene")]:
        listed = holder.get("coordinateTransformations") if isinstance(holder, dict) else None
        for i, entry in enumerate(listed if isinstance(listed, list) else ()):
            if isinstance(entry, dict):
                yield entry, f"{pointer}/coordinateTransformations/{i}"


class _Systems:
    """The coordinate systems that a document can refer to, in itself and in other groups.

    Parameters
    ----------
    place : Place
        The group of the document.
    known, documents
        As those of ``judge_references``.
    """

    def __init__(self, place: Place, known: Mapping[str, Place], documents: Documents) -> None:
        self._place, self._known, self._documents = place, known, documents
        self._found: dict[str, tuple[State, dict[str, int]]] = {}

    def at(self, path: str) -> tuple[State, dict[str, int]]:
        """Return what stands at a path, and how many axes each of its systems has, by name."""
        if path not in self._found:
            document = self._place.document
            if path in self._known:
                document = self._known[path].document
            elif path != self._place.path:
                document = self._documents.groups([path], document.zarr_format)[0]
            self._found[path] = document.state, dict(_axis_counts(document))
        return self._found[path]


def _axis_counts(document: Document) -> Iterator[tuple[str, int]]:
    images = document.ours.get("multiscales")
    for holder in [*(images if isinstance(images, list) else ()), document.ours.get("scene")]:
        systems = holder.get("coordinateSystems") if isinstance(holder, dict) else None
        for system in systems if isinstance(systems, list) else ():
            if isinstance(system, dict) and isinstance(system.get("name"), str):
                axes = system.get("axes")
                yield system["name"], len(axes) if isinstance(axes, list) else 0


def _end(end: Any, pointer: str, place: Place, systems: _Systems) -> tuple[int | None, list[Problem]]:
    """Return how many axes the system at an end has, and what is wrong with the reference to it."""
    if not isinstance(end, dict) or not isinstance(name := end.get("name"), str):
        return None, []
    said = end.get("path")
    path = resolved(place.path, said) if isinstance(said, str) and said.strip("./") else place.path
    state, found = ("absent", {}) if path is None else systems.at(path)
    if name in found or path == place.path:
        return found.get(name) or None, []
    if state == "absent" and "scene" not in place.document.ours:
        message = f"there is no image at {said!r}"
        return None, [problem(rules.END, place.version, place.file, f"{pointer}/path", message)]
    if state != "group":
        return None, []  # what a scene names and is not there is told where its images are judged
    hint = f"there are: {', '.join(sorted(found)[:9])}" if found else ""
    message = f"{said!r} has no coordinate system {name[:60]!r}"
    return None, [problem(rules.END, place.version, place.file, f"{pointer}/name", message, hint)]


def _steps(entry: Any, pointer: str, before: int | None, after: int | None) -> Iterator[Step]:
    """Yield a transformation and all that it is made of."""
    if not isinstance(entry, dict):
        return
    yield Step(entry, pointer, before, after)
    kind, listed = entry.get("type"), entry.get("transformations")
    parts = listed if isinstance(listed, list) else []
    if kind == "bijection":
        yield from _steps(entry.get("forward"), f"{pointer}/forward", before, after)
        yield from _steps(entry.get("inverse"), f"{pointer}/inverse", after, before)
    for i, part in enumerate(parts):
        if kind == "sequence":
            first, last = i == 0, i == len(parts) - 1
            inner = (before if first else None), (after if last else None)
            yield from _steps(part, f"{pointer}/transformations/{i}", *inner)
        elif kind == "byDimension" and isinstance(part, dict):
            here = f"{pointer}/transformations/{i}/transformation"
            yield from _steps(part.get("transformation"), here, _count(part, "input"), _count(part, "output"))


def _count(part: Mapping[str, Any], side: str) -> int | None:
    """Return how many axes a part of ``byDimension`` has at one side."""
    found = part.get(f"{side}Axes")
    return len(found) if isinstance(found, list) else None


def _matrix(step: Step, stored: Place, namer: Place) -> Iterator[Problem]:
    """Compare the shape of a stored matrix with the axes that it leads from and to."""
    if stored.document.state != "array" or not isinstance(found := facts(stored.document), ArrayFacts):
        return
    shape, affine = found.shape, step.entry.get("type") == "affine"
    before, after = step.before, step.after
    if not affine:
        before = after = before or after or (shape[0] if shape else None)
    columns = None if before is None else before + affine
    if len(shape) == 2 and (after or shape[0]) == shape[0] and (columns or shape[1]) == shape[1]:
        return
    wanted = f"{after or 'n'} x {columns or 'm'}"
    said = " x ".join(map(str, shape)) or "a single number"
    message = f"the matrix at {stored.link.said!r} is {said}; it must be {wanted}"
    yield problem(rules.MATRIX, namer.version, namer.file, f"{step.pointer}/path", message)


def _field(step: Step, field: Place, namer: Place) -> Iterator[Problem]:
    """Compare a field with the axes that its transformation leads from and to."""
    image = multiscale_of(field, 0) if field.document.state == "group" else None
    if image is None or not image.axes:
        return
    kind = str(step.entry.get("type"))
    where = next((i for i, axis in enumerate(image.axes) if axis.type == _VECTORS[kind]), None)
    before, after = step.before, step.after
    if kind == "displacements":
        before = after = before or after
    levels = levels_of(field, 0)
    shape = levels[0].facts.shape if levels else ()
    said = _unfit_axes(image, where, _VECTORS[kind], before)
    rule = rules.FIELD_AXES
    if not said and where is not None and len(shape) == len(image.axes):
        rule, said = rules.FIELD_LENGTH, _unfit_length(shape, where, after)
    if said:
        message = f"the field at {field.link.said!r} {said}"
        yield problem(rule, namer.version, namer.file, f"{step.pointer}/path", message)


def _unfit_axes(image: Multiscale, where: int | None, wanted: str, before: int | None) -> str:
    """Return what is wrong with the axes of a field, "" where nothing is."""
    if where is None:
        return f"has no axis of the type {wanted!r}"
    if image.axes[where].discrete is not True:
        return f"has an axis of the type {wanted!r} that is not discrete"
    if before is not None and len(image.axes) != before + 1:
        return f"has {len(image.axes)} axes; for points of {before} coordinates it must have {before + 1}"
    early = any(axis.type == "space" for axis in image.axes[:where])
    if early or any(axis.type == "time" for axis in image.axes[where:]):
        return f"has its axis of the type {wanted!r} at index {where}; it stands after time and before space"
    return ""


def _unfit_length(shape: Shape, where: int, after: int | None) -> str:
    """Return what is wrong with the length of the vectors of a field, "" where nothing is."""
    if after is None or shape[where] == after:
        return ""
    return f"holds vectors of {shape[where]} numbers; points have {after} coordinates"
