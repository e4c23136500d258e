"""The kernels in numpy: no start-up cost, exact, and the reference for the compiled ones."""

from __future__ import annotations

from itertools import product
from threading import local
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from zarrscope.types import Shape

_scratch = local()

# Words that are worked on at once: three buffers of them stay in the second-level cache.
_WORDS = 1 << 15

_WIDER: dict[str, np.dtype[Any]] = {
    "b1": np.dtype("u2"), "u1": np.dtype("u2"), "i1": np.dtype("i2"), "u2": np.dtype("u4"),
    "i2": np.dtype("i4"), "u4": np.dtype("u8"), "i4": np.dtype("i8"), "f2": np.dtype("f4"),
    "f4": np.dtype("f8"), "f8": np.dtype("f8"),
}  # fmt: skip


def shrink(name: str, block: NDArray[Any], factors: Shape) -> NDArray[Any]:
    """Return the next level's pixels of a block.

    Parameters
    ----------
    name : str
        Kernel.
    block : ndarray
        Pixels, native byte order; for ``gaussian`` with one more on both sides of halved axes.
    factors : tuple of int
        1 or 2 along each axis.
    """
    if name == "nearest":
        return np.ascontiguousarray(block[tuple(slice(None, None, f) for f in factors)])
    if name == "gaussian":
        return _gaussian(block, factors)
    block = even(block, factors)
    if name == "mean":
        return _mean(block, factors)
    if name in ("min", "max"):
        return _extreme(np.minimum if name == "min" else np.maximum, list(_windows(block, factors)))
    choose = _mode if name == "mode" else _median

    def work(part: NDArray[Any]) -> NDArray[Any]:
        return choose([np.ascontiguousarray(window) for window in _windows(part, factors)])

    return _in_bands(work, block, factors)


def _in_bands(
    work: Callable[[NDArray[Any]], NDArray[Any]], block: NDArray[Any], factors: Shape, halo: int = 0
) -> NDArray[Any]:
    """Make the result a few rows at a time, so that all that stands in between stays in the cache."""
    around = [halo * (f > 1) for f in factors]
    shape = tuple((n - 2 * h) // f for n, h, f in zip(block.shape, around, factors, strict=True))
    result = np.empty(shape, block.dtype)
    for place in _bands(shape):
        rows = zip(place, factors, around, strict=True)
        result[place] = work(block[tuple(slice(s.start * f, s.stop * f + 2 * h) for s, f, h in rows)])
    return result


def even(block: NDArray[Any], factors: Shape) -> NDArray[Any]:
    """Return the block with the last pixel of odd halved axes repeated.

    Doubling what a window of two holds changes neither its mean nor its order statistics.
    """
    ends = [(0, f > 1 and n % 2) for n, f in zip(block.shape, factors, strict=True)]
    return np.pad(block, ends, mode="edge") if any(end for _, end in ends) else block


def _windows(block: NDArray[Any], factors: Shape) -> Iterator[NDArray[Any]]:
    """Yield the first, second ... pixel of all windows, in C order within the window."""
    for offsets in product(*(range(f) for f in factors)):
        yield block[tuple(slice(o, None, f) for o, f in zip(offsets, factors, strict=True))]


def _extreme(choose: np.ufunc, windows: list[NDArray[Any]]) -> NDArray[Any]:
    result = windows[0].copy()
    for window in windows[1:]:
        choose(result, window, out=result)
    return result


def _mode(windows: list[NDArray[Any]]) -> NDArray[Any]:
    if len(windows) == 4 and windows[0].dtype.kind != "f":
        return _mode_of_four(*windows)
    best = windows[0].copy()
    most = np.zeros(best.shape, np.uint8)
    for window in windows:
        count = np.zeros(best.shape, np.uint8)
        for other in windows:
            count += window == other
        better = count > most
        np.copyto(best, window, where=better)
        np.copyto(most, count, where=better)
    return best


def _mode_of_four(a: NDArray[Any], b: NDArray[Any], c: NDArray[Any], d: NDArray[Any]) -> NDArray[Any]:
    """Return the first value that is there twice, else the first; only for values that equal themselves."""
    best = np.where(c == d, c, a)
    np.copyto(best, b, where=(b == c) | (b == d))
    np.copyto(best, a, where=(a == b) | (a == c) | (a == d))
    return best


def _median(windows: list[NDArray[Any]]) -> NDArray[Any]:
    if len(windows) == 1:
        return windows[0].copy()
    if len(windows) == 2:
        low, high = windows
    elif len(windows) == 4:
        low, high = _middle_of_four(windows)
    else:
        low, high = _middle_of_eight(windows)
    return _rounded_pair(low, high)


def _middle_of_four(windows: list[NDArray[Any]]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the second and third smallest, in any order: whole arrays are compared, nothing is sorted."""
    a, b, c, d = windows
    low = np.maximum(np.minimum(a, b), np.minimum(c, d))
    high = np.minimum(np.maximum(a, b), np.maximum(c, d))
    return low, high


def _middle_of_eight(windows: list[NDArray[Any]]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the fourth and fifth smallest: two sorted fours, merged as far as the middle (Batcher)."""
    a, b = (_sorted_four(half) for half in (windows[:4], windows[4:]))
    # Of two rising fours the smaller ones of a[i], b[3 - i] are the four smallest of all.
    low = [np.minimum(a[i], b[3 - i]) for i in range(4)]
    high = [np.maximum(a[i], b[3 - i], out=a[i]) for i in range(4)]
    fourth = np.maximum(np.maximum(low[0], low[1]), np.maximum(low[2], low[3]))
    fifth = np.minimum(np.minimum(high[0], high[1]), np.minimum(high[2], high[3]))
    return fourth, fifth


def _sorted_four(values: list[NDArray[Any]]) -> list[NDArray[Any]]:
    """Return four arrays in rising order, pixel by pixel."""
    a, b, c, d = values
    a, b, c, d = np.minimum(a, b), np.maximum(a, b), np.minimum(c, d), np.maximum(c, d)
    a, b, c, d = np.minimum(a, c), np.minimum(b, d), np.maximum(a, c), np.maximum(b, d)
    return [a, np.minimum(b, c), np.maximum(b, c), d]


def _rounded_pair(low: NDArray[Any], high: NDArray[Any]) -> NDArray[Any]:
    """Return the mean of two values; integers half to even, without a wider type."""
    if low.dtype.kind == "f":
        wide = _WIDER[low.dtype.str[1:]]
        with np.errstate(all="ignore"):
            middle: NDArray[Any] = (low.astype(wide) + high.astype(wide)) * wide.type(0.5)
            return middle.astype(low.dtype)
    both: NDArray[Any] = low & high
    if low.dtype.kind != "b":
        one = low.dtype.type(1)
        both = (low >> one) + (high >> one)
        rest = (low & one) + (high & one)
        both += rest >> one
        both += (rest & one) & (both & one)
    return both


def _mean(block: NDArray[Any], factors: Shape) -> NDArray[Any]:
    bits = sum(f > 1 for f in factors)
    if bits == 0:
        return block.copy()
    kind = block.dtype.kind
    if kind == "f":
        return _in_bands(lambda part: _mean_float(part, factors, bits), block, factors)
    if kind in "iu" and block.itemsize == 8:
        return _mean_64(block, factors, bits)
    if kind in "iu" and factors[-1] == 2 and block.strides[-1] == block.itemsize:
        return _mean_paired(block, factors, bits)
    wide = _WIDER[block.dtype.str[1:]]
    total = np.zeros([n // f for n, f in zip(block.shape, factors, strict=True)], wide)
    for window in _windows(block, factors):
        np.add(total, window, out=total, casting="unsafe")
    return _half_even(total, bits).astype(block.dtype)


def _half_even(total: NDArray[Any], bits: int) -> NDArray[Any]:
    """Divide sums by ``2 ** bits`` in place, rounding half to even (shifts round towards minus infinity)."""
    odd = total >> total.dtype.type(bits)
    odd &= odd.dtype.type(1)
    odd += odd.dtype.type((1 << (bits - 1)) - 1)
    total += odd
    total >>= total.dtype.type(bits)
    return total


def _mean_float(block: NDArray[Any], factors: Shape, bits: int) -> NDArray[Any]:
    """Add neighbours in the wider type, axis by axis from the first: a fixed order gives fixed bits."""
    with np.errstate(all="ignore"):
        total = block.astype(_WIDER[block.dtype.str[1:]])
        for axis, factor in enumerate(factors):
            if factor > 1:
                first, second = (tuple([slice(None)] * axis + [slice(o, None, 2)]) for o in (0, 1))
                total = total[first] + total[second]
        total *= total.dtype.type(0.5**bits)
        return total.astype(block.dtype, copy=False)


def _mean_64(block: NDArray[Any], factors: Shape, bits: int) -> NDArray[Any]:
    """Quotients and remainders apart, since the sum of 64-bit numbers fits into no type."""
    shift, mask = block.dtype.type(bits), block.dtype.type((1 << bits) - 1)
    whole = np.zeros([n // f for n, f in zip(block.shape, factors, strict=True)], block.dtype)
    rest = np.zeros_like(whole)
    for window in _windows(block, factors):
        whole += window >> shift
        rest += window & mask
    whole += rest >> shift
    rest &= mask
    rest += block.dtype.type((1 << (bits - 1)) - 1)
    rest += whole & block.dtype.type(1)
    whole += rest >> shift
    return whole


def _mean_paired(block: NDArray[Any], factors: Shape, bits: int) -> NDArray[Any]:
    """Read two neighbours along x as one word of twice the size: no strided access at all.

    Works through a few rows at a time, so that the sums stay in the cache.
    """
    wide = _WIDER[block.dtype.str[1:]]
    half = wide.type(8 * block.itemsize)
    words = block.view(wide)
    shape = tuple(n // f for n, f in zip(block.shape, factors, strict=True))
    result = np.empty(shape, block.dtype)
    pairs = (*factors[:-1], 1)
    for place in _bands(shape):
        source = words[tuple(slice(s.start * f, s.stop * f) for s, f in zip(place, pairs, strict=True))]
        target = result[place]
        total, part = _buffers(target.shape, wide)
        for number, window in enumerate(_windows(source, pairs)):
            _split_add(window, total, part, half, first=number == 0)
        np.right_shift(total, wide.type(bits), out=part)
        np.bitwise_and(part, wide.type(1), out=part)
        np.add(part, wide.type((1 << (bits - 1)) - 1), out=part)
        np.add(total, part, out=total)
        np.right_shift(total, wide.type(bits), out=total)
        np.copyto(target, total, casting="unsafe")
    return result


def _split_add(
    words: NDArray[Any], total: NDArray[Any], part: NDArray[Any], half: Any, *, first: bool
) -> None:
    """Add the two pixels of each word to the sums; which of them came first does not matter."""
    low = total if first else part
    if words.dtype.kind == "u":
        np.bitwise_and(words, words.dtype.type((1 << int(half)) - 1), out=low)
    else:
        np.left_shift(words, half, out=low)
        np.right_shift(low, half, out=low)
    if not first:
        np.add(total, part, out=total)
    np.right_shift(words, half, out=part)
    np.add(total, part, out=total)


def _bands(shape: Shape) -> Iterator[tuple[slice, ...]]:
    """Cut a result into boxes of at most some ten thousand pixels, whole rows where they are short."""
    sides = [1] * len(shape)
    room = _WORDS
    for axis in range(len(shape) - 1, -1, -1):
        sides[axis] = max(1, min(shape[axis], room))
        room //= sides[axis]
    cuts = [[slice(a, min(a + s, n)) for a in range(0, n, s)] for s, n in zip(sides, shape, strict=True)]
    yield from product(*cuts)


def _buffers(shape: Shape, dtype: np.dtype[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return two buffers of this thread, used again and again: fresh pages would cost more than the sums."""
    size = int(np.prod(shape))
    room: NDArray[np.uint8] | None = getattr(_scratch, "room", None)
    needed = 2 * size * dtype.itemsize
    if room is None or room.nbytes < needed:
        room = _scratch.room = np.empty(max(needed, 16 * _WORDS), np.uint8)
    flat = room[:needed].view(dtype)
    return flat[:size].reshape(shape), flat[size:].reshape(shape)


def _gaussian(block: NDArray[Any], factors: Shape) -> NDArray[Any]:
    """Weigh 1 3 3 1 along each halved axis; the block has one pixel more at both of its ends.

    Integers are summed exactly (six bits of weight in 2D, nine in 3D) and rounded once.
    """
    bits = 3 * sum(f > 1 for f in factors)
    if bits == 0:
        return block.copy()
    block = even(block, factors)  # the margin does not change what is odd
    long = block.dtype.kind != "f" and block.dtype.itemsize == 8
    weigh = _gaussian_64 if long else _gaussian_part
    return _in_bands(lambda part: weigh(part, factors, bits), block, factors, halo=1)


def _gaussian_part(block: NDArray[Any], factors: Shape, bits: int) -> NDArray[Any]:
    kind = block.dtype.kind
    total: NDArray[Any] = block.astype("f8" if kind == "f" else "i8" if block.itemsize > 2 else "i4")
    for axis, factor in enumerate(factors):
        if factor > 1:
            total = _weigh(total, axis)
    if kind == "f":
        with np.errstate(all="ignore"):
            return (total * 0.5**bits).astype(block.dtype)
    return _half_even(total, bits).astype(block.dtype)


def _weigh(block: NDArray[Any], axis: int) -> NDArray[Any]:
    count = (block.shape[axis] - 2) // 2
    a, b, c, d = (block[tuple([slice(None)] * axis + [slice(o, o + 2 * count, 2)])] for o in range(4))
    total: NDArray[Any] = (a + d) + (b + c) * block.dtype.type(3)
    return total


def _gaussian_64(block: NDArray[Any], factors: Shape, bits: int) -> NDArray[Any]:
    """Weigh quotients and remainders apart: 64-bit numbers leave no room for weights."""
    shift, mask = block.dtype.type(bits), block.dtype.type((1 << bits) - 1)
    whole: NDArray[Any] = block >> shift
    rest: NDArray[Any] = block & mask
    for axis, factor in enumerate(factors):
        if factor > 1:
            whole = _weigh(whole, axis)
            rest = _weigh(rest, axis)
    whole += rest >> shift
    rest &= mask
    rest += block.dtype.type((1 << (bits - 1)) - 1)
    rest += whole & block.dtype.type(1)
    whole += rest >> shift
    return whole
