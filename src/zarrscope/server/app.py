"""The ASGI application: named stores, the viewer, and a few questions about them.

Everything lies below one prefix, the token. So every address that one can make out of another is as open
as that one: pages use relative addresses, and any Zarr client reads data without knowing of tokens::

    /TOKEN/                     the viewer
    /TOKEN/data/NAME/KEY        the value at KEY in the store NAME
    /TOKEN/api/info             which stores there are
    /TOKEN/api/validate?name=   what is wrong with one of them
"""

from __future__ import annotations

import asyncio
import hmac
import json
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote

from zarrscope.check.validate import validate
from zarrscope.errors import InvalidKeyError, ZarrscopeError
from zarrscope.executor import cores
from zarrscope.server.answer import PREFLIGHT, Answer, give, text
from zarrscope.server.hosts import is_local
from zarrscope.server.status import status_of
from zarrscope.server.values import answer_at_once, answer_in_time
from zarrscope.store.keys import check_key
from zarrscope.viewer.assets import ASSETS, POLICY, page

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zarrscope.server.answer import Message, Receive, Send
    from zarrscope.store.contracts import Readable

VERSION = 1
"""Of what ``api/info`` says."""

_GONE = 499
"""What nobody hears; as nginx has it."""

_READ = frozenset((b"authorization", b"host", b"if-none-match", b"if-range", b"origin", b"range"))
"""Fields of requests that are of interest; ASGI gives their names in lower case."""

_JSON = {"content-type": "application/json", "cache-control": "no-store"}


class App:
    """Serves stores by name. An ASGI 3 application.

    Parameters
    ----------
    stores : mapping of str to Readable
        By the name in their address; nothing else is visible.
    token : str, optional
        Prefix of every address; without it everybody who reaches the server may read.
    titles : mapping of str to str, optional
        How to call them for people; their names by default.
    local : bool
        Whether requests are refused that come from pages of elsewhere: for a server that this machine alone
        can reach, without a token. (Whoever has a token may be anybody: other viewers, proxies.)
    """

    def __init__(
        self,
        stores: Mapping[str, Readable],
        token: str = "",
        titles: Mapping[str, str] | None = None,
        *,
        local: bool = False,
    ) -> None:
        self.stores, self.titles = dict(stores), dict(titles or {})
        self._token, self._local = token.encode(), local
        self._pool = ThreadPoolExecutor(cores() + 2, "zarrscope-server")

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            method = scope["method"]
            await give(await self._answer(method, scope, receive), send, head=method == "HEAD")
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})

    def close(self) -> None:
        """Stop all that goes on for requests."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                self.close()
                return

    async def _answer(self, method: str, scope: Mapping[str, Any], receive: Receive) -> Answer:
        asked = {name.decode(): value.decode("latin-1") for name, value in scope["headers"] if name in _READ}
        if self._local and not all(is_local(asked[name]) for name in ("host", "origin") if name in asked):
            return text(403, "this server is for programs and pages of its own machine")
        if method == "OPTIONS":
            return Answer(204, PREFLIGHT)
        if method not in ("GET", "HEAD"):
            return text(405, f"{method} is not for this server: it only reads", {"allow": PREFLIGHT["allow"]})
        path = self._below_token(scope["path"], asked)
        if path is None and self._below_token(f"{scope['path']}/", {}) == "":
            return self._with_slash(scope["query_string"])
        if path is None:
            return text(403, "the address lacks its token: use the whole address that was printed")
        try:
            return await self._route(path, scope, asked, receive, head=method == "HEAD")
        except InvalidKeyError:
            return text(404, "nothing can stand there: this is no key")
        except ZarrscopeError as error:
            return text(status_of(error), " ".join(str(error).split()))

    def _below_token(self, path: str, asked: Mapping[str, str]) -> str | None:
        """Return the rest of a path, or None where neither it nor the request has the token."""
        first, slash, rest = path.removeprefix("/").partition("/")
        if not self._token:
            return path.removeprefix("/")
        if slash and hmac.compare_digest(first.encode("utf-8", "replace"), self._token):
            return rest
        said = asked.get("authorization", "").encode("utf-8", "replace")
        if hmac.compare_digest(said, b"Bearer " + self._token):
            return path.removeprefix("/")
        return None

    def _with_slash(self, query: bytes) -> Answer:
        """Lead to the page whose address lost its last slash: what it names is relative to that."""
        place = f"{self._token.decode()}/" + (f"?{query.decode('latin-1')}" if query else "")
        return Answer(307, {"location": place, "cache-control": "no-store"})

    async def _route(
        self, path: str, scope: Mapping[str, Any], asked: Mapping[str, str], receive: Receive, *, head: bool
    ) -> Answer:
        room, _, rest = path.partition("/")
        if room == "data":
            name, _, key = rest.partition("/")
            key = key.lstrip("/")  # clients join addresses that end with a slash to keys with another
            if name not in self.stores:
                return text(404, f"there is no image {name!r} here; api/info lists them")
            quick = answer_at_once(self.stores[name], check_key(key), asked, head=head)
            return quick or await self._value(self.stores[name], key, asked, receive, head=head)
        if path == "api/info":
            return Answer(200, _JSON, (json.dumps(self._info()).encode(),))
        if path == "api/validate":
            names = parse_qs(scope["query_string"].decode("latin-1")).get("name", [""])
            return await self._validate(names[0])
        if path == "" or path in ASSETS:
            return _asset(path or "index.html", asked)
        return text(404, f"there is no page {path!r}")

    async def _value(
        self, store: Readable, key: str, asked: Mapping[str, str], receive: Receive, *, head: bool
    ) -> Answer:
        """Answer in a thread, unless the client leaves first, since its view has moved on."""
        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(self._pool, partial(answer_in_time, store, key, asked, head=head))
        leaving = asyncio.ensure_future(_left(receive))
        try:
            await asyncio.wait((work, leaving), return_when=asyncio.FIRST_COMPLETED)
            return work.result() if work.done() else Answer(_GONE, {})
        finally:
            leaving.cancel()
            work.cancel()

    def _info(self) -> dict[str, Any]:
        images = [
            {"name": name, "title": self.titles.get(name, name), "source": f"data/{quote(name)}/"}
            | (store.told() if hasattr(store, "told") else {})
            for name, store in self.stores.items()
        ]
        return {"version": VERSION, "images": images}

    async def _validate(self, name: str) -> Answer:
        if name not in self.stores:
            return text(404, f"there is no image {name!r} here; api/info lists them")
        loop, store = asyncio.get_running_loop(), self.stores[name]
        stored = getattr(store, "stored", store)  # of what was added nobody has to hear
        found = await loop.run_in_executor(self._pool, validate, stored)
        return Answer(200, _JSON, (json.dumps(found.to_json()).encode(),))


def _asset(name: str, asked: Mapping[str, str]) -> Answer:
    if name not in ASSETS:
        return text(404, "the viewer is not built here ('make web' builds it); data can be read all the same")
    kind, tag = ASSETS[name]
    fields = {"content-type": kind, "etag": tag, "cache-control": "no-cache", **POLICY}
    if asked.get("if-none-match") == tag:
        return Answer(304, fields)
    return Answer(200, fields, (page(name),))


async def _left(receive: Receive) -> None:
    message: Message = {"type": ""}
    while message["type"] != "http.disconnect":
        message = await receive()
