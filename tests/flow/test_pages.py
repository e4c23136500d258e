"""What the pages show is true: their blocks are run.

Every fenced ``python`` and ``console`` block of a page is run, from top to bottom, as one program in an
empty folder. A ``text`` block directly below a ``python`` block is what that prints; in a ``console`` block
lines that begin with ``$`` are commands, and what stands below is what they print (``...`` stands for
anything; nothing there: anything). A comment before a fence keeps a block from being run and says why; a
comment ``before`` holds Python that makes the files a page takes for granted:

    <!-- not run: needs the internet -->
    <!-- before
    import tifffile
    -->
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.surface.test_documentation import PAGES, name

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCK = re.compile(
    r"(?ms)^(?P<skip><!-- not run: [^\n]+ -->\n+)?"
    r"(?P<indent> *)```(?P<language>python|console)\n(?P<code>.*?)^ *```$"
    r"(?P<below>\n+ *```text\n(?P<printed>.*?)^ *```$)?"
    r"|^<!-- before\n(?P<before>.*?)^-->$"
)

PREAMBLE = """
import doctest, io, os, subprocess, sys
_out = sys.stdout
def _compare(what, expected, seen):
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    if expected.strip() and not doctest.OutputChecker().check_output(expected, seen, flags):
        sys.exit(f"{what} printed\\n{seen}\\nbut the page says\\n{expected}")
def _console(command, expected):
    run = subprocess.run(["bash", "-c", command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    _out.write(f"$ {command}\\n{run.stdout}")
    if run.returncode:
        sys.exit(f"{command!r} ended with {run.returncode}")
    _compare(repr(command), expected, run.stdout)
def _python(expected):
    seen, sys.stdout = sys.stdout.getvalue(), _out
    _out.write(seen)
    _compare("a block", expected, seen)
"""


def program(text: str) -> str:
    """Return the blocks of a page as one Python program; empty if there are none to run."""
    parts = []
    for found in BLOCK.finditer(text):
        if found["before"] is not None:
            parts.append(found["before"])
        elif found["skip"] is None:
            indent = found["indent"]
            code, printed = (
                "".join(line.removeprefix(indent) for line in (found[group] or "").splitlines(keepends=True))
                for group in ("code", "printed")
            )
            if found["language"] == "python":
                parts += ["sys.stdout = io.StringIO()", code, f"_python({printed!r})"]
            else:
                parts += commands(code)
    return "\n".join([PREAMBLE, *parts]) if parts else ""


def commands(block: str) -> Iterator[str]:
    """Yield a call for each command of a console block."""
    for piece in re.split(r"(?m)^\$ ", block)[1:]:
        command = re.match(r"(?:[^\n]*\\\n)*[^\n]*\n?", piece)
        assert command
        yield f"_console({command[0].rstrip()!r}, {piece[command.end() :]!r})"


RUNNABLE = [path for path in PAGES if path.is_file() and program(path.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("page", RUNNABLE, ids=name)
def test_what_a_page_shows_runs(page: Path, tmp_path: Path) -> None:
    script = tmp_path / "page.py"
    script.write_text(program(page.read_text(encoding="utf-8")), encoding="utf-8")
    folder = tmp_path / "work"
    folder.mkdir()
    tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": tools, "COLUMNS": "100", "NO_COLOR": "1"}
    run = subprocess.run(
        [sys.executable, str(script)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert run.returncode == 0, f"{run.stdout}\n{run.stderr}"
