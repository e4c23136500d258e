"""What differs between two states of a document, one line a place."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zarrscope.spec.forms import escaped

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST = 100
"""Characters of a value that are shown."""


@dataclass(frozen=True)
class Edit:
    """One change of a document.

    Parameters
    ----------
    file : str
        Key of the document.
    pointer : str
        Where in it (JSON pointer); "" is the document itself.
    before, after : str
        JSON text of the value; "" where nothing stood or stands there.
    to : str
        Where the value went (JSON pointer), where it was moved and not changed.
    """

    file: str
    pointer: str
    before: str
    after: str
    to: str = ""

    def __str__(self) -> str:
        if self.to:
            return f"{self.pointer} is now {self.to}"
        old, new = (_short(text) or "nothing" for text in (self.before, self.after))
        return f"{self.pointer or 'the document'}: {old} -> {new}"


def edits(file: str, before: Any, after: Any) -> list[Edit]:
    """Return what differs between two states of a document.

    What was taken away at one place and now stands at another, with the same value, was moved.

    Parameters
    ----------
    file : str
        Key of the document.
    before, after : object
        JSON values; None before where the document is new.
    """
    if before is None:
        return [Edit(file, "", "", _text(after))]
    found = list(_differences(file, "", before, after))
    given = [edit for edit in found if not edit.before]
    moves: dict[int, Edit] = {}
    for edit in found:
        same = [one for one in given if not edit.after and one.after == edit.before]
        nearness, goal = max(
            ((_nearness(edit.pointer, one.pointer), one) for one in same), default=(0, None), key=_first
        )
        if goal is not None and nearness:
            given.remove(goal)
            moves[id(edit)] = goal
    goals = {id(goal) for goal in moves.values()}
    return [
        Edit(file, edit.pointer, edit.before, edit.before, moves[id(edit)].pointer)
        if id(edit) in moves
        else edit
        for edit in found
        if id(edit) not in goals
    ]


def _first(pair: tuple[int, Edit | None]) -> int:
    return pair[0]


def _nearness(old: str, new: str) -> int:
    """Return how likely a value went from one place to another; 0 where that would be chance."""
    (above, _, key), (other, _, name) = old.rpartition("/"), new.rpartition("/")
    alike = key.replace("_", "").lower().rstrip("s") == name.replace("_", "").lower().rstrip("s")
    return 2 * alike if above == other else int(key == name)


def _differences(file: str, at: str, before: Any, after: Any) -> Iterator[Edit]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in (*before, *(key for key in after if key not in before)):
            place = f"{at}/{escaped(key)}"
            if key not in after:
                yield Edit(file, place, _text(before[key]), "")
            elif key not in before:
                yield Edit(file, place, "", _text(after[key]))
            else:
                yield from _differences(file, place, before[key], after[key])
    elif _alike(before, after):
        for index, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from _differences(file, f"{at}/{index}", old, new)
    elif repr(before) != repr(after):  # NaN is equal to itself this way
        yield Edit(file, at, _text(before), _text(after))


def _alike(before: Any, after: Any) -> bool:
    """Return whether two lists are told entry by entry; short words and numbers are told as one list."""
    if not isinstance(before, list) or not isinstance(after, list) or len(before) != len(after):
        return False
    return any(isinstance(entry, dict | list) for entry in (*before, *after))


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
