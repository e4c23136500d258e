"""How much the viewer asks for: a sharded pyramid of 100 GB, of which only what is looked at is there."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import zarr

from zarrscope.server.serve import Server
from zarrscope.store.resolve import resolve

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.browser.page import Page

SIDE, LEVELS, CHUNK, SHARD = 158_720, 10, 512, 8192
"""Two channels of two bytes: 100.8 GB at level 0, 310 pixels a side at level 9."""

MOST_REQUESTS, MOST_BYTES = 12, 3 << 20
ZOOM = 1 / 64
STORED = 6
"""From this level on (2,480 pixels a side) pixels are there; nothing finer is asked for here."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    place: Path = tmp_path_factory.mktemp("large") / "large.ome.zarr"
    group = zarr.open_group(place, mode="w", zarr_format=3)
    rng = np.random.default_rng(5)
    datasets = []
    for level in range(LEVELS):
        side = SIDE >> level
        array = group.create_array(
            str(level), shape=(2, side, side), dtype="u2", chunks=(1, CHUNK, CHUNK), shards=(1, SHARD, SHARD)
        )
        if level >= STORED:
            smooth = np.add.outer(np.arange(side), np.arange(side)) % 2000
            for channel in range(2):
                array[channel] = (smooth + rng.poisson(100, (side, side))).astype("u2")
        scale = [1.0, float(2**level), float(2**level)]
        datasets.append(
            {"path": str(level), "coordinateTransformations": [{"type": "scale", "scale": scale}]}
        )
    axes = [{"name": "c", "type": "channel"}, *({"name": n, "type": "space"} for n in "yx")]
    group.attrs["ome"] = {"version": "0.5", "multiscales": [{"axes": axes, "datasets": datasets}]}
    with Server({"image": resolve(place)}) as server:
        yield server


def data_requests(page: Page) -> list[dict[str, Any]]:
    return [one for one in page.do("seen") if one["kind"] == "response" and "/data/" in one["url"]]


def test_the_first_picture(page: Page, server: Server) -> None:
    """Before the whole view is covered at some level, little has been asked for."""
    page.open(f"{server.url}?source=data/image/", width=1200, height=800)
    asked = data_requests(page)
    covering = [number for number, one in enumerate(asked) if f"/{LEVELS - 1}/c/" in one["url"]]
    until = asked[: covering[-1] + 1]
    total = sum(one["bytes"] for one in until)
    print(f"covered after {len(until)} requests, {total} bytes; complete after {len(asked)}")
    assert len(until) <= MOST_REQUESTS, [one["url"][-40:] for one in until]
    assert total <= MOST_BYTES


def chunks_of(area: dict[str, float], centre: tuple[float, float], level: int, more: float = 1) -> int:
    """Count the chunks of one channel that a view touches at a level, or one that is larger by a factor."""
    side, counts = SIDE >> level, []
    for name, middle in zip(("height", "width"), centre, strict=True):
        half = (area[name] * more / 2 + 2) / ZOOM  # two pixels of the screen are slack
        first, last = ((middle + way * half) / 2**level / CHUNK for way in (-1, 1))
        counts.append(math.ceil(min(last, side / CHUNK)) - math.floor(max(first, 0)))
    return counts[0] * counts[1]


def test_a_pan_fetches_what_is_seen(page: Page, server: Server) -> None:
    """Half a view further on: what it shows is asked for, and two levels coarser a quarter on each side."""
    page.open(f"{server.url}?source=data/image/", width=1200, height=800)
    page.set(view={"y": SIDE / 2, "x": SIDE / 2, "zoom": ZOOM})
    settle(page)
    before = page.evaluate("zarrscope.stats().decoded")
    area = page.evaluate("zarrscope.resolved().area")
    x = SIDE / 2 + area["width"] / 2 / ZOOM
    page.set(view={"y": SIDE / 2, "x": x, "zoom": ZOOM})
    settle(page)
    fetched = page.evaluate("zarrscope.stats().decoded") - before
    most = chunks_of(area, (SIDE / 2, x), STORED) + chunks_of(area, (SIDE / 2, x), STORED + 2, 1.5)
    assert 2 <= fetched <= 2 * most


def settle(page: Page) -> None:
    """Wait until nothing is on its way: what is given up half-way may be asked for again."""
    for _ in range(400):
        if page.evaluate("zarrscope.stats().waiting") == 0:
            return
        page.do("sleep", seconds=0.05)


def test_nothing_is_fetched_twice(page: Page, server: Server) -> None:
    page.open(f"{server.url}?source=data/image/", width=1200, height=800)
    settle(page)
    places = [(0.4, 0.4), (0.6, 0.6), (0.4, 0.4), (0.6, 0.4), (0.4, 0.6), (0.6, 0.6), (0.5, 0.5)]
    for y, x in places:
        page.set(view={"y": SIDE * y, "x": SIDE * x, "zoom": ZOOM})
        settle(page)
    asked = [(one["url"], one["range"]) for one in data_requests(page) if one["done"]]
    assert len(asked) == len(set(asked))
    spans: dict[str, list[tuple[int, int]]] = {}
    for url, part in asked:
        if part and part.startswith("bytes=") and not part.startswith("bytes=-"):
            first, last = part.removeprefix("bytes=").split("-")
            spans.setdefault(url, []).append((int(first), int(last)))
    for parts in spans.values():
        ordered = sorted(parts)
        overlap = sum(max(0, a[1] - b[0] + 1) for a, b in itertools.pairwise(ordered))
        assert overlap <= 64 << 10, overlap  # what was joined over a gap may hold a gap of another
