"""Symbols of OME units and the names that OME-Zarr uses (enumerations UnitsLength and UnitsTime, 2016-06)."""

from __future__ import annotations

from zarrscope.model.units import SPACE_UNITS, TIME_UNITS, canonical_unit

_PREFIXES = {
    "yotta": "Y", "zetta": "Z", "exa": "E", "peta": "P", "tera": "T", "giga": "G", "mega": "M",
    "kilo": "k", "hecto": "h", "deci": "d", "centi": "c", "milli": "m", "micro": "µ", "nano": "n",
    "pico": "p", "femto": "f", "atto": "a", "zepto": "z", "yocto": "y", "": "",
}  # fmt: skip

_SYMBOLS = {
    "angstrom": "Å", "inch": "in", "foot": "ft", "yard": "yd", "mile": "mi", "parsec": "pc",
    "minute": "min", "hour": "h", "day": "d",
}  # fmt: skip
_SYMBOLS |= {f"{prefix}meter": f"{symbol}m" for prefix, symbol in _PREFIXES.items()}
_SYMBOLS |= {f"{prefix}second": f"{symbol}s" for prefix, symbol in _PREFIXES.items()}
_NAMES = {symbol: name for name, symbol in _SYMBOLS.items()}


def symbol_of(unit: str) -> str | None:
    """Return the OME symbol of a unit of OME-Zarr, or None where OME has none.

    Examples
    --------
    >>> symbol_of("micrometer")
    'µm'
    """
    return _SYMBOLS.get(unit) if unit in SPACE_UNITS | TIME_UNITS else None


def unit_of(symbol: str) -> str | None:
    """Return the OME-Zarr name of an OME symbol; None for ``pixel`` and ``reference frame``.

    Examples
    --------
    >>> unit_of("µm")
    'micrometer'
    """
    return _NAMES.get(symbol) or canonical_unit(symbol)
