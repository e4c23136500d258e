"""Units of the world and of the specification."""

from __future__ import annotations

import pytest

from zarrscope.model.units import SPACE_UNITS, TIME_UNITS, canonical_unit, conversion, unit_type


def test_the_lists_have_their_lengths() -> None:
    assert (len(SPACE_UNITS), len(TIME_UNITS)) == (26, 23)
    assert {"angstrom", "yoctometer", "meter", "yard", "hectometer"} <= SPACE_UNITS
    assert "micron" not in SPACE_UNITS
    assert {"second", "attosecond", "day"} <= TIME_UNITS


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("µm", "micrometer"), ("μm", "micrometer"), ("um", "micrometer"), ("micron", "micrometer"),
        ("microns", "micrometer"), (r"\u00B5m", "micrometer"), ("Âµm", "micrometer"),
        ("MICROMETER", "micrometer"),
        ("micrometre", "micrometer"), ("micrometers", "micrometer"), ("nm", "nanometer"),
        ("mm", "millimeter"),
        ("Mm", "megameter"), ("m", "meter"), ("cm", "centimeter"), ("Å", "angstrom"), ("inch", "inch"),
        ("in", "inch"), ("feet", "foot"), ("sec", "second"), ("s", "second"), ("seconds", "second"),
        ("ms", "millisecond"), ("µs", "microsecond"), ("min", "minute"), ("h", "hour"), ("days", "day"),
        (" um ", "micrometer"), ("pixel", None), ("pixels", None), ("", None), ("frame", None),
        ("furlong", None),
        (None, None),
    ],
)  # fmt: skip
def test_canonical_units(text: str | None, unit: str | None) -> None:
    assert canonical_unit(text) == unit


def test_every_name_stands_for_itself() -> None:
    for name in SPACE_UNITS | TIME_UNITS:
        assert canonical_unit(name) == name
        assert conversion(name, name) == 1
    assert unit_type("inch") == "space"
    assert unit_type("hour") == "time"
    assert unit_type("volt") is None


def test_conversions() -> None:
    assert conversion("millimeter", "micrometer") == 1000
    assert conversion("nanometer", "micrometer") == 0.001
    assert conversion("inch", "centimeter") == 2.54
    assert conversion("minute", "millisecond") == 60000
    assert conversion("angstrom", "nanometer") == 0.1
    assert conversion("second", "meter") is None
    assert conversion("volt", "volt") is None
