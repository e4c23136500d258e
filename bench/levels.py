"""Levels: how far the mean of each level drifts from that of level 0, in grey levels."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from measure import BENCH, OUT, fresh, images, report, run

EXAMPLE = "example: python bench/levels.py"


def main():
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE)
    parser.add_argument("--out", type=Path, default=OUT)
    chosen = parser.parse_args()
    from zarrscope.node.open import open_node
    from zarrscope.store.local import LocalStore

    source = images.npy(OUT / "image.npy")
    target = fresh(chosen.out / "levels.ome.zarr")
    run([sys.executable, BENCH / "writers" / "ours.py", source, target])
    rows, first = [], None
    for number, level in enumerate(open_node(LocalStore(target)).levels):
        planes = (level[c, z] for c in range(level.shape[0]) for z in range(level.shape[1]))
        total = sum(int(plane.sum(dtype="u8")) for plane in planes)
        mean = total / (level.shape[0] * level.shape[1] * level.shape[2] * level.shape[3])
        first = mean if first is None else first
        rows.append({"level": number, "mean": f"{mean:.4f}", "minus_level_0": f"{mean - first:+.4f}"})
    shutil.rmtree(target)
    report("levels: means, uint16, half to even", rows)


if __name__ == "__main__":
    main()
