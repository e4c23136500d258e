"""Upgrades: documents where they stand, pixels anew where Zarr changes, the old one safe until the end."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr

import zarrscope
from zarrscope.array.open import open_array
from zarrscope.convert.hierarchy import survey
from zarrscope.convert.rewrite import changes
from zarrscope.convert.upgrade import upgrade
from zarrscope.convert.upgrade_plan import NEWEST, plan_upgrade
from zarrscope.errors import (
    AccessError,
    ArgumentError,
    ConflictError,
    CorruptDataError,
    DestinationExistsError,
    NotFoundError,
    UnsupportedError,
)
from zarrscope.spec.versions import VERSIONS_WRITTEN, zarr_format_of
from zarrscope.store.local import LocalStore
from zarrscope.store.memory import MemoryStore
from zarrscope.write.replace import apply

AXES = ["t", "c", "z", "y", "x"]


def tree(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def put(path: Path, document: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document))


def old_image(
    folder: Path, version: str, shapes: tuple[tuple[int, ...], ...] = ((1, 2, 1, 21, 30), (1, 2, 1, 11, 15)),
    separator: str = "/", **more: Any,
) -> list[np.ndarray[Any, Any]]:  # fmt: skip
    """Write an image as old writers did, by zarr-python and plain JSON, and return its pixels."""
    random = np.random.default_rng(len(shapes))
    levels = [random.integers(0, 999, shape, dtype="u2") for shape in shapes]
    group = zarr.open_group(folder, mode="w", zarr_format=2)
    for number, pixels in enumerate(levels):
        group.create_array(
            str(number), data=pixels, chunks=(1, 1, 1, 8, 16)[-pixels.ndim :],
            chunk_key_encoding={"name": "v2", "separator": separator},
        )  # fmt: skip
    multiscale: dict[str, Any] = {
        "version": version,
        "datasets": [{"path": str(i)} for i in range(len(shapes))],
    }
    if version == "0.3":
        multiscale["axes"] = AXES[-len(shapes[0]) :]
    put(folder / ".zattrs", {"multiscales": [multiscale | {"mine": 7}], "theirs": [1, 2], **more})
    return levels


def attributes(folder: Path) -> Any:
    if (folder / "zarr.json").is_file():
        return json.loads((folder / "zarr.json").read_text())["attributes"]
    return json.loads((folder / ".zattrs").read_text())


def scales(multiscale: Any) -> list[list[float]]:
    return [dataset["coordinateTransformations"][0]["scale"] for dataset in multiscale["datasets"]]


class TestInPlace:
    """Documents alone."""

    @pytest.mark.parametrize("version", ["0.1", "0.2", "0.3"])
    def test_old_documents_become_new_ones(self, tmp_path: Path, version: str) -> None:
        place = tmp_path / "a.zarr"
        levels = old_image(place, version)
        before = tree(place)
        old = (place / ".zattrs").read_bytes()
        image = upgrade(place, to="0.4")
        assert image.version == "0.4"
        after = tree(place)
        kept = f".zarrscope/upgrade-{version}/.zattrs"
        assert (place / kept).read_bytes() == old
        assert set(after) == {*before, kept, ".zarrscope/.zgroup"}
        assert {key for key in before if after[key] != before[key]} == {".zattrs"}
        said = attributes(place)
        multiscale = said["multiscales"][0]
        assert (said["theirs"], multiscale["mine"], multiscale["version"]) == ([1, 2], 7, "0.4")
        assert [axis["name"] for axis in multiscale["axes"]] == AXES
        # 21 x 30 over 11 x 15: twice, the last row a half one
        assert scales(multiscale) == [[1.0] * 5, [1.0, 1.0, 1.0, 2.0, 2.0]]
        for level, pixels in zip(image.levels, levels, strict=True):
            np.testing.assert_array_equal(level[...], pixels)

    def test_factors_that_are_no_whole_numbers(self, tmp_path: Path) -> None:
        old_image(tmp_path / "a.zarr", "0.3", ((27, 90), (13, 60), (1, 8)))
        upgrade(tmp_path / "a.zarr", to="0.4")
        # 27 // 2 = 13; 90 / 60 is 1.5; 27 / 1; 90 / 8 = 11.25 and neither 90 // 11 nor one more than 8.1 is 8
        assert scales(attributes(tmp_path / "a.zarr")["multiscales"][0]) == [[1, 1], [2, 1.5], [27, 11]]

    def test_a_second_run_does_nothing(self, tmp_path: Path) -> None:
        old_image(tmp_path / "a.zarr", "0.2")
        upgrade(tmp_path / "a.zarr", to="0.4")
        before = tree(tmp_path)
        plan = plan_upgrade(tmp_path / "a.zarr", "0.4")
        assert not plan.needed
        assert "already OME-Zarr 0.4; nothing to do" in str(plan)
        upgrade(tmp_path / "a.zarr", to="0.4")
        assert tree(tmp_path) == before

    def test_what_is_kept_takes_it_back(self, tmp_path: Path) -> None:
        place = tmp_path / "a.zarr"
        with_labels(place, "0.3")
        before = tree(place)
        upgrade(place, to="0.4")
        assert tree(place) != before
        shutil.copytree(place / ".zarrscope" / "upgrade-0.3", place, dirs_exist_ok=True)
        shutil.rmtree(place / ".zarrscope")
        assert tree(place) == before

    def test_what_was_kept_once_is_never_written_over(self, tmp_path: Path) -> None:
        place = tmp_path / "a.zarr"
        zarrscope.write(np.zeros((8, 8), "u1"), place)
        first = (place / "zarr.json").read_bytes()
        upgrade(place, to="0.6")
        document = json.loads(first)
        document["attributes"]["ome"]["multiscales"][0]["name"] = "changed meanwhile"
        (place / "zarr.json").write_text(json.dumps(document))
        upgrade(place, to="0.6")
        kept = place / ".zarrscope"
        assert (kept / "upgrade-0.5" / "zarr.json").read_bytes() == first
        assert json.loads((kept / "upgrade-0.5-2" / "zarr.json").read_text()) == document

    def test_label_images_come_along(self, tmp_path: Path) -> None:
        place = tmp_path / "a.zarr"
        with_labels(place, "0.3")
        image = upgrade(place, to="0.4")
        label = image.label("cells")
        assert (label.version, label.kind) == ("0.4", "label")
        assert attributes(place / "labels" / "cells")["image-label"]["colors"] == [{"label-value": 3}]

    @pytest.mark.parametrize("to", VERSIONS_WRITTEN)
    def test_every_version_that_is_written(self, tmp_path: Path, to: str) -> None:
        """Between versions of one Zarr format only documents change; the mean keeps its place."""
        for source in VERSIONS_WRITTEN:
            place = tmp_path / f"{source}.zarr"
            pixels = np.random.default_rng(2).integers(0, 999, (2, 300, 280), dtype="u2")
            scale = {"y": 0.5, "x": 0.25}
            zarrscope.write(
                pixels, place, axes="cyx", version=source, scale=scale, unit="um", channels=["a", "b"]
            )
            first, before = zarrscope.open(place), tree(place)
            assert len(first.levels) == 3
            same = zarr_format_of(source) == zarr_format_of(to)
            image = upgrade(place, to=to, in_place=not same)
            assert image.version == to
            for old, new in zip(first.levels, image.levels, strict=True):
                assert (old.scale, old.translation) == (new.scale, new.translation)
                np.testing.assert_array_equal(new[...], pixels if new.shape == pixels.shape else new[...])
            assert [(a.name, a.type, a.unit) for a in image.axes] == [
                (a.name, a.type, a.unit) for a in first.axes
            ]
            assert [c.label for c in image.channels] == ["a", "b"]
            if same:
                changed = {key for key, value in tree(place).items() if before.get(key) != value}
                names = {"zarr.json", ".zattrs"} if source != to else set()
                assert {key for key in changed if not key.startswith(".zarrscope/")} <= names

    def test_consolidated_metadata_of_version_2(self, tmp_path: Path) -> None:
        place = tmp_path / "a.zarr"
        with_labels(place, "0.3")
        zarr.consolidate_metadata(place, zarr_format=2)
        upgrade(place, to="0.4")
        group = zarr.open_group(place, mode="r", zarr_format=2, use_consolidated=True)
        assert group.attrs["multiscales"][0]["version"] == "0.4"
        assert group["labels/cells"].attrs["multiscales"][0]["version"] == "0.4"

    @pytest.mark.parametrize("to", ["0.4", "0.5"])
    def test_zarr_python_does_not_stumble_over_what_is_kept(self, tmp_path: Path, to: str) -> None:
        old_image(tmp_path / "a.zarr", "0.3")
        upgrade(tmp_path / "a.zarr", to=to, in_place=True)  # warnings are errors here
        names = {name for name, _ in zarr.open_group(tmp_path / "a.zarr", mode="r").members()}
        assert names == {"0", "1", ".zarrscope"}


def with_labels(place: Path, version: str) -> None:
    old_image(place, version)
    label = {"version": version, "colors": [{"label-value": 3}]}
    old_image(place / "labels" / "cells", version, **{"image-label": label})
    put(place / "labels" / ".zgroup", {"zarr_format": 2})
    put(place / "labels" / ".zattrs", {"labels": ["cells"]})


class Failing(MemoryStore):
    """A store on which the n-th writing of a document in place fails."""

    def __init__(self, values: dict[str, bytes], fails: int, error: BaseException) -> None:
        self.left, self.error = 10**9, error
        super().__init__(values)
        self.left = fails

    def put(self, key: str, data: Any, if_tag: str | None = None) -> None:
        if not key.startswith(".zarrscope/") and if_tag is not None:
            self.left -= 1
            if self.left == 0:
                raise self.error
        super().put(key, data, if_tag)


class TestFailures:
    """What can go wrong while documents are replaced."""

    @pytest.fixture
    def values(self, tmp_path: Path) -> dict[str, bytes]:
        with_labels(tmp_path / "a.zarr", "0.3")
        store = LocalStore(tmp_path / "a.zarr")
        return {key: bytes(store.get(key) or b"") for key in store.list()}

    @pytest.mark.parametrize("fails", [1, 2])
    @pytest.mark.parametrize("error", [KeyboardInterrupt(), AccessError("no"), ConflictError("no")])
    def test_all_documents_are_as_they_were(
        self, values: dict[str, bytes], fails: int, error: BaseException
    ) -> None:
        store = Failing(values, fails, error)
        with pytest.raises(type(error)):
            upgrade(store, to="0.4")
        assert {key: bytes(store.get(key) or b"") for key in values} == values
        upgrade(store, to="0.4")
        assert zarrscope.open(store).version == "0.4"

    @pytest.mark.parametrize("done", [0, 1])
    def test_what_a_killed_run_left_is_completed(self, values: dict[str, bytes], done: int) -> None:
        store = MemoryStore(values)
        plan = plan_upgrade(store, "0.4")
        todo = changes(store, plan.hierarchy.parts, plan.changed)
        assert [change.key for change in todo] == ["labels/cells/.zattrs", ".zattrs"]
        apply(store, todo[:done], plan.folder, 2)
        upgrade(store, to="0.4")
        assert zarrscope.open(store).version == zarrscope.open(store).label("cells").version == "0.4"
        for change in todo:
            assert bytes(store.get(f".zarrscope/upgrade-0.3/{change.key}") or b"") == values[change.key]

    def test_a_change_by_somebody_else_is_not_lost(self, values: dict[str, bytes]) -> None:
        store = MemoryStore(values)
        plan = plan_upgrade(store, "0.4")
        store.put(".zattrs", b'{"multiscales": []}')
        with pytest.raises(ConflictError, match=r"\.zattrs was changed by someone else"):
            changes(store, plan.hierarchy.parts, plan.changed)
        store = MemoryStore(values)
        todo = changes(store, plan.hierarchy.parts, plan.changed)
        store.put(".zattrs", b"{}")
        with pytest.raises(ConflictError):
            apply(store, todo, plan.folder, 2)
        assert bytes(store.get(".zattrs") or b"") == b"{}"
        assert bytes(store.get("labels/cells/.zattrs") or b"") == values["labels/cells/.zattrs"]


class TestAnew:
    """Where pixels are written anew."""

    @pytest.mark.parametrize("to", [v for v in VERSIONS_WRITTEN if zarr_format_of(v) == 3])
    def test_pixels_fills_and_what_is_missing(self, tmp_path: Path, to: str) -> None:
        place, out = tmp_path / "a.zarr", tmp_path / "b.zarr"
        group = zarr.open_group(place, mode="w", zarr_format=2)
        made = {}
        for name, dtype, fill, order in (
            ("big", ">i4", -7, "C"), ("turned", "<u2", 3, "F"), ("holes", "<f4", "NaN", "C"),
            ("truth", "?", 1, "C"),
        ):  # fmt: skip
            array = group.create_array(
                name, shape=(50, 70), chunks=(16, 32), dtype=dtype, order=order,
                fill_value=float("nan") if fill == "NaN" else fill,
            )  # fmt: skip
            array[:20, :40] = np.random.default_rng(1).integers(0, 2, (20, 40))
            made[name] = array[...]
        axes = [{"name": n, "type": "space"} for n in "yx"]
        unit = [{"type": "scale", "scale": [1.0, 1.0]}]
        datasets = [{"path": name, "coordinateTransformations": unit} for name in made]
        put(place / ".zattrs", {"multiscales": [{"version": "0.4", "axes": axes, "datasets": datasets}]})
        image = upgrade(place, to=to, out=out)
        assert image.version == to
        new = zarr.open_group(out, mode="r", zarr_format=3)
        for name, pixels in made.items():
            np.testing.assert_array_equal(new[name][...], pixels)
            assert new[name].metadata.dimension_names == ("y", "x")
            assert new[name].chunks == (16, 32)
            np.testing.assert_array_equal(new[name].fill_value, group[name].fill_value)

    def test_units_that_are_not_stored_stay_so(self, tmp_path: Path) -> None:
        place, out = tmp_path / "a.zarr", tmp_path / "b.zarr"
        group = zarr.open_group(place, mode="w", zarr_format=2)
        array = group.create_array("0", shape=(1 << 14, 1 << 15), chunks=(512, 512), dtype="u2", fill_value=5)
        array[12_000:12_010, 3] = 9
        array[:512, -512:] = 0
        axes = [{"name": n, "type": "space"} for n in "yx"]
        one = {"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [1.0, 1.0]}]}
        put(place / ".zattrs", {"multiscales": [{"version": "0.4", "axes": axes, "datasets": [one]}]})
        image = upgrade(place, to="0.5", out=out)
        assert len([path for path in (out / "0" / "c").rglob("*") if path.is_file()]) == 2
        assert image[12_005, 3] == 9
        assert image[0, -1] == 0
        assert image[0, 0] == 5

    @pytest.mark.parametrize("in_place", [True, False])
    def test_flat_keys_become_nested(self, tmp_path: Path, in_place: bool) -> None:
        place, out = tmp_path / "a.zarr", tmp_path / "b.zarr"
        levels = old_image(place, "0.1", separator=".")
        (place / "1" / "0.0.0.1.0").unlink()
        levels[1][0, 0, 0, 8:, :] = 0
        old = hashlib.sha256((place / "0" / "0.1.0.2.1").read_bytes()).hexdigest()
        with pytest.raises(ArgumentError, match=r"--out \(out=\), or .* --in-place"):
            upgrade(place, to="0.4")
        image = upgrade(place, to="0.4", in_place=True) if in_place else upgrade(place, to="0.4", out=out)
        there = place if in_place else out
        assert tree(there)["0/0/1/0/2/1"] == old
        assert not [key for key in tree(there) if key.endswith("0.1.0.2.1")]
        group = zarr.open_group(there, mode="r", zarr_format=2)
        for number, pixels in enumerate(levels):
            np.testing.assert_array_equal(group[str(number)][...], pixels)
        assert image.version == "0.4"

    def test_the_old_one_stands_until_the_new_one_does(self, tmp_path: Path) -> None:
        place = tmp_path / "a.zarr"
        with_labels(place, "0.3")
        before = tree(place)

        def stop(pixels: int) -> None:
            assert (tmp_path / "a.zarr.part").is_dir()
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            upgrade(place, to="0.5", in_place=True, progress=stop)
        assert tree(tmp_path) == {f"a.zarr/{key}": value for key, value in before.items()}
        with pytest.raises(ArgumentError, match="pixels are written anew"):
            upgrade(place, to="0.5")
        assert tree(place) == before
        seen: list[int] = []
        image = upgrade(place, to="0.5", in_place=True, progress=seen.append)
        assert sum(seen) == 2 * (2 * 21 * 30 + 2 * 11 * 15)
        assert image.label("cells").version == "0.5"
        assert [path.name for path in tmp_path.iterdir()] == ["a.zarr"]
        kept = {
            key: value
            for key, value in tree(place / ".zarrscope" / "replaced-0.3").items()
            if before[key] == value
        }
        assert set(kept) == {key for key in before if key.rpartition("/")[2].startswith(".z")}
        assert not plan_upgrade(place).needed
        assert not [name for name in tree(place) if name.endswith(".zattrs") and ".zarrscope" not in name]

    def test_a_damaged_chunk_leaves_the_old_one(self, tmp_path: Path) -> None:
        place = tmp_path / "a.zarr"
        with_labels(place, "0.3")
        (place / "labels" / "cells" / "0" / "0" / "1" / "0" / "0" / "0").write_bytes(b"nonsense")
        before = tree(tmp_path)
        with pytest.raises(CorruptDataError, match=r"labels/cells/0/0/1/0/0/0"):
            upgrade(place, to="0.5", in_place=True)
        assert tree(tmp_path) == before

    def test_a_collection_with_its_ome_xml(self, tmp_path: Path) -> None:
        pixels = np.random.default_rng(1).integers(0, 9, (2, 40, 50), dtype="u1")
        place, xml = tmp_path / "a.zarr", b"<OME/>"
        for number in range(2):
            zarrscope.write(pixels[number], place / str(number), version="0.4")
        for folder, said in (("", {"bioformats2raw.layout": 3}), ("OME", {"series": ["0", "1"]})):
            put(place / folder / ".zgroup", {"zarr_format": 2})
            put(place / folder / ".zattrs", said)
        (place / "OME" / "METADATA.ome.xml").write_bytes(xml)
        group = upgrade(place, to="0.5", in_place=True)
        assert (group.kind, group.version, group.paths) == ("collection", "0.5", ("0", "1"))
        assert (place / "OME" / "METADATA.ome.xml").read_bytes() == xml
        assert attributes(place)["ome"] == {"version": "0.5", "bioformats2raw.layout": 3}
        assert attributes(place / "OME")["ome"] == {"version": "0.5", "series": ["0", "1"]}
        for image, plane in zip(group, pixels, strict=True):
            np.testing.assert_array_equal(image[...], plane)

    def test_the_ome_xml_beside_a_single_image(self, tmp_path: Path) -> None:
        place = tmp_path / "a.zarr"
        old_image(place, "0.3")
        put(place / "OME" / ".zgroup", {"zarr_format": 2})
        (place / "OME" / "METADATA.ome.xml").write_bytes(b"<OME/>")
        assert plan_upgrade(place, "0.5").notes == ()
        upgrade(place, to="0.5", in_place=True)
        assert json.loads((place / "OME" / "zarr.json").read_text())["node_type"] == "group"
        assert not (place / "OME" / ".zgroup").exists()
        assert (place / "OME" / "METADATA.ome.xml").read_bytes() == b"<OME/>"

    def test_what_is_no_image_is_copied_and_told(self, tmp_path: Path) -> None:
        place, out = tmp_path / "a.zarr", tmp_path / "b.zarr"
        old_image(place, "0.3")
        zarr.open_group(place / "tables" / "regions", mode="w", zarr_format=2).create_array(
            "X", data=np.arange(9)
        )
        (place / "tables" / ".zgroup").write_text('{"zarr_format": 2}')
        (place / "notes.txt").write_text("mine")
        (place / ".zmetadata").write_text('{"zarr_consolidated_format": 1, "metadata": {}}')
        plan = plan_upgrade(place, "0.5")
        assert [note.partition(" ")[0] for note in plan.notes] == ["consolidated", "tables"]
        assert "tables is no image and stays Zarr 2 (3 document(s))" in str(plan)
        upgrade(place, to="0.5", out=out)
        assert (out / "notes.txt").read_text() == "mine"
        assert tree(out / "tables") == tree(place / "tables")
        assert not (out / ".zmetadata").exists()
        np.testing.assert_array_equal(open_array(LocalStore(out), "tables/regions/X")[...], np.arange(9))

    def test_a_plate_with_holes(self, tmp_path: Path) -> None:
        place, out = tmp_path / "a.zarr", tmp_path / "b.zarr"
        zarr.open_group(place, mode="w", zarr_format=2)
        wells = [{"path": p, "rowIndex": 0, "columnIndex": i} for i, p in enumerate(["A/1", "A/2"])]
        plate = {"rows": [{"name": "A"}], "columns": [{"name": "1"}, {"name": "2"}], "wells": wells}
        put(place / ".zattrs", {"plate": {"version": "0.3", **plate}})
        put(place / "A" / "1" / ".zgroup", {"zarr_format": 2})
        put(
            place / "A" / "1" / ".zattrs",
            {"well": {"version": "0.3", "images": [{"path": "0"}, {"path": "1"}]}},
        )
        levels = old_image(place / "A" / "1" / "0", "0.3")
        plan = plan_upgrade(place, "0.5")
        assert plan.hierarchy.notes == (
            "A/1/1 is not there, though A/1 names it", "A/2 is not there, though the root names it"
        )  # fmt: skip
        group = upgrade(place, to="0.5", out=out)
        assert (group.kind, group.version) == ("plate", "0.5")
        np.testing.assert_array_equal(zarr.open_group(out, mode="r")["A/1/0/1"][...], levels[1])
        assert json.loads((out / "A" / "zarr.json").read_text())["node_type"] == "group"


class TestRefusals:
    """What is not done."""

    def test_the_newest_is_the_default_and_a_newer_one_stays(self, tmp_path: Path) -> None:
        assert NEWEST in VERSIONS_WRITTEN
        place = tmp_path / "a.zarr"
        zarrscope.write(np.zeros((9, 9), "u1"), place)
        put(place / "zarr.json", json.loads((place / "zarr.json").read_text().replace('"0.5"', '"7.1"')))
        before = tree(place)
        plan = plan_upgrade(place)
        assert not plan.needed
        assert "already OME-Zarr 7.1" in str(plan)
        upgrade(place)
        assert tree(place) == before

    def test_what_a_version_cannot_hold(self, tmp_path: Path) -> None:
        place = tmp_path / "a.zarr"
        old_image(place, "0.3", ((9, 9),))
        old_image(place / "labels" / "cells", "0.3", ((9, 9),))
        put(place / "labels" / ".zgroup", {"zarr_format": 2})
        put(place / "labels" / ".zattrs", {"labels": ["cells"]})
        for folder in (place, place / "labels" / "cells"):
            said = attributes(folder)
            said["multiscales"][0]["axes"] = ["y", "t"]
            put(folder / ".zattrs", said)
        before = tree(place)
        plan = plan_upgrade(place, "0.4")
        assert len(plan.obstacles) == 2
        assert all(str(place) in line and "cannot hold" in line for line in plan.obstacles)
        assert str(plan).count("cannot be held: ") == 2
        with pytest.raises(UnsupportedError, match=r"and 1 more.*nothing was changed"):
            upgrade(place, to="0.4")
        assert tree(place) == before

    def test_a_broken_document_is_not_made_shorter(self, tmp_path: Path) -> None:
        place = tmp_path / "a.zarr"
        with_labels(place, "0.3")
        said = attributes(place / "labels" / "cells")
        said["multiscales"][0]["datasets"].append({"pith": "2"})
        put(place / "labels" / "cells" / ".zattrs", said)
        before = tree(place)
        with pytest.raises(UnsupportedError, match=r"\.zattrs: the document is broken .* mend it first"):
            upgrade(place, to="0.4")
        assert tree(place) == before

    def test_a_level_that_is_missing(self, tmp_path: Path) -> None:
        old_image(tmp_path / "a.zarr", "0.3")
        shutil.rmtree(tmp_path / "a.zarr" / "1")
        with pytest.raises(NotFoundError, match=r"a\.zarr/1"):
            upgrade(tmp_path / "a.zarr", to="0.4")

    def test_places(self, tmp_path: Path) -> None:
        place = tmp_path / "a.zarr"
        old_image(place, "0.3")
        with pytest.raises(ArgumentError, match="choose one"):
            upgrade(place, to="0.5", out=tmp_path / "b.zarr", in_place=True)
        with pytest.raises(ArgumentError, match="inside one another"):
            upgrade(place, to="0.5", out=place)
        with pytest.raises(ArgumentError, match=r"'0\.2' is not written"):
            upgrade(place, to="0.2")
        (tmp_path / "b.zarr").mkdir()
        (tmp_path / "b.zarr" / "precious.txt").write_text("mine")
        for overwrite in (False, True):
            with pytest.raises(DestinationExistsError):
                upgrade(place, to="0.5", out=tmp_path / "b.zarr", overwrite=overwrite)
        assert tree(tmp_path / "b.zarr").keys() == {"precious.txt"}

    def test_an_archive_is_only_read(self, tmp_path: Path) -> None:
        levels = old_image(tmp_path / "a.zarr", "0.3")
        path = Path(shutil.make_archive(str(tmp_path / "a"), "zip", tmp_path / "a.zarr"))
        with pytest.raises(AccessError, match="can only be read"):
            upgrade(path, to="0.4")
        with pytest.raises(AccessError, match="can only be read"):
            upgrade(path, to="0.5", in_place=True)
        image = upgrade(path, to="0.5", out=tmp_path / "b.zarr")
        np.testing.assert_array_equal(image[...], levels[0])

    def test_a_hierarchy_in_memory_cannot_be_built_beside(self, tmp_path: Path) -> None:
        old_image(tmp_path / "a.zarr", "0.3")
        store = LocalStore(tmp_path / "a.zarr")
        memory = MemoryStore({key: bytes(store.get(key) or b"") for key in store.list()})
        with pytest.raises(AccessError, match="nothing can be built beside it"):
            upgrade(memory, to="0.5", in_place=True)
        assert zarrscope.open(memory).version == "0.3"
        target = MemoryStore()
        assert upgrade(memory, to="0.5", out=target).version == "0.5"


def test_a_survey_finds_all_groups_and_levels(tmp_path: Path) -> None:
    with_labels(tmp_path / "a.zarr", "0.3")
    (tmp_path / "a.zarr" / "notes.txt").write_text("mine")
    found = survey(LocalStore(tmp_path / "a.zarr"))
    assert [part.path for part in found.parts] == ["", "labels", "labels/cells"]
    assert [array.path for array in found.arrays] == ["0", "1", "labels/cells/0", "labels/cells/1"]
    assert list(found.foreign()) == ["notes.txt"]
    assert found.versions == ("0.3",)
