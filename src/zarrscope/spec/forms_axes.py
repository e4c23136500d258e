"""The form of axes and coordinate systems (sections ``axes-md`` and ``coord-sys-md``)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from zarrscope.spec.forms import every, flag, items, members, text
from zarrscope.spec.rules import MUST, NOTE, SHOULD, sentence

if TYPE_CHECKING:
    from zarrscope.spec.forms import Form, Notes

_S = "axes-md"
_OBJECTS = "0.4 0.5 0.6 0.9"

LIST = sentence(
    "axes/list", MUST, "An image lists its axes.", since="0.3", until="0.5", section="multiscale-md",
    schema="0.3 0.4 0.5",
)  # fmt: skip
_COUNT = sentence(
    "axes/count", MUST, "An image has two to five axes.", since="0.4", until="0.6",
    section="multiscale-md", schema="0.4 0.5 0.6",
)  # fmt: skip
_LEAST = sentence(
    "axes/least", NOTE, "An image has two axes or more.", section="multiscale-md", schema="0.3"
)  # fmt: skip
_NONE = sentence(
    "axes/none", MUST, "A coordinate system has an axis.", since="0.9", section=_S, schema="0.9"
)  # fmt: skip
_LETTER = sentence(
    "axes/letter", MUST, "An axis is one of t, c, z, y, x.", since="0.3", until="0.3", section=_S,
    schema="0.3",
)  # fmt: skip
_OBJECT = sentence(
    "axes/object", MUST, "An axis is an object.", since="0.4", section=_S, schema=_OBJECTS
)  # fmt: skip
_NAME = sentence(
    "axes/name", MUST, "An axis has a name.", since="0.4", section=_S, schema=_OBJECTS
)  # fmt: skip
_NAME_EMPTY = sentence(
    "axes/name-empty", MUST, "The name of an axis is not empty.", since="0.6", section=_S, schema="0.6 0.9"
)  # fmt: skip
_TYPE = sentence(
    "axes/type-text", MUST, "The type of an axis is a string.", since="0.4", section=_S, schema=_OBJECTS
)  # fmt: skip
_UNIT = sentence(
    "axes/unit-text", SHOULD, "The unit of an axis is a string.", since="0.4", section=_S, schema="0.6 0.9"
)  # fmt: skip
_DISCRETE = sentence(
    "axes/discrete", MUST, "``discrete`` is true or false.", since="0.6", section=_S, schema="0.6 0.9"
)  # fmt: skip
_LONG_NAME = sentence(
    "axes/long-name", MUST, "``longName`` is a string.", since="0.6", section=_S, schema="0.6 0.9"
)  # fmt: skip
_UNIQUE = sentence(
    "axes/unique-items", NOTE, "No axis is written twice.", section=_S, schema=_OBJECTS
)  # fmt: skip
_SPACE = sentence(
    "axes/space-count", MUST, "Two or three axes are of the type space (since 0.6 two or more of the type "
    "array will do).", since="0.4", until="0.6", section="multiscale-md", schema="0.6",
)  # fmt: skip
_SPACE_UNTYPED = sentence(
    "axes/space-count-untyped", NOTE, "Two or three axes are of the type space or have no type.",
    section="multiscale-md", schema="0.4 0.5",
)  # fmt: skip
_SPACE_OR_ARRAY = sentence(
    "axes/space-or-array", NOTE, "A system has axes of space or two of the type array, not both.",
    section="coord-sys-md", schema="0.6",
)  # fmt: skip
_ORIENTATION = sentence(
    "axes/orientation", MUST, "An orientation is an object with type and value.", since="0.9",
    section="orientation-md", schema="0.9",
)  # fmt: skip
_ORIENTATION_TYPE = sentence(
    "axes/orientation-type", MUST, "The type of an orientation is ``anatomical``.", since="0.9",
    section="orientation-md", schema="0.9",
)  # fmt: skip
_ORIENTATION_VALUE = sentence(
    "axes/orientation-value", MUST, "An orientation leads from one end of the body to the opposite one.",
    since="0.9", section="orientation-md", schema="0.9",
)  # fmt: skip
_ORIENTATION_NULL = sentence(
    "axes/orientation-null", SHOULD, "An orientation that is not known is left out.", since="0.9",
    section="orientation-md", schema="0.9",
)  # fmt: skip

SYSTEMS = sentence(
    "systems/list", MUST, "An image lists its coordinate systems, at least one.", since="0.6",
    section="multiscale-md", schema="0.6 0.9",
)  # fmt: skip
_SYSTEM = sentence(
    "systems/object", MUST, "A coordinate system is an object.", since="0.6", section="coord-sys-md",
    schema="0.6 0.9",
)  # fmt: skip
_SYSTEM_NAME = sentence(
    "systems/name", MUST, "A coordinate system has a name.", since="0.6", section="coord-sys-md",
    schema="0.6 0.9",
)  # fmt: skip
_SYSTEM_EMPTY = sentence(
    "systems/name-empty", MUST, "The name of a coordinate system is not empty.", since="0.6",
    section="coord-sys-md", schema="0.6 0.9",
)  # fmt: skip
_SYSTEM_AXES = sentence(
    "systems/axes", MUST, "A coordinate system lists its axes.", since="0.6", section="coord-sys-md",
    schema="0.6 0.9",
)  # fmt: skip
_SYSTEM_UNIQUE = sentence(
    "systems/unique-items", NOTE, "No coordinate system of a scene is written twice.",
    section="coord-sys-md", schema="0.6 0.9",
)  # fmt: skip


def _text_space(value: Any) -> int:
    return sum(isinstance(axis, dict) and axis.get("type") == "space" for axis in value)


def _space_v04(value: Any, at: str, notes: Notes) -> None:
    """Count as the text does, and as the schemas do: for them an axis without a type is one of space."""
    if not isinstance(value, list):
        return
    if not 2 <= (count := _text_space(value)) <= 3:
        notes.note(_SPACE, at, f"{count} axes of the type 'space'; allowed are 2 or 3")
    if not 2 <= (count := sum(map(_schema_space, value))) <= 3:
        message = f"{count} axes of the type 'space' or without a type; the schemas allow 2 or 3"
        notes.note(_SPACE_UNTYPED, at, message, "give every axis a type")


def _schema_space(axis: Any) -> bool:
    if not isinstance(axis, dict) or axis.get("type", "space") != "space":
        return False
    return all(isinstance(axis.get(key, ""), str) for key in ("name", "unit"))


def _space_v06(value: Any, at: str, notes: Notes) -> None:
    if not isinstance(value, list):
        return
    count = _text_space(value)
    space = 2 <= count <= 3
    array = sum(isinstance(axis, dict) and axis.get("type") == "array" for axis in value) >= 2
    if not space and not array:
        notes.note(_SPACE, at, f"{count} axes of the type 'space'; allowed are 2 or 3 (or 2 of 'array')")
    if space and array:
        notes.note(_SPACE_OR_ARRAY, at, "axes of space and two of the type 'array' stand in one system")


def _orientation(value: Any, at: str, notes: Notes) -> None:
    if value is None:
        notes.note(_ORIENTATION_NULL, at, "the orientation is null", "leave the key out")
    else:
        _ORIENTED(value, at, notes)


def _named(*, empty: str) -> Form:
    forms = {"name": text(_NAME, least=empty), "type": text(_TYPE), "unit": text(_UNIT)}
    if empty:
        forms |= {
            "discrete": flag(_DISCRETE),
            "longName": text(_LONG_NAME),
            "orientation": _orientation,
        }
    return members(_OBJECT, forms, {"name": _NAME})


_ENDS = (
    "left right", "anterior posterior", "inferior superior", "dorsal ventral", "dorsal palmar",
    "dorsal plantar", "rostral caudal", "cranial caudal", "proximal distal", "superficial deep",
    "apical basal", "apex base",
)  # fmt: skip
ORIENTATIONS = tuple(
    f"{a}-to-{b}" for pair in _ENDS for a, b in (pair.split(), reversed(pair.split()))
)  # fmt: skip
"""The terms of RFC-4: where the axis begins, and where it leads."""

_ORIENTED = members(
    _ORIENTATION,
    {
        "type": text(_ORIENTATION_TYPE, choices=("anatomical",)),
        "value": text(_ORIENTATION_VALUE, choices=ORIENTATIONS, allowed="one of the terms of RFC-4"),
    },
    {"type": _ORIENTATION_TYPE, "value": _ORIENTATION_VALUE},
)

LETTERS = items(
    LIST, text(_LETTER, pattern=re.compile("[tczyx]"), allowed="t, c, z, y or x"), least=2, count_rule=_LEAST
)
"""Of 0.3: plain names."""

AXES = every(items(LIST, _named(empty=""), least=2, most=5, count_rule=_COUNT, unique=_UNIQUE), _space_v04)
"""Of 0.4 and 0.5."""

_SYSTEM_AXES_V06 = every(
    items(_SYSTEM_AXES, _named(empty=_NAME_EMPTY), least=2, most=5, count_rule=_COUNT, unique=_UNIQUE),
    _space_v06,
)
_SYSTEM_AXES_V09 = items(
    _SYSTEM_AXES, _named(empty=_NAME_EMPTY), least=1, count_rule=_NONE, unique=_UNIQUE
)  # fmt: skip


def systems(version: str, *, least: int = 0, unique: bool = False) -> Form:
    """Return the form of a list of coordinate systems (0.6 and later)."""
    axes = _SYSTEM_AXES_V09 if version == "0.9" else _SYSTEM_AXES_V06
    system = members(
        _SYSTEM,
        {"name": text(_SYSTEM_NAME, least=_SYSTEM_EMPTY), "axes": axes},
        {"name": _SYSTEM_NAME, "axes": _SYSTEM_AXES},
    )
    return items(SYSTEMS, system, least=least, unique=_SYSTEM_UNIQUE if unique else "")
