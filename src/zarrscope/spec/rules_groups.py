# ruff: noqa: D401  (the docstring of a rule is the sentence that it enforces)
"""Rules of sense for plates, wells and label images (``plate-md``, ``well-md``, ``label-md``)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zarrscope.spec.rules import MUST, SHOULD, Finding, rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from zarrscope.model.node import Node
    from zarrscope.model.plate import Plate, PlateLine

_P = "plate-md"


def _repeated(names: Iterable[object]) -> Iterator[int]:
    seen = set()
    for index, name in enumerate(names):
        if name in seen:
            yield index
        seen.add(name)


def _lines(plate: Plate) -> tuple[tuple[str, tuple[PlateLine, ...]], ...]:
    return ("rows", plate.rows), ("columns", plate.columns)


@rule("plate/unique-lines", MUST, section=_P)
def unique_lines(node: Node) -> Iterator[Finding]:
    """No two rows and no two columns have the same name."""
    for key, lines in _lines(node.plate) if node.plate else ():
        for index in _repeated(line.name or object() for line in lines):
            yield Finding(f"plate.{key}[{index}].name", f"the name {lines[index].name[:40]!r} stands twice")


@rule("plate/unique-wells", MUST, section=_P)
def unique_wells(node: Node) -> Iterator[Finding]:
    """No well stands twice."""
    if node.plate:
        for index in _repeated(well.path or object() for well in node.plate.wells):
            path = node.plate.wells[index].path
            yield Finding(f"plate.wells[{index}].path", f"the well {path[:60]!r} stands twice")


@rule("plate/well-names", MUST, since="0.4", section=_P, suite="0.5", disputed="0.4 0.6 0.9")
def well_names(node: Node) -> Iterator[Finding]:
    """The path of a well is the name of a row and the name of a column, in this order."""
    if node.plate is None:
        return
    rows, columns = ({line.name for line in lines} for _, lines in _lines(node.plate))
    for index, well in enumerate(node.plate.wells):
        row, slash, column = well.path.partition("/")
        if slash and (row not in rows or column not in columns):
            turned = "row and column are exchanged" if row in columns and column in rows else ""
            message = f"{well.path[:60]!r} is not made of a name of 'rows' and one of 'columns'"
            yield Finding(f"plate.wells[{index}].path", message, turned)


@rule("plate/well-indices", MUST, since="0.4", section=_P)
def well_indices(node: Node) -> Iterator[Finding]:
    """The indices of a well are those of the row and the column that its path names."""
    if node.plate is None:
        return
    for index, well in enumerate(node.plate.wells):
        names = well.path.split("/")
        for place, (key, number) in enumerate((("rowIndex", well.row), ("columnIndex", well.column))):
            lines = _lines(node.plate)[place][1]
            if number is None or number < 0:
                continue
            path = f"plate.wells[{index}].{key}"
            if number >= len(lines):
                yield Finding(path, f"{key!r} is {number}, but there are {len(lines)}, counted from 0")
            elif len(names) == 2 and names[place] != lines[number].name:
                known = [i for i, line in enumerate(lines) if line.name == names[place]]
                if known:
                    message = f"{key!r} is {number}, but the path says {known[0]}"
                    yield Finding(path, message, f"write {known[0]}")


@rule("plate/unique-acquisitions", MUST, section=_P)
def unique_acquisitions(node: Node) -> Iterator[Finding]:
    """No two acquisitions have the same id."""
    runs = (node.plate.acquisitions or ()) if node.plate else ()
    for index in _repeated(run.id for run in runs):
        yield Finding(f"plate.acquisitions[{index}].id", f"the id {runs[index].id} stands twice")


@rule("plate/acquisition-times", SHOULD, since="0.2", section=_P)
def acquisition_times(node: Node) -> Iterator[Finding]:
    """An acquisition does not end before it starts."""
    for index, run in enumerate((node.plate.acquisitions or ()) if node.plate else ()):
        if run.start_time is not None and run.end_time is not None and run.end_time < run.start_time:
            yield Finding(f"plate.acquisitions[{index}].endtime", "the end lies before the start")


@rule("well/unique-images", MUST, section="well-md")
def unique_images(node: Node) -> Iterator[Finding]:
    """No image of a well stands twice."""
    if node.well:
        for index in _repeated(field.path or object() for field in node.well.fields):
            path = node.well.fields[index].path
            yield Finding(f"well.images[{index}].path", f"the image {path[:60]!r} stands twice")


@rule("label/unique-colors", MUST, since="0.2", section="label-md")
def unique_colors(node: Node) -> Iterator[Finding]:
    """No two colours have the same label value."""
    colors = node.image_label.colors if node.image_label else ()
    for index in _repeated(color.value for color in colors):
        message = f"the label value {colors[index].value} stands twice"
        yield Finding(f"image-label.colors[{index}].label-value", message, "readers take the last one")


@rule("label/unique-properties", SHOULD, since="0.3", section="label-md")
def unique_properties(node: Node) -> Iterator[Finding]:
    """No two entries of the properties have the same label value."""
    if node.image_label:
        for index in _repeated(entry.value for entry in node.image_label.properties):
            value = node.image_label.properties[index].value
            yield Finding(
                f"image-label.properties[{index}].label-value", f"the label value {value} stands twice"
            )
