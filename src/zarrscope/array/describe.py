"""New arrays: from what is wanted to the description and its documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from zarrscope.array import metadata_v2, metadata_v3
from zarrscope.array.metadata import ArrayMetadata, Codec
from zarrscope.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def to_documents(metadata: ArrayMetadata) -> dict[str, dict[str, Any]]:
    """Return the documents of an array by file name: ``zarr.json``, or ``.zarray`` and ``.zattrs``."""
    if metadata.zarr_format == 3:
        return {"zarr.json": metadata_v3.encode(metadata)}
    documents = {".zarray": metadata_v2.encode(metadata)}
    return documents | ({".zattrs": dict(metadata.attributes)} if metadata.attributes else {})


def describe(
    shape: Sequence[int],
    dtype: Any,
    chunks: Sequence[int],
    *,
    shards: Sequence[int] | None = None,
    codecs: Sequence[Codec] = (),
    zarr_format: int = 3,
    fill_value: Any = 0,
    byteorder: str = "little",
    order: str = "C",
    separator: str = "/",
    key_encoding: str | None = None,
    dimension_names: Sequence[str | None] | None = None,
    attributes: Mapping[str, Any] | None = None,
    index_location: str = "end",
) -> ArrayMetadata:
    """Return the description of a new array; whatever is impossible is refused as it would be when read.

    Parameters
    ----------
    shape, chunks, shards : sequence of int
        Sizes along each axis; a shard is a whole number of chunks.
    dtype : dtype-like
        Boolean, integer, float or complex.
    codecs : sequence of Codec
        What happens to one chunk besides its turning into bytes (see
        :func:`zarrscope.array.presets.preset`); v3 names for v3, numcodecs ids for v2.
    zarr_format, fill_value, byteorder, order, separator, key_encoding, dimension_names, attributes
        See :class:`ArrayMetadata`.
    index_location : str
        ``end`` or ``start`` of a shard.

    Raises
    ------
    ArgumentError, MetadataError, UnsupportedError
        If there can be no such array.
    """
    kind = np.dtype(dtype).newbyteorder("=")
    fill = None if fill_value is None else np.asarray(fill_value).astype(kind)[()]
    document: dict[str, Any]
    if zarr_format == 2:
        if shards is not None:
            raise ArgumentError("Zarr v2 has no shards; leave them out or write version 3")
        partial = ArrayMetadata(
            2, tuple(shape), kind, tuple(chunks), None, fill, byteorder, order, "v2", separator,
            tuple(codecs), attributes=dict(attributes or {}),
        )  # fmt: skip
        document = metadata_v2.encode(partial)
        return metadata_v2.decode(document, dict(attributes or {}))
    listed = metadata_v3.with_bytes(codecs, byteorder, order, len(shape))
    if shards is not None:
        listed = (metadata_v3.sharding(chunks, listed, index_location),)
    names = tuple(dimension_names) if dimension_names is not None else None
    partial = ArrayMetadata(
        3, tuple(shape), kind, tuple(shards or chunks), None, fill, byteorder, "C", key_encoding or "default",
        separator, listed, names, dict(attributes or {}),
    )  # fmt: skip
    return metadata_v3.decode(metadata_v3.encode(partial))
