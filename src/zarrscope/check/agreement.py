"""Whether coarser pixels can have been made from finer ones."""

from __future__ import annotations

from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_TOLERANCE = 0.02
"""Part of the range of the finer pixels by which a value may miss its window: kernels that overshoot."""

_EXCEPTIONS = 1e-3
"""Part of the pixels that may miss theirs: some kernels reach further than one pixel at sharp edges."""

_MOST_OFFSETS = 256


def disagreement(
    coarse: NDArray[Any], fine: NDArray[Any], windows: Sequence[Sequence[tuple[int, int]]]
) -> str:
    """Return in words what no downsampling explains, "" where there is nothing.

    Parameters
    ----------
    coarse, fine : ndarray
        Pixels of both levels, of the same number of axes.
    windows : sequence of sequence of (int, int)
        For each axis and each coarser pixel, the finer pixels, first and one after the last.
    """
    low, high = fine, fine
    for axis, along in enumerate(windows):
        low = _reduced(np.fmin if fine.dtype.kind == "f" else np.minimum, low, axis, along)
        high = _reduced(np.fmax if fine.dtype.kind == "f" else np.maximum, high, axis, along)
    outside = (coarse < low) | (coarse > high)
    if not outside.any():
        return ""
    values = coarse[outside].astype("f8")
    below, above = low[outside].astype("f8") - values, values - high[outside].astype("f8")
    with np.errstate(invalid="ignore", over="ignore"):
        miss = np.maximum(below, above)
    ends = np.concatenate((low.ravel(), high.ravel())).astype("f8")
    span = float(np.ptp(ends[np.isfinite(ends)])) if np.isfinite(ends).any() else 0.0
    allowed = _TOLERANCE * span + (1 if coarse.dtype.kind in "iub" else 1e-6 * abs(span))
    worst = int(np.argmax(miss))
    count = int((miss > allowed).sum())
    if count <= _EXCEPTIONS * coarse.size:
        return ""
    first = tuple(int(n) for n in np.argwhere(outside)[worst])
    value, least, most = (float(part[first]) for part in (coarse, low, high))
    return f"{count} of {coarse.size} pixels (one is {value:g}, below it {least:g} to {most:g})"


def new_ids(coarse: NDArray[Any], fine: NDArray[Any], windows: Sequence[Sequence[tuple[int, int]]]) -> str:
    """Return in words which label values do not occur among the finer pixels below, "" where all do.

    Parameters
    ----------
    coarse, fine : ndarray
        Label values of both levels.
    windows : sequence of sequence of (int, int)
        As those of ``disagreement``. Where a window is large, values are only searched in the whole of
        ``fine``.
    """
    widths = [max(b - a for a, b in along) for along in windows]
    if prod(widths) > _MOST_OFFSETS:
        strange = np.setdiff1d(coarse, fine)
    else:
        found = np.zeros(coarse.shape, bool)
        for offset in product(*map(range, widths)):
            places = [
                [min(a + step, b - 1) for a, b in along] for along, step in zip(windows, offset, strict=True)
            ]
            found |= fine[np.ix_(*places)] == coarse
        strange = np.unique(coarse[~found])
    if strange.size == 0:
        return ""
    shown = ", ".join(str(value) for value in strange[:4].tolist())
    return f"the label{'s' * (strange.size > 1)} {shown}{', ...' if strange.size > 4 else ''}"


def _reduced(
    reduce: np.ufunc, pixels: NDArray[Any], axis: int, along: Sequence[tuple[int, int]]
) -> NDArray[Any]:
    """Reduce windows along one axis; they may overlap."""
    if all(b == a + 1 for a, b in along):
        return pixels.take([a for a, _ in along], axis)
    # A window that ends with the array needs an index after it: the last pixel stands there once more.
    last = pixels.take([-1], axis)
    padded = np.concatenate((pixels, last), axis)
    edges = [edge for window in along for edge in window]
    found: NDArray[Any] = reduce.reduceat(padded, edges, axis).take(range(0, len(edges), 2), axis)
    return found
