"""Chunked arrays: regions, indexing, writing, threads, damage."""

from __future__ import annotations

import gzip
import pickle
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from zarrscope.array.chunked import ChunkedArray
from zarrscope.array.contracts import LazyArray
from zarrscope.array.describe import describe
from zarrscope.array.metadata import Codec
from zarrscope.array.open import create_array, open_array
from zarrscope.array.presets import preset
from zarrscope.errors import AccessError, ArgumentError, BudgetError, CorruptDataError, UnsupportedError
from zarrscope.store.local import LocalStore
from zarrscope.store.memory import MemoryStore
from zarrscope.types import Region

if TYPE_CHECKING:
    from pathlib import Path

    from zarrscope.store.contracts import Request

BLOCK = np.random.default_rng(0).integers(0, 5000, (3, 70, 90)).astype("u2")
LAYOUTS: dict[str, dict[str, Any]] = {
    "plain": {},
    "sharded": {"shards": (2, 64, 64)},
    "index first": {"shards": (2, 64, 64), "index_location": "start"},
    "turned": {"order": "F", "byteorder": "big"},
    "v2": {"zarr_format": 2},
    "v2 turned": {"zarr_format": 2, "order": "F", "byteorder": "big", "separator": "."},
}


def make(store: Any, name: str = "plain", **more: Any) -> ChunkedArray:
    options = LAYOUTS[name] | more
    codecs = preset("fast", "u2", (1, 32, 32), zarr_format=options.get("zarr_format", 3))
    array = create_array(store, "a", describe(BLOCK.shape, "u2", (1, 32, 32), codecs=codecs, **options))
    array.write(Region.whole(BLOCK.shape), BLOCK)
    return array


class ReadOnly:
    """The reading half of a store."""

    def __init__(self, store: Any) -> None:
        self.get, self.get_many, self.head, self.url = store.get, store.get_many, store.head, store.url


@pytest.mark.parametrize("name", LAYOUTS)
def test_regions(name: str) -> None:
    array = make(MemoryStore(), name)
    assert isinstance(array, LazyArray)
    assert (array.ndim, array.size, array.nbytes) == (3, BLOCK.size, BLOCK.nbytes)
    assert array.chunks == (1, 32, 32)
    rng = np.random.default_rng(1)
    for _ in range(30):
        a = tuple(int(rng.integers(0, n)) for n in BLOCK.shape)
        b = tuple(int(rng.integers(i, n)) + 1 for i, n in zip(a, BLOCK.shape, strict=True))
        region = Region(a, b)
        np.testing.assert_array_equal(array.read(region), BLOCK[region.slices])
    assert array.read(Region((1, 2, 3), (1, 5, 9))).shape == (0, 3, 6)


@pytest.mark.parametrize("name", LAYOUTS)
def test_out(name: str) -> None:
    array = make(MemoryStore(), name)
    out = np.zeros((3, 70, 90, 2), "u2")
    assert array.read(Region.whole(BLOCK.shape), out[..., 1]) is not None
    np.testing.assert_array_equal(out[..., 1], BLOCK)
    assert not out[..., 0].any()
    with pytest.raises(ArgumentError, match="out is"):
        array.read(Region.whole(BLOCK.shape), np.zeros((3, 70, 90), "u4"))


@pytest.mark.parametrize(
    "index",
    [
        np.s_[...],
        np.s_[1],
        np.s_[-1, ..., 3],
        np.s_[:, 5:60:3, ::-2],
        np.s_[0, 69, 89],
        np.s_[5:2],
        np.s_[::-1, -20:, :10],
        np.s_[..., 10:11],
        np.s_[np.int64(1), 2:3],
        np.s_[:, 100:200],
        np.s_[2:0:-1, 3],
    ],
)
def test_indexing(index: Any) -> None:
    found = make(MemoryStore())[index]
    assert isinstance(found, np.ndarray)
    np.testing.assert_array_equal(found, BLOCK[index])


def test_indexing_that_is_refused() -> None:
    array = make(MemoryStore())
    for index in (3, (0, 70), (0, 0, -91), (0, 0, 0, 0), (..., ...)):
        with pytest.raises(IndexError):
            array[index]
    for index in ([0, 1], None, True, "x", 1.5, np.array([0, 1])):
        with pytest.raises(ArgumentError, match="not possible here; use integers, slices and"):
            array[index]


def test_regions_that_are_refused() -> None:
    array = make(MemoryStore())
    for region in (Region((0, 0), (1, 1)), Region((0, 0, 0), (4, 1, 1)), Region((-1, 0, 0), (1, 1, 1))):
        with pytest.raises(ArgumentError):
            array.read(region)
    with pytest.raises(ArgumentError, match="needed"):
        array.write(Region((0, 0, 0), (1, 1, 1)), np.zeros((1, 1, 1), "f8"))


def test_only_an_explicit_request_reads_everything() -> None:
    array = make(MemoryStore())
    np.testing.assert_array_equal(np.asarray(array), BLOCK)
    assert np.asarray(array, dtype="f4").dtype == np.float32
    with pytest.raises(ValueError, match="copy=False"):
        array.__array__(copy=False)


def test_a_shape_beyond_memory() -> None:
    array = ChunkedArray(MemoryStore(), "", describe((1 << 62, 1 << 62), "u2", (512, 512)))
    assert array[1 << 61, 1 << 60] == 0
    with pytest.raises(BudgetError, match="smaller regions"):
        array[...]


@pytest.mark.parametrize("name", LAYOUTS)
def test_writing_parts(name: str) -> None:
    array = make(MemoryStore(), name)
    wanted = BLOCK.copy()
    wanted[1:3, 10:50, 10:77] = 7
    array.write(Region((1, 10, 10), (3, 50, 77)), np.full((2, 40, 67), 7, "u1"))
    np.testing.assert_array_equal(array[...], wanted)
    array.write(Region((1, 1, 1), (1, 2, 2)), np.zeros((0, 1, 1), "u2"))


def test_missing_chunks_are_the_fill_value() -> None:
    for shards in (None, (4, 4)):
        store = MemoryStore()
        array = create_array(store, "", describe((6, 6), "f4", (2, 2), shards=shards, fill_value=np.nan))
        assert np.isnan(array[...]).all()
        array.write(Region((0, 0), (2, 2)), np.ones((2, 2), "f4"))
        assert np.isnan(array[...]).sum() == 32


def test_partial_shards_and_the_edge() -> None:
    store = MemoryStore()
    array = create_array(store, "a", describe((5, 5), "u1", (2, 2), shards=(4, 4), codecs=(Codec("crc32c"),)))
    array.write(Region.whole((5, 5)), np.arange(25, dtype="u1").reshape(5, 5))
    # The last shard holds one chunk of four: the others lie outside of the array.
    assert len(store.get("a/c/1/1") or b"") == 4 + 4 + 4 * 16 + 4
    writer = array.shard_writer((1, 1))
    writer.commit()
    assert array[4, 4] == 0


def test_threads_and_pickles(tmp_path: Path) -> None:
    array = pickle.loads(pickle.dumps(make(LocalStore(tmp_path), "sharded")))  # noqa: S301
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda i: array[i % 3, i : i + 30, i : i + 40], range(40)))
    for i, block in enumerate(found):
        np.testing.assert_array_equal(block, BLOCK[i % 3, i : i + 30, i : i + 40])


def test_large_regions_are_split_among_threads(tmp_path: Path) -> None:
    shape = (4, 1024, 1024)
    block = np.random.default_rng(2).integers(0, 9, shape).astype("u4")
    for i, shards in enumerate((None, (2, 1024, 1024))):
        metadata = describe(
            shape, "u4", (1, 256, 256), shards=shards, codecs=preset("fast", "u4", (1, 256, 256))
        )
        array = create_array(LocalStore(tmp_path), f"a{i}", metadata)
        array.write(Region.whole(shape), block)
        np.testing.assert_array_equal(array[...], block)
        np.testing.assert_array_equal(array[:, 3:1000, 5:1001], block[:, 3:1000, 5:1001])


def test_an_array_that_reads_an_array_while_it_fetches() -> None:
    """A store that encodes pixels on demand reads other chunks in the same thread, in the same memory."""
    inner = make(MemoryStore())

    class OnDemand(ReadOnly):
        def __init__(self) -> None:
            super().__init__(MemoryStore())
            self.get_many = lambda requests: [self.made(request) for request in requests]

        def made(self, request: Request) -> memoryview:
            _, z, y, x = request.key.split("/")
            part = np.zeros((1, 32, 32), "u2")
            pixels = inner[int(z), int(y) * 32 : int(y) * 32 + 32, int(x) * 32 : int(x) * 32 + 32]
            part[0, : pixels.shape[0], : pixels.shape[1]] = pixels
            assert request.out is not None
            request.out[: part.nbytes] = part.reshape(-1).view(np.uint8).data
            return request.out[: part.nbytes]

    outer = ChunkedArray(OnDemand(), "", describe(BLOCK.shape, "u2", (1, 32, 32)))  # type: ignore[arg-type]
    np.testing.assert_array_equal(outer[...], BLOCK)


def test_a_store_for_reading_cannot_be_written() -> None:
    store = MemoryStore()
    make(store)
    array = open_array(ReadOnly(store), "a")  # type: ignore[arg-type]
    np.testing.assert_array_equal(array[...], BLOCK)
    with pytest.raises(AccessError, match="cannot be written"):
        array.write(Region.whole(BLOCK.shape), BLOCK)
    with pytest.raises(ArgumentError, match="no shards"):
        array.shard_writer((0, 0, 0))


@pytest.mark.parametrize("name", ["plain", "sharded", "index first"])
def test_every_flipped_bit_is_an_error_that_names_the_key(name: str) -> None:
    store = MemoryStore()
    make(store, name)
    key = "a/c/0/0/0"
    good = bytes(store.get(key) or b"")
    for at in range(0, len(good), max(1, len(good) // 60)):
        bad = bytearray(good)
        bad[at] ^= 16
        store.put(key, bytes(bad))
        with pytest.raises(CorruptDataError, match=key):
            open_array(store, "a")[...]
    for length in (0, 3, 50, len(good) - 1):
        store.put(key, good[:length])
        with pytest.raises(CorruptDataError, match=key):
            open_array(store, "a")[...]


def test_data_of_another_type_is_an_error() -> None:
    store = MemoryStore()
    make(store)
    other = describe(BLOCK.shape, "u4", (1, 32, 32), codecs=preset("fast", "u4", (1, 32, 32)))
    with pytest.raises(CorruptDataError, match="are due"):
        create_array(store, "a", other)[...]
    store.put("b/c/0", bytes(5))
    with pytest.raises(CorruptDataError, match="due"):
        create_array(store, "b", describe((2,), "u2", (2,)))[...]


@pytest.mark.parametrize("local", [True, False])
def test_values_that_are_too_long(tmp_path: Path, local: bool) -> None:
    store = LocalStore(tmp_path) if local else MemoryStore()
    array = create_array(store, "a", describe((4, 4), "u1", (4, 4), codecs=(Codec("gzip"),)))
    store.put("a/c/0/0", gzip.compress(bytes(1 << 20)) + bytes(1 << 18))
    with pytest.raises(CorruptDataError, match="a/c/0/0"):
        array[...]


@pytest.mark.parametrize(
    "entry",
    [(1 << 62, 5), (0, 1 << 40), (1 << 63, 1 << 63), (5, (1 << 64) - 1), ((1 << 64) - 1, 5), (10**6, 10)],
)
def test_indices_that_point_elsewhere(entry: tuple[int, int]) -> None:
    store = MemoryStore()
    array = create_array(store, "a", describe((4, 4), "u1", (2, 2), shards=(4, 4), codecs=(Codec("crc32c"),)))
    array.write(Region.whole((4, 4)), np.ones((4, 4), "u1"))
    layout = array.layout
    assert layout is not None
    shard = bytes(store.get("a/c/0/0") or b"")
    index = layout.index_of(memoryview(shard))
    offsets, sizes = index.offsets.copy(), index.sizes.copy()
    offsets[2], sizes[2] = entry
    store.put("a/c/0/0", shard[: -layout.index_size] + layout.encode_index(offsets, sizes))
    array = open_array(store, "a")
    assert array[0, 0] == 1
    with pytest.raises(CorruptDataError, match="a/c/0/0"):
        array[...]


def test_codecs_are_refused_before_anything_is_read() -> None:
    with pytest.raises(UnsupportedError, match="pickle"):
        ChunkedArray(MemoryStore(), "", describe((4,), "u1", (4,), codecs=(Codec("numcodecs.pickle"),)))
