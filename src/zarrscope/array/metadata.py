"""What an array is, whatever version wrote it down.

The versions are in :mod:`zarrscope.array.metadata_v2` and :mod:`zarrscope.array.metadata_v3`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from zarrscope.array.dtypes import DType, stored
from zarrscope.errors import MetadataError, UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from zarrscope.types import Shape

MAX_CHUNK_BYTES = (1 << 31) - 1
"""No chunk may decode to more: blosc cannot hold more, and a document must not make us allocate more."""

MAX_SHARD_CHUNKS = 1 << 21
"""No shard may hold more chunks: its index is read whole, 16 bytes a chunk."""

MAX_AXES = 32


class Codec(NamedTuple):
    """A codec as a document names it.

    Parameters
    ----------
    name : str
        As in a v3 document (``blosc``, ``numcodecs.delta``); in v2 the ``id`` of numcodecs.
    configuration : mapping
        Its options, as JSON.
    """

    name: str
    configuration: Mapping[str, Any] = {}


@dataclass(frozen=True)
class ArrayMetadata:
    """Description of an array.

    Parameters
    ----------
    zarr_format : int
        2 or 3.
    shape : tuple of int
        Number of pixels along each axis.
    dtype : numpy.dtype
        In native byte order.
    chunks : tuple of int
        The unit of decoding; with sharding, the inner chunk.
    shards : tuple of int, optional
        The unit of storage where it holds several chunks that can be read one by one.
    fill_value : numpy scalar, optional
        Stands for pixels of missing chunks; None (v2 ``null``) means undefined and reads as 0.
    byteorder : str
        ``little`` or ``big``, as stored.
    order : str
        ``C`` or ``F`` within a chunk (v2; v3 says it with a transpose codec).
    key_encoding, separator : str
        ``default`` (``c/0/0``) or ``v2`` (``0.0``), and what stands between the numbers.
    codecs : tuple of Codec
        v3: as listed in the document. v2: filters, then the compressor.
    dimension_names : tuple of (str or None), optional
        Names of the axes (v3).
    attributes : mapping
        User attributes.
    extra : mapping
        Members of the document that are not ours and may be ignored.
    """

    zarr_format: int
    shape: Shape
    dtype: DType
    chunks: Shape
    shards: Shape | None = None
    fill_value: Any = None
    byteorder: str = "little"
    order: str = "C"
    key_encoding: str = "default"
    separator: str = "/"
    codecs: tuple[Codec, ...] = ()
    dimension_names: tuple[str | None, ...] | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def unit(self) -> Shape:
        """Shape of what lies under one key: the shard, or the chunk where there are none."""
        return self.shards or self.chunks

    @property
    def stored_dtype(self) -> DType:
        """The type in the byte order in which it is stored."""
        return stored(self.dtype, self.byteorder)

    @property
    def fill(self) -> Any:
        """The fill value to read with: 0 where it is undefined."""
        if self.fill_value is not None:
            return self.fill_value
        return "" if self.dtype.kind == "O" else np.zeros((), self.dtype)[()]

    def key(self, unit: Sequence[int]) -> str:
        """Return the key, below the array, of the unit at this place of the grid.

        Zarr v3 core, "Chunk key encoding"; Zarr v2, "Chunks". An array without axes has one chunk.
        """
        if self.key_encoding == "default":
            return self.separator.join(("c", *map(str, unit)))
        return self.separator.join(map(str, unit)) or "0"


def check_sizes(file: str, what: str, shape: Any, *, least: int = 0, axes: int | None = None) -> Shape:
    """Return a list of sizes from a document as a tuple of int.

    Parameters
    ----------
    file, what : str
        Document and member, for messages.
    shape : Any
        What stands there.
    least : int
        Smallest size that is allowed.
    axes : int, optional
        How many sizes there must be.

    Raises
    ------
    MetadataError
        If it is no list of integers from ``least`` to 2**63 - 1, or has another number of axes.
    """
    if not isinstance(shape, list | tuple):
        raise MetadataError(f"{file}: {what} must be a list of integers, not {shape!r:.80}")
    if len(shape) > MAX_AXES:
        raise MetadataError(f"{file}: {what} has {len(shape)} axes; at most {MAX_AXES} are possible")
    for n in shape:
        if isinstance(n, bool) or not isinstance(n, int) or not least <= n < 1 << 63:
            raise MetadataError(
                f"{file}: {what} holds {n!r:.40}; each size must be an integer from {least} to 2**63 - 1"
            )
    if axes is not None and len(shape) != axes:
        raise MetadataError(f"{file}: {what} has {len(shape)} axes, but the array has {axes}")
    return tuple(shape)


def check_chunk_bytes(file: str, chunks: Shape, dtype: DType) -> None:
    """Refuse chunks that would decode to more than ``MAX_CHUNK_BYTES``, before anything is allocated."""
    size = prod(chunks) * dtype.itemsize
    if size > MAX_CHUNK_BYTES:
        raise UnsupportedError(
            f"{file}: one chunk of {list(chunks)} {dtype!s:.80} has {size} bytes; the limit is "
            f"{MAX_CHUNK_BYTES}"
        )


def check_shards(file: str, shards: Shape, chunks: Shape) -> None:
    """Refuse shards that are not a whole number of chunks along each axis (sharding codec, "chunk_shape")."""
    if len(shards) != len(chunks) or any(s % c for s, c in zip(shards, chunks, strict=False)):
        raise MetadataError(f"{file}: shards {list(shards)} are no multiple of their chunks {list(chunks)}")
    count = prod(s // c for s, c in zip(shards, chunks, strict=True))
    if count > MAX_SHARD_CHUNKS:
        raise UnsupportedError(
            f"{file}: a shard of {count} chunks has an index of {count * 16} bytes; the limit is 32 MiB"
        )
