"""Which axis the channels lie along, and how many there are."""

from __future__ import annotations

import pytest

from zarrscope.model.axes import Axis, channel_axis, channel_count

YX = (Axis("y", "space"), Axis("x", "space"))


@pytest.mark.parametrize(
    ("axes", "at"),
    [
        ((Axis("c", "channel"), *YX), 0),
        ((Axis("t", "time"), Axis("wavelength", "channel"), *YX), 1),
        ((*YX, Axis("c", "channel")), 2),
        ((Axis("t"), Axis("c"), Axis("y"), Axis("x")), 1),  # a type is only a SHOULD
        ((Axis("channel"), *YX), 0),
        ((Axis("c", "phase"), *YX), None),  # says what it is
        ((Axis("c", "phase"), Axis("d", "channel"), *YX), 1),
        ((Axis("t", "time"), *YX), None),
        (YX, None),
        ((), None),
    ],
)
def test_where_channels_lie(axes: tuple[Axis, ...], at: int | None) -> None:
    shape = tuple(range(3, 3 + len(axes)))
    assert channel_axis(axes) == at
    assert channel_count(axes, shape) == (1 if at is None else 3 + at)
