"""Memory for blocks that goes back to the system as soon as a block goes."""

from __future__ import annotations

import mmap
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zarrscope.types import Shape

_OWN = 128 << 10
"""From so many bytes on a block has pages of its own."""


def empty(shape: Shape, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return memory for a block.

    Blocks come and go in many threads and live for very different times. The allocator of glibc keeps what
    each thread frees for that thread: with 16 threads and pages of 32 MiB it held 490 MB where 220 were in
    use, and what a cache counts would mean nothing.
    """
    nbytes = prod(shape) * dtype.itemsize
    if nbytes < _OWN:
        return np.empty(shape, dtype)
    if hasattr(mmap, "MAP_ANONYMOUS"):
        pages = mmap.mmap(-1, nbytes, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    else:  # pragma: no cover - Windows, where nothing of this was ever run
        pages = mmap.mmap(-1, nbytes)
    return np.ndarray(shape, dtype, pages)
