"""Which regions a writer takes: those that it can write whole, once, without growing memory."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from zarrscope.errors import ArgumentError
from zarrscope.types import Region

if TYPE_CHECKING:
    from zarrscope.pyramid.cascade import Step
    from zarrscope.pyramid.plan import PyramidPlan
    from zarrscope.types import Shape


class Admission:
    """Checks every region that is put.

    Parameters
    ----------
    plan : PyramidPlan
        Its regions are taken in any order.
    step : Step
        Level 0; whole cells of it are taken in any order.
    """

    def __init__(self, plan: PyramidPlan, step: Step) -> None:
        self._plan, self._step = plan, step
        self._begun: set[Shape] = set()
        self._cursor = 0
        self._plane_by_plane = False

    def check(self, region: Region) -> None:
        """Return if the region may be written.

        Raises
        ------
        ArgumentError
            It leaves the image, was written before, or is cut in another way.
        """
        shape = self._step.shape
        if (
            len(region.start) != len(shape)
            or region.size == 0
            or region != region.intersect(Region.whole(shape))
        ):
            raise ArgumentError(f"region {region.start} to {region.stop} does not lie inside {shape}")
        is_next = self._is_next(region)
        if self._step.aligned(region):
            # Chunks that come twice are noticed when they are placed. The last plane of a stack may be
            # a chunk of its own: the next one follows it all the same.
            self._cursor += region.size if is_next else 0
            return
        if region == self._planned(region.start) and not self._plane_by_plane:
            if region.start in self._begun:
                raise ArgumentError(f"region {region.start} to {region.stop} was written before")
            self._begun.add(region.start)
            return
        if is_next and not self._begun:
            self._cursor += region.size
            self._plane_by_plane = True
            return
        near = self._nearest(region)
        raise ArgumentError(
            f"region {region.start} to {region.stop} cuts chunks of {self._step.cell}; put {near.start} to "
            f"{near.stop} instead, or whole planes one after the other"
        )

    def _planned(self, start: Shape) -> Region | None:
        rows = zip(start, self._plan.levels[0].region, strict=True)
        if any(a % r for a, r in rows):
            return None
        return Region.of(start, self._plan.levels[0].region).intersect(Region.whole(self._step.shape))

    def _is_next(self, region: Region) -> bool:
        """Return whether the region goes on, plane by plane, where the last one ended."""
        shape = self._step.shape
        first = next((i for i, n in enumerate(region.shape) if n > 1), len(shape))
        run = all(n == m for n, m in zip(region.shape[first + 1 :], shape[first + 1 :], strict=True))
        whole = all(n == m for n, m in zip(region.shape[-2:], shape[-2:], strict=True))
        start = sum(a * prod(shape[i + 1 :]) for i, a in enumerate(region.start))
        return run and whole and start == self._cursor

    def _nearest(self, region: Region) -> Region:
        cell = self._step.cell
        start = tuple(a // c * c for a, c in zip(region.start, cell, strict=True))
        stop = tuple(-(-b // c) * c for b, c in zip(region.stop, cell, strict=True))
        return Region(start, stop).intersect(Region.whole(self._step.shape))
