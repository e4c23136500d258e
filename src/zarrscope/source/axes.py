"""Which axis of a file is which of ours: the one place where that is decided.

Ours are ``t c z y x``, in that order, those that a source has and no others. The rules, in the order in
which they are applied:

1.  The user's word (``--axes``) names every axis of the source in the source's own order and ends all
    guessing.
2.  Letters with a meaning keep it: T, C, Z, Y, X; E (emission wavelength) is c where there is no C;
    S (the samples of a colour) is c, or the fast half of c where channels exist too
    (c = channel * samples + sample).
3.  Unnamed axes (I, Q and letters that nobody knows) become z, then c, then t, from the innermost outward,
    as far as these are free.
4.  What is left (phase, angle, lifetime, position, tile, ...) cannot be held by an image and becomes
    several scenes, one for each index; an axis of length one is simply dropped.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from zarrscope.model.naming import ORDER, check_letters

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NAMED: Mapping[str, str] = MappingProxyType({"T": "t", "C": "c", "Z": "z", "Y": "y", "X": "x", "S": "s"})
"""Letters with one meaning; ``s`` is the samples of a colour, which end up in c."""

LONG_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "A": "angle",
        "E": "lambda",
        "F": "phase",
        "G": "group",
        "H": "lifetime",
        "L": "exposure",
        "M": "mosaic",
        "P": "phase",
        "R": "tile",
        "V": "event",
    }
)
"""What other letters mean, for the names of the scenes that they become."""

_UNNAMED = "IQ"


@dataclass(frozen=True, slots=True)
class Assignment:
    """What each axis of a source is for us.

    Parameters
    ----------
    names : tuple of (str or None)
        One for each axis of the source, in its order: one of ``t c z y x``, ``s`` for the samples of a
        colour,
        or None for an axis that becomes scenes.
    notes : tuple of str
        What was assumed, for the user.
    """

    names: tuple[str | None, ...]
    notes: tuple[str, ...] = ()

    @property
    def order(self) -> str:
        """Our axes that the image has, in our order."""
        present = {"c" if name == "s" else name for name in self.names}
        return "".join(name for name in ORDER if name in present)


def assign(
    letters: str, shape: Sequence[int], override: str | None = None, where: str = "the image"
) -> Assignment:
    """Decide what each axis of a source is, by the rules of this module.

    Parameters
    ----------
    letters : str
        One letter for each axis, in the source's order (upper case, tifffile's alphabet).
    shape : sequence of int
        Length of each axis.
    override : str, optional
        The user's word, in the source's order.
    where : str
        What a message calls the source.

    Raises
    ------
    ArgumentError
        From `check_letters`.
    """
    if override is not None:
        described = f"{where} ({letters}, {'x'.join(map(str, shape))})"
        text = check_letters(override, len(letters), described, ORDER + "s")
        return Assignment(tuple(text))
    names: list[str | None] = [None] * len(letters)
    free = set(ORDER)
    for index, letter in enumerate(letters):
        name = NAMED.get(letter)
        if name is not None and name not in names:
            names[index] = name
            free.discard("c" if name == "s" else name)
    notes: list[str] = []
    for index in reversed(range(len(letters))):
        letter, length = letters[index], shape[index]
        if names[index] is not None or (length == 1 and letter not in _UNNAMED):
            continue
        wanted = _wishes(letter)
        name = next((n for n in wanted if n in free), None)
        if name is not None:
            names[index] = name
            free.discard(name)
            if length > 1:
                notes.append(_guess_note(letter, length, name))
        elif length > 1:
            word = LONG_NAMES.get(letter, letter)
            notes.append(
                f"the axis {word!r} of length {length} has no place in an image: one scene for each index"
            )
    return Assignment(tuple(names), tuple(notes))


def _wishes(letter: str) -> str:
    """Return the axes that a letter without a firm meaning may become, dearest first."""
    if letter == "E":
        return "c"
    if letter in LONG_NAMES or letter in NAMED:
        return ""
    return "zct"


def _guess_note(letter: str, length: int, name: str) -> str:
    if letter == "E":
        return f"the {length} wavelengths are taken as channels"
    return (
        f"an axis of length {length} has no name in the file and is taken as {name}; "
        "say otherwise with --axes (axes=)"
    )
