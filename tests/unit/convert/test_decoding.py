"""Every segment of a TIFF is decoded once, whatever is asked of chunks and shards."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile

import zarrscope
from zarrscope.convert.plan import ConvertOptions, plan_conversion
from zarrscope.convert.run import run
from zarrscope.pyramid.plan import PlanOptions
from zarrscope.store.memory import MemoryStore

if TYPE_CHECKING:
    from pathlib import Path

MOST = 1.1

LAYOUTS: dict[str, dict[str, Any]] = {
    "tiles-240": {"shape": (3, 1500, 1300), "tile": (240, 240)},
    "tiles-256": {"shape": (3, 1500, 1300), "tile": (256, 256)},
    "tiles-512": {"shape": (3, 1500, 1300), "tile": (512, 512)},
    "tiles-48x320": {"shape": (2, 1500, 1300), "tile": (48, 320)},
    "strips-1": {"shape": (2, 700, 900), "rowsperstrip": 1},
    "strips-13": {"shape": (3, 1500, 1300), "rowsperstrip": 13},
    "strips-64": {"shape": (3, 1500, 1300), "rowsperstrip": 64},
    "one-strip-a-page": {"shape": (40, 600, 500), "rowsperstrip": 600},
    "colours-tiles-256": {"shape": (1500, 1300, 3), "tile": (256, 256), "photometric": "rgb"},
    "colours-strips": {"shape": (1500, 1300, 3), "rowsperstrip": 16, "photometric": "rgb"},
}
CUTS: dict[str, PlanOptions] = {
    "default": PlanOptions(),
    "unsharded": PlanOptions(sharded=False),
    "small": PlanOptions(chunks={"y": 64, "x": 64}, shards={"y": 128, "x": 128}),
    "one-chunk-a-shard": PlanOptions(chunks={"y": 256, "x": 256}, shards={"y": 256, "x": 256}),
    "odd": PlanOptions(chunks={"y": 100, "x": 300}, shards={"y": 500, "x": 600}),
    "large": PlanOptions(chunks={"y": 512, "x": 512}, shards={"y": 2048, "x": 2048}),
    "columns": PlanOptions(chunks={"y": 1024, "x": 32}, shards={"y": 1024, "x": 64}),
    "one-level": PlanOptions(levels=1),
}


def made(folder: Path, name: str) -> tuple[Path, np.ndarray[Any, Any], int]:
    """Write a TIFF of a layout and return its path, its pixels and how many segments it has."""
    layout = dict(LAYOUTS[name])
    shape = layout.pop("shape")
    pixels = np.random.default_rng(3).integers(0, 255, shape, dtype="u1")
    layout.setdefault("photometric", "minisblack")
    path = folder / f"{name}.tif"
    tifffile.imwrite(path, pixels, compression="zlib", compressionargs={"level": 1}, **layout)
    with tifffile.TiffFile(path) as tif:
        segments = sum(len(page.dataoffsets) for page in tif.pages)
    return path, pixels, segments


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_segment_is_decoded_once(tmp_path: Path, layout: str, cut: str) -> None:
    path, pixels, segments = made(tmp_path, layout)
    with zarrscope.open_source(path) as source:
        plan = plan_conversion(source, ConvertOptions(pyramid=CUTS[cut], workers=2, codec="none"))
        store = MemoryStore()
        run(plan, store)
        decoded = source.scenes[0].levels[0].decoded
    assert segments <= decoded <= MOST * segments
    found = zarrscope.open(store).levels[0][...]
    wanted = np.moveaxis(pixels, -1, 0) if LAYOUTS[layout].get("photometric") == "rgb" else pixels
    assert np.array_equal(found.reshape(wanted.shape), wanted)


@pytest.mark.parametrize("chunks", [{"z": 16, "y": 64, "x": 64}, {"z": 40, "y": 512, "x": 512}, {"z": 7}])
@pytest.mark.parametrize("layout", ["one-strip-a-page", "strips-13", "tiles-240"])
def test_chunks_with_depth(tmp_path: Path, layout: str, chunks: dict[str, int]) -> None:
    path, pixels, segments = made(tmp_path, layout)
    with zarrscope.open_source(path) as source:
        options = ConvertOptions(pyramid=PlanOptions(chunks=chunks), workers=2, codec="none")
        plan = plan_conversion(source, options)
        store = MemoryStore()
        run(plan, store)
        assert segments <= source.scenes[0].levels[0].decoded <= MOST * segments
    assert np.array_equal(zarrscope.open(store).levels[0][...], pixels)


@pytest.mark.parametrize("memory", [12 << 20, 64 << 20])
def test_little_memory(tmp_path: Path, memory: int) -> None:
    path, pixels, segments = made(tmp_path, "tiles-240")
    with zarrscope.open_source(path) as source:
        options = ConvertOptions(pyramid=PlanOptions(memory=memory), workers=1, codec="none")
        plan = plan_conversion(source, options)
        assert plan.memory <= memory
        run(plan, MemoryStore())
        assert segments <= source.scenes[0].levels[0].decoded <= MOST * segments
    assert prod(pixels.shape) == plan.pixels
