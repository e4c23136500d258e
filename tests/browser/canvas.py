"""What the canvas of the viewer has to show, computed from the arrays: nearest pixel, window, gamma, sum."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

SHARP = 0.7
"""The finest level is shown whose pixels are at least so large on the screen."""


@dataclass(frozen=True)
class Layer:
    """One channel: planes of its levels, finest first, and how it is shown."""

    levels: Sequence[NDArray[Any]]
    window: tuple[float, float]
    color: str = "ffffff"
    gamma: float = 1.0
    opacity: float = 1.0


@dataclass(frozen=True)
class View:
    """Centre in pixels of level 0, device pixels a pixel across, and down against across."""

    y: float
    x: float
    zoom: float
    ratio: float = 1.0
    factors: Sequence[float] = field(default=(1.0,))
    """Of the levels, how many pixels of level 0 one of theirs takes."""


def places(
    view: View, height: int, width: int, shape: tuple[int, ...], factor: float
) -> tuple[Any, Any, Any]:
    """Return rows and columns of a level under the centres of all canvas pixels, and which lie inside."""
    down = view.y + (np.arange(height) + 0.5 - height / 2) / (view.zoom * view.ratio)
    across = view.x + (np.arange(width) + 0.5 - width / 2) / view.zoom
    rows, columns = np.floor(down / factor).astype(int), np.floor(across / factor).astype(int)
    inside = ((rows >= 0) & (rows < shape[0]))[:, None] & ((columns >= 0) & (columns < shape[1]))[None]
    return np.clip(rows, 0, shape[0] - 1), np.clip(columns, 0, shape[1] - 1), inside


def level_of(view: View) -> int:
    fitting = [level for level, factor in enumerate(view.factors) if factor * view.zoom >= SHARP]
    return fitting[0] if fitting else len(view.factors) - 1


def picture(
    layers: Sequence[Layer], view: View, height: int, width: int, *, blending: str = "add"
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the canvas, 0 to 255 as floats, and which of its pixels show the image."""
    level = level_of(view)
    canvas, covered = np.zeros((height, width, 3)), np.zeros((height, width), bool)
    for layer in layers:
        plane = layer.levels[level]
        rows, columns, inside = places(view, height, width, plane.shape[:2], view.factors[level])
        covered |= inside
        values = plane[rows[:, None], columns[None]].astype("f8")
        low, high = layer.window
        t = np.clip((values - low) / (high - low), 0, 1) ** layer.gamma
        color = np.array([int(layer.color[i : i + 2], 16) for i in (0, 2, 4)], "f8")
        shown = t[..., None] * color * inside[..., None]
        if blending == "add":
            canvas += shown * layer.opacity
        elif blending == "max":
            canvas = np.maximum(canvas, shown * layer.opacity)
        else:
            alpha = layer.opacity * inside[..., None]
            canvas = canvas * (1 - alpha) + shown * alpha
    return np.clip(canvas, 0, 255), covered


def hue(h: NDArray[Any], s: NDArray[Any], v: NDArray[Any]) -> NDArray[Any]:
    """Return colours of the HSV model (Smith 1978), h from 0 to 1."""
    sector, rest = np.floor(h * 6).astype(int) % 6, h * 6 - np.floor(h * 6)
    p, q, t = v * (1 - s), v * (1 - s * rest), v * (1 - s * (1 - rest))
    table = [(v, t, p), (q, v, p), (p, v, t), (p, q, v), (t, p, v), (v, p, q)]
    found = np.zeros((*h.shape, 3))
    for number, parts in enumerate(table):
        chosen = sector == number
        for channel, part in enumerate(parts):
            found[..., channel][chosen] = part[chosen]
    return found


def label_colors(ids: NDArray[Any]) -> NDArray[Any]:
    """Return the colours, 0 to 255, that ids have where the metadata name none (web/src/scene/labels.ts)."""
    h = (ids.astype("u8") * 0x9E3779B1) & 0xFFFFFFFF
    s = 0.55 + 0.4 * ((h >> 8) & 255) / 255
    return 255 * hue((h >> 16) / 65536, s, 1 - 0.3 * (h & 255) / 255)


def with_labels(
    canvas: NDArray[Any],
    ids: NDArray[Any],
    view: View,
    opacity: float,
    colors: dict[int, tuple[int, int, int]] | None = None,
    *,
    outline: bool = False,
    factor: float = 1,
    corner: tuple[float, float] = (0, 0),
) -> NDArray[Any]:
    """Return the canvas with a label image of one level over it; its corner is in pixels of the image."""
    height, width = canvas.shape[:2]
    moved = replace(view, y=view.y - corner[0], x=view.x - corner[1])
    rows, columns, inside = places(moved, height, width, ids.shape, factor)
    paint = label_colors(ids)
    for number, color in (colors or {}).items():
        paint[ids == number] = color
    shown = ids != 0
    if outline:
        wide = np.pad(ids, 1, mode="edge")
        around = (wide[:-2, 1:-1], wide[2:, 1:-1], wide[1:-1, :-2], wide[1:-1, 2:])
        shown &= np.any([other != ids for other in around], axis=0)
    at = rows[:, None], columns[None]
    alpha = (opacity * shown[at] * inside)[..., None]
    return canvas * (1 - alpha) + paint[at] * alpha
