"""``zarrscope verify``: whether every byte is there, and as it was written."""

from __future__ import annotations

import json
import logging
import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING

from zarrscope import log
from zarrscope.check.repair import accept, repair
from zarrscope.check.verification import LETTERS, Verification
from zarrscope.check.verify import address, compare, comparison, workers_for
from zarrscope.cli import values
from zarrscope.cli.parser import Parser
from zarrscope.cli.progress import progress
from zarrscope.convert.redo import redo
from zarrscope.errors import ArgumentError, IncompleteError, ZarrscopeError

if TYPE_CHECKING:
    import argparse

    from zarrscope.check.verification import Finding

_REASONS = 5
"""So many reasons why files cannot be read are told on standard error."""

_EXAMPLES = """\
examples:
  zarrscope verify cells.ome.zarr
  zarrscope verify cells.ome.zarr --against cells.ome.tiff
  zarrscope verify cells.ome.zarr --against /backup/cells.ome.zarr --repair
  zarrscope verify cells.ome.zarr --against cells.ome.tiff --repair
  zarrscope verify cells.ome.zarr --accept

one letter a file: = same, * differs, - missing, + extra, ! unreadable
ends with 0 if all is the same, 1 if something differs, 2 if something cannot be read
"""


def run(words: list[str]) -> int:
    """Verify, and print one line a file."""
    chosen = _parser().parse_args(words)
    if chosen.repair and not chosen.against:
        raise ArgumentError("--repair needs a good copy, or the source; name it with --against")
    if chosen.accept and (chosen.against or chosen.repair):
        raise ArgumentError("--accept takes over what stands there; leave out --against and --repair")
    teller = _Teller(listing=not chosen.json, all_files=chosen.all)
    try:
        found = _verified(chosen, teller)
    except ArgumentError:
        raise
    except (ZarrscopeError, OSError, MemoryError) as error:
        reason = " ".join(str(error).split()) or "more than this machine can hold"
        log.event(logging.ERROR, "failed", error=type(error).__name__, told=reason)
        found = Verification(address(chosen.url), failure=reason)
        found.unreadable = not isinstance(error, IncompleteError)
    found.files = found.files or teller.wrong
    if chosen.json:
        print(json.dumps(found.to_json()))
    else:
        teller.close()
        said = found.message
        print(said if said.startswith(found.path) else f"{found.path}: {said}")
    return found.code


def _verified(chosen: argparse.Namespace, teller: _Teller) -> Verification:
    if chosen.accept:
        return accept(chosen.url, workers=chosen.workers)
    if chosen.repair:
        found = repair(chosen.url, chosen.against, workers=chosen.workers, tell=teller, redo=redo)
        teller.wrong.clear()
        return found
    found = Verification(address(chosen.url))
    how = comparison(chosen.url, chosen.against)
    shown = progress("verifying", how.total, 1.0) if how.total else nullcontext(_no_progress)
    with shown as advance:
        compare(how, found, workers_for(chosen.url, chosen.workers), teller, advance)
    return found


def _no_progress(size: int) -> None:
    """Show nothing: how much there is to read is not known."""


class _Teller:
    """Prints a line for each file as it comes, or keeps what is not as it should be for the end."""

    def __init__(self, *, listing: bool, all_files: bool) -> None:
        self._listing, self._all = listing, all_files
        self._reasons: list[str] = []
        self._more = 0
        self.wrong: list[Finding] = []

    def __call__(self, one: Finding) -> None:
        if one.status != "same" and one.reason:
            if len(self._reasons) < _REASONS:
                self._reasons.append(one.reason)
            else:
                self._more += 1
        if not self._listing:
            if one.status != "same":
                self.wrong.append(one)
        elif self._all or one.status != "same":
            print(f"{LETTERS[one.status]} {_shown(one.file)}", flush=sys.stdout.isatty())

    def close(self) -> None:
        """Tell why the first files cannot be read."""
        for reason in self._reasons:
            print(f"note: {' '.join(reason.split())}", file=sys.stderr)
        if self._more:
            print(f"note: and {self._more} more reasons like these", file=sys.stderr)


def _shown(key: str) -> str:
    """Return a key on one line of a terminal, whatever it holds."""
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in key
    )


def _parser() -> Parser:
    parser = Parser(
        "verify",
        "Tell whether every file of an OME-Zarr is there, and as it was written: by the manifest that "
        "zarrscope leaves, by a good copy, or by the pixels of the source. Nothing is written, unless "
        "--repair or --accept asks for it.",
        _EXAMPLES,
    )
    parser.add_argument("url", metavar="URL", help="folder, .zip or .ozx, or address of an OME-Zarr")
    parser.add_argument(
        "--against", metavar="COPY|SOURCE",
        help="compare with a copy, file by file, or with the source, by pixels",
    )  # fmt: skip
    parser.add_argument(
        "--repair",
        action="store_true",
        help="put right what is not as it should be, from the copy or the source",
    )
    parser.add_argument(
        "--accept", action="store_true", help="what stands there is right: make a new manifest of it"
    )
    parser.add_argument("--all", action="store_true", help="also list files that are the same")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--workers", type=values.positive, metavar="N", help="threads (one a processor)")
    return parser
