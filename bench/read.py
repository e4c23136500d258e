"""Reading: whole levels, boxes, tiles, voxels through z; ours against TensorStore and zarr-python."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from statistics import median

from measure import BENCH, OUT, fresh, images, report, run, warm

EXAMPLE = "example: python bench/read.py --patterns tiles,series --repeat 5"


def main():
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--patterns", default="full,boxes,tiles,series")
    parser.add_argument("--libraries", default="zarrscope,tensorstore,zarr")
    parser.add_argument("--codec", default="default")
    parser.add_argument("--out", type=Path, default=OUT)
    chosen = parser.parse_args()
    source = images.npy(OUT / "image.npy")
    warm()
    rows = []
    for layout in ("sharded", "unsharded"):
        store = fresh(chosen.out / f"read-{layout}.ome.zarr")
        flags = ["--unsharded"] if layout == "unsharded" else []
        run([sys.executable, BENCH / "writers" / "ours.py", source, store, "--codec", chosen.codec, *flags])
        for pattern in chosen.patterns.split(","):
            rows += measured(layout, pattern, store / "0", chosen)
        shutil.rmtree(store)
    report(f"read level 0 of 1 GiB, codec {chosen.codec}, checksums verified", rows)


def measured(layout, pattern, array, chosen):
    """Return one row a library; each run is a process of its own, start and imports not counted."""
    libraries = chosen.libraries.split(",")
    found = {name: [] for name in libraries}
    for _ in range(chosen.repeat):
        for name in libraries:
            found[name].append(run([sys.executable, BENCH / "readers" / "one.py", name, pattern, array]))
    cpu = {name: median(r.said["cpu"] for r in runs) for name, runs in found.items()}
    wall = {name: median(r.said["wall"] for r in runs) for name, runs in found.items()}
    base = "tensorstore" if "tensorstore" in cpu else libraries[0]
    rows = []
    for name in libraries:
        same = found[name][0].said["check"] == found[base][0].said["check"]
        row = {"pattern": pattern, "layout": layout, "library": name, "cpu_s": cpu[name]}
        row |= {f"cpu_of_{other}": cpu[name] / cpu[other] for other in libraries[1:]}
        rows.append({**row, "wall_ratio": wall[name] / wall[base], "pixels": "same" if same else "DIFFERENT"})
    return rows


if __name__ == "__main__":
    main()
