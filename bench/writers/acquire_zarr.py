"""Stream a .npy file through acquire-zarr, plane by plane: same number of levels, chunks and compressor.

All planes are given as points in time, since acquire-zarr also halves z and would have less to do.

example: .envs/acquire-zarr/bin/python bench/writers/acquire_zarr.py image.npy out.zarr --codec fast
"""

from __future__ import annotations

import argparse
import sys

sys.path.pop(0)  # this file is named like the library
import acquire_zarr as aq
import numpy as np

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("source")
parser.add_argument("target")
parser.add_argument("--codec", choices=["fast", "default"], default="default")
parser.add_argument("--unsharded", action="store_true")
chosen = parser.parse_args()

array = np.load(chosen.source, mmap_mode="r").reshape(-1, 2048, 2048)
sharded = 1 if chosen.unsharded else 4
kind = aq.DimensionType
dimensions = [
    aq.Dimension(name=name, kind=k, array_size_px=n, chunk_size_px=c, shard_size_chunks=s)
    for name, k, n, c, s in (
        ("t", kind.TIME, 0, 1, 1 if chosen.unsharded else 8),
        ("y", kind.SPACE, 2048, 512, sharded),
        ("x", kind.SPACE, 2048, 512, sharded),
    )
]
codec = aq.CompressionCodec.BLOSC_LZ4 if chosen.codec == "fast" else aq.CompressionCodec.BLOSC_ZSTD
compression = aq.CompressionSettings(
    compressor=aq.Compressor.BLOSC1, codec=codec, level=5 if chosen.codec == "fast" else 1, shuffle=1
)
settings = aq.ArraySettings(
    dimensions=dimensions,
    data_type=aq.DataType.UINT16,
    compression=compression,
    downsampling_method=aq.DownsamplingMethod.MEAN,
    max_levels=4,
)
stream = aq.ZarrStream(
    aq.StreamSettings(store_path=chosen.target, overwrite=True, max_threads=2, arrays=[settings])
)
for plane in array:
    stream.append(np.ascontiguousarray(plane))
stream.close()
