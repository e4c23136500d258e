"""Keys and numbers of units: against the keys that zarr-python writes."""

from __future__ import annotations

from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import zarr
from hypothesis import given
from hypothesis import strategies as st

from zarrscope.array.describe import describe
from zarrscope.ledger.table import EMPTY, UNKNOWN, Entry, UnitTable, units_of

if TYPE_CHECKING:
    from pathlib import Path

# Zarr format, how keys are written, what stands between the numbers.
FORMS = [
    (2, None, "."),
    (2, None, "/"),
    (3, "default", "/"),
    (3, "default", "."),
    (3, "v2", "."),
    (3, "v2", "/"),
]


def described(form: tuple[int, str | None, str], shape: tuple[int, ...], **more: Any) -> Any:
    zarr_format, encoding, separator = form
    return describe(
        shape, "u1", tuple(min(2, n) for n in shape), zarr_format=zarr_format, separator=separator,
        key_encoding=encoding, **more,
    )  # fmt: skip


def expected(path: str, form: tuple[int, str | None, str], grid: tuple[int, ...]) -> list[str]:
    """Return the keys of all units as the specifications of Zarr tell, in C order."""
    zarr_format, encoding, separator = form
    keys = []
    for place in product(*map(range, grid)):
        numbers = [str(i) for i in place]
        if zarr_format == 3 and encoding == "default":
            name = separator.join(["c", *numbers])
        else:
            name = separator.join(numbers) or "0"
        keys.append(f"{path}/{name}" if path else name)
    return keys


grids = st.lists(st.integers(1, 12), max_size=5).filter(lambda grid: prod(grid) <= 600).map(tuple)
paths = st.sampled_from(["", "0", "A/1/0", "labels/cells/0", "c", "0.1", "1"])


@given(st.sampled_from(FORMS), grids, paths)
def test_keys_and_numbers(form: Any, grid: tuple[int, ...], path: str) -> None:
    metadata = described(form, tuple(2 * n - 1 for n in grid))
    table = UnitTable.of([(path, metadata)])
    keys = expected(path, form, grid)
    assert len(table) == len(keys)
    assert [table.key(i) for i in range(len(table))] == keys
    assert [table.find(key) for key in keys] == list(range(len(keys)))
    assert list(table.arrays) == [units_of(path, metadata, 0)]
    assert UnitTable.described(table.describe()).arrays == table.arrays


@given(st.lists(st.tuples(st.sampled_from(FORMS), grids), min_size=2, max_size=4))
def test_several_arrays_are_numbered_one_after_the_other(arrays: list[Any]) -> None:
    named = [(f"{i}", form, grid) for i, (form, grid) in enumerate(arrays)]
    table = UnitTable.of([(path, described(form, tuple(2 * n for n in grid))) for path, form, grid in named])
    keys = [key for path, form, grid in named for key in expected(path, form, grid)]
    assert [table.key(i) for i in range(len(table))] == keys
    assert [table.find(key) for key in keys] == list(range(len(keys)))
    for path, _, grid in named:
        found = table.array(path)
        assert found is not None
        assert (found.grid, found.count) == (grid, prod(grid))
    assert table.array("9") is None


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("shape", [(), (7,), (3, 5), (1, 3, 4)])
def test_zarr_python_writes_these_keys(tmp_path: Path, form: Any, shape: tuple[int, ...]) -> None:
    zarr_format, encoding, separator = form
    array = zarr.create_array(
        tmp_path / "a", shape=shape, chunks=tuple(min(2, n) for n in shape), dtype="u1",
        zarr_format=zarr_format, fill_value=0,
        chunk_key_encoding={"name": encoding or "v2", "separator": separator},
    )  # fmt: skip
    array[...] = 7
    files = {path.relative_to(tmp_path / "a").as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    table = UnitTable.of([("", described(form, shape))])
    assert {table.key(i) for i in range(len(table))} == {
        key for key in files if key[0] != "." and "z" not in key
    }


@pytest.mark.parametrize("form", FORMS)
def test_keys_of_no_unit(form: Any) -> None:
    table = UnitTable.of([("a", described(form, (5, 7))), ("b", described(form, ()))])
    right = table.key(0)
    head, last = right[:-1], right[-1]
    assert last == "0"
    for key in ("", "a", "a/", "a/zarr.json", "a/.zarray", "zarr.json", right[2:], f"x/{right}", f"{right}/0",
                f"{right}.0", f"{head}4", f"{head}00", f"{head}-1", f"{head}+1", f"{head}x", head,
                f"{head} 1", f"{head}\N{SUPERSCRIPT TWO}", f"{head}\N{ARABIC-INDIC DIGIT ONE}"):  # fmt: skip
        assert table.find(key) is None, key
    assert table.find(f"{head}3") == 3


def test_shards_are_the_units() -> None:
    metadata = describe((10, 100), "u1", (1, 10), shards=(4, 50), zarr_format=3)
    table = UnitTable.of([("0", metadata)])
    assert len(table) == 3 * 2
    assert table.key(5) == "0/c/2/1"


def test_what_is_noted() -> None:
    table = UnitTable.of([("0", described(FORMS[2], (4, 6))), ("1", described(FORMS[2], (2, 3)))])
    assert (table.size == UNKNOWN).all()
    assert not table.complete
    assert table.bytes == 0
    table.note(1, 70, 2**64 - 1)
    table.note(4, EMPTY, 0)
    table.note(7, 1 << 40, 5)
    assert list(table.known()) == [1, 4, 7]
    assert table.bytes == (1 << 40) + 70
    assert int(table.sums[1]) == 2**64 - 1
    first, second = table.arrays
    assert np.array_equal(table.finished(first), [[False, True, False], [False, True, False]])
    assert np.array_equal(table.finished(second), [[False, True]])
    for number in range(len(table)):
        table.note(number, 0, 0)
    assert table.complete
    assert Entry(EMPTY, 0).empty
    assert Entry(EMPTY, 0).known
    assert not Entry(UNKNOWN, 0).known


def test_an_empty_array_has_no_units() -> None:
    table = UnitTable.of([("a", describe((0, 5), "u1", (1, 5))), ("b", described(FORMS[2], (2, 2)))])
    assert len(table) == 1
    assert table.key(0) == "b/c/0/0"
    assert table.find("a/c/0/0") is None
    assert len(UnitTable([])) == 0
    assert UnitTable([]).complete


def test_a_million_units_take_megabytes() -> None:
    table = UnitTable.of([("0", describe((1000, 1000), "u1", (1, 1)))])
    assert table.size.nbytes + table.sums.nbytes == 16_000_000
    assert table.find(table.key(765_432)) == 765_432


@pytest.mark.parametrize(
    "told",
    [
        [{}], [3], 3, None,
        "0\t\t/\t1", ["\t\t/\t-1"], [f"\t\t/\t{1 << 40}"], ["\t\t/\t" + ",".join("1" * 33)],
        ["\t\t/\tx"], ["\t\t/"], ["\t\t/\t1\t1"], ["\t\t/\t1,"], [f"\t\t/\t{1 << 14},{1 << 13}"] * 3,
    ],
)  # fmt: skip
def test_what_tells_of_no_table(told: Any) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        UnitTable.described(told)
