"""Every rule of documents has sound documents that it passes, and a document that breaks it alone."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from tests.unit.spec.sound import KINDS, VERSIONS, document, has

from zarrscope.report import Severity
from zarrscope.spec.rules import RULES
from zarrscope.spec.versions import decode

GONE = object()
M = "multiscales/0"
DATASET = f"{M}/datasets/0"


def change(kind: str, path: str, value: Any) -> tuple[str, str, Any]:
    """Describe one broken document: its kind, where it is changed, and into what (or a function)."""
    return kind, path, value


def twice(value: list[Any]) -> list[Any]:
    return [*value, copy.deepcopy(value[0])]


def moved(value: dict[str, Any]) -> dict[str, Any]:
    return value | {"labels": []}


def typed(**changes: Any) -> Any:
    """Change the first transformation of a dataset; in 0.6 the first step of its sequence."""

    def edit(value: list[Any]) -> list[Any]:
        first = value[0]
        target = first["transformations"][0] if "transformations" in first else first
        for key, new in changes.items():
            if new is GONE:
                target.pop(key, None)
            else:
                target[key] = new
        return value

    return edit


def as_scale(**changes: Any) -> Any:
    """Turn the transformation of a dataset of 0.6 into a plain scale, and change it."""

    def edit(value: list[Any]) -> list[Any]:
        ends = {key: value[0][key] for key in ("input", "output")}
        made = {"type": "scale", "scale": [1.0, 1.0, 1.0, 1.0, 1.0]} | ends | changes
        return [{k: v for k, v in made.items() if v is not GONE}]

    return edit


def edge(**changes: Any) -> Any:
    """Replace the parameters of the edge of an image."""

    def edit(value: list[Any]) -> list[Any]:
        kept = {key: value[0][key] for key in ("input", "output")}
        return [{k: v for k, v in (kept | changes).items() if v is not GONE}]

    return edit


def changed(**changes: Any) -> Any:
    """Change the members of an object."""

    def edit(value: dict[str, Any]) -> dict[str, Any]:
        return {k: v for k, v in (value | changes).items() if v is not GONE}

    return edit


def systems(edit: Any) -> Any:
    """Apply a change to the axes: in 0.6 to those of every system."""

    def apply(image: dict[str, Any]) -> dict[str, Any]:
        if "axes" in image:
            image["axes"] = edit(image["axes"])
        for system in image.get("coordinateSystems", ()):
            system["axes"] = edit(system["axes"])
        return image

    return apply


def first_axis(**changes: Any) -> Any:
    return systems(lambda old: [changed(**changes)(old[0]), *old[1:]])


def space_axis(**changes: Any) -> Any:
    return systems(lambda old: [*old[:4], changed(**changes)(old[4])])


STEPS = f"{DATASET}/coordinateTransformations"
EDGES = f"{M}/coordinateTransformations"
CHANNEL = "omero/channels/0"
ROTATION = [[1.0, 0.0], [0.0, 1.0]]

BREAKS: dict[str, tuple[str, str, Any]] = {
    "document/spelling": change("plate", "plate", changed(fieldCount=1, field_count=GONE)),
    "document/many-problems": change("image", "multiscales", [{}] * 1000),
    "document/nothing": change("labels", "labels", GONE),
    "document/multiscales": change("image", "multiscales", GONE),
    "document/plate": change("plate", "plate", GONE),
    "document/well": change("well", "well", GONE),
    "document/image-label": change("label", "image-label", GONE),
    "document/labels": change("labels", "labels", GONE),
    "document/scene": change("scene", "scene", GONE),
    "ome/version": change("image", "version", GONE),
    "ome/object": change("image", "..", 5),
    "ome/outside": change("image", "../labels", ["a"]),
    "version/known": change("image", "version", "0.5.7"),
    "multiscales/list": change("image", "multiscales", {}),
    "multiscales/object": change("image", "multiscales", lambda old: [*old, 5]),
    "multiscales/twice": change("image", "multiscales", twice),
    "multiscales/name-text": change("image", f"{M}/name", 5),
    "multiscales/type-text": change("image", f"{M}/type", 5),
    "multiscales/metadata-object": change("image", f"{M}/metadata", 5),
    "multiscales/metadata-text": change("image", f"{M}/metadata/method", 5),
    "multiscales/name": change("image", f"{M}/name", GONE),
    "multiscales/type": change("image", f"{M}/type", GONE),
    "multiscales/metadata": change("image", f"{M}/metadata", GONE),
    "multiscales/version-given": change("image", f"{M}/version", GONE),
    "multiscales/version": change("image", f"{M}/version", 5),
    "multiscales/datasets": change("image", f"{M}/datasets", []),
    "multiscales/dataset": change("image", DATASET, 5),
    "multiscales/path": change("image", f"{DATASET}/path", GONE),
    "multiscales/transformations": change("image", STEPS, GONE),
    "multiscales/no-axes": change("image", f"{M}/axes", []),
    "multiscales/finest-first": change("image", f"{M}/datasets", lambda old: old[::-1]),
    "multiscales/unique-paths": change("image", f"{M}/datasets/1/path", "0"),
    "multiscales/unique-names": change("image", "multiscales", lambda old: [*old, old[0] | {"x": 1}]),
    "axes/list": change("image", f"{M}/axes", GONE),
    "axes/least": change("image", f"{M}/axes", ["x"]),
    "axes/count": change("image", M, systems(lambda old: [*old, {"name": "w", "type": "space"}])),
    "axes/none": change("image", M, systems(lambda old: [])),
    "axes/letter": change("image", f"{M}/axes/0", "q"),
    "axes/object": change("image", M, systems(lambda old: [*old[:4], 5])),
    "axes/name": change("image", M, first_axis(name=GONE)),
    "axes/name-empty": change("image", M, first_axis(name="")),
    "axes/type-text": change("image", M, first_axis(type=5)),
    "axes/unit-text": change("image", M, first_axis(unit=5)),
    "axes/discrete": change("image", M, first_axis(discrete=0)),
    "axes/long-name": change("image", M, first_axis(longName=5)),
    "axes/unique-items": change("image", M, systems(lambda old: [*old[:4], old[3]])),
    "axes/unique-names": change("image", M, systems(lambda old: [*old[:4], old[3]])),
    "axes/names-differ": change("image", M, first_axis(name="C")),
    "axes/space-count": change("image", M, systems(lambda old: old[:3])),
    "axes/space-count-untyped": change("image", M, systems(lambda old: old[:3])),
    "axes/space-or-array": change(
        "image", M, systems(lambda old: [{"name": n, "type": "array"} for n in "tc"] + old[3:])
    ),
    "axes/one-time": change("image", M, systems(lambda old: [old[0], old[0] | {"name": "u"}, *old[3:]])),
    "axes/one-channel": change("image", M, systems(lambda old: [old[1], old[1] | {"name": "u"}, *old[3:]])),
    "axes/order": change("image", M, systems(lambda old: [old[1], old[0], *old[2:]])),
    "axes/order-tczyx": change("image", f"{M}/axes", ["c", "t", "z", "y", "x"]),
    "axes/space-zyx": change("image", M, systems(lambda old: [*old[:2], *old[:1:-1]])),
    "axes/type": change("image", M, first_axis(type=GONE)),
    "axes/type-known": change("image", M, first_axis(type="tme")),
    "axes/unit": change("image", M, first_axis(unit=GONE)),
    "axes/unit-known": change("image", M, first_axis(unit="sec")),
    "axes/orientation": change("image", M, space_axis(orientation=5)),
    "axes/orientation-type": change("image", M, space_axis(orientation={"value": "left-to-right"})),
    "axes/orientation-value": change(
        "image", M, space_axis(orientation={"type": "anatomical", "value": "up-to-down"})
    ),
    "axes/orientation-null": change("image", M, space_axis(orientation=None)),
    "systems/list": change("image", f"{M}/coordinateSystems", []),
    "systems/object": change("image", f"{M}/coordinateSystems", lambda old: [*old, 5]),
    "systems/name": change("image", f"{M}/coordinateSystems/1/name", 5),
    "systems/name-empty": change("image", f"{M}/coordinateSystems/1/name", ""),
    "systems/axes": change("image", f"{M}/coordinateSystems/1/axes", GONE),
    "systems/unique-items": change("scene", "scene/coordinateSystems", twice),
    "transformations/list": change("image", STEPS, {}),
    "transformations/object": change("image", STEPS, lambda old: [5]),
    "transformations/type": change("image", STEPS, typed(type=GONE, translation=[1.0, 1.0, 1.0, 1.0, 1.0])),
    "transformations/scale": change("image", STEPS, typed(scale=["a"] * 5)),
    "transformations/translation": change("image", STEPS, typed(type="translation", translation=5)),
    "transformations/two-numbers": change("image", STEPS, typed(scale=[1.0])),
    "transformations/one-scale": change("image", STEPS, twice),
    "transformations/one-translation": change("image", STEPS, lambda old: [*old, old[1]]),
    "transformations/order": change("image", STEPS, lambda old: old[::-1]),
    "transformations/early-ends": change("image", STEPS, typed(input={"name": "a"})),
    "transformations/length": change("image", STEPS, typed(scale=[1.0, 1.0])),
    "transformations/scale-zero": change("image", STEPS, typed(scale=[1.0, 1.0, 1.0, 0.0, 1.0])),
    "transformations/name": change("image", f"{EDGES}/0/name", 5),
    "transformations/scale-positive": change("image", STEPS, typed(scale=[1.0, 1.0, 1.0, 1.0, 0.0])),
    "transformations/map-axis": change("image", EDGES, edge(type="mapAxis", mapAxis=[0, 1, 2, 3, 3])),
    "transformations/map-axis-count": change("image", EDGES, edge(type="mapAxis", mapAxis=[0])),
    "transformations/axis-index-limit": change("image", EDGES, edge(type="mapAxis", mapAxis=[0, 1, 2, 3, 5])),
    "transformations/project-axis": change("image", EDGES, edge(type="projectAxis")),
    "transformations/project-axis-count": change(
        "image", EDGES, edge(type="projectAxis", droppedInputs=[0, 1, 2, 3])
    ),
    "transformations/affine": change("image", EDGES, edge(type="affine", affine=5)),
    "transformations/rotation": change("image", EDGES, edge(type="rotation", rotation=[[1.0]])),
    "transformations/matrix-or-path": change(
        "image", EDGES, edge(type="rotation", rotation=ROTATION, path="a")
    ),
    "transformations/path-text": change("image", EDGES, edge(type="rotation", rotation=ROTATION, path=5)),
    "transformations/bijection": change("image", EDGES, edge(type="bijection", forward={"type": "identity"})),
    "transformations/sequence": change("image", EDGES, edge(type="sequence")),
    "transformations/sequence-empty": change("image", EDGES, edge(type="sequence", transformations=[])),
    "transformations/by-dimension": change("image", EDGES, edge(type="byDimension")),
    "transformations/by-dimension-axes": change(
        "image",
        EDGES,
        edge(
            type="byDimension", transformations=[{"transformation": {"type": "identity"}, "inputAxes": [0]}]
        ),
    ),
    "transformations/by-dimension-indices": change(
        "image",
        EDGES,
        edge(
            type="byDimension",
            transformations=[{"transformation": {"type": "identity"}, "inputAxes": [0.5], "outputAxes": [0]}],
        ),
    ),
    "transformations/field-path": change("image", EDGES, edge(type="displacements")),
    "transformations/interpolation": change(
        "image", EDGES, edge(type="displacements", path="a", interpolation="cubic")
    ),
    "transformations/interpolation-schema": change(
        "image", EDGES, edge(type="coordinates", path="a", interpolation="bspline-cubic")
    ),
    "transformations/ends": change("image", EDGES, edge(type="identity", input="physical")),
    "transformations/input-path": change("image", f"{STEPS}/0/input", {"name": "a"}),
    "transformations/output-name": change("image", f"{STEPS}/0/output", {"path": "a"}),
    "transformations/end-name": change("image", EDGES, edge(type="identity", input={})),
    "transformations/end-text": change("image", EDGES, edge(type="identity", input={"name": 5})),
    "transformations/end-path": change(
        "image", EDGES, edge(type="identity", input={"name": "physical", "path": 5})
    ),
    "transformations/end-extra": change(
        "scene", "scene/coordinateTransformations/0/output", changed(colour="red")
    ),
    "transformations/end-path-null": change(
        "scene", "scene/coordinateTransformations/0/output", changed(path=None)
    ),
    "transformations/affine-rows": change(
        "image", EDGES, edge(type="affine", affine=[[1.0, 0.0, 0.0], [0.0, 1.0]])
    ),
    "transformations/one": change("image", STEPS, twice),
    "transformations/dataset-type": change("image", STEPS, as_scale(type="rotation")),
    "transformations/dataset-type-given": change("image", STEPS, as_scale(type=GONE, scale=GONE)),
    "label/object": change("label", "image-label", 5),
    "label/colors-given": change("label", "image-label/colors", GONE),
    "label/colors": change("label", "image-label/colors", {}),
    "label/colors-least": change("label", "image-label/colors", []),
    "label/color": change("label", "image-label/colors/0/label-value", GONE),
    "label/color-value-whole": change("label", "image-label/colors/0/label-value", 1.5),
    "label/rgba": change("label", "image-label/colors/0/rgba", [0, 0, 300, 0]),
    "label/colors-twice": change("label", "image-label/colors", twice),
    "label/unique-colors": change("label", "image-label/colors/1/label-value", 1),
    "label/properties": change("label", "image-label/properties", {}),
    "label/properties-least": change("label", "image-label/properties", []),
    "label/property": change("label", "image-label/properties/0/label-value", "a"),
    "label/properties-twice": change("label", "image-label/properties", twice),
    "label/unique-properties": change("label", "image-label/properties/1/label-value", 1),
    "label/source": change("label", "image-label/source", "../../"),
    "label/source-image": change("label", "image-label/source/image", 5),
    "image-label/version-given": change("label", "image-label/version", GONE),
    "image-label/version": change("label", "image-label/version", 5),
    "labels/version": change("labels", "version", GONE),
    "labels/list": change("labels", "labels", {}),
    "labels/path": change("labels", "labels", ["a", 5]),
    "labels/unique": change("labels", "labels", ["a", "a"]),
    "layout/value": change("layout", "bioformats2raw.layout", 2),
    "layout/series": change("series", "series", "0"),
    "scene/object": change("scene", "scene", []),
    "scene/transformations": change("scene", "scene/coordinateTransformations", GONE),
    "omero/object": change("image", "omero", 5),
    "omero/channels": change("image", "omero", {}),
    "omero/channel": change("image", CHANNEL, 5),
    "omero/channel-color": change("image", f"{CHANNEL}/color", GONE),
    "omero/channel-window": change("image", f"{CHANNEL}/window", GONE),
    "omero/color-text": change("image", f"{CHANNEL}/color", 5),
    "omero/color": change("image", f"{CHANNEL}/color", "#FF0000"),
    "omero/label": change("image", f"{CHANNEL}/label", 5),
    "omero/family": change("image", f"{CHANNEL}/family", 5),
    "omero/active": change("image", f"{CHANNEL}/active", 1),
    "omero/inverted": change("image", f"{CHANNEL}/inverted", 1),
    "omero/window": change("image", f"{CHANNEL}/window", [0, 1]),
    "omero/window-ends": change("image", f"{CHANNEL}/window/start", GONE),
    "omero/window-limits": change("image", f"{CHANNEL}/window/min", GONE),
    "omero/window-limit": change("image", f"{CHANNEL}/window/max", "a"),
    "plate/object": change("plate", "plate", []),
    "plate/name": change("plate", "plate/name", GONE),
    "plate/name-text": change("plate", "plate/name", 5),
    "plate/field-count": change("plate", "plate/field_count", 0),
    "plate/field-count-given": change("plate", "plate/field_count", GONE),
    "plate/rows": change("plate", "plate/rows", GONE),
    "plate/columns": change("plate", "plate/columns", []),
    "plate/line": change("plate", "plate/rows/1/name", GONE),
    "plate/line-name": change("plate", "plate/rows", [{"name": "A"}, {"name": "B"}, {"name": "A 1"}]),
    "plate/line-twice": change("plate", "plate/columns", twice),
    "plate/unique-lines": change("plate", "plate/columns", lambda old: [*old, {"name": "1", "x": 1}]),
    "plate/wells": change("plate", "plate/wells", {}),
    "plate/wells-least": change("plate", "plate/wells", []),
    "plate/well": change("plate", "plate/wells/0/path", GONE),
    "plate/well-path": change("plate", "plate/wells/0/path", "A1"),
    "plate/well-twice": change("plate", "plate/wells", twice),
    "plate/unique-wells": change("plate", "plate/wells", lambda old: [*old, old[0] | {"x": 1}]),
    "plate/well-names": change("plate", "plate/wells/0/path", "1/A"),
    "plate/well-index": change("plate", "plate/wells/0/rowIndex", GONE),
    "plate/well-indices": change("plate", "plate/wells/0/rowIndex", 1),
    "plate/acquisitions": change("plate", "plate/acquisitions", {}),
    "plate/acquisitions-least": change("plate", "plate/acquisitions", []),
    "plate/acquisition": change("plate", "plate/acquisitions/0/id", "a"),
    "plate/acquisition-twice": change("plate", "plate/acquisitions", twice),
    "plate/unique-acquisitions": change("plate", "plate/acquisitions/1/id", 0),
    "plate/acquisition-id-whole": change("plate", "plate/acquisitions/0/id", 0.5),
    "plate/acquisition-id": change("plate", "plate/acquisitions/0/id", -1),
    "plate/acquisition-name": change("plate", "plate/acquisitions/0/name", GONE),
    "plate/acquisition-text": change("plate", "plate/acquisitions/0/name", 5),
    "plate/acquisition-maximumfieldcount": change("plate", "plate/acquisitions/0/maximumfieldcount", GONE),
    "plate/maximumfieldcount-number": change("plate", "plate/acquisitions/0/maximumfieldcount", "a"),
    "plate/maximumfieldcount-whole": change("plate", "plate/acquisitions/0/maximumfieldcount", 0.5),
    "plate/maximumfieldcount": change("plate", "plate/acquisitions/0/maximumfieldcount", 0),
    "plate/starttime-number": change("plate", "plate/acquisitions/0/starttime", "a"),
    "plate/time": change("plate", "plate/acquisitions/0/starttime", 0.5),
    "plate/acquisition-times": change("plate", "plate/acquisitions/0/endtime", 1),
    "plate/version-given": change("plate", "plate/version", GONE),
    "plate/version-required": change("plate", "plate/version", GONE),
    "plate/version": change("plate", "plate/version", 5),
    "well/object": change("well", "well", 5),
    "well/images": change("well", "well/images", {}),
    "well/images-least": change("well", "well/images", []),
    "well/image": change("well", "well/images/0/path", GONE),
    "well/image-path": change("well", "well/images/0/path", "a b"),
    "well/image-key": change("well", "well/images/0/path", "__a"),
    "well/image-twice": change("well", "well/images", twice),
    "well/unique-images": change("well", "well/images/1/path", "0"),
    "well/acquisition": change("well", "well/images/0/acquisition", "a"),
    "well/version-given": change("well", "well/version", GONE),
    "well/version": change("well", "well/version", 5),
}
ELSEWHERE = {
    "version/zarr-format": "test_versions",
    "document/images-below": "tests/unit/check",
    "document/json": "tests/unit/check",
    "document/zarr": "tests/unit/check",
    "version/draft": "test_dialects",
    "version/draft-form": "test_dialects",
    "document/coordinateTransformations": "test_fragments",
    "transformations/twice": "test_fragments",
}
"""Rules that are not about a part of a document of its own; the tests that break them."""

CASES = [
    (name, version)
    for name, entry in RULES.items()
    if entry.depth == "document" and name in BREAKS
    for version in VERSIONS
    if entry.holds_in(version) and has(BREAKS[name][0], version)
]


def broken(name: str, version: str) -> dict[str, Any]:
    """Return a document that breaks a rule."""
    kind, path, value = BREAKS[name]
    attributes = document(kind, version)
    if path.startswith(".."):
        place: Any = {"": attributes, "ome": attributes}
        if path == "..":
            return {"ome": value}
        attributes[path.removeprefix("../")] = value
        return attributes
    place = attributes["ome"] if version >= "0.5" else attributes
    *steps, last = path.split("/")
    for step in steps:
        place = place[int(step) if isinstance(place, list) else step]
    key: Any = int(last) if isinstance(place, list) else last
    if value is GONE:
        del place[key]
    else:
        place[key] = value(place[key]) if callable(value) else value
    return attributes


def judged(attributes: dict[str, Any], version: str, kind: str | None) -> Any:
    known = ("image", "label", "labels", "plate", "well", "scene")
    wanted = kind if kind in known else None
    zarr_format = 3 if version >= "0.5" else 2
    return decode(attributes, zarr_format=zarr_format, kind=wanted, assume=version)[1]


def test_every_rule_is_tried() -> None:
    documents = {name for name, entry in RULES.items() if entry.depth == "document"}
    own = {name for name in documents if name in BREAKS or name in ELSEWHERE}
    assert documents - own <= OTHER_TESTS, sorted(documents - own - OTHER_TESTS)


OTHER_TESTS = {
    name
    for name, entry in RULES.items()
    if entry.check is not None and entry.check.__module__.endswith(("rules_transformations", "rules_systems"))
}
"""Tried in ``test_rules_transformations``, which has a list of its own that must be complete."""


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_sound_documents(kind: str, version: str) -> None:
    if has(kind, version):
        report = judged(document(kind, version), version, kind)
        assert report.problems == []


@pytest.mark.parametrize(("name", "version"), CASES)
def test_rules(name: str, version: str) -> None:
    kind = BREAKS[name][0]
    report = judged(broken(name, version), version, None if name == "document/nothing" else kind)
    found = [p for p in report.problems if p.rule == name]
    assert found, str(report)
    entry = RULES[name]
    assert found[0].severity is (entry.weight if entry.in_text(version) else Severity.NOTE)
    for verdict in ("schema", "spec", "strict"):
        assert verdict not in entry.verdicts(version) or not report.passes(verdict) or kind == "label"
