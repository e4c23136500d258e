"""``zarrscope info``: what an OME-Zarr, or anything that can be converted, holds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from zarrscope.cli.parser import Parser
from zarrscope.node.groups import ImageGroup
from zarrscope.node.image import Image
from zarrscope.node.info import node_info
from zarrscope.node.scene import Scene
from zarrscope.report import Severity
from zarrscope.source.info import open_any, source_info
from zarrscope.store.keys import without_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zarrscope.source.contracts import Source

_SHOWN = 8
"""Images of a group, and lines of each kind, that are shown before the rest is only counted."""

_EXAMPLES = """\
examples:
  zarrscope info cells.ome.zarr
  zarrscope info cells.ome.tif
  zarrscope info https://example.org/cells.ome.zarr --json
"""


def run(words: list[str]) -> int:
    """Print what an image or a group of images is."""
    parser = Parser(
        "info",
        "Tell what an OME-Zarr, or a file or folder that can be converted, holds. No pixels are read.",
        _EXAMPLES,
    )
    parser.add_argument(
        "url", metavar="URL", help="file, folder, .ozx or .zip, or the address of an OME-Zarr"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    chosen = parser.parse_args(words)
    found, kind = open_any(chosen.url)
    if isinstance(found, Image | ImageGroup):
        told, rest = node_info(found), _of_node(found)
    else:
        with found:
            told = source_info(found, kind)
        rest = _of_source(told)
    if chosen.json:
        print(json.dumps(told, ensure_ascii=False))
        return 0
    print("\n".join((*_lines(without_secrets(chosen.url), told, _images(found, told)), *rest)))
    return 0


def _of_node(node: Image | ImageGroup) -> Iterator[str]:
    """Return what reading the document has shown."""
    for note in node.document.notes:
        yield f"note: {note}"
    for problem in node.document.report.problems:
        if problem.severity is Severity.MUST:
            yield f"not valid: {problem.location}: {problem.message}"


def _of_source(told: dict[str, Any]) -> Iterator[str]:
    """Return the pictures that accompany an image, and what was assumed of each."""
    beside = [scene for scene in told["scenes"] if scene["associated"]]
    if beside and len(beside) < len(told["scenes"]):
        yield f"  beside it: {'; '.join(map(_one, beside))}"
    for note in dict.fromkeys(note for scene in told["scenes"] for note in scene["notes"]):
        yield f"note: {note}"


def _images(found: Image | ImageGroup | Source, told: dict[str, Any]) -> list[str]:
    """Return the lines that tell of several images."""
    count, first = len(told["images"]), "; the first of them:" if told["levels"] else ""
    if not count:
        return []
    if isinstance(found, Image | ImageGroup):
        return [f"  images: {count} ({_names(found)}){first}"]
    scenes = [scene for scene in told["scenes"] if not scene["associated"]] or told["scenes"]
    lines = [f"  image {number}: {_one(scene)}" for number, scene in enumerate(scenes)]
    return [*_shortened(lines, "images"), f"  images: {count}{first}"]


def _one(scene: dict[str, Any]) -> str:
    level = scene["levels"][0]
    name = f"{scene['name']!r} " if scene["name"] else ""
    return f"{name}{level['dtype']}, {_sides(scene['axes'], level['shape'])}"


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


def _lines(url: str, told: dict[str, Any], images: list[str]) -> list[str]:
    name = f" {told['name']!r}" if told["name"] else ""
    version = f" {told['version']} (Zarr v{told['zarr_format']})" if told["version"] else ""
    lines = [f"{url}: {told['kind']}{name}, {told['format']}{version}"]
    if len(told["systems"]) > 1 or told["transformations"]:
        lines += _shortened([_system(system) for system in told["systems"]], "systems")
        lines += _shortened([_step(step) for step in told["transformations"]], "transformations")
    lines += images
    axes = told["axes"]
    for number, level in enumerate(told["levels"]):
        if number == 0:
            lines.append(f"  pixels: {level['dtype']}, {_size(axes, level['scale'])}")
        cut = f"chunks {_times(level['chunks'])}"
        cut += f", shards {_times(level['shards'])}" if level["shards"] else ""
        lines.append(f"  level {level['path']}: {_sides(axes, level['shape'])}; {cut}")
    for number, channel in enumerate(told["channels"]):
        color = f"#{channel['color']}" if channel["color"] else "no colour"
        lines.append(f"  channel {number}: {channel['label'] or 'no name'}, {color}")
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


def _sides(axes: list[dict[str, Any]], shape: list[int]) -> str:
    return ", ".join(f"{a['name']} {n}" for a, n in zip(axes, shape, strict=False))


def _size(axes: list[dict[str, Any]], scale: list[float | None] | None) -> str:
    known = [
        f"{a['name']} {s:g} {a['unit'] or '(no unit)'}"
        for a, s in zip(axes, scale or [], strict=False)
        if s is not None and (a["unit"] or (a["type"] == "space" and s != 1))
    ]
    return f"one pixel is {', '.join(known)}" if known else "pixel size unknown"


def _times(sizes: list[int]) -> str:
    return " x ".join(map(str, sizes))
