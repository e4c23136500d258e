"""Chunks that viewers like, blocks in which nothing is decoded twice."""

from __future__ import annotations

from itertools import pairwise
from math import prod
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.virtual.arrays import Tiles

from zarrscope.array.foreign import ForeignArray
from zarrscope.errors import ArgumentError, BudgetError
from zarrscope.model.naming import axis
from zarrscope.types import Region
from zarrscope.virtual.layout import levels_of

GB = 1 << 30


def empty(shape: tuple[int, ...], dtype: Any = np.uint16) -> np.ndarray[Any, Any]:
    return np.broadcast_to(np.zeros((), dtype), shape)


def first(shape: tuple[int, ...], unit: tuple[int, ...], axes: str, memory: int = GB) -> Any:
    return levels_of([Tiles(empty(shape), unit)], tuple(map(axis, axes)), "", memory)[0]


@pytest.mark.parametrize(
    ("axes", "shape", "unit", "chunk", "block"),
    [
        ("yx", (4000, 5000), (512, 512), (512, 512), (512, 512)),  # tiles as they are
        ("yx", (4000, 5000), (1024, 1024), (1024, 1024), (1024, 1024)),
        ("yx", (4000, 5000), (256, 256), (256, 256), (256, 256)),
        ("yx", (4000, 5000), (240, 240), (480, 480), (480, 480)),  # small ones in whole numbers
        ("yx", (4000, 5000), (64, 64), (512, 512), (512, 512)),
        ("yx", (4000, 5000), (2048, 2048), (512, 512), (2048, 2048)),  # large ones serve many chunks
        ("yx", (4000, 5000), (1, 5000), (512, 512), (512, 5000)),  # strips: a band of them
        ("yx", (4000, 5000), (4000, 5000), (512, 512), (4000, 5000)),  # a page of one strip
        ("yx", (300, 200), (64, 64), (300, 200), (300, 200)),  # small ones whole
        ("yx", (600, 600), (600, 600), (512, 512), (600, 600)),
        ("tczyx", (5, 3, 9, 999, 999), (1, 1, 1, 256, 256), (1, 1, 1, 256, 256), (1, 1, 1, 256, 256)),
        ("cyx", (3, 4000, 5000), (3, 240, 240), (3, 480, 480), (3, 480, 480)),  # colours lie together
        ("cyx", (3, 4000, 5000), (1, 512, 512), (1, 512, 512), (1, 512, 512)),  # channels do not
        ("cyx", (9, 4000, 5000), (9, 512, 512), (1, 512, 512), (9, 512, 512)),  # nine are no colour
        ("zyx", (200, 4000, 5000), (64, 64, 64), (1, 512, 512), (64, 512, 512)),  # cubes serve many planes
    ],
)
def test_chunks_and_blocks(
    axes: str, shape: Any, unit: Any, chunk: tuple[int, ...], block: tuple[int, ...]
) -> None:
    level = first(shape, unit, axes)
    assert (level.chunks, level.block) == (chunk, block)
    assert (level.path, level.steps, level.computed) == ("0", 0, False)


def test_bands_are_smaller_where_memory_is() -> None:
    level = first((4000, 5000), (1, 5000), "yx", memory=8_000_000)
    assert level.chunks == (512, 512)
    assert level.block == (100, 5000)  # an eighth of the memory: 1 MB, 100 rows of 10 kB


def test_what_is_not_encoded_has_no_blocks() -> None:
    (level, *_) = levels_of([ForeignArray(empty((4000, 5000)))], (axis("y"), axis("x")), "", 1000)
    assert level.direct
    assert level.chunks == level.block == (512, 512)


def test_more_at_once_than_memory_has() -> None:
    with pytest.raises(BudgetError, match=r"decodes 40MB at once \(4000 x 5000 pixels\).*--memory 200MB"):
        first((4000, 5000), (4000, 5000), "yx", memory=150_000_000)


def test_nothing_to_show() -> None:
    with pytest.raises(ArgumentError, match="no pixels"):
        first((0, 10), (1, 10), "yx")


@pytest.mark.parametrize(
    ("axes", "shape", "planes"),
    [
        ("yx", (257, 100), [(257, 100), (129, 50)]),
        ("yx", (256, 256), [(256, 256)]),
        ("yx", (1, 1000), [(1, 1000), (1, 500), (1, 250)]),
        ("zyx", (300, 600, 500), [(300, 600, 500), (300, 300, 250), (300, 150, 125)]),  # never over z
        ("tczyx", (2, 3, 4, 700, 20), [(2, 3, 4, n, m) for n, m in ((700, 20), (350, 10), (175, 5))]),
    ],
)
def test_levels_go_on_until_a_plane_is_small(axes: str, shape: Any, planes: Any) -> None:
    levels = levels_of([Tiles(empty(shape), (1,) * len(shape))], tuple(map(axis, axes)), "3", GB)
    assert [level.shape for level in levels] == planes
    assert [level.path for level in levels] == [f"3/{i}" for i in range(len(planes))]
    assert [level.steps for level in levels] == list(range(len(planes)))


def test_levels_of_the_file_come_first() -> None:
    arrays = [Tiles(empty(shape), (256, 256)) for shape in ((5000, 4000), (1250, 1000))]
    levels = levels_of(arrays, (axis("y"), axis("x")), "", GB)
    shapes = [(5000, 4000), (1250, 1000), (625, 500), (313, 250), (157, 125)]
    assert [level.shape for level in levels] == shapes
    assert [level.computed for level in levels] == [False, False, True, True, True]


@given(
    size=st.tuples(st.integers(1, 3000), st.integers(1, 3000)),
    unit=st.tuples(st.integers(1, 3000), st.integers(1, 3000)),
)
def test_blocks_are_a_tree(size: tuple[int, int], unit: tuple[int, int]) -> None:
    levels = levels_of([Tiles(empty(size), unit)], (axis("y"), axis("x")), "", GB)
    for below, here in pairwise(levels):
        assert all(m == -(-n // f) for n, m, f in zip(below.shape, here.shape, here.factors, strict=True))
        assert prod(here.block) <= prod(below.block)
        for i in (0, 1):
            b, n, f, m = below.block[i], below.shape[i], here.factors[i], here.block[i]
            if b < n and b % 2 == 0:  # whole blocks, two at most: nobody else needs them
                assert m in (b // 2, b) or m == here.shape[i]
                assert (m * f) % b == 0 or m == here.shape[i]
            elif b >= n:
                assert m == here.shape[i]


def test_chunks_and_blocks_of_a_region() -> None:
    level = first((1000, 700), (300, 300), "yx")
    assert level.chunks == (300, 300)
    assert level.grid == (4, 3)
    assert level.chunk((3, 2)) == Region((900, 600), (1000, 700))
    assert list(level.places(Region((299, 0), (301, 300)))) == [(0, 0), (1, 0)]
    assert level.whole((3, 0)) == Region((900, 0), (1000, 300))
