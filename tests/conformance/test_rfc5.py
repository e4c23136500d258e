"""The 35 example trees of RFC-5 (drafts of 0.6): every one opens, and its corners lie where JSON says.

The expected numbers are worked out here with numpy, straight from the documents. The trees hold metadata
alone: matrices and fields of positions that stand in arrays are missing, which has to be told; fields of
displacements are all fill value, which is 0.
"""

from __future__ import annotations

import json
import os
from itertools import product
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from referencing import Registry, Resource

import zarrscope
from zarrscope.errors import ArgumentError, CorruptDataError, UnsupportedError
from zarrscope.model.boxes import Box
from zarrscope.model.graph import Place
from zarrscope.node.scene import Scene
from zarrscope.spec.versions import decode, encode

HERE = Path(__file__).resolve()
SHARED = Path(os.environ.get("ZARRSCOPE_SHARED") or HERE.parents[2].parent / "shared")
TREES = SHARED / "conformance" / "jo-mueller+ngff-rfc5-coordinate-transformation-examples"
SCHEMAS = SHARED / "conformance" / "ngff-zarr-0.50.0" / "spec-0.6" / "schemas"
if not TREES.is_dir() or not SCHEMAS.is_dir():
    pytest.skip(f"no trees of RFC-5 in {TREES}: set ZARRSCOPE_SHARED", allow_module_level=True)

ALL = sorted([*TREES.glob("?d/*/*.zarr"), *TREES.glob("user_stories/*.zarr")])
IMAGES = [tree for tree in ALL if "user_stories" not in tree.parts]
SCENES = [tree for tree in ALL if "user_stories" in tree.parts]


def names(trees: list[Path]) -> list[str]:
    return ["/".join(tree.relative_to(TREES).parts) for tree in trees]


def ome(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "zarr.json").read_bytes())["attributes"]["ome"]
    return found


def shape(folder: Path) -> list[int]:
    found: list[int] = json.loads((folder / "zarr.json").read_bytes())["shape"]
    return found


class MissingError(Exception):
    """The numbers of a transformation are not in the folder."""


def image_of(step: dict[str, Any], points: Any) -> Any:
    """Return where a transformation takes points, one a row."""
    kind = step["type"]
    if kind == "identity":
        return points
    if kind == "scale":
        return points * step["scale"]
    if kind == "translation":
        return points + step["translation"]
    if kind == "mapAxis":
        return points[:, step["mapAxis"]]
    if kind in ("affine", "rotation"):
        if "path" in step:
            raise MissingError
        matrix = np.array(step[kind], float)
        if kind == "rotation":
            return points @ matrix.T
        return points @ matrix[:, :-1].T + matrix[:, -1]
    if kind == "sequence":
        for part in step["transformations"]:
            points = image_of(part, points)
        return points
    if kind == "byDimension":
        found = np.empty((len(points), sum(len(p["output_axes"]) for p in step["transformations"])))
        for part in step["transformations"]:
            inner = image_of(part["transformation"], points[:, part["input_axes"]])
            found[:, part["output_axes"]] = inner
        return found
    if kind == "bijection":
        return image_of(step["forward"], points)
    if kind == "displacements":
        return points  # all vectors are the fill value, 0
    raise MissingError


def corners(folder: Path) -> Any:
    return np.array(list(product(*((0, n - 1) for n in shape(folder)))), float)


def ends(edge: dict[str, Any]) -> tuple[tuple[str, str], tuple[str, str]]:
    both = edge["input"], edge["output"]
    return tuple((end.get("path", ""), end["name"]) for end in both)  # type: ignore[return-value]


def test_there_are_as_many_as_there_should_be() -> None:
    assert len(ALL) == 35
    assert len(SCENES) == 6


@pytest.mark.parametrize("tree", IMAGES, ids=names(IMAGES))
def test_images(tree: Path) -> None:
    said = ome(tree)["multiscales"][0]
    image = zarrscope.open(tree)
    assert isinstance(image, zarrscope.Image)
    assert {system.name for system in image.systems} == {s["name"] for s in said["coordinateSystems"]}
    assert len(image.graph.components) == 1
    for level, dataset in enumerate(said["datasets"]):
        step = dataset["coordinateTransformations"][0]
        pixels = corners(tree / dataset["path"])
        inside = image_of(step, pixels)
        assert image.multiscale.intrinsic.name == step["output"]["name"]
        placed = image.transform(level=level)
        assert np.allclose([placed.apply(point) for point in pixels], inside, rtol=0, atol=1e-9)
        for edge in said.get("coordinateTransformations", []):
            check_edge(image, level, edge, step["output"]["name"], pixels, inside)


def check_edge(
    image: Any, level: int, edge: dict[str, Any], intrinsic: str, pixels: Any, inside: Any
) -> None:
    start, end = edge["input"]["name"], edge["output"]["name"]
    if start != intrinsic:  # against the arrow, which fields do not allow
        assert edge["type"] in ("displacements", "coordinates")
        with pytest.raises(UnsupportedError, match="no inverse in closed form"):
            image.transform(start, level)
        return
    way = image.transform(end, level)
    try:
        outside = image_of(edge, inside)
    except MissingError:
        with pytest.raises((UnsupportedError, CorruptDataError), match="is missing"):
            way.apply(pixels[0])
        return
    found = np.array([way.apply(point) for point in pixels])
    assert np.allclose(found, outside, rtol=0, atol=1e-9)
    back = way.inverse()
    assert (back is None) == (edge["type"] in ("displacements", "coordinates"))
    if back is not None:
        assert np.allclose([back.apply(point) for point in found], pixels, rtol=0, atol=1e-6)
        box = way.apply_box(Box(pixels.min(axis=0), pixels.max(axis=0)))
        assert np.allclose(box, [outside.min(axis=0), outside.max(axis=0)], rtol=0, atol=1e-9)


@pytest.mark.parametrize("tree", SCENES, ids=names(SCENES))
def test_scenes(tree: Path) -> None:
    said = ome(tree)["scene"]
    scene = zarrscope.open(tree)
    assert isinstance(scene, Scene)
    assert scene.kind == "scene"
    assert len(scene.graph.components) == 1
    checked = 0
    for edge in said["coordinateTransformations"]:
        (path, name), target = ends(edge)
        image = scene.image(path)
        multiscale = ome(tree / path)["multiscales"][0]
        for dataset in multiscale["datasets"]:
            step = dataset["coordinateTransformations"][0]
            pixels = corners(tree / path / dataset["path"])
            place = image_of(step, pixels)
            if name != image.multiscale.intrinsic.name:
                (between,) = multiscale["coordinateTransformations"]
                assert between["output"]["name"] == name
                place = image_of(between, place)
            way = scene.graph.between(Place(f"{path}/{dataset['path']}", None), Place(*target))
            if tree.name == "SCAPE.zarr":  # a translation of two numbers for three axes
                with pytest.raises(ArgumentError, match="3 coordinates meets a transformation of 2"):
                    way.apply(pixels[0])
                checked += 1
                continue
            expected = image_of(edge, place)
            assert np.allclose([way.apply(point) for point in pixels], expected, rtol=0, atol=1e-6)
            checked += 1
    assert checked >= len(said["coordinateTransformations"])


def test_from_tile_to_tile() -> None:
    scene = zarrscope.open(TREES / "user_stories" / "stitched_tiles_2d.zarr")
    assert isinstance(scene, Scene)
    assert scene.paths == ("tile_0", "tile_1", "tile_2", "tile_3")
    assert [image.shape for image in scene] == [(300, 372)] * 4
    assert scene.systems[0].name == "world"
    assert scene.transform("tile_3").apply((0, 0)) == (276, 348)
    way = scene.graph.between(("tile_3/0", None), ("tile_1/0", None))
    assert way.apply((10, 20)) == (286, 20)
    told = zarrscope.info(scene)
    assert told["kind"] == "scene"
    assert told["images"] == list(scene.paths)


def test_against_a_pair_there_is_a_way_back() -> None:
    tree = TREES / "user_stories" / "image_registration_3d.zarr"
    scene = zarrscope.open(tree)
    assert isinstance(scene, Scene)
    (edge,) = ome(tree)["scene"]["coordinateTransformations"]
    way = scene.graph.between(("FCWB", "physical"), ("JRC2018F", "physical"))
    points = np.array([[10.0, 20, 30], [50, 60, 70]])
    expected = image_of(edge["inverse"], points)
    assert np.allclose([way.apply(point) for point in points], expected, rtol=0, atol=1e-9)


def validator(name: str) -> jsonschema.Draft202012Validator:
    resources: list[tuple[str, Resource[Any]]] = []
    wanted: dict[str, Any] = {}
    for path in SCHEMAS.glob("*.schema"):
        schema = json.loads(path.read_bytes())
        resources.append((schema["$id"], Resource.from_contents(schema)))
        wanted = schema if path.name == f"{name}.schema" else wanted
    return jsonschema.Draft202012Validator(wanted, registry=Registry().with_resources(resources))


OFFICIAL = {kind: validator(kind) for kind in ("image", "scene")}


@pytest.mark.parametrize("tree", ALL, ids=names(ALL))
def test_what_is_upgraded_is_officially_valid(tree: Path) -> None:
    count = 0
    for path in sorted(tree.rglob("zarr.json")):
        attributes = json.loads(path.read_bytes()).get("attributes") or {}
        kind = next((k for k in ("scene", "multiscales") if k in attributes.get("ome", {})), None)
        if kind is None:
            continue
        node, _ = decode(attributes, zarr_format=3)
        assert node is not None
        OFFICIAL["scene" if kind == "scene" else "image"].validate(encode(node, "0.6"))
        count += 1
    assert count


def test_only_what_is_known_to_be_wrong_breaks_a_rule() -> None:
    broken = {}
    for tree in ALL:
        for path in sorted(tree.rglob("zarr.json")):
            attributes = json.loads(path.read_bytes()).get("attributes") or {}
            if {"scene", "multiscales"} & attributes.get("ome", {}).keys():
                _, report = decode(attributes, zarr_format=3)
                musts = {p.rule for p in report.problems if p.severity.name == "MUST"}
                if musts:
                    broken["/".join(path.parent.relative_to(TREES).parts)] = musts
    assert broken == {}
