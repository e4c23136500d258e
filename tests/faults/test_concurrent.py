"""Several write at once: whole units side by side, parts of units one after the other, never one lost."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.conftest import PROOF
from tests.faults.killing import DRIVER, Kills
from tests.faults.writer import expected

import zarrscope
from zarrscope.array.open import open_array
from zarrscope.convert.transfer import units
from zarrscope.errors import ArgumentError
from zarrscope.store.resolve import resolve_writable
from zarrscope.types import Region

if TYPE_CHECKING:
    from tests.faults.servers import S3

WRITER = Path(__file__).with_name("writer.py")
SHAPE = (64, 48)
FORM = {"chunks": {"y": 8, "x": 8}, "shards": {"y": 32, "x": 48}, "levels": 3}
ROUNDS = 20 if PROOF else 2


@pytest.fixture(params=["folder", "server"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return where an image may be written: a folder, or a server that compares tags."""
    if request.param == "folder":
        return str(tmp_path / "image.zarr")
    server: S3 = request.getfixturevalue("s3_moto")
    return f"{server.use(monkeypatch)}/image.zarr"


def together(go: Path, commands: list[list[object]]) -> list[subprocess.CompletedProcess[str]]:
    """Run programs that begin at the same moment."""
    running = [
        subprocess.Popen(
            [sys.executable, *map(str, command)], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**os.environ, "ZARRSCOPE_TEST_GO": str(go), "ZARRSCOPE_TEST_BATCH": "1000000"},
        ) for command in commands
    ]  # fmt: skip
    with ThreadPoolExecutor() as crew:
        crew.submit(lambda: (time.sleep(1.2), go.touch()))
        ended = list(crew.map(lambda one: one.communicate(timeout=300), running))
    return [
        subprocess.CompletedProcess(one.args, one.returncode, *told)
        for one, told in zip(running, ended, strict=True)
    ]


def values(url: str) -> dict[str, bytes]:
    store = resolve_writable(url)
    keys = [key for key in store.list() if not key.startswith(".zarrscope/")]  # type: ignore[attr-defined]
    return {key: bytes(store.get(key) or b"") for key in keys}


def halved(pixels: np.ndarray) -> np.ndarray:
    """Return means of windows of 2 x 2, halves to even."""
    total = pixels.reshape(pixels.shape[0] // 2, 2, pixels.shape[1] // 2, 2).astype(int).sum((1, 3))
    low, rest = np.divmod(total, 4)
    return (low + ((rest > 2) | ((rest == 2) & (low % 2 == 1)))).astype(pixels.dtype)


@pytest.mark.parametrize("how", ["threads", "processes"])
@pytest.mark.parametrize("shards", [{"y": 16, "x": 16}, "none"])
def test_whole_units_side_by_side(place: str, tmp_path: Path, how: str, shards: object) -> None:
    """Without any lock, the bytes are those of one writer alone."""
    form = {**FORM, "shards": shards, "levels": 1}
    zarrscope.write(np.zeros(SHAPE, "u2"), place, axes="yx", **form)
    zarrscope.write(expected(SHAPE), tmp_path / "alone.zarr", axes="yx", **form)
    if how == "threads":
        array, pixels = open_array(resolve_writable(place), "0"), expected(SHAPE)

        def put(unit: tuple[int, ...]) -> None:
            region = array.unit_region(unit)
            array.write(region, pixels[region.slices])

        with ThreadPoolExecutor(6) as crew:
            list(crew.map(put, random.sample(list(units(array)), len(list(units(array))))))
    else:
        commands = [[WRITER, tmp_path / "go", "write", place, number, 3] for number in range(3)]
        for one in together(tmp_path / "go", commands):
            assert one.returncode == 0, one.stderr
    alone = values(str(tmp_path / "alone.zarr"))
    written = values(place)
    assert {key: data for key, data in written.items() if key.startswith("0/c")} == {
        key: data for key, data in alone.items() if key.startswith("0/c")
    }


@pytest.mark.parametrize("writers", [2, 3])
def test_parts_of_one_shard(place: str, tmp_path: Path, writers: int) -> None:
    """Rows of the same shards from several processes: none is lost, coarser levels and manifest are right."""
    zarrscope.write(np.zeros(SHAPE, "u2"), place, axes="yx", **FORM)
    commands = [[WRITER, tmp_path / "go", "update", place, number, writers] for number in range(writers)]
    for one in together(tmp_path / "go", commands):
        assert one.returncode == 0, one.stderr
    right = expected(SHAPE)
    for level in zarrscope.open(place).levels:
        assert np.array_equal(level[...], right)
        right = halved(right) if min(right.shape) > 1 else right
    assert zarrscope.verify(place).same


def test_parts_of_one_shard_from_threads(place: str) -> None:
    zarrscope.write(np.zeros(SHAPE, "u2"), place, axes="yx", **FORM)
    right = expected(SHAPE)
    with ThreadPoolExecutor(4) as crew:
        rows = random.sample(range(0, SHAPE[0], 4), SHAPE[0] // 4)
        list(crew.map(lambda y: zarrscope.update(place, np.s_[y : y + 4, :], right[y : y + 4]), rows))
    for level in zarrscope.open(place).levels:
        assert np.array_equal(level[...], right)
        right = halved(right)
    assert zarrscope.verify(place).same


def test_a_sink_takes_only_what_is_aligned(tmp_path: Path) -> None:
    """A region that cuts a chunk is refused, and the right one named; threads may put theirs at once."""
    pixels = expected(SHAPE)
    with zarrscope.create(tmp_path / "image.zarr", SHAPE, "u2", "yx", **FORM) as writer:
        chunks = [Region.of((y, x), (8, 8)) for y in range(0, SHAPE[0], 8) for x in range(0, SHAPE[1], 8)]

        def put(chunk: Region) -> None:
            cut = Region.of((chunk.start[0] + 1, chunk.start[1]), (4, 8))
            with pytest.raises(ArgumentError) as refused:
                writer.put(cut, pixels[cut.slices])
            assert f"put {chunk.start} to {chunk.stop} instead" in str(refused.value)
            writer.put(chunk, pixels[chunk.slices])

        with ThreadPoolExecutor(6) as crew:
            list(crew.map(put, random.sample(chunks, len(chunks))))
    for level in zarrscope.open(tmp_path / "image.zarr").levels:
        assert np.array_equal(level[...], pixels)
        pixels = halved(pixels)
    assert zarrscope.verify(tmp_path / "image.zarr").same


@pytest.fixture(scope="module")
def kills(tmp_path_factory: pytest.TempPathFactory) -> Kills:
    return Kills(tmp_path_factory.mktemp("two"))


@pytest.mark.parametrize("task", ["convert", "copy"])
@pytest.mark.parametrize("how", ["new", "resume"])
@pytest.mark.parametrize("where", ["folder", "archive", "server"])
def test_two_runs_to_one_place(
    kills: Kills, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    task: str, how: str, where: str,
) -> None:  # fmt: skip
    """One does the work; the other is refused in one line, or comes late and says that all is there."""
    form = "sharded"
    if where == "server":
        kills.server = request.getfixturevalue("s3_moto")
        kills.address = kills.server.use(monkeypatch)
    plain = kills.plain(task, form, where)
    for number in range(ROUNDS):
        there = {
            "folder": str(tmp_path / f"{number}.zarr"), "archive": str(tmp_path / f"{number}.ozx"),
            "server": f"{kills.address}/{number}.zarr",
        }[where]  # fmt: skip
        words = [*kills.words(task, form), there, *kills.options(task, form)]
        if how == "resume":
            kills.start(words, ZARRSCOPE_TEST_KILL=str(plain.operations // 2)).communicate(timeout=60)
            words.append("--resume")
        ended = together(tmp_path / f"go-{number}", [[DRIVER, *words]] * 2)
        told = [(one.returncode, one.stdout, one.stderr) for one in ended]
        assert 0 in (ended[0].returncode, ended[1].returncode), told
        for one in ended:
            lines = [line for line in one.stderr.splitlines() if not line.startswith("note:")]
            assert len(lines) == (one.returncode != 0), told
            if one.returncode == 0:
                continue
            assert one.returncode == 1, told
        said = "".join(one.stdout for one in ended)
        assert said.count("image(s)") + said.count("copied,") == 1, told
        assert kills.values(there, where) == plain.values, told
        if where != "server":
            assert zarrscope.verify(there).same
            kills.clean(there, where)
