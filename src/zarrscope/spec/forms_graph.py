"""The form of transformations in 0.6 and later: edges between named systems (``trafo-md``, ``scene-md``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zarrscope.spec import forms_transformations as steps
from zarrscope.spec.forms import (
    Form,
    fits,
    items,
    kind_of,
    members,
    nearest,
    numeric,
    text,
    whole,
)  # fmt: skip
from zarrscope.spec.reader import integer
from zarrscope.spec.rules import MUST, NOTE, SHOULD, sentence

if TYPE_CHECKING:
    from zarrscope.spec.forms import Notes

_S = "trafo-md"
_V = "0.6 0.9"
_CAP = 4
"""Largest index of an axis that the schemas of 0.6 allow; 0.9 has no limit."""

KINDS = (
    "identity", "mapAxis", "projectAxis", "scale", "translation", "affine", "rotation", "bijection",
    "sequence", "byDimension", "displacements", "coordinates",
)  # fmt: skip
"""The types of transformations since 0.6."""


def _new(name: str, text_: str, weight: Any = MUST, *, schema: str = _V, section: str = _S) -> str:
    return sentence(f"transformations/{name}", weight, text_, since="0.6", section=section, schema=schema)


_NAME = _new("name", "The name of a transformation is a string.")
_ABOVE = sentence(
    "transformations/scale-positive", SHOULD, "No factor of a scale is 0 or negative.", since="0.6",
    section=_S, schema=_V,
)  # fmt: skip
_MAP = _new("map-axis", "``mapAxis`` is a list of indices of axes, no two the same.")
_MAP_COUNT = _new("map-axis-count", "``mapAxis`` has two to five entries.", NOTE, schema="0.6")
_CAPPED = _new("axis-index-limit", "No index of an axis is larger than 4.", NOTE, schema="0.6")
_PROJECT = _new("project-axis", "``projectAxis`` lists the axes that it drops or creates, no two the same.")
_PROJECT_COUNT = _new(
    "project-axis-count", "``projectAxis`` drops or creates at most three axes.", NOTE, schema="0.6"
)  # fmt: skip
_AFFINE = _new("affine", "``affine`` is a list of rows of numbers, or the parameters have a ``path``.")
_AFFINE_ROWS = _new("affine-rows", "The rows of an affine matrix are equally long.", schema="")
_ROTATION = _new("rotation", "``rotation`` is a square of numbers, or the parameters have a ``path``.")
_EITHER = _new("matrix-or-path", "Parameters are given either as numbers or by a path.")
_PATH = _new("path-text", "The path of parameters is a string.", schema="")
_BIJECTION = _new("bijection", "A bijection has a transformation forward and its inverse.")
_SEQUENCE = _new("sequence", "A sequence lists its transformations.")
_SEQUENCE_EMPTY = _new("sequence-empty", "A sequence has at least one step.", schema="")
_BY = _new("by-dimension", "``byDimension`` lists transformations with their input and output axes.")
_BY_AXES = _new("by-dimension-axes", "Input and output axes are lists of numbers.")
_BY_WHOLE = _new("by-dimension-indices", "Input and output axes are indices of axes.", schema="")
_FIELD = _new("field-path", "A field of displacements or coordinates has the path of an image.")
_INTERPOLATION = _new("interpolation", "Interpolation is nearest, linear or bspline-cubic.", schema="")
_INTERPOLATION_SCHEMA = _new(
    "interpolation-schema", "Interpolation is nearest, linear or cubic, say the schemas.", NOTE
)  # fmt: skip
_ENDS = _new("ends", "A transformation names its input and its output, as objects.")
_INPUT_PATH = _new("input-path", "The input of a dataset's transformation is the path of its array.")
_OUTPUT_NAME = _new("output-name", "The output of a dataset's transformation is the name of a system.")
_END_NAME = _new("end-name", "Input and output name a coordinate system.")
_END_TEXT = _new("end-text", "Names and paths of input and output are strings.")
_END_PATH = _new("end-path", "The path of an input or output is a string.", schema="")
_END_NULL = _new("end-path-null", "The path of an input or output is left out, not null.", NOTE)
_END_EXTRA = _new("end-extra", "Input and output of a scene have name and path only.", NOTE)
_ONE = _new("one", "A dataset has exactly one transformation.")
_DATASET_TYPE = _new("dataset-type", "A dataset is placed by identity, scale, or scale and translation.")
_UNTYPED = _new("dataset-type-given", "The transformation of a dataset has a type.", schema="")
_TWICE = _new("twice", "No transformation is written twice.", NOTE)

_SCALE = items(steps.SCALE, numeric(steps.SCALE, above=0, above_rule=_ABOVE))
_TRANSLATION = items(steps.TRANSLATION, numeric(steps.TRANSLATION))
_ROWS = items(_AFFINE, items(_AFFINE, numeric(_AFFINE)))


def _affine(value: dict[str, Any], at: str, notes: Notes) -> None:
    _matrix("affine", _AFFINE, _ROWS)(value, at, notes)
    rows = value.get("affine")
    if isinstance(rows, list) and len({len(row) for row in rows if isinstance(row, list)}) > 1:
        notes.note(_AFFINE_ROWS, f"{at}/affine", "the rows of 'affine' are not equally long")


def _indices(rule: str, count_rule: str, least: int, most: int) -> Form:
    single = items(rule, whole(rule, least=0), unique=rule)

    def check(value: Any, at: str, notes: Notes) -> None:
        single(value, at, notes)
        if not isinstance(value, list):
            return
        if not least <= len(value) <= most:
            notes.note(count_rule, at, f"{len(value)} entries; the schemas allow {least} to {most}")
        if any((integer(index) or 0) > _CAP for index in value):
            notes.note(_CAPPED, at, f"an index is larger than {_CAP}, the most that the schemas allow")

    return check


_MAP_FORM = _indices(_MAP, _MAP_COUNT, 2, 5)
_PROJECT_FORM = _indices(_PROJECT, _PROJECT_COUNT, 0, 3)


def _project(value: dict[str, Any], at: str, notes: Notes) -> None:
    given = [key for key in ("droppedInputs", "createdOutputs") if key in value]
    if not given:
        notes.note(_PROJECT, at, "neither 'droppedInputs' nor 'createdOutputs' is there")
    for key in given:
        if value[key] == []:
            notes.note(_PROJECT, f"{at}/{key}", f"{key!r} is empty", "leave it out")
        _PROJECT_FORM(value[key], f"{at}/{key}", notes)


def _square(value: Any, at: str, notes: Notes) -> None:
    count = len(value) if isinstance(value, list) else 0
    rows = value if isinstance(value, list) else []
    if not 2 <= count <= 5 or any(not isinstance(row, list) or len(row) != count for row in rows):
        notes.note(_ROTATION, at, "'rotation' must be a square of 2 to 5 rows of numbers")
    for index, row in enumerate(rows):
        items(_ROTATION, numeric(_ROTATION))(row, f"{at}/{index}", notes)


def _matrix(key: str, rule: str, form: Form) -> Form:
    """Numbers or a path, exactly one of them (as the schemas mean it: exactly one that is well formed)."""

    def check(value: dict[str, Any], at: str, notes: Notes) -> None:
        numbers = key in value and fits(form, value[key], notes)
        path = isinstance(value.get("path"), str)
        if numbers and path:
            notes.note(_EITHER, at, f"both {key!r} and 'path' are given", "leave one of them out")
        elif path and key in value:
            # the schemas pass over numbers that are broken where there is a path
            notes.note(_PATH, f"{at}/{key}", f"{key!r} is broken, and 'path' is given as well")
        elif numbers and "path" in value:
            notes.note(_PATH, f"{at}/path", f"'path' must be a string, found {kind_of(value['path'])}")
        elif key in value and not numbers:
            form(value[key], f"{at}/{key}", notes)
        elif not numbers and not path:
            notes.note(rule, at, f"neither {key!r} nor a 'path' to it is there")

    return check


def _needs(key: str, rule: str, form: Form) -> Form:
    def check(value: dict[str, Any], at: str, notes: Notes) -> None:
        if key in value:
            form(value[key], f"{at}/{key}", notes)
        else:
            notes.note(rule, at, f"{key!r} is missing")

    return check


def _bijection(value: dict[str, Any], at: str, notes: Notes) -> None:
    for key in ("forward", "inverse"):
        _needs(key, _BIJECTION, transformation)(value, at, notes)


def _sequence(value: dict[str, Any], at: str, notes: Notes) -> None:
    _needs("transformations", _SEQUENCE, items(_SEQUENCE, transformation))(value, at, notes)
    if value.get("transformations") == []:
        notes.note(_SEQUENCE_EMPTY, f"{at}/transformations", "the sequence has no step")


def _by_axes(value: Any, at: str, notes: Notes) -> None:
    items(_BY_AXES, numeric(_BY_AXES))(value, at, notes)
    for index, axis in enumerate(value if isinstance(value, list) else ()):
        if isinstance(axis, (int, float)) and ((found := integer(axis)) is None or found < 0):
            notes.note(_BY_WHOLE, f"{at}/{index}", f"{kind_of(axis)} is no index of an axis")


def _by_dimension(value: dict[str, Any], at: str, notes: Notes) -> None:
    part = members(
        _BY,
        {"transformation": transformation, "inputAxes": _by_axes, "outputAxes": _by_axes},
        {"transformation": _BY, "inputAxes": _BY_AXES, "outputAxes": _BY_AXES},
    )
    _needs("transformations", _BY, items(_BY, part))(value, at, notes)


def _field(value: dict[str, Any], at: str, notes: Notes) -> None:
    _needs("path", _FIELD, text(_FIELD))(value, at, notes)
    if "interpolation" not in value:
        return
    chosen = value["interpolation"]
    if chosen not in ("nearest", "linear", "bspline-cubic"):
        message = f"the interpolation is {kind_of(chosen)}; allowed are nearest, linear, bspline-cubic"
        notes.note(_INTERPOLATION, f"{at}/interpolation", message)
    if chosen not in ("nearest", "linear", "cubic"):
        message = f"the interpolation is {kind_of(chosen)}; the schemas allow nearest, linear, cubic"
        notes.note(_INTERPOLATION_SCHEMA, f"{at}/interpolation", message)


_BODIES: dict[str, Form] = {
    "identity": lambda value, at, notes: None,
    "mapAxis": _needs("mapAxis", _MAP, _MAP_FORM),
    "projectAxis": _project,
    "scale": _needs("scale", steps.SCALE, _SCALE),
    "translation": _needs("translation", steps.TRANSLATION, _TRANSLATION),
    "affine": _affine,
    "rotation": _matrix("rotation", _ROTATION, _square),
    "bijection": _bijection,
    "sequence": _sequence,
    "byDimension": _by_dimension,
    "displacements": _field,
    "coordinates": _field,
}


def transformation(value: Any, at: str, notes: Notes) -> None:
    """Check one transformation of any type, wherever it stands."""
    if not isinstance(value, dict):
        notes.note(steps.OBJECT, at, f"a transformation must be an object, found {kind_of(value)}")
        return
    if "name" in value:
        text(_NAME)(value["name"], f"{at}/name", notes)
    kind = value.get("type")
    if "type" not in value:
        notes.note(steps.TYPE, at, "'type' is missing")
    elif not isinstance(kind, str) or kind not in _BODIES:
        hint = nearest(kind, KINDS) if isinstance(kind, str) else ""
        notes.note(steps.TYPE, f"{at}/type", f"there is no transformation of the type {kind_of(kind)}", hint)
    else:
        _BODIES[kind](value, at, notes)


def _end(value: Any, at: str, notes: Notes, *, name: str, path: str, texts: tuple[str, str]) -> None:
    """Check an input or output: which rule demands the name, which the path, which that they are text."""
    if not isinstance(value, dict):
        key = "path" if path else "name"
        hint = f'write {{"{key}": "{value}"}}' if isinstance(value, str) and len(value) < 80 else ""
        notes.note(_ENDS, at, f"it must be an object, found {kind_of(value)}", hint)
        return
    for key, need, rule in (("name", name, texts[0]), ("path", path, texts[1])):
        if key == "path" and not need and value.get(key, "") is None:
            if rule == _END_TEXT:  # where the schemas look at paths at all
                notes.note(
                    _END_NULL, f"{at}/path", "'path' is null; the schemas want a string", "leave it out"
                )
        elif key in value:
            text(rule)(value[key], f"{at}/{key}", notes)
        elif need:
            notes.note(need, at, f"{key!r} is missing")


def _ends(value: dict[str, Any], at: str, notes: Notes, **rules: Any) -> None:
    for key in ("input", "output"):
        if key not in value:
            notes.note(_ENDS, at, f"{key!r} is missing")
        elif rules:
            _end(value[key], f"{at}/{key}", notes, **rules)


def _edge(value: Any, at: str, notes: Notes, *, path_rule: str) -> None:
    """Check a transformation between two named systems."""
    transformation(value, at, notes)
    if isinstance(value, dict):
        _ends(value, at, notes, name=_END_NAME, path="", texts=(_END_TEXT, path_rule))


def image_edge(value: Any, at: str, notes: Notes) -> None:
    """Check one of an image's transformations between its systems."""
    _edge(value, at, notes, path_rule=_END_PATH)


def scene_edge(value: Any, at: str, notes: Notes) -> None:
    """Check one of a scene's transformations."""
    _edge(value, at, notes, path_rule=_END_TEXT)
    for key in ("input", "output") if isinstance(value, dict) else ():
        end = value.get(key)
        if isinstance(end, dict) and (more := sorted(end.keys() - {"name", "path"})):
            notes.note(_END_EXTRA, f"{at}/{key}", f"{', '.join(map(kind_of, more[:3]))} is not allowed here")


_TEXTS = (_END_TEXT, _END_TEXT)
_DATASET_ENDS = {
    "input": {"name": "", "path": _INPUT_PATH, "texts": _TEXTS},
    "output": {"name": _OUTPUT_NAME, "path": "", "texts": _TEXTS},
}


def _dataset_step(value: Any, at: str, notes: Notes) -> None:
    if not isinstance(value, dict):
        notes.note(steps.OBJECT, at, f"a transformation must be an object, found {kind_of(value)}")
        return
    for key, rules in _DATASET_ENDS.items():
        if key in value:
            _end(value[key], f"{at}/{key}", notes, **rules)  # type: ignore[arg-type]
        else:
            notes.note(_ENDS, at, f"{key!r} is missing")
    if "name" in value:
        text(_NAME)(value["name"], f"{at}/name", notes)
    _placement(value, at, notes)


def _placement(value: dict[str, Any], at: str, notes: Notes) -> None:
    kind = value.get("type")
    if "type" not in value:
        # the schemas take what has no type for an identity, unless it is a good scale as well
        scale = "scale" in value and fits(_SCALE, value["scale"], notes)
        notes.note(steps.TYPE if scale else _UNTYPED, at, "'type' is missing")
    elif kind == "scale":
        _BODIES["scale"](value, at, notes)
    elif kind == "sequence":
        form = items(_SEQUENCE, _part, least=2, most=2, count_rule=_DATASET_TYPE)
        _needs("transformations", _SEQUENCE, form)(value, at, notes)
    elif kind != "identity":
        message = f"the type is {kind_of(kind)}; allowed are identity, scale, or a sequence"
        hint = nearest(kind, ("identity", "scale", "sequence")) if isinstance(kind, str) else ""
        notes.note(_DATASET_TYPE, f"{at}/type", message, hint)


def _part(value: Any, at: str, notes: Notes) -> None:
    """Check one of the two steps of a dataset's sequence."""
    if not isinstance(value, dict):
        notes.note(steps.OBJECT, at, f"a transformation must be an object, found {kind_of(value)}")
        return
    kind = value.get("type")
    if "type" not in value:
        forms = (("scale", _SCALE), ("translation", _TRANSLATION))
        count = sum(key in value and fits(form, value[key], notes) for key, form in forms)
        notes.note(_UNTYPED if count == 1 else steps.TYPE, at, "'type' is missing")
    elif kind in ("scale", "translation"):
        _BODIES[kind](value, at, notes)
    else:
        message = f"the step is {kind_of(kind)}; it must be scale or translation"
        notes.note(_DATASET_TYPE, f"{at}/type", message)


PLACEMENT = items(steps.LIST, _dataset_step, least=1, most=1, count_rule=_ONE)
"""Of one dataset."""

EDGES = items(steps.LIST, image_edge, least=1)
"""Of an image, between its systems."""

SCENE_EDGES = items(steps.LIST, scene_edge, least=1)
"""Of a scene."""

FRAGMENT = items(steps.LIST, image_edge, least=1, unique=_TWICE)
"""Of a fragment that stands alone."""
