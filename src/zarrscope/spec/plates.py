"""Plates and wells as documents write them (sections ``plate-md`` and ``well-md``)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from zarrscope.model.axes import NOTHING
from zarrscope.model.plate import Acquisition, Plate, PlateLine, PlateWell, Well, WellField
from zarrscope.report import Severity
from zarrscope.spec.reader import Cursor, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from zarrscope.spec.reader import Fields

_ALPHANUMERIC = re.compile(r"[A-Za-z0-9]+")
_SHOULD = Severity.SHOULD


def decode_plate(fields: Fields, *, indexed: bool) -> Plate:
    """Read a plate; ``indexed`` tells whether wells carry their indices (since 0.4)."""
    rows = _lines(fields, "rows")
    columns = _lines(fields, "columns")
    wells = fields.need("wells", "plate/wells")
    acquisitions = fields.take("acquisitions")
    if "name" not in fields:
        fields.cursor.note("plate/name", "'name' is missing", severity=_SHOULD)
    return Plate(
        name=fields.text("name", "plate/name"),
        rows=rows,
        columns=columns,
        wells=() if wells is None else tuple(_wells(wells, rows, columns, indexed=indexed)),
        acquisitions=None if acquisitions is None else tuple(_acquisitions(acquisitions)),
        field_count=fields.integer("field_count", "plate/field-count", least=1),
        extra=fields.extra,
    )


def encode_plate(plate: Plate, *, indexed: bool) -> dict[str, Any]:
    """Write a plate."""
    body: dict[str, Any] = {} if plate.name is None else {"name": plate.name}
    body["rows"] = [{"name": line.name, **line.extra} for line in plate.rows]
    body["columns"] = [{"name": line.name, **line.extra} for line in plate.columns]
    body["wells"] = [
        {"path": w.path, **({"rowIndex": w.row, "columnIndex": w.column} if indexed else {}), **w.extra}
        for w in plate.wells
    ]
    if plate.acquisitions is not None:
        body["acquisitions"] = [_acquisition(run) for run in plate.acquisitions]
    if plate.field_count is not None:
        body["field_count"] = plate.field_count
    return body | _others(plate.extra, body)


def decode_well(fields: Fields) -> Well:
    """Read a well."""
    images = fields.need("images", "well/images")
    found: list[WellField] = []
    for item in images.items("well/images", "'images'", least=1) if images else ():
        entry = item.fields("well/images", "an image of a well")
        if entry is None:
            continue
        path = _named(entry, "path", "well/image-path", [f.path for f in found])
        if path is not None:
            found.append(WellField(path, entry.integer("acquisition", "well/acquisition"), entry.extra))
    return Well(tuple(found), fields.extra)


def encode_well(well: Well) -> dict[str, Any]:
    """Write a well."""
    images = [
        {"path": f.path} | ({} if f.acquisition is None else {"acquisition": f.acquisition}) | dict(f.extra)
        for f in well.fields
    ]
    return {"images": images} | _others(well.extra, {"images": ()})


def _lines(fields: Fields, key: str) -> tuple[PlateLine, ...]:
    cursor = fields.need(key, f"plate/{key}")
    found: list[PlateLine] = []
    for item in cursor.items(f"plate/{key}", repr(key), least=1) if cursor else ():
        entry = item.fields(f"plate/{key}", f"an entry of {key!r}")
        before = [line.name for line in found]
        name = None if entry is None else _named(entry, "name", f"plate/{key}-name", before)
        # a nameless line keeps its place, so that the indices of the wells stay right
        found.append(PlateLine(name or "", NOTHING if entry is None else entry.extra))
    return tuple(found)


def _named(entry: Fields, key: str, rule: str, before: list[str]) -> str | None:
    """Take a name that must be letters and digits, and must not have been there before."""
    if key not in entry:
        entry.cursor.note(rule, f"{key!r} is missing")
    name = entry.text(key, rule)
    if name is None:
        return None
    if not _ALPHANUMERIC.fullmatch(name):
        entry.cursor.note(rule, f"{kind_of(name)} is not made of letters and digits", at=key)
    if name in before:
        entry.cursor.note(rule, f"{kind_of(name)} stands twice", at=key)
    return name


def _wells(
    cursor: Cursor, rows: tuple[PlateLine, ...], columns: tuple[PlateLine, ...], *, indexed: bool
) -> Iterator[PlateWell]:
    lines = tuple({line.name: i for i, line in reversed(list(enumerate(x)))} for x in (rows, columns))
    seen: set[str] = set()
    for item in cursor.items("plate/wells", "'wells'", least=1):
        entry = item.fields("plate/wells", "an entry of 'wells'")
        if entry is None:
            continue
        if "path" not in entry:
            item.note("plate/well-path", "'path' is missing")
        path = entry.text("path", "plate/well-path")
        if path is None:
            continue
        if path in seen:
            item.note("plate/well-unique", f"the well {kind_of(path)} stands twice", at="path")
        seen.add(path)
        names = path.split("/")
        if len(names) != 2 or not all(map(_ALPHANUMERIC.fullmatch, names)):
            item.note("plate/well-path", f"{kind_of(path)} is not row/column", at="path")
        guess = [line.get(name, -1) for line, name in zip(lines, names, strict=False)]
        if len(names) == 2 and -1 in guess:
            message = f"{kind_of(path)} is not made of a name of 'rows' and one of 'columns', in this order"
            # before 0.4 no index could say otherwise, and published documents take it easy
            weight = Severity.MUST if indexed else _SHOULD
            item.note("plate/well-path", message, severity=weight, at="path")
        row, column = ((*guess, -1, -1)[:2]) if not indexed else _indices(entry, guess, rows, columns)
        yield PlateWell(path, row, column, entry.extra)


def _indices(
    entry: Fields, guess: list[int], rows: tuple[PlateLine, ...], columns: tuple[PlateLine, ...]
) -> tuple[int, int]:
    """Take the two indices of a well and compare them with its path."""
    found = []
    for place, (key, lines) in enumerate((("rowIndex", rows), ("columnIndex", columns))):
        if key not in entry:
            entry.cursor.note("plate/well-index", f"{key!r} is missing")
        index = entry.integer(key, "plate/well-index", least=0)
        expected = guess[place] if place < len(guess) else -1
        if index is not None and index >= len(lines):
            entry.cursor.note("plate/well-index", f"{key!r} is {index}, but there are {len(lines)}", at=key)
        elif index is not None and expected >= 0 and index != expected:
            entry.cursor.note("plate/well-index", f"{key!r} is {index}, but the path says {expected}", at=key)
        found.append(expected if index is None else index)
    return found[0], found[1]


def _acquisitions(cursor: Cursor) -> Iterator[Acquisition]:
    seen: set[int] = set()
    for item in cursor.items("plate/acquisitions", "'acquisitions'"):
        entry = item.fields("plate/acquisitions", "an acquisition")
        if entry is None:
            continue
        if "id" not in entry:
            item.note("plate/acquisition-id", "'id' is missing")
        number = entry.integer("id", "plate/acquisition-id", least=0)
        if number is None:
            continue
        if number in seen:
            item.note("plate/acquisition-id", f"the id {number} stands twice", at="id")
        seen.add(number)
        for key in ("name", "maximumfieldcount"):
            if key not in entry:
                item.note(f"plate/acquisition-{key}", f"{key!r} is missing", severity=_SHOULD)
        yield Acquisition(
            id=number,
            name=entry.text("name", "plate/acquisition-name"),
            maximum_field_count=entry.integer(
                "maximumfieldcount", "plate/acquisition-maximumfieldcount", least=1
            ),
            description=entry.text("description", "plate/acquisition-description"),
            start_time=entry.integer("starttime", "plate/acquisition-time", least=0),
            end_time=entry.integer("endtime", "plate/acquisition-time", least=0),
            extra=entry.extra,
        )


def _acquisition(run: Acquisition) -> dict[str, Any]:
    said = {
        "id": run.id,
        "name": run.name,
        "maximumfieldcount": run.maximum_field_count,
        "description": run.description,
        "starttime": run.start_time,
        "endtime": run.end_time,
    }
    return {k: v for k, v in said.items() if v is not None} | dict(run.extra)


def _others(extra: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in extra.items() if k not in body}
