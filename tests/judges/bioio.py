"""Ask bioio-ome-zarr what it sees: a JSON list of stores comes in, one JSON object an image goes out."""

import sys

sys.path.pop(0)  # this folder: the script has the name of the library

import hashlib
import json
from importlib.metadata import version

import numpy as np
from bioio_ome_zarr import Reader


def checksum(pixels):
    little = np.ascontiguousarray(pixels, pixels.dtype.newbyteorder("<"))
    return hashlib.sha256(little.tobytes()).hexdigest()


def images(url):
    """Return for each image the shapes of its levels and the checksum of the finest."""
    reader = Reader(url)
    found = []
    for scene in reader.scenes:
        reader.set_scene(scene)
        shapes = []
        for level in reader.resolution_levels:
            reader.set_resolution_level(level)
            shapes.append(list(reader.shape))
        reader.set_resolution_level(0)
        pixels = np.asarray(reader.dask_data)
        found.append(
            {
                "shapes": shapes,
                "dtype": str(pixels.dtype),
                "sha256": checksum(pixels),
                "axes": reader.dims.order.lower(),
                "channels": reader.channel_names,
            }
        )
    return found


answers = {}
for url in json.load(sys.stdin):
    try:
        answers[url] = {"images": images(url)}
    except Exception as error:
        answers[url] = {"error": f"{type(error).__name__}: {error}"}
json.dump({"version": version("bioio-ome-zarr"), "answers": answers}, sys.stdout)
