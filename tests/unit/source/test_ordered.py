"""Scenes that are images of their own, and their axes in our order."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile

from zarrscope.array.contracts import reads_directly
from zarrscope.array.foreign import ForeignArray, Transposed
from zarrscope.model.axes import Axis
from zarrscope.model.description import ImageDescription
from zarrscope.model.naming import axis
from zarrscope.source.contracts import Scene
from zarrscope.source.ordered import images_of, ordered
from zarrscope.source.registry import open_source
from zarrscope.types import Region

if TYPE_CHECKING:
    from pathlib import Path

PIXELS = np.arange(2 * 3 * 4).reshape(2, 3, 4)


def scene(axes: str) -> Scene:
    description = ImageDescription("", tuple(map(axis, axes)), (1.0, 2.0, None), (10.0, None, 30.0))
    places = (((1.0, 1.0, 1.0), (0.0, 0.0, 0.0)), ((1.0, 2.0, 4.0), (0.0, 0.5, 1.5)))
    return Scene(description, [ForeignArray(PIXELS), ForeignArray(PIXELS[:, :2, :1])], placements=places)


def test_all_that_is_counted_by_axis_is_turned() -> None:
    found = ordered(scene("yxz"))
    assert [one.name for one in found.description.axes] == ["z", "y", "x"]
    assert found.description.scale == (None, 1.0, 2.0)
    assert found.description.translation == (30.0, 10.0, None)
    assert found.placements is not None
    assert found.placements[1] == ((4.0, 1.0, 2.0), (1.5, 0.0, 0.5))
    assert [level.shape for level in found.levels] == [(4, 2, 3), (1, 2, 2)]
    region = Region((1, 0, 1), (3, 2, 3))
    np.testing.assert_array_equal(found.levels[0].read(region), PIXELS.transpose(2, 0, 1)[region.slices])


def test_what_stands_right_or_is_not_ours_stays() -> None:
    right = scene("zyx")
    assert ordered(right) is right
    odd = replace(right, description=replace(right.description, axes=(Axis("b"), axis("x"), axis("y"))))
    assert ordered(odd) is odd


def test_associated_pictures_only_where_there_is_nothing_else() -> None:
    image, label = scene("zyx"), replace(scene("zyx"), associated=True)
    assert images_of([image, label]) == [image]
    assert images_of([label]) == [label]


@pytest.mark.parametrize(("compression", "direct"), [(None, True), ("zlib", False)])
@pytest.mark.parametrize("tile", [None, (16, 16)])
def test_arrays_tell_whether_a_part_costs_only_itself(
    tmp_path: Path, compression: str | None, direct: bool, tile: tuple[int, int] | None
) -> None:
    tifffile.imwrite(tmp_path / "a.tif", PIXELS[0].astype("u2"), compression=compression, tile=tile)
    np.save(tmp_path / "a.npy", PIXELS)
    with open_source(tmp_path / "a.tif") as source, open_source(tmp_path / "a.npy") as other:
        level = source.scenes[0].levels[0]
        assert reads_directly(level) is direct
        assert reads_directly(Transposed(level, (1, 0))) is direct
        assert reads_directly(other.scenes[0].levels[0])
