"""A disk that is full, of bytes or of files: refused before the start; or one line, and gone on later."""

from __future__ import annotations

import random
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from tests.conftest import PROOF
from tests.faults.killing import Kills

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TIMES = 12 if PROOF else 2
"""How often a disk becomes full in a run."""


@contextmanager
def disk(folder: Path, size: str, files: int) -> Iterator[None]:
    """Mount a disk of a size on a folder."""
    folder.mkdir()
    options = f"size={size},nr_inodes={files}"
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"a disk of its own cannot be mounted here: {mounted.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


def grow(folder: Path) -> None:
    subprocess.run(["mount", "-o", "remount,size=256m,nr_inodes=100000", folder], check=True)


def beside_ballast(folder: Path) -> set[str]:
    return {one.name for one in folder.iterdir() if not one.name.startswith("ballast")}


@pytest.fixture(scope="module")
def kills(tmp_path_factory: pytest.TempPathFactory) -> Kills:
    return Kills(tmp_path_factory.mktemp("full"))


@pytest.mark.parametrize("what", ["bytes", "files"])
@pytest.mark.parametrize(
    ("task", "form", "place"),
    [
        ("convert", "v3", "folder"),
        ("convert", "sharded", "archive"),
        ("copy", "v2", "folder"),
        ("recode", "sharded", "folder"),
        ("series", "v2", "archive"),
    ],
)
def test_filled_while_it_goes(
    kills: Kills, tmp_path: Path, pytestconfig: pytest.Config, task: str, form: str, place: str, what: str
) -> None:
    """One line says that the disk is full; once it is larger, the same bytes come out."""
    plain = kills.plain(task, form, place)
    draw = random.Random(int(pytestconfig.option.hypothesis_seed))
    for number in range(TIMES):
        folder = tmp_path / str(number)
        there = str(folder / kills.destination("x", form, place).rpartition("/")[2])
        with disk(folder, "64m", 10000):
            at = draw.randint(plain.operations // 20, plain.operations * 4 // 5)
            words = [*kills.words(task, form), there]
            process = kills.start(
                [*words, *kills.options(task, form)], ZARRSCOPE_TEST_FILL=f"{at}:{what}:{folder}"
            )
            said, error = process.communicate(timeout=300)
            told = (task, form, place, at, said, error)
            if process.returncode == 0:  # an archive needs no more files
                assert (what, place) == ("files", "archive"), told
            else:
                assert process.returncode == 1, told
                lines = [line for line in error.splitlines() if not line.startswith("note:")]
                assert len(lines) == 1, told
                assert "No space left on device; free some space or choose another disk" in lines[0], told
                if "--resume goes on" not in lines[0]:  # it was too early to keep anything
                    assert beside_ballast(folder) == set(), told
            grow(folder)
            kills.run([*words, *kills.options(task, form), "--resume"])
            assert kills.values(there, place) == plain.values, told
            left = beside_ballast(folder)
            assert len(left) <= 1 + (place == "archive"), left


@pytest.mark.parametrize(
    ("form", "size", "files", "said"),
    [
        ("v3", "9m", 10000, "free some space"),
        ("v3", "64m", 60, "files"),
        ("sharded", "9m", 10000, "free some"),
    ],
)
def test_refused_before_it_begins(
    kills: Kills, tmp_path: Path, form: str, size: str, files: int, said: str
) -> None:
    """What will not fit is not begun; the line has the numbers."""
    with disk(tmp_path / "small", size, files):
        there = tmp_path / "small" / "x.zarr"
        process = kills.start([*kills.words("convert", form), there, *kills.options("convert", form)])
        _, error = process.communicate(timeout=300)
        lines = [line for line in error.splitlines() if not line.startswith("note:")]
        assert process.returncode == 1, error
        assert len(lines) == 1, error
        assert said in lines[0], error
        assert list((tmp_path / "small").iterdir()) == []
