"""One image of a virtual store: what it is, its levels, and what showing them costs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from zarrscope.errors import UnsupportedError
from zarrscope.model.axes import channel_axis
from zarrscope.model.calibrate import calibrated
from zarrscope.pyramid.downsample import kernel
from zarrscope.pyramid.levels import spatial_axes
from zarrscope.source.ordered import ordered
from zarrscope.spec.versions import limits
from zarrscope.types import Region
from zarrscope.virtual.layout import levels_of
from zarrscope.virtual.pixels import Pixels
from zarrscope.virtual.row import with_row
from zarrscope.virtual.windows import middle, without_window

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

    from zarrscope.model.description import ImageDescription
    from zarrscope.pyramid.plan import Placement
    from zarrscope.source.contracts import Scene
    from zarrscope.virtual.blocks import BlockCache
    from zarrscope.virtual.layout import VirtualLevel


@dataclass(frozen=True)
class VirtualImage:
    """An image as a virtual store shows it.

    Parameters
    ----------
    path : str
        Of its group within the store; "" for the root.
    description : ImageDescription
        What it is; its axes are in our order.
    levels : tuple of VirtualLevel
        Those of the file, then those that are computed.
    kernel : str
        How these are made.
    placements : tuple, optional
        Where the source says that its levels lie.
    pixels : Pixels
        Of all levels.
    """

    path: str
    description: ImageDescription
    levels: tuple[VirtualLevel, ...]
    kernel: str
    placements: tuple[Placement, ...] | None
    pixels: Pixels

    def source_bytes(self, level: int, region: Region | None = None) -> int:
        """Return how many bytes of pixels the file would have to decode for a region of a level.

        What the cache already holds is not counted off.

        Parameters
        ----------
        level : int
            Index of the level.
        region : Region, optional
            Of the level; all of it by default.
        """
        here = self.levels[level]
        region = Region.whole(here.shape) if region is None else region
        while here.computed:
            level -= 1
            below = self.levels[level]
            whole = [here.whole(place) for place in (_first(here, region), _last(here, region))]
            start = tuple(a * f for a, f in zip(whole[0].start, here.factors, strict=True))
            stop = tuple(b * f for b, f in zip(whole[1].stop, here.factors, strict=True))
            here, region = below, Region(start, stop).intersect(Region.whole(below.shape))
        if not here.direct:
            region = Region(here.whole(_first(here, region)).start, here.whole(_last(here, region)).stop)
        return region.size * int(self.pixels.dtype.itemsize)

    @property
    def sample_bytes(self) -> int:
        """Bytes that one chunk in the middle of the coarsest level of the file takes, of one channel."""
        stored = [number for number, level in enumerate(self.levels) if not level.computed][-1]
        return self.source_bytes(stored, middle(self.description, self.levels[stored]))

    def plane(self, level: int) -> Region:
        """Return the plane of a level that is shown first: in the middle of z, the first elsewhere.

        Channels are taken together.
        """
        here, axes = self.levels[level], self.description.axes
        whole, flat = spatial_axes(axes)[-2:], channel_axis(axes)
        start, stop = [0] * len(axes), list(here.shape)
        for i, axis in enumerate(axes):
            if i not in whole and i != flat:
                start[i] = here.shape[i] // 2 if axis.type == "space" or axis.name == "z" else 0
                stop[i] = start[i] + 1
        return Region(tuple(start), tuple(stop))

    def affordable(self, budget: int = 64 << 20) -> tuple[int, Region]:
        """Return the level and the region that so many bytes of source can show at once.

        The coarsest level whole where it can be had, else the middle of the coarsest level that the file
        holds, at its resolution.

        Parameters
        ----------
        budget : int
            Bytes of pixels that may be decoded.
        """
        last = len(self.levels) - 1
        if self.source_bytes(last, self.plane(last)) <= budget:
            return last, self.plane(last)
        level = max(number for number, one in enumerate(self.levels) if not one.computed)
        region = self.plane(level)
        while self.source_bytes(level, region) > budget:
            smaller = self._cheaper(level, region)
            if smaller is None:
                break
            region = smaller
        return level, region

    def _cheaper(self, level: int, region: Region) -> Region | None:
        """Return the middle half of a region, in whole chunks, along its longest side where that helps."""
        here, cost = self.levels[level], self.source_bytes(level, region)
        plane = spatial_axes(self.description.axes)[-2:]
        for i in sorted(plane, key=lambda k: -region.shape[k]):
            unit = here.chunks[i]
            first, last = region.start[i] // unit, -(-region.stop[i] // unit)
            count = (last - first + 1) // 2
            first += (last - first - count) // 2
            start, stop = list(region.start), list(region.stop)
            start[i], stop[i] = first * unit, min((first + count) * unit, here.shape[i])
            half = Region(tuple(start), tuple(stop))
            if self.source_bytes(level, half) < cost:
                return half
        return None

    @cached_property
    def guessed(self) -> tuple[int, ...]:
        """The channels whose window the source does not say; the document has one from a small sample."""
        return without_window(self.description, self.levels[0].shape)

    def told(self) -> dict[str, Any]:
        """Return, as JSON, what a viewer cannot learn from the documents."""
        level, region = self.affordable()
        return {
            "path": self.path,
            "levels": [
                {
                    "path": one.path,
                    "computed": one.computed,
                    "plane_bytes": self.source_bytes(number, self.plane(number)),
                }
                for number, one in enumerate(self.levels)
            ],
            "first": {
                "level": self.levels[level].path,
                "start": list(region.start),
                "stop": list(region.stop),
            },
            "guessed_windows": list(self.guessed),
        }


def image_of(
    scene: Scene,
    number: int,
    path: str,
    version: str,
    cache: BlockCache,
    crew: ThreadPoolExecutor,
    memory: int,
    *,
    side_by_side: bool,
) -> VirtualImage:
    """Return a scene as an image of a virtual store.

    Parameters
    ----------
    scene : Scene
        What a source gives.
    number : int
        Of the image, in the cache.
    path : str
        Of the image within the store.
    version : str
        Of OME-Zarr.
    cache, crew
        Of all images (see ``Pixels``).
    memory : int
        Bytes that may be used.
    side_by_side : bool
        Whether more than one thread may work for one who asks.

    Raises
    ------
    UnsupportedError
        The version cannot hold such axes, or the pixels are no real numbers.
    ArgumentError, BudgetError
        See ``layout.levels_of``.
    """
    scene = with_row(ordered(scene))
    description = calibrated(scene.description)
    if obstacles := limits(version).obstacles(description.axes):
        raise UnsupportedError(f"OME-Zarr {version} cannot hold {'; '.join(obstacles)}")
    name = "mode" if description.label else "mean"  # the mean of two labels is a third one
    made = kernel(name, scene.levels[0].dtype)
    levels = levels_of(scene.levels, description.axes, path, memory)
    pixels = Pixels(number, scene.levels, levels, made, cache, crew, side_by_side=side_by_side)
    return VirtualImage(path, description, levels, name, scene.placements, pixels)


def _first(level: VirtualLevel, region: Region) -> tuple[int, ...]:
    return tuple(a // b for a, b in zip(region.start, level.block, strict=True))


def _last(level: VirtualLevel, region: Region) -> tuple[int, ...]:
    return tuple(max(a, z - 1) // b for a, z, b in zip(region.start, region.stop, level.block, strict=True))
