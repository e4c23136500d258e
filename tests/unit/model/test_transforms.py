"""Transformations, against numbers worked out by hand."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError

import pytest

from zarrscope.errors import ArgumentError
from zarrscope.model.axes import NOTHING, Axis
from zarrscope.model.transforms import (
    Identity,
    Placement,
    Scale,
    Sequence,
    SystemReference,
    Translation,
    composed,
)

BOTH = Sequence((Scale((2.0, 3.0)), Translation((10.0, -1.0))))


def test_points_go_forward() -> None:
    assert Identity().apply((1, 2)) == (1, 2)
    assert Scale((2.0, 3.0)).apply((1, 2)) == (2, 6)
    assert Translation((10.0, -1.0)).apply((1, 2)) == (11, 1)
    assert BOTH.apply((1, 2)) == (12, 5)
    with pytest.raises(ArgumentError, match="3 coordinates"):
        BOTH.apply((1, 2, 3))


def test_composition() -> None:
    assert composed([], 2) == Placement((1, 1), (0, 0))
    assert BOTH.placement(2) == Placement((2, 3), (10, -1))
    # the second scale stretches the first translation too
    assert composed([BOTH, Scale((10.0, 10.0))], 2) == Placement((20, 30), (100, -10))
    assert composed([Translation((1.0,)), Scale((4.0,)), Identity()], 1) == Placement((4,), (4,))
    assert BOTH.placement(3) is None


def test_values_are_frozen_equal_and_picklable() -> None:
    step = Scale((1.0,), name="s", input=SystemReference("a"), output=SystemReference("b", "p"))
    assert pickle.loads(pickle.dumps(step)) == step  # noqa: S301
    assert pickle.loads(pickle.dumps(Axis("x"))).extra is NOTHING  # noqa: S301
    assert Axis("x") == Axis("x", extra={})
    assert Axis("x") != Axis("x", extra={"a": 1})
    with pytest.raises(FrozenInstanceError):
        step.scale = (2.0,)  # type: ignore[misc]
    assert len(NOTHING) == 0
    assert dict(NOTHING) == {}
    with pytest.raises(KeyError):
        NOTHING["a"]
