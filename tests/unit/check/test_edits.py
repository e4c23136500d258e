"""What differs between two documents, and stores with something above them."""

from __future__ import annotations

from typing import Any

import pytest

from zarrscope.check.edits import edits
from zarrscope.check.overlay import Overlay
from zarrscope.store.contracts import Request, Suffix
from zarrscope.store.memory import MemoryStore


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 1.0}, ["/a: 1 -> 1.0"]),
        ({"a": float("nan")}, {"a": float("nan")}, []),
        ({"a": {"b/c": 1}}, {"a": {}}, ["/a/b~1c: 1 -> nothing"]),
        ({}, {"a": [1, 2]}, ["/a: nothing -> [1, 2]"]),
        ({"a": ["x", "y"]}, {"a": ["x", "z"]}, ['/a: ["x", "y"] -> ["x", "z"]']),
        ({"a": [{"b": 1}]}, {"a": [{"b": 2}]}, ["/a/0/b: 1 -> 2"]),
        ({"a": [{}]}, {"a": [{}, {}]}, ["/a: [{}] -> [{}, {}]"]),
        ({"units": "m"}, {"unit": "m"}, ["/units is now /unit"]),
        (
            {"a": {"labels": ["x"]}}, {"a": {"ome": {"labels": ["x"]}}},
            ['/a/labels: ["x"] -> nothing', '/a/ome: nothing -> {"labels": ["x"]}'],
        ),
        ({"labels": ["x"], "ome": {}}, {"ome": {"labels": ["x"]}}, ["/labels is now /ome/labels"]),
        # equal values that went elsewhere by chance were not moved
        ({"left": 1}, {"right": 1}, ["/left: 1 -> nothing", "/right: nothing -> 1"]),
        ({"i_a": [1], "o_a": [1]}, {"oA": [1], "iA": [1]}, ["/i_a is now /iA", "/o_a is now /oA"]),
        (None, {"a": 1}, ['the document: nothing -> {"a": 1}']),
    ],
)  # fmt: skip
def test_edits(before: Any, after: Any, told: list[str]) -> None:
    assert [str(edit) for edit in edits("zarr.json", before, after)] == told


def test_long_values_are_cut_where_they_are_told() -> None:
    (edit,) = edits("k", {"a": "x" * 500}, {"a": "y"})
    assert len(str(edit)) < 150 and len(edit.before) == 502


def test_a_store_above_a_store() -> None:
    below = MemoryStore({"a": b"0123456789", "b": b"below"})
    store = Overlay(below)
    store.values |= {"b": b"abcdef", "c/d": b"new"}
    assert [bytes(v or b"") for v in store.get_many([Request("a"), Request("b"), Request("c/d")])] == [
        b"0123456789",
        b"abcdef",
        b"new",
    ]
    assert bytes(store.get("b", (1, 3)) or b"") == b"bc" and bytes(store.get("b", Suffix(2)) or b"") == b"ef"
    out = bytearray(3)
    assert bytes(store.get("c/d", None, memoryview(out)) or b"") == b"new" == bytes(out)
    assert list(store.list()) == ["a", "b", "c/d"] and list(store.list("c/")) == ["c/d"]
    assert bytes(below.get("b") or b"") == b"below" and below.get("c/d") is None
