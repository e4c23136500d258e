"""Hostile input: each ends in an error of ours, in under 2 s and 200 MiB, with nothing outside touched.

All of it is made here, when the tests run. Each attack runs in a process of its own (see ``attack``).
"""

from __future__ import annotations

import bz2
import gzip
import io
import itertools
import json
import lzma
import os
import pickle
import struct
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numcodecs
import numcodecs.blosc
import numpy as np
import pytest
from tests.faults.attack import Attacker

import zarrscope
from zarrscope.errors import (
    CorruptDataError,
    InvalidKeyError,
    MetadataError,
    NotFoundError,
    UnsupportedError,
    ZarrscopeError,
)
from zarrscope.store.zip_writer import ZipWriter

if TYPE_CHECKING:
    from collections.abc import Iterator

BOMB = 512 << 20
CHUNK = (64, 64)


@pytest.fixture(scope="module")
def attack() -> Iterator[Attacker]:
    attacker = Attacker()
    yield attacker
    attacker.close()


def array_v3(
    folder: Path,
    codecs: list[Any],
    data: bytes | None,
    *,
    shape: Any = CHUNK,
    chunks: Any = CHUNK,
    chain: list[Any] | None = None,
    **more: Any,
) -> Path:
    """Write an array of one chunk; ``chain`` are all of its codecs, and not only those behind ``bytes``."""
    document = {
        "zarr_format": 3, "node_type": "array", "shape": shape, "data_type": "uint8", "fill_value": 0,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": chunks}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "codecs": chain or [{"name": "bytes"}, *codecs], "attributes": {},
    }  # fmt: skip
    folder.mkdir(parents=True)
    (folder / "zarr.json").write_text(json.dumps(document | more))
    if data is not None:
        path = folder / "c/0/0"
        path.parent.mkdir(parents=True)
        path.write_bytes(data)
    return folder


def array_v2(folder: Path, data: bytes | None, **more: Any) -> Path:
    """Write an array of one chunk in the older format."""
    document = {
        "zarr_format": 2, "shape": CHUNK, "chunks": CHUNK, "dtype": "|u1", "fill_value": 0, "order": "C",
        "compressor": None, "filters": None,
    }  # fmt: skip
    folder.mkdir(parents=True)
    (folder / ".zarray").write_text(json.dumps(document | more))
    if data is not None:
        (folder / "0.0").write_bytes(data)
    return folder


# --- keys ---------------------------------------------------------------------------------------------

TRAVERSALS = [
    "../secret",
    "a/../../secret",
    "a/b/../../../secret",
    "./../secret",
    "..",
    "../",
    "/etc/passwd",
    "//etc/passwd",
    "..\\secret",
    "a\\..\\..\\secret",
    "C:\\secret",
    "C:/secret",
    "%2e%2e/secret",
    "%2e%2e%2fsecret",
    "..%2fsecret",
    "%252e%252e%252fsecret",
    "..%5csecret",
    "%00/../secret",
    "..\0/secret",
    "\0../secret",
    "../secret\0.json",
    "..;/secret",
    ".../secret",
    "....//secret",
    "\u2025/secret",
    "\uff0e\uff0e/secret",
    "\u2024\u2024/secret",
    "..\u2215secret",
    "..\uff0fsecret",
    "\udcc0\udcae\udcc0\udcae/secret",
    "\udc2e\udc2e/secret",
    "\ud800/secret",
    "~/secret",
    "~root/secret",
    "$HOME/secret",
    "file:///etc/passwd",
    "../secret?x",
    "a/\r\n/../secret",
    "a//secret",
    " ../secret",
    "..  /secret",
    "a/./secret",
    "",
    ".",
    "/",
    "a/" * 2000 + "b",
    "x" * 5000,
    "\x7f",
    "\n",
]


class TestKeys:
    """No key leads out of its root, however it is written."""

    @pytest.mark.parametrize("kind", ["local", "memory", "zip", "writer"])
    def test_no_store_leaves_its_root(self, tmp_path: Path, attack: Attacker, kind: str) -> None:
        (tmp_path / "secret").write_text("secret")
        root = tmp_path / "root"
        root.mkdir()
        place = root if kind in ("local", "memory") else root / "a.zip"
        with zipfile.ZipFile(root / "a.zip", "w") as archive:
            archive.writestr("zarr.json", "{}")
        before = names(tmp_path)
        methods = [("get",), ("head",)]
        methods += [("put", "evil"), ("delete",), ("create",)] if kind != "zip" else []
        for key, (method, *words) in itertools.product(TRAVERSALS, methods):
            outcome = attack("store", place, kind, method, key, *words)
            outcome.check(root)
            assert outcome.result is None or "secret" not in str(outcome.result)
        for path in tmp_path.rglob("*"):
            assert path.read_text() != "evil" if path.is_file() and path.parent == tmp_path else True
        assert names(tmp_path) == before

    @pytest.mark.parametrize("path", [key for key in TRAVERSALS if "\ud800" not in key])
    def test_paths_in_documents(self, tmp_path: Path, attack: Attacker, path: str) -> None:
        root = tmp_path / "root" / "image.zarr"
        zarrscope.write(np.zeros((8, 8), "u1"), root, version="0.4")
        secret = zarrscope.write(np.full((8, 8), 77, "u1"), tmp_path / "secret", version="0.4")
        assert secret.levels[0][0, 0] == 77
        document = json.loads((root / ".zattrs").read_text())
        document["multiscales"][0]["datasets"][0]["path"] = path
        document["labels"] = [path]
        (root / ".zattrs").write_text(json.dumps(document))
        for action in ("pixel", "validate"):
            outcome = attack(action, root)
            outcome.check(root)
            assert "77" not in str(outcome.result)
        outcome = attack("upgrade", root, str(tmp_path / "root" / "out.zarr"))
        outcome.check(tmp_path / "root")
        assert names(tmp_path) == ["root", "secret"]

    @pytest.mark.parametrize("kind", ["plate", "well", "series", "labels"])
    def test_paths_of_groups(self, tmp_path: Path, attack: Attacker, kind: str) -> None:
        zarrscope.write(np.full((8, 8), 77, "u1"), tmp_path / "secret")
        root = tmp_path / "root"
        for path in (
            "../secret",
            "a/../../secret",
            "/" + str(tmp_path / "secret"),
            "..%2fsecret",
            "..\\secret",
        ):
            ome: dict[str, Any] = {"version": "0.5"}
            if kind == "plate":
                well = {"path": path, "rowIndex": 0, "columnIndex": 0}
                ome["plate"] = {"rows": [{"name": "A"}], "columns": [{"name": "1"}], "wells": [well]}
            elif kind == "well":
                ome["well"] = {"images": [{"path": path}]}
            else:
                ome[kind] = [path]
            root.mkdir(exist_ok=True)
            group = {"zarr_format": 3, "node_type": "group", "attributes": {"ome": ome}}
            (root / "zarr.json").write_text(json.dumps(group))
            for action in ("groups", "validate"):
                outcome = attack(action, root)
                outcome.check(root)
                assert "77" not in str(outcome.result)


class TestLinks:
    """Symbolic links are not followed out of the root."""

    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        zarrscope.write(np.full((8, 8), 77, "u1"), tmp_path / "secret", shards="none", codec="none")
        zarrscope.write(np.full((8, 8), 1, "u1"), tmp_path / "root", shards="none", codec="none")
        return tmp_path / "root"

    @pytest.mark.parametrize("key", ["zarr.json", "0/zarr.json", "0/c/0/0", "0/c/0", "0/c", "0"])
    @pytest.mark.parametrize("target", ["absolute", "relative", "chained", "dangling", "circle"])
    def test_links_out(self, root: Path, attack: Attacker, key: str, target: str) -> None:
        place = root / key
        secret = root.parent / "secret" / key
        if place.is_dir():
            place.rename(root.parent / "old")
        else:
            place.unlink()
        if target == "relative":
            secret = Path(os.path.relpath(secret, place.parent))
        elif target == "chained":
            (root / "hop").symlink_to(secret)
            secret = root / "hop"
        elif target == "dangling":
            secret = root.parent / "later" / "evil"
        elif target == "circle":
            secret = place
        place.symlink_to(secret)
        before = names(root.parent)
        for action in ("pixel", "validate"):
            outcome = attack(action, root)
            outcome.check(root)
            assert "77" not in str(outcome.result)
        for method, words in (("get", ()), ("head", ()), ("put", ("evil",)), ("create", ())):
            outcome = attack("store", root, "local", method, key + ("" if "." in key else "/new"), *words)
            outcome.check(root)
            assert "77" not in str(outcome.result)
        assert names(root.parent) == before
        assert bytes(zarrscope.open(root.parent / "secret")[...]) == b"\x4d" * 64

    def test_what_stands_behind_a_link_is_not_deleted(self, root: Path, attack: Attacker) -> None:
        (root / "link").symlink_to(root.parent / "secret")
        outcome = attack("store", root, "local", "delete", "link/zarr.json")
        outcome.refused(InvalidKeyError)
        assert (root.parent / "secret" / "zarr.json").exists()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# --- codecs and data types that are not allowed -------------------------------------------------------


class Evil:
    """Says where it was executed."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)

    def __reduce__(self) -> Any:
        return os.mkdir, (self.path,)


FORBIDDEN = [
    "pickle",
    "msgpack2",
    "json2",
    "categorize",
    "vlen-array",
    "vlen-bytes",
    "n5_wrapper",
    "zfpy",
    "snappy",
    "os.system",
    "__import__('os')",
    "",
    "PICKLE",
    "pickle\0",
    "../pickle",
    "numcodecs.pickle",
    "base64",
    "pcodec",
]


class TestForbidden:
    """Codecs and types outside of the lists are refused by name, before a byte is decoded."""

    @pytest.mark.parametrize("name", FORBIDDEN)
    @pytest.mark.parametrize("where", ["compressor", "filters", "behind strings", "before", "after"])
    @pytest.mark.parametrize("dtype", ["|u1", "|O"])
    def test_v2(self, tmp_path: Path, attack: Attacker, name: str, where: str, dtype: str) -> None:
        evil, good = {"id": name}, {"id": "zlib", "level": 1}
        more: dict[str, Any] = {
            "compressor": {"compressor": evil},
            "filters": {"filters": [evil]},
            "behind strings": {"filters": [{"id": "vlen-utf8"}, evil]},
            "before": {"filters": [evil], "compressor": good},
            "after": {"filters": [good], "compressor": evil},
        }[where]
        data = pickle.dumps(Evil(tmp_path / "executed"))
        folder = array_v2(tmp_path / "root", data, dtype=dtype, fill_value=None, **more)
        attack("array", folder).refused(UnsupportedError, MetadataError)
        assert not (tmp_path / "executed").exists()

    @pytest.mark.parametrize("name", FORBIDDEN)
    @pytest.mark.parametrize("where", ["last", "only", "first", "in shards", "index"])
    def test_v3(self, tmp_path: Path, attack: Attacker, name: str, where: str) -> None:
        plain: dict[str, Any] = {"name": "bytes"}
        evil: dict[str, Any] = {"name": name}
        shards: dict[str, Any] = {
            "chunk_shape": CHUNK,
            "codecs": [plain, evil] if where == "in shards" else [plain],
            "index_codecs": [plain, evil] if where == "index" else [plain],
        }
        codecs = {"last": [plain, evil], "only": [evil], "first": [evil, plain]}.get(
            where, [{"name": "sharding_indexed", "configuration": shards}]
        )
        data = pickle.dumps(Evil(tmp_path / "executed"))
        folder = array_v3(tmp_path / "root", [], data, chain=codecs)
        attack("array", folder).refused(UnsupportedError, MetadataError)
        assert not (tmp_path / "executed").exists()

    @pytest.mark.parametrize(
        "dtype",
        [
            "O",
            "<O8",
            "object",
            "<M8[ns]",
            "|S0",
            "|S99999999999",
            "|V1000000",
            "|U999999",
            "(1000,1000)u1",
            "u1,O",
            ["a", "b"],
            [["a", "|O"]],
            [["a", "<u1", [1000000, 1000000]]],
            [["a", [["b", "|O"]]]],
            [["a", "|u1"]] * 50_000,
            [[f"f{i}", "|V999999"] for i in range(5000)],
            {},
            None,
            5,
            True,
            [],
            [[]],
            "u1" * 100_000,
            [["a", "|u1"], ["a", "|u1"]],
            [["\ud800", "|u1"]],
        ],
    )
    def test_types_of_v2(self, tmp_path: Path, attack: Attacker, dtype: Any) -> None:
        folder = array_v2(tmp_path / "root", b"\0" * 4096, dtype=dtype, fill_value=None)
        outcome = attack("corner", folder)
        outcome.check(folder)

    @pytest.mark.parametrize(
        "dtype",
        [
            "object",
            "pickle",
            "r8388600",
            "r999999999999",
            "r7",
            "float1024",
            "",
            None,
            5,
            [],
            {},
            {"name": []},
            {"name": {}},
            {"name": "fixed_length_utf32"},
            {"name": "raw_bytes", "configuration": {"length_bytes": 1 << 40}},
            {"name": "raw_bytes", "configuration": []},
            {"name": "null_terminated_bytes", "configuration": {"length_bytes": True}},
            {"name": "structured", "configuration": {"fields": []}},
            "numpy.datetime64",
            "uint8" * 100_000,
        ],
    )
    def test_types_of_v3(self, tmp_path: Path, attack: Attacker, dtype: Any) -> None:
        folder = array_v3(tmp_path / "root", [], b"\0" * 4096, data_type=dtype)
        attack("corner", folder).refused(UnsupportedError, MetadataError, CorruptDataError)


# --- bombs --------------------------------------------------------------------------------------------


def _zeros(make: Any, total: int = BOMB) -> bytes:
    """Feed zeros to a compressor that works piece by piece."""
    piece = bytes(1 << 20)
    return b"".join(make.compress(piece) for _ in range(total >> 20)) + make.flush()


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
    packed_lzma = _zeros(lzma.LZMACompressor(preset=0), 256 << 20)
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
        "gzip": ("gzip", _zeros(zlib.compressobj(1, zlib.DEFLATED, 31))),
        "gzip of many members": ("gzip", single * 40),
        "gzip of many empty members": ("gzip", gzip.compress(b"") * 500_000),
        "zlib": ("zlib", _zeros(zlib.compressobj(1))),
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


# --- documents ----------------------------------------------------------------------------------------

MIB = 1 << 20


def hard_json(size: int) -> dict[str, bytes]:
    """Return documents that are hard to read, of at most so many bytes."""
    return {
        "deep lists": b"[" * size,
        "deep objects": b'{"a":' * (size // 5),
        "deep and closed": b"[" * (size // 2) + b"]" * (size // 2),
        "129 deep": b"[" * 129 + b"]" * 129,
        "a long integer": b"1" * size,
        "many long integers": b"[" + b"9" * 299 + b"]",
        "a long fraction": b"0." + b"1" * (size - 2),
        "an exponent": b"1e" + b"9" * 290,
        "infinite": b"1e999",
        "spaces": b" " * (size - 2) + b"{}",
        "one string": b'"' + b"a" * (size - 2) + b'"',
        "one wide string": b'"' + b"a" * (size - 6) + "\U0001f600".encode() + b'"',
        "emoji": b'"' + "\U0001f600".encode() * ((size - 2) // 4) + b'"',
        "brackets in a string": b'"' + b"[{" * (size // 2 - 2) + b'"',
        "brackets and a string": b"[" * 100 + b'"' + b"[" * (size - 300) + b'"' + b"]" * 100,
        "quotes": b'"' * size,
        "escaped quotes without an end": b'["' + b'\\"' * (size // 2 - 2),
        "backslashes": b'["' + b"\\\\" * (size // 2 - 4) + b'"]',
        "escapes": b'["' + b"\\u0041" * (size // 6 - 2) + b'"]',
        "surrogates": b'["' + b"\\ud83d\\ude00" * (size // 12 - 2) + b'"]',
        "surrogates, one alone": b'["' + b"\\ud83d\\ude00" * (size // 12 - 3) + b'\\ud800"]',
        "comments": b"//\n" * (size // 3),
        "comments between values": b"[" + b"\n//\n1," * (size // 6 - 1) + b"1]",
        "integers": b"[" + b"1," * (size // 2 - 2) + b"1]",
        "integers within bounds": b"[" + b"123456," * 599_990 + b"1]",
        "fractions within bounds": b"[" + b"1.2345678901234567," * 599_990 + b"1]",
        "objects within bounds": b"[" + b"{}," * 299_990 + b"1]",
        "objects of one key": b"[" + b'{"a":1},' * 299_990 + b"1]",
        "lists within bounds": b"[" + b"[1]," * 299_990 + b"1]",
        "keys within bounds": b"{" + b",".join(b'"%015d":1' % i for i in range(599_990)) + b"}",
        "one key again and again": b"{" + b",".join([b'"a":1'] * 599_990) + b"}",
        "keys and a surrogate": b'{"a":"\\ud83d\\ude00"'
        + b"".join(b',"%015d":1' % i for i in range(599_980))
        + b"}",
        "no UTF-8": b'"' + b"\xff" * size,
        "UTF-16": ("[" * (size // 2)).encode("utf-16"),
        "NUL": b"\0" * size,
        "NaN": b"NaN",
        "nothing": b"",
        "tabs and slashes": (b"\t" * 1000 + b"/") * (size // 1001),
    }  # fmt: skip


JSON_NAMES = list(hard_json(1000))


class TestDocuments:
    """Documents are read to a bounded size, in bounded time and memory."""

    @pytest.mark.parametrize("name", JSON_NAMES)
    @pytest.mark.parametrize("size", [32 * MIB, MIB])
    def test_json(self, tmp_path: Path, attack: Attacker, name: str, size: int) -> None:
        path = tmp_path / "a.json"
        path.write_bytes(hard_json(size)[name][: 32 * MIB])
        attack("json", path).check()

    @pytest.mark.parametrize("name", ["zarr.json", ".zattrs", ".zgroup", ".zarray"])
    @pytest.mark.parametrize("fill", ["hole", "spaces"])
    def test_ten_gigabytes(self, tmp_path: Path, attack: Attacker, name: str, fill: str) -> None:
        root = tmp_path / "a.zarr"
        version = "0.5" if name == "zarr.json" else "0.4"
        zarrscope.write(np.zeros((8, 8), "u1"), root, version=version)
        place = root / "0" / name if name == ".zarray" else root / name
        with place.open("r+b") as file:
            file.seek(0, 2)
            file.write(b" " * (40 * MIB if fill == "spaces" else 1))
            file.truncate(10 << 30)
        for action in ("open", "pixel", "validate"):
            attack(action, root).check(root)
        assert attack("pixel", root).error == "MetadataError"
        attack("validate", place).check(root)

    def test_in_an_archive(self, tmp_path: Path, attack: Attacker) -> None:
        path = tmp_path / "a.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            with archive.open("zarr.json", "w") as file:
                for _ in range(400):
                    file.write(b" " * MIB)
        for action in ("open", "validate"):
            attack(action, path).check()

    @pytest.mark.parametrize("count", [1000, 20_000])
    @pytest.mark.parametrize(
        "what",
        [
            "datasets",
            "axes",
            "wells",
            "rows",
            "images",
            "labels",
            "series",
            "transformations",
            "colors",
            "channels",
            "multiscales",
            "matrix",
        ],
    )
    def test_long_lists(self, tmp_path: Path, attack: Attacker, what: str, count: int) -> None:
        folder = tmp_path / "a"
        folder.mkdir()
        group = {"zarr_format": 3, "node_type": "group", "attributes": {"ome": _long(what, count)}}
        (folder / "zarr.json").write_text(json.dumps(group))
        attack("open", folder).check()

    @pytest.mark.parametrize(
        "name",
        [
            "elements",
            "attributes",
            "attributes of one element",
            "one attribute each",
            "deep",
            "text",
            "wide text",
            "doctype",
            "entities",
            "external",
            "planes",
            "long names",
            "namespaces",
            "comments",
            "cdata",
            "instructions",
            "references",
        ],
    )
    def test_xml(self, tmp_path: Path, attack: Attacker, name: str) -> None:
        size = 32 * MIB - 200
        inside = {
            "elements": b"<a/>" * 499_000,
            "attributes": (b"<a " + b" ".join(b'a%d="1"' % i for i in range(1000)) + b"/>") * 990,
            "attributes of one element": b"<a " + b" ".join(b'a%d="1"' % i for i in range(2_700_000)) + b"/>",
            "one attribute each": b"".join(b'<a b="%06d"/>' % i for i in range(333_000)),
            "deep": b"<a>" * 100_000,
            "text": b"a" * size,
            "wide text": b"a" * (size - 10) + "\U0001f600".encode(),
            "planes": b"".join(
                b'<Plane TheZ="%d" TheT="%d" TheC="%d" DeltaT="%d.5" PositionX="%d.5" PositionY="%d.5"/>'
                % (*[i] * 6,)
                for i in range(125_000)
            ),
            "long names": (b"<" + b"a" * 1000 + b"/>") * (size // 1010),
            "namespaces": b"".join(b'<a xmlns="u%d"/>' % i for i in range(333_000)),
            "comments": b"<!---->" * (size // 7),
            "cdata": b"<![CDATA[a]]>" * (size // 13),
            "instructions": b"<?a?>" * (size // 5),
            "references": b"&#65;" * (size // 5),
        }.get(name, b"")
        head = {
            "doctype": b"<!DOCTYPE OME>",
            "entities": b'<!DOCTYPE OME [<!ENTITY a "aaaaaaaaaa">'
            + b"".join(
                b'<!ENTITY a%d "%s">' % (i, (b"&a%d;" % (i - 1) if i else b"&a;") * 10) for i in range(20)
            )
            + b"]>",
            "external": b'<!DOCTYPE OME [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        }.get(name, b"")
        path = tmp_path / "a.xml"
        path.write_bytes(
            head + b'<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">' + inside + b"</OME>"
        )
        outcome = attack("xml", path)
        outcome.check(tmp_path)


def _long(what: str, count: int) -> dict[str, Any]:
    """Return metadata with one list that is long."""
    axes = [{"name": "y", "type": "space"}, {"name": "x", "type": "space"}]
    scale = {"type": "scale", "scale": [1.0, 1.0]}
    datasets = [{"path": "0", "coordinateTransformations": [scale]}]
    image: dict[str, Any] = {"axes": axes, "datasets": datasets}
    ome: dict[str, Any] = {"version": "0.5", "multiscales": [image]}
    plate: dict[str, Any] = {"rows": [{"name": "A"}], "columns": [{"name": "1"}],
                             "wells": [{"path": "A/1", "rowIndex": 0, "columnIndex": 0}]}  # fmt: skip
    if what == "datasets":
        image["datasets"] = [{"path": str(i), "coordinateTransformations": [scale]} for i in range(count)]
    elif what == "axes":
        image["axes"] = [{"name": f"a{i}", "type": "space"} for i in range(count)]
    elif what == "transformations":
        datasets[0]["coordinateTransformations"] = [scale] * count
    elif what == "matrix":
        datasets[0]["coordinateTransformations"] = [{"type": "affine", "affine": [[0.0] * count] * 3}]
    elif what == "multiscales":
        ome["multiscales"] = [image] * count
    elif what == "channels":
        ome["omero"] = {"channels": [{"label": str(i), "color": "FFFFFF"} for i in range(count)]}
    elif what == "colors":
        ome["image-label"] = {"colors": [{"label-value": i, "rgba": [1, 2, 3, 4]} for i in range(count)]}
    elif what == "wells":
        plate["wells"] = [{"path": f"A/{i}", "rowIndex": 0, "columnIndex": i} for i in range(count)]
        ome = {"version": "0.5", "plate": plate}
    elif what == "rows":
        plate["rows"] = [{"name": f"A{i}"} for i in range(count)]
        ome = {"version": "0.5", "plate": plate}
    elif what == "images":
        ome = {"version": "0.5", "well": {"images": [{"path": str(i)} for i in range(count)]}}
    else:
        ome = {"version": "0.5", what: [f"p{i}" for i in range(count)]}
    return ome


# --- archives -----------------------------------------------------------------------------------------


class TestArchives:
    """Zip bombs and archives that lie."""

    @pytest.mark.parametrize("name", ["zarr.json", "0/c/0/0", "big"])
    def test_members_that_inflate(self, tmp_path: Path, attack: Attacker, name: str) -> None:
        path = tmp_path / "a.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            with archive.open(name, "w", force_zip64=True) as file:
                for _ in range(BOMB >> 20):
                    file.write(bytes(MIB))
        attack("members", path).refused(UnsupportedError)
        attack("open", path).check()

    def test_an_archive_of_archives(self, tmp_path: Path, attack: Attacker) -> None:
        data = bytes(10 * MIB)
        for level in range(5):
            packed = io.BytesIO()
            with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
                for i in range(16):
                    archive.writestr(f"{level}-{i}.zip", data)
            data = packed.getvalue()
        (tmp_path / "a.zip").write_bytes(data)
        attack("members", tmp_path / "a.zip").check()
        attack("validate", tmp_path / "a.zip").check()

    @pytest.mark.filterwarnings("ignore:Duplicate name")
    def test_members_of_one_name(self, tmp_path: Path, attack: Attacker) -> None:
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
            archive.writestr("zarr.json", b"{}")
            archive.writestr("zarr.json", b"[]")
        for action in ("members", "open", "validate"):
            attack(action, tmp_path / "a.zip").refused(CorruptDataError)

    def test_members_that_overlap(self, tmp_path: Path, attack: Attacker) -> None:
        # The bomb of D. Fifield: every entry of the directory points to one kernel.
        kernel = _zeros(zlib.compressobj(9, zlib.DEFLATED, -15), 16 << 20)
        checksum, size = zlib.crc32(bytes(16 << 20)), 16 << 20
        facts = (checksum, len(kernel), size, 5, 0)
        body = struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 8, 0, 33, *facts) + b"00000" + kernel
        entries = b"".join(
            struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, 8, 0, 33, *facts, 0, 0, 0, 0, 0) + b"%05d" % i
            for i in range(20_000)
        )
        end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 20_000, 20_000, len(entries), len(body), 0)
        (tmp_path / "a.zip").write_bytes(body + entries + end)
        for action in ("members", "open", "validate"):
            attack(action, tmp_path / "a.zip").refused(CorruptDataError)

    @pytest.mark.parametrize("name", [key for key in TRAVERSALS if key and key.isascii() and len(key) < 1000])
    def test_names(self, tmp_path: Path, attack: Attacker, name: str) -> None:
        root = tmp_path / "root"
        root.mkdir()
        (tmp_path / "secret").write_text("secret")
        store = ZipWriter(root / "a.zip")
        store.begin([])
        store.put("x" * len(name), b"evil")
        store.finish()
        data = (root / "a.zip").read_bytes().replace(b"x" * len(name), name.encode())
        (root / "a.zip").write_bytes(data)
        for action in ("members", "open", "validate"):
            attack(action, root / "a.zip").check(root)
        (root / "b.zip.part").write_bytes(data[: data.index(b"PK\1\2")])
        assert names(tmp_path) == ["root", "secret"]

    def test_a_directory_that_claims_much(self, tmp_path: Path, attack: Attacker) -> None:
        for number, (count, length, start) in enumerate(
            [
                (1 << 62, 1 << 40, 0),
                (1 << 62, 1000, 0),
                (2, (1 << 64) - 1, 10),
                (0, 0, 1 << 63),
                (1 << 32, 256 << 20, 0),
            ]
        ):
            path = tmp_path / f"{number}.zip"
            with path.open("wb") as file:
                file.truncate(1 << 40 if number != 1 else 1000)  # a hole
                at = file.seek(0, 2)
                file.write(
                    struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, length, start)
                )
                file.write(struct.pack("<4sLQL", b"PK\6\7", 0, at, 1))
                file.write(
                    struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
                )
            attack("members", path).refused(CorruptDataError, UnsupportedError)

    def test_not_an_archive(self, tmp_path: Path, attack: Attacker) -> None:
        for number, data in enumerate((b"", b"PK", b"PK\5\6" * 20_000, bytes(10**6), b"PK\3\4" + bytes(100))):
            path = tmp_path / f"{number}.zip"
            path.write_bytes(data)
            attack("members", path).refused(CorruptDataError, UnsupportedError)


def test_errors_are_of_two_kinds() -> None:
    """What the tests above accept is what a caller can catch."""
    for error in (CorruptDataError, InvalidKeyError, MetadataError, NotFoundError, UnsupportedError):
        assert issubclass(error, ZarrscopeError)
