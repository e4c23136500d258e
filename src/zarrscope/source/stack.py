"""One image made of files that each hold a plane or a small stack of it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from itertools import product
from typing import TYPE_CHECKING, Any

from zarrscope.array.contracts import reads_directly
from zarrscope.errors import SourceError
from zarrscope.model.naming import ORDER
from zarrscope.source.regions import receiver
from zarrscope.types import Region

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from zarrscope.array.contracts import LazyArray
    from zarrscope.types import Shape


class Members:
    """Files opened when they are wanted, the last few kept open.

    Parameters
    ----------
    paths : sequence of Path
        The files.
    opener : callable
        Makes the array of a file.
    limit : int
        Number of arrays to keep; one that is dropped closes its file when its last reader is done.
    """

    def __init__(self, paths: Sequence[Path], opener: Callable[[Path], LazyArray], limit: int = 16) -> None:
        self.paths = tuple(paths)
        self._opener = opener
        self._limit = limit
        self._kept: OrderedDict[int, LazyArray] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, index: int) -> LazyArray:
        """Return the array of a file."""
        with self._lock:
            found = self._kept.pop(index, None)
        if found is None:
            found = self._opener(self.paths[index])
        with self._lock:
            self._kept[index] = found
            while len(self._kept) > self._limit:
                self._kept.popitem(last=False)
        return found

    def clear(self) -> None:
        """Let go of every file."""
        with self._lock:
            self._kept.clear()


class Stack:
    """A LazyArray over files.

    Parameters
    ----------
    members : Members
        All files of the source.
    files : sequence of int
        Those of this image, in C order of the axes that they count.
    counted : str
        The axes that the files count, of ``tcz`` in our order.
    counts : tuple of int
        Length of each of these.
    inner : str
        The axes of one file.
    first : LazyArray
        Any file: shape, dtype and unit of decoding of all.
    reopen : tuple
        Function and arguments that make this array again in another process.
    """

    def __init__(
        self,
        members: Members,
        files: Sequence[int],
        counted: str,
        counts: Shape,
        inner: str,
        first: LazyArray,
        reopen: tuple[Callable[..., Any], tuple[Any, ...]],
    ) -> None:
        self._members = members
        self._files = tuple(files)
        self._counts = counts
        self._counted = counted
        self._inner = inner
        self._unit = tuple(first.shape)
        self._dtype = first.dtype
        self.direct = reads_directly(first)
        self._chunks = dict(zip(inner, first.chunks, strict=True))
        self._reopen = reopen
        self.order = "".join(a for a in ORDER if a in counted or a in inner)
        sizes = dict(zip(inner, first.shape, strict=True))
        self._shape = tuple(
            sizes.get(a, 1) * (counts[counted.index(a)] if a in counted else 1) for a in self.order
        )

    @property
    def shape(self) -> Shape:
        """Number of pixels along each axis."""
        return self._shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of a pixel, in native byte order."""
        return self._dtype

    @property
    def chunks(self) -> Shape:
        """The unit of decoding of one file."""
        return tuple(self._chunks.get(a, 1) for a in self.order)

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return self._reopen

    def read(self, region: Region, out: NDArray[Any] | None = None) -> NDArray[Any]:
        """Return the pixels of a region; see `zarrscope.array.contracts.LazyArray`.

        Raises
        ------
        SourceError
            A file has another shape or type than the first one.
        """
        out = receiver(self, region, out)
        if not region.size:
            return out
        choices = [list(self._choices(k, *span)) for k, span in enumerate(zip(*region, strict=True))]
        for picked in product(*choices):
            number, start, stop = 0, [], []
            for axis, (file, low, high, _) in zip(self.order, picked, strict=True):
                if axis in self._counted:
                    number += file * self._stride(axis)
                if axis in self._inner:
                    start.append(low)
                    stop.append(high)
            index = self._files[number]
            block = out[tuple(where for *_, where in picked)]
            self._member(index).read(Region(tuple(start), tuple(stop)), block)
        return out

    def _stride(self, axis: str) -> int:
        stride = 1
        for length in self._counts[self._counted.index(axis) + 1 :]:
            stride *= length
        return stride

    def _choices(self, k: int, low: int, high: int) -> Iterator[tuple[int, int, int, int | slice]]:
        """Yield for a range of an axis: the file, first and last pixel in it, and where they go."""
        axis = self.order[k]
        if axis not in self._inner:
            for index in range(low, high):
                yield index, 0, 1, index - low
            return
        length = self._unit[self._inner.index(axis)]
        for file in range(low // length, -(-high // length)):
            first, last = max(low, file * length), min(high, (file + 1) * length)
            yield file, first - file * length, last - file * length, slice(first - low, last - low)

    def _member(self, index: int) -> LazyArray:
        found = self._members.get(index)
        if tuple(found.shape) != self._unit or found.dtype != self._dtype:
            raise SourceError(
                f"{self._members.paths[index]} is {found.dtype} {tuple(found.shape)}, the other planes "
                "of its image "
                f"are {self._dtype} {self._unit}; take it out of the folder"
            )
        return found
