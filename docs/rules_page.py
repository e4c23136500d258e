"""Write reference/rules.md from the table of rules: python docs/rules_page.py."""

from __future__ import annotations

import sys
from pathlib import Path

import zarrscope.check.rules  # noqa: F401  (with it the rules of structure and pixels are entered)
from zarrscope.report import Severity
from zarrscope.spec.errata import errata
from zarrscope.spec.rules import EVERY, RULES, Rule

PAGE = Path(__file__).parent / "reference" / "rules.md"

INTRODUCTION = """\
# Rules of the specification

This page is written by `docs/rules_page.py` from the table that the validator itself uses.
[Validate](../how-to/validate.md) tells how to use it.

Each rule has a weight. MUST and SHOULD are those of the text of the specification; NOTE stands where only
the official schemas demand something, or where we merely give advice. Three verdicts follow from them:

| verdict | fails for |
|---|---|
| `schema` | what the official schemas or test cases of the version enforce (columns *schema* and *suite*) |
| `spec` | every MUST of the text |
| `strict` | every MUST and SHOULD, and what the strict schemas enforce; where the official test cases \
call valid what the text forbids (column *disputed*), it follows the test cases, as `schema` does |

Versions stand for all their drafts: 0.6rc0 is judged as 0.6, 0.9.dev1 as 0.9.
"""

DEMANDS = """\
Checked with `--profile` alone. They are not of the specification; each was taken from the documentation or
the source of the program, none of which could be run here."""

DEPTHS = {
    "document": "Rules that one document shows",
    "structure": "Rules that need the hierarchy",
    "pixels": "Rules that need pixels",
}


def span(rule: Rule) -> str:
    """Return the versions whose text has a rule."""
    held = [version for version in EVERY.split() if rule.in_text(version)]
    return "" if not held else held[0] if len(held) == 1 else f"{held[0]} to {held[-1]}"


def is_demand(rule: Rule) -> bool:
    """Whether a rule is that of a consumer and not of the specification."""
    return rule.name.startswith("profile-")


def plain(text: str) -> str:
    """Return a sentence as a cell of a table."""
    return text.replace("``", "`").replace("|", "\\|")


def table(rules: list[Rule]) -> list[str]:
    """Return the rows of some rules."""
    rows = ["| rule | weight | text | schema | suite | strict | disputed | what it demands |",
            "|---|---|---|---|---|---|---|---|"]  # fmt: skip
    for rule in sorted(rules, key=lambda rule: rule.name):
        section = f" ({rule.section})" if rule.section else ""
        official = " | ".join((rule.schema, rule.suite, rule.strict, rule.disputed))
        weight = Severity(rule.weight).name
        rows.append(f"| `{rule.name}` | {weight} | {span(rule)} | {official} | {plain(rule.text)}{section} |")
    return rows


def page() -> str:
    """Return the whole page."""
    lines = [INTRODUCTION]
    for depth, title in DEPTHS.items():
        own = [rule for rule in RULES.values() if rule.depth == depth and not is_demand(rule)]
        lines += [f"## {title}", "", *table(own), ""]
    lines += ["## What consumers demand", "", DEMANDS, ""]
    lines += ["| rule | what it demands |", "|---|---|"]
    demands = [rule for rule in RULES.values() if is_demand(rule)]
    lines += [f"| `{rule.name}` | {plain(rule.text)} |" for rule in sorted(demands, key=lambda r: r.name)]
    lines.append("")
    lines += ["## Errata", "", "Where text, schemas and official test cases disagree.", ""]
    lines += ["| rule | versions | who | what |", "|---|---|---|---|"]
    for one in errata():
        name = f"`{one.rule}`" if one.rule else ""
        words = one.words.replace("``", "`")
        lines.append(f"| {name} | {', '.join(one.versions)} | {one.parties} | {words} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"{PAGE}\n")
