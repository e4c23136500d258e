"""Opening what was written: images, groups, levels, and what stands where no image is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import dask.array
import numpy as np
import pytest
import tifffile
import zarr

import zarrscope
from zarrscope import ConvertOptions
from zarrscope.errors import ArgumentError, MetadataError, NotFoundError, UnsupportedError, ZarrscopeError
from zarrscope.store.memory import MemoryStore

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_what_an_image_says(tmp_path: Path, version: str) -> None:
    pixels = np.random.default_rng(1).integers(0, 999, (2, 3, 600, 500), dtype="u2")
    zarrscope.write(
        pixels, tmp_path / "a", axes="czyx", scale={"z": 1.0, "y": 0.5, "x": 0.5}, unit="micrometer",
        channels=["DAPI", "GFP"], name="cells", version=version,
    )  # fmt: skip
    image = zarrscope.open(tmp_path / "a")
    assert isinstance(image, zarrscope.Image)
    assert (image.kind, image.version, image.name) == ("image", version, "cells")
    assert [(a.name, a.type, a.unit) for a in image.axes] == [
        ("c", "channel", None), ("z", "space", "micrometer"), ("y", "space", "micrometer"),
        ("x", "space", "micrometer"),
    ]  # fmt: skip
    assert [channel.label for channel in image.channels] == ["DAPI", "GFP"]
    assert image.scale == (1.0, 1.0, 0.5, 0.5)
    assert image.labels == ()
    assert [level.shape for level in image.levels] == [(2, 3, 600, 500), (2, 3, 300, 250), (2, 2, 150, 125)]
    assert "czyx 2x3x600x500 uint16" in repr(image)
    assert np.array_equal(np.asarray(image), pixels)
    assert np.array_equal(image.levels[0][1, ..., 10:20, -7], pixels[1, ..., 10:20, -7])
    told = zarrscope.info(image)
    assert json.loads(json.dumps(told)) == told
    assert told["levels"][1]["scale"] == list(image.levels[1].scale)
    assert [level["path"] for level in told["levels"]] == ["0", "1", "2"]
    region = zarrscope.Region((0, 1, 5, 7), (2, 2, 50, 70))
    assert np.array_equal(image.levels[0].read(region), pixels[region.slices])


def test_opening_reads_documents_only() -> None:
    class Counted(MemoryStore):
        def get_many(self, requests):
            keys.extend(request.key for request in requests)
            return super().get_many(requests)

    keys: list[str] = []
    store = Counted()
    zarrscope.write(np.zeros((600, 600), "u1"), store)
    keys.clear()
    image = zarrscope.open(store)
    assert keys
    assert len(image.levels) == 3
    assert not [key for key in keys if "/c/" in key]
    assert len(keys) <= 12


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_a_collection(tmp_path: Path, version: str) -> None:
    with tifffile.TiffWriter(tmp_path / "a.ome.tif", ome=True) as tif:
        for number in range(3):
            tif.write(np.full((30, 30), number, "u1"), metadata={"axes": "YX", "Name": f"s{number}"})
    group = zarrscope.convert(tmp_path / "a.ome.tif", tmp_path / "a", ConvertOptions(version=version))
    assert isinstance(group, zarrscope.ImageGroup)
    assert (group.kind, len(group), group.paths) == ("collection", 3, ("0", "1", "2"))
    assert [image.name for image in group] == ["s0", "s1", "s2"]
    assert [int(image.levels[0][0, 0]) for image in group] == [0, 1, 2]
    assert "MetadataOnly" in group.ome_xml
    assert zarrscope.info(group)["images"] == ["0", "1", "2"]
    for path in (tmp_path / "a" / "OME").rglob("*"):
        path.unlink()
    again = zarrscope.open(tmp_path / "a")
    assert again.paths == ("0", "1", "2")  # found one by one where no list is
    assert again.ome_xml is None


def test_labels_are_found_by_name(tmp_path: Path) -> None:
    zarrscope.write(np.zeros((30, 30), "u1"), tmp_path / "a")
    zarrscope.write(np.full((30, 30), 5, "u4"), tmp_path / "a" / "labels" / "nuclei", downsample="mode")
    listing = {"zarr_format": 3, "node_type": "group",
               "attributes": {"ome": {"version": "0.5", "labels": ["nuclei"]}}}  # fmt: skip
    (tmp_path / "a" / "labels" / "zarr.json").write_text(json.dumps(listing))
    image = zarrscope.open(tmp_path / "a")
    assert image.labels == ("nuclei",)
    assert int(image.label("nuclei").levels[0][3, 3]) == 5
    with pytest.raises(NotFoundError):
        image.label("cells")


class TestWhatIsNoImage:
    """Each has its own error, and one line."""

    def refused(self, place: Path, error: type[ZarrscopeError], match: str) -> None:
        with pytest.raises(error, match=match) as caught:
            zarrscope.open(place)
        assert "\n" not in str(caught.value)
        assert str(place) in str(caught.value)

    def test_nothing(self, tmp_path: Path) -> None:
        self.refused(tmp_path / "a", NotFoundError, "no such")

    def test_a_folder_without_a_zarr(self, tmp_path: Path) -> None:
        (tmp_path / "x.txt").touch()
        self.refused(tmp_path, NotFoundError, "no group")

    def test_a_zarr_group_of_others(self, tmp_path: Path) -> None:
        zarr.open_group(tmp_path / "a", mode="w")
        self.refused(tmp_path / "a", UnsupportedError, "without OME-Zarr metadata")

    @pytest.mark.parametrize("version", ["0.4", "0.5"])
    def test_a_group_above_images(self, tmp_path: Path, version: str) -> None:
        """One of them is named; what lies beside them is no image."""
        zarr.open_group(tmp_path / "a", mode="w", zarr_format=2 if version == "0.4" else 3)
        place = tmp_path / "a" / "images" / "cells"
        zarrscope.write(np.zeros((30, 30), "u1"), place, axes="yx", version=version)
        zarrscope.write(np.zeros((30, 30), "u1"), place / "labels" / "seen", axes="yx", version=version)
        (tmp_path / "a" / "elements" / "b").mkdir(parents=True)
        (tmp_path / "a" / "elements" / "b" / ".zattrs").write_text("{")
        self.refused(tmp_path / "a", UnsupportedError, f"open an image below it, such as {place}$")

    @pytest.mark.parametrize("zarr_format", [2, 3])
    def test_a_zarr_array(self, tmp_path: Path, zarr_format: int) -> None:
        zarr.create_array(tmp_path / "a", shape=(3,), dtype="u1", zarr_format=zarr_format)
        self.refused(tmp_path / "a", UnsupportedError, "is a Zarr array")

    @pytest.mark.parametrize(
        "text", ["", "{", "[]", "null", "{} {}", '{"a": NaN}', "\ufeff{}", '{"a":1,"a":2}']
    )
    def test_a_broken_document(self, tmp_path: Path, text: str) -> None:
        (tmp_path / "a").mkdir()
        (tmp_path / "a" / "zarr.json").write_text(text)
        self.refused(tmp_path / "a", ZarrscopeError, "zarr.json")

    def test_an_image_without_levels(self, tmp_path: Path) -> None:
        zarrscope.write(np.zeros((30, 30), "u1"), tmp_path / "a")
        path = tmp_path / "a" / "zarr.json"
        document = json.loads(path.read_text())
        document["attributes"]["ome"]["multiscales"][0]["datasets"] = []
        path.write_text(json.dumps(document))
        self.refused(tmp_path / "a", MetadataError, "names no level")

    def test_a_level_that_is_not_there(self, tmp_path: Path) -> None:
        zarrscope.write(np.zeros((600, 30), "u1"), tmp_path / "a")
        (tmp_path / "a" / "1" / "zarr.json").unlink()
        image = zarrscope.open(tmp_path / "a")
        with pytest.raises(NotFoundError, match="a/1"):
            _ = image.levels


@pytest.fixture
def small(tmp_path: Path) -> tuple[zarrscope.Image, np.ndarray]:
    pixels = np.random.default_rng(5).integers(0, 999, (3, 40, 50), dtype="u2")
    return zarrscope.write(pixels, tmp_path / "a", axes="cyx"), pixels


def test_an_image_and_a_level_feel_like_arrays(small: tuple[zarrscope.Image, np.ndarray]) -> None:
    image, pixels = small
    level = image.levels[0]
    assert (level.ndim, level.size, level.nbytes, len(level)) == (3, pixels.size, pixels.nbytes, 3)
    assert (image.shape, image.dtype) == (pixels.shape, pixels.dtype)
    assert np.array_equal(image[...], pixels)
    assert np.array_equal(image[1, 3:9, ::-2], pixels[1, 3:9, ::-2])
    assert np.array_equal(level[np.int64(2)], pixels[2])
    for blocks in ({}, {"chunks": (1, 20, 20)}):
        lazy = dask.array.from_array(level, **blocks)
        assert lazy.shape == pixels.shape
        assert np.array_equal(lazy[:, 3:30].compute(), pixels[:, 3:30])


@pytest.mark.parametrize(
    "index", [[0, 1], np.array([0, 1]), np.zeros(3, bool), None, 1.5, "c", True, (0, [1, 2])], ids=str
)
def test_other_indices_are_refused_with_a_hint(
    small: tuple[zarrscope.Image, np.ndarray], index: object
) -> None:
    for array in (small[0], small[0].levels[0]):
        with pytest.raises(ArgumentError, match="use integers, slices and"):
            array[index]
    with pytest.raises(IndexError):
        small[0][3]
