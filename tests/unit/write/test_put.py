"""Filling an image region by region: what is taken, what is refused, what is never left behind."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import zarr
from hypothesis import given
from hypothesis import strategies as st

import zarrscope
from zarrscope.errors import (
    ArgumentError,
    ConflictError,
    DestinationExistsError,
    IncompleteError,
    StoreError,
)
from zarrscope.store.memory import MemoryStore
from zarrscope.types import Region

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

AXES = ("yx", "zyx", "cyx", "tyx", "czyx", "tcyx", "tzyx", "tczyx")


def data_files(place: Path) -> list[Path]:
    """Return all files of a result but our own notes."""
    return [p for p in place.rglob("*") if p.is_file() and ".zarrscope" not in p.parts]


def halved(pixels: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """Return the windows' means, halves to even, as integer arithmetic gives them."""
    total, count = pixels.astype(np.int64), np.ones(pixels.shape, np.int64)
    for number, coarse in enumerate(shape):
        if coarse != pixels.shape[number]:
            starts = np.arange(0, pixels.shape[number], 2)
            total, count = np.add.reduceat(total, starts, number), np.add.reduceat(count, starts, number)
    low, rest = np.divmod(total, count)
    return (low + ((2 * rest > count) | ((2 * rest == count) & (low % 2 == 1)))).astype(pixels.dtype)


def noise(shape: tuple[int, ...], seed: int = 0) -> NDArray[np.uint16]:
    return np.random.default_rng(seed).integers(0, 65536, shape, dtype=np.uint16)


def check(image: Any, pixels: NDArray[Any]) -> None:
    expected = pixels
    for number, level in enumerate(image.levels):
        if number:
            expected = halved(expected, level.shape)
        assert np.array_equal(level[...], expected)


def documents(store: MemoryStore) -> list[str]:
    return [
        key
        for key in store.list()
        if key.rpartition("/")[2] in ("zarr.json", ".zattrs")
        and b'"multiscales"' in bytes(store.get(key) or b"")
    ]


@st.composite
def images(draw: st.DrawFn) -> dict[str, Any]:
    axes = draw(st.sampled_from(AXES))
    most = {2: 60, 3: 20, 4: 10, 5: 7}[len(axes)]
    sizes = st.fixed_dictionaries({}, optional=dict.fromkeys(axes, st.integers(1, 9)))
    version = draw(st.sampled_from(("0.4", "0.5")))
    return {
        "shape": tuple(draw(st.integers(1, most)) for _ in axes),
        "dtype": "u2",
        "axes": axes,
        "chunks": draw(sizes),
        "shards": "none" if version == "0.4" else draw(st.just("none") | sizes),
        "levels": draw(st.integers(1, 4)),
        "version": version,
        "codec": "none",
    }


@given(images(), st.integers(0, 1 << 30), st.booleans())
def test_regions_of_the_plan_in_any_order(asked: dict[str, Any], seed: int, shuffled: bool) -> None:
    store, pixels = MemoryStore(), noise(asked["shape"], seed)
    with zarrscope.create(store, **asked) as writer:
        regions = list(writer.plan.regions())
        if shuffled:
            random.Random(seed).shuffle(regions)
        for region in regions:
            writer.put(region, pixels[region.slices])
            assert not documents(store)
        writer.finish()
    check(zarrscope.open(store), pixels)


@given(images(), st.integers(0, 1 << 30), st.integers(1, 3))
def test_plane_by_plane(asked: dict[str, Any], seed: int, at_once: int) -> None:
    store, pixels = MemoryStore(), noise(asked["shape"], seed)
    shape = asked["shape"]
    with zarrscope.create(store, **asked) as writer:
        for index in np.ndindex(*shape[:-3]):
            for start in range(0, shape[-3], at_once) if len(shape) > 2 else [0]:
                stop = min(start + at_once, shape[-3]) if len(shape) > 2 else 0
                lead = ((start,), (stop,)) if len(shape) > 2 else ((), ())
                region = Region(
                    (*index, *lead[0], 0, 0), (*(i + 1 for i in index), *lead[1], shape[-2], shape[-1])
                )
                writer.put(region, pixels[region.slices])
        writer.finish()
    check(zarrscope.open(store), pixels)


@pytest.mark.parametrize("depth", range(1, 7))
def test_planes_of_stacks_whose_last_plane_is_a_chunk_of_its_own(depth: int) -> None:
    pixels = noise((2, 3, depth, 8, 8))
    for chunk in range(1, depth + 1):
        store = MemoryStore()
        with zarrscope.create(store, pixels.shape, "u2", "tczyx", chunks={"z": chunk}) as writer:
            for t, c, z in np.ndindex(2, 3, depth):
                writer.put(Region((t, c, z, 0, 0), (t + 1, c + 1, z + 1, 8, 8)), pixels[t, c, z][(None,) * 3])
            writer.finish()
        check(zarrscope.open(store), pixels)


@given(images(), st.integers(0, 1 << 30))
def test_chunks_in_any_order(asked: dict[str, Any], seed: int) -> None:
    """Boxes of whole chunks, twice as long along halved axes, are taken in any order."""
    store, pixels = MemoryStore(), noise(asked["shape"], seed)
    with zarrscope.create(store, **asked) as writer:
        shape, chunks = asked["shape"], writer.plan.levels[0].chunks
        box = [min(n, c + c) for c, n in zip(chunks, shape, strict=True)]
        places = list(np.ndindex(*(-(-n // b) for n, b in zip(shape, box, strict=True))))
        random.Random(seed).shuffle(places)
        for place in places:
            start = tuple(i * b for i, b in zip(place, box, strict=True))
            region = Region.of(start, tuple(box)).intersect(Region.whole(shape))
            writer.put(region, pixels[region.slices])
        writer.finish()
    check(zarrscope.open(store), pixels)


def refused(writer: Any, region: Region, match: str) -> str:
    with pytest.raises(ArgumentError, match=match) as caught:
        writer.put(region, np.zeros(region.shape, writer.dtype))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_region_that_cuts_chunks_is_refused_and_the_nearest_is_named() -> None:
    with zarrscope.create(
        MemoryStore(), (100, 90), "u1", "yx", chunks={"y": 16, "x": 16}, shards={"y": 32, "x": 32}
    ) as writer:
        said = refused(writer, Region((3, 5), (20, 33)), "cuts chunks")
        assert "(0, 0) to (32, 48)" in said
        writer.put(Region((0, 0), (32, 48)), np.zeros((32, 48), "u1"))  # what it named is taken
        said = refused(writer, Region((90, 80), (99, 89)), "cuts chunks")
        assert "(80, 80) to (100, 90)" in said
        writer.abort()


def test_a_region_outside_of_the_image_is_refused() -> None:
    with zarrscope.create(MemoryStore(), (100, 90), "u1", "yx") as writer:
        refused(writer, Region((0, 0), (101, 90)), "does not lie inside")
        refused(writer, Region((-1, 0), (100, 90)), "does not lie inside")
        refused(writer, Region((0, 0, 0), (1, 100, 90)), "does not lie inside")
        refused(writer, Region((5, 0), (5, 90)), "does not lie inside")
        writer.abort()


def test_the_wrong_shape_or_type_is_refused() -> None:
    with zarrscope.create(MemoryStore(), (64, 64), "u1", "yx") as writer:
        with pytest.raises(ArgumentError, match="shape"):
            writer.put(Region.whole((64, 64)), np.zeros((64, 63), "u1"))
        with pytest.raises(ArgumentError, match="type uint16"):
            writer.put(Region.whole((64, 64)), np.zeros((64, 64), "u2"))
        writer.put(Region.whole((64, 64)), np.ones((64, 64), "u1"))  # what was refused left no trace
        writer.finish()


@pytest.mark.parametrize("shards", ["none", {"y": 32, "x": 32}])
def test_what_comes_twice_is_refused(shards: Any) -> None:
    with zarrscope.create(
        MemoryStore(), (64, 64), "u1", "yx", chunks={"y": 16, "x": 16}, shards=shards
    ) as writer:
        region = Region((0, 0), (32, 32))
        writer.put(region, np.zeros((32, 32), "u1"))
        refused(writer, region, "before")
        refused(writer, Region((16, 16), (48, 48)), "before")
        writer.abort()


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_holes_are_refused_and_leave_no_image(tmp_path: Path, version: str) -> None:
    place = tmp_path / "holes.zarr"
    with pytest.raises(IncompleteError, match="1 of 16 chunks were never written, the first begins at pixel"):
        with zarrscope.create(place, (64, 64), "u1", "yx", chunks={"y": 16, "x": 16}, version=version) as w:
            for y, x in np.ndindex(4, 4):
                if (y, x) != (2, 1):
                    w.put(Region.of((16 * y, 16 * x), (16, 16)), np.zeros((16, 16), "u1"))
            w.finish()
    assert not place.exists() or not list(data_files(place))


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_an_error_midway_takes_everything_back(tmp_path: Path, version: str) -> None:
    place = tmp_path / "broken.zarr"
    with pytest.raises(ZeroDivisionError):
        with zarrscope.create(place, (64, 64), "u1", "yx", chunks={"y": 16, "x": 16}, version=version) as w:
            w.put(Region((0, 0), (16, 16)), np.zeros((16, 16), "u1"))
            raise ZeroDivisionError
    assert not place.exists() or not list(data_files(place))
    zarrscope.write(np.zeros((8, 8), "u1"), place)  # the place is free again


def test_finish_is_not_done_twice() -> None:
    with zarrscope.create(MemoryStore(), (8, 8), "u1", "yx") as writer:
        writer.put(Region.whole((8, 8)), np.zeros((8, 8), "u1"))
        writer.finish()
        with pytest.raises(IncompleteError, match="finished or given up"):
            writer.finish()
        writer.abort()  # harmless now
    assert zarrscope.open(writer._store).levels[0].shape == (8, 8)


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize("downsample", ["mean", "gaussian"])
def test_no_image_before_the_end(tmp_path: Path, version: str, downsample: str) -> None:
    """At every moment at which something is stored, no document names levels; zarr finds no image."""

    class Watched(MemoryStore):
        moments = 0

        def put(self, key: str, data: Any, if_tag: str | None = None) -> None:
            found = documents(self)
            assert not found, f"{found} stood before {key} was written"
            type(self).moments += 1
            super().put(key, data, if_tag)

    store = Watched()
    zarrscope.write(
        noise((5, 70, 60)), store, version=version, chunks={"y": 16, "x": 16}, shards="none", levels=3,
        downsample=downsample,
    )  # fmt: skip
    assert Watched.moments > 20
    last = ".zattrs" if version == "0.4" else "zarr.json"
    assert documents(store) == [last]


def test_levels_of_other_kernels_are_those_of_whole_arrays(tmp_path: Path) -> None:
    pixels = noise((37, 53), 3) % 7
    for name, function in (("min", np.minimum), ("max", np.maximum)):
        image = zarrscope.write(pixels, tmp_path / name, chunks={"y": 10, "x": 6}, levels=4, downsample=name)
        expected = pixels
        for level in image.levels[1:]:
            for axis in (0, 1):
                expected = function.reduceat(expected, np.arange(0, expected.shape[axis], 2), axis)
            assert np.array_equal(level[...], expected)
    image = zarrscope.write(pixels, tmp_path / "nearest", levels=4, downsample="nearest")
    for number, level in enumerate(image.levels):
        assert np.array_equal(level[...], pixels[:: 2**number, :: 2**number])


def test_gaussian_levels_are_those_of_whole_arrays(tmp_path: Path) -> None:
    """Weights 1 3 3 1 over 64, edges repeated, halves to even: whatever the cut."""
    pixels = noise((37, 54), 4)
    expected = [pixels]
    for _ in range(2):
        wide = np.pad(expected[-1].astype(np.int64), 1, mode="edge")
        for axis in (0, 1):
            half = -(-(wide.shape[axis] - 2) // 2)
            wide = np.concatenate([wide, np.take(wide, [-1], axis)], axis)  # the odd end repeats its last
            wide = sum(
                weight * np.take(wide, np.arange(k, k + 2 * half, 2), axis)
                for k, weight in enumerate((1, 3, 3, 1))
            )
        low, rest = np.divmod(wide, 64)
        expected.append((low + ((rest > 32) | ((rest == 32) & (low % 2 == 1)))).astype(np.uint16))
    for chunks in ({"y": 8, "x": 10}, {"y": 37, "x": 54}):
        image = zarrscope.write(
            pixels, tmp_path / f"{chunks['y']}", chunks=chunks, levels=3, downsample="gaussian"
        )
        for level, wanted in zip(image.levels, expected, strict=True):
            assert np.array_equal(level[...], wanted)


def test_a_label_image_gets_no_new_ids(tmp_path: Path) -> None:
    ids = np.array([0, 7, 7_000_000, 2**31 + 5, 2**32 - 1], "u4")
    labels = np.random.default_rng(5).choice(ids, (61, 77))
    for kernel in ("mode", "nearest"):
        image = zarrscope.write(labels, tmp_path / kernel, levels=5, downsample=kernel)
        for level in image.levels:
            assert set(np.unique(level[...])) <= set(ids)


@pytest.mark.parametrize(("version", "files"), [("0.5", 7), ("0.4", 2 + 3 + 9 * (30 + 9 + 4))])
def test_any_number_of_workers_gives_the_same_bytes(tmp_path: Path, version: str, files: int) -> None:
    pixels = noise((3, 5, 700, 610)) // 64
    found = []
    for workers in (1, 2, 3, 7):
        place = tmp_path / f"{workers}.zarr"
        zarrscope.write(
            pixels, place, axes="czyx", version=version, workers=workers, name="noise",
            chunks={"y": 128, "x": 128, "z": 2},
        )  # fmt: skip
        found.append(
            {
                p.relative_to(place): p.read_bytes()
                for p in place.rglob("*")
                if p.is_file() and ".zarrscope" not in p.parts
            }
        )
    assert len(found[0]) == files
    assert all(tree == found[0] for tree in found[1:])


def test_put_and_write_give_the_same_bytes(tmp_path: Path) -> None:
    pixels = noise((3, 300, 310))
    cut = {"y": 64, "x": 64}
    zarrscope.write(pixels, tmp_path / "whole", axes="zyx", chunks=cut, name="noise")
    with zarrscope.create(tmp_path / "parts", pixels.shape, "u2", "zyx", chunks=cut, name="noise") as writer:
        for region in writer.plan.regions():
            writer.put(region, pixels[region.slices])
        writer.finish()
    trees = [
        {
            p.relative_to(tmp_path / n): p.read_bytes()
            for p in (tmp_path / n).rglob("*")
            if p.is_file() and ".zarrscope" not in p.parts
        }
        for n in ("whole", "parts")
    ]
    assert trees[0] == trees[1]


@pytest.mark.parametrize("dtype", ["?", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8"])
@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_every_type_is_kept(tmp_path: Path, dtype: str, version: str) -> None:
    rng = np.random.default_rng(9)
    pixels = (rng.standard_normal((40, 50)) * 50).astype(dtype)
    image = zarrscope.write(pixels, tmp_path / "a.zarr", version=version)
    assert image.levels[0].dtype == np.dtype(dtype)
    path = image.levels[0].path
    read = zarr.open_array(tmp_path / "a.zarr" / path, mode="r")
    assert read.dtype == np.dtype(dtype)
    assert np.array_equal(read[...], pixels)


def test_a_big_endian_array_is_stored_little(tmp_path: Path) -> None:
    pixels = noise((40, 50)).astype(">u2")
    zarrscope.write(pixels, tmp_path / "a.zarr")
    assert np.array_equal(zarr.open_array(tmp_path / "a.zarr/0", mode="r")[...], pixels)


@pytest.mark.parametrize("dtype", ["c8", "c16", "U3", "datetime64[s]"])
def test_what_is_no_real_number_is_refused_before_anything_is_written(tmp_path: Path, dtype: str) -> None:
    with pytest.raises(NotImplementedError):
        zarrscope.write(np.zeros((8, 8), dtype), tmp_path / "a.zarr")
    assert not (tmp_path / "a.zarr").exists()


class TestDestination:
    """What may be replaced."""

    def test_an_image_only_with_overwrite(self, tmp_path: Path) -> None:
        place = tmp_path / "a.zarr"
        zarrscope.write(np.zeros((600, 600), "u1"), place, chunks={"y": 100, "x": 100}, shards="none")
        with pytest.raises(DestinationExistsError, match="overwrite"):
            zarrscope.write(np.ones((8, 8), "u1"), place)
        image = zarrscope.write(np.ones((8, 8), "u1"), place, overwrite=True)
        assert image.levels[0][...].min() == 1
        files = sorted(str(p.relative_to(place)) for p in data_files(place))
        assert files == ["0/c/0/0", "0/zarr.json", "zarr.json"]

    @pytest.mark.parametrize(("first", "second"), [("0.4", "0.5"), ("0.5", "0.4")])
    def test_another_version_leaves_nothing_of_the_first(
        self, tmp_path: Path, first: str, second: str
    ) -> None:
        place = tmp_path / "a.zarr"
        zarrscope.write(np.zeros((600, 600), "u1"), place, version=first)
        assert zarrscope.write(np.ones((8, 8), "u1"), place, overwrite=True, version=second).version == second
        fresh = tmp_path / "b.zarr"
        zarrscope.write(np.ones((8, 8), "u1"), fresh, version=second)
        names = [
            sorted(
                str(p.relative_to(root))
                for p in root.rglob("*")
                if p.is_file() and ".zarrscope" not in p.parts
            )
            for root in (place, fresh)
        ]
        assert names[0] == names[1]

    @pytest.mark.parametrize("overwrite", [False, True])
    def test_files_that_are_no_zarr_are_never_touched(self, tmp_path: Path, overwrite: bool) -> None:
        (tmp_path / "a" / "deep").mkdir(parents=True)
        (tmp_path / "a" / "deep" / "thesis.docx").write_text("the only copy")
        with pytest.raises(DestinationExistsError, match=r"thesis\.docx|something already"):
            zarrscope.write(np.ones((8, 8), "u1"), tmp_path / "a", overwrite=overwrite)
        assert [str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()] == [
            "a/deep/thesis.docx"
        ]

    def test_a_file_is_never_replaced(self, tmp_path: Path) -> None:
        (tmp_path / "a").write_text("mine")
        with pytest.raises(DestinationExistsError, match="is a file"):
            zarrscope.write(np.ones((8, 8), "u1"), tmp_path / "a", overwrite=True)
        assert (tmp_path / "a").read_text() == "mine"

    def test_an_unfinished_run_is_told_and_may_be_replaced(self, tmp_path: Path) -> None:
        place = tmp_path / "a.zarr"
        writer = zarrscope.create(place, (64, 64), "u1", "yx", chunks={"y": 16, "x": 16}, shards="none")
        writer.put(Region((0, 0), (16, 16)), np.zeros((16, 16), "u1"))  # and then it is killed
        with pytest.raises(DestinationExistsError, match="being written"):
            zarrscope.write(np.ones((8, 8), "u1"), place)
        zarrscope.write(np.ones((8, 8), "u1"), place, overwrite=True)
        files = sorted(str(p.relative_to(place)) for p in data_files(place))
        assert files == ["0/c/0/0", "0/zarr.json", "zarr.json"]

    def test_a_run_that_was_killed_before_its_mark_stood(self, tmp_path: Path) -> None:
        place, part = tmp_path / "a.zarr", tmp_path / "a.zarr.part"
        (part / ".zarrscope").mkdir(parents=True)
        (part / ".zarrscope" / ".zarr.json.c3794799.part").touch()
        zarrscope.write(np.ones((8, 8), "u1"), place)
        assert not part.exists()
        files = sorted(str(p.relative_to(place)) for p in data_files(place))
        assert files == ["0/c/0/0", "0/zarr.json", "zarr.json"]

    def test_uploads_that_nobody_knows_of_go_with_a_failed_run(self, tmp_path: Path) -> None:
        place, part = tmp_path / "a.zarr", tmp_path / "a.zarr.part"

        def stop(_: int) -> None:
            assert not place.exists()
            (part / "0" / "c" / ".7.0123abcd.part").write_bytes(b"half")
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            zarrscope.write(np.ones((80, 80), "u1"), place, chunks={"y": 8}, shards="none", progress=stop)
        assert list(tmp_path.iterdir()) == []

    def test_a_folder_that_is_in_the_way_is_not_touched(self, tmp_path: Path) -> None:
        (tmp_path / "a.zarr.part").mkdir()
        (tmp_path / "a.zarr.part" / "thesis.docx").write_text("the only copy")
        with pytest.raises(DestinationExistsError, match="in the way"):
            zarrscope.write(np.ones((8, 8), "u1"), tmp_path / "a.zarr", overwrite=True)
        assert (tmp_path / "a.zarr.part" / "thesis.docx").read_text() == "the only copy"

    def test_an_image_may_replace_itself(self, tmp_path: Path) -> None:
        pixels = np.random.default_rng(5).integers(0, 255, (40, 50), dtype="u1")
        image = zarrscope.write(pixels, tmp_path / "a.zarr")
        again = zarrscope.write(image, tmp_path / "a.zarr", chunks={"y": 8}, overwrite=True)
        assert np.array_equal(np.asarray(again), pixels)
        assert again.levels[0].chunks == (8, 50)

    def test_a_failed_overwrite_leaves_the_old_image(self, tmp_path: Path) -> None:
        zarrscope.write(np.full((80, 80), 7, "u1"), tmp_path / "a.zarr")

        def stop(_: int) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            zarrscope.write(np.ones((8, 8), "u1"), tmp_path / "a.zarr", overwrite=True, progress=stop)
        assert np.asarray(zarrscope.open(tmp_path / "a.zarr")).min() == 7
        assert [p.name for p in tmp_path.iterdir()] == ["a.zarr"]

    def test_two_runs_at_one_place(self, tmp_path: Path) -> None:
        """The one that was overtaken says so instead of publishing the other's pixels."""
        first = zarrscope.create(tmp_path / "a.zarr", (8, 8), "u1", "yx")
        first.put(Region.whole((8, 8)), np.ones((8, 8), "u1"))
        second = zarrscope.create(tmp_path / "a.zarr", (8, 8), "u1", "yx", overwrite=True)
        with pytest.raises((ConflictError, StoreError)):
            first.finish()
        second.put(Region.whole((8, 8)), np.full((8, 8), 2, "u1"))
        second.finish()
        assert np.asarray(zarrscope.open(tmp_path / "a.zarr")).max() == 2

    def test_leaving_the_block_finishes(self, tmp_path: Path) -> None:
        with zarrscope.create(tmp_path / "a.zarr", (8, 8), "u1", "yx") as writer:
            writer.put(Region.whole((8, 8)), np.ones((8, 8), "u1"))
        assert np.asarray(zarrscope.open(tmp_path / "a.zarr")).min() == 1
        with pytest.raises(IncompleteError), zarrscope.create(tmp_path / "b.zarr", (8, 8), "u1", "yx"):
            pass
        assert [p.name for p in tmp_path.iterdir()] == ["a.zarr"]

    def test_an_empty_folder_is_a_place(self, tmp_path: Path) -> None:
        assert zarrscope.write(np.ones((8, 8), "u1"), tmp_path).levels[0].shape == (8, 8)

    def test_what_was_there_before_an_overwrite_that_is_refused_stays(self, tmp_path: Path) -> None:
        """A plan that cannot be is refused before the old image is deleted."""
        place = tmp_path / "a.zarr"
        zarrscope.write(np.full((8, 8), 7, "u1"), place)
        for wrong in ({"chunks": {"q": 1}}, {"downsample": "best"}, {"codec": "zip"}, {"axes": "yy"},
                      {"version": "9"}, {"memory": 3}, {"scale": {"z": 1}}):  # fmt: skip
            with pytest.raises((ValueError, NotImplementedError, MemoryError)):
                zarrscope.write(np.zeros((8, 8), "u1"), place, overwrite=True, **wrong)
            assert zarrscope.open(place).levels[0][0, 0] == 7, wrong


def test_the_documents_say_what_was_written(tmp_path: Path) -> None:
    zarrscope.write(
        noise((2, 600, 500)), tmp_path / "a.zarr", axes="cyx", scale={"y": 0.5, "x": 0.25}, unit="um",
        translation={"y": 3.0}, channels=["DAPI", "GFP"], name="cells",
    )  # fmt: skip
    ome = json.loads((tmp_path / "a.zarr/zarr.json").read_text())["attributes"]["ome"]
    (multiscale,) = ome["multiscales"]
    assert multiscale["name"] == "cells"
    assert [a.get("unit") for a in multiscale["axes"]] == [None, "micrometer", "micrometer"]
    first, second = (d["coordinateTransformations"] for d in multiscale["datasets"][:2])
    assert first[0] == {"type": "scale", "scale": [1.0, 0.5, 0.25]}
    # x alone is halved first: its pixels are half as long as those of y
    assert second[0] == {"type": "scale", "scale": [1.0, 0.5, 0.5]}
    assert first[1] == {"type": "translation", "translation": [0.0, 3.0, 0.0]}
    # the mean of pixels 0 and 1 lies half a pixel further
    assert second[1] == {"type": "translation", "translation": [0.0, 3.0, 0.125]}
    assert [c["label"] for c in ome["omero"]["channels"]] == ["DAPI", "GFP"]
