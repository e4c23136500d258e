"""A value of a store as an answer: whole, in parts, its head alone, or nothing since it has not changed."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING

from zarrscope.errors import StoreError
from zarrscope.server.answer import Answer, text
from zarrscope.server.ranges import UnsatisfiableError, parse_range, part_heads
from zarrscope.store.contracts import Request

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from zarrscope.store.contracts import Buffer, Info, Readable, Value

Parts = list[tuple[int, int]]

_NO_TAG = re.compile(r"[^!#-~]")  # what may not stand between the quotes

DOCUMENTS = frozenset(("zarr.json", ".zgroup", ".zarray", ".zattrs", ".zmetadata"))


def answer_at_once(store: Readable, key: str, asked: Mapping[str, str], *, head: bool) -> Answer | None:
    """Return what is to be said of a value that is at hand; None where one would have to wait for it.

    A change of threads costs more than reading what the system has in memory.

    Parameters
    ----------
    store : Readable
        Holds it.
    key : str
        Obeys the grammar of keys.
    asked : mapping
        Fields of the request, in lower case.
    head : bool
        Whether the bytes themselves are not wanted.
    """
    look = getattr(store, "look", None)  # a Quick store; asking the protocol costs as much as the file
    value: Value | None = look(key) if look else None
    if value is None:
        return None
    try:
        fields = _fields(value.info, key)
        short, parts = _without_bytes(value.info, key, fields, asked, head=head)
        if short is not None:
            return short
        body = [value.at_once(*part) for part in parts or ((0, value.info.size),)]
    finally:
        value.close()
    there = [data for data in body if data is not None]
    return _with_bytes(value.info, key, fields, parts, there) if len(there) == len(body) else None


def answer_in_time(store: Readable, key: str, asked: Mapping[str, str], *, head: bool) -> Answer:
    """Return what is to be said of a value; waits for it.

    Parameters
    ----------
    store, key, asked, head
        See ``answer_at_once``.

    Raises
    ------
    ZarrscopeError
        The store failed, or knows that the value is lost.
    """
    info = store.head(key)
    if info is None:
        if not head:
            store.get(key)  # a store that knows what must be there says so
        return _absent(key)
    fields = _fields(info, key)
    short, parts = _without_bytes(info, key, fields, asked, head=head)
    if short is not None:
        return short
    found = store.get_many([Request(key, part) for part in parts] if parts else [Request(key)])
    body = [data for data in found if data is not None]
    if len(body) < len(found):
        return _absent(key)
    return _with_bytes(info, key, fields, parts, body)


def _absent(key: str) -> Answer:
    return text(404, f"{key} is not there")


def _fields(info: Info, key: str) -> dict[str, str]:
    kind = "application/json" if key.rpartition("/")[2] in DOCUMENTS else "application/octet-stream"
    return {
        "content-type": kind,
        "accept-ranges": "bytes",
        "etag": f'"{_NO_TAG.sub("", info.tag)}"',
        "cache-control": "no-cache",  # kept, but asked for again: what is being written to changes
    }


def _without_bytes(
    info: Info, key: str, fields: dict[str, str], asked: Mapping[str, str], *, head: bool
) -> tuple[Answer | None, Parts | None]:
    """Return the answer that needs no bytes, or the parts that are wanted (None: the whole)."""
    tag = fields["etag"]
    if _matches(asked.get("if-none-match", ""), tag):
        return Answer(304, fields), None
    wanted = asked.get("range") if asked.get("if-range", tag) == tag else None
    try:
        parts = None if head else parse_range(wanted, info.size)
    except UnsatisfiableError:
        told = {"content-range": f"bytes */{info.size}", "etag": tag}
        return text(416, f"{key} has {info.size} bytes", told), None
    if head:
        return Answer(200, fields, length=info.size), None
    return None, parts


def _with_bytes(
    info: Info, key: str, fields: dict[str, str], parts: Parts | None, body: Sequence[Buffer]
) -> Answer:
    wanted = parts or [(0, info.size)]
    if any(len(data) != stop - start for data, (start, stop) in zip(body, wanted, strict=True)):
        raise StoreError(f"{key} was changed while it was read; ask again")
    if parts is None:
        return Answer(200, fields, tuple(body))
    if len(parts) == 1:
        start, stop = parts[0]
        fields["content-range"] = f"bytes {start}-{stop - 1}/{info.size}"
        return Answer(206, fields, tuple(body))
    boundary = secrets.token_hex(12)
    heads = part_heads(parts, info.size, boundary)
    fields["content-type"] = f"multipart/byteranges; boundary={boundary}"
    joined = [piece for pair in zip(heads, body, strict=False) for piece in pair]
    return Answer(206, fields, (*joined, heads[-1]))


def _matches(header: str, tag: str) -> bool:
    """Return whether a field names a tag; weak ones count, as the comparison is weak (RFC 9110, 13.1.2)."""
    if not header:
        return False
    names = {name.strip().removeprefix("W/") for name in header.split(",")}
    return "*" in names or tag in names
