"""Units: the names of the specification (section ``axes``, after UDUNITS-2) and how the world writes them."""

from __future__ import annotations

import re

_PREFIXES = {
    "yotta": "Y", "zetta": "Z", "exa": "E", "peta": "P", "tera": "T", "giga": "G", "mega": "M",
    "kilo": "k", "hecto": "h", "deca": "da", "": "", "deci": "d", "centi": "c", "milli": "m",
    "micro": "u", "nano": "n", "pico": "p", "femto": "f", "atto": "a", "zepto": "z", "yocto": "y",
}  # fmt: skip

SPACE_UNITS = frozenset(
    {prefix + "meter" for prefix in _PREFIXES if prefix != "deca"}
    | {"angstrom", "foot", "inch", "mile", "parsec", "yard"}
)
"""The 26 lengths that the specification names."""

TIME_UNITS = frozenset(
    {prefix + "second" for prefix in _PREFIXES if prefix != "deca"} | {"minute", "hour", "day"}
)
"""The 23 times that the specification names."""

_METERS = {
    prefix + "meter": float(f"1e{power}")
    for prefix, power in {
        "yotta": 24, "zetta": 21, "exa": 18, "peta": 15, "tera": 12, "giga": 9, "mega": 6, "kilo": 3,
        "hecto": 2, "": 0, "deci": -1, "centi": -2, "milli": -3, "micro": -6, "nano": -9, "pico": -12,
        "femto": -15, "atto": -18, "zepto": -21, "yocto": -24,
    }.items()
}  # fmt: skip
_METERS |= {
    "angstrom": 1e-10,
    "foot": 0.3048,
    "inch": 0.0254,
    "mile": 1609.344,
    "parsec": 3.0856775814913673e16,
    "yard": 0.9144,
}
_SECONDS = {k.replace("meter", "second"): v for k, v in _METERS.items() if k.endswith("meter")}
_SECONDS |= {"minute": 60.0, "hour": 3600.0, "day": 86400.0}

# what is case sensitive: Mm is not mm
_SYMBOLS = {symbol + "m": prefix + "meter" for prefix, symbol in _PREFIXES.items() if prefix != "deca"}
_SYMBOLS |= {symbol + "s": prefix + "second" for prefix, symbol in _PREFIXES.items() if prefix != "deca"}
_SYMBOLS |= {"Å": "angstrom", "A": "angstrom", "pc": "parsec", "d": "day", "h": "hour"}

_WORDS = {
    "micron": "micrometer", "microns": "micrometer", "mu": "micrometer", "um": "micrometer",
    "ang": "angstrom", "ångström": "angstrom", "ångstrom": "angstrom",
    "in": "inch", "inches": "inch", '"': "inch", "ft": "foot", "feet": "foot", "'": "foot",
    "yd": "yard", "mi": "mile",
    "sec": "second", "secs": "second", "msec": "millisecond", "usec": "microsecond", "nsec": "nanosecond",
    "min": "minute", "mins": "minute", "hr": "hour", "hrs": "hour",
}  # fmt: skip

_ESCAPED_MICRO = re.compile(r"\\u00b5|\\u03bc|&#181;|&#xb5;|&micro;|Âµ|µ|μ", re.IGNORECASE)


def canonical_unit(text: str | None) -> str | None:
    r"""Return the name that the specification uses for a unit, or None where it has none.

    Parameters
    ----------
    text : str, optional
        As an instrument or a program wrote it: ``µm``, ``microns``, ``\\u00B5m``, ``sec`` ...

    Returns
    -------
    str or None
        For example ``micrometer``; None for ``pixel`` and for anything unknown.

    Examples
    --------
    >>> canonical_unit("µm")
    'micrometer'
    """
    if text is None:
        return None
    word = _ESCAPED_MICRO.sub("u", text.strip().strip("\0"))
    if word in _SYMBOLS:
        return _SYMBOLS[word]
    word = word.lower().replace("metre", "meter")
    known = SPACE_UNITS | TIME_UNITS
    for candidate in (word, word.removesuffix("s")):
        if candidate in known:
            return candidate
    return _WORDS.get(word)


def unit_type(unit: str) -> str | None:
    """Return ``space`` or ``time`` for a name of the specification, else None."""
    if unit in SPACE_UNITS:
        return "space"
    return "time" if unit in TIME_UNITS else None


def conversion(unit: str, to: str) -> float | None:
    """Return how many ``to`` make one ``unit``; None where they do not measure the same.

    Examples
    --------
    >>> conversion("millimeter", "micrometer")
    1000.0
    """
    for table in (_METERS, _SECONDS):
        if unit in table and to in table:
            # of two powers of ten the quotient is rounded once more than it need be
            return float(f"{table[unit] / table[to]:.15g}")
    return None
