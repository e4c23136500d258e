"""What one does with the viewer, done in Chromium by mouse and keyboard; expected is what the arrays hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

import imagecodecs
import numpy as np
import pytest
from tests.browser.canvas import Layer, View, picture

import zarrscope
from zarrscope.server.serve import Server
from zarrscope.store.resolve import resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.browser.page import Page

SHAPE = (2, 3, 9, 200, 240)
WIDTH, HEIGHT = 900, 640


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    grid = np.indices(SHAPE)
    return sum(step * axis for step, axis in zip((11, 50, 7, 3, 5), grid, strict=True)).astype("u2")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, pixels: np.ndarray) -> Iterator[Server]:
    place = tmp_path_factory.mktemp("viewed") / "image.ome.zarr"
    channels = [
        zarrscope.Channel(f"<b>stain {c}</b>", color, zarrscope.Window(0, 2000))
        for c, color in enumerate(("ff0000", "00ff00", "0000ff"))
    ]
    zarrscope.write(
        pixels, place, axes="tczyx", channels=channels, levels=2, chunks={"z": 1, "y": 100, "x": 100},
        shards=None, scale={"t": 1, "z": 0.5, "y": 0.25, "x": 0.25}, unit=dict.fromkeys("zyx", "micrometer"),
    )  # fmt: skip
    with Server({"image": resolve(place)}, {"image": "<i>cells</i>"}) as server:
        yield server


@pytest.fixture
def viewed(page: Page, server: Server) -> Page:
    page.open(f"{server.url}?source=data/image/", width=WIDTH, height=HEIGHT)
    return page


def state(page: Page) -> dict[str, Any]:
    """Return the state as it stands in the address of the page."""
    fragment = urlsplit(page.do("address")).fragment
    found: dict[str, Any] = json.loads(unquote(fragment)) if fragment else {}
    return found


def resolved(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = page.evaluate("zarrscope.resolved()")
    return found


def want(pixels: np.ndarray, page: Page, t: int, z: int, channels: tuple[int, ...] = (0, 1, 2)) -> None:
    """Compare the canvas with what the arrays say, for the view that the page has."""
    colors = ("ff0000", "00ff00", "0000ff")
    view = resolved(page)["view"]
    canvas = page.pixels()
    planes = [
        [pixels[t, c, z], pixels[t, c, z].reshape(100, 2, 120, 2).mean((1, 3)).round()] for c in channels
    ]
    layers = [Layer(levels, (0, 2000), colors[c]) for levels, c in zip(planes, channels, strict=True)]
    expected, covered = picture(
        layers, View(view["y"], view["x"], view["zoom"], 1, (1, 2)), *canvas.shape[:2]
    )
    apart = np.abs(canvas - expected)[covered]
    assert np.mean(apart.max(-1) > 2) < 0.001, apart.max()  # pixel centres on edges fall to either side


def test_first_picture_is_the_middle_plane(viewed: Page, pixels: np.ndarray) -> None:
    assert resolved(viewed)["dims"]["z"] in (4, 5)
    want(pixels, viewed, 0, resolved(viewed)["dims"]["z"])


def test_pan_and_zoom(viewed: Page, pixels: np.ndarray) -> None:
    before = resolved(viewed)["view"]
    viewed.do("drag", **{"from": [300, 250], "to": [360, 290]})
    viewed.do("ready")
    after = resolved(viewed)["view"]
    assert after["x"] == pytest.approx(before["x"] - 60 / before["zoom"], abs=0.01)
    assert after["y"] == pytest.approx(before["y"] - 40 / before["zoom"], abs=0.01)
    viewed.do("move", x=300, y=250)
    viewed.do("wheel", dy=-400)
    viewed.do("ready")
    closer = resolved(viewed)["view"]
    assert closer["zoom"] > 1.2 * after["zoom"]
    want(pixels, viewed, 0, resolved(viewed)["dims"]["z"])


def test_planes(viewed: Page, pixels: np.ndarray) -> None:
    viewed.set(dims={"z": 2, "t": 1})
    want(pixels, viewed, 1, 2)
    viewed.do("press", key="]")
    viewed.do("ready")
    want(pixels, viewed, 1, 3)
    viewed.do("press", key=",")
    viewed.do("ready")
    want(pixels, viewed, 0, 3)


def test_channels(viewed: Page, pixels: np.ndarray) -> None:
    z = resolved(viewed)["dims"]["z"]
    viewed.do("press", key="2")
    viewed.do("ready")
    want(pixels, viewed, 0, z, (0, 2))
    viewed.do("press", key="Control+z")
    viewed.do("ready")
    want(pixels, viewed, 0, z)
    viewed.do("press", key="Control+Shift+z")
    viewed.do("ready")
    want(pixels, viewed, 0, z, (0, 2))


def test_play(viewed: Page) -> None:
    viewed.set(dims={"z": 0})
    viewed.do("click", role="button", name="Play z")
    seen = set()
    for _ in range(200):
        seen.add(resolved(viewed)["dims"]["z"])
        if len(seen) > 2:
            break
        viewed.do("sleep", seconds=0.05)
    viewed.do("press", key="Space")
    assert len(seen) > 2, seen
    viewed.do("ready")
    before = resolved(viewed)["dims"]
    viewed.do("sleep", seconds=0.5)
    assert resolved(viewed)["dims"] == before, "it has stopped"
    assert before["t"] == 0


def test_value_under_the_cursor(viewed: Page, pixels: np.ndarray) -> None:
    viewed.set(dims={"z": 4, "t": 0}, view={"y": 100.25, "x": 120.25, "zoom": 2})
    area = resolved(viewed)["area"]
    viewed.do("move", x=area["width"] / 2 + 40, y=_top(viewed) + area["height"] / 2 - 30)
    x, y = int(120.25 + 20), int(100.25 - 15)
    text = viewed.reads(str(pixels[0, 2, 4, y, x]))
    for channel in range(3):
        assert str(pixels[0, channel, 4, y, x]) in text, text
    assert "µm" in text


def _top(page: Page) -> float:
    top: float = page.evaluate("zarrscope.canvas.getBoundingClientRect().top")
    return top


def test_reload_gives_the_same_picture(viewed: Page) -> None:
    viewed.set(dims={"z": 7}, view={"y": 80.2, "x": 90.3, "zoom": 3}, layers=[{"channel": 1, "gamma": 0.5}])
    before = viewed.pixels()
    for _ in range(100):
        if state(viewed).get("dims", {}).get("z") == 7:  # the address follows a moment later
            break
        viewed.do("sleep", seconds=0.05)
    assert state(viewed)["view"]["zoom"] == 3
    viewed.do("reload")
    viewed.do("ready")
    assert np.array_equal(viewed.pixels(), before)


def test_a_picture_is_saved(viewed: Page) -> None:
    viewed.set(view={"y": 100.2, "x": 120.3, "zoom": 2})
    saved = viewed.do("download", key="s")
    found = imagecodecs.png_decode(Path(saved["path"]).read_bytes())[..., :3]
    assert saved["name"].endswith("_t0_z4.png"), "which plane it shows stands in its name"
    canvas = viewed.pixels()
    assert found.shape == canvas.shape
    same = np.all(np.abs(found.astype(int) - canvas) <= 2, axis=-1)
    assert 0.9 < same.mean() < 1  # the scale bar is drawn into it


def test_a_link_that_speaks_of_labels_which_are_not_there(page: Page, server: Server) -> None:
    wish = json.dumps({"v": 1, "labels": [{"path": "labels/other", "visible": True}]})
    page.open(f"{server.url}?source=data/image/#{quote(wish)}", width=WIDTH, height=HEIGHT)
    assert "labels/other" in page.reads("which is not here")


def test_markup_in_metadata_is_text(viewed: Page) -> None:
    assert "<b>stain 1</b>" in viewed.do("text")
    assert viewed.evaluate("document.querySelectorAll('b b, i i').length") == 0
    assert viewed.evaluate(
        "[...document.querySelectorAll('b')].every(e => !e.textContent.startsWith('stain'))"
    )


def test_three_planes(viewed: Page) -> None:
    viewed.do("press", key="o")
    viewed.do("ready")
    assert resolved(viewed)["layout"] == "ortho"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("data/other/", "nothing at this address"),
        ("data/image/0/", "array"),
        ("http://127.0.0.1:9/x.zarr/", "CORS"),
    ],
)
def test_errors_are_told(browser: Page, server: Server, source: str, said: str) -> None:
    browser.do("open", url=f"{server.url}?source={source}", width=WIDTH, height=HEIGHT)
    text = browser.reads(said)
    assert said.lower() in text.lower(), text
    assert not [one for one in browser.do("seen") if one["kind"] == "pageerror"]


def test_no_webgl(browser: Page, server: Server) -> None:
    none = "HTMLCanvasElement.prototype.getContext = () => null"
    browser.do("open", url=f"{server.url}?source=data/image/", width=WIDTH, height=HEIGHT, init=none)
    assert "WebGL" in browser.reads("WebGL")
