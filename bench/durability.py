"""What durability costs: convert with journal, checksums of units and fsync against the same without them."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

import numpy as np

from measure import BENCH, OUT, fresh, images, in_turn, report, size, warm

EXAMPLE = "example: python bench/durability.py --repeat 5"
LAYOUTS = {"sharded": [], "unsharded": ["--shards", "none"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--out", type=Path, default=OUT, help="where to write; a tmpfs leaves the disk out")
    parser.add_argument("--codec", default="default")
    chosen = parser.parse_args()
    source = images.tiff(
        OUT / "image.ome.tif", np.load(images.npy(OUT / "image.npy"), mmap_mode="r"), tile=(512, 512)
    )
    warm()
    rows = []
    for layout, words in LAYOUTS.items():
        rows += compared(source, chosen, layout, words)
    report("durability: 1 GiB, 5 levels", rows)


def compared(source, chosen, layout, words):
    """Return two rows: without and with."""
    programs = {
        "without": [sys.executable, BENCH / "writers" / "not_durable.py"],
        "with": [sys.executable, "-m", "zarrscope"],
    }
    targets = {name: chosen.out / f"durable-{name}.ome.zarr" for name in programs}
    subjects = {
        name: [*program, "convert", source, targets[name], "--codec", chosen.codec, *words]
        for name, program in programs.items()
    }
    found = in_turn(subjects, chosen.repeat, lambda name: fresh(targets[name]))
    rows = [
        {
            "durability": name,
            "layout": layout,
            "cpu_s": used.cpu,
            "wall_s": used.wall,
            "cpu_ratio": used.cpu / found["without"].cpu,
            "wall_ratio": used.wall / found["without"].wall,
            "memory_mb": used.memory,
            "files": size(targets[name])[1],
        }
        for name, used in found.items()
    ]
    for target in targets.values():
        shutil.rmtree(target, ignore_errors=True)
    return rows


if __name__ == "__main__":
    main()
