"""The form of whole documents, version by version: what may stand in the attributes of a group."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from zarrscope.spec import forms_axes, forms_graph, forms_labels, forms_plates, forms_rendering
from zarrscope.spec import forms_transformations as steps
from zarrscope.spec.forms import (
    Form,
    items,
    kind_of,
    members,
    text,
)  # fmt: skip
from zarrscope.spec.rules import EVERY, MUST, NOTE, SHOULD, sentence

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zarrscope.spec.forms import Notes

_M = "multiscale-md"
_OLD = "0.1 0.2 0.3 0.4"
_NEW = "0.5 0.6 0.9"
_STRICT = "0.1 0.3 0.4 0.5 0.6 0.9"

_IMAGES = sentence(
    "multiscales/list", MUST, "``multiscales`` is a list with at least one entry.", section=_M, schema=EVERY
)  # fmt: skip
_IMAGE = sentence(
    "multiscales/object", MUST, "An entry of ``multiscales`` is an object.", section=_M, schema=EVERY
)  # fmt: skip
_TWICE = sentence(
    "multiscales/twice", NOTE, "No multiscale image is written twice.", section=_M, schema=EVERY
)  # fmt: skip
_NAME = sentence(
    "multiscales/name-text", MUST, "The name of an image is a string.", section=_M, schema=EVERY
)  # fmt: skip
_TYPE = sentence(
    "multiscales/type-text", SHOULD, "The down-scaling method is named by a string.", since="0.2", section=_M
)  # fmt: skip
_METADATA = sentence(
    "multiscales/metadata-object", SHOULD, "``metadata`` is an object.", section=_M, schema="0.1"
)  # fmt: skip
_METHOD = sentence(
    "multiscales/metadata-text", NOTE, "Method and version in ``metadata`` are strings.", section=_M,
    schema="0.1",
)  # fmt: skip
_SAID = {
    key: sentence(
        f"multiscales/{key}", SHOULD, f"An image says its {key}.", since="0.2", section=_M, strict=_STRICT
    )
    for key in ("name", "type", "metadata")
}
_DATASETS = sentence(
    "multiscales/datasets", MUST, "An image lists its datasets, at least one.", section=_M, schema=EVERY
)  # fmt: skip
_DATASET = sentence(
    "multiscales/dataset", MUST, "A dataset is an object.", section=_M, schema=EVERY
)  # fmt: skip
_PATH = sentence(
    "multiscales/path", MUST, "A dataset has the path of its array.", section=_M, schema=EVERY
)  # fmt: skip
_PLACED = sentence(
    "multiscales/transformations", MUST, "A dataset says where it lies.", since="0.4", section=_M,
    schema="0.4 0.5 0.6 0.9",
)  # fmt: skip
_NO_AXES = sentence(
    "multiscales/no-axes", SHOULD, "``axes`` stand in the coordinate systems.", since="0.6", section=_M
)  # fmt: skip

VERSION = sentence(
    "ome/version", MUST, "``ome`` says the version, a string.", since="0.5", section="metadata",
    schema=_NEW,
)  # fmt: skip
OME = sentence(
    "ome/object", MUST, "All metadata stand in an object ``ome``.", since="0.5", section="metadata",
    schema=_NEW,
)  # fmt: skip
OUTSIDE = sentence(
    "ome/outside", MUST, "No metadata of OME-Zarr stand outside of ``ome``.", since="0.5", section="metadata"
)  # fmt: skip
_PLATE_MUST = sentence(
    "plate/version-required", MUST, "A plate says the version.", since="0.5", until="0.5", section="plate-md",
    disputed="0.5",
)  # fmt: skip
_LAYOUT = sentence(
    "layout/value", MUST, "The value of ``bioformats2raw.layout`` is 3.", since="0.4", section="bf2raw",
    schema="0.4 0.5 0.6 0.9",
)  # fmt: skip
_SERIES = sentence(
    "layout/series", MUST, "``series`` lists the paths of the images.", since="0.4", section="bf2raw",
    schema="0.4 0.5 0.6 0.9",
)  # fmt: skip
_SCENE = sentence(
    "scene/object", MUST, "``scene`` is an object.", since="0.6", section="scene-md", schema="0.6 0.9"
)  # fmt: skip
_SCENE_EDGES = sentence(
    "scene/transformations", MUST, "A scene has a transformation.", since="0.6", section="scene-md",
    schema="0.6 0.9",
)  # fmt: skip

SECTIONS = {
    "multiscales": _M, "image-label": "label-md", "plate": "plate-md", "well": "well-md",
    "omero": "omero-md",
}  # fmt: skip
_GIVEN = {
    key: sentence(
        f"{key}/version-given",
        SHOULD,
        f"``{key}`` says the version.",
        until="0.4" if key in ("multiscales", "plate") else "0.5",
        section=SECTIONS[key],
        schema="0.1 0.2 0.3" if key == "plate" else "",
        strict="0.1 0.3 0.4" if key == "multiscales" else "0.4",
        disputed="" if key in ("multiscales", "plate") else "0.5",
    )
    for key in ("multiscales", "image-label", "plate", "well")
}
_VALUE = {
    key: sentence(
        f"{key}/version", MUST, f"The version in ``{key}`` is that of the document.",
        until="0.4" if key == "multiscales" else "0.5", section=SECTIONS[key],
        schema="0.4" if key == "image-label" else _OLD,
    )
    for key in ("multiscales", "image-label", "plate", "well")
}  # fmt: skip
MISSING = {
    part: sentence(
        f"document/{part}", MUST, f"The document of {words} has ``{part}``.", section=section, schema=schema
    )
    for part, words, section, schema in (
        ("multiscales", "an image", _M, EVERY),
        ("plate", "a plate", "plate-md", "0.1 0.2 0.3 0.5 0.6 0.9"),
        ("well", "a well", "well-md", _NEW),
        ("image-label", "a label image", "label-md", _NEW),
        ("labels", "a list of labels", "labels-md", ""),
        ("scene", "a scene", "scene-md", "0.6 0.9"),
        ("coordinateTransformations", "a fragment", "trafo-md", "0.6 0.9"),
    )
}


def _dataset(version: str) -> Form:
    forms: dict[str, Form] = {"path": text(_PATH)}
    needs = {"path": _PATH}
    if version >= "0.4":
        forms["coordinateTransformations"] = forms_graph.PLACEMENT if version >= "0.6" else steps.STEPS
        needs["coordinateTransformations"] = _PLACED
    return members(_DATASET, forms, needs)


def _old_axes(value: Any, at: str, notes: Notes) -> None:
    notes.note(_NO_AXES, at, "'axes' means nothing here", "name the axes in 'coordinateSystems'")


def _multiscale(version: str) -> Form:
    forms: dict[str, Form] = {
        "name": text(_NAME),
        "type": text(_TYPE),
        "datasets": items(_DATASETS, _dataset(version), least=1),
        "metadata": members(
            _METADATA, {"method": text(_METHOD), "version": text(_METHOD)}, spelling=False
        ),
    }  # fmt: skip
    needs = {"datasets": _DATASETS} | _SAID
    if version <= "0.4":
        forms["version"], needs["version"] = _version_in("multiscales", version), _GIVEN["multiscales"]
    if version == "0.3":
        forms["axes"], needs["axes"] = forms_axes.LETTERS, forms_axes.LIST
    if version in ("0.4", "0.5"):
        forms["axes"], needs["axes"] = forms_axes.AXES, forms_axes.LIST
        forms["coordinateTransformations"] = steps.STEPS
    if version >= "0.6":
        forms["axes"] = _old_axes
        forms["coordinateSystems"] = forms_axes.systems(version, least=1)
        needs["coordinateSystems"] = forms_axes.SYSTEMS
        forms["coordinateTransformations"] = forms_graph.EDGES
    return members(_IMAGE, forms, needs)


def _version_in(part: str, version: str) -> Form:
    return text(_VALUE[part], choices=(version,), allowed=repr(version))


def _scene(version: str) -> Form:
    forms = {
        "coordinateSystems": forms_axes.systems(version, unique=True),
        "coordinateTransformations": forms_graph.SCENE_EDGES,
    }
    return members(_SCENE, forms, {"coordinateTransformations": _SCENE_EDGES})


def _layout(value: Any, at: str, notes: Notes) -> None:
    if isinstance(value, bool) or value != 3:
        notes.note(_LAYOUT, at, f"the layout is {kind_of(value)}; it must be 3")


@cache
def parts(version: str) -> Mapping[str, Form]:
    """Return the forms of all that may stand in a document, by key."""
    own = version <= "0.5"  # whether plates, wells and labels carry the version themselves
    plate_missing = _PLATE_MUST if version == "0.5" else _GIVEN["plate"]
    return {
        "multiscales": items(_IMAGES, _multiscale(version), least=1, unique=_TWICE),
        "omero": forms_rendering.RENDERING,
        "image-label": forms_labels.image_label(
            _version_in("image-label", version) if own else None, _GIVEN["image-label"]
        ),
        "labels": forms_labels.PATHS,
        "plate": forms_plates.plate(_version_in("plate", version) if own else None, plate_missing),
        "well": forms_plates.well(_version_in("well", version) if own else None, _GIVEN["well"]),
        "bioformats2raw.layout": _layout,
        "series": items(_SERIES, text(_SERIES)),
    } | ({"scene": _scene(version)} if version >= "0.6" else {})


@cache
def fragment(version: str) -> Mapping[str, Form]:
    """Return the forms of a fragment that holds nothing but systems and transformations."""
    return {
        "coordinateSystems": forms_axes.systems(version),
        "coordinateTransformations": forms_graph.FRAGMENT,
    }


KINDS: dict[str, tuple[str, ...]] = {
    "image": ("multiscales", "omero"),
    "label": ("image-label", "multiscales", "omero"),
    "labels": ("labels",),
    "plate": ("plate",),
    "well": ("well",),
    "scene": ("scene",),
    "transformation": ("coordinateTransformations", "coordinateSystems"),
}
"""What a document of each kind consists of; the first part must be there."""
