"""Labels under the cursor, several images to choose from, and the report of the validator, in Chromium."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile
import zarr

import zarrscope
from zarrscope.server.serve import Server
from zarrscope.store.resolve import resolve

if TYPE_CHECKING:
    from pathlib import Path

    from tests.browser.page import Page


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    """Return an image of 100 x 120 pixels, with one label of id 7 from (20, 30) to (60, 90)."""
    place = tmp_path / "labelled.ome.zarr"
    zarrscope.write(np.full((100, 120), 9, "u1"), place, axes="yx", levels=1, version="0.4")
    ids = np.zeros((100, 120), "u2")
    ids[20:60, 30:90] = 7
    labels = zarr.open_group(place, mode="a", zarr_format=2).create_group("labels")
    labels.attrs["labels"] = ["nuclei"]
    nuclei = labels.create_group("nuclei")
    nuclei.create_array("0", shape=ids.shape, chunks=(64, 64), dtype="u2")[...] = ids
    scale = [{"type": "scale", "scale": [1, 1]}]
    nuclei.attrs["multiscales"] = [
        {
            "version": "0.4",
            "axes": [{"name": name, "type": "space"} for name in "yx"],
            "datasets": [{"path": "0", "coordinateTransformations": scale}],
        }
    ]
    nuclei.attrs["image-label"] = {"properties": [{"label-value": 7, "cell type": "neuron"}]}
    return place


def hover(page: Page, y: float, x: float) -> None:
    """Put the cursor on a pixel of the image."""
    box = page.evaluate("zarrscope.canvas.getBoundingClientRect().toJSON()")
    view = page.evaluate("zarrscope.resolved().view")
    page.do(
        "move",
        x=box["left"] + box["width"] / 2 + (x - view["x"]) * view["zoom"],
        y=box["top"] + box["height"] / 2 + (y - view["y"]) * view["zoom"],
    )


def test_labels_are_found_and_named(page: Page, labelled: Path) -> None:
    with Server({"image": resolve(labelled)}) as server:
        page.open(f"{server.url}?source=data/image/")
        assert [one["path"] for one in page.evaluate("zarrscope.resolved().labels")] == ["labels/nuclei"]
        hover(page, 40.5, 60.5)
        text = page.reads("neuron")
        assert "neuron" in text
        assert "7" in text
        hover(page, 5.5, 5.5)
        page.do("sleep", seconds=0.3)
        assert "neuron" not in page.do("text")
        before = page.pixels()
        page.do("press", key="l")
        page.do("ready")
        assert not np.array_equal(page.pixels(), before)


def test_beside_a_label_image_nothing_is_said_of_it(page: Page, labelled: Path) -> None:
    document = labelled / "labels" / "nuclei" / ".zattrs"
    told = json.loads(document.read_text())
    told["multiscales"][0]["datasets"][0]["coordinateTransformations"].append(
        {"type": "translation", "translation": [30, 0]}
    )
    document.write_text(json.dumps(told))
    with Server({"image": resolve(labelled)}) as server:
        page.open(f"{server.url}?source=data/image/")
        hover(page, 70.5, 60.5)
        assert "neuron" in page.reads("neuron")
        hover(page, 40.5, 60.5)  # where it would be without its translation
        page.do("sleep", seconds=0.3)
        assert "neuron" not in page.do("text")


def test_a_label_image_without_a_size_beside_an_image_that_has_one(page: Page, labelled: Path) -> None:
    with Server({"image": resolve(labelled)}) as server:
        page.open(f"{server.url}?source=data/image/")
        assert "pixel size" not in page.do("text")
        document = labelled / ".zattrs"
        told = json.loads(document.read_text())
        told["multiscales"][0]["datasets"][0]["coordinateTransformations"] = [
            {"type": "scale", "scale": [0.5, 0.5]}
        ]
        document.write_text(json.dumps(told))
        page.open(f"{server.url}?source=data/image/")
        note = "The label image nuclei says nothing of its pixel size that fits the image"
        assert page.reads(note).count(note) == 1
        hover(page, 40.5, 60.5)
        assert "neuron" in page.reads("neuron")


def test_one_of_several(page: Page, tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "two.ome.tif", ome=True) as file:
        file.write(np.full((64, 64), 50, "u1"), metadata={"axes": "YX", "Name": "first one"})
        file.write(np.full((32, 96), 200, "u1"), metadata={"axes": "YX", "Name": "second one"})
    with zarrscope.view(tmp_path / "two.ome.tif") as shown:
        page.open(shown.url)
        assert page.evaluate("zarrscope.resolved().dims") is not None
        names = page.evaluate("[...document.querySelectorAll('select option')].map(one => one.textContent)")
        assert {"first one", "second one"} <= set(names), names
        page.set(series="1")
        assert page.evaluate("zarrscope.state().series") == "1"
        text = page.reads("32 × 96")
        assert "32 × 96" in text
        assert "OME-TIFF, shown as OME-Zarr 0.5" in page.do("text")
        page.do("click", role="tab", name="Metadata")
        assert "OME-TIFF, shown as OME-Zarr 0.5" in page.do("text", selector=".facts")


def test_lengths_are_told_only_with_their_units(page: Page, tmp_path: Path) -> None:
    place = tmp_path / "stack.ome.zarr"
    pixels = np.zeros((12, 60, 80), "u1")
    scale = {"z": 1.0, "y": 0.5, "x": 0.5}
    zarrscope.write(pixels, place, axes="zyx", levels=1, scale=scale, unit=dict.fromkeys("yx", "micrometer"))
    with Server({"image": resolve(place)}) as server:
        page.open(f"{server.url}?source=data/image/")
        assert page.do("text", selector=".physical") == ""
        assert page.evaluate("document.querySelector('.index').value") == "6"
        assert "/ 12" in page.do("text", selector=".count")
        assert "µm" in page.do("text", selector=".scalebar")
        page.set(layout="ortho", panel="metadata")
        names = page.evaluate("[...document.querySelectorAll('.pane .name')].map(one => one.textContent)")
        assert names == [
            "x → y ↓",
            "z → y ↓ · z spacing unknown",
            "x → z ↓ · z spacing unknown",
        ]
        seen = page.evaluate(
            "(() => { const box = document.querySelectorAll('.pane .name')[1].getBoundingClientRect();"
            " return document.elementFromPoint(box.x + 9, box.y + 9).title; })()"
        )
        assert seen == names[1], "in full under the pointer"
        heights = page.evaluate(
            "[...document.querySelectorAll('.pane .name')].map(one => one.getBoundingClientRect().height)"
        )
        assert len(set(heights)) == 1, "one line each, also in the narrow pane"
        bar, pane = (
            page.evaluate(f"document.querySelector('{name}').getBoundingClientRect().bottom")
            for name in (".scalebar", ".pane")
        )
        assert bar < pane, "the bar measures the plane of x and y"
        facts = page.do("text", selector=".facts")
        assert "80 × 0.50 µm" in facts
        assert "12\n" in facts


COLORS_OF_BLENDINGS = """
(() => {
  const numbers = (color) => color.match(/[0-9.]+/g).map(Number);
  const behind = (element) => {
    const own = numbers(getComputedStyle(element).backgroundColor);
    return own[3] === 0 ? behind(element.parentElement) : own.slice(0, 3);
  };
  return [...document.querySelectorAll(".segments button")].map((one) =>
    [one.getAttribute("aria-checked"), behind(one), numbers(getComputedStyle(one).color).slice(0, 3)]);
})()
"""
COLORS_OF_A_SWITCH = """
(() => {
  const drawn = (color) => {
    const canvas = new OffscreenCanvas(1, 1).getContext("2d");
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const style = (element, pseudo) => drawn(getComputedStyle(element, pseudo).backgroundColor);
  const track = document.querySelector(".swatch");
  return [style(document.querySelector(".panel")), style(track), style(track, "::before")];
})()
"""


def luminance(color: list[int]) -> float:
    """Return the relative luminance of a colour (WCAG 2.2)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in color)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: float, other: float) -> float:
    """Return the ratio of two luminances (WCAG 2.2)."""
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


@pytest.mark.parametrize("dark", [True, False])
def test_the_chosen_blending_is_seen(page: Page, tmp_path: Path, *, dark: bool) -> None:
    place = tmp_path / "image.ome.zarr"
    zarrscope.write(np.zeros((2, 60, 80), "u1"), place, axes="cyx", levels=1)
    with Server({"image": resolve(place)}) as server:
        page.open(f"{server.url}?source=data/image/", dark=dark)
        page.do("click", role="radio", name="Max")
        page.do("ready")
        found = page.evaluate(COLORS_OF_BLENDINGS)
    assert [checked for checked, *_ in found] == ["false", "true", "false"]
    grounds = [luminance(ground) for _, ground, _ in found]
    assert min(contrast(grounds[1], other) for other in (grounds[0], grounds[2])) >= 3
    assert min(contrast(luminance(ground), luminance(text)) for _, ground, text in found) >= 4.5


@pytest.mark.parametrize("color", ["ffffff", "b0b0b0", "ffff00"])
@pytest.mark.parametrize("dark", [True, False])
def test_the_switch_of_a_channel_is_seen_to_be_on(
    page: Page, tmp_path: Path, color: str, *, dark: bool
) -> None:
    """3 to 1 is what WCAG asks of controls: knob against track, and either of them against the panel."""
    place = tmp_path / "image.ome.zarr"
    channels = [zarrscope.Channel("one", color, zarrscope.Window(0, 250))]
    zarrscope.write(np.zeros((1, 60, 80), "u1"), place, axes="cyx", levels=1, channels=channels)
    with Server({"image": resolve(place)}) as server:
        page.open(f"{server.url}?source=data/image/", dark=dark)
        panel, track, knob = map(luminance, page.evaluate(COLORS_OF_A_SWITCH))
    assert contrast(knob, track) >= 3
    assert max(contrast(track, panel), contrast(knob, panel)) >= 3


def test_what_is_wrong_is_told(page: Page, labelled: Path) -> None:
    document = labelled / ".zattrs"
    said = json.loads(document.read_text())
    del said["multiscales"][0]["datasets"][0]["coordinateTransformations"]
    document.write_text(json.dumps(said))
    wanted = next(
        p for p in zarrscope.validate(labelled).problems if "coordinateTransformations" in p.message
    )
    with Server({"image": resolve(labelled)}) as server:
        page.open(f"{server.url}?source=data/image/")
        page.do("click", role="tab", name="Checks")
        text = page.reads(wanted.message.replace(",", ""))
        assert "Not valid" in text
        assert wanted.message.replace(",", "") in text


def test_the_box_beside_a_slider_shows_the_plane_that_is_shown(page: Page, tmp_path: Path) -> None:
    place = tmp_path / "stack.ome.zarr"
    zarrscope.write(np.zeros((24, 60, 80), "u1"), place, axes="zyx", levels=1)
    with Server({"image": resolve(place)}) as server:
        page.open(f"{server.url}?source=data/image/")
        for typed, shown in (("99", 24), ("99", 24), ("5.5", 6), ("", 6), ("-3", 1), ("0", 1), ("12", 12)):
            page.do("fill", selector=".index", text=typed)
            page.do("press", key="Enter")
            page.do("ready")
            assert page.evaluate("document.querySelector('.index').value") == str(shown)
            assert page.evaluate("zarrscope.resolved().dims.z") == shown - 1
        page.do("fill", selector=".index", text="")
        page.do("press", key="Tab")
        assert page.evaluate("document.querySelector('.index').value") == "12"
        assert page.evaluate("zarrscope.resolved().dims.z") == 11
