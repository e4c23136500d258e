"""Hostile chunks, shards and sizes: each ends in an error of ours, in under 2 s and 200 MiB."""

from __future__ import annotations

import bz2
import gzip
import lzma
import struct
import zlib
from typing import TYPE_CHECKING, Any

import numcodecs
import numcodecs.blosc
import numpy as np
import pytest
from tests.faults.hostile import BOMB, CHUNK, array_v2, array_v3, zeros_through

from zarrscope.errors import (
    CorruptDataError,
    MetadataError,
    UnsupportedError,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.attack import Attacker

# --- bombs --------------------------------------------------------------------------------------------


def _lz4_block(size: int) -> bytes:
    """Return an LZ4 block of so many zeros: one literal, one long match, five literals."""
    run = size - 6 - 4 - 15
    return b"\x1f\0" + b"\1\0" + b"\xff" * (run // 255) + bytes([run % 255]) + b"\x50" + bytes(5)


def _streaming_zstd(size: int) -> bytes:
    """Return a frame of zeros that does not say its size: runs of one byte (RFC 8878, 3.1.1.2.2)."""
    count = size >> 17
    block = struct.pack("<I", 1 << 20 | 1 << 1)[:3] + b"\0"  # 128 KiB, RLE
    last = struct.pack("<I", 1 << 20 | 1 << 1 | 1)[:3] + b"\0"
    return b"\x28\xb5\x2f\xfd\x00\x58" + block * (count - 1) + last


def bombs() -> dict[str, tuple[str, bytes]]:
    """Return the codec and the bytes of each bomb; none of them is honest."""
    zeros = numcodecs.Zstd(1).encode(np.zeros(BOMB, "u1"))
    blosc = numcodecs.blosc.compress(np.zeros(BOMB, "u1"), b"zstd", 1, 1)
    lying = bytearray(blosc)
    lying[4:8] = struct.pack("<I", 4096)
    small_block = bytearray(lying)
    small_block[8:12] = struct.pack("<I", 4096)
    single = gzip.compress(bytes(1 << 24), 1)
    packed_lzma = zeros_through(lzma.LZMACompressor(preset=0), 256 << 20)
    return {
        "zstd": ("zstd", zeros),
        "zstd without a size": ("zstd", _streaming_zstd(BOMB)),
        "zstd, an honest frame first": ("zstd", numcodecs.Zstd(1).encode(np.zeros(4096, "u1")) + zeros),
        "zstd that claims the right size": ("zstd", _claiming(4096)),
        "zstd that claims 2^63": ("zstd", b"\x28\xb5\x2f\xfd\xe0" + struct.pack("<Q", 1 << 63) + b"\1\0\0"),
        "blosc": ("blosc", blosc),
        "blosc that claims the right size": ("blosc", bytes(lying)),
        "blosc with one block": ("blosc", bytes(small_block)),
        "blosc that claims 4 GiB": (
            "blosc",
            blosc[:4] + struct.pack("<II", 0xFFFFFFFF, 0xFFFFFFFF) + blosc[12:],
        ),
        "gzip": ("gzip", zeros_through(zlib.compressobj(1, zlib.DEFLATED, 31))),
        "gzip of many members": ("gzip", single * 40),
        "gzip of many empty members": ("gzip", gzip.compress(b"") * 500_000),
        "zlib": ("zlib", zeros_through(zlib.compressobj(1))),
        "bz2 of many streams": ("bz2", bz2.compress(bytes(16 << 20)) * 40),
        "bz2": ("bz2", bz2.compress(bytes(64 << 20), 9)),
        "lzma": ("lzma", packed_lzma),
        "lzma with a huge dictionary": ("lzma", _huge_dictionary()),
        "lz4": ("lz4", struct.pack("<I", BOMB) + _lz4_block(BOMB)),
        "lz4 that claims the right size": ("lz4", struct.pack("<I", 4096) + _lz4_block(BOMB)),
        "lz4 that claims 4 GiB": ("lz4", b"\xff" * 4 + _lz4_block(BOMB)),
        "gzip in gzip": ("gzip", gzip.compress(single * 40)),
    }


def _claiming(size: int) -> bytes:
    """Return a frame that claims a size and has blocks for more."""
    return b"\x28\xb5\x2f\xfd\x60" + struct.pack("<H", size - 256) + _streaming_zstd(BOMB)[6:]


def _huge_dictionary() -> bytes:
    """Return a legacy stream whose header asks for a dictionary of almost 4 GiB."""
    data = bytearray(lzma.compress(bytes(4096), lzma.FORMAT_ALONE))
    data[1:5] = struct.pack("<I", 0xFFFFFFFF)
    return bytes(data)


BOMBS = [
    "zstd",
    "zstd without a size",
    "zstd, an honest frame first",
    "zstd that claims the right size",
    "zstd that claims 2^63",
    "blosc",
    "blosc that claims the right size",
    "blosc with one block",
    "blosc that claims 4 GiB",
    "gzip",
    "gzip of many members",
    "gzip of many empty members",
    "zlib",
    "bz2 of many streams",
    "bz2",
    "lzma",
    "lzma with a huge dictionary",
    "lz4",
    "lz4 that claims the right size",
    "lz4 that claims 4 GiB",
    "gzip in gzip",
]


@pytest.fixture(scope="module")
def all_bombs() -> dict[str, tuple[str, bytes]]:
    made = bombs()
    assert list(made) == BOMBS
    return made


def named(codec: str) -> dict[str, Any]:
    """Return a codec as a v3 document says it."""
    options: dict[str, dict[str, Any]] = {
        "zstd": {"level": 1, "checksum": False},
        "gzip": {"level": 1},
        "blosc": {"cname": "zstd", "clevel": 1, "shuffle": "noshuffle", "typesize": 1, "blocksize": 0},
    }
    name = codec if codec in options else f"numcodecs.{codec}"
    return {"name": name, "configuration": options.get(codec, {})}


def test_the_bombs_that_are_made_by_hand_are_real() -> None:
    size = 1 << 20
    out = np.ones(size, "u1")
    numcodecs.Zstd().decode(_streaming_zstd(size), out)
    assert not out.any()
    assert numcodecs.LZ4().decode(struct.pack("<I", size) + _lz4_block(size)) == bytes(size)


@pytest.mark.parametrize("bomb", BOMBS)
class TestBombs:
    """A few bytes that become half a gigabyte: the size is known before they do."""

    def test_in_a_chunk_of_v3(
        self, tmp_path: Path, attack: Attacker, all_bombs: dict[str, Any], bomb: str
    ) -> None:
        codec, data = all_bombs[bomb]
        folder = array_v3(tmp_path / "a", [named(codec)], data)
        attack("array", folder).refused(CorruptDataError)

    def test_in_a_chunk_of_v2(
        self, tmp_path: Path, attack: Attacker, all_bombs: dict[str, Any], bomb: str
    ) -> None:
        codec, data = all_bombs[bomb]
        options = {"id": codec} | ({"format": lzma.FORMAT_ALONE} if "dictionary" in bomb else {})
        folder = array_v2(tmp_path / "a", data, compressor=options)
        attack("array", folder).refused(CorruptDataError)
        folder = array_v2(tmp_path / "b", data, filters=[options], compressor=None)
        attack("array", folder).refused(CorruptDataError)

    @pytest.mark.parametrize("outer", ["zstd", "gzip"])
    def test_within_another_codec(
        self, tmp_path: Path, attack: Attacker, all_bombs: dict[str, Any], bomb: str, outer: str
    ) -> None:
        codec, data = all_bombs[bomb]
        packed = gzip.compress(data, 1) if outer == "gzip" else numcodecs.Zstd(1).encode(data)
        folder = array_v3(tmp_path / "a", [named(codec), named(outer)], packed)
        attack("array", folder).refused(CorruptDataError)

    def test_in_a_shard(self, tmp_path: Path, attack: Attacker, all_bombs: dict[str, Any], bomb: str) -> None:
        codec, data = all_bombs[bomb]
        plain = {"name": "bytes"}
        shards = {"chunk_shape": [32, 32], "codecs": [plain, named(codec)], "index_codecs": [plain]}
        index = struct.pack("<QQ", 0, len(data)) * 4
        folder = array_v3(
            tmp_path / "a", [], data + index, chain=[{"name": "sharding_indexed", "configuration": shards}]
        )
        attack("array", folder).refused(CorruptDataError)


class TestShards:
    """Indices that lie."""

    def made(self, folder: Path, index: bytes, body: bytes = b"", **more: Any) -> Path:
        shards = {"chunk_shape": [32, 32], "codecs": [{"name": "bytes"}], "index_codecs": [{"name": "bytes"}]}
        codec = {"name": "sharding_indexed", "configuration": shards | more}
        return array_v3(folder, [], body + index, chain=[codec])

    @pytest.mark.parametrize(
        "entry",
        [
            (0, 1 << 62),
            (1 << 62, 1 << 62),
            ((1 << 64) - 2, 1),
            (0, (1 << 64) - 1),
            ((1 << 64) - 1, 0),
            (1 << 40, 1024),
            (0, 1 << 31),
            (0, 0),
            (5, 1023),
            (0, 2000),
            ((1 << 63) - 1, 1024),
        ],
    )
    def test_entries(self, tmp_path: Path, attack: Attacker, entry: tuple[int, int]) -> None:
        folder = self.made(tmp_path / "a", struct.pack("<QQ", *entry) * 4, b"\1" * 4096)
        attack("array", folder).refused(CorruptDataError)

    def test_entries_that_overlap_are_only_themselves(self, tmp_path: Path, attack: Attacker) -> None:
        folder = self.made(tmp_path / "a", struct.pack("<QQ", 0, 1024) * 4, b"\1" * 1024)
        outcome = attack("array", folder)
        outcome.check()
        assert outcome.result == 4096

    def test_a_shard_of_too_many_chunks(self, tmp_path: Path, attack: Attacker) -> None:
        shards = {"chunk_shape": [1, 1], "codecs": [{"name": "bytes"}], "index_codecs": [{"name": "bytes"}]}
        codec = {"name": "sharding_indexed", "configuration": shards}
        for number, side in enumerate((1 << 11, 1 << 15, 1 << 31)):
            folder = array_v3(
                tmp_path / str(number), [], b"", chain=[codec], shape=[side, side], chunks=[side, side]
            )
            with (folder / "c/0/0").open("wb") as file:
                file.truncate(min(side * side * 16, 1 << 36))  # a hole
            attack("corner", folder).refused(UnsupportedError)

    def test_the_largest_index(self, tmp_path: Path, attack: Attacker) -> None:
        shards = {"chunk_shape": [1, 1], "codecs": [{"name": "bytes"}], "index_codecs": [{"name": "bytes"}]}
        codec = {"name": "sharding_indexed", "configuration": shards}
        folder = array_v3(
            tmp_path / "a", [], b"", chain=[codec], shape=[1 << 10, 1 << 11], chunks=[1 << 10, 1 << 11]
        )
        with (folder / "c/0/0").open("wb") as file:
            file.truncate(16 << 21)
        attack("corner", folder).check()

    def test_shards_in_shards_without_end(self, tmp_path: Path, attack: Attacker) -> None:
        codec: dict[str, Any] = {"name": "bytes"}
        for _ in range(40):
            shards = {"chunk_shape": CHUNK, "codecs": [codec], "index_codecs": [{"name": "bytes"}]}
            codec = {"name": "sharding_indexed", "configuration": shards}
        attack("corner", array_v3(tmp_path / "a", [], b"", chain=[codec])).refused(
            UnsupportedError, MetadataError
        )

    def test_a_compressed_index(self, tmp_path: Path, attack: Attacker) -> None:
        folder = self.made(
            tmp_path / "a", gzip.compress(bytes(1 << 20)), index_codecs=[{"name": "bytes"}, named("gzip")]
        )
        attack("corner", folder).refused(UnsupportedError)


OPTIONS = [
    "level", "clevel", "blocksize", "typesize", "shuffle", "cname", "checksum", "acceleration", "dtype",
    "astype", "elementsize", "digits", "scale", "offset", "preset", "format", "check", "filters",
]  # fmt: skip


class TestSizes:
    """What a document declares is not believed."""

    @pytest.mark.parametrize("present", [False, True])
    @pytest.mark.parametrize("side", [1 << 20, 1 << 31, (1 << 63) - 1, 1 << 63, 10**30])
    def test_a_chunk_of_a_tebibyte(self, tmp_path: Path, attack: Attacker, present: bool, side: int) -> None:
        data = numcodecs.Zstd(1).encode(np.zeros(BOMB, "u1")) if present else None
        folder = array_v3(tmp_path / "a", [named("zstd")], data, shape=[side, side], chunks=[side, side])
        attack("corner", folder).refused(UnsupportedError, MetadataError)
        document = {"shape": [side, side], "chunks": [side, side], "compressor": {"id": "zstd"}}
        attack("corner", array_v2(tmp_path / "b", data, **document)).refused(UnsupportedError, MetadataError)

    @pytest.mark.parametrize("codec", ["zstd", "blosc"])
    def test_a_gibibyte_of_a_few_kilobytes(self, tmp_path: Path, attack: Attacker, codec: str) -> None:
        side = 1 << 15
        data = numcodecs.Zstd(1).encode(np.zeros(side * side, "u1"))
        codecs = [named("zstd")] if codec == "zstd" else [named("blosc"), named("zstd")]
        if codec == "blosc":
            data = numcodecs.Zstd(1).encode(
                numcodecs.blosc.compress(np.zeros(side * side, "u1"), b"zstd", 1, 0)
            )
        folder = array_v3(tmp_path / "a", codecs, data, shape=[side, side], chunks=[side, side])
        attack("corner", folder).refused(UnsupportedError)

    def test_a_huge_file_in_place_of_a_chunk(self, tmp_path: Path, attack: Attacker) -> None:
        folder = array_v3(tmp_path / "a", [named("zstd")], b"")
        with (folder / "c/0/0").open("wb") as file:
            file.truncate(1 << 40)
        attack("corner", folder).refused(CorruptDataError)

    def test_endless_shapes(self, tmp_path: Path, attack: Attacker) -> None:
        for number, shape in enumerate(([1 << 62] * 4, [(1 << 63) - 1] * 32, [1] * 32, [0] * 32)):
            folder = array_v3(tmp_path / str(number), [], None, shape=shape, chunks=[1] * len(shape))
            attack("corner", folder).check()
        for number, shape in enumerate(
            ([1] * 33, [1] * 100_000, [-1], [1 << 64], [1.5], ["1"], [True], "11", None, {}, 7)
        ):
            folder = array_v3(tmp_path / f"b{number}", [], None, shape=shape, chunks=shape)
            attack("corner", folder).refused(MetadataError, UnsupportedError)
        folder = array_v3(tmp_path / "whole", [], None, shape=[1 << 40, 1 << 40], chunks=[64, 64])
        outcome = attack("array", folder)
        outcome.check()
        assert outcome.error == "BudgetError"

    @pytest.mark.parametrize("count", [100, 100_000])
    def test_many_codecs(self, tmp_path: Path, attack: Attacker, count: int) -> None:
        data = b"\0" * 4096
        attack("corner", array_v3(tmp_path / "a", [named("gzip")] * count, data)).check()
        attack("corner", array_v2(tmp_path / "b", data, filters=[{"id": "zlib"}] * count)).check()

    def test_strings(self, tmp_path: Path, attack: Attacker) -> None:
        body = struct.pack("<I", 1 << 27) + bytes(BOMB)
        packed = gzip.compress(body, 1)
        more = {
            "dtype": "|O",
            "filters": [{"id": "vlen-utf8"}],
            "fill_value": "",
            "shape": [1 << 27, 1],
            "chunks": [1 << 27, 1],
        }
        attack("corner", array_v2(tmp_path / "a", packed, compressor={"id": "gzip"}, **more)).refused(
            CorruptDataError
        )
        attack("corner", array_v2(tmp_path / "b", struct.pack("<I", 1 << 27), **more)).refused(
            CorruptDataError
        )
        count = 2_600_000
        body = struct.pack("<I", count) + (struct.pack("<I", 2) + b"ab") * count
        more |= {"shape": [count, 1], "chunks": [count, 1]}
        attack("corner", array_v2(tmp_path / "c", body, **more)).check()

    @pytest.mark.parametrize(
        "codec", ["blosc", "zstd", "gzip", "lz4", "delta", "shuffle", "lzma", "quantize", "fixedscaleoffset"]
    )
    @pytest.mark.parametrize("value", [1 << 62, -(1 << 62), 1e308, "x" * 100, None, [], {}, True, 10**300])
    def test_options_of_codecs(self, tmp_path: Path, attack: Attacker, codec: str, value: Any) -> None:
        for number, name in enumerate(OPTIONS):
            compressor = {"id": codec, name: value}
            attack("corner", array_v2(tmp_path / f"{number}", b"\0" * 4096, compressor=compressor)).check()
