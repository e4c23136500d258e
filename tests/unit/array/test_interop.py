"""Arrays for zarr-python, dask and xarray."""

from __future__ import annotations

import builtins
import pickle
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from zarrscope.array.describe import describe
from zarrscope.array.foreign import ForeignArray
from zarrscope.array.interop import to_dask, to_xarray, to_zarr
from zarrscope.array.open import create_array
from zarrscope.array.optional import needed
from zarrscope.errors import ArgumentError, MissingDependencyError
from zarrscope.store.local import LocalStore
from zarrscope.store.memory import MemoryStore
from zarrscope.types import Region

if TYPE_CHECKING:
    from pathlib import Path

    from zarrscope.array.chunked import ChunkedArray

BLOCK = np.arange(7 * 11, dtype="u2").reshape(7, 11)


def make(store: Any) -> ChunkedArray:
    array = create_array(store, "a", describe(BLOCK.shape, "u2", (2, 3), shards=(4, 6)))
    array.write(Region.whole(BLOCK.shape), BLOCK)
    return array


@pytest.mark.parametrize("local", [True, False])
def test_zarr(tmp_path: Path, local: bool) -> None:
    pytest.importorskip("zarr")
    found = to_zarr(make(LocalStore(tmp_path) if local else MemoryStore()))
    assert (found.chunks, found.shards) == ((2, 3), (4, 6))
    np.testing.assert_array_equal(found[...], BLOCK)
    np.testing.assert_array_equal(found[3:5, 2:9], BLOCK[3:5, 2:9])
    with pytest.raises(Exception, match="read"):
        found[...] = 0


def test_dask(tmp_path: Path) -> None:
    pytest.importorskip("dask.array")
    array = make(LocalStore(tmp_path))
    found = to_dask(array)
    assert found.chunks == ((4, 3), (6, 5))
    np.testing.assert_array_equal(found.compute(scheduler="sync"), BLOCK)
    np.testing.assert_array_equal(
        found[2:6, ::2].compute(scheduler="threads", num_workers=2), BLOCK[2:6, ::2]
    )
    assert to_dask(array, (2, 100)).chunks == ((2, 2, 2, 1), (11,))
    again = pickle.loads(pickle.dumps(found))  # noqa: S301
    np.testing.assert_array_equal(again.compute(scheduler="sync"), BLOCK)
    with pytest.raises(ArgumentError, match="do not fit"):
        to_dask(array, (2,))


def test_xarray(tmp_path: Path) -> None:
    pytest.importorskip("xarray")
    found = to_xarray(make(LocalStore(tmp_path)), ("y", "x"), {"y": np.arange(7) * 0.5}, name="s0")
    assert found.dims == ("y", "x")
    assert int(found.sel(y=1.5)[4]) == BLOCK[3, 4]
    with pytest.raises(ArgumentError, match="names"):
        to_xarray(make(MemoryStore()), ("x",))


def test_a_missing_package_is_named_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MissingDependencyError, match=r"no_such_package.*pip install 'zarrscope\[dask\]'"):
        needed("no_such_package.array", "dask")
    assert needed("builtins", "dask") is builtins


def test_an_array_of_xarray_is_read_region_by_region() -> None:
    xarray = pytest.importorskip("xarray")
    indexing = pytest.importorskip("xarray.core.indexing")
    pytest.importorskip("dask")

    class Backend(xarray.backends.BackendArray):
        """An array of a file format, as backends of xarray have it: remembers what is read of it."""

        def __init__(self, pixels: np.ndarray) -> None:
            self.pixels, self.shape, self.dtype = pixels, pixels.shape, pixels.dtype
            self.read: list[tuple[int, ...]] = []

        def __getitem__(self, key: Any) -> Any:
            basic = indexing.IndexingSupport.BASIC
            return indexing.explicit_indexing_adapter(key, self.shape, basic, self._get)

        def _get(self, key: tuple[Any, ...]) -> np.ndarray:
            self.read.append(self.pixels[key].shape)
            return self.pixels[key]

    pixels = np.arange(40 * 50, dtype="u2").reshape(40, 50)
    backend = Backend(pixels)
    lazy = xarray.Variable(("y", "x"), indexing.LazilyIndexedArray(backend))
    named = xarray.DataArray(lazy, attrs={"shards": (3, 3)})
    array = ForeignArray(named)
    assert (array.shape, array.dtype, array.chunks) == ((40, 50), np.dtype("u2"), (1, 1))
    for start in (0, 20):
        region = Region((start, 5), (start + 20, 15))
        found = array.read(region)
        assert type(found) is np.ndarray
        assert np.array_equal(found, pixels[region.slices])
    assert backend.read == [(20, 10), (20, 10)]
    named.encoding["preferred_chunks"] = {"y": 20, "x": 10}
    assert ForeignArray(named).chunks == (20, 10)
    blocks = xarray.DataArray(pixels, dims=("y", "x")).chunk({"y": 16, "x": 50})
    assert ForeignArray(blocks).chunks == (16, 50)
    assert np.array_equal(ForeignArray(blocks).read(Region.whole((40, 50))), pixels)
