"""How the results of ``zarrscope validate`` are printed: for people, programs, build servers and wikis."""

from __future__ import annotations

import json
import os
import re
import sys
from typing import TYPE_CHECKING, Protocol
from xml.etree import ElementTree

from zarrscope.report import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zarrscope.check.fix import Repair
    from zarrscope.check.validation import Validation
    from zarrscope.report import Problem

_FEW = 3
"""Files of a folded problem that are named."""
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_COLOURS = {"bad": "31;1", "good": "32;1", "must": "31", "should": "33", "note": "2", "hint": "2"}


class Printer(Protocol):
    """Prints results one after the other."""

    def add(self, found: Validation, *, readable: bool) -> None:
        """Take the result of one target."""

    def close(self) -> None:
        """Print what had to wait for the last result."""


def printer(form: str, *, colour: bool) -> Printer:
    """Return the printer of a format: ``text``, ``json``, ``junit`` or ``markdown``."""
    if form == "json":
        return Lines()
    if form == "junit":
        return JUnit()
    return Markdown() if form == "markdown" else Text(colour=colour and "NO_COLOR" not in os.environ)


class Lines:
    """One JSON object a line."""

    def add(self, found: Validation, *, readable: bool) -> None:
        """Print the result at once."""
        del readable
        print(json.dumps(found.to_json(), ensure_ascii=False), flush=True)

    def close(self) -> None:
        """Do nothing."""


class Text:
    """The verdict first, then problems by file, then what was not checked.

    Parameters
    ----------
    colour : bool
        Whether the terminal shows colours.
    """

    def __init__(self, *, colour: bool) -> None:
        self._colour = colour

    def add(self, found: Validation, *, readable: bool) -> None:
        """Print the result at once."""
        if not readable:
            print(f"zarrscope validate: {_with_name(found)}", file=sys.stderr, flush=True)
            return
        print("\n".join(self._lines(found)), flush=True)

    def close(self) -> None:
        """Do nothing."""

    def _lines(self, found: Validation) -> Iterable[str]:
        verdict = self._paint("valid", "good") if found.valid else self._paint("not valid", "bad")
        said = [found.kind, f"OME-Zarr {found.version}" if found.version else ""]
        said.append(f"{len(found.files)} document{'s' * (len(found.files) != 1)}")
        by = f"verdict {found.verdict}{f', profile {found.profile}' if found.profile else ''}"
        yield f"{found.path}: {verdict} ({', '.join(filter(None, said))}; {by})"
        for heading, problems in folded(found.problems):
            yield f"  {heading}"
            for problem, places in problems:
                weight = problem.severity.name.lower()
                place = f"{places[0]}{f' (and {len(places) - 1} more)' if len(places) > 1 else ''}"
                rule = self._paint(f"[{problem.rule}]", "note")
                words = f"{place}{place and ': '}{problem.message}"
                yield f"    {self._paint(f'{weight:6}', weight)} {words} {rule}"
                if problem.hint:
                    yield self._paint(f"           -> {problem.hint}", "hint")
        if found.unchecked:
            yield "  not checked:"
            yield from (f"    {line}" for line in found.unchecked)

    def _paint(self, text: str, colour: str) -> str:
        return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m" if self._colour else text


def folded(problems: Iterable[Problem]) -> list[tuple[str, list[tuple[Problem, list[str]]]]]:
    """Return problems under headings, gravest first: equal ones of many files stand there once.

    Returns
    -------
    list
        Of heading (a file, or how many files and the first of them) and its problems, each with the
        places in one of the files where it occurs.
    """
    alike: dict[tuple[int, str, str, str], dict[str, list[str]]] = {}
    first: dict[tuple[int, str, str, str], Problem] = {}
    for problem in problems:
        key = (-problem.severity, problem.rule, problem.message, problem.hint)
        first.setdefault(key, problem)
        alike.setdefault(key, {}).setdefault(problem.file, []).append(problem.location)
    found: dict[tuple[str, ...], list[tuple[Problem, list[str]]]] = {}
    for key in sorted(alike, key=lambda key: key[0]):
        files = alike[key]
        found.setdefault(tuple(files), []).append((first[key], next(iter(files.values()))))
    return [(_heading(files), listed) for files, listed in found.items()]


def told_edits(target: str, repair: Repair, *, dry: bool) -> Iterable[str]:
    """Return in lines what is mended in a target: what is the same in many files stands there once."""
    if not repair.edits:
        yield f"{target}: nothing that can be mended without guessing"
        return
    by_file: dict[str, list[str]] = {}
    for edit in repair.edits:
        by_file.setdefault(edit.file, []).append(str(edit))
    alike: dict[tuple[str, ...], list[str]] = {}
    for file, own in by_file.items():
        alike.setdefault(tuple(own), []).append(file)
    count = f"{len(repair.edits)} change{'s' * (len(repair.edits) > 1)}"
    documents = f"{len(by_file)} document{'s' * (len(by_file) > 1)}"
    old = any(change.before is not None for change in repair.changes)
    kept = f"; what stood there {'would be' if dry else 'is'} kept in {repair.kept}" if old else ""
    yield f"{target}: {'would make ' if dry else ''}{count} in {documents}{kept}"
    for lines, files in alike.items():
        yield f"  {_heading(tuple(files))}"
        yield from (f"    {line}" for line in lines)


def _heading(files: tuple[str, ...]) -> str:
    if len(files) == 1:
        return files[0] or "(root)"
    shown = ", ".join(files[:_FEW])
    return f"{len(files)} files ({shown}{', ...' if len(files) > _FEW else ''})"


def _with_name(found: Validation) -> str:
    """Return the reason why a target could not be read, with its name if that is not in it."""
    return found.message if found.path in found.message else f"{found.path}: {found.message}"


class JUnit:
    """XML for build servers: one suite a target, one case a document."""

    def __init__(self) -> None:
        self._root = ElementTree.Element("testsuites", name="zarrscope validate")

    def add(self, found: Validation, *, readable: bool) -> None:
        """Keep the result."""
        suite = ElementTree.SubElement(self._root, "testsuite", name=_clean(found.path))
        if not readable:
            case = ElementTree.SubElement(suite, "testcase", name="(root)", classname=_clean(found.path))
            ElementTree.SubElement(case, "error", message=_clean(found.message))
            suite.attrib |= {"tests": "1", "failures": "0", "errors": "1"}
            return
        by_file: dict[str, list[Problem]] = {file: [] for file in found.files}
        for problem in found.problems:
            by_file.setdefault(problem.file, []).append(problem)
        failures = 0
        for file, problems in by_file.items():
            case = ElementTree.SubElement(suite, "testcase", name=_clean(file), classname=_clean(found.path))
            failing = [p for p in problems if found.verdict in p.fails]
            failures += bool(failing)
            if failing:
                rules = ", ".join(dict.fromkeys(p.rule for p in failing))
                failure = ElementTree.SubElement(
                    case, "failure", message=_clean(failing[0].message), type=rules
                )
                failure.text = _clean("\n".join(map(_told, failing)))
            if advice := [p for p in problems if found.verdict not in p.fails]:
                ElementTree.SubElement(case, "system-out").text = _clean("\n".join(map(_told, advice)))
        suite.attrib |= {"tests": str(len(by_file)), "failures": str(failures), "errors": "0"}
        if found.unchecked:
            lines = "\n".join(("not checked:", *found.unchecked))
            ElementTree.SubElement(suite, "system-out").text = _clean(lines)

    def close(self) -> None:
        """Print all."""
        ElementTree.indent(self._root)
        print('<?xml version="1.0" encoding="UTF-8"?>')
        print(ElementTree.tostring(self._root, encoding="unicode"))


def _told(problem: Problem) -> str:
    hint = f" -> {problem.hint}" if problem.hint else ""
    return f"{problem.severity.name} {problem.location} {problem.message} [{problem.rule}]{hint}"


def _clean(text: str) -> str:
    """Return a text without what XML cannot hold."""
    return _NO_XML.sub("\ufffd", text)


class Markdown:
    """A heading and a table for each target."""

    def add(self, found: Validation, *, readable: bool) -> None:
        """Print the result at once."""
        verdict = ("valid" if found.valid else "not valid") if readable else "cannot be read"
        lines = [f"## {_cell(found.path)}: {verdict}", ""]
        if not readable:
            lines += [_cell(found.message), ""]
        elif found.problems:
            lines += ["| weight | file | place | what | how to mend it |", "| --- | --- | --- | --- | --- |"]
            for p in sorted(found.problems, key=lambda p: -p.severity):
                cells = (Severity(p.severity).name, p.file, p.location, p.message, p.hint)
                lines.append(f"| {' | '.join(map(_cell, cells))} |")
            lines.append("")
        if found.unchecked:
            lines += ["Not checked:", "", *(f"- {_cell(line)}" for line in found.unchecked), ""]
        print("\n".join(lines), flush=True)

    def close(self) -> None:
        """Do nothing."""


def _cell(text: str) -> str:
    """Return a text that Markdown shows as it is, on one line."""
    return re.sub(r"([\\`*_\[\]<>|])", r"\\\1", " ".join(text.split()))
