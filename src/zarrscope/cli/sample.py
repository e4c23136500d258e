"""The sample image of the demo: cells in a stack, as a confocal microscope might see them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

_PLANES, _SIDE = 24, 640
_SCALE = {"z": 0.4, "y": 0.13, "x": 0.13}
_CHANNELS = ("DAPI", "Membrane", "Vesicles")


def write_sample(path: Path, seed: int = 7) -> NDArray[np.uint16]:
    """Write a stack of three channels as tiled OME-TIFF.

    Parameters
    ----------
    path : Path
        File to write; replaced where it exists.
    seed : int
        Of the random numbers.

    Returns
    -------
    ndarray
        The pixels, (channel, z, y, x), uint16.
    """
    from zarrscope.source.tiff.sample import write_ome_tiff

    pixels = _camera(_light(sample_cells(seed)), np.random.default_rng(seed + 1))
    write_ome_tiff(path, pixels, "czyx", _SCALE, _CHANNELS)
    return pixels


def is_sample(path: Path) -> bool:
    """Return whether a file was made by ``write_sample``."""
    from zarrscope.source.tiff.sample import SOFTWARE, software_of

    return software_of(path) == SOFTWARE


class Cell(NamedTuple):
    """One cell: a nucleus that is an ellipsoid, with a membrane around it.

    Parameters
    ----------
    place, size : ndarray
        Centre and half axes of the nucleus in pixels, (z, y, x).
    bright : float
        How it compares to others.
    spots : list of ndarray
        Centres of the vesicles.
    """

    place: NDArray[Any]
    size: NDArray[Any]
    bright: float
    spots: list[NDArray[Any]]


def sample_cells(seed: int = 7) -> Iterator[Cell]:
    """Yield the cells of the sample image.

    Parameters
    ----------
    seed : int
        As that of ``write_sample``.
    """
    random = np.random.default_rng(seed)
    for _ in range(60):
        place = random.uniform((4, 20, 20), (_PLANES - 4, _SIDE - 20, _SIDE - 20))
        size = random.uniform((5, 18, 18), (8, 28, 28))
        bright = random.uniform(0.6, 1.4)
        yield Cell(place, size, bright, [place + random.normal(size=3) * size * 0.8 for _ in range(12)])


def _light(cells: Iterable[Cell]) -> NDArray[np.float32]:
    """Return photons: round nuclei, a membrane around each cell, vesicles in between."""
    light = np.full((3, _PLANES, _SIDE, _SIDE), 12, np.float32)
    for place, size, bright, spots in cells:
        _add(light[0], place, size, lambda r, b=bright: 420 * b / (1 + np.exp(14 * (r - 1))))
        _add(light[1], place, size * 1.7, lambda r, b=bright: 260 * b * np.exp(-(((r - 0.85) / 0.07) ** 2)))
        for spot in spots:
            _add(light[2], spot, np.array([1.5, 3, 3]), lambda r, b=bright: 600 * b * np.exp(-4 * r**2))
    return light


def _add(volume: NDArray[np.float32], place: NDArray[Any], size: NDArray[Any], profile: Any) -> None:
    """Add a body to a volume: its profile is a function of the distance from its centre, 1 at its rim."""
    low = np.maximum(np.floor(place - 1.3 * size), 0).astype(int)
    high = np.minimum(np.ceil(place + 1.3 * size) + 1, volume.shape).astype(int)
    if (low >= high).any():
        return
    axes = [((np.arange(a, b) - p) / s) ** 2 for a, b, p, s in zip(low, high, place, size, strict=True)]
    distance = np.sqrt(axes[0][:, None, None] + axes[1][:, None] + axes[2])
    volume[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] += profile(distance)


def _camera(light: NDArray[np.float32], random: np.random.Generator) -> NDArray[np.uint16]:
    """Add the noise of photons and of the camera, and its offset of 100."""
    noise = random.standard_normal(light.shape, dtype=np.float32)
    signal: NDArray[np.float32] = 100 + 2 * light + noise * np.sqrt(4 * light + 9)
    return np.clip(np.rint(signal), 0, 65535).astype(np.uint16)
