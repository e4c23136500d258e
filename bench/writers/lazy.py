"""Write an array of any size that is never in memory: a small block of noise, again and again.

example: python bench/writers/lazy.py 32 out.ome.zarr
"""

from __future__ import annotations

import argparse

import numpy as np

from zarrscope import write

SIDE, BLOCK = 2048, 1024


class Repeated:
    """Planes that repeat a block; each is brighter than the last by one grey level, up to 16."""

    dtype = np.dtype(np.uint16)

    def __init__(self, planes):
        self.shape = (planes, SIDE, SIDE)
        rng = np.random.default_rng(1)
        self.block = rng.poisson(100, (2 * BLOCK, 2 * BLOCK)).astype(np.uint16)

    def __getitem__(self, index):
        """Return a region; only what is asked for is made."""
        z, y, x = index
        part = self.block[y.start % BLOCK :, x.start % BLOCK :]
        height, width = y.stop - y.start, x.stop - x.start
        times = -(-height // part.shape[0]), -(-width // part.shape[1])
        plane = part if times == (1, 1) else np.tile(part, times)
        levels = np.arange(z.start, z.stop, dtype=np.uint16)[:, None, None] % 16
        return plane[:height, :width] + levels


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("gib", type=int)
parser.add_argument("target")
chosen = parser.parse_args()
write(Repeated(chosen.gib * 2**30 // (SIDE * SIDE * 2)), chosen.target, axes="zyx")
