"""Problems in documents and data, the verdicts that follow, and the report that collects them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Iterable

Verdict = Literal["schema", "spec", "strict"]
"""What the official suite tests; every MUST of the text; every SHOULD too.

Where the official suite calls valid what the text forbids, ``strict`` follows the suite, as ``schema`` does.
"""

VERDICTS: tuple[Verdict, ...] = get_args(Verdict)


class Severity(IntEnum):
    """How grave a problem is: advice, a broken SHOULD, a broken MUST."""

    NOTE = 0
    SHOULD = 1
    MUST = 2


_USUAL: dict[Severity, frozenset[Verdict]] = {
    Severity.NOTE: frozenset(),
    Severity.SHOULD: frozenset({"strict"}),
    Severity.MUST: frozenset({"spec", "strict"}),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, where, and how to mend it.

    Parameters
    ----------
    location : str
        JSON pointer (RFC 6901) inside the document; "" is the document itself.
    rule : str
        Identifier of the broken rule, for example ``axes/unique-names``.
    message : str
        What was found and what is allowed.
    severity : Severity
        Weight of the sentence that is broken.
    hint : str
        How to mend it; "" where there is nothing to say.
    file : str
        Key of the document inside its hierarchy; "" where there is only one.
    verdicts : frozenset of str, optional
        Verdicts that fail because of it; by default those that its weight implies.
    """

    location: str
    rule: str
    message: str
    severity: Severity = Severity.MUST
    hint: str = ""
    file: str = ""
    verdicts: frozenset[Verdict] | None = None

    @property
    def fails(self) -> frozenset[Verdict]:
        """Verdicts that fail because of it."""
        return _USUAL[self.severity] if self.verdicts is None else self.verdicts

    def to_json(self) -> dict[str, str]:
        """Return the problem as what ``json.dumps`` takes."""
        return {
            "rule": self.rule,
            "weight": self.severity.name,
            "file": self.file,
            "pointer": self.location,
            "message": self.message,
            "hint": self.hint,
        }


@dataclass(slots=True)
class Report:
    """All problems of one target, in the order in which they were found.

    Parameters
    ----------
    problems : list of Problem
        What is wrong.
    unchecked : list of str
        What could not be judged, one line each: never counted as right.
    """

    problems: list[Problem] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)

    @property
    def valid(self) -> bool:
        """Whether no MUST of the text is broken (the verdict ``spec``)."""
        return self.passes("spec")

    def passes(self, verdict: Verdict) -> bool:
        """Return whether no problem fails a verdict."""
        return not any(verdict in p.fails for p in self.problems)

    def add(self, problem: Problem) -> None:
        """Note one more problem."""
        self.problems.append(problem)

    def merge(self, problems: Iterable[Problem]) -> None:
        """Note the problems of another report."""
        self.problems.extend(problems)

    def to_json(self) -> dict[str, Any]:
        """Return the report as what ``json.dumps`` takes."""
        rows = [p.to_json() for p in self.problems]
        return {"valid": self.valid, "problems": rows, "unchecked": list(self.unchecked)}

    def __str__(self) -> str:
        rows = [f"{p.severity.name:6} {p.file}{p.location}: {p.message}" for p in self.problems]
        return "\n".join(rows) or "no problems"
