"""Sizes in bytes as people write them."""

from __future__ import annotations

import re

from zarrscope.errors import ArgumentError

_UNITS = {
    "": 1, "B": 1, "K": 10**3, "KB": 10**3, "M": 10**6, "MB": 10**6, "G": 10**9, "GB": 10**9, "T": 10**12,
    "TB": 10**12, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40,
}  # fmt: skip
_LARGEST = 2**63 - 1
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]*)\s*")


def parse_size(text: str) -> int:
    """Return the number of bytes that ``256MB``, ``1.5 GiB`` or ``1000`` means.

    Raises
    ------
    ArgumentError
        The text is no size.
    """
    match = _SIZE.fullmatch(text)
    if not match or match[2].upper() not in _UNITS:
        raise ArgumentError(f"{text!r:.60} is no size; write for example 256MB or 2GiB")
    size = float(match[1]) * _UNITS[match[2].upper()]
    if size > _LARGEST:
        raise ArgumentError(f"{text!r:.60} is more than any machine has; write for example 256MB or 2GiB")
    return int(size)


def format_size(size: float) -> str:
    """Return a number of bytes for people (decimal units, so that 1 MB is 1,000,000 bytes)."""
    for unit, step in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= step:
            return f"{size / step:.3g}{unit}" if size < 999.5 * step else f"{size / step:.0f}{unit}"
    return f"{size:.0f}B"
