"""The running server, asked by a plain HTTP client; what it has to say stands in RFC 9110."""

from __future__ import annotations

import email
import http.client
import json
import signal
import socket
import threading
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import numpy as np
import pytest
import uvicorn

import zarrscope
from zarrscope.errors import ArgumentError, CorruptDataError, StoreError
from zarrscope.server.serve import Server
from zarrscope.store.local import LocalStore
from zarrscope.store.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DATA = bytes(range(256)) * 4


class Slow(MemoryStore):
    """Waits before it answers, and counts who asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def get_many(self, requests: Any) -> Any:
        self.asked += 1
        time.sleep(0.3)
        return super().get_many(requests)


class Broken(MemoryStore):
    """Has lost what it had."""

    def head(self, key: str) -> Any:
        raise CorruptDataError(f"{key} is lost")


@pytest.fixture(scope="module")
def slow() -> Slow:
    store = Slow()
    for number in range(60):
        store.put(f"c/{number}", b"x")
    return store


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, slow: Slow) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("served")
    store = LocalStore(folder / "in")
    store.put("a/b", DATA)
    store.put("empty", b"")
    store.put("zarr.json", b"{}")
    (folder / "secret").write_bytes(b"nobody's business")
    memory = MemoryStore()
    memory.put("a/b", DATA)
    image = folder / "image.ome.zarr"
    zarrscope.write(np.zeros((8, 8), "u1"), image)
    stores = {
        "local": store,
        "memory": memory,
        "slow": slow,
        "broken": Broken(),
        "an image": LocalStore(image),
    }
    with Server(stores, {"an image": "Cells & <b>nuclei</b>"}) as server:
        yield server


def ask(
    url: str, method: str = "GET", fields: dict[str, str] | None = None
) -> tuple[int, dict[str, str], bytes]:
    place = urlsplit(url)
    with closing(http.client.HTTPConnection(place.netloc, timeout=20)) as client:
        client.request(method, place.path + (f"?{place.query}" if place.query else ""), headers=fields or {})
        answer = client.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()


@pytest.fixture(params=["local", "memory"])
def value(request: pytest.FixtureRequest, server: Server) -> str:
    return f"{server.data(request.param)}a/b"


def test_whole(value: str) -> None:
    status, fields, body = ask(value)
    assert (status, body) == (200, DATA)
    assert fields["content-length"] == "1024"
    assert fields["accept-ranges"] == "bytes"
    assert fields["etag"].startswith('"')
    exposed = fields["access-control-expose-headers"]
    assert all(name in exposed for name in ("content-range", "content-length", "etag"))


def test_head(value: str) -> None:
    status, fields, body = ask(value, "HEAD")
    assert (status, body, fields["content-length"]) == (200, b"", "1024")
    assert fields["etag"] == ask(value)[1]["etag"]
    assert ask(value, "HEAD", {"Range": "bytes=0-3"})[0] == 200


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [("bytes=0-9", 0, 10), ("bytes=1000-", 1000, 1024), ("bytes=-16", 1008, 1024), ("bytes=5-9999", 5, 1024)],
)
def test_a_part(value: str, asked: str, start: int, stop: int) -> None:
    status, fields, body = ask(value, fields={"Range": asked})
    assert (status, body) == (206, DATA[start:stop])
    assert fields["content-range"] == f"bytes {start}-{stop - 1}/1024"
    assert fields["content-length"] == str(stop - start)


def test_several_parts(value: str) -> None:
    status, fields, body = ask(value, fields={"Range": "bytes=0-3,10-19,-2"})
    assert status == 206
    assert int(fields["content-length"]) == len(body)
    found = email.message_from_bytes(f"Content-Type: {fields['content-type']}\r\n\r\n".encode() + body)
    parts = [part for part in found.walk() if not part.is_multipart()]
    assert [part["content-range"] for part in parts] == [
        "bytes 0-3/1024", "bytes 10-19/1024", "bytes 1022-1023/1024",
    ]  # fmt: skip
    assert [part.get_payload(decode=True) for part in parts] == [DATA[:4], DATA[10:20], DATA[-2:]]


def test_no_part(value: str) -> None:
    status, fields, _ = ask(value, fields={"Range": "bytes=1024-"})
    assert (status, fields["content-range"]) == (416, "bytes */1024")


def test_not_again(value: str) -> None:
    tag = ask(value)[1]["etag"]
    for said in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        status, fields, body = ask(value, fields={"If-None-Match": said})
        assert (status, body, fields["etag"]) == (304, b"", tag)
    assert ask(value, fields={"If-None-Match": '"other"'})[0] == 200


def test_a_part_only_of_what_is_known(value: str) -> None:
    tag = ask(value)[1]["etag"]
    assert ask(value, fields={"If-Range": tag, "Range": "bytes=0-0"})[0] == 206
    assert ask(value, fields={"If-Range": '"other"', "Range": "bytes=0-0"})[0] == 200


def test_empty_values(server: Server) -> None:
    assert ask(f"{server.data('local')}empty")[2] == b""
    assert ask(f"{server.data('local')}empty", fields={"Range": "bytes=0-0"})[0] == 416


def test_documents_are_json(server: Server) -> None:
    assert ask(f"{server.data('local')}zarr.json")[1]["content-type"] == "application/json"


@pytest.mark.parametrize("name", ["local", "memory"])
def test_absent(server: Server, name: str) -> None:
    assert ask(f"{server.data(name)}a/c")[0] == 404
    assert ask(f"{server.data(name)}a")[0] == 404
    assert ask(f"{server.data(name)}a/c", "HEAD")[0] == 404


def test_what_is_lost_is_not_absent(server: Server) -> None:
    status, _, body = ask(f"{server.data('broken')}a")
    assert (status, body) == (422, b"a is lost\n")


def test_only_what_is_named(server: Server) -> None:
    assert ask(f"{server.url}data/other/zarr.json")[0] == 404
    for way in ("../secret", "..%2fsecret", "%2e%2e/secret", "a/../../secret", "a//b", "./a/b", "a\\b", ""):
        assert ask(f"{server.data('local')}{way}")[0] == 404, way


@pytest.mark.parametrize("wrong", ["", "x/", "%00/", "é/"])
def test_token(server: Server, wrong: str) -> None:
    root = f"http://{urlsplit(server.url).netloc}/"
    address = root + (wrong if wrong.isascii() else "%C3%A9/")
    for path in ("data/local/a/b", "api/info", "api/validate?name=local", ""):
        assert ask(address + path)[0] == 403
    token = urlsplit(server.url).path.strip("/")
    said = {"Authorization": f"Bearer {token}"}
    assert ask(f"{root}data/local/a/b", fields=said)[2] == DATA
    assert ask(f"{root}data/local/a/b", fields={"Authorization": "Bearer x"})[0] == 403


@pytest.mark.parametrize("query", ["", "?source=data/local/"])
def test_the_address_of_the_page_without_its_last_slash(server: Server, query: str) -> None:
    address = server.url.rstrip("/") + query
    status, fields, body = ask(address)
    assert (status, body) == (307, b"")
    assert urljoin(address, fields["location"]) == server.url + query


def test_preflight(server: Server) -> None:
    root = f"http://{urlsplit(server.url).netloc}/"
    said = {"Origin": "https://example.org", "Access-Control-Request-Private-Network": "true"}
    status, fields, _ = ask(f"{root}data/local/a/b", "OPTIONS", said)
    assert status == 204
    assert fields["access-control-allow-origin"] == "*"
    assert "range" in fields["access-control-allow-headers"]
    assert fields["access-control-allow-private-network"] == "true"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_it_only_reads(server: Server, method: str) -> None:
    status, fields, _ = ask(f"{server.data('local')}a/b", method)
    assert (status, fields["allow"]) == (405, "GET, HEAD, OPTIONS")


def test_info(server: Server) -> None:
    found = json.loads(ask(f"{server.url}api/info")[2])
    assert found["version"] == 1
    images = {image["name"]: image for image in found["images"]}
    assert images["an image"] == {
        "name": "an image", "title": "Cells & <b>nuclei</b>", "source": "data/an%20image/",
    }  # fmt: skip


def test_validate(server: Server) -> None:
    status, _, body = ask(f"{server.url}api/validate?name=an%20image")
    assert status == 200
    assert json.loads(body)["valid"] is True
    assert ask(f"{server.url}api/validate?name=other")[0] == 404
    assert ask(f"{server.url}api/validate")[0] == 404


def test_who_leaves_is_not_served(server: Server, slow: Slow) -> None:
    """Requests that wait for a thread when their client leaves are never begun."""
    place = urlsplit(server.data("slow"))
    slow.asked = 0
    clients = [socket.create_connection((place.hostname, place.port)) for _ in range(40)]
    for number, client in enumerate(clients):
        client.sendall(f"GET {place.path}c/{number} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    time.sleep(0.2)
    for client in clients:
        client.close()
    time.sleep(1.5)
    assert slow.asked < 20


def test_an_image_through_the_server(server: Server) -> None:
    image = zarrscope.open(server.data("an image"))
    assert image.levels[0][...].shape == (8, 8)


def test_stops_while_clients_hold_on(tmp_path: Path) -> None:
    server = Server({"x": LocalStore(tmp_path)})
    place = urlsplit(server.url)
    with socket.create_connection((place.hostname, place.port)):
        begun = time.monotonic()
        server.close()
        assert time.monotonic() - begun < 8
    with pytest.raises(OSError, match="refused"):
        socket.create_connection((place.hostname, place.port), timeout=5)


def test_a_port_that_is_taken() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(StoreError, match="--port"):
            Server({}, port=other.getsockname()[1])
    with pytest.raises(ArgumentError):
        Server({}, port=70000)


def test_what_cannot_begin_holds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[socket.socket] = []
    kind = socket.socket
    monkeypatch.setattr(socket, "socket", lambda *how: made.append(kind(*how)) or made[-1])
    with closing(kind()) as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        for wrong in ({"port": other.getsockname()[1]}, {"host": "256.256.256.256"}, {"port": 70000}):
            with pytest.raises((ArgumentError, StoreError)):
                Server({}, **wrong)
    monkeypatch.setattr(uvicorn.Server, "run", lambda *_, **__: None)  # it ends before it has begun
    with pytest.raises(StoreError, match="did not begin"):
        Server({})
    assert [one.fileno() for one in made] == [-1] * len(made)
    assert made


def test_an_interrupted_wait_leaves_the_server_running() -> None:
    """Python before 3.13 counts a thread as ended whose join was interrupted; its socket was closed then."""
    before = set(threading.enumerate())
    with Server({"image": MemoryStore()}) as server:
        (serving,) = set(threading.enumerate()) - before
        timer = threading.Timer(0.2, signal.raise_signal, (signal.SIGINT,))
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            server.wait()
        timer.join()
        assert serving.is_alive()
    assert not serving.is_alive()
