"""Option values, and what a command leaves of the process."""

from __future__ import annotations

import signal
from argparse import ArgumentTypeError

import numpy as np
import pytest

import zarrscope
from zarrscope.cli import main as door
from zarrscope.cli import values
from zarrscope.node.open import open_node
from zarrscope.source import info as told
from zarrscope.store.memory import MemoryStore


@pytest.mark.parametrize("said", ["x=inf", "x=nan", "x=-inf", "y=1,x=1e999", "x=", "x", "x=1,x=2"])
def test_what_is_no_size_of_a_pixel(said: str) -> None:
    with pytest.raises(ArgumentTypeError, match=r"write z=0\.5"):
        values.sizes(said)


def test_sizes_of_a_pixel() -> None:
    assert values.sizes("z=0.5, Y=1e-1") == {"z": 0.5, "y": 0.1}


@pytest.mark.parametrize("before", [signal.SIG_DFL, signal.SIG_IGN])
def test_a_command_leaves_the_handler_of_sigterm_as_it_was(
    before: signal.Handlers, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Command:
        @staticmethod
        def run(words: list[str]) -> int:
            if words:
                signal.raise_signal(signal.SIGTERM)
            return 0

    monkeypatch.setattr(door, "import_module", lambda name: Command)
    original = signal.signal(signal.SIGTERM, before)
    try:
        assert door.main(["info"]) == 0
        assert signal.getsignal(signal.SIGTERM) == before
        assert door.main(["info", "stop"]) == 130
        assert signal.getsignal(signal.SIGTERM) == before
    finally:
        signal.signal(signal.SIGTERM, original)
    assert "stopped" in capsys.readouterr().err


def test_info_shows_no_secret(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    store = MemoryStore()
    zarrscope.write(np.zeros((9, 9), "u1"), store)
    monkeypatch.setattr(told, "open_node", lambda _: open_node(store))
    assert door.main(["info", "https://someone:password1@host/a.zarr?sig=token2"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("https://host/a.zarr: image")
    assert not [word for word in ("someone", "password1", "token2") if word in shown]


def test_an_empty_word_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["info", ""], ["convert", "", "a.zarr"], ["convert", "a.tif", ""]):
        assert door.main(words) == 2
        assert "empty" in capsys.readouterr().err
