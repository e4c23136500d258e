"""A stored image whose coarsest level is large gets coarser ones; everything else stays as it stands."""

from __future__ import annotations

import json
import pickle
import shutil
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import zarr
from tests.unit.check.conftest import Tree
from tests.unit.virtual.arrays import halved, noise, windows
from zarr.core.buffer import cpu

import zarrscope
from zarrscope.errors import CorruptDataError, ZarrscopeError
from zarrscope.node.image import Image
from zarrscope.node.open import open_node
from zarrscope.source.registry import open_source
from zarrscope.store.contracts import Request
from zarrscope.virtual import completed
from zarrscope.virtual.completed import Completed
from zarrscope.virtual.encode import encode
from zarrscope.virtual.stored import Below

if TYPE_CHECKING:
    from pathlib import Path

PIXELS = noise((2, 700, 900))
LABELS = np.repeat(np.repeat(noise((100, 129), "u1").astype("u4") * 1000, 7, 0), 7, 1)[:700, :900]


@pytest.fixture(autouse=True)
def _little_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(completed, "AT_ONCE", 1000)


def stored(place: Path, version: str, *, labels: bool = True, levels: int = 1) -> Path:
    tree = Tree(place)
    shards = "none" if version == "0.5" else None
    how: Any = {"chunks": {"y": 256, "x": 256}, "shards": shards, "scale": {"y": 0.5, "x": 0.4}, "unit": "um"}
    zarrscope.write(PIXELS, place, axes="cyx", version=version, levels=levels, **how)
    if labels:
        tree.labels(version, levels=1)
        tree.image("labels/cells", version, levels=1, pixels=LABELS)
        tree.change(f"labels/cells/{'zarr.json' if version == '0.5' else '.zattrs'}", partial(mark, version))
    return place


def mark(version: str, document: Any) -> None:
    ours = document["attributes"]["ome"] if version == "0.5" else document
    if version == "0.4":  # which need not be said
        ours["image-label"] = {"version": version, "source": {"image": "../../"}}
    del ours["omero"]


def opened(store: Any) -> Image:
    node = open_node(store)
    assert isinstance(node, Image)
    return node


def values(place: Path) -> dict[str, bytes]:
    return {p.relative_to(place).as_posix(): p.read_bytes() for p in place.rglob("*") if p.is_file()}


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_levels_are_added_and_nothing_else_changes(tmp_path: Path, version: str) -> None:
    place = stored(tmp_path / "a.ome.zarr", version)
    with encode(open_source(place)) as store:
        assert isinstance(store, Completed)
        assert store.computed_levels == (
            "computed1", "computed2", "labels/cells/computed1", "labels/cells/computed2",
        )  # fmt: skip
        image = opened(store)
        expected = [PIXELS, halved(PIXELS), halved(halved(PIXELS))]
        for level, pixels in zip(image.levels, expected, strict=True):
            np.testing.assert_array_equal(level[:], pixels)
        # a pixel is twice as large, and its centre lies between those of four
        assert [level.scale for level in image.levels] == [(1, 0.5, 0.4), (1, 1, 0.8), (1, 2, 1.6)]
        moved = [level.translation for level in image.levels]
        np.testing.assert_allclose(moved, [(0, 0, 0), (0, 0.25, 0.2), (0, 0.75, 0.6)])
        found = values(place)
        amended = {"zarr.json" if version == "0.5" else ".zattrs"}
        amended |= {f"labels/cells/{name}" for name in amended}
        kept = {key for key in found if ".zarrscope/" not in key}
        for key in kept - amended:
            assert bytes(store.get(key) or b"") == found[key]
        listed = list(store.list())
        assert listed == sorted(listed)
        assert set(listed) >= kept
        assert {key.split("/computed")[0] for key in set(listed) - kept} == {
            "labels/cells", *(key for key in listed if key.startswith("computed")),
        }  # fmt: skip
        assert not any(".zarrscope" in key for key in listed)
        assert store.get(".zarrscope/zarr.json") is None
        assert zarrscope.validate(store).valid
        assert (
            bytes(store.stored.get("zarr.json" if version == "0.5" else ".zattrs") or b"") in found.values()
        )


def test_label_images_keep_to_their_numbers(tmp_path: Path) -> None:
    with encode(open_source(stored(tmp_path / "a.ome.zarr", "0.5"))) as store:
        label = opened(store).label("cells")
        assert len(label.levels) == 3
        found, four = label.levels[1][:], windows(LABELS, (0, 1))
        alike = (four == four[..., :1]).all(-1)
        np.testing.assert_array_equal(found[alike], four[alike][:, 0])
        assert (four == found[..., None]).any(-1).all()  # at edges as well: one of the four, and no mean


def test_further_levels_follow_the_coarsest_that_is_stored(tmp_path: Path) -> None:
    place = stored(tmp_path / "a.ome.zarr", "0.5", labels=False, levels=2)
    with encode(open_source(place)) as store:
        assert store.computed_levels == ("computed2",)
        image = opened(store)
        assert image.levels[2].scale == (1, 2, 1.6)
        np.testing.assert_array_equal(image.levels[2][:], halved(halved(PIXELS)))


def test_channels_without_a_window_get_one(tmp_path: Path) -> None:
    place = stored(tmp_path / "a.ome.zarr", "0.5", labels=False)
    document = json.loads((place / "zarr.json").read_text())
    del document["attributes"]["ome"]["omero"]
    document["consolidated_metadata"] = {"kind": "inline", "must_understand": False, "metadata": {}}
    document["attributes"]["mine"] = {"kept": 1}
    (place / "zarr.json").write_text(json.dumps(document))
    with encode(open_source(place)) as store:
        told = store.told()["images"][0]
        assert told["guessed_windows"] == [0, 1]
        found = json.loads(bytes(store.get("zarr.json") or b""))
        shown = found["attributes"]["ome"]["omero"]["channels"]
        assert len(shown) == 2
        low, high = shown[0]["window"]["start"], shown[0]["window"]["end"]
        assert low < np.percentile(PIXELS[0], 2) < np.percentile(PIXELS[0], 98) < high
        assert found["attributes"]["mine"] == {"kept": 1}
        assert "consolidated_metadata" not in found


def test_what_is_known_of_channels_stays(tmp_path: Path) -> None:
    place = stored(tmp_path / "a.ome.zarr", "0.5", labels=False)
    document = json.loads((place / "zarr.json").read_text())
    known = {"start": 5.0, "end": 9.0, "min": 0.0, "max": 9.0}
    told = [{"label": "DAPI", "color": "0000FF", "mine": 1}, {"color": "FF0000", "window": known}]
    document["attributes"]["ome"]["omero"] = {"rdefs": {"defaultZ": 3}, "channels": told}
    (place / "zarr.json").write_text(json.dumps(document))
    with encode(open_source(place)) as store:
        omero = json.loads(bytes(store.get("zarr.json") or b""))["attributes"]["ome"]["omero"]
        assert omero["rdefs"] == {"defaultZ": 3}
        first, second = omero["channels"]
        assert second == told[1]
        assert {**first, "window": None} == {**told[0], "window": None}
        assert first["window"]["start"] < np.median(PIXELS[0]) < first["window"]["end"]


def test_a_viewer_is_told_by_the_paths_of_what_is_served(tmp_path: Path) -> None:
    with encode(open_source(stored(tmp_path / "a.ome.zarr", "0.4"))) as store:
        told = json.loads(json.dumps(store.told()))
        assert not told["virtual"]
        assert [one["path"] for one in told["images"]] == ["", "labels/cells"]
        root, label = told["images"]
        assert [(one["path"], one["computed"]) for one in root["levels"]] == [
            ("0", False), ("computed1", True), ("computed2", True),
        ]  # fmt: skip
        assert root["first"]["level"] == "computed2"
        assert label["levels"][1]["path"] == "labels/cells/computed1"
        assert root["levels"][2]["plane_bytes"] == PIXELS.nbytes


def test_values_are_found_as_in_any_store(tmp_path: Path) -> None:
    with encode(open_source(stored(tmp_path / "a.ome.zarr", "0.5", labels=False))) as store:
        assert isinstance(store, Completed)
        assert store.look("zarr.json") is None  # still to be made
        whole = bytes(store.get("zarr.json") or b"")
        assert store.head("zarr.json").size == len(whole)
        found = store.look("zarr.json")
        assert found is None or found.info.size == len(whole)
        key = "computed1/c/0/0/0"
        chunk = bytes(store.get(key) or b"")
        assert store.head(key).size == len(chunk)
        several = store.get_many([Request("0/zarr.json"), Request(key, (10, 20)), Request("absent")])
        assert [None if one is None else bytes(one) for one in several] == [
            values(tmp_path / "a.ome.zarr")["0/zarr.json"], chunk[10:20], None,
        ]  # fmt: skip
        again = pickle.loads(pickle.dumps(store))  # noqa: S301
        with again:
            assert bytes(again.get(key) or b"") == chunk


def test_a_damaged_chunk_is_an_error_of_what_is_made_of_it(tmp_path: Path) -> None:
    place = stored(tmp_path / "a.ome.zarr", "0.5", labels=False)
    part = next(path for path in (place / "0/c/1").rglob("*") if path.is_file())
    part.write_bytes(part.read_bytes()[:-9] + b"123456789")
    with encode(open_source(place)) as store:
        image = opened(store)
        with pytest.raises(CorruptDataError):
            image.levels[2][1]
        np.testing.assert_array_equal(image.levels[2][0], halved(halved(PIXELS))[0])


def test_an_unreadable_label_image_is_in_nobodys_way(tmp_path: Path) -> None:
    place = stored(tmp_path / "a.ome.zarr", "0.5")
    (place / "labels/cells/zarr.json").write_text("{")
    with encode(open_source(place)) as store:
        assert store.computed_levels == ("computed1", "computed2")


@pytest.mark.parametrize("why", ["version", "placing", "order of axes", "collection"])
def test_where_none_can_be_added_it_stays_as_it_stands(tmp_path: Path, why: str) -> None:
    place = tmp_path / "a.ome.zarr"
    zarrscope.write(PIXELS, place, axes="cyx", levels=1, version="0.6" if why == "version" else "0.4")
    path = place / ".zattrs"
    if why in ("placing", "order of axes"):
        document = json.loads(path.read_text())
        first = document["multiscales"][0]
        if why == "placing":
            first["datasets"][0]["coordinateTransformations"] = [{"type": "identity"}]
        else:
            first["axes"][1:] = first["axes"][:0:-1]
        path.write_text(json.dumps(document))
    elif why == "collection":
        (tmp_path / "b").mkdir()
        shutil.move(place, tmp_path / "b/0")
        (tmp_path / "b/.zgroup").write_text('{"zarr_format": 2}')
        (tmp_path / "b/.zattrs").write_text('{"bioformats2raw.layout": 3}')
        place = tmp_path / "b"
    with encode(open_source(place)) as store:
        assert type(store) is Below
        assert store.computed_levels == ()


def test_where_the_pixels_are_not_there_what_is_passes(tmp_path: Path) -> None:
    place = stored(tmp_path / "a.ome.zarr", "0.5")
    node = opened(place)
    shutil.rmtree(place / "0")
    with encode(node) as store:
        assert store.computed_levels == ("labels/cells/computed1", "labels/cells/computed2")
        assert bytes(store.get("zarr.json") or b"") == (place / "zarr.json").read_bytes()


def odd(place: Path, change: Any, key: str = ".zattrs") -> Path:
    path = place / key
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))
    return place


def steps(*found: Any) -> Any:
    def change(document: Any) -> None:
        document["multiscales"][0]["datasets"][0]["coordinateTransformations"] = list(found)

    return change


SCALE = {"type": "scale", "scale": [1, 0.5, 0.4]}


@pytest.mark.parametrize(
    "found",
    [
        [{"type": "scale", "path": "scale"}],
        [SCALE, {"type": "translation", "path": "moved"}],
        [SCALE, {"type": "translation", "translation": [1, 2]}],
        [{"type": "scale", "scale": [1, 0, 0.4]}],
        [{"type": "scale", "scale": [1, 0.5]}],
        [{"type": "scale", "scale": 5}],
        [{"type": "identity"}],
        ["scale"],
        [None],
        [],
    ],
    ids=str,
)
def test_levels_that_are_placed_oddly(tmp_path: Path, found: Any) -> None:
    place = odd(stored(tmp_path / "a.ome.zarr", "0.4"), steps(*found))
    try:
        source = open_source(place)
    except ZarrscopeError:
        return  # nobody can read it
    with encode(source) as store:  # the label image still gets its levels
        assert store.computed_levels == ("labels/cells/computed1", "labels/cells/computed2")
        assert bytes(store.get(".zattrs") or b"") == (place / ".zattrs").read_bytes()


@pytest.mark.parametrize(
    "omero",
    [None, [], {"channels": None}, {"channels": [None, 1]}, {"channels": {}}, {"channels": []}],
    ids=str,
)
def test_channels_that_are_no_channels(tmp_path: Path, omero: Any) -> None:
    place = odd(stored(tmp_path / "a.ome.zarr", "0.4", labels=False), lambda d: d.update(omero=omero))
    with encode(open_source(place)) as store:
        assert [level.shape for level in opened(store).levels][1:] == [(2, 350, 450), (2, 175, 225)]


def test_keys_of_other_programs(tmp_path: Path) -> None:
    mine = {"attributes": {"mine": 1}, "ome": {"x": 2}}
    place = odd(stored(tmp_path / "a.ome.zarr", "0.4"), lambda d: d.update(mine))
    (place / "zarr.json").write_text('{"node_type": "array"}')
    with encode(open_source(place)) as store:
        assert len(store.computed_levels) == 4
        found = json.loads(bytes(store.get(".zattrs") or b""))
        assert {key: found[key] for key in mine} == mine


@pytest.mark.filterwarnings("ignore:Consolidated metadata:UserWarning")
@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_other_programs_find_the_added_levels_in_spite_of_consolidated_documents(
    tmp_path: Path, version: str
) -> None:
    place = stored(tmp_path / "a.ome.zarr", version)
    zarr.consolidate_metadata(place)
    with encode(open_source(place)) as store:
        values = {key: bytes(store.get(key) or b"") for key in store.list()}
        copied = zarr.storage.MemoryStore({key: cpu.Buffer.from_bytes(data) for key, data in values.items()})
        group = zarr.open_group(copied, mode="r")
        np.testing.assert_array_equal(group["computed1"][...], halved(PIXELS))
        assert group["labels/cells/computed1"].shape == (350, 450)


@pytest.mark.filterwarnings("ignore:Consolidated metadata:UserWarning")
def test_consolidated_documents_above_a_label_image_know_nothing_of_its_levels(tmp_path: Path) -> None:
    place = stored(tmp_path / "a.ome.zarr", "0.5")
    zarr.consolidate_metadata(place)
    odd(place, lambda d: steps({"type": "identity"})(d["attributes"]["ome"]), "zarr.json")
    with encode(open_source(place)) as store:
        assert store.computed_levels == ("labels/cells/computed1", "labels/cells/computed2")
        assert "consolidated_metadata" not in json.loads(bytes(store.get("zarr.json") or b""))


def test_names_that_are_taken(tmp_path: Path) -> None:
    place = stored(tmp_path / "a.ome.zarr", "0.4", labels=False)
    (place / "0").rename(place / "computed1")
    odd(place, lambda d: d["multiscales"][0]["datasets"][0].update(path="computed1"))
    with encode(open_source(place)) as store:
        assert store.computed_levels == ("computed_1", "computed_2")
        np.testing.assert_array_equal(opened(store).levels[0][:], PIXELS)
    (place / "computed_1").mkdir()
    (place / "computed_1/.zarray").write_text("{}")
    with encode(open_source(place)) as store:
        assert store.computed_levels == ("computed__1", "computed__2")


def test_one_image_that_can_have_no_levels_is_not_in_the_way_of_others(tmp_path: Path) -> None:
    place = stored(tmp_path / "a.ome.zarr", "0.5")
    shutil.rmtree(place / "labels/cells")
    tree = Tree(place)
    zarrscope.write(LABELS, place / "labels/cells", axes="yx", levels=1, chunks={"y": 700, "x": 900})
    tree.change("labels/cells/zarr.json", partial(mark, "0.5"))
    with encode(open_source(place), memory=LABELS.nbytes * 2) as store:
        assert store.computed_levels == ("computed1", "computed2")


def test_tags_are_of_what_is_said(tmp_path: Path) -> None:
    tags = set()
    for name in ("a", "b"):
        place = stored(tmp_path / f"{name}.ome.zarr", "0.5", labels=False)
        odd(place, lambda d, name=name: d["attributes"].update(mine=name), "zarr.json")
        for _ in range(2):
            with encode(open_source(place)) as store:
                tags.add(store.head("zarr.json").tag)
    assert len(tags) == 2
