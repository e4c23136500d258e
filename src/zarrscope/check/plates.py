"""Plates against their wells: acquisitions, rows, numbers of fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zarrscope.check import rules
from zarrscope.check.rules import problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from zarrscope.check.walk import Place
    from zarrscope.report import Problem


def judge_plate(plate: Place) -> Iterator[Problem]:
    """Yield where the wells of a plate contradict it."""
    version = plate.version
    described = plate.document.ours.get("plate")
    if not isinstance(described, dict):
        return
    for row in plate.of("row"):
        if row.document.state == "absent":
            message = f"the row {row.link.said!r} is no group"
            hint = f"write an empty group at {row.path!r}"
            yield problem(rules.ROW, version, plate.file, row.link.pointer, message, hint)
    known = _acquisitions(described)
    for well in plate.of("well"):
        if well.document.state == "group":
            yield from _acquisitions_of(well, known, version)
            yield from _count(well, described, plate, version)


def _acquisitions(plate: Mapping[str, Any]) -> list[int]:
    listed = plate.get("acquisitions")
    entries = listed if isinstance(listed, list) else []
    ids = [entry.get("id") for entry in entries if isinstance(entry, dict)]
    return [number for number in ids if type(number) is int]


def _images(well: Place) -> list[tuple[int, Mapping[str, Any]]]:
    part = well.document.ours.get("well")
    listed = part.get("images") if isinstance(part, dict) else None
    return (
        [(i, image) for i, image in enumerate(listed or ()) if isinstance(image, dict)]
        if isinstance(listed, list)
        else []
    )


def _acquisitions_of(well: Place, known: list[int], version: str) -> Iterator[Problem]:
    for i, image in _images(well):
        said = image.get("acquisition")
        pointer = f"{well.document.root}/well/images/{i}"
        if said is None:
            if len(known) > 1:
                message = f"this field names no acquisition; the plate has {len(known)}"
                hint = f'write "acquisition": one of {", ".join(map(str, known[:8]))}'
                yield problem(rules.GIVEN, version, well.file, pointer, message, hint)
        elif type(said) is int and said not in known:
            hint = "list it in 'acquisitions' of the plate"
            listed = ", ".join(map(str, known[:8]))
            rule, of_plate = (
                (rules.KNOWN, f"those of the plate are {listed}") if known
                else (rules.UNLISTED_RUN, "the plate lists none")
            )  # fmt: skip
            message = f"there is no acquisition {said}; {of_plate}"
            yield problem(rule, version, well.file, f"{pointer}/acquisition", message, hint)


def _count(well: Place, plate: Mapping[str, Any], parent: Place, version: str) -> Iterator[Problem]:
    announced, count = plate.get("field_count"), len(_images(well))
    if type(announced) is int and 0 < announced < count:
        message = f"well {well.link.said!r} has {count} fields, the plate announces at most {announced}"
        pointer = f"{parent.document.root}/plate/field_count"
        yield problem(rules.FIELD_COUNT, version, parent.file, pointer, message, f"write {count}")
