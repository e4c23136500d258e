"""Keeping the manifest true when units of a finished hierarchy are written anew, also side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from zarrscope.array.open import open_array
from zarrscope.errors import ConflictError, CorruptDataError, NotFoundError
from zarrscope.ledger.folder import MANIFEST as PLACE
from zarrscope.ledger.inventory import measured
from zarrscope.ledger.manifest import read_table
from zarrscope.ledger.table import EMPTY, UNKNOWN
from zarrscope.store.keys import join
from zarrscope.types import Region

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from zarrscope.array.chunked import ChunkedArray
    from zarrscope.ledger.table import UnitTable
    from zarrscope.store.contracts import Readable, Writable

_TRIES = 50


def until_settled(store: Readable, keys: Sequence[str], work: Callable[[], None]) -> None:
    """Do what depends on some values, again and again until they have stood still meanwhile.

    Whoever of several comes last sees the last state, so that what was made of it is right in the end.

    Raises
    ------
    ConflictError
        They are changed by others all the time.
    """
    for _ in range(_TRIES):
        before = [store.head(key) for key in keys]
        try:
            work()
        except CorruptDataError:  # perhaps read in part before, in part after another's change
            if [store.head(key) for key in keys] == before:
                raise
            continue
        if [store.head(key) for key in keys] == before:
            return
    raise ConflictError(f"{store.url(keys[0])}: others write it all the time; try again")


def forget_units(store: Writable, keys: Sequence[str]) -> None:
    """Write down that nothing is known of units, before they are changed; nothing without a manifest.

    Parameters
    ----------
    store : Writable
        Holds the hierarchy.
    keys : sequence of str
        Of units.

    Raises
    ------
    ConflictError
        Others write them all the time.
    """
    found = _columns(store)
    if found is None:
        return
    table, (sizes, _) = found
    numbers = np.unique([number for number in map(table.find, keys) if number is not None])
    for run in np.split(numbers, np.flatnonzero(np.diff(numbers) > 1) + 1):
        if len(run):
            place = Region((int(run[0]),), (int(run[-1]) + 1,))
            sizes.write(place, np.full(place.shape, UNKNOWN, np.int64))
    store.sync([sizes.key((int(n),)) for n in np.unique(numbers // sizes.chunks[0])])


def renew_units(store: Writable, keys: Sequence[str]) -> None:
    """Write down what units are now; nothing where there is no manifest.

    Parameters
    ----------
    store : Writable
        Holds the hierarchy.
    keys : sequence of str
        Of units.

    Raises
    ------
    ConflictError
        Others write them all the time.
    """
    found = _columns(store)
    if found is None:
        return
    table, (sizes, sums) = found
    for key in keys:
        number = table.find(key)
        if number is None:
            continue
        place = Region((number,), (number + 1,))

        def note(key: str = key, place: Region = place) -> None:
            entry = measured(store, key)
            size, total = (entry.size, entry.checksum) if entry else (EMPTY, 0)
            # In this order: a size without its checksum would be a lie, should we be killed between.
            sums.write(place, np.array([total], np.uint64))
            sizes.write(place, np.array([size], np.int64))

        until_settled(store, [key], note)


def _columns(store: Writable) -> tuple[UnitTable, tuple[ChunkedArray, ChunkedArray]] | None:
    """Return the units that the manifest knows and its columns; None where there is no manifest."""
    table = read_table(store)
    if table is None:
        return None
    try:
        return table, (open_array(store, join(PLACE, "size")), open_array(store, join(PLACE, "checksum")))
    except NotFoundError:
        return None
