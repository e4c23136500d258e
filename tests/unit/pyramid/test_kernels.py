"""Kernels against arithmetic written here in the plainest way, and the engines against each other."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from zarrscope.errors import ArgumentError, UnsupportedError
from zarrscope.pyramid.downsample import KERNELS, kernel

DTYPES = ["bool", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8"]
SHAPES = [
    ((6, 8), (2, 2)),
    ((5, 7), (2, 2)),
    ((4, 6, 8), (2, 2, 2)),
    ((3, 5, 9), (2, 2, 2)),
    ((2, 3, 5, 7), (1, 1, 2, 2)),
    ((1, 9), (1, 2)),
    ((3, 4, 4), (2, 1, 1)),
    ((2, 7, 6), (1, 2, 1)),
]


def random_block(shape, dtype, seed):
    rng = np.random.default_rng(seed)
    dtype = np.dtype(dtype)
    if dtype.kind == "b":
        return rng.random(shape) > 0.5
    if dtype.kind == "f":
        return (rng.standard_normal(shape) * 100).astype(dtype)
    info = np.iinfo(dtype)
    block = rng.integers(info.min, info.max, shape, dtype=dtype, endpoint=True)
    few = rng.integers(0, 4, shape).astype(dtype)  # ties and equal neighbours
    return np.where(rng.random(shape) > 0.5, block, few)


def windows(block, factors):
    """Yield index of the coarser pixel and the values of its window, in C order."""
    shape = [-(-n // f) for n, f in zip(block.shape, factors, strict=True)]
    for index in np.ndindex(*shape):
        box = tuple(
            slice(i * f, min((i + 1) * f, n)) for i, f, n in zip(index, factors, block.shape, strict=True)
        )
        yield index, block[box].ravel().tolist()


def half_even(value: Fraction) -> int:
    return round(value)  # Python rounds fractions half to even


def expected(name, values, dtype):
    kind = np.dtype(dtype).kind
    if name == "nearest":
        return values[0]
    if name in ("min", "max"):
        return min(values) if name == "min" else max(values)
    if name == "mode":
        return max(values, key=values.count)
    if name == "mean":
        if kind == "f":
            return sum(values) / len(values)
        exact = sum(Fraction(int(v)) for v in values) / len(values)
    else:
        ordered = sorted(values)
        middle = ordered[(len(values) - 1) // 2], ordered[len(values) // 2]
        if kind == "f":
            return sum(middle) / 2
        exact = (Fraction(int(middle[0])) + int(middle[1])) / 2
    return half_even(exact)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", [k for k in KERNELS if k != "gaussian"])
@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_windows(name, dtype, engine):
    for seed, (shape, factors) in enumerate(SHAPES):
        block = random_block(shape, dtype, seed)
        result = kernel(name, block.dtype, engine=engine).step(factors)(block)
        assert result.dtype == block.dtype
        assert result.shape == tuple(-(-n // f) for n, f in zip(shape, factors, strict=True))
        for index, values in windows(block, factors):
            want = expected(name, values, dtype)
            got = result[index].item()
            if np.dtype(dtype).kind == "f" and name in ("mean", "median"):
                assert got == pytest.approx(
                    want, rel=2 * float(np.finfo(dtype).eps), abs={"f2": 1e-2, "f4": 1e-5, "f8": 1e-13}[dtype]
                )
            else:
                assert got == want, (index, values)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", KERNELS)
def test_engines_agree(name, dtype):
    for seed, (shape, factors) in enumerate(SHAPES):
        halo = 2 if name == "gaussian" else 0
        grown = tuple(n + halo * (f > 1) for n, f in zip(shape, factors, strict=True))
        block = random_block(grown, dtype, seed)
        if np.dtype(dtype).kind == "f":
            block.flat[::17] = np.nan
        numpy, numba = (kernel(name, block.dtype, engine=e).step(factors)(block) for e in ("numpy", "numba"))
        assert numpy.tobytes() == numba.tobytes()


@pytest.mark.parametrize("dtype", ["u1", "i2", "u4", "u8", "f4", "f8"])
def test_gaussian(dtype):
    for seed, (shape, factors) in enumerate(SHAPES):
        inside = random_block(shape, dtype, seed)
        grown = np.pad(inside, [(int(f > 1),) * 2 for f in factors], mode="edge")
        result = kernel("gaussian", inside.dtype).step(factors)(grown)
        for index in np.ndindex(*result.shape):
            total = Fraction(0)
            halved = [i for i, f in enumerate(factors) if f > 1]
            for taps in product(range(4), repeat=len(halved)):
                where, weight = list(index), 1
                for axis, tap in zip(halved, taps, strict=True):
                    where[axis] = min(max(2 * index[axis] + tap - 1, 0), shape[axis] - 1)
                    weight *= (1, 3, 3, 1)[tap]
                total += weight * Fraction(inside[tuple(where)].item())
            exact = total / 8 ** len(halved)
            if inside.dtype.kind == "f":
                assert result[index].item() == pytest.approx(float(exact), rel=1e-5, abs=1e-4)
            else:
                assert result[index].item() == half_even(exact)


def test_strided_views_and_empty_axes():
    block = random_block((6, 10, 12), "u2", 1)
    view = block[::2, 1:9:1, 2:12:2]
    result = kernel("mean", view.dtype).step((1, 2, 2))(view)
    copy = kernel("mean", view.dtype).step((1, 2, 2))(view.copy())
    assert np.array_equal(result, copy)


def test_numpy_is_the_engine():
    for name in KERNELS:
        assert kernel(name, np.dtype("u2")).engine == "numpy"


def test_refused():
    with pytest.raises(ArgumentError, match="choose one of mean"):
        kernel("average", np.dtype("u1"))
    with pytest.raises(UnsupportedError, match="complex"):
        kernel("mean", np.dtype("c8"))
