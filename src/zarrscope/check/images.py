"""The arrays of an image: there, alike, named like the axes, and as large as the document says."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from zarrscope.check import rules
from zarrscope.check.arrays import ArrayFacts, Fault, facts, names, shape_key
from zarrscope.check.rules import problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from zarrscope.check.walk import Place
    from zarrscope.model.multiscales import Multiscale
    from zarrscope.report import Problem

_ROUNDING = 1e-3
"""Scales are written with few digits; sizes that follow from them are known no better."""


class Level(NamedTuple):
    """One level that is an array."""

    place: Place
    facts: ArrayFacts

    @property
    def file(self) -> str:
        """Key of the document with shape and type."""
        return shape_key(self.place.document)

    @property
    def name(self) -> str:
        """Path as the image names it."""
        return self.place.link.said


def levels_of(image: Place, number: int) -> list[Level]:
    """Return the levels of one multiscale that are arrays, as the document orders them."""
    return all_levels(image).get(number, [])


def all_levels(image: Place) -> dict[int, list[Level]]:
    """Return the levels of every multiscale that has any named, by its number."""
    found: dict[int, list[Level]] = {}
    for place in image.of("level"):
        levels = found.setdefault(place.link.place[0], [])
        known = facts(place.document) if place.document.state == "array" else None
        if isinstance(known, ArrayFacts):
            levels.append(Level(place, known))
    return found


def multiscale_of(image: Place, number: int) -> Multiscale | None:
    """Return what the document says of one multiscale; None where it is too broken to tell."""
    written = image.document.ours.get("multiscales")
    if image.node is None or not isinstance(written, list):
        return None
    read = image.node.multiscales
    return read[number] if len(read) == len(written) and number < len(read) else None


def judge_image(image: Place) -> Iterator[Problem]:
    """Yield what is wrong with the arrays of an image (or label image)."""
    version = image.version
    for place in image.of("level"):
        yield from judge_array(place, version)
    for number, levels in sorted(all_levels(image).items()):
        described = multiscale_of(image, number)
        yield from _dtypes(levels, version)
        yield from _order(levels, version)
        yield from _separators(levels, version)
        if described is not None:
            yield from _dimensions(levels, described, version)
            yield from _names(levels, described, version)
            if rules.rule_version(version) >= "0.4":  # earlier versions do not say how large a pixel is
                yield from _scales(image, levels, described, version)


def judge_array(place: Place, version: str) -> Iterator[Problem]:
    """Make sure that an array, of a level or a matrix, is where the document says."""
    namer = place.namer
    if namer is None or place.document.state in ("unread", "broken"):
        return
    rule = rules.LEVEL if place.role == "level" else rules.PARAMETERS
    said, pointer = place.link.said, place.link.pointer
    if place.document.state == "absent":
        hint = "write the array, or take the entry out"
        yield problem(rule, version, namer.file, pointer, f"there is no array at {said!r}", hint)
    elif place.document.state == "group":
        hint = "name the array inside of it" if place.role == "level" else ""
        yield problem(rule, version, namer.file, pointer, f"{said!r} is a group, not an array", hint)
    else:
        known = facts(place.document)
        if isinstance(known, Fault):
            file = shape_key(place.document)
            yield problem(rules.ARRAY, version, file, known.pointer, known.message)


def _dimensions(levels: Sequence[Level], image: Multiscale, version: str) -> Iterator[Problem]:
    axes = [axis.name for axis in image.axes]
    old = version in ("0.1", "0.2")
    for level in levels:
        count = len(level.facts.shape)
        if old and count != 5:
            message = f"level {level.name!r} has {count} dimensions; {version} knows five alone"
            yield problem(rules.FIVE, version, level.file, "/shape", message)
        elif axes and count != len(axes):
            message = (
                f"level {level.name!r} has {count} dimensions, the image {len(axes)} axes ({', '.join(axes)})"
            )
            hint = "name one axis for each dimension of the arrays"
            yield problem(rules.DIMENSIONS, version, level.file, "/shape", message, hint)


def _dtypes(levels: Sequence[Level], version: str) -> Iterator[Problem]:
    if len({level.facts.dtype for level in levels}) < 2:
        return
    usual = Counter(level.facts.dtype for level in levels).most_common(1)[0][0]
    usual = levels[0].facts.dtype if len(levels) == 2 else usual
    rule = rules.DTYPE if rules.rule_version(version) >= "0.6" else rules.DTYPE_ADVICE
    for level in levels:
        if level.facts.dtype != usual:
            pointer = "/data_type" if level.place.document.zarr_format == 3 else "/dtype"
            message = f"level {level.name!r} is {level.facts.dtype}, the others are {usual}"
            yield problem(rule, version, level.file, pointer, message, "write all levels with one data type")


def _names(levels: Sequence[Level], image: Multiscale, version: str) -> Iterator[Problem]:
    axes = tuple(axis.name for axis in image.axes)
    if not axes or "" in axes:
        return
    v3 = rules.rule_version(version) >= "0.5"
    rule, key = (rules.NAMES, "dimension_names") if v3 else (rules.XARRAY, "_ARRAY_DIMENSIONS")
    needed = rules.rule_version(version) in ("0.3", "0.5")
    for level in levels:
        document = level.place.document
        if (document.zarr_format == 3) != v3 or len(level.facts.shape) != len(axes):
            continue
        said = names(document)
        if said == axes or (said is None and not needed):
            continue
        found = "is missing" if said is None else f"is [{', '.join(map(_word, said))}]"
        hint = f'write "{key}": [{", ".join(map(_word, axes))}]'
        pointer = "" if said is None else f"/{key}"
        message = f"{key} of level {level.name!r} {found}; the axes are {', '.join(axes)}"
        yield problem(rule, version, document.file, pointer, message, hint)


def _word(name: object) -> str:
    return f'"{name}"' if isinstance(name, str) else "null" if name is None else repr(name)[:20]


def _order(levels: Sequence[Level], version: str) -> Iterator[Problem]:
    """Make sure that no level is larger than the one before, along any axis."""
    for before, level in pairwise(levels):
        old, new = before.facts.shape, level.facts.shape
        if len(old) == len(new) and any(b > a for a, b in zip(old, new, strict=True)):
            image = level.place.namer
            message = (
                f"level {level.name!r} {_times(new)} comes after {before.name!r} {_times(old)}, but is larger"
            )
            file = image.file if image else level.file
            hint = "list the datasets from the largest to the smallest"
            yield problem(rules.SHRINK, version, file, level.place.link.pointer, message, hint)


def _scales(image: Place, levels: Sequence[Level], described: Multiscale, version: str) -> Iterator[Problem]:
    """Compare sizes of pixels and of arrays: what one has more, the other has less, but for rounding."""
    paths = [dataset.path for dataset in described.datasets]
    written = dict(zip(paths, described.placements(), strict=True))
    placed = [(level, written[level.name]) for level in levels if level.name in written]
    first, base = placed[0] if placed else (None, None)
    if first is None or base is None:
        return
    for level, here in placed[1:]:
        if here is None or len(level.facts.shape) != len(first.facts.shape):
            continue
        sides = zip(
            described.axes, first.facts.shape, level.facts.shape, base.scale, here.scale, strict=False
        )
        for axis, old, new, fine, coarse in sides:
            if fine <= 0 or coarse <= 0:
                continue
            expected = old * fine / coarse
            if abs(new - expected) <= 1 + _ROUNDING * expected:
                continue
            message = (
                f"level {level.name!r} has {new} pixels along {axis.name or '?'}, but its scale "
                f"({coarse:g}, finest {fine:g}) fits {expected:.4g}"
            )
            hint = f"a scale of {fine * old / new:.6g} would fit" if new else ""
            pointer = level.place.link.pointer.removesuffix("/path") + "/coordinateTransformations"
            yield problem(rules.SCALE, version, image.file, pointer, message, hint)


def _separators(levels: Sequence[Level], version: str) -> Iterator[Problem]:
    wanted = "." if version == "0.1" else "/"
    for level in levels:
        if level.place.document.zarr_format == 2 and level.facts.separator != wanted and level.facts.shape:
            message = (
                f"chunks of level {level.name!r} are separated by {level.facts.separator!r}, not {wanted!r}"
            )
            yield problem(rules.SEPARATOR, version, level.file, "/dimension_separator", message)


def _times(shape: Sequence[int]) -> str:
    return "x".join(map(str, shape))
