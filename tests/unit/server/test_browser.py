"""How a browser is started: by a file for its owner alone, in nobody's way, and missed in one line."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
import webbrowser
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest

import zarrscope
from zarrscope.server import browser

if TYPE_CHECKING:
    from collections.abc import Iterator

BROWSER = """\
import json, os, sys, time
from urllib.parse import unquote, urlsplit
path = unquote(urlsplit(sys.argv[1]).path)
seen = {"words": sys.argv[1:], "path": path, "mode": os.stat(path).st_mode, "text": open(path).read()}
with open(sys.argv[0] + ".tmp", "w") as file:
    json.dump(seen, file)
os.replace(sys.argv[0] + ".tmp", sys.argv[0] + ".json")
os.close(1)
os.close(2)
time.sleep(15)
"""


@pytest.fixture
def image(tmp_path: Path) -> Path:
    zarrscope.write(np.zeros((2, 20, 30), "u1"), tmp_path / "a.ome.zarr", axes="zyx")
    return tmp_path / "a.ome.zarr"


@pytest.fixture
def process(image: Path, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    }
    words = [sys.executable, "-m", "zarrscope", "view", str(image), "--z", "0"]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(words, env=kept | request.param(tmp_path), **pipes) as started:
        yield started
        started.kill()


def with_browser(folder: Path) -> dict[str, str]:
    script = folder / "browser.py"
    script.write_text(BROWSER)
    (folder / "run").mkdir()
    return {"BROWSER": f"{sys.executable} {script} %s", "XDG_RUNTIME_DIR": str(folder / "run")}


def without(folder: Path) -> dict[str, str]:
    return {"PATH": str(folder), "TERM": "xterm"}


def with_one_in_the_terminal(folder: Path) -> dict[str, str]:
    (folder / "w3m").write_text("#!/bin/sh\necho taken; sleep 30\n")
    (folder / "w3m").chmod(0o755)
    return {"PATH": f"{folder}:/bin", "TERM": "xterm"}


@pytest.mark.parametrize("process", [with_browser], indirect=True)
def test_nobody_else_learns_the_token(process: subprocess.Popen[str], tmp_path: Path) -> None:
    assert process.stdout is not None
    link = process.stdout.readline().strip()
    written = tmp_path / "browser.py.json"
    for _ in range(300):
        if written.exists():
            break
        time.sleep(0.1)
    seen = json.loads(written.read_text())
    token = urlsplit(link).path.strip("/")
    assert len(token) > 20
    assert token not in " ".join(seen["words"])
    assert stat.S_IMODE(seen["mode"]) == 0o600
    assert Path(seen["path"]).parent == tmp_path / "run"
    (address,) = re.findall(r'content="0; url=([^"]*)"', seen["text"])
    assert unescape(address) == link
    assert json.loads(unquote(urlsplit(link).fragment)) == {"v": 1, "dims": {"z": 0}}
    with urllib.request.urlopen(link) as answer:  # while the browser keeps whoever started it waiting
        assert answer.status == 200
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=20)
    assert (process.returncode, said.split()) == (0, ["Ctrl-C", "ends", "it"])
    assert not Path(seen["path"]).exists()


@pytest.mark.parametrize("process", [without, with_one_in_the_terminal], indirect=True)
def test_a_missing_browser_is_told_in_one_line(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    assert process.stderr is not None
    link = process.stdout.readline()
    assert process.stderr.readline() == "Ctrl-C ends it\n"
    assert process.stderr.readline() == "no browser was found here: open this address in one\n"
    process.send_signal(signal.SIGINT)
    out, more = process.communicate(timeout=20)
    assert (process.returncode, out, more.strip()) == (0, "", ""), link


def test_browsers_of_snap_packages_are_served_from_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "snap").mkdir()
    monkeypatch.setattr(browser, "_SNAPS", tmp_path / "snap")
    monkeypatch.setattr(browser, "_browser", lambda: None)
    monkeypatch.setenv("HOME", str(tmp_path))
    opening = browser.Opening("http://127.0.0.1:1/secret/")
    (file,) = tmp_path.glob("zarrscope-*.html")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "http://127.0.0.1:1/secret/" in file.read_text()
    opening.close()
    assert not file.exists()


def test_where_no_file_can_be_written_the_user_opens_the_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "absent"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "absent too"))
    monkeypatch.setattr(browser, "_SNAPS", tmp_path / "absent")
    told = threading.Event()
    browser.Opening("http://127.0.0.1:1/", told.set).close()
    assert told.wait(10)


@pytest.mark.skipif(not hasattr(webbrowser, "Elinks"), reason="this Python knows no Elinks")
def test_elinks_takes_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BROWSER", raising=False)
    monkeypatch.setattr(webbrowser, "get", lambda: webbrowser.Elinks("elinks"))
    assert browser._browser() is None
