"""Generated TIFF files against what tifffile reads in them."""

from __future__ import annotations

import itertools
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor
from math import ceil, prod
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile

from zarrscope.errors import ArgumentError
from zarrscope.source.cache import SegmentCache
from zarrscope.source.registry import open_source
from zarrscope.source.tiff.open import open_tiff
from zarrscope.types import Region, Shape

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def noise(shape: Shape, dtype: str = "uint16", seed: int = 0) -> np.ndarray[Any, Any]:
    """Return smooth data with noise, the same at every run."""
    random = np.random.default_rng(seed)
    ramp = np.arange(prod(shape)).reshape(shape) // 7
    return (ramp + random.integers(0, 50, shape)).astype(dtype)


def canonical(path: Path, order: str) -> np.ndarray[Any, Any]:
    """Return what tifffile reads, its axes (named by ``order``) in the order t, c, z, y, x."""
    array = tifffile.imread(path)
    return array.transpose([order.index(a) for a in "tczyx" if a in order])


def grid(shape: Shape, step: Shape) -> Iterator[Region]:
    """Yield the regions of a grid in raster order."""
    starts = itertools.product(*(range(0, n, s) for n, s in zip(shape, step, strict=True)))
    for start in starts:
        yield Region(start, tuple(min(a + s, n) for a, s, n in zip(start, step, shape, strict=True)))


WAYS: dict[str, dict[str, Any]] = {
    "one strip": {"rowsperstrip": 1 << 20},
    "strips": {"rowsperstrip": 7},
    "strips zlib": {"rowsperstrip": 16, "compression": "zlib", "predictor": True},
    "strips lzw": {"rowsperstrip": 16, "compression": "lzw"},
    "one strip zlib": {"rowsperstrip": 1 << 20, "compression": "zlib"},
    "tiles": {"tile": (48, 32)},
    "tiles zlib": {"tile": (48, 32), "compression": "zlib", "predictor": True},
    "tiles zstd": {"tile": (32, 64), "compression": "zstd"},
}
FILES: dict[str, tuple[str, Shape, dict[str, Any]]] = {
    "plane": ("yx", (133, 107), {"photometric": "minisblack"}),
    "stack": ("zyx", (5, 133, 107), {"photometric": "minisblack"}),
    "rgb": ("yxc", (133, 107, 3), {"photometric": "rgb"}),
    "planar rgb": ("cyx", (3, 133, 107), {"photometric": "rgb", "planarconfig": "separate"}),
    "rgb stack": ("zyxc", (4, 133, 107, 3), {"photometric": "rgb"}),
    "planar rgb stack": ("zcyx", (4, 3, 133, 107), {"photometric": "rgb", "planarconfig": "separate"}),
}


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("way", WAYS)
def test_every_layout_by_region(tmp_path: Path, way: str, kind: str, order: str) -> None:
    axes, shape, options = FILES[kind]
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, noise(shape), byteorder=order, **options, **WAYS[way])
    expected = canonical(path, axes)
    with open_tiff(path) as source:
        (scene,) = source.scenes
        level = scene.levels[0]
        assert [axis.name for axis in scene.description.axes] == [a for a in "czyx" if a in axes]
        assert level.shape == expected.shape
        assert level.dtype == expected.dtype
        assert level.dtype.isnative
        np.testing.assert_array_equal(level.read(Region.whole(level.shape)), expected)
        random = np.random.default_rng(1)
        for _ in range(12):
            pairs = [sorted(random.integers(0, n + 1, 2)) for n in level.shape]
            region = Region(tuple(int(a) for a, _ in pairs), tuple(int(b) for _, b in pairs))
            np.testing.assert_array_equal(level.read(region), expected[region.slices])


@pytest.mark.parametrize(
    "dtype",
    ["uint8", "int8", "int16", "uint32", "int64", "uint64", "float16", "float32", "float64", "complex64"],
)
def test_every_type(tmp_path: Path, dtype: str) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, noise((60, 50), dtype), compression="zlib", byteorder=">")
    with open_tiff(path) as source:
        level = source.scenes[0].levels[0]
        assert level.dtype == np.dtype(dtype)
        np.testing.assert_array_equal(level.read(Region.whole(level.shape)), tifffile.imread(path))


@pytest.mark.parametrize("compression", [None, "packbits"])
def test_one_bit_a_pixel(tmp_path: Path, compression: str | None) -> None:
    path = tmp_path / "a.tif"
    data = noise((40, 37)) % 2 == 1
    tifffile.imwrite(path, data, photometric="minisblack", compression=compression)
    with open_tiff(path) as source:
        level = source.scenes[0].levels[0]
        assert level.dtype == np.dtype(bool)
        np.testing.assert_array_equal(level.read(Region((3, 5), (33, 29))), data[3:33, 5:29])


def test_big_tiff_and_volumes_of_tiles(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    data = noise((20, 70, 50))
    tifffile.imwrite(path, data, bigtiff=True, volumetric=True, tile=(8, 16, 32), compression="zlib")
    with open_tiff(path) as source:
        level = source.scenes[0].levels[0]
        assert level.chunks == (8, 16, 32)
        np.testing.assert_array_equal(level.read(Region((3, 9, 11), (18, 60, 45))), data[3:18, 9:60, 11:45])


def test_a_block_of_the_caller_with_any_strides_is_filled(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    data = noise((3, 64, 48))
    tifffile.imwrite(path, data, photometric="minisblack", rowsperstrip=8)
    with open_tiff(path) as source:
        out = np.zeros((48, 64, 3), np.uint16).transpose(2, 1, 0)
        assert source.scenes[0].levels[0].read(Region.whole(data.shape), out) is out
        np.testing.assert_array_equal(out, data)
        with pytest.raises(ArgumentError, match="out is uint8"):
            source.scenes[0].levels[0].read(Region.whole(data.shape), np.zeros(data.shape, np.uint8))
        with pytest.raises(ArgumentError, match="not inside"):
            source.scenes[0].levels[0].read(Region((0, 0, 0), (3, 65, 48)))


def test_the_unit_of_decoding(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    expected = [
        ({"tile": (240, 240), "compression": "zlib", "photometric": "rgb"}, (500, 400, 3), (3, 240, 240)),
        ({"rowsperstrip": 10, "compression": "zlib", "photometric": "rgb"}, (500, 400, 3), (3, 10, 400)),
        (
            {"rowsperstrip": 10, "compression": "zlib", "photometric": "rgb", "planarconfig": "separate"},
            (3, 500, 400),
            (1, 10, 400),
        ),
        (
            {"rowsperstrip": 500, "compression": "zlib", "photometric": "minisblack"},
            (2, 500, 400),
            (1, 500, 400),
        ),
        ({"rowsperstrip": 500, "photometric": "minisblack"}, (2, 500, 400), (1, 64, 400)),
    ]
    for options, shape, chunks in expected:
        tifffile.imwrite(path, noise(shape), **options)
        with open_tiff(path) as source:
            assert source.scenes[0].levels[0].chunks == chunks


@pytest.mark.parametrize("step", [(2, 100, 100), (3, 64, 1000), (1, 1000, 77), (3, 239, 241)])
@pytest.mark.parametrize("planar", [False, True])
def test_tiles_across_regions_are_decoded_once(tmp_path: Path, step: Shape, planar: bool) -> None:
    path = tmp_path / "a.tif"
    data = noise((3, 900, 1000), "uint8")
    how: dict[str, Any] = {"tile": (240, 240), "compression": "zlib", "photometric": "rgb"}
    if planar:
        tifffile.imwrite(path, data, planarconfig="separate", **how)
    else:
        tifffile.imwrite(path, data.transpose(1, 2, 0), **how)
    segments = ceil(900 / 240) * ceil(1000 / 240) * (3 if planar else 1)
    with open_tiff(path) as source:
        level: Any = source.scenes[0].levels[0]
        for region in grid(data.shape, step):
            np.testing.assert_array_equal(level.read(region), data[region.slices])
        assert segments <= level.decoded <= 1.1 * segments
        assert level._cache.nbytes == 0, "nothing is kept once every pixel was used"


def test_without_a_cache_each_region_decodes_for_itself(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    data = noise((64, 64))
    tifffile.imwrite(path, data, rowsperstrip=64, compression="zlib")
    with open_tiff(path, cache=0) as source:
        level: Any = source.scenes[0].levels[0]
        for region in grid((64, 64), (16, 64)):
            np.testing.assert_array_equal(level.read(region), data[region.slices])
        assert level.decoded == 4


def test_threads_share_one_decoding(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    data = noise((4, 512, 512))
    tifffile.imwrite(path, data, rowsperstrip=512, compression="zlib", photometric="minisblack")
    with open_tiff(path) as source, ThreadPoolExecutor(8) as pool:
        level: Any = source.scenes[0].levels[0]
        regions = list(grid(data.shape, (1, 64, 512)))
        for region, block in zip(regions, pool.map(level.read, regions), strict=True):
            np.testing.assert_array_equal(block, data[region.slices])
        assert level.decoded == 4


def test_uncompressed_rows_are_read_and_not_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.tif"
    data = noise((300, 20_000))
    tifffile.imwrite(path, data, rowsperstrip=300)
    with open_tiff(path) as source:
        level: Any = source.scenes[0].levels[0]
        sizes: list[int] = []
        read = level._files.read_into

        def counted(index: int, offset: int, view: memoryview) -> None:
            sizes.append(len(view))
            read(index, offset, view)

        monkeypatch.setattr(level._files, "read_into", counted)
        np.testing.assert_array_equal(level.read(Region((10, 7), (20, 107))), data[10:20, 7:107])
        assert sum(sizes) == 10 * 100 * 2
        sizes.clear()
        np.testing.assert_array_equal(level.read(Region((10, 0), (20, 20_000))), data[10:20])
        assert sizes == [10 * 20_000 * 2]
        assert level.decoded == 0


def test_pyramids_in_subifds(tmp_path: Path) -> None:
    path = tmp_path / "a.ome.tif"
    data = noise((2, 256, 200))
    with tifffile.TiffWriter(path, ome=True) as writer:
        options = {"tile": (64, 64), "compression": "zlib", "photometric": "minisblack"}
        writer.write(data, subifds=2, metadata={"axes": "CYX"}, **options)
        writer.write(data[:, ::2, ::2], subfiletype=1, **options)
        writer.write(data[:, ::4, ::4], subfiletype=1, **options)
    with open_tiff(path) as source:
        (scene,) = source.scenes
        assert [level.shape for level in scene.levels] == [(2, 256, 200), (2, 128, 100), (2, 64, 50)]
        for level, step in zip(scene.levels, (1, 2, 4), strict=True):
            np.testing.assert_array_equal(level.read(Region.whole(level.shape)), data[:, ::step, ::step])


def test_channels_times_samples(tmp_path: Path) -> None:
    path = tmp_path / "a.ome.tif"
    data = noise((2, 40, 30, 3), "uint8")
    tifffile.imwrite(path, data, photometric="rgb", metadata={"axes": "CYXS"}, compression="zlib")
    expected = data.transpose(0, 3, 1, 2).reshape(6, 40, 30)
    with open_tiff(path) as source:
        level = source.scenes[0].levels[0]
        assert (level.shape, level.chunks) == ((6, 40, 30), (3, 40, 30))
        np.testing.assert_array_equal(level.read(Region.whole(level.shape)), expected)
        np.testing.assert_array_equal(level.read(Region((2, 5, 6), (4, 25, 16))), expected[2:4, 5:25, 6:16])
        np.testing.assert_array_equal(level.read(Region((4, 5, 6), (5, 25, 16))), expected[4:5, 5:25, 6:16])


def test_axes_that_no_image_has_become_scenes(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    data = noise((2, 3, 40, 30))
    tifffile.imwrite(path, data, photometric="minisblack", metadata={"axes": "AZYX"})
    with open_tiff(path) as source:
        assert [scene.description.name for scene in source.scenes] == ["a angle 0", "a angle 1"]
        assert "angle" in source.scenes[0].notes[0]
        for scene, expected in zip(source.scenes, data, strict=True):
            np.testing.assert_array_equal(scene.levels[0].read(Region.whole((3, 40, 30))), expected)


def test_the_user_names_the_axes(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    data = noise((2, 3, 40, 30))
    tifffile.imwrite(path, data, photometric="minisblack")
    with open_source(path, axes="ztyx") as source:
        level = source.scenes[0].levels[0]
        np.testing.assert_array_equal(level.read(Region.whole(level.shape)), data.transpose(1, 0, 2, 3))
    with open_source(path, axes="xyzt") as source:
        level = source.scenes[0].levels[0]
        expected = data.transpose(3, 2, 1, 0)
        np.testing.assert_array_equal(level.read(Region((5, 0, 1, 0), (9, 2, 3, 2))), expected[5:9, :2, 1:3])
    for axes, reason in [("zzyx", "more than once"), ("zyx", "names 3 axes"), ("qzyx", "unknown 'q'")]:
        with pytest.raises(ArgumentError, match=reason):
            open_source(path, axes=axes)


def test_a_stack_without_names_is_z(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as writer:
        for number in range(7):
            writer.write(noise((30, 20), seed=number), metadata=None, compression="zlib" if number else None)
    with open_tiff(path) as source:
        assert [scene.levels[0].shape for scene in source.scenes] == [(30, 20), (6, 30, 20)]
        last = source.scenes[1].levels[0].read(Region((5, 0, 0), (6, 30, 20)))
        np.testing.assert_array_equal(last[0], noise((30, 20), seed=6))
        assert "taken as z" in " ".join(source.scenes[1].notes)


def test_levels_and_sources_travel_as_descriptions(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    data = noise((5, 64, 48))
    tifffile.imwrite(path, data, photometric="minisblack", compression="zlib")
    with open_tiff(path) as source:
        text = pickle.dumps(source.scenes[0].levels[0])
        assert len(text) < 1000
        np.testing.assert_array_equal(pickle.loads(text).read(Region.whole(data.shape)), data)  # noqa: S301
        with pickle.loads(pickle.dumps(source)) as again:  # noqa: S301
            assert again.fingerprint() == source.fingerprint()


def test_the_fingerprint_changes_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, noise((30, 20)))
    with open_tiff(path) as source:
        before = source.fingerprint()
    tifffile.imwrite(path, noise((30, 21)))
    with open_tiff(path) as source:
        assert source.fingerprint() != before


def test_thousands_of_pages_cost_little(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path, bigtiff=True) as writer:
        for _ in range(3000):
            writer.write(np.zeros((4, 4), np.uint8), metadata=None, contiguous=False)
    with open_tiff(path) as source:
        level: Any = source.scenes[0].levels[0]
        assert level.shape == (3000, 4, 4)
        assert level._storage.offsets.nbytes + level._storage.counts.nbytes <= 3000 * 16
        assert not level.read(Region((2990, 0, 0), (3000, 4, 4))).any()


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_interrupt_between_claims_leaves_no_segment_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    data = np.random.default_rng(1).integers(0, 255, (64, 64), dtype=np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", data, tile=(16, 16), compression="zlib")
    with open_source(tmp_path / "a.tif") as source:
        level = source.scenes[0].levels[0]
        claim = SegmentCache.claim
        calls = []

        def interrupted(cache: SegmentCache, *args: Any) -> Any:
            calls.append(args)
            if when == "after":
                claim(cache, *args)
            if len(calls) == 3:
                raise KeyboardInterrupt
            return claim(cache, *args) if when == "before" else (args[2], True)

        monkeypatch.setattr(SegmentCache, "claim", interrupted)
        with pytest.raises(KeyboardInterrupt):
            level.read(Region.whole(level.shape))
        monkeypatch.setattr(SegmentCache, "claim", claim)
        found: list[Any] = []
        thread = threading.Thread(
            target=lambda: found.append(level.read(Region.whole(level.shape))), daemon=True
        )
        thread.start()
        thread.join(20)
        np.testing.assert_array_equal(found[0], data)
