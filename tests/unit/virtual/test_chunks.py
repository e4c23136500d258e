"""Keys of chunks: read strictly, listed in sorted order."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zarrscope.virtual.chunks import index_of, keys_of


@pytest.mark.parametrize(
    ("name", "zarr_format", "index"),
    [
        ("c/0/0", 3, (0, 0)),
        ("c/2/11", 3, (2, 11)),
        ("2/11", 2, (2, 11)),
        ("c/3/0", 3, None),  # beyond the grid
        ("c/0/12", 3, None),
        ("c/0", 3, None),
        ("c/0/0/0", 3, None),
        ("0/0", 3, None),
        ("c/0/0", 2, None),
        ("c/00/0", 3, None),
        ("c/01/0", 3, None),
        ("c/-1/0", 3, None),
        ("c/+1/0", 3, None),
        ("c/ 1/0", 3, None),
        ("c/1_0/0", 3, None),
        ("c/٣/0", 3, None),  # a digit of another script
        ("c/0.0", 3, None),
        ("c/" + "9" * 4000 + "/0", 3, None),
        ("zarr.json", 3, None),
        (".zarray", 2, None),
    ],
)
def test_which_chunk_a_key_names(name: str, zarr_format: int, index: Any) -> None:
    assert index_of(name, (3, 12), zarr_format) == index


@given(
    grid=st.lists(st.integers(1, 13), min_size=1, max_size=3), prefix=st.text("1a/c0", max_size=6),
    zarr_format=st.sampled_from([2, 3]),
)  # fmt: skip
def test_all_keys_in_order(grid: list[int], prefix: str, zarr_format: int) -> None:
    head = ["1", "c"] if zarr_format == 3 else ["1"]
    every = sorted("/".join([*head, *map(str, index)]) for index in product(*map(range, grid)))
    assert list(keys_of("1", tuple(grid), zarr_format)) == every
    found = list(keys_of("1", tuple(grid), zarr_format, prefix))
    assert found == [key for key in every if key.startswith(prefix)]


def test_a_prefix_spares_the_rest() -> None:
    grid = (10**6, 10**5)  # a list of all would take for ever
    assert len(list(keys_of("0", (10, *grid[1:]), 3, "0/c/3/99999"))) == 1
