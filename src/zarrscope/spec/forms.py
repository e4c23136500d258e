"""The vocabulary of forms: what a piece of a document must look like, and which rule says so.

A form is a function ``(value, pointer, notes)`` that notes what is wrong with a value. Forms are made from
smaller ones, so that a document's form reads like the document. They follow JSON Schema (2020-12) in what
counts as a number, a whole number or equal, because the official schemas do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from zarrscope.spec.reader import integer
from zarrscope.spec.rules import MUST, NOTE, RULES, holding, sentence

if TYPE_CHECKING:
    import re
    from collections.abc import Sequence

    from zarrscope.report import Problem

Form = Callable[[Any, str, "Notes"], None]

_MOST_KEYS = 50
"""Keys among which a misspelt one is looked for."""

SPELLING = sentence(
    "document/spelling", NOTE, "A key that nobody reads is often a known one misspelt."
)  # fmt: skip


MANY = sentence(
    "document/many-problems", NOTE, "A document that breaks a rule again and again is better written anew."
)
MOST = 100
"""Problems of one rule in one document; more would bury the others."""


class Notes:
    """Collects the problems of one document.

    Parameters
    ----------
    version : str
        By whose rules it is judged; rules that this version does not have are passed over.
    """

    __slots__ = ("_counts", "_holding", "_problems", "version")

    def __init__(self, version: str) -> None:
        self.version = version
        self._problems: list[Problem] = []
        self._holding = holding(version)
        self._counts: dict[str, int] = {}

    def note(self, rule: str, at: str, message: str, hint: str = "") -> None:
        """Note that a rule is broken.

        Parameters
        ----------
        rule : str
            Its name.
        at : str
            JSON pointer of the place.
        message, hint : str
            What was found and what is allowed; how to mend it.
        """
        if rule in self._holding:
            count = self._counts[rule] = self._counts.get(rule, 0) + 1
            if count <= MOST:
                self._problems.append(RULES[rule].problem(self.version, at, message, hint))

    @property
    def problems(self) -> list[Problem]:
        """What was noted; of a rule that is broken again and again the first places, and how many more."""
        found = list(self._problems)
        for rule, count in self._counts.items():
            if count > MOST:
                message = f"{rule} is broken {count} times; the first {MOST} are listed"
                found.append(RULES[MANY].problem(self.version, "", message))
        return found


def anything(value: Any, at: str, notes: Notes) -> None:
    """Find nothing wrong."""


def text(
    rule: str,
    *,
    least: str = "",
    pattern: re.Pattern[str] | None = None,
    allowed: str = "",
    pattern_rule: str = "",
    choices: Sequence[str] = (),
) -> Form:
    """Return the form of a string.

    Parameters
    ----------
    rule : str
        Broken where it is no string.
    least : str
        Rule that is broken where it is empty.
    pattern, allowed, pattern_rule
        What all of it must match, that in words, and the rule that says so (``rule`` by default).
    choices : sequence of str
        The only strings that are allowed (also by ``pattern_rule``).
    """

    def check(value: Any, at: str, notes: Notes) -> None:
        if not isinstance(value, str):
            notes.note(rule, at, f"{_last(at)} must be a string, found {kind_of(value)}")
        elif least and not value:
            notes.note(least, at, f"{_last(at)} is empty")
        elif (pattern is not None and not pattern.fullmatch(value)) or (choices and value not in choices):
            words = allowed or f"one of {', '.join(choices)}"
            hint = nearest(value, choices)
            notes.note(pattern_rule or rule, at, f"{_last(at)} is {kind_of(value)}; it must be {words}", hint)

    return check


def numeric(rule: str, *, above: float | None = None, above_rule: str = "") -> Form:
    """Return the form of a number, perhaps larger than ``above`` (by ``above_rule``)."""

    def check(value: Any, at: str, notes: Notes) -> None:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            notes.note(rule, at, f"{_last(at)} must be a number, found {kind_of(value)}")
        elif above is not None and not value > above:
            message = f"{_last(at)} must be larger than {above}, found {kind_of(value)}"
            notes.note(above_rule or rule, at, message)

    return check


def whole(
    rule: str, *, least: int | None = None, most: int | None = None, range_rule: str = "", number: str = ""
) -> Form:
    """Return the form of a whole number (1.0 is one).

    Parameters
    ----------
    rule : str
        Broken where it is no whole number.
    least, most : int, optional
        Smallest and largest that are allowed.
    range_rule : str
        Rule that says so, by default ``rule``.
    number : str
        Rule that is broken where it is no number at all, if that is another one.
    """

    def check(value: Any, at: str, notes: Notes) -> None:
        found = integer(value)
        if found is None:
            plain = number and isinstance(value, (int, float)) and not isinstance(value, bool)
            if number and not plain:
                notes.note(number, at, f"{_last(at)} must be a number, found {kind_of(value)}")
            notes.note(rule, at, f"{_last(at)} must be a whole number, found {kind_of(value)}")
        elif least is not None and found < least:
            notes.note(range_rule or rule, at, f"{_last(at)} must be at least {least}, found {found}")
        elif most is not None and found > most:
            notes.note(range_rule or rule, at, f"{_last(at)} must be at most {most}, found {found}")

    return check


def flag(rule: str) -> Form:
    """Return the form of true or false."""

    def check(value: Any, at: str, notes: Notes) -> None:
        if not isinstance(value, bool):
            notes.note(rule, at, f"{_last(at)} must be true or false, found {kind_of(value)}")

    return check


def items(
    rule: str,
    item: Form,
    *,
    least: int = 0,
    most: int | None = None,
    count_rule: str = "",
    unique: str = "",
) -> Form:
    """Return the form of a list.

    Parameters
    ----------
    rule : str
        Broken where it is no list.
    item : form
        Of each entry.
    least, most : int, optional
        Number of entries.
    count_rule : str
        Rule that sets it, by default ``rule``.
    unique : str
        Rule that is broken where two entries are equal.
    """

    def check(value: Any, at: str, notes: Notes) -> None:
        if not isinstance(value, list):
            notes.note(rule, at, f"{_last(at)} must be a list, found {kind_of(value)}")
            return
        count = len(value)
        if count < least or (most is not None and count > most):
            notes.note(count_rule or rule, at, f"{_last(at)} has {count} entries, {_counts(least, most)}")
        for index, entry in enumerate(value):
            item(entry, f"{at}/{index}", notes)
        if unique and count > 1 and unique in holding(notes.version):
            _check_unique(value, unique, at, notes)

    return check


def members(
    rule: str,
    forms: Mapping[str, Form],
    needs: Mapping[str, str] | None = None,
    *also: Form,
    spelling: bool = True,
) -> Form:
    """Return the form of an object.

    Parameters
    ----------
    rule : str
        Broken where it is no object.
    forms : mapping
        Of its members, by key; other keys are free.
    needs : mapping, optional
        Keys that must be there, and the rules that say so.
    *also : form
        More to check on the object as a whole.
    spelling : bool
        Tell keys that look like a known one.
    """
    steps = {key: f"/{escaped(key)}" for key in forms}
    wanted = needs or {}
    known = {_bare(key): key for key in (*forms, *wanted)} if spelling else {}

    def check(value: Any, at: str, notes: Notes) -> None:
        if not isinstance(value, dict):
            notes.note(rule, at, f"{_last(at)} must be an object, found {kind_of(value)}")
            return
        for key, need in wanted.items():
            if key not in value:
                hint = _misspelt(value, key, near=RULES[need].weight is MUST)
                notes.note(need, at, f"{key!r} is missing", hint)
        for key, entry in value.items():
            form = forms.get(key)
            if form is not None:
                form(entry, at + steps[key], notes)
            elif known and key not in wanted:
                meant = known.get(_bare(key))
                if meant is not None and meant not in value:
                    message = f"the key {kind_of(key)} means nothing"
                    notes.note(SPELLING, f"{at}/{escaped(key)}", message, f"write {meant!r}")
        for form in also:
            form(value, at, notes)

    return check


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
    words = repr(value)
    return words if len(words) <= 60 else words[:57] + "..."


def nearest(word: str, choices: Sequence[str]) -> str:
    """Return a hint that names the choice that was probably meant, "" where there is none."""
    from difflib import get_close_matches  # slow to load, and only needed for what is wrong

    found = get_close_matches(word, choices, 1, 0.6) if len(word) <= 60 else []
    return f"write {found[0]!r}" if found else ""


def same(left: Any, right: Any) -> bool:
    """Whether two values are equal as JSON: 1 is 1.0, but true is not 1."""
    return bool(_frozen(left) == _frozen(right))


def _check_unique(value: list[Any], rule: str, at: str, notes: Notes) -> None:
    seen = set()
    for index, entry in enumerate(value):
        key = _frozen(entry)
        if key in seen:
            notes.note(rule, f"{at}/{index}", f"entry {index} of {_last(at)} stands there twice")
            return
        seen.add(key)


def _frozen(value: Any) -> Any:
    if isinstance(value, dict):
        return frozenset((key, _frozen(entry)) for key, entry in value.items())
    if isinstance(value, list):
        return tuple(map(_frozen, value))
    return ("flag", value) if isinstance(value, bool) else value


def _last(at: str) -> str:
    """Return how to speak of the value at a pointer."""
    step = at.rpartition("/")[2].replace("~1", "/").replace("~0", "~")
    if not step:
        return "the document"
    return f"entry {step}" if step.isdecimal() else repr(step)


def _counts(least: int, most: int | None) -> str:
    if most is None:
        return f"at least {least} must be there"
    return f"allowed are {least}" if least == most else f"allowed are {least} to {most}"


def _bare(key: str) -> str:
    return key.lower().replace("_", "").replace("-", "").removesuffix("s")


def _misspelt(value: Mapping[str, Any], key: str, *, near: bool) -> str:
    """Return a hint that names the key that was probably meant by one that is there, or by one near it."""
    bare = _bare(key)
    found = next((k for k in value if _bare(k) == bare and k != key), None)
    if found is None and near:
        from difflib import get_close_matches  # slow to load, and only needed for what is wrong

        strangers = [k for k in islice(value, _MOST_KEYS) if k != key and len(k) <= 60]
        found = next(iter(get_close_matches(key, strangers, 1, 0.8)), None)
    return "" if found is None else f"{found!r} stands there: write {key!r}"


def every(*forms: Form) -> Form:
    """Return the form of what has several forms at once."""

    def check(value: Any, at: str, notes: Notes) -> None:
        for form in forms:
            form(value, at, notes)

    return check


def fits(form: Form, value: Any, notes: Notes) -> bool:
    """Whether a value has a form, without noting anything."""
    trial = Notes(notes.version)
    form(value, "", trial)
    return not trial.problems
