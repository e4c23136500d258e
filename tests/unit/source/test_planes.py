"""Folders and patterns of planes."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile

from zarrscope.errors import ArgumentError, SourceError, UnsupportedError
from zarrscope.source.names import groups, natural, pattern
from zarrscope.source.registry import open_source
from zarrscope.types import Region


def plane(seed: int, shape: tuple[int, ...] = (24, 20)) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 255, shape).astype(np.uint8)


def test_natural_order() -> None:
    assert sorted(["a10", "a9", "B1", "a1b", "a1"], key=natural) == ["a1", "a1b", "a9", "a10", "B1"]
    assert pattern("img_001-DAPI") == pattern("pic_2-GFP") != pattern("img_001_DAPI")


@pytest.mark.parametrize(
    ("names", "axes", "shape", "labels"),
    [
        (["a_0000", "a_0001", "a_0002"], "z", (3,), ()),
        (["a_t0", "a_t1"], "t", (2,), ()),
        (["a_time_01", "a_time_02"], "t", (2,), ()),
        ([f"a_z{z}_c{c}_t{t}" for t in (1, 2) for c in (0, 1) for z in (5, 6, 7)], "tcz", (2, 2, 3), ()),
        ([f"a_{t:03}_{z:03}" for t in range(3) for z in range(2)], "tz", (3, 2), ()),
        (["x_DAPI", "x_GFP", "x_Cy"], "c", (3,), ("Cy", "DAPI", "GFP")),
        (["x_c0_DAPI", "x_c1_GFP"], "c", (2,), ("DAPI", "GFP")),
        (["x_w1", "x_w2"], "c", (2,), ()),
    ],
)
def test_what_names_count(
    names: list[str], axes: str, shape: tuple[int, ...], labels: tuple[str, ...]
) -> None:
    (group,) = groups(names)
    assert (group.axes, group.shape, group.labels) == (axes, shape, labels)
    assert sorted(group.files) == list(range(len(names)))


def test_positions_and_wells_are_images_of_their_own() -> None:
    found = groups([f"01_POS{p}_{c}" for p in ("002", "076") for c in "DFR"])
    assert [(g.name, g.axes, g.files) for g in found] == [
        ("01_POS002", "c", (0, 1, 2)),
        ("01_POS076", "c", (3, 4, 5)),
    ]
    found = groups([f"run_{row}{column:02}_t{t}" for row in "AB" for column in (1, 2) for t in range(3)])
    assert [(g.name, g.axes, g.shape) for g in found] == [
        (f"run_{w}_t", "t", (3,)) for w in ("A01", "A02", "B01", "B02")
    ]


def test_a_missing_plane_is_named() -> None:
    with pytest.raises(SourceError, match="1 of 6 planes of 'a_t_z' are missing, the first is 'a_t1_z2'"):
        groups(["a_t0_z1", "a_t0_z2", "a_t0_z3", "a_t1_z1", "a_t1_z3"])


@pytest.mark.parametrize(
    ("names", "lost"),
    [
        (["a_z1", "a_z2", "a_z4"], "a_z3"),
        (["a_t000_w1", "a_t010_w1", "a_t030_w1"], "a_t020_w1"),
        (["b_0008", "b_0009", "b_0011"], "b_0010"),
    ],
)
def test_a_hole_in_even_numbers_is_named(names: list[str], lost: str) -> None:
    with pytest.raises(SourceError, match=f"'{lost}' is missing behind '{names[1]}'.*--axes"):
        groups(names)
    counted = groups([names[0], names[1]])[0].axes
    assert groups(names, counted)[0].shape == (3,)  # who says what they count says that these are all


@pytest.mark.parametrize("numbers", [(0, 10, 20), (5, 6, 7), (3, 7, 12), (0, 15, 37, 61)])
def test_even_and_uneven_numbers_are_taken_as_they_are(numbers: tuple[int, ...]) -> None:
    assert groups([f"a_t{n:04}" for n in numbers])[0].shape == (len(numbers),)


def test_the_user_says_what_numbers_count() -> None:
    assert groups(["a_0", "a_1"], "t")[0].axes == "t"
    with pytest.raises(ArgumentError, match="count 1 things"):
        groups(["a_0", "a_1"], "tz")


@pytest.mark.parametrize(
    ("names", "notes"),
    [
        (["mri-0000", "mri-0001"], ["the number in 'mri-0000' and the other names is taken as z"]),
        (["2_a_5", "2_a_6"], ["the last number in '2_a_5' and the other names is taken as z"]),
        (["2_a_5", "3_a_5"], ["number 1 of the 2 in '2_a_5' and the other names is taken as z"]),
    ],
)
def test_a_guess_names_the_place_of_its_number(names: list[str], notes: list[str]) -> None:
    (group,) = groups(names)
    assert list(group.notes) == [f"{note}; say otherwise with --axes (axes=)" for note in notes]


@pytest.mark.parametrize("suffix", ["tif", "png"])
def test_a_folder_is_one_image(tmp_path: Path, suffix: str) -> None:
    data = np.stack([plane(i) for i in range(6)]).reshape(3, 2, 24, 20)
    for t in range(3):
        for c in range(2):
            path = tmp_path / f"a_t{t}_ch{c}.{suffix}"
            if suffix == "tif":
                tifffile.imwrite(path, data[t, c], compression="zlib" if t else None)
            else:
                path.write_bytes(imagecodecs.png_encode(data[t, c]))
    (tmp_path / "notes.txt").write_text("left out")
    with open_source(tmp_path) as source:
        (scene,) = source.scenes
        level = scene.levels[0]
        assert [axis.name for axis in scene.description.axes] == list("tcyx")
        np.testing.assert_array_equal(level.read(Region.whole(data.shape)), data)
        region = Region((1, 0, 3, 4), (3, 1, 20, 15))
        np.testing.assert_array_equal(level.read(region), data[region.slices])
        assert "1 other files" in " ".join(scene.notes)
        np.testing.assert_array_equal(pickle.loads(pickle.dumps(level)).read(region), data[region.slices])  # noqa: S301
        before = source.fingerprint()
    with open_source(f"{tmp_path}/a_t*_ch1.{suffix}") as source:
        level = source.scenes[0].levels[0]
        np.testing.assert_array_equal(level.read(Region.whole(level.shape)), data[:, 1])
        assert source.fingerprint() != before


def test_colours_times_files(tmp_path: Path) -> None:
    data = np.stack([plane(i, (24, 20, 3)) for i in range(2)])
    for i in range(2):
        tifffile.imwrite(tmp_path / f"a_{'AB'[i]}.tif", data[i], photometric="rgb")
    with open_source(tmp_path) as source:
        (scene,) = source.scenes
        assert [c.label for c in scene.description.channels] == [
            f"{n} {c}" for n in "AB" for c in ("Red", "Green", "Blue")
        ]
        level = scene.levels[0]
        expected = data.transpose(0, 3, 1, 2).reshape(6, 24, 20)
        np.testing.assert_array_equal(level.read(Region((1, 2, 3), (5, 20, 19))), expected[1:5, 2:20, 3:19])
    for i in range(2):
        tifffile.imwrite(tmp_path / f"a_{'AB'[i]}.tif", data[i], photometric="rgb")


def test_axes_of_a_folder(tmp_path: Path) -> None:
    for i in range(3):
        tifffile.imwrite(tmp_path / f"a_{i}.tif", plane(i, (24, 20, 3)), photometric="rgb")
    for axes in ("tyx", "tyxc", "tcyx"):
        with open_source(tmp_path, axes=axes) as source:
            assert source.scenes[0].levels[0].shape == (3, 3, 24, 20)
            assert [axis.name for axis in source.scenes[0].description.axes] == list("tcyx")
    for axes, reason in [("tzyx", "count 1 things"), ("qyx", "unknown 'q'"), ("xyt", "come last")]:
        with pytest.raises(ArgumentError, match=reason):
            open_source(tmp_path, axes=axes)


def test_stacks_in_a_folder(tmp_path: Path) -> None:
    data = np.stack([plane(i, (4, 24, 20)) for i in range(3)])
    for i in range(3):
        tifffile.imwrite(tmp_path / f"a_t{i}.tif", data[i], photometric="minisblack")
    with open_source(tmp_path) as source:
        level = source.scenes[0].levels[0]
        np.testing.assert_array_equal(level.read(Region.whole((3, 4, 24, 20))), data)


def test_files_that_differ_are_images_of_their_own(tmp_path: Path) -> None:
    for i, shape in enumerate([(24, 20), (24, 20), (30, 20)]):
        tifffile.imwrite(tmp_path / f"a_{i}.tif", plane(i, shape))
    with open_source(tmp_path) as source:
        assert [scene.levels[0].shape for scene in source.scenes] == [(2, 24, 20), (30, 20)]
        assert "differ" in " ".join(source.scenes[0].notes)


def test_a_folder_without_planes(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(UnsupportedError, match="none of the 1 files"):
        open_source(tmp_path)


def test_pictures_by_themselves(tmp_path: Path) -> None:
    colour, deep = plane(0, (24, 20, 3)), plane(1).astype(np.uint16) * 257
    (tmp_path / "a.png").write_bytes(imagecodecs.png_encode(colour))
    (tmp_path / "b.png").write_bytes(imagecodecs.png_encode(deep))
    (tmp_path / "c.jpg").write_bytes(imagecodecs.jpeg_encode(colour, level=95))
    with open_source(tmp_path / "a.png") as source:
        level = source.scenes[0].levels[0]
        np.testing.assert_array_equal(
            level.read(Region((1, 2, 3), (3, 9, 9))), colour.transpose(2, 0, 1)[1:3, 2:9, 3:9]
        )
        assert [c.color for c in source.scenes[0].description.channels] == ["FF0000", "00FF00", "0000FF"]
    with open_source(tmp_path / "b.png") as source:
        np.testing.assert_array_equal(source.scenes[0].levels[0].read(Region.whole((24, 20))), deep)
    with open_source(tmp_path / "c.jpg") as source:
        expected = imagecodecs.jpeg_decode((tmp_path / "c.jpg").read_bytes()).transpose(2, 0, 1)
        np.testing.assert_array_equal(source.scenes[0].levels[0].read(Region.whole((3, 24, 20))), expected)
    (tmp_path / "d.png").write_bytes((tmp_path / "a.png").read_bytes()[:20])
    with pytest.raises(SourceError, match="damaged PNG"):
        open_source(tmp_path / "d.png")


MANY = """
import resource, sys
from zarrscope.source.registry import open_source
from zarrscope.types import Region

resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
with open_source(sys.argv[1]) as source:
    assert len(source.scenes) == 100
    for scene in source.scenes:
        level = scene.levels[0]
        assert level.read(Region.whole(level.shape)).shape == level.shape
try:
    level.read(Region.whole(level.shape))
except ValueError as error:
    assert "closed" in str(error), error
else:
    raise AssertionError("read after the source was closed")
"""


def test_many_images_in_a_folder_need_few_open_files(tmp_path: Path) -> None:
    pytest.importorskip("resource")
    for i in range(100):
        tifffile.imwrite(tmp_path / f"a_{i}.tif", np.zeros((8, 8 + i), np.uint8), compression="zlib")
    run = subprocess.run(
        [sys.executable, "-c", MANY, str(tmp_path)], capture_output=True, text=True, timeout=120
    )
    assert run.returncode == 0, run.stderr


def test_names_that_are_no_text_can_be_written(tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path)
    try:
        Path(os.fsdecode(folder + b"/caf\xe9.tif")).touch()
    except OSError:
        pytest.skip("this file system takes only text as names")
    data = plane(1)
    for name, save in [
        (b"caf\xe9.tif", lambda file: tifffile.imwrite(file, data)),
        (b"caf\xe9.npy", lambda file: np.save(file, data)),
        (b"caf\xe9.png", lambda file: file.write(imagecodecs.png_encode(data))),
    ]:
        path = os.fsdecode(folder + b"/" + name)
        with Path(path).open("wb") as file:
            save(file)
        with open_source(path) as source:
            assert source.scenes[0].description.name == "caf?"
    inner = Path(os.fsdecode(folder + b"/f\xe9"))
    inner.mkdir()
    for i in range(2):
        tifffile.imwrite(inner / f"{i}.tif", data)
    with open_source(inner) as source:
        assert source.scenes[0].description.name == "f?"


def test_what_is_wrong_with_a_folder_is_told_with_a_way_out(tmp_path: Path) -> None:
    for number in range(2):
        tifffile.imwrite(tmp_path / f"a_{number}.tif", plane(number, (24, 20, 3)), photometric="rgb")
    with pytest.raises(ArgumentError, match=r"are 'cyx' and come last, as in --axes tcyx \(axes='tcyx'\)"):
        open_source(tmp_path, axes="t")
    with open_source(tmp_path, axes="tcyx") as source:
        assert [axis.name for axis in source.scenes[0].description.axes] == list("tcyx")
    for number in range(2):
        with tifffile.TiffWriter(tmp_path / f"a_{number}.tif") as file:
            for height in (24, 12):
                file.write(plane(number, (height, 20)), metadata=None)
    with pytest.raises(SourceError, match=r"a_0\.tif holds 2 images .*; name it by itself"):
        open_source(tmp_path)
