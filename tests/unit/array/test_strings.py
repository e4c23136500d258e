"""Strings and structured pixels: read as zarr-python writes them, refused where nothing can be made."""

from __future__ import annotations

import struct
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import zarr

from zarrscope.array.describe import describe
from zarrscope.array.open import open_array
from zarrscope.array.strings import decode
from zarrscope.errors import CorruptDataError, UnsupportedError
from zarrscope.store.local import LocalStore

if TYPE_CHECKING:
    from pathlib import Path

WORDS = np.array([["", "nucleus", "µm"], ["DAPI", "x" * 300, "細胞"]], object)


def written(folder: Path, values: Any, **options: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zarr-python calls strings experimental
        array = zarr.create_array(str(folder), shape=values.shape, **options)
        array[...] = values


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("chunks", [(2, 3), (1, 2)])
def test_strings(tmp_path: Path, zarr_format: Any, chunks: tuple[int, int]) -> None:
    written(tmp_path / "a", WORDS, chunks=chunks, dtype=str, zarr_format=zarr_format)
    array = open_array(LocalStore(tmp_path / "a"))
    assert array.dtype == object
    assert array[...].tolist() == WORDS.tolist()
    assert array[1:, 1:].tolist() == WORDS[1:, 1:].tolist()


def test_missing_chunks_are_empty_strings(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        zarr.create_array(str(tmp_path / "a"), shape=(3,), chunks=(2,), dtype=str, zarr_format=2)
    assert open_array(LocalStore(tmp_path / "a"))[...].tolist() == ["", "", ""]


def test_structured(tmp_path: Path) -> None:
    rows = np.array([(1, 2.5), (-3, np.inf), (7, 0.0)], [("id", "<i4"), ("area", "<f8")])
    written(tmp_path / "a", rows, chunks=(2,), dtype=rows.dtype, zarr_format=2)
    found = open_array(LocalStore(tmp_path / "a"))[...]
    assert found.dtype == rows.dtype
    assert found.tolist() == rows.tolist()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        struct.pack("<I", 2),
        struct.pack("<I", 1_000_000_000),
        struct.pack("<III", 2, 1, 0),
        struct.pack("<II", 2, 0xFFFFFFFF) + b"abc",
        struct.pack("<II", 2, 1) + b"\xff" + struct.pack("<I", 0),
    ],
)
def test_damaged_strings(data: bytes) -> None:
    with pytest.raises(CorruptDataError):
        decode(data, 2)


def test_other_objects_are_refused() -> None:
    from zarrscope.array.chain import chunk_chain
    from zarrscope.array.metadata_v2 import decode as decode_v2

    document = {"zarr_format": 2, "shape": [1], "chunks": [1], "dtype": "|O", "compressor": None,
                "fill_value": None, "order": "C", "filters": [{"id": "pickle"}]}  # fmt: skip
    with pytest.raises(UnsupportedError, match="pickle"):
        chunk_chain(decode_v2(document))


def test_strings_are_not_written() -> None:
    with pytest.raises(UnsupportedError):
        describe((2,), object, (2,))
