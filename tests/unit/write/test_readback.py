"""``--verify``: what is stored is read back, and a bit that flips on its way is found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile

import zarrscope
from zarrscope import ConvertOptions, PlanOptions
from zarrscope.array.chunked import ChunkedArray
from zarrscope.array.describe import describe
from zarrscope.convert.copy import run_copy
from zarrscope.convert.copy_plan import CopyOptions, plan_copy
from zarrscope.convert.run import planned
from zarrscope.convert.run import run as run_plan
from zarrscope.errors import CorruptDataError
from zarrscope.store.local import LocalStore
from zarrscope.store.memory import MemoryStore
from zarrscope.types import Region
from zarrscope.write.readback import Check

if TYPE_CHECKING:
    from pathlib import Path

PIXELS = np.random.default_rng(1).integers(0, 4000, (100, 140), dtype="u2")


class Flipping(MemoryStore):
    """A disk that flips one bit of one value on its way."""

    def __init__(self, key: str = "", at: float = 0.5) -> None:
        super().__init__()
        self.key, self.at, self.flipped = key, at, 0

    def put(self, key: str, data: Any, if_tag: str | None = None) -> None:
        value = bytearray(data)
        if key == self.key:
            self.flipped += 1
            value[int(self.at * (len(value) - 1))] ^= 4
        super().put(key, bytes(value), if_tag)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    tifffile.imwrite(tmp_path / "a.tif", PIXELS)
    return tmp_path / "a.tif"


def convert(source: Path, store: Any, version: str, shards: Any, codec: str, *, verify: bool = True) -> None:
    pyramid = PlanOptions(chunks={"y": 32, "x": 32}, shards=shards, sharded=shards is not None, levels=2)
    with planned(source, ConvertOptions(version=version, codec=codec, pyramid=pyramid)) as plan:
        run_plan(plan, store, verify=verify)


FORMS = [
    ("0.4", None, "none", "0/1/2"), ("0.4", None, "default", "1/0/1"), ("0.5", None, "none", "0/c/3/4"),
    ("0.5", None, "default", "0/c/0/0"), ("0.5", {"y": 64, "x": 64}, "default", "0/c/1/2"),
    ("0.5", {"y": 64, "x": 64}, "none", "1/c/0/0"),
]  # fmt: skip


@pytest.mark.parametrize("at", [0.0, 0.5, 1.0])
@pytest.mark.parametrize(("version", "shards", "codec", "key"), FORMS)
def test_a_flipped_bit_is_found(
    source: Path, version: str, shards: Any, codec: str, key: str, at: float
) -> None:
    store = Flipping(key, at)
    with pytest.raises(CorruptDataError, match=rf"memory:{key}\b"):
        convert(source, store, version, shards, codec)
    assert store.flipped == 1
    assert not any(store.head(name) for name in ("zarr.json", ".zattrs")), "no image is seen"


@pytest.mark.parametrize(("version", "shards", "codec", "key"), FORMS)
def test_sound_stores_pass(source: Path, version: str, shards: Any, codec: str, key: str) -> None:
    store = Flipping()
    convert(source, store, version, shards, codec)
    assert store.head(key) is not None
    assert np.array_equal(zarrscope.open(store).levels[0][...], PIXELS)


def test_without_it_nobody_looks(source: Path) -> None:
    store = Flipping("0/1/2")
    convert(source, store, "0.4", None, "none", verify=False)
    assert (zarrscope.open(store).levels[0][...] != PIXELS).sum() == 1
    assert not zarrscope.verify(store).same, "the manifest knows what was meant"


@pytest.mark.parametrize("recode", [False, True])
@pytest.mark.parametrize("key", ["0/1/1", "1/0/0"])
def test_copies(tmp_path: Path, recode: bool, key: str) -> None:
    zarrscope.write(PIXELS, tmp_path / "a", axes="yx", version="0.4", chunks={"y": 32, "x": 32}, levels=2)
    source, options = LocalStore(tmp_path / "a"), CopyOptions(codec="none" if recode else None)
    store = Flipping(key)
    with pytest.raises(CorruptDataError, match=key):
        run_copy(plan_copy(source, options), store, verify=True)
    assert store.head(".zattrs") is None
    sound = Flipping()
    run_copy(plan_copy(source, options), sound, verify=True)
    assert np.array_equal(zarrscope.open(sound).levels[0][...], PIXELS)


@pytest.mark.parametrize("shards", [None, (64, 64)])
def test_units_one_by_one(shards: Any) -> None:
    """Chunks are remembered in any order; those beyond the edge are no part of a unit."""
    metadata = describe((100, 140), "u2", (32, 32), shards=shards)
    store = MemoryStore()
    array, check = ChunkedArray(store, "a", metadata), Check(store, "a", metadata)
    for y in reversed(range(4)):
        for x in range(5):
            region = Region.of((32 * y, 32 * x), (32, 32)).intersect(Region.whole((100, 140)))
            check.remember((y, x), PIXELS[region.slices])
    array.write(Region.whole((100, 140)), PIXELS)
    check.unit((0, 0))
    changed = PIXELS.copy()
    changed[99, 139] += 1
    array.write(Region.whole((100, 140)), changed)
    last = (3, 4) if shards is None else (1, 2)
    with pytest.raises(CorruptDataError, match=f"memory:a/c/{last[0]}/{last[1]}: what is stored is not"):
        check.unit(last)
