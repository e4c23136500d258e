"""``zarrscope upgrade``: from one version of OME-Zarr to another."""

from __future__ import annotations

import sys
from time import monotonic

from zarrscope.cli import values
from zarrscope.cli.parser import Parser
from zarrscope.cli.progress import progress
from zarrscope.convert.upgrade import run_upgrade
from zarrscope.convert.upgrade_plan import NEWEST, plan_upgrade
from zarrscope.spec.versions import VERSIONS_WRITTEN
from zarrscope.store.keys import without_secrets
from zarrscope.store.resolve import resolve_writable
from zarrscope.write.standing import leftover

_EXAMPLES = """\
examples:
  zarrscope upgrade cells.ome.zarr --dry-run
  zarrscope upgrade cells.ome.zarr --out cells_0.5.ome.zarr
  zarrscope upgrade cells.ome.zarr --in-place
  zarrscope upgrade old.zarr --to 0.4
"""


def run(words: list[str]) -> int:
    """Upgrade, or print the plan."""
    chosen = _parser().parse_args(words)
    plan = plan_upgrade(chosen.url, chosen.to)
    if chosen.dry_run:
        print(plan)
        return 1 if plan.obstacles else 0
    place = without_secrets(chosen.out or chosen.url)
    if not plan.needed and chosen.out is None:
        print(f"{place}: already OME-Zarr {plan.version}; nothing to do")
        return 0
    for note in plan.notes:
        print(f"note: {note}", file=sys.stderr)
    begun = monotonic()
    pixel_bytes = plan.raw_bytes / plan.pixels if plan.pixels else 1.0
    with progress("upgrading", plan.pixels or 1, pixel_bytes) as advance:
        try:
            run_upgrade(
                plan,
                out=chosen.out,
                in_place=chosen.in_place,
                overwrite=chosen.overwrite,
                workers=chosen.workers,
                progress=advance if plan.pixels else None,
            )
        except KeyboardInterrupt:
            print(
                f"zarrscope upgrade: stopped; {_left(chosen.url, chosen.out, plan.copying)}", file=sys.stderr
            )
            return 130
    told = (
        ""
        if plan.copying or chosen.out
        else f", {len(plan.changed)} document(s); the old ones: {plan.folder}"
    )
    print(f"{place}: OME-Zarr {plan.version} (from {plan.before}){told} in {monotonic() - begun:.1f} s")
    return 0


def _left(url: str, out: str | None, copying: bool) -> str:
    """Return what an interrupted run leaves, in words."""
    if out is None and not copying:
        return "the documents are as they were"
    return f"the old one is as it was; {leftover(resolve_writable(out or url))}"


def _parser() -> Parser:
    parser = Parser(
        "upgrade",
        "Bring an OME-Zarr (image, plate, collection; with its labels) to another version. Where the Zarr "
        "format stays, documents alone are rewritten, and the old ones kept beside. From Zarr 2 (0.1 to 0.4) "
        "to Zarr 3 (from 0.5 on) pixels are written anew, to --out or --in-place.",
        _EXAMPLES,
    )
    parser.add_argument(
        "url", metavar="URL", help="root of an OME-Zarr; with --out also .ozx, .zip, http(s)://"
    )
    parser.add_argument("--to", choices=VERSIONS_WRITTEN, help=f"version of OME-Zarr ({NEWEST})")
    place = parser.add_mutually_exclusive_group()
    place.add_argument("--out", metavar="DST", help="write a new one there, leave the old one as it is")
    place.add_argument(
        "--in-place", action="store_true", help="replace the old one once the new one beside it is complete"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace a Zarr that stands at DST")
    parser.add_argument("--workers", type=values.positive, metavar="N", help="threads (one a processor)")
    parser.add_argument("--dry-run", action="store_true", help="print what would change, and stop")
    return parser
