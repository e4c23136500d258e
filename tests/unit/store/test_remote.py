"""HTTP against a real server: with ranges and without, absent, forbidden, broken, slow."""

from __future__ import annotations

import io
import pickle
import threading
import time
import traceback
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import numpy as np
import pytest

import zarrscope
from zarrscope.errors import (
    AccessError,
    ArgumentError,
    CorruptDataError,
    InvalidKeyError,
    NotFoundError,
    StoreError,
    UnsupportedError,
    ZarrscopeError,
)
from zarrscope.source.registry import open_source
from zarrscope.store.contracts import Readable, Request, Suffix, Writable
from zarrscope.store.keys import without_secrets
from zarrscope.store.memory import MemoryStore
from zarrscope.store.remote import RemoteStore
from zarrscope.store.resolve import is_remote, local_path, resolve, resolve_writable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

VALUE = bytes(range(256)) * 8


class Server(ThreadingHTTPServer):
    """Serves a dictionary; knows ranges or not; answers some names in a bad way."""

    daemon_threads = True

    def __init__(self) -> None:
        self.values: dict[str, bytes] = {"v": VALUE, "deep/er/v": b"deep", "empty": b""}
        self.ranges = True
        self.seen: list[tuple[str, str | None]] = []
        self.failures: dict[str, list[int]] = {}
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/base"


class Handler(BaseHTTPRequestHandler):
    """Answers as the server is told to."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Be silent."""

    def do_HEAD(self) -> None:
        self.answer(body=False)

    def do_GET(self) -> None:
        self.answer(body=True)

    def answer(self, *, body: bool) -> None:
        server = self.server
        assert isinstance(server, Server)
        key = unquote(self.path.removeprefix("/base/"))
        wanted = self.headers.get("Range")
        server.seen.append((key, wanted))
        if server.failures.get(key):
            return self.send(server.failures[key].pop(0), b"no", body)
        if key == "slow":
            time.sleep(0.7)
            return self.send(200, b"late", body)
        if key == "short":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b"only this")
            self.close_connection = True
            return None
        if key not in server.values:
            return self.send(404, b"not here", body)
        value = server.values[key]
        if not wanted or not server.ranges:
            return self.send(200, value, body)
        first, _, last = wanted.removeprefix("bytes=").partition("-")
        start = int(first) if first else max(0, len(value) - int(last))
        stop = min(int(last) + 1, len(value)) if first and last else len(value)
        if start >= len(value):
            return self.send(416, b"", body, {"Content-Range": f"bytes */{len(value)}"})
        return self.send(
            206, value[start:stop], body, {"Content-Range": f"bytes {start}-{stop - 1}/{len(value)}"}
        )

    def send(self, code: int, data: bytes, body: bool, headers: dict[str, str] | None = None) -> None:
        self.send_response(code)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Last-Modified", "Wed, 21 Oct 2015 07:28:00 GMT")
        for name, text in (headers or {}).items():
            self.send_header(name, text)
        self.end_headers()
        if body:
            self.wfile.write(data)


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def text(data: object) -> bytes | None:
    return None if data is None else bytes(data)


@pytest.mark.parametrize("ranges", [True, False])
class TestReading:
    """The same answers, whether the server knows ranges or sends everything."""

    def test_values_and_absence(self, server: Server, ranges: bool) -> None:
        server.ranges = ranges
        store = RemoteStore(server.url)
        assert isinstance(store, Readable)
        assert not isinstance(store, Writable)
        assert text(store.get("v")) == VALUE
        assert text(store.get("deep/er/v")) == b"deep"
        assert text(store.get("empty")) == b""
        assert store.get("no") is None
        assert store.head("no") is None
        assert store.head("v").size == len(VALUE)

    @pytest.mark.parametrize(
        ("start", "stop"),
        [(0, 1), (0, 2048), (5, 300), (2000, 5000), (2047, 2048), (2048, 2050), (9000, 9999)],
    )
    def test_a_range(self, server: Server, ranges: bool, start: int, stop: int) -> None:
        server.ranges = ranges
        store = RemoteStore(server.url)
        assert text(store.get("v", (start, stop))) == VALUE[start:stop]
        out = bytearray(10_000)
        assert text(store.get("v", (start, stop), memoryview(out))) == VALUE[start:stop]
        assert bytes(out[: len(VALUE[start:stop])]) == VALUE[start:stop]
        assert store.get("no", (start, stop)) is None

    @pytest.mark.parametrize("length", [1, 20, 2048, 5000])
    def test_a_suffix(self, server: Server, ranges: bool, length: int) -> None:
        server.ranges = ranges
        store = RemoteStore(server.url)
        assert text(store.get("v", Suffix(length))) == VALUE[-length:]
        assert store.get("no", Suffix(length)) is None

    def test_nothing_of_a_value(self, server: Server, ranges: bool) -> None:
        server.ranges = ranges
        store = RemoteStore(server.url)
        assert text(store.get("v", (7, 7))) == b""
        assert text(store.get("v", Suffix(0))) == b""

    def test_many_at_once(self, server: Server, ranges: bool) -> None:
        server.ranges = ranges
        server.values |= {f"k/{i}": str(i).encode() * 9 for i in range(50)}
        requests = [Request(f"k/{i}", (1, 4)) for i in range(50)] + [Request("no"), Request("v", Suffix(3))]
        found = list(map(text, RemoteStore(server.url).get_many(requests)))
        assert found == [(str(i) * 9)[1:4].encode() for i in range(50)] + [None, VALUE[-3:]]

    def test_an_image(self, server: Server, ranges: bool) -> None:
        server.ranges = ranges
        pixels = np.random.default_rng(1).integers(0, 4096, (3, 300, 280), dtype="u2")
        store = MemoryStore()
        zarrscope.write(pixels, store, axes="cyx", chunks={"y": 64, "x": 64})
        server.values |= {f"a.zarr/{key}": bytes(store.get(key)) for key in store.list()}
        image = zarrscope.open(f"{server.url}/a.zarr")
        assert np.array_equal(image.levels[0][...], pixels)
        assert np.array_equal(image.levels[0][1, 100:110, 60:70], pixels[1, 100:110, 60:70])


def test_ranges_save_bytes(server: Server) -> None:
    RemoteStore(server.url).get("v", (10, 20))
    assert [wanted for key, wanted in server.seen if key == "v"] == ["bytes=10-19"]


@pytest.mark.parametrize("code", [401, 403])
def test_no_access_is_not_absence(server: Server, code: int) -> None:
    server.failures["v"] = [code] * 20
    for call in (lambda s: s.get("v"), lambda s: s.get("v", (0, 5)), lambda s: s.head("v")):
        with pytest.raises(AccessError, match=r"base/v.*refuses"):
            call(RemoteStore(server.url))


@pytest.mark.parametrize("code", [400, 410, 418])
def test_other_refusals_are_errors_with_the_key(server: Server, code: int) -> None:
    server.failures["v"] = [code] * 20
    with pytest.raises(StoreError, match="base/v") as caught:
        RemoteStore(server.url).get("v")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("code", [500, 502, 503])
def test_what_passes_is_tried_again(server: Server, code: int) -> None:
    server.failures["v"] = [code]
    assert text(RemoteStore(server.url).get("v")) == VALUE
    assert len(server.seen) == 2


def test_what_does_not_pass_ends_after_bounded_attempts(server: Server) -> None:
    server.failures["v"] = [500] * 100
    begun = time.monotonic()
    with pytest.raises(StoreError, match="base/v") as caught:
        RemoteStore(server.url).get("v")
    assert time.monotonic() - begun < 30
    assert len(server.seen) <= 10
    assert "\n" not in str(caught.value)


def test_a_slow_answer_is_waited_for(server: Server) -> None:
    assert text(RemoteStore(server.url).get("slow")) == b"late"


def test_a_body_that_ends_early_is_an_error(server: Server) -> None:
    with pytest.raises(StoreError, match="base/short"):
        RemoteStore(server.url).get("short")


@pytest.mark.parametrize(
    ("host", "told"),
    [
        ("127.0.0.1:1", "nothing listens there; check address and port"),
        (
            "no-such-host.invalid",
            "no host of this name is known; check the address",
        ),  # by RFC 6761 there is none
    ],
)
def test_why_there_is_no_connection(host: str, told: str) -> None:
    with pytest.raises(StoreError, match=told):
        RemoteStore(f"http://{host}/a").get("v")


def test_a_broken_server_is_no_missing_image(server: Server) -> None:
    server.failures["a.zarr/zarr.json"] = [403] * 20
    with pytest.raises(AccessError):
        zarrscope.open(f"{server.url}/a.zarr")
    with pytest.raises(NotFoundError):
        zarrscope.open(f"{server.url}/b.zarr")


def test_keys_obey_the_grammar(server: Server) -> None:
    for key in ("", "../v", "a/../../v", "/v", "a//b"):
        with pytest.raises(InvalidKeyError):
            RemoteStore(server.url).get(key)
    assert not server.seen


def test_an_address_shows_no_secret() -> None:
    store = RemoteStore("https://user:password@example.org/data?token=abc")
    for key in ("", "a/b"):
        assert store.url(key).startswith("https://example.org/data")
        assert not {"user", "password", "abc"} & set(store.url(key).replace("/", " ").split())


def test_it_pickles(server: Server) -> None:
    assert text(pickle.loads(pickle.dumps(RemoteStore(server.url))).get("v")) == VALUE  # noqa: S301


class TestResolve:
    """From an address to a store."""

    def test_local_forms(self, tmp_path: Path) -> None:
        zarrscope.write(np.ones((8, 8), "u1"), tmp_path / "a b.zarr")
        for address in (tmp_path / "a b.zarr", str(tmp_path / "a b.zarr"),
                        (tmp_path / "a b.zarr").as_uri()):  # fmt: skip
            assert zarrscope.open(address).levels[0].shape == (8, 8)
        store = MemoryStore()
        assert resolve(store) is store
        assert resolve_writable(store) is store

    def test_home(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("HOME", str(tmp_path))
        assert local_path("~/a.zarr") == str(tmp_path / "a.zarr")

    def test_what_is_remote(self) -> None:
        assert is_remote("http://x/a")
        assert is_remote("s3://bucket/a")
        assert not is_remote("file:///a")
        assert not is_remote("/a")
        assert not is_remote("C:/a")

    def test_unknown_schemes_say_what_is_known(self) -> None:
        for address in ("ftp://x/a", "gopher://x"):
            with pytest.raises(UnsupportedError, match=r"https?://"):
                resolve(address)
        with pytest.raises(UnsupportedError, match="cannot be written to"):
            resolve_writable("https://example.org/a")


SECRET = ("someone", "password1", "token2")


@pytest.mark.parametrize("code", [0, 400, 403, 500])
def test_no_error_shows_a_secret(server: Server, code: int) -> None:
    """Neither its message nor its traceback, whatever goes wrong."""
    address = server.url.removeprefix("http://") if code else "127.0.0.1:9/base"
    store = RemoteStore(f"http://someone:password1@{address}?sig=token2")
    server.failures["v?sig=token2"] = [code] * 50 if code else []
    for call in (lambda: store.get("v"), lambda: store.get("v", (1, 5)), lambda: store.head("v")):
        with pytest.raises((StoreError, AccessError), match="base/v") as caught:
            call()
        shown = "".join(traceback.format_exception(caught.value))
        assert not [word for word in SECRET if word in shown]
        assert code in (0, 403) or str(code) in str(caught.value)


def test_what_is_refused_shows_no_secret() -> None:
    for call in (
        lambda: RemoteStore("http://someone:password1@host:99999999/base?sig=token2"),
        lambda: resolve("ftp://someone:password1@host/base?sig=token2"),
        lambda: resolve_writable("https://someone:password1@host/base?sig=token2"),
        lambda: open_source("https://someone:password1@host/a.tif?sig=token2"),
    ):
        with pytest.raises(ZarrscopeError, match="host") as caught:
            call()
        assert not [word for word in SECRET if word in str(caught.value)]


def test_a_key_with_416_in_it_is_no_answer_416(server: Server) -> None:
    server.failures["416"] = [400]
    with pytest.raises(StoreError, match="answered 400"):
        RemoteStore(server.url).get("416", (0, 5))


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://u:p@host:80/a/b?x=/y@z#f", "https://host:80/a/b"),
        ("s3://bucket/a", "s3://bucket/a"),
        ("/data/a?b#c.tif", "/data/a?b#c.tif"),
    ],
)
def test_an_address_for_messages(address: str, shown: str) -> None:
    assert without_secrets(address) == shown


def test_an_empty_address_is_named() -> None:
    with pytest.raises(ArgumentError, match="source is empty"):
        open_source("")
    with pytest.raises(ArgumentError, match="destination is empty"):
        resolve_writable("")
    with pytest.raises(ArgumentError, match="empty"):
        zarrscope.open("")


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_an_archive_is_read_where_it_lies(server: Server, method: int) -> None:
    """Two requests open it, whatever its size; one reads a small member, two a range of a large one."""
    packed, large = io.BytesIO(), np.random.default_rng(5).bytes(1 << 21)
    with zipfile.ZipFile(packed, "w", method) as archive:
        archive.writestr("a.zarr/zarr.json", b"{}")
        archive.writestr("a.zarr/c/0", large)
        archive.writestr("a.zarr/c/1", large)
    server.values["some name.ozx"] = packed.getvalue()
    store = resolve(f"{server.url}/some%20name.ozx")
    assert len(server.seen) == 2
    assert text(store.get("zarr.json")) == b"{}"
    assert len(server.seen) == 3
    assert text(store.get("c/1", (1000, 2000))) == large[1000:2000]
    assert text(store.get("no")) is None
    if method == zipfile.ZIP_STORED:
        assert text(store.get("c/1", Suffix(5000))) == large[-5000:]
        assert len(server.seen) <= 6
        assert sum(map(spanned, server.seen)) < 600_000
    assert text(store.get("c/1")) == large
    assert text(pickle.loads(pickle.dumps(store)).get("c/0", (5, 9))) == large[5:9]  # noqa: S301
    assert store.url("c/0").endswith("/base/some%20name.ozx/a.zarr/c/0".replace("%20", " "))


def spanned(seen: tuple[str, str | None]) -> int:
    """Return how many bytes a request asked for."""
    first, _, last = (seen[1] or "bytes=0--1").removeprefix("bytes=").partition("-")
    return int(last) - int(first or "0") + 1


def test_an_archive_that_is_not_there(server: Server) -> None:
    with pytest.raises(NotFoundError, match=r"base/no\.zip: no such archive"):
        resolve(f"{server.url}/no.zip?token=secret")
    server.values["bad.zip"] = b"no archive"
    with pytest.raises(CorruptDataError, match=r"bad\.zip is no zip archive"):
        resolve(f"{server.url}/bad.zip")


def test_where_nothing_can_be_written() -> None:
    with pytest.raises(UnsupportedError, match="cannot be written to"):
        resolve_writable("https://host/a.zarr?token=secret")
    with pytest.raises(UnsupportedError, match="archives are written on a disk"):
        resolve_writable("s3://bucket/a.ozx")
