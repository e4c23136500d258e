"""Decoded and computed blocks: kept up to a number of bytes, and made once however many want them at once."""

from __future__ import annotations

import threading
import weakref
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

_PATIENCE = 20.0
"""Seconds to wait for others to finish with their blocks; a caller who keeps one stops nobody for ever."""

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

    A block that went while somebody still works with it counts until it is let go of. Whoever
    is to read the file waits until there is room. Where there is none because of what others have begun, one
    at a time goes on, so that they come to an end.

    Parameters
    ----------
    memory : int
        Bytes that blocks and their making may take together.
    """

    def __init__(self, memory: int) -> None:
        self.budget, self._decoders = int(memory * _KEPT), int(memory * _DECODING)
        self._kept: list[OrderedDict[BlockKey, tuple[Block, int]]] = [
            OrderedDict() for _ in range(_DEAREST + 1)
        ]
        self._coming: dict[BlockKey, Future[Block]] = {}
        self._alive: dict[int, weakref.ref[Block]] = {}
        self._clock = self._held = self._used = self._making = self._decoding = self._inside = 0
        self._counts = Counts()
        # A block may be let go of at any moment, also by a thread that is in here: so it can be taken twice.
        self._changed = threading.Condition(threading.RLock())

    @property
    def counts(self) -> Counts:
        """What was done so far."""
        with self._changed:
            return self._counts._replace(nbytes=self._used + self._making)

    def peek(self, key: BlockKey) -> Block | None:
        """Return a block that is here, or None; nothing is made and nobody is waited for."""
        with self._changed:
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
            with self._changed:
                found = self._find(key)
                if found is not None:
                    return found
                coming = self._coming.get(key)
                if coming is None:
                    self._coming[key] = Future()
                    break
                self._counts = self._counts._replace(hits=self._counts.hits + 1)
            try:
                return coming.result()
            except CancelledError:
                continue  # who made it was interrupted; his interrupt is not ours
            finally:
                del coming  # see _make
        return self._make(key, nbytes, make)

    def clear(self) -> None:
        """Forget everything that is kept."""
        with self._changed:
            self._held = 0
            for shelf in self._kept:
                shelf.clear()

    def _make(self, key: BlockKey, nbytes: int, make: Callable[[], Block]) -> Block:
        mine = self._coming[key]
        try:
            with self._room(nbytes, decoding=key.steps == 0):
                block = make()
                block.flags.writeable = False
                with self._changed:
                    self._keep(key, block)
        except BaseException as error:
            with self._changed:
                del self._coming[key]
            if isinstance(error, Exception):
                mine.set_exception(error)
            else:
                mine.cancel()
            del mine  # an error leads to this frame, and that to the error: the block would stay for long
            raise
        with self._changed:
            del self._coming[key]
        mine.set_result(block)
        return block

    @contextmanager
    def _room(self, nbytes: int, *, decoding: bool) -> Iterator[None]:
        """Make room for a block; for one of the file, wait for it unless nobody else is reading."""
        inside = int(decoding)
        with self._changed:
            if decoding:
                if not self._changed.wait_for(lambda: self._may_read(nbytes), _PATIENCE):
                    self._changed.wait_for(lambda: not self._inside)
            self._inside += inside
            self._decoding += inside * nbytes
            self._making += nbytes
            self._shrink()
        try:
            yield
        finally:
            with self._changed:
                self._inside -= inside
                self._decoding -= inside * nbytes
                self._making -= nbytes
                self._changed.notify_all()

    def _may_read(self, nbytes: int) -> bool:
        """Return whether a block of the file may be read, once everything else has gone that can go.

        Who waits here works with no other block, so those at work finish without him.
        """
        self._shrink(nbytes)
        at_work = self._used - self._held
        if self._used + self._making + nbytes > self.budget:
            return not self._inside and not at_work
        return not self._inside or self._decoding + nbytes <= self._decoders

    def _find(self, key: BlockKey) -> Block | None:
        shelf = self._kept[min(key.steps, _DEAREST)]
        found = shelf.pop(key, None)
        if found is None:
            return None
        shelf[key] = (found[0], self._clock + _cost(key))
        self._counts = self._counts._replace(hits=self._counts.hits + 1)
        return found[0]

    def _keep(self, key: BlockKey, block: Block) -> None:
        """Count a block that was made, and keep it unless it is larger than all there is."""
        done = "decoded" if key.steps == 0 else "computed"
        self._counts = self._counts._replace(**{done: getattr(self._counts, done) + 1})
        name, nbytes = id(block), block.nbytes
        self._alive[name] = weakref.ref(block, lambda _: self._gone(name, nbytes))
        self._used += nbytes
        self._making -= nbytes  # what it takes is counted once; given back below
        try:
            if nbytes <= self.budget:
                self._kept[min(key.steps, _DEAREST)][key] = (block, self._clock + _cost(key))
                self._held += nbytes
            self._shrink()
        finally:
            self._making += nbytes

    def _gone(self, name: int, nbytes: int) -> None:
        with self._changed:
            del self._alive[name]
            self._used -= nbytes
            self._changed.notify_all()

    def _shrink(self, more: int = 0) -> None:
        """Let blocks go until there is room for those that are used, those that are coming, and more."""
        while self._held and self._used + self._making + more > self.budget:
            shelf = min((s for s in self._kept if s), key=lambda s: next(iter(s.values()))[1])
            _, (old, self._clock) = shelf.popitem(last=False)
            self._held -= old.nbytes
            del old
        self._counts = self._counts._replace(most=max(self._counts.most, self._used + self._making))


def _cost(key: BlockKey) -> int:
    """Return what making a block costs, in blocks of the source."""
    return int(4 ** min(key.steps, _DEAREST))
