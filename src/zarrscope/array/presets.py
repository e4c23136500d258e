"""The codecs that zarrscope writes with, by name: the defaults stand here and nowhere else.

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

_ALIASES = {"default": "blosc-zstd:1", "fast": "blosc-lz4:5", "small": "blosc-zstd:3"}

# Name, default level, lowest and highest level.
_LEVELS = {
    "blosc-zstd": (1, 0, 9), "blosc-lz4": (5, 0, 9), "blosc-lz4hc": (5, 0, 9), "blosc-zlib": (5, 0, 9),
    "blosc-blosclz": (5, 0, 9), "zstd": (3, -7, 22), "gzip": (5, 0, 9),
}  # fmt: skip

PRESETS = (*_ALIASES, *_LEVELS, "none")
"""Names that ``preset`` knows; all but the first three and the last take a level (``zstd:5``)."""


def preset(
    name: str, dtype: Any, chunks: Sequence[int], *, zarr_format: int = 3, checksum: bool = True
) -> tuple[Codec, ...]:
    """Return the codecs of a name.

    Parameters
    ----------
    name : str
        ``default`` (blosc-zstd:1), ``fast`` (blosc-lz4:5), ``small`` (blosc-zstd:3), ``none``, or
        one of ``PRESETS`` with a level, for example ``blosc-zstd:5`` or ``gzip:6``.
    dtype : dtype-like
        Type of a pixel.
    chunks : sequence of int
        Shape of a chunk.
    zarr_format : int
        In version 2 there is no place for a checksum behind the compressor.
    checksum : bool
        Seal every chunk with crc32c (version 3).

    Raises
    ------
    ArgumentError
        There is no such codec or level.
    """
    seal = (Codec("crc32c"),) if checksum and zarr_format == 3 else ()
    if name == "none":
        return seal
    packer, level = _parse(name)
    if not packer.startswith("blosc-"):
        options: dict[str, Any] = {"level": level}
        if packer == "zstd" and zarr_format == 3:
            options["checksum"] = False
        return (Codec(packer, options), *seal)
    itemsize = np.dtype(dtype).itemsize
    size = prod(chunks) * itemsize
    options = {"cname": packer.removeprefix("blosc-"), "clevel": level, "blocksize": size}
    if zarr_format == 2:
        return (Codec("blosc", {**options, "shuffle": 1}),)
    return (Codec("blosc", {**options, "shuffle": "shuffle", "typesize": itemsize}), *seal)


def _parse(name: str) -> tuple[str, int]:
    alias = name.partition(":")[0]
    if alias in _ALIASES and alias != name:
        raise ArgumentError(f"codec {name!r:.40}: {alias} takes no level; it is {_ALIASES[alias]}")
    packer, _, text = _ALIASES.get(name, name).partition(":")
    if packer not in _LEVELS:
        raise ArgumentError(f"there is no codec {name!r:.40}; choose one of {', '.join(PRESETS)}")
    default, lowest, highest = _LEVELS[packer]
    if not text:
        return packer, default
    if not text.lstrip("-").isdecimal() or not lowest <= int(text) <= highest:
        raise ArgumentError(f"codec {name!r:.40}: the level of {packer} is {lowest} to {highest}")
    return packer, int(text)
