"""Where an image's axes lie in a series of TIFF pages."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, NamedTuple

from zarrscope.errors import SourceError, UnsupportedError
from zarrscope.types import Region, Shape

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PAGE_SLOTS = "SDLWs"
"""The dimensions of a page as TIFF stores it: separate samples, depth, length, width, contiguous samples."""

_INSIDE = "DLWs"


class Part(NamedTuple):
    """One axis of a series: a slot of the page or ``P`` (pages), its length, its stride in pages."""

    slot: str
    length: int
    stride: int = 0


class Job(NamedTuple):
    """What a region needs of one page (of one sample of it, where samples lie apart).

    Parameters
    ----------
    page, sample : int
        Number of the page in the series; index of the separate sample.
    box : Region
        Of the page, in depth, length, width, contiguous sample.
    where : tuple
        Index into the region: where it goes.
    """

    page: int
    sample: int
    box: Region
    where: tuple[int | slice, ...]


def parts_of(shape: Sequence[int], page: Sequence[int]) -> tuple[Part, ...]:
    """Find the slot of every axis of a series.

    Parameters
    ----------
    shape : sequence of int
        The series, in its own order; its fastest axes are those of a page.
    page : sequence of int
        The page in the order of `PAGE_SLOTS`; dimensions of length 1 need not be axes.

    Raises
    ------
    SourceError
        The page is no part of the series.
    """
    slots: list[Part] = []
    rest = list(shape)
    for slot, length in reversed(list(zip(PAGE_SLOTS, page, strict=True))):
        if length == 1 and (slot not in "LW" or not rest or rest[-1] != 1):
            continue
        while rest and rest[-1] == 1 != length:
            rest.pop()
            slots.append(Part("1", 1))
        if not rest or rest[-1] != length:
            raise SourceError(f"pages of {tuple(page)} do not make up an image of {tuple(shape)}")
        slots.append(Part(slot, rest.pop()))
    stride = 1
    for length in reversed(rest):
        slots.append(Part("P", length, stride))
        stride *= length
    return tuple(reversed(slots))


@dataclass(frozen=True, slots=True)
class Layout:
    """The axes of one image in a series of pages.

    Parameters
    ----------
    order : str
        Our axes of the image, in our order.
    axes : tuple of tuple of Part
        For each of them the axes of the series that it is made of, the slower one first (c of channels and
        samples).
    page : int
        Number of the first page of the image in the series (scenes).
    sample : int
        Separate sample of a scene that is one.
    """

    order: str
    axes: tuple[tuple[Part, ...], ...]
    page: int = 0
    sample: int = 0

    @property
    def shape(self) -> Shape:
        """Number of pixels along each of our axes."""
        return tuple(prod(part.length for part in parts) for parts in self.axes)

    def chunks(self, segment: Sequence[int]) -> Shape:
        """Return the unit of decoding in our axes, from that of a page (depth, length, width, samples)."""
        unit = dict(zip(_INSIDE, segment, strict=True))
        return tuple(
            max(1, prod(min(unit.get(part.slot, 1), part.length) for part in parts)) for parts in self.axes
        )

    def jobs(self, region: Region) -> Iterator[Job]:
        """Yield what a region needs of each page."""
        spans = zip(self.axes, region.start, region.stop, strict=True)
        for choice in itertools.product(*(tuple(_choices(*span)) for span in spans)):
            page, sample = self.page, self.sample
            start, stop = [0, 0, 0, 0], [1, 1, 1, 1]
            for _, steps in choice:
                for part, low, high in steps:
                    if part.slot == "P":
                        page += part.stride * low
                    elif part.slot == "S":
                        sample += low
                    elif part.slot in _INSIDE:
                        inside = _INSIDE.index(part.slot)
                        start[inside], stop[inside] = low, high
            yield Job(page, sample, Region(tuple(start), tuple(stop)), tuple(where for where, _ in choice))

    @property
    def inside(self) -> tuple[str, ...]:
        """The slots inside a page that our axes stand for, in our order: what is left after a job's index."""
        return tuple(parts[-1].slot for parts in self.axes if parts and parts[-1].slot in _INSIDE)


Choice = tuple[int | slice, tuple[tuple[Part, int, int], ...]]


def _choices(parts: tuple[Part, ...], low: int, high: int) -> Iterator[Choice]:
    """Yield the pieces of a range of one of our axes: where each goes, and what it takes of each part."""
    *slow, fast = parts
    if fast.slot in _INSIDE:
        for major in range(low // fast.length, -(-high // fast.length)):
            first, last = max(low, major * fast.length), min(high, (major + 1) * fast.length)
            span = (fast, first - major * fast.length, last - major * fast.length)
            outer = tuple((part, major, major + 1) for part in slow)
            yield slice(first - low, last - low), (*outer, span)
        return
    for index in range(low, high):
        major, minor = divmod(index, fast.length)
        outer = tuple((part, major, major + 1) for part in slow)
        yield index - low, (*outer, (fast, minor, minor + 1))


def layouts(parts: Sequence[Part], names: Sequence[str | None], order: str) -> Iterator[tuple[Layout, Shape]]:
    """Yield the images that a series holds, with their index along the axes that an image cannot have.

    Parameters
    ----------
    parts : sequence of Part
        From `parts_of`.
    names : sequence of (str or None)
        What each axis is (`zarrscope.source.axes.Assignment`).
    order : str
        Our axes, in our order.

    Raises
    ------
    UnsupportedError
        An axis inside a page (other than separate samples) would have to become scenes.
    """
    pairs = list(zip(parts, names, strict=True))
    by_name = {name: part for part, name in pairs if name is not None}
    axes = []
    for name in order:
        made_of = [
            by_name[letter] for letter in ((name, "s") if name == "c" else (name,)) if letter in by_name
        ]
        axes.append(tuple(part for part in made_of if part.length > 1 or len(made_of) == 1))
    if any(not chosen for chosen in axes):
        axes = [chosen or (Part("1", 1),) for chosen in axes]
    outside = [part for part, name in pairs if name is None and part.length > 1]
    if any(part.slot not in "PS" for part in outside):
        raise UnsupportedError(
            "an axis inside the pages has no place in an image; name the axes yourself with --axes (axes=)"
        )
    for index in itertools.product(*(range(part.length) for part in outside)):
        moved = list(zip(outside, index, strict=True))
        page = sum(part.stride * i for part, i in moved if part.slot == "P")
        sample = sum(i for part, i in moved if part.slot == "S")
        yield Layout(order, tuple(axes), page, sample), tuple(index)
