"""Transformations since 0.6: twelve kinds, between coordinate systems that have names (``trafo-md``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zarrscope.errors import UnsupportedError
from zarrscope.model.dimensions import ByDimension, DimensionItem, MapAxis, ProjectAxis
from zarrscope.model.fields import Bijection, Coordinates, Displacements
from zarrscope.model.matrices import Affine, Rotation
from zarrscope.model.transforms import (
    Identity,
    Scale,
    Sequence,
    SystemReference,
    Transformation,
    Translation,
    Unknown,
)
from zarrscope.spec.reader import Fields, integer, numbers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from zarrscope.model.rows import Rows

DEEPEST = 32
"""How many transformations may stand inside each other; what lies deeper is kept, but not understood."""


def decode_transformation(value: Mapping[str, Any], depth: int = 0) -> Transformation:
    """Read one transformation; ``Unknown`` where it is none that can be understood."""
    entry = Fields(value)
    shared: dict[str, Any] = {
        "name": entry.text("name"),
        "input": _reference(entry, "input"),
        "output": _reference(entry, "output"),
    }
    body = dict(entry.extra)
    kind = entry.text("type")
    read = _READERS.get(kind or "")
    found = None if read is None or depth > DEEPEST else read(entry, depth)
    if found is None:
        return Unknown(extra=body, **shared)
    maker, values = found
    return maker(**values, **shared, extra=entry.extra)


def decode_transformations(value: Any) -> tuple[Transformation, ...] | None:
    """Read a list of transformations; None where it is no list of objects."""
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        return None
    return tuple(decode_transformation(item) for item in value)


def encode_transformation(step: Transformation) -> dict[str, Any]:
    """Write one transformation.

    Raises
    ------
    UnsupportedError
        Its numbers were read from an array, or it is of a kind that 0.6 does not have.
    """
    write = _WRITERS.get(type(step))
    if write is None:
        raise UnsupportedError(f"OME-Zarr 0.6 has no transformation {type(step).__name__}")
    body: dict[str, Any] = {} if step.name is None else {"name": step.name}
    for key, end in (("input", step.input), ("output", step.output)):
        if end is not None:
            said = {"name": end.name, "path": end.path}
            body[key] = {k: v for k, v in said.items() if v is not None} | dict(end.extra)
    return write(step) | body | dict(step.extra)


# --- reading ---------------------------------------------------------------------------------------------

_Found = tuple["Callable[..., Transformation]", dict[str, Any]] | None


def _reference(entry: Fields, key: str) -> SystemReference | None:
    part = entry.object(key)
    return None if part is None else SystemReference(part.text("name"), part.text("path"), part.extra)


def _identity(entry: Fields, depth: int) -> _Found:
    return Identity, {}


def _scale(entry: Fields, depth: int) -> _Found:
    vector = numbers(entry.take("scale"))
    return None if vector is None else (Scale, {"scale": vector})


def _translation(entry: Fields, depth: int) -> _Found:
    vector = numbers(entry.take("translation"))
    return None if vector is None else (Translation, {"translation": vector})


def _map_axis(entry: Fields, depth: int) -> _Found:
    axes = _integers(entry.take("mapAxis"))
    return None if axes is None else (MapAxis, {"axes": axes})


def _project_axis(entry: Fields, depth: int) -> _Found:
    keys = {"dropped": "droppedInputs", "created": "createdOutputs"}
    given = {name: key for name, key in keys.items() if entry.peek(key) not in (None, [])}
    found = {name: _integers(entry.take(key)) for name, key in given.items()}
    return (ProjectAxis, found) if found and None not in found.values() else None


def _affine(entry: Fields, depth: int) -> _Found:
    return _matrix(entry, "affine", Affine)


def _rotation(entry: Fields, depth: int) -> _Found:
    return _matrix(entry, "rotation", Rotation)


def _matrix(entry: Fields, key: str, kind: Callable[..., Transformation]) -> _Found:
    path = entry.text("path")
    if key not in entry:
        return None if path is None else (kind, {"path": path})
    rows = _rows(entry.take(key), square=kind is Rotation)
    return None if rows is None else (kind, {"rows": rows, "path": path})


def _sequence(entry: Fields, depth: int) -> _Found:
    steps = entry.take("transformations")
    if not isinstance(steps, list) or not all(isinstance(step, dict) for step in steps):
        return None
    return Sequence, {"transformations": tuple(decode_transformation(step, depth + 1) for step in steps)}


def _by_dimension(entry: Fields, depth: int) -> _Found:
    items = entry.items("transformations")
    if items is None:
        return None
    found = [_item(item, depth) for item in items]
    known = tuple(item for item in found if item is not None)
    return (ByDimension, {"items": known}) if len(known) == len(found) else None


def _item(value: Any, depth: int) -> DimensionItem | None:
    part = Fields(value if isinstance(value, dict) else {})
    inputs, outputs = _integers(part.take("inputAxes")), _integers(part.take("outputAxes"))
    step = part.take("transformation")
    if inputs is None or outputs is None or not isinstance(step, dict):
        return None
    return DimensionItem(inputs, outputs, decode_transformation(step, depth + 1), part.extra)


def _displacements(entry: Fields, depth: int) -> _Found:
    return _field(entry, Displacements)


def _coordinates(entry: Fields, depth: int) -> _Found:
    return _field(entry, Coordinates)


def _field(entry: Fields, kind: Callable[..., Transformation]) -> _Found:
    path = entry.text("path")
    return None if path is None else (kind, {"path": path, "interpolation": entry.text("interpolation")})


def _bijection(entry: Fields, depth: int) -> _Found:
    forward, backward = entry.take("forward"), entry.take("inverse")
    if not isinstance(forward, dict) or not isinstance(backward, dict):
        return None
    both = (decode_transformation(step, depth + 1) for step in (forward, backward))
    return Bijection, dict(zip(("forward", "backward"), both, strict=True))


def _integers(value: object) -> tuple[int, ...] | None:
    if not isinstance(value, list):
        return None
    found = [integer(item) for item in value]
    return None if None in found else tuple(found)  # type: ignore[arg-type]


def _rows(value: object, *, square: bool) -> Rows | None:
    if not isinstance(value, list) or not value:
        return None
    rows = [numbers(row) for row in value]
    known = tuple(row for row in rows if row)
    lengths = {len(row) for row in known}
    if len(known) < len(rows) or len(lengths) != 1 or (square and lengths != {len(rows)}):
        return None
    return known


_READERS: dict[str, Callable[[Fields, int], _Found]] = {
    "identity": _identity,
    "scale": _scale,
    "translation": _translation,
    "mapAxis": _map_axis,
    "projectAxis": _project_axis,
    "affine": _affine,
    "rotation": _rotation,
    "sequence": _sequence,
    "byDimension": _by_dimension,
    "displacements": _displacements,
    "coordinates": _coordinates,
    "bijection": _bijection,
}


# --- writing ---------------------------------------------------------------------------------------------


def _write_project(step: ProjectAxis) -> dict[str, Any]:
    both = {"droppedInputs": list(step.dropped), "createdOutputs": list(step.created)}
    return {"type": "projectAxis"} | {key: places for key, places in both.items() if places}


def _write_matrix(kind: str, step: Affine | Rotation) -> dict[str, Any]:
    body: dict[str, Any] = {"type": kind} | ({} if step.path is None else {"path": step.path})
    return body if step.rows is None else body | {kind: [list(row) for row in step.rows]}


def _write_field(kind: str, step: Displacements | Coordinates) -> dict[str, Any]:
    chosen = {} if step.interpolation is None else {"interpolation": step.interpolation}
    return {"type": kind, "path": step.path} | chosen


def _write_by_dimension(step: ByDimension) -> dict[str, Any]:
    items = [
        {
            "inputAxes": list(item.inputs),
            "outputAxes": list(item.outputs),
            "transformation": encode_transformation(item.transformation),
        }
        | dict(item.extra)
        for item in step.items
    ]
    return {"type": "byDimension", "transformations": items}


def _write_sequence(step: Sequence) -> dict[str, Any]:
    return {"type": "sequence", "transformations": [encode_transformation(t) for t in step.transformations]}


def _write_bijection(step: Bijection) -> dict[str, Any]:
    forward, backward = encode_transformation(step.forward), encode_transformation(step.backward)
    return {"type": "bijection", "forward": forward, "inverse": backward}


_WRITERS: dict[type[Transformation], Callable[[Any], dict[str, Any]]] = {
    Unknown: lambda step: {},
    Identity: lambda step: {"type": "identity"},
    Scale: lambda step: {"type": "scale", "scale": list(step.scale)},
    Translation: lambda step: {"type": "translation", "translation": list(step.translation)},
    MapAxis: lambda step: {"type": "mapAxis", "mapAxis": list(step.axes)},
    ProjectAxis: _write_project,
    Affine: lambda step: _write_matrix("affine", step),
    Rotation: lambda step: _write_matrix("rotation", step),
    Sequence: _write_sequence,
    ByDimension: _write_by_dimension,
    Displacements: lambda step: _write_field("displacements", step),
    Coordinates: lambda step: _write_field("coordinates", step),
    Bijection: _write_bijection,
}
