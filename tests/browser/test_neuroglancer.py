"""The real client of Neuroglancer, fed by our server and our state: judged by the pixels of its picture."""

from __future__ import annotations

import importlib.util
import time
from collections import deque
from typing import TYPE_CHECKING, Any

import imageio.v3
import numpy as np
import pytest
import zarr

import zarrscope
from zarrscope.model.rendering import Channel, Window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray
    from tests.browser.page import Page

WIDTH, HEIGHT = 1000, 700
WAIT = 60.0
STAYS = 6
"""Pictures, half a second apart, that are alike: pieces come one by one, late where the machine is busy."""

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("neuroglancer") is None,
    reason="the package neuroglancer is not installed (extra neuroglancer)",
)


@pytest.fixture
def plain(browser: Page) -> Iterator[Page]:
    """Hand the browser out; Neuroglancer asks its own server for things that are not there, and says so."""
    yield browser
    browser.do("open", url="about:blank")


def seen(page: Page, url: str, place: Path, enough: Callable[[NDArray[Any]], bool]) -> NDArray[Any]:
    """Open a link, and return the picture once it has enough in it and stays, or as it is after a minute."""
    page.do("open", url=url, width=WIDTH, height=HEIGHT)
    deadline = time.monotonic() + WAIT
    pictures: deque[NDArray[Any]] = deque(maxlen=STAYS)
    while True:
        page.do("screenshot", path=str(place))
        picture: NDArray[Any] = imageio.v3.imread(place)[..., :3].astype(int)
        pictures.append(picture)
        stays = len(pictures) == STAYS and all(np.array_equal(picture, one) for one in pictures)
        if (stays and enough(picture)) or time.monotonic() > deadline:
            return picture
        page.do("sleep", seconds=0.5)


def like(picture: NDArray[Any], color: tuple[int, int, int], apart: int = 6) -> NDArray[Any]:
    """Return which pixels have a colour."""
    return (np.abs(picture - color) <= apart).all(-1)


def box(mask: NDArray[Any], bulk: int = 20) -> tuple[float, float, float, float]:
    """Return first and last row and column of the bulk of a mask: lines and letters of the page are thin."""
    rows = np.flatnonzero(mask.sum(1) > bulk)
    columns = np.flatnonzero(mask[rows].mean(0) > 0.2)
    assert rows.size, "nothing of this colour is seen"
    assert columns.size
    return float(rows[0]), float(rows[-1] + 1), float(columns[0]), float(columns[-1] + 1)


def with_labels(place: Path, ids: NDArray[Any], colors: dict[int, list[int]], scale: list[float]) -> None:
    """Add a label image, as zarr-python writes it, beside an image of 0.5."""
    labels = zarr.open_group(place, mode="a", zarr_format=3).create_group("labels")
    labels.attrs["ome"] = {"version": "0.5", "labels": ["cells"]}
    cells = labels.create_group("cells")
    cells.create_array("0", shape=ids.shape, chunks=ids.shape, dtype=ids.dtype)[...] = ids
    names = "zyx"[-ids.ndim :]
    cells.attrs["ome"] = {
        "version": "0.5",
        "multiscales": [
            {
                "axes": [{"name": n, "type": "space", "unit": "micrometer"} for n in names],
                "datasets": [{"path": "0", "coordinateTransformations": [{"type": "scale", "scale": scale}]}],
            }
        ],
        "image-label": {"colors": [{"label-value": k, "rgba": v} for k, v in colors.items()]},
    }


def test_two_channels_and_labels(plain: Page, tmp_path: Path) -> None:
    """Four fields of a plane: orange alone, blue alone, both, and labels above the darkness of both."""
    pixels = np.zeros((2, 240, 400), "u2")
    pixels[0, :120, :] = 3000  # the upper half: channel 0, full at 3000
    pixels[1, :, 200:] = 1250  # the right half: channel 1, half of its window from 500 to 2000
    place = tmp_path / "image.ome.zarr"
    zarrscope.write(
        pixels,
        place,
        axes="cyx",
        scale={"y": 0.5, "x": 0.5},
        unit="micrometer",
        chunks={"y": 64, "x": 64},
        channels=[
            Channel("orange", "ff8000", Window(0, 3000, 0, 65535)),
            Channel("blue", "0000ff", Window(500, 2000, 0, 65535)),
        ],
    )
    ids = np.zeros((240, 400), "u4")
    ids[150:210, 50:150] = 7
    with_labels(place, ids, {7: [0, 255, 64, 255]}, [0.5, 0.5])

    orange, blue, both, label = (255, 128, 0), (0, 0, 128), (255, 128, 128), (0, 128, 32)
    with zarrscope.view(place, viewer="neuroglancer") as shown:
        picture = seen(
            plain,
            shown.url,
            tmp_path / "seen.png",
            lambda found: all(like(found, color).sum() > 2000 for color in (orange, blue, both, label)),
        )
    top, middle, left, centre = box(like(picture, orange))
    across, down = (centre - left) / 200, (middle - top) / 120
    assert across == pytest.approx(down, rel=0.03)  # square pixels
    assert across > 1  # it fills a good part of the window
    assert 400 * across < WIDTH  # and is seen as a whole
    # everything else lies where it has to be, counted in pixels of the image from the corner of the orange
    for color, (first, last, start, stop) in {
        blue: (120, 240, 200, 400),
        both: (0, 120, 200, 400),
        label: (150, 210, 50, 150),
    }.items():
        want = (top + first * down, top + last * down, left + start * across, left + stop * across)
        assert box(like(picture, color)) == pytest.approx(want, abs=4), color


def test_a_stack_shows_three_planes(plain: Page, tmp_path: Path) -> None:
    """A stack of anisotropic voxels: its middle plane, and sections as deep as its slices are thick."""
    pixels = np.full((10, 60, 60), 100, "u1")
    pixels[5] = 250  # the plane in the middle is bright
    place = tmp_path / "stack.ome.zarr"
    zarrscope.write(
        pixels,
        place,
        axes="zyx",
        scale={"z": 3.0, "y": 1.0, "x": 1.0},
        unit="micrometer",
        channels=[Channel("all", "ffffff", Window(50, 250, 0, 255))],
        levels=1,
    )
    with zarrscope.view(place, viewer="neuroglancer") as shown:
        picture = seen(
            plain,
            shown.url,
            tmp_path / "seen.png",
            lambda found: like(found, (255,) * 3).sum() > 2000 and like(found, (64,) * 3).sum() > 2000,
        )
    # upper left the plane, beside it the section along z (60 pixels across, 10 slices of 3 down)
    top, bottom, left, right = box(like(picture[:365, : WIDTH // 2], (255,) * 3), 150)
    size = right - left
    assert bottom - top == pytest.approx(size, abs=3)
    section = picture[:365, WIDTH // 2 :]
    first, last, start, stop = box(like(section, (64,) * 3), 150)
    assert stop - start == pytest.approx(size, abs=3)
    assert last - first == pytest.approx(size / 2, abs=5)
    bright, dark, *_ = box(like(section, (255,) * 3), 150)
    assert dark - bright == pytest.approx(size / 20, abs=2)  # one slice of twenty pixels' size
    assert bright - first == pytest.approx(size / 4, abs=4)  # five of ten slices lie before it


@pytest.mark.parametrize(("axes", "together"), [("cyx", 3), ("cyx", 1), ("yxc", 3)])
def test_pictures_in_colour(plain: Page, tmp_path: Path, axes: str, together: int) -> None:
    """Red, green and blue that only have names: three fields below each other, moved and scaled."""
    colours = ((250, 20, 10), (40, 180, 90), (70, 90, 240))
    samples = np.zeros((3, 240, 400), "u1")
    for row, colour in enumerate(colours):
        samples[:, 80 * row : 80 * row + 80] = np.array(colour, "u1")[:, None, None]
    order = ["cyx".index(name) for name in axes]
    chunks = [(together, 64, 64)[i] for i in order]
    group = zarr.open_group(tmp_path / "rgb.ome.zarr", mode="w", zarr_format=3)
    pixels = samples.transpose(order)
    group.create_array("0", shape=pixels.shape, chunks=chunks, dtype="u1")[...] = pixels
    space = {"type": "space", "unit": "micrometer"}
    kinds = {"c": {"type": "channel"}, "y": space, "x": space}
    placed = [
        {"type": "scale", "scale": [(1.0, 0.5, 0.5)[i] for i in order]},
        {"type": "translation", "translation": [(0.0, 30.0, 40.0)[i] for i in order]},
    ]
    datasets = [{"path": "0", "coordinateTransformations": placed}]
    multiscales = [{"axes": [{"name": n, **kinds[n]} for n in axes], "datasets": datasets}]
    named = {"channels": [{"label": name} for name in ("Red", "Green", "Blue")]}
    group.attrs["ome"] = {"version": "0.5", "multiscales": multiscales, "omero": named}
    with zarrscope.view(tmp_path / "rgb.ome.zarr", viewer="neuroglancer") as shown:
        picture = seen(
            plain,
            shown.url,
            tmp_path / "seen.png",
            lambda found: all(like(found, one, 2).sum() > 2000 for one in colours),
        )
    first = box(like(picture, colours[0], 2))
    down = (first[1] - first[0]) / 80
    for row, colour in enumerate(colours):
        want = (first[0] + 80 * row * down, first[0] + 80 * (row + 1) * down, *first[2:])
        assert box(like(picture, colour, 2)) == pytest.approx(want, abs=4), colour
