"""Decoded and computed blocks: kept up to a number of bytes, and made once however many want them at once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from zarrscope.types import Shape

    Block = NDArray[Any]

_KEPT = 5 / 8
"""Part of the memory that blocks may take, those that are being made included; the rest is for decoders, for
holes between blocks that come and go (measured: a fifth on top), and for the interpreter."""

_DECODING = 1 / 8
"""Part of the memory for what decoders need besides: encoded bytes, and their own copy of the pixels."""

_DEAREST = 4
"""From so many steps above the source on blocks are kept longest: each step costs four times the last."""


class BlockKey(NamedTuple):
    """Names a block: image, level, how many steps it was computed in (0: it is the source's), place."""

    image: int
    level: int
    steps: int
    place: Shape


class Counts(NamedTuple):
    """What a cache has done and holds.

    Parameters
    ----------
    decoded, computed : int
        Blocks that were read from the source, and made of finer ones.
    hits : int
        How often a block was there, or being made by somebody else.
    nbytes, most : int
        Bytes of the blocks that are kept or being made, now and at most.
    """

    decoded: int = 0
    computed: int = 0
    hits: int = 0
    nbytes: int = 0
    most: int = 0


class BlockCache:
    """Blocks by key, up to a number of bytes. Safe under threads.

    Two threads that want the same block at the same moment share the making of it. What goes first is what
    is cheap to make again and has not been wanted for long: a block is as young as its last use plus what
    it costs, on a clock that moves with every block that goes (the GreedyDual rule of N. Young, 1994).

    Parameters
    ----------
    memory : int
        Bytes that blocks and their making may take together.
    """

    def __init__(self, memory: int) -> None:
        self.budget = int(memory * _KEPT)
        self._kept: list[OrderedDict[BlockKey, tuple[Block, int]]] = [
            OrderedDict() for _ in range(_DEAREST + 1)
        ]
        self._coming: dict[BlockKey, Future[Block]] = {}
        self._clock = 0
        self._held = self._making = 0
        self._counts = Counts()
        self._lock = threading.Lock()
        self._gate = _Gate(int(memory * _DECODING))

    @property
    def counts(self) -> Counts:
        """What was done so far."""
        with self._lock:
            return self._counts._replace(nbytes=self._held + self._making)

    def peek(self, key: BlockKey) -> Block | None:
        """Return a block that is here, or None; nothing is made and nobody is waited for."""
        with self._lock:
            return self._find(key)

    def get(self, key: BlockKey, nbytes: int, make: Callable[[], Block]) -> Block:
        """Return a block, made by the caller unless it is here or somebody makes it already.

        Parameters
        ----------
        key : BlockKey
            Names it.
        nbytes : int
            Its size.
        make : callable
            Makes it; may ask for other blocks with fewer steps.
        """
        while True:
            with self._lock:
                found = self._find(key)
                if found is not None:
                    return found
                coming = self._coming.get(key)
                if coming is None:
                    mine = self._coming[key] = Future()
                    self._making += nbytes
                    self._shrink()
                    break
                self._counts = self._counts._replace(hits=self._counts.hits + 1)
            try:
                return coming.result()
            except CancelledError:
                continue  # who made it was interrupted; his interrupt is not ours
        return self._make(key, nbytes, make, mine)

    def clear(self) -> None:
        """Forget everything that is kept."""
        with self._lock:
            for shelf in self._kept:
                shelf.clear()
            self._held = 0

    def _make(self, key: BlockKey, nbytes: int, make: Callable[[], Block], mine: Future[Block]) -> Block:
        try:
            if key.steps:
                block = make()
            else:
                with self._gate.room(nbytes):
                    block = make()
            block.flags.writeable = False
        except BaseException as error:
            with self._lock:
                del self._coming[key]
                self._making -= nbytes
            if isinstance(error, Exception):
                mine.set_exception(error)
            else:
                mine.cancel()
            raise
        with self._lock:
            del self._coming[key]
            self._making -= nbytes
            self._count(key)
            if block.nbytes <= self.budget:
                self._keep(key, block)
        mine.set_result(block)
        return block

    def _find(self, key: BlockKey) -> Block | None:
        shelf = self._kept[min(key.steps, _DEAREST)]
        found = shelf.pop(key, None)
        if found is None:
            return None
        shelf[key] = (found[0], self._clock + _cost(key))
        self._counts = self._counts._replace(hits=self._counts.hits + 1)
        return found[0]

    def _keep(self, key: BlockKey, block: Block) -> None:
        self._kept[min(key.steps, _DEAREST)][key] = (block, self._clock + _cost(key))
        self._held += block.nbytes
        self._shrink()

    def _shrink(self) -> None:
        """Let blocks go until there is room for those that are kept and those that are coming."""
        while self._held and self._held + self._making > self.budget:
            shelf = min((s for s in self._kept if s), key=lambda s: next(iter(s.values()))[1])
            _, (old, self._clock) = shelf.popitem(last=False)
            self._held -= old.nbytes
        self._counts = self._counts._replace(most=max(self._counts.most, self._held + self._making))

    def _count(self, key: BlockKey) -> None:
        if key.steps:
            self._counts = self._counts._replace(computed=self._counts.computed + 1)
        else:
            self._counts = self._counts._replace(decoded=self._counts.decoded + 1)


def _cost(key: BlockKey) -> int:
    """Return what making a block costs, in blocks of the source."""
    return int(4 ** min(key.steps, _DEAREST))


class _Gate:
    """Lets in as many as have room together, and one always."""

    def __init__(self, room: int) -> None:
        self._room, self._inside, self._taken = room, 0, 0
        self._changed = threading.Condition()

    @contextmanager
    def room(self, nbytes: int) -> Iterator[None]:
        """Wait until there is room for so many bytes, and take it meanwhile."""
        with self._changed:
            self._changed.wait_for(lambda: not self._inside or self._taken + nbytes <= self._room)
            self._inside += 1
            self._taken += nbytes
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1
                self._taken -= nbytes
                self._changed.notify_all()
