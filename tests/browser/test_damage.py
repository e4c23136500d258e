"""Where pixels do not come: what is seen in their place, and what is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

import zarrscope
from zarrscope.server.serve import Server
from zarrscope.store.resolve import resolve

if TYPE_CHECKING:
    from pathlib import Path

    from tests.browser.page import Page

STRIPE = (0.85 * 255, 0.45 * 255, 0.1 * 255)


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    """Return 2 channels of 4 planes, Vesicles at nothing and Nuclei at full."""
    place = tmp_path / "stack.ome.zarr"
    pixels = np.zeros((2, 4, 64, 64), "u1")
    pixels[0], pixels[1] = 3, 200
    channels = [
        zarrscope.Channel("Vesicles", "FF0000", zarrscope.Window(100, 200)),
        zarrscope.Channel("Nuclei", "00FF00", zarrscope.Window(0, 200)),
    ]
    parts = {"c": 1, "z": 1}
    zarrscope.write(pixels, place, axes="czyx", levels=1, channels=channels, chunks=parts, shards="none")
    return place


def test_a_damaged_chunk_of_one_channel_does_not_hide_the_others(page: Page, stack: Path) -> None:
    (stack / "0" / "c" / "0" / "2" / "0" / "0").write_bytes(b"not a chunk")
    with Server({"image": resolve(stack)}) as server:
        page.open(f"{server.url}?source=data/image/")
        assert "could not be shown" not in page.do("text")
        page.set(dims={"z": 2})
        text = page.reads("could not be shown")
        assert "Vesicles z 3: data/image/0/c/0/2" in text  # commas are left out here
        assert "zarrscope verify ADDRESS" in text
        assert page.evaluate("document.querySelector('.index').value") == "3"
        canvas = page.pixels().astype(int)
        height, width = canvas.shape[:2]
        middle = canvas[height // 2 - 48 : height // 2 + 48, width // 2 - 48 : width // 2 + 48]
        seen = (middle == [0, 255, 0]).all(-1).mean()
        # The other channel lies on the stripes too: colours add up.
        striped = (abs(middle - [STRIPE[0], 255, STRIPE[2]]) <= 1).all(-1).mean()
        assert 0.7 < seen < 0.8
        assert seen + striped == pytest.approx(1)
        page.do("click", role="tab", name="Checks")
        assert "Pixels were not looked at; `zarrscope verify` does that." in page.reads("not looked at")


def test_a_server_that_is_gone_takes_no_picture_away(page: Page, stack: Path) -> None:
    with Server({"image": resolve(stack)}) as server:
        page.open(f"{server.url}?source=data/image/")
        before = page.pixels()
    page.set(dims={"z": 3})
    text = page.reads("does not answer")
    assert "The program that shows this page does not answer. If zarrscope was ended start it again" in text
    for other in ("CORS", "striped", "chunk"):
        assert other not in text
    assert page.evaluate("document.querySelectorAll('.note').length") == 1
    page.set(dims={"z": 1})
    assert np.array_equal(page.pixels(), before)
