"""A hierarchy written anew in another version: pixels level by level, documents last."""

from __future__ import annotations

from contextlib import closing
from itertools import product
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from zarrscope.array.chunked import ChunkedArray
from zarrscope.array.describe import to_documents
from zarrscope.array.group import Group, write_group
from zarrscope.convert.hierarchy import ancestors
from zarrscope.documents import dump_json
from zarrscope.errors import NotFoundError
from zarrscope.executor import Successive, cores
from zarrscope.store.keys import join

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

    from zarrscope.array.metadata import ArrayMetadata
    from zarrscope.convert.hierarchy import Hierarchy, Part
    from zarrscope.store.contracts import Readable, Writable
    from zarrscope.types import Region, Shape

_COMFORTABLE = 256 << 20
"""Bytes that the blocks of all threads together may take; a single block may be larger."""

_PIECE = 16 << 20
_HINTS = ("consolidated_metadata",)


def transfer_arrays(
    hierarchy: Hierarchy,
    becomes: Mapping[str, ArrayMetadata],
    target: Writable,
    workers: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> None:
    """Write all levels of a hierarchy in their new form, in bounded memory.

    Where only the keys of chunks change, bytes are copied; otherwise each unit of storage is decoded and
    encoded. Units that are missing stay missing.

    Parameters
    ----------
    hierarchy : Hierarchy
        What is read.
    becomes : mapping
        New description by the path of the array.
    target : Writable
        Receives the arrays.
    workers : int, optional
        Threads; as many as processors by default, but no more than memory allows.
    progress : callable, optional
        Receives the number of pixels of each unit once it is stored.
    """
    with Successive() as threads:
        for old in hierarchy.arrays:
            new = ChunkedArray(target, old.path, becomes[old.path])

            def move(unit: Shape, old: ChunkedArray = old, new: ChunkedArray = new) -> int:
                recode(old, new, unit)
                return new.unit_region(unit).size

            chosen = threads.executor(min(workers or cores(), _fitting(new)))
            with closing(chosen.map(move, units(new))) as results:
                for pixels in results:
                    if progress:
                        progress(pixels)
            for name, document in to_documents(new.metadata).items():
                target.put(join(old.path, name), dump_json(document))


def transfer_foreign(hierarchy: Hierarchy, target: Writable, skip: tuple[str, ...]) -> None:
    """Copy what belongs to no group and no level as it is.

    Parameters
    ----------
    hierarchy : Hierarchy
        What is read.
    target : Writable
        Receives the copies.
    skip : tuple of str
        Keys that begin so are left out.
    """
    for key in hierarchy.foreign():
        if not key.startswith(skip):
            copy_value(hierarchy.store, key, target, key)


def transfer_groups(
    hierarchy: Hierarchy, attributes: Mapping[str, dict[str, object]], zarr_format: int, target: Writable
) -> None:
    """Write the documents of all groups: those below before those above, the root last.

    Parameters
    ----------
    hierarchy : Hierarchy
        What is read.
    attributes : mapping
        New attributes by the path of the group.
    zarr_format : int
        2 or 3.
    target : Writable
        Receives the documents.
    """
    known = {part.path for part in hierarchy.parts}
    places = [*known, *(array.path for array in hierarchy.arrays)]
    for path in {above for place in places for above in ancestors(place)} - known:
        write_group(target, path, Group(zarr_format))
    for part in reversed(hierarchy.parts):
        extra = {k: v for k, v in part.group.extra.items() if k not in _HINTS} if zarr_format == 3 else {}
        write_group(target, part.path, Group(zarr_format, attributes[part.path], extra))


def copy_value(source: Readable, key: str, target: Writable, name: str) -> None:
    """Copy a value piece by piece; nothing is written where it is absent.

    Parameters
    ----------
    source, key
        What is read.
    target, name
        Where it goes.
    """
    info = source.head(key)
    if info is None:
        return
    upload = target.create(name)
    try:
        for start in range(0, max(info.size, 1), _PIECE):
            data = source.get(key, (start, start + _PIECE) if info.size > _PIECE else None)
            if data is None:
                raise NotFoundError(f"{source.url(key)} vanished while it was copied; run it again")
            upload.write(data)
        upload.commit()
    finally:
        upload.abort()


def old_documents(part: Part, store: Readable) -> Iterator[tuple[str, bytes]]:
    """Yield the documents of a group and of its levels, with their keys.

    Parameters
    ----------
    part : Part
        The group.
    store : Readable
        Where it lies.
    """
    names = ("zarr.json",) if part.group.zarr_format == 3 else (".zattrs", ".zgroup", ".zarray")
    for path in (part.path, *(array.path for array in part.arrays)):
        for name in names:
            data = store.get(join(path, name))
            if data is not None:
                yield join(path, name), bytes(data)


def units(array: ChunkedArray) -> Iterator[Shape]:
    """Yield the place of every unit of storage in the grid of an array, in C order."""
    counts = [-(-size // unit) for size, unit in zip(array.shape, array.metadata.unit, strict=True)]
    for number in range(prod(counts)):  # itertools.product would hold every index of every axis
        place = []
        rest = number
        for count in reversed(counts):
            rest, at = divmod(rest, count)
            place.append(at)
        yield tuple(reversed(place))


def _fitting(array: ChunkedArray) -> int:
    """Return how many threads may each hold a unit, decoded and encoded."""
    unit = prod(array.metadata.unit) * array.dtype.itemsize
    return max(1, _COMFORTABLE // max(1, 2 * unit))


def recode(old: ChunkedArray, new: ChunkedArray, unit: Shape) -> None:
    """Write one unit of a new array, unless nothing of it is stored in the old one.

    Parameters
    ----------
    old, new : ChunkedArray
        Of the same shape.
    unit : tuple of int
        Place of the unit in the new one's grid.
    """
    if _same_form(old, new):
        if old.store.head(old.key(unit)) is None:
            old.store.get(old.key(unit))  # where a manifest knows it, this tells that it is lost
            return
        copy_value(old.store, old.key(unit), _written(new), new.key(unit))
        return
    region = new.unit_region(unit)
    block = old.read(region)
    if _is_fill(block, old) and not _stored(old, region):
        return
    new.write(region, block)


def _same_form(old: ChunkedArray, new: ChunkedArray) -> bool:
    """Return whether the bytes of a unit are the same in both."""
    names = (
        "zarr_format", "dtype", "chunks", "shards", "fill_value", "byteorder", "order", "codecs"
    )  # fmt: skip
    return all(_plain(getattr(old.metadata, n)) == _plain(getattr(new.metadata, n)) for n in names)


def _plain(value: object) -> object:
    return repr(value)  # a fill value may be NaN, which is not itself


def _written(array: ChunkedArray) -> Writable:
    store: Writable = array.store  # type: ignore[assignment]
    return store


def _is_fill(block: NDArray[np.generic], array: ChunkedArray) -> bool:
    fill = np.asarray(array.metadata.fill, array.dtype)
    return bool(np.all(block == fill if fill == fill else block != block))  # NaN is not itself


def _stored(array: ChunkedArray, region: Region) -> bool:
    """Return whether any unit that a region meets is stored."""
    rows = zip(*region, array.metadata.unit, strict=True)
    places = product(*(range(a // n, -(-b // n)) for a, b, n in rows))
    return any(array.store.head(array.key(place)) for place in places)
