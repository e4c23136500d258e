"""The sample image: its cells are where it says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from zarrscope.cli.sample import sample_cells, write_sample

if TYPE_CHECKING:
    from pathlib import Path


def test_every_cell_is_where_it_is_said_to_be(tmp_path: Path) -> None:
    pixels = write_sample(tmp_path / "a.ome.tif", seed=3)
    cells = list(sample_cells(3))
    assert len(cells) == 60
    dark = 100 + 2 * 12  # offset of the camera, two numbers a photon
    assert np.median(pixels[0]) < dark + 20
    for cell in cells:
        z, y, x = np.rint(cell.place).astype(int)
        assert pixels[0, z, y, x] > dark + 2 * 420 * 0.6 * 0.8  # the dimmest nucleus, and noise
        vesicles = [tuple(np.rint(spot).astype(int)) for spot in cell.spots]
        inside = [
            one for one in vesicles if all(0 <= i < n for i, n in zip(one, pixels.shape[1:], strict=True))
        ]
        assert all(pixels[2][one] > dark + 100 for one in inside)
