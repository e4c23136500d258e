"""``convert`` and ``copy`` on the command line: what they say, and with which code they end."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile

import zarrscope
from zarrscope import ConvertOptions, PlanOptions
from zarrscope.budget import format_size
from zarrscope.cli.main import main
from zarrscope.store.resolve import resolve

if TYPE_CHECKING:
    from pathlib import Path

PIXELS = np.random.default_rng(3).integers(0, 4000, (200, 300), dtype="u2")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    tifffile.imwrite(tmp_path / "a.tif", PIXELS)
    return tmp_path / "a.tif"


@pytest.fixture
def image(tmp_path: Path) -> Path:
    zarrscope.write(
        PIXELS, tmp_path / "a.zarr", axes="yx", chunks={"y": 64, "x": 64}, shards="none", levels=2
    )
    return tmp_path / "a.zarr"


def ends(*words: object) -> int:
    return main([str(word) for word in words])


RUN = ("--resume", "--overwrite", "--verify", "--no-manifest", "--memory", "--workers", "--dry-run")
FORM = ("--version", "--chunks", "--shards", "--codec", "--levels")


@pytest.mark.parametrize(("command", "options"), [("convert", (*RUN, *FORM)), ("copy", (*RUN, *FORM))])
def test_help_has_every_option_and_examples(
    capsys: pytest.CaptureFixture[str], command: str, options: tuple[str, ...]
) -> None:
    with pytest.raises(SystemExit) as end:
        ends(command, "--help")
    assert end.value.code == 0
    out = capsys.readouterr().out
    assert "examples:" in out
    assert out.count(f"  zarrscope {command} ") >= 4
    assert f"zarrscope {command}" in out
    assert "--resume" in out.partition("examples:")[2]
    for option in (*options, "--log-json", "--verbose"):
        assert option in out


def test_convert_again_and_again(source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "b.zarr"
    assert ends("convert", source, place, "--dry-run") == 0
    assert not place.exists()
    assert ends("convert", source, place, "--resume", "--verify") == 0, "where nothing stands it begins"
    capsys.readouterr()
    assert ends("convert", source, place, "--resume") == 0
    assert "it is complete, there is nothing to go on with" in capsys.readouterr().out
    assert ends("convert", source, place) == 1
    *notes, line = capsys.readouterr().err.splitlines()
    assert all(note.startswith("note: ") for note in notes)
    assert line.startswith("zarrscope convert: ")
    assert "--overwrite" in line
    assert ends("convert", source, place, "--resume", "--codec", "small") == 2
    assert "--codec was default, now small" in capsys.readouterr().err
    assert ends("convert", source, place, "--overwrite", "--no-manifest") == 0
    assert not (place / ".zarrscope").exists()


@pytest.mark.parametrize("name", ["b.zarr", "b.ozx"])
def test_what_a_resumed_run_tells_is_the_whole(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Files and bytes are those of what stands there, also where an earlier run has written most of it."""
    pixels = np.random.default_rng(5).integers(0, 4000, (20, 400, 400), dtype="u2")
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="minisblack", metadata={"axes": "ZYX"})
    form = {"chunks": {"z": 1, "y": 400, "x": 400}, "sharded": False, "levels": 1, "memory": 8 << 20}
    done = iter(range(4))

    def stop(_: int) -> None:
        if next(done, None) is None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        zarrscope.convert(
            tmp_path / "a.tif",
            tmp_path / name,
            ConvertOptions(pyramid=PlanOptions(**form), workers=1),
            progress=stop,
        )
    words = ("--chunks", "z=1,y=400,x=400", "--shards", "none", "--levels", "1", "--workers", "1")
    assert ends("convert", tmp_path / "a.tif", tmp_path / name, "--resume") == 0
    resumed = capsys.readouterr().out
    assert ends("convert", tmp_path / "a.tif", tmp_path / f"whole{name}", *words) == 0
    whole = capsys.readouterr().out
    assert resumed.partition(" in ")[0].partition(": ")[2] == whole.partition(" in ")[0].partition(": ")[2]
    store = resolve(tmp_path / name)
    sizes = [store.head(f"0/c/{z}/0/0").size for z in range(20)]
    assert f" 20 files, {format_size(sum(sizes))} in " in resumed


def test_copy_again_and_again(image: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "b.zarr"
    assert ends("copy", image, place, "--dry-run") == 0
    out = capsys.readouterr().out
    assert "as bytes" in out
    assert "200 x 300 uint16" in out
    assert not place.exists()
    assert ends("copy", image, place, "--verify") == 0
    assert "copied" in capsys.readouterr().out
    assert ends("copy", image, place, "--resume") == 0
    assert "there is nothing to go on with" in capsys.readouterr().out
    assert ends("copy", image, place) == 1
    capsys.readouterr()
    assert ends("copy", image, place, "--resume", "--levels", "1") == 2
    assert "--levels was None, now 1" in capsys.readouterr().err
    form = ("--version", "0.4", "--chunks", "y=50,x=60", "--codec", "zstd:3", "--levels", "1")
    assert ends("copy", image, place, "--overwrite", "--no-manifest", *form) == 0
    assert json.loads((place / "0/.zarray").read_text())["chunks"] == [50, 60]
    assert not (place / "1").exists()
    assert not (place / ".zarrscope").exists()
    assert np.array_equal(zarrscope.open(place).levels[0][...], PIXELS)


@pytest.mark.parametrize(("words", "code"), [
    (["{image}"], 2), (["{image}", "{new}", "--levels", "0"], 2), (["{image}", "{new}", "--levels", "7"], 2),
    (["{image}", "{new}", "--chunks", "y"], 2), (["{image}", "{new}", "--version", "0.1"], 2),
    (["{image}", "{new}", "--codec", "nope"], 2), (["{image}", "{image}"], 2), (["{image}", "{image}/0"], 2),
    (["{none}", "{new}"], 1), (["{image}", "https://example.org/a"], 1), (["{image}", "ftp://h/a"], 1),
])  # fmt: skip
def test_copy_refuses_in_one_line(
    image: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], code: int
) -> None:
    names = {"image": image, "new": tmp_path / "new.zarr", "none": tmp_path / "none.zarr"}
    assert ends("copy", *(word.format(**names) for word in words)) == code
    error = capsys.readouterr().err.strip()
    assert error.startswith("zarrscope copy: ")
    assert "Traceback" not in error
    assert len(error.splitlines()) == 1
    assert not (tmp_path / "new.zarr").exists()
