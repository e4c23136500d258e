"""``zarrscope view``: a picture in the browser, with nothing converted."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from zarrscope.cli import values
from zarrscope.cli.parser import Parser
from zarrscope.server.hosts import LOOPBACK
from zarrscope.server.view import MEMORY, VIEWERS, first_image, view
from zarrscope.server.wishes import check_wishes
from zarrscope.viewer.napari import open_in_napari
from zarrscope.viewer.placing import laid_over
from zarrscope.viewer.state import LAYOUTS

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

_EXAMPLES = """\
examples:
  zarrscope view cells.ome.tif
  zarrscope view slide.svs --port 8800
  zarrscope view plate.ome.zarr/A/1/0 --no-browser
  zarrscope view cells.ome.zarr --channels DAPI,2 --z 12 --layout ortho
  zarrscope view s3://bucket/cells.ome.zarr
  zarrscope view cells.ome.tif --in neuroglancer

Ctrl-C ends it. The address holds a random token: who has it can read the image.
"""

_OTHERS = "other machines can reach it too, without encryption; whoever has the address can read the image"


def run(words: list[str]) -> int:
    """Serve one image until Ctrl-C, or until the window of napari is closed."""
    chosen = _parser().parse_args(words)
    if chosen.viewer == "napari":
        _show_in_napari(chosen)
        return 0
    with view(
        chosen.source,
        channels=chosen.channels,
        z=chosen.z,
        t=chosen.t,
        layout=chosen.layout,
        viewer=chosen.viewer,
        axes=chosen.axes,
        memory=chosen.memory,
        port=chosen.port,
        host=chosen.host,
    ) as shown:
        try:
            _say(shown.notes)
            print(shown.url, flush=True)
            if not shown.alone:
                _say([": ".join((_OTHERS, *filter(None, [" ".join(shown.elsewhere)])))])
            print("Ctrl-C ends it", file=sys.stderr, flush=True)
            if not chosen.no_browser:
                shown.show(missing=_no_browser)
            shown.wait()
        except KeyboardInterrupt:
            print(file=sys.stderr)
    return 0


def _say(notes: Sequence[str]) -> None:
    for note in notes:
        print(f"note: {note}", file=sys.stderr, flush=True)


def _no_browser() -> None:
    print("no browser was found here: open this address in one", file=sys.stderr, flush=True)


def _show_in_napari(chosen: Namespace) -> None:
    """Open the image in napari, in this process: nothing has to be served for it."""
    with view(chosen.source, axes=chosen.axes, memory=chosen.memory) as shown:
        _say(shown.notes)
        dims = {name: index for name in ("z", "t") if (index := getattr(chosen, name)) is not None}
        image = first_image(shown.store)
        _say([note for note in laid_over(image) if note not in shown.notes])
        open_in_napari(image, channels=check_wishes(image, chosen.channels, dims), dims=dims)


def _parser() -> Parser:
    parser = Parser(
        "view",
        "Look at an image in the browser: any file that zarrscope reads, or an OME-Zarr at any address. "
        "Nothing is converted, nothing is written, nothing is fetched from elsewhere.",
        _EXAMPLES,
    )
    parser.add_argument("source", metavar="SOURCE", help="file, folder, or address of an OME-Zarr")
    parser.add_argument(
        "--in", dest="viewer", choices=(*VIEWERS, "napari"), default=VIEWERS[0],
        help="our viewer in the browser (default), Neuroglancer in the browser (the extra neuroglancer; "
        "offline, with channels and labels), or napari where it is installed",
    )  # fmt: skip
    parser.add_argument(
        "--channels",
        type=_channels,
        metavar="N,N",
        help="the channels to show, counted from 0 or by name (as it says)",
    )
    parser.add_argument(
        "--z", type=values.whole, metavar="N",
        help="plane along z, counted from 0 (the page counts from 1); the middle one by default",
    )  # fmt: skip
    parser.add_argument(
        "--t", type=values.whole, metavar="N",
        help="time point, counted from 0 (the page counts from 1); the first by default",
    )  # fmt: skip
    parser.add_argument("--layout", choices=LAYOUTS, help="one plane, or the three planes of a stack")
    parser.add_argument("--axes", metavar="NAMES", help="axes of the source, where it does not say, as tzcyx")
    parser.add_argument(
        "--memory", type=values.amount, default=MEMORY, metavar="SIZE", help="for pixels, as 500MB (1 GiB)"
    )
    parser.add_argument(
        "--port", type=values.whole, default=0, metavar="N", help="0, the default, takes a free one"
    )
    parser.add_argument(
        "--host", default=LOOPBACK, metavar="ADDRESS",
        help="to listen at; only this machine can reach the default",
    )  # fmt: skip
    parser.add_argument("--no-browser", action="store_true", help="only print the address")
    return parser


def _channels(text: str) -> list[int | str]:
    return [int(word) if word.isdecimal() else word for word in map(str.strip, text.split(","))]
