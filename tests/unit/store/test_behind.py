"""A writer goes on while its values are sent: to a server that takes its time, and sometimes fails."""

from __future__ import annotations

import pickle
import threading
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.faults.faulty import FaultyServer, running

import zarrscope
from zarrscope.errors import ConflictError, IncompleteError, StoreError
from zarrscope.store.behind import Behind
from zarrscope.store.contracts import ABSENT, Listable, Request, Writable
from zarrscope.store.limits import Limits
from zarrscope.store.local import LocalStore
from zarrscope.store.memory import MemoryStore
from zarrscope.store.remote import ObjectStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAUSE = 0.15


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyServer]:
    with running() as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{server.host}")
        monkeypatch.setenv("AWS_SKIP_SIGNATURE", "true")
        server.delay = PAUSE
        yield server


@pytest.fixture
def store(server: FaultyServer) -> Iterator[Behind]:
    with Behind(ObjectStore("s3://base", Limits(retries=1, pause=0.01)), in_flight=3) as store:
        yield store


def commit(store: Writable, key: str, data: bytes, if_tag: str | None = None) -> None:
    upload = store.create(key, if_tag)
    upload.write(data)
    upload.commit()
    upload.abort()


def test_values_go_side_by_side_and_not_too_many(server: FaultyServer, store: Behind) -> None:
    assert isinstance(store, Writable)
    assert isinstance(store, Listable)
    begun = time.monotonic()
    for number in range(3):
        commit(store, f"k/{number}", str(number).encode())
    assert time.monotonic() - begun < PAUSE  # nobody waited
    for number in range(3, 9):
        commit(store, f"k/{number}", str(number).encode())
    assert time.monotonic() - begun > 1.5 * PAUSE  # the seventh waited for the fourth
    store.sync([f"k/{number}" for number in range(9)])
    assert server.values == {f"k/{number}": str(number).encode() for number in range(9)}
    assert server.busiest == 3
    assert time.monotonic() - begun < 7 * PAUSE


def test_what_is_under_way_is_read_once_it_is_there(store: Behind) -> None:
    commit(store, "a", b"1")
    assert bytes(store.get("a") or b"") == b"1"
    commit(store, "a", b"22")
    assert store.head("a").size == 2
    commit(store, "a", b"333")
    assert bytes(store.get_many([Request("a", (1, 9))])[0] or b"") == b"33"
    commit(store, "a", b"4")
    store.put("a", b"5")
    assert bytes(store.get("a") or b"") == b"5"
    commit(store, "a", b"6")
    store.delete("a")
    assert store.get("a") is None


def test_what_went_wrong_is_told(server: FaultyServer, store: Behind) -> None:
    server.fail(400, times=1, method="PUT")
    commit(store, "bad", b"1")
    time.sleep(2 * PAUSE)
    for call in (lambda: store.create("next"), lambda: store.put("next", b""), lambda: store.sync(["bad"])):
        with pytest.raises(StoreError, match="base/bad: the server answered 400"):
            call()
    commit(store, "bad", b"2")  # it was told: the next attempt is free
    store.sync(["bad"])
    assert server.values == {"bad": b"2"}


def test_sync_tells_of_its_own_keys(server: FaultyServer, store: Behind) -> None:
    server.values["taken"] = b"0"
    commit(store, "good", b"1")
    commit(store, "taken", b"2", ABSENT)
    store.sync(["good"])
    with pytest.raises(ConflictError, match="base/taken"):
        store.sync(["good", "taken"])
    store.sync(["good", "taken"])


def test_threads_commit_side_by_side(server: FaultyServer, store: Behind) -> None:
    server.delay = 0.01
    threads = [
        threading.Thread(target=commit, args=(store, f"k/{number % 7}", bytes([number])))
        for number in range(40)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store.sync([f"k/{number}" for number in range(7)])
    assert len(server.values) == 7
    assert server.busiest <= 3


def test_what_is_forgotten_is_not_sent(server: FaultyServer, store: Behind) -> None:
    upload = store.create("no")
    upload.write(b"x")
    upload.abort()
    upload.commit()
    store.sync(["no"])
    assert not server.values
    upload = store.create("late")
    store.close()
    with pytest.raises(IncompleteError, match="closed"):
        upload.commit()
    upload.abort()


@pytest.mark.parametrize("kind", ["memory", "local", "objects"])
def test_an_image_is_the_same(server: FaultyServer, kind: str, tmp_path: Path) -> None:
    server.delay = 0
    below = {"memory": MemoryStore, "local": lambda: LocalStore(tmp_path / "a"),
             "objects": lambda: ObjectStore("s3://base")}[kind]()  # fmt: skip
    pixels = np.random.default_rng(1).integers(0, 999, (3, 200, 210), dtype="u2")
    with Behind(below) as store:
        zarrscope.write(pixels, store, axes="cyx", chunks={"y": 64, "x": 64}, version="0.4")
    assert np.array_equal(zarrscope.open(below).levels[0][...], pixels)


def test_it_travels_as_what_it_is(server: FaultyServer, store: Behind) -> None:
    with pickle.loads(pickle.dumps(store)) as other:  # noqa: S301
        commit(other, "a", b"1")
        other.sync(["a"])
    assert server.values == {"a": b"1"}
