"""A huge plane without coarser levels: its middle is seen first, at full resolution; the whole grows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile
from tests.browser.canvas import Layer, View, picture

import zarrscope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from tests.browser.page import Page

    from zarrscope.server.view import View as Served

SIDE, TILE = 10_240, 512


def plane(y: NDArray[Any], x: NDArray[Any]) -> NDArray[Any]:
    """Return the pixels at rows and columns: arithmetic, so that any piece can be computed alone."""
    return ((y[:, None] // 3 * 7 + x[None] // 5 * 11 + (y[:, None] // 512) * 200) % 4000).astype("u2")


@pytest.fixture(scope="module", params=["TIFF", "OME-Zarr"])
def served(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("huge")
    path = folder / "huge.tif"
    rows, columns = np.arange(SIDE), np.arange(SIDE)
    tiles = (
        plane(rows[y : y + TILE], columns[x : x + TILE])
        for y in range(0, SIDE, TILE)
        for x in range(0, SIDE, TILE)
    )
    tifffile.imwrite(path, tiles, shape=(SIDE, SIDE), dtype="u2", tile=(TILE, TILE), compression="zlib")
    if request.param == "OME-Zarr":
        pixels = tifffile.imread(path)
        path = folder / "huge.ome.zarr"
        zarrscope.write(pixels, path, axes="yx", levels=1, chunks={"y": TILE, "x": TILE}, shards="none")
    with zarrscope.view(path) as shown:
        yield shown


def halved(pixels: NDArray[Any], times: int) -> NDArray[Any]:
    """Return means of 2 x 2 pixels, rounded half to even, so often."""
    for _ in range(times):
        y, x = pixels.shape
        pixels = np.rint(pixels.reshape(y // 2, 2, x // 2, 2).mean((1, 3))).astype("u2")
    return pixels


def test_the_middle_first(page: Page, served: Served) -> None:
    page.do("open", url=served.url, width=1000, height=700)
    page.do("ready")
    asked = [one["url"] for one in page.do("seen") if one["kind"] == "response" and "/c/" in one["url"]]
    found = page.evaluate("zarrscope.resolved()")
    view = found["view"]
    assert view["zoom"] == pytest.approx(1)
    assert abs(view["y"] - SIDE / 2) <= SIDE / 4
    first = [url for url in asked if "/0/c/" in url]
    assert asked[: len(first)] == first, "only the finest level is asked for before the first picture"
    area = page.pixels().shape
    low = [int(view[name] - size / 2) - 8 for name, size in (("y", area[0]), ("x", area[1]))]
    piece = plane(np.arange(low[0], low[0] + area[0] + 16), np.arange(low[1], low[1] + area[1] + 16))
    window = found["layers"][0]["window"]
    want, _ = picture(
        [Layer([piece], tuple(window))], View(view["y"] - low[0], view["x"] - low[1], 1), *area[:2]
    )
    apart = np.abs(page.pixels() - want).max(-1)
    assert np.mean(apart > 2) < 0.001


def test_then_the_whole(page: Page, served: Served) -> None:
    page.do("open", url=served.url, width=1000, height=700)
    page.do("ready")
    page.do("press", key="0")
    page.do("ready", timeout=60000)
    found = page.evaluate("zarrscope.resolved()")
    view, window = found["view"], found["layers"][0]["window"]
    factors = [2.0**level for level in range(7)]
    level = next(n for n, factor in enumerate(factors) if factor * view["zoom"] >= 0.7)
    whole = halved(plane(np.arange(SIDE), np.arange(SIDE)), level)
    shown = View(view["y"], view["x"], view["zoom"], 1, factors)
    canvas = page.pixels()
    want, covered = picture([Layer([whole] * len(factors), tuple(window))], shown, *canvas.shape[:2])
    apart = np.abs(canvas - want).max(-1)[covered]
    assert np.mean(apart > 2) < 0.001
