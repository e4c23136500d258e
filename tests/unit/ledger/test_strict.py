"""Strict reading: what is lost is never background, and nothing is asked of the ledger before."""

from __future__ import annotations

import pickle
import shutil
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import zarrscope
from zarrscope.errors import CorruptDataError, MetadataError, NotFoundError
from zarrscope.ledger.folder import FOLDER
from zarrscope.ledger.inventory import manifest_of
from zarrscope.ledger.manifest import write_manifest
from zarrscope.ledger.strict import Strict, strict
from zarrscope.node.document import read_document
from zarrscope.node.image import Image
from zarrscope.store.contracts import Listable, Request, Writable
from zarrscope.store.local import LocalStore
from zarrscope.store.memory import MemoryStore
from zarrscope.types import Region

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FORMS = [("0.4", "none"), ("0.5", "none"), ("0.5", None)]
PIXELS = np.random.default_rng(11).integers(1, 999, (2, 70, 80), dtype="u2")


class Counted(MemoryStore):
    """Notes every key that is asked for."""

    def __init__(self, values: dict[str, bytes] | None = None) -> None:
        self.asked: list[str] = []
        super().__init__(values)

    def get(self, key, range=None, out=None):  # noqa: A002
        self.asked.append(key)
        return super().get(key, range, out)

    def head(self, key):
        self.asked.append(key)
        return super().head(key)


class OnlyReadable:
    """What a server can do."""

    def __init__(self, store: MemoryStore) -> None:
        self.get, self.get_many, self.head, self.url = store.get, store.get_many, store.head, store.url


def image_in(store: Any, version: str, shards: str | None, *, manifest: bool = True) -> Any:
    """Write an image of 2 levels, with a manifest of what stands there or none."""
    zarrscope.write(PIXELS, store, axes="zyx", version=version, levels=2, chunks={"z": 1, "y": 32, "x": 32},
                    shards={"z": 2, "y": 64, "x": 64} if shards is None else shards)  # fmt: skip
    for key in list(store.list(f"{FOLDER}/")):
        store.delete(key)
    if manifest:
        write_manifest(store, manifest_of(store), 2 if version == "0.4" else 3)
    return store


def units(store: Any) -> list[str]:
    return [key for key in store.list() if not key.startswith(".") and key.rpartition("/")[2].isdecimal()]


def read_all(store: Any) -> Iterator[tuple[str, Exception | None]]:
    """Yield, for each level, its path and the error that reading it ends in."""
    for level in zarrscope.open(store).levels:
        try:
            level[...]
        except CorruptDataError as error:
            yield level.path, error
        else:
            yield level.path, None


@pytest.mark.parametrize(("version", "shards"), FORMS)
def test_every_unit_that_is_lost_is_an_error(version: str, shards: str | None) -> None:
    store = image_in(MemoryStore(), version, shards)
    keys = units(store)
    assert len(keys) == {("0.4", "none"): 26, ("0.5", "none"): 26, ("0.5", None): 5}[version, shards]
    for key in keys:
        kept = bytes(store.get(key))
        store.delete(key)
        for path, error in read_all(store):
            assert (error is not None) == key.startswith(f"{path}/")
            if error is not None:
                assert f"memory:{key} is lost" in str(error)
                assert f"{len(kept)} bytes stood here" in str(error)
                assert "zarrscope verify" in str(error)
        store.put(key, kept)
    assert all(error is None for _, error in read_all(store))


@pytest.mark.parametrize(("version", "shards"), FORMS)
def test_what_is_empty_by_design_stays_background(version: str, shards: str | None) -> None:
    store = image_in(MemoryStore(), version, shards, manifest=False)
    first = units(store)[0]
    store.delete(first)
    level = zarrscope.open(store).levels[0]
    assert (level[0, :32, :32] == 0).all(), "without a manifest nobody can tell"
    write_manifest(store, manifest_of(store), 2 if version == "0.4" else 3)
    level = zarrscope.open(store).levels[0]
    assert (level[0, :32, :32] == 0).all()
    assert np.array_equal(level[1, 64:, 64:], PIXELS[1, 64:, 64:])


def test_parts_of_a_lost_shard() -> None:
    store = image_in(MemoryStore(), "0.5", None)
    level = zarrscope.open(store).levels[0]
    assert level.shards == (2, 64, 64)
    store.delete("0/c/0/0/1")
    assert np.array_equal(level[:, :, :64], PIXELS[:, :, :64])
    with pytest.raises(CorruptDataError, match="memory:0/c/0/0/1 is lost"):
        level[0, 0, 79]
    with pytest.raises(CorruptDataError, match="is lost"):
        level.read(Region((0, 0, 0), (1, 1, 65)))


@pytest.mark.parametrize(("version", "shards"), FORMS)
def test_opening_and_reading_ask_nothing_of_the_ledger(version: str, shards: str | None) -> None:
    store = image_in(Counted(), version, shards)
    store.asked.clear()
    image = Image(read_document(store))
    plain = [level[...] for level in image.levels]
    asked = sorted(store.asked)
    store.asked.clear()
    image = zarrscope.open(store)
    seen = [level[...] for level in image.levels]
    assert sorted(store.asked) == asked
    assert not [key for key in asked if key.startswith(FOLDER)]
    assert all(np.array_equal(a, b) for a, b in zip(seen, plain, strict=True))
    assert image.labels == ()
    with pytest.raises(NotFoundError):
        image.label("none")
    assert not [key for key in store.asked if key.startswith(FOLDER)], "documents may be absent"


def test_the_manifest_is_read_once_by_all_threads() -> None:
    store = image_in(Counted(), "0.5", "none")
    for key in units(store):
        store.delete(key)
    store.asked.clear()
    whole = strict(store)

    def read(number: int) -> str:
        with pytest.raises(CorruptDataError, match="is lost") as error:
            whole.get_many([Request("zarr.json"), Request(f"0/c/{number % 2}/0/0")])
        return str(error.value)

    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(read, range(100)))) == 2
    documents = [key for key in store.asked if key.startswith(FOLDER) and key.endswith("manifest/zarr.json")]
    assert len(documents) == 1


def test_what_a_store_can_do_it_still_can(tmp_path: Path) -> None:
    memory = image_in(MemoryStore(), "0.5", "none")
    for inner in (memory, LocalStore(tmp_path)):
        assert isinstance(strict(inner), Listable)
        assert isinstance(strict(inner), Writable)
    served = strict(OnlyReadable(memory))
    assert not isinstance(served, Listable)
    assert not isinstance(served, Writable)
    assert zarrscope.open(served).shape == PIXELS.shape
    assert list(strict(memory).list("0/")) == list(memory.list("0/"))
    array = zarrscope.open(memory).levels[0].array
    array.write(Region((0, 0, 0), (2, 70, 80)), PIXELS + 1)
    assert np.array_equal(zarrscope.open(memory).levels[0][...], PIXELS + 1)
    assert strict(served) is served


def test_it_pickles(tmp_path: Path) -> None:
    image_in(LocalStore(tmp_path / "a"), "0.5", "none")
    image = zarrscope.open(tmp_path / "a")
    shutil.rmtree(tmp_path / "a" / "0" / "c" / "1")
    for level in (image.levels[0], pickle.loads(pickle.dumps(image.levels[0]))):  # noqa: S301
        assert np.array_equal(level[0], PIXELS[0])
        with pytest.raises(CorruptDataError, match="is lost"):
            level[1]
    assert isinstance(image.levels[0].array.store, Strict)


def test_what_is_no_unit_may_be_absent() -> None:
    store = image_in(MemoryStore(), "0.5", "none", manifest=False)
    store.put("OME/METADATA.ome.xml", b"<OME/>")
    write_manifest(store, manifest_of(store), 3)
    store.delete("OME/METADATA.ome.xml")
    for key in (
        "OME/METADATA.ome.xml",
        "0/c/7/0/0",
        "0/c/0/0",
        "1/zarr.json/x",
        f"{FOLDER}/journal/plan.json",
    ):
        assert strict(store).get(key) is None


def test_a_damaged_manifest_does_not_make_background() -> None:
    store = image_in(MemoryStore(), "0.5", "none")
    store.delete("0/c/0/0/0")
    store.delete(f"{FOLDER}/manifest/size/c/0")
    with pytest.raises(MetadataError, match="manifest is damaged"):
        zarrscope.open(store).levels[0][...]
    store.put(f"{FOLDER}/manifest/zarr.json", b"{")
    with pytest.raises(MetadataError, match="manifest"):
        zarrscope.open(store).levels[0][...]
    assert zarrscope.open(store).levels[1][...].any()
