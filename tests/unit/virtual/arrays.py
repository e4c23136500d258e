"""A lazy array that counts what is decoded, and what coarser levels must be by plain arithmetic."""

from __future__ import annotations

import threading
from collections import Counter
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from zarrscope.errors import CorruptDataError

if TYPE_CHECKING:
    from zarrscope.types import Region


class Tiles:
    """An array in units of decoding, as a file has it; counts how often each is decoded."""

    def __init__(self, array: np.ndarray[Any, Any], unit: tuple[int, ...], broken: Any = ()) -> None:
        self.array, self.chunks, self.broken = array, unit, set(broken)
        self.shape, self.dtype = array.shape, array.dtype
        self.decoded: Counter[tuple[int, ...]] = Counter()
        self.lock = threading.Lock()

    def read(self, region: Region, out: Any = None) -> np.ndarray[Any, Any]:
        rows = zip(region.start, region.stop, self.chunks, strict=True)
        for unit in product(*(range(a // c, -(-b // c)) for a, b, c in rows)):
            with self.lock:
                self.decoded[unit] += 1
            if unit in self.broken:
                raise CorruptDataError(f"unit {unit} is broken")
        if out is None:
            return self.array[region.slices].copy()
        out[...] = self.array[region.slices]
        return out


def windows(array: np.ndarray[Any, Any], plane: tuple[int, int]) -> np.ndarray[Any, Any]:
    """Return the pixels of each window of two by two, edges doubled, along a new last axis."""
    ends = [(0, array.shape[i] % 2 if i in plane else 0) for i in range(array.ndim)]
    even = np.pad(array, ends, mode="edge")
    parts = []
    for corner in product((0, 1), repeat=2):
        index = [slice(None)] * array.ndim
        for i, offset in zip(plane, corner, strict=True):
            index[i] = slice(offset, None, 2)
        parts.append(even[tuple(index)])
    return np.stack(parts, -1)


def halved(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return the mean of two by two in the last two axes; integers of at most 32 bits, half to even."""
    mean = windows(array, (array.ndim - 2, array.ndim - 1)).astype(np.float64).mean(-1)
    return (np.rint(mean) if array.dtype.kind in "iu" else mean).astype(array.dtype)


def noise(shape: tuple[int, ...], dtype: Any = np.uint16, seed: int = 1) -> np.ndarray[Any, Any]:
    """Return random pixels over what the type holds."""
    random, kind = np.random.default_rng(seed), np.dtype(dtype)
    if kind.kind == "f":
        return random.normal(100, 20, shape).astype(kind)
    info = np.iinfo(kind)
    return random.integers(info.min, info.max, shape, kind, endpoint=True)
