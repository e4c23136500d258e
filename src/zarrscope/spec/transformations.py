"""Transformations in 0.4 and 0.5: one scale, then perhaps one translation (section ``trafo-md``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zarrscope.errors import UnsupportedError
from zarrscope.model.transforms import Identity, Scale, Sequence, Transformation, Translation, composed
from zarrscope.spec.reader import Fields, numbers

if TYPE_CHECKING:
    from collections.abc import Sequence as Items


def decode_list(value: Any) -> Transformation | None:
    """Read a list of transformations, however long; None where a part of it cannot be understood."""
    steps = [_step(item) for item in value] if isinstance(value, list) else []
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


def _step(item: Any) -> Transformation | None:
    # with input and output such lists are edges of a graph, not steps of one way: to apply them in turn
    # would be wrong
    if not isinstance(item, dict) or "input" in item or "output" in item:
        return None
    entry = Fields(item)
    kind = entry.text("type")
    if kind == "identity":
        return Identity(extra=entry.extra)
    if kind not in ("scale", "translation"):
        return None
    vector = numbers(entry.take(kind))
    if vector is None:
        return None
    return Scale(vector, extra=entry.extra) if kind == "scale" else Translation(vector, extra=entry.extra)


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
