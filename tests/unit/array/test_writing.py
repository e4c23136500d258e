"""Parts of units written by several at once: whatever the order, nothing is lost."""

from __future__ import annotations

import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st

from zarrscope.array.describe import describe
from zarrscope.array.open import create_array, open_array
from zarrscope.array.presets import preset
from zarrscope.errors import ConflictError
from zarrscope.store.local import LocalStore
from zarrscope.store.memory import MemoryStore
from zarrscope.types import Region

if TYPE_CHECKING:
    from pathlib import Path

SHAPE, CHUNK, SHARD = (30, 50), (8, 8), (16, 24)
FORMS = [(2, None), (3, None), (3, SHARD)]

WRITER = """
import sys
import numpy as np
from zarrscope.array.open import open_array
from zarrscope.store.local import LocalStore
from zarrscope.types import Region
array = open_array(LocalStore(sys.argv[1]), "")
sys.stdin.readline()
for row in range(int(sys.argv[2]), 30, 3):
    array.write(Region((row, 0), (row + 1, 50)), np.arange(50, dtype="u2")[None] + 100 * row)
"""


def described(zarr_format: int, shards: Any) -> Any:
    codecs = preset("default", np.dtype("u2"), CHUNK, zarr_format=zarr_format)
    return describe(SHAPE, "u2", CHUNK, shards=shards, codecs=codecs, zarr_format=zarr_format, fill_value=5)


sides = [
    st.tuples(st.integers(0, n - 1), st.integers(1, n)).map(
        lambda s: (min(s[0], s[1] - 1), max(s[0] + 1, s[1]))
    )
    for n in SHAPE
]


@settings(max_examples=settings().max_examples // 2)
@given(st.sampled_from(FORMS), st.lists(st.tuples(*sides), max_size=6))
def test_parts_one_after_the_other(form: Any, places: list[Any]) -> None:
    store = MemoryStore()
    array = create_array(store, "", described(*form))
    expected = np.full(SHAPE, 5, "u2")
    for number, ((top, bottom), (left, right)) in enumerate(places):
        block = np.random.default_rng(number).integers(0, 999, (bottom - top, right - left), dtype="u2")
        array.write(Region((top, left), (bottom, right)), block)
        expected[top:bottom, left:right] = block
    assert np.array_equal(open_array(store, "").read(Region.whole(SHAPE)), expected)


@pytest.mark.parametrize(("zarr_format", "shards"), FORMS)
@pytest.mark.parametrize("kind", ["memory", "folder"])
def test_threads(tmp_path: Path, kind: str, zarr_format: int, shards: Any) -> None:
    """Rows and columns that all cut the same units, in any order."""
    store: Any = MemoryStore() if kind == "memory" else LocalStore(tmp_path / "a")
    array = create_array(store, "", described(zarr_format, shards))
    pixels = np.random.default_rng(1).integers(0, 999, SHAPE, dtype="u2")
    parts = [
        Region((y, x), (min(y + 5, 30), min(x + 7, 50))) for y in range(0, 30, 5) for x in range(0, 50, 7)
    ]
    random.Random(2).shuffle(parts)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda part: array.write(part, pixels[part.slices]), parts))
    assert np.array_equal(array.read(Region.whole(SHAPE)), pixels)
    if kind == "folder":
        assert np.array_equal(zarr.open_array(tmp_path / "a", mode="r")[...], pixels)
        assert not [path for path in tmp_path.rglob("*") if ".part" in path.name]


@pytest.mark.parametrize(("zarr_format", "shards"), FORMS)
def test_processes(tmp_path: Path, zarr_format: int, shards: Any) -> None:
    """Every row by one of three processes: each chunk is changed by all of them."""
    create_array(LocalStore(tmp_path / "a"), "", described(zarr_format, shards))
    words = [sys.executable, "-c", WRITER, tmp_path / "a"]
    writers = [subprocess.Popen([*words, str(i)], stdin=subprocess.PIPE) for i in range(3)]
    for writer in writers:
        writer.stdin.write(b"go\n")  # type: ignore[union-attr]
        writer.stdin.close()  # type: ignore[union-attr]
    assert [writer.wait(120) for writer in writers] == [0, 0, 0]
    expected = np.arange(50)[None] + 100 * np.arange(30)[:, None]
    assert np.array_equal(zarr.open_array(tmp_path / "a", mode="r")[...], expected)


@pytest.mark.parametrize(("zarr_format", "shards"), FORMS)
def test_a_unit_that_never_stands_still(
    zarr_format: int, shards: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Restless(MemoryStore):
        def head(self, key: str) -> Any:
            found = super().head(key)
            if found is not None and "json" not in key:
                self.put(key, bytes(self.get(key) or b""))
            return found

    monkeypatch.setattr("zarrscope.array.writing._PAUSE", 0)
    store = Restless()
    array = create_array(store, "", described(zarr_format, shards))
    array.write(Region((0, 0), (16, 24)), np.ones((16, 24), "u2"))
    with pytest.raises(ConflictError, match="others write it all the time"):
        array.write(Region((0, 0), (1, 1)), np.zeros((1, 1), "u2"))
    assert (array.read(Region((0, 0), (16, 24))) == 1).all()
