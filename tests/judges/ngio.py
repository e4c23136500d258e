"""Ask ngio what it sees: a JSON list of stores comes in, one JSON object an image goes out."""

import sys

sys.path.pop(0)  # this folder: the script has the name of the library

import hashlib
import json
from importlib.metadata import version

import numpy as np
from ngio import open_ome_zarr_container


def checksum(pixels):
    little = np.ascontiguousarray(pixels, pixels.dtype.newbyteorder("<"))
    return hashlib.sha256(little.tobytes()).hexdigest()


def images(url):
    """Return for each image the shapes of its levels and the checksum of the finest."""
    container = open_ome_zarr_container(url, mode="r")
    levels = [container.get_image(path=path) for path in container.level_paths]
    pixels = levels[0].get_as_numpy()
    return [
        {
            "shapes": [list(level.shape) for level in levels],
            "dtype": str(pixels.dtype),
            "sha256": checksum(pixels),
            "axes": "".join(levels[0].axes),
            "channels": container.channel_labels,
        }
    ]


answers = {}
for url in json.load(sys.stdin):
    try:
        answers[url] = {"images": images(url)}
    except Exception as error:
        answers[url] = {"error": f"{type(error).__name__}: {error}"}
json.dump({"version": version("ngio"), "answers": answers}, sys.stdout)
