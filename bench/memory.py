"""Memory: peak anonymous memory of writing and converting images of any size, and CPU seconds."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

import numpy as np

from measure import BENCH, OUT, fresh, images, report, run, size

EXAMPLE = "example: python bench/memory.py --cases array,strips,slide --sizes 1,8,32"
LAZY = BENCH / "writers" / "lazy.py"
SIDE = 2048


def main():
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE)
    parser.add_argument("--cases", default="array,strips,slide")
    parser.add_argument("--sizes", default="1,8,32", help="GiB of the arrays and stacks")
    parser.add_argument("--side", type=int, default=60000, help="pixels of the slide")
    parser.add_argument("--out", type=Path, default=OUT)
    chosen = parser.parse_args()
    rows = []
    for case in chosen.cases.split(","):
        sizes = [int(n) for n in chosen.sizes.split(",")] if case != "slide" else [0]
        rows += [measured(case, gib, chosen) for gib in sizes]
    report("memory, MB above a bare interpreter; default settings", rows)


def measured(case, gib, chosen):
    from measure import bare

    target = fresh(chosen.out / "memory.ome.zarr")
    source = None
    if case == "array":
        command = [sys.executable, LAZY, gib, target]
    else:
        source = strips(gib) if case == "strips" else slide(chosen.side)
        command = [sys.executable, "-m", "zarrscope", "convert", source, target]
    used = run(command)
    megabytes, files = size(target)
    row = {
        "case": case,
        "raw_gib": gib or round(chosen.side**2 * 3 / 2**30, 1),
        "memory_mb": used.memory - bare().memory,
    }
    row |= {"cpu_s": used.cpu, "wall_s": used.wall, "out_mb": megabytes, "files": files}
    shutil.rmtree(target)
    if source:
        source.unlink()
    print(row, flush=True)
    return row


def strips(gib):
    """Return a stack of planes of one deflated strip each: four planes again and again."""
    import zlib

    import tifffile

    path = OUT / "strips.tif"
    count = gib * 2**30 // (SIDE * SIDE * 2)
    some = [zlib.compress((plane >> 3 << 3).tobytes(), 1) for plane in images.planes((4, SIDE, SIDE))]
    strip = (some[i % 4] for i in range(count))
    OUT.mkdir(parents=True, exist_ok=True)
    tifffile.imwrite(
        path, strip, shape=(count, SIDE, SIDE), dtype=np.uint16, bigtiff=True, compression="zlib",
        rowsperstrip=SIDE, metadata={"axes": "ZYX"}, ome=True,
    )  # fmt: skip
    return path


def slide(side):
    """Return a slide in colour of JPEG tiles of 512: eight tiles again and again."""
    import imagecodecs
    import tifffile

    path = OUT / "slide.tif"
    some = []
    for plane in images.planes((8, 512, 512)):
        grey = np.clip(plane.astype(np.int32) - 100, 0, 255).astype(np.uint8)
        some.append(
            imagecodecs.jpeg8_encode(np.stack([255 - grey, 230 - grey // 2, 240 - grey // 3], -1), level=80)
        )
    across = -(-side // 512)
    tiles = (some[i * 7 % 8] for i in range(across * across))
    OUT.mkdir(parents=True, exist_ok=True)
    tifffile.imwrite(
        path, tiles, shape=(side, side, 3), dtype=np.uint8, bigtiff=True, compression="jpeg",
        photometric="ycbcr", subsampling=(2, 2), tile=(512, 512),
    )  # fmt: skip
    return path


if __name__ == "__main__":
    main()
