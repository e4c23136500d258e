"""A page of the viewer in a real browser, driven from Python."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

WEB = Path(__file__).resolve().parents[2] / "web"
DRIVER = WEB / "tests" / "browser" / "driver.mjs"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def missing() -> str:
    """Return what is not here that a browser test needs, or nothing."""
    if browser() is None:
        return "no Chromium (apt-get install chromium)"
    if shutil.which("node") is None:
        return "no Node"
    if not (WEB / "node_modules" / "playwright-core").is_dir():
        return "playwright-core is not installed (make web)"
    return ""


def browser() -> str | None:
    return next((found for name in BROWSERS if (found := shutil.which(name))), None)


class PageError(AssertionError):
    """The page did not do what it was told."""


class Page:
    """One browser with one page; every method waits for its answer."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            ["node", str(DRIVER), str(browser())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=WEB,
        )

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()

    def do(self, command: str, **options: Any) -> Any:
        """Give a command to the driver, and return its answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"command": command, **options}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise PageError(f"{command}: the browser is gone")
        answer = json.loads(line)
        if "error" in answer:
            raise PageError(f"{command}: {answer['error']}; {self.complaints() if command != 'seen' else ''}")
        return answer["value"]

    def open(self, url: str, **options: Any) -> None:
        """Open an address, and wait until all is drawn."""
        self.do("open", url=url, **options)
        self.do("ready")

    def evaluate(self, code: str) -> Any:
        return self.do("evaluate", code=code)

    def set(self, **parts: Any) -> None:
        """Change the state, and wait until it is drawn."""
        self.evaluate(f"zarrscope.setState({json.dumps(parts)})")
        self.do("ready")

    def reads(self, text: str, seconds: float = 15) -> str:
        """Wait until the page shows a text, and return all that it shows."""
        until = time.monotonic() + seconds
        while True:
            shown: str = self.do("text").replace("\u202f", "").replace(",", "")
            if text.lower() in shown.lower() or time.monotonic() > until:
                return shown
            time.sleep(0.05)

    def pixels(self) -> NDArray[np.uint8]:
        """Return the picture as rows, columns, and red, green, blue."""
        found = self.do("pixels")
        data = np.frombuffer(base64.b64decode(found["data"]), "u1")
        return data.reshape(found["height"], found["width"], 4)[..., :3]

    def complaints(self) -> list[str]:
        """Return errors of the page's scripts, and what its console says beside the fate of requests."""
        kinds = ("pageerror", "error")
        said = [one["text"] for one in self.do("seen") if one["kind"] in kinds]
        return [text for text in said if not text.startswith("Failed to load resource")]
