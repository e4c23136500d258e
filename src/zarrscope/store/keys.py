"""The grammar of keys: what may name a value, and nothing else."""

from __future__ import annotations

import re

from zarrscope.errors import InvalidKeyError

# Longest key that object stores take (S3: 1024 bytes of UTF-8).
LONGEST = 1024
_BAD_PART = re.compile(r"(?:^|/)(?:\.{0,2})(?:/|$)")
# Half characters stand in names of files that are no UTF-8, and only these (PEP 383).
_BAD_CHARACTER = re.compile(r"[\x00-\x1f\x7f\\\ud800-\udc7f\udd00-\udfff]")


def check_key(key: str) -> str:
    """Return the key if it obeys the grammar.

    A key is a relative path with ``/`` between its parts. No part is empty, ``.`` or ``..``;
    control characters and backslashes do not occur.

    Raises
    ------
    InvalidKeyError
        The key breaks the grammar, and might lead out of its root.
    """
    if not key or _BAD_PART.search(key) or _BAD_CHARACTER.search(key):
        raise InvalidKeyError(f"{key!r} is no key: use relative paths without '', '.', '..' or backslashes")
    if len(key) > LONGEST:
        raise InvalidKeyError(f"a key of {len(key)} characters is too long (at most {LONGEST})")
    return key


def without_secrets(address: str) -> str:
    """Return an address for messages: without user, password, query and fragment; paths stay as they are."""
    if "://" not in address:
        return address
    scheme, _, rest = address.partition("://")
    host, slash, path = re.split(r"[?#]", rest)[0].partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"


def join(*parts: str) -> str:
    """Return the parts as one key; empty ones are left out."""
    return "/".join(part.strip("/") for part in parts if part.strip("/"))


def cut(size: int, start: int, stop: int) -> tuple[int, int]:
    """Return the part of ``[start, stop)`` that lies inside a value of ``size`` bytes."""
    start = min(max(start, 0), size)
    return start, min(max(stop, start), size)
