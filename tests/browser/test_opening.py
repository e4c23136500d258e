"""From an address to a picture: what is seen on the way, and what is said where there is none."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING
from urllib.parse import quote

import numpy as np
import pytest
import zarr
from tests.browser.canvas import Layer, View, picture

import zarrscope
from zarrscope.server.serve import Server
from zarrscope.store.resolve import resolve

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.browser.page import Page

SLOW = """
const real = window.fetch;
window.fetch = async (...all) => {
  const address = String(all[0]?.url ?? all[0]);
  if (window.held && address.includes(window.held)) await new Promise((go) => { window.release = go; });
  return real(...all);
};
"""
"""A script that holds back the requests whose address holds `held` until somebody calls `release`."""


WINDOW = quote('{"v":1,"layers":[{"channel":0,"window":[0,7]}]}')

BUSY = """
const real = window.fetch;
window.busy = true;
window.fetch = async (...all) => {
  const address = String(all[0]?.url ?? all[0]);
  if (window.busy && address.includes("/0/c/")) return new Response("", { status: 503 });
  return real(...all);
};
"""
"""A script that lets the server be busy for chunks until `busy` is taken back."""


@pytest.fixture
def refusing() -> Iterator[str]:
    """Return the address of another server, which answers every path by the status that it begins with."""

    class Refusing(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(int(self.path.split("/")[1]))
            self.send_header("Access-Control-Allow-Origin", "*")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def two_series(tmp_path: Path) -> Path:
    """Return a collection of two stacks whose channels have no windows."""
    place = tmp_path / "two.ome.zarr"
    group = zarr.open_group(place, mode="w", zarr_format=3)
    group.attrs["ome"] = {"version": "0.5", "bioformats2raw.layout": 3}
    group.create_group("OME").attrs["ome"] = {"version": "0.5", "series": ["0", "1"]}
    for name, most in (("0", 100), ("1", 60_000)):
        pixels = np.linspace(0, most, 5 * 60 * 80).reshape(5, 60, 80).astype("u2")
        zarrscope.write(pixels, place / name, axes="zyx", levels=1)
        image = zarr.open_group(place / name, mode="a")
        image.attrs["ome"] = {key: value for key, value in image.attrs["ome"].items() if key != "omero"}
    return place


def test_what_is_done_while_another_image_is_opened_is_not_done_to_it(page: Page, two_series: Path) -> None:
    with Server({"image": resolve(two_series)}) as server:
        page.open(f"{server.url}?source=data/image/", init=SLOW)
        assert page.evaluate("zarrscope.resolved().layers[0].window[1]") <= 100
        page.evaluate("window.held = '/1/zarr.json'")
        page.evaluate("document.querySelector('select.chooser').value = 'series:1'")
        page.evaluate("document.querySelector('select.chooser').dispatchEvent(new Event('change'))")
        assert "Opening" in page.reads("Opening")
        assert page.evaluate("document.querySelector('.panel').inert")
        assert page.evaluate("zarrscope.pixels() === undefined")
        page.do("move", x=300, y=250)
        page.do("wheel", dy=-400)
        page.do("drag", **{"from": [300, 250], "to": [360, 290]})
        for key in ("]", "1", "ArrowLeft"):
            page.do("press", key=key)
        page.do("sleep", seconds=0.2)
        assert page.evaluate("zarrscope.state()") == {"v": 1, "series": "1"}
        page.evaluate("window.held = undefined, window.release()")
        page.do("ready")
        assert "Opening" not in page.do("text")
        assert page.evaluate("zarrscope.state()") == {"v": 1, "series": "1"}
        assert page.evaluate("zarrscope.resolved().layers[0].window[1]") > 20_000
        page.set(series="0")
        assert page.evaluate("zarrscope.state()") == {"v": 1, "series": "0"}
        assert page.evaluate("zarrscope.resolved().layers[0].window[1]") <= 100


def test_chunks_of_a_busy_server_come_by_themselves(page: Page, tmp_path: Path) -> None:
    place = tmp_path / "image.ome.zarr"
    zarrscope.write(np.full((64, 64), 7, "u1"), place, axes="yx", levels=1, version="0.5")
    with Server({"image": resolve(place)}) as server:
        page.open(f"{server.url}?source=data/image/#{WINDOW}", init=BUSY)
        text = page.reads("could not be shown (striped)")
        assert "503" in text
        assert "tried again by itself" in text
        page.evaluate("window.busy = false")
        assert "has come after all" in page.reads("has come after all")
        assert "striped" not in page.do("text")
        height, width = page.pixels().shape[:2]
        assert page.pixels()[height // 2, width // 2].tolist() == [255, 255, 255]


def test_what_a_link_asks_for_in_vain_is_told_in_one_line(page: Page, tmp_path: Path) -> None:
    place = tmp_path / "image.ome.zarr"
    zarrscope.write(np.zeros((4, 64, 64), "u1"), place, axes="zyx", levels=1, version="0.5")
    wrong = '{"v":1,"dims":{"z":99},"layers":[{"channel":0,"window":[7]},{"channel":5}],"view":{"y":1e999}}'
    with Server({"image": resolve(place)}) as server:
        page.open(f"{server.url}?source=data/image/#{quote(wrong)}")
        said = page.reads("Not all of the link could be used")
        for part in ('"window"', '"y"', '"z" ends at 3', "there is no channel 5"):
            assert part in said
        assert page.evaluate("document.querySelectorAll('.note').length") == 1
        assert page.evaluate("zarrscope.state()") == {"v": 1, "dims": {"z": 3}, "layers": [{"channel": 0}]}
        other = quote('{"v":1,"dims":{"z":7,"q":0}}')
        page.evaluate(f"location.hash = '{other}'")
        assert "there is no axis" in page.reads("there is no axis")
        assert page.evaluate("zarrscope.resolved().dims.z") == 3


def test_what_comes_late_is_waited_for_in_sight(page: Page, tmp_path: Path) -> None:
    """The picture comes first, but not alone: all else stands there soon, whatever is late."""
    place = tmp_path / "image.ome.zarr"
    zarrscope.write(np.full((64, 64), 7, "u1"), place, axes="yx", levels=1, version="0.5")
    with Server({"image": resolve(place)}) as server:
        for held in ("image/zarr.json", "api/info"):
            held_back = f"window.held = '{held}';{SLOW}"
            page.do("open", url=f"{server.url}?source=data/image/#{WINDOW}", init=held_back)
            assert "zarrscope" in page.reads("zarrscope", seconds=5)
            assert page.evaluate("document.querySelector('.stage').classList.contains('loading')")
            page.evaluate("window.held = undefined, window.release()")
            page.do("ready")
            assert page.pixels().max() > 0


def test_a_damaged_overview_makes_nothing_white(page: Page, tmp_path: Path) -> None:
    pixels = np.linspace(1000, 3000, 512 * 512).reshape(512, 512).astype("u2")
    place = tmp_path / "image.ome.zarr"
    chunks = {"chunks": {"y": 128, "x": 128}, "shards": "none"}
    zarrscope.write(pixels, place, axes="yx", levels=3, version="0.5", **chunks)
    image = zarr.open_group(place, mode="a")
    image.attrs["ome"] = {key: value for key, value in image.attrs["ome"].items() if key != "omero"}
    chunk = next((place / "2" / "c").rglob("0/0"))
    damaged = bytearray(chunk.read_bytes())
    damaged[len(damaged) // 2] ^= 255
    chunk.write_bytes(damaged)
    view = quote('{"v":1,"view":{"y":256,"x":256,"zoom":2}}')
    with Server({"image": resolve(place)}) as server:
        page.open(f"{server.url}?source=data/image/#{view}")
        low, high = page.evaluate("zarrscope.resolved().layers[0].window")
        assert 1000 <= low < high <= 3000
        assert (page.pixels() == 255).mean() < 0.1


@pytest.mark.parametrize(
    "broken",
    [
        "const real = WebGL2RenderingContext.prototype.getProgramParameter;"
        "WebGL2RenderingContext.prototype.getProgramParameter = function (program, what) {"
        "  return what === this.LINK_STATUS ? false : real.call(this, program, what); };",
        "const real = HTMLCanvasElement.prototype.getContext;"
        "HTMLCanvasElement.prototype.getContext = function (kind, options) {"
        "  return kind === 'webgl2' ? null : real.call(this, kind, options); };",
    ],
    ids=["shader", "context"],
)
def test_graphics_that_fail_are_told(page: Page, tmp_path: Path, broken: str) -> None:
    place = tmp_path / "image.ome.zarr"
    zarrscope.write(np.full((64, 64), 7, "u1"), place, axes="yx", levels=1, version="0.5")
    with Server({"image": resolve(place)}) as server:
        page.do("open", url=f"{server.url}?source=data/image/", init=broken)
        page.reads("Try again")
        assert page.evaluate("document.querySelector('.card').getAttribute('role')") == "alert"
        page.do("ready")


def test_a_view_beside_the_image_is_moved_into_it(page: Page, tmp_path: Path) -> None:
    place = tmp_path / "image.ome.zarr"
    zarrscope.write(np.full((600, 800), 200, "u1"), place, axes="yx", levels=1, version="0.5")
    with Server({"image": resolve(place)}) as server:
        view = quote('{"v":1,"view":{"y":-600,"x":-800,"zoom":8},"layers":[{"channel":0,"window":[0,255]}]}')
        page.open(f"{server.url}?source=data/image/#{view}")
        assert page.pixels().max() > 100
        assert "the view lay beside the image" in page.reads("beside the image")


def test_the_light_theme_reaches_the_picture(page: Page, tmp_path: Path) -> None:
    place = tmp_path / "image.ome.zarr"
    zarrscope.write(np.zeros((600, 60), "u1"), place, axes="yx", levels=1, version="0.5")
    with Server({"image": resolve(place)}) as server:
        page.open(f"{server.url}?source=data/image/", dark=False)
        assert page.pixels()[5, 5].min() > 200  # beside the image


def bare(place: Path, pixels: np.ndarray, axes: str) -> Path:
    """Return an image that zarrscope would not write."""
    group = zarr.open_group(place, mode="w", zarr_format=3)
    chunks = tuple(max(1, size) for size in pixels.shape)
    array = group.create_array("0", shape=pixels.shape, chunks=chunks, dtype=pixels.dtype)
    if pixels.size:
        array[...] = pixels
    named = [{"name": name, "type": "channel" if name == "c" else "space"} for name in axes]
    scale = [{"type": "scale", "scale": [1.0] * len(axes)}]
    datasets = [{"path": "0", "coordinateTransformations": scale}]
    group.attrs["ome"] = {"version": "0.5", "multiscales": [{"axes": named, "datasets": datasets}]}
    return place


@pytest.mark.parametrize("axes", ["x", "cx"])
def test_an_image_of_one_axis_is_one_row(page: Page, tmp_path: Path, axes: str) -> None:
    values = (np.arange(100) * 2).astype("u1")
    place = bare(tmp_path / "row.zarr", values if axes == "x" else np.stack([values, 0 * values]), axes)
    layers = [{"channel": n, "window": [0, 200], "color": "ffffff"} for n in range(len(axes))]
    with Server({"image": resolve(place)}) as server:
        page.open(f"{server.url}?source=data/image/")
        page.set(view={"y": 0.5, "x": 50.2, "zoom": 6}, layers=layers)
        shape = "x 100" if axes == "x" else "cx 2 × 100"
        assert shape in page.do("text", selector=".status")
        canvas = page.pixels()
        shown = [Layer([values[None]], (0, 200))]
        want, covered = picture(shown, View(0.5, 50.2, 6), *canvas.shape[:2])
        assert covered.any()
        assert np.abs(canvas - want)[covered].max() <= 2
        assert canvas[~covered].max() <= 40


@pytest.mark.parametrize(("axes", "shape"), [("yx", (0, 100)), ("zyx", (0, 5, 5)), ("cyx", (0, 5, 5))])
def test_an_image_without_pixels_says_so(
    page: Page, tmp_path: Path, axes: str, shape: tuple[int, ...]
) -> None:
    place = bare(tmp_path / "empty.zarr", np.zeros(shape, "u1"), axes)
    with Server({"image": resolve(place)}) as server:
        page.do("open", url=f"{server.url}?source=data/image/")
        assert "This image has no pixels" in page.reads("This image has no pixels")
        page.do("ready")


def test_a_token_that_is_missing_or_wrong(page: Page, tmp_path: Path) -> None:
    """The page itself, and data of one server in the page of another: both say what to do."""
    place = tmp_path / "image.ome.zarr"
    zarrscope.write(np.zeros((20, 20), "u1"), place, axes="yx", levels=1)
    lacking = "the address lacks its token: use the whole address that was printed"
    with Server({"image": resolve(place)}) as server:
        root = server.url[: server.url.index("/", len("http://")) + 1]
        for address in (root, f"{root}{'x' * 32}/"):
            page.do("open", url=address)
            assert page.do("text").strip() == lacking
            page.do("open", url=f"{server.url}?source={address}data/image/")
            said = page.reads("refuses")
            assert "The server refuses to show this (403)" in said
            assert lacking in said
            assert server.url.split("/")[3] not in said, "the token is not told to who looks over a shoulder"
            page.do("ready")


@pytest.mark.parametrize(
    ("status", "title", "todo"),
    [
        (
            401,
            "The server wants to know who asks (401)",
            "Use the complete link that was printed or sent to you",
        ),
        (
            403,
            "The server refuses to show this (403)",
            "Some object stores answer 403 where nothing is stored",
        ),
    ],
)
def test_another_server_that_refuses(
    page: Page, tmp_path: Path, refusing: str, status: int, title: str, todo: str
) -> None:
    place = tmp_path / "image.ome.zarr"
    zarrscope.write(np.zeros((20, 20), "u1"), place, axes="yx", levels=1)
    with Server({"image": resolve(place)}) as server:
        page.do("open", url=f"{server.url}?source={refusing}/{status}/x.zarr/")
        said = page.reads(title)
        assert title in said
        assert todo in said
        assert f"{refusing}/{status}/x.zarr/" in said
        page.do("ready")
        assert page.evaluate("document.querySelector('.card').getAttribute('role')") == "alert"


def test_a_profile_in_memory_is_one_row(page: Page) -> None:
    values = (np.arange(100) * 2).astype("u1")
    with zarrscope.view(values) as shown:
        page.open(shown.url)
        page.set(view={"y": 0.5, "x": 50.2, "zoom": 6}, layers=[{"channel": 0, "window": [0, 200]}])
        canvas = page.pixels()
        want, covered = picture([Layer([values[None]], (0, 200))], View(0.5, 50.2, 6), *canvas.shape[:2])
        assert covered.any()
        assert np.abs(canvas - want)[covered].max() <= 2
        assert "array, shown as OME-Zarr 0.5" in page.do("text", selector=".status")


@pytest.fixture
def plate(tmp_path: Path) -> Path:
    """Return a plate of 98 wells that names more than it holds: B/2 has two fields, which begin with "f1"."""
    place = tmp_path / "plate.ome.zarr"
    root = zarr.open_group(place, mode="w", zarr_format=3)
    wells = [{"path": f"{row}/{column}"} for row in "ABCDEFG" for column in range(1, 15)]
    root.attrs["ome"] = {"version": "0.5", "plate": {"wells": wells}}
    well = root.create_group("B/2")
    well.attrs["ome"] = {"version": "0.5", "well": {"images": [{"path": "f1"}, {"path": "f2"}]}}
    for field, value in (("f1", 100), ("f2", 200)):
        pixels = np.full((1, 30, 40), value, "u1")
        channels = [zarrscope.Channel("one", "FFFFFF", zarrscope.Window(0, 255))]
        zarrscope.write(pixels, place / "B/2" / field, axes="cyx", levels=1, channels=channels)
    return place


def middle(page: Page) -> list[int]:
    """Return the colour in the middle of the picture."""
    canvas = page.pixels()
    found: list[int] = canvas[canvas.shape[0] // 2, canvas.shape[1] // 2].tolist()
    return found


def test_a_plate_is_wells_to_choose_from(page: Page, plate: Path) -> None:
    with Server({"image": resolve(plate)}) as server:
        page.open(f"{server.url}?source=data/image/")
        text = page.reads("Plate of 98 wells")
        assert "Plate of 98 wells" in text
        assert "and 2 more" in text
        assert page.evaluate("document.querySelectorAll('.card a').length") == 96
        page.evaluate("[...document.querySelectorAll('.card a')].find(a => a.textContent === 'B/2').focus()")
        page.do("press", key="Enter")
        page.do("sleep", seconds=0.2)
        page.do("ready")
        assert page.evaluate("zarrscope.state().series") == "B/2"
        assert middle(page) == [100] * 3
        assert page.evaluate("document.querySelector('select.chooser').value") == "series:B/2"
        page.evaluate("history.back()")
        assert "Plate of 98 wells" in page.reads("Plate of 98 wells")
        page.open(f"{server.url}?source=data/image/B/2/")
        assert "Well of 2 fields" in page.reads("Well of 2 fields")
        page.do("click", role="link", name="f2")
        page.do("sleep", seconds=0.2)
        page.do("ready")
        assert middle(page) == [200] * 3
