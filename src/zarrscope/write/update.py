"""``zarrscope.update``: pixels of a finished image replaced, by several at a time if need be."""

from __future__ import annotations

from itertools import pairwise, product
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from zarrscope.array.chunked import ChunkedArray
from zarrscope.array.grid import check_block
from zarrscope.errors import AccessError, ArgumentError, UnsupportedError
from zarrscope.ledger.folder import begin_update, end_update, note_stale
from zarrscope.ledger.units import forget_units, renew_units, until_settled
from zarrscope.node.image import Image
from zarrscope.node.open import open_node
from zarrscope.pyramid.remaking import Remade, factors_between, kernel_of
from zarrscope.store.contracts import Writable
from zarrscope.store.resolve import resolve
from zarrscope.types import Region

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from zarrscope.pyramid.downsample import Kernel
    from zarrscope.store.contracts import Readable


class Updated(NamedTuple):
    """What became of the levels of an image.

    Parameters
    ----------
    renewed : tuple of str
        Levels that were made anew where they show what was written.
    stale : tuple of str
        Levels that still show what was there before: nothing tells how they were made. They are noted in
        ``.zarrscope``.
    """

    renewed: tuple[str, ...]
    stale: tuple[str, ...]


def update(
    image: str | os.PathLike[str] | Readable | Image,
    region: Region | tuple[slice, ...],
    block: NDArray[Any],
    *,
    level: int = 0,
) -> Updated:
    """Replace pixels of a finished image.

    What others write to the same units at the same time, wherever they run, is not lost. Manifest and
    coarser levels are renewed, the latter where the document says that zarrscope made them. What a killed
    update was about to change is noted in ``.zarrscope``; ``verify`` tells of it.

    Parameters
    ----------
    image : str, path-like, Readable or Image
        Where it stands: a folder or an object store; archives cannot be changed.
    region : Region or tuple of slice
        Pixels of the level, in the order of its axes.
    block : ndarray
        Their new values; its dtype must cast to the image's without loss.
    level : int
        0 is the finest.

    Returns
    -------
    Updated
        What became of the coarser levels.

    Raises
    ------
    ArgumentError, AccessError
        The region or the block does not fit, or the image can only be read.
    ConflictError
        Others write the same units all the time.
    UnsupportedError
        The store cannot replace a value only over a known state (see ``docs/how-to/remote-stores.md``).

    Examples
    --------
    >>> import numpy as np, zarrscope
    >>> _ = zarrscope.write(np.zeros((64, 64), "u1"), "patched.ome.zarr", axes="yx")
    >>> _ = zarrscope.update("patched.ome.zarr", np.s_[10:20, 10:20], np.ones((10, 10), "u1"))
    >>> int(zarrscope.open("patched.ome.zarr").levels[0][15, 15])
    1
    """
    node = image if isinstance(image, Image) else open_node(resolve(image))
    if not isinstance(node, Image):
        raise ArgumentError("this is no image but a group of some; name one of them")
    arrays = _levels(node, level)
    wanted = region if isinstance(region, Region) else _region(region, arrays[0])
    check_block(wanted, pixels := np.asarray(block), arrays[0].shape, arrays[0].dtype)
    return _update(node, arrays, wanted, pixels)


def _update(image: Image, arrays: Sequence[ChunkedArray], wanted: Region, pixels: NDArray[Any]) -> Updated:
    """Write pixels to the first of some levels, and make the others follow."""
    finest, store = arrays[0], arrays[0].writable
    steps, stale = _steps(image, arrays, wanted)
    # First that nothing is known any more: whoever finds what a killed update left is not misled.
    token = begin_update(store, [step.coarser.path for step in steps])
    met = [(finest, wanted), *((step.coarser, step.shown) for step in steps)]
    forget_units(store, [array.key(unit) for array, part in met for unit in _units(array, part)])
    if stale:
        note_stale(store, stale)
    finest.write(wanted, pixels)
    _settle(store, finest, wanted)
    for step in steps:
        _remake(store, step)
    end_update(store, token, [s.coarser.path for s in steps if s.shown == Region.whole(s.coarser.shape)])
    return Updated(tuple(step.coarser.path for step in steps), tuple(stale))


class _Step(NamedTuple):
    """A level that is made anew from a finer one, and the pixels of it in which the change shows."""

    finer: ChunkedArray
    coarser: ChunkedArray
    made_by: Kernel
    factors: tuple[int, ...]
    shown: Region


def _levels(image: Image, level: int) -> list[ChunkedArray]:
    """Return a level and the coarser ones, to be written."""
    if not 0 <= level < len(image.levels):
        raise ArgumentError(f"there is no level {level}; the image has {len(image.levels)}")
    arrays = [ChunkedArray(one.array.store, one.array.path, one.array.metadata) for one in image.levels]
    store = arrays[level].store
    if not isinstance(store, Writable):
        raise AccessError(f"{store.url()} can only be read; copy it to a folder first (zarrscope copy)")
    return arrays[level:]


def _steps(image: Image, arrays: Sequence[ChunkedArray], wanted: Region) -> tuple[list[_Step], list[str]]:
    """Return how coarser levels are made anew, and the paths of those of which nothing tells how."""
    steps: list[_Step] = []
    made_by = kernel_of(image.multiscale, arrays[0].dtype)
    for finer, coarser in pairwise(arrays):
        factors = factors_between(finer.shape, coarser.shape)
        if made_by is None or factors is None:
            break
        wanted = _shown(wanted, factors, made_by, coarser)
        steps.append(_Step(finer, coarser, made_by, factors, wanted))
    return steps, [array.path for array in arrays[len(steps) + 1 :]]


def _remake(store: Writable, step: _Step) -> None:
    """Make a part of a level anew, until the finer one has stood still meanwhile."""
    finer, coarser, made_by, factors, wanted = step

    def work() -> None:
        fresh = ChunkedArray(finer.store, finer.path, finer.metadata)  # no index that others have changed
        made = Remade(fresh, coarser.shape, made_by, factors)
        for unit in _units(coarser, wanted):
            part = coarser.unit_region(unit).intersect(wanted)
            coarser.write(part, made.read(part))

    below = Region(
        tuple(max(0, (a - 1) * f) for a, f in zip(wanted.start, factors, strict=True)),
        tuple(min((b + 1) * f, n) for b, f, n in zip(wanted.stop, factors, finer.shape, strict=True)),
    )
    until_settled(store, [finer.key(unit) for unit in _units(finer, below)], work)
    _settle(store, coarser, wanted)


def _settle(store: Writable, array: ChunkedArray, region: Region) -> None:
    """Make the units durable that were written, and note them in the manifest."""
    keys = [array.key(unit) for unit in _units(array, region)]
    store.sync(keys)
    renew_units(store, keys)


def _shown(region: Region, factors: tuple[int, ...], made_by: Kernel, coarser: ChunkedArray) -> Region:
    """Return the pixels of the coarser level in which pixels of the finer one show."""
    halo = made_by.halo
    rows = list(zip(region.start, region.stop, factors, coarser.shape, strict=True))
    return Region(
        tuple(max(0, a // f - halo * (f > 1)) for a, _, f, _ in rows),
        tuple(min(n, -(-b // f) + halo * (f > 1)) for _, b, f, n in rows),
    )


def _units(array: ChunkedArray, region: Region) -> Iterator[tuple[int, ...]]:
    rows = zip(*region, array.metadata.unit, strict=True)
    return product(*(range(a // n, -(-b // n)) for a, b, n in rows))


def _region(index: tuple[slice, ...], array: ChunkedArray) -> Region:
    """Return the region that slices without steps select."""
    parts = index if isinstance(index, tuple) else (index,)
    if len(parts) != array.ndim or any(not isinstance(s, slice) or s.step not in (None, 1) for s in parts):
        raise ArgumentError(f"give {array.ndim} slices without steps, one an axis")
    rows = [part.indices(size) for part, size in zip(parts, array.shape, strict=True)]
    region = Region(tuple(a for a, _, _ in rows), tuple(b for _, b, _ in rows))
    if region.size == 0:
        raise UnsupportedError("the slices select no pixels")
    return region
