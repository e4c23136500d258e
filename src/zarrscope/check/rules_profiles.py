"""The sentences of profiles: what a consumer demands beyond the specification, entered into the one table.

None of them is part of the specification. They are judged only where a profile is asked for, and then
their weight is MUST for every verdict.
"""

from __future__ import annotations

from typing import Literal, get_args

from zarrscope.spec.rules import MUST, sentence

Profile = Literal["omero", "dandi", "spatialdata", "bioformats2raw"]
PROFILES: tuple[Profile, ...] = get_args(Profile)


def _demand(profile: Profile, name: str, text: str) -> str:
    return sentence(
        f"profile-{profile}/{name}", MUST, text, section=f"profile {profile}", depth="structure"
    )  # fmt: skip


# --- OMERO: reading by Bio-Formats (OMEZarrReader) and by omero-zarr-pixel-buffer ----------------------

OMERO_VERSION = _demand("omero", "version", "OMERO: all images are OME-Zarr 0.4.")
OMERO_AXES = _demand("omero", "axes", "OMERO: the axes are t, c, z, y, x in this order; t, c and z may lack.")
OMERO_DTYPE = _demand("omero", "dtype", "OMERO: pixels are integers of 8 to 32 bits or floats of 32 or 64.")
OMERO_FACTORS = _demand(
    "omero", "factors",
    "OMERO: each level has half the pixels of the one before in y and x, half or all in z, all in t and c.",
)  # fmt: skip
OMERO_LAYOUT = _demand(
    "omero", "layout", "OMERO: the root has the layout of bioformats2raw (3), or is a plate."
)
OMERO_XML = _demand(
    "omero", "ome-xml", "OMERO: OME/METADATA.ome.xml describes the images: their number, sizes and types."
)

# --- DANDI: what its client asks of a Zarr before it is uploaded ---------------------------------------

DANDI_SUFFIX = _demand("dandi", "suffix", "DANDI: the name ends with .zarr or .ngff.")
DANDI_EMPTY = _demand("dandi", "empty", "DANDI: the root is an array, or a group that holds something.")
DANDI_DEPTH = _demand("dandi", "depth", "DANDI: the path of a file has at most seven parts.")

# --- SpatialData: the containers that its library reads ------------------------------------------------

SPATIALDATA_CONTAINER = _demand(
    "spatialdata", "container",
    "SpatialData: the root is a container of version 0.1 (Zarr 2) or 0.2 (Zarr 3), or of Zarr 2 without one.",
)  # fmt: skip
SPATIALDATA_ELEMENTS = _demand(
    "spatialdata", "elements",
    "SpatialData: elements stand below images, labels, points, shapes and tables, and there is one.",
)  # fmt: skip
SPATIALDATA_VERSION = _demand(
    "spatialdata", "version", "SpatialData: each element says a version of its encoding that is known."
)
SPATIALDATA_GLOBAL = _demand(
    "spatialdata", "global", "SpatialData: a transformation of each element leads to the system global."
)
SPATIALDATA_INTEGER = _demand("spatialdata", "integer", "SpatialData: pixels of labels are integers.")

# --- bioformats2raw: what raw2ometiff takes from it ----------------------------------------------------

BF2RAW_VERSION = _demand("bioformats2raw", "version", "bioformats2raw: all images are OME-Zarr 0.4.")
BF2RAW_LAYOUT = _demand("bioformats2raw", "layout", "bioformats2raw: the root has the layout 3.")
BF2RAW_XML = _demand("bioformats2raw", "ome-xml", "bioformats2raw: there is OME/METADATA.ome.xml.")
BF2RAW_SERIES = _demand("bioformats2raw", "series", "bioformats2raw: the root has series, each an image.")
BF2RAW_AXES = _demand("bioformats2raw", "axes", "bioformats2raw: the axes are t, c, z, y, x, all five.")
