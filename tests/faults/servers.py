"""Real S3 servers that the tests start themselves, and a proxy that counts what is asked of them.

``s3_moto`` knows conditional writes, ``s3_swift`` is strict about signatures. Both yield an ``S3``: its
``environment`` is what a process needs to come there, ``use(monkeypatch)`` puts it into this one.
"""

from __future__ import annotations

import base64
import hmac
import http.client
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.faults.faulty import FaultyServer, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

STARTING = 60
"""Seconds until a server must answer."""


@dataclass(frozen=True)
class S3:
    """A bucket on a server, and how to come there."""

    endpoint: str
    bucket: str
    access_key: str
    secret_key: str
    name: str = ""
    environment: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "environment", {
            "AWS_ENDPOINT_URL": self.endpoint, "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": self.access_key, "AWS_SECRET_ACCESS_KEY": self.secret_key,
        })  # fmt: skip

    def use(self, monkeypatch: pytest.MonkeyPatch) -> str:
        """Make this process go there; return the address of a folder that nobody else has."""
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            monkeypatch.delenv(name)
        for name, value in self.environment.items():
            monkeypatch.setenv(name, value)
        return f"s3://{self.bucket}/{secrets.token_hex(6)}"


@pytest.fixture
def faulty() -> Iterator[FaultyServer]:
    """Yield a faulty server."""
    with running() as server:
        yield server


@pytest.fixture(scope="session")
def s3_moto(judge: Callable[[str], Path]) -> Iterator[S3]:
    """Yield a bucket on a moto server."""
    python, port = judge("moto"), free_port()
    with process([python.parent / "moto_server", "-H", "127.0.0.1", "-p", str(port)]) as alive:
        endpoint = f"http://127.0.0.1:{port}"
        wait_for(f"{endpoint}/moto-api/", alive)
        ask(f"{endpoint}/tests", "PUT")
        yield S3(endpoint, "tests", "someone", "secret-of-moto", "moto")


@pytest.fixture(scope="session")
def s3_swift(judge: Callable[[str], Path]) -> Iterator[S3]:
    """Yield a bucket on an OpenStack Swift with its S3 interface: four processes, objects on the disk."""
    binaries = judge("swift").parent
    folder = Path(tempfile.mkdtemp(prefix="swift-", dir=disk_with_attributes()))
    ports = {name: free_port() for name in ("account", "container", "object", "proxy")}
    try:
        configure_swift(binaries, folder, ports)
        commands = [[binaries / f"swift-{name}-server", folder / f"{name}.conf"] for name in ports]
        with process(*commands, folder=folder) as alive:
            endpoint = f"http://127.0.0.1:{ports['proxy']}"
            wait_for(f"{endpoint}/healthcheck", alive)
            wait_for(f"{endpoint}/tests", alive, "PUT", **signed("PUT", "/tests", "test:tester", "testing"))
            yield S3(endpoint, "tests", "test:tester", "testing", "swift")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def configure_swift(binaries: Path, folder: Path, ports: dict[str, int]) -> None:
    """Write rings and configuration of a Swift of one machine and one disk."""
    (folder / "srv" / "d1").mkdir(parents=True)
    (folder / "swift.conf").write_text(
        "[swift-hash]\nswift_hash_path_suffix = a\nswift_hash_path_prefix = b\n"
    )
    base = f"bind_ip = 127.0.0.1\nswift_dir = {folder}\nworkers = 0\nlog_level = ERROR\nuser = {user()}\n"
    for name in ("account", "container", "object"):
        builder, port = str(folder / f"{name}.builder"), ports[name]
        for step in (["create", "4", "1", "1"], ["add", f"r1z1-127.0.0.1:{port}/d1", "1"], ["rebalance"]):
            subprocess.run(
                [binaries / "swift-ring-builder", builder, *step], check=True, capture_output=True, timeout=60
            )
        (folder / f"{name}.conf").write_text(
            f"[DEFAULT]\nbind_port = {port}\n{base}devices = {folder}/srv\nmount_check = false\n"
            f"fallocate_reserve = 0\n[pipeline:main]\npipeline = {name}-server\n"
            f"[app:{name}-server]\nuse = egg:swift#{name}\n"
        )
    filters = "healthcheck cache s3api tempauth slo dlo".split()
    sections = "".join(
        f"[filter:{name}]\nuse = egg:swift#{name.replace('cache', 'memcache')}\n" for name in filters
    )
    sections = sections.replace(
        "egg:swift#tempauth\n", "egg:swift#tempauth\nuser_test_tester = testing .admin\n"
    )
    (folder / "proxy.conf").write_text(
        f"[DEFAULT]\nbind_port = {ports['proxy']}\n{base}[pipeline:main]\n"
        f"pipeline = catch_errors {' '.join(filters)} proxy-server\n"
        "[app:proxy-server]\nuse = egg:swift#proxy\naccount_autocreate = true\n"
        f"[filter:catch_errors]\nuse = egg:swift#catch_errors\n{sections}"
    )


def signed(method: str, path: str, key: str, secret: str) -> dict[str, str]:
    """Return headers with the older signature of S3 (version 2), which is short."""
    date = formatdate(usegmt=True)
    mac = hmac.new(secret.encode(), f"{method}\n\n\n{date}\n{path}".encode(), "sha1")
    return {"Date": date, "Authorization": f"AWS {key}:{base64.b64encode(mac.digest()).decode()}"}


def user() -> str:
    """Return the name under which the servers run: ours."""
    import pwd

    return pwd.getpwuid(os.getuid()).pw_name


def disk_with_attributes() -> str | None:
    """Return a folder whose files can have attributes, which Swift needs; tmpfs has none on older systems."""
    for folder in (tempfile.gettempdir(), str(Path.cwd())):
        with tempfile.NamedTemporaryFile(dir=folder) as file, suppress(OSError):
            os.setxattr(file.fileno(), "user.test", b"1")
            return folder
    pytest.skip("Swift needs a disk with extended attributes")


def free_port() -> int:
    """Return a port that nobody uses."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def process(*commands: list[Any], folder: Path | None = None) -> Iterator[Callable[[], bool]]:
    """Run processes; yields a function that says whether all are alive. They end with the block."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTHON"))}
    started: list[subprocess.Popen[bytes]] = []
    with tempfile.TemporaryFile() as log:
        try:
            started += [
                subprocess.Popen(command, stdout=log, stderr=log, env=clean, cwd=folder)
                for command in commands
            ]
            yield lambda: all(one.poll() is None for one in started)
        except BaseException:
            log.seek(0)
            sys.stderr.write(log.read().decode(errors="replace")[-3000:])
            raise
        finally:
            for one in started:
                one.terminate()
            for one in started:
                try:
                    one.wait(10)
                except subprocess.TimeoutExpired:
                    one.kill()
                    one.wait()


def ask(url: str, method: str, headers: dict[str, str] | None = None) -> dict[str, str]:
    """Send a request; return the headers of the answer."""
    request = urllib.request.Request(url, method=method, headers=headers or {})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return dict(answer.headers)


def wait_for(url: str, alive: Callable[[], bool], method: str = "GET", **headers: str) -> dict[str, str]:
    """Return the headers of an answer, once a server that is starting gives one."""
    until = time.monotonic() + STARTING
    while True:
        try:
            return ask(url, method, headers)
        except OSError as error:
            if not alive() or time.monotonic() > until:
                raise RuntimeError(f"the server at {url} did not start: {error}") from error
            time.sleep(0.2)


class Counted(ThreadingHTTPServer):
    """A proxy before a server: it hands requests on as they are, and keeps what was asked."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, server: S3) -> None:
        self.behind = server.endpoint.removeprefix("http://")
        self.asked: list[tuple[str, str, str | None]] = []
        super().__init__(("127.0.0.1", 0), Handing)
        endpoint = f"http://127.0.0.1:{self.server_address[1]}"
        self.s3 = S3(endpoint, server.bucket, server.access_key, server.secret_key)

    def handle_error(self, *_: Any) -> None:
        """Be silent: clients may hang up."""


class Handing(BaseHTTPRequestHandler):
    """Hands one request on. The name of the host stays, for it is signed."""

    protocol_version = "HTTP/1.1"
    server: Counted

    def log_message(self, *_: Any) -> None:
        """Be silent."""

    def do_GET(self) -> None:
        self.server.asked.append((self.command, self.path, self.headers["Range"]))
        data = self.rfile.read(int(self.headers["Content-Length"] or 0))
        there = http.client.HTTPConnection(self.server.behind, timeout=60)
        there.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, text in self.headers.items():
            there.putheader(name, text)
        there.endheaders(data)
        answer = there.getresponse()
        body = answer.read()
        self.send_response_only(answer.status, answer.reason)
        for name, text in answer.getheaders():
            if name.lower() not in ("transfer-encoding", "connection", "content-length"):
                self.send_header(name, text)
        length = answer.getheader("Content-Length") if self.command == "HEAD" else None
        self.send_header("Content-Length", length or str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        there.close()

    do_HEAD = do_PUT = do_DELETE = do_POST = do_GET


@contextmanager
def counted(server: S3) -> Iterator[Counted]:
    """Run a counting proxy before a server; go to its ``s3``."""
    with Counted(server) as proxy:
        thread = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield proxy
        finally:
            proxy.shutdown()
            thread.join()
