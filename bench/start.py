"""Starting: `zarrscope --help`, and converting a TIFF of 10 MB in a fresh process with empty caches."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path

import numpy as np

from measure import OUT, bare, fresh, images, report, run
from measure import surroundings as kept

EXAMPLE = "example: python bench/start.py --repeat 9"
TEN = (2, 2, 1120, 1120)
READ = "import sys, tifffile; tifffile.imread(sys.argv[1])"


def main():
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE)
    parser.add_argument("--repeat", type=int, default=5)
    chosen = parser.parse_args()
    tiff = images.tiff(OUT / "ten.ome.tif", np.stack(list(images.planes(TEN))).reshape(TEN), tile=(512, 512))
    target = OUT / "ten.ome.zarr"
    commands = {
        "pass": [sys.executable, "-c", "pass"],
        "--help": [Path(sys.executable).with_name("zarrscope"), "--help"],
        "tifffile reads 10 MB": [sys.executable, "-c", READ, tiff],
        "zarrscope converts 10 MB": [sys.executable, "-m", "zarrscope", "convert", tiff, target],
    }
    rows = []
    for caches in ("empty", "filled"):
        used = {name: [] for name in commands}
        for _ in range(chosen.repeat):
            for name, command in commands.items():
                fresh(target)
                used[name].append(run(command, surroundings(empty=caches == "empty")).cpu)
        middle = {name: sorted(found)[len(found) // 2] for name, found in used.items()}
        for name, cpu in middle.items():
            rows.append({"caches": caches, "what": name, "cpu_s": cpu, "times_pass": cpu / middle["pass"]})
        extra = middle["zarrscope converts 10 MB"] - middle["tifffile reads 10 MB"]
        rows.append({"caches": caches, "what": "converting above reading", "cpu_s": extra})
    shutil.rmtree(target, ignore_errors=True)
    report(f"start (a bare interpreter: {bare().cpu * 1000:.0f} ms)", rows)


def surroundings(empty):
    """Return the environment of a run: with empty caches no module and no kernel is there compiled."""
    if not empty:
        return kept()
    shutil.rmtree(OUT / "empty", ignore_errors=True)
    folders = {
        name: str(OUT / "empty") for name in ("PYTHONPYCACHEPREFIX", "NUMBA_CACHE_DIR", "XDG_CACHE_HOME")
    }
    return {**os.environ, **folders}


if __name__ == "__main__":
    main()
