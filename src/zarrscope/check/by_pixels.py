"""Verification against a source: level 0 by its pixels, coarser levels by being made anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from zarrscope.check.by_decoding import ABSENT, Absences, boxes, places_of, read_into_scratch
from zarrscope.check.verification import Finding, Tally
from zarrscope.errors import ArgumentError, CorruptDataError, ZarrscopeError
from zarrscope.node.groups import ImageGroup
from zarrscope.node.open import open_node
from zarrscope.pyramid.remaking import Remade, Trusted, factors_between, kernel_of
from zarrscope.store.keys import join

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from numpy.typing import NDArray

    from zarrscope.array.chunked import ChunkedArray
    from zarrscope.executor import Executor
    from zarrscope.node.image import Image
    from zarrscope.pyramid.remaking import Truth
    from zarrscope.source.contracts import Scene, Source
    from zarrscope.store.contracts import Readable
    from zarrscope.types import Shape


class ByPixels:
    """A comparison with what was, or could have been, converted.

    Level 0 has to hold the pixels of the source. Each coarser level has to be what the kernel, where the
    document names one of ours, makes of the finer level; else what the source has at that level.

    Parameters
    ----------
    store : Readable
        Holds the images.
    source : Source
        What they should show.
    named : str
        How the source is called.

    Raises
    ------
    ArgumentError
        Nothing tells which image of the source belongs to which of these.
    """

    def __init__(self, store: Readable, source: Source, named: str) -> None:
        self.basis = f"by pixels with {named}"
        self._watch = Absences(store)
        node = open_node(self._watch)
        images = [node.image(path) for path in node.paths] if isinstance(node, ImageGroup) else [node]
        self._pairs = list(zip(images, _scenes(source, images, named), strict=True))
        self._tally = Tally()
        self._tally.lines.append("documents and label images: not compared")
        self.total = sum(level.nbytes for image in images for level in image.levels)

    @property
    def notes(self) -> list[str]:
        """What could not be told."""
        return self._tally.told()

    def findings(self, threads: Executor) -> Generator[Finding, None, None]:
        """Yield every unit of every level of every image."""
        for image, scene in self._pairs:
            yield from self._image(image, scene, threads)

    def _image(self, image: Image, scene: Scene, threads: Executor) -> Iterator[Finding]:
        finer: Trusted | None = None
        for number, level in enumerate(image.levels):
            array = level.array
            truth = self._truth(image, scene, number, finer)
            if truth is None:
                name = "{n} coarser unit(s), of which nothing tells how they were made: only decoded"
                self._tally.counts[name] += sum(1 for _ in places_of(array))
            elif truth.shape != array.shape or getattr(truth, "dtype", array.dtype) != array.dtype:
                key = join(array.path, "zarr.json" if array.metadata.zarr_format == 3 else ".zarray")
                what = f"{list(array.shape)} {array.dtype}, but the source has {list(truth.shape)}"
                yield Finding(key, "differs", what)
                return
            wrong: set[Shape] = set()
            units = ((array, place, truth) for place in places_of(array))
            for place, found in threads.map(self._compare, units):
                if found is None:
                    self._tally.counts[ABSENT] += 1
                    continue
                if found.status != "same":
                    wrong.add(place)
                yield found
            finer = None if truth is None else Trusted(array, wrong, truth)

    def _truth(self, image: Image, scene: Scene, number: int, finer: Trusted | None) -> Truth | None:
        """Return what a level should be; None where nothing tells."""
        if number == 0:
            return scene.levels[0]
        array = image.levels[number].array
        made_by = kernel_of(image.multiscale, array.dtype)
        if made_by is not None and finer is not None:
            factors = factors_between(finer.shape, array.shape)
            return None if factors is None else Remade(finer, array.shape, made_by, factors)
        kept = scene.levels[number] if made_by is None and number < len(scene.levels) else None
        return kept if kept is not None and kept.shape == array.shape else None

    def _compare(self, unit: tuple[ChunkedArray, Shape, Truth | None]) -> tuple[Shape, Finding | None]:
        """Compare the pixels of a unit; None where it is absent and nothing tells whether it may be."""
        array, place, _ = unit
        with self._watch.watching(array.key(place)):
            return place, self._found(*unit)

    def _found(self, array: ChunkedArray, place: Shape, truth: Truth | None) -> Finding | None:
        key, whole = array.key(place), array.unit_region(place)
        size = whole.size * array.dtype.itemsize
        status: Any = "same"
        for box in boxes(array, whole):
            try:
                pixels = read_into_scratch(array, box)
            except CorruptDataError as error:
                lost = key in self._watch.missed
                return Finding(key, "missing" if lost else "unreadable", str(error), size)
            except ZarrscopeError as error:
                return Finding(key, "unreadable", str(error), size)
            if truth is not None and not _equal(pixels, truth.read(box)):
                status = "missing" if key in self._watch.missed else "differs"
                break
        if truth is None and key in self._watch.missed:
            return None
        return Finding(key, status, read=size)


def _equal(one: NDArray[Any], two: NDArray[Any]) -> bool:
    """Return whether two blocks hold the same bits: a NaN is itself, and 0.0 is not -0.0."""
    if one.shape != two.shape or one.dtype != two.dtype:
        return False
    if one.dtype.kind in "biu":
        return bool(np.array_equal(one, two))
    first, second = (np.ascontiguousarray(block).reshape(-1).view(np.uint8) for block in (one, two))
    return bool(np.array_equal(first, second))


def _scenes(source: Source, images: Sequence[Image], named: str) -> list[Scene]:
    """Return the scene of each image: all of them in order, or of a single image the only one that fits."""
    everything = list(source.scenes)
    plain = [scene for scene in everything if not scene.associated]
    for scenes in (plain, everything):
        if len(scenes) == len(images):
            return scenes
    if len(images) == 1:
        fitting = [scene for scene in everything if scene.levels[0].shape == images[0].shape]
        same_name = [scene for scene in fitting if scene.description.name == images[0].name]
        for scenes in (same_name, fitting):
            if len(scenes) == 1:
                return scenes
    raise ArgumentError(
        f"{named} holds {len(plain)} images, not {len(images)}: nothing tells which of them belong together"
    )
