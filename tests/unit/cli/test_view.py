"""``zarrscope view``: an address, until it is told to stop."""

from __future__ import annotations

import json
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest
import tifffile
import zarr

import zarrscope
from zarrscope.cli.main import main
from zarrscope.errors import ArgumentError, NotFoundError

if TYPE_CHECKING:
    from pathlib import Path

PIXELS = np.arange(3 * 4 * 60 * 70, dtype="u2").reshape(3, 4, 60, 70)


@pytest.fixture
def tiff(tmp_path: Path) -> Path:
    path = tmp_path / "some cells #1.ome.tif"
    tifffile.imwrite(path, PIXELS, metadata={"axes": "CZYX"}, ome=True)
    return path


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_serves_until_it_is_stopped(tiff: Path, how: signal.Signals) -> None:
    words = [
        sys.executable,
        "-m",
        "zarrscope",
        "view",
        str(tiff),
        "--no-browser",
        "--channels",
        "0,2",
        "--z",
        "1",
    ]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    page, _, state = url.partition("#")
    assert json.loads(unquote(state)) == {
        "v": 1,
        "layers": [{"channel": c, "visible": c != 1} for c in range(3)],
        "dims": {"z": 1},
    }
    with urllib.request.urlopen(page) as answer:
        assert b"<title>zarrscope</title>" in answer.read()
        assert "default-src 'none'" in answer.headers["content-security-policy"]
    with urllib.request.urlopen(f"{page}api/info") as answer:
        source = json.load(answer)["images"][0]["source"]
    assert np.array_equal(zarrscope.open(page + source).levels[0][...], PIXELS)
    process.send_signal(how)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 0, said
    assert "Traceback" not in said


def test_from_python(tiff: Path) -> None:
    with zarrscope.view(
        tiff, channels={1: {"color": "ff0000", "window": (0, 50)}}, z=2, layout="ortho"
    ) as shown:
        assert json.loads(unquote(urlsplit(shown.url).fragment)) == {
            "v": 1,
            "layers": [{"channel": 1, "color": "ff0000", "window": [0.0, 50.0]}],
            "dims": {"z": 2},
            "layout": "ortho",
        }
        assert shown.url.split("#")[0] in shown._repr_html_()
        assert np.array_equal(zarrscope.open(shown.data).levels[0][...], PIXELS)
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(shown.url)


class _Counting(SimpleHTTPRequestHandler):
    """Counts the requests."""

    asked = 0

    def do_GET(self) -> None:
        type(self).asked += 1
        super().do_GET()

    def do_HEAD(self) -> None:
        type(self).asked += 1
        super().do_HEAD()

    def log_message(self, *_: object) -> None:
        """Be silent."""


def plate(folder: Path, rows: int, columns: int) -> None:
    """Write a plate of one field a well, all of them the same image."""
    lines = {
        "rows": [{"name": chr(65 + r)} for r in range(rows)],
        "columns": [{"name": f"{c + 1}"} for c in range(columns)],
    }
    wells = [
        {"path": f"{chr(65 + r)}/{c + 1}", "rowIndex": r, "columnIndex": c}
        for r in range(rows)
        for c in range(columns)
    ]

    def group(path: str, said: dict[str, Any]) -> None:
        (folder / path).mkdir(parents=True, exist_ok=True)
        document = {"zarr_format": 3, "node_type": "group", "attributes": {"ome": {"version": "0.5", **said}}}
        (folder / path / "zarr.json").write_text(json.dumps(document))

    group("", {"plate": {"name": "p", **lines, "wells": wells}})
    for well in wells:
        group(well["path"], {"well": {"images": [{"path": "0"}]}})
    zarrscope.write(PIXELS[0, 0], folder / wells[0]["path"] / "0", axes="yx")
    for well in wells[1:]:
        shutil.copytree(folder / wells[0]["path"] / "0", folder / well["path"] / "0")


def test_a_large_plate_is_there_as_soon_as_a_small_one(tmp_path: Path) -> None:
    requests = []
    for name, rows, columns in (("small", 2, 3), ("large", 16, 24)):
        plate(tmp_path / name, rows, columns)
        handler = type("Handler", (_Counting,), {})
        with ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=tmp_path)) as far:
            threading.Thread(target=far.serve_forever, daemon=True).start()
            with zarrscope.view(f"http://127.0.0.1:{far.server_port}/{name}", channels=[0]) as shown:
                requests.append(handler.asked)
                last = zarrscope.open(f"{shown.data}{chr(64 + rows)}/{columns}/0")
                assert np.array_equal(last.levels[0][...], PIXELS[0, 0])
            far.shutdown()
    assert requests[0] == requests[1] < 20


class _Stuck(SimpleHTTPRequestHandler):
    """Answers no request for a chunk."""

    asked = threading.Event()

    def do_GET(self) -> None:
        if "/c/" in self.path:
            self.asked.set()
            time.sleep(60)
        super().do_GET()

    def log_message(self, *_: object) -> None:
        """Be silent."""


def test_nobody_waits_for_a_slow_source_when_it_is_stopped(tmp_path: Path) -> None:
    zarrscope.write(PIXELS, tmp_path / "x.ome.zarr", axes="czyx", shards="none")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Stuck, directory=tmp_path)) as slow:
        slow.daemon_threads, slow.block_on_close = True, False
        threading.Thread(target=slow.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{slow.server_port}/x.ome.zarr"
        words = [sys.executable, "-m", "zarrscope", "view", address, "--no-browser"]
        process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert process.stdout is not None
        place = urlsplit(process.stdout.readline().strip())
        with socket.create_connection((place.hostname, place.port)) as client:
            chunk = f"{place.path}data/x.ome.zarr/0/c/0/0/0/0"
            client.sendall(f"GET {chunk} HTTP/1.1\r\nHost: {place.netloc}\r\n\r\n".encode())
            assert _Stuck.asked.wait(30)
            begun = time.monotonic()
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=50)
        took = time.monotonic() - begun
        slow.shutdown()
    assert process.returncode == 0, said
    assert said.split() == ["Ctrl-C", "ends", "it"]
    assert took < 8, took  # a second for the request, a second for the process, and slow machines


@pytest.mark.parametrize("thing", ["array", "image", "source", "path"])
def test_whatever_it_is(thing: str, tiff: Path, tmp_path: Path) -> None:
    zarrscope.write(PIXELS, tmp_path / "x.ome.zarr", axes="czyx")
    things = {
        "array": lambda: PIXELS,
        "image": lambda: zarrscope.open(tmp_path / "x.ome.zarr"),
        "source": lambda: zarrscope.open_source(tiff),
        "path": lambda: tmp_path / "x.ome.zarr",
    }
    with zarrscope.view(things[thing]()) as shown:
        assert np.array_equal(zarrscope.open(shown.data).levels[0][...], PIXELS)


def said_by_view(*words: object) -> list[str]:
    """Return what the command says until it serves."""
    command = [sys.executable, "-m", "zarrscope", "view", "--no-browser", *map(str, words)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        lines = list(iter(process.stderr.readline, "Ctrl-C ends it\n"))
        process.kill()
    return [line.strip() for line in lines]


@pytest.mark.parametrize("form", ["planes", "array"])
def test_what_a_conversion_notes_is_noted(
    form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "in"
    if form == "planes":
        source.mkdir()
        for number, plane in enumerate(PIXELS[0]):
            tifffile.imwrite(source / f"img_{number:03}.tif", plane)
    else:
        zarr.create_array(source, data=PIXELS, chunks=PIXELS.shape)
    assert main(["convert", str(source), str(tmp_path / "out.ome.zarr")]) == 0
    said = [line for line in capsys.readouterr().err.splitlines() if line.startswith("note: ")]
    notes = [line for line in said if "--scale" not in line]  # an option of convert alone
    assert notes
    assert said_by_view(source) == notes


def test_the_examples_of_the_help_work(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["view", "--help"])
    told = capsys.readouterr().out
    assert " ".join(told.split()).count("counted from 0 (the page counts from 1)") == 2
    (example,) = [line.split() for line in told.splitlines() if "  zarrscope view plate" in line]
    plate(tmp_path / "plate.ome.zarr", 1, 2)
    assert said_by_view(tmp_path / example[2]) == []


@pytest.mark.parametrize("form", ["plate of wells", "well", "archive"])
def test_of_a_plate_it_is_said_how_to_see_a_field(form: str, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    plate(tmp_path / "my plate", 2, 3)
    place, told = {
        "plate of wells": ("my plate", "my plate is a plate of 6 wells"),
        "well": ("my plate/A/1", "my plate/A/1 is a well"),
        "archive": ("p.ozx", "p.ozx is a plate of 6 wells"),
    }[form]
    if form == "archive":
        assert main(["copy", "my plate", "p.ozx", "--no-manifest"]) == 0
    (note,) = said_by_view(place)
    assert note.startswith(f"note: {told}, which is not shown as a whole yet; one field: zarrscope ")
    *before, command = (shlex.split(one) for one in note.partition("one field: ")[2].split(" && "))
    for words in before:
        assert main(words[1:]) == 0
    assert command[:2] == ["zarrscope", "view"]
    with zarrscope.view(command[2]) as shown:
        assert np.array_equal(zarrscope.open(shown.data).levels[0][...], PIXELS[0, 0])


def test_of_a_flat_image_there_are_no_three_planes(tmp_path: Path) -> None:
    zarrscope.write(PIXELS[0, 0], tmp_path / "flat.ome.zarr", axes="yx")
    zarrscope.write(PIXELS[0], tmp_path / "stack.ome.zarr", axes="zyx")
    assert said_by_view(tmp_path / "stack.ome.zarr", "--layout", "ortho") == []
    (note,) = said_by_view(tmp_path / "flat.ome.zarr", "--layout", "ortho")
    assert note == "note: layout ortho: the image has no depth; its one plane is shown"


def test_of_a_large_plane_alone_it_is_said_how_to_get_coarser_ones(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    side, chunk = 8192, {"y": 1024, "x": 1024}
    for name, width, levels in (("large", side, 1), ("small", side // 2, 1), ("pyramid", side, 2)):
        zarrscope.write(np.zeros((side, width), "u1"), f"{name}.zarr", axes="yx", levels=levels, chunks=chunk)
    assert said_by_view("large.zarr") == []  # 64 MiB
    assert said_by_view("pyramid.zarr") == []
    zarrscope.write(np.zeros((side, side + 1), "u1"), "larger.zarr", axes="yx", levels=1, chunks=chunk)
    (note,) = said_by_view("larger.zarr")
    assert note.startswith(
        "note: larger.zarr has no level with less than 67.1MB a plane; coarser ones are comp"
    )
    words = shlex.split(note.rpartition(": ")[2])
    assert main(words[1:]) == 0
    assert len(zarrscope.open(words[-1]).levels) == 7  # 8193, 4097, 2049, 1025, 513, 257, 129


NAN, INFINITY = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"z": 4}, "z=4: along z the image goes from 0 to 3"),
        ({"z": -1}, "z=-1: along z the image goes from 0 to 3"),
        ({"t": 0}, "t=0: the image has no axis t; it has c, z, y, x"),
        ({"channels": [3]}, r"no channel 3: there are 3, counted from 0 \(DAPI, GFP, 561\)"),
        ({"channels": [-1]}, "no channel -1: there are 3"),
        ({"channels": ["Gfp"]}, r"no channel Gfp: there are 3, counted from 0 \(DAPI, GFP, 561\)"),
        ({"channels": {"Cy5": {}}}, "no channel Cy5"),
        *(
            ({"channels": {1: {"window": wrong}}}, "channel 1: window=.* is not two numbers")
            for wrong in ((5,), (1, 2, 3), 5, None, (5, 5), (9, 3), (0, NAN), (-INFINITY, 3), ("a", "b"))
        ),
        ({"channels": {0: {"gamma": 0}}}, "gamma=0 is not a number from 0.05 to 20"),
        ({"channels": {0: {"gamma": NAN}}}, "gamma=nan"),
        ({"channels": {0: {"opacity": 1.5}}}, "opacity=1.5 is not a number from 0 to 1"),
        ({"channels": {0: {"color": 65280}}}, "color=65280 is not a colour: six hexadecimal digits"),
        ({"channels": {0: {"color": "cyan"}}}, "channel 0: color='cyan' is not a colour: six .* 00ffff"),
        ({"channels": {0: {"visible": "yes"}}}, "visible='yes' is not True or False"),
    ],
)  # fmt: skip
def test_what_cannot_be_shown_is_told_with_its_range(named: Path, wish: dict[str, Any], words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        zarrscope.view(named, **wish)


@pytest.fixture
def named(tmp_path: Path) -> Path:
    zarrscope.write(PIXELS, tmp_path / "n.ome.zarr", axes="czyx", channels=["DAPI", "GFP", "561"])
    return tmp_path / "n.ome.zarr"


def test_channels_by_name(named: Path) -> None:
    with zarrscope.view(named, channels={"GFP": {"gamma": 2}, 0: {"opacity": 0.5}}) as shown:
        layers = json.loads(unquote(urlsplit(shown.url).fragment))["layers"]
        assert layers == [{"channel": 0, "opacity": 0.5}, {"channel": 1, "gamma": 2}]
    with zarrscope.view(named, channels=["561", 0]) as shown:
        layers = json.loads(unquote(urlsplit(shown.url).fragment))["layers"]
        assert [layer["visible"] for layer in layers] == [True, False, True]
    for one in ("GFP", 1):
        with zarrscope.view(named, channels=one) as shown:
            layers = json.loads(unquote(urlsplit(shown.url).fragment))["layers"]
            assert [layer["visible"] for layer in layers] == [False, True, False]


def test_wishes_of_the_command_line(named: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words, told in (
        (["--z", "4"], "z=4: along z the image goes from 0 to 3"),
        (
            ["--z", "x"],
            "argument --z: 'x' is no whole number; write for example 0 or 12 "
            "(zarrscope view --help tells more)",
        ),
        (
            ["--memory", "lots"],
            "argument --memory: 'lots' is no size; write for example 256MB or 2GiB "
            "(zarrscope view --help tells more)",
        ),
        (["--channels", "DAPI,RFP"], "there is no channel RFP: there are 3, counted from 0 (DAPI, GFP, 561)"),
        (["--channels", "0,"], "there is no channel : there are 3, counted from 0 (DAPI, GFP, 561)"),
        (["--in", "neuroglancer", "--z", "9"], "z=9: along z the image goes from 0 to 3"),
        (["--in", "napari", "--t", "1"], "t=1: the image has no axis t; it has c, z, y, x"),
    ):
        assert main(["view", str(named), "--no-browser", *words]) == 2
        assert capsys.readouterr().err == f"zarrscope view: {told}\n"


def test_wrong_wishes(tiff: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(NotFoundError):
        zarrscope.view(tmp_path / "absent.tif")
    with pytest.raises(ArgumentError, match="there are 3"):
        zarrscope.view(tiff, channels=[3])
    with pytest.raises(ArgumentError, match="brightness"):
        zarrscope.view(tiff, channels={0: {"brightness": 1}})
    with pytest.raises(ArgumentError, match="layout"):
        zarrscope.view(tiff, layout="cube")
    (tmp_path / "text.tif").write_text("no picture")
    for words in (["view", str(tmp_path / "text.tif")], ["view", str(tiff), "--channels", "Z"], ["view"]):
        assert main([*words]) in (1, 2)
        said = capsys.readouterr().err.strip()
        assert said.startswith("zarrscope view: ")
        assert "\n" not in said
    assert not list(tmp_path.glob("*.zarr"))
