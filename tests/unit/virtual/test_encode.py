"""What can be shown: sources, images that are stored, scenes, arrays."""

from __future__ import annotations

import pickle
from contextlib import suppress
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import pytest
import tifffile
from tests.unit.virtual.arrays import Tiles, halved, noise

from zarrscope.convert.plan import ConvertOptions
from zarrscope.convert.run import convert
from zarrscope.errors import ArgumentError, BudgetError, NotFoundError, UnsupportedError
from zarrscope.model.description import ImageDescription
from zarrscope.model.labels import ImageLabel
from zarrscope.model.naming import axis
from zarrscope.model.rendering import Channel
from zarrscope.node.image import Image
from zarrscope.node.open import open_node
from zarrscope.source.contracts import Scene
from zarrscope.source.registry import open_source
from zarrscope.virtual.encode import encode
from zarrscope.virtual.store import VirtualStore
from zarrscope.virtual.stored import Below
from zarrscope.write.array import write


def opened(store: Any) -> Image:
    node = open_node(store)
    assert isinstance(node, Image)
    return node


@pytest.fixture
def tiff(tmp_path: Path) -> tuple[Path, np.ndarray[Any, Any]]:
    pixels = noise((3, 700, 900))
    path = tmp_path / "cells.ome.tif"
    tifffile.imwrite(path, pixels, tile=(256, 256), compression="zlib", metadata={"axes": "CYX"})
    return path, pixels


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_a_tiff(tiff: Any, version: str) -> None:
    path, pixels = tiff
    with encode(open_source(path), version=version) as store:
        image = opened(store)
        assert image.version == version
        assert [axis.name for axis in image.axes] == ["c", "y", "x"]
        np.testing.assert_array_equal(image.levels[0][:], pixels)
        np.testing.assert_array_equal(image.levels[1][:], halved(pixels))
        np.testing.assert_array_equal(image.levels[2][:], halved(halved(pixels)))
        assert len(image.levels) == 3
        assert image.levels[0].chunks == (1, 256, 256)
        assert store.computed_levels == ("1", "2")
        assert len(image.channels) == 3
        assert str(path) in store.url("0/zarr.json")


def test_the_pixels_of_a_conversion(tiff: Any, tmp_path: Path) -> None:
    path, _ = tiff
    written = convert(path, tmp_path / "out.ome.zarr", ConvertOptions())
    assert isinstance(written, Image)
    with encode(open_source(path)) as store:
        image = opened(store)
        assert image.multiscale == written.multiscale
        for virtual, real in zip(image.levels, written.levels, strict=True):
            np.testing.assert_array_equal(virtual[:], real[:])


def test_levels_of_a_file_keep_their_place(tmp_path: Path) -> None:
    path, fine, coarse = tmp_path / "a.ome.tif", noise((800, 600)), noise((200, 150))
    with tifffile.TiffWriter(path) as tif:
        tif.write(fine, tile=(256, 256), subifds=1, metadata={"axes": "YX", "PhysicalSizeX": 0.5,
                  "PhysicalSizeXUnit": "µm", "PhysicalSizeY": 0.5, "PhysicalSizeYUnit": "µm"})  # fmt: skip
        tif.write(coarse, tile=(256, 256), subfiletype=1)
    with encode(open_source(path)) as store:
        image = opened(store)
        np.testing.assert_array_equal(image.levels[1][:], coarse)
        assert [level.shape for level in image.levels] == [(800, 600), (200, 150)]
        assert [level.scale for level in image.levels] == [(0.5, 0.5), (2.0, 2.0)]
        assert image.levels[1].translation == (0.75, 0.75)  # (4 - 1) / 2 pixels of half a micrometre


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_several_images_are_a_collection(tmp_path: Path, version: str) -> None:
    path, one, two = tmp_path / "two.ome.tif", noise((20, 30)), noise((2, 40, 50), "u1")
    with tifffile.TiffWriter(path, ome=True) as tif:
        tif.write(one, metadata={"axes": "YX", "Name": "one"})
        tif.write(two, metadata={"axes": "ZYX", "Name": "two"})
    with encode(open_source(path), version=version) as store:
        group = open_node(store)
        assert (group.kind, group.paths) == ("collection", ("0", "1"))
        for image, pixels in zip(group, (one, two), strict=True):
            np.testing.assert_array_equal(image.levels[0][:], pixels)
        assert "<OME" in (group.ome_xml or "")
        assert "BinData" not in (group.ome_xml or "")


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_what_is_stored_passes_as_it_is(tmp_path: Path, version: str) -> None:
    write(noise((300, 400)), tmp_path / "a.ome.zarr", axes="yx", version=version)
    node, source = open_node(tmp_path / "a.ome.zarr"), open_source(tmp_path / "a.ome.zarr")
    for thing in (node, source):
        for wanted in (None, version):
            with encode(thing, version=wanted) as store:
                assert isinstance(store, Below)
                names = {
                    str(p.relative_to(tmp_path / "a.ome.zarr")) for p in tmp_path.rglob("*") if p.is_file()
                }
                assert set(store.list()) == names
                for name in names:
                    assert bytes(store.get(name) or b"") == (tmp_path / "a.ome.zarr" / name).read_bytes()
                    found = store.look(name)
                    assert found.at_once(0, 5) in (None, (tmp_path / "a.ome.zarr" / name).read_bytes()[:5])
                    found.close()
                assert store.computed_levels == ()
                assert store.look("absent") is None


def handles(path: Path) -> int:
    """Return how often this process has a file open."""
    found = 0
    for one in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            found += one.readlink() == path
    return found


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="Linux alone tells which files are open")
@pytest.mark.parametrize("form", ["image", "other version", "array", "no Zarr"])
def test_an_archive_is_closed_with_the_store(tmp_path: Path, form: str) -> None:
    write(noise((30, 40)), tmp_path / "a.ome.zarr", axes="yx", levels=1)
    copied = tmp_path / "a.ome.zarr" / ("0" if form == "array" else "")
    archive = tmp_path / "a.zarr.zip"
    with ZipFile(archive, "w") as file:
        for one in () if form == "no Zarr" else copied.rglob("*"):
            file.write(one, one.relative_to(copied))
    if form == "no Zarr":
        with pytest.raises(NotFoundError) as told:
            open_source(archive)
        assert handles(archive) == 0, told
        return
    store = encode(open_source(archive), version="0.4" if form == "other version" else None)
    key = next(key for key in store.list() if key.endswith("0"))
    before = bytes(store.get(key))
    assert handles(archive) == 1
    store.close()
    store.close()
    assert handles(archive) == 0, before


def test_what_was_given_open_stays_open(tmp_path: Path) -> None:
    write(noise((30, 40)), tmp_path / "a.ozx", axes="yx", levels=1)
    image = open_node(tmp_path / "a.ozx")
    assert isinstance(image, Image)
    for version in (None, "0.4"):
        encode(image, version=version).close()
        np.testing.assert_array_equal(image.levels[0][:], noise((30, 40)))


@pytest.mark.parametrize(("stored", "wanted"), [("0.4", "0.5"), ("0.5", "0.4")])
def test_what_is_stored_in_another_version_is_made_anew(tmp_path: Path, stored: str, wanted: str) -> None:
    pixels = noise((300, 400))
    write(pixels, tmp_path / "a.ome.zarr", axes="yx", version=stored, scale={"y": 0.5, "x": 0.4})
    with encode(open_node(tmp_path / "a.ome.zarr"), version=wanted) as store:
        image = opened(store)
        assert image.version == wanted
        np.testing.assert_array_equal(image.levels[0][:], pixels)
        assert [level.scale for level in image.levels] == [(0.5, 0.4), (1.0, 0.8)]
        assert store.computed_levels == ()


def test_one_of_several_images(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "two.ome.tif", ome=True) as tif:
        tif.write(noise((20, 30)), metadata={"axes": "YX"})
        tif.write(noise((40, 50)), metadata={"axes": "YX"})
    group = convert(tmp_path / "two.ome.tif", tmp_path / "out.ome.zarr")
    with encode(group.image("1")) as store:
        assert opened(store).shape == (40, 50)
        assert store.get("0/zarr.json") == (tmp_path / "out.ome.zarr/1/0/zarr.json").read_bytes()
        assert store.head("0/zarr.json").size == len(store.get("0/zarr.json"))
        assert store.get("1/zarr.json") is None  # a level of it that is not there; the other image is far


def test_labels_have_no_windows_and_invent_no_number() -> None:
    pixels = noise((600, 600), "u4")
    description = ImageDescription("cells", (axis("y"), axis("x")), (None, None), label=ImageLabel())
    with encode(Scene(description, [Tiles(pixels, (256, 256))])) as store:
        image = opened(store)
        assert image.kind == "label"
        assert image.channels == ()
        assert set(np.unique(image.levels[2][:])) <= set(np.unique(pixels))


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize(
    ("count", "said", "active"),
    [
        (4, {}, [None] * 4),
        (5, {}, [True] * 4 + [False]),
        (70, {}, [True] * 4 + [False] * 66),
        (6, {5: True}, [None] * 5 + [True]),
        (6, {0: False}, [False] + [None] * 5),
    ],
)
def test_of_many_channels_four_are_active(
    version: str, count: int, said: dict[int, bool], active: list[bool | None]
) -> None:
    channels = tuple(Channel(label=f"c{i}", active=said.get(i)) for i in range(count))
    description = ImageDescription("", tuple(map(axis, "cyx")), (None,) * 3, channels=channels)
    with encode(Scene(description, [Tiles(noise((count, 20, 30)), (1, 20, 30))]), version=version) as store:
        assert [channel.active for channel in opened(store).channels] == active
        document = bytes(store.get("zarr.json" if version == "0.5" else ".zattrs"))
        assert document.count(b'"active"') == sum(one is not None for one in active)


@pytest.mark.parametrize("form", ["levels", "array", "numpy", "big-endian"])
def test_arrays(form: str) -> None:
    pixels = noise((2, 300, 400))
    thing: Any = {
        "levels": [Tiles(pixels, (1, 64, 64)), Tiles(halved(pixels), (1, 64, 64))],
        "array": Tiles(pixels, (1, 64, 64)),
        "numpy": pixels,
        "big-endian": pixels.astype(">u2"),
    }[form]
    with encode(thing) as store:
        image = opened(store)
        assert [axis.name for axis in image.axes] == ["z", "y", "x"]
        np.testing.assert_array_equal(image.levels[0][:], pixels)
        np.testing.assert_array_equal(image.levels[1][:], halved(pixels))


def test_axes_are_brought_into_our_order() -> None:
    pixels = noise((30, 40, 3), "u1")
    description = ImageDescription("", tuple(map(axis, "yxc")), (0.5, 0.25, None))
    with encode(Scene(description, [Tiles(pixels, (16, 16, 3))])) as store:
        image = opened(store)
        assert [axis.name for axis in image.axes] == ["c", "y", "x"]
        assert image.scale == (1.0, 0.5, 0.25)
        np.testing.assert_array_equal(image.levels[0][:], np.moveaxis(pixels, 2, 0))
        assert image.levels[0].chunks == (3, 30, 40)


@pytest.mark.parametrize(
    ("thing", "error", "words"),
    [
        ("cells.tif", ArgumentError, "no shape"),
        ([], ArgumentError, "list: give a source, an image, or arrays"),
        (np.zeros((1,) * 6), ArgumentError, "one to five axes"),
        (np.zeros((4, 4), complex), UnsupportedError, "complex"),
        (np.zeros((0, 4)), ArgumentError, "no pixels"),
        (Tiles(np.zeros((400, 400)), (400, 400)), BudgetError, "--memory"),
    ],
)
def test_what_cannot_be_shown(thing: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        encode(thing, memory=1_000_000)


def test_versions_that_are_not_served(tiff: Any) -> None:
    with pytest.raises(ArgumentError, match=r"'0\.6' is not served; choose one of 0\.4, 0\.5"):
        encode(open_source(tiff[0]), version="0.6")


def test_a_store_travels_as_what_it_shows(tiff: Any) -> None:
    path, pixels = tiff
    with encode(open_source(path), memory=1 << 26) as store, pickle.loads(pickle.dumps(store)) as other:  # noqa: S301
        assert isinstance(other, VirtualStore)
        np.testing.assert_array_equal(opened(other).levels[0][:], pixels)
        assert other.head("0/c/0/0/0") == store.head("0/c/0/0/0")
