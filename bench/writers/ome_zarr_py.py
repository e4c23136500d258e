"""Write a .npy file with ome-zarr-py: same number of levels, chunks and compressor.

example: .envs/ome-zarr-py/bin/python bench/writers/ome_zarr_py.py image.npy out.ome.zarr --codec fast
"""

from __future__ import annotations

import argparse

import numpy as np
from ome_zarr.scale import Methods
from ome_zarr.writer import write_image
from zarr.codecs import BloscCodec

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("source")
parser.add_argument("target")
parser.add_argument("--codec", choices=["fast", "default"], default="default")
chosen = parser.parse_args()

name, level = ("lz4", 5) if chosen.codec == "fast" else ("zstd", 1)
write_image(
    np.load(chosen.source, mmap_mode="r"),
    chosen.target,
    scale_factors=(2, 4, 8, 16),
    method=Methods.LOCAL_MEAN,
    axes="czyx",
    storage_options={
        "chunks": (1, 1, 512, 512),
        "compressors": [BloscCodec(cname=name, clevel=level, shuffle="shuffle", typesize=2)],
    },
)
