"""Blocks are made once however many want them, and stay within their bytes."""

from __future__ import annotations

import random
import threading
import time
from typing import Any

import numpy as np
import pytest

from zarrscope.virtual.blocks import BlockCache, BlockKey


def key(place: int, steps: int = 0) -> BlockKey:
    return BlockKey(0, steps, steps, (place,))


def block(nbytes: int) -> np.ndarray[Any, Any]:
    return np.zeros(nbytes, np.uint8)


def run_together(*work: Any) -> None:
    threads = [threading.Thread(target=one, daemon=True) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive(), "somebody waits for ever"


def test_twenty_that_want_it_at_once_share_one_making() -> None:
    cache, made, got = BlockCache(1 << 20), [], []
    ready = threading.Barrier(20)

    def make() -> np.ndarray[Any, Any]:
        made.append(1)
        time.sleep(0.05)
        return block(100)

    def want() -> None:
        ready.wait()
        got.append(cache.get(key(1), 100, make))

    run_together(*[want] * 20)
    assert len(made) == 1
    assert all(one is got[0] for one in got)
    assert cache.counts == (1, 0, 19, 100, 100)


def test_blocks_cannot_be_changed() -> None:
    got = BlockCache(1 << 20).get(key(1), 8, lambda: block(8))
    with pytest.raises(ValueError, match="read-only"):
        got[0] = 1


def test_an_error_reaches_all_who_wait_and_is_not_kept() -> None:
    cache, errors = BlockCache(1 << 20), []
    begun, go = threading.Event(), threading.Event()

    def fail() -> np.ndarray[Any, Any]:
        begun.set()
        go.wait(10)
        raise OSError("the disk is gone")

    def want() -> None:
        try:
            cache.get(key(1), 8, fail)
        except OSError as error:
            errors.append(error)

    def release() -> None:
        begun.wait(10)
        time.sleep(0.05)
        go.set()

    run_together(want, want, want, release)
    assert [str(error) for error in errors] == ["the disk is gone"] * 3
    assert cache.counts.nbytes == 0
    assert cache.get(key(1), 8, lambda: block(8)).nbytes == 8


def test_who_waits_for_one_that_is_interrupted_makes_it_himself() -> None:
    cache, got = BlockCache(1 << 20), []
    begun, waiting = threading.Event(), threading.Event()

    def interrupted() -> np.ndarray[Any, Any]:
        begun.set()
        waiting.wait(10)
        time.sleep(0.05)
        raise KeyboardInterrupt

    def first() -> None:
        with pytest.raises(KeyboardInterrupt):
            cache.get(key(1), 8, interrupted)

    def second() -> None:
        begun.wait(10)
        waiting.set()
        got.append(cache.get(key(1), 8, lambda: block(8)))

    run_together(first, second)
    assert got[0].nbytes == 8


def test_bytes_are_bounded() -> None:
    cache, dice = BlockCache(4800), random.Random(1)
    sizes = {place: dice.randrange(1, 800) for place in range(50)}
    for _ in range(3000):
        place, steps = dice.randrange(50), dice.randrange(6)
        got = cache.get(key(place, steps), sizes[place], lambda n=sizes[place]: block(n))
        assert got.nbytes == sizes[place]
    assert cache.counts.most <= cache.budget == 3000
    cache.clear()
    assert cache.counts.nbytes == got.nbytes  # it is still in use
    del got
    assert cache.counts.nbytes == 0


def test_what_somebody_still_uses_counts() -> None:
    cache = BlockCache(480)  # 300 for blocks
    used = [cache.get(key(place), 100, lambda: block(100))[:1] for place in range(2)]
    for place in range(2, 6):
        cache.get(key(place), 100, lambda: block(100))
    assert cache.counts.nbytes == 300  # two in use, so that one at a time is kept
    assert cache.peek(key(0)) is None
    used.clear()
    assert cache.counts.nbytes == 100


def test_who_reads_the_file_waits_for_what_others_work_with() -> None:
    """Sixteen threads that each keep a block for a while took 220 MB of 150 when they did not wait."""
    cache, order = BlockCache(4800), []  # 3000 for blocks, 600 for decoders
    begun = threading.Event()

    def working() -> None:
        used = cache.get(key(0), 2900, lambda: block(2900))
        begun.set()
        time.sleep(0.05)
        order.append("let go")
        del used

    def read() -> np.ndarray[Any, Any]:
        order.append("read")
        return block(200)

    def reading() -> None:
        begun.wait(10)
        cache.get(key(1), 200, read)

    run_together(working, reading)
    assert order == ["let go", "read"]
    assert cache.counts.most <= 3000


def test_a_block_that_is_never_let_go_of_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zarrscope.virtual.blocks._PATIENCE", 0.01)
    cache = BlockCache(4800)
    used = cache.get(key(0), 2900, lambda: block(2900))
    assert [cache.get(key(n), 200, lambda: block(200)).nbytes for n in (1, 2)] == [200, 200]
    assert used.nbytes == 2900


def test_what_is_larger_than_all_room_is_not_kept() -> None:
    cache = BlockCache(500)
    for _ in range(2):
        assert cache.get(key(1), 600, lambda: block(600)).nbytes == 600
    assert cache.counts[:3] == (2, 0, 0)
    assert cache.counts.nbytes == 0


def test_the_one_that_was_not_wanted_longest_goes_first() -> None:
    cache = BlockCache(500)
    for place in (1, 2, 3, 1, 4):
        cache.get(key(place), 100, lambda: block(100))
    assert cache.peek(key(2)) is None
    assert all(cache.peek(key(place)) is not None for place in (1, 3, 4))


def test_what_was_dear_to_make_stays_longer_but_not_for_ever() -> None:
    cache = BlockCache(500)  # three blocks of 100
    cache.get(key(99, steps=1), 100, lambda: block(100))
    for place in range(6):  # two places for these: the clock moves once in two
        cache.get(key(place), 100, lambda: block(100))
    assert key(99, steps=1) in cache._kept[1]
    for place in range(20):
        cache.get(key(place), 100, lambda: block(100))
    assert key(99, steps=1) not in cache._kept[1]


def test_few_are_decoded_at_a_time_where_memory_is_short() -> None:
    cache, inside, most = BlockCache(8000), [], []

    def make() -> np.ndarray[Any, Any]:
        inside.append(1)
        most.append(len(inside))
        time.sleep(0.01)
        inside.pop()
        return block(600)

    run_together(*[lambda n=n: cache.get(key(n), 600, make) for n in range(8)])
    assert max(most) == 1  # an eighth of 8000 has room for one of 600


def test_blocks_are_made_of_blocks() -> None:
    cache = BlockCache(1 << 20)

    def coarse() -> np.ndarray[Any, Any]:
        return np.concatenate([cache.get(key(n), 10, lambda: block(10)) for n in range(4)])

    run_together(*[lambda: cache.get(key(9, 1), 40, coarse)] * 5)
    assert cache.counts[:2] == (4, 1)
