"""Verification against a copy, file by file: sizes first, then bytes. Our own group is left aside."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from zarrscope.array.open import open_array
from zarrscope.check.by_manifest import NOT_LISTED
from zarrscope.check.named import keys_in, named_in
from zarrscope.check.padding import same_document
from zarrscope.check.verification import Finding, Tally
from zarrscope.errors import ZarrscopeError
from zarrscope.ledger.inventory import keys_of, pieces
from zarrscope.node.groups import ImageGroup
from zarrscope.node.open import open_node
from zarrscope.store.contracts import Listable

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from zarrscope.array.metadata import ArrayMetadata
    from zarrscope.executor import Executor
    from zarrscope.store.contracts import Readable

_Pair = tuple[str, bool | None, bool | None]
"""Key, whether it is here, whether it is in the copy; None where that is not known."""


class ByCopy:
    """A comparison with another hierarchy, byte by byte.

    Parameters
    ----------
    store : Readable
        What is verified.
    copy : Readable
        What it should be.
    """

    total = 0

    def __init__(self, store: Readable, copy: Readable) -> None:
        self.store, self.copy = store, copy
        self.basis = f"file by file with {copy.url()}"
        self._tally = Tally()

    @property
    def notes(self) -> list[str]:
        """What could not be told."""
        return self._tally.told()

    def findings(self, threads: Executor) -> Generator[Finding, None, None]:
        """Yield every file of either."""
        return (found for found in threads.map(self._compare, self._pairs()) if found is not None)

    def _pairs(self) -> Iterator[_Pair]:
        here, there = self.store, self.copy
        if isinstance(here, Listable) and isinstance(there, Listable):
            yield from _merged(keys_of(here, self._tally.aside), keys_of(there))
        elif isinstance(there, Listable):
            self._tally.lines.append(NOT_LISTED)
            yield from ((key, None, True) for key in keys_of(there))
        else:
            known = keys_in(there)
            yield from ((key, None, None) for key, entry in known if not entry.empty)
            if not isinstance(here, Listable):
                self._tally.lines.append(NOT_LISTED)
                return
            for key in keys_of(here, self._tally.aside):
                entry = known.entry(key)
                if entry is None or entry.empty:
                    yield key, True, None

    def _compare(self, pair: _Pair) -> Finding | None:
        """Return what became of a file; None where there is none on either side."""
        key, here, there = pair
        try:
            mine = self.store.head(key) if here is not False else None
            theirs = self.copy.head(key) if there is not False else None
            if mine is None:
                return None if theirs is None else Finding(key, "missing")
            if theirs is None:
                return Finding(key, "extra")
            size = mine.size
            equal = size == theirs.size and self._equal(key, size)
            equal = equal or same_document(self.store, self.copy, key)
        except ZarrscopeError as error:
            return Finding(key, "unreadable", str(error))
        return Finding(key, "same" if equal else "differs", read=size)

    def _equal(self, key: str, size: int) -> bool:
        """Compare two values of one size piece by piece."""
        compared = 0
        for mine, theirs in zip(pieces(self.store, key, size), pieces(self.copy, key, size), strict=False):
            if not np.array_equal(np.frombuffer(mine, np.uint8), np.frombuffer(theirs, np.uint8)):
                return False
            compared += len(mine)
        return compared == size


def same_form(store: Readable, copy: Readable) -> bool:
    """Return whether two hierarchies lie in the same files: most of their pixels are cut and packed alike.

    One of the two may be damaged: what cannot be read does not count. Where nothing can be read of what
    is verified, only a copy tells anything.
    """
    alike = other = 0
    for array in named_in(copy).arrays:
        try:
            mine = open_array(store, array.path).metadata
        except ZarrscopeError:
            continue
        if _form(mine) == _form(array.metadata):
            alike += array.nbytes
        else:
            other += array.nbytes
    return alike > other or (alike == other == 0 and not _opens(store))


def _opens(store: Readable) -> bool:
    """Return whether there are images with levels."""
    try:
        node = open_node(store)
        return all(image.levels for image in (node if isinstance(node, ImageGroup) else [node]))
    except ZarrscopeError:
        return False


def _form(metadata: ArrayMetadata) -> tuple[object, ...]:
    return (
        metadata.zarr_format, metadata.unit, metadata.chunks, metadata.stored_dtype, metadata.codecs,
        metadata.order, metadata.key_encoding, metadata.separator, len(metadata.shape),
    )  # fmt: skip


def _merged(here: Iterator[str], there: Iterator[str]) -> Iterator[_Pair]:
    """Yield the keys of two sorted lists side by side."""
    mine, theirs = next(here, None), next(there, None)
    while mine is not None or theirs is not None:
        if theirs is None or (mine is not None and mine < theirs):
            assert mine is not None  # noqa: S101 - one of the two is left
            yield mine, True, False
            mine = next(here, None)
        elif mine is None or theirs < mine:
            yield theirs, False, True
            theirs = next(there, None)
        else:
            yield mine, True, True
            mine, theirs = next(here, None), next(there, None)
