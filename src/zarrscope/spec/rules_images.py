# ruff: noqa: D401  (the docstring of a rule is the sentence that it enforces)
"""Rules of sense for images of all versions (sections ``multiscale-md``, ``trafo-md``, ``omero-md``)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zarrscope.model.transforms import Scale, Sequence, Translation
from zarrscope.spec.rules import MUST, SHOULD, Finding, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zarrscope.model.node import Node
    from zarrscope.model.transforms import Transformation

_M = "multiscale-md"


@rule("multiscales/finest-first", MUST, since="0.4", section=_M)
def finest_first(node: Node) -> Iterator[Finding]:
    """Datasets are ordered from the highest resolution to the lowest."""
    for m, image in enumerate(node.multiscales):
        before = None
        for d, placement in enumerate(image.placements()):
            if placement is None:
                continue
            size = [abs(s) for s in placement.scale]
            if before is not None and any(a < b * (1 - 1e-6) for a, b in zip(size, before, strict=True)):
                path = f"multiscales[{m}].datasets[{d}].transformation"
                yield Finding(path, "the pixels are smaller than those of the dataset before")
            before = size


@rule("multiscales/unique-paths", SHOULD, section=_M)
def unique_paths(node: Node) -> Iterator[Finding]:
    """No array stands twice in an image."""
    for m, image in enumerate(node.multiscales):
        seen: set[str] = set()
        for d, dataset in enumerate(image.datasets):
            if dataset.path in seen:
                message = f"the path {dataset.path[:60]!r} stands twice"
                yield Finding(f"multiscales[{m}].datasets[{d}].path", message)
            seen.add(dataset.path)


@rule("multiscales/unique-names", SHOULD, since="0.4", section=_M)
def unique_image_names(node: Node) -> Iterator[Finding]:
    """Several multiscale images in one document have different names."""
    seen: set[str | None] = set()
    for m, image in enumerate(node.multiscales):
        if image.name is not None and image.name in seen:
            yield Finding(f"multiscales[{m}].name", f"the name {image.name[:60]!r} stands twice")
        seen.add(image.name)


@rule("transformations/length", MUST, since="0.4", until="0.5", section="trafo-md", disputed="0.4")
def one_number_an_axis(node: Node) -> Iterator[Finding]:
    """The vectors of a transformation have one number an axis."""
    for m, image in enumerate(node.multiscales):
        ndim = len(image.axes)
        steps = [(f"datasets[{d}].transformation", x.transformation) for d, x in enumerate(image.datasets)]
        steps += [("transformations", t) for t in image.transformations if t.input is None]
        for path, transformation in steps:
            if transformation.placement(ndim) is None:
                hint = "write one number for each axis"
                yield Finding(f"multiscales[{m}].{path}", _unfit(transformation, ndim), hint)


def _unfit(transformation: Transformation, ndim: int) -> str:
    """Return which vectors have how many numbers where so many belong."""
    parts = transformation.transformations if isinstance(transformation, Sequence) else (transformation,)
    kinds = (("scale", Scale), ("translation", Translation))
    known = [(n, p.ndim_in) for p in parts for n, kind in kinds if isinstance(p, kind)]
    wrong = [f"{name} has length {count}" for name, count in known if count != ndim]
    return f"{' and '.join(wrong) or 'a vector does not fit'}; the axes are {ndim}"


@rule("transformations/scale-zero", SHOULD, since="0.4", until="0.5", section="trafo-md")
def scale_not_zero(node: Node) -> Iterator[Finding]:
    """No scale is 0."""
    for m, image in enumerate(node.multiscales):
        for d, placement in enumerate(image.placements()):
            if placement is not None and 0 in placement.scale:
                hint = "where the size of a pixel is unknown write 1.0 and no unit"
                yield Finding(f"multiscales[{m}].datasets[{d}].transformation", "a scale is 0", hint)
