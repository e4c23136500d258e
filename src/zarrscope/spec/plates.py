"""Plates and wells as documents write them (sections ``plate-md`` and ``well-md``).

Entries that cannot be used keep their places, so that the indices of the others stay right.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zarrscope.model.plate import Acquisition, Plate, PlateLine, PlateWell, Well, WellField
from zarrscope.spec.reader import Fields

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


def decode_plate(fields: Fields, *, indexed: bool) -> Plate:
    """Read a plate; ``indexed`` tells whether wells carry their indices (since 0.4)."""
    rows = tuple(map(_line, fields.items("rows") or ()))
    columns = tuple(map(_line, fields.items("columns") or ()))
    runs = fields.items("acquisitions")
    return Plate(
        name=fields.text("name"),
        rows=rows,
        columns=columns,
        wells=tuple(_wells(fields.items("wells") or (), rows, columns, indexed=indexed)),
        acquisitions=None if runs is None else tuple(_acquisitions(runs)),
        field_count=fields.integer("field_count"),
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
    return Well(tuple(map(_field, fields.items("images") or ())), fields.extra)


def encode_well(well: Well) -> dict[str, Any]:
    """Write a well."""
    images = [
        {"path": f.path} | ({} if f.acquisition is None else {"acquisition": f.acquisition}) | dict(f.extra)
        for f in well.fields
    ]
    return {"images": images} | _others(well.extra, {"images": ()})


def _line(item: Any) -> PlateLine:
    entry = Fields(item if isinstance(item, dict) else {})
    return PlateLine(entry.text("name") or "", entry.extra)


def _field(item: Any) -> WellField:
    entry = Fields(item if isinstance(item, dict) else {})
    return WellField(entry.text("path") or "", entry.integer("acquisition"), entry.extra)


def _wells(
    entries: Iterable[Any], rows: tuple[PlateLine, ...], columns: tuple[PlateLine, ...], *, indexed: bool
) -> Iterator[PlateWell]:
    lines = tuple({line.name: i for i, line in reversed(list(enumerate(x)))} for x in (rows, columns))
    for item in entries:
        entry = Fields(item if isinstance(item, dict) else {})
        path = entry.text("path") or ""
        names = path.split("/")
        guess = [line.get(name, -1) for line, name in zip(lines, names, strict=False)]
        row, column = (*guess, -1, -1)[:2]
        if indexed:
            own = (entry.integer("rowIndex"), entry.integer("columnIndex"))
            row, column = row if own[0] is None else own[0], column if own[1] is None else own[1]
        yield PlateWell(path, row, column, entry.extra)


def _acquisitions(entries: Iterable[Any]) -> Iterator[Acquisition]:
    """Yield the acquisitions that have an id."""
    for item in entries:
        entry = Fields(item if isinstance(item, dict) else {})
        number = entry.integer("id")
        if number is None:
            continue
        yield Acquisition(
            id=number,
            name=entry.text("name"),
            maximum_field_count=entry.integer("maximumfieldcount"),
            description=entry.text("description"),
            start_time=entry.integer("starttime"),
            end_time=entry.integer("endtime"),
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
