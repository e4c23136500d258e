"""``zarrscope info``: what an OME-Zarr holds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from zarrscope.cli.parser import Parser
from zarrscope.node.image import Image
from zarrscope.node.info import info
from zarrscope.node.open import open_node
from zarrscope.node.scene import Scene
from zarrscope.report import Severity
from zarrscope.store.keys import without_secrets

if TYPE_CHECKING:
    from zarrscope.node.groups import ImageGroup

_SHOWN = 8
"""Images of a group, and lines of each kind, that are shown before the rest is only counted."""

_EXAMPLES = """\
examples:
  zarrscope info cells.ome.zarr
  zarrscope info https://example.org/cells.ome.zarr --json
"""


def run(words: list[str]) -> int:
    """Print what an image or a group of images is."""
    parser = Parser(
        "info",
        "Tell what an OME-Zarr holds. Only documents are read, no pixels.",
        _EXAMPLES,
    )
    parser.add_argument("url", metavar="URL", help="folder, .ozx or .zip, file:, http:// or https:// address")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    chosen = parser.parse_args(words)
    node = open_node(chosen.url)
    told = info(node)
    if chosen.json:
        print(json.dumps(told, ensure_ascii=False))
        return 0
    print("\n".join(_lines(without_secrets(chosen.url), told, node)))
    for note in node.document.notes:
        print(f"note: {note}")
    for problem in node.document.report.problems:
        if problem.severity is Severity.MUST:
            print(f"not valid: {problem.location}: {problem.message}")
    return 0


def _names(node: Image | ImageGroup) -> str:
    """Return paths and names of the first images of a group."""
    if isinstance(node, Image):
        return ""
    shown = []
    for path in node.paths[:_SHOWN]:
        image = node.find(path) if isinstance(node, Scene) else node.image(path)
        name = f" {image.name!r}" if image and image.name not in ("", path) else ""
        shown.append(f"{path}{name}" if image else f"{path} (no image is there)")
    return ", ".join(shown) + (" ..." if len(node.paths) > _SHOWN else "")


def _lines(url: str, told: dict[str, Any], node: Image | ImageGroup) -> list[str]:
    name = f" {told['name']!r}" if told["name"] else ""
    lines = [f"{url}: {told['kind']}{name}, OME-Zarr {told['version']} (Zarr v{told['zarr_format']})"]
    if len(told["systems"]) > 1 or told["transformations"]:
        lines += _shortened([_system(system) for system in told["systems"]], "systems")
        lines += _shortened([_step(step) for step in told["transformations"]], "transformations")
    if told["images"]:
        first = "; the first of them:" if told["levels"] else ""
        lines.append(f"  images: {len(told['images'])} ({_names(node)}){first}")
    axes = told["axes"]
    for number, level in enumerate(told["levels"]):
        if number == 0:
            lines.append(f"  pixels: {level['dtype']}, {_size(axes, level['scale'])}")
        sides = ", ".join(f"{a['name']} {n}" for a, n in zip(axes, level["shape"], strict=False))
        cut = f"chunks {_times(level['chunks'])}"
        cut += f", shards {_times(level['shards'])}" if level["shards"] else ""
        lines.append(f"  level {level['path']}: {sides}; {cut}")
    for number, channel in enumerate(told["channels"]):
        lines.append(
            f"  channel {number}: {channel['label'] or 'no name'}, #{channel['color'] or 'no colour'}"
        )
    if told["labels"]:
        lines.append(f"  labels: {', '.join(told['labels'])}")
    return lines


def _shortened(lines: list[str], what: str) -> list[str]:
    rest = len(lines) - _SHOWN
    return lines if rest <= 0 else [*lines[:_SHOWN], f"  ... and {rest} more {what}"]


def _system(system: dict[str, Any]) -> str:
    axes = ", ".join(f"{a['name']} {a['unit'] or ''}".rstrip() for a in system["axes"])
    return f"  system {system['name']!r}: {axes}"


def _step(step: dict[str, Any]) -> str:
    ends = (
        f"{end['name']!r} of {end['path']}" if end["path"] else repr(end["name"] or "")
        for end in (step["from"], step["to"])
    )
    return f"  {step['type'] or 'no type'}: {' -> '.join(ends)}"


def _size(axes: list[dict[str, Any]], scale: list[float] | None) -> str:
    known = [
        f"{a['name']} {s:g} {a['unit'] or '(no unit)'}"
        for a, s in zip(axes, scale or [], strict=False)
        if a["unit"] or (a["type"] == "space" and s != 1)
    ]
    return f"one pixel is {', '.join(known)}" if known else "pixel size unknown"


def _times(sizes: list[int]) -> str:
    return " x ".join(map(str, sizes))
