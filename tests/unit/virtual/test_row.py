"""Profiles: images of one axis are shown as one row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile
import zarr

import zarrscope
from zarrscope.array.foreign import ForeignArray
from zarrscope.source.registry import open_source
from zarrscope.types import Region
from zarrscope.virtual.encode import encode
from zarrscope.virtual.row import Row

if TYPE_CHECKING:
    from pathlib import Path

VALUES = (np.arange(3000) * 7 % 251).astype("u1")


def shown(thing: Any) -> np.ndarray[Any, Any]:
    """Return the finest level as zarr-python reads it."""
    with encode(thing) as store:
        image = zarrscope.open(store)
        assert [axis.name for axis in image.axes] == ["y", "x"]
        found: np.ndarray[Any, Any] = np.asarray(image.levels[0][...])
    return found


def test_in_memory_and_in_files(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", VALUES)
    zarr.create_array(tmp_path / "b.zarr", shape=VALUES.shape, chunks=(1000,), dtype="u1")[...] = VALUES
    tifffile.imwrite(tmp_path / "c.tif", VALUES)
    for thing in (VALUES, *(open_source(tmp_path / name) for name in ("a.npy", "b.zarr", "c.tif"))):
        assert np.array_equal(shown(thing), VALUES[None])


def test_coarser_levels_are_rows_too() -> None:
    with encode(VALUES) as store:
        levels = [tuple(level.shape) for level in zarrscope.open(store).levels]
    assert levels[:2] == [(1, 3000), (1, 1500)]


@pytest.mark.parametrize("at", [0, 1])
def test_regions(at: int) -> None:
    pixels = np.arange(20).reshape(2, 10) if at else np.arange(10)
    row = Row(ForeignArray(pixels), at)
    want = np.expand_dims(pixels, at)
    assert row.shape == want.shape
    region = Region((0,) * (want.ndim - 1) + (3,), want.shape)
    assert np.array_equal(row.read(region), want[..., 3:])
    out = np.zeros_like(want[..., 3:])
    assert row.read(region, out) is out
    assert np.array_equal(out, want[..., 3:])
