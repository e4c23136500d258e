"""Each sentence on the arrays of images is broken once, by hand, in a hierarchy that was sound before."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import zarrscope
from zarrscope.report import Severity

if TYPE_CHECKING:
    from conftest import Tree
    from zarrscope.check.validation import Validation
    from zarrscope.report import Problem


def only(found: Validation, rule: str) -> list[Problem]:
    """Return the problems with a rule, and make sure that nothing else fails because of the fault."""
    others = {p.rule for p in found.problems if p.severity is Severity.MUST} - {rule}
    assert not others, found
    return [p for p in found.problems if p.rule == rule]


def places(found: Validation, rule: str) -> list[tuple[str, str]]:
    return [(p.file, p.location) for p in only(found, rule)]


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize("depth", ["documents", "structure", "pixels"])
def test_what_zarrscope_writes_is_valid(tree: Tree, version: str, depth: Any) -> None:
    tree.image(version=version)
    tree.labels(version)
    found = zarrscope.validate(tree.root, depth=depth)
    assert (found.valid, found.kind, found.version) == (True, "image", version)
    assert not [p for p in found.problems if p.severity is Severity.MUST], found
    assert not [
        p for p in found.problems if p.rule.partition("/")[0] in ("levels", "labels", "files", "pixels")
    ]


def test_sharded_is_valid_too(tree: Tree) -> None:
    zarrscope.write(
        np.zeros((300, 300), "u1"), tree.root, shards={"y": 256, "x": 256}, chunks={"y": 64, "x": 64}
    )
    found = zarrscope.validate(tree.root, depth="pixels")
    assert found.valid and not [p for p in found.problems if p.rule.startswith("files/")]


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_a_level_that_is_not_there(tree: Tree, version: str) -> None:
    tree.image(version=version)
    shutil.rmtree(tree.root / "1")
    start = "zarr.json", "/attributes/ome" if version == "0.5" else ""
    file = "zarr.json" if version == "0.5" else ".zattrs"
    found = zarrscope.validate(tree.root)
    assert not found.valid
    assert places(found, "levels/exist") == [(file, f"{start[1]}/multiscales/0/datasets/1/path")]
    assert "'1'" in only(found, "levels/exist")[0].message
    assert zarrscope.validate(tree.root, depth="documents").valid


def test_a_level_that_is_a_group(tree: Tree) -> None:
    tree.image()
    shutil.rmtree(tree.root / "1")
    tree.group("1")
    assert "is a group" in only(zarrscope.validate(tree.root), "levels/exist")[0].message


def test_a_level_without_its_document_in_zarr_2(tree: Tree) -> None:
    tree.image(version="0.4")
    (tree.root / "0" / ".zarray").unlink()
    assert places(zarrscope.validate(tree.root), "levels/exist") == [
        (".zattrs", "/multiscales/0/datasets/0/path")
    ]


@pytest.mark.parametrize(
    ("member", "value", "pointer"),
    [
        ("shape", [2, -1, 5], "/shape"),
        ("shape", "large", "/shape"),
        ("chunk_grid", {"name": "regular"}, "/chunk_grid"),
        ("chunk_grid", {"name": "regular", "configuration": {"chunk_shape": [0, 1, 1]}},
         "/chunk_grid/configuration/chunk_shape"),
        ("chunk_key_encoding", {"name": "odd"}, "/chunk_key_encoding"),
        ("codecs", [], "/codecs"),
        ("data_type", 7, "/data_type"),
    ],
)  # fmt: skip
def test_a_level_whose_document_is_wrong(tree: Tree, member: str, value: Any, pointer: str) -> None:
    tree.image()
    tree.change("1/zarr.json", lambda d: d.update({member: value}))
    assert places(zarrscope.validate(tree.root), "levels/array") == [("1/zarr.json", pointer)]


@pytest.mark.parametrize("member", ["shape", "dtype", "chunks", "fill_value", "compressor"])
def test_a_member_that_is_missing_in_zarr_2(tree: Tree, member: str) -> None:
    tree.image(version="0.4")
    tree.change("1/.zarray", lambda d: d.pop(member))
    (found,) = only(zarrscope.validate(tree.root), "levels/array")
    assert (found.file, found.location) == ("1/.zarray", "") and member in found.message


def test_codecs_that_nobody_can_read_are_no_fault(tree: Tree) -> None:
    tree.image()
    codecs = [{"name": "bytes", "configuration": {"endian": "little"}}, {"name": "example.secret"}]
    for level in "01":
        tree.change(f"{level}/zarr.json", lambda d: d.update(codecs=codecs))
    found = zarrscope.validate(tree.root, depth="pixels")
    assert found.valid, found
    assert any("example.secret" in line for line in found.unchecked)


def test_too_few_axes(tree: Tree) -> None:
    tree.image()

    def cut(document: Any) -> None:
        image = document["attributes"]["ome"]["multiscales"][0]
        image["axes"] = image["axes"][1:]
        for dataset in image["datasets"]:
            for step in dataset["coordinateTransformations"]:
                step[step["type"]] = step[step["type"]][1:]

    tree.change("zarr.json", cut)
    assert places(zarrscope.validate(tree.root), "levels/dimensions") == [
        ("0/zarr.json", "/shape"), ("1/zarr.json", "/shape")
    ]  # fmt: skip


def old(
    tree: Tree, version: str, axes: list[str] | None = None, shape: tuple[int, ...] = (1, 1, 2, 70, 90)
) -> None:
    """Write an image of 0.1 to 0.3 from an array of 0.4."""
    tree.group("", version="0.4")
    image: dict[str, Any] = {"version": version, "name": "old", "datasets": [{"path": "0"}]}
    if axes:
        image["axes"] = axes
    tree.write(".zattrs", {"multiscales": [image]})
    separator = "." if version == "0.1" else "/"
    array = {
        "zarr_format": 2, "shape": shape, "chunks": shape, "dtype": "<u2", "compressor": None,
        "fill_value": 0, "order": "C", "filters": None, "dimension_separator": separator,
    }  # fmt: skip
    tree.write("0/.zarray", array)
    if axes:
        tree.write("0/.zattrs", {"_ARRAY_DIMENSIONS": axes})


@pytest.mark.parametrize(("version", "axes"), [("0.1", None), ("0.2", None), ("0.3", list("tczyx"))])
def test_old_versions(tree: Tree, version: str, axes: list[str] | None) -> None:
    old(tree, version, axes)
    found = zarrscope.validate(tree.root)
    assert found.valid and found.version == version, found
    assert not [p for p in found.problems if p.rule.startswith("levels/")]


def test_four_dimensions_in_0_2(tree: Tree) -> None:
    old(tree, "0.2", shape=(1, 2, 70, 90))
    assert places(zarrscope.validate(tree.root), "levels/five-dimensions") == [("0/.zarray", "/shape")]


@pytest.mark.parametrize("said", [None, ["z", "y", "x"]])
def test_axes_are_repeated_in_0_3(tree: Tree, said: list[str] | None) -> None:
    old(tree, "0.3", list("tczyx"))
    tree.write("0/.zattrs", {} if said is None else {"_ARRAY_DIMENSIONS": said})
    pointer = "" if said is None else "/_ARRAY_DIMENSIONS"
    assert places(zarrscope.validate(tree.root), "levels/array-dimensions") == [("0/.zattrs", pointer)]


@pytest.mark.parametrize(("version", "separator"), [("0.1", "/"), ("0.2", "."), ("0.3", ".")])
def test_separators(tree: Tree, version: str, separator: str) -> None:
    old(tree, version, list("tczyx") if version == "0.3" else None)
    tree.change("0/.zarray", lambda d: d.update(dimension_separator=separator))
    found = zarrscope.validate(tree.root)
    assert places(found, "levels/chunk-separator") == [("0/.zarray", "/dimension_separator")]
    assert found.valid and not zarrscope.validate(tree.root, verdict="strict").valid


@pytest.mark.parametrize("names", [None, ["c", "x", "y"], ["c", "y"], [None, "y", "x"]])
def test_dimension_names(tree: Tree, names: list[str] | None) -> None:
    tree.image()
    tree.change(
        "1/zarr.json", lambda d: d.pop("dimension_names") and names and d.update(dimension_names=names)
    )
    (found,) = only(zarrscope.validate(tree.root), "levels/dimension-names")
    assert (found.file, found.location) == ("1/zarr.json", "/dimension_names" if names else "")
    assert '"dimension_names": ["z", "y", "x"]' in found.hint


def test_one_dtype(tree: Tree) -> None:
    tree.image()
    tree.change("1/zarr.json", lambda d: d.update(data_type="float32"))
    found = zarrscope.validate(tree.root)
    assert places(found, "levels/one-dtype") == [("1/zarr.json", "/data_type")]
    assert found.valid and not zarrscope.validate(tree.root, verdict="strict").valid


def test_byte_order_is_no_other_dtype(tree: Tree) -> None:
    tree.image(version="0.4")
    tree.change("1/.zarray", lambda d: d.update(dtype=">u2"))
    assert not only(zarrscope.validate(tree.root), "levels/one-dtype")


def test_coarser_before_finer(tree: Tree) -> None:
    tree.image()

    def swap(document: Any) -> None:
        datasets = document["attributes"]["ome"]["multiscales"][0]["datasets"]
        datasets[0]["path"], datasets[1]["path"] = datasets[1]["path"], datasets[0]["path"]

    tree.change("zarr.json", swap)
    start = "/attributes/ome/multiscales/0/datasets/1"
    assert places(zarrscope.validate(tree.root), "levels/finest-first") == [("zarr.json", f"{start}/path")]


def scale(tree: Tree, level: int, value: list[float]) -> None:
    def change(document: Any) -> None:
        steps = document["attributes"]["ome"]["multiscales"][0]["datasets"][level][
            "coordinateTransformations"
        ]
        steps[0]["scale"] = value

    tree.change("zarr.json", change)


def test_a_scale_that_contradicts_the_shape(tree: Tree) -> None:
    tree.image()
    scale(tree, 1, [1.0, 2.0, 1.0])  # a quarter as high is stated, half as high it is
    found = zarrscope.validate(tree.root)
    (wrong,) = only(found, "levels/scale-fits-shape")
    assert wrong.location == "/attributes/ome/multiscales/0/datasets/1/coordinateTransformations"
    assert "35 pixels along y" in wrong.message and "fits 17.5" in wrong.message
    assert wrong.severity is Severity.SHOULD


@pytest.mark.parametrize("size", [64, 65, 66, 67, 1023])
@pytest.mark.parametrize("rounded", [np.floor, np.ceil])
def test_rounding_of_sizes_is_no_contradiction(tree: Tree, size: int, rounded: Any) -> None:
    tree.image(levels=1, shape=(2, 64, 64))
    document = tree.read("zarr.json")
    array = tree.read("0/zarr.json")
    image = document["attributes"]["ome"]["multiscales"][0]
    image["datasets"], height = [], size
    for level in range(6):
        step = {"type": "scale", "scale": [1.0, round(0.3225 * 2**level, 3), 0.3225 * 2**level]}
        image["datasets"].append({"path": str(level), "coordinateTransformations": [step]})
        tree.write(f"{level}/zarr.json", {**array, "shape": [2, height, 2048 >> level]})
        height = int(rounded(height / 2))
    tree.write("zarr.json", document)
    assert not only(zarrscope.validate(tree.root), "levels/scale-fits-shape")


def test_a_path_that_leads_out(tree: Tree) -> None:
    tree.image()
    tree.change(
        "zarr.json", lambda d: d["attributes"]["ome"]["multiscales"][0]["datasets"][1].update(path="../../1")
    )
    start = "/attributes/ome/multiscales/0/datasets/1"
    found = zarrscope.validate(tree.root)
    assert places(found, "hierarchy/path") == [("zarr.json", f"{start}/path")]


def test_zarr_2_below_zarr_3(tree: Tree) -> None:
    tree.image()
    shutil.rmtree(tree.root / "1")
    old(tree, "0.2", shape=(2, 35, 45))  # writes .zgroup, .zattrs and 0/.zarray too
    (tree.root / "0" / ".zarray").rename(tree.root / ".zarray-of-1")
    for name in (".zgroup", ".zattrs"):
        (tree.root / name).unlink()
    (tree.root / "1").mkdir()
    (tree.root / ".zarray-of-1").rename(tree.root / "1" / ".zarray")
    found = zarrscope.validate(tree.root)
    assert places(found, "hierarchy/one-zarr-format") == [("1/.zarray", "")]


# --- 0.6 ---------------------------------------------------------------------------------------------


def test_what_zarrscope_writes_of_0_6_is_valid(tree: Tree) -> None:
    tree.image(version="0.6")
    found = zarrscope.validate(tree.root, depth="pixels")
    assert (found.valid, found.version, found.kind) == (True, "0.6", "image"), found


def test_one_dtype_in_0_6(tree: Tree) -> None:
    tree.image(version="0.6")
    tree.change("1/zarr.json", lambda d: d.update(data_type="float32"))
    assert places(zarrscope.validate(tree.root), "levels/same-dtype") == [("1/zarr.json", "/data_type")]


def test_names_of_dimensions_are_no_must_in_0_6(tree: Tree) -> None:
    tree.image(version="0.6")
    tree.change("1/zarr.json", lambda d: d.pop("dimension_names"))
    assert not only(zarrscope.validate(tree.root), "levels/dimension-names")
    tree.change("1/zarr.json", lambda d: d.update(dimension_names=["c", "y", "x"]))
    found = zarrscope.validate(tree.root, verdict="strict")
    assert [p.severity for p in found.problems if p.rule == "levels/dimension-names"] == [Severity.NOTE]


def affine(document: Any) -> None:
    image = document["attributes"]["ome"]["multiscales"][0]
    axes = image["coordinateSystems"][0]["axes"]
    image["coordinateSystems"].append({"name": "world", "axes": axes})
    ends = {"input": {"name": image["coordinateSystems"][0]["name"]}, "output": {"name": "world"}}
    image["coordinateTransformations"] = [{"type": "affine", "path": "matrix", **ends}]


def test_parameters_of_a_transformation(tree: Tree) -> None:
    tree.image(version="0.6")
    tree.change("zarr.json", affine)
    place = ("zarr.json", "/attributes/ome/multiscales/0/coordinateTransformations/0/path")
    assert places(zarrscope.validate(tree.root), "transformations/parameters-exist") == [place]
    zarr = pytest.importorskip("zarr")
    zarr.save_array(str(tree.root / "matrix"), np.eye(3, 4), zarr_format=3)
    assert not only(zarrscope.validate(tree.root), "transformations/parameters-exist")


def test_members_of_a_scene(tree: Tree) -> None:
    axes = [{"name": name, "type": "space", "unit": "micrometer"} for name in "zyx"]
    step = {
        "type": "translation", "translation": [0, 0, 5], "input": {"path": "a", "name": "physical"},
        "output": {"name": "world"},
    }  # fmt: skip
    scene = {"coordinateSystems": [{"name": "world", "axes": axes}], "coordinateTransformations": [step]}
    attributes = {"ome": {"version": "0.6", "scene": scene}}
    tree.write("zarr.json", {"zarr_format": 3, "node_type": "group", "attributes": attributes})
    place = ("zarr.json", "/attributes/ome/scene/coordinateTransformations/0/input/path")
    assert places(zarrscope.validate(tree.root), "scene/members-exist") == [place]
    tree.image("a", version="0.6")
    found = zarrscope.validate(tree.root)
    assert "a/0/zarr.json" in found.files and not [
        p for p in found.problems if p.rule == "scene/members-exist"
    ]


def test_a_document_without_a_version_has_that_of_its_hierarchy(tree: Tree) -> None:
    tree.image(version="0.4")
    tree.labels("0.4")

    def strip(document: Any) -> None:
        document["image-label"].pop("version")
        image = document["multiscales"][0]
        for key in ("version", "axes", "coordinateTransformations"):
            image.pop(key, None)
        for dataset in image["datasets"]:
            del dataset["coordinateTransformations"]

    tree.change("labels/cells/.zattrs", strip)  # by its form alone this would be 0.1, and sound
    rules = {p.rule for p in zarrscope.validate(tree.root).problems if p.severity is Severity.MUST}
    assert "axes/list" in rules, rules
    alone = zarrscope.validate(tree.root / "labels" / "cells")
    assert alone.version == "0.1"
