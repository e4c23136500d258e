"""A server that runs beside whatever else the process does, until it is stopped."""

from __future__ import annotations

import secrets
import socket
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING, Self
from urllib.parse import quote

from zarrscope.errors import AccessError, ArgumentError, StoreError
from zarrscope.server.app import App

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from uvicorn import Server as _Uvicorn

    from zarrscope.store.contracts import Readable

LOOPBACK = "127.0.0.1"

_ON_THE_WAY = 2 << 20
"""Bytes that the system keeps for a client: a chunk in one go is one turn of the loop, and not five."""

_PATIENCE = 10.0
"""Seconds for a server to begin, and to end."""

_GRACE = 1
"""Seconds for open requests when it is stopped."""


class Server:
    """Stores over HTTP, in a thread of its own. A context manager.

    Parameters
    ----------
    stores : mapping of str to Readable
        By the name in their address.
    titles : mapping of str to str, optional
        How to call them for people.
    host : str
        Address to listen at; by default only this machine can reach it.
    port : int
        0 takes a free one.
    token : str, optional
        Prefix of every address; random by default, empty for none.

    Raises
    ------
    AccessError, StoreError
        The port is taken, or may not be used.
    ArgumentError
        There is no such port or address.
    """

    def __init__(
        self,
        stores: Mapping[str, Readable],
        titles: Mapping[str, str] | None = None,
        *,
        host: str = LOOPBACK,
        port: int = 0,
        token: str | None = None,
    ) -> None:
        self._token = secrets.token_urlsafe(24) if token is None else token
        self.app = App(stores, self._token, titles)
        self._ended = threading.Event()
        with ExitStack() as undo:
            undo.callback(self.app.close)
            self._socket = undo.enter_context(_listen(host, port))
            self.host, self._port = host, int(self._socket.getsockname()[1])
            self._server, self._thread = self._start()
            undo.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def url(self) -> str:
        """Address of the viewer, with the token; ends with a slash."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self._port}/{self._token}{'/' if self._token else ''}"

    def data(self, name: str) -> str:
        """Return the address of a store, for any Zarr client; ends with a slash."""
        return f"{self.url}data/{quote(name)}/"

    def wait(self) -> None:
        """Return once the server has been stopped, by another thread or by Ctrl-C (KeyboardInterrupt)."""
        # In short turns, since Windows would not hear of Ctrl-C; and no join, which counts a thread as ended
        # when it is interrupted (Python before 3.13).
        while not self._ended.wait(0.5):
            pass

    def close(self) -> None:
        """Stop: no new requests, a moment for those that go on."""
        self._server.should_exit = True
        self._thread.join(_PATIENCE)
        if self._thread.is_alive():  # someone holds a connection open
            self._server.force_exit = True
            self._thread.join(_PATIENCE)
        self.app.close()
        self._socket.close()

    def _start(self) -> tuple[_Uvicorn, threading.Thread]:
        import uvicorn

        config = uvicorn.Config(
            self.app, log_level="critical", access_log=False, server_header=False, date_header=False,
            timeout_graceful_shutdown=_GRACE, timeout_keep_alive=30, lifespan="off",
            proxy_headers=False, loop="asyncio", ws="none",
        )  # fmt: skip
        server = uvicorn.Server(config)
        thread = threading.Thread(target=self._run, args=(server,), name="zarrscope-server", daemon=True)
        thread.start()
        begun = threading.Event()
        for _ in range(int(_PATIENCE / 0.005)):
            if server.started or not thread.is_alive():
                break
            begun.wait(0.005)
        if not server.started:
            server.should_exit = True
            raise StoreError(f"{self.host}:{self._port}: the server did not begin; try another --port")
        return server, thread

    def _run(self, server: _Uvicorn) -> None:
        try:
            server.run(sockets=[self._socket])
        finally:
            self._ended.set()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named as TCP: only then does asyncio send small answers without waiting for more.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _ON_THE_WAY)
        listener.bind((host, port))
        listener.listen(128)
    except BaseException as error:
        listener.close()
        if isinstance(error, PermissionError):
            raise AccessError(f"port {port} may not be used: {error.strerror}; try --port 0") from error
        if isinstance(error, OverflowError | socket.gaierror):
            raise ArgumentError(f"{host}:{port} is no place to listen at: {error}") from error
        if isinstance(error, OSError):
            raise StoreError(f"{host}:{port}: {error.strerror}; another --port, or 0, may be free") from error
        raise
    return listener
