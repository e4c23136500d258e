"""The sentences on stored hierarchies and pixels, entered into the one table of rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zarrscope.check import rules_profiles  # noqa: F401  (with them the sentences of profiles are entered)
from zarrscope.spec.rules import EVERY, MUST, NOTE, RULES, SHOULD, sentence

if TYPE_CHECKING:
    from zarrscope.report import Problem, Severity

# --- documents ---------------------------------------------------------------------------------------

JSON = sentence(
    "document/json", MUST, "A document is JSON of reasonable size and depth, without doubled keys.",
    schema=EVERY, section="storage-format",
)  # fmt: skip
ZARR = sentence(
    "document/zarr", MUST, "The document of a group or array is one of Zarr: format, kind, attributes.",
    schema=EVERY, section="storage-format",
)  # fmt: skip
NOTHING = "document/nothing"
"""The sentence of ``spec`` on documents without OME-Zarr; here it is also broken by an array."""

BELOW = sentence(
    "document/images-below", NOTE, "A plain group may hold images; they are judged one by one.",
    section="metadata",
)  # fmt: skip
FORMAT = sentence(
    "hierarchy/one-zarr-format", MUST, "All of a hierarchy is stored in one version of Zarr.",
    since="0.4", section="storage-format", depth="structure",
)  # fmt: skip
VERSION = sentence(
    "hierarchy/one-version", MUST, "All documents of a hierarchy have the same version.",
    since="0.5", section="metadata", depth="structure",
)  # fmt: skip


def _structure(
    name: str, weight: Severity, text: str, section: str, since: str = "0.1", until: str = "0.9"
) -> str:
    return sentence(name, weight, text, section=section, since=since, until=until, depth="structure")


# --- images ------------------------------------------------------------------------------------------

PATH = _structure(
    "hierarchy/path", MUST, "A path leads, by plain names, to something below the group.", "image-layout"
)
LEVEL = _structure("levels/exist", MUST, "The path of each dataset names an array.", "multiscale-md")
ARRAY = _structure("levels/array", MUST, "The document of each level describes a Zarr array.", "image-layout")
DIMENSIONS = _structure(
    "levels/dimensions", MUST, "Every level has as many dimensions as the image has axes.", "multiscale-md"
)
FIVE = _structure(
    "levels/five-dimensions", MUST, "Images have five dimensions: t, c, z, y, x.", "image-layout", until="0.2"
)
DTYPE = _structure(
    "levels/same-dtype", MUST, "All levels have the same data type.", "multiscale-md", since="0.6"
)
DTYPE_ADVICE = _structure(
    "levels/one-dtype", SHOULD, "All levels have the same data type (advice of ours before 0.6).",
    "multiscale-md", until="0.5",
)  # fmt: skip
NAMES = _structure(
    "levels/dimension-names", MUST, "Each array has dimension_names, equal to the names of the axes.",
    "axes-md", since="0.5", until="0.5",
)  # fmt: skip
XARRAY = _structure(
    "levels/array-dimensions", MUST, "Each array repeats the axes in _ARRAY_DIMENSIONS.",
    "multiscale-md", since="0.3", until="0.3",
)  # fmt: skip
SHRINK = _structure(
    "levels/finest-first", MUST, "Arrays are ordered from the largest to the smallest.", "multiscale-md"
)
SCALE = _structure(
    "levels/scale-fits-shape", SHOULD, "The scale of a level fits the size of its array.",
    "trafo-md", since="0.4",
)  # fmt: skip
SEPARATOR = _structure(
    "levels/chunk-separator", SHOULD, "Chunk keys are flat (0.0) in 0.1 and nested (0/0) in 0.2 to 0.4.",
    "image-layout", until="0.4",
)  # fmt: skip
PARAMETERS = _structure(
    "transformations/parameters-exist", MUST, "The path of a transformation names its parameters.",
    "trafo-md", since="0.6",
)  # fmt: skip
END = _structure(
    "transformations/end-exists", MUST, "A coordinate system that stands in another group is there.",
    "coord-trafo-constraints", since="0.6",
)  # fmt: skip
MATRIX = _structure(
    "transformations/stored-matrix-size", MUST,
    "A stored matrix has a row for each output axis, and a column for each input axis (an affine one more).",
    "matrix-trafo-md", since="0.6",
)  # fmt: skip
FIELD_AXES = _structure(
    "transformations/field-axes", MUST,
    "A field has the axes of its input and, after time and before space, a discrete one of vectors.",
    "coordinates-displacements-md", since="0.6",
)  # fmt: skip
FIELD_LENGTH = _structure(
    "transformations/field-length", MUST, "The vectors of a field have a number for each output axis.",
    "coordinates-displacements-md", since="0.6",
)  # fmt: skip

# --- label images ------------------------------------------------------------------------------------

LABELS_LIST = _structure(
    "labels/listed", MUST, "The group 'labels' lists its label images.", "label-md", since="0.4"
)
LABEL = _structure("labels/exist", MUST, "Each label image that is listed is an image.", "label-md")
UNLISTED = _structure("labels/all-listed", SHOULD, "All label images are listed by their group.", "label-md")
BARE = _structure(
    "labels/bare-groups", MUST, "Groups between 'labels' and a label image carry no metadata.",
    "label-md", since="0.4",
)  # fmt: skip
MARKER = _structure(
    "labels/marked", MUST, "A label image has 'image-label'.", "label-md", since="0.4", until="0.4"
)
MARKER_ADVICE = _structure(
    "labels/marked-too", SHOULD, "A label image has 'image-label' (since 0.5).", "label-md", since="0.5"
)
INTEGER = _structure("labels/integer", MUST, "Pixels of label images are integers.", "label-md", since="0.4")
LABEL_LEVELS = _structure(
    "labels/level-count", MUST, "A label image has as many levels as its image.", "label-md", since="0.4"
)
LABEL_SHAPE = _structure(
    "labels/shape", SHOULD, "Each side of a label image is that of its image, or 1.", "image-layout"
)
SOURCE = _structure("labels/source", SHOULD, "The source of a label image is an image.", "label-md")

# --- plates ------------------------------------------------------------------------------------------

WELL = _structure("plate/wells-exist", MUST, "Each well of the plate is a group with 'well'.", "plate-md")
ROW = _structure("plate/row-groups", SHOULD, "The row of a well is a group too.", "hcs-layout")
FIELD = _structure("well/fields-exist", MUST, "Each field of a well is an image.", "well-md")
GIVEN = _structure(
    "well/acquisition-given", MUST,
    "Each field names its acquisition where the plate has several.", "well-md",
)  # fmt: skip
KNOWN = _structure(
    "well/acquisition-known", MUST, "The acquisition of a field is one of the plate.", "well-md"
)
UNLISTED_RUN = _structure(
    "well/acquisition-unlisted", SHOULD, "A plate whose fields name acquisitions lists them.", "plate-md"
)
FIELD_COUNT = _structure(
    "plate/field-count-fits", SHOULD, "No well has more fields than the plate announces.", "plate-md"
)

# --- collections and scenes --------------------------------------------------------------------------

SERIES = _structure("bf2raw/series-exist", MUST, "Each series is an image.", "bf2raw", since="0.4")
OME_XML = _structure(
    "bf2raw/ome-xml", SHOULD, "OME/METADATA.ome.xml stands beside the series.", "bf2raw", since="0.4"
)
XML = _structure("bf2raw/xml", MUST, "OME/METADATA.ome.xml is XML of OME.", "bf2raw", since="0.4")
METADATA_ONLY = _structure(
    "bf2raw/metadata-only", MUST, "The OME-XML holds MetadataOnly, neither BinData nor TiffData.",
    "bf2raw", since="0.4",
)  # fmt: skip
SERIES_COUNT = _structure(
    "bf2raw/series-order", MUST, "The series are the elements Image of the OME-XML, in their order.",
    "bf2raw", since="0.4",
)  # fmt: skip
MEMBER = _structure("scene/members-exist", MUST, "Each image of a scene is there.", "scene-md", since="0.6")

EXISTENCE = frozenset({LEVEL, LABEL, WELL, ROW, FIELD, SERIES, MEMBER, END})
"""Rules that are broken because something is not there."""

# --- files -------------------------------------------------------------------------------------------

UNMENTIONED = _structure(
    "files/unmentioned", NOTE, "What no document mentions is of no use to a reader.", "image-layout"
)
OUTSIDE = _structure(
    "files/outside-grid", SHOULD, "No chunk lies outside of the grid of its array.", "image-layout"
)
CONSOLIDATED = _structure(
    "files/consolidated", SHOULD, "Consolidated metadata says what the documents say.", "storage-format"
)

# --- pixels ------------------------------------------------------------------------------------------


def _pixels(name: str, weight: Severity, text: str, section: str) -> str:
    return sentence(name, weight, text, section=section, depth="pixels")


CHUNK = _pixels("pixels/decode", MUST, "The chunks of every level can be decoded.", "image-layout")
COARSER = _pixels(
    "pixels/levels-agree", SHOULD, "Coarser levels show what the finer ones show.", "multiscale-md"
)
NEW_IDS = _pixels(
    "pixels/no-new-ids", SHOULD, "Coarser levels of a label image hold no new label values.", "label-md"
)


def rule_version(version: str) -> str:
    """Return the version by whose rules a document is judged: drafts as the version that they became."""
    return version[:3] if version[:3] in EVERY.split() else "0.5"


def problem(rule: str, version: str, file: str, pointer: str, message: str, hint: str = "") -> Problem:
    """Return the problem of a document that breaks a rule.

    Parameters
    ----------
    rule : str
        Name of the rule.
    version : str
        Of OME-Zarr, as the hierarchy states it.
    file, pointer : str
        Key of the document, and JSON pointer within it.
    message, hint : str
        What was found and what is allowed; how to mend it.
    """
    return RULES[rule].problem(rule_version(version), pointer, message, hint, file=file)
