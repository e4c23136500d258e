"""Every Zarr array of the shared collections that zarr-python or TensorStore can read, we read equal.

The collections stand beside the checkout, or where ``ZARRSCOPE_SHARED`` says; they are never part of it.
"""

from __future__ import annotations

import json
import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from zarrscope.array.open import open_array
from zarrscope.errors import ZarrscopeError
from zarrscope.store.local import LocalStore

zarr = pytest.importorskip("zarr", reason="zarr-python is one of the two judges")
ts = pytest.importorskip("tensorstore", reason="TensorStore is one of the two judges")

SHARED = Path(os.environ.get("ZARRSCOPE_SHARED") or Path(__file__).parents[2].parent / "shared")
MOST_PIXELS = 1 << 26


def arrays() -> list[Path]:
    """Return the folders with the document of an array."""
    found = []
    for collection in ("data", "conformance"):
        for folder, _, files in os.walk(SHARED / collection):
            if ".zarray" in files or ("zarr.json" in files and is_array(Path(folder) / "zarr.json")):
                found.append(Path(folder))
    return sorted(found)


def is_array(document: Path) -> bool:
    """Return whether a ``zarr.json`` is that of an array."""
    try:
        parsed = json.loads(document.read_bytes())
    except ValueError:
        return False
    return isinstance(parsed, dict) and parsed.get("node_type") == "array"


def part(shape: tuple[int, ...]) -> tuple[slice, ...]:
    """Return all of an array, or its last corner where it is large."""
    if np.prod(shape, dtype=float) <= MOST_PIXELS:
        return tuple(slice(None) for _ in shape)
    return tuple(slice(max(0, n - 150), n) for n in shape)


def by_zarr(folder: Path) -> np.ndarray:
    """Read an array with zarr-python."""
    array = zarr.open_array(str(folder), mode="r")
    return np.asarray(array[part(array.shape)])


def by_tensorstore(folder: Path) -> np.ndarray:
    """Read an array with TensorStore."""
    driver = "zarr3" if (folder / "zarr.json").exists() else "zarr"
    spec: dict[str, Any] = {"driver": driver, "kvstore": {"driver": "file", "path": f"{folder}/"}}
    array = ts.open(spec, open=True, read=True).result()
    return np.asarray(array[part(array.shape)].read().result())


def judged(folder: Path) -> tuple[np.ndarray | None, str]:
    """Return what a judge reads, or why none can."""
    reasons = []
    for name, read in (("zarr-python", by_zarr), ("TensorStore", by_tensorstore)):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return read(folder), name
        except Exception as error:  # whatever a judge says
            reasons.append(f"{name}: {type(error).__name__} {str(error)[:60]!r}")
    return None, "; ".join(reasons)


def test_shared_arrays_are_read_equal(capsys: pytest.CaptureFixture[str]) -> None:
    folders = arrays()
    if not folders:
        pytest.skip(f"the shared collections are not at {SHARED}; set ZARRSCOPE_SHARED to their folder")
    equal, unread, wrong = 0, [], []
    for folder in folders:
        wanted, by = judged(folder)
        place = str(folder.relative_to(SHARED))
        try:
            array = open_array(LocalStore(folder))
            pixels = array[part(array.shape)]
        except ZarrscopeError as error:
            if wanted is None:
                unread.append(f"{place}: {by}; zarrscope: {type(error).__name__} {str(error)[-120:]}")
            else:
                wrong.append(f"{place}: {by} reads it, we say {error!r}")
            continue
        if wanted is None:
            unread.append(f"{place}: {by}; zarrscope reads it")
            continue
        if pixels.dtype.kind == "O":  # strings: zarr-python gives them in one of three types
            same = np.array_equal(pixels, wanted.astype(object))
        else:
            nan = wanted.dtype.kind in "fc"
            same = pixels.dtype == wanted.dtype.newbyteorder("=")
            same = same and np.array_equal(pixels, wanted, equal_nan=nan)
        if same:
            equal += 1
        else:
            wrong.append(f"{place}: not what {by} reads")
    with capsys.disabled():
        print(f"\n{equal} shared arrays read equal, {len(unread)} that no judge opens:")
        print("\n".join(f"  {line}" for line in unread))
    assert not wrong, "\n".join(wrong)
    assert equal > 0
