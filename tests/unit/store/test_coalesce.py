"""Ranges of one value that lie close are one request, and every part is the right one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from zarrscope.store.coalesce import GAP, LARGEST, gather, joined
from zarrscope.store.contracts import Request, Suffix
from zarrscope.store.memory import MemoryStore

VALUE = bytes(range(251)) * 40
RANGES = st.one_of(
    st.none(),
    st.integers(0, 12_000).map(Suffix),
    st.tuples(st.integers(0, 11_000), st.integers(0, 3000)).map(lambda pair: (pair[0], pair[0] + pair[1])),
)


@given(wanted=st.lists(st.tuples(st.sampled_from(["a", "b", "no"]), RANGES, st.booleans()), max_size=12))
def test_every_part_is_that_of_a_request_of_its_own(wanted: list) -> None:
    store = MemoryStore({"a": VALUE, "b": VALUE[::-1]})
    requests = [
        Request(key, part, memoryview(bytearray(12_000)) if out else None) for key, part, out in wanted
    ]
    found = gather(
        requests, lambda request: store.get(*request), lambda fn, items: [fn(item) for item in items]
    )
    assert len(found) == len(requests)
    for request, data in zip(requests, found, strict=True):
        right = store.get(request.key, request.range)
        assert (None if data is None else bytes(data)) == (None if right is None else bytes(right))
        if request.out is not None and data is not None:
            assert bytes(request.out[: len(data)]) == bytes(data)


def test_how_many_requests_it_takes() -> None:
    def fetched(*ranges: tuple[int, int]) -> list:
        return [fetch.request.range for fetch in joined([Request("a", part) for part in ranges])]

    assert fetched((0, 10), (10, 20), (15, 17)) == [(0, 20)]
    assert fetched((10 + GAP, 20 + GAP), (0, 10)) == [(0, 20 + GAP)]
    assert fetched((0, 10), (11 + GAP, 20 + GAP)) == [(0, 10), (11 + GAP, 20 + GAP)]
    assert fetched((0, LARGEST), (LARGEST, LARGEST + 1)) == [(0, LARGEST), (LARGEST, LARGEST + 1)]
    assert fetched((0, 3 * LARGEST)) == [(0, 3 * LARGEST)]


def test_what_has_no_bounds_is_asked_for_alone() -> None:
    requests = [Request("a", None), Request("a", Suffix(5)), Request("a", (5, 5)), Request("a", (0, 1))]
    assert [fetch.request for fetch in joined(requests)] == requests
