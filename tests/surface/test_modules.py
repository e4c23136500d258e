"""Laws about the source itself: small modules, short functions, names that say something, documented."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE = Path(__file__).resolve().parents[2] / "src" / "zarrscope"
MODULES = sorted(SOURCE.rglob("*.py"))

LONGEST_MODULE = 400
LONGEST_FUNCTION = 60
LONGER = 0.02
"""The part of all functions that may be longer."""

NAMES_OF_NOTHING = {"utils", "util", "common", "helpers", "helper", "core", "manager", "misc"}
NUMPY_SECTIONS = (
    "Parameters", "Returns", "Yields", "Receives", "Other Parameters", "Raises", "Warns", "Warnings",
    "See Also", "Notes", "References", "Examples", "Attributes", "Methods",
)  # fmt: skip
FEW_PARAMETERS = 3
"""So many a sentence can explain; more need a section of their own."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Public:
    """A public class, function or method."""

    where: str
    node: ast.ClassDef | Function
    method: bool

    @property
    def docstring(self) -> str:
        return ast.get_docstring(self.node) or ""

    @property
    def parameters(self) -> list[str]:
        if isinstance(self.node, ast.ClassDef):
            return []
        args = self.node.args
        names = [
            a.arg for a in (*args.posonlyargs, *args.args, args.vararg, *args.kwonlyargs, args.kwarg) if a
        ]
        bound = self.method and "staticmethod" not in map(ast.unparse, self.node.decorator_list)
        return names[1:] if bound else names


def place(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def functions(path: Path) -> list[Function]:
    return [n for n in ast.walk(tree(path)) if isinstance(n, Function)]


def public(path: Path) -> Iterator[Public]:
    def within(body: list[ast.stmt], prefix: str, method: bool) -> Iterator[Public]:
        for node in body:
            if isinstance(node, ast.ClassDef | Function) and not node.name.startswith("_"):
                yield Public(f"{prefix}{node.name}", node, method)
                if isinstance(node, ast.ClassDef):
                    yield from within(node.body, f"{prefix}{node.name}.", True)

    yield from within(tree(path).body, f"{place(path)}: ", False)


ALL_PUBLIC = [one for path in MODULES for one in public(path)]


def test_there_are_modules() -> None:
    assert len(MODULES) > 50
    assert len(ALL_PUBLIC) > 200


@pytest.mark.parametrize("path", MODULES, ids=place)
def test_a_module_is_small_and_documented(path: Path) -> None:
    assert ast.get_docstring(tree(path)), "a module says what it is for"
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_MODULE


def test_functions_are_short() -> None:
    lengths = {
        f"{place(path)}: {f.name} ({f.end_lineno - f.lineno + 1} lines)": f.end_lineno - f.lineno + 1
        for path in MODULES
        for f in functions(path)
        if f.end_lineno is not None
    }
    longer = [where for where, lines in lengths.items() if lines > LONGEST_FUNCTION]
    assert len(longer) <= LONGER * len(lengths), longer


def test_names_say_something() -> None:
    parts = {part for path in MODULES for part in re.split(r"[/_.]", place(path))}
    assert not parts & NAMES_OF_NOTHING
    prefixed = [one.where for one in ALL_PUBLIC if re.match(r"(?i)(ngff|omezarr)", one.node.name)]
    assert not prefixed
    managers = [
        one.where for one in ALL_PUBLIC if re.search(r"(Manager|Helper|Utils?|Common)$", one.node.name)
    ]
    assert not managers


@pytest.mark.parametrize("path", MODULES, ids=place)
def test_imports_are_absolute(path: Path) -> None:
    relative = [n.lineno for n in ast.walk(tree(path)) if isinstance(n, ast.ImportFrom) and n.level]
    assert not relative


@pytest.mark.parametrize(
    "path", [p for p in MODULES if p.name == "__init__.py" and p.parent != SOURCE], ids=place
)
def test_a_room_has_no_code_in_its_door(path: Path) -> None:
    body = tree(path).body
    assert len(body) == 1
    assert ast.get_docstring(tree(path))


def test_what_is_public_is_documented() -> None:
    assert not [one.where for one in ALL_PUBLIC if not one.docstring]


def test_many_parameters_are_explained_one_by_one() -> None:
    unexplained = [
        f"{one.where}({', '.join(one.parameters)})"
        for one in ALL_PUBLIC
        if len(one.parameters) > FEW_PARAMETERS and "Parameters" not in sections(one.docstring)
    ]
    assert not unexplained, "these need a section Parameters:\n" + "\n".join(unexplained)


def test_docstrings_are_numpy_style_and_true() -> None:
    wrong = [f"{one.where}: {fault}" for one in ALL_PUBLIC for fault in faults(one)]
    assert not wrong, "\n".join(wrong)


def sections(docstring: str) -> dict[str, list[str]]:
    """Return the lines under each underlined heading of a docstring, in order."""
    found: dict[str, list[str]] = {}
    lines = docstring.splitlines()
    current: list[str] = []
    for line, below in zip(lines, [*lines[1:], ""], strict=True):
        if re.fullmatch(r"-{3,}", below) and line.strip():
            current = found.setdefault(line, [])
        elif not re.fullmatch(r"-{3,}", line):
            current.append(line)
    return found


def faults(one: Public) -> Iterator[str]:
    """Yield what is wrong with the sections of a docstring."""
    found = sections(one.docstring)
    unknown = [title for title in found if title not in NUMPY_SECTIONS]
    if unknown:
        yield f"unknown sections {unknown}"
    known = [NUMPY_SECTIONS.index(title) for title in found if title not in unknown]
    if known != sorted(known):
        yield f"sections out of order: {list(found)}"
    if re.search(r"(?m)^\s*(:param|Args:|Returns:|Raises:|@param)", one.docstring):
        yield "another style than numpy's"
    if "Parameters" in found and not isinstance(one.node, ast.ClassDef):
        told = [
            name.strip().lstrip("*")
            for line in found["Parameters"]
            if line and not line[0].isspace()
            for name in line.partition(":")[0].split(",")
        ]
        if unsaid := [name for name in one.parameters if name not in told]:
            yield f"parameters {unsaid} are not explained"
        if gone := [name for name in told if name not in one.parameters]:
            yield f"parameters {gone} do not exist"
