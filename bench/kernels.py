"""Kernels: speed of both engines, what numba costs to start, and from which amount on it repays that."""

from __future__ import annotations

import argparse
import json
import sys
import time

from measure import bare, report, run

EXAMPLE = "example: python bench/kernels.py --kernels mean,mode --dtypes uint16"
SHAPES = {"2x2": ((4, 1024, 1024), (1, 2, 2)), "2x2x2": ((16, 512, 512), (2, 2, 2))}


def main():
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE)
    parser.add_argument("--kernels", default="mean,min,median,mode,nearest,gaussian")
    parser.add_argument("--dtypes", default="uint8,uint16,float32,uint32")
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.one:
        print(json.dumps(one(*chosen.one)))
        return
    rows = []
    for kernel in chosen.kernels.split(","):
        for dtype in chosen.dtypes.split(","):
            engines = {
                e: run([sys.executable, __file__, "--one", kernel, dtype, e]) for e in ("numpy", "numba")
            }
            start = engines["numba"].said["start"] - engines["numpy"].said["start"]
            more = engines["numba"].memory - engines["numpy"].memory
            for window in SHAPES:
                speed = {e: used.said[window] for e, used in engines.items()}
                gain = 1 / speed["numpy"] - 1 / speed["numba"]
                repays = f"{start / gain:.1f} GB" if gain > 0 else "never"
                row = {"kernel": kernel, "dtype": dtype, "window": window}
                row |= {f"{engine}_gb_s": found for engine, found in speed.items()}
                rows.append({**row, "numba_start_cpu_s": start, "numba_mb": more, "repays_from": repays})
    report(f"kernels, GB of finer pixels a CPU second (bare interpreter: {bare().memory:.0f} MB)", rows)


def one(name, dtype, engine):
    """Return the CPU seconds of the first call, imports included, and the speed of later ones."""
    begun = time.process_time()
    import numpy as np

    from zarrscope.pyramid.downsample import kernel

    loaded = time.process_time()
    rng = np.random.default_rng(1)
    blocks = {w: rng.integers(0, 200, shape).astype(dtype) for w, (shape, _) in SHAPES.items()}
    made = time.process_time()
    steps = {
        w: kernel(name, np.dtype(dtype), engine=engine).step(factors) for w, (_, factors) in SHAPES.items()
    }
    steps["2x2"](blocks["2x2"][:, :64, :64])
    said = {"start": loaded - begun + time.process_time() - made}
    for window, block in blocks.items():
        steps[window](block)
        best = min(timed(steps[window], block) for _ in range(5))
        said[window] = block.nbytes / best / 1e9
    return said


def timed(step, block):
    begun = time.process_time()
    step(block)
    step(block)
    return (time.process_time() - begun) / 2


if __name__ == "__main__":
    main()
