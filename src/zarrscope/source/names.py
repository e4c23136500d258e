"""What the names of plane files say: which file is which time, channel, slice and position.

The names of a group have the same words and separators and differ in some of them. A number after a known
word
(`WORDS`) is that; any other number is unnamed: the last one is z, those before it t and c, and positions
when these
are taken. A text that differs is a channel of that name. Two parts that always change together are one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise, product
from types import MappingProxyType
from typing import TYPE_CHECKING

from zarrscope.errors import ArgumentError, SourceError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

WORDS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("t", "time", "timepoint", "tp", "frame"), "t"),
        **dict.fromkeys(("z", "slice", "plane", "depth", "zplane"), "z"),
        **dict.fromkeys(("c", "ch", "channel", "w", "wv", "wavelength", "chan"), "c"),
        **dict.fromkeys(
            ("p", "pos", "position", "field", "f", "fov", "s", "site", "series", "scene", "xy"), "p"
        ),
        **dict.fromkeys(("well", "tile", "m"), "p"),
    }
)
"""Words before a number and what it counts: t, c, z, or p for positions, each of which becomes a scene."""

_TOKEN = re.compile(r"\d+|[^\W\d_]+|[\W_]+")


@dataclass(frozen=True)
class Group:
    """Files that make up one image.

    Parameters
    ----------
    name : str
        What the names have in common, with the position.
    axes : str
        Of ``tcz``, those that the names count, in our order.
    files : tuple of int
        Indices of the files in C order of these axes.
    shape : tuple of int
        Length of each of these axes.
    labels : tuple of str
        Names of the channels, where the names tell any.
    notes : tuple of str
        What was assumed.
    """

    name: str
    axes: str
    files: tuple[int, ...]
    shape: tuple[int, ...]
    labels: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """Return a key that sorts img2 before img10."""
    return tuple((0, int(t), t) if t.isdecimal() else (1, 0, t.lower()) for t in _TOKEN.findall(name))


def printable(name: str) -> str:
    """Return a name of the file system with "?" for bytes that are no text, so that documents can hold it."""
    return name.encode("utf-8", "replace").decode()


def pattern(stem: str) -> tuple[str, ...]:
    """Return what names of one group share: kinds of tokens and the separators between them."""
    return tuple("0" if t.isdecimal() else "a" if t[0].isalpha() else t for t in _TOKEN.findall(stem))


def groups(stems: Sequence[str], override: str | None = None) -> list[Group]:
    """Divide files of one pattern into images.

    Parameters
    ----------
    stems : sequence of str
        Names without suffix, all of one `pattern`.
    override : str, optional
        What the parts of the names that differ count, in their order (positions not named): letters of
        ``tcz``.

    Raises
    ------
    SourceError
        Planes are missing.
    ArgumentError
        The override names another number of axes than there are.
    """
    rows = [_TOKEN.findall(stem) for stem in stems]
    columns = _distinct([k for k in range(len(rows[0])) if len({row[k] for row in rows}) > 1], rows)
    meaning, notes = _meanings(columns, rows, override)
    found: dict[tuple[str, ...], list[int]] = {}
    places = [k for k in columns if meaning[k] == "p"]
    for index, row in enumerate(rows):
        found.setdefault(tuple(row[k] for k in places), []).append(index)
    order = sorted((k for k in columns if meaning[k] != "p"), key=lambda k: "tcz".index(meaning[k]))
    if override is None:  # who says what the numbers count knows that these are all
        for members in found.values():
            _check_steps([rows[i] for i in members], [k for k in order if meaning[k] in "tz"])
    return [
        _group(rows, members, order, meaning, set(columns) - set(places), notes) for members in found.values()
    ]


def _check_steps(rows: Sequence[Sequence[str]], columns: Sequence[int]) -> None:
    """Refuse numbers in even steps of which one is left out: all planes behind it would come to lie wrong."""
    for k in columns:
        by_value = {int(row[k]): row for row in rows if row[k].isdecimal()}
        values = sorted(by_value)
        steps = [b - a for a, b in pairwise(values)]
        step = min(steps, default=0)
        if step <= 0 or any(one % step for one in steps):
            continue  # times or depths as they were measured
        for value, one in zip(values, steps, strict=False):
            if one > step:
                before = by_value[value]
                lost = str(value + step).zfill(len(before[k]))
                raise SourceError(
                    f"{''.join([*before[:k], lost, *before[k + 1 :]])!r} is missing behind "
                    f"{''.join(before)!r}; add it, or say with --axes (axes=) what the numbers count "
                    "if these are all"
                )


def _distinct(columns: list[int], rows: Sequence[Sequence[str]]) -> list[int]:
    """Leave out the columns that always change together with another one; texts win over numbers."""
    kept: list[int] = []
    for column in sorted(columns, key=lambda k: (rows[0][k].isdecimal(), k)):
        values = len({row[column] for row in rows})
        if any(
            values == len({row[k] for row in rows}) == len({(row[k], row[column]) for row in rows})
            for k in kept
        ):
            continue
        kept.append(column)
    return sorted(kept)


def _meanings(
    columns: Sequence[int], rows: Sequence[Sequence[str]], override: str | None
) -> tuple[dict[int, str], tuple[str, ...]]:
    """Decide what each column counts."""
    meaning: dict[int, str] = {}
    for column in columns:
        known = _known(column, rows[0])
        if known is not None and (known == "p" or known not in meaning.values()):
            meaning[column] = known
    counted = [k for k in columns if meaning.get(k) != "p"]
    if override is not None:
        if len(override) != len(counted) or len(set(override)) != len(override) or set(override) - set("tcz"):
            raise ArgumentError(
                f"axes: the file names count {len(counted)} things besides positions, {override!r} names "
                f"{len(override)}"
            )
        return {**meaning, **dict(zip(counted, override, strict=True))}, ()
    notes = []
    free = [a for a in "zct" if a not in meaning.values()]
    for column in reversed(columns):
        if column in meaning:
            continue
        text = not rows[0][column].isdecimal()
        wish = "c" if text else next((a for a in "ztc" if a in free), "p")
        meaning[column] = wish if wish in free else "p"
        if meaning[column] in free:
            free.remove(meaning[column])
        if not text:
            notes.append(
                f"{_which(column, rows[0])} in {''.join(rows[0])!r} and the other names is taken as "
                f"{'position' if meaning[column] == 'p' else meaning[column]}; say otherwise with "
                "--axes (axes=)"
            )
    return meaning, tuple(notes)


def _which(column: int, row: Sequence[str]) -> str:
    """Return a number of a name in words: its digits are those of one file alone."""
    numbers = [k for k, token in enumerate(row) if token.isdecimal()]
    at = numbers.index(column)
    if len(numbers) == 1:
        return "the number"
    return "the last number" if at == len(numbers) - 1 else f"number {at + 1} of the {len(numbers)}"


def _known(column: int, row: Sequence[str]) -> str | None:
    """Return what a column counts by the word before it, None where there is no known word."""
    if not row[column].isdecimal():
        single = len(row[column]) == 1 and column + 1 < len(row) and row[column + 1].isdecimal()
        return "p" if single else None  # A01, B02: the row of a well
    before = row[column - 1] if column else ""
    if before and not before[0].isalpha() and column > 1:
        before = row[column - 2]
    if len(before) == 1 and before.isupper() and row[column - 1] == before and before.lower() not in WORDS:
        return "p"  # A01: the column of a well
    return WORDS.get(before.lower())


def _value(token: str) -> tuple[int, int, str]:
    return natural(token)[0]


def _group(
    rows: Sequence[Sequence[str]],
    members: Sequence[int],
    order: Sequence[int],
    meaning: Mapping[int, str],
    counted: set[int],
    notes: tuple[str, ...],
) -> Group:
    """Put the files of one image into the order of its axes."""
    values = [sorted({rows[i][k] for i in members}, key=_value) for k in order]
    at = {tuple(rows[i][k] for k in order): i for i in members}
    first = rows[members[0]]
    name = "".join(token for k, token in enumerate(first) if k not in counted).strip("_-. ")
    missing = [key for key in product(*values) if key not in at]
    if missing:
        tokens = list(first)
        for k, token in zip(order, missing[0], strict=True):
            tokens[k] = token
        raise SourceError(
            f"{len(missing)} of {len(missing) + len(members)} planes of {name!r} are missing, the first is "
            f"{''.join(tokens)!r}; add them, or name the complete ones by a pattern such as 'name_*.tif'"
        )
    if len(at) != len(members):
        raise SourceError(f"two files of {name!r} are the same plane; remove one")
    labels: tuple[str, ...] = ()
    for k, found in zip(order, values, strict=True):
        if meaning[k] == "c":
            labels = tuple(found) if not found[0].isdecimal() else ()
    return Group(
        name,
        "".join(meaning[k] for k in order),
        tuple(at[key] for key in product(*values)),
        tuple(len(found) for found in values),
        labels,
        notes,
    )
