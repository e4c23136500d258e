"""Shards: index, layout, writing in any order."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from zarrscope.array.chain import chunk_chain, unit_chain
from zarrscope.array.describe import describe
from zarrscope.array.indices import IndexCache
from zarrscope.array.metadata import Codec
from zarrscope.array.ranges import batches, spans
from zarrscope.array.sharding import ShardLayout, ShardWriter
from zarrscope.errors import ArgumentError, CorruptDataError
from zarrscope.store.memory import MemoryStore

if TYPE_CHECKING:
    from pathlib import Path

LAYOUTS = [
    ShardLayout((2, 3), (4, 4), where, endian, 1)
    for where in ("start", "end")
    for endian in ("little", "big")
]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_written_in_any_order(layout: ShardLayout) -> None:
    store = MemoryStore()
    writer = ShardWriter(store.create("s"), layout)
    writer.add((1, 2), b"last")
    writer.add(0, (b"fir", b"st"))
    assert store.get("s") is None
    writer.commit()
    writer.abort()
    shard = memoryview(bytes(store.get("s") or b""))
    found = [
        None if entry is None else bytes(shard[slice(*entry)]) for entry in layout.index_of(shard).entries()
    ]
    assert found == [b"first", None, None, None, None, b"last"]
    assert len(shard) == 9 + layout.index_size


@pytest.mark.parametrize("layout", LAYOUTS)
def test_packed_at_once(layout: ShardLayout) -> None:
    shard = memoryview(layout.pack([b"a", None, b"bc", None, None, b""]))
    found = [
        None if entry is None else bytes(shard[slice(*entry)]) for entry in layout.index_of(shard).entries()
    ]
    assert found == [b"a", None, b"bc", None, None, b""]


def test_chunks_that_are_refused() -> None:
    writer = ShardWriter(MemoryStore().create("s"), LAYOUTS[0])
    writer.add(3, b"x")
    for chunk in (3, 6, -1, (1, 0), (2, 0), (0, 3)):
        with pytest.raises(ArgumentError):
            writer.add(chunk, b"y")
    writer.abort()


def test_order_of_regions_is_that_of_numbers() -> None:
    layout = LAYOUTS[0]
    regions = list(layout.regions())
    assert regions[layout.linear((1, 2))] == (slice(4, 8), slice(8, 12))
    assert len(regions) == layout.count == 6


def test_damaged_indices() -> None:
    layout = LAYOUTS[2]
    shard = bytearray(layout.pack([b"a"] * 6))
    shard[-1] ^= 1
    with pytest.raises(CorruptDataError, match="crc32c"):
        layout.index_of(memoryview(shard))
    with pytest.raises(CorruptDataError, match="too short"):
        layout.index_of(memoryview(shard[:50]))
    with pytest.raises(CorruptDataError, match="due"):
        layout.decode_index(shard[:50])


def test_indices_are_kept_and_forgotten() -> None:
    store = MemoryStore()
    cache = IndexCache(store, LAYOUTS[2])
    assert cache.get("s") is None
    store.put("s", LAYOUTS[2].pack([b"a"] * 6))
    first = cache.get("s")
    assert first is not None
    store.put("s", LAYOUTS[2].pack([b"abc"] * 6))
    kept = cache.get("s")
    assert kept is not None
    assert kept.entry(1) == first.entry(1) == (1, 2)
    cache.forget("s")
    again = cache.get("s")
    assert again is not None
    assert again.entry(1) == (3, 6)


def test_few_indices_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zarrscope.array.indices._KEPT_BYTES", 2 * (LAYOUTS[2].index_size + 256))
    store = MemoryStore({str(i): LAYOUTS[2].pack([b"a"] * 6) for i in range(5)})
    cache = IndexCache(store, LAYOUTS[2])
    for i in range(5):
        cache.get(str(i))
    assert list(cache._kept) == ["3", "4"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells of anonymous memory")
def test_reading_many_shards_takes_no_more_memory_than_reading_a_few(tmp_path: Path) -> None:
    """What is kept of each shard must not leave holes between the buffers of the codec."""
    script = """
import sys, numpy as np, zarrscope
from zarrscope.types import Region
pixels = np.random.default_rng(1).normal(900, 60, (4, 512, 512)).astype("u2")
form = {"chunks": {"z": 4, "y": 128, "x": 128}, "shards": {"z": 4, "y": 256, "x": 256}, "levels": 1}
with zarrscope.create(sys.argv[1], (400, 512, 512), "u2", "zyx", **form) as writer:
    for region in writer.plan.regions():
        writer.put(region, np.resize(pixels, region.shape))
level = zarrscope.open(sys.argv[1]).levels[0]
anonymous = lambda: int(open("/proc/self/status").read().split("RssAnon:")[1].split()[0])
peaks = []
for z in range(0, 400, 4):
    for y in (0, 256):
        level[z : z + 4, y : y + 256, :]
    peaks.append(anonymous())
print(peaks[-1] - peaks[9])
"""
    command = [sys.executable, "-c", script, str(tmp_path / "image.zarr")]
    grown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert int(grown) < 6 << 10, f"{grown} KiB over 360 shards"


def test_neighbours_are_fetched_together() -> None:
    entries = [(0, 10, ()), (10, 30, ()), (40, 50, ()), (45, 48, ()), (48, 60, ())]
    assert spans(entries) == [(0, 30), (40, 60)]
    assert [len(batch) for batch in batches(entries, 25)] == [1, 1, 3]
    assert list(batches([], 5)) == []


def test_whole_shards_behind_other_codecs() -> None:
    """A shard that is compressed as a whole cannot be read in parts, but is read."""
    plain = describe((4, 6), "u2", (2, 2), shards=(4, 6), codecs=(Codec("crc32c"),))
    metadata = describe((4, 6), "u2", (4, 6), codecs=(*plain.codecs, Codec("gzip", {"level": 1})))
    assert metadata.shards is None
    chain = chunk_chain(metadata)
    block = np.arange(24, dtype="u2").reshape(4, 6)
    data = chain.encode_chunk(block)
    out = np.zeros((4, 6), "u2")
    chain.decode_chunk(data, out)
    np.testing.assert_array_equal(out, block)
    np.testing.assert_array_equal(chain.decode(data), block)
    assert len(data) <= chain.most
    turned = describe((4, 6), "u2", (4, 6), codecs=(Codec("transpose", {"order": [1, 0]}), _sharding((3, 2))))
    chain = unit_chain(turned)
    chain.decode_chunk(chain.encode_chunk(block), out[::-1])
    np.testing.assert_array_equal(out[::-1], block)


def _sharding(chunks: tuple[int, ...]) -> Codec:
    return describe((6, 4), "u2", chunks, shards=(6, 4)).codecs[0]
