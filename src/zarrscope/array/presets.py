"""The codecs that zarrscope writes with unless told otherwise, in one place.

Measured on real microscopy: one blosc block a chunk gives zstd's level-3 ratio at three times its
speed, and four bytes of crc32c turn a flipped bit into an error in every reader that checks it.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from zarrscope.array.metadata import Codec
from zarrscope.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Sequence

_PACKERS = {"default": ("zstd", 1), "fast": ("lz4", 5), "small": ("zstd", 3)}

PRESETS = (*_PACKERS, "none")


def preset(
    name: str, dtype: Any, chunks: Sequence[int], *, zarr_format: int = 3, checksum: bool = True
) -> tuple[Codec, ...]:
    """Return the codecs of a preset.

    Parameters
    ----------
    name : str
        ``default`` (blosc zstd 1), ``fast`` (blosc lz4 5), ``small`` (blosc zstd 3) or ``none``.
    dtype : dtype-like
        Type of a pixel.
    chunks : sequence of int
        Shape of a chunk.
    zarr_format : int
        In version 2 there is no place for a checksum behind the compressor.
    checksum : bool
        Seal every chunk with crc32c (version 3).
    """
    seal = (Codec("crc32c"),) if checksum and zarr_format == 3 else ()
    if name == "none":
        return seal
    if name not in _PACKERS:
        raise ArgumentError(f"there is no preset {name!r:.40}; choose one of {', '.join(PRESETS)}")
    cname, level = _PACKERS[name]
    itemsize = np.dtype(dtype).itemsize
    options: dict[str, Any] = {"cname": cname, "clevel": level, "blocksize": prod(chunks) * itemsize}
    if zarr_format == 2:
        return (Codec("blosc", {**options, "shuffle": 1}),)
    return (Codec("blosc", {**options, "shuffle": "shuffle", "typesize": itemsize}), *seal)
