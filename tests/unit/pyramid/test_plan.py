"""Plans: every pixel once, chunks that never shrink to slivers, and the memory that a plan promises."""

from __future__ import annotations

import itertools
from itertools import product
from math import prod

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from zarrscope.errors import ArgumentError, BudgetError
from zarrscope.model.naming import axis
from zarrscope.pyramid.cascade import Cascade, Step
from zarrscope.pyramid.downsample import kernel
from zarrscope.pyramid.order import depth_first, walk
from zarrscope.pyramid.plan import PlanOptions, PyramidPlan, plan_kept, plan_pyramid

AXES = ("yx", "zyx", "cyx", "tyx", "czyx", "tcyx", "tzyx", "tczyx")
PRIMES = (257, 521, 1031, 4099)


def planned(
    shape: tuple[int, ...],
    axes: str,
    options: PlanOptions | None = None,
    itemsize: int = 2,
    tile: tuple[int, ...] | None = None,
) -> PyramidPlan:
    rows = tuple(axis(letter) for letter in axes)
    return plan_pyramid(shape, itemsize, rows, (None,) * len(axes), options or PlanOptions(), tile)


@st.composite
def plans(draw: st.DrawFn) -> tuple[PyramidPlan, tuple[int, ...], str]:
    """Draw an image of up to a few thousand pixels, cut in any way that a user may ask for."""
    axes = draw(st.sampled_from(AXES))
    most = {2: 120, 3: 40, 4: 14, 5: 9}[len(axes)]
    shape = tuple(draw(st.integers(1, most)) for _ in axes)
    size = st.integers(1, 17)
    asked = st.none() | st.fixed_dictionaries({}, optional=dict.fromkeys(axes, size))
    options = PlanOptions(
        chunks=draw(asked), shards=draw(asked), sharded=draw(st.booleans()), levels=draw(st.integers(1, 5))
    )
    tile = draw(st.none() | st.tuples(*(st.integers(1, 12) for _ in axes)))
    return planned(shape, axes, options, tile=tile), shape, axes


@given(plans())
def test_regions_cover_every_pixel_once(drawn: tuple[PyramidPlan, tuple[int, ...], str]) -> None:
    plan, shape, _ = drawn
    times = np.zeros(shape, int)
    for region in plan.regions():
        assert region.size > 0
        times[region.slices] += 1
    assert times.min() == times.max() == 1
    assert plan.source_pixels == prod(shape)


@given(plans())
def test_the_count_of_regions_is_known_beforehand(drawn: tuple[PyramidPlan, tuple[int, ...], str]) -> None:
    plan, _, _ = drawn
    assert plan.region_count == len(list(plan.regions()))


@given(plans())
def test_levels_halve_and_keep_every_pixel(drawn: tuple[PyramidPlan, tuple[int, ...], str]) -> None:
    plan, shape, axes = drawn
    for level, coarser in zip(plan.levels, plan.levels[1:], strict=False):
        assert level.factors is not None
        assert coarser.shape == tuple(-(-n // f) for n, f in zip(level.shape, level.factors, strict=True))
        assert coarser.shape != level.shape
        assert all(f == 1 for f, letter in zip(level.factors, axes, strict=True) if letter in "tc")
        wanted = tuple(d * f for d, f in zip(level.downsampling, level.factors, strict=True))
        assert coarser.downsampling == wanted
    assert plan.levels[0].shape == shape
    assert set(plan.levels[0].downsampling) == {1.0}
    assert plan.levels[-1].factors is None


@given(plans())
def test_shards_are_whole_chunks_within_reach(drawn: tuple[PyramidPlan, tuple[int, ...], str]) -> None:
    plan, _, _ = drawn
    for level in plan.levels:
        assert all(1 <= c <= n for c, n in zip(level.chunks, level.shape, strict=True))
        if level.shards:
            assert all(s % c == 0 for s, c in zip(level.shards, level.chunks, strict=True))
            reach = [-(-n // c) * c for n, c in zip(level.shape, level.chunks, strict=True)]
            assert all(s <= r for s, r in zip(level.shards, reach, strict=True))
        units = [-(-n // u) for n, u in zip(level.shape, level.unit, strict=True)]
        assert level.units == prod(units)


@given(plans())
def test_regions_and_write_units_go_together(drawn: tuple[PyramidPlan, tuple[int, ...], str]) -> None:
    """No region begins in one write unit and ends inside another, unless it holds whole ones."""
    plan, shape, _ = drawn
    group = plan.levels[0].group
    for region in plan.regions():
        for a, b, g, n in zip(region.start, region.stop, group, shape, strict=True):
            inside = a // g == (b - 1) // g
            assert inside or (a % g == 0 and (b % g == 0 or b == n)), (region, group)


@given(plans())
def test_open_cells_stay_within_the_promised_memory(
    drawn: tuple[PyramidPlan, tuple[int, ...], str],
) -> None:
    plan, shape, _ = drawn
    made = kernel("mean", np.dtype("u2"))
    steps = tuple(Step(level.shape, level.chunks, level.factors) for level in plan.levels)
    cascade = Cascade(steps, tuple(made.step(level.factors) for level in plan.levels if level.factors))
    pixels = np.zeros(shape, "u2")
    most = 0
    for region in plan.regions():
        part = cascade.feed(0, region, pixels[region.slices], lambda *_: None)
        if part is not None:
            cascade.settle(part, lambda *_: None)
        most = max(most, sum(buffer.nbytes for buffer, _ in cascade._open.values()))
    assert cascade.open_cells == 0
    assert most <= plan.open_bytes


@pytest.mark.parametrize("prime", PRIMES)
@pytest.mark.parametrize("axes", AXES)
def test_prime_sides_give_no_slivers(prime: int, axes: str) -> None:
    shape = (*(3,) * (len(axes) - 2), prime, prime)
    for level in planned(shape, axes).levels:
        assert min(level.chunks[-2:]) >= min(64, *level.shape[-2:])
    for tile in ((1,) * (len(axes) - 2) + (240, 240), (1,) * (len(axes) - 2) + (1, prime)):
        for level in planned(shape, axes, tile=tile).levels:
            assert min(level.chunks[-2:]) >= min(64, *level.shape[-2:])


@pytest.mark.parametrize("axes", AXES)
@pytest.mark.parametrize("itemsize", [1, 2, 4, 8])
def test_default_chunks_and_shards_have_a_sensible_size(axes: str, itemsize: int) -> None:
    shape = tuple({"t": 40, "c": 4, "z": 500, "y": 40_000, "x": 50_000}[letter] for letter in axes)
    plan = planned(shape, axes, itemsize=itemsize)
    first = plan.levels[0]
    assert 1 << 19 <= prod(first.chunks) * itemsize <= 1 << 20
    assert first.shards is not None
    assert 16 << 20 <= prod(first.shards) * itemsize <= 64 << 20
    assert max(plan.levels[-1].shape[-2:]) <= 256
    assert plan.memory(1) <= 256 << 20


@pytest.mark.parametrize("tile", [240, 256, 512, 1024])
def test_default_chunks_are_whole_tiles(tile: int) -> None:
    plan = planned((30_000, 40_000), "yx", tile=(tile, tile))
    assert all(c % tile == 0 or tile % c == 0 for c in plan.levels[0].chunks)
    assert all(r % tile == 0 for r in plan.levels[0].region)


def test_a_small_memory_is_kept_or_refused_with_what_would_do() -> None:
    shape = (64, 4096, 4096)
    plan = planned(shape, "zyx", PlanOptions(memory=16 << 20))
    assert plan.memory(1) <= 16 << 20
    with pytest.raises(BudgetError, match=r"use --memory .* or smaller --chunks"):
        planned(shape, "zyx", PlanOptions(memory=1000))


@given(st.integers(1 << 12, 64 << 20), st.sampled_from(AXES))
def test_a_plan_fits_the_memory_it_may_use_or_is_refused(memory: int, axes: str) -> None:
    shape = tuple({"t": 7, "c": 3, "z": 61, "y": 3001, "x": 2999}[letter] for letter in axes)
    try:
        plan = planned(shape, axes, PlanOptions(memory=memory))
    except BudgetError:
        return
    assert plan.memory(1) <= memory


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (PlanOptions(chunks={"q": 4}), "chunks: there is no axis 'q'"),
        (PlanOptions(shards={"z": 4}), "shards: there is no axis 'z'"),
        (PlanOptions(chunks={"y": 0}), "chunks y must be at least 1"),
        (PlanOptions(levels=0), "levels must be at least 1"),
    ],
)
def test_what_cannot_be_is_said(options: PlanOptions, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        planned((100, 100), "yx", options)


def test_an_image_without_pixels_is_refused() -> None:
    with pytest.raises(ArgumentError, match="holds no pixels"):
        planned((0, 100), "yx")


def test_levels_that_are_kept_follow_the_source() -> None:
    shapes = [(1000, 700), (250, 175), (63, 44)]
    rows = (axis("y"), axis("x"))
    plan = plan_kept(shapes, 1, rows, PlanOptions(), [(256, 256)] * 3)
    assert [level.shape for level in plan.levels] == shapes
    assert plan.levels[1].downsampling == (4.0, 4.0)
    assert plan.levels[2].downsampling == (16.0, 16.0)  # ceil(1000 / 16) and ceil(700 / 16)
    for number, shape in enumerate(shapes):
        assert sum(region.size for region in plan.regions(number)) == prod(shape)
    assert plan.source_pixels == sum(map(prod, shapes))


@given(st.lists(st.integers(1, 9), min_size=1, max_size=3))
def test_depth_first_visits_every_cell_once_and_blocks_without_a_break(counts: list[int]) -> None:
    cells = list(depth_first(counts))
    assert sorted(cells) == sorted(np.ndindex(*counts))
    blocks = [tuple(i // 2 for i in cell) for cell in cells]
    changes = sum(a != b for a, b in itertools.pairwise(blocks))
    assert changes == len(set(blocks)) - 1


@given(
    st.tuples(st.integers(1, 30), st.integers(1, 30)),
    st.tuples(st.integers(1, 4), st.integers(1, 4)),
    st.tuples(st.integers(1, 4), st.integers(1, 4)),
)
def test_a_shard_is_left_only_when_it_is_complete(
    shape: tuple[int, int], region: tuple[int, int], times: tuple[int, int]
) -> None:
    shard = tuple(r * t for r, t in zip(region, times, strict=True))
    assume(all(s <= 2 * n for s, n in zip(shard, shape, strict=True)))
    shards = [
        tuple(a // s for a, s in zip(r.start, shard, strict=True)) for r in walk(shape, region, shard, (0, 1))
    ]
    changes = sum(a != b for a, b in itertools.pairwise(shards))
    assert changes == len(set(shards)) - 1


def most_open(plan: PyramidPlan) -> int:
    """Return the most bytes of open cells, from the regions' geometry alone."""
    cells = [
        tuple(
            c if c % f == 0 or c >= n else c * f
            for c, f, n in zip(
                level.chunks, level.factors or (1,) * len(level.shape), level.shape, strict=True
            )
        )
        for level in plan.levels
    ]
    missing: dict[tuple[int, tuple[int, ...]], int] = {}
    now = most = 0

    def feed(number: int, start: tuple[int, ...], stop: tuple[int, ...]) -> None:
        nonlocal now, most
        level, cell = plan.levels[number], cells[number]
        rows = list(zip(start, stop, cell, level.shape, strict=True))
        if all(a % c == 0 and (b % c == 0 or b == n) for a, b, c, n in rows):
            if level.factors is not None:
                low = tuple(a // f for a, f in zip(start, level.factors, strict=True))
                feed(number + 1, low, tuple(-(-b // f) for b, f in zip(stop, level.factors, strict=True)))
            return
        for index in product(*(range(a // c, -(-b // c)) for a, b, c, _ in rows)):
            box = [(i * c, min((i + 1) * c, n)) for i, (_, _, c, n) in zip(index, rows, strict=True)]
            size = prod(d - c for c, d in box)
            if (number, index) not in missing:
                missing[number, index] = size
                now += size
                most = max(most, now)
            missing[number, index] -= prod(
                min(b, d) - max(a, c) for (a, b, *_), (c, d) in zip(rows, box, strict=True)
            )
            if not missing[number, index]:
                del missing[number, index]
                feed(number, tuple(c for c, _ in box), tuple(d for _, d in box))
                now -= size

    for region in plan.regions():
        feed(0, region.start, region.stop)
    assert not missing
    return most * plan.itemsize


@given(
    axes=st.sampled_from(("yx", "zyx", "czyx", "tczyx")),
    sides=st.tuples(st.integers(50, 5000), st.integers(50, 5000)),
    tile=st.sampled_from((None, 240, 256, 512, 1000, "rows", "page")),
    cubes=st.booleans(),
    sharded=st.booleans(),
    data=st.data(),
)
def test_open_cells_of_real_sizes_stay_within_the_promised_memory(
    axes: str, sides: tuple[int, int], tile: int | str | None, cubes: bool, sharded: bool, data: st.DataObject
) -> None:
    lead = tuple(data.draw(st.integers(1, 40 if letter == "z" else 4), label=letter) for letter in axes[:-2])
    ones = (1,) * len(lead)
    rows = data.draw(st.integers(1, min(100, sides[0])), label="rows") if tile == "rows" else 1
    unit = {None: None, "rows": (*ones, rows, sides[1]), "page": (*ones, *sides)}.get(
        tile, (*ones, *(min(n, tile if isinstance(tile, int) else 1) for n in sides))
    )
    plan = plan_pyramid(
        (*lead, *sides), 2, tuple(map(axis, axes)), (1.0 if cubes else None,) * len(axes),
        PlanOptions(sharded=sharded), unit,
    )  # fmt: skip
    assume(plan.region_count < 3000)
    assert most_open(plan) <= plan.memory(1)
