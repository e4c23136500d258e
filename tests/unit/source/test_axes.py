"""Foreign axes and ours."""

from __future__ import annotations

import pytest

from zarrscope.errors import ArgumentError
from zarrscope.model.naming import axis, check_letters, permutation
from zarrscope.source.axes import assign


@pytest.mark.parametrize(
    ("letters", "shape", "names"),
    [
        ("YX", (9, 8), "yx"),
        ("TZCYX", (2, 3, 4, 9, 8), "tzcyx"),
        ("YXS", (9, 8, 3), "yxs"),
        ("CYXS", (2, 9, 8, 3), "cyxs"),
        ("QYX", (5, 9, 8), "zyx"),
        ("IYX", (5, 9, 8), "zyx"),
        ("QQYX", (2, 5, 9, 8), "czyx"),
        ("QQQYX", (2, 3, 5, 9, 8), "tczyx"),
        ("QZYX", (2, 5, 9, 8), "czyx"),
        ("QCZYX", (2, 3, 5, 9, 8), "tczyx"),
        ("EYX", (5, 9, 8), "cyx"),
        ("ECYX", (5, 2, 9, 8), "-cyx"),
        ("AZYX", (5, 2, 9, 8), "-zyx"),
        ("QTCZYX", (2, 2, 3, 5, 9, 8), "-tczyx"),
    ],
)
def test_the_table_of_policies(letters: str, shape: tuple[int, ...], names: str) -> None:
    found = assign(letters, shape)
    assert "".join(name or "-" for name in found.names) == names
    assert bool(found.notes) == bool(set(letters) & set("QIEA"))


def test_an_axis_of_one_index_is_dropped_without_a_word() -> None:
    found = assign("AYX", (1, 9, 8))
    assert (found.names, found.notes, found.order) == ((None, "y", "x"), (), "yx")


def test_samples_are_channels() -> None:
    assert assign("YXS", (9, 8, 3)).order == "cyx"
    assert assign("CYXS", (2, 9, 8, 3)).order == "cyx"


def test_the_users_word_ends_all_guessing() -> None:
    found = assign("QQYX", (2, 5, 9, 8), "tcyx")
    assert (found.names, found.notes) == (("t", "c", "y", "x"), ())


@pytest.mark.parametrize(
    ("axes", "reason"),
    [("tkyx", "unknown 'k'"), ("tyyx", "more than once"), ("tzc", "needs y and x"), ("yx", "names 2 axes")],
)
def test_wrong_words_are_explained(axes: str, reason: str) -> None:
    with pytest.raises(ArgumentError, match=reason):
        check_letters(axes, 4, "a.tif")


def test_the_way_to_our_order() -> None:
    assert permutation("xyz") == (2, 1, 0)
    assert permutation("tzcyx") == (0, 2, 1, 3, 4)
    assert axis("t", "second").type == "time"
