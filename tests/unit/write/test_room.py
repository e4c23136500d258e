"""Whether a result fits is asked of the disk itself, before the first byte."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import numpy as np
import pytest

import zarrscope
from zarrscope import ConvertOptions
from zarrscope.errors import BudgetError
from zarrscope.store.local import LocalStore
from zarrscope.store.memory import MemoryStore
from zarrscope.store.zip_writer import ZipWriter
from zarrscope.write.room import check_room, free_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MIB = 1 << 20


def never() -> float:
    raise AssertionError("nobody needs to know how well it compresses")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Return a disk of 4 MiB and 100 files."""
    place = tmp_path / "disk"
    place.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m,nr_inodes=100", "tmpfs", place],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        pytest.skip(f"no disk of its own can be mounted here: {done.stderr.strip()}")
    yield place
    subprocess.run(["umount", place], check=True)


def test_what_is_free_is_what_the_system_says(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "not" / "there" / "yet.zarr"):
        found = free_at(LocalStore(place))
        assert found is not None
        assert found.place == str(tmp_path)
        assert found.bytes == pytest.approx(shutil.disk_usage(tmp_path).free, rel=0.02)
        told = os.statvfs(tmp_path)
        assert (found.files is None) == (told.f_files == 0)
    archive = free_at(ZipWriter(tmp_path / "a.ozx"))
    assert archive is not None
    assert archive.place == str(tmp_path)
    assert free_at(MemoryStore()) is None


def test_what_fits_is_not_estimated(tmp_path: Path) -> None:
    check_room(LocalStore(tmp_path / "a"), MIB, 10, never)
    check_room(MemoryStore(), 1 << 60, 1 << 60, never)


def test_what_fits_only_compressed_is_estimated(tmp_path: Path) -> None:
    free = shutil.disk_usage(tmp_path).free
    store = LocalStore(tmp_path / "a")
    check_room(store, 4 * free, 1, lambda: 0.1)
    with pytest.raises(BudgetError, match=r"takes about .* before compression.*are free.*--codec small"):
        check_room(store, 4 * free, 1, lambda: 0.5)
    with pytest.raises(BudgetError) as error:
        check_room(store, 4 * free, 1, never, compressed=False)
    assert "before compression" not in str(error.value)
    assert not (tmp_path / "a").exists()


def test_a_small_disk(small_disk: Path) -> None:
    found = free_at(LocalStore(small_disk / "a.zarr"))
    assert found is not None
    assert found.place == str(small_disk)
    assert found.bytes == 4 * MIB
    assert found.files is not None
    assert 90 <= found.files <= 100
    check_room(LocalStore(small_disk / "a"), 4 * MIB, 90, never)
    with pytest.raises(BudgetError, match=r"about 5\.24MB .*4\.19MB are free"):
        check_room(LocalStore(small_disk / "a"), 10 * MIB, 90, lambda: 0.5)
    with pytest.raises(BudgetError, match=r"about 101 files.*room for \d+; write shards"):
        check_room(LocalStore(small_disk / "a"), MIB, 101, never)
    check_room(ZipWriter(small_disk / "a.ozx"), MIB, 10**9, never)  # one file, whatever is in it


def test_a_conversion_that_will_not_fit_writes_nothing(small_disk: Path, tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 65535, (1700, 1700), dtype="u2")
    np.save(tmp_path / "a.npy", noise)
    with pytest.raises(BudgetError, match="are free"):
        zarrscope.convert(tmp_path / "a.npy", small_disk / "a.zarr")
    with pytest.raises(BudgetError, match="files"):
        options = ConvertOptions(pyramid=zarrscope.PlanOptions(chunks={"y": 16, "x": 16}, sharded=False))
        np.save(tmp_path / "b.npy", noise[:400, :400])
        zarrscope.convert(tmp_path / "b.npy", small_disk / "a.zarr", options)
    assert list(small_disk.iterdir()) == []
    np.save(tmp_path / "c.npy", np.zeros((1700, 1700), "u2"))
    image = zarrscope.convert(tmp_path / "c.npy", small_disk / "a.zarr")
    assert not image.levels[0][...].any(), "compressed, it fits"
