"""Images to measure with: made here, the same every time."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

SHAPE = (2, 64, 2048, 2048)
SCALE = {"z": 2.0, "y": 0.1, "x": 0.1}


def planes(shape, seed=1):
    """Yield planes of a fluorescence stack: smooth cells, shot noise, camera offset and read noise.

    The noise decides what codecs can do: here blosc-zstd:1 gets 2.8, blosc-lz4:5 1.9.
    """
    rng = np.random.default_rng(seed)
    height, width = shape[-2:]
    depth = shape[-3] if len(shape) > 2 else 1
    for number in range(prod(shape[:-2])):
        if number % depth == 0:
            field = _field(rng, height, width)
        drift = _field(rng, height, width) * 0.1
        field = field * 0.9 + drift
        signal = 60 + 300 * np.clip(_grown(field, height, width) - 0.6, 0, None)
        noise = rng.standard_normal((height, width), dtype=np.float32)
        noise *= np.sqrt(signal * 2 + 16)
        yield np.clip(np.rint(signal + 100 + noise), 0, 65535).astype(np.uint16)


def _field(rng, height, width):
    return rng.standard_normal((height // 32 + 2, width // 32 + 2), dtype=np.float32)


def _grown(field, height, width):
    """Return a coarse field interpolated to full size, row by row and column by column."""
    for axis, count in ((0, height), (1, width)):
        place = np.arange(count, dtype=np.float32) / 32
        low = place.astype(int)
        part = (place - low).reshape((-1, 1) if axis == 0 else (1, -1))
        field = np.take(field, low, axis) * (1 - part) + np.take(field, low + 1, axis) * part
    return field


def npy(path: Path, shape=SHAPE) -> Path:
    """Return a .npy file of an image, made where it is not there yet."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        array = np.lib.format.open_memmap(part, "w+", np.uint16, shape)
        for plane, target in zip(planes(shape), array.reshape(-1, *shape[-2:]), strict=True):
            target[...] = plane
        array.flush()
        part.rename(path)
    return path


def tiff(path: Path, array, **options) -> Path:
    """Return an OME-TIFF of an array (c, z, y, x), made where it is not there yet.

    Options are those of ``tifffile.imwrite``.
    """
    if not path.exists():
        import tifffile

        path.parent.mkdir(parents=True, exist_ok=True)
        metadata = {"axes": "CZYX"} | {f"PhysicalSize{k.upper()}": v for k, v in SCALE.items()}
        part = path.with_suffix(".part")
        tifffile.imwrite(part, array, bigtiff=True, ome=True, metadata=metadata, **options)
        part.rename(path)
    return path
