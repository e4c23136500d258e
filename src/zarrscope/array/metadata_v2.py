"""``.zarray`` (and ``.zattrs``), to and from :class:`~zarrscope.array.metadata.ArrayMetadata`.

Source: Zarr v2, "Arrays".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from zarrscope.array import dtypes
from zarrscope.array.metadata import ArrayMetadata, Codec, check_chunk_bytes, check_sizes
from zarrscope.errors import MetadataError

if TYPE_CHECKING:
    from collections.abc import Mapping

_OURS = {
    "zarr_format", "shape", "chunks", "dtype", "compressor", "fill_value", "order", "filters",
    "dimension_separator",
}  # fmt: skip
_REQUIRED = ("shape", "chunks", "dtype", "compressor", "fill_value", "order")
_DIGITS = re.compile(r"-?[0-9]{1,20}")
COMPRESSORS = ("blosc", "zlib", "gzip", "bz2", "lzma", "lz4", "zstd")


def decode(
    document: Mapping[str, Any], attributes: Mapping[str, Any] | None = None, file: str = ".zarray"
) -> ArrayMetadata:
    """Return what a parsed ``.zarray`` says, with the attributes of its ``.zattrs``.

    Raises
    ------
    MetadataError
        If it is no valid description.
    UnsupportedError
        If it is, but of something that cannot be read here.
    """
    if not isinstance(document, dict):
        raise MetadataError(f"{file}: the document must be an object")
    if document.get("zarr_format") != 2:
        raise MetadataError(f"{file}: zarr_format must be 2, not {document.get('zarr_format')!r:.80}")
    missing = [name for name in _REQUIRED if name not in document]
    if missing:
        raise MetadataError(f"{file}: {', '.join(missing)} must be given")
    shape = check_sizes(file, "shape", document["shape"])
    chunks = check_sizes(file, "chunks", document["chunks"], least=1, axes=len(shape))
    dtype, byteorder = dtypes.dtype_v2(document["dtype"], file)
    check_chunk_bytes(file, chunks, dtype)
    order = document["order"]
    if order not in ("C", "F"):
        raise MetadataError(f"{file}: order must be 'C' or 'F', not {order!r:.80}")
    separator = document.get("dimension_separator") or "."
    if separator not in (".", "/"):
        raise MetadataError(f"{file}: dimension_separator must be '.' or '/', not {separator!r:.80}")
    fill = document["fill_value"]
    # Early bioformats2raw wrote numbers as strings.
    if isinstance(fill, str) and dtype.kind in "iuf" and _DIGITS.fullmatch(fill):
        fill = int(fill)
    return ArrayMetadata(
        zarr_format=2,
        shape=shape,
        dtype=dtype,
        chunks=chunks,
        fill_value=None if fill is None else dtypes.fill_from_json(fill, dtype, file),
        byteorder=byteorder,
        order=order,
        key_encoding="v2",
        separator=separator,
        codecs=_codecs(document, file),
        attributes=attributes or {},
        extra={name: value for name, value in document.items() if name not in _OURS},
    )


def encode(metadata: ArrayMetadata) -> dict[str, Any]:
    """Return the ``.zarray`` of an array."""
    listed = [{"id": codec.name, **codec.configuration} for codec in metadata.codecs]
    compressor = listed.pop() if listed and listed[-1]["id"] in COMPRESSORS else None
    stored = metadata.stored_dtype
    return {
        "zarr_format": 2,
        "shape": list(metadata.shape),
        "chunks": list(metadata.chunks),
        "dtype": stored.str if stored.names is None else [list(field) for field in stored.descr],
        "compressor": compressor,
        "fill_value": None if metadata.fill_value is None else dtypes.fill_to_json(metadata.fill_value, 2),
        "order": metadata.order,
        "filters": listed or None,
        "dimension_separator": metadata.separator,
        **metadata.extra,
    }


def _codecs(document: Mapping[str, Any], file: str) -> tuple[Codec, ...]:
    filters = document.get("filters") or []
    if not isinstance(filters, list):
        raise MetadataError(f"{file}: filters must be a list or null")
    compressor = document["compressor"]
    codecs = []
    for item in [*filters, *([] if compressor is None else [compressor])]:
        if not isinstance(item, dict) or not isinstance(item.get("id"), str):
            raise MetadataError(
                f"{file}: a filter or compressor must be an object with an id, not {item!r:.80}"
            )
        codecs.append(Codec(item["id"], {name: value for name, value in item.items() if name != "id"}))
    return tuple(codecs)
