"""What users do wrong, and what goes wrong around them: one line, no traceback, no false image."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile
import zarr

import zarrscope
from zarrscope.errors import ZarrscopeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CLI = [sys.executable, "-m", "zarrscope"]
# A shell shows 130 for both: Python ends by the signal itself if it came while code was being compiled.
STOPPED = (130, -signal.SIGINT)
ENV = {**os.environ, "PYTHONPATH": str(Path(zarrscope.__file__).parents[1])}


def run(*words: str | os.PathLike[str], **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*CLI, *map(str, words)], capture_output=True, text=True, timeout=120, env=ENV, check=False, **more
    )


def tree(folder: Path) -> dict[str, str]:
    """Return the checksum of every file below a folder, or of a file."""
    files = [folder] if folder.is_file() else sorted(p for p in folder.rglob("*") if p.is_file())
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def one_line(result: subprocess.CompletedProcess[str], *words: str, code: int = 1) -> str:
    """Check that a failed run says it in one line that holds these words."""
    lines = [line for line in result.stderr.splitlines() if not line.startswith("note: ")]
    assert len(lines) == 1, result.stderr
    assert result.returncode == code, (result.returncode, result.stderr)
    assert lines[0].startswith("zarrscope convert: ")
    assert "Traceback" not in result.stderr + result.stdout
    for word in words:
        assert word in lines[0], (word, lines[0])
    return lines[0]


def no_image(place: Path) -> None:
    """Check that neither zarrscope nor zarr-python nor a plain look finds an image."""
    with pytest.raises(ZarrscopeError):
        zarrscope.open(place)
    for path in place.rglob("*") if place.is_dir() else []:
        if path.name in ("zarr.json", ".zattrs"):
            assert "multiscales" not in path.read_text()
            assert "bioformats2raw" not in path.read_text()
    with pytest.raises((FileNotFoundError, ValueError)):
        zarr.open_group(place, mode="r")


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Path]:
    """Return a good TIFF, and make sure that it stays what it is."""
    path = tmp_path / "cells.tif"
    pixels = np.random.default_rng(1).integers(0, 4096, (3, 300, 280), dtype="u2")
    tifffile.imwrite(path, pixels, photometric="minisblack", metadata={"axes": "CYX"}, imagej=True)
    before = tree(path)
    yield path
    assert tree(path) == before


class TestSource:
    """Sources that are not what they seem."""

    def test_a_text_file_that_is_named_tif(self, tmp_path: Path) -> None:
        (tmp_path / "a.tif").write_text("id,area\n1,22\n")
        said = one_line(run("convert", tmp_path / "a.tif", tmp_path / "b.zarr"), str(tmp_path / "a.tif"))
        assert "no TIFF" in said
        no_image(tmp_path / "b.zarr")
        assert not (tmp_path / "b.zarr").exists()

    @pytest.mark.parametrize("compression", [None, "zlib"])
    @pytest.mark.parametrize("part", [0.03, 0.5, 0.97])
    def test_a_tiff_that_is_cut(self, tmp_path: Path, compression: str | None, part: float) -> None:
        path, place = tmp_path / "cut.tif", tmp_path / "b.zarr"
        pixels = np.random.default_rng(1).integers(0, 4096, (9, 300, 280), dtype="u2")
        tifffile.imwrite(path, pixels, photometric="minisblack", compression=compression)
        path.write_bytes(path.read_bytes()[: int(path.stat().st_size * part)])
        before = tree(path)
        said = one_line(run("convert", path, place), str(path))
        assert re.search(r"damaged|copy it again|get it again|ends|truncated|cut", said), said
        assert tree(path) == before
        no_image(place)
        assert not place.exists()

    def test_a_tiff_with_a_broken_tile(self, tmp_path: Path) -> None:
        path, place = tmp_path / "broken.tif", tmp_path / "b.zarr"
        pixels = np.random.default_rng(1).integers(0, 255, (2048, 2048), dtype="u1")
        tifffile.imwrite(path, pixels, tile=(256, 256), compression="zlib")
        with tifffile.TiffFile(path) as tif:
            offset = tif.pages[0].dataoffsets[40]
        with path.open("r+b") as file:
            file.seek(offset)
            file.write(b"\xff" * 100)
        said = one_line(run("convert", path, place), str(path), "damaged")
        assert "40" in said
        no_image(place)
        assert not place.exists()

    def test_a_source_that_is_not_there(self, tmp_path: Path) -> None:
        one_line(run("convert", tmp_path / "a.tif", tmp_path / "b.zarr"), str(tmp_path / "a.tif"), "no such")
        assert not (tmp_path / "b.zarr").exists()

    def test_an_empty_file_and_an_empty_folder(self, tmp_path: Path) -> None:
        (tmp_path / "a.tif").touch()
        (tmp_path / "folder").mkdir()
        one_line(run("convert", tmp_path / "a.tif", tmp_path / "b.zarr"), str(tmp_path / "a.tif"), "empty")
        one_line(run("convert", tmp_path / "folder", tmp_path / "b.zarr"), str(tmp_path / "folder"))
        assert not (tmp_path / "b.zarr").exists()

    def test_a_complex_image(self, tmp_path: Path) -> None:
        tifffile.imwrite(tmp_path / "a.tif", np.zeros((64, 64), "c8"))
        one_line(run("convert", tmp_path / "a.tif", tmp_path / "b.zarr"), "complex64")
        np.save(tmp_path / "a.npy", np.zeros((64, 64), "c16"))
        one_line(run("convert", tmp_path / "a.npy", tmp_path / "b.zarr"), "complex128")
        assert not (tmp_path / "b.zarr").exists()

    def test_a_kind_that_nobody_knows(self, tmp_path: Path) -> None:
        (tmp_path / "a.docx").write_bytes(b"PK\x03\x04")
        one_line(run("convert", tmp_path / "a.docx", tmp_path / "b.zarr"), "a.docx", "no reader")


class TestWishes:
    """Options that do not go with the source."""

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (["--axes", "qyx"], "unknown 'q'"),
            (["--axes", "tczyx"], "names 5 axes"),
            (["--axes", "ycc"], "more than once"),
            (["--scene", "7"], "there is no scene '7'"),
            (["--scene", "nucleus"], "there is no scene 'nucleus'"),
            (["--scale", "q=3"], "q"),
            (["--chunks", "z=3"], "there is no axis 'z'"),
            (["--codec", "rar"], "rar"),
            (["--codec", "zstd:99"], "99"),
            (["--unit", "parsnip"], "parsnip"),
            (["--channel-names", "a,b,c,d,e"], "channel"),
            (["--version", "0.4", "--shards", "y=64,x=64"], "0.4"),
            (["--scale", "y=0,x=1"], "0"),
            (["--scale", "y=-1,x=1"], "-1"),
            (["--scale", "y=nan,x=1"], "nan"),
        ],
    )
    def test_one_line_says_what_is_wrong(
        self, source: Path, tmp_path: Path, words: list[str], said: str
    ) -> None:
        line = one_line(run("convert", source, tmp_path / "b.zarr", *words), code=2)
        assert said in line
        assert not (tmp_path / "b.zarr").exists()

    @pytest.mark.parametrize("words", [["--axes", "qx"], ["--scene", "7"], ["--chunks", "z=3"]])
    def test_the_line_names_the_source(self, source: Path, tmp_path: Path, words: list[str]) -> None:
        line = one_line(run("convert", source, tmp_path / "b.zarr", *words), code=2)
        assert line.count(str(source)) == 1

    def test_too_little_memory(self, source: Path, tmp_path: Path) -> None:
        line = one_line(run("convert", source, tmp_path / "b.zarr", "--memory", "1kB"))
        enough = re.search(r"--memory (\S+)", line)
        assert enough, line
        assert run("convert", source, tmp_path / "b.zarr", "--memory", enough[1]).returncode == 0

    @pytest.mark.parametrize(
        "words",
        [["--levels", "0"], ["--workers", "x"], ["--downsample", "best"], ["--memory", "lots"], ["-z"]],
    )
    def test_wrong_usage_ends_with_2(self, source: Path, tmp_path: Path, words: list[str]) -> None:
        line = one_line(run("convert", source, tmp_path / "b.zarr", *words), code=2)
        assert line.startswith("zarrscope convert: ")
        assert "--help" in line
        assert not (tmp_path / "b.zarr").exists()


class TestDestination:
    """Places where something stands."""

    @pytest.mark.parametrize("words", [[], ["--overwrite"]])
    def test_a_folder_of_other_files(self, source: Path, tmp_path: Path, words: list[str]) -> None:
        place = tmp_path / "mine"
        (place / "sub").mkdir(parents=True)
        (place / "sub" / "notes.txt").write_text("precious")
        before = tree(place)
        one_line(run("convert", source, place, *words), str(place))
        assert tree(place) == before
        no_image(place)

    @pytest.mark.parametrize("words", [[], ["--overwrite"]])
    def test_a_file(self, source: Path, tmp_path: Path, words: list[str]) -> None:
        place = tmp_path / "mine"
        place.write_text("precious")
        one_line(run("convert", source, place, *words), str(place), "is a file")
        assert place.read_text() == "precious"

    def test_a_zarr(self, source: Path, tmp_path: Path) -> None:
        place = tmp_path / "b.zarr"
        zarrscope.write(np.full((8, 8), 9, "u1"), place)
        before = tree(place)
        one_line(run("convert", source, place), str(place), "--overwrite")
        assert tree(place) == before
        assert run("convert", source, place, "--overwrite").returncode == 0
        assert zarrscope.open(place).levels[0].shape == (3, 300, 280)

    def test_a_zarr_is_kept_when_the_new_one_cannot_be(self, source: Path, tmp_path: Path) -> None:
        place = tmp_path / "b.zarr"
        zarrscope.write(np.full((8, 8), 9, "u1"), place)
        before = tree(place)
        for words in (["--codec", "rar"], ["--axes", "qq"], ["--scene", "9"], ["--memory", "1kB"]):
            one_line(run("convert", source, place, "--overwrite", *words), code=1 + (words[0] != "--memory"))
            assert tree(place) == before, words

    @pytest.mark.parametrize("version", ["0.4", "0.5"])
    def test_what_a_killed_run_left(
        self, big: Path, source: Path, tmp_path: Path, version: str, judge: Callable[[str], Path]
    ) -> None:
        place = tmp_path / "b.zarr"
        process = begun(big, place, "--version", version)
        part = part_of(place)
        while not (part / ".zarrscope" / "journal" / "plan.json").exists():
            assert process.poll() is None
        process.kill()
        process.communicate()
        assert part.is_dir()
        assert not place.exists()
        no_image(part)
        with contextlib.suppress(pytest.skip.Exception):  # told in the summary of test_peers
            script = Path(__file__).resolve().parents[1] / "judges" / "ome_zarr_py.py"
            asked = subprocess.run(
                [judge("ome-zarr-py"), script], input=json.dumps([str(part)]), capture_output=True,
                text=True, check=True,
            )  # fmt: skip
            assert not json.loads(asked.stdout)["answers"][str(part)].get("images")
        one_line(run("convert", source, place), str(place), "interrupted", "--resume", "--overwrite")
        assert run("convert", source, place, "--overwrite").returncode == 0
        assert not [p for p in tmp_path.rglob("*") if p.name.endswith(".part") or "journal" in p.parts]

    def test_inside_the_source(self, tmp_path: Path) -> None:
        folder = tmp_path / "planes"
        folder.mkdir()
        tifffile.imwrite(folder / "a_1.tif", np.zeros((64, 64), "u1"))
        before = tree(folder)
        one_line(run("convert", folder, folder / "b.zarr"), "inside one another", code=2)
        one_line(run("convert", folder / "a_1.tif", folder / "a_1.tif"), "a_1.tif", code=2)
        assert tree(folder) == before

    def test_where_nothing_may_be_written(self, source: Path, tmp_path: Path) -> None:
        with mounted(tmp_path / "disk", "size=1m") as disk:
            subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
            one_line(run("convert", source, disk / "b.zarr"), str(disk), "where you may write")

    def test_a_folder_without_permission(self, source: Path, tmp_path: Path) -> None:
        if os.geteuid() == 0:
            pytest.skip("permissions do not hold root back; test_where_nothing_may_be_written stands for it")
        (tmp_path / "locked").mkdir(mode=0o500)
        one_line(run("convert", source, tmp_path / "locked" / "b.zarr"), "locked", "where you may write")

    def test_a_name_below_a_file(self, source: Path, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("precious")
        one_line(run("convert", source, tmp_path / "file" / "b.zarr"), str(tmp_path / "file"))
        assert (tmp_path / "file").read_text() == "precious"

    def test_over_a_network(self, source: Path) -> None:
        one_line(run("convert", source, "https://example.org/b.zarr"), "write to a folder")


@contextlib.contextmanager
def mounted(folder: Path, options: str) -> Iterator[Path]:
    """Mount a disk in memory for as long as the block runs; where that is not allowed, skip by name."""
    folder.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mounting, capture_output=True, check=False).returncode:
        pytest.skip("a small disk cannot be mounted here: that needs root and the right to mount")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


class TestDisk:
    """Disks that fill."""

    @pytest.mark.parametrize("size", ["200k", "3m"])
    def test_a_disk_that_fills(self, big: Path, tmp_path: Path, size: str) -> None:
        with mounted(tmp_path / "disk", f"size={size}") as disk:
            (disk / "other.txt").write_text("precious")
            one_line(run("convert", big, disk / "b.zarr", "--codec", "none"), str(disk), "free some space")
            no_image(disk / "b.zarr")
            assert sorted(p.name for p in disk.rglob("*")) == ["other.txt"]
            assert (disk / "other.txt").read_text() == "precious"

    def test_files_that_may_not_grow(self, big: Path, tmp_path: Path) -> None:
        """A limit of the system stands in for a full disk where none can be mounted."""
        place = tmp_path / "b.zarr"
        limit = (2 << 20, 2 << 20)
        result = run(
            "convert", big, place, "--codec", "none",
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limit),
        )  # fmt: skip
        one_line(result, str(place))
        no_image(place)
        assert not place.exists()


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a TIFF that takes a few seconds to convert with a slow codec."""
    path = tmp_path_factory.mktemp("big") / "big.tif"
    plane = np.random.default_rng(2).integers(0, 4096, (1024, 1024), dtype="u2")
    stack = np.stack([np.roll(plane, i, 1) for i in range(24)])
    tifffile.imwrite(path, stack, photometric="minisblack", metadata={"axes": "ZYX"})
    return path


def part_of(place: Path) -> Path:
    """Return where a run builds what is to stand at a place."""
    return place.with_name(place.name + ".part")


def lines_of(err: str) -> list[str]:
    """Return what was told besides notes on the source."""
    return [line for line in err.splitlines() if not line.startswith("note: ")]


def heed_interrupts() -> None:
    """Undo what a shell does to jobs in the background, which are deaf to SIGINT."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def begun(source: Path, place: Path, *words: str) -> subprocess.Popen[str]:
    """Begin a slow conversion and return once something has been written."""
    process = subprocess.Popen(
        [*CLI, "convert", str(source), str(place), "--codec", "zstd:19", "--workers", "1", *words],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENV, preexec_fn=heed_interrupts,
    )  # fmt: skip
    limit = time.monotonic() + 60
    while not (part_of(place) / ".zarrscope").exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < limit
        time.sleep(0.005)
    return process


class TestInterrupt:
    """Ctrl-C."""

    @pytest.mark.parametrize("seconds", [0.0, 0.05, 0.3, 1.0])
    def test_while_pixels_are_written(self, big: Path, tmp_path: Path, seconds: float) -> None:
        place = tmp_path / "b.zarr"
        before = tree(big)
        process = begun(big, place)
        time.sleep(seconds)
        assert process.poll() is None, "it was too fast to be interrupted"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        assert process.returncode in STOPPED, err
        assert lines_of(err) == ["zarrscope convert: stopped; what had been written was removed"]
        assert not out
        assert list(tmp_path.iterdir()) == []
        assert tree(big) == before

    @pytest.mark.parametrize("seconds", [0.2, 0.4, 0.6, 0.8])
    def test_before_the_first_pixel(self, big: Path, tmp_path: Path, seconds: float) -> None:
        place = tmp_path / "b.zarr"
        process = subprocess.Popen(
            [*CLI, "convert", str(big), str(place), "--codec", "zstd:17", "--workers", "1"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENV, preexec_fn=heed_interrupts,
        )  # fmt: skip
        time.sleep(seconds)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        assert process.returncode in STOPPED, err
        assert "Traceback" not in err
        assert len(lines_of(err)) == 1
        assert not place.exists()

    def test_an_overwrite_leaves_the_old_image(self, big: Path, tmp_path: Path) -> None:
        place = tmp_path / "b.zarr"
        zarrscope.write(np.zeros((700, 700), "u1"), place, chunks={"y": 64, "x": 64}, shards="none")
        process = begun(big, place, "--overwrite")
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        assert process.returncode in STOPPED, err
        assert [p.name for p in tmp_path.iterdir()] == ["b.zarr"]
        assert zarrscope.open(place).levels[0].shape == (700, 700)
