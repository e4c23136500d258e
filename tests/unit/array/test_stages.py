"""Compressors, filters and checksums against data that lies."""

from __future__ import annotations

import bz2
import gzip
import lzma
import struct
import tracemalloc
import zlib
from typing import Any

import numpy as np
import pytest
from numcodecs import blosc, lz4, zstd

from zarrscope.array.codecs import V2, V3, make_stage
from zarrscope.array.metadata import Codec
from zarrscope.array.stages import STREAM_ERRORS, Extent, Stage, zstd_content_size
from zarrscope.errors import CorruptDataError, MetadataError, UnsupportedError

SIZE = 4096
EXTENT = Extent(SIZE, SIZE, 2)
DTYPE = np.dtype("<u2")
DATA = np.arange(SIZE // 2, dtype="<u2").tobytes()
BOMB = bytes(1 << 28)


def stage(name: str, allowed: dict[str, Any] = V2, extent: Extent = EXTENT, **options: Any) -> Stage:
    return make_stage(Codec(name, options), allowed, extent, DTYPE)


NAMES = [
    "blosc", "zstd", "lz4", "zlib", "gzip", "bz2", "lzma", "shuffle", "crc32", "crc32c", "adler32",
    "fletcher32", "jenkins_lookup3", "delta", "astype",
]  # fmt: skip
OPTIONS = {"shuffle": {"elementsize": 2}, "delta": {"dtype": "<u2"}, "astype": {"encode_dtype": "<u4"}}


@pytest.mark.parametrize("name", NAMES)
def test_there_and_back(name: str) -> None:
    made = stage(name, **OPTIONS.get(name, {}))
    packed = bytes(made.encode(DATA))
    assert len(packed) <= made.after.most
    out = np.empty(SIZE, np.uint8)
    assert bytes(made.decode(memoryview(packed), out)) == DATA
    assert bytes(made.decode(packed, None)) == DATA
    assert made.encode(DATA) is not None
    assert bytes(made.encode(np.frombuffer(DATA, np.uint8))) == packed


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("cut", [0, 1, 3, 5, 17, -1, -5])
def test_short_data(name: str, cut: int) -> None:
    made = stage(name, **OPTIONS.get(name, {}))
    packed = bytes(made.encode(DATA))
    with pytest.raises((CorruptDataError, *STREAM_ERRORS)):
        made.decode(packed[:cut], np.empty(SIZE, np.uint8))


@pytest.mark.parametrize(
    "packed",
    [
        pytest.param(("blosc", blosc.compress(BOMB, b"zstd", 9, 1, 0, 1)), id="blosc"),
        pytest.param(("zstd", zstd.compress(BOMB, 3)), id="zstd"),
        pytest.param(("lz4", lz4.compress(BOMB)), id="lz4"),
        pytest.param(("zlib", zlib.compress(BOMB, 9)), id="zlib"),
        pytest.param(("gzip", gzip.compress(BOMB)), id="gzip"),
        pytest.param(("gzip", gzip.compress(BOMB[: 1 << 20]) * 100), id="gzip members"),
        pytest.param(("bz2", bz2.compress(BOMB)), id="bz2"),
        pytest.param(("lzma", lzma.compress(BOMB, preset=1)), id="lzma"),
        pytest.param(("gzip", zlib.compress(b"")[:0] + gzip.compress(DATA + b"!")), id="one byte more"),
    ],
)
def test_bombs(packed: tuple[str, bytes]) -> None:
    name, data = packed
    tracemalloc.start()
    try:
        with pytest.raises(CorruptDataError, match="are due"):
            stage(name).decode(data, np.empty(SIZE, np.uint8))
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


def test_bombs_behind_a_compressor() -> None:
    """What a stage in the middle must give is not known exactly, but bounded."""
    made = stage("gzip", extent=Extent(None, 5000, 1))
    assert made.decode(gzip.compress(DATA), None) == DATA
    with pytest.raises(CorruptDataError, match="5000"):
        made.decode(gzip.compress(BOMB), None)


@pytest.mark.parametrize("at", [4, 8, 12])
def test_blosc_headers_that_lie(at: int) -> None:
    data = bytearray(blosc.compress(DATA, b"lz4", 5, 1, 0, 2))
    struct.pack_into("<I", data, at, 0x7FFFFFFF)
    with pytest.raises(CorruptDataError):
        stage("blosc").decode(data, np.empty(SIZE, np.uint8))


def test_zstd_sizes() -> None:
    assert zstd_content_size(zstd.compress(b"")) == 0
    assert zstd_content_size(zstd.compress(bytes(300))) == 300
    assert zstd_content_size(zstd.compress(bytes(70000))) == 70000
    frame = bytes.fromhex("28b52ffd 00 58 610000") + b"hello world!"
    assert zstd_content_size(frame) is None
    with pytest.raises(CorruptDataError, match="frame"):
        zstd_content_size(b"no frame")


def test_zstd_without_a_size() -> None:
    frame = bytes.fromhex("28b52ffd0058610000") + b"hello world!"
    out = np.empty(12, np.uint8)
    assert bytes(stage("zstd", extent=Extent(12, 12, 1)).decode(frame, out)) == b"hello world!"
    for size in (11, 13):
        with pytest.raises((CorruptDataError, *STREAM_ERRORS)):
            stage("zstd", extent=Extent(size, size, 1)).decode(frame, np.empty(size, np.uint8))
    with pytest.raises(CorruptDataError, match="does not say"):
        stage("zstd", extent=Extent(None, 99, 1)).decode(frame, None)


@pytest.mark.parametrize("name", ["crc32", "crc32c", "adler32", "fletcher32", "jenkins_lookup3"])
@pytest.mark.parametrize("at", [0, 100, -1])
def test_flipped_bits(name: str, at: int) -> None:
    made = stage(name)
    packed = bytearray(made.encode(DATA))
    packed[at] ^= 4
    with pytest.raises(CorruptDataError, match=name):
        made.decode(packed, None)


def test_blosc_is_deterministic_and_obeys() -> None:
    data = np.random.default_rng(0).integers(0, 900, 1 << 18).astype("<u2").tobytes()
    extent = Extent(len(data), len(data), 2)
    made = stage("blosc", extent=extent, cname="zstd", clevel=1, shuffle=1, blocksize=len(data))
    packed = {bytes(made.encode(data)) for _ in range(6)}
    assert len(packed) == 1
    (one,) = packed
    assert one[3] == 2
    assert struct.unpack_from("<II", one, 4) == (len(data), len(data))


@pytest.mark.parametrize(
    "name", ["pickle", "msgpack2", "json2", "categorize", "zfpy", "pcodec", "base64", ""]
)
def test_unknown_codecs_are_named(name: str) -> None:
    with pytest.raises(UnsupportedError, match=r"allowed are .*blosc"):
        stage(name)
    with pytest.raises(UnsupportedError, match="not supported"):
        stage(f"numcodecs.{name}", V3)


@pytest.mark.parametrize(
    ("name", "options", "told"),
    [
        ("blosc", {"clevel": 10}, "clevel"),
        ("blosc", {"shuffle": True}, "shuffle"),
        ("blosc", {"typesize": 0}, "typesize"),
        ("blosc", {"cname": ["lz4"]}, "cname"),
        ("zstd", {"level": 23}, "level"),
        ("lzma", {"filters": [{"id": 33, "dict_size": 1 << 32}]}, "dict_size"),
        ("lzma", {"filters": 3}, "filters"),
        ("delta", {"dtype": "O"}, "dtype"),
        ("delta", {"dtype": "<u2", "astype": "V99999999"}, "astype"),
        ("delta", {"dtype": "<f8", "astype": 3}, "astype"),
        ("fixedscaleoffset", {"scale": 0, "offset": 0, "dtype": "<f4"}, "scale"),
        ("fixedscaleoffset", {"scale": "1", "offset": 0, "dtype": "<f4"}, "scale"),
        ("quantize", {"digits": 2}, "floats"),
        ("bitround", {"keepbits": 2}, "floats"),
        ("packbits", {}, "booleans"),
        ("shuffle", {"elementsize": 0}, "elementsize"),
        ("crc32", {"location": "middle"}, "location"),
    ],
)
def test_options_that_are_wrong(name: str, options: dict[str, Any], told: str) -> None:
    with pytest.raises(MetadataError, match=told):
        stage(name, **options)


def test_jenkins_with_a_seed_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="initial"):
        stage("jenkins_lookup3", initval=3)


def test_blosc_with_snappy_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="snappy"):
        stage("blosc", cname="snappy")
