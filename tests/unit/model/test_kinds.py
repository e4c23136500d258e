"""Every kind of transformation, against numpy: points, matrices, inverses, boxes."""

from __future__ import annotations

import pickle
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zarrscope.errors import ArgumentError, UnsupportedError
from zarrscope.model.boxes import Box, sampled_box
from zarrscope.model.dimensions import ByDimension, DimensionItem, MapAxis, ProjectAxis
from zarrscope.model.fields import Bijection, Coordinates, Displacements
from zarrscope.model.matrices import Affine, Rotation
from zarrscope.model.transforms import (
    Identity,
    Placement,
    Scale,
    Sequence,
    SystemReference,
    Transformation,
    Translation,
    composed_affine,
)

RNG = np.random.default_rng(7)


def rows(matrix: Any) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(float(v) for v in row) for row in matrix)


def homogeneous(found: Any) -> Any:
    array = np.array(found)
    return np.vstack([array, np.eye(array.shape[1])[-1]])


def turn(ndim: int, rng: Any = RNG) -> Any:
    q, _ = np.linalg.qr(rng.normal(size=(ndim, ndim)))
    q[0] *= np.sign(np.linalg.det(q))
    return q


def test_the_examples_of_the_specification() -> None:
    assert Affine(((1, 2, 3), (4, 5, 6))).apply((10, 100)) == (1 * 10 + 2 * 100 + 3, 4 * 10 + 5 * 100 + 6)
    assert Affine(((1, 0, 0), (2, 3, 4), (5, 6, 7))).apply((10, 100)) == (10, 324, 657)
    assert Rotation(((0, -1), (1, 0))).apply((3, 5)) == (-5, 3)
    assert MapAxis((1, 0)).apply((3, 5)) == (5, 3)
    assert MapAxis((2, 0, 1)).apply((10, 20, 30)) == (30, 10, 20)
    assert ProjectAxis(created=(0, 1)).apply((3, 5)) == (0, 0, 3, 5)
    assert ProjectAxis(dropped=(0,), created=(0,)).apply((9, 3, 5)) == (0, 3, 5)
    assert ProjectAxis(dropped=(2, 0), created=(1,)).apply((1, 2, 3, 4)) == (2, 0, 4)
    assert ByDimension((item([1], [1], Translation((-1.0,))), item([0], [0], Scale((2.0,))))).apply(
        (3, 5)
    ) == (6, 4)
    # four axes go in, three come out: l is not used
    second = ByDimension((item([3, 2], [1, 2], Translation((0.5, 1.5))), item([1], [0], Scale((2.0,)))))
    assert second.apply((7, 10, 20, 30)) == (20, 30.5, 21.5)
    assert Sequence((Translation((0.1, 0.9)), Scale((2.0, 3.0)))).apply((1, 2)) == pytest.approx((2.2, 8.7))


def item(inputs: list[int], outputs: list[int], between: Transformation) -> DimensionItem:
    return DimensionItem(tuple(inputs), tuple(outputs), between)


# --- matrices against numpy ------------------------------------------------------------------------------


@pytest.mark.parametrize("ndim", [1, 2, 3, 4, 5, 8])
def test_affine_against_numpy(ndim: int) -> None:
    for _ in range(20):
        matrix = RNG.normal(size=(ndim, ndim + 1))
        point = RNG.normal(size=ndim)
        step = Affine(rows(matrix))
        assert step.apply(list(point)) == pytest.approx(matrix @ [*point, 1], abs=1e-12)
        back = step.inverse()
        assert isinstance(back, Affine)
        expected = np.linalg.inv(homogeneous(matrix))[:-1]
        assert np.allclose(np.array(back.rows), expected, rtol=1e-9, atol=1e-9 * np.abs(expected).max())
        assert back.apply(step.apply(list(point))) == pytest.approx(point, abs=1e-9 * np.linalg.cond(matrix))


@pytest.mark.parametrize("ndim", [2, 3, 4, 5])
def test_rotation_against_numpy(ndim: int) -> None:
    matrix = turn(ndim)
    step = Rotation(rows(matrix))
    point = RNG.normal(size=ndim)
    assert step.apply(list(point)) == pytest.approx(matrix @ point, abs=1e-12)
    back = step.inverse()
    assert isinstance(back, Rotation)
    assert back.rows == rows(matrix.T)
    assert back.apply(step.apply(list(point))) == pytest.approx(point, abs=1e-12)


def test_a_rounded_rotation_still_finds_its_way_back() -> None:
    step = Rotation(((0.707, -0.707), (0.707, 0.707)))
    back = step.inverse()
    assert isinstance(back, Affine)
    assert back.apply(step.apply((3, 5))) == pytest.approx((3, 5), abs=1e-12)


def test_random_chains_are_one_matrix() -> None:
    for _ in range(50):
        steps, whole = [], np.eye(4)
        for _ in range(int(RNG.integers(1, 6))):
            kind = int(RNG.integers(0, 6))
            scale, shift = RNG.uniform(0.1, 3, 3), RNG.normal(size=3)
            order = RNG.permutation(3)
            affine, rotation = RNG.normal(size=(3, 4)), turn(3)
            part = np.eye(4)
            if kind == 0:
                part[:3, :3] = np.diag(scale)
                step: Transformation = Scale(tuple(scale))
            elif kind == 1:
                part[:3, 3] = shift
                step = Translation(tuple(shift))
            elif kind == 2:
                part[:3, :3] = np.eye(3)[order]
                step = MapAxis(tuple(int(i) for i in order))
            elif kind == 3:
                part[:3] = affine
                step = Affine(rows(affine))
            elif kind == 4:
                part[:3, :3] = rotation
                step = Rotation(rows(rotation))
            else:
                part[order, order] = [*scale[:2], 1]
                part[order[2], 3] = shift[2]
                first, last = [int(i) for i in order[:2]], [int(order[2])]
                stretched, shifted = Scale(tuple(scale[:2])), Translation((shift[2],))
                step = ByDimension((item(first, first, stretched), item(last, last, shifted)))
            steps.append(step)
            whole = part @ whole
        found = composed_affine(steps, 3)
        assert np.allclose(np.array(found), whole[:3], rtol=1e-9, atol=1e-9)
        sequence = Sequence(tuple(steps))
        point = RNG.normal(size=3)
        assert np.allclose(sequence.apply(list(point)), (whole @ [*point, 1])[:3], atol=1e-9)
        back = sequence.inverse()
        assert back is not None
        assert np.allclose(back.apply(sequence.apply(list(point))), point, atol=1e-8 * np.linalg.cond(whole))
        low, high = np.sort(RNG.normal(size=(2, 3)), axis=0)
        corners = np.array([(*corner, 1) for corner in product(*zip(low, high, strict=True))])
        images = (whole @ corners.T)[:3]
        box = sequence.apply_box(Box(tuple(low), tuple(high)))
        assert np.allclose(box.low, images.min(axis=1), atol=1e-9)
        assert np.allclose(box.high, images.max(axis=1), atol=1e-9)


def test_a_box_turned_twice_is_no_larger_than_it_was() -> None:
    quarter = Rotation(((np.cos(np.pi / 4), -np.sin(np.pi / 4)), (np.sin(np.pi / 4), np.cos(np.pi / 4))))
    box = Sequence((quarter, quarter)).apply_box(Box((-1, -1), (1, 1)))
    assert box.low == pytest.approx((-1, -1))
    assert box.high == pytest.approx((1, 1))


def test_units_of_very_different_size_do_not_make_a_matrix_singular() -> None:
    back = Affine(((1e-9, 0, 3), (0, 1e6, 4))).inverse()
    assert back is not None
    assert back.apply((3 + 2e-9, 4 + 5e6)) == pytest.approx((2, 5), rel=1e-6)


SINGULAR = [
    Affine(((1, 2, 0), (2, 4, 0))),
    Affine(((1, 0, 0), (0, 1, 0), (1, 1, 0))),
    Affine(((1, 2, 3, 0), (4, 5, 6, 0), (7, 8, 9, 0))),
    Affine(((0, 0),)),
    Rotation(((1, 1), (1, 1))),
    Scale((1.0, 0.0)),
    Scale((5e-324,)),
    MapAxis((0, 0)),
    ProjectAxis(created=(0,)),
    Displacements("f"),
    Coordinates("f"),
    Affine(path="m"),
    Sequence((Scale((2.0,)), Displacements("f"))),
    ByDimension((item([0], [0], Displacements("f")),)),
    ByDimension((item([0], [0], Identity()), item([0], [1], Identity()))),
]


@pytest.mark.parametrize("step", SINGULAR, ids=repr)
def test_what_has_no_inverse_says_so(step: Transformation) -> None:
    assert step.inverse() is None


# --- properties -------------------------------------------------------------------------------------------

NUMBERS = st.floats(-1e3, 1e3)
FACTORS = st.floats(0.01, 100) | st.floats(-100, -0.01)


def vectors(elements: st.SearchStrategy[float], ndim: int) -> st.SearchStrategy[tuple[float, ...]]:
    return st.lists(elements, min_size=ndim, max_size=ndim).map(tuple)


def invertible(ndim: int) -> st.SearchStrategy[Transformation]:
    turns = st.integers(0, 2**32).map(lambda seed: turn(ndim, np.random.default_rng(seed)))
    plain: st.SearchStrategy[Transformation] = (
        st.just(Identity())
        | vectors(FACTORS, ndim).map(Scale)
        | vectors(NUMBERS, ndim).map(Translation)
        | st.permutations(range(ndim)).map(lambda order: MapAxis(tuple(order)))
        | turns.map(lambda matrix: Rotation(rows(matrix)))
        | turns.map(lambda matrix: Affine(rows(np.hstack([3 * matrix, np.ones((ndim, 1))]))))
    )
    if ndim > 1:
        halves = st.tuples(
            st.permutations(range(ndim)), st.permutations(range(ndim)), st.integers(1, ndim - 1)
        )
        plain |= halves.flatmap(
            lambda h: st.tuples(invertible(h[2]), invertible(ndim - h[2])).map(
                lambda parts: ByDimension(
                    (item(h[0][: h[2]], h[1][: h[2]], parts[0]), item(h[0][h[2] :], h[1][h[2] :], parts[1]))
                )
            )
        )
    return plain | st.lists(plain, max_size=3).map(lambda steps: Sequence(tuple(steps)))


CASES = st.integers(1, 5).flatmap(lambda n: st.tuples(invertible(n), vectors(NUMBERS, n)))


@settings(max_examples=200, deadline=None)
@given(CASES)
def test_there_and_back_again(case: tuple[Transformation, tuple[float, ...]]) -> None:
    step, point = case
    there = step.apply(point)
    back = step.inverse()
    assert back is not None
    size = max(1, *map(abs, point), *map(abs, there))
    matrix = step.matrix(len(point))
    assert matrix is not None
    assert back.apply(there) == pytest.approx(
        point, abs=1e-9 * size * np.linalg.cond(np.array(matrix)[:, :-1])
    )
    assert np.array(matrix) @ [*point, 1] == pytest.approx(there, abs=1e-9 * size)
    assert step.dims(len(point)) == len(there) == len(point)
    assert step.dims(len(point) + 1) is None or step.ndim_in is None
    assert pickle.loads(pickle.dumps(step)) == step  # noqa: S301


@settings(max_examples=100, deadline=None)
@given(CASES, st.integers(0, 2**32))
def test_a_box_holds_the_images_of_all_its_points(
    case: tuple[Transformation, tuple[float, ...]], seed: int
) -> None:
    step, corner = case
    rng = np.random.default_rng(seed)
    high = np.array(corner) + rng.uniform(0, 10, len(corner))
    box = step.apply_box(Box(corner, tuple(high)))
    slack = 1e-9 * max(1, *map(abs, (*box.low, *box.high)))
    for _ in range(20):
        image = step.apply(tuple(rng.uniform(corner, high)))
        assert all(a - slack <= p <= b + slack for a, p, b in zip(box.low, image, box.high, strict=True))


def test_the_way_back_exchanges_input_and_output() -> None:
    a, b = SystemReference("a"), SystemReference("b", "image")
    for kind in (
        Identity(), Scale((2.0,)), Translation((1.0,)), Sequence(()), MapAxis((0,)), Affine(((2, 1),)),
        Rotation(((1,),)), ByDimension((item([0], [0], Identity()),)), Bijection(Identity(), Identity()),
    ):  # fmt: skip
        back = replace(kind, input=a, output=b).inverse()
        assert back is not None
        assert (back.input, back.output) == (b, a)


# --- placements, dimensions, errors -----------------------------------------------------------------------


def test_a_placement_is_found_wherever_there_is_no_more_to_it() -> None:
    assert Affine(((2, 0, 5), (0, 3, 6))).placement(2) == Placement((2, 3), (5, 6))
    assert Affine(((2, 1, 5), (0, 3, 6))).placement(2) is None
    assert Sequence((MapAxis((1, 0)), Scale((2.0, 3.0)), MapAxis((1, 0)))).placement(2) == Placement(
        (3, 2), (0, 0)
    )
    assert Rotation(((1, 0), (0, 1))).placement(2) == Placement((1, 1), (0, 0))
    by = ByDimension((item([1], [1], Translation((4.0,))), item([0], [0], Scale((2.0,)))))
    assert by.placement(2) == Placement((2, 1), (0, 4))
    assert ProjectAxis(created=(0,)).placement(1) is None
    assert Displacements("f").placement(2) is None


@pytest.mark.parametrize(
    ("step", "into", "out"),
    [
        (Affine(((1, 2, 3), (4, 5, 6), (7, 8, 9))), 2, 3),
        (Affine(path="m"), 4, 4),
        (Rotation(((1, 0), (0, 1))), 2, 2),
        (ProjectAxis(dropped=(0, 1)), 3, 1),
        (Sequence((ProjectAxis(created=(0,)), Scale((1.0, 1.0, 1.0)))), 2, 3),
        (Sequence((Identity(), Affine(((1, 2, 3),)))), 2, 1),
        (Bijection(Displacements("a"), Scale((1.0, 1.0))), 2, 2),
    ],
    ids=repr,
)
def test_numbers_of_dimensions(step: Transformation, into: int, out: int) -> None:
    assert step.dims(into) == out
    assert step.ndim_in in (None, into)
    assert step.ndim_out in (None, out)


@pytest.mark.parametrize(
    "step",
    [
        Affine(((1, 2, 3),)),
        Rotation(((1, 0), (0, 1))),
        MapAxis((1, 0)),
        MapAxis((0, 7, 1)),
        ProjectAxis(dropped=(5,)),
        ProjectAxis(created=(0, 0)),
        ByDimension((item([0, 1], [0, 2], Identity()),)),
        ByDimension((item([7], [0], Identity()),)),
        ByDimension((item([0], [0], Scale((1.0, 2.0))),)),
    ],
    ids=repr,
)
def test_points_that_do_not_fit_are_told(step: Transformation) -> None:
    with pytest.raises(ArgumentError):
        step.apply((1, 2, 3))
    assert step.matrix(3) is None


# --- numbers that stand in arrays -------------------------------------------------------------------------


class Arrays:
    """Parameters from numpy; fields lie on whole coordinates."""

    def __init__(self, **arrays: Any) -> None:
        self.arrays = arrays

    def matrix(self, path: str) -> Any:
        return rows(self.arrays[path])

    def field(self, path: str, interpolation: str | None) -> Any:
        field = self.arrays[path]

        def sample(point: Any) -> tuple[float, ...]:
            # one axis after the other, as a table is read by hand
            y, x = point
            lines = [[np.interp(x, range(part.shape[1]), row) for row in part] for part in field]
            return tuple(float(np.interp(y, range(field.shape[1]), line)) for line in lines)

        return sample


def test_matrices_from_arrays() -> None:
    matrix, turned = RNG.normal(size=(2, 3)), turn(2)
    steps = Sequence(
        (Affine(path="a"), Rotation(path="r"), ByDimension((item([1, 0], [0, 1], Affine(path="a")),)))
    )
    with pytest.raises(UnsupportedError, match="'a'"):
        steps.apply((1, 2))
    assert steps.matrix(2) is None
    known = steps.bind(Arrays(a=matrix, r=turned))
    once = turned @ (matrix @ [1, 2, 1])
    assert known.apply((1, 2)) == pytest.approx(matrix @ [once[1], once[0], 1])
    assert known.inverse() is not None
    assert Affine(((1, 2),)).bind(Arrays()) == Affine(((1, 2),))


def test_fields_and_pairs() -> None:
    y, x = np.mgrid[0:20, 0:30].astype(float)
    field = np.stack([np.sin(x / 5), 0.1 * y])
    pair = Bijection(Displacements("f"), Sequence((Scale((2.0, 2.0)), Coordinates("c"))))
    with pytest.raises(UnsupportedError, match="'f'"):
        pair.apply((1, 2))
    known = pair.bind(Arrays(f=field, c=np.stack([x, y])))
    assert known.apply((4, 10)) == pytest.approx((4 + np.sin(2), 10.4), abs=1e-3)
    back = known.inverse()
    assert back is not None
    assert back.apply((3, 4)) == pytest.approx((8, 6), abs=1e-3)
    assert back.inverse() == known
    # the largest of sin(x / 5) from 0 to 29 is 1, at a place between the corners
    box = known.apply_box(Box((0, 0), (19, 29)))
    assert 19.9 < box.high[0] <= 20
    assert box.high[1] == pytest.approx(30.9, abs=1e-3)
    by = ByDimension((item([0], [0], Scale((2.0,))), item([2, 1], [2, 1], Displacements("f"))))
    both = by.bind(Arrays(f=field))
    assert both.apply((5, 10, 4)) == pytest.approx((10, 10.4, 4 + np.sin(2)), abs=1e-3)
    image = both.apply_box(Box((1, 10, 4), (2, 10, 4)))
    assert image.low == pytest.approx((2, 10.4, 4 + np.sin(2)), abs=1e-3)
    assert image.high[0] == 4
    with pytest.raises(ArgumentError, match="vectors of 2"):
        Displacements("f", sampler=lambda _: (1.0, 2.0)).apply((1, 2, 3))


def test_a_box_of_very_many_axes_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="40 axes"):
        sampled_box(lambda p: p, Box((0.0,) * 40, (1.0,) * 40))
    wide = Scale((2.0,) * 40).apply_box(Box((0.0,) * 40, (1.0,) * 40))
    assert wide.high == (2.0,) * 40
