"""The form of transformations in 0.4 and 0.5: one scale, then perhaps one translation (``trafo-md``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zarrscope.spec.forms import every, items, kind_of, nearest, numeric
from zarrscope.spec.rules import MUST, SHOULD, sentence

if TYPE_CHECKING:
    from zarrscope.spec.forms import Notes

_S = "trafo-md"
_V4 = "0.4 0.5"
_ALL = "0.4 0.5 0.6 0.9"

LIST = sentence(
    "transformations/list", MUST, "``coordinateTransformations`` is a list with at least one entry.",
    since="0.4", section=_S, schema=_ALL,
)  # fmt: skip
OBJECT = sentence(
    "transformations/object", MUST, "A transformation is an object.", since="0.4", section=_S, schema=_ALL
)  # fmt: skip
TYPE = sentence(
    "transformations/type", MUST, "A transformation has a type that this version knows.", since="0.4",
    section=_S, schema=_ALL,
)  # fmt: skip
SCALE = sentence(
    "transformations/scale", MUST, "A scale is a list of numbers.", since="0.4", section=_S, schema=_ALL
)  # fmt: skip
TRANSLATION = sentence(
    "transformations/translation", MUST, "A translation is a list of numbers.", since="0.4", section=_S,
    schema=_ALL,
)  # fmt: skip
_LEAST = sentence(
    "transformations/two-numbers", MUST, "A scale or translation has at least two numbers.", since="0.4",
    until="0.5", section=_S, schema=_V4,
)  # fmt: skip
_ONE_SCALE = sentence(
    "transformations/one-scale", MUST, "Exactly one scale stands in a list of transformations.",
    since="0.4", until="0.5", section=_S, schema=_V4,
)  # fmt: skip
_ONE_TRANSLATION = sentence(
    "transformations/one-translation", MUST, "At most one translation stands in a list of transformations.",
    since="0.4", until="0.5", section=_S,
)  # fmt: skip
_ORDER = sentence(
    "transformations/order", MUST, "A translation stands after the scale.", since="0.4", until="0.5",
    section=_S,
)  # fmt: skip

_EARLY = sentence(
    "transformations/early-ends", SHOULD, "Transformations between named systems exist since 0.6.",
    since="0.4", until="0.5", section=_S,
)  # fmt: skip

_NUMBERS = {
    "scale": items(SCALE, numeric(SCALE), least=2, count_rule=_LEAST),
    "translation": items(TRANSLATION, numeric(TRANSLATION), least=2, count_rule=_LEAST),
}
_RULES = {"scale": SCALE, "translation": TRANSLATION}


def _step(value: Any, at: str, notes: Notes) -> None:
    if not isinstance(value, dict):
        notes.note(OBJECT, at, f"a transformation must be an object, found {kind_of(value)}")
        return
    if "input" in value or "output" in value:
        message = "'input' and 'output' mean nothing here: this transformation is not applied"
        notes.note(_EARLY, at, message, "leave them out, or write 0.6")
    kind = value.get("type")
    if "type" not in value:
        notes.note(TYPE, at, "'type' is missing")
    elif not isinstance(kind, str) or kind not in _NUMBERS:
        hint = nearest(kind, list(_NUMBERS)) if isinstance(kind, str) else ""
        message = f"the type is {kind_of(kind)}; allowed here are 'scale' and 'translation'"
        notes.note(TYPE, f"{at}/type", message, hint)
    elif kind not in value:
        notes.note(_RULES[kind], at, f"{kind!r} is missing")
    else:
        _NUMBERS[kind](value[kind], f"{at}/{kind}", notes)


def _together(value: Any, at: str, notes: Notes) -> None:
    """Check how many of each kind there are, and their order."""
    if not isinstance(value, list):
        return
    kinds = [entry.get("type") if isinstance(entry, dict) else None for entry in value]
    scales, shifts = kinds.count("scale"), kinds.count("translation")
    if scales != 1:
        hint = "a scale of 1.0 for every axis says that nothing is known"
        notes.note(_ONE_SCALE, at, f"{scales} scales; exactly one belongs here", "" if scales else hint)
    if shifts > 1:
        notes.note(_ONE_TRANSLATION, at, f"{shifts} translations; at most one belongs here")
    if scales and shifts and kinds.index("translation") < kinds.index("scale"):
        notes.note(_ORDER, at, "the translation stands before the scale")


STEPS = every(items(LIST, _step, least=1), _together)
"""Of a dataset or of all datasets."""
