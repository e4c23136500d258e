"""A server that runs beside whatever else the process does, until it is stopped."""

from __future__ import annotations

import secrets
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING, Self
from urllib.parse import quote

from zarrscope.errors import StoreError
from zarrscope.server.app import App
from zarrscope.server.hosts import LOOPBACK, is_loopback, listen, reachable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from uvicorn import Server as _Uvicorn

    from zarrscope.store.contracts import Readable

_CONNECTIONS = 256
"""More are told to come again (503): each may have a chunk in memory that is being sent."""

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
        self.host = host
        self._ended = threading.Event()
        with ExitStack() as undo:
            self._socket = undo.enter_context(listen(host, port))
            self.alone = is_loopback(self._socket)
            """Whether this machine alone can reach it."""
            path = f"{self._token}/" if self._token else ""
            self.urls = tuple(f"http://{place}/{path}" for place in reachable(self._socket))
            """Addresses of the viewer: for this machine, then for others, where they need another one."""
            self.app = App(stores, self._token, titles, local=self.alone and not self._token)
            undo.callback(self.app.close)
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
        """Address of the viewer for this machine, with the token; ends with a slash."""
        return self.urls[0]

    def data(self, name: str) -> str:
        """Return the address of a store, for any Zarr client that can reach the server; ends with a slash."""
        return f"{self.urls[-1]}data/{quote(name)}/"

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
            proxy_headers=False, loop="asyncio", ws="none", limit_concurrency=_CONNECTIONS,
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
            raise StoreError(f"the server did not begin at {self.urls[0]}; try another --port")
        return server, thread

    def _run(self, server: _Uvicorn) -> None:
        try:
            server.run(sockets=[self._socket])
        finally:
            self._ended.set()
