"""One look at a TIFF through a virtual store, or with tifffile; prints what it took.

example: python bench/readers/on_the_fly.py first ours stack.ome.tif --page 500
"""

from __future__ import annotations

import argparse
import json
import os
import threading
import time
import zlib

import numpy as np
import tifffile

TILE = 512
DEEP, HIGH, WIDE = 3, 16, 16
"""Planes, and tiles in y and x, among which the person on the trace looks around."""


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("first", "trace", "overview"))
    parser.add_argument("library", choices=("ours", "series", "pages"))
    parser.add_argument("file")
    parser.add_argument("--page", type=int, default=0)
    parser.add_argument("--memory", type=int, default=1 << 30)
    parser.add_argument("--planes", type=int, default=6)
    chosen = parser.parse_args()
    if chosen.what == "first":
        print(json.dumps(first(chosen.library, chosen.file, chosen.page)))
        return
    work = trace if chosen.what == "trace" else overview
    print(json.dumps(work(chosen.file, chosen.memory, chosen.planes)))


def first(library, file, page):
    """Open a file and decode the first tile of a page; nothing of it is in the memory of the system."""
    import zarrscope.source.tiff.open  # noqa: F401 - what is measured is opening, not importing
    from zarrscope.source.registry import open_source
    from zarrscope.virtual.encode import encode

    def ours():
        with encode(open_source(file)) as store:
            z, c = divmod(page, store.images[0].levels[0].shape[0])
            return bytes(store.get(f"0/c/{c}/{z}/0/0"))

    def series():
        with tifffile.TiffFile(file) as tif:
            return _tile(tif, tif.series[0].pages[page], tif.series[0].keyframe)

    def pages():
        with tifffile.TiffFile(file) as tif:
            return _tile(tif, tif.pages[page], tif.pages[0])

    forget(file)
    begun, cpu = time.perf_counter(), time.process_time()
    data = {"ours": ours, "series": series, "pages": pages}[library]()
    ms, cpu = (time.perf_counter() - begun) * 1000, (time.process_time() - cpu) * 1000
    return {"ms": ms, "cpu_ms": cpu, "sum": str(zlib.crc32(data))}


def _tile(tif, page, key):
    tif.filehandle.seek(page.dataoffsets[0])
    data = tif.filehandle.read(page.databytecounts[0])
    return np.ascontiguousarray(key.decode(data, 0)[0]).tobytes()


def forget(file):
    """Let the system forget what it holds of a file."""
    handle = os.open(file, os.O_RDONLY)
    os.fsync(handle)
    os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(handle)


def walk(count, seed=7):
    """Yield (level, z, row, column) of chunks as they are asked for: panned, zoomed, gone through z."""
    rng = np.random.default_rng(seed)
    level, z, y, x = 2, 1, 1, 1
    while count > 0:
        step = rng.integers(10)
        if step == 0:
            level = int(np.clip(level + rng.choice((-1, 1)), 0, 2))
        elif step == 1:
            z = int(np.clip(z + rng.choice((-1, 1)), 0, DEEP - 1))
        y = int(np.clip(y + rng.integers(-1, 2), 0, (HIGH >> level) - 2))
        x = int(np.clip(x + rng.integers(-1, 2), 0, (WIDE >> level) - 3))
        for row in range(y, min(y + 2, HIGH >> level)):
            for column in range(x, min(x + 3, WIDE >> level)):
                if count > 0:
                    count -= 1
                    yield level, z, row, column


def below(level, z, row, column):
    """Return the tiles of the file that a chunk is made of."""
    n = 1 << level
    return {(z, row * n + i, column * n + j) for i in range(n) for j in range(n)}


def trace(file, memory, planes, threads=6):
    """Ask for 2,000 chunks with as many connections as a browser has."""
    asked = list(walk(2000))
    tiles = set().union(*(below(*one) for one in asked))
    return _asked(file, memory, asked, tiles, threads)


def overview(file, memory, planes):
    """Ask for the coarsest level of some planes: every tile of them is needed."""
    side = HIGH * 2
    level = int(np.log2(side * TILE / 256))
    asked = [(level, z, 0, 0) for z in range(planes)]
    tiles = {(z, i, j) for z in range(planes) for i in range(side) for j in range(side)}
    return _asked(file, memory, asked, tiles, 2)


def _asked(file, memory, asked, tiles, threads):
    from zarrscope.source.registry import open_source
    from zarrscope.virtual.encode import encode

    waits, rest, lock = [], iter(asked), threading.Lock()

    def work(store):
        while True:
            with lock:
                one = next(rest, None)
            if one is None:
                return
            level, z, row, column = one
            begun = time.perf_counter()
            data = store.get(f"{level}/c/{z}/{row}/{column}")
            assert data is not None
            waits.append(time.perf_counter() - begun)

    begun, cpu = time.perf_counter(), time.process_time()
    with encode(open_source(file, axes="zyx"), memory=memory) as store:
        workers = [threading.Thread(target=work, args=(store,)) for _ in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        counts = store.counts
    assert len(waits) == len(asked)
    return {
        "requests": len(asked),
        "tiles": len(tiles),
        "decoded": counts.decoded,
        "times_decoded": counts.decoded / len(tiles),
        "cache_mb": counts.most / 1e6,
        "p50_ms": float(np.median(waits)) * 1000,
        "p95_ms": float(np.percentile(waits, 95)) * 1000,
        "wall_s": time.perf_counter() - begun,
        "cpu_s": time.process_time() - cpu,
    }


if __name__ == "__main__":
    main()
