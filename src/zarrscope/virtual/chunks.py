"""Keys of chunks: which chunk a key names, and all keys in sorted order."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zarrscope.types import Shape

_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")


def index_of(name: str, grid: Shape, zarr_format: int) -> Shape | None:
    """Return the place of a chunk in the grid of its array, or None where a key names none.

    Parameters
    ----------
    name : str
        The key below the array: ``c/0/1`` in version 3, ``0/1`` in version 2.
    grid : tuple of int
        Number of chunks along each axis.
    zarr_format : int
        2 or 3.
    """
    parts = name.split("/")
    if zarr_format == 3:
        if parts[0] != "c":
            return None
        parts = parts[1:]
    if len(parts) != len(grid) or not all(_NUMBER.fullmatch(part) for part in parts):
        return None
    index = tuple(map(int, parts))
    return index if all(i < n for i, n in zip(index, grid, strict=True)) else None


def keys_of(path: str, grid: Shape, zarr_format: int, prefix: str = "") -> Iterator[str]:
    """Yield the keys of all chunks of an array that begin with a prefix, in sorted order.

    Parameters
    ----------
    path : str
        Of the array.
    grid : tuple of int
        Number of chunks along each axis.
    zarr_format : int
        2 or 3.
    prefix : str
        What they begin with.
    """
    start = f"{path}/c" if zarr_format == 3 else path
    yield from _below(start, grid, prefix)


def _below(start: str, grid: Shape, prefix: str) -> Iterator[str]:
    if not grid:
        if start.startswith(prefix):
            yield start
        return
    for name in sorted(map(str, range(grid[0]))):  # "/" comes before all digits: parts decide the order
        key = f"{start}/{name}"
        if key.startswith(prefix) or prefix.startswith(f"{key}/"):
            yield from _below(key, grid[1:], prefix)
