"""Ask ngff-zarr where transformations take points: a JSON list of questions comes in, answers go out.

A question names a 0.6 image (``url``) and a grid of points along its axes of space (``shape``, ``scale``,
``translation``). For each transformation of the image ngff-zarr makes a transform of ITK, and ITK resamples
ramps through it: images whose values are their own coordinates, so that what it reads at a point of the grid
is where that point goes. At the end the image is written anew (``out``), as ngff-zarr writes it.
"""

import json
import sys
import warnings
from importlib.metadata import version

sys.path.pop(0)  # this folder: it has a script with the name of the library

import dask.array as da
import numpy as np
from ngff_zarr import (
    NgffImage,
    from_ome_zarr,
    ngff_transform_to_itk_transform,
    resample,
    resample_bounding_box,
    to_ome_zarr,
)

REACH = 1e4
"""The ramps lie between minus and plus this."""


def ramp(dims, along):
    """Return an image of three pixels an axis whose values are its coordinates along one of them."""
    line = np.array([-REACH, 0, REACH]).reshape([-1 if dim == along else 1 for dim in dims])
    values = np.broadcast_to(line, (3,) * len(dims)).copy()
    return NgffImage(
        da.from_array(values, chunks=values.shape), dims, dict.fromkeys(dims, REACH),
        dict.fromkeys(dims, -REACH),
    )  # fmt: skip


def places(transform, grid, dims):
    """Return where the points of the grid go, one list a point."""
    found = [
        resample(transform, grid, ramp(dims, dim), default_value=float("nan")).data.compute() for dim in dims
    ]
    return np.stack(found, axis=-1).reshape(-1, len(dims)).tolist()


def answer(step, axes, grid, url):
    """Return the type of a transformation, and what is computed of it or why nothing is."""
    names = [step.path] if step.type in ("displacements", "coordinates") else []
    fields = {name: from_ome_zarr(f"{url}/{name}") for name in names}
    said = {"type": step.type, "name": step.name}
    try:
        transform = ngff_transform_to_itk_transform(step, axes, fields=fields)
    except (ValueError, NotImplementedError) as error:
        return said | {"error": f"{type(error).__name__}: {error}"}
    said["places"] = places(transform, grid, grid.dims)
    if not names:
        box = resample_bounding_box(transform, grid, ramp(grid.dims, grid.dims[0]))
        said["box"] = [[corner[dim] for dim in grid.dims] for corner in (box.corners_min, box.corners_max)]
    return said


def answers(question):
    """Return an answer for each transformation of an image, and write the image anew."""
    image = from_ome_zarr(question["url"], validate=True)
    axes = tuple(image.images[0].dims)
    dims = tuple(dim for dim in axes if dim in ("x", "y", "z"))
    shape = tuple(question["shape"])
    geometry = [dict(zip(dims, question[key], strict=True)) for key in ("scale", "translation")]
    grid = NgffImage(da.zeros(shape, chunks=shape), dims, *geometry)
    steps = image.metadata.coordinateTransformations
    found = [answer(step, axes, grid, question["url"]) for step in steps]
    if "out" in question:
        to_ome_zarr(question["out"], image, version="0.6")
    return found


warnings.simplefilter("error")
warnings.filterwarnings("ignore", category=DeprecationWarning)
found = [answers(question) for question in json.load(sys.stdin)]
json.dump({"version": version("ngff-zarr"), "answers": found}, sys.stdout)
