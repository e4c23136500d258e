"""Laws about the files of the repository: they name no machine, and the locks hold what is declared."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# Written in pieces, so that this file does not name them either.
HOSTS = [
    re.escape(".".join(parts))
    for parts in [
        ("pypi", "org"), ("pythonhosted", "org"), ("pypi", "python", "org"), ("npmjs", "org"),
        ("npmjs", "com"), ("yarnpkg", "com"), ("npmmirror", "com"), ("anaconda", "org"), ("jsr", "io"),
    ]
]  # fmt: skip
INDEX_OPTIONS = [r"--(extra-)?index-url", r"--find-links", r"\b(UV|PIP)_\w*INDEX\w*", r"\"resolved\":"]
MACHINE_PATHS = [r"(?<![\w.])/(?:home|Users|work)/[A-Za-z0-9._-]+", r"/root/\.\w", r"\b[A-Za-z]:\\Users\\"]
NOT_OURS = re.compile("|".join([*HOSTS, *INDEX_OPTIONS, *MACHINE_PATHS]))
SELF = Path(__file__).resolve()


def files() -> list[Path]:
    """Return the files that are committed; where there is no git, all that are no product of a tool."""
    git = shutil.which("git")
    if git and (ROOT / ".git").exists():
        run = subprocess.run([git, "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
        return [path for name in run.stdout.split("\0") if name and (path := ROOT / name).is_file()]
    made = {".venv", ".envs", ".cache", "build", "dist", "demo", "_site", "node_modules", "__pycache__"}
    return [p for p in ROOT.rglob("*") if p.is_file() and not made & set(p.relative_to(ROOT).parts)]


def test_no_file_names_a_registry_or_a_machine() -> None:
    named = []
    for path in files():
        if path == SELF:
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if found := NOT_OURS.search(line):
                named.append(f"{path.relative_to(ROOT)}:{number}: {found[0]}")
    assert not named, "\n".join(named)


def test_no_lock_holds_an_address() -> None:
    locks = sorted((ROOT / "requirements").rglob("*.txt"))
    assert locks
    assert not [path.name for path in locks if "://" in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize("lock", sorted((ROOT / "requirements").rglob("*.txt")), ids=lambda p: p.stem)
def test_every_pin_has_a_hash(lock: Path) -> None:
    for entry in re.split(r"\n(?=\S)", lock.read_text(encoding="utf-8")):
        if not entry.startswith("#") and entry.strip():
            assert re.match(r"[\w.\[\],-]+==\S+", entry), entry.splitlines()[0]
            assert "--hash=sha256:" in entry, entry.splitlines()[0]


def pinned(lock: str) -> set[str]:
    """Return the names that a lock pins."""
    text = (ROOT / "requirements" / lock).read_text(encoding="utf-8")
    return {name.lower().replace("_", "-") for name in re.findall(r"(?m)^([\w.-]+)(?:\[[^\]]*\])?==", text)}


def test_the_locks_hold_what_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]

    def names(lines: list[str]) -> set[str]:
        found = {re.split(r"[\[<>=!~; ]", line)[0].lower() for line in lines}
        return found - {"zarrscope"}

    assert names(project["dependencies"]) <= pinned("base.txt"), "make lock"
    assert names([line for extra in extras.values() for line in extra]) <= pinned("dev.txt"), "make lock"
    assert pinned("base.txt") <= pinned("dev.txt"), "make lock"


def test_all_is_every_feature() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "optional-dependencies"
    ]
    (line,) = extras["all"]
    assert set(re.findall(r"\[(.*)\]", line)[0].split(",")) == set(extras) - {"all", "dev"}
