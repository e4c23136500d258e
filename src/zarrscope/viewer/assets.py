"""The files of the viewer, as they were built from ``web/``."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

_KINDS = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
    ".json": "application/json",
}

POLICY = {
    "referrer-policy": "no-referrer",  # the address holds the token
    "content-security-policy": "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "worker-src 'self'",
            "style-src 'self'",
            "img-src 'self' blob: data:",
            "font-src 'self'",
            "connect-src *",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'self'",
        )
    ),
}
"""Of the pages: no script but ours, none inline, none made of text."""


def _static() -> Traversable:
    return files("zarrscope.viewer").joinpath("static")


def _walk(folder: Traversable, prefix: str = "") -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    for entry in folder.iterdir():
        name = f"{prefix}{entry.name}"
        if entry.is_dir():
            found |= _walk(entry, f"{name}/")
        elif (kind := _KINDS.get(name[name.rfind(".") :])) is not None:
            found[name] = (kind, f'"{hashlib.sha256(entry.read_bytes()).hexdigest()[:16]}"')
    return found


ASSETS = _walk(_static())
"""Type and tag of every file, by its path."""


@lru_cache(maxsize=64)
def page(name: str) -> bytes:
    """Return the bytes of a file.

    Parameters
    ----------
    name : str
        One of ``ASSETS``.
    """
    return _static().joinpath(*name.split("/")).read_bytes()
