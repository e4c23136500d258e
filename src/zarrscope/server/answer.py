"""What the server says: status, fields, body; and how that goes out by ASGI."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zarrscope.store.contracts import Buffer

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

OPEN = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"accept-ranges, content-length, content-range, etag"),
    (b"cross-origin-resource-policy", b"cross-origin"),
    (b"x-content-type-options", b"nosniff"),
)
"""Fields of every answer: pages of any origin may read data, whose address they must have been given."""

PREFLIGHT = {
    "access-control-allow-methods": "GET, HEAD, OPTIONS",
    "access-control-allow-headers": "authorization, cache-control, if-none-match, if-range, range",
    "access-control-allow-private-network": "true",
    "access-control-max-age": "86400",
    "allow": "GET, HEAD, OPTIONS",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, fields beyond those of every answer, and the body.

    Parameters
    ----------
    status : int
        Of HTTP.
    fields : mapping
        Names in lower case.
    body : sequence of buffers
        Sent one after the other.
    length : int, optional
        Of the body, where it is not sent (HEAD).
    """

    status: int
    fields: Mapping[str, str]
    body: tuple[Buffer, ...] = ()
    length: int | None = None


def text(status: int, message: str, fields: Mapping[str, str] | None = None) -> Answer:
    """Return a line for people."""
    body = f"{message}\n".encode("utf-8", "replace")
    return Answer(status, {"content-type": "text/plain; charset=utf-8", **(fields or {})}, (body,))


async def give(answer: Answer, send: Send, *, head: bool = False) -> None:
    """Send an answer.

    Parameters
    ----------
    answer : Answer
        What to say.
    send : callable
        Of ASGI.
    head : bool
        Leave the body out.
    """
    length = sum(map(len, answer.body)) if answer.length is None else answer.length
    headers = list(OPEN)
    headers += [(name.encode(), value.encode("latin-1", "replace")) for name, value in answer.fields.items()]
    bare = answer.status in (204, 304)
    if not bare:
        headers.append((b"content-length", b"%d" % length))
    parts = () if head or bare else answer.body
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    for part in parts[:-1]:
        await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body", "body": parts[-1] if parts else b""})
