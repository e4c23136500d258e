"""Transformations in 0.4 and 0.5: one scale, then perhaps one translation (section ``trafo-md``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zarrscope.errors import UnsupportedError
from zarrscope.model.transforms import Identity, Scale, Sequence, Transformation, Translation, composed
from zarrscope.spec.reader import Cursor, kind_of

if TYPE_CHECKING:
    from collections.abc import Sequence as Items

    from zarrscope.spec.reader import Fields

_RULE = "multiscales/transformations"
_KINDS = ("scale", "translation")


def decode_list(cursor: Cursor) -> Transformation | None:
    """Read a list of transformations, however long; None where a part of it cannot be understood."""
    steps = []
    for item in cursor.items(_RULE, "'coordinateTransformations'", least=1):
        entry = item.fields(_RULE, "a transformation")
        steps.append(None if entry is None else _step(entry))
    kinds = [type(step) for step in steps if step is not None]
    if kinds not in ([Scale], [Scale, Translation]) and isinstance(cursor.value, list) and cursor.value:
        found = ", ".join(kind.__name__.lower() for kind in kinds) or "none of them"
        message = f"one scale and at most one translation after it belong here, found {found}"
        cursor.note(_RULE, message)
    known = [step for step in steps if step is not None]
    if not known or len(known) < len(steps):
        return None
    return known[0] if len(known) == 1 else Sequence(tuple(known))


def encode_list(transformations: Items[Transformation], ndim: int) -> list[dict[str, Any]]:
    """Write transformations, the first one applied first, as one scale and perhaps one translation.

    Raises
    ------
    UnsupportedError
        They are more than that.
    """
    if any(t.input is not None or t.output is not None for t in transformations):
        raise UnsupportedError("this version has no transformations between named coordinate systems")
    steps = [step for t in transformations for step in _steps(t)]
    if [type(step) for step in steps] not in ([Scale], [Scale, Translation]):
        whole = composed(steps, ndim)
        if whole is None:
            kinds = ", ".join(type(step).__name__ for step in steps)
            raise UnsupportedError(f"this version holds scale and translation only, not {kinds}")
        steps = [Scale(whole.scale)]
        if any(whole.translation):
            steps.append(Translation(whole.translation))
    return [_encode_step(step) for step in steps]


def _step(entry: Fields) -> Transformation | None:
    if "type" not in entry:
        entry.cursor.note(_RULE, "'type' is missing")
        return None
    if "input" in entry or "output" in entry:
        # such lists are edges of a graph, not steps of one way: to apply them in turn would be wrong
        entry.cursor.note(_RULE, "transformations between named systems exist since 0.6 only")
        return None
    kind = entry.text("type", _RULE)
    if kind == "identity":
        return Identity(extra=entry.extra)
    if kind not in _KINDS:
        if kind is not None:
            entry.cursor.note(_RULE, f"the type {kind_of(kind)} is not allowed here", at="type")
        return None
    cursor = entry.need(kind, _RULE)
    if cursor is None:
        return None
    numbers = []
    for item in cursor.items(_RULE, repr(kind)):
        number = item.number()
        if number is None:
            item.note(_RULE, f"a number belongs here, found {kind_of(item.value)}")
            return None
        numbers.append(number)
    if kind == "scale":
        return Scale(tuple(numbers), extra=entry.extra)
    return Translation(tuple(numbers), extra=entry.extra)


def _steps(transformation: Transformation) -> list[Transformation]:
    if isinstance(transformation, Sequence):
        return [step for t in transformation.transformations for step in _steps(t)]
    return [] if isinstance(transformation, Identity) else [transformation]


def _encode_step(step: Transformation) -> dict[str, Any]:
    if isinstance(step, Scale):
        return {"type": "scale", "scale": list(step.scale)} | dict(step.extra)
    if isinstance(step, Translation):
        return {"type": "translation", "translation": list(step.translation)} | dict(step.extra)
    raise UnsupportedError(f"this version cannot hold the transformation {type(step).__name__}")
