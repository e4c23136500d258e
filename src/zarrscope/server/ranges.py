"""Parts of values, as HTTP asks for them (RFC 9110, section 14)."""

from __future__ import annotations

import re

MOST = 64
"""Parts in one request; whoever asks for more gets the whole value (RFC 9110, section 14.2)."""

_SPEC = re.compile(r"^(\d{0,19})-(\d{0,19})$")


class UnsatisfiableError(Exception):
    """No part that was asked for lies inside the value."""


def parse_range(header: str | None, size: int) -> list[tuple[int, int]] | None:
    """Return the parts that a header asks for, each ``(start, stop)`` inside the value.

    Parameters
    ----------
    header : str, optional
        Value of the ``Range`` field.
    size : int
        Of the value in bytes.

    Returns
    -------
    list of (int, int), or None
        None where the whole value is to be sent: no header, another unit, a form that is none, too many
        parts, or parts that come to more than the whole.

    Raises
    ------
    UnsatisfiableError
        None of the parts lies inside the value.
    """
    unit, _, specs = (header or "").partition("=")
    if unit.strip().lower() != "bytes":
        return None
    words = specs.split(",")
    if len(words) > MOST:
        return None
    parts = []
    for word in words:
        found = _SPEC.match(word.strip())
        if found is None or not (found[1] or found[2]):
            return None
        if found[1] and found[2] and int(found[1]) > int(found[2]):
            return None
        start, stop = _cut(found[1], found[2], size)
        if start < stop:
            parts.append((start, stop))
    if not parts:
        raise UnsatisfiableError
    if len(parts) > 1 and sum(stop - start for start, stop in parts) > size:
        return None
    return parts


def _cut(first: str, last: str, size: int) -> tuple[int, int]:
    if not first:
        return max(0, size - int(last)), size
    return int(first), min(size, int(last) + 1) if last else size


def part_heads(parts: list[tuple[int, int]], size: int, boundary: str) -> list[bytes]:
    """Return what stands before each part of a ``multipart/byteranges`` body, and after the last."""
    heads = [
        f"\r\n--{boundary}\r\nContent-Type: application/octet-stream\r\n"
        f"Content-Range: bytes {start}-{stop - 1}/{size}\r\n\r\n".encode()
        for start, stop in parts
    ]
    return [*heads, f"\r\n--{boundary}--\r\n".encode()]
