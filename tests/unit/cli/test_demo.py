"""``zarrscope demo``: what it says to go on with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zarrscope.cli.main import COMMANDS, main

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_how_to_go_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The commands exist, and so does what they name, but for the image of one's own."""
    assert main(["demo", "--output", str(tmp_path / "demo")]) == 0
    commands = [
        line.split()[1:] for line in capsys.readouterr().out.partition("Go on with:\n")[2].splitlines()
    ]
    said = {words[0]: words[1] for words in commands if words[0] in COMMANDS}
    image = str(tmp_path / "demo" / "cells.ome.zarr")
    assert said == {"info": image, "view": image, "convert": "YOUR_IMAGE.tif"}
    assert main(["info", image]) == 0
