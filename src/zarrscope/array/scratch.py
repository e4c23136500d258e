"""Memory that a thread uses again and again.

The first touch of fresh memory costs more than the copy into it, so chunks pass through buffers
that stay with their thread.
"""

from __future__ import annotations

from contextlib import contextmanager
from threading import local
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Iterator

Bytes = NDArray[np.uint8]

_KEPT = 64 << 20

_mine = local()


def scratch(slot: str, size: int) -> Bytes:
    """Return ``size`` bytes that are this thread's until it asks for the same slot again.

    Parameters
    ----------
    slot : str
        What it is used for; two uses at one time need two slots.
    size : int
        Number of bytes. Beyond 64 MiB the memory is not kept.
    """
    if size > _KEPT:
        return np.empty(size, np.uint8)
    kept: Bytes | None = getattr(_mine, slot, None)
    if kept is None or kept.size < size:
        kept = np.empty(size, np.uint8)
        setattr(_mine, slot, kept)
    return kept[:size]


@contextmanager
def borrowed(slot: str, size: int) -> Iterator[Bytes]:
    """Lend ``size`` bytes of this thread's memory.

    Unlike :func:`scratch` this may nest: a store that is asked meanwhile may itself read chunks.
    """
    kept: Bytes | None = _mine.__dict__.pop(slot, None)
    if kept is None or kept.size < size:
        kept = np.empty(size, np.uint8)
    try:
        yield kept[:size]
    finally:
        if kept.size <= _KEPT:
            setattr(_mine, slot, kept)


def flat(array: NDArray[Any]) -> Bytes:
    """Return the bytes of a C-contiguous array, without a copy."""
    return array.reshape(-1).view(np.uint8)
