"""A plan written down, so that a run which is taken up again cuts the image as the first one did."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from zarrscope.pyramid.plan import LevelPlan, PyramidPlan

if TYPE_CHECKING:
    from collections.abc import Mapping


def to_json(plan: PyramidPlan) -> dict[str, Any]:
    """Return a plan as JSON."""
    return asdict(plan)


def from_json(told: Mapping[str, Any]) -> PyramidPlan:
    """Return the plan that ``to_json`` tells of.

    Raises
    ------
    KeyError, TypeError
        It tells of no plan.
    """
    names = [field.name for field in fields(LevelPlan)]
    levels = tuple(LevelPlan(**{name: _frozen(level[name]) for name in names}) for level in told["levels"])
    return PyramidPlan(levels, told["kernel"], told["itemsize"], tuple(told["halved"]))


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
