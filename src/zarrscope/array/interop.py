"""Arrays for other libraries: zarr-python, dask, xarray. Each is imported only when asked for."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

from zarrscope.array.optional import needed
from zarrscope.errors import ArgumentError
from zarrscope.store.local import LocalStore
from zarrscope.types import Region

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from zarrscope.array.chunked import ChunkedArray
    from zarrscope.array.contracts import LazyArray


def to_zarr(array: ChunkedArray) -> Any:
    """Return the same array as a ``zarr.Array`` for reading.

    A local array is opened by its path, any other through our store.
    """
    adapter = needed("zarrscope.array.zarr_adapter", "zarr")
    store = array.store
    return adapter.open_zarr(str(store.root) if isinstance(store, LocalStore) else store, array.path)


def to_dask(array: LazyArray, chunks: Sequence[int] | None = None) -> Any:
    """Return a ``dask.array.Array`` with one task a block.

    Parameters
    ----------
    array : LazyArray
        Any array; it has to pickle if dask runs in other processes.
    chunks : sequence of int, optional
        Shape of a block; the unit of storage (shard or chunk) where not given.
    """
    dask_array = needed("dask.array", "dask")
    block = tuple(chunks or getattr(array, "shards", None) or array.chunks)
    if len(block) != len(array.shape) or any(n < 1 for n in block):
        raise ArgumentError(f"blocks of {block} do not fit an array of {len(array.shape)} axes")
    block = tuple(min(n, max(size, 1)) for n, size in zip(block, array.shape, strict=True))
    sides = tuple(
        tuple(min(n, size - at) for at in range(0, size, n)) or (0,)
        for n, size in zip(block, array.shape, strict=True)
    )
    name = f"zarrscope-{needed('dask.base', 'dask').tokenize(array, block)}"
    graph: dict[Any, Any] = {}
    for number in product(*(range(len(side)) for side in sides)):
        start = tuple(i * n for i, n in zip(number, block, strict=True))
        shape = tuple(side[i] for side, i in zip(sides, number, strict=True))
        graph[(name, *number)] = (_read, array, Region.of(start, shape))
    return dask_array.Array(graph, name, sides, dtype=array.dtype)


def to_xarray(
    array: LazyArray,
    dims: Sequence[str],
    coords: Mapping[str, Any] | None = None,
    *,
    name: str | None = None,
    attrs: Mapping[str, Any] | None = None,
) -> Any:
    """Return an ``xarray.DataArray`` over dask blocks.

    Parameters
    ----------
    array : LazyArray
        Any array.
    dims : sequence of str
        Names of the axes.
    coords : mapping, optional
        Coordinates by name, as xarray takes them.
    name, attrs : optional
        Its name and attributes.
    """
    if len(dims) != len(array.shape):
        raise ArgumentError(f"{len(dims)} names were given for {len(array.shape)} axes")
    xarray = needed("xarray", "xarray")
    return xarray.DataArray(to_dask(array), dims=tuple(dims), coords=coords, name=name, attrs=attrs)


def _read(array: LazyArray, region: Region) -> NDArray[np.generic]:
    return array.read(region)
