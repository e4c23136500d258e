"""What a run adds to its ``--dry-run`` is bounded by ``--memory`` and not by the size of the image."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile
from tests.faults.killing import DRIVER

if TYPE_CHECKING:
    from collections.abc import Iterator

TIMES = (1, 4, 16)
RUNS = {1: 3, 4: 2, 16: 1}
"""How often each is run: a short run meets its worst moment less often than a long one."""

PLANES = 64
"""Of 512 x 1024 pixels of two bytes, at the smallest size: enough to fill what caches there are."""

MEMORY = 64 << 20
CONVERT = ["--chunks", "z=4,y=128,x=128", "--shards", "z=4,y=256,x=256", "--levels", "2"]
RECODE = ["--chunks", "z=4,y=64,x=64", "--shards", "z=4,y=256,x=128", "--codec", "small"]


def sources(folder: Path) -> Iterator[Path]:
    """Write a stack of each size: noise, a few planes of it again and again."""
    some = np.random.default_rng(1).normal(900, 60, (4, 512, 1024)).astype("u2")
    for times in TIMES:
        path = folder / f"{times}.tif"
        count = PLANES * times
        tifffile.imwrite(
            path, (some[i % 4] for i in range(count)), shape=(count, 512, 1024), dtype="u2", ome=True,
            metadata={"axes": "ZYX"}, rowsperstrip=512,
        )  # fmt: skip
        yield path


def peak(words: list[object], times: int = 1) -> int:
    """Return the most anonymous memory that the command line had, in so many processes of its own."""
    return max(_peak([*words, "--overwrite"]) for _ in range(times))


def _peak(words: list[object]) -> int:
    command = [sys.executable, DRIVER, *map(str, words)]
    process = subprocess.Popen(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    status, most = Path(f"/proc/{process.pid}/status"), 0
    while process.poll() is None:
        for line in status.read_text().splitlines():
            if line.startswith("RssAnon"):
                most = max(most, int(line.split()[1]) << 10)
        time.sleep(0.003)
    said = process.communicate()[0]
    assert process.returncode == 0, said
    return most


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, tuple[int, int]]:
    """Return, by what came out, the peaks of the dry run and of the run."""
    folder, peaks = tmp_path_factory.mktemp("memory"), {}
    for path in sources(folder):
        there = path.with_suffix(".zarr")
        words = ["convert", path, there, *CONVERT, "--memory", MEMORY, "--workers", 2]
        peaks[there] = (peak([*words, "--dry-run"]), peak(words, RUNS[int(path.stem)]))
        path.unlink()
    return peaks


def judge(peaks: list[tuple[int, int]]) -> None:
    """Demand that the size does not matter, and that the bound holds."""
    told = [(round(dry / 2**20, 1), round(run / 2**20, 1)) for dry, run in peaks]
    print(f"MiB at {TIMES} times the size, dry and run: {told}")
    runs = [run for _, run in peaks]
    assert max(runs) <= 1.15 * min(runs), told
    assert all(run <= dry + MEMORY for dry, run in peaks), told


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells of anonymous memory")
class TestMemory:
    """One conversion, and copies of what came out."""

    def test_conversion(self, converted: dict[Path, tuple[int, int]]) -> None:
        judge(list(converted.values()))

    @pytest.mark.parametrize("form", [[], RECODE], ids=["bytes", "recode"])
    def test_copy(self, converted: dict[Path, tuple[int, int]], tmp_path: Path, form: list[str]) -> None:
        peaks = []
        for path in converted:
            words = ["copy", path, tmp_path / path.name, *form, "--memory", MEMORY, "--workers", 2]
            peaks.append((peak([*words, "--dry-run"]), peak(words, RUNS[int(path.stem)])))
        judge(peaks)
