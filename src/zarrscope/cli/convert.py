"""``zarrscope convert``: from any source to OME-Zarr."""

from __future__ import annotations

import sys
from time import monotonic
from typing import TYPE_CHECKING, Any

from zarrscope.array.presets import PRESETS
from zarrscope.budget import format_size
from zarrscope.cli import values
from zarrscope.cli.parser import Parser
from zarrscope.cli.progress import progress
from zarrscope.convert.plan import ConversionPlan, ConvertOptions
from zarrscope.convert.resume import Before, Wish, check_unchanged, take_up
from zarrscope.convert.run import check_apart, planned
from zarrscope.convert.run import run as run_plan
from zarrscope.convert.told import options_as_json
from zarrscope.pyramid.downsample import KERNELS
from zarrscope.pyramid.plan import PlanOptions
from zarrscope.spec.versions import VERSIONS_WRITTEN
from zarrscope.store.keys import without_secrets
from zarrscope.store.resolve import resolve_writable
from zarrscope.write.standing import leftover

if TYPE_CHECKING:
    import argparse

_EXAMPLES = """\
examples:
  zarrscope convert cells.ome.tiff cells.ome.zarr
  zarrscope convert slide.svs slide.ome.zarr --dry-run
  zarrscope convert stack.tif stack.ome.zarr --axes tzyx --scale z=0.5,y=0.1,x=0.1 --unit micrometer
  zarrscope convert "planes/img_*.tif" movie.ome.zarr --axes tyx
  zarrscope convert slide.svs slide.ome.zarr --resume
"""


def run(words: list[str]) -> int:
    """Convert, or print the plan."""
    parser = _parser()
    chosen = parser.parse_args(words)
    check_apart(chosen.source, chosen.destination)
    store = resolve_writable(chosen.destination)
    wish = Wish(_options(chosen), chosen.axes, False if chosen.no_manifest else None)
    before = take_up(store, wish, _given(chosen), look=chosen.dry_run) if chosen.resume else Before(wish, {})
    with planned(chosen.source, before.wish.options, before.wish.axes) as plan:
        check_unchanged(before, plan)
        if before.finished:
            print(f"{without_secrets(chosen.destination)}: it is complete, there is nothing to go on with")
            return 0
        if chosen.dry_run:
            print(plan)
            return 0
        for note in dict.fromkeys(note for scene in plan.scenes for note in scene.notes):
            print(f"note: {note}", file=sys.stderr)
        begun = monotonic()
        with progress("converting", plan.pixels, _pixel_bytes(plan)) as advance:
            try:
                written = run_plan(
                    plan, store, before, overwrite=chosen.overwrite, verify=chosen.verify, progress=advance
                )
            except KeyboardInterrupt:
                print(f"zarrscope convert: stopped; {leftover(store)}", file=sys.stderr)
                return 130
    print(
        f"{without_secrets(chosen.destination)}: OME-Zarr {plan.options.version}, {len(plan.scenes)} "
        f"image(s), {written.files} files, {format_size(written.bytes)} in {monotonic() - begun:.1f} s"
    )
    return 0


def _pixel_bytes(plan: ConversionPlan) -> float:
    return sum(s.pyramid.source_pixels * s.pyramid.itemsize for s in plan.scenes) / plan.pixels


def _given(chosen: argparse.Namespace) -> dict[str, Any]:
    """Return the options that bear upon the result and were named, as the journal calls them."""
    whole = options_as_json(_options(chosen), chosen.axes)
    return {name: value for name, value in whole.items() if getattr(chosen, name) not in (None, ())}


def _options(chosen: argparse.Namespace) -> ConvertOptions:
    pyramid = PlanOptions(
        chunks=chosen.chunks,
        shards=chosen.shards if isinstance(chosen.shards, dict) else None,
        sharded=chosen.shards != "none",
        levels=chosen.levels,
        kernel=chosen.downsample,
        memory=chosen.memory,
    )
    return ConvertOptions(
        version=chosen.version or "0.5",
        pyramid=pyramid,
        keep_levels=bool(chosen.keep_levels),
        codec=chosen.codec or "default",
        scene=chosen.scene,
        associated=bool(chosen.associated),
        scale=chosen.scale,
        unit=chosen.unit,
        channel_names=chosen.channel_names,
        workers=chosen.workers,
    )


def _parser() -> Parser:
    parser = Parser(
        "convert",
        "Convert an image file, a folder or pattern of plane files, or a Zarr into OME-Zarr: "
        "all levels in one pass, in bounded memory. The result appears only when it is complete.",
        _EXAMPLES,
    )
    parser.add_argument("source", metavar="SRC", help="file, folder, pattern in quotes, or address of a Zarr")
    parser.add_argument(
        "destination",
        metavar="DST",
        help="folder to write, for example cells.ome.zarr; also .ozx, s3://, gs://, az://",
    )
    _add_form(parser.add_argument_group("form of the result"))
    _add_meaning(parser.add_argument_group("what the source means"))
    _add_run(parser.add_argument_group("the run"))
    return parser


def _add_form(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--version", "--ome-zarr-version", choices=VERSIONS_WRITTEN, help="of OME-Zarr (0.5)")
    group.add_argument("--chunks", type=values.pixels, metavar="z=16,y=512,x=512", help="pixels of a chunk")
    group.add_argument(
        "--shards", type=values.shards, metavar="z=16,y=2048,x=2048",
        help="pixels of a shard, a file of many chunks; none: one file a chunk",
    )  # fmt: skip
    group.add_argument(
        "--codec", metavar="NAME[:LEVEL]",
        help=f"default is blosc-zstd:1; others: {', '.join(PRESETS[1:])}",
    )  # fmt: skip
    group.add_argument("--levels", type=values.positive, metavar="N", help="levels in all")
    group.add_argument("--downsample", choices=KERNELS, help="mean; for labels mode or nearest")
    group.add_argument(
        "--keep-levels", action="store_true", default=None, help="take the source's own coarser levels"
    )


def _add_meaning(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--scene", metavar="N|NAME", help="convert this scene (series) alone, counted from 0")
    group.add_argument("--axes", metavar="tzcyx", help="what the source's axes are, in its own order")
    group.add_argument("--scale", type=values.sizes, metavar="z=0.5,y=0.1,x=0.1", help="size of a pixel")
    group.add_argument(
        "--unit",
        type=values.units,
        metavar="micrometer",
        help="of z, y and x, or z=micrometer,t=second",
    )
    group.add_argument("--channel-names", type=values.names, default=(), metavar="DAPI,GFP")
    group.add_argument(
        "--associated", action="store_true", default=None,
        help="also convert thumbnail, label and macro of a slide (a label may name a patient)",
    )  # fmt: skip


def _add_run(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--memory", type=values.amount, metavar="256MB", help="bound of all buffers together")
    group.add_argument("--workers", type=values.positive, metavar="N", help="threads (one a processor)")
    group.add_argument(
        "--resume", action="store_true",
        help="go on where an interrupted run ended, with its options; begin where there was none",
    )  # fmt: skip
    group.add_argument("--overwrite", action="store_true", help="replace a Zarr that stands at DST")
    group.add_argument(
        "--verify", action="store_true", help="read everything back as it is stored, and compare with SRC"
    )
    group.add_argument(
        "--no-manifest",
        action="store_true",
        help="leave no .zarrscope (checksums, record of the run)",
    )
    group.add_argument("--dry-run", action="store_true", help="print what would be written, and stop")
