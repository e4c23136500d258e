"""Values that grow side by side until their turn comes: small ones in memory, the rest in one unnamed file.

One file for all, in blocks that are used again, so that a hundred open shards need one handle.
"""

from __future__ import annotations

import os
import tempfile
import zlib
from threading import Lock
from typing import TYPE_CHECKING

from zarrscope.store.placed import PlacedFile
from zarrscope.store.system import explained

if TYPE_CHECKING:
    from zarrscope.store.contracts import Buffer

BLOCK = 1 << 18
"""Of each open value at most so many bytes are held in memory."""


class Blocks:
    """Where values wait. The file has no name: nothing is left of it when the process ends.

    Parameters
    ----------
    folder : str
        Holds the file, once one is needed.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._lock = Lock()
        self._file: PlacedFile | None = None
        self._free: list[int] = []
        self._count = 0

    def take(self) -> tuple[PlacedFile, int]:
        """Return the file and the number of a block that nobody uses."""
        with self._lock:
            if self._file is None:
                with explained(self._folder), tempfile.TemporaryFile(dir=self._folder) as file:
                    self._file = PlacedFile(os.dup(file.fileno()), f"temporary file in {self._folder}")
            if self._free:
                return self._file, self._free.pop()
            self._count += 1
            return self._file, self._count - 1

    def give(self, blocks: list[int]) -> None:
        """Take blocks back; the file is forgotten once none is used."""
        with self._lock:
            self._free += sorted(blocks, reverse=True)
            if len(self._free) == self._count:
                self._free, self._count = [], 0
                if self._file is not None:
                    self._file.close()
                    self._file = None


class Waiting:
    """One value that grows.

    Parameters
    ----------
    blocks : Blocks
        Where it waits.
    """

    def __init__(self, blocks: Blocks) -> None:
        self._blocks = blocks
        self._mine: list[int] = []
        self._file: PlacedFile | None = None
        self._rest = bytearray()
        self.size = 0
        """Bytes so far."""
        self.checksum = 0
        """CRC-32 of them."""

    def write(self, data: Buffer) -> None:
        """Append."""
        view = memoryview(data).cast("B")
        self.checksum = zlib.crc32(view, self.checksum)
        self.size += len(view)
        while len(self._rest) + len(view) >= BLOCK:
            room = BLOCK - len(self._rest)
            if self._rest:
                self._rest += view[:room]
                self._store(self._rest)
                self._rest = bytearray()
            else:
                self._store(view[:room])
            view = view[room:]
        self._rest += view

    def copy_to(self, target: PlacedFile, at: int) -> int:
        """Write the value to a place in a file; return where it ends."""
        for first, count in self._runs():
            assert self._file is not None  # noqa: S101 - blocks lie in it
            at = target.copy(self._file, first * BLOCK, count * BLOCK, at)
        return target.write(at, self._rest)

    def value(self) -> bytes:
        """Return the value."""
        parts = [self._file.read(n * BLOCK, c * BLOCK) for n, c in self._runs()] if self._file else []
        return b"".join((*parts, self._rest))

    def forget(self) -> None:
        """Give back what it takes."""
        mine, self._mine, self._rest, self._file = self._mine, [], bytearray(), None
        if mine:
            self._blocks.give(mine)

    def _store(self, block: Buffer) -> None:
        self._file, number = self._blocks.take()
        self._mine.append(number)
        self._file.write(number * BLOCK, block)

    def _runs(self) -> list[tuple[int, int]]:
        """Return blocks that follow each other, as the first and how many."""
        runs: list[tuple[int, int]] = []
        for number in self._mine:
            if runs and sum(runs[-1]) == number:
                runs[-1] = (runs[-1][0], runs[-1][1] + 1)
            else:
                runs.append((number, 1))
        return runs
