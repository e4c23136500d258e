"""Label images against the image that they belong to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zarrscope.check import rules
from zarrscope.check.arrays import INTEGERS
from zarrscope.check.images import Level, levels_of, multiscale_of
from zarrscope.check.links import resolved
from zarrscope.check.rules import problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zarrscope.check.walk import Place
    from zarrscope.report import Problem


def judge_labels_group(group: Place) -> Iterator[Problem]:
    """Yield what is wrong with the group ``labels`` of an image."""
    document = group.document
    if document.state != "group":
        return
    version = group.version
    outside = document.nested and "labels" in document.attributes  # which is told already
    if not isinstance(document.ours.get("labels"), list) and not outside:
        hint = 'write "labels": [...] with the paths of all label images'
        pointer = document.root if document.ours else ""
        message = "the group 'labels' does not list its label images"
        yield problem(rules.LABELS_LIST, version, document.file, pointer, message, hint)
    for between in group.of("between"):
        found = between.document
        if found.state == "group" and found.ours and not _is_listed(between, group):
            message = f"{between.link.said!r} stands between 'labels' and a label image, but has metadata"
            yield problem(rules.BARE, version, found.file, found.root, message)


def judge_label(label: Place, image: Place | None) -> Iterator[Problem]:
    """Yield what is wrong with a label image, beside what would be wrong with any image.

    Parameters
    ----------
    label : Place
        The label image.
    image : Place, optional
        The one that was segmented, as far as the place of the label image tells.
    """
    version = label.version
    yield from _marker(label, version)
    levels = levels_of(label, 0)
    for level in levels:
        if level.facts.dtype not in INTEGERS:
            pointer = "/data_type" if level.place.document.zarr_format == 3 else "/dtype"
            message = f"level {level.name!r} is {level.facts.dtype}; labels are integers of 8 to 64 bits"
            yield problem(rules.INTEGER, version, level.file, pointer, message, "write it as uint32")
    if image is None or image.document.state != "group":
        return
    count, wanted = (len([p for p in i.of("level") if p.link.place[0] == 0]) for i in (label, image))
    if wanted and count and count != wanted:
        message = f"the label image has {count} level{'s' * (count != 1)}, its image {wanted}"
        pointer = f"{label.document.root}/multiscales/0/datasets"
        hint = "make one level of labels for each level of the image (with the kernel 'mode' or 'nearest')"
        yield problem(rules.LABEL_LEVELS, version, label.file, pointer, message, hint)
    yield from _shapes(label, levels, image, version)


def _marker(label: Place, version: str) -> Iterator[Problem]:
    """Make sure that the document says that its pixels are labels."""
    if "image-label" not in label.document.ours and "multiscales" in label.document.ours:
        rule = rules.MARKER if rules.rule_version(version) <= "0.4" else rules.MARKER_ADVICE
        message = "nothing says that these are labels: 'image-label' is missing"
        yield problem(rule, version, label.file, label.document.root, message, 'write "image-label": {...}')


def judge_source(label: Place, known: dict[str, Place]) -> Iterator[Problem]:
    """Yield where the source of a label image is no image; only what was read anyway is known."""
    told = label.document.ours.get("image-label")
    source = told.get("source") if isinstance(told, dict) else None
    said = source.get("image") if isinstance(source, dict) else None
    if not isinstance(said, str) or label.namer is None:
        return
    path = resolved(label.path, said)
    if path is None and label.parent is not None and label.parent.parent is None:
        return  # only the group of labels is judged; the image lies above it
    found = known.get(path) if path is not None else None
    if found is None or "multiscales" not in found.document.ours:
        pointer = f"{label.document.root}/image-label/source/image"
        message = f"the source {said!r} leads to no image of this hierarchy"
        hint = "from a label image its image is '../../'"
        yield problem(rules.SOURCE, label.version, label.file, pointer, message, hint)


def _shapes(label: Place, levels: list[Level], image: Place, version: str) -> Iterator[Problem]:
    """Compare level by level, axis by axis; axes that the label image lacks do not matter."""
    ours, theirs = multiscale_of(label, 0), multiscale_of(image, 0)
    if ours is None or theirs is None:
        return
    names = [axis.name for axis in ours.axes]
    of_image = {lv.place.link.place[1]: lv for lv in levels_of(image, 0)}
    for level in levels:
        other = of_image.get(level.place.link.place[1])
        if (
            other is None
            or len(names) != len(level.facts.shape)
            or len(theirs.axes) != len(other.facts.shape)
        ):
            continue
        sides = dict(zip((axis.name for axis in theirs.axes), other.facts.shape, strict=True))
        for name, size in zip(names, level.facts.shape, strict=True):
            if size not in (1, sides.get(name, size)):
                message = (
                    f"level {level.name!r} has {size} pixels along {name}, level {other.name!r} of the image "
                    f"{sides[name]}"
                )
                yield problem(rules.LABEL_SHAPE, version, level.file, "/shape", message)


def _is_listed(place: Place, group: Place) -> bool:
    return any(other.path == place.path for other in group.of("label"))
