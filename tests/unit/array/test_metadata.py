"""Descriptions of arrays, both versions, good and bad."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from zarrscope.array import metadata_v2, metadata_v3
from zarrscope.array.chain import chunk_chain
from zarrscope.array.describe import describe, to_documents
from zarrscope.array.metadata import Codec
from zarrscope.errors import ArgumentError, MetadataError, UnsupportedError

V2: dict[str, Any] = {
    "zarr_format": 2,
    "shape": [10, 20],
    "chunks": [5, 6],
    "dtype": "<u2",
    "compressor": {"id": "zlib", "level": 1},
    "fill_value": 0,
    "order": "C",
    "filters": None,
}
V3: dict[str, Any] = {
    "zarr_format": 3,
    "node_type": "array",
    "shape": [10, 20],
    "data_type": "uint16",
    "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [8, 8]}},
    "chunk_key_encoding": {"name": "default"},
    "fill_value": 0,
    "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}],
}


def shards(chunk_shape: Any, **more: Any) -> list[dict[str, Any]]:
    options = {
        "chunk_shape": chunk_shape,
        "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}],
        "index_codecs": [{"name": "bytes", "configuration": {"endian": "little"}}, {"name": "crc32c"}],
    }
    return [{"name": "sharding_indexed", "configuration": options | more}]


def test_v2() -> None:
    found = metadata_v2.decode(V2 | {"order": "F", "dtype": ">u2", "foreign": 1}, {"a": 1})
    assert (found.shape, found.chunks, found.dtype) == ((10, 20), (5, 6), np.dtype("u2"))
    assert (found.byteorder, found.order, found.separator, found.shards) == ("big", "F", ".", None)
    assert found.key((1, 2)) == "1.2"
    assert found.attributes == {"a": 1}
    assert metadata_v2.decode(metadata_v2.encode(found), {"a": 1}) == found
    assert metadata_v2.encode(found)["foreign"] == 1
    assert set(to_documents(found)) == {".zarray", ".zattrs"}


def test_v2_without_fill_value() -> None:
    found = metadata_v2.decode(V2 | {"fill_value": None})
    assert found.fill_value is None
    assert found.fill == 0
    assert metadata_v2.encode(found)["fill_value"] is None


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"zarr_format": 3}, "zarr_format"),
        ({"shape": [1 << 63, 1]}, "shape"),
        ({"shape": [-1, 1]}, "shape"),
        ({"shape": [1.0, 1]}, "shape"),
        ({"shape": "10"}, "shape"),
        ({"shape": [1] * 40, "chunks": [1] * 40}, "axes"),
        ({"chunks": [0, 6]}, "chunks"),
        ({"chunks": [5]}, "chunks"),
        ({"chunks": True}, "chunks"),
        ({"order": "K"}, "order"),
        ({"dimension_separator": "-"}, "dimension_separator"),
        ({"fill_value": 70000}, "fill_value"),
        ({"filters": "delta"}, "filters"),
        ({"compressor": "zlib"}, "compressor"),
        ({"dtype": "u"}, "data type"),
    ],
)
def test_v2_that_is_wrong(change: dict[str, Any], told: str) -> None:
    with pytest.raises(MetadataError, match=told):
        metadata_v2.decode(V2 | change)


@pytest.mark.parametrize("name", ["shape", "chunks", "dtype", "compressor", "fill_value", "order"])
def test_v2_that_lacks_something(name: str) -> None:
    with pytest.raises(MetadataError, match=name):
        metadata_v2.decode({key: value for key, value in V2.items() if key != name})


def test_numbers_as_strings_of_early_tools() -> None:
    assert metadata_v2.decode(V2 | {"fill_value": "7"}).fill_value == 7


def test_v3() -> None:
    more = {"codecs": shards([2, 4]), "dimension_names": ["y", None], "attributes": {"a": 1}}
    found = metadata_v3.decode(V3 | more)
    assert (found.chunks, found.shards, found.unit) == ((2, 4), (8, 8), (8, 8))
    assert found.key((0, 1)) == "c/0/1"
    assert found.dimension_names == ("y", None)
    assert metadata_v3.decode(metadata_v3.encode(found)) == found


@pytest.mark.parametrize(
    ("entry", "key"),
    [
        ("default", "c/3/4"),
        ({"name": "default", "configuration": {"separator": "."}}, "c.3.4"),
        ({"name": "v2"}, "3.4"),
        ({"name": "v2", "configuration": {"separator": "/"}}, "3/4"),
    ],
)
def test_keys(entry: Any, key: str) -> None:
    assert metadata_v3.decode(V3 | {"chunk_key_encoding": entry}).key((3, 4)) == key


def test_keys_without_axes() -> None:
    assert describe((), "u1", ()).key(()) == "c"
    assert describe((), "u1", (), zarr_format=2).key(()) == "0"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"node_type": "group"}, "node_type"),
        ({"shape": [1 << 64, 2]}, "shape"),
        ({"chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [0, 8]}}}, "chunk_shape"),
        ({"chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [8]}}}, "chunk_shape"),
        ({"chunk_grid": {"name": "regular"}}, "chunk_shape"),
        ({"chunk_grid": []}, "chunk_grid"),
        ({"chunk_key_encoding": {"name": "default", "configuration": {"separator": "_"}}}, "separator"),
        ({"codecs": []}, "codecs"),
        ({"codecs": [3]}, "codec"),
        ({"codecs": [{"name": "crc32c"}]}, "array to bytes"),
        ({"codecs": [{"name": "crc32c"}, {"name": "bytes"}]}, "array to bytes"),
        ({"codecs": [{"name": "bytes"}, {"name": "bytes"}]}, "array to bytes"),
        ({"codecs": [{"name": "bytes", "configuration": 3}]}, "configuration"),
        ({"codecs": shards([3, 4])}, "multiple"),
        ({"codecs": shards([0, 4])}, "chunk_shape"),
        ({"codecs": shards(None)}, "chunk_shape"),
        ({"dimension_names": ["y"]}, "dimension_names"),
        ({"attributes": []}, "attributes"),
        ({"fill_value": "x"}, "fill_value"),
    ],
)
def test_v3_that_is_wrong(change: dict[str, Any], told: str) -> None:
    with pytest.raises(MetadataError, match=told):
        metadata_v3.decode(V3 | change)


@pytest.mark.parametrize(
    "name", ["shape", "data_type", "chunk_grid", "chunk_key_encoding", "fill_value", "codecs"]
)
def test_v3_that_lacks_something(name: str) -> None:
    with pytest.raises(MetadataError, match=name):
        metadata_v3.decode({key: value for key, value in V3.items() if key != name})


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"chunk_grid": {"name": "rectilinear"}}, "chunk grid"),
        ({"chunk_key_encoding": {"name": "fanout"}}, "chunk key encoding"),
        ({"storage_transformers": [{"name": "x"}]}, "storage transformers"),
        ({"foreign": {"must_understand": True}}, "foreign"),
        ({"foreign": 1}, "foreign"),
        ({"chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [1 << 20, 1 << 20]}}}, "limit"),
    ],
)
def test_v3_that_is_refused(change: dict[str, Any], told: str) -> None:
    with pytest.raises(UnsupportedError, match=told):
        metadata_v3.decode(V3 | change)


def test_foreign_members_that_may_be_ignored_survive() -> None:
    found = metadata_v3.decode(V3 | {"foreign": {"must_understand": False, "x": 1}})
    assert metadata_v3.encode(found)["foreign"]["x"] == 1


@pytest.mark.parametrize(
    ("codecs", "told"),
    [
        ([{"name": "bytes"}], "endian"),
        ([{"name": "bytes", "configuration": {"endian": "middle"}}], "endian"),
        ([{"name": "transpose", "configuration": {"order": [0, 0]}}, *V3["codecs"]], "permutation"),
        ([{"name": "transpose", "configuration": {"order": "F"}}, *V3["codecs"]], "permutation"),
        ([{"name": "transpose", "configuration": {"order": [True, False]}}, *V3["codecs"]], "permutation"),
        (shards([2, 4], index_location="middle"), "index_location"),
        (shards([2, 4], index_codecs=None), "codecs"),
        (shards([2, 4], codecs=[]), "codecs"),
        ([*V3["codecs"], {"name": "gzip", "configuration": {"level": 99}}], "level"),
        ([*V3["codecs"], {"name": "blosc", "configuration": {"cname": "evil"}}], "cname"),
    ],
)
def test_codecs_that_are_wrong(codecs: Any, told: str) -> None:
    with pytest.raises(MetadataError, match=told):
        chunk_chain(metadata_v3.decode(V3 | {"codecs": codecs}))


def test_shards_within_shards_without_end_are_refused() -> None:
    codecs: Any = V3["codecs"]
    for _ in range(40):
        codecs = shards([1, 1], codecs=codecs)
    with pytest.raises(UnsupportedError, match="deep"):
        chunk_chain(metadata_v3.decode(V3 | {"codecs": codecs}))


def test_an_index_beyond_measure_is_refused() -> None:
    grid = {"chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [1 << 31, 1 << 31]}}}
    with pytest.raises(UnsupportedError, match="index"):
        metadata_v3.decode(V3 | grid | {"codecs": shards([1, 1])})


def test_describe_refuses_what_cannot_be() -> None:
    with pytest.raises(ArgumentError, match="no shards"):
        describe((4,), "u1", (2,), shards=(4,), zarr_format=2)
    with pytest.raises(ArgumentError, match="order"):
        describe((4,), "u1", (2,), order="K")
    with pytest.raises(MetadataError, match="multiple"):
        describe((4,), "u1", (2,), shards=(3,))


def test_describe_places_the_turning_into_bytes() -> None:
    filters = (Codec("numcodecs.delta", {"dtype": "<u2"}), Codec("crc32c"))
    found = describe((4, 4), "u2", (2, 2), codecs=filters, order="F", byteorder="big")
    assert [codec.name for codec in found.codecs] == ["transpose", "numcodecs.delta", "bytes", "crc32c"]
    assert found.byteorder == "big"
