"""A sample of the pixels: chunks that can be decoded, and levels that show the same.

What coarser pixels may be follows from the finer ones below them: with the mean, the mode, the nearest,
the smallest, the largest or a gaussian a value lies between the smallest and the largest of its window,
which is widened by one pixel for kernels that reach further and for grids that do not fall together.
Kernels that overshoot (splines, Lanczos) may miss it by a fiftieth of the range, and one pixel in a thousand
by any amount; complex, structured and text pixels are not compared.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil, floor, prod
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple
from zlib import crc32

from zarrscope.array.open import open_array
from zarrscope.check import rules
from zarrscope.check.agreement import disagreement, new_ids
from zarrscope.check.images import all_levels, multiscale_of
from zarrscope.check.rules import problem
from zarrscope.errors import CorruptDataError, MetadataError, NotFoundError, UnsupportedError, ZarrscopeError
from zarrscope.ledger.strict import strict
from zarrscope.types import Region

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from numpy.typing import NDArray

    from zarrscope.array.chunked import ChunkedArray
    from zarrscope.check.images import Level
    from zarrscope.check.validation import Validation
    from zarrscope.check.walk import Place
    from zarrscope.report import Problem
    from zarrscope.store.contracts import Readable
    from zarrscope.types import Shape

CHUNKS_A_LEVEL = 16
"""Chunks that are decoded of each level; one where there are many images."""

MANY_IMAGES = 16

MOST_BYTES = 1 << 30
"""Decoded bytes of one target; images beyond are not checked."""

_LARGEST_CHUNK = 256 << 20
_MOST_PIXELS = 1 << 22
"""Pixels of the finer level that one comparison takes."""


@dataclass(slots=True)
class Sampled:
    """How much was read: what was not is told."""

    bytes: int = 0
    chunks: int = 0
    of: int = 0
    notes: dict[str, None] = field(default_factory=dict)


class _Opened(NamedTuple):
    """A level whose pixels can be read, and how large its pixels are."""

    level: Level
    array: ChunkedArray
    scale: tuple[float, ...] | None


def judge_pixels(places: Sequence[Place], store: Readable, found: Validation) -> None:
    """Sample the pixels of all images among some places, and note what is wrong and what was left out.

    Parameters
    ----------
    places : sequence of Place
        Of the whole hierarchy.
    store : Readable
        Where the chunks are.
    found : Validation
        Receives problems, and in ``unchecked`` what was not read.
    """
    store = strict(store)  # where a manifest knows better, what is absent is lost
    images = {p.path: p for p in places if p.document.state == "group" and p.of("level")}
    sampled = Sampled()
    each = CHUNKS_A_LEVEL if len(images) <= MANY_IMAGES else 1
    for number, image in enumerate(images.values()):
        if sampled.bytes >= MOST_BYTES:
            found.unchecked.append(f"pixels of {len(images) - number} more images: enough was read")
            break
        found.merge(_judge_image(image, store, each, sampled))
    found.unchecked += sampled.notes
    rest = sampled.of - sampled.chunks
    if rest > 0:
        found.unchecked.append(f"pixels of {rest} chunks: {sampled.chunks} of {sampled.of} were sampled")


def _judge_image(image: Place, store: Readable, each: int, sampled: Sampled) -> Iterator[Problem]:
    version = image.version
    is_label = image.role == "label" or "image-label" in image.document.ours
    for number, levels in sorted(all_levels(image).items()):
        described = multiscale_of(image, number)
        paths = [dataset.path for dataset in described.datasets] if described else []
        written = dict(zip(paths, described.placements(), strict=True)) if described else {}
        finer: _Opened | None = None
        for level in levels:
            placed = written.get(level.name)
            opened = yield from _open(level, store, placed.scale if placed else None, version, sampled)
            if opened is None:
                finer = None
                continue
            yield from _judge_level(opened, finer, each, is_label, version, sampled)
            finer = opened


def _open(
    level: Level, store: Readable, scale: tuple[float, ...] | None, version: str, sampled: Sampled
) -> Generator[Problem, None, _Opened | None]:
    """Open a level; what cannot be opened for want of a codec is no fault of the image."""
    document = level.place.document
    try:
        array = open_array(store, level.place.path, document.zarr_format)
    except UnsupportedError as error:
        sampled.notes[f"pixels of {level.place.path}: {error}"] = None
    except (MetadataError, NotFoundError) as error:
        yield problem(rules.CHUNK, version, level.file, "", str(error))
    else:
        sampled.of += prod(ceil(n / c) for n, c in zip(array.shape, array.chunks, strict=True))
        return _Opened(level, array, scale)
    return None


def _judge_level(
    opened: _Opened, finer: _Opened | None, each: int, is_label: bool, version: str, sampled: Sampled
) -> Iterator[Problem]:
    array, level = opened.array, opened.level
    if prod(array.chunks) * array.dtype.itemsize > _LARGEST_CHUNK:
        sampled.notes[f"pixels of {level.place.path}: its chunks are larger than 256 MiB"] = None
        return
    for region in _chosen(array.shape, array.chunks, level.place.path, each):
        sampled.chunks += 1
        pixels = yield from _read(opened, region, version, sampled)
        if pixels is None:
            return
        if finer is None or len(finer.array.shape) != len(array.shape) or pixels.dtype.kind not in "biuf":
            continue
        wrong = yield from _compare(opened, finer, region, pixels, is_label, version, sampled)
        if wrong:
            return  # one place a level says it


def _read(
    opened: _Opened, region: Region, version: str, sampled: Sampled
) -> Generator[Problem, None, NDArray[Any] | None]:
    """Read a region; bytes that contradict their description are a problem, a silent server is none."""
    level = opened.level
    try:
        pixels = opened.array.read(region)
    except (CorruptDataError, MetadataError, NotFoundError) as error:
        hint = "write the level again, or restore the file from a copy"
        yield problem(rules.CHUNK, version, level.file, "", f"{_words(region)} cannot be read: {error}", hint)
    except ZarrscopeError as error:
        sampled.notes[f"pixels of {level.place.path}: {error}"] = None
    else:
        sampled.bytes += pixels.nbytes
        return pixels
    return None


def _compare(
    coarse: _Opened, fine: _Opened, region: Region, pixels: NDArray[Any],
    is_label: bool, version: str, sampled: Sampled,
) -> Generator[Problem, None, bool]:  # fmt: skip
    """Compare a region of a level with the same part of the finer one; return whether they disagree."""
    factors = _factors(coarse, fine)
    region, pixels = _smaller(region, pixels, factors)
    windows = [
        _windows(a, b, pair, n)
        for a, b, pair, n in zip(region.start, region.stop, factors, fine.array.shape, strict=True)
    ]
    box = Region(tuple(w[0][0] for w in windows), tuple(max(high for _, high in w) for w in windows))
    finer = yield from _read(fine, box, version, sampled)
    if finer is None:
        return True
    local = [[(a - w[0][0], b - w[0][0]) for a, b in w] for w in windows]
    name, below = repr(coarse.level.name), repr(fine.level.name)
    if is_label and pixels.dtype.kind in "iub":
        rule, wrong = rules.NEW_IDS, new_ids(pixels, finer, local)
        message = f"level {name} holds {wrong}, which level {below} does not hold there"
    else:
        rule, wrong = rules.COARSER, disagreement(pixels, finer, local)
        message = f"level {name} shows something else than level {below}: {wrong}"
    if not wrong:
        return False
    hint = "one of them lost or changed pixels: restore it, or make the coarser levels again"
    yield problem(rule, version, coarse.level.file, "", f"{message}, at {_words(region)}", hint)
    return True


def _factors(coarse: _Opened, fine: _Opened) -> list[tuple[float, float]]:
    """Return how many finer pixels one coarser pixel covers, by the shapes and by the scales."""
    by_shape = [a / b if b else 1.0 for a, b in zip(fine.array.shape, coarse.array.shape, strict=True)]
    if coarse.scale is None or fine.scale is None or len(coarse.scale) != len(by_shape):
        return [(f, f) for f in by_shape]
    pairs = zip(coarse.scale, fine.scale, by_shape, strict=True)
    return [(f, c / s if s > 0 and 0.5 < c / s / f < 2 else f) for c, s, f in pairs]


def _windows(start: int, stop: int, pair: tuple[float, float], size: int) -> list[tuple[int, int]]:
    """Return along one axis the finer pixels, first and one after the last, below each coarser one."""
    low, high = min(pair), max(pair)
    if high == 1:
        return [(i, i + 1) for i in range(start, stop)]
    found = []
    for i in range(start, stop):
        first = min(max(floor(i * low) - 1, 0), size - 1)
        found.append((first, max(min(ceil((i + 1) * high) + 1, size), first + 1)))
    return found


def _smaller(
    region: Region, pixels: NDArray[Any], factors: Sequence[tuple[float, float]]
) -> tuple[Region, NDArray[Any]]:
    """Return as much of a region, from its first pixel, as can be compared without reading too much."""
    shape = list(region.shape)
    cost = prod(max(pair) for pair in factors)
    while prod(shape) * cost > _MOST_PIXELS and max(shape) > 1:
        longest = shape.index(max(shape))
        shape[longest] = (shape[longest] + 1) // 2
    cut = Region.of(region.start, tuple(shape))
    return cut, pixels[tuple(slice(0, n) for n in shape)]


def _chosen(shape: Shape, chunks: Shape, path: str, count: int) -> list[Region]:
    """Return the regions of a few chunks: the first, the last, and some in between; always the same."""
    grid = tuple(ceil(n / c) for n, c in zip(shape, chunks, strict=True))
    if 0 in grid:
        return []
    chance = Random(crc32(path.encode()))  # noqa: S311 - a sample, no secret
    picked = [tuple(n // 2 for n in grid), tuple(n - 1 for n in grid), (0,) * len(grid)][:count]
    picked += [tuple(chance.randrange(n) for n in grid) for _ in range(count - len(picked))]
    found = []
    for place in dict.fromkeys(picked):
        start = tuple(i * c for i, c in zip(place, chunks, strict=True))
        stop = tuple(min(a + c, n) for a, c, n in zip(start, chunks, shape, strict=True))
        found.append(Region(start, stop))
    return found


def _words(region: Region) -> str:
    sides = ", ".join(f"{a}:{b}" for a, b in zip(region.start, region.stop, strict=True))
    return f"pixels [{sides}]"
