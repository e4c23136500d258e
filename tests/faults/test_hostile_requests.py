"""Requests that nobody well-meaning sends: nothing outside of the named stores is read, nothing fails.

Sent over plain sockets, since clients of HTTP clean up what they are given.
"""

from __future__ import annotations

import random
import socket
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, urlsplit

import pytest

from zarrscope.server.serve import Server
from zarrscope.store.local import LocalStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

REQUESTS = 2000
SECRET = b"nobody's business"
INSIDE = b"for everybody who has the token"


class Served(NamedTuple):
    """A server, and the folder in which its store lies beside a secret."""

    server: Server
    folder: Path


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    store = LocalStore(folder / "in")
    store.put("a/b", INSIDE)
    (folder / "secret").write_bytes(SECRET)
    (folder / "in" / "way").symlink_to(folder)
    (folder / "in" / "link").symlink_to(folder / "secret")
    with Server({"x": store}) as server:
        yield Served(server, folder)


def encodings(draw: random.Random, text: str) -> str:
    """Write a path in one of the many ways in which paths are written."""
    ways = [
        lambda t: t,
        lambda t: quote(t, safe=""),
        lambda t: quote(quote(t, safe=""), safe=""),
        lambda t: t.replace("/", "\\"),
        lambda t: t.replace("/", "%5c"),
        lambda t: t.replace(".", "%2e"),
        lambda t: t.replace(".", "%252e"),
        lambda t: t.replace("/", "%c0%af").replace(".", "%c0%ae"),
        lambda t: t.replace("/", "%u2215"),
        lambda t: t.replace("/", "//"),
        lambda t: t.replace("..", "....//"),
        lambda t: t.replace("/", "/./"),
        lambda t: t + "%00.json",
        lambda t: t + ";x=1",
        lambda t: t + "?" + t,
        lambda t: t.upper(),
        lambda t: "".join(f"%{byte:02x}" for byte in t.encode()),
    ]
    return draw.choice(ways)(text)


def targets(draw: random.Random, served: Served) -> str:
    token, folder = urlsplit(served.server.url).path.strip("/"), served.folder
    up = "../" * draw.randint(1, 9)
    outside = [
        f"{up}secret", f"{up}etc/passwd", str(folder / "secret"), f"a/{up}secret", "way/secret", "link",
        f"/{folder}/secret", "C:/secret", "~/secret", "file:///etc/passwd", "a/b/../../../secret", "",
        ".", "..", "a//b", "\x7f", "x" * draw.choice([1, 1025, 9000]),
    ]  # fmt: skip
    key = encodings(draw, draw.choice(outside)).replace(" ", "%20")
    lead = draw.choice(
        [
            f"/{token}/data/x/", f"/{token}/data/", f"/{token}/", "/", f"/{token}/data/x%2f", "//", "",
            f"/{token[:-1]}/data/x/", f"/{token}x/data/x/", f"/{token.swapcase()}/data/x/", "/data/x/",
            f"/{token}/api/validate?name=", f"/{token}/api/", f"/{token}/assets/", f"http://x/{token}/data/x/",
        ]
    )  # fmt: skip
    return lead + key


def fields(draw: random.Random) -> list[str]:
    digits = str(draw.choice([0, 1, 31, 32, 2**31, 2**63, 10**18, 10**30, -1]))
    ranges = [
        f"bytes={digits}-", f"bytes=-{digits}", f"bytes=0-{digits}", "bytes=0-0," * 200 + "0-0", "=",
        "bytes=0-18446744073709551616", "bytes=-", "bytes=a-b", "bytes=٣-٤", "items=0-5", "bytes=5-2",
    ]  # fmt: skip
    some = [
        f"Range: {draw.choice(ranges)}", f"If-Range: {digits}", "If-None-Match: *", 'If-None-Match: "\xe9',
        f"Authorization: Bearer {'x' * draw.choice([0, 1, 5000])}", "Cookie: " + "c" * 4000,
        "Host: evil.example", "X-Forwarded-For: 127.0.0.1", "Content-Length: 5", "Transfer-Encoding: chunked",
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13",
        "Expect: 100-continue", "Origin: null", "Accept-Encoding: " + "gzip," * 100, ": empty", "NoColon",
    ]  # fmt: skip
    return draw.sample(some, draw.randint(0, 4))


def say(server: Server, request: bytes) -> bytes:
    place = urlsplit(server.url)
    with socket.create_connection((place.hostname, place.port), timeout=10) as client:
        client.sendall(request)
        client.shutdown(socket.SHUT_WR)
        answer = b""
        while data := client.recv(1 << 16):
            answer += data
    return answer


def test_nothing_outside_and_no_failure(served: Served, pytestconfig: pytest.Config) -> None:
    server = served.server
    draw = random.Random(int(pytestconfig.option.hypothesis_seed))
    methods = ["GET"] * 12 + "HEAD OPTIONS POST PUT DELETE TRACE CONNECT get G\xcbT PRI".split()
    versions = ["1.1"] * 8 + ["1.0", "2.0", "9"]
    seen = set()
    for _ in range(REQUESTS):
        line = f"{draw.choice(methods)} {targets(draw, served)} HTTP/{draw.choice(versions)}"
        head = "\r\n".join([line, "Host: x", *fields(draw), "Connection: close"])
        request = f"{head}\r\n\r\n{draw.choice(['', '', '', 'hello'])}".encode("utf-8", "surrogateescape")
        answer = say(server, request)
        assert SECRET not in answer, request
        assert b"root:" not in answer, request
        assert b"Traceback" not in answer, request
        status = int(answer.split(b" ", 2)[1]) if answer else 0
        assert status < 500, (request, answer)
        if b" 200 " in answer[:20] and INSIDE in answer:
            assert urlsplit(server.url).path.encode() in request
        seen.add(status)
    assert {400, 403, 404} <= seen
    # and it still works
    path = urlsplit(server.data("x")).path
    assert say(server, f"GET {path}a/b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()).endswith(
        INSIDE
    )
