"""What a conversion can be asked for, and what it says of itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import zarr

import zarrscope
from zarrscope import ConvertOptions, PlanOptions
from zarrscope.convert.plan import plan_conversion
from zarrscope.convert.run import check_apart
from zarrscope.errors import ArgumentError, BudgetError, CorruptDataError, UnsupportedError


def data_files(place: Path) -> list[Path]:
    """Return all files of a result but our own notes."""
    return [p for p in place.rglob("*") if p.is_file() and ".zarrscope" not in p.parts]


def attributes(path: Path) -> dict[str, Any]:
    if (path / "zarr.json").is_file():
        return json.loads((path / "zarr.json").read_text())["attributes"]["ome"]
    return json.loads((path / ".zattrs").read_text())


@pytest.fixture
def stack(tmp_path: Path) -> tuple[Path, np.ndarray[Any, Any]]:
    pixels = np.random.default_rng(1).integers(0, 4096, (2, 5, 300, 280), dtype="u2")
    path = tmp_path / "stack.ome.tif"
    tifffile.imwrite(path, pixels, metadata={
        "axes": "CZYX", "PhysicalSizeX": 0.1, "PhysicalSizeXUnit": "µm", "PhysicalSizeY": 0.1,
        "PhysicalSizeYUnit": "µm", "PhysicalSizeZ": 0.5, "PhysicalSizeZUnit": "µm",
        "Channel": {"Name": ["DAPI", "GFP"]}, "Name": "the stack",
    })  # fmt: skip
    return path, pixels


@pytest.fixture
def series(tmp_path: Path) -> tuple[Path, list[np.ndarray[Any, Any]]]:
    images = [np.full((20 + i, 30), i + 1, "u1") for i in range(3)]
    path = tmp_path / "many.ome.tif"
    with tifffile.TiffWriter(path, ome=True) as tif:
        for number, image in enumerate(images):
            tif.write(image, metadata={"axes": "YX", "Name": f"field {number}"})
    return path, images


@pytest.mark.parametrize(("version", "zarr_format"), [("0.4", 2), ("0.5", 3)])
def test_chunks_and_shards_as_asked(stack: Any, tmp_path: Path, version: str, zarr_format: int) -> None:
    path, pixels = stack
    shards = {"c": 1, "z": 4, "y": 128, "x": 256} if version == "0.5" else None
    options = ConvertOptions(
        version=version, pyramid=PlanOptions(chunks={"z": 2, "y": 64, "x": 128}, shards=shards)
    )
    zarrscope.convert(path, tmp_path / "a.zarr", options)
    array = zarr.open_array(tmp_path / "a.zarr/0", mode="r")
    assert array.metadata.zarr_format == zarr_format
    assert array.chunks == (1, 2, 64, 128)
    assert array.shards == ((1, 4, 128, 256) if shards else None)
    assert np.array_equal(array[...], pixels)


@pytest.mark.parametrize("levels", [1, 2, 5])
def test_as_many_levels_as_asked(stack: Any, tmp_path: Path, levels: int) -> None:
    image = zarrscope.convert(
        stack[0], tmp_path / "a.zarr", ConvertOptions(pyramid=PlanOptions(levels=levels))
    )
    assert len(image.levels) == levels
    assert len(attributes(tmp_path / "a.zarr")["multiscales"][0]["datasets"]) == levels
    assert not (tmp_path / "a.zarr" / str(levels)).exists()


def test_levels_of_the_source_are_kept(tmp_path: Path) -> None:
    full = np.random.default_rng(1).integers(0, 255, (512, 640), dtype="u1")
    path = tmp_path / "pyramid.tif"
    with tifffile.TiffWriter(path) as tif:
        tif.write(full, tile=(128, 128), subifds=2)
        tif.write(np.full((128, 160), 7, "u1"), tile=(128, 128), subfiletype=1)
        tif.write(np.full((32, 40), 9, "u1"), tile=(32, 48), subfiletype=1)
    image = zarrscope.convert(path, tmp_path / "a.zarr", ConvertOptions(keep_levels=True))
    assert [level.shape for level in image.levels] == [(512, 640), (128, 160), (32, 40)]
    assert [np.unique(level[...]).tolist() for level in image.levels[1:]] == [[7], [9]]
    assert image.levels[1].scale == (4.0, 4.0)
    assert image.levels[1].translation == (1.5, 1.5)
    assert "type" not in attributes(tmp_path / "a.zarr")["multiscales"][0]


@pytest.mark.parametrize(
    "codec", ["default", "fast", "small", "none", "zstd", "zstd:7", "gzip", "blosc-zlib:2"]
)
@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_codecs_by_name(stack: Any, tmp_path: Path, codec: str, version: str) -> None:
    path, pixels = stack
    zarrscope.convert(path, tmp_path / "a.zarr", ConvertOptions(codec=codec, version=version))
    array = zarr.open_array(tmp_path / "a.zarr/0", mode="r")
    assert np.array_equal(array[...], pixels)
    said = (
        str(array.compressors).lower()
        + (tmp_path / "a.zarr/0").joinpath("zarr.json" if version == "0.5" else ".zarray").read_text()
    )
    used = {"default": "zstd", "fast": "lz4", "small": "zstd", "none": ""}.get(codec, codec.split(":")[0])
    assert used.removeprefix("blosc-") in said
    if codec == "none":
        assert not any(word in said for word in ("blosc", "zstd", "gzip"))


def test_sizes_units_and_names_of_the_user_come_first(stack: Any, tmp_path: Path) -> None:
    options = ConvertOptions(
        scale={"z": 2.0, "x": 0.3},
        unit={"z": "mm"},
        channel_names=("one", "two"),
        pyramid=PlanOptions(levels=1),
    )
    zarrscope.convert(stack[0], tmp_path / "a.zarr", options)
    document = attributes(tmp_path / "a.zarr")
    (multiscale,) = document["multiscales"]
    (dataset,) = multiscale["datasets"]
    assert dataset["coordinateTransformations"] == [{"type": "scale", "scale": [1.0, 2.0, 0.1, 0.3]}]
    assert [axis.get("unit") for axis in multiscale["axes"]] == [
        None,
        "millimeter",
        "micrometer",
        "micrometer",
    ]
    assert [channel["label"] for channel in document["omero"]["channels"]] == ["one", "two"]
    assert multiscale["name"] == "the stack"


def test_axes_of_the_user_end_all_guessing(tmp_path: Path) -> None:
    pixels = np.random.default_rng(1).integers(0, 4096, (4, 64, 48), dtype="u2")
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="minisblack")
    for axes in ("zyx", "tyx", "cyx"):
        zarrscope.convert(tmp_path / "a.tif", tmp_path / axes, axes=axes)
        assert "".join(a["name"] for a in attributes(tmp_path / axes)["multiscales"][0]["axes"]) == axes
    image = zarrscope.convert(tmp_path / "a.tif", tmp_path / "turned", axes="xyz")
    assert np.array_equal(image.levels[0][...], pixels.transpose(2, 1, 0))


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_several_series_become_a_collection(series: Any, tmp_path: Path, version: str) -> None:
    path, images = series
    place = tmp_path / "a.zarr"
    group = zarrscope.convert(path, place, ConvertOptions(version=version))
    assert attributes(place)["bioformats2raw.layout"] == 3
    assert attributes(place / "OME")["series"] == ["0", "1", "2"]
    xml = (place / "OME" / "METADATA.ome.xml").read_text(encoding="utf-8")
    assert xml.count("<MetadataOnly") == 3
    assert group.paths == ("0", "1", "2")
    for number, pixels in enumerate(images):
        assert attributes(place / str(number))["multiscales"][0]["name"] == f"field {number}"
        assert np.array_equal(zarr.open_array(place / f"{number}/0", mode="r")[...], pixels)


@pytest.mark.parametrize("scene", ["1", "field 1"])
def test_one_series_stands_at_the_root(series: Any, tmp_path: Path, scene: str) -> None:
    path, images = series
    zarrscope.convert(path, tmp_path / "a.zarr", ConvertOptions(scene=scene))
    assert "bioformats2raw.layout" not in attributes(tmp_path / "a.zarr")
    assert np.array_equal(zarr.open_array(tmp_path / "a.zarr/0", mode="r")[...], images[1])


def test_no_scene_of_that_name_or_more_than_one(series: Any, tmp_path: Path) -> None:
    path, _ = series
    for scene in ("3", "-1", "field", ""):
        with pytest.raises(ArgumentError, match=r"there is no scene .*0 \(field 0\), 1 \(field 1\)"):
            zarrscope.convert(path, tmp_path / "a.zarr", ConvertOptions(scene=scene))
    assert not (tmp_path / "a.zarr").exists()


def test_a_collection_appears_last_and_goes_as_one(tmp_path: Path) -> None:
    """The third of three series is damaged: the two good ones do not stay behind as a whole."""
    path = tmp_path / "many.tif"
    with tifffile.TiffWriter(path) as tif:
        for number in range(3):
            tif.write(
                np.random.default_rng(number).integers(0, 255, (400 + number, 400), dtype="u1"),
                compression="zlib", metadata=None,
            )  # fmt: skip
    with tifffile.TiffFile(path) as tif:
        offset = tif.series[2].pages[0].dataoffsets[0]
        assert len(tif.series) == 3
    with path.open("r+b") as file:
        file.seek(offset + 10)
        file.write(b"\xff" * 500)
    with pytest.raises(CorruptDataError):
        zarrscope.convert(path, tmp_path / "a.zarr")
    assert not (tmp_path / "a.zarr").exists()


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_any_number_of_workers_gives_the_same_bytes(tmp_path: Path, version: str) -> None:
    pixels = np.random.default_rng(1).integers(0, 4096, (6, 1100, 900), dtype="u2")
    path = tmp_path / "tiles.tif"
    tifffile.imwrite(path, pixels, tile=(240, 240), compression="zlib", photometric="minisblack")
    trees = []
    for workers in (1, 2, 3):
        place = tmp_path / str(workers)
        options = ConvertOptions(
            version=version, workers=workers, pyramid=PlanOptions(chunks={"y": 200, "x": 256})
        )
        zarrscope.convert(path, place, options)
        trees.append(
            {
                p.relative_to(place): p.read_bytes()
                for p in place.rglob("*")
                if p.is_file() and ".zarrscope" not in p.parts
            }
        )
    assert trees[0] == trees[1] == trees[2]
    assert len(trees[0]) > 5


def test_progress_adds_up(stack: Any, tmp_path: Path) -> None:
    path, pixels = stack
    steps: list[int] = []
    zarrscope.convert(path, tmp_path / "a.zarr", progress=steps.append)
    assert sum(steps) == pixels.size


def test_a_zarr_is_a_source_too(stack: Any, tmp_path: Path) -> None:
    path, pixels = stack
    zarrscope.convert(path, tmp_path / "a.zarr", ConvertOptions(version="0.4"))
    image = zarrscope.convert(tmp_path / "a.zarr", tmp_path / "b.zarr")
    assert image.version == "0.5"
    assert np.array_equal(image.levels[0][...], pixels)
    first, second = (attributes(tmp_path / name) for name in ("a.zarr", "b.zarr"))
    for one, two in zip(
        first["multiscales"][0]["datasets"], second["multiscales"][0]["datasets"], strict=True
    ):
        assert one["coordinateTransformations"] == two["coordinateTransformations"]
    assert [c["label"] for c in second["omero"]["channels"]] == ["DAPI", "GFP"]


class TestPlan:
    """What is decided before the first pixel is read."""

    def test_it_can_be_printed(self, stack: Any) -> None:
        with zarrscope.open_source(stack[0]) as source:
            plan = plan_conversion(source, ConvertOptions(workers=1))
            said = str(plan)
        assert plan.pixels == stack[1].size
        for part in ("the stack: czyx", "z 0.5 micrometer", "level 0: 2 x 5 x 300 x 280", "memory: at most"):
            assert part in said

    def test_it_counts_the_files(self, stack: Any, tmp_path: Path) -> None:
        small = PlanOptions(chunks={"y": 50, "x": 70}, sharded=False)
        for options in (ConvertOptions(), ConvertOptions(version="0.4"), ConvertOptions(pyramid=small)):
            with zarrscope.open_source(stack[0]) as source:
                plan = plan_conversion(source, options)
            place = tmp_path / str(plan.files)
            zarrscope.convert(stack[0], place, options, overwrite=True)
            documents = ("zarr.json", ".zarray", ".zgroup", ".zattrs", "METADATA.ome.xml")
            found = data_files(place)
            assert plan.files == sum(p.name not in documents for p in found)

    def test_memory_bounds_the_workers(self, tmp_path: Path) -> None:
        tifffile.imwrite(tmp_path / "a.tif", np.zeros((4096, 4096), "u2"), tile=(512, 512))
        with zarrscope.open_source(tmp_path / "a.tif") as source:
            plan = plan_conversion(source, ConvertOptions(pyramid=PlanOptions(memory=32 << 20)))
            assert plan.memory <= 32 << 20
            with pytest.raises(BudgetError, match="64 workers need"):
                plan_conversion(source, ConvertOptions(pyramid=PlanOptions(memory=32 << 20), workers=64))

    def test_what_the_version_cannot_hold_is_refused(self, tmp_path: Path) -> None:
        np.save(tmp_path / "a.npy", np.zeros(50, "u1"))
        with zarrscope.open_source(tmp_path / "a.npy") as source, pytest.raises(UnsupportedError):
            plan_conversion(source, ConvertOptions())


@pytest.mark.parametrize(
    ("source", "destination", "apart"),
    [("a", "b", True), ("a", "ab", True), ("a", "a/b", False), ("a/b", "a", False), ("a", "a", False),
     ("a", "link", False), ("a", "link/b", False), ("http://x/a", "a", True)],
)  # fmt: skip
def test_source_and_destination_lie_apart(
    tmp_path: Path, source: str, destination: str, apart: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a").mkdir()
    Path("link").symlink_to("a")
    if apart:
        check_apart(source, destination)
    else:
        with pytest.raises(ArgumentError, match="inside one another"):
            check_apart(source, destination)
