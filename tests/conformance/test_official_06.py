"""The official documents of 0.6: what is valid comes back as it went in, and what we write is valid."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from referencing import Registry, Resource

from zarrscope.documents import safe_json
from zarrscope.model.axes import Axis, CoordinateSystem, Orientation
from zarrscope.model.dimensions import ByDimension, DimensionItem, MapAxis, ProjectAxis
from zarrscope.model.fields import Bijection, Coordinates, Displacements
from zarrscope.model.matrices import Affine, Rotation
from zarrscope.model.multiscales import Dataset, Multiscale
from zarrscope.model.node import Node
from zarrscope.model.orientation import VALUES
from zarrscope.model.scene import Scene
from zarrscope.model.transforms import (
    Identity,
    Scale,
    Sequence,
    SystemReference,
    Transformation,
    Translation,
)
from zarrscope.spec.dialects import migrated
from zarrscope.spec.versions import decode, encode

HERE = Path(__file__).resolve()
SHARED = Path(os.environ.get("ZARRSCOPE_SHARED") or HERE.parents[2].parent / "shared")
OFFICIAL = SHARED / "conformance" / "ome+ngff-spec@main-0.6rc0"
SCHEMAS = SHARED / "conformance" / "ngff-zarr-0.50.0"
if not OFFICIAL.is_dir() or not SCHEMAS.is_dir():
    pytest.skip(f"no official documents in {OFFICIAL}: set ZARRSCOPE_SHARED", allow_module_level=True)

# examples of the text that the text itself forbids, or that are no document
NO_EXAMPLES = {
    "bijection_verbose.json": "one transformation, which is no document",
    "multiscales.json": "'ome' is a string",
    "mapAxis1.json": "one input and output are strings",
    "byDimensionXarray.json": "parts of byDimension without 'transformation'",
}


def documents(*patterns: str) -> list[Any]:
    found = []
    for pattern in patterns:
        for path in sorted(OFFICIAL.glob(pattern)):
            if not path.name.startswith("."):
                found.append(pytest.param(path, id="/".join(path.relative_to(OFFICIAL).parts)))
    return found


def attributes_of(path: Path) -> dict[str, Any]:
    document = safe_json(path.read_bytes(), file=path.name, comments=True)
    found: dict[str, Any] = document.get("attributes", document)
    return found if "ome" in found else {"ome": {"version": "0.6rc0"} | found}


def final(attributes: dict[str, Any]) -> dict[str, Any]:
    """Return the attributes with the name of the version that was published."""
    return attributes | {"ome": attributes["ome"] | {"version": "0.6"}}


@pytest.mark.parametrize("path", documents("tests/attributes/*/valid/**/*.json", "examples/**/*.json"))
def test_what_is_valid_comes_back(path: Path) -> None:
    if path.name in NO_EXAMPLES:
        return
    attributes = attributes_of(path)
    node, _ = decode(attributes, zarr_format=3)
    assert node is not None
    assert migrated(attributes, 3) is None
    assert encode(node, "0.6") == final(attributes)
    assert encode(node, "0.9") == attributes | {"ome": attributes["ome"] | {"version": "0.9.dev1"}}


# valid documents that break the text of their own version
ERRATA = {
    "image/mismatch_axes_units.json": {"transformations/vector-length"},
    "image/multiscales_transform_additional_transforms.json": {"transformations/output-dimensions"},
    "transforms/projectAxis.json": {"systems/same-dimensions"},
    "image/image_omero.json": {
        "transformations/declared",
        "transformations/intrinsic-side",
        "systems/connected",
    },
    "image/multiscales_example.json": {"transformations/dataset-input"},
    "displacements/displacement_field.json": {"transformations/vector-length"},
    "transformations/sequenceSubspace1.json": {"transformations/vector-length"},
    "transformations/byDimensionInvalid1.json": {
        "transformations/by-dimension-range",
        "transformations/by-dimension-cover",
    },
    "transformations/byDimensionInvalid2.json": {"transformations/by-dimension-cover"},
}


@pytest.mark.parametrize("path", documents("tests/attributes/*/valid/**/*.json", "examples/**/*.json"))
def test_what_is_valid_breaks_no_rule_on_transformations(path: Path) -> None:
    if path.name in NO_EXAMPLES:
        return
    attributes = attributes_of(path)
    alone = "coordinateTransformations" in attributes["ome"]
    _, report = decode(attributes, zarr_format=3, kind="transformation" if alone else None)
    broken = {p.rule for p in report.problems if p.severity.name == "MUST"}
    ours = {name for name in broken if name.split("/")[0] in ("transformations", "systems")}
    assert ours == ERRATA.get(f"{path.parent.name}/{path.name}", set())


@pytest.mark.parametrize("path", documents("tests/zarr/*/valid/**/zarr.json"))
def test_trees_whose_transformations_are_strings_are_read_as_well(path: Path) -> None:
    attributes = attributes_of(path)
    node, _ = decode(attributes, zarr_format=3)
    assert node is not None
    mended = _with_objects(attributes)
    assert encode(node, "0.6") == final(mended)
    dialect = migrated(attributes, 3)
    assert (dialect is None) == (mended == attributes)
    if dialect is not None:
        assert dialect.name == "0.6.dev3"
        assert "strings" in dialect.notes[0]


def _with_objects(attributes: dict[str, Any]) -> dict[str, Any]:
    """Mend what these trees have wrong, with other means than the code under test."""
    ome = json.loads(json.dumps(attributes["ome"]))
    for image in ome.get("multiscales", []):
        for dataset in image["datasets"]:
            for step in dataset["coordinateTransformations"]:
                step["input"] = {"path": step["input"]} if isinstance(step["input"], str) else step["input"]
                step["output"] = (
                    {"name": step["output"]} if isinstance(step["output"], str) else step["output"]
                )
        for step in image.get("coordinateTransformations", []):
            for end in ("input", "output"):
                step[end] = {"name": step[end]} if isinstance(step[end], str) else step[end]
    return attributes | {"ome": ome}


# --- random models ---------------------------------------------------------------------------------------

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=8)
NUMBERS = st.floats(-1e6, 1e6)
FACTORS = st.floats(1e-6, 1e6)
EXTRA = st.dictionaries(st.sampled_from(["@id", "vendor:x", "ключ"]), NAMES | st.none(), max_size=1)
END = st.builds(SystemReference, NAMES, st.none() | NAMES)


def tuples(elements: st.SearchStrategy[Any], count: int) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(elements, min_size=count, max_size=count).map(tuple)


def turn(ndim: int, seed: int) -> tuple[tuple[float, ...], ...]:
    q, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(ndim, ndim)))
    q[0] *= np.sign(np.linalg.det(q))
    return tuple(tuple(map(float, row)) for row in q)


def kinds(ndim: int, depth: int = 2) -> st.SearchStrategy[Transformation]:
    more: dict[str, Any] = {"name": st.none() | NAMES, "extra": EXTRA}
    way = st.sampled_from([None, "nearest", "linear"])
    found: list[st.SearchStrategy[Transformation]] = [
        st.builds(Identity, **more),
        st.builds(Scale, tuples(FACTORS, ndim), **more),
        st.builds(Translation, tuples(NUMBERS, ndim), **more),
        st.builds(MapAxis, st.permutations(range(ndim)).map(tuple), **more),
        st.builds(ProjectAxis, st.just((1,)), st.sampled_from([(), (0,), (0, 2)]), **more),
        st.builds(Affine, tuples(tuples(NUMBERS, ndim + 1), ndim), **more),
        st.builds(Affine, st.none(), NAMES, **more),
        st.builds(Rotation, st.integers(0, 9).map(lambda seed: turn(ndim, seed)), **more),
        st.builds(Rotation, st.none(), NAMES, **more),
        st.builds(Displacements, NAMES, way, **more),
        st.builds(Coordinates, NAMES, way, **more),
    ]
    if depth:
        inner = kinds(ndim, depth - 1)
        places = st.permutations(range(ndim)).map(tuple)
        item = st.builds(DimensionItem, places, places, inner, EXTRA)
        found += [
            st.builds(Sequence, st.lists(inner, min_size=1, max_size=3).map(tuple), **more),
            st.builds(Bijection, inner, inner, **more),
            st.builds(ByDimension, tuples(item, 1), **more),
        ]
    return st.one_of(found)


@st.composite
def systems(draw: st.DrawFn, names: list[str], *, body: bool) -> tuple[CoordinateSystem, ...]:
    found = []
    for name in names:
        run = draw(st.none() | st.sampled_from(VALUES).map(lambda v: Orientation("anatomical", v)))
        first = Axis("y", "space", "micrometer", draw(st.none() | st.booleans()), draw(st.none() | NAMES))
        if body and run:
            first = Axis("y", "space", orientation=run)
        found.append(CoordinateSystem(name, (first, Axis("x", "space", extra=draw(EXTRA))), draw(EXTRA)))
    return tuple(found)


@st.composite
def images(draw: st.DrawFn, *, body: bool = False) -> Node:
    names = draw(st.lists(NAMES, min_size=1, max_size=3, unique=True))
    paths = draw(st.lists(NAMES, min_size=1, max_size=3, unique=True))

    def place(path: str) -> Dataset:
        both = (Scale(draw(tuples(FACTORS, 2))), Translation(draw(tuples(NUMBERS, 2))))
        step = draw(st.sampled_from([Identity(), both[0], Sequence(both)]))
        ends = {"input": SystemReference(path=path), "output": SystemReference(names[0])}
        values = {f: getattr(step, f) for f in ("scale", "transformations") if hasattr(step, f)}
        return Dataset(path, type(step)(**values, **ends), draw(EXTRA))

    edges = draw(st.lists(kinds(2), max_size=3))
    return Node(
        multiscales=(
            Multiscale(
                draw(st.none() | NAMES),
                draw(systems(names, body=body)),
                tuple(map(place, paths)),
                tuple(_between(edge, draw(END), draw(END)) for edge in edges),
                type=draw(st.none() | NAMES),
                extra=draw(EXTRA),
            ),
        ),
        attributes=draw(EXTRA),
    )


@st.composite
def scenes(draw: st.DrawFn) -> Node:
    names = draw(st.lists(NAMES, max_size=2, unique=True))
    edges = draw(st.lists(kinds(2), min_size=1, max_size=3))
    own = draw(systems(names, body=False)) if names else draw(st.sampled_from([None, ()]))
    return Node(scene=Scene(tuple(_between(e, draw(END), draw(END)) for e in edges), own, draw(EXTRA)))


def _between(step: Transformation, source: SystemReference, target: SystemReference) -> Transformation:
    values = {f: getattr(step, f) for f in step.__dataclass_fields__}
    return type(step)(**values | {"input": source, "output": target})


def validator(version: str, name: str) -> jsonschema.Draft202012Validator:
    resources: list[tuple[str, Resource[Any]]] = []
    wanted: dict[str, Any] = {}
    for path in (SCHEMAS / f"spec-{version}" / "schemas").glob("*.schema"):
        schema = json.loads(path.read_bytes())
        resources.append((schema["$id"], Resource.from_contents(schema)))
        if path.name == f"{name}.schema":
            wanted = schema
    return jsonschema.Draft202012Validator(wanted, registry=Registry().with_resources(resources))


IMAGE, SCENE = validator("0.6", "image"), validator("0.6", "scene")
IMAGE_09 = validator("0.9.dev1", "image")


@settings(max_examples=150, deadline=None)
@given(images() | scenes())
def test_random_models(node: Node) -> None:
    read = json.loads(json.dumps(encode(node, "0.6")))
    (SCENE if node.scene else IMAGE).validate(read)
    assert decode(read, zarr_format=3)[0] == node


@settings(max_examples=50, deadline=None)
@given(images(body=True))
def test_random_models_of_the_draft_after_it(node: Node) -> None:
    read = json.loads(json.dumps(encode(node, "0.9")))
    IMAGE_09.validate(read)
    assert decode(read, zarr_format=3)[0] == node
