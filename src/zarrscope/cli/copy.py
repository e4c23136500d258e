"""``zarrscope copy``: an OME-Zarr from any store to any other, as it is or in another form."""

from __future__ import annotations

import sys
from time import monotonic
from typing import TYPE_CHECKING

from zarrscope.array.presets import PRESETS
from zarrscope.budget import format_size
from zarrscope.cli import values
from zarrscope.cli.parser import Parser
from zarrscope.cli.progress import progress
from zarrscope.convert.copy import chosen_before, finished, run_copy, take_up_copy
from zarrscope.convert.copy_plan import CopyOptions, plan_copy
from zarrscope.convert.run import check_apart
from zarrscope.spec.versions import VERSIONS_WRITTEN
from zarrscope.store.keys import without_secrets
from zarrscope.store.resolve import resolve, resolve_writable
from zarrscope.write.standing import leftover

if TYPE_CHECKING:
    import argparse

_EXAMPLES = """\
examples:
  zarrscope copy cells.ome.zarr s3://bucket/cells.ome.zarr
  zarrscope copy cells.ome.zarr cells.ozx
  zarrscope copy https://server/plate.zarr plate.zarr --resume
  zarrscope copy old.zarr new.zarr --version 0.5 --shards y=4096,x=4096 --codec small
"""


def run(words: list[str]) -> int:
    """Copy, or print the plan."""
    chosen = _parser().parse_args(words)
    check_apart(chosen.source, chosen.destination)
    final = resolve_writable(chosen.destination)
    options = _options(chosen)
    before = take_up_copy(final, options, look=chosen.dry_run) if chosen.resume else None
    plan = plan_copy(resolve(chosen.source), chosen_before(options, before))
    place = without_secrets(chosen.destination)
    if finished(before, plan):
        print(f"{place}: it is complete, there is nothing to go on with")
        return 0
    for note in plan.notes:
        print(f"note: {note}", file=sys.stderr)
    if chosen.dry_run:
        print(plan)
        return 0
    begun = monotonic()
    with progress("copying", max(1, plan.count), 0) as advance:
        try:
            written = run_copy(
                plan, final, before, overwrite=chosen.overwrite, manifest=not chosen.no_manifest,
                verify=chosen.verify, progress=advance,
            )  # fmt: skip
        except KeyboardInterrupt:
            print(f"zarrscope copy: stopped; {leftover(final)}", file=sys.stderr)
            return 130
    print(f"{place}: copied, {format_size(written)} of pixels in {monotonic() - begun:.1f} s")
    return 0


def _options(chosen: argparse.Namespace) -> CopyOptions:
    return CopyOptions(
        chosen.version, chosen.chunks, chosen.shards, chosen.codec, chosen.levels, chosen.workers,
        chosen.memory,
    )  # fmt: skip


def _parser() -> Parser:
    parser = Parser(
        "copy",
        "Copy an OME-Zarr (image, plate, collection; with its labels and all else) between folders, archives "
        "and object stores. Values go over as bytes, unless an option asks for another form. The copy "
        "appears only when it is complete.",
        _EXAMPLES,
    )
    parser.add_argument("source", metavar="SRC", help="folder, .ozx, .zip, s3://, gs://, az://, http(s)://")
    parser.add_argument("destination", metavar="DST", help="folder, .ozx, .zip, s3://, gs://, az://")
    form = parser.add_argument_group("form of the copy (by default that of the source)")
    form.add_argument("--version", choices=VERSIONS_WRITTEN, help="of OME-Zarr")
    form.add_argument("--chunks", type=values.pixels, metavar="z=16,y=512,x=512", help="pixels of a chunk")
    form.add_argument(
        "--shards",
        type=values.shards,
        metavar="z=16,y=2048,x=2048",
        help="of a shard; none: no shards",
    )
    form.add_argument("--codec", metavar="NAME[:LEVEL]", help=f"one of {', '.join(PRESETS)}")
    form.add_argument("--levels", type=values.positive, metavar="N", help="keep the N finest levels")
    group = parser.add_argument_group("the run")
    group.add_argument("--memory", type=values.amount, metavar="256MB", help="bound of all buffers together")
    group.add_argument("--workers", type=values.positive, metavar="N", help="threads")
    group.add_argument(
        "--resume",
        action="store_true",
        help="go on where an interrupted copy ended",
    )
    group.add_argument("--overwrite", action="store_true", help="replace a Zarr that stands at DST")
    group.add_argument("--verify", action="store_true", help="read everything back, and compare")
    group.add_argument("--no-manifest", action="store_true", help="leave no .zarrscope (checksums, record)")
    group.add_argument("--dry-run", action="store_true", help="print what would be copied, and stop")
    return parser
