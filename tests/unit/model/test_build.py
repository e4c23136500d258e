"""From a description to a multiscale image."""

from __future__ import annotations

import pytest

from zarrscope.errors import ArgumentError, UnsupportedError
from zarrscope.model.axes import Axis, CoordinateSystem
from zarrscope.model.build import LevelPlacement, multiscale_of, rendering_of
from zarrscope.model.description import ImageDescription
from zarrscope.model.multiscales import Dataset, Multiscale
from zarrscope.model.rendering import Channel, Window
from zarrscope.model.transforms import Scale, Sequence, SystemReference, Translation

AXES = (
    Axis("t", "time", "second"),
    Axis("c", "channel"),
    Axis("y", "space", "micrometer"),
    Axis("x", "space", "micrometer"),
)
LEVELS = [
    LevelPlacement("0", (1, 1, 1, 1), (0, 0, 0, 0)),
    LevelPlacement("1", (1, 1, 2, 2), (0, 0, 0.5, 0.5)),
]


def test_levels_are_placed() -> None:
    description = ImageDescription("a", AXES, (None, None, 0.5, 0.25), (None, None, 100.0, 0.0))
    image = multiscale_of(description, LEVELS, "mean", {"k": 1})
    assert (image.name, image.type, image.metadata) == ("a", "mean", {"k": 1})
    assert image.scale(0) == (1, 1, 0.5, 0.25)
    assert image.translation(0) == (0, 0, 100, 0)
    assert image.scale(1) == (1, 1, 1.0, 0.5)
    assert image.translation(1) == (0, 0, 100.25, 0.125)
    assert [axis.unit for axis in image.axes] == [None, None, "micrometer", "micrometer"]


def test_a_translation_is_written_only_where_there_is_one() -> None:
    image = multiscale_of(ImageDescription("", AXES, (None,) * 4), LEVELS)
    assert image.name is None
    assert image.datasets[0].transformation == Scale((1.0, 1.0, 1.0, 1.0))
    expected = Sequence((Scale((1.0, 1.0, 2.0, 2.0)), Translation((0.0, 0.0, 0.5, 0.5))))
    assert image.datasets[1].transformation == expected


def test_a_position_without_a_pixel_size_is_no_position() -> None:
    image = multiscale_of(ImageDescription("", AXES, (None,) * 4, (5.0,) * 4), LEVELS[:1])
    assert image.translation(0) == (0, 0, 0, 0)


def test_lengths_must_agree() -> None:
    with pytest.raises(ArgumentError, match="4 axes"):
        multiscale_of(ImageDescription("", AXES, (1.0, 1.0)), LEVELS)


def test_transformations_of_all_levels_come_after() -> None:
    space = (CoordinateSystem("", AXES[2:]), CoordinateSystem("other", AXES[2:]))
    dataset = Dataset("0", Sequence((Scale((2.0, 2.0)), Translation((1.0, 0.0)))))
    edge = Scale((9.0, 9.0), input=SystemReference(""), output=SystemReference("other"))
    image = Multiscale("", space, (dataset,), (Scale((10.0, 1.0)), edge))
    assert image.scale(0) == (20, 2)
    assert image.translation(0) == (10, 0)


def test_what_is_no_scale_is_said() -> None:
    image = Multiscale("", (CoordinateSystem("", AXES[2:]),), (Dataset("0", Scale((1.0,))),))
    with pytest.raises(UnsupportedError, match="'0'"):
        image.scale(0)


def test_the_intrinsic_system_is_where_the_datasets_lead() -> None:
    systems = (CoordinateSystem("world", AXES), CoordinateSystem("physical", AXES[2:]))
    own = Scale((1.0, 1.0), output=SystemReference("physical"))
    assert Multiscale("", systems, (Dataset("0", own),)).axes == AXES[2:]
    assert Multiscale("", systems, ()).axes == AXES
    assert Multiscale("", (), ()).axes == ()


def test_channels_are_completed_and_never_replaced() -> None:
    full = Window(0, 255, 0, 255)
    assert rendering_of([], full) is None
    one = rendering_of([Channel("a")], full)
    assert one is not None
    assert one.channels == (Channel("a", "FFFFFF", full),)
    two = rendering_of([Channel("a", "123456", Window(5, 9)), Channel()], full)
    assert two is not None
    assert two.channels[0] == Channel("a", "123456", Window(5, 9, 0, 255))
    assert two.channels[1] == Channel(None, "00FF00", full)


def test_of_many_channels_four_are_active_unless_somebody_says_which() -> None:
    full = Window(0, 255, 0, 255)
    few = rendering_of([Channel(str(n)) for n in range(4)], full)
    many = rendering_of([Channel(str(n)) for n in range(7)], full)
    said = rendering_of([Channel(str(n), active=n == 6) for n in range(7)], full)
    assert few is not None
    assert many is not None
    assert said is not None
    assert [one.active for one in few.channels] == [None] * 4
    assert [one.active for one in many.channels] == [True] * 4 + [False] * 3
    assert [one.active for one in said.channels] == [False] * 6 + [True]
