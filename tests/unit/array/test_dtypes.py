"""Data types and fill values of both versions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from zarrscope.array.dtypes import dtype_v2, dtype_v3, fill_from_json, fill_to_json, name_v3
from zarrscope.errors import MetadataError, UnsupportedError


@pytest.mark.parametrize(
    ("text", "dtype", "order"),
    [
        ("<u2", "u2", "little"),
        (">u2", "u2", "big"),
        ("|u1", "u1", "little"),
        (">u1", "u1", "little"),
        ("|b1", "bool", "little"),
        (">c16", "c16", "big"),
        ("<f2", "f2", "little"),
        ("|S5", "S5", "little"),
        (">U3", "U3", "big"),
    ],
)
def test_v2_names(text: str, dtype: str, order: str) -> None:
    assert dtype_v2(text, "f") == (np.dtype(dtype), order)


@pytest.mark.parametrize("text", ["u3", "<x2", "", "|S0", "<f16", "O4x", 3, None, "<u2 ", "float32"])
def test_v2_names_that_are_none(text: Any) -> None:
    with pytest.raises(MetadataError, match="f: "):
        dtype_v2(text, "f")


@pytest.mark.parametrize(
    "text", ["<O", "<M8[ns]", "<m8", [["a", ">u2"]], [["a", "|O"]], [["a", [["b", "<u2"]]]]]
)
def test_v2_names_that_are_refused(text: Any) -> None:
    with pytest.raises(UnsupportedError, match="f: "):
        dtype_v2(text, "f")


@pytest.mark.parametrize("name", ["bool", "int8", "uint64", "float16", "complex128", "r24"])
def test_v3_names(name: str) -> None:
    assert name_v3(dtype_v3(name, "f")) == name


@pytest.mark.parametrize("name", ["bfloat16", "r7", "r0", {"name": "numpy.datetime64"}])
def test_v3_names_that_are_refused(name: Any) -> None:
    with pytest.raises(UnsupportedError, match="not supported"):
        dtype_v3(name, "f")


@pytest.mark.parametrize(
    "name", [3, None, {}, {"name": "fixed_length_utf32", "configuration": {"length_bytes": 3}}]
)
def test_v3_names_that_are_none(name: Any) -> None:
    with pytest.raises(MetadataError):
        dtype_v3(name, "f")


def test_v3_fixed_strings() -> None:
    name = {"name": "fixed_length_utf32", "configuration": {"length_bytes": 12}}
    assert dtype_v3(name, "f") == np.dtype("U3")
    assert name_v3(np.dtype("U3")) == name


@pytest.mark.parametrize(
    ("value", "dtype", "wanted"),
    [
        (1, "bool", True),
        (255, "u1", 255),
        (0.0, "i4", 0),
        ("NaN", "f4", math.nan),
        ("-Infinity", "f2", -math.inf),
        ("Infinity", "f8", math.inf),
        ("0x7fc00000", "f4", math.nan),
        ("0x3f800000", "f4", 1.0),
        ([1.5, "NaN"], "c8", complex(1.5, math.nan)),
        (3, "c16", 3 + 0j),
        ("abc", "U3", "abc"),
        ("YWI=", "S3", b"ab"),
        ("", "S3", b""),
    ],
)
def test_fill_values(value: Any, dtype: str, wanted: Any) -> None:
    found = fill_from_json(value, np.dtype(dtype), "f")
    assert found.dtype == np.dtype(dtype) or np.dtype(dtype).kind in "SU"
    np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        (256, "u1"),
        (-1, "u1"),
        (1.5, "i4"),
        (True, "i4"),
        ("3", "i4"),
        ("nan", "f4"),
        ("0x7fc0", "f4"),
        ("0xzzzzzzzz", "f4"),
        (None, "f4"),
        (2, "bool"),
        ([1, 2, 3], "c8"),
        ({}, "u1"),
        ("!!!", "S3"),
        ([256], "V1"),
    ],
)
def test_fill_values_that_are_none(value: Any, dtype: str) -> None:
    with pytest.raises(MetadataError, match="fill_value"):
        fill_from_json(value, np.dtype(dtype), "f")


def test_bits_of_a_nan_survive_in_v3() -> None:
    odd = np.frombuffer(bytes.fromhex("7fc00001"), ">f4").astype("f4")[0]
    assert fill_to_json(odd, 3) == "0x7fc00001"
    assert fill_to_json(odd, 2) == "NaN"
    assert fill_from_json("0x7fc00001", np.dtype("f4"), "f").tobytes() == odd.tobytes()
    assert fill_to_json(np.float32("nan"), 3) == "NaN"
    assert fill_to_json(np.complex64(complex(1, -math.inf)), 3) == [1.0, "-Infinity"]
