"""Links of the pages lead somewhere, and their blocks are of kinds that we know (tests/flow runs them)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", [p for p in PAGES if p.is_file()], ids=name)
def test_links_within_the_repository_lead_somewhere(page: Path) -> None:
    text = re.sub(r"(?ms)^ *```.*?^ *```$", "", page.read_text(encoding="utf-8"))
    targets = [t for t in re.findall(r"\]\(([^)#\s]+)", text) if not re.match(r"\w+:", t)]
    missing = [target for target in targets if not (page.parent / target).exists()]
    assert not missing


def test_code_on_pages_is_one_of_the_kinds_we_know() -> None:
    kinds = {
        f"{name(path)}: {kind}"
        for path in PAGES
        if path.is_file()
        for kind in re.findall(r"(?m)^ *```(\S+)", path.read_text(encoding="utf-8"))
        if kind not in {"python", "console", "text", "toml", "json", "sh"}
    }
    assert not kinds
