"""The public face: what `zarrscope` offers is listed, typed and documented, and changes on purpose only."""

from __future__ import annotations

import ast
import doctest
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import zarrscope

HERE = Path(__file__).resolve()
LIST = HERE.with_name("public.txt")
STUB = HERE.parents[2] / "src" / "zarrscope" / "__init__.pyi"

FACE = LIST.read_text(encoding="utf-8").split()


def test_the_list_is_sorted_and_names_nothing_twice() -> None:
    assert sorted(set(FACE)) == FACE


def test_the_face_is_the_list() -> None:
    assert sorted(zarrscope.__all__) == FACE, (
        f"change {LIST.name} in the same commit as the face, and say why"
    )
    assert set(zarrscope.__all__) <= set(dir(zarrscope))


def test_the_stub_names_the_same() -> None:
    tree = ast.parse(STUB.read_text(encoding="utf-8"))
    named = {
        alias.asname or alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            named.add(node.name)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            named.add(node.target.id)
    assert sorted(n for n in named if n == "__version__" or not n.startswith("_")) == FACE


@pytest.mark.parametrize("name", FACE)
def test_each_name_is_there_and_documented(name: str) -> None:
    value = getattr(zarrscope, name)
    if inspect.ismodule(value) or isinstance(value, str | tuple):
        return
    assert inspect.getdoc(value)
    if inspect.isfunction(value):
        documented = inspect.getdoc(value) or ""
        for title in ("Parameters", "Returns"):
            assert f"{title}\n---" in documented, f"{name} has no section {title}"


@pytest.mark.parametrize("name", FACE)
def test_examples_in_docstrings_run(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    value = getattr(zarrscope, name)
    if not inspect.isroutine(value) and not inspect.isclass(value):
        return
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    for example in doctest.DocTestFinder(recurse=inspect.isclass(value)).find(value, name, globs={}):
        runner.run(example)
    assert runner.summarize(verbose=False).failed == 0


def test_what_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        zarrscope.nonsense  # noqa: B018


@pytest.mark.parametrize(
    "code",
    [
        "import zarrscope.write.image as w; assert w.ImageWriter",
        "import zarrscope.convert.plan as p; assert p.ConvertOptions",
        "import zarrscope; zarrscope.write; import zarrscope.write.level as w; assert w.LevelWriter",
        "import zarrscope.write.image; assert zarrscope.write.image.ImageWriter",
        "from zarrscope.write import image; from zarrscope import write, convert; write.image is image",
    ],
)
def test_a_function_does_not_hide_the_room_of_its_name(code: str) -> None:
    after = (
        "import inspect, pickle, zarrscope\nfor f in (zarrscope.write, zarrscope.convert):\n"
        "    assert inspect.isfunction(f) and 'overwrite' in inspect.signature(f).parameters\n"
        "    assert inspect.getdoc(f).splitlines()[0].endswith('memory.'), inspect.getdoc(f)\n"
        "    assert pickle.loads(pickle.dumps(f)) is f\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", f"{code}\n{after}"], capture_output=True, text=True, timeout=60
    )
    assert run.returncode == 0, run.stderr
