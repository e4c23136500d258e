"""Flipped bits and cut files: by reading and by ``verify`` where there is a checksum, else by the manifest.

Each codec gets 1,000 of them by ``ZARRSCOPE_PROOF=1``, fewer otherwise; what slips by is told with its seed.
"""

from __future__ import annotations

import os
import random
from typing import Any

import numpy as np
import pytest

import zarrscope
from zarrscope.array.describe import describe
from zarrscope.array.open import create_array, open_array
from zarrscope.array.presets import PRESETS, preset
from zarrscope.errors import CorruptDataError, ZarrscopeError
from zarrscope.ledger.folder import FOLDER
from zarrscope.ledger.inventory import manifest_of
from zarrscope.ledger.manifest import write_manifest
from zarrscope.store.memory import MemoryStore
from zarrscope.types import Region

COUNT = 1000 if os.environ.get("ZARRSCOPE_PROOF") == "1" else 40
SHARDS = {"y": 32, "x": 32}
FORMS_3 = [pytest.param(codec, shards, id=f"{codec}-{'sharded' if shards is not None else 'plain'}")
           for codec in PRESETS for shards in (SHARDS, None)]  # fmt: skip


def picture() -> Any:
    """Return pixels that compress, of two levels."""
    rng = np.random.default_rng(4)
    return (rng.poisson(40, (40, 44)) + np.arange(44) * 3).astype("u2")


def written(version: str, codec: str, shards: Any) -> MemoryStore:
    store = MemoryStore()
    zarrscope.write(
        picture(), store, axes="yx", version=version, codec=codec, levels=2, chunks={"y": 16, "x": 16},
        shards="none" if shards is None else shards,
    )  # fmt: skip
    for key in list(store.list(f"{FOLDER}/")):
        store.delete(key)
    return store


def copy_of(store: MemoryStore) -> MemoryStore:
    return MemoryStore({key: bytes(store.get(key)) for key in store.list()})


def chunks(store: MemoryStore) -> list[str]:
    return [key for key in store.list() if key[0] in "01" and key.rpartition("/")[2].isdecimal()]


def damaged(data: bytes, rng: random.Random) -> bytes:
    """Return a value with one bit flipped, a run of bytes overwritten, or its end cut off."""
    kind = rng.randrange(3)
    place = rng.randrange(len(data))
    if kind == 0:
        return data[:place] + bytes([data[place] ^ (1 << rng.randrange(8))]) + data[place + 1 :]
    if kind == 1:
        return data[:place]
    run = bytes(rng.randrange(256) for _ in range(rng.randint(1, 20)))
    changed = (data[:place] + run + data[place + len(run) :])[: len(data)]
    return changed if changed != data else data[:-1]


def found(store: Any) -> list[tuple[str, str]]:
    return [(one.file, one.status) for one in zarrscope.verify(store, workers=1).files]


def read(store: Any, level: int) -> Any:
    return zarrscope.open(store).levels[level][...]


@pytest.mark.parametrize(("codec", "shards"), FORMS_3)
def test_zarr_3_by_reading_and_by_verify(codec: str, shards: Any) -> None:
    seed = random.randrange(1 << 32)
    rng = random.Random(seed)
    store = written("0.5", codec, shards)
    guarded = copy_of(store)
    write_manifest(guarded, manifest_of(guarded), 3)
    assert found(store) == found(guarded) == []
    keys = chunks(store)
    for number in range(COUNT):
        key = rng.choice(keys)
        kept = bytes(store.get(key))
        changed = damaged(kept, rng)
        store.put(key, changed)
        guarded.put(key, changed)
        told = f"seed {seed}, number {number}, {key}"
        with pytest.raises(CorruptDataError) as error:
            read(store, int(key[0]))
            pytest.fail(f"it was read: {told}")
        assert f"memory:{key}" in str(error.value), told
        assert found(store) == [(key, "unreadable")], told
        assert found(guarded) == [(key, "differs")], told
        store.put(key, kept)
        guarded.put(key, kept)
    assert np.array_equal(read(store, 0), picture())


@pytest.mark.parametrize("codec", PRESETS)
def test_zarr_2_by_the_manifest(codec: str) -> None:
    seed = random.randrange(1 << 32)
    rng = random.Random(seed)
    store = written("0.4", codec, None)
    write_manifest(store, manifest_of(store), 2)
    keys = [key for key in store.list() if not key.startswith(f"{FOLDER}/")]
    for number in range(COUNT):
        key = rng.choice(keys)
        kept = bytes(store.get(key))
        store.put(key, damaged(kept, rng))
        assert found(store) == [(key, "differs")], f"seed {seed}, number {number}, {key}"
        store.put(key, kept)
    assert found(store) == []


def test_documents_of_zarr_3_by_the_manifest() -> None:
    seed = random.randrange(1 << 32)
    rng = random.Random(seed)
    store = written("0.5", "default", SHARDS)
    write_manifest(store, manifest_of(store), 3)
    keys = [key for key in store.list() if key.endswith("zarr.json") and not key.startswith(f"{FOLDER}/")]
    for number in range(COUNT):
        key = rng.choice(keys)
        kept = bytes(store.get(key))
        store.put(key, damaged(kept, rng))
        assert found(store) == [(key, "differs")], f"seed {seed}, number {number}, {key}"
        store.put(key, kept)


def test_the_manifest_itself() -> None:
    """What is damaged in the manifest is an error or a difference, never a sound result with fewer files."""
    seed = random.randrange(1 << 32)
    rng = random.Random(seed)
    store = written("0.5", "default", SHARDS)
    write_manifest(store, manifest_of(store), 3)
    keys = [key for key in store.list(f"{FOLDER}/manifest/") if "/c/" in key]
    for number in range(COUNT):
        key = rng.choice(keys)
        kept = bytes(store.get(key))
        store.put(key, damaged(kept, rng))
        with pytest.raises(ZarrscopeError):
            zarrscope.verify(store)
            pytest.fail(f"it was believed: seed {seed}, number {number}, {key}")
        store.put(key, kept)


@pytest.mark.parametrize("location", ["end", "start"])
def test_every_byte_of_a_shard(location: str) -> None:
    """Payload, checksums and index: wherever a bit flips, what it touches is an error, all else is right."""
    pixels = picture()[:16, :16]
    store = MemoryStore()
    codecs = preset("default", pixels.dtype, (8, 8))
    metadata = describe(
        pixels.shape, pixels.dtype, (8, 8), shards=(16, 16), codecs=codecs, index_location=location
    )
    create_array(store, "a", metadata).write(Region.whole(pixels.shape), pixels)
    whole = bytes(store.get("a/c/0/0"))
    parts = [Region((y, x), (y + 8, x + 8)) for y in (0, 8) for x in (0, 8)]
    parts += [Region((2, 3), (5, 6)), Region((6, 6), (10, 10))]
    for place in range(len(whole)):
        for bit in (0, 3, 7):
            store.put("a/c/0/0", whole[:place] + bytes([whole[place] ^ (1 << bit)]) + whole[place + 1 :])
            with pytest.raises(CorruptDataError, match="a/c/0/0"):
                open_array(store, "a").read(Region.whole(pixels.shape))
            wrong = 0
            for part in parts:
                try:
                    seen = open_array(store, "a").read(part)
                except CorruptDataError:
                    wrong += 1
                else:
                    assert np.array_equal(seen, pixels[part.slices]), (place, bit, part)
            assert wrong, (place, bit)
    for size in range(len(whole)):
        store.put("a/c/0/0", whole[:size])
        with pytest.raises(CorruptDataError, match="a/c/0/0"):
            open_array(store, "a").read(Region.whole(pixels.shape))
