"""Decoded pieces of files, kept while a neighbouring region may still want them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Hashable

    from numpy.typing import NDArray

DEFAULT_BUDGET = 32 << 20
"""Bytes of decoded segments that a source keeps unless it is told otherwise."""

Piece = Future["NDArray[Any]"]


class SegmentCache:
    """Segments (tiles, strips) that a read used only in part, up to a number of bytes.

    A segment inside one region is never asked for again while an image is read region by region, so only
    those that straddle a border are kept, and one goes as soon as all of its pixels were used. Two threads
    that want the same segment at the same moment share one decoding.

    Parameters
    ----------
    budget : int
        Bytes of pixels to keep; 0 keeps none.
    """

    def __init__(self, budget: int = DEFAULT_BUDGET) -> None:
        self.budget = budget
        self.decoded = 0
        self.nbytes = 0
        self._kept: OrderedDict[Hashable, tuple[NDArray[Any], int]] = OrderedDict()
        self._coming: dict[Hashable, Piece] = {}
        self._lock = threading.Lock()

    def claim(self, key: Hashable, used: int, offer: Piece | None = None) -> tuple[Piece, bool]:
        """Return a segment that is here or coming, and whether the caller has to make it (`settle`).

        Parameters
        ----------
        key : hashable
            Names the segment.
        used : int
            Number of its pixels that the caller will use.
        offer : Piece, optional
            Stands for the segment if the caller has to make it: who keeps it can `abandon` his claim even
            where an interrupt hides whether he got it.
        """
        with self._lock:
            if key in self._kept:
                array, left = self._kept.pop(key)
                if left > used:
                    self._kept[key] = (array, left - used)
                else:
                    self.nbytes -= array.nbytes
                ready: Piece = Future()
                ready.set_result(array)
                return ready, False
            if key in self._coming:
                return self._coming[key], False
            piece = Future() if offer is None else offer
            self._coming[key] = piece
            return piece, True

    def settle(self, key: Hashable, array: NDArray[Any], left: int) -> None:
        """Hand over a claimed segment of which ``left`` pixels were not used yet."""
        with self._lock:
            self.decoded += 1
            self._coming[key].set_result(array)
            del self._coming[key]
            if left > 0 and array.nbytes <= self.budget:
                self._kept[key] = (array, left)
                self.nbytes += array.nbytes
                while self.nbytes > self.budget:
                    _, (old, _) = self._kept.popitem(last=False)
                    self.nbytes -= old.nbytes

    def abandon(self, key: Hashable, error: BaseException, offer: Piece | None = None) -> None:
        """Tell those who wait for a claimed segment that it will not come; nothing if it was settled.

        Parameters
        ----------
        key : hashable
            Names the segment.
        error : BaseException
            What they are told.
        offer : Piece, optional
            Does nothing unless this is what was claimed with.
        """
        with self._lock:
            piece = self._coming.get(key)
            if piece is None or (offer is not None and piece is not offer):
                return
            if not piece.done():
                piece.set_exception(error)
            del self._coming[key]

    def clear(self) -> None:
        """Forget everything that is kept."""
        with self._lock:
            self._kept.clear()
            self.nbytes = 0
