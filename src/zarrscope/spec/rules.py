"""The table of rules: every sentence of the specification that can be checked, once.

A rule of shape ("axes is a list") is cited by the forms (``forms``) where a document breaks it. A rule of
sense carries the function that checks it on the model. Rules on stored arrays and pixels are entered into
the same table by the room ``check``. The validator, the documentation and the errata all read this table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal, NamedTuple

from zarrscope.report import Problem, Severity

if TYPE_CHECKING:
    from zarrscope.model.node import Node
    from zarrscope.report import Verdict

NOTE, SHOULD, MUST = Severity

EVERY = "0.1 0.2 0.3 0.4 0.5 0.6 0.9"
"""All versions that have rules; drafts of 0.6 are judged as 0.6, 0.9.dev1 as 0.9."""

Depth = Literal["document", "structure", "pixels"]


class Finding(NamedTuple):
    """What a rule found: where in the model, what, and how to mend it."""

    path: str
    message: str
    hint: str = ""


Check = Callable[["Node"], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One sentence.

    Parameters
    ----------
    name : str
        Identifier, for example ``axes/unique-names``.
    weight : Severity
        MUST or SHOULD in the text; NOTE where only the official schemas demand it.
    text : str
        What the rule demands.
    since, until : str
        First and last version whose text has the sentence.
    section : str
        Anchor in the text of the specification.
    schema : str
        Versions whose official schemas enforce it, separated by blanks.
    suite : str
        Versions whose official test cases enforce it although the schemas do not.
    strict : str
        Versions whose strict schemas enforce it.
    disputed : str
        Versions whose official test cases contradict it: they call valid what the text forbids.
    depth : str
        What has to be read to check it.
    check : callable, optional
        Function of a rule of sense, from the model to what it found.
    """

    name: str
    weight: Severity
    text: str
    since: str = "0.1"
    until: str = "0.9"
    section: str = ""
    schema: str = ""
    suite: str = ""
    strict: str = ""
    disputed: str = ""
    depth: Depth = "document"
    check: Check | None = None

    def in_text(self, version: str) -> bool:
        """Whether the text of a version has the sentence."""
        return self.weight > NOTE and self.since <= version <= self.until

    def holds_in(self, version: str) -> bool:
        """Whether anything official has the sentence: text, schema or suite; advice holds everywhere."""
        official = f"{self.schema} {self.suite} {self.strict}".split()
        advice = self.weight is NOTE and not official
        return advice or self.in_text(version) or version in official

    def verdicts(self, version: str) -> frozenset[Verdict]:
        """Return the verdicts that fail where a document of this version breaks the rule."""
        found: set[Verdict] = set()
        if version in f"{self.schema} {self.suite}".split():
            found |= {"schema", "strict"}
        if version in self.strict.split():
            found.add("strict")
        if self.in_text(version):
            if self.weight is MUST:
                found.add("spec")
            if version not in self.disputed.split():
                found.add("strict")
        return frozenset(found)

    def problem(
        self, version: str, location: str, message: str, hint: str = "", *, file: str = ""
    ) -> Problem:
        """Return the problem of a document that breaks the rule.

        Parameters
        ----------
        version : str
            By whose rules the document is judged.
        location : str
            JSON pointer of the place.
        message, hint : str
            What was found and what is allowed; how to mend it.
        file : str
            Key of the document within its hierarchy.
        """
        weight = self.weight if self.in_text(version) else NOTE
        verdicts = _verdicts(self.name, version)
        return Problem(location, self.name, message, weight, hint, file, verdicts)


RULES: dict[str, Rule] = {}


@cache
def _verdicts(name: str, version: str) -> frozenset[Verdict]:
    return RULES[name].verdicts(version)


@cache
def holding(version: str) -> frozenset[str]:
    """Return the names of the rules that hold in a version. Call it once all rules are entered."""
    return frozenset(name for name, entry in RULES.items() if entry.holds_in(version))


def sentence(
    name: str,
    weight: Severity,
    text: str,
    *,
    since: str = "0.1",
    until: str = "0.9",
    section: str = "",
    schema: str = "",
    suite: str = "",
    strict: str = "",
    disputed: str = "",
    depth: Depth = "document",
    check: Check | None = None,
) -> str:
    """Enter a sentence into the table and return its name.

    Parameters
    ----------
    name, weight, text, since, until, section, schema, suite, strict, disputed, depth, check
        As those of ``Rule``.
    """
    if name in RULES:
        raise ValueError(f"the rule {name} is entered twice")
    RULES[name] = Rule(
        name, weight, text, since, until, section, schema, suite, strict, disputed, depth, check
    )
    return name


def rule(
    name: str,
    weight: Severity,
    *,
    since: str = "0.1",
    until: str = "0.9",
    section: str = "",
    schema: str = "",
    suite: str = "",
    strict: str = "",
    disputed: str = "",
) -> Callable[[Check], Check]:
    """Enter a function into the table; its docstring is the sentence.

    Parameters
    ----------
    name, weight, since, until, section, schema, suite, strict, disputed
        As those of ``Rule``.
    """

    def enter(check: Check) -> Check:
        sentence(
            name, weight, " ".join((check.__doc__ or "").split()), since=since, until=until,
            section=section, schema=schema, suite=suite, strict=strict, disputed=disputed, check=check,
        )  # fmt: skip
        return check

    return enter
