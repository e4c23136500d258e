"""Profiles: what OMERO, DANDI, SpatialData and bioformats2raw demand of an OME-Zarr beyond the specification.

Facts come from the sources and pages of these programs; which of them could not be run beside these rules
is told in docs/how-to/validate.md.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from zarrscope.check import rules_profiles as rules
from zarrscope.check.arrays import ArrayFacts, facts
from zarrscope.check.images import levels_of, multiscale_of
from zarrscope.check.profile_spatialdata import judge_spatialdata
from zarrscope.check.rules import problem
from zarrscope.check.series import NAME
from zarrscope.check.structure import all_places
from zarrscope.errors import MetadataError, UnsupportedError
from zarrscope.model.collection import SERIES_GROUP
from zarrscope.omexml.read import read
from zarrscope.report import VERDICTS
from zarrscope.store.contracts import Listable
from zarrscope.store.keys import join

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from zarrscope.check.documents import Documents
    from zarrscope.check.images import Level
    from zarrscope.check.rules_profiles import Profile
    from zarrscope.check.validation import Validation
    from zarrscope.check.walk import Place
    from zarrscope.omexml.schema import OME
    from zarrscope.omexml.schema import Image as Described
    from zarrscope.report import Problem

_OMERO_TYPES = {
    "int8": "int8", "int16": "int16", "int32": "int32", "uint8": "uint8", "uint16": "uint16",
    "uint32": "uint32", "float32": "float", "float64": "double",
}  # fmt: skip
"""Types of pixels that OMERO knows, and what OME-XML calls them."""

_DEEPEST = 7
_SUFFIXES = (".zarr", ".ngff")
_NODES = ("zarr.json", ".zgroup", ".zarray")
_XML_KEY = join(SERIES_GROUP, NAME)


class Subject(NamedTuple):
    """What a profile judges.

    Parameters
    ----------
    places : list of Place
        All of the hierarchy; the first is the root, unless that is a plain group.
    documents : Documents
        For documents that are no part of it.
    path : str
        Address of the target.
    zarr_format : int
        Of the root.
    found : Validation
        Receives what cannot be judged.
    """

    places: list[Place]
    documents: Documents
    path: str
    zarr_format: int
    found: Validation

    @property
    def root(self) -> Place:
        """The root, or the first image below a plain group."""
        return self.places[0]

    @property
    def images(self) -> list[Place]:
        """All images but label images."""
        found = [place for place in self.places if "multiscales" in place.document.ours]
        return [p for p in found if p.role != "label" and "image-label" not in p.document.ours]


def judge_profile(
    profile: Profile, roots: Sequence[Place], documents: Documents, zarr_format: int, found: Validation
) -> None:
    """Note what a consumer would not take.

    Parameters
    ----------
    profile : str
        Name of the consumer.
    roots : sequence of Place
        The trees of the hierarchy.
    documents : Documents
        For documents that are no part of them.
    zarr_format : int
        Of the root.
    found : Validation
        Receives problems, and in ``unchecked`` what could not be judged.
    """
    subject = Subject(list(all_places(roots)), documents, found.path, zarr_format, found)
    judges = {
        "omero": _omero,
        "dandi": _dandi,
        "spatialdata": lambda s: judge_spatialdata(s.places, s.documents, s.zarr_format, s.found),
        "bioformats2raw": _bioformats2raw,
    }
    grave = frozenset(VERDICTS)
    found.merge(replace(one, verdicts=grave) for one in judges[profile](subject))


# --- OMERO and bioformats2raw -------------------------------------------------------------------------


def _omero(subject: Subject) -> Iterator[Problem]:
    root = subject.root
    yield from _version(subject, rules.OMERO_VERSION)
    if "plate" not in root.document.ours:
        yield from _layout(subject, rules.OMERO_LAYOUT)
    for image in subject.images:
        names = _names(image)
        if names and names not in _orders():
            message = f"the axes are {', '.join(names)}"
            yield _of(image, rules.OMERO_AXES, message, "two to five of t, c, z, y, x, with y and x last")
        levels = levels_of(image, 0)
        for level in levels:
            if level.facts.dtype not in _OMERO_TYPES:
                message = f"level {level.name!r} is {level.facts.dtype}"
                yield problem(rules.OMERO_DTYPE, image.version, level.file, "", message)
        for before, level in pairwise(levels):
            yield from _factors(image, names, before, level)
    yield from _xml_fits(subject)


def _bioformats2raw(subject: Subject) -> Iterator[Problem]:
    yield from _version(subject, rules.BF2RAW_VERSION)
    yield from _layout(subject, rules.BF2RAW_LAYOUT)
    if subject.documents.fetch([_XML_KEY])[_XML_KEY] is None:
        yield _at_root(subject, rules.BF2RAW_XML, f"{_XML_KEY} is not there")
    series = subject.root.of("series")
    if not series:
        yield _at_root(subject, rules.BF2RAW_SERIES, "there is no series", "images stand at 0, 1, 2 ...")
    for place in series:
        if "multiscales" not in place.document.ours:
            yield _of(place, rules.BF2RAW_SERIES, f"series {place.link.said!r} is no image")
    for image in subject.images:
        names = _names(image)
        if names and names != tuple("tczyx"):
            yield _of(
                image, rules.BF2RAW_AXES, f"the axes are {', '.join(names)}", "write all of t, c, z, y, x"
            )


def _of(place: Place, rule: str, message: str, hint: str = "") -> Problem:
    return problem(rule, place.version, place.file, place.document.root, message, hint)


def _at_root(subject: Subject, rule: str, message: str, hint: str = "") -> Problem:
    """Return a problem of the root, be it a plain group above the images."""
    if not subject.root.path:
        return _of(subject.root, rule, message, hint)
    file = "zarr.json" if subject.zarr_format == 3 else ".zattrs"
    return problem(rule, subject.root.version, file, "", message, hint)


def _version(subject: Subject, rule: str) -> Iterator[Problem]:
    for image in subject.images or [subject.root]:
        if image.version != "0.4":
            hint = (
                "write it with --version 0.4, or bring an older one there with 'zarrscope upgrade --to 0.4'"
            )
            yield _of(image, rule, f"this is OME-Zarr {image.version or 'of no version'}", hint)


def _layout(subject: Subject, rule: str) -> Iterator[Problem]:
    said = None if subject.root.path else subject.root.document.ours.get("bioformats2raw.layout")
    if said != 3 or isinstance(said, bool):
        message = "'bioformats2raw.layout' is missing" if said is None else f"the layout is {str(said)[:40]}"
        hint = "put the image into a group '0' below a root with \"bioformats2raw.layout\": 3"
        yield _at_root(subject, rule, message, hint)


def _names(image: Place) -> tuple[str, ...]:
    described = multiscale_of(image, 0)
    if described is None:
        return ()
    # 0.1 and 0.2 know five axes, and do not name them
    return tuple(axis.name for axis in described.axes) or tuple("tczyx")


def _orders() -> set[tuple[str, ...]]:
    """Return the orders of axes that OMERO reads: y and x, and before them any of t, c and z."""
    return {(*t, *c, *z, "y", "x") for t in ("", "t") for c in ("", "c") for z in ("", "z")}


def _factors(image: Place, names: tuple[str, ...], before: Level, level: Level) -> Iterator[Problem]:
    old, new = before.facts.shape, level.facts.shape
    if not len(names) == len(old) == len(new):
        return
    for name, fine, coarse in zip(names, old, new, strict=True):
        halves = {max(1, fine // 2), -(-fine // 2)}
        allowed = halves if name in ("y", "x") else halves | {fine} if name == "z" else {fine}
        if coarse not in allowed:
            message = f"level {level.name!r} has {coarse} pixels along {name}, level {before.name!r} {fine}"
            pointer = level.place.link.pointer
            hint = "make the levels anew, each half as large as the one before"
            yield problem(rules.OMERO_FACTORS, image.version, image.file, pointer, message, hint)


def _xml_fits(subject: Subject) -> Iterator[Problem]:
    """Compare the OME-XML with the images, in the order of the series."""
    version = subject.root.version
    data = subject.documents.fetch([_XML_KEY])[_XML_KEY]
    if data is None:
        yield _at_root(subject, rules.OMERO_XML, f"{_XML_KEY} is not there")
        return
    try:
        ome: OME = read(bytes(data), file=_XML_KEY)
    except (MetadataError, UnsupportedError) as error:
        yield problem(rules.OMERO_XML, version, _XML_KEY, "", str(error).removeprefix(f"{_XML_KEY}: "))
        return
    plate = "plate" in subject.root.document.ours
    images = subject.images if plate else subject.root.of("series")
    if len(images) != len(ome.images):
        message = f"{len(ome.images)} images are described, {len(images)} are there"
        yield problem(rules.OMERO_XML, version, _XML_KEY, "", message)
        return
    # the order of fields in the XML of a plate is told by wells and samples, which are not compared
    for number, (image, described) in enumerate(zip(images, ome.images, strict=True)):
        if not plate:
            for message in _differences(image, described):
                yield problem(rules.OMERO_XML, version, _XML_KEY, "", f"image {number}: {message}")


def _differences(image: Place, described: Described) -> Iterator[str]:
    levels, names = levels_of(image, 0), _names(image)
    if not levels or len(names) != len(levels[0].facts.shape):
        return
    sizes = dict(zip(names, levels[0].facts.shape, strict=True))
    for axis, size in described.pixels.sizes.items():
        if size != sizes.get(axis.lower(), 1):
            yield f"Size{axis.upper()} is {size}, the array has {sizes.get(axis.lower(), 1)}"
    dtype = levels[0].facts.dtype
    if described.pixels.type != _OMERO_TYPES.get(dtype):
        yield f"the type is {described.pixels.type[:40]!r}, that of the array {dtype}"


# --- DANDI ----------------------------------------------------------------------------------------------


def _dandi(subject: Subject) -> Iterator[Problem]:
    root, store = subject.root, subject.documents.store
    name = subject.path.replace("\\", "/").rstrip("/").rpartition("/")[2]
    file = "zarr.json" if subject.zarr_format == 3 else ".zattrs"
    version = root.version
    if not name.lower().endswith(_SUFFIXES):
        message = f"the name is {name[:80]!r}"
        yield problem(rules.DANDI_SUFFIX, version, file, "", message, "rename it: NAME.ome.zarr")
    listed = isinstance(store, Listable)
    keys = list(store.list("")) if isinstance(store, Listable) else _keys(subject)
    arrays = root.document.state == "array" and not root.path
    if not arrays and not any("/" in key and key.rpartition("/")[2] in _NODES for key in keys):
        yield problem(rules.DANDI_EMPTY, version, file, "", "there is nothing below the root")
    deep = [key for key in keys if key.count("/") >= _DEEPEST]
    if deep:
        worst = max(deep, key=lambda key: key.count("/"))
        many = f"{len(deep)} files lie" if listed else "chunks would lie"
        message = f"{many} too deep: {worst!r} has {worst.count('/') + 1} parts"
        hint = "shards, or chunk keys joined by dots, take fewer folders; a part of a plate is less deep"
        yield problem(rules.DANDI_DEPTH, version, file, "", message, hint)


def _keys(subject: Subject) -> list[str]:
    """Return the deepest key of each array and the document of each group, where nothing can be listed."""
    found = []
    for place in subject.places:
        if place.document.state == "group":
            found.append(join(place.path, ".zgroup" if place.document.zarr_format == 2 else "zarr.json"))
        elif place.document.state == "array":
            found.append(join(place.path, ".zarray" if place.document.zarr_format == 2 else "zarr.json"))
            known = facts(place.document)
            if isinstance(known, ArrayFacts):
                last = known.separator.join(str(n - 1) for n in known.grid) or "0"
                found.append(join(place.path, f"c{known.separator}{last}" if known.nested else last))
    return found
