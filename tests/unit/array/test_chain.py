"""Chunks to bytes and back."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

from zarrscope.array.chain import chunk_chain
from zarrscope.array.describe import describe
from zarrscope.array.metadata import Codec
from zarrscope.array.presets import PRESETS, preset
from zarrscope.array.scratch import borrowed, scratch
from zarrscope.errors import ArgumentError, CorruptDataError, MetadataError, UnsupportedError

BLOCK = np.random.default_rng(0).integers(0, 3000, (16, 24)).astype("u2")


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("byteorder", ["little", "big"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_there_and_back(name: str, zarr_format: int, byteorder: str, order: str) -> None:
    codecs = preset(name, "u2", BLOCK.shape, zarr_format=zarr_format)
    metadata = describe(
        BLOCK.shape,
        "u2",
        BLOCK.shape,
        codecs=codecs,
        zarr_format=zarr_format,
        byteorder=byteorder,
        order=order,
    )
    chain = pickle.loads(pickle.dumps(chunk_chain(metadata)))  # noqa: S301
    data = chain.encode_chunk(BLOCK)
    assert isinstance(data, bytes)
    assert b"".join(bytes(part) for part in chain.encode_parts(BLOCK)) == data
    strided = np.zeros((16, 48), "u2")[:, ::2]
    strided[...] = BLOCK
    assert chain.encode_chunk(strided) == data
    assert chain.encode_chunk(BLOCK.astype(">u2")) == data
    for out in (np.zeros_like(BLOCK), strided, np.zeros((24, 16), "u2").T):
        out[...] = 0
        chain.decode_chunk(memoryview(data), out)
        np.testing.assert_array_equal(out, BLOCK)
    with pytest.raises(CorruptDataError):
        chain.decode_chunk(data[:-1], np.zeros_like(BLOCK))


def test_presets() -> None:
    (blosc, seal) = preset("default", "u2", (1, 512, 512))
    assert blosc.configuration == {
        "cname": "zstd", "clevel": 1, "blocksize": 524288, "shuffle": "shuffle", "typesize": 2
    }  # fmt: skip
    assert seal.name == "crc32c"
    assert [codec.name for codec in preset("small", "u1", (4,), checksum=False)] == ["blosc"]
    with pytest.raises(ArgumentError, match="no codec 'best'"):
        preset("best", "u1", (4,))


def test_values_are_never_lost_on_the_way_in() -> None:
    chain = chunk_chain(describe((2,), "u1", (2,)))
    with pytest.raises(TypeError):
        chain.encode_chunk(np.array([1.5, 2.5]))


def test_filters_between_arrays() -> None:
    codecs = (
        Codec("numcodecs.delta", {"dtype": "<i4"}),
        Codec("transpose", {"order": [1, 0]}),
        Codec("numcodecs.astype", {"encode_dtype": "int64", "decode_dtype": "int32"}),
    )
    block = np.arange(12, dtype="i4").reshape(3, 4) ** 2
    chain = chunk_chain(describe((3, 4), "i4", (3, 4), codecs=codecs, byteorder="big"))
    data = chain.encode_chunk(block)
    assert len(data) == 12 * 8
    np.testing.assert_array_equal(chain.decode(data), block)


def test_packed_bits_between_arrays() -> None:
    block = np.arange(15).reshape(3, 5) % 3 == 0
    chain = chunk_chain(describe((3, 5), "bool", (3, 5), codecs=(Codec("numcodecs.packbits"),)))
    data = chain.encode_chunk(block)
    assert len(data) == 3
    np.testing.assert_array_equal(chain.decode(data), block)
    with pytest.raises(CorruptDataError):
        chain.decode(b"\x09" + data[1:])


def test_filters_that_do_not_fit() -> None:
    delta = Codec("numcodecs.delta", {"dtype": "<i8"})
    with pytest.raises(MetadataError, match="works on"):
        chunk_chain(describe((8,), "u2", (8,), codecs=(delta,)))
    with pytest.raises(MetadataError, match="whole number"):
        chunk_chain(describe((3,), "u2", (3,), codecs=(delta,)))
    after = (Codec("zlib"), Codec("delta", {"dtype": "<u2"}))
    with pytest.raises(UnsupportedError, match="after a compressor"):
        chunk_chain(describe((3,), "u2", (3,), codecs=after, zarr_format=2))
    astype: Any = Codec("numcodecs.astype", {"encode_dtype": "<u4"})
    shard = describe((4,), "u2", (2,), shards=(4,)).codecs[0]
    with pytest.raises(UnsupportedError, match="before sharding"):
        chunk_chain(describe((4,), "u2", (4,), codecs=(astype, shard)))


def test_lent_memory_may_nest() -> None:
    with borrowed("test", 10) as outer:
        outer[:] = 1
        with borrowed("test", 10) as inner:
            inner[:] = 2
        assert outer.max() == 1
    assert scratch("test2", 10).base is scratch("test2", 8).base
    assert scratch("test2", 65 << 20).size == 65 << 20
