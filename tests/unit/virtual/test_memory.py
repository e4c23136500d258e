"""Memory of blocks: theirs alone, and gone when they are."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from zarrscope.virtual.memory import empty


@pytest.mark.parametrize("dtype", ["u1", "?", "f2", "u2", "f8"])
@pytest.mark.parametrize("shape", [(3, 5), (700, 900)])
def test_any_type_and_shape(dtype: str, shape: tuple[int, ...]) -> None:
    block = empty(shape, np.dtype(dtype))
    assert (block.shape, block.dtype) == (shape, np.dtype(dtype))
    assert block.flags.c_contiguous
    block[...] = 1
    part = block[1:, 2:]
    assert part.base is block  # who holds a part holds the block
    block.flags.writeable = False
    assert bytes(block.reshape(-1).view(np.uint8).data) == np.ones(shape, dtype).tobytes()


def anonymous() -> int:
    """Return the bytes of memory that no file stands behind."""
    status = Path("/proc/self/status")
    if not status.is_file():
        pytest.skip("this system does not say what a process takes")
    (line,) = [line for line in status.read_text().splitlines() if line.startswith("RssAnon")]
    return int(line.split()[1]) * 1024


def test_it_goes_back_at_once_from_any_thread() -> None:
    blocks: list[np.ndarray] = []

    def work() -> None:
        for _ in range(20):
            blocks.append(empty((1 << 19,), np.dtype("u1")))
            blocks[-1][...] = 1

    before = anonymous()
    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert anonymous() - before > 70 << 20
    del blocks[::2], blocks[:]
    assert anonymous() - before < 10 << 20
