"""Chunk and shard shapes: the defaults, stated once, and the clamping of what users ask for."""

from __future__ import annotations

from math import isqrt, prod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zarrscope.types import Shape

CHUNK_BYTES = 1 << 20
"""A chunk holds at most this much raw data, and at least half of it where the image is large enough."""

SHARD_BYTES = 64 << 20
"""A shard holds about this much raw data."""

# Shards first grow to four chunks in the plane, then in depth: a plane of a shard stays small
# enough to be held in memory, and neighbouring planes share a file.
_PLANE_CHUNKS = 4
_TILE_SIDES = range(64, 2049)


def chunk_shape(
    shape: Shape, itemsize: int, space: Sequence[int], tile: Shape | None = None, cubes: bool = False
) -> Shape:
    """Return the default chunk of a level.

    Parameters
    ----------
    shape : tuple of int
        Pixels of the level.
    itemsize : int
        Bytes of a pixel.
    space : sequence of int
        Indices of the spatial axes, y and x last.
    tile : tuple of int, optional
        Unit of decoding of the source; where its sides are those of a tile, chunks are made of
        whole tiles, so that none is decoded twice.
    cubes : bool
        Whether voxels are near cubes and looked at from all sides: chunks then have some depth.

    Returns
    -------
    tuple of int
        One pixel along t and c; a square in the plane; deeper where planes are small.
    """
    most = max(1, CHUNK_BYTES // itemsize)
    depth = 8 if cubes and len(space) > 2 else 1
    side = 1 << (isqrt(most // depth).bit_length() - 1)
    chunk = [1] * len(shape)
    for axis in space[-2:]:
        chunk[axis] = min(shape[axis], _tiled(side, tile[axis] if tile else 0, shape[axis]))
    for axis in space[:-2][::-1]:
        while chunk[axis] < shape[axis] and 2 * prod(chunk) <= most:
            if chunk[axis] >= depth and prod(chunk) * itemsize >= CHUNK_BYTES // 2:
                break
            chunk[axis] = min(shape[axis], 2 * chunk[axis])
    return tuple(max(1, n) for n in chunk)


def _tiled(side: int, tile: int, size: int) -> int:
    """Return the multiple of the source's tile that is nearest to the wanted side.

    Rows and strips reach across the image: they are no tiles, and any number of rows will do.
    """
    if tile not in _TILE_SIDES or side % tile == 0 or tile >= size:
        return side
    return max(1, round(side / tile)) * tile


def shard_shape(shape: Shape, chunk: Shape, itemsize: int, space: Sequence[int]) -> Shape:
    """Return the default shard of a level: chunks times powers of two, up to about 64 MiB.

    Grows in the plane, then in depth, then in the plane again, then along the first other axis. A
    shard never reaches further than the level's last chunk.

    Parameters
    ----------
    shape, chunk : tuple of int
        Pixels of the level and of a chunk.
    itemsize : int
        Bytes of a pixel.
    space : sequence of int
        Indices of the spatial axes, y and x last.
    """
    grid = [-(-n // c) for n, c in zip(shape, chunk, strict=True)]
    times = [1] * len(shape)
    most = max(1, SHARD_BYTES // (prod(chunk) * itemsize))
    plane = list(space[-2:])
    for axes, limit in (
        (plane, _PLANE_CHUNKS),
        (list(space[:-2]), None),
        (plane, None),
        ([i for i in range(len(shape)) if i not in space][:1], None),
    ):
        _grow(times, grid, axes, limit, most)
    return tuple(min(t, g) * c for t, g, c in zip(times, grid, chunk, strict=True))


def _grow(times: list[int], grid: list[int], axes: list[int], limit: int | None, most: int) -> None:
    """Double the shard along these axes in turn while it may grow."""
    growing = True
    while growing:
        growing = False
        for axis in reversed(axes):
            room = times[axis] < grid[axis] and (limit is None or times[axis] < limit)
            if room and 2 * prod(times) <= most:
                times[axis] *= 2
                growing = True


def clamp(wanted: Shape, shape: Shape) -> Shape:
    """Return a chunk no longer than the level along any axis (a prime side stays ragged, never 1)."""
    return tuple(min(w, max(1, n)) for w, n in zip(wanted, shape, strict=True))


def clamp_shard(wanted: Shape, chunk: Shape, shape: Shape) -> Shape:
    """Return a shard made of whole chunks, as near to the wanted one as the level allows."""
    return tuple(
        max(1, min(-(-w // c), -(-n // c))) * c for w, c, n in zip(wanted, chunk, shape, strict=True)
    )
