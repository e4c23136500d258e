"""A store that remembers what was not there, but no more than it is asked about."""

from __future__ import annotations

from zarrscope.check.by_decoding import Absences
from zarrscope.store.contracts import Request
from zarrscope.store.memory import MemoryStore


def test_only_what_is_watched_is_remembered_and_only_meanwhile() -> None:
    store = Absences(MemoryStore({"there": b"1"}))
    for number in range(1000):
        assert store.get(f"{number}") is None
    assert store.missed == set()
    with store.watching("a"), store.watching("b"), store.watching("there"):
        store.get_many([Request("a"), Request("c"), Request("there")])
        store.get("there")
        assert store.missed == {"a"}
        store.get("b")
        assert store.missed == {"a", "b"}
    assert store.missed == set()
