"""Writing: a 1 GiB array becomes five levels; ours against TensorStore, ome-zarr-py and acquire-zarr."""

from __future__ import annotations

import argparse
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from measure import BENCH, OUT, environment, fresh, images, in_turn, report, size, warm

EXAMPLE = "example: python bench/write.py --repeat 5 --only zarrscope,tensorstore --codecs fast"
WRITERS = BENCH / "writers"


def main():
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--out", type=Path, default=OUT, help="where to write; a tmpfs leaves the disk out")
    parser.add_argument("--codecs", default="fast,default")
    parser.add_argument("--layouts", default="sharded,unsharded")
    parser.add_argument("--only", default="zarrscope,tensorstore,ome-zarr-py,acquire-zarr")
    chosen = parser.parse_args()
    source = images.npy(OUT / "image.npy")
    warm()
    rows = []
    for layout in chosen.layouts.split(","):
        for codec in chosen.codecs.split(","):
            rows += measured(source, chosen.out / "write", layout, codec, chosen)
    shutil.rmtree(chosen.out / "write", ignore_errors=True)
    report("write 1 GiB, 5 levels", rows)


def measured(source, out, layout, codec, chosen):
    """Return one row a writer: what it took, as ratios to TensorStore too, and whether the pixels agree."""
    targets = {name: out / f"{name}-{layout}-{codec}" for name in chosen.only.split(",")}
    subjects = {
        name: command(name, source, target, targets, layout, codec) for name, target in targets.items()
    }
    subjects = {name: words for name, words in subjects.items() if words}
    found = in_turn(subjects, chosen.repeat, lambda name: fresh(targets[name]))
    base = found.get("tensorstore")
    rows = []
    for name, used in found.items():
        megabytes, files = size(targets[name])
        row = {"writer": name, "layout": layout, "codec": codec, "cpu_s": used.cpu, "wall_s": used.wall}
        row |= {"memory_mb": used.memory, "out_mb": megabytes, "files": files}
        if base:
            row |= {"cpu_ratio": used.cpu / base.cpu, "wall_ratio": used.wall / base.wall}
        if name in ("zarrscope", "tensorstore"):
            row["pixels"] = agreement(source, targets[name])
        rows.append(row)
    for target in targets.values():
        shutil.rmtree(target, ignore_errors=True)
    return rows


def command(name, source, target, targets, layout, codec):
    """Return the command of a writer, or None where it cannot run."""
    flags = ["--codec", codec, *(["--unsharded"] if layout == "unsharded" else [])]
    if name == "zarrscope":
        return [sys.executable, WRITERS / "ours.py", source, target, *flags]
    if name == "tensorstore":
        python = sys.executable if find_spec("cv2") else environment("tensorstore")
        return python and [
            python,
            WRITERS / "one_pass_tensorstore.py",
            source,
            target,
            "--like",
            targets["zarrscope"],
        ]
    if name == "ome-zarr-py":  # has no shards to speak of: measured once, without
        python = environment(name) if layout == "unsharded" else None
        return python and [python, "-W", "ignore", WRITERS / "ome_zarr_py.py", source, target, *flags[:2]]
    python = environment(name)
    return python and [python, WRITERS / "acquire_zarr.py", source, target, *flags]


def agreement(source, folder):
    """Return "level 0 equal" and the largest difference of the coarser levels from means made here."""
    from zarrscope.array.open import open_array
    from zarrscope.store.local import LocalStore

    store = LocalStore(folder)
    expected = np.load(source, mmap_mode="r")[1, 8:16]
    if not np.array_equal(open_array(store, "0")[1, 8:16], expected):
        return "level 0 DIFFERS"
    worst = 0.0
    for number in range(1, 5):
        _, height, width = expected.shape
        expected = expected.reshape(-1, height // 2, 2, width // 2, 2).mean(axis=(2, 4), dtype=np.float64)
        worst = max(worst, float(np.abs(open_array(store, str(number))[1, 8:16] - expected).max()))
    return f"level 0 equal, others within {worst:.2f}"


if __name__ == "__main__":
    main()
