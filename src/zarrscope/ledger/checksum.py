"""The checksum of the ledger: fast, and no chance lets a change pass; intent is another matter."""

from __future__ import annotations

from typing import Any

from xxhash import xxh3_64_intdigest

ALGORITHM = "xxh3-64"
"""Its name: XXH3 with 64 bits."""


def checksum(data: Any) -> int:
    """Return the checksum of a buffer, which is not copied."""
    return int(xxh3_64_intdigest(data))
