"""Every level is what arithmetic says, and every unit of the file is decoded once."""

from __future__ import annotations

import gc
import threading
import weakref
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.virtual.arrays import Tiles, halved, noise

from zarrscope.array.chunked import ChunkedArray
from zarrscope.array.describe import describe
from zarrscope.array.foreign import ForeignArray
from zarrscope.errors import CorruptDataError
from zarrscope.executor import cores, crew, pool
from zarrscope.model.naming import axis
from zarrscope.pyramid.downsample import kernel
from zarrscope.store.memory import MemoryStore
from zarrscope.types import Region
from zarrscope.virtual.blocks import BlockCache
from zarrscope.virtual.layout import VirtualLevel, levels_of
from zarrscope.virtual.pixels import Pixels

MB = 1 << 20


class Image(Pixels):
    """Pixels that know their levels and cache."""

    def __init__(self, arrays: Any, axes: str, memory: int = 256 * MB, method: str = "mean") -> None:
        self.levels = levels_of(arrays, tuple(map(axis, axes)), "", memory)
        self.cache = BlockCache(memory)
        super().__init__(0, arrays, self.levels, kernel(method, arrays[0].dtype), self.cache, crew(3))

    def whole(self, level: int) -> np.ndarray[Any, Any]:
        """Read a level chunk by chunk."""
        here: VirtualLevel = self.levels[level]
        out = np.empty(here.shape, self.dtype)
        for index in np.ndindex(*here.grid):
            region = here.chunk(index)
            out[region.slices] = self.read(level, region)
        return out


def pyramid(array: np.ndarray[Any, Any], count: int) -> list[np.ndarray[Any, Any]]:
    levels = [array]
    while len(levels) < count:
        levels.append(halved(levels[-1]))
    return levels


@settings(max_examples=40)
@given(
    size=st.tuples(st.integers(2, 1500), st.integers(2, 1500)),
    unit=st.tuples(st.integers(1, 1600), st.integers(1, 1600)),
    dtype=st.sampled_from(["u1", "i1", "u2", "i2", "u4", "i4", "f4", "f8"]),
    data=st.data(),
)
def test_any_region_of_any_level(size: Any, unit: Any, dtype: str, data: st.DataObject) -> None:
    array = noise(size, dtype)
    image = Image([Tiles(array, unit)], "yx")
    expected = pyramid(array, len(image.levels))
    number = data.draw(st.integers(0, len(image.levels) - 1))
    shape = image.levels[number].shape
    start = tuple(data.draw(st.integers(0, n - 1)) for n in shape)
    stop = tuple(data.draw(st.integers(a + 1, n)) for a, n in zip(start, shape, strict=True))
    region = Region(start, stop)
    found = image.read(number, region)
    assert found.dtype == array.dtype
    np.testing.assert_allclose(found, expected[number][region.slices], rtol=0 if dtype[0] != "f" else 1e-6)


@pytest.mark.parametrize("unit", [(1, 256, 256), (1, 100, 64), (1, 3, 2500), (1, 1200, 2500), (2, 128, 128)])
def test_every_unit_is_decoded_once_for_all_levels(unit: tuple[int, ...]) -> None:
    array = noise((3, 1200, 2500))
    tiles = Tiles(array, unit)
    image = Image([tiles], "zyx")
    for number in reversed(range(len(image.levels))):
        np.testing.assert_array_equal(image.whole(number), pyramid(array, 5)[number])
    assert set(tiles.decoded.values()) == {1}
    grid = [-(-n // c) for n, c in zip(array.shape, unit, strict=True)]
    assert len(tiles.decoded) == np.prod(grid)


def test_the_coarsest_level_takes_little_memory() -> None:
    tiles = Tiles(noise((4096, 4096)), (256, 256))  # 32 MiB in blocks of 128 KiB
    image = Image([tiles], "yx", memory=2 * MB)
    np.testing.assert_array_equal(image.whole(4), pyramid(tiles.array, 5)[4])
    assert set(tiles.decoded.values()) == {1}
    assert image.cache.counts.most <= 1.5 * MB


def test_bands_of_strips_are_decoded_once_although_memory_is_short() -> None:
    tiles = Tiles(noise((2000, 3000)), (1, 3000))
    image = Image([tiles], "yx", memory=4 * MB)  # 12 MB of pixels
    assert image.levels[0].block == (86, 3000)  # 87 have room, but then two pieces would need the same block
    np.testing.assert_array_equal(image.whole(4), pyramid(tiles.array, 5)[4])
    assert max(tiles.decoded.values()) == 1


def test_levels_of_the_file_are_taken_as_they_are() -> None:
    fine, coarse = noise((1000, 1200), seed=1), noise((500, 600), seed=2)
    image = Image([Tiles(fine, (256, 256)), Tiles(coarse, (256, 256))], "yx")
    np.testing.assert_array_equal(image.whole(1), coarse)
    np.testing.assert_array_equal(image.whole(2), halved(coarse))


def test_labels_invent_no_number() -> None:
    array = noise((600, 700), "u4")
    image = Image([Tiles(array, (256, 256))], "yx", method="mode")
    assert set(np.unique(image.whole(1))) <= set(np.unique(array))


def test_what_is_not_encoded_is_read_without_being_kept() -> None:
    array = noise((900, 1000))
    image = Image([ForeignArray(array)], "yx")
    for number, expected in enumerate(pyramid(array, 3)):
        np.testing.assert_array_equal(image.whole(number), expected)
    assert image.cache.counts.decoded == 0


def test_what_is_ready_is_told_without_reading() -> None:
    tiles = Tiles(noise((600, 600)), (256, 256))
    image = Image([tiles], "yx")
    region = Region((0, 0), (256, 256))
    assert image.ready(0, region) is None
    image.read(0, region)
    np.testing.assert_array_equal(image.ready(0, region), tiles.array[:256, :256])
    assert image.ready(0, Region((200, 0), (300, 10))) is None
    assert sum(tiles.decoded.values()) == 1


@pytest.mark.parametrize(("depth", "memory"), [(2, 64 * MB), (2, MB // 2), (32, 128 * MB)])
def test_many_threads_share_all_of_it_and_none_waits_for_ever(depth: int, memory: int) -> None:
    array = noise((max(4, depth), 1024, 1024))
    metadata = describe(array.shape, array.dtype, (depth, 128, 128))  # 32: enough for the pool to be asked
    source = ChunkedArray(MemoryStore(), "", metadata)
    source.write(Region.whole(array.shape), array)
    image = Image([source], "zyx", memory=memory)
    expected, wrong = pyramid(array, len(image.levels)), []

    def work(seed: int) -> None:
        dice = np.random.default_rng(seed)
        for _ in range(40):
            number = int(dice.integers(len(image.levels)))
            here = image.levels[number]
            region = here.chunk(tuple(int(dice.integers(n)) for n in here.grid))
            if not np.array_equal(image.read(number, region), expected[number][region.slices]):
                wrong.append(region)

    threads = [threading.Thread(target=work, args=(seed,), daemon=True) for seed in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive(), "threads wait for each other"
    assert not wrong


def test_twenty_requests_at_one_moment_decode_each_unit_once() -> None:
    tiles = Tiles(noise((1024, 1024)), (256, 256))
    image = Image([tiles], "yx")
    ready = threading.Barrier(20)

    def want() -> None:
        ready.wait()
        image.read(2, Region((0, 0), (256, 256)))

    threads = [threading.Thread(target=want, daemon=True) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(tiles.decoded) == 16
    assert set(tiles.decoded.values()) == {1}


def test_work_that_was_taken_back_holds_no_pixels() -> None:
    """It stays in the queue of the pool while that is busy, whose threads may wait for these pixels."""
    image = Image([Tiles(noise((4096, 4096)), (1024, 1024))], "yx")
    busy, go_on = threading.Barrier(cores() + 1), threading.Event()

    def occupy() -> None:
        busy.wait(10)
        go_on.wait(60)

    for _ in range(cores()):
        pool().submit(occupy)
    busy.wait(10)
    try:
        image.read(1, Region((0, 0), (1024, 1024)))
        assert image.cache.counts.computed == 1
        image.cache.clear()
        assert image.cache.counts.nbytes == 0
    finally:
        go_on.set()


def test_a_failure_holds_no_pixels() -> None:
    seen = []

    class Broken(Tiles):
        def read(self, region: Region, out: Any = None) -> Any:
            seen.append(weakref.ref(out))
            raise CorruptDataError(f"{region} is damaged")

    image = Image([Broken(noise((2048, 2048)), (256, 256))], "yx")
    gc.disable()  # a circle of references would wait for it
    try:
        for level in (0, 1):
            with suppress(CorruptDataError):
                image.read(level, Region((0, 0), (256, 256)))
        assert seen
        assert all(block() is None for block in seen)
    finally:
        gc.enable()
