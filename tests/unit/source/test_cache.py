"""What is kept of decoded segments, and files read by position."""

from __future__ import annotations

import os
import threading
from concurrent.futures import Future
from pathlib import Path

import numpy as np
import pytest

from zarrscope.errors import NotFoundError, SourceError
from zarrscope.source.cache import Piece, SegmentCache
from zarrscope.source.files import Files, Handles, fingerprint

TEN = np.zeros(10, np.uint8)


def test_a_segment_goes_when_its_pixels_are_used() -> None:
    cache = SegmentCache(100)
    _, make = cache.claim("a", 4)
    assert make
    cache.settle("a", TEN, 6)
    piece, make = cache.claim("a", 4)
    assert (piece.result() is TEN, make, cache.nbytes) == (True, False, 10)
    cache.claim("a", 2)
    assert cache.nbytes == 0
    assert cache.claim("a", 1)[1]


def test_the_oldest_goes_first_and_the_budget_holds() -> None:
    cache = SegmentCache(25)
    for key in "abc":
        cache.claim(key, 1)
        cache.settle(key, TEN, 9)
    assert cache.nbytes == 20
    assert cache.claim("a", 1)[1]
    assert not cache.claim("c", 1)[1]
    cache.claim("big", 1)
    cache.settle("big", np.zeros(26, np.uint8), 9)
    assert cache.nbytes == 20
    cache.clear()
    assert cache.nbytes == 0


def test_who_waits_hears_of_the_failure() -> None:
    cache = SegmentCache(100)
    cache.claim("a", 1)
    piece, make = cache.claim("a", 1)
    assert not make
    threading.Timer(0.01, cache.abandon, ("a", SourceError("damaged"))).start()
    with pytest.raises(SourceError, match="damaged"):
        piece.result(timeout=5)
    assert cache.claim("a", 1)[1]


def test_few_files_stay_open(tmp_path: Path) -> None:
    paths = [tmp_path / str(i) for i in range(9)]
    for i, path in enumerate(paths):
        path.write_bytes(bytes([i]) * 100)
    handles = Handles(limit=2)
    files = Files(paths, handles)
    for i in (0, 5, 8, 0, 1):
        assert files.read(i, 10, 5) == bytes([i]) * 5
        assert len(handles._open) <= 2
    handles.close()
    assert not handles._open
    with pytest.raises(SourceError, match="closed"):
        files.read(0, 0, 1)
    assert len(fingerprint(paths)) < 120
    paths[3].unlink()
    with pytest.raises(NotFoundError, match="not there any more"):
        Files(paths, Handles()).read(3, 0, 1)


def test_several_sets_of_files_share_what_is_open(tmp_path: Path) -> None:
    paths = [tmp_path / str(i) for i in range(9)]
    handles = Handles(limit=3)
    for path in paths:
        path.write_bytes(b"x" * 10)
        assert Files([path], handles).read(0, 0, 10) == b"x" * 10
        assert len(handles._open) <= 3
        assert not handles._used


def test_only_the_claim_that_was_offered_is_abandoned() -> None:
    cache = SegmentCache(100)
    mine: Piece = Future()
    other: Piece = Future()
    assert cache.claim("a", 1, mine) == (mine, True)
    assert cache.claim("a", 1, other) == (mine, False)
    cache.abandon("a", SourceError("of another"), other)
    assert not mine.done()
    cache.settle("a", TEN, 0)
    cache.abandon("a", SourceError("too late"), mine)
    assert mine.result() is TEN


def test_names_that_are_no_text_have_a_fingerprint(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    path.write_bytes(b"1")
    assert fingerprint([path]).startswith("files:1 bytes:1")
