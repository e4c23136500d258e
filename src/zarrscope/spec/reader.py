"""A cursor over JSON that notes every problem where it stands and never raises on bad content.

What cannot be used goes to the ``extra`` of the object that holds it, so that nothing is lost on the way
back: a value of the wrong type is a problem and an unknown key at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any

from zarrscope.model.axes import NOTHING
from zarrscope.report import Problem, Report, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Cursor:
    """One place in a document.

    Parameters
    ----------
    value : object
        What stands there.
    pointer : str
        JSON pointer (RFC 6901) of the place.
    report : Report
        Where problems are noted.
    """

    value: Any
    pointer: str
    report: Report

    def note(
        self, rule: str, message: str, *, severity: Severity = Severity.MUST, hint: str = "", at: str = ""
    ) -> None:
        """Note a problem here, or at a key below.

        Parameters
        ----------
        rule, message, severity, hint
            See ``Problem``.
        at : str
            Key of the member that is wrong; "" for the value itself.
        """
        location = f"{self.pointer}/{escaped(at)}" if at else self.pointer
        self.report.add(Problem(location, rule, message, severity, hint))

    def child(self, key: str | int, value: Any) -> Cursor:
        """Return the cursor of a member."""
        return Cursor(value, f"{self.pointer}/{escaped(str(key))}", self.report)

    def fields(self, rule: str, what: str) -> Fields | None:
        """Return the members of an object, or note that there is none."""
        if isinstance(self.value, Mapping):
            return Fields(self)
        self.note(rule, f"{what} must be an object, found {kind_of(self.value)}")
        return None

    def items(self, rule: str, what: str, *, least: int = 0) -> Iterator[Cursor]:
        """Return the members of a list, noting where it is none or too short."""
        if not isinstance(self.value, list):
            self.note(rule, f"{what} must be a list, found {kind_of(self.value)}")
            return
        if len(self.value) < least:
            self.note(rule, f"{what} must have at least {least} entry, found {len(self.value)}")
        for index, value in enumerate(self.value):
            yield self.child(index, value)

    def text(self) -> str | None:
        """Return a string, else None."""
        return self.value if isinstance(self.value, str) else None

    def number(self) -> float | None:
        """Return a finite number as it stands (1 stays 1), else None."""
        value = self.value
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return None
        try:
            return value if isfinite(value) else None
        except OverflowError:
            return None

    def integer(self) -> int | None:
        """Return a whole number (1.0 is one), else None."""
        value = self.number()
        return None if value is None or value != int(value) else int(value)


class Fields:
    """The members of one object; what is not taken is ``extra``.

    Parameters
    ----------
    cursor : Cursor
        The object.
    """

    def __init__(self, cursor: Cursor) -> None:
        self.cursor = cursor
        self._left: dict[str, Any] = dict(cursor.value)

    @property
    def extra(self) -> Mapping[str, Any]:
        """All that has not been taken so far."""
        return self._left or NOTHING

    def __contains__(self, key: str) -> bool:
        return key in self._left

    def take(self, key: str) -> Cursor | None:
        """Take a member out, or return None."""
        return self.cursor.child(key, self._left.pop(key)) if key in self._left else None

    def need(self, key: str, rule: str, hint: str = "") -> Cursor | None:
        """Take a member out, or note that it is missing."""
        if key not in self._left:
            self.cursor.note(rule, f"{key!r} is missing", hint=hint)
        return self.take(key)

    def leave(self, key: str) -> None:
        """Put a member back that turned out to be unusable."""
        self._left[key] = self.cursor.value[key]

    def text(self, key: str, rule: str, severity: Severity = Severity.MUST) -> str | None:
        """Take a string; note and leave anything else."""
        found: str | None = self._typed(key, rule, severity, "a string", Cursor.text)
        return found

    def number(self, key: str, rule: str, severity: Severity = Severity.MUST) -> float | None:
        """Take a number; note and leave anything else."""
        found: float | None = self._typed(key, rule, severity, "a number", Cursor.number)
        return found

    def integer(
        self, key: str, rule: str, severity: Severity = Severity.MUST, *, least: int | None = None
    ) -> int | None:
        """Take a whole number that is not too small; note and leave anything else.

        Parameters
        ----------
        key : str
            Of the member.
        rule, severity
            What to cite where it is none.
        least : int, optional
            Smallest number that is allowed.
        """
        found: int | None = self._typed(key, rule, severity, "a whole number", Cursor.integer)
        if found is not None and least is not None and found < least:
            self.cursor.note(
                rule, f"{key!r} must be at least {least}, found {found}", severity=severity, at=key
            )
        return found

    def flag(self, key: str, rule: str, severity: Severity = Severity.MUST) -> bool | None:
        """Take true or false; note and leave anything else."""
        found: bool | None = self._typed(
            key, rule, severity, "true or false", lambda c: c.value if isinstance(c.value, bool) else None
        )
        return found

    def _typed(self, key: str, rule: str, severity: Severity, what: str, read: Any) -> Any:
        cursor = self.take(key)
        if cursor is None:
            return None
        found = read(cursor)
        if found is None:
            message = f"{key!r} must be {what}, found {kind_of(cursor.value)}"
            cursor.note(rule, message, severity=severity)
            self.leave(key)
        return found


def escaped(key: str) -> str:
    """Return a key as a step of a JSON pointer (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")


def kind_of(value: object) -> str:
    """Return what stands in a document, for a message: short, and never the whole of it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, int) and abs(value) >= 10**20:
        return "a huge number"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
