"""What attacks are made of: arrays of one chunk, keys that lead elsewhere, and a great many zeros."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

BOMB = 512 << 20
CHUNK = (64, 64)


def array_v3(
    folder: Path,
    codecs: list[Any],
    data: bytes | None,
    *,
    shape: Any = CHUNK,
    chunks: Any = CHUNK,
    chain: list[Any] | None = None,
    **more: Any,
) -> Path:
    """Write an array of one chunk; ``chain`` are all of its codecs, and not only those behind ``bytes``."""
    document = {
        "zarr_format": 3, "node_type": "array", "shape": shape, "data_type": "uint8", "fill_value": 0,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": chunks}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "codecs": chain or [{"name": "bytes"}, *codecs], "attributes": {},
    }  # fmt: skip
    folder.mkdir(parents=True)
    (folder / "zarr.json").write_text(json.dumps(document | more))
    if data is not None:
        path = folder / "c/0/0"
        path.parent.mkdir(parents=True)
        path.write_bytes(data)
    return folder


def array_v2(folder: Path, data: bytes | None, **more: Any) -> Path:
    """Write an array of one chunk in the older format."""
    document = {
        "zarr_format": 2, "shape": CHUNK, "chunks": CHUNK, "dtype": "|u1", "fill_value": 0, "order": "C",
        "compressor": None, "filters": None,
    }  # fmt: skip
    folder.mkdir(parents=True)
    (folder / ".zarray").write_text(json.dumps(document | more))
    if data is not None:
        (folder / "0.0").write_bytes(data)
    return folder


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def zeros_through(make: Any, total: int = BOMB) -> bytes:
    """Feed zeros to a compressor that works piece by piece."""
    piece = bytes(1 << 20)
    return b"".join(make.compress(piece) for _ in range(total >> 20)) + make.flush()


TRAVERSALS = [
    "../secret",
    "a/../../secret",
    "a/b/../../../secret",
    "./../secret",
    "..",
    "../",
    "/etc/passwd",
    "//etc/passwd",
    "..\\secret",
    "a\\..\\..\\secret",
    "C:\\secret",
    "C:/secret",
    "%2e%2e/secret",
    "%2e%2e%2fsecret",
    "..%2fsecret",
    "%252e%252e%252fsecret",
    "..%5csecret",
    "%00/../secret",
    "..\0/secret",
    "\0../secret",
    "../secret\0.json",
    "..;/secret",
    ".../secret",
    "....//secret",
    "\u2025/secret",
    "\uff0e\uff0e/secret",
    "\u2024\u2024/secret",
    "..\u2215secret",
    "..\uff0fsecret",
    "\udcc0\udcae\udcc0\udcae/secret",
    "\udc2e\udc2e/secret",
    "\ud800/secret",
    "~/secret",
    "~root/secret",
    "$HOME/secret",
    "file:///etc/passwd",
    "../secret?x",
    "a/\r\n/../secret",
    "a//secret",
    " ../secret",
    "..  /secret",
    "a/./secret",
    "",
    ".",
    "/",
    "a/" * 2000 + "b",
    "x" * 5000,
    "\x7f",
    "\n",
]
