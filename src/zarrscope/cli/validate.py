"""``zarrscope validate``: is it right, and if not, where and how to mend it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from zarrscope.check.fix import plan_fix
from zarrscope.check.rules_profiles import PROFILES
from zarrscope.check.validate import DEPTHS, KINDS, validate
from zarrscope.check.validation import Validation
from zarrscope.cli import judgements
from zarrscope.cli.parser import Parser
from zarrscope.errors import ArgumentError, ZarrscopeError
from zarrscope.report import VERDICTS
from zarrscope.store.keys import without_secrets

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

FORMATS = ("text", "json", "junit", "markdown")

VALID, INVALID, UNREADABLE = 0, 1, 2

_EXAMPLES = """\
examples:
  zarrscope validate cells.ome.zarr
  zarrscope validate plate.ome.zarr --verdict strict --depth pixels
  zarrscope validate https://example.org/cells.ome.zarr --json
  zarrscope validate zarr.json --kind image
  zarrscope validate cells.ome.zarr --profile omero
  zarrscope validate cells.ome.zarr --fix --dry-run
  zarrscope validate cells.ome.zarr --fix
  ls -d *.zarr | zarrscope validate - --format junit > report.xml

ends with 0 if all are valid, 1 if one is not, 2 if one cannot be read
"""


def run(words: list[str]) -> int:
    """Judge each target and print what was found; return the worst exit code."""
    chosen = _parser().parse_args(words)
    form = "json" if chosen.json else chosen.format
    if not chosen.targets:
        raise ArgumentError("name at least one target, or - for a list on standard input")
    if chosen.dry_run and not chosen.fix:
        raise ArgumentError("--dry-run shows what --fix would change; give both")
    printer = judgements.printer(form, colour=sys.stdout.isatty())
    codes = []
    for target in _targets(chosen.targets):
        found, code = _judged(target, chosen)
        codes.append(code)
        printer.add(found, readable=code != UNREADABLE)
    printer.close()
    if not codes:
        raise ArgumentError("the list on standard input is empty")
    return max(codes)


def _parser() -> Parser:
    parser = Parser(
        "validate",
        "Judge OME-Zarr of any version: its documents, whether all that they name is there and fits, and, "
        "if asked, its pixels. Nothing is written, unless --fix asks for it.",
        _EXAMPLES,
    )
    parser.add_argument(
        "targets", nargs="*", metavar="PATH-OR-URL",
        help="folder, .zip or .ozx, http(s) address, or one JSON document; -: a list on standard input",
    )  # fmt: skip
    parser.add_argument(
        "--verdict", choices=VERDICTS, default="spec",
        help="spec: every MUST of the text (default); schema: the official test suite; strict: SHOULD too",
    )  # fmt: skip
    parser.add_argument(
        "--depth", choices=DEPTHS, default="structure",
        help="documents alone; also the structure (default); also a sample of the pixels",
    )  # fmt: skip
    parser.add_argument("--kind", choices=KINDS, help="what it has to be; by default what it says it is")
    parser.add_argument(
        "--profile", choices=PROFILES, help="also what this consumer demands beyond the specification"
    )
    parser.add_argument(
        "--fix", action="store_true",
        help="mend what the documents themselves tell, keep the old ones, and judge again",
    )  # fmt: skip
    parser.add_argument("--dry-run", action="store_true", help="with --fix: print what would change")
    parser.add_argument("--json", action="store_true", help="one JSON object a target and line")
    parser.add_argument("--format", choices=FORMATS, default="text", help="of the output (text)")
    return parser


def _targets(named: list[str]) -> Iterator[str]:
    for name in named:
        if name == "-":
            yield from (line.strip() for line in sys.stdin if line.strip())
        else:
            yield name


def _judged(target: str, chosen: argparse.Namespace) -> tuple[Validation, int]:
    """Judge one target; one that cannot be read is told as its result, so that the others have their turn."""
    try:
        if chosen.fix:
            _mend(target, chosen)
        found = validate(
            target,
            verdict=chosen.verdict,
            depth=chosen.depth,
            kind=chosen.kind,
            profile=chosen.profile,
        )
    except ZarrscopeError as error:
        reason = str(error)
    except OSError as error:
        reason = f"{error.filename or target}: {error.strerror or error}"
    except (MemoryError, RecursionError):
        reason = "more than this machine can hold"
    else:
        return found, VALID if found.valid else INVALID
    failed = Validation(path=without_secrets(target), verdict=chosen.verdict, profile=chosen.profile or "")
    failed.failure = " ".join(reason.split())
    return failed, UNREADABLE


def _mend(target: str, chosen: argparse.Namespace) -> None:
    """Print what can be mended, and do it; programs that read the result find it on standard output alone."""
    repair = plan_fix(target)
    text = chosen.format == "text" and not chosen.json
    out = sys.stdout if text else sys.stderr
    print(
        "\n".join(judgements.told_edits(without_secrets(target), repair, dry=chosen.dry_run)),
        file=out,
        flush=True,
    )
    if not chosen.dry_run:
        repair.apply()
