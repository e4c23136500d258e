"""Files served as they are: the first tile against tifffile, and a person who looks around in 10 GB."""

from __future__ import annotations

import argparse
import sys
from statistics import median

import imagecodecs
import numpy as np
import tifffile

from measure import BENCH, OUT, bare, images, report, run

EXAMPLE = "example: python bench/on_the_fly.py --repeat 21"
READER = BENCH / "readers" / "on_the_fly.py"
TILE = 512
STACK = (250, 4, 1024, 1024)
SLIDE = (20, 16384, 16384)
MEMORY = 1 << 30


def main():
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE)
    parser.add_argument("--repeat", type=int, default=15)
    chosen = parser.parse_args()
    first_tile(stack(), chosen.repeat)
    look_around(slide())


def first_tile(file, repeat):
    """Compare opening and decoding one tile, each time in a fresh process, the file not in memory."""
    rng, found = np.random.default_rng(3), {}
    for _ in range(repeat):
        page = str(int(rng.integers(STACK[0] * STACK[1])))
        sums = set()
        for name in ("ours", "series", "pages"):
            said = run([sys.executable, READER, "first", name, file, "--page", page]).said
            found.setdefault(name, []).append(said)
            sums.add(said["sum"])
        assert len(sums) == 1, "not all have read the same tile"
    middle = {name: median(one["ms"] for one in runs) for name, runs in found.items()}
    cpu = {name: median(one["cpu_ms"] for one in runs) for name, runs in found.items()}
    names = {"ours": "virtual store", "series": "tifffile, by series", "pages": "tifffile, by page number"}
    report(
        f"first tile of {STACK[0] * STACK[1]} pages, cold, p50 of {repeat} (at most 1.5 x tifffile)",
        [
            {"reader": names[name], "ms": middle[name], "cpu_ms": cpu[name],
             "ours_is_x_times_it": middle["ours"] / middle[name]}
            for name in found
        ],
    )  # fmt: skip


def look_around(file):
    """Follow a recorded walk, then show overviews; memory is measured from outside."""
    rows = []
    for name in ("trace", "overview"):
        used = run([sys.executable, READER, name, "ours", file, "--memory", str(MEMORY)])
        peak = used.memory - bare().memory
        rows.append({"what": name, **used.said, "peak_mb": peak, "of_memory": peak * 1e6 / MEMORY})
    gigabytes = np.prod(SLIDE, dtype=float) * 2 / 1e9
    report(f"looking around in {gigabytes:.0f} GB (tiles at most 1.1 times, memory at most 1.0)", rows)


def stack():
    """Return an OME-TIFF of 1,000 pages in tiles."""
    path = OUT / "thousand.ome.tif"
    if not path.exists():
        plane = next(iter(images.planes((1, *STACK[2:]))))
        _write(path, STACK, "ZCYX", [_packed(tile) for tile in _tiles(plane)] * (STACK[0] * STACK[1]))
    return path


def slide():
    """Return a TIFF of 10 GB of pixels, made of 16 tiles that pack well."""
    path = OUT / "slide.ome.tif"
    if not path.exists():
        ramp = np.add.outer(np.arange(TILE), np.arange(TILE)).astype("u2")
        packed = [_packed(ramp * (k + 1)) for k in range(16)]
        count = SLIDE[0] * (SLIDE[1] // TILE) * (SLIDE[2] // TILE)
        order = np.random.default_rng(5).integers(16, size=count)
        _write(path, SLIDE, "ZYX", [packed[k] for k in order])
    return path


def _tiles(plane):
    for y in range(0, plane.shape[0], TILE):
        for x in range(0, plane.shape[1], TILE):
            yield np.ascontiguousarray(plane[y : y + TILE, x : x + TILE])


def _packed(tile):
    return imagecodecs.zlib_encode(tile.tobytes(), level=6)


def _write(path, shape, axes, encoded):
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    tifffile.imwrite(
        part, iter(encoded), shape=shape, dtype="u2", tile=(TILE, TILE), compression="zlib", bigtiff=True,
        ome=True, metadata={"axes": axes},
    )  # fmt: skip
    part.rename(path)


if __name__ == "__main__":
    main()
