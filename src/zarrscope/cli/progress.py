"""How far a long run is: a bar on a terminal, a line now and then elsewhere. The only user of rich."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING

from zarrscope.budget import format_size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_EVERY = 10.0
"""Seconds between two lines."""


@contextmanager
def progress(title: str, total: int, pixel_bytes: float) -> Iterator[Callable[[int], None]]:
    """Show progress on standard error while the block runs.

    Parameters
    ----------
    title : str
        What is being done.
    total : int
        Pixels in all.
    pixel_bytes : float
        Bytes of a pixel, for the rate; 0 where it is not pixels but files that are counted.
    """
    if sys.stderr.isatty():
        with _bar(title, total, pixel_bytes) as advance:
            yield advance
    else:
        yield _Lines(title, total, pixel_bytes)


@contextmanager
def _bar(title: str, total: int, pixel_bytes: float) -> Iterator[Callable[[int], None]]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.progress import TransferSpeedColumn as Speed

    counted = (DownloadColumn(), Speed()) if pixel_bytes else (MofNCompleteColumn(),)
    columns = (TextColumn("{task.description}"), BarColumn(), *counted, TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task(title, total=total * (pixel_bytes or 1))
        yield lambda pixels: shown.advance(task, pixels * (pixel_bytes or 1))


class _Lines:
    """Prints a line every few seconds: for logs of clusters, and for pipes."""

    def __init__(self, title: str, total: int, pixel_bytes: float) -> None:
        self._title, self._total, self._bytes = title, total, pixel_bytes
        self._begun = self._last = monotonic()
        self._done = 0

    def __call__(self, pixels: int) -> None:
        self._done += pixels
        now = monotonic()
        if now - self._last < _EVERY:
            return
        self._last = now
        rate = self._done / (now - self._begun)
        left = (self._total - self._done) / rate
        speed = f"{format_size(rate * self._bytes)}/s" if self._bytes else f"{rate:.0f} files/s"
        print(
            f"{self._title}: {100 * self._done / self._total:.0f}%, {speed}, {left:.0f} s left",
            file=sys.stderr,
            flush=True,
        )
