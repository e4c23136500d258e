"""What a validator needs to know of an array, read from its document without numpy and without its codecs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zarrscope.check.documents import Document
    from zarrscope.types import Shape

_V2_TYPE = re.compile(r"[<>|=]?([biufcmMSUVO])(\d*)(\[.*\])?")
_KINDS = {"i": "int", "u": "uint", "f": "float", "c": "complex"}
_V3 = ("shape", "data_type", "chunk_grid", "chunk_key_encoding", "fill_value", "codecs")
_V2 = ("shape", "chunks", "dtype", "compressor", "fill_value", "order", "filters")
_MOST_AXES = 32

INTEGERS = frozenset(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64))
"""Data types that label images may have."""


@dataclass(frozen=True, slots=True)
class ArrayFacts:
    """What the document of an array says, as far as structure goes.

    Parameters
    ----------
    shape, unit : tuple of int
        Of the array, and of what lies under one key: the shard, or the chunk where there are none.
    dtype : str
        Canonical name such as ``uint16``, without the byte order.
    nested : bool
        Whether keys begin with ``c`` (Zarr 3, ``default``).
    separator : str
        Between the numbers of a key.
    """

    shape: Shape
    unit: Shape
    dtype: str
    nested: bool
    separator: str

    @property
    def grid(self) -> Shape:
        """Number of units along each axis."""
        return tuple(ceil(n / u) for n, u in zip(self.shape, self.unit, strict=True))


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a document describes no array, and where."""

    pointer: str
    message: str


def facts(document: Document) -> ArrayFacts | Fault:
    """Return what the document of an array says, or the first thing that is wrong with it."""
    parsed = document.array
    found = parsed.array
    if not isinstance(found, ArrayFacts | Fault):
        value = parsed.value if isinstance(parsed.value, dict) else {}
        found = parsed.array = _v3(value) if document.zarr_format == 3 else _v2(value)
    return found


def names(document: Document) -> tuple[Any, ...] | None:
    """Return what an array calls its dimensions, None where it does not."""
    if document.zarr_format == 3:
        found = (
            document.parsed.value.get("dimension_names") if isinstance(document.parsed.value, dict) else None
        )
    else:
        found = document.attributes.get("_ARRAY_DIMENSIONS")
    return tuple(found) if isinstance(found, list) else None


def shape_key(document: Document) -> str:
    """Return the file that describes the array; in Zarr 2 it is not the one with the attributes."""
    return document.file if document.zarr_format == 3 else document.file.removesuffix(".zattrs") + ".zarray"


def _v3(value: Mapping[str, Any]) -> ArrayFacts | Fault:
    if missing := [name for name in _V3 if name not in value]:
        return Fault("", f"{', '.join(missing)} must be given")
    grid = value["chunk_grid"]
    inner = grid.get("configuration") if isinstance(grid, dict) else None
    if not isinstance(inner, dict) or grid.get("name") != "regular":
        return Fault("/chunk_grid", "the grid of chunks must be regular, with its configuration")
    shape = _sizes(value["shape"], 0)
    unit = _sizes(inner.get("chunk_shape"), 1)
    if shape is None:
        return Fault("/shape", f"{_shown(value['shape'])} is no list of sizes")
    if unit is None or len(unit) != len(shape):
        said = _shown(inner.get("chunk_shape"))
        return Fault("/chunk_grid/configuration/chunk_shape", f"{said} does not fit {len(shape)} dimensions")
    encoding = value["chunk_key_encoding"]
    name = encoding.get("name") if isinstance(encoding, dict) else encoding
    if name not in ("default", "v2"):
        return Fault("/chunk_key_encoding", f"{_shown(encoding)} is neither 'default' nor 'v2'")
    options = encoding.get("configuration") if isinstance(encoding, dict) else None
    separator = options.get("separator") if isinstance(options, dict) else None
    separator = separator or ("/" if name == "default" else ".")
    if separator not in ("/", "."):
        return Fault("/chunk_key_encoding/configuration/separator", f"{_shown(separator)} is neither / nor .")
    codecs = value["codecs"]
    if not isinstance(codecs, list) or not codecs:
        return Fault("/codecs", "codecs must be a list of at least one")
    dtype = value["data_type"]
    dtype = dtype.get("name") if isinstance(dtype, dict) else dtype
    if not isinstance(dtype, str):
        return Fault("/data_type", f"{_shown(dtype)} is no data type")
    return ArrayFacts(shape, unit, dtype, name == "default", separator)


def _v2(value: Mapping[str, Any]) -> ArrayFacts | Fault:
    if missing := [name for name in _V2 if name not in value]:
        return Fault("", f"{', '.join(missing)} must be given")
    shape, unit = _sizes(value["shape"], 0), _sizes(value["chunks"], 1)
    if shape is None:
        return Fault("/shape", f"{_shown(value['shape'])} is no list of sizes")
    if unit is None or len(unit) != len(shape):
        return Fault("/chunks", f"{_shown(value['chunks'])} does not fit {len(shape)} dimensions")
    separator = value.get("dimension_separator") or "."
    if separator not in ("/", "."):
        return Fault("/dimension_separator", f"{_shown(separator)} is neither / nor .")
    dtype = _v2_name(value["dtype"])
    if dtype is None:
        return Fault("/dtype", f"{_shown(value['dtype'])} is no data type")
    return ArrayFacts(shape, unit, dtype, False, separator)


def _v2_name(said: Any) -> str | None:
    """Return the canonical name of a type: ``<u2`` and ``>u2`` are ``uint16``."""
    if isinstance(said, list):
        return "structured"
    match = _V2_TYPE.fullmatch(said) if isinstance(said, str) and len(said) < 64 else None
    if match is None:
        return None
    kind, size = match[1], match[2]
    if kind in _KINDS and size:
        return f"{_KINDS[kind]}{int(size) * 8}"
    return "bool" if kind == "b" else f"{kind}{size}"


def _sizes(said: Any, least: int) -> Shape | None:
    if not isinstance(said, list) or len(said) > _MOST_AXES:
        return None
    if not all(type(n) is int and least <= n < 1 << 63 for n in said):
        return None
    return tuple(said)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
