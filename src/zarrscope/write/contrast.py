"""Windows for channels that came without: what a viewer needs to show something at once."""

from __future__ import annotations

from dataclasses import replace
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from zarrscope.model.axes import channel_axis
from zarrscope.model.build import rendering_of
from zarrscope.model.rendering import Channel, Rendering, Window

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from zarrscope.model.description import ImageDescription
    from zarrscope.types import Shape


class Contrast:
    """Collects the darkest and brightest pixel of each channel from the coarsest level as it passes.

    Nothing is read for it, and noise is averaged away there.

    Parameters
    ----------
    description : ImageDescription
        Tells which axis the channels lie along, and what is known of them.
    dtype : numpy.dtype
        Of the pixels.
    chunk : tuple of int
        Of the coarsest level.
    """

    def __init__(self, description: ImageDescription, dtype: np.dtype[Any], chunk: Shape) -> None:
        self._axis = channel_axis(description.axes)
        self._chunk = 1 if self._axis is None else chunk[self._axis]
        self._known, self._dtype = description.channels, dtype
        self._seen: dict[int, tuple[float, float]] = {}
        self._lock = Lock()

    def see(self, index: Shape, block: NDArray[Any]) -> None:
        """Take note of a chunk of the coarsest level. Thread-safe."""
        first = 0 if self._axis is None else index[self._axis] * self._chunk
        parts = [block] if self._axis is None else np.moveaxis(block, self._axis, 0)
        for channel, part in enumerate(parts, first):
            known = part[np.isfinite(part)] if part.dtype.kind == "f" else part
            if known.size:
                low, high = float(known.min()), float(known.max())
                with self._lock:
                    old = self._seen.get(channel, (low, high))
                    self._seen[channel] = (min(old[0], low), max(old[1], high))

    def told(self) -> dict[str, list[str]]:
        """Return what was seen as JSON: exact numbers, also those that JSON has no word for."""
        with self._lock:
            return {str(c): [low.hex(), high.hex()] for c, (low, high) in self._seen.items()}

    def recall(self, told: Mapping[str, Sequence[str]]) -> None:
        """Take note of what an earlier run has seen."""
        for channel, (low, high) in told.items():
            self._seen[int(channel)] = (float.fromhex(low), float.fromhex(high))

    def rendering(self) -> Rendering | None:
        """Return all channels with a window each; those that came with one keep it."""
        count = max([len(self._known), *(c + 1 for c in self._seen)])
        channels = [*self._known, *[Channel()] * (count - len(self._known))]
        return rendering_of(
            [
                channel if channel.window else replace(channel, window=self._window(number))
                for number, channel in enumerate(channels)
            ],
            self._window(-1),
        )

    def _window(self, channel: int) -> Window:
        """Return from black to full what was seen, and as limits what the type can hold."""
        low, high = self._seen.get(channel, (0.0, 1.0))
        if high <= low:
            high = low + 1
        if self._dtype.kind in "iu" and self._dtype.itemsize <= 2:
            info = np.iinfo(self._dtype)
            return Window(low, min(high, float(info.max)), float(info.min), float(info.max))
        return Window(low, high, low, high)
