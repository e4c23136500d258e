"""The form of label images and of the list of labels (sections ``labels-md`` and ``label-md``)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zarrscope.spec.forms import items, members, text, whole
from zarrscope.spec.rules import MUST, NOTE, SHOULD, sentence

if TYPE_CHECKING:
    from zarrscope.spec.forms import Form

_S = "label-md"
_V = "0.4 0.5 0.6 0.9"

LABELS = sentence(
    "labels/list", MUST, "``labels`` lists the paths of the label images.", since="0.2", section="labels-md"
)  # fmt: skip
_PATH = sentence(
    "labels/path", MUST, "The path of a label image is a string.", since="0.2", section="labels-md"
)  # fmt: skip
_LISTED_TWICE = sentence(
    "labels/unique", SHOULD, "No label image is listed twice.", since="0.2", section="labels-md"
)  # fmt: skip
OBJECT = sentence(
    "label/object", MUST, "``image-label`` is an object.", since="0.2", section=_S, schema=_V
)  # fmt: skip
_COLORS_MISSING = sentence(
    "label/colors-given", SHOULD, "A label image says the colours of its labels.", since="0.2", section=_S,
    strict="0.4 0.5 0.6 0.9",
)  # fmt: skip
_COLORS = sentence(
    "label/colors", MUST, "``colors`` is a list.", since="0.2", section=_S,
    schema=_V,
)  # fmt: skip
_COLORS_LEAST = sentence(
    "label/colors-least", NOTE, "``colors`` has at least one entry.", section=_S, schema=_V
)  # fmt: skip
_COLOR = sentence(
    "label/color", MUST, "A colour of a label is an object with a label value.", since="0.2", section=_S,
    schema=_V,
)  # fmt: skip
_COLOR_WHOLE = sentence(
    "label/color-value-whole", MUST, "The label value of a colour is a whole number.", since="0.2",
    section=_S,
)  # fmt: skip
_RGBA = sentence(
    "label/rgba", MUST, "``rgba`` is four whole numbers from 0 to 255.", since="0.2", section=_S, schema=_V
)  # fmt: skip
_COLOR_TWICE = sentence(
    "label/colors-twice", NOTE, "No colour is written twice.", section=_S, schema=_V
)  # fmt: skip
_PROPERTIES = sentence(
    "label/properties", MUST, "``properties`` is a list.", since="0.3", section=_S,
    schema=_V,
)  # fmt: skip
_PROPERTIES_LEAST = sentence(
    "label/properties-least", NOTE, "``properties`` has at least one entry.", section=_S, schema=_V
)  # fmt: skip
_PROPERTY = sentence(
    "label/property", MUST, "Properties of a label are an object with a label value, a whole number.",
    since="0.3", section=_S, schema=_V,
)  # fmt: skip
_PROPERTY_TWICE = sentence(
    "label/properties-twice", NOTE, "No properties are written twice.", section=_S, schema=_V
)  # fmt: skip
_SOURCE = sentence(
    "label/source", MUST, "``source`` is an object.", since="0.2", section=_S, schema=_V
)  # fmt: skip
_SOURCE_IMAGE = sentence(
    "label/source-image", MUST, "The image in ``source`` is a path.", since="0.2", section=_S, schema=_V
)  # fmt: skip

_COLOR_FORM = members(
    _COLOR,
    {
        "label-value": whole(_COLOR_WHOLE, number=_COLOR),
        "rgba": items(_RGBA, whole(_RGBA, least=0, most=255), least=4, most=4),
    },
    {"label-value": _COLOR},
    spelling=False,
)

PATHS = items(LABELS, text(_PATH), unique=_LISTED_TWICE)


def image_label(version: Form | None, version_missing: str) -> Form:
    """Return the form of ``image-label``; where it carries the version, that of the version too."""
    forms = {
        "colors": items(_COLORS, _COLOR_FORM, least=1, count_rule=_COLORS_LEAST, unique=_COLOR_TWICE),
        "properties": items(
            _PROPERTIES,
            members(_PROPERTY, {"label-value": whole(_PROPERTY)}, {"label-value": _PROPERTY}, spelling=False),
            least=1,
            count_rule=_PROPERTIES_LEAST,
            unique=_PROPERTY_TWICE,
        ),
        "source": members(_SOURCE, {"image": text(_SOURCE_IMAGE)}),
    }
    needs = {"colors": _COLORS_MISSING}
    if version is not None:
        forms["version"] = version
        needs["version"] = version_missing
    return members(OBJECT, forms, needs)
