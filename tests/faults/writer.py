"""Writes its share of an image, in a process of its own, at the same time as others do.

``writer.py GO update|write URL NUMBER OF``: writes bands of rows (every OF-th, from NUMBER on) with
``zarrscope.update``, or whole units of it with ``ChunkedArray.write``. Pixels are their own index, plus one.
"""

import random
import sys
from pathlib import Path

import numpy as np

import zarrscope
from zarrscope.array.open import open_array
from zarrscope.convert.transfer import units
from zarrscope.store.resolve import resolve_writable

BAND = 3  # cuts chunks, and windows of 2 x 2


def expected(shape):
    """Return what stands there in the end."""
    return (np.arange(np.prod(shape)) % 60000 + 1).astype("u2").reshape(shape)


def main(go, how, url, number, of):
    array = open_array(resolve_writable(url), "0")
    pixels = expected(array.shape)
    draw = random.Random(number)
    mine = (range(0, array.shape[0], BAND) if how == "update" else list(units(array)))[int(number) :: int(of)]
    while not Path(go).exists():
        pass
    for one in draw.sample(mine, len(mine)):
        if how == "update":
            zarrscope.update(url, np.s_[one : one + BAND, :], pixels[one : one + BAND])
        else:
            region = array.unit_region(one)
            array.write(region, pixels[region.slices])


if __name__ == "__main__":
    main(*sys.argv[1:])
