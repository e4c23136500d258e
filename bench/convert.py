"""Converting: a 1 GiB tiled OME-TIFF against the same pixels as an array plus decoding the TIFF."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

import numpy as np

from measure import BENCH, OUT, fresh, images, in_turn, report, warm

EXAMPLE = "example: python bench/convert.py --repeat 5 --compressions none"
DECODE = """
import sys, tifffile
with tifffile.TiffFile(sys.argv[1]) as tiff:
    for page in tiff.pages:
        page.asarray(maxworkers=1)
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--codec", default="default")
    parser.add_argument("--compressions", default="none,zlib")
    parser.add_argument("--out", type=Path, default=OUT, help="where to write; a tmpfs leaves the disk out")
    chosen = parser.parse_args()
    array = images.npy(OUT / "image.npy")
    targets = {name: chosen.out / f"convert-{name}.ome.zarr" for name in ("array", "tiff")}
    warm()
    rows = []
    for compression in chosen.compressions.split(","):
        packed = None if compression == "none" else compression
        pixels = np.load(array, mmap_mode="r")
        tiff = images.tiff(OUT / f"tiled-{compression}.ome.tif", pixels, tile=(512, 512), compression=packed)
        codec = ["--codec", chosen.codec]
        commands = {
            "array": [sys.executable, BENCH / "writers" / "ours.py", array, targets["array"], *codec],
            "decode": [sys.executable, "-c", DECODE, tiff],
            "tiff": [
                sys.executable,
                "-m",
                "zarrscope",
                "convert",
                tiff,
                targets["tiff"],
                "--levels",
                "5",
                *codec,
            ],
        }
        found = in_turn(commands, chosen.repeat, lambda name: name in targets and fresh(targets[name]))
        allowed = 1.2 * found["array"].cpu + found["decode"].cpu
        rows += [
            {"what": name, "compression": compression, "cpu_s": used.cpu, "wall_s": used.wall,
             "memory_mb": used.memory, "of_allowed": used.cpu / allowed if name == "tiff" else ""}
            for name, used in found.items()
        ]  # fmt: skip
    for target in targets.values():
        shutil.rmtree(target, ignore_errors=True)
    report("convert a tiled OME-TIFF of 1 GiB (allowed: 1.2 x array + decode)", rows)


if __name__ == "__main__":
    main()
