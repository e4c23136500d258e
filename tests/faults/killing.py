"""Runs that are killed again and again, gone on with, and compared with one that nobody disturbed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import tifffile
import zarr

import zarrscope
from zarrscope.errors import ZarrscopeError
from zarrscope.ledger.checksum import checksum
from zarrscope.store.resolve import resolve, resolve_writable
from zarrscope.write.standing import standing

if TYPE_CHECKING:
    import random

    from tests.faults.servers import S3

DRIVER = Path(__file__).with_name("driver.py")
FORMS = {
    "v2": ("--version", "0.4", "--chunks", "z=4,y=128,x=128"),
    "v3": ("--shards", "none", "--chunks", "z=4,y=128,x=128"),
    "sharded": ("--chunks", "z=2,y=128,x=128", "--shards", "z=4,y=256,x=256"),
}
TASKS = ("convert", "series", "copy", "recode")
PLACES = ("folder", "archive", "server")
EVERY = list(product(TASKS, FORMS, PLACES))
EDGE = 16
"""Operations at either end of a run that are hit more often than those in between."""


class Plain(NamedTuple):
    """What an undisturbed run left and took."""

    values: dict[str, int]
    operations: int
    start: float
    length: float


@dataclass
class Kills:
    """A folder to work in, and what has been learnt in it."""

    folder: Path
    server: S3 | None = None
    address: str = ""
    snapshots: list[Path] = field(default_factory=list)
    """What stood on the server at the kills."""
    begun: float = 0.0
    """Seconds until a run begins its work."""

    def __post_init__(self) -> None:
        draw = np.random.default_rng(3)
        stack = draw.normal(900, 60, (2, 16, 512, 512)).astype("u2")
        with tifffile.TiffWriter(self.folder / "convert.ome.tif", ome=True) as file:
            file.write(stack, tile=(128, 128), metadata={"axes": "CZYX"}, photometric="minisblack")
        with tifffile.TiffWriter(self.folder / "series.ome.tif", ome=True) as file:
            for number in range(3):
                part = stack[number % 2, : 8 + number]
                file.write(part, tile=(128, 128), metadata={"axes": "ZYX"}, photometric="minisblack")
        self.plain = cache(self._plain)

    def words(self, task: str, form: str) -> list[str | Path]:
        """Return the command without its destination, which is the third word, and without options."""
        if task in ("convert", "series"):
            return ["convert", self.folder / f"{task}.ome.tif"]
        self.plain("convert", form, "folder")
        return ["copy", self.folder / f"plain-convert-{form}.zarr"]

    @staticmethod
    def options(task: str, form: str) -> list[str]:
        """Return the options of the first run."""
        if task == "copy":
            return []
        if task == "recode":
            return ["--codec", "small", "--chunks", "z=4,y=64,x=64"] + (
                ["--shards", "z=4,y=256,x=128"] if form == "sharded" else []
            )
        return list(FORMS[form])

    def destination(self, name: str, form: str, place: str) -> str:
        """Return an address."""
        if place == "server":
            return f"{self.address}/{name}.zarr"
        suffix = "zarr" if place == "folder" else "zip" if form == "v2" else "ozx"
        return str(self.folder / f"{name}.{suffix}")

    def start(self, words: list[object], **more: str) -> subprocess.Popen[str]:
        """Start the command line."""
        server = self.server.environment if self.server else {}
        return subprocess.Popen(
            [sys.executable, DRIVER, *map(str, words)], text=True, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env={**os.environ, **server, "ZARRSCOPE_TEST_BATCH": "1000000", **more},
        )  # fmt: skip

    def run(self, words: list[object], **more: str) -> float:
        """Run the command line to its good end; return how long that took."""
        begun = time.monotonic()
        process = self.start(words, **more)
        out, error = process.communicate(timeout=300)
        assert process.returncode == 0, (words, out, error)
        return time.monotonic() - begun

    def _plain(self, task: str, form: str, place: str) -> Plain:
        """Do something undisturbed, and count and measure it."""
        words, options = self.words(task, form), self.options(task, form)
        there = self.destination(f"plain-{task}-{form}", form, place)
        counted = self.folder / "count"
        length = self.run([*words, there, *options], ZARRSCOPE_TEST_COUNT=str(counted))
        start = (
            self.run([*words, f"{there}.nowhere", *options, "--dry-run"]) if not self.begun else self.begun
        )
        self.begun = start
        return Plain(self.values(there, place), int(counted.read_text()), start, length)

    def values(self, there: str, place: str) -> dict[str, int]:
        """Return a checksum of every value, our own notes aside; of an archive one of all its bytes."""
        if place == "archive":
            return {"": checksum(Path(there).read_bytes())}
        store = resolve(there)
        keys = [key for key in store.list("") if not key.startswith(".zarrscope/")]  # type: ignore[attr-defined]
        return {key: checksum(store.get(key) or b"") for key in keys}

    def moment(self, draw: random.Random, plain: Plain) -> tuple[dict[str, str], float]:
        """Draw when to kill: before an operation, or after some time; the ends are drawn more often."""
        if draw.random() < 0.5:
            low, high = draw.choice(
                [(1, EDGE), (1, plain.operations), (plain.operations - EDGE, plain.operations)]
            )
            return {"ZARRSCOPE_TEST_KILL": str(draw.randint(max(1, low), high))}, 300
        if draw.random() < 0.1:
            return {}, draw.uniform(0, plain.start)
        return {}, draw.uniform(0.85 * plain.start, plain.length)

    def session(self, case: tuple[str, str, str], draw: random.Random, most: int, name: str) -> list[str]:
        """Kill a run so many times, then let it end; return when it was killed, in words.

        Where a run ends before it could be killed, what it left is compared, and another one begins.
        """
        task, form, place = case
        plain, there, round_ = self.plain(*case), "", 0
        told: list[str] = []
        while len(told) < most or there:
            there = there or self.destination(f"{name}-{(round_ := round_ + 1)}", form, place)
            more, delay = self.moment(draw, plain) if len(told) < most else ({}, 300.0)
            options = self.options(task, form) if draw.random() < 0.5 or not self.begun_at(there) else []
            workers = draw.randint(1, 3)
            process = self.start(
                [*self.words(task, form), there, *options, "--resume", "--workers", workers], **more
            )
            try:
                out, error = process.communicate(timeout=delay)
            except subprocess.TimeoutExpired:
                process.kill()
                out, error = process.communicate()
            if process.returncode == -9:
                told.append(f"{more.get('ZARRSCOPE_TEST_KILL') or f'{delay:.3f} s'}, {workers} workers")
                self.look(there, place, plain, f"{name}-{len(told)}")
                continue
            assert process.returncode == 0, (case, told, out, error)
            assert self.values(there, place) == plain.values, (case, told)
            self.clean(there, place)
            there = ""
        return told

    @staticmethod
    def begun_at(there: str) -> bool:
        """Return whether a killed run has left enough to take its options from."""
        return bool(standing(resolve_writable(there)).run)

    def look(self, there: str, place: str, plain: Plain, name: str) -> None:
        """Demand that nobody sees a complete image at the destination, unless it is complete."""
        seen = Path(there)
        if place == "server":
            seen = self.snapshot(there, name)
        if place == "server" or seen.exists():
            if self.values(there, place) == plain.values:
                shutil.rmtree(seen) if place == "server" else None
                return
        assert not seen_by_us(there), (there, name)
        assert not seen_by_zarr(seen), (there, name)
        if place == "server":
            self.snapshots.append(seen)

    def snapshot(self, there: str, name: str) -> Path:
        """Take all that stands on the server into a folder."""
        folder, store = self.folder / f"{name}.snapshot.zarr", resolve(there)
        folder.mkdir()
        for key in store.list(""):  # type: ignore[attr-defined]
            path = folder / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(store.get(key) or b"")
        return folder

    def clean(self, there: str, place: str) -> None:
        """Remove a result, and make sure that nothing else is left of the run."""
        if place == "server":
            return
        path = Path(there)
        ours = {path.name, f"{path.name}.zarrscope"} if place == "archive" else {path.name}
        found = [one for one in path.parent.iterdir() if path.name in one.name]
        left = {one.name for one in found if one.is_file() or any(part.is_file() for part in one.rglob("*"))}
        assert left <= ours, left
        for one in found:
            shutil.rmtree(one) if one.is_dir() else one.unlink()


def seen_by_us(there: str) -> bool:
    """Return whether zarrscope sees something at a place."""
    try:
        zarrscope.open(there)
    except ZarrscopeError:
        return False
    return True


def seen_by_zarr(path: Path) -> bool:
    """Return whether zarr-python sees an image, or a collection of some, in a folder or an archive."""
    try:
        store = zarr.storage.ZipStore(path) if path.is_file() else zarr.storage.LocalStore(path)
        attributes = zarr.open_group(store, mode="r").attrs.asdict()
    except (OSError, ValueError, KeyError):
        return False
    said = attributes.get("ome", attributes)
    return "multiscales" in said or "bioformats2raw.layout" in said
