"""The viewer reads documents as the Python model does: what the model says of many stands in a file for both.

``python tests/flow/test_viewer_model.py`` writes ``web/tests/fixtures/models.json`` anew. Here it is held
against the model of today, and by Vitest (``web/tests/ome/alike.test.ts``) against the viewer's.
"""

from __future__ import annotations

import json
import random
import sys
from copy import deepcopy
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from zarrscope.model.axes import Axis, CoordinateSystem, channel_axis
from zarrscope.model.labels import ImageLabel, LabelColor, LabelProperties
from zarrscope.model.multiscales import Dataset, Multiscale
from zarrscope.model.node import Node
from zarrscope.model.rendering import Channel, Rendering, Window, is_rgb
from zarrscope.model.transforms import Scale, Sequence, Translation
from zarrscope.spec.versions import decode, detect, encode, zarr_format_of

FILE = Path(__file__).resolve().parents[2] / "web" / "tests" / "fixtures" / "models.json"
TYPES = {"t": "time", "c": "channel", "z": "space", "y": "space", "x": "space"}
UNITS = {"t": "second", "z": "micrometer", "y": "micrometer", "x": "nanometer"}
ODD: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    2.5,
    "",
    "x",
    "FF00FF",
    [],
    {},
    [1],
    ["a"],
    [{}],
    {"type": "scale"},
)
OMERO = Rendering(
    (
        Channel("DAPI", "0000FF", Window(10, 200.5, 0, 65535), True),
        Channel(None, None, None, False),
        Channel("mCherry", "ff0000", Window(0, 1)),
    )
)
PURE = ("ff0000", "00FF00", "0000FF")
RGB = {
    "colours of RGB": [{"color": color} for color in PURE],
    "names of RGB": [{"label": label} for label in ("Red", " g ", "blue")],
    "BGR": [{"color": color} for color in ("0000FF", "00FF00", "FF0000")],
    "a colour short": [{"color": "FF0000"}, {"color": "00FF00"}, {}],
    "colours of RGB, names of stains": [
        {"color": color, "label": label} for color, label in zip(PURE, ("D", "F", "R"), strict=True)
    ],
    "colours of RGB, a name": [
        {"color": color, "label": label} for color, label in zip(PURE, ("0", "", "x"), strict=True)
    ],
    "colours of RGB, numbers": [
        {"color": color, "label": label, "window": {"start": 0, "end": 255}}
        for color, label in zip(PURE, ("Channel 0", "Channel:0:1", "C3"), strict=True)
    ],
    "colours of RGB, a window": [{"color": color, "window": {"start": 2, "end": 200}} for color in PURE],
    "names of stains": [{"label": label} for label in ("red", "green", "DAPI")],
}
"""Three channels that are, or nearly are, one picture; pixels are uint8 for all documents."""

LABEL = ImageLabel(
    (
        LabelColor(1, (255, 0, 0, 128)),
        LabelColor(2),
        LabelColor(3, (1, 2, 3, 4)),
        LabelColor(1, (9, 9, 9, 9)),
    ),
    (LabelProperties(1, {"area": 12.5, "class": "<b>nucleus</b>"}), LabelProperties(7, {"parents": [1, 2]})),
)


def sound() -> list[tuple[str, dict[str, Any]]]:
    """Return names and attributes of documents as our encoder writes them, and of older versions."""
    found = []
    for axes, version in product(("yx", "cyx", "tzyx", "tczyx"), ("0.4", "0.5", "0.6")):
        rendering = OMERO if "c" in axes else None
        node = Node(multiscales=(_image(axes, common=version != "0.6"),), rendering=rendering)
        found.append((f"{version} {axes}", encode(node, version)))
    for name, channels in RGB.items():
        own = encode(Node(multiscales=(_image("cyx"),)), "0.4")
        found.append((f"0.4 {name}", own | {"omero": {"channels": channels}}))
    for version in ("0.4", "0.5", "0.6"):
        node = Node(multiscales=(_image("zyx"),), image_label=LABEL)
        found.append((f"{version} label", encode(node, version)))
    datasets = [{"path": "0"}, {"path": "lower/1"}]
    for version in ("0.1", "0.2"):
        image = {"version": version, "name": "old", "datasets": datasets}
        found.append((version, {"multiscales": [image], "omero": {"channels": [{"color": "00FF00"}]}}))
    found.append(
        ("0.3", {"multiscales": [{"version": "0.3", "axes": ["c", "y", "x"], "datasets": datasets}]})
    )
    return found


def _image(axes: str, *, common: bool = False) -> Multiscale:
    system = CoordinateSystem("", tuple(Axis(a, TYPES[a], UNITS.get(a)) for a in axes))
    datasets = []
    for level in range(3):
        factor = tuple(2.0**level if a in "yx" else 1.0 for a in axes)
        scale = Scale(tuple(f * 0.25 for f in factor))
        shift = Translation(tuple((f - 1) / 8 for f in factor))
        datasets.append(Dataset(f"s{level}", Sequence((scale, shift)) if level else scale))
    whole = (Sequence((Scale((3.0,) * len(axes)), Translation((7.5,) * len(axes)))),) if common else ()
    return Multiscale("cells", (system,), tuple(datasets), whole)


def broken(count: int, seed: int) -> list[tuple[str, dict[str, Any]]]:
    """Return documents in which something is gone, or something else."""
    chance = random.Random(seed)
    whole = [one for one in sound() if "tczyx" not in one[0] and "tzyx" not in one[0]]
    found = []
    for number in range(count):
        name, attributes = chance.choice(whole)
        changed = deepcopy(attributes)
        for _ in range(chance.choice((1, 1, 2))):
            holder, key = chance.choice(list(_members(changed)) or [(changed, "x")])
            if chance.random() < 0.4:
                holder.pop(key, None) if isinstance(holder, dict) else holder.pop(key)
            else:
                holder[key] = deepcopy(chance.choice(ODD))
        found.append((f"{name}, broken {number}", changed))
    return found


def _members(value: Any) -> Any:
    for key in list(value) if isinstance(value, dict) else range(len(value)):
        if key not in ("metadata", "type") or isinstance(value[key], str):
            yield value, key
        if isinstance(value[key], (dict, list)) and value[key]:
            yield from _members(value[key])


def told(name: str, attributes: dict[str, Any]) -> dict[str, Any]:
    """Return what the model says of a document, as plain JSON."""
    zarr_format = 3 if "ome" in attributes else zarr_format_of(name[:3])
    entry: dict[str, Any] = {"name": name, "zarr_format": zarr_format, "attributes": attributes}
    node, _ = decode(attributes, zarr_format=zarr_format)
    image = node.multiscales[0] if node and node.multiscales else None
    if node is None or image is None or not image.datasets or not all(d.path for d in image.datasets):
        return entry | {"image": None}
    channels = node.rendering.channels if node.rendering else ()
    label = node.image_label or ImageLabel()
    colors = {c.value: list(c.rgba) for c in label.colors if c.rgba is not None}
    return entry | {
        "image": {
            "version": detect(attributes, zarr_format),
            "kind": node.kind if node.kind == "label" else "image",
            "name": image.name or "",
            "axes": [[axis.name, axis.type, axis.unit] for axis in image.axes],
            "levels": [
                [d.path, *(([*p.scale], [*p.translation]) if (p := image.placement(i)) else (None, None))]
                for i, d in enumerate(image.datasets)
            ],
            "channels": [_channel(channel) for channel in channels],
            "rgb": channel_axis(image.axes) is not None
            and is_rgb((*channels, Channel(), Channel(), Channel())[:3], "uint8"),
            "colors": sorted(colors.items()),
            "properties": sorted({p.value: dict(p.values) for p in label.properties}.items()),
        }
    }


def _channel(channel: Channel) -> dict[str, Any]:
    window = channel.window
    own = None if window is None else [window.start, window.end, window.min, window.max]
    return {"label": channel.label, "color": channel.color, "active": channel.active, "window": own}


def entries(count: int, seed: int) -> list[dict[str, Any]]:
    """Return sound and broken documents with what the model says of them."""
    return [told(*one) for one in (*sound(), *broken(count, seed))]


@pytest.mark.parametrize(
    "entry", json.loads(FILE.read_text() if FILE.exists() else "[]"), ids=lambda entry: entry["name"]
)
def test_the_model_says_what_the_viewer_is_held_against(entry: dict[str, Any]) -> None:
    found = told(entry["name"], entry["attributes"])
    assert json.loads(json.dumps(found)) == entry


if __name__ == "__main__":
    many, start, file = [*sys.argv[1:], *("40", "3", str(FILE))[len(sys.argv) - 1 :]]
    lines = (json.dumps(entry, separators=(",", ":")) for entry in entries(int(many), int(start)))
    Path(file).write_text("[\n" + ",\n".join(lines) + "\n]\n")
