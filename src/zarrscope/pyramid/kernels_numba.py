"""The kernels compiled, written pixel by pixel: a second opinion on the bits of those in numpy.

The only module that imports numba. Bits are those of ``kernels_numpy``.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numba
import numpy as np

from zarrscope.pyramid import kernels_numpy

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from zarrscope.types import Shape

# Kernels that have a compiled form; the others are as fast in numpy.
_COMPILED = ("mean", "median", "mode", "min", "max")


def shrink(name: str, block: NDArray[Any], factors: Shape) -> NDArray[Any]:
    """Return the next level's pixels of a block; see ``kernels_numpy.shrink``."""
    halved = [i for i, f in enumerate(factors) if f > 1]
    small = block.dtype.kind == "b" or block.dtype == np.float16
    if name not in _COMPILED or small or not halved or halved[0] < block.ndim - 3:
        return kernels_numpy.shrink(name, block, factors)
    flat, three = _three_axes(kernels_numpy.even(block, factors), factors)
    shape = (n // f for n, f in zip(flat.shape[1:], three, strict=True))
    result = np.empty((flat.shape[0], *shape), block.dtype)
    _compiled(name, block.dtype.kind, block.dtype.itemsize)(flat, result, *three)
    return result.reshape([-(-n // f) for n, f in zip(block.shape, factors, strict=True)])


def _three_axes(block: NDArray[Any], factors: Shape) -> tuple[NDArray[Any], Shape]:
    """Return the block with four axes: all that is not halved, then the three last."""
    short = max(0, 3 - block.ndim)
    shape = (1,) * short + block.shape
    three = ((1,) * short + tuple(factors))[-3:]
    flat = np.ascontiguousarray(block).reshape((int(np.prod(shape[:-3])), *shape[-3:]))
    return flat, three


@lru_cache(maxsize=32)
def _compiled(name: str, kind: str, itemsize: int) -> Callable[..., None]:
    makers = {
        "mean": _mean_float if kind == "f" else _mean_wide if itemsize == 8 else _mean,
        "median": _median_float if kind == "f" else _median,
        "mode": _mode,
        "min": _extreme_float if kind == "f" else _minimum,
        "max": _extreme_float if kind == "f" else _maximum,
    }
    compiled = _jit(makers[name])
    if kind != "f" or name not in ("min", "max"):
        return compiled
    sign = 1.0 if name == "min" else -1.0
    return lambda source, target, *factors: compiled(source, target, *factors, sign)


def _jit(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile, and keep the result on disk where some place is writable."""
    try:
        return numba.njit(nogil=True, cache=True)(function)  # type: ignore[no-any-return]
    except RuntimeError:
        return numba.njit(nogil=True)(function)  # type: ignore[no-any-return]


def _mean(source: NDArray[Any], target: NDArray[Any], fz: int, fy: int, fx: int) -> None:
    bits = (fz > 1) + (fy > 1) + (fx > 1)
    extra = (1 << (bits - 1)) - 1
    count, depth, height, width = target.shape
    for n in range(count):
        for z in range(depth):
            for y in range(height):
                for x in range(width):
                    total = 0
                    for dz in range(fz):
                        for dy in range(fy):
                            for dx in range(fx):
                                total += source[n, z * fz + dz, y * fy + dy, x * fx + dx]
                    target[n, z, y, x] = (total + extra + ((total >> bits) & 1)) >> bits


def _mean_wide(source: NDArray[Any], target: NDArray[Any], fz: int, fy: int, fx: int) -> None:
    bits = (fz > 1) + (fy > 1) + (fx > 1)
    one = source.dtype.type(1)
    shift = source.dtype.type(bits)
    mask = source.dtype.type((1 << bits) - 1)
    extra = source.dtype.type((1 << (bits - 1)) - 1)
    count, depth, height, width = target.shape
    for n in range(count):
        for z in range(depth):
            for y in range(height):
                for x in range(width):
                    whole = one - one
                    rest = one - one
                    for dz in range(fz):
                        for dy in range(fy):
                            for dx in range(fx):
                                value = source[n, z * fz + dz, y * fy + dy, x * fx + dx]
                                whole += value >> shift
                                rest += value & mask
                    whole += rest >> shift
                    rest = (rest & mask) + extra + (whole & one)
                    target[n, z, y, x] = whole + (rest >> shift)


def _mean_float(source: NDArray[Any], target: NDArray[Any], fz: int, fy: int, fx: int) -> None:
    """Add in double precision, z before y before x, as the numpy kernel does."""
    weight = 1.0 / (fz * fy * fx)
    count, depth, height, width = target.shape
    for n in range(count):
        for z in range(depth):
            for y in range(height):
                for x in range(width):
                    row = 0.0
                    for dx in range(fx):
                        column = 0.0
                        for dy in range(fy):
                            stack = np.float64(source[n, z * fz, y * fy + dy, x * fx + dx])
                            if fz > 1:
                                stack = stack + np.float64(source[n, z * fz + 1, y * fy + dy, x * fx + dx])
                            column = stack if dy == 0 else column + stack
                        row = column if dx == 0 else row + column
                    target[n, z, y, x] = row * weight


def _minimum(source: NDArray[Any], target: NDArray[Any], fz: int, fy: int, fx: int) -> None:
    count, depth, height, width = target.shape
    for n in range(count):
        for z in range(depth):
            for y in range(height):
                for x in range(width):
                    best = source[n, z * fz, y * fy, x * fx]
                    for dz in range(fz):
                        for dy in range(fy):
                            for dx in range(fx):
                                best = min(best, source[n, z * fz + dz, y * fy + dy, x * fx + dx])
                    target[n, z, y, x] = best


def _maximum(source: NDArray[Any], target: NDArray[Any], fz: int, fy: int, fx: int) -> None:
    count, depth, height, width = target.shape
    for n in range(count):
        for z in range(depth):
            for y in range(height):
                for x in range(width):
                    best = source[n, z * fz, y * fy, x * fx]
                    for dz in range(fz):
                        for dy in range(fy):
                            for dx in range(fx):
                                best = max(best, source[n, z * fz + dz, y * fy + dy, x * fx + dx])
                    target[n, z, y, x] = best


def _extreme_float(
    source: NDArray[Any], target: NDArray[Any], fz: int, fy: int, fx: int, sign: float
) -> None:
    """Smallest (sign 1) or largest (sign -1) value; a pixel that is no number stays one."""
    count, depth, height, width = target.shape
    for n in range(count):
        for z in range(depth):
            for y in range(height):
                for x in range(width):
                    best = source[n, z * fz, y * fy, x * fx]
                    for dz in range(fz):
                        for dy in range(fy):
                            for dx in range(fx):
                                value = source[n, z * fz + dz, y * fy + dy, x * fx + dx]
                                if value != value or sign * value < sign * best:
                                    best = value if best == best else best
                    target[n, z, y, x] = best


def _mode(source: NDArray[Any], target: NDArray[Any], fz: int, fy: int, fx: int) -> None:
    size = fz * fy * fx
    window = np.empty(size, source.dtype)
    count, depth, height, width = target.shape
    for n in range(count):
        for z in range(depth):
            for y in range(height):
                for x in range(width):
                    k = 0
                    for dz in range(fz):
                        for dy in range(fy):
                            for dx in range(fx):
                                window[k] = source[n, z * fz + dz, y * fy + dy, x * fx + dx]
                                k += 1
                    best = window[0]
                    most = 0
                    for i in range(size):
                        found = 0
                        for j in range(size):
                            found += window[i] == window[j]
                        if found > most:
                            most = found
                            best = window[i]
                    target[n, z, y, x] = best


def _median(source: NDArray[Any], target: NDArray[Any], fz: int, fy: int, fx: int) -> None:
    size = fz * fy * fx
    window = np.empty(size, source.dtype)
    one = source.dtype.type(1)
    count, depth, height, width = target.shape
    for n in range(count):
        for z in range(depth):
            for y in range(height):
                for x in range(width):
                    k = 0
                    for dz in range(fz):
                        for dy in range(fy):
                            for dx in range(fx):
                                value = source[n, z * fz + dz, y * fy + dy, x * fx + dx]
                                j = k
                                while j > 0 and window[j - 1] > value:
                                    window[j] = window[j - 1]
                                    j -= 1
                                window[j] = value
                                k += 1
                    low, high = window[size // 2 - 1], window[size // 2]
                    both = (low >> one) + (high >> one)
                    rest = (low & one) + (high & one)
                    both += rest >> one
                    both += (rest & one) & (both & one)
                    target[n, z, y, x] = both


def _median_float(source: NDArray[Any], target: NDArray[Any], fz: int, fy: int, fx: int) -> None:
    size = fz * fy * fx
    window = np.empty(size, np.float64)
    count, depth, height, width = target.shape
    for n in range(count):
        for z in range(depth):
            for y in range(height):
                for x in range(width):
                    k = 0
                    missing = False
                    for dz in range(fz):
                        for dy in range(fy):
                            for dx in range(fx):
                                value = np.float64(source[n, z * fz + dz, y * fy + dy, x * fx + dx])
                                missing = missing or value != value
                                j = k
                                while j > 0 and window[j - 1] > value:
                                    window[j] = window[j - 1]
                                    j -= 1
                                window[j] = value
                                k += 1
                    middle = (window[size // 2 - 1] + window[size // 2]) * 0.5
                    target[n, z, y, x] = np.nan if missing else middle
