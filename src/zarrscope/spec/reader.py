"""Reading members of JSON objects that nobody vouches for: what fits is taken, all else is left.

Nothing here complains. What cannot be used stays in ``extra``, so that it is not lost on the way back;
whether it is wrong is a matter of the forms and rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

from zarrscope.model.axes import NOTHING


class Fields:
    """The members of one object; what is not taken is ``extra``.

    Parameters
    ----------
    value : mapping
        The object.
    """

    __slots__ = ("_left",)

    def __init__(self, value: Mapping[str, Any]) -> None:
        self._left: dict[str, Any] = dict(value)

    @property
    def extra(self) -> Mapping[str, Any]:
        """All that has not been taken so far."""
        return self._left or NOTHING

    def __contains__(self, key: str) -> bool:
        return key in self._left

    def peek(self, key: str) -> Any:
        """Return a member without taking it, None where it is absent."""
        return self._left.get(key)

    def take(self, key: str) -> Any:
        """Take a member out, whatever it is; None where it is absent."""
        return self._left.pop(key, None)

    def text(self, key: str) -> str | None:
        """Take a string."""
        return self._left.pop(key) if isinstance(self._left.get(key), str) else None

    def number(self, key: str) -> float | None:
        """Take a finite number as it stands (1 stays 1)."""
        found = number(self._left.get(key))
        if found is not None:
            del self._left[key]
        return found

    def integer(self, key: str) -> int | None:
        """Take a whole number (1.0 is one)."""
        found = integer(self._left.get(key))
        if found is not None:
            del self._left[key]
        return found

    def flag(self, key: str) -> bool | None:
        """Take true or false."""
        return self._left.pop(key) if isinstance(self._left.get(key), bool) else None

    def object(self, key: str) -> Fields | None:
        """Take an object."""
        return Fields(self._left.pop(key)) if isinstance(self._left.get(key), Mapping) else None

    def items(self, key: str) -> list[Any] | None:
        """Take a list."""
        return self._left.pop(key) if isinstance(self._left.get(key), list) else None


def number(value: object) -> float | None:
    """Return a finite number as it stands, None for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return value if isfinite(value) else None
    except OverflowError:
        return None


def integer(value: object) -> int | None:
    """Return a whole number (1.0 is one), None for anything else."""
    found = number(value)
    return None if found is None or found != int(found) else int(found)


def numbers(value: object) -> tuple[float, ...] | None:
    """Return a list of finite numbers, None for anything else."""
    if not isinstance(value, list):
        return None
    found = [number(item) for item in value]
    return None if None in found else tuple(found)  # type: ignore[arg-type]
