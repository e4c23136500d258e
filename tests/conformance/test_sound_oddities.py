"""What looks odd and is allowed: no MUST is broken, in any version that has it."""

from __future__ import annotations

import json
import struct
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from tests.conformance import sound_stores
from tests.conformance.sound_stores import VERSIONS, Tree, add_image, system

import zarrscope
from zarrscope.report import Severity

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

M = "multiscales"


def axes_of(tree: Tree, path: str = "") -> list[dict[str, Any]]:
    """Return the axes of an image, to be changed."""
    found = tree.ome(path)[M][0]
    return found["axes"] if "axes" in found else found["coordinateSystems"][0]["axes"]  # type: ignore[no-any-return]


def unknown_keys(tree: Tree) -> None:
    tree.ome()["ours"] = {"a": 1}
    tree.ome()[M][0]["_private"] = None
    tree.ome()[M][0]["datasets"][0]["thumbnail"] = True
    axes_of(tree)[1]["colour"] = "red"
    tree.ome("labels/cells")["image-label"]["colors"][0]["name"] = "one"
    tree.ome("labels/cells")["image-label"]["x"] = []


def strange_units(tree: Tree) -> None:
    axes_of(tree)[1]["unit"] = "micron"
    axes_of(tree)[2]["unit"] = "pixel"
    axes_of(tree)[3]["unit"] = ""


def no_units_nor_names(tree: Tree) -> None:
    for axis in axes_of(tree):
        axis.pop("unit", None)
    del tree.ome()[M][0]["name"]


def custom_axis(tree: Tree) -> None:
    axes_of(tree)[0].update(name="lifetime", type="FLIM", unit="bins")
    rename(tree, "lifetime")


def untyped_axis(tree: Tree) -> None:
    del axes_of(tree)[0]["type"]


def rename(tree: Tree, name: str) -> None:
    if tree.version != "0.4":
        for level in "01":
            tree.files[f"{level}/zarr.json"]["dimension_names"][0] = name


def upper_case_names(tree: Tree) -> None:
    axes_of(tree)[0]["name"] = "C h ä"
    rename(tree, "C h ä")


def xyz_order(tree: Tree) -> None:
    names = ["x", "y", "z"]
    for axis, name in zip(axes_of(tree)[1:], names, strict=True):
        axis["name"] = name
    if tree.version != "0.4":
        for level in "01":
            tree.files[f"{level}/zarr.json"]["dimension_names"] = ["c", *names]


def no_labels(tree: Tree) -> None:
    tree.remove("labels/cells")
    tree.ome("labels")["labels"] = []


def nested_labels(tree: Tree) -> None:
    moved = {f"labels/a/b/{k[13:]}" if k.startswith("labels/cells") else k: v for k, v in tree.files.items()}
    tree.files = moved
    tree.group("labels/a")
    tree.ome("labels")["labels"] = ["a/b"]
    tree.ome("labels/a/b")["image-label"]["source"]["image"] = "../../../"


def omero_extras(tree: Tree) -> None:
    omero = tree.ome()["omero"]
    omero.update(
        id=1, name="x.lsm", version="0.3", rdefs={"defaultT": 0, "defaultZ": 2, "model": "greyscale"}
    )
    omero["channels"][0].update(coefficient=1.0, family="linear", inverted=False, lut="fire.lut")
    omero["channels"][1]["window"].update(min=-1.5, start=0.25, extra=[])
    omero["channels"].append(dict(omero["channels"][0]))


def whole_numbers(tree: Tree) -> None:
    for dataset in tree.ome()[M][0]["datasets"]:
        for step in dataset["coordinateTransformations"]:
            for part in step.get("transformations", [step]):
                part.update({k: [2, 2, 2, 2] for k in ("scale",) if k in part})


def floats_for_integers(tree: Tree) -> None:
    marker = tree.ome("labels/cells")["image-label"]
    marker["colors"][0].update({"label-value": 1.0, "rgba": [255.0, 0.0, 0, 255]})
    marker["properties"][0]["label-value"] = 1.0


def foreign_files(tree: Tree) -> None:
    tree.files["ro-crate-metadata.json"] = {"@context": "https://w3id.org/ro/crate/1.1/context", "@graph": []}
    tree.files["README.md"] = b"# hello\n"
    tree.files[".DS_Store"] = b"\x00\x01"
    tree.files["0/Thumbs.db"] = b"\x00"


def ledger(tree: Tree) -> None:
    tree.group(".zarrscope")
    tree.files[".zarrscope/journal/0001"] = b"\x00\x01"


def tables(tree: Tree) -> None:
    tree.group("tables")
    document = tree.files[tree.key("tables")] if tree.version != "0.4" else {}
    if tree.version == "0.4":
        tree.files["tables/.zattrs"] = {"tables": ["regions"]}
    else:
        document["attributes"] = {"tables": ["regions"]}
    tree.group("tables/regions")
    tree.array("tables/regions/X", [3, 2], "float32", ["obs", "var"])


def other_chunks(tree: Tree) -> None:
    document = tree.files[tree.key("1", array=True)]
    if tree.version == "0.4":
        document.update(chunks=[1, 1, 3, 5], order="F", fill_value=None)
        return
    inner = [{"name": "bytes", "configuration": {"endian": "big"}}, {"name": "crc32c"}]
    document["chunk_grid"]["configuration"]["chunk_shape"] = [1, 2, 8, 8]
    document["codecs"] = [
        {
            "name": "sharding_indexed",
            "configuration": {
                "chunk_shape": [1, 1, 4, 2],
                "codecs": inner,
                "index_codecs": [*inner[:1], {"name": "crc32c"}],
                "index_location": "start",
            },
        }
    ]
    document["chunk_key_encoding"] = {"name": "v2", "configuration": {"separator": "."}}


def consolidated(tree: Tree) -> None:
    if tree.version == "0.4":
        known = {
            k: v for k, v in tree.files.items() if k.rpartition("/")[2] in (".zattrs", ".zgroup", ".zarray")
        }
        tree.files[".zmetadata"] = {"zarr_consolidated_format": 1, "metadata": known}
        return
    known = {k.removesuffix("/zarr.json"): v for k, v in tree.files.items() if k != "zarr.json"}
    tree.files["zarr.json"]["consolidated_metadata"] = {
        "kind": "inline",
        "must_understand": False,
        "metadata": json.loads(json.dumps(known)),
    }


def other_level_names(tree: Tree) -> None:
    tree.files = {(f"scale{k}" if k[:2] in ("0/", "1/") else k): v for k, v in tree.files.items()}
    for number, dataset in enumerate(tree.ome()[M][0]["datasets"]):
        dataset["path"] = f"scale{number}"
        for step in dataset["coordinateTransformations"]:
            if "input" in step:
                step["input"]["path"] = f"scale{number}"


def same_size_levels(tree: Tree) -> None:
    tree.array("1", [2, 4, 16, 8], "uint16", list("czyx"))


def flat_label(tree: Tree) -> None:
    for level, size in ((0, 16), (1, 8)):
        tree.array(f"labels/cells/{level}", [1, 1, size, size], "int32", list("czyx"))


def two_dimensional_label(tree: Tree) -> None:
    marker = tree.ome("labels/cells")["image-label"]
    tree.remove("labels/cells")
    add_image(tree, "labels/cells", "yx", [16, 16], 2, "uint8", **{"image-label": marker})


def doubled_properties(tree: Tree) -> None:
    marker = tree.ome("labels/cells")["image-label"]
    marker["properties"].append({"label-value": 1, "again": True})


def stored_chunk(tree: Tree) -> None:
    key = "1/0/0/0/0" if tree.version == "0.4" else "1/c/0/0/0/0"
    tree.files[key] = struct.pack("<256H", *range(256))


def empty_wells(tree: Tree) -> None:
    found = tree.ome()["plate"]
    found["rows"] += [{"name": f"{a}{b}"} for a in "AB" for b in "ABC"]
    found["rows"].append({"name": "a"})
    found["columns"] += [{"name": f"{n:02}"} for n in range(3, 25)]


def two_letter_rows(tree: Tree) -> None:
    found = tree.ome()["plate"]
    found["rows"][1]["name"] = "AA"
    found["columns"][1]["name"] = "048"
    found["wells"][1]["path"] = "AA/048"
    swapped = {}
    for key, value in tree.files.items():
        moved = f"AA/048/{key[4:]}" if key.startswith("B/2/") else f"AA/{key[2:]}" if key[:2] == "B/" else key
        swapped[moved] = value
    tree.files = swapped


def plain_plate(tree: Tree) -> None:
    found = tree.ome()["plate"]
    for key in ("name", "field_count", "acquisitions"):
        del found[key]
    for well in ("A/1", "B/2"):
        for field in tree.ome(well)["well"]["images"]:
            del field["acquisition"]


def one_acquisition(tree: Tree) -> None:
    tree.ome()["plate"]["acquisitions"] = [{"id": 0}]
    for well in ("A/1", "B/2"):
        for field in tree.ome(well)["well"]["images"]:
            field.pop("acquisition")


def empty_lists(tree: Tree) -> None:
    tree.ome("B/2")["well"]["images"] = []
    tree.remove("B/2/0")
    tree.remove("B/2/1")
    tree.ome()["plate"]["acquisitions"] = []


def no_wells(tree: Tree) -> None:
    tree.ome()["plate"]["wells"] = []
    tree.remove("A")
    tree.remove("B")


def no_colours(tree: Tree) -> None:
    tree.ome("labels/cells")["image-label"].update(colors=[], properties=[])
    tree.ome()["omero"]["channels"] = []


def uneven_wells(tree: Tree) -> None:
    tree.remove("B/2/1")
    tree.ome("B/2")["well"]["images"] = [{"path": "0", "acquisition": 2}]
    tree.ome("A/1")["well"]["images"].reverse()


def numbered_series(tree: Tree) -> None:
    del tree.ome("OME")["series"]


def no_xml(tree: Tree) -> None:
    del tree.files["OME/METADATA.ome.xml"]


def no_ome_group(tree: Tree) -> None:
    tree.remove("OME")


def plain_label_transformation(tree: Tree) -> None:
    tree.ome()[M][0]["coordinateTransformations"][0] = {
        "type": "identity",
        "input": {"name": "physical", "path": "labels/cells"},
        "output": {"name": "physical"},
    }


def null_paths(tree: Tree) -> None:
    for step in tree.ome()["scene"]["coordinateTransformations"]:
        for side in ("input", "output"):
            step[side].setdefault("path", None)


def negative_and_more(tree: Tree) -> None:
    found = tree.ome()[M][0]
    found["coordinateSystems"][0]["axes"][0].update(discrete=False, longName="", type="space")
    found["coordinateTransformations"][0]["name"] = "nothing happens"
    found["coordinateSystems"].append(system("x" * 300, "yx"))
    link = {"type": "translation", "translation": [-1e300, 0], "input": {"name": "x" * 300}}
    found["coordinateTransformations"].append({**link, "output": {"name": "physical", "path": None}})


ODD: list[tuple[str, Callable[[Tree], None]]] = [
    *(
        ("image", odd)
        for odd in (
            unknown_keys,
            strange_units,
            no_units_nor_names,
            custom_axis,
            untyped_axis,
            upper_case_names,
            xyz_order,
            no_labels,
            nested_labels,
            omero_extras,
            whole_numbers,
            floats_for_integers,
            foreign_files,
            ledger,
            tables,
            other_chunks,
            consolidated,
            other_level_names,
            same_size_levels,
            flat_label,
            two_dimensional_label,
            doubled_properties,
            stored_chunk,
            no_colours,
        )
    ),
    *(
        ("plate", odd)
        for odd in (
            empty_wells,
            two_letter_rows,
            plain_plate,
            one_acquisition,
            uneven_wells,
            empty_lists,
            no_wells,
        )
    ),
    *(("collection", odd) for odd in (numbered_series, no_xml, no_ome_group)),
]
ONLY_06 = [("bound", plain_label_transformation), ("scene", null_paths), ("systems", negative_and_more)]
CASES = [
    *((version, *odd) for version in VERSIONS for odd in ODD),
    *(("0.6", *odd) for odd in ONLY_06),
]


def musts(found: zarrscope.check.validation.Validation) -> list[tuple[str, str, str]]:
    return [(p.rule, p.file, p.location) for p in found.problems if p.severity is Severity.MUST]


@pytest.mark.parametrize(("version", "store", "odd"), CASES)
def test_odd_is_not_wrong(version: str, store: str, odd: Callable[[Tree], None], tmp_path: Path) -> None:
    tree = getattr(sound_stores, store)(version)
    odd(tree)
    found = zarrscope.validate(tree.write(tmp_path / "odd.zarr"))
    assert musts(found) == []
    assert found.valid


@pytest.mark.parametrize("version", VERSIONS)
def test_a_plate_of_1536_wells(version: str, tmp_path: Path) -> None:
    tree = sound_stores.plate(version)
    found = tree.ome()["plate"]
    rows = [*"ABCDEFGHIJKLMNOPQRSTUVWXYZ", *(f"A{letter}" for letter in "ABCDEF")]
    found["rows"] = [{"name": name} for name in rows]
    found["columns"] = [{"name": str(n + 1)} for n in range(48)]
    found["wells"] = []
    model = {key: value for key, value in tree.files.items() if key.startswith("A/1/")}
    for r, row in enumerate(rows):
        tree.group(row)
        for c in range(48):
            found["wells"].append({"path": f"{row}/{c + 1}", "rowIndex": r, "columnIndex": c})
            tree.files |= {f"{row}/{c + 1}/{key[4:]}": value for key, value in model.items()}
    tree.remove("B/2/0/1")
    place = tmp_path / "plate.zip"
    with zipfile.ZipFile(place, "w") as archive:  # 9,000 files of a folder would take longer than the test
        for key, value in sorted(tree.files.items()):
            archive.writestr(key, value if isinstance(value, bytes) else json.dumps(value))
    judged = zarrscope.validate(place)
    assert musts(judged) == []
    assert judged.kind == "plate"
    assert len(judged.files) == 1 + 32 + 1536 * 5
