"""The cascade against whole arrays: any cut of an image, in any order, gives the same levels."""

from __future__ import annotations

import itertools
import random
from typing import TYPE_CHECKING, Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from zarrscope.pyramid.cascade import Cascade, Step
from zarrscope.pyramid.downsample import kernel
from zarrscope.types import Region

if TYPE_CHECKING:
    from numpy.typing import NDArray

DTYPES = ("u1", "i1", "u2", "i2", "u4", "i4", "f4", "f8")


def halved(pixels: NDArray[Any], factors: tuple[int, ...]) -> NDArray[Any]:
    """Return the mean of every window; of whole numbers by integer arithmetic alone, halves to even."""
    exact = np.float64 if pixels.dtype.kind == "f" else np.int64
    total, count = pixels.astype(exact), np.ones(pixels.shape, np.int64)
    for axis, factor in enumerate(factors):
        starts = np.arange(0, pixels.shape[axis], factor)
        total, count = np.add.reduceat(total, starts, axis), np.add.reduceat(count, starts, axis)
    if pixels.dtype.kind == "f":
        return (total / count).astype(pixels.dtype)
    low, rest = np.divmod(total, count)
    up = (2 * rest > count) | ((2 * rest == count) & (low % 2 == 1))
    return (low + up).astype(pixels.dtype)


def cut(draw: st.DrawFn, length: int) -> list[tuple[int, int]]:
    """Draw a partition of one axis."""
    marks = draw(st.sets(st.integers(1, max(1, length - 1)), max_size=4))
    edges = sorted({0, length, *(m for m in marks if m < length)})
    return list(itertools.pairwise(edges))


@st.composite
def cases(draw: st.DrawFn) -> tuple[NDArray[Any], list[Step], list[Region]]:
    ndim = draw(st.integers(1, 4))
    shape = tuple(draw(st.integers(1, {1: 60, 2: 24, 3: 12, 4: 7}[ndim])) for _ in range(ndim))
    dtype = np.dtype(draw(st.sampled_from(DTYPES)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    low, high = (-100, 100) if dtype.kind == "f" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    pixels = rng.integers(low, high, shape, dtype=np.int64, endpoint=True).astype(dtype)
    steps, now = [], shape
    for last in [False] * draw(st.integers(0, 4)) + [True]:
        chunk = tuple(min(n, draw(st.integers(1, 7))) for n in now)
        factors = None if last else tuple(draw(st.integers(1, 2)) for _ in now)
        steps.append(Step(now, chunk, factors))
        now = tuple(-(-n // f) for n, f in zip(now, factors or (1,) * ndim, strict=True))
    regions = [Region((), ())]
    for length in shape:
        parts = cut(draw, length)
        regions = [Region((*r.start, a), (*r.stop, b)) for r in regions for a, b in parts]
    random.Random(draw(st.integers(0, 2**32 - 1))).shuffle(regions)
    return pixels, steps, regions


@given(cases())
def test_any_cut_in_any_order_equals_whole_arrays(
    case: tuple[NDArray[Any], list[Step], list[Region]],
) -> None:
    pixels, steps, regions = case
    made = kernel("mean", pixels.dtype)
    cascade = Cascade(tuple(steps), tuple(made.step(s.factors) for s in steps if s.factors))
    levels = [np.zeros(step.shape, pixels.dtype) for step in steps]
    times = [np.zeros(step.shape, int) for step in steps]

    def emit(level: int, index: tuple[int, ...], block: NDArray[Any]) -> None:
        start = tuple(i * c for i, c in zip(index, steps[level].chunk, strict=True))
        place = tuple(slice(a, a + n) for a, n in zip(start, block.shape, strict=True))
        whole = tuple(
            min(c, n - a) for a, c, n in zip(start, steps[level].chunk, steps[level].shape, strict=True)
        )
        assert block.shape == whole
        levels[level][place] = block
        times[level][place] += 1

    for region in regions:
        part = cascade.feed(0, region, pixels[region.slices], emit)
        if part is not None:
            cascade.settle(part, emit)
    assert cascade.open_cells == 0
    expected = pixels
    for number, step in enumerate(steps):
        assert times[number].min() == times[number].max() == 1
        assert np.array_equal(levels[number], expected)
        if step.factors:
            expected = halved(expected, step.factors)


def test_a_hole_stays_open_and_is_counted() -> None:
    steps = (Step((8, 8), (4, 4), (2, 2)), Step((4, 4), (4, 4), None))
    cascade = Cascade(steps, (kernel("mean", np.dtype("u1")).step((2, 2)),))
    found: list[tuple[int, tuple[int, ...]]] = []
    block = np.zeros((4, 8), "u1")
    part = cascade.feed(0, Region.whole((4, 8)), block, lambda level, i, _: found.append((level, i)))
    assert part is not None
    cascade.settle(part, lambda level, i, _: found.append((level, i)))
    assert found == [(0, (0, 0)), (0, (0, 1))]
    assert cascade.open_cells == 1


class Stored:
    """Random units of a complete result, as an earlier run may have left them."""

    def __init__(self, levels: list[NDArray[Any]], steps: list[Step], draw: random.Random) -> None:
        self.levels = levels
        self.units = [tuple(c * draw.randint(1, 3) for c in step.chunk) for step in steps]
        grids = [
            tuple(-(-n // u) for n, u in zip(step.shape, unit, strict=True))
            for step, unit in zip(steps, self.units, strict=True)
        ]
        share = draw.random()
        self.done = [
            np.array([draw.random() < share for _ in range(int(np.prod(grid)))], bool).reshape(grid)
            for grid in grids
        ]
        self.pixels_read = 0

    def has(self, level: int, region: Region) -> bool:
        rows = zip(*region, self.units[level], strict=True)
        return bool(self.done[level][tuple(slice(a // u, -(-b // u)) for a, b, u in rows)].all())

    def read(self, level: int, region: Region) -> NDArray[Any]:
        assert self.has(level, region), "only what is finished may be read"
        self.pixels_read += region.size
        return self.levels[level][region.slices]


def emitted(
    cascade: Cascade, pixels: NDArray[Any], regions: list[Region]
) -> list[tuple[int, tuple[int, ...], NDArray[Any]]]:
    """Return all chunks in the order in which they come."""
    found: list[tuple[int, tuple[int, ...], NDArray[Any]]] = []

    def emit(level: int, index: tuple[int, ...], block: NDArray[Any]) -> None:
        found.append((level, index, block.copy()))

    for region in regions:
        block = pixels[region.slices] if cascade.wants(0, region) else None
        part = cascade.feed(0, region, block, emit)
        if part is not None:
            cascade.settle(part, emit)
    assert cascade.open_cells == 0
    return found


@given(cases(), st.integers(0, 2**32 - 1))
def test_what_is_not_finished_comes_in_the_same_order_as_in_one_run(
    case: tuple[NDArray[Any], list[Step], list[Region]], seed: int
) -> None:
    pixels, steps, regions = case
    made = kernel("mean", pixels.dtype)
    shrink = tuple(made.step(s.factors) for s in steps if s.factors)
    levels = [pixels]
    for step in steps:
        if step.factors:
            levels.append(halved(levels[-1], step.factors))
    stored = Stored(levels, steps, random.Random(seed))

    def missing(level: int, index: tuple[int, ...]) -> bool:
        rows = zip(index, steps[level].chunk, steps[level].shape, strict=True)
        start = tuple(i * c for i, c in zip(index, steps[level].chunk, strict=True))
        stop = tuple(min((i + 1) * c, n) for i, c, n in rows)
        return not stored.has(level, Region(start, stop))

    whole = emitted(Cascade(tuple(steps), shrink), pixels, regions)
    rest = emitted(Cascade(tuple(steps), shrink, stored), pixels, regions)
    expected = [chunk for chunk in whole if missing(*chunk[:2])]
    found = [chunk for chunk in rest if missing(*chunk[:2])]
    assert [chunk[:2] for chunk in found] == [chunk[:2] for chunk in expected]
    assert all(np.array_equal(a[2], b[2]) for a, b in zip(found, expected, strict=True))
    if all(done.all() for done in stored.done):
        assert stored.pixels_read == 0
