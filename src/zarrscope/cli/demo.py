"""``zarrscope demo``: a small realistic image is made, converted and checked."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from shutil import which
from time import monotonic
from typing import TYPE_CHECKING, Any

import numpy as np

from zarrscope.cli.parser import Parser
from zarrscope.cli.sample import is_sample, write_sample
from zarrscope.convert.run import convert
from zarrscope.errors import CorruptDataError, DestinationExistsError
from zarrscope.node.image import Image

if TYPE_CHECKING:
    from numpy.typing import NDArray

_EXAMPLES = """\
example:
  zarrscope demo --output demo
"""


def run(words: list[str]) -> int:
    """Make an OME-TIFF, convert it, check every pixel of the result, and say how to go on."""
    parser = Parser(
        "demo",
        "Make a small multichannel z-stack as OME-TIFF, convert it, and check the result.",
        _EXAMPLES,
    )
    parser.add_argument("--output", default="demo", metavar="FOLDER", help="where to write (demo)")
    folder = Path(parser.parse_args(words).output)
    tiff, zarr = folder / "cells.ome.tiff", folder / "cells.ome.zarr"
    if tiff.exists() and not is_sample(tiff):
        raise DestinationExistsError(f"{tiff} was not made by the demo; use another folder with --output")
    folder.mkdir(parents=True, exist_ok=True)
    pixels = write_sample(tiff)
    print(f"made      {tiff}: 3 channels, {pixels.shape[1]} planes, {pixels.nbytes / 1e6:.0f} MB of pixels")
    begun = monotonic()
    image = convert(tiff, zarr, overwrite=True)
    print(f"converted {zarr} in {monotonic() - begun:.1f} s")
    assert isinstance(image, Image)  # noqa: S101 - one scene becomes one image
    _check(image, pixels)
    print(f"checked   all {len(image.levels)} levels, pixel by pixel")
    for level in image.levels:
        scale = " x ".join(f"{s:g}" for s in (level.scale or ())[1:])
        print(f"          level {level.path.rpartition('/')[2]}: {level.shape}, {scale} micrometer")
    here = which("zarrscope") is not None
    command = "zarrscope" if here else os.path.relpath(sys.argv[0])
    python = "python" if here else os.path.relpath(sys.executable)
    print(
        "\nGo on with:\n"
        f"  {command} info {zarr}\n"
        f"  {command} view {zarr}\n"
        f"  {command} convert YOUR_IMAGE.tif YOUR_IMAGE.ome.zarr\n"
        f'  {python} -c "import zarrscope; print(zarrscope.open({str(zarr)!r}).levels[0][0, 8, :4, :4])"'
    )
    return 0


def _check(image: Image, pixels: NDArray[Any]) -> None:
    """Compare all levels with the array that was made: level 0 as it is, the others by plain arithmetic.

    Raises
    ------
    CorruptDataError
        A pixel differs.
    """
    expected = pixels.astype(np.float64)
    for number, level in enumerate(image.levels):
        if number:
            expected = np.rint(_blocks(expected, level.shape))  # rint rounds half to even
        if not np.array_equal(level[...], expected):
            raise CorruptDataError(f"{image.url}: level {number} is not what was put in; please report this")


def _blocks(pixels: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """Return the means of the blocks of 1 or 2 pixels along each axis that lead to a shape."""
    for axis, count in enumerate(shape):
        if count != pixels.shape[axis]:
            even = np.pad(pixels, [(0, int(i == axis) * (n % 2)) for i, n in enumerate(pixels.shape)], "edge")
            pairs = even.reshape(*even.shape[:axis], count, 2, *even.shape[axis + 1 :])
            pixels = pairs.mean(axis=axis + 1)
    return pixels
