"""Transformations that exchange, drop and create axes, or treat groups of axes apart."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from zarrscope.errors import ArgumentError
from zarrscope.model.axes import NOTHING
from zarrscope.model.boxes import Box
from zarrscope.model.transforms import Parameters, Transformation

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Sequence as Items

    from zarrscope.model.rows import Point, Rows


@dataclass(frozen=True, slots=True)
class MapAxis(Transformation):
    """Axes change their order.

    Parameters
    ----------
    axes : tuple of int
        At place ``i`` the input axis that becomes output axis ``i``.
    """

    axes: tuple[int, ...]

    @property
    def ndim_in(self) -> int:
        """Number of axes."""
        return len(self.axes)

    @property
    def permutes(self) -> bool:
        """Whether every axis is named exactly once."""
        return sorted(self.axes) == list(range(len(self.axes)))

    def apply(self, point: Items[float]) -> Point:
        """Return the coordinates in their new order."""
        if len(point) != len(self.axes) or not all(0 <= i < len(point) for i in self.axes):
            raise ArgumentError(f"a point of {len(point)} coordinates meets the axes {list(self.axes)}")
        return tuple(point[i] for i in self.axes)

    def matrix(self, ndim: int) -> Rows | None:
        """Return the matrix of the permutation."""
        if ndim != len(self.axes) or not all(0 <= i < ndim for i in self.axes):
            return None
        return tuple((*(float(i == j) for j in range(ndim)), 0.0) for i in self.axes)

    def inverse(self) -> Transformation | None:
        """Return the way back; None where an axis is named twice."""
        if not self.permutes:
            return None
        return self.turned(MapAxis(tuple(self.axes.index(i) for i in range(len(self.axes)))))


@dataclass(frozen=True, slots=True)
class ProjectAxis(Transformation):
    """Axes are dropped, then others created at coordinate 0.

    Parameters
    ----------
    dropped : tuple of int
        Places in the point that goes in.
    created : tuple of int
        Places in the point that comes out.
    """

    dropped: tuple[int, ...] = ()
    created: tuple[int, ...] = ()

    @property
    def ndim_out(self) -> int | None:
        """None: it follows from the number of coordinates that go in."""
        return None

    def dims(self, ndim: int) -> int | None:
        """Return ``ndim`` less the dropped plus the created axes; None where a place does not exist."""
        after = ndim - len(self.dropped) + len(self.created)
        fits = all(0 <= i < ndim for i in self.dropped) and all(0 <= i < after for i in self.created)
        unique = all(len(set(places)) == len(places) for places in (self.dropped, self.created))
        return after if fits and unique else None

    def apply(self, point: Items[float]) -> Point:
        """Return the projected point."""
        if self.dims(len(point)) is None:
            raise ArgumentError(
                f"a point of {len(point)} coordinates cannot lose the axes {list(self.dropped)} and "
                f"get new ones at {list(self.created)}"
            )
        kept = [value for i, value in enumerate(point) if i not in self.dropped]
        for place in sorted(self.created):
            kept.insert(place, 0.0)
        return tuple(kept)

    def matrix(self, ndim: int) -> Rows | None:
        """Return the matrix with a row of zeros for each created axis."""
        if self.dims(ndim) is None:
            return None
        rows = [tuple(float(i == j) for j in range(ndim + 1)) for i in range(ndim) if i not in self.dropped]
        for place in sorted(self.created):
            rows.insert(place, (0.0,) * (ndim + 1))
        return tuple(rows)


@dataclass(frozen=True, slots=True)
class DimensionItem:
    """One part of a ``ByDimension``: some axes of the input, some of the output, and what lies between.

    Parameters
    ----------
    inputs, outputs : tuple of int
        Places of the axes in the points that go in and come out, in the order of the transformation.
    transformation : Transformation
        From as many coordinates as there are inputs to as many as there are outputs.
    extra : mapping
        Keys of the document that the specification does not name.
    """

    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    transformation: Transformation
    extra: Mapping[str, Any] = field(default=NOTHING)


@dataclass(frozen=True, slots=True)
class ByDimension(Transformation):
    """Groups of axes are transformed apart from each other.

    Parameters
    ----------
    items : tuple of DimensionItem
        Every output axis stands in exactly one of them; input axes may stand in several, or in none.
    """

    items: tuple[DimensionItem, ...]

    @property
    def ndim_out(self) -> int:
        """Number of output axes of all items."""
        return sum(len(item.outputs) for item in self.items)

    @property
    def covers(self) -> bool:
        """Whether every output axis stands in exactly one item."""
        outputs = [i for item in self.items for i in item.outputs]
        return sorted(outputs) == list(range(len(outputs)))

    def dims(self, ndim: int) -> int | None:
        """Return the number of output axes; None where an item asks for an axis that is not there."""
        fits = self.covers and all(0 <= i < ndim for item in self.items for i in item.inputs)
        agree = all(item.transformation.dims(len(item.inputs)) == len(item.outputs) for item in self.items)
        return self.ndim_out if fits and agree else None

    def apply(self, point: Items[float]) -> Point:
        """Return the point whose coordinates come from the items."""
        self._check(len(point))
        found = [0.0] * self.ndim_out
        for item in self.items:
            values = item.transformation.apply([point[i] for i in item.inputs])
            for place, value in zip(item.outputs, values, strict=True):
                found[place] = value
        return tuple(found)

    def matrix(self, ndim: int) -> Rows | None:
        """Return the matrix that holds those of all items; None where an item has none."""
        if self.dims(ndim) is None:
            return None
        found: list[Point] = [()] * self.ndim_out
        for item in self.items:
            rows = item.transformation.matrix(len(item.inputs))
            if rows is None:
                return None
            for place, row in zip(item.outputs, rows, strict=True):
                full = [0.0] * ndim + [row[-1]]
                for axis, factor in zip(item.inputs, row, strict=False):
                    full[axis] += factor
                found[place] = tuple(full)
        return tuple(found)

    def apply_box(self, box: Box) -> Box:
        """Return the smallest box around the image: item by item, which is as exact as each of them."""
        self._check(len(box.low))
        low, high = [0.0] * self.ndim_out, [0.0] * self.ndim_out
        for item in self.items:
            part = Box(*(tuple(corner[i] for i in item.inputs) for corner in box))
            image = item.transformation.apply_box(part)
            for place, lowest, highest in zip(item.outputs, *image, strict=True):
                low[place], high[place] = lowest, highest
        return Box(tuple(low), tuple(high))

    def inverse(self) -> Transformation | None:
        """Return the items turned round; None where one has no inverse or an input axis is not used once."""
        inputs = [i for item in self.items for i in item.inputs]
        if not self.covers or sorted(inputs) != list(range(len(inputs))):
            return None
        back = [item.transformation.inverse() for item in self.items]
        turned = tuple(
            DimensionItem(item.outputs, item.inputs, inverse)
            for item, inverse in zip(self.items, back, strict=True)
            if inverse is not None
        )
        return self.turned(ByDimension(turned)) if len(turned) == len(self.items) else None

    def bind(self, parameters: Parameters) -> Transformation:
        """Return the same with the numbers of all items."""
        items = (replace(i, transformation=i.transformation.bind(parameters)) for i in self.items)
        return replace(self, items=tuple(items))

    def _check(self, ndim: int) -> None:
        if self.dims(ndim) is not None:
            return
        places = ", ".join(f"{list(item.inputs)} to {list(item.outputs)}" for item in self.items)
        raise ArgumentError(
            f"by dimension ({places}) a point of {ndim} coordinates has no image: every output axis must "
            "stand in exactly one item, and what is between them must fit"
        )
