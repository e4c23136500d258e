"""Label images, plates, collections: each sentence is broken once in a hierarchy that was sound before."""

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

OURS = "/attributes/ome"


def wrong(found: Validation) -> set[tuple[str, str, str]]:
    """Return rule, file and place of all that breaks a MUST."""
    return {(p.rule, p.file, p.location) for p in found.problems if p.severity is Severity.MUST}


def advice(found: Validation, rule: str) -> list[tuple[str, str]]:
    assert not wrong(found), found
    return [(p.file, p.location) for p in found.problems if p.rule == rule]


def ome(change: Any) -> Any:
    return lambda document: change(document["attributes"]["ome"])


# --- label images ------------------------------------------------------------------------------------


@pytest.fixture
def labelled(tree: Tree) -> Tree:
    tree.image()
    tree.labels()
    return tree


def test_a_label_image_that_is_not_there(labelled: Tree) -> None:
    labelled.change("labels/zarr.json", ome(lambda o: o["labels"].append("nuclei")))
    expected = ("labels/exist", "labels/zarr.json", f"{OURS}/labels/1")
    assert wrong(zarrscope.validate(labelled.root)) == {expected}


def test_a_label_image_that_is_an_array(labelled: Tree) -> None:
    labelled.change("labels/zarr.json", ome(lambda o: o["labels"].append("cells/0")))
    assert ("labels/exist", "labels/zarr.json", f"{OURS}/labels/1") in wrong(
        zarrscope.validate(labelled.root)
    )


def test_a_label_image_without_multiscales(labelled: Tree) -> None:
    labelled.change("labels/cells/zarr.json", ome(lambda o: o.pop("multiscales")))
    expected = ("labels/exist", "labels/cells/zarr.json", OURS)
    assert wrong(zarrscope.validate(labelled.root)) == {expected}


def test_a_label_image_that_nobody_lists(labelled: Tree) -> None:
    labelled.change("labels/zarr.json", ome(lambda o: o.update(labels=[])))
    found = zarrscope.validate(labelled.root)
    assert ("labels/zarr.json", f"{OURS}/labels") in [
        (p.file, p.location) for p in found.problems if p.rule == "labels/all-listed"
    ]


def test_a_labels_group_without_a_list(labelled: Tree) -> None:
    labelled.group("labels", {})
    found = zarrscope.validate(labelled.root)
    assert wrong(found) == {("labels/listed", "labels/zarr.json", OURS)}
    assert any(p.rule == "labels/all-listed" for p in found.problems)


def test_labels_without_any_document(labelled: Tree) -> None:
    (labelled.root / "labels" / "zarr.json").unlink()
    assert advice(zarrscope.validate(labelled.root), "labels/all-listed") == [("zarr.json", "")]


def test_groups_between(labelled: Tree) -> None:
    (labelled.root / "labels" / "deep").mkdir()
    shutil.move(labelled.root / "labels" / "cells", labelled.root / "labels" / "deep" / "cells")
    labelled.change("labels/zarr.json", ome(lambda o: o.update(labels=["deep/cells"])))
    labelled.change(
        "labels/deep/cells/zarr.json", ome(lambda o: o["image-label"].update(source={"image": "../../../"}))
    )
    labelled.group("labels/deep")
    assert wrong(zarrscope.validate(labelled.root)) == set()
    labelled.group("labels/deep", {"labels": []})
    expected = ("labels/bare-groups", "labels/deep/zarr.json", OURS)
    assert wrong(zarrscope.validate(labelled.root)) == {expected}


@pytest.mark.parametrize("dtype", ["float32", "bool"])
def test_labels_are_integers(labelled: Tree, dtype: str) -> None:
    for level in "01":
        labelled.change(f"labels/cells/{level}/zarr.json", lambda d: d.update(data_type=dtype))
    assert wrong(zarrscope.validate(labelled.root)) == {
        ("labels/integer", f"labels/cells/{level}/zarr.json", "/data_type") for level in "01"
    }


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_labels_have_as_many_levels(tree: Tree, version: str) -> None:
    tree.image(version=version)
    tree.labels(version, levels=1)
    file = "zarr.json" if version == "0.5" else ".zattrs"
    start = OURS if version == "0.5" else ""
    expected = ("labels/level-count", f"labels/cells/{file}", f"{start}/multiscales/0/datasets")
    assert wrong(zarrscope.validate(tree.root)) == {expected}


def test_labels_are_as_large_as_the_image(labelled: Tree) -> None:
    labelled.change("labels/cells/0/zarr.json", lambda d: d.update(shape=[2, 60, 90]))
    found = zarrscope.validate(labelled.root)
    assert advice(found, "labels/shape") == [("labels/cells/0/zarr.json", "/shape")]


def test_labels_may_lack_an_axis_or_have_one_of_one(tree: Tree) -> None:
    pixels = np.ones((1, 2, 70, 90), "u2")
    tree.image(pixels=np.concatenate([pixels, pixels]))
    tree.labels()
    assert advice(zarrscope.validate(tree.root), "labels/shape") == []
    tree.image("labels/cells", pixels=pixels.astype("u4"), downsample="mode")
    assert advice(zarrscope.validate(tree.root), "labels/shape") == []


def test_the_source_of_labels(labelled: Tree) -> None:
    labelled.change(
        "labels/cells/zarr.json", ome(lambda o: o["image-label"].update(source={"image": "../x"}))
    )
    found = zarrscope.validate(labelled.root)
    place = ("labels/cells/zarr.json", f"{OURS}/image-label/source/image")
    assert advice(found, "labels/source") == [place]


@pytest.mark.parametrize(("version", "grave"), [("0.4", True), ("0.5", False)])
def test_what_marks_a_label_image(tree: Tree, version: str, grave: bool) -> None:
    tree.image(version=version)
    tree.labels(version)
    if version == "0.4":
        tree.change("labels/cells/.zattrs", lambda d: d.pop("image-label"))
    else:
        tree.change("labels/cells/zarr.json", ome(lambda o: o.pop("image-label")))
    found = zarrscope.validate(tree.root)
    if grave:
        assert wrong(found) == {("labels/marked", "labels/cells/.zattrs", "")}
    else:
        assert advice(found, "labels/marked-too") == [("labels/cells/zarr.json", OURS)]


# --- plates ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize("depth", ["documents", "structure", "pixels"])
def test_a_sound_plate(tree: Tree, version: str, depth: Any) -> None:
    tree.plate(version)
    found = zarrscope.validate(tree.root, depth=depth)
    assert found.valid and found.kind == "plate", found
    assert len(found.files) == (1 + 2 + 2 + 3) + (0 if depth == "documents" else 6)
    assert not [p for p in found.problems if p.rule.partition("/")[0] in ("plate", "well", "files", "levels")]


def test_a_well_that_is_not_there(tree: Tree) -> None:
    tree.plate()
    shutil.rmtree(tree.root / "B" / "2")
    expected = ("plate/wells-exist", "zarr.json", f"{OURS}/plate/wells/1/path")
    assert wrong(zarrscope.validate(tree.root)) == {expected}
    assert zarrscope.validate(tree.root, depth="documents").valid


def test_a_well_that_is_no_well(tree: Tree) -> None:
    tree.plate()
    tree.group("B/2")
    assert wrong(zarrscope.validate(tree.root)) == {("plate/wells-exist", "B/2/zarr.json", "")}


def test_a_well_that_is_an_array(tree: Tree) -> None:
    tree.plate()
    (tree.root / "B" / "2" / "zarr.json").write_bytes((tree.root / "A/1/0/0/zarr.json").read_bytes())
    expected = ("plate/wells-exist", "zarr.json", f"{OURS}/plate/wells/1/path")
    assert wrong(zarrscope.validate(tree.root)) == {expected}


@pytest.mark.parametrize(("version", "file", "start"), [("0.4", ".zattrs", ""), ("0.5", "zarr.json", OURS)])
def test_a_row_without_a_group(tree: Tree, version: str, file: str, start: str) -> None:
    tree.plate(version)
    for name in ("zarr.json", ".zgroup", ".zattrs"):
        (tree.root / "A" / name).unlink(missing_ok=True)
    found = zarrscope.validate(tree.root)
    assert advice(found, "plate/row-groups") == [(file, f"{start}/plate/wells/0/path")]


def test_a_field_that_is_not_there(tree: Tree) -> None:
    tree.plate()
    shutil.rmtree(tree.root / "A" / "1" / "1")
    expected = ("well/fields-exist", "A/1/zarr.json", f"{OURS}/well/images/1/path")
    assert wrong(zarrscope.validate(tree.root)) == {expected}


def test_a_field_that_is_no_image(tree: Tree) -> None:
    tree.plate()
    tree.group("A/1/1", {"labels": []})
    assert wrong(zarrscope.validate(tree.root)) == {("well/fields-exist", "A/1/1/zarr.json", OURS)}


def test_a_field_names_its_acquisition(tree: Tree) -> None:
    tree.plate()
    tree.change("A/1/zarr.json", ome(lambda o: o["well"]["images"][1].pop("acquisition")))
    expected = ("well/acquisition-given", "A/1/zarr.json", f"{OURS}/well/images/1")
    assert wrong(zarrscope.validate(tree.root)) == {expected}


def test_an_acquisition_that_the_plate_does_not_have(tree: Tree) -> None:
    tree.plate()
    tree.change("A/1/zarr.json", ome(lambda o: o["well"]["images"][1].update(acquisition=7)))
    expected = ("well/acquisition-known", "A/1/zarr.json", f"{OURS}/well/images/1/acquisition")
    assert wrong(zarrscope.validate(tree.root)) == {expected}


def test_more_fields_than_announced(tree: Tree) -> None:
    tree.plate()
    tree.change("zarr.json", ome(lambda o: o["plate"].update(field_count=1)))
    found = zarrscope.validate(tree.root)
    assert advice(found, "plate/field-count-fits") == [("zarr.json", f"{OURS}/plate/field_count")]


def test_one_version_in_a_hierarchy(tree: Tree) -> None:
    tree.plate()
    tree.change("B/2/0/zarr.json", ome(lambda o: o.update(version="0.6")))
    assert ("hierarchy/one-version", "B/2/0/zarr.json", f"{OURS}/version") in wrong(
        zarrscope.validate(tree.root)
    )


# --- collections -------------------------------------------------------------------------------------


def test_a_sound_collection(tree: Tree) -> None:
    tree.collection()
    found = zarrscope.validate(tree.root, depth="pixels")
    assert found.valid and found.kind == "collection", found
    assert not [p for p in found.problems if p.rule.partition("/")[0] in ("bf2raw", "files")]


def test_what_zarrscope_converts_to_a_collection(tmp_path: Any) -> None:
    import tifffile

    (tmp_path / "in").mkdir()
    for position in range(2):
        for z in range(3):
            tifffile.imwrite(tmp_path / f"in/pos{position}_z{z}.tif", np.full((64, 96), z, "u2"))
    for version in ("0.4", "0.5"):
        options = zarrscope.ConvertOptions(version=version)
        zarrscope.convert(tmp_path / "in", tmp_path / f"{version}.zarr", options)
        found = zarrscope.validate(tmp_path / f"{version}.zarr", depth="pixels")
        assert found.valid and found.kind == "collection", found


def test_a_series_that_is_not_there(tree: Tree) -> None:
    tree.collection()
    shutil.rmtree(tree.root / "1")
    expected = ("bf2raw/series-exist", "OME/zarr.json", f"{OURS}/series/1")
    assert wrong(zarrscope.validate(tree.root)) == {expected}


def test_series_that_nobody_lists_are_counted(tree: Tree) -> None:
    tree.collection()
    tree.group("OME", {})
    found = zarrscope.validate(tree.root)
    assert found.valid and {"0/zarr.json", "1/zarr.json", "0/0/zarr.json"} <= set(found.files)
    tree.change("1/zarr.json", ome(lambda o: o["multiscales"][0]["datasets"][1].update(path="9")))
    expected = ("levels/exist", "1/zarr.json", f"{OURS}/multiscales/0/datasets/1/path")
    assert wrong(zarrscope.validate(tree.root)) == {expected}


def test_no_ome_xml(tree: Tree) -> None:
    tree.collection()
    (tree.root / "OME/METADATA.ome.xml").unlink()
    place = ("zarr.json", f"{OURS}/bioformats2raw.layout")
    assert advice(zarrscope.validate(tree.root), "bf2raw/ome-xml") == [place]


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("<OME ", "<OME <", "bf2raw/xml"),
        ("<OME xmlns", "<!DOCTYPE x [<!ENTITY a 'b'>]><OME xmlns", "bf2raw/xml"),
        ("OME", "EMO", "bf2raw/xml"),
        ("<MetadataOnly/>", "<TiffData/>", "bf2raw/metadata-only"),
        ("<MetadataOnly/>", "<BinData/>", "bf2raw/metadata-only"),
        ("</OME>", "<Image ID='Image:2'/></OME>", "bf2raw/series-order"),
    ],
)
def test_ome_xml(tree: Tree, old: str, new: str, rule: str) -> None:
    tree.collection()
    key = "OME/METADATA.ome.xml"
    tree.write(key, (tree.root / key).read_text().replace(old, new))
    assert wrong(zarrscope.validate(tree.root)) == {(rule, key, "")}


def test_acquisitions_that_the_plate_does_not_list(tree: Tree) -> None:
    tree.plate()
    tree.change("zarr.json", ome(lambda o: o["plate"].pop("acquisitions")))
    found = zarrscope.validate(tree.root)
    assert wrong(found) == set()
    assert advice(found, "well/acquisition-unlisted")


def test_the_source_of_labels_whose_group_is_judged_alone(labelled: Tree) -> None:
    found = zarrscope.validate(labelled.root / "labels")
    assert found.valid
    assert advice(found, "labels/source") == []
