"""Sizes in bytes as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zarrscope.budget import format_size, parse_size
from zarrscope.errors import ArgumentError


@pytest.mark.parametrize(
    ("said", "meant"),
    [("0", 0), ("1000", 1000), ("1B", 1), ("1k", 1000), ("1KB", 1000), ("1KiB", 1024), ("256MB", 256 * 10**6),
     ("2 GiB", 2 * 2**30), ("1.5GiB", 3 * 2**29), (" 3 tb ", 3 * 10**12), ("0.5M", 500_000)],
)  # fmt: skip
def test_what_a_size_means(said: str, meant: int) -> None:
    assert parse_size(said) == meant


@pytest.mark.parametrize(
    "said", ["", "MB", "1 parsec", "-1MB", "1e6", "1,5GB", "1..5M", "nan", "inf", "1 0 MB"]
)
def test_what_is_no_size(said: str) -> None:
    with pytest.raises(ArgumentError, match="is no size; write for example 256MB"):
        parse_size(said)


@given(st.integers(0, 10**15))
def test_what_is_printed_can_be_typed(size: int) -> None:
    """Three digits are shown: what comes back is within half of the last."""
    again = parse_size(format_size(size))
    assert abs(again - size) <= max(0.5, 0.005 * size)


@pytest.mark.parametrize("said", ["9" * 400, "9" * 400 + "GB", "99999999TB"])
def test_more_than_there_is(said: str) -> None:
    with pytest.raises(ArgumentError, match="more than any machine") as caught:
        parse_size(said)
    assert len(str(caught.value)) < 200
