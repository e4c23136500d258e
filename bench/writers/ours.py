"""Write a .npy file as OME-Zarr with zarrscope.

example: python bench/writers/ours.py image.npy out.ome.zarr --codec fast --unsharded
"""

from __future__ import annotations

import argparse

import numpy as np

from zarrscope import write

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("source")
parser.add_argument("target")
parser.add_argument("--codec", default="default")
parser.add_argument("--unsharded", action="store_true")
parser.add_argument("--levels", type=int, default=5)
parser.add_argument("--workers", type=int)
chosen = parser.parse_args()

write(
    np.load(chosen.source, mmap_mode="r"),
    chosen.target,
    axes="czyx",
    name="bench",
    codec=chosen.codec,
    shards="none" if chosen.unsharded else None,
    levels=chosen.levels,
    workers=chosen.workers,
)
