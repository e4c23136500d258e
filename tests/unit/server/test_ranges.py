"""Ranges of bytes, against the text of RFC 9110 and against slices of Python."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zarrscope.server.ranges import UnsatisfiableError, parse_range

DATA = bytes(range(100))


@pytest.mark.parametrize(
    ("header", "parts"),
    [
        ("bytes=0-9", [(0, 10)]),
        ("bytes=90-", [(90, 100)]),
        ("bytes=-5", [(95, 100)]),
        ("bytes=-500", [(0, 100)]),
        ("bytes=50-5000", [(50, 100)]),
        ("Bytes=0-0", [(0, 1)]),
        ("bytes= 0-1 , 5-6", [(0, 2), (5, 7)]),
        ("bytes=0-1,200-300", [(0, 2)]),
        (None, None),
        ("", None),
        ("lines=0-1", None),
        ("bytes=", None),
        ("bytes=9-1", None),
        ("bytes=a-b", None),
        ("bytes=0-1-2", None),
        ("bytes=-", None),
        ("bytes=0-99,0-99", None),
        ("bytes=" + ",".join(["0-0"] * 65), None),
        ("bytes=" + "9" * 30 + "-", None),
    ],
)
def test_parts(header: str | None, parts: list[tuple[int, int]] | None) -> None:
    assert parse_range(header, 100) == parts


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=500-600", "bytes=-0", "bytes=100-,-0"])
def test_none_lies_inside(header: str) -> None:
    with pytest.raises(UnsatisfiableError):
        parse_range(header, 100)


def test_of_nothing_no_part_can_be_had() -> None:
    with pytest.raises(UnsatisfiableError):
        parse_range("bytes=0-0", 0)


@given(st.integers(0, 120), st.integers(0, 120))
def test_like_slices(first: int, last: int) -> None:
    want = DATA[first : last + 1]
    try:
        parts = parse_range(f"bytes={first}-{last}", len(DATA))
    except UnsatisfiableError:
        assert want == b""
        return
    got = DATA if parts is None else b"".join(DATA[start:stop] for start, stop in parts)
    assert got == (DATA if first > last else want)


@given(st.text(max_size=60))
def test_whatever_is_said(text: str) -> None:
    try:
        parts = parse_range(f"bytes={text}", 100)
    except UnsatisfiableError:
        return
    assert parts is None or all(0 <= start < stop <= 100 for start, stop in parts)
