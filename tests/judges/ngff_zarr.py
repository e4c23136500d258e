"""Ask ngff-zarr what it sees: a JSON list of stores comes in, one JSON object an image goes out."""

import sys

sys.path.pop(0)  # this folder: the script has the name of the library

import hashlib
import json
from importlib.metadata import version

import numpy as np
from ngff_zarr import from_ngff_zarr


def checksum(pixels):
    little = np.ascontiguousarray(pixels, pixels.dtype.newbyteorder("<"))
    return hashlib.sha256(little.tobytes()).hexdigest()


def images(url):
    """Return for each image the shapes of its levels and the checksum of the finest."""
    multiscales = from_ngff_zarr(url, validate=True)
    levels = [image.data for image in multiscales.images]
    omero = multiscales.metadata.omero
    return [
        {
            "shapes": [list(level.shape) for level in levels],
            "dtype": str(levels[0].dtype),
            "sha256": checksum(np.asarray(levels[0])),
            "axes": "".join(multiscales.images[0].dims),
            "channels": [channel.label for channel in omero.channels] if omero else None,
            "scale": [multiscales.images[0].scale[dim] for dim in multiscales.images[0].dims],
        }
    ]


answers = {}
for url in json.load(sys.stdin):
    try:
        answers[url] = {"images": images(url)}
    except Exception as error:
        answers[url] = {"error": f"{type(error).__name__}: {error}"}
json.dump({"version": version("ngff-zarr"), "answers": answers}, sys.stdout)
