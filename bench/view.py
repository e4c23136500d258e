"""Looking: first picture, what is fetched, main thread in a pan and zoom; our viewer against Viv."""

from __future__ import annotations

import argparse
import asyncio
import json
import mimetypes
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from statistics import median
from urllib.parse import quote, urlencode

import numpy as np
import uvicorn

import zarrscope
from measure import BENCH, OUT, images, report
from zarrscope.model.rendering import Channel, Window
from zarrscope.server.app import App
from zarrscope.store.resolve import resolve

EXAMPLE = "example: python bench/view.py --repeat 5 --layouts sharded"
HOME = BENCH / "viewers"
PAGE = OUT / "viv"
SHAPE = (2, 8192, 8192)
VIEWPORT = {"width": 1440, "height": 900}
AREA = {"width": 1136, "height": 824}
"""What is left of it for the picture beside our panels: the size of Viv's."""
VIEW = {"y": 4096, "x": 4096, "zoom": 0.105}
LAYOUTS = {"sharded": {"version": "0.5"}, "unsharded": {"version": "0.4"}}
NOTHING = {"bytes": 0, "requests": 0, **{f"level {number}": 0 for number in range(6)}}
"""What is counted of the data; bytes of each level too."""

STEPS = [
    {"by": [0.22, 0.16]},
    {"zoom": 2},
    {"zoom": 2},
    {"by": [0.44, 0.32]},
    {"by": [-0.44, 0.05]},
    {"zoom": 2},
    {"by": [0.35, 0]},
    {"by": [0, -0.43]},
    {"zoom": 0.5},
    {"zoom": 0.5},
    {"by": [-0.26, -0.16]},
    {"zoom": 0.5},
]
"""What is recorded: moves by parts of the view and changes of its zoom, then a pause."""

FRAMES = 20


def recorded(view, area):
    """Yield the frames of each step, as views: both viewers are led along them, so both see the same."""
    y, x, zoom = (view[name] for name in ("y", "x", "zoom"))
    for step in STEPS:
        across, down = step.get("by", (0, 0))
        start = (y, x, zoom)
        stop = (
            y + down * area["height"] / zoom,
            x + across * area["width"] / zoom,
            zoom * step.get("zoom", 1),
        )
        frames = np.linspace(start, stop, FRAMES + 1)[1:]
        frames[:, 2] = np.geomspace(start[2], stop[2], FRAMES + 1)[1:]
        yield [dict(zip(("y", "x", "zoom"), frame, strict=True)) for frame in frames.tolist()]
        y, x, zoom = stop


def main():
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--layouts", default=",".join(LAYOUTS))
    parser.add_argument("--shots", type=Path, help="folder for a picture of each viewer")
    chosen = parser.parse_args()
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if browser is None or shutil.which("npm") is None:
        sys.exit("needs Chromium and Node (apt-get install chromium nodejs npm): not run")
    peer = built()
    stores = {layout: resolve(image(layout)) for layout in chosen.layouts.split(",")}
    with Site(stores) as site:
        for layout in stores:
            rows = compared(site, layout, peer, browser, chosen)
            report(f"view 2 x 8192 x 8192 uint16, {layout}, medians of {chosen.repeat}", rows)


def built():
    """Say whether Viv's page could be built; without it only ours is measured."""
    steps = [["npm", "run", "build"]]
    if not (HOME / "node_modules").exists():
        steps.insert(0, ["npm", "ci", "--no-audit", "--no-fund"])
    for step in steps:
        done = subprocess.run(step, cwd=HOME, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"not run: Viv ({' '.join(step)}: {done.stderr.strip()[-300:]})", flush=True)
            if not (HOME / "node_modules" / "playwright-core").exists():
                sys.exit("nor is there playwright-core to drive a browser: nothing was run")
            return False
    return True


def image(layout):
    """Return an image of two channels that tells its colours and windows, made where it is not there yet."""
    place = OUT / f"view-{layout}.ome.zarr"
    if not place.exists():
        pixels = np.stack(list(images.planes(SHAPE, seed=5)))
        window = Window(start=100, end=400, min=0, max=65535)
        channels = [Channel(label, color, window) for label, color in (("a", "00FF00"), ("b", "FF00FF"))]
        shards = {"shards": "none"} if layout == "unsharded" else {}
        chunks = {"c": 1, "y": 512, "x": 512}
        zarrscope.write(
            pixels, place, axes="cyx", channels=channels, chunks=chunks, **LAYOUTS[layout], **shards
        )
    return place


def compared(site, layout, peer, browser, chosen):
    """Return one row a quantity: ours, Viv's, and their ratio."""
    data = f"{site.url}data/{layout}/"
    found = {"zarrscope": [], "viv": []}
    for number in range(-1, chosen.repeat):  # the first round fills the system's caches, and is not counted
        shots = chosen.shots if number < 0 else None
        job = {
            "browser": browser,
            "counts": f"{site.url}counts",
            "steps": list(recorded(VIEW, AREA)),
            "area": AREA,
        }
        state = quote(json.dumps({"v": 1, "view": VIEW}))
        url = f"{site.url}?source=data/{layout}/#{state}"
        ours = one({**job, "url": url, "viewport": VIEWPORT}, site, shots, layout)
        found["zarrscope"].append(ours)
        if peer:
            url = f"{site.url}viv/index.html?{urlencode({'source': data, **VIEW})}"
            found["viv"].append(one({**job, "url": url, "viewport": AREA}, site, shots, f"{layout}-viv"))
    found = {who: runs[1:] for who, runs in found.items()}
    quantities = {
        "first picture, s": lambda run: run["firstPicture"],
        "fetched until complete, MB": lambda run: run["loaded"]["bytes"] / 1e6,
        "requests until complete": lambda run: run["loaded"]["requests"],
        "pan and zoom: main thread, s": lambda run: run["moved"]["task"],
        "pan and zoom: of it scripts, s": lambda run: run["moved"]["script"],
        "pan and zoom: fetched, MB": lambda run: run["moved"]["bytes"] / 1e6,
        "pan and zoom: requests": lambda run: run["moved"]["requests"],
    }
    quantities |= {
        f"pan and zoom: {level}, MB": lambda run, level=level: run["moved"][level] / 1e6
        for level in NOTHING
        if level.startswith("level")
    }
    rows = []
    for name, quantity in quantities.items():
        values = {who: median(map(quantity, runs)) for who, runs in found.items() if runs}
        ratio = values["zarrscope"] / values["viv"] if values.get("viv") else ""
        rows.append({"quantity": name, **values, "ratio": ratio})
    return rows


def one(job, site, shots, name):
    """Open a page in a fresh browser, wait until all of it is seen, move, and return what was measured."""
    if shots:
        shots.mkdir(parents=True, exist_ok=True)
        job = {**job, "shot": str(shots.resolve() / name)}
    site.counts.update(NOTHING)
    done = subprocess.run(
        ["node", HOME / "measure.mjs", json.dumps(job)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    if done.returncode:
        sys.exit(f"{name}: {done.stderr.strip()[-800:]}")
    return json.loads(done.stdout)


class Site:
    """Our server, the page of Viv beside it, and a count of what is read of images."""

    def __init__(self, stores):
        self.app, self.counts = App(stores), dict(NOTHING)
        config = uvicorn.Config(self, port=0, log_level="critical", lifespan="off", ws="none")
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, daemon=True)

    def __enter__(self):
        self.thread.start()
        while not self.server.started:
            self.thread.join(0.01)
        port = self.server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/"
        return self

    def __exit__(self, *error):
        self.server.should_exit = True
        self.thread.join()
        self.app.close()

    async def __call__(self, scope, receive, send):
        """Answer one request."""
        path = scope["path"]
        if path == "/counts":
            await answer(send, json.dumps(self.counts).encode(), "application/json")
        elif path.startswith("/viv/"):
            file = PAGE / path.removeprefix("/viv/")
            kind = mimetypes.guess_type(file.name)[0] or "text/plain"
            await answer(send, await asyncio.to_thread(file.read_bytes), kind)
        elif path.startswith("/data/"):
            self.counts["requests"] += 1
            await self.app(scope, receive, self.counted(send, path.split("/")[3]))
        else:
            await self.app(scope, receive, send)

    def counted(self, send, level):
        """Return the way out for an answer, with its bytes counted."""

        async def sending(message):
            for name in {"bytes", f"level {level}"} & NOTHING.keys():
                self.counts[name] += len(message.get("body", b""))
            await send(message)

        return sending


async def answer(send, body, kind):
    headers = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


if __name__ == "__main__":
    main()
