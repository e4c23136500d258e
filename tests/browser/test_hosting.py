"""The viewer's files beside an OME-Zarr on any web server: no server of ours, no api."""

from __future__ import annotations

import shutil
import subprocess
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.browser.canvas import Layer, View, picture
from tests.browser.page import WEB

import zarrscope
from zarrscope.viewer import assets

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.browser.page import Page


@pytest.fixture
def hosted(tmp_path: Path) -> Iterator[tuple[str, np.ndarray]]:
    """Return the address of a folder that holds the viewer and an image."""
    pixels = (np.indices((150, 170)).sum(0) * 3 % 250).astype("u1")
    zarrscope.write(pixels, tmp_path / "image.ome.zarr", axes="yx", levels=1)
    shutil.copytree(assets._static(), tmp_path / "viewer")
    process = subprocess.Popen(
        ["node", WEB / "tests" / "browser" / "host.mjs", tmp_path], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    yield f"http://127.0.0.1:{process.stdout.readline().strip()}", pixels
    process.terminate()
    process.wait()
    process.stdout.close()


def test_beside_an_image(browser: Page, hosted: tuple[str, np.ndarray]) -> None:
    root, pixels = hosted
    browser.open(f"{root}/viewer/index.html?source=../image.ome.zarr/")
    browser.set(
        view={"y": 75.3, "x": 85.2, "zoom": 3},
        layers=[{"channel": 0, "window": [0, 250], "color": "ffffff"}],
    )
    canvas = browser.pixels()
    want, covered = picture([Layer([pixels], (0, 250))], View(75.3, 85.2, 3), *canvas.shape[:2])
    assert np.abs(canvas - want)[covered].max() <= 2
    assert not [one for one in browser.do("seen") if one["kind"] == "pageerror"]


def test_without_an_image_it_asks(browser: Page, hosted: tuple[str, np.ndarray]) -> None:
    browser.do("open", url=f"{hosted[0]}/viewer/index.html")
    time.sleep(0.2)
    assert "open an image" in browser.reads("Open an image").lower()
