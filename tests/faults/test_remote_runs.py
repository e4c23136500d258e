"""Whole runs against real S3 servers: convert, be killed, go on, verify, copy, read."""

from __future__ import annotations

import hashlib
import json
import os
import random
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile
from tests.conftest import PROOF

import zarrscope
from zarrscope.errors import ZarrscopeError
from zarrscope.store.resolve import resolve

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.faults.servers import S3

DRIVER = Path(__file__).with_name("driver.py")
FORM = ["--chunks", "z=2,y=64,x=64", "--shards", "z=4,y=128,x=128"]


@pytest.fixture(params=["s3_moto", "s3_swift"])
def server(request: pytest.FixtureRequest) -> S3:
    found: S3 = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def source(tmp_path: Path) -> Path:
    stack = np.random.default_rng(3).normal(900, 60, (2, 8, 384, 384)).astype("u2")
    path = tmp_path / "stack.ome.tif"
    tifffile.imwrite(
        path, stack, tile=(128, 128), ome=True, metadata={"axes": "CZYX"}, photometric="minisblack"
    )
    return path


def run(*words: object, server: S3, **more: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own."""
    return subprocess.run(
        [sys.executable, DRIVER, *map(str, words)], capture_output=True, text=True, timeout=300, check=False,
        env={**os.environ, **server.environment, **more},
    )  # fmt: skip


def values(address: str) -> dict[str, str]:
    """Return a checksum of every value below an address or in a folder, our own notes aside."""
    store = resolve(address)
    keys = [key for key in store.list("") if not key.startswith(".zarrscope/")]  # type: ignore[attr-defined]
    return {key: hashlib.sha256(store.get(key) or b"").hexdigest() for key in keys}


def test_convert_verify_copy_and_read(
    server: S3, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, local = server.use(monkeypatch), tmp_path / "local.zarr"
    done = run("convert", source, f"{address}/a.zarr", *FORM, server=server)
    assert done.returncode == 0, done.stderr
    assert run("convert", source, local, *FORM, server=server).returncode == 0
    assert values(f"{address}/a.zarr") == values(str(local))
    image = zarrscope.open(f"{address}/a.zarr")
    assert np.array_equal(image.levels[0][...], tifffile.imread(source))
    said = run("verify", f"{address}/a.zarr", "--json", server=server)
    assert said.returncode == 0, said.stderr
    assert json.loads(said.stdout)["same"] is True
    copied = run("copy", f"{address}/a.zarr", tmp_path / "back.ozx", server=server)
    assert copied.returncode == 0, copied.stderr
    copied = run("copy", tmp_path / "back.ozx", f"{address}/b.zarr", "--verify", server=server)
    assert copied.returncode == 0, copied.stderr
    assert values(f"{address}/b.zarr") == values(str(local))
    again = run("copy", tmp_path / "back.ozx", f"{address}/b.zarr", "--resume", server=server)
    assert again.returncode == 0
    assert "complete" in again.stdout


def test_killed_and_gone_on_with(
    server: S3, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config
) -> None:
    folder, local = server.use(monkeypatch), tmp_path / "local.zarr"
    draw = random.Random(int(pytestconfig.option.hypothesis_seed))
    assert run("convert", source, local, *FORM, server=server).returncode == 0
    begun = time.monotonic()
    assert run("convert", source, f"{folder}/whole.zarr", *FORM, server=server).returncode == 0
    whole, kills = time.monotonic() - begun, 0
    for number in range(30 if PROOF else 1):
        address = f"{folder}/k{number}.zarr"
        kills += killed_until_done(source, address, server, lambda: draw.uniform(0.2, 1) * whole)
        assert values(address) == values(str(local)), number
    print(f"{kills} kills")
    assert kills >= 30 or not PROOF


def killed_until_done(
    source: Path, address: str, server: S3, moment: Callable[[], float], most: int = 4
) -> int:
    """Begin a conversion again and again, each time killed at some moment, the last time left alone."""
    kills, words = 0, ["convert", str(source), address, *FORM, "--resume"]
    while True:
        process = subprocess.Popen(
            [sys.executable, DRIVER, *words, "--workers", str(1 + kills % 3)], text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**os.environ, **server.environment, "ZARRSCOPE_TEST_BATCH": "200000"},
        )  # fmt: skip
        try:
            _out, err = process.communicate(timeout=moment() if kills < most else 200)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            kills += 1
            with suppress(ZarrscopeError):
                zarrscope.open(address)
                return kills  # killed after its last step
            continue
        assert process.returncode == 0, err
        return kills
