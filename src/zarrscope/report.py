"""Problems found in documents and data, and the report that collects them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable


class Severity(IntEnum):
    """How grave a problem is: advice, a broken SHOULD, a broken MUST."""

    NOTE = 0
    SHOULD = 1
    MUST = 2


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
    """

    location: str
    rule: str
    message: str
    severity: Severity = Severity.MUST
    hint: str = ""
    file: str = ""


@dataclass(slots=True)
class Report:
    """All problems of one target, in the order in which they were found."""

    problems: list[Problem] = field(default_factory=list)

    @property
    def valid(self) -> bool:
        """Whether no MUST is broken."""
        return all(p.severity < Severity.MUST for p in self.problems)

    def add(self, problem: Problem) -> None:
        """Note one more problem."""
        self.problems.append(problem)

    def merge(self, problems: Iterable[Problem]) -> None:
        """Note the problems of another report."""
        self.problems.extend(problems)

    def to_json(self) -> dict[str, Any]:
        """Return the report as what ``json.dumps`` takes."""
        rows = [asdict(p) | {"severity": p.severity.name} for p in self.problems]
        return {"valid": self.valid, "problems": rows}

    def __str__(self) -> str:
        rows = [f"{p.severity.name:6} {p.file}{p.location}: {p.message}" for p in self.problems]
        return "\n".join(rows) or "no problems"
