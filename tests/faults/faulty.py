"""A server of ours that fails in every way that servers and networks do: plain HTTP, and a little S3."""

from __future__ import annotations

import hashlib
import socket
import struct
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SILENCE = 60.0
"""Seconds that a silent server would keep a client waiting that has no limits of its own."""


class Seen(NamedTuple):
    """One request as it arrived."""

    method: str
    key: str
    range: str | None
    headers: dict[str, str]


@dataclass
class Fault:
    """What goes wrong: a status, or a word of ``Handler``; how often, from now on; with which method."""

    mode: int | str
    times: int = 1 << 30
    method: str = ""


class FaultyServer(ThreadingHTTPServer):
    """Serves a dictionary below one folder (or bucket), which is the first part of every path."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}
        self.faults: list[Fault] = []
        self.seen: list[Seen] = []
        self.tags, self.delay = True, 0.0
        self.busy = self.busiest = 0
        self.meanwhile: Callable[[], None] = lambda: None
        self.lock = threading.Lock()
        self.ended = threading.Event()
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    def fail(self, mode: int | str, times: int = 1 << 30, method: str = "") -> None:
        self.faults.append(Fault(mode, times, method))

    def fault(self, method: str) -> int | str | None:
        """Return what is to go wrong with the request at hand."""
        with self.lock:
            for fault in self.faults:
                if fault.times and fault.method in ("", method):
                    fault.times -= 1
                    return fault.mode
        return None

    def handle_error(self, *_: Any) -> None:
        """Be silent: clients that hang up are what is tested."""


class Handler(BaseHTTPRequestHandler):
    """Answers as the server is told to."""

    protocol_version = "HTTP/1.1"
    server: FaultyServer

    def log_message(self, *_: Any) -> None:
        """Be silent."""

    def do_GET(self) -> None:
        self.answered(self.read)

    do_HEAD = do_GET

    def do_PUT(self) -> None:
        self.answered(self.write)

    def do_DELETE(self) -> None:
        self.answered(self.remove)

    def answered(self, answer: Callable[[], None]) -> None:
        server = self.server
        parts = urlsplit(self.path)
        self.key = unquote(parts.path).partition("/")[2].partition("/")[2]
        with server.lock:
            server.seen.append(Seen(self.command, self.key, self.headers["Range"], dict(self.headers)))
            server.busy += 1
            server.busiest = max(server.busiest, server.busy)
        time.sleep(server.delay)
        with server.lock:
            server.busy -= 1  # before the answer: whoever has it may ask again at once
        self.fault = server.fault(self.command)
        if isinstance(self.fault, int):
            self.discard()
            self.send(self.fault, {}, b"<Error><Code>SomeCode</Code></Error>")
        elif self.fault == "reset":
            self.reset()
        elif self.fault == "silent":
            server.ended.wait(SILENCE)
            self.close_connection = True
        elif self.fault == "redirect":
            self.discard()
            self.send(302, {"Location": self.path}, b"")
        else:
            answer()

    def discard(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"] or 0))

    def reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def read(self) -> None:
        asked = parse_qs(urlsplit(self.path).query)
        if "list-type" in asked:
            return self.listed(asked.get("prefix", [""])[0])
        value = self.server.values.get(self.key)
        if value is None:
            return self.send(404, {}, b"<Error><Code>NoSuchKey</Code></Error>")
        code, headers, start, stop = 200, {"Last-Modified": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0, len(value)
        if self.server.tags:
            headers["ETag"] = tag(value)
        if wanted := self.headers["Range"]:
            first, _, last = wanted.removeprefix("bytes=").partition("-")
            start = int(first) if first else max(0, len(value) - int(last))
            stop = min(int(last) + 1, len(value)) if first and last else len(value)
            if start >= len(value):
                return self.send(416, {"Content-Range": f"bytes */{len(value)}"}, b"")
            code, headers["Content-Range"] = 206, f"bytes {start}-{stop - 1}/{len(value)}"
        data = value[start:stop]
        if self.fault == "short":
            data = data[: len(data) // 2]
        elif self.fault == "long":
            data += data
        elif self.fault == "elsewhere":
            headers["Content-Range"] = f"bytes {start + 1}-{stop}/{len(value) + 1}"
        return self.send(code, headers, data)

    def listed(self, prefix: str) -> None:
        entries = "".join(
            f"<Contents><Key>{escape(key)}</Key><Size>{len(value)}</Size><ETag>{escape(tag(value))}</ETag>"
            "<LastModified>2015-10-21T07:28:00.000Z</LastModified></Contents>"
            for key, value in sorted(self.server.values.items())
            if key.startswith(prefix)
        )
        self.send(200, {}, f"<ListBucketResult>{entries}</ListBucketResult>".encode())

    def send(self, code: int, headers: dict[str, str], data: bytes) -> None:
        self.send_response(code)
        for name, text in headers.items():
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command == "HEAD":
            return
        if self.fault in ("truncated", "stalled"):
            self.wfile.write(data[: len(data) // 2])
            self.wfile.flush()
            self.close_connection = True
            if self.fault == "stalled":
                self.server.ended.wait(SILENCE)
        elif self.fault == "drip":
            step = max(1, len(data) // 10)
            for start in range(0, len(data), step):
                self.wfile.write(data[start : start + step])
                self.wfile.flush()
                time.sleep(0.1)
        else:
            self.wfile.write(data)

    def write(self) -> None:
        length = int(self.headers["Content-Length"] or 0)
        if self.fault == "drip":
            data = b""
            while len(data) < length:
                data += self.rfile.read(min(length - len(data), max(1, length // 10)))
                time.sleep(0.1)
        else:
            data = self.rfile.read(length)
        with self.server.lock:
            value = self.server.values.get(self.key)
            here = None if value is None else tag(value)
            if self.headers["If-None-Match"] == "*" and here is not None:
                return self.send(412, {}, b"<Error><Code>PreconditionFailed</Code></Error>")
            if self.headers["If-Match"] not in (None, here):
                return self.send(412, {}, b"<Error><Code>PreconditionFailed</Code></Error>")
            self.server.values[self.key] = data
        if self.fault == "lost":  # it was done, but nobody hears of it
            self.server.meanwhile()
            return self.reset()
        return self.send(200, {"ETag": tag(data)}, b"")

    def remove(self) -> None:
        self.server.values.pop(self.key, None)
        self.send(204, {}, b"")


def tag(value: bytes) -> str:
    """Return the tag of a value, as S3 makes it."""
    return f'"{hashlib.md5(value, usedforsecurity=False).hexdigest()}"'


@contextmanager
def running() -> Iterator[FaultyServer]:
    """Run a faulty server on a free port."""
    with FaultyServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.ended.set()
            server.shutdown()
            thread.join()
