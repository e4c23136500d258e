"""The official documents of 0.4 and 0.5: what is valid survives the way in and out, what is not is told."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from referencing import Registry, Resource

from zarrscope.documents import safe_json
from zarrscope.model.axes import Axis, CoordinateSystem
from zarrscope.model.build import LevelPlacement, multiscale_of
from zarrscope.model.collection import Collection
from zarrscope.model.description import ImageDescription
from zarrscope.model.labels import ImageLabel, LabelColor, LabelProperties, LabelSource
from zarrscope.model.multiscales import Dataset, Multiscale
from zarrscope.model.node import Node
from zarrscope.model.plate import Acquisition, Plate, PlateLine, PlateWell, Well, WellField
from zarrscope.model.rendering import Channel, Rendering, Window
from zarrscope.model.transforms import Scale, Sequence, Transformation, Translation
from zarrscope.spec.rules import RULES
from zarrscope.spec.versions import decode, encode, zarr_format_of

VERSIONS = ("0.4", "0.5")

HERE = Path(__file__).resolve()
SHARED = Path(os.environ.get("ZARRSCOPE_SHARED") or HERE.parents[2].parent / "shared")
CONFORMANCE = SHARED / "conformance"
if not CONFORMANCE.is_dir():
    pytest.skip(f"no official documents in {CONFORMANCE}: set ZARRSCOPE_SHARED", allow_module_level=True)

# what the official suites call valid although the text forbids it: the table of rules knows it as disputed
DISPUTED = {
    version: {name for name, rule in RULES.items() if version in rule.disputed.split()}
    for version in VERSIONS
}


def folder(version: str) -> Path:
    return CONFORMANCE / f"ome+ngff-spec@{version}"


def suites() -> list[Any]:
    cases = []
    for version in VERSIONS:
        for path in sorted((folder(version) / "tests").glob("*_suite.json")):
            for index, case in enumerate(json.loads(path.read_bytes())["tests"]):
                name = case.get("formerly") or case.get("description")
                values = (version, path.name, f"{version} {name}", case["valid"], case["data"])
                cases.append(pytest.param(*values, id=f"{version}-{path.stem}-{index}"))
    return cases


def examples() -> list[Any]:
    return [
        pytest.param(version, path, id=f"{version}-{path.parent.name}-{path.stem}")
        for version in VERSIONS
        for path in sorted((folder(version) / "examples").glob("*/[a-z]*.json"))
    ]


def validator(version: str, name: str) -> jsonschema.Draft202012Validator:
    resources: list[tuple[str, Resource[Any]]] = []
    wanted: dict[str, Any] = {}
    for path in (folder(version) / "schemas").glob("*.schema"):
        schema = {"$schema": "https://json-schema.org/draft/2020-12/schema"} | json.loads(path.read_bytes())
        resources.append((schema["$id"], Resource.from_contents(schema)))
        if path.name == name:
            wanted = schema
    return jsonschema.Draft202012Validator(wanted, registry=Registry().with_resources(resources))


SCHEMAS = {
    (version, name): validator(version, f"{name}.schema")
    for version in VERSIONS
    for name in ("image", "label", "plate", "well", "bf2raw", "ome")
}


def musts(report: Any) -> set[str]:
    return {p.rule for p in report.problems if p.severity.name == "MUST"}


@pytest.mark.parametrize(("version", "suite", "name", "valid", "data"), suites())
def test_suites(version: str, suite: str, name: str, valid: bool, data: Any) -> None:
    node, report = decode(data, zarr_format=zarr_format_of(version))
    if valid:
        assert node is not None
        assert musts(report) <= DISPUTED[version]
        assert encode(node, version) == data
    else:
        assert not report.passes("strict" if suite.startswith("strict_") else "schema")


@pytest.mark.parametrize(("version", "path"), examples())
def test_examples_of_the_text(version: str, path: Path) -> None:
    document = safe_json(path.read_bytes(), file=path.name, comments=True)
    attributes = document.get("attributes", document)
    node, report = decode(attributes, zarr_format=zarr_format_of(version))
    assert node is not None
    assert musts(report) <= DISPUTED[version]
    assert encode(node, version) == attributes


OLD = ("ome+ngff-spec@0.1", "ome+ngff@v0.2", "ome+ngff-spec@0.3")


@pytest.mark.parametrize("release", OLD)
def test_older_versions_are_told_apart(release: str) -> None:
    for path in sorted((CONFORMANCE / release / "examples").glob("*/*/*.json")):
        node, report = decode(safe_json(path.read_bytes(), file=path.name, comments=True), zarr_format=2)
        if path.parent.name == "valid" and path.name != "missing_version.json":
            assert node is not None, path
            assert report.valid, f"{path}: {report}"


# --- random models ---------------------------------------------------------------------------------------

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
NUMBERS = st.floats(1e-6, 1e6) | st.integers(1, 1000).map(float)
EXTRA = st.dictionaries(
    st.sampled_from(["@id", "vendor:x", "ключ"]), NAMES | st.integers() | st.none(), max_size=2
)
WORDS = st.from_regex(r"[A-Za-z0-9]{1,4}", fullmatch=True)


@st.composite
def axes(draw: st.DrawFn) -> tuple[Axis, ...]:
    unit = st.sampled_from(["micrometer", "nanometer", None])
    space = [Axis(n, "space", draw(unit), extra=draw(EXTRA)) for n in draw(st.sampled_from(["zyx", "yx"]))]
    other = [Axis("c", "channel"), Axis("angle", "custom"), Axis("lambda", None, None)]
    if len(space) == 3:
        other.pop()  # the schemas, unlike the text, count an axis without a type as one of space
    middle = draw(st.lists(st.sampled_from(other), max_size=1))
    time = [Axis("t", "time", draw(st.sampled_from(["second", None])))] if draw(st.booleans()) else []
    return (*time, *middle, *space)


@st.composite
def placements(draw: st.DrawFn, ndim: int) -> Transformation:
    scale = Scale(tuple(draw(st.lists(NUMBERS, min_size=ndim, max_size=ndim))))
    shift = Translation(tuple(draw(st.lists(NUMBERS, min_size=ndim, max_size=ndim))))
    return Sequence((scale, shift)) if draw(st.booleans()) else scale


@st.composite
def images(draw: st.DrawFn) -> Multiscale:
    own = draw(axes())
    paths = draw(st.lists(NAMES, min_size=1, max_size=3, unique=True))
    return Multiscale(
        name=draw(st.none() | NAMES),
        systems=(CoordinateSystem("", own),),
        datasets=tuple(Dataset(p, draw(placements(len(own))), draw(EXTRA)) for p in paths),
        transformations=tuple(draw(st.lists(placements(len(own)), max_size=1))),
        type=draw(st.none() | NAMES),
        metadata=draw(st.none() | EXTRA),
        extra=draw(EXTRA),
    )


def windows() -> st.SearchStrategy[Window]:
    return st.builds(Window, NUMBERS, NUMBERS, NUMBERS, NUMBERS, extra=EXTRA)


COLORS = st.from_regex(r"[0-9A-F]{6}", fullmatch=True)
CHANNELS = st.builds(Channel, st.none() | NAMES, COLORS, windows(), st.none() | st.booleans(), EXTRA)
RENDERINGS = st.builds(Rendering, st.lists(CHANNELS, max_size=3).map(tuple), EXTRA)
BYTES = st.integers(0, 255)
VALUES = st.integers(-(2**63), 2**63)
LABELS = st.builds(
    ImageLabel,
    st.lists(
        st.builds(LabelColor, VALUES, st.none() | st.tuples(BYTES, BYTES, BYTES, BYTES), EXTRA),
        unique_by=lambda c: c.value,
        max_size=3,
    ).map(tuple),
    st.lists(st.builds(LabelProperties, VALUES, EXTRA), unique_by=lambda p: p.value, max_size=3).map(tuple),
    st.none() | st.builds(LabelSource, st.none() | NAMES, EXTRA),
    EXTRA,
)


@st.composite
def plates(draw: st.DrawFn) -> Plate:
    rows = draw(st.lists(WORDS, min_size=1, max_size=4, unique=True))
    columns = draw(st.lists(WORDS, min_size=1, max_size=4, unique=True))
    places = st.tuples(st.integers(0, len(rows) - 1), st.integers(0, len(columns) - 1))
    wells = draw(st.lists(places, min_size=1, max_size=4, unique=True))
    count = st.none() | st.integers(1, 9)
    time = st.none() | st.integers(0, 2**40)
    run = st.builds(
        Acquisition, st.integers(0, 9), st.none() | NAMES, count, st.none() | NAMES, time, time, EXTRA
    )
    runs = st.lists(run, max_size=3, unique_by=lambda a: a.id).map(tuple)
    return Plate(
        name=draw(st.none() | NAMES),
        rows=tuple(PlateLine(n, draw(EXTRA)) for n in rows),
        columns=tuple(PlateLine(n, draw(EXTRA)) for n in columns),
        wells=tuple(PlateWell(f"{rows[r]}/{columns[c]}", r, c, draw(EXTRA)) for r, c in wells),
        acquisitions=draw(st.none() | runs),
        field_count=draw(count),
        extra=draw(EXTRA),
    )


FIELDS = st.lists(
    st.builds(WellField, WORDS, st.none() | st.integers(0, 9), EXTRA),
    min_size=1,
    max_size=3,
    unique_by=lambda f: f.path,
)
PATHS = st.lists(NAMES, max_size=3).map(tuple)
NODES = st.one_of(
    st.builds(
        lambda images, rendering, attributes: Node(
            multiscales=tuple(images), rendering=rendering, attributes=attributes
        ),
        st.lists(images(), min_size=1, max_size=2, unique_by=lambda i: i.name),
        st.none() | RENDERINGS,
        EXTRA,
    ),
    st.builds(lambda i, label: Node(multiscales=(i,), image_label=label), images(), LABELS),
    st.builds(lambda p: Node(plate=p), plates()),
    st.builds(lambda f, extra: Node(well=Well(tuple(f), extra)), FIELDS, EXTRA),
    st.builds(lambda p: Node(labels=p), PATHS),
    st.builds(lambda p: Node(collection=Collection(series=p)), PATHS),
    st.just(Node(collection=Collection(layout=3))),
)


@settings(max_examples=150, deadline=None)
@given(NODES, st.sampled_from(VERSIONS))
def test_random_models(node: Node, version: str) -> None:
    document = encode(node, version)
    read = json.loads(json.dumps(document))
    ours = read["ome"] if version == "0.5" else read
    keys = {"multiscales": "image", "image-label": "label", "plate": "plate", "well": "well",
            "bioformats2raw.layout": "bf2raw", "series": "ome"}  # fmt: skip
    for key, schema in keys.items():
        if key in ours:
            SCHEMAS[version, schema].validate(read)
    back, report = decode(read, zarr_format=zarr_format_of(version))
    assert back == node
    assert musts(report) <= {"multiscales/finest-first"}, str(report)


@settings(max_examples=50, deadline=None)
@given(NODES)
def test_there_and_back_between_versions(node: Node) -> None:
    old, _ = decode(encode(node, "0.4"), zarr_format=2)
    assert old is not None
    new, _ = decode(encode(old, "0.5"), zarr_format=3)
    assert new is not None
    assert encode(new, "0.4") == encode(node, "0.4")


def test_what_a_writer_makes_is_officially_valid() -> None:
    own = (Axis("c", "channel"), Axis("y", "space", "micrometer"), Axis("x", "space", "micrometer"))
    description = ImageDescription("a", own, (None, 0.5, 0.5), (None, 10.0, -4.0))
    levels = [LevelPlacement("0", (1, 1, 1), (0, 0, 0)), LevelPlacement("1", (1, 2, 2), (0, 0.5, 0.5))]
    image = multiscale_of(description, levels, "mean", {"by": "test"})
    for version in VERSIONS:
        document = encode(Node(multiscales=(image,)), version)
        SCHEMAS[version, "image"].validate(document)
        assert decode(document, zarr_format=zarr_format_of(version))[1].problems == []
