"""Where work runs. The only threads of zarrscope are made here."""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, nullcontext
from functools import lru_cache
from threading import local
from typing import TYPE_CHECKING, Protocol, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
    from types import TracebackType

T = TypeVar("T")
R = TypeVar("R")

_here = local()


def cores() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


AHEAD = 2
"""Items in flight beyond one a thread: with fewer, threads wait while results are stored."""


class Executor(Protocol):
    """Runs one function over many items."""

    workers: int

    def map(self, fn: Callable[[T], R], items: Iterable[T]) -> Generator[R, None, None]:
        """Yield results in the order of the items; a bounded number in flight, the first error cancels."""


class Serial:
    """One thing after the other, in the caller's thread."""

    workers = 1

    def map(self, fn: Callable[[T], R], items: Iterable[T]) -> Generator[R, None, None]:
        """Yield the result of each item."""
        for item in items:
            yield fn(item)


class Threads:
    """A number of threads, with a few items more than threads in flight (``AHEAD``).

    Results come in the order of the items, whatever the number of threads: what a writer makes
    of them is then the same for any number.
    """

    def __init__(self, workers: int, kept: ThreadPoolExecutor | None = None) -> None:
        self.workers, self._kept = workers, kept

    def map(self, fn: Callable[[T], R], items: Iterable[T]) -> Generator[R, None, None]:
        """Yield the result of each item; after an error or when closed, nothing new is begun."""
        waiting: deque[Future[R]] = deque()
        with nullcontext(self._kept) if self._kept else _new(self.workers) as threads:
            try:
                for item in items:
                    waiting.append(threads.submit(fn, item))
                    if len(waiting) >= self.workers + AHEAD:
                        yield _first(waiting)
                while waiting:
                    yield _first(waiting)
            finally:
                for future in waiting:
                    future.cancel()
                wait(waiting if self._kept else ())


class Successive:
    """Executors for one piece of work after the other, whose threads stay while their number does.

    With new threads for each, memory grows: the allocator keeps what a thread had for that thread. A context
    manager; the threads end with it.
    """

    def __init__(self) -> None:
        self._kept: tuple[int, ThreadPoolExecutor] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def executor(self, workers: int) -> Executor:
        """Return an executor with so many threads, for use before the next one is asked for."""
        if workers <= 1:
            return Serial()
        if self._kept is None or self._kept[0] != workers:
            self._end()
            self._kept = (workers, _new(workers))
        return Threads(*self._kept)

    def _end(self) -> None:
        if self._kept is not None:
            self._kept[1].shutdown()
            self._kept = None


def _new(workers: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(workers, "zarrscope", initializer=_enter)


def _first(waiting: deque[Future[R]]) -> R:
    """Return the first result, which is waited for in its place: an interrupt must not lose it."""
    result = waiting[0].result()
    waiting.popleft()
    return result


def executor(workers: int | None = None) -> Executor:
    """Return an executor with this many threads (as many as processors where not given)."""
    count = cores() if workers is None else workers
    return Serial() if count <= 1 else Threads(count)


def fan_out(fn: Callable[[T], R], items: Sequence[T]) -> list[R]:
    """Return the results of a few small pieces of work, side by side where that cannot deadlock.

    Inside a worker the pieces run one after the other: its siblings already use the processors.
    """
    if len(items) < 2 or getattr(_here, "worker", False):
        return [fn(item) for item in items]
    return list(pool().map(fn, items))


@contextmanager
def alone() -> Iterator[None]:
    """Let this thread do everything by itself meanwhile: for work that threads of the pool may wait for."""
    before = getattr(_here, "worker", False)
    _here.worker = True
    try:
        yield
    finally:
        _here.worker = before


WIDE = 32
"""Requests to servers that are under way at a time in one process: they wait, and need no processor."""


def wait_together(fn: Callable[[T], R], items: Sequence[T]) -> list[R]:
    """Return the results of work that waits for a network, at most ``WIDE`` pieces at a time in this process.

    Also inside a worker: the threads here only wait, and never for each other.
    """
    if len(items) < 2 or getattr(_here, "waiter", False):
        return [fn(item) for item in items]
    return list(wide_pool().map(fn, items))


def crew(workers: int) -> ThreadPoolExecutor:
    """Return threads of one's own, for what the shared ones must not wait for; who asks shuts them down."""
    return ThreadPoolExecutor(workers, "zarrscope-crew")


@lru_cache(maxsize=1)
def wide_pool() -> ThreadPoolExecutor:
    """Return the one shared pool for work that waits for a network."""
    return ThreadPoolExecutor(WIDE, "zarrscope-wide", initializer=_enter_wide)


@lru_cache(maxsize=1)
def pool() -> ThreadPoolExecutor:
    """Return the one shared pool for small pieces of work."""
    return ThreadPoolExecutor(min(32, cores()), "zarrscope-pool", initializer=_enter)


def _enter() -> None:
    _here.worker = True


def _enter_wide() -> None:
    _here.worker = _here.waiter = True


def _after_fork() -> None:
    """Forget what a forked child has from its parent: pools without their threads, the mark of a worker."""
    pool.cache_clear()
    wide_pool.cache_clear()
    _here.worker = _here.waiter = False


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
