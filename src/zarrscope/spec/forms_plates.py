"""The form of plates and wells (sections ``plate-md`` and ``well-md``)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from zarrscope.spec.forms import Form, items, kind_of, members, numeric, text, whole
from zarrscope.spec.rules import EVERY, MUST, NOTE, SHOULD, sentence

if TYPE_CHECKING:
    from zarrscope.spec.forms import Notes

_S = "plate-md"
_W = "well-md"
_04 = "0.4 0.5 0.6 0.9"
_03 = "0.1 0.2 0.3"
_02 = "0.2 0.3 0.4 0.5 0.6 0.9"

OBJECT = sentence("plate/object", MUST, "``plate`` is an object.", section=_S, schema=EVERY)
_NAME = sentence("plate/name-text", MUST, "The name of a plate is a string.", section=_S, schema=EVERY)
_NAME_MISSING = sentence(
    "plate/name", SHOULD, "A plate has a name.", section=_S, strict="0.4 0.5 0.6 0.9"
)  # fmt: skip
_COUNT = sentence(
    "plate/field-count", MUST, "The field count is a whole number above 0.", section=_S, schema=_04
)  # fmt: skip
_COUNT_MISSING = sentence(
    "plate/field-count-given", SHOULD, "A plate says its field count.", since="0.2", section=_S,
    disputed="0.4 0.5 0.6 0.9",
)  # fmt: skip
_ROWS = sentence("plate/rows", MUST, "A plate lists its rows, at least one.", section=_S, schema=EVERY)
_COLUMNS = sentence(
    "plate/columns", MUST, "A plate lists its columns, at least one.", section=_S, schema=EVERY
)  # fmt: skip
_LINE = sentence(
    "plate/line", MUST, "A row or column is an object with a name.", section=_S, schema=EVERY
)  # fmt: skip
_LINE_NAME = sentence(
    "plate/line-name", MUST, "The name of a row or column is made of letters and digits.", section=_S,
    schema=_04,
)  # fmt: skip
_LINE_TWICE = sentence(
    "plate/line-twice", NOTE, "No row or column is written twice.", section=_S, schema=EVERY
)  # fmt: skip
_WELLS = sentence("plate/wells", MUST, "A plate lists its wells.", section=_S, schema=EVERY)
_WELLS_LEAST = sentence(
    "plate/wells-least", NOTE, "A plate has at least one well.", section=_S, schema=EVERY
)  # fmt: skip
_WELL = sentence(
    "plate/well", MUST, "A well of a plate is an object with a path.", section=_S, schema=EVERY
)  # fmt: skip
_WELL_PATH = sentence(
    "plate/well-path", MUST, "The path of a well is two names of letters and digits, joined by /.",
    section=_S, schema=_04,
)  # fmt: skip
_WELL_TWICE = sentence(
    "plate/well-twice", NOTE, "No well is written twice.", section=_S, schema=EVERY
)  # fmt: skip
_INDEX = sentence(
    "plate/well-index", MUST, "A well says the index of its row and of its column, counted from 0.",
    since="0.4", section=_S, schema=_04,
)  # fmt: skip
_RUNS = sentence("plate/acquisitions", MUST, "``acquisitions`` is a list.", section=_S, schema=EVERY)
_RUNS_LEAST = sentence(
    "plate/acquisitions-least", NOTE, "``acquisitions`` has at least one entry.", section=_S, schema=_03
)  # fmt: skip
_RUN_TWICE = sentence(
    "plate/acquisition-twice", NOTE, "No acquisition is written twice.", section=_S, schema=_03
)  # fmt: skip
_RUN = sentence(
    "plate/acquisition", MUST, "An acquisition is an object with an id, a number.", section=_S, schema=EVERY
)  # fmt: skip
_ID_WHOLE = sentence(
    "plate/acquisition-id-whole", MUST, "The id of an acquisition is a whole number.", section=_S,
    schema=_02,
)  # fmt: skip
_ID = sentence(
    "plate/acquisition-id", MUST, "The id of an acquisition is not negative.", section=_S, schema=_04
)  # fmt: skip
_RUN_NAME_MISSING = sentence(
    "plate/acquisition-name", SHOULD, "An acquisition has a name.", section=_S, strict="0.4 0.5 0.6 0.9"
)  # fmt: skip
_RUN_TEXT = sentence(
    "plate/acquisition-text", MUST, "Name and description of an acquisition are strings.", section=_S,
    schema=EVERY,
)  # fmt: skip
_MOST_MISSING = sentence(
    "plate/acquisition-maximumfieldcount", SHOULD, "An acquisition says its largest number of fields.",
    section=_S, strict="0.4 0.5 0.6 0.9",
)  # fmt: skip
_MOST_NUMBER = sentence(
    "plate/maximumfieldcount-number", MUST, "``maximumfieldcount`` is a number.", section=_S, schema=EVERY
)  # fmt: skip
_MOST_WHOLE = sentence(
    "plate/maximumfieldcount-whole", MUST, "``maximumfieldcount`` is a whole number.", section=_S,
    schema=_02,
)  # fmt: skip
_MOST = sentence(
    "plate/maximumfieldcount", MUST, "``maximumfieldcount`` is above 0.", section=_S, schema=_04
)  # fmt: skip
_TIME_NUMBER = sentence(
    "plate/starttime-number", MUST, "``starttime`` is a number.", section=_S, schema=EVERY
)  # fmt: skip
_TIME = sentence(
    "plate/time", MUST, "Times are whole numbers of seconds since 1970.", since="0.2", section=_S, schema=_02
)  # fmt: skip
WELL_OBJECT = sentence("well/object", MUST, "``well`` is an object.", section=_W, schema=EVERY)
_IMAGES = sentence("well/images", MUST, "A well lists its images.", section=_W, schema=EVERY)
_IMAGES_LEAST = sentence(
    "well/images-least", NOTE, "A well has at least one image.", section=_W, schema=EVERY
)  # fmt: skip
_IMAGE = sentence(
    "well/image", MUST, "An image of a well is an object with a path.", section=_W, schema=EVERY
)  # fmt: skip
_IMAGE_PATH = sentence(
    "well/image-path", MUST, "The path of an image of a well is made of letters and digits.", until="0.5",
    section=_W, schema="0.1 0.2 0.3 0.4 0.5",
)  # fmt: skip
_IMAGE_KEY = sentence(
    "well/image-key", MUST, "The path of an image of a well is made of letters, digits, -, _ and ., not of "
    "dots alone, and does not begin with two underscores.", since="0.6", section=_W, schema="0.6 0.9",
)  # fmt: skip
_IMAGE_TWICE = sentence(
    "well/image-twice", NOTE, "No image of a well is written twice.", section=_W, schema=EVERY
)  # fmt: skip
_IMAGE_RUN = sentence(
    "well/acquisition", MUST, "The acquisition of an image is a whole number.", section=_W, schema=EVERY
)  # fmt: skip

_WORD = re.compile(r"[A-Za-z0-9]+")
_KEY = re.compile(r"(?!\.+$)(?!__)[A-Za-z0-9_.-]+")
_ROW_COLUMN = re.compile(r"[A-Za-z0-9]+/[A-Za-z0-9]+")


def _most(value: Any, at: str, notes: Notes) -> None:
    whole(_MOST_WHOLE, least=1, range_rule=_MOST, number=_MOST_NUMBER)(value, at, notes)


def _start(value: Any, at: str, notes: Notes) -> None:
    numeric(_TIME_NUMBER)(value, at, notes)
    whole(_TIME, least=0)(value, at, notes)


_ACQUISITION = members(
    _RUN,
    {
        "id": whole(_ID_WHOLE, least=0, range_rule=_ID, number=_RUN),
        "name": text(_RUN_TEXT),
        "description": text(_RUN_TEXT),
        "maximumfieldcount": _most,
        "starttime": _start,
        "endtime": whole(_TIME, least=0),
    },
    {"id": _RUN, "name": _RUN_NAME_MISSING, "maximumfieldcount": _MOST_MISSING},
)


def _lines(rule: str) -> Form:
    name = text(_LINE, pattern=_WORD, allowed="letters and digits", pattern_rule=_LINE_NAME)
    return items(rule, members(_LINE, {"name": name}, {"name": _LINE}), least=1, unique=_LINE_TWICE)


_PLATE_WELL = members(
    _WELL,
    {
        "path": text(_WELL, pattern=_ROW_COLUMN, allowed="row/column", pattern_rule=_WELL_PATH),
        "rowIndex": whole(_INDEX, least=0),
        "columnIndex": whole(_INDEX, least=0),
    },
    {"path": _WELL, "rowIndex": _INDEX, "columnIndex": _INDEX},
)


def plate(version: Form | None, version_missing: str) -> Form:
    """Return the form of ``plate``; where it carries the version, that of the version too."""
    forms = {
        "name": text(_NAME),
        "field_count": whole(_COUNT, least=1),
        "rows": _lines(_ROWS),
        "columns": _lines(_COLUMNS),
        "wells": items(_WELLS, _PLATE_WELL, least=1, count_rule=_WELLS_LEAST, unique=_WELL_TWICE),
        "acquisitions": items(_RUNS, _ACQUISITION, least=1, count_rule=_RUNS_LEAST, unique=_RUN_TWICE),
    }
    needs = {
        "rows": _ROWS, "columns": _COLUMNS, "wells": _WELLS, "name": _NAME_MISSING,
        "field_count": _COUNT_MISSING,
    }  # fmt: skip
    return _versioned(OBJECT, forms, needs, version, version_missing)


def _image_path(value: Any, at: str, notes: Notes) -> None:
    if not isinstance(value, str):
        notes.note(_IMAGE, at, f"'path' must be a string, found {kind_of(value)}")
        return
    if not _WORD.fullmatch(value):
        notes.note(_IMAGE_PATH, at, f"the path {kind_of(value)} is not made of letters and digits")
    if not _KEY.fullmatch(value):
        notes.note(_IMAGE_KEY, at, f"the path {kind_of(value)} is no name of letters, digits, -, _ and .")


_WELL_IMAGE = members(
    _IMAGE, {"path": _image_path, "acquisition": whole(_IMAGE_RUN)}, {"path": _IMAGE}
)  # fmt: skip


def well(version: Form | None, version_missing: str) -> Form:
    """Return the form of ``well``; where it carries the version, that of the version too."""
    images = items(_IMAGES, _WELL_IMAGE, least=1, count_rule=_IMAGES_LEAST, unique=_IMAGE_TWICE)
    return _versioned(WELL_OBJECT, {"images": images}, {"images": _IMAGES}, version, version_missing)


def _versioned(
    rule: str, forms: dict[str, Form], needs: dict[str, str], version: Form | None, missing: str
) -> Form:
    if version is None:
        return members(rule, forms, needs)
    return members(rule, forms | {"version": version}, needs | {"version": missing})
