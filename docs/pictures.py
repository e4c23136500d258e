"""Make pictures of the viewer: those that the docs show go into docs/images, the others into build/pictures.

Run from the root of the repository, with Chromium, Node and `make web`: python docs/pictures.py
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.browser.page import Page, missing  # noqa: E402

import zarrscope  # noqa: E402
from zarrscope.cli import sample  # noqa: E402
from zarrscope.server.serve import Server  # noqa: E402
from zarrscope.source.registry import open_source  # noqa: E402
from zarrscope.store.resolve import resolve  # noqa: E402
from zarrscope.virtual.encode import encode  # noqa: E402

SHARED = Path(os.environ.get("ZARRSCOPE_SHARED") or ROOT.parent / "shared")
SLIDE = SHARED / "data" / "wsi" / "CMU-1-Small-Region.svs"
OURS, OTHERS = ROOT / "docs" / "images", ROOT / "build" / "pictures"


def main() -> None:
    """Make all of them."""
    if reason := missing():
        sys.exit(f"no pictures: {reason}")
    for folder in (OURS, OTHERS):
        folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder, stores = Path(name), {}
        cells, broken = demo(folder)
        stores["cells.ome.zarr"], stores["broken.ome.zarr"] = resolve(cells), resolve(broken)
        if SLIDE.is_file():
            stores["slide.svs"] = stack.enter_context(encode(open_source(SLIDE)))
        server = stack.enter_context(Server(stores))
        page = Page()
        stack.callback(page.close)
        for picture, (store, look, state) in SITUATIONS.items():
            if store not in stores and store != "absent":
                print(f"{picture}: the slide is not here")
                continue
            take(page, server, picture, store, look, state)


def take(page: Page, server: Server, picture: str, store: str, look: dict, state: dict) -> None:
    """Open a situation, and save what is seen."""
    after = look.pop("after", None)
    hover = look.pop("hover", None)
    document = quote(json.dumps({"v": 1, "source": f"data/{store}/", **state}))
    page.do("open", url=f"{server.url}#{document}", **{"width": 1080, "height": 680, **look})
    page.do("ready")
    for command in after or ():
        page.do(**command)
    if hover:
        page.do("move", x=hover[0], y=hover[1])
    page.do("sleep", seconds=1.2)
    folder = OURS if picture in SHOWN else OTHERS
    page.do("screenshot", path=str(folder / f"{picture}.png"))
    print(folder.relative_to(ROOT) / f"{picture}.png")


SHOWN = ("channels", "labels", "three-planes", "phone")
"""Pictures of the demo image that stand in the docs."""

LABELLED = {"labels": [{"path": "labels/nuclei", "visible": True, "opacity": 0.45}]}
HIDDEN = {"labels": [{"path": "labels/nuclei", "visible": False}]}
ZOOMED = {"view": {"y": 330, "x": 310, "zoom": 3.2}}
SITUATIONS = {
    "channels": ("cells.ome.zarr", {}, HIDDEN),
    "channels-light": ("cells.ome.zarr", {"dark": False}, HIDDEN),
    "labels": ("cells.ome.zarr", {"hover": (440, 380)}, LABELLED | ZOOMED),
    "three-planes": ("cells.ome.zarr", {}, HIDDEN | {"layout": "ortho"}),
    "contrast": (
        "cells.ome.zarr",
        {"after": [{"command": "click", "role": "button", "name": "Colour, gamma and opacity of DAPI"}]},
        HIDDEN | ZOOMED | {"layers": [{"channel": 0, "window": [150, 1500], "gamma": 0.7}]},
    ),
    "phone": ("cells.ome.zarr", {"width": 390, "height": 780}, HIDDEN),
    "metadata": ("cells.ome.zarr", {}, HIDDEN | {"panel": "metadata"}),
    "checks": ("broken.ome.zarr", {}, {"panel": "checks"}),
    "error": ("absent", {}, {}),
    "slide-far": ("slide.svs", {}, {}),
    "slide-middle": ("slide.svs", {}, {"view": {"y": 1500, "x": 1100, "zoom": 0.8}}),
    "slide-near": ("slide.svs", {"hover": (450, 400)}, {"view": {"y": 1500, "x": 1180, "zoom": 12}}),
}


def demo(folder: Path) -> tuple[Path, Path]:
    """Make the demo image with its nuclei as labels, and a copy of which something is wrong."""
    sample.write_sample(folder / "cells.ome.tiff")
    cells, broken = folder / "cells.ome.zarr", folder / "broken.ome.zarr"
    zarrscope.convert(folder / "cells.ome.tiff", cells)
    shutil.copytree(cells, broken)
    labels(cells)
    document = broken / "zarr.json"
    said = json.loads(document.read_text())
    said["attributes"]["ome"]["multiscales"][0]["axes"][1]["unit"] = "microns"
    del said["attributes"]["ome"]["multiscales"][0]["datasets"][1]["coordinateTransformations"]
    document.write_text(json.dumps(said))
    return cells, broken


def labels(image: Path) -> None:
    """Write a label image below the demo image, with every nucleus in its place."""
    nuclei = list(sample.sample_cells())
    ids = np.zeros((24, 640, 640), "u2")
    for number, (place, size, *_) in enumerate(nuclei, 1):
        axes = [((np.arange(n) - p) / s) ** 2 for n, p, s in zip(ids.shape, place, size, strict=True)]
        ids[axes[0][:, None, None] + axes[1][:, None] + axes[2] < 1] = number
    there = image / "labels" / "nuclei"
    zarrscope.write(ids, there, axes="zyx", scale={"z": 0.4, "y": 0.13, "x": 0.13}, levels=2)
    shutil.rmtree(there / ".zarrscope", ignore_errors=True)
    said = json.loads((there / "zarr.json").read_text())
    said["attributes"]["ome"]["image-label"] = {
        "version": "0.5",
        "properties": [
            {"label-value": n, "volume": round(float(np.prod(cell.size)), 1)}
            for n, cell in enumerate(nuclei, 1)
        ],
    }
    (there / "zarr.json").write_text(json.dumps(said))
    group = {
        "zarr_format": 3,
        "node_type": "group",
        "attributes": {"ome": {"version": "0.5", "labels": ["nuclei"]}},
    }
    (there.parent / "zarr.json").write_text(json.dumps(group))


if __name__ == "__main__":
    main()
