"""High-content screening: plates of wells, wells of fields of view."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from zarrscope.model.axes import NOTHING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class PlateLine:
    """One row or one column of the physical plate."""

    name: str
    extra: Mapping[str, Any] = field(default=NOTHING)


@dataclass(frozen=True, slots=True)
class PlateWell:
    """One well that was imaged: ``row name/column name`` and both indices, counted from 0."""

    path: str
    row: int
    column: int
    extra: Mapping[str, Any] = field(default=NOTHING)


@dataclass(frozen=True, slots=True)
class Acquisition:
    """One run of the microscope over the plate; times in seconds since 1970."""

    id: int
    name: str | None = None
    maximum_field_count: int | None = None
    description: str | None = None
    start_time: int | None = None
    end_time: int | None = None
    extra: Mapping[str, Any] = field(default=NOTHING)


@dataclass(frozen=True, slots=True)
class Plate:
    """A plate (section ``plate`` of the specification).

    Parameters
    ----------
    name : str, optional
        For people.
    rows, columns : tuple of PlateLine
        All of the physical plate, imaged or not.
    wells : tuple of PlateWell
        Those that were imaged.
    acquisitions : tuple of Acquisition, optional
        None where the document says nothing.
    field_count : int, optional
        Largest number of fields in any well.
    extra : mapping
        Keys of the document that the specification does not name.
    """

    name: str | None
    rows: tuple[PlateLine, ...]
    columns: tuple[PlateLine, ...]
    wells: tuple[PlateWell, ...]
    acquisitions: tuple[Acquisition, ...] | None = None
    field_count: int | None = None
    extra: Mapping[str, Any] = field(default=NOTHING)


@dataclass(frozen=True, slots=True)
class WellField:
    """One field of view: its group inside the well, and the acquisition that it belongs to."""

    path: str
    acquisition: int | None = None
    extra: Mapping[str, Any] = field(default=NOTHING)


@dataclass(frozen=True, slots=True)
class Well:
    """A well (section ``well`` of the specification)."""

    fields: tuple[WellField, ...]
    extra: Mapping[str, Any] = field(default=NOTHING)
