"""Write a .npy file with TensorStore, all levels in one pass: the reference.

The arrays get the very documents of an image that zarrscope wrote, so that levels, chunks, shards and
codecs are the same. Each plane is read once, coarser planes are made of it in memory with OpenCV,
and every write covers whole shards. Nothing is synced. Two threads, and two inside of TensorStore.

example: python bench/writers/one_pass_tensorstore.py image.npy out.zarr --like ours.ome.zarr
"""

from __future__ import annotations

import argparse
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import tensorstore as ts

cv2.setNumThreads(1)
mine = threading.local()


def main():
    """Write the image block by block: the planes that share their shards on all levels."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source")
    parser.add_argument("target", type=Path)
    parser.add_argument("--like", type=Path, required=True)
    chosen = parser.parse_args()
    source = np.load(chosen.source, mmap_mode="r")
    documents = sorted(chosen.like.glob("[0-9]*/zarr.json"))
    levels = [created(chosen.target / path.parent.name, path) for path in documents]
    deepest = max(depth(level) for level in levels)
    channels, planes = source.shape[:2]
    blocks = [
        (c, range(z, min(z + deepest, planes))) for c in range(channels) for z in range(0, planes, deepest)
    ]
    with ThreadPoolExecutor(2) as threads:
        for _ in threads.map(lambda block: write_block(source, levels, *block), blocks):
            pass


def created(folder, document):
    """Return a new array with the document of another one."""
    metadata = json.loads(document.read_text())
    spec = {
        "driver": "zarr3",
        "kvstore": {"driver": "file", "path": f"{folder}/", "file_io_sync": False},
        "metadata": {k: v for k, v in metadata.items() if k not in ("attributes", "storage_transformers")},
        "context": {"data_copy_concurrency": {"limit": 2}},
    }
    return ts.open(spec, create=True).result()


def depth(level):
    """Return how many planes a shard (or a chunk, where there are none) reaches over."""
    return level.chunk_layout.write_chunk.shape[1]


def write_block(source, levels, c, planes):
    """Write some planes of a channel on all levels, each write as deep as the level's shards."""
    held = buffers(levels)
    writes = [None] * len(levels)
    for z in planes:
        plane = source[c, z]
        for number, level in enumerate(levels):
            at = z % depth(level)
            if at == 0 and writes[number] is not None:
                writes[number].result()  # the buffer is used again
            if number:
                height, width = level.shape[2:]
                plane = cv2.resize(plane, (width, height), held[number][at], interpolation=cv2.INTER_AREA)
            if at == depth(level) - 1 or z == planes[-1]:
                box = slice(z - at, z + 1)
                writes[number] = level[c, box].write(held[number][: at + 1] if number else source[c, box])
    for write in writes:
        if write is not None:
            write.result()


def buffers(levels):
    """Return memory of this thread for the planes of a shard on each level; level 0 comes from the file."""
    if not hasattr(mine, "held"):
        mine.held = [np.empty((depth(level), *level.shape[2:]), np.uint16) for level in levels[1:]]
    return [None, *mine.held]


main()
