"""How many cells of a level wait for pixels while an image is walked: what bounds the memory of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zarrscope.types import Shape


def open_cells(shape: Shape, region: Shape, group: Shape, cell: Shape, halved: Sequence[int]) -> Shape:
    """Return the most cells, along each axis, that are open at a time in the order of ``order.walk``.

    A cell is open from its first pixel to its last. Regions that are whole cells leave none open.
    Along the axes that are not halved the walk is in plain order, so one cell is open at a time;
    where it is longer than a region, the rest of the group is walked before it is complete. Along
    the halved axes the walk is in Z order: where cells lie inside a group, those are open that lie
    in the box of regions which Z order finishes together, as many along each axis as a cell takes
    along its longest; where they are larger than a group, the same box of groups. Cells that reach
    from one group into the next along an axis that is not halved keep a whole layer open. A region
    that cuts cells at any place touches one more of them.

    Parameters
    ----------
    shape : tuple of int
        Pixels of the level that is walked; all other sizes count its pixels too.
    region, group : tuple of int
        Pixels that are read at once, and that are finished before the next group is begun.
    cell : tuple of int
        Pixels that a cell covers.
    halved : sequence of int
        Axes along which coarser levels are smaller.

    Returns
    -------
    tuple of int
        Number of open cells along each axis; zeros where none is ever open.
    """
    axes = range(len(shape))
    if all(region[i] % cell[i] == 0 or region[i] >= shape[i] for i in axes):
        return (0,) * len(shape)
    reach = [min(n, max(r, g)) for r, g, n in zip(region, group, shape, strict=True)]
    nested = _nested(cell, reach, region, halved)
    others = [i for i in axes if i not in halved]
    cut = [i for i in others if reach[i] % cell[i] and reach[i] < shape[i]]
    layered, spread, extents = bool(cut), not nested or bool(cut), [0] * len(shape)
    for i in others:
        extents[i] = shape[i] if layered and i > cut[0] else reach[i] if spread else region[i]
        spread |= region[i] % cell[i] != 0 and region[i] < shape[i]
    step = reach if spread else region
    times = max([1, *(-(-min(cell[i], shape[i]) // step[i]) for i in halved)])
    for i in halved:
        extents[i] = shape[i] if layered else step[i] * times
    return tuple(
        min(-(-n // c), -(-e // c) + (1 if r % c and c % r and e < n else 0))
        for e, n, c, r in zip(extents, shape, cell, region, strict=True)
    )


def _nested(cell: Shape, group: Sequence[int], region: Shape, halved: Sequence[int]) -> bool:
    """Return whether cells lie inside groups, and regions inside cells or the other way round."""
    return all(cell[i] <= group[i] and (cell[i] % region[i] == 0 or region[i] % cell[i] == 0) for i in halved)
