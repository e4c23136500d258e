"""Mending: what the documents tell is written, nothing else; pixels stay; a failure leaves the old state."""

from __future__ import annotations

import hashlib
import json
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import zarr

import zarrscope
from zarrscope.check.fix import MENDED, fix, plan_fix
from zarrscope.errors import AccessError, ConflictError, NotFoundError, StoreError
from zarrscope.spec.rules import RULES
from zarrscope.store.local import LocalStore
from zarrscope.store.memory import MemoryStore
from zarrscope.types import Region

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from conftest import Tree
    from zarrscope.store.contracts import Buffer

DOCUMENTS = ("zarr.json", ".zattrs", ".zgroup", ".zarray", ".zmetadata")


def hashes(root: Path) -> dict[str, str]:
    """Return the checksums of all files but those of our own folder."""
    found = {p.relative_to(root).as_posix(): p for p in sorted(root.rglob("*")) if p.is_file()}
    return {
        key: hashlib.sha256(path.read_bytes()).hexdigest()
        for key, path in found.items()
        if not key.startswith(".zarrscope/")
    }


def broken(root: Any) -> list[str]:
    """Return the rules that a target breaks, advice included."""
    return sorted({p.rule for p in zarrscope.validate(root).problems})


def mended(tree: Tree) -> list[str]:
    """Mend a hierarchy, make sure that only documents changed and that nothing is left, return the edits."""
    before = hashes(tree.root)
    told = [f"{edit.file} {edit}" for edit in fix(tree.root)]
    after = hashes(tree.root)
    changed = {key for key in {*before, *after} if before.get(key) != after.get(key)}
    assert changed and all(key.rpartition("/")[2] in DOCUMENTS for key in changed)
    for key in changed & before.keys():
        kept = (tree.root / ".zarrscope/fix-1" / key).read_bytes()
        assert hashlib.sha256(kept).hexdigest() == before[key]
    assert fix(tree.root) == []
    assert hashes(tree.root) == after
    return told


def ours(version: str, change: Callable[[Any], Any]) -> Callable[[Any], None]:
    def inner(document: Any) -> None:
        change(document["attributes"]["ome"] if version == "0.5" else document)

    return inner


def root_of(version: str) -> str:
    return "zarr.json" if version == "0.5" else ".zattrs"


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize(
    ("word", "name"),
    [("micron", "micrometer"), ("um", "micrometer"), ("µm", "micrometer"), ("mm", "millimeter")],
)
def test_spelling_of_units(tree: Tree, version: str, word: str, name: str) -> None:
    tree.image(version=version)
    whole = Region((0, 0, 0), (2, 70, 90))
    sound = zarrscope.open(tree.root).levels[0].read(whole)
    tree.change(root_of(version), ours(version, lambda o: o["multiscales"][0]["axes"][1].update(unit=word)))
    assert "axes/unit-known" in broken(tree.root)
    (line,) = mended(tree)
    assert line.endswith(f'/multiscales/0/axes/1/unit: "{word}" -> "{name}"')
    assert "axes/unit-known" not in broken(tree.root)
    np.testing.assert_array_equal(
        zarrscope.open(tree.root).levels[0].read(Region((0, 0, 0), (2, 70, 90))), sound
    )


@pytest.mark.parametrize("word", ["pixel", "second", "stone"])
def test_units_that_are_no_spelling_stay(tree: Tree, word: str) -> None:
    tree.image()
    tree.change("zarr.json", ours("0.5", lambda o: o["multiscales"][0]["axes"][1].update(unit=word)))
    before = hashes(tree.root)
    assert fix(tree.root) == [] and hashes(tree.root) == before
    assert not (tree.root / ".zarrscope/fix-1").exists()


def test_a_key_that_means_another_one(tree: Tree) -> None:
    tree.image()

    def change(o: Any) -> None:
        axis = o["multiscales"][0]["axes"][2]
        axis["units"] = "microns"
        del axis["unit"]
        o["multiscales"][0]["dataset"] = o["multiscales"][0].pop("datasets")

    tree.change("zarr.json", ours("0.5", change))
    assert not zarrscope.validate(tree.root).valid
    assert mended(tree) == [
        'zarr.json /attributes/ome/multiscales/0/axes/2/units: "microns" -> nothing',
        'zarr.json /attributes/ome/multiscales/0/axes/2/unit: nothing -> "micrometer"',
        "zarr.json /attributes/ome/multiscales/0/dataset is now /attributes/ome/multiscales/0/datasets",
    ]
    assert zarrscope.validate(tree.root).valid


def test_a_key_whose_value_would_break_a_rule_stays(tree: Tree) -> None:
    tree.image()
    axes = lambda o: o["multiscales"][0]["axes"][2]  # noqa: E731
    tree.change("zarr.json", ours("0.5", lambda o: (axes(o).pop("type"), axes(o).update(types=3))))
    assert "document/spelling" in broken(tree.root)
    fix(tree.root)
    assert tree.read("zarr.json")["attributes"]["ome"]["multiscales"][0]["axes"][2]["types"] == 3


def test_null_is_no_unit(tree: Tree) -> None:
    tree.image()
    tree.change("zarr.json", ours("0.5", lambda o: o["multiscales"][0]["axes"][0].update(unit=None)))
    assert mended(tree) == ["zarr.json /attributes/ome/multiscales/0/axes/0/unit: null -> nothing"]


def test_names_of_dimensions(tree: Tree) -> None:
    tree.image()
    tree.change("0/zarr.json", lambda d: d.pop("dimension_names"))
    tree.change("1/zarr.json", lambda d: d.update(dimension_names=[None, None, None]))
    assert not zarrscope.validate(tree.root).valid
    assert len(mended(tree)) == 2
    assert zarrscope.validate(tree.root).valid
    # zarr-python reads the names, and the pixels are where they were
    group = zarr.open_group(tree.root, mode="r")
    assert [group[k].metadata.dimension_names for k in "01"] == [("z", "y", "x")] * 2


def test_names_that_contradict_are_not_decided(tree: Tree) -> None:
    tree.image()
    tree.change("0/zarr.json", lambda d: d.update(dimension_names=["z", "x", "y"]))
    assert fix(tree.root) == [] and not zarrscope.validate(tree.root).valid


def test_dimensions_of_0_3(tree: Tree) -> None:
    image: dict[str, Any] = {"version": "0.3", "axes": ["c", "y", "x"], "datasets": [{"path": "0"}]}
    group = zarr.open_group(tree.root, mode="w", zarr_format=2)
    group.create_array(
        "0", data=np.ones((2, 9, 9), "u2"), chunk_key_encoding={"name": "v2", "separator": "/"}
    )
    (tree.root / "0/.zattrs").unlink(missing_ok=True)
    tree.write(".zattrs", {"multiscales": [image]})
    assert not zarrscope.validate(tree.root).valid
    assert len(mended(tree)) == 1
    assert tree.read("0/.zattrs") == {"_ARRAY_DIMENSIONS": ["c", "y", "x"]}
    assert zarrscope.validate(tree.root).valid


def test_parts_outside_of_ome(tree: Tree) -> None:
    tree.image()
    tree.labels()

    def out(document: Any) -> None:
        ome = document["attributes"]["ome"]
        document["attributes"]["labels"] = ome.pop("labels")

    tree.change("labels/zarr.json", out)
    tree.change("labels/cells/zarr.json", lambda d: d["attributes"].update(d["attributes"].pop("ome")))
    assert not zarrscope.validate(tree.root).valid
    mended(tree)
    assert tree.read("labels/zarr.json")["attributes"] == {"ome": {"version": "0.5", "labels": ["cells"]}}
    found = zarrscope.validate(tree.root)
    assert found.valid and "labels/cells/zarr.json" in found.files


def test_a_part_that_stands_inside_already_and_differs_stays_outside(tree: Tree) -> None:
    tree.image()
    tree.labels()
    tree.change("labels/zarr.json", lambda d: d["attributes"].update(labels=["nuclei"]))
    assert fix(tree.root) == []


def test_colours(tree: Tree) -> None:
    tree.image()
    colours = ["#ff0000", "0f8", "#00FF0080", "123456FF", "FF123456", "blue"]

    def change(o: Any) -> None:
        window = {"start": 0, "end": 9, "min": 0, "max": 9}
        o["omero"] = {"channels": [{"color": c, "window": window} for c in colours]}

    tree.change("zarr.json", ours("0.5", change))
    assert len(mended(tree)) == 4
    channels = tree.read("zarr.json")["attributes"]["ome"]["omero"]["channels"]
    found = [channel["color"] for channel in channels]
    assert found == ["ff0000", "00ff88", "00FF00", "123456", "FF123456", "blue"]


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_a_list_of_label_images(tree: Tree, version: str) -> None:
    tree.image(version=version)
    tree.labels(version)
    shutil.copytree(tree.root / "labels/cells", tree.root / "labels/more/nuclei")
    tree.group("labels/more", None, version)
    tree.change(f"labels/{root_of(version)}", ours(version, lambda o: o.pop("labels")))
    assert not zarrscope.validate(tree.root).valid
    mended(tree)
    document = tree.read(f"labels/{root_of(version)}")
    listed = (document["attributes"]["ome"] if version == "0.5" else document)["labels"]
    assert listed == ["cells", "more/nuclei"]


def test_a_list_of_label_images_that_is_there_is_not_added_to(tree: Tree) -> None:
    tree.image()
    tree.labels()
    tree.change("labels/zarr.json", ours("0.5", lambda o: o.update(labels=[])))
    assert "labels/all-listed" in broken(tree.root)
    assert fix(tree.root) == []


def test_a_group_of_labels_without_a_document(tree: Tree) -> None:
    tree.image()
    tree.labels()
    (tree.root / "labels/zarr.json").unlink()
    assert "labels/all-listed" in broken(tree.root)
    mended(tree)
    assert list(zarrscope.open(tree.root).labels) == ["cells"]


def test_versions_of_parts(tree: Tree) -> None:
    tree.image(version="0.4")
    tree.labels("0.4")
    tree.change(
        ".zattrs", lambda d: d["multiscales"].append(d["multiscales"][0] | {"version": "0.2", "name": "b"})
    )
    tree.change("labels/cells/.zattrs", lambda d: d["image-label"].update(version="0.5"))
    assert not zarrscope.validate(tree.root).valid
    assert mended(tree) == [
        '.zattrs /multiscales/1/version: "0.2" -> "0.4"',
        'labels/cells/.zattrs /image-label/version: "0.5" -> "0.4"',
    ]
    assert zarrscope.validate(tree.root).valid


def test_versions_and_indices_of_a_plate(tree: Tree) -> None:
    tree.plate()

    def change(o: Any) -> None:
        o["plate"].pop("version")
        o["plate"]["wells"][1].pop("rowIndex")
        o["plate"]["wells"][1].pop("columnIndex")

    tree.change("zarr.json", ours("0.5", change))
    shutil.rmtree(tree.root / "B/2/0")  # that cannot be mended
    (tree.root / "A/zarr.json").unlink()
    left = {"well/fields-exist", "plate/row-groups", "plate/well-index", "plate/version-required"}
    assert left <= set(broken(tree.root))
    mended(tree)
    assert not {"plate/row-groups", "plate/well-index", "plate/version-required"} & set(broken(tree.root))
    plate = tree.read("zarr.json")["attributes"]["ome"]["plate"]
    assert plate["version"] == "0.5" and plate["wells"][1] == {"path": "B/2", "rowIndex": 1, "columnIndex": 1}


def test_indices_that_contradict_the_path_are_not_decided(tree: Tree) -> None:
    tree.plate()
    tree.change("zarr.json", ours("0.5", lambda o: o["plate"]["wells"][1].update(rowIndex=0)))
    assert fix(tree.root) == []


def test_a_version_that_no_form_tells_is_not_guessed(tree: Tree) -> None:
    tree.group("", None, "0.4")
    tree.write(".zattrs", {"plate": {"rows": [{"name": "A"}], "columns": [{"name": "1"}], "wells": []}})
    assert fix(tree.root) == []


def test_a_missing_zgroup(tree: Tree) -> None:
    tree.image(version="0.4")
    (tree.root / ".zgroup").unlink()
    assert not zarrscope.validate(tree.root).valid
    assert mended(tree) == ['.zgroup the document: nothing -> {"zarr_format": 2}']
    assert zarrscope.validate(tree.root).valid


# zarr-python warns that this is not part of Zarr 3
@pytest.mark.filterwarnings("ignore:Consolidated metadata:zarr.errors.ZarrUserWarning")
@pytest.mark.parametrize("zarr_format", [2, 3])
def test_consolidated_metadata(tree: Tree, zarr_format: int) -> None:
    version = "0.4" if zarr_format == 2 else "0.5"
    tree.image(version=version)
    zarr.consolidate_metadata(str(tree.root), zarr_format=zarr_format)
    tree.labels(version)
    change = ours(version, lambda o: o["multiscales"][0]["axes"][1].update(unit="um"))
    tree.change(f"labels/cells/{root_of(version)}", change)
    shutil.rmtree(tree.root / "1")
    tree.change(root_of(version), ours(version, lambda o: o["multiscales"][0]["datasets"].pop()))
    assert "files/consolidated" in broken(tree.root)
    lines = mended(tree)
    assert any("out of date" in line for line in lines) and len(lines) == 2
    assert "files/consolidated" not in broken(tree.root)
    # zarr-python finds through the copy what is there, and not what is gone
    group = zarr.open_consolidated(str(tree.root), zarr_format=zarr_format)
    assert set(group.keys()) == {"0", "labels"}
    attributes = dict(group["labels/cells"].attrs)
    image = attributes.get("ome", attributes)["multiscales"][0]
    assert image["axes"][1]["unit"] == "micrometer"
    assert group["labels/cells/0"].dtype == np.dtype("u4")


AREAS = ("basic", "simple", "axis_dependent")


def test_drafts_become_0_6(shared: Path, tmp_path: Path) -> None:
    trees = [
        place for area in AREAS for place in sorted((shared / "data/ome-zarr/rfc5/2d" / area).glob("*.zarr"))
    ]
    assert len(trees) >= 10
    for place in trees:
        copy = tmp_path / place.name
        shutil.copytree(place, copy)
        before = hashes(copy)
        assert zarrscope.validate(copy).version == "0.6.dev4"
        assert fix(copy)
        found = zarrscope.validate(copy)
        assert (found.version, found.valid, fix(copy)) == ("0.6", True, []), place.name
        changed = {key for key, value in hashes(copy).items() if before.get(key) != value}
        assert all(key.endswith("zarr.json") for key in changed)


@pytest.mark.parametrize("name", ["displacements", "coordinates"])
def test_a_draft_that_0_6_cannot_hold_stays_a_draft(shared: Path, tmp_path: Path, name: str) -> None:
    copy = tmp_path / "a.zarr"
    shutil.copytree(shared / f"data/ome-zarr/rfc5/2d/nonlinear/{name}.zarr", copy)
    assert fix(copy) == [] and zarrscope.validate(copy).valid


@pytest.mark.parametrize(
    ("name", "rules"),
    [
        ("data/ome-zarr/mobie/mri-stack.ome.zarr", {"transformations/list", "transformations/one-scale"}),
        ("data/generated/ome-zarr-py/mitosis_v0.3.zarr", {"levels/array-dimensions"}),
        ("data/generated/ome-zarr-py/maize_v0.5_labels.zarr", {"labels/version"}),
        (
            "data/bids/micr_SEMzarr/sub-01/ses-01/micr/sub-01_ses-01_sample-A_SPIM.ome.zarr",
            {"document/spelling", "axes/unit"},
        ),
    ],
)
def test_published_stores(shared: Path, tmp_path: Path, name: str, rules: set[str]) -> None:
    copy = tmp_path / "a.zarr"
    shutil.copytree(shared / name, copy)
    assert rules <= set(broken(copy))
    before = hashes(copy)
    assert fix(copy)
    assert not rules & set(broken(copy)) and zarrscope.validate(copy).valid
    after = hashes(copy)
    assert all(k.rpartition("/")[2] in DOCUMENTS for k in after if before.get(k) != after[k])


def test_spatialdata_is_left_as_its_own_readers_want_it(shared: Path, tmp_path: Path) -> None:
    copy = tmp_path / "a.zarr"
    shutil.copytree(shared / "data/spatialdata/blobs.zarr", copy)
    assert fix(copy) == []


class Failing(MemoryStore):
    """A store whose n-th write fails."""

    def __init__(self, values: dict[str, bytes], number: int, error: BaseException) -> None:
        self.left = -1
        super().__init__(values)
        self.left, self.error = number, error

    def put(self, key: str, data: Buffer, if_tag: str | None = None) -> None:
        self.left -= 1
        if self.left == 0:
            raise self.error
        super().put(key, data, if_tag)


def faulty(tree: Tree) -> dict[str, bytes]:
    tree.image()
    for level in "01":
        tree.change(f"{level}/zarr.json", lambda d: d.pop("dimension_names"))
    tree.change("zarr.json", ours("0.5", lambda o: o["multiscales"][0]["axes"][1].update(unit="um")))
    return {p.relative_to(tree.root).as_posix(): p.read_bytes() for p in tree.root.rglob("*") if p.is_file()}


@pytest.mark.parametrize("error", [StoreError("the disk is full"), KeyboardInterrupt()])
def test_a_failed_write_leaves_the_old_state(tree: Tree, error: BaseException) -> None:
    values = faulty(tree)
    before = {key: data for key, data in values.items() if not key.startswith(".zarrscope/")}
    for number in range(1, 8):  # three old documents, three new ones, the manifest
        store = Failing(values, number, error)
        with pytest.raises(type(error)):
            fix(store)
        now = {key: bytes(store.get(key) or b"") for key in store.list() if not key.startswith(".zarrscope/")}
        assert now == before
    store = Failing(values, 8, error)
    assert len(fix(store)) == 3 and zarrscope.validate(store).valid


def test_somebody_else_was_faster(tree: Tree) -> None:
    store = MemoryStore(faulty(tree))
    repair = plan_fix(store)
    store.put("1/zarr.json", b"{}")
    before = {key: bytes(store.get(key) or b"") for key in store.list()}
    with pytest.raises(ConflictError):
        repair.apply()
    assert all(bytes(store.get(key) or b"") == value for key, value in before.items())


def test_a_second_fault_has_a_folder_of_its_own(tree: Tree) -> None:
    tree.image()
    change = ours("0.5", lambda o: o["multiscales"][0]["axes"][1].update(unit="um"))
    for number in (1, 2):
        tree.change("zarr.json", change)
        faults = (tree.root / "zarr.json").read_bytes()
        assert len(fix(tree.root, dry_run=True)) == 1 and (tree.root / "zarr.json").read_bytes() == faults
        fix(tree.root)
        assert (tree.root / f".zarrscope/fix-{number}/zarr.json").read_bytes() == faults


def test_one_document_alone(tmp_path: Path) -> None:
    path = tmp_path / "image.json"
    axes = [{"name": n, "type": "space", "units": "um"} for n in "yx"]
    dataset = {"path": "0", "coordinateTransformations": {"type": "scale", "scale": [1, 1]}}
    image = {"version": "0.3", "axes": axes, "datasets": [dataset]}
    text = "// an example\n" + json.dumps({"multiscales": [image | {"version": "0.4"}]})
    path.write_text(text)
    assert not zarrscope.validate(path).valid
    assert len(fix(path)) == 5
    assert zarrscope.validate(path).valid and fix(path) == []
    assert (tmp_path / "image.json.before-fix").read_text() == text
    assert sorted(p.name for p in tmp_path.iterdir()) == ["image.json", "image.json.before-fix"]


def test_a_draft_alone(tree: Tree, shared: Path) -> None:
    tree.root.mkdir()
    shutil.copy(shared / "data/ome-zarr/rfc5/2d/axis_dependent/byDimension.zarr/zarr.json", tree.root)
    fix(tree.root / "zarr.json")
    assert zarrscope.validate(tree.root / "zarr.json").version == "0.6"


def test_what_can_only_be_read(shared: Path, tmp_path: Path) -> None:
    with pytest.raises(AccessError, match="can only be read"):
        fix(shared / "data/generated/ngff-zarr/migration_v0.5.ozx")
    with pytest.raises(NotFoundError):
        fix(tmp_path / "none.zarr")
    with pytest.raises(NotFoundError):
        fix(LocalStore(tmp_path))


def test_broken_documents_are_left_alone(tree: Tree) -> None:
    tree.image()
    tree.write("0/zarr.json", "{")
    tree.change("zarr.json", ours("0.5", lambda o: o.update(omero=[1], labels={"a": 1})))
    assert fix(tree.root) == []


def test_values_that_are_no_json_stay_what_they_are(tree: Tree) -> None:
    tree.image()
    text = (tree.root / "0/zarr.json").read_text()
    document = json.loads(text) | {"fill_value": float("nan"), "data_type": "float32"}
    del document["dimension_names"]
    (tree.root / "0/zarr.json").write_text(json.dumps(document))
    assert [edit.pointer for edit in fix(tree.root)] == ["/dimension_names"]
    assert "NaN" in (tree.root / "0/zarr.json").read_text()


def official(shared: Path) -> Iterator[str]:
    """Yield all published examples and test cases, sound or not."""
    for path in sorted((shared / "conformance").rglob("*.json")):
        if "schemas" in path.parts:
            continue
        text = path.read_text()
        yield text
        if path.parent.name == "tests":
            yield from (json.dumps(case["data"]) for case in json.loads(text).get("tests", []))


def test_official_documents_do_not_get_worse(shared: Path, tmp_path: Path) -> None:
    changed = 0
    for number, text in enumerate(official(shared)):
        path = tmp_path / f"{number}.json"
        path.write_text(text)
        before = zarrscope.validate(path)
        if fix(path):
            changed += 1
            assert zarrscope.validate(path).valid or not before.valid, text
            assert fix(path) == [], text
    assert changed > 50


def test_every_rule_that_is_mended_exists() -> None:
    assert MENDED <= RULES.keys()
