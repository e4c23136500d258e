"""Read an array with one library in one pattern, and print CPU and wall seconds and a sum of the pixels.

example: python bench/readers/one.py tensorstore tiles image.ome.zarr/0
"""

from __future__ import annotations

import argparse
import json
import time
import zlib

import numpy as np


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("library", choices=OPENERS)
    parser.add_argument("pattern", choices=PATTERNS)
    parser.add_argument("array")
    parser.add_argument("--rounds", type=int, default=2)
    chosen = parser.parse_args()
    read, shape = OPENERS[chosen.library](chosen.array)
    boxes = PATTERNS[chosen.pattern](shape, np.random.default_rng(7))
    read(boxes[0])  # what is loaded at the first use
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in range(chosen.rounds):
        for box in boxes:
            read(box)
    used = time.process_time() - cpu, time.perf_counter() - wall
    check = 0
    for box in boxes:
        check = zlib.crc32(np.ascontiguousarray(read(box)), check)
    print(json.dumps({"cpu": used[0] / chosen.rounds, "wall": used[1] / chosen.rounds, "check": str(check)}))


def zarrscope(path):
    from zarrscope.array.open import open_array
    from zarrscope.store.local import LocalStore

    array = open_array(LocalStore(path))
    return lambda box: array[box], array.shape


def tensorstore(path):
    import tensorstore as ts

    spec = {
        "driver": "zarr3",
        "kvstore": {"driver": "file", "path": f"{path}/"},
        "recheck_cached_data": False,
        "context": {"data_copy_concurrency": {"limit": 2}},
    }
    array = ts.open(spec, open=True, read=True).result()
    return lambda box: array[box].read().result(), array.shape


def zarr(path):
    import zarr as library

    array = library.open_array(path, mode="r")
    return lambda box: array[box], array.shape


OPENERS = {"zarrscope": zarrscope, "tensorstore": tensorstore, "zarr": zarr}


def full(shape, rng):
    return [tuple(slice(0, n) for n in shape)]


def boxes(shape, rng):
    return _cut(shape, rng, (1, 64, 256, 256), 10)


def tiles(shape, rng):
    return _cut(shape, rng, (1, 1, 256, 256), 200)


def series(shape, rng):
    return _cut(shape, rng, (1, 64, 1, 1), 10)


def _cut(shape, rng, size, count):
    """Return boxes of a size at random places, not aligned to chunks."""
    made = []
    for _ in range(count):
        start = [int(rng.integers(0, n - s + 1)) for n, s in zip(shape, size, strict=True)]
        made.append(tuple(slice(a, a + s) for a, s in zip(start, size, strict=True)))
    return made


PATTERNS = {"full": full, "boxes": boxes, "tiles": tiles, "series": series}

main()
