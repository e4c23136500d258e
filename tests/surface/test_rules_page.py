"""The page of rules is what the table says today, and every disagreement in it has words."""

from __future__ import annotations

import runpy
from pathlib import Path

from zarrscope.report import Severity
from zarrscope.spec.errata import errata
from zarrscope.spec.rules import RULES

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_is_up_to_date() -> None:
    made = runpy.run_path(str(ROOT / "docs" / "rules_page.py"))["page"]()
    written = (ROOT / "docs" / "reference" / "rules.md").read_text(encoding="utf-8")
    assert written == made, "run: python docs/rules_page.py"
    assert all(f"`{name}`" in written for name in RULES)


def test_every_disagreement_is_listed() -> None:
    listed = {one.rule for one in errata()}
    for name, rule in RULES.items():
        if rule.disputed or rule.suite or (rule.weight is Severity.NOTE and rule.schema):
            assert name in listed
    assert all(one.words and one.versions for one in errata())
