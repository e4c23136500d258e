"""Where a server listens, what it says of that, and whom it answers."""

from __future__ import annotations

import http.client
import socket
import subprocess
import sys
import urllib.request
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest

import zarrscope
from zarrscope.cli.main import main
from zarrscope.errors import ArgumentError, StoreError
from zarrscope.server.hosts import is_local, listen
from zarrscope.server.serve import Server
from zarrscope.store.memory import MemoryStore

IPV6 = Path("/proc/net/if_inet6").is_file()
EVERYWHERE = ["0.0.0.0", *(["::"] if IPV6 else [])]  # noqa: S104
HERE = ["127.0.0.1", "localhost", "127.0.0.2", *(["::1", "[::1]"] if IPV6 else [])]


@pytest.mark.parametrize(
    "host", ["", " ", "no.such.name.invalid", "a..b", "x" * 70, "http://127.0.0.1", "a\0b", "127.0.0.1:80",
             "192.0.2.77", None, 5],
)  # fmt: skip
def test_no_place_to_listen_at(host: Any) -> None:
    with pytest.raises(ArgumentError, match="--host") as told:
        Server({}, host=host)
    assert "--port" not in str(told.value)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("port", [-1, 65536, 99999, "http"])
def test_no_port(port: Any) -> None:
    with pytest.raises(ArgumentError, match=r"--port .*: ports are numbers from 0 to 65535"):
        listen("127.0.0.1", port)


def test_a_port_in_use() -> None:
    with closing(listen("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(StoreError, match=f"port {port} is in use"):
            listen("127.0.0.1", port)


def test_no_place_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    zarrscope.write(np.zeros((2, 20, 30), "u1"), tmp_path / "a.ome.zarr", axes="zyx")
    for host in ("", "nowhere.invalid"):
        assert main(["view", str(tmp_path / "a.ome.zarr"), "--no-browser", "--host", host]) == 2
        said = capsys.readouterr()
        assert said.out == ""
        assert said.err.startswith(f"zarrscope view: --host '{host}' names no address")


@pytest.mark.parametrize("host", HERE)
def test_this_machine_alone(host: str) -> None:
    with Server({"x": MemoryStore()}, host=host) as server:
        assert server.alone
        assert server.urls == (server.url,)
        with urllib.request.urlopen(f"{server.url}api/info") as answer:
            assert answer.status == 200


@pytest.mark.parametrize("host", EVERYWHERE)
def test_all_addresses(host: str) -> None:
    with Server({"x": MemoryStore()}, host=host) as server:
        assert not server.alone
        assert urlsplit(server.url).hostname in ("127.0.0.1", "::1")
        for url in server.urls:
            with urllib.request.urlopen(f"{url}api/info") as answer:
                assert answer.status == 200
        assert server.data("x").startswith(server.urls[-1])


def test_the_command_says_who_can_reach_it(tmp_path: Path) -> None:
    zarrscope.write(np.zeros((2, 20, 30), "u1"), tmp_path / "a.ome.zarr", axes="zyx")
    words = [
        sys.executable,
        "-m",
        "zarrscope",
        "view",
        str(tmp_path / "a.ome.zarr"),
        "--no-browser",
        "--z",
        "0",
    ]
    words += ["--host", "0.0.0.0"]  # noqa: S104
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(words, **pipes) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        here, note = process.stdout.readline().strip(), process.stderr.readline()
        process.kill()
    assert urlsplit(here).hostname == "127.0.0.1"
    assert note.startswith("note: other machines can reach it too, without encryption")
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as way:
        try:
            way.connect(("192.0.2.1", 9))
        except OSError:
            return  # no other machine is to be reached from here
        own = way.getsockname()[0]
    assert note.rpartition(": ")[2].strip() == here.replace("127.0.0.1", own)


def status(server: Server, path: str, **fields: str) -> int:
    with closing(http.client.HTTPConnection("127.0.0.1", urlsplit(server.url).port, timeout=20)) as client:
        client.request("GET", path, headers=fields)
        return client.getresponse().status


FOREIGN = ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "192.0.2.2",
           "localhost.evil.example", "[::2]:1", "[", ""]  # fmt: skip
OWN = ["127.0.0.1", "127.0.0.1:8000", "localhost:8000", "LOCALHOST", "x.localhost", "[::1]:8000", "127.1.2.3"]


def test_without_a_token_pages_of_elsewhere_are_refused() -> None:
    with Server({"x": MemoryStore()}, token="") as server:
        assert server.url.count("/") == 3
        assert [status(server, "/api/info", Host=host) for host in FOREIGN] == [403] * len(FOREIGN)
        assert [status(server, "/api/info", Host=host) for host in OWN] == [200] * len(OWN)
        assert status(server, "/api/info", Origin="https://evil.example") == 403
        assert status(server, "/api/info", Origin="null") == 403
        assert status(server, "/api/info", Origin="http://localhost:5173") == 200
    assert not any(map(is_local, FOREIGN))


def test_with_one_whoever_has_it_is_answered() -> None:
    with Server({"x": MemoryStore()}) as server:
        path = urlsplit(server.url).path
        assert status(server, f"{path}api/info", Host="hub.example", Origin="https://viewer.example") == 200
        assert status(server, "/api/info", Host="127.0.0.1") == 403
