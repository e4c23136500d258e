"""Which version a document has, and the two functions that lead from documents to the model and back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from zarrscope.errors import ArgumentError, UnsupportedError
from zarrscope.report import Report
from zarrscope.spec.dialects import Migration, migrated
from zarrscope.spec.judge import DRAFT, FORM, judge
from zarrscope.spec.reduction import reduced
from zarrscope.spec.rules import RULES
from zarrscope.spec.rules_axes import axis_rank
from zarrscope.spec.v01 import V01
from zarrscope.spec.v02 import V02
from zarrscope.spec.v03 import V03
from zarrscope.spec.v04 import V04
from zarrscope.spec.v05 import V05
from zarrscope.spec.v06 import V06
from zarrscope.spec.v09 import V09

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from zarrscope.model.axes import Axis
    from zarrscope.model.node import Node
    from zarrscope.report import Problem

_MANY = 1_000_000
_ALL = (V01(), V02(), V03(), V04(), V05(), V06(), V09())
_CODECS: dict[str, V04] = {codec.version: codec for codec in _ALL}

VERSIONS_READ = tuple(_CODECS)
"""Versions that ``decode`` understands."""

VERSIONS_WRITTEN = ("0.4", "0.5", "0.6")
"""Versions that ``encode`` writes."""

DRAFTS_WRITTEN = ("0.9",)
"""Drafts that ``encode`` writes too, for those who ask for one by name."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a version can hold.

    Parameters
    ----------
    axes : tuple of int
        Smallest and largest number of axes.
    space : tuple of int
        Smallest and largest number of axes of the type space.
    time, other : int
        Largest number of axes of the type time, and of the type channel or any other.
    ordered : bool
        Whether time must come first, then the other, then space.
    arrays : bool
        Whether two or more axes of the type array will do instead.
    """

    axes: tuple[int, int] = (2, 5)
    space: tuple[int, int] = (2, 3)
    time: int = 1
    other: int = 1
    ordered: bool = True
    arrays: bool = False

    def obstacles(self, axes: Sequence[Axis]) -> list[str]:
        """Return, one line each, why these axes cannot be written; empty where they can."""
        ranks = [axis_rank(axis) for axis in axes]
        names = ", ".join(axis.name for axis in axes)
        found = []
        if not self.axes[0] <= len(axes) <= self.axes[1]:
            found.append(f"{len(axes)} axes ({names}); allowed are {self.axes[0]} to {self.axes[1]}")
        if len({axis.name for axis in axes}) < len(axes):
            found.append(f"axes of the same name ({names})")
        if self.arrays and sum(axis.type == "array" for axis in axes) >= 2:
            return found
        if not self.space[0] <= ranks.count(2) <= self.space[1]:
            found.append(f"{ranks.count(2)} axes of space ({names}); allowed are 2 or 3")
        if ranks.count(0) > self.time:
            found.append(f"{ranks.count(0)} axes of time ({names}); allowed is 1")
        if ranks.count(1) > self.other:
            found.append(f"{ranks.count(1)} axes that are neither space nor time ({names}); allowed is 1")
        if self.ordered and ranks != sorted(ranks):
            found.append(f"the order {names}; it must be time, channel, space")
        return found


def limits(version: str) -> Limits:
    """Return what a version can hold."""
    _writable(version)
    if version in DRAFTS_WRITTEN:
        return Limits((1, _MANY), (0, _MANY), _MANY, _MANY, ordered=False)
    return Limits(arrays=version == "0.6")


def zarr_format_of(version: str) -> int:
    """Return 2 or 3, the Zarr format below a version of OME-Zarr."""
    codec = _CODECS.get(version)
    if codec is None:
        raise ArgumentError(f"there is no OME-Zarr {version!r}; known are {', '.join(_CODECS)}")
    return codec.zarr_format


def detect(attributes: Mapping[str, Any], zarr_format: int, assume: str | None = None) -> str:
    """Return the version that a group's attributes claim, or the one that their form shows.

    Parameters
    ----------
    attributes : mapping
        The whole of ``.zattrs``, or ``attributes`` of ``zarr.json``.
    zarr_format : int
        2 or 3.
    assume : str, optional
        The version of the hierarchy around it, for a document that claims none.

    Returns
    -------
    str
        As it stands there, even where nothing here knows it.
    """
    found = claimed(attributes, zarr_format)
    if found is not None:  # an empty one is a claim too
        return found
    return assume or _shown(attributes, zarr_format)


def claimed(attributes: Mapping[str, Any], zarr_format: int) -> str | None:
    """Return the version that a group's attributes name, None where they name none."""
    ome = attributes.get("ome")
    if isinstance(ome, dict) and (zarr_format == 3 or isinstance(ome.get("version"), str)):
        return _version_of(ome)
    if zarr_format == 3:
        return None
    images = attributes.get("multiscales")
    first = images[0] if isinstance(images, list) and images else None
    parts = (first, *(attributes.get(key) for key in ("plate", "well", "image-label")))
    return next((found for part in parts if (found := _version_of(part)) is not None), None)


def _version_of(part: object) -> str | None:
    version = part.get("version") if isinstance(part, dict) else None
    return version if isinstance(version, str) else None


def _shown(attributes: Mapping[str, Any], zarr_format: int) -> str:
    """Return the version that the form of a document shows which names none."""
    if zarr_format == 3:
        return "0.5"
    images = attributes.get("multiscales")
    first = images[0] if isinstance(images, list) and images else None
    if not isinstance(first, dict):
        return "0.4"
    axes = first.get("axes")
    if isinstance(axes, list):
        return "0.3" if axes and all(isinstance(axis, str) for axis in axes) else "0.4"
    datasets = first.get("datasets")
    placed = isinstance(datasets, list) and any(
        isinstance(d, dict) and "coordinateTransformations" in d for d in datasets
    )
    return "0.4" if placed else "0.1"


def decode(
    attributes: Mapping[str, Any], *, zarr_format: int, kind: str | None = None, assume: str | None = None
) -> tuple[Node | None, Report]:
    """Read the attributes of a group, and judge them.

    Parameters
    ----------
    attributes : mapping
        The whole of ``.zattrs``, or ``attributes`` of ``zarr.json``.
    zarr_format : int
        2 or 3.
    kind : str, optional
        What the document must be: ``image``, ``label``, ``labels``, ``plate``, ``well``, ``scene`` or
        ``transformation`` (a fragment). Without it, whatever stands there is judged.
    assume : str, optional
        The version of the hierarchy around it, for a document that claims none.

    Returns
    -------
    node : Node or None
        As much as stands, however broken the document; None where it says nothing of OME-Zarr.
    report : Report
        All that is wrong; locations are JSON pointers inside ``.zattrs`` or ``zarr.json``.
    """
    if kind == "transformation":
        zarr_format, assume = 3, assume or "0.6"
        attributes = attributes if "ome" in attributes else {"ome": attributes}
    version = detect(attributes, zarr_format, assume)
    codec = _CODECS.get(version) or _relative(version, zarr_format)
    if zarr_format == 3 and codec.zarr_format == 2:
        codec = _CODECS["0.5"]
    if zarr_format == 2 and codec.zarr_format == 3 and not isinstance(attributes.get("ome"), dict):
        codec = _CODECS["0.4"]  # only the number is wrong
    node = codec.decode(attributes)
    dialect = migrated(attributes, zarr_format)
    if dialect is None:
        found = list(judge(attributes, node, codec, version, zarr_format, kind))
    else:
        read = _CODECS["0.6"].decode(dialect.attributes)
        found = list(_judge_dialect(attributes, dialect, (node, read), codec, version, zarr_format, kind))
        node = read
    if zarr_format == 2 and codec.zarr_format == 3:  # the document is .zattrs all the same
        found = [replace(p, location=p.location.removeprefix("/attributes")) for p in found]
    report = Report(found)
    if version not in _CODECS and node is not None and not _whole(node):
        return None, report
    return node, report


def _judge_dialect(
    attributes: Mapping[str, Any],
    dialect: Migration,
    nodes: tuple[Node | None, Node | None],
    codec: V04,
    version: str,
    zarr_format: int,
    kind: str | None,
) -> Iterator[Problem]:
    """Judge a document of a dialect.

    A draft, and what SpatialData writes, is judged in today's form, because nobody can mend the past; what
    claims a version that was published is judged as it stands, and called by the name of the draft.
    """
    where = f"{codec.root}/version" if codec.zarr_format == 3 else ""
    old = "; ".join(dialect.notes)
    if version.startswith("0.6.dev") or dialect.name == "spatialdata":
        today = _CODECS["0.6"]
        message = (
            f"version {version[:40]!r} is a draft{': ' * bool(old)}{old}; it was read as {today.version}"
        )
        yield RULES[DRAFT].problem(codec.version, where, message, "upgrade it to 0.6")
        for problem in judge(dialect.attributes, nodes[1], today, today.version, 3, kind):
            place = problem.location.removeprefix(today.root)
            yield replace(problem, location=codec.root + place)
    else:
        message = f"it is written as {dialect.name} was: {old}"
        yield RULES[FORM].problem(codec.version, where, message, "upgrade it to 0.6")
        yield from judge(attributes, nodes[1], codec, version, zarr_format, kind)


def _relative(version: str, zarr_format: int) -> V04:
    """Return the codec that is likeliest to understand a version that nothing here knows."""
    return _CODECS.get(version[:3]) or _CODECS["0.5" if zarr_format == 3 else "0.4"]


def _whole(node: Node) -> bool:
    """Whether a document of an unknown version made sense, so that it may be read with care."""
    return all(image.axes and image.datasets for image in node.multiscales)


def encode(node: Node, version: str) -> dict[str, Any]:
    """Return the attributes that say the same in a version: for ``.zattrs``, or those of ``zarr.json``.

    Raises
    ------
    UnsupportedError
        The version cannot hold it; the message names what.
    """
    codec = _writable(version)
    for image in node.multiscales:
        obstacles = limits(version).obstacles(image.axes)
        if obstacles:
            raise UnsupportedError(f"OME-Zarr {version} cannot hold {'; '.join(obstacles)}")
    node, lost = reduced(node, version)
    if lost:
        raise UnsupportedError(f"OME-Zarr {version} cannot hold {'; '.join(lost)}")
    return codec.encode(node)


def _writable(version: str) -> V04:
    if version not in (*VERSIONS_WRITTEN, *DRAFTS_WRITTEN):
        raise ArgumentError(f"OME-Zarr {version!r} is not written; choose {' or '.join(VERSIONS_WRITTEN)}")
    return _CODECS[version]
