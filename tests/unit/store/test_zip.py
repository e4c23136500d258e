"""Zip archives as stores: what zipfile and zarr-python write is read, what is malicious is refused."""

from __future__ import annotations

import io
import os
import pickle
import struct
import subprocess
import sys
import threading
import time
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
import zarr.storage
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import zarrscope
from zarrscope.errors import (
    AccessError,
    CorruptDataError,
    InvalidKeyError,
    MetadataError,
    StoreError,
    UnsupportedError,
    ZarrscopeError,
)
from zarrscope.store.contracts import Listable, Readable, Request, Suffix, Writable
from zarrscope.store.resolve import resolve
from zarrscope.store.zip import LARGEST_DEFLATED, ZipStore

VALUES = {"zarr.json": b"{}", "a/b": bytes(range(256)) * 500, "a/empty": b"", "ü/ö": b"umlaut"}
PACKED = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]


def pack(path: Path, values: dict[str, bytes], method: int = zipfile.ZIP_STORED, **more: Any) -> Path:
    with zipfile.ZipFile(path, "w", method, **more) as archive:
        for name, data in values.items():
            archive.writestr(name, data)
    return path


@pytest.fixture(params=PACKED)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ZipStore:
    return ZipStore(pack(tmp_path / "a.zip", VALUES, request.param))


class TestReading:
    """What other tools write."""

    def test_it_is_a_store_for_reading(self, store: ZipStore) -> None:
        assert isinstance(store, Readable)
        assert isinstance(store, Listable)
        assert not isinstance(store, Writable)

    def test_values_and_their_sizes(self, store: ZipStore) -> None:
        for key, data in VALUES.items():
            assert bytes(store.get(key)) == data
            assert store.head(key).size == len(data)
        requests = [Request("a/b", (1, 9)), Request("no"), Request("ü/ö")]
        assert [v and bytes(v) for v in store.get_many(requests)] == [VALUES["a/b"][1:9], None, b"umlaut"]

    def test_what_is_absent_is_none(self, store: ZipStore) -> None:
        for key in ("b", "a", "a/b/c"):
            assert store.get(key) is None
            assert store.get(key, Suffix(3)) is None
            assert store.head(key) is None

    def test_keys_obey_the_grammar(self, store: ZipStore) -> None:
        for key in ("", "/a", "a//b", "../a", "a/", "a\\b"):
            with pytest.raises(InvalidKeyError):
                store.get(key)

    def test_it_is_listed(self, store: ZipStore) -> None:
        assert list(store.list()) == sorted(VALUES)
        assert list(store.list("a/")) == ["a/b", "a/empty"]
        assert list(store.list("a/e")) == ["a/empty"]
        assert list(store.list("b")) == []

    @given(start=st.integers(0, 130_000), length=st.integers(0, 130_000))
    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_ranges_are_those_of_slices(self, store: ZipStore, start: int, length: int) -> None:
        data = VALUES["a/b"]
        assert bytes(store.get("a/b", (start, start + length))) == data[start : start + length]
        assert bytes(store.get("a/b", Suffix(length))) == (data[-length:] if length else b"")
        out = bytearray(b"#" * 131_000)
        got = store.get("a/b", (start, start + length), memoryview(out))
        assert bytes(got) == data[start : start + length]
        assert out[len(got) :] == b"#" * (131_000 - len(got))

    def test_a_buffer_that_is_too_small_is_filled(self, store: ZipStore) -> None:
        out = bytearray(10)
        assert bytes(store.get("a/b", None, memoryview(out))) == VALUES["a/b"][:10] == bytes(out)

    def test_it_travels_as_its_path(self, store: ZipStore) -> None:
        data = pickle.dumps(store)
        assert len(data) < 300
        assert bytes(pickle.loads(data).get("a/b")) == VALUES["a/b"]  # noqa: S301

    def test_threads_read_side_by_side(self, store: ZipStore) -> None:
        wrong: list[int] = []

        def read(seed: int) -> None:
            random = np.random.default_rng(seed)
            for start, length in random.integers(0, 60_000, (200, 2)).tolist():
                if bytes(store.get("a/b", (start, start + length))) != VALUES["a/b"][start : start + length]:
                    wrong.append(start)

        threads = [threading.Thread(target=read, args=(seed,)) for seed in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not wrong

    def test_it_holds_one_handle_until_nobody_holds_it(self, tmp_path: Path) -> None:
        path = pack(tmp_path / "a.zip", VALUES)
        handles = Path("/proc/self/fd")
        count = len(list(handles.iterdir())) if handles.is_dir() else None
        with ZipStore(path) as store:
            assert store.get("zarr.json") == b"{}"
        with pytest.raises(StoreError, match="was closed"):
            store.get("zarr.json")
        other = ZipStore(path)
        del other
        if count is not None:
            assert len(list(handles.iterdir())) == count

    def test_folders_comments_and_extra_fields_do_no_harm(self, tmp_path: Path) -> None:
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
            archive.mkdir("a")
            one = zipfile.ZipInfo("a/b")
            one.extra, one.comment = struct.pack("<2H4s", 0x5455, 4, b"time"), b"PK\5\6 is in here"
            archive.writestr(one, b"value")
            archive.comment = b'{"ome": {"version": "0.5"}} PK\5\6' + b"#" * 200
        store = ZipStore(tmp_path / "a.zip")
        assert list(store.list()) == ["a/b"]
        assert store.get("a/b") == b"value"

    def test_sizes_after_the_data(self, tmp_path: Path) -> None:
        class Pipe(io.BytesIO):
            def seekable(self) -> bool:
                return False

        pipe = Pipe()
        with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a", b"x" * 5000)
        (tmp_path / "a.zip").write_bytes(pipe.getvalue())
        assert bytes(ZipStore(tmp_path / "a.zip").get("a")) == b"x" * 5000

    def test_zip64_entries(self, tmp_path: Path) -> None:
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
            for name in ("a", "b"):
                with archive.open(name, "w", force_zip64=True) as file:
                    file.write(name.encode() * 100)
        assert bytes(ZipStore(tmp_path / "a.zip").get("b")) == b"b" * 100

    def test_more_members_than_two_bytes_count(self, tmp_path: Path) -> None:
        path = pack(tmp_path / "a.zip", {f"c/{i}": b"%d" % i for i in range(70_000)})
        begun = time.monotonic()
        store = ZipStore(path)
        assert time.monotonic() - begun < 2
        assert store.get("c/69999") == b"69999"
        assert sum(1 for _ in store.list("c/6999")) == 11

    def test_a_member_beyond_four_gigabytes(self, tmp_path: Path) -> None:
        path, size, tail = tmp_path / "big.zip", (4 << 30) + 1000, b"the last bytes"
        with path.open("wb") as file:  # a hole takes no room on the disk
            extra = struct.pack("<2H2Q", 1, 16, size, size)
            header = struct.pack("<4s5H3L2H", b"PK\3\4", 45, 0, 0, 0, 33, 0, 0xFFFFFFFF, 0xFFFFFFFF, 3, 20)
            file.write(header + b"big" + extra)
            begin = file.tell()
            file.seek(begin + size - len(tail))
            file.write(tail)
            second = file.tell()
            file.write(
                struct.pack("<4s5H3L2H", b"PK\3\4", 45, 0, 0, 0, 33, zlib.crc32(b"x"), 1, 1, 1, 0) + b"ax"
            )
            start = file.tell()
            full = 0xFFFFFFFF
            entry = struct.Struct("<4s6H3L5H2L")
            far = struct.pack("<2HQ", 1, 8, second)
            file.write(
                entry.pack(b"PK\1\2", 45, 45, 0, 0, 0, 33, 0, full, full, 3, 20, 0, 0, 0, 0, 0)
                + b"big"
                + extra
            )
            file.write(
                entry.pack(b"PK\1\2", 45, 45, 0, 0, 0, 33, zlib.crc32(b"x"), 1, 1, 1, 12, 0, 0, 0, 0, full)
                + b"a"
                + far
            )
            stop = file.tell()
            file.write(struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 2, 2, stop - start, start))
            file.write(struct.pack("<4sLQL", b"PK\6\7", 0, stop, 1))
            file.write(struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 2, 2, stop - start, full, 0))
        with zipfile.ZipFile(path) as archive:
            assert archive.read("a") == b"x"
        store = ZipStore(path)
        assert store.head("big").size == size
        assert store.get("big", Suffix(len(tail))) == tail
        assert store.get("big", (size - 20, size - 14)) == b"\0" * 6
        assert store.get("a") == b"x"


class TestImages:
    """Hierarchies in archives."""

    @pytest.mark.parametrize("zarr_format", [2, 3])
    @pytest.mark.parametrize("method", PACKED)
    def test_what_zarr_python_writes(self, tmp_path: Path, zarr_format: Any, method: int) -> None:
        pixels = np.random.default_rng(1).integers(0, 999, (50, 60), dtype="u2")
        path = tmp_path / "a.zip"
        with zarr.storage.ZipStore(path, mode="w", compression=method) as written:
            zarr.create_array(written, data=pixels, chunks=(16, 20), zarr_format=zarr_format)
        from zarrscope.array.open import open_array

        array = open_array(resolve(path))
        np.testing.assert_array_equal(array[...], pixels)
        np.testing.assert_array_equal(pickle.loads(pickle.dumps(array))[3:9, 7:50], pixels[3:9, 7:50])  # noqa: S301

    @pytest.mark.parametrize("method", PACKED)
    @pytest.mark.parametrize("folder", ["", "cells.ome.zarr/"])
    @pytest.mark.parametrize("name", ["cells.ozx", "cells.zarr.zip", "CELLS.ZIP"])
    def test_an_image_is_opened(self, tmp_path: Path, method: int, folder: str, name: str) -> None:
        pixels = np.random.default_rng(1).integers(0, 999, (3, 300, 280), dtype="u2")
        zarrscope.write(pixels, tmp_path / "cells.zarr", chunks={"y": 64, "x": 64}, axes="cyx")
        with zipfile.ZipFile(tmp_path / name, "w", method) as archive:
            for path in sorted((tmp_path / "cells.zarr").rglob("*")):
                archive.write(path, folder + path.relative_to(tmp_path / "cells.zarr").as_posix())
            archive.writestr("__MACOSX/._cells.ome.zarr", b"mac")
        image = zarrscope.open(tmp_path / name)
        np.testing.assert_array_equal(image[...], pixels)
        np.testing.assert_array_equal(image.levels[0][1, 100:200:3, 5], pixels[1, 100:200:3, 5])
        run = subprocess.run(
            [sys.executable, "-m", "zarrscope", "info", str(tmp_path / name)],
            capture_output=True, text=True, check=False,
            env={**os.environ, "PYTHONPATH": str(Path(zarrscope.__file__).parents[1])},
        )  # fmt: skip
        assert run.returncode == 0, run.stderr
        assert "image 'cells', OME-Zarr 0.5" in run.stdout

    def test_two_folders_are_two_hierarchies(self, tmp_path: Path) -> None:
        store = ZipStore(pack(tmp_path / "a.zip", {"a/zarr.json": b"{}", "b/zarr.json": b"{}"}))
        assert store.prefix == ""
        assert list(store.list()) == ["a/zarr.json", "b/zarr.json"]

    def test_an_archive_of_another_tool(self, shared: Path) -> None:
        path = shared / "data/generated/ngff-zarr/migration_v0.5.ozx"
        image = zarrscope.open(path)
        with zarr.storage.ZipStore(path, mode="r") as store:
            group = zarr.open_group(store, mode="r")
            for level in image.levels:
                np.testing.assert_array_equal(level[...], group[level.path][...])


def edited(path: Path, *changes: tuple[bytes, int, bytes]) -> Path:
    """Change bytes at an offset from the last place where a signature stands."""
    data = bytearray(path.read_bytes())
    for mark, offset, new in changes:
        at = data.rindex(mark) + offset
        data[at : at + len(new)] = new
    path.write_bytes(data)
    return path


class TestHostile:
    """Archives that lie."""

    @pytest.mark.parametrize(
        "name", ["../evil", "/evil", "a//b", "a/./b", "a\\b", "..", "a/../../b", "a\nb", "//", "a//"]
    )
    def test_names_that_are_no_keys(self, tmp_path: Path, name: str) -> None:
        path = pack(tmp_path / "a.zip", {"x" * len(name): b"1"})
        data = path.read_bytes().replace(b"x" * len(name), name.encode())
        path.write_bytes(data)
        with pytest.raises(InvalidKeyError, match=r"a\.zip"):
            ZipStore(path)

    def test_a_name_with_nul(self, tmp_path: Path) -> None:
        path = pack(tmp_path / "a.zip", {"zarr.jsonx.txt": b"1"})
        path.write_bytes(path.read_bytes().replace(b"zarr.jsonx.txt", b"zarr.json\0.txt"))
        with pytest.raises(InvalidKeyError):
            ZipStore(path)

    def test_a_name_that_is_no_utf8(self, tmp_path: Path) -> None:
        path = pack(tmp_path / "a.zip", {"ü": b"1"})
        path.write_bytes(path.read_bytes().replace("ü".encode(), b"\xff\xfe"))
        with pytest.raises(CorruptDataError, match="UTF-8"):
            ZipStore(path)

    @pytest.mark.filterwarnings("ignore:Duplicate name")
    def test_a_name_that_stands_twice(self, tmp_path: Path) -> None:
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
            archive.writestr("zarr.json", b"1")
            archive.writestr("zarr.json", b"2")
        with pytest.raises(CorruptDataError, match=r"a\.zip: the member 'zarr\.json' stands there twice"):
            ZipStore(tmp_path / "a.zip")

    def test_members_that_overlap(self, tmp_path: Path) -> None:
        path = pack(tmp_path / "a.zip", {"a": b"1" * 100, "b": b"2" * 100})
        edited(path, (b"PK\1\2", 42, b"\x05"))  # the second begins inside the first
        with pytest.raises(CorruptDataError, match="'a' overlaps 'b'"):
            ZipStore(path)
        path = pack(tmp_path / "b.zip", {"a": b"1" * 100})
        edited(path, (b"PK\1\2", 20, struct.pack("<2L", 110, 110)))
        with pytest.raises(CorruptDataError, match="directory"):
            ZipStore(path)

    def test_many_members_of_the_same_bytes(self, tmp_path: Path) -> None:
        path = pack(tmp_path / "a.zip", {f"{i:05}": b"" for i in range(50)} | {"zzzzz": b"0" * 10_000})
        data = path.read_bytes()
        kernel = data.index(b"PK\3\4", data.index(b"00049"))
        start = data.index(b"PK\1\2")
        end = bytearray(data)
        for i in range(50):  # every entry points to the same kernel
            at = start + i * (46 + 5)
            end[at + 20 : at + 28] = struct.pack("<2L", 10_000, 10_000)
            end[at + 42 : at + 46] = struct.pack("<L", kernel)
        path.write_bytes(end)
        with pytest.raises(CorruptDataError, match="overlaps"):
            ZipStore(path)

    def test_a_stored_member_of_two_sizes(self, tmp_path: Path) -> None:
        path = edited(
            pack(tmp_path / "a.zip", {"a": b"1" * 100}), (b"PK\1\2", 24, struct.pack("<L", 1 << 30))
        )
        store = ZipStore(path)
        for wanted in (None, (0, 10), Suffix(5)):
            with pytest.raises(
                CorruptDataError, match=r"a\.zip: the member 'a' is stored, but has two sizes"
            ):
                store.get("a", wanted)

    @pytest.mark.parametrize("size", [90, 110, 1 << 30])
    def test_a_deflated_member_of_another_size(self, tmp_path: Path, size: int) -> None:
        path = pack(tmp_path / "a.zip", {"a": os.urandom(100)}, zipfile.ZIP_DEFLATED)
        store = ZipStore(edited(path, (b"PK\1\2", 24, struct.pack("<L", size))))
        with pytest.raises(CorruptDataError, match="'a'"):
            store.get("a")

    def test_a_bomb(self, tmp_path: Path) -> None:
        path = tmp_path / "bomb.zip"
        with (
            zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
            archive.open("zarr.json", "w") as file,
        ):
            for _ in range(256):
                file.write(bytes(1 << 20))
        assert path.stat().st_size < 300_000
        store = ZipStore(path)
        with pytest.raises(UnsupportedError, match=r"bomb\.zip.*'zarr\.json' inflates to 268435456 bytes"):
            store.get("zarr.json")
        assert bytes(store.get("zarr.json", (5, 9))) == bytes(4)
        assert bytes(store.get("zarr.json", None, memoryview(bytearray(9)))) == bytes(9)
        with pytest.raises(MetadataError, match="no document may be"):
            zarrscope.open(path)

    def test_a_bomb_that_hides_its_size(self, tmp_path: Path) -> None:
        path = pack(tmp_path / "bomb.zip", {"a": bytes(50 << 20)}, zipfile.ZIP_DEFLATED)
        store = ZipStore(edited(path, (b"PK\1\2", 24, struct.pack("<L", 1000))))
        with pytest.raises(CorruptDataError, match="checksum"):
            store.get("a")
        packed = path.stat().st_size
        store = ZipStore(edited(path, (b"PK\1\2", 24, struct.pack("<L", packed * 1100))))
        with pytest.raises(CorruptDataError, match="claims"):
            store.get("a", (0, 1))
        assert packed * 1100 < LARGEST_DEFLATED

    def test_what_is_encrypted_or_packed_otherwise(self, tmp_path: Path) -> None:
        path = pack(tmp_path / "a.zip", {"a": b"1" * 100})
        edited(path, (b"PK\3\4", 6, b"\x01"), (b"PK\1\2", 8, b"\x01"))
        with pytest.raises(UnsupportedError, match="'a' is encrypted"):
            ZipStore(path).get("a")
        store = ZipStore(pack(tmp_path / "b.zip", {"a": b"1" * 100}, zipfile.ZIP_LZMA))
        with pytest.raises(UnsupportedError, match="packed by method 14"):
            store.get("a")

    def test_a_header_that_says_something_else(self, tmp_path: Path) -> None:
        for mark, offset, new in ((b"PK\3\4", 30, b"z"), (b"PK\3\4", 8, b"\x08"), (b"PK\3\4", 0, b"XX")):
            path = edited(pack(tmp_path / "a.zip", {"a": b"1" * 100}), (mark, offset, new))
            with pytest.raises(CorruptDataError, match="'a'"):
                ZipStore(path).get("a")
        path = edited(pack(tmp_path / "a.zip", {"a": b"1" * 100}), (b"PK\3\4", 28, b"\xff"))
        with pytest.raises(CorruptDataError, match="reaches into the directory"):
            ZipStore(path).get("a")

    @pytest.mark.parametrize("method", PACKED)
    def test_a_flipped_bit(self, tmp_path: Path, method: int) -> None:
        path = pack(tmp_path / "a.zip", {"a": os.urandom(1000)}, method)
        data = bytearray(path.read_bytes())
        data[500] ^= 1
        path.write_bytes(data)
        with pytest.raises(CorruptDataError, match="'a'"):
            ZipStore(path).get("a")

    def test_archives_in_parts(self, tmp_path: Path) -> None:
        path = pack(tmp_path / "a.zip", {"a": b"1"})
        with pytest.raises(UnsupportedError, match="several files"):
            ZipStore(edited(path, (b"PK\5\6", 4, b"\x01")))
        path = pack(tmp_path / "a.zip", {"a": b"1"})
        with pytest.raises(UnsupportedError, match="several files"):
            ZipStore(edited(path, (b"PK\1\2", 34, b"\x01")))

    def test_entries_that_are_not_counted(self, tmp_path: Path) -> None:
        path = pack(tmp_path / "a.zip", {"a": b"1", "b": b"2"})
        with pytest.raises(CorruptDataError, match="damaged"):
            ZipStore(edited(path, (b"PK\5\6", 8, struct.pack("<2H", 1, 1))))

    def test_what_is_no_archive(self, tmp_path: Path) -> None:
        path = tmp_path / "a.zip"
        for data in (b"", b"PK", b"text" * 1000, b"PK\5\6" + b"\xff" * 18, b"PK\5\6" * 20_000):
            path.write_bytes(data)
            with pytest.raises(CorruptDataError, match=r"a\.zip is no zip archive|a\.zip"):
                ZipStore(path)
        pack(path, VALUES)
        path.write_bytes(path.read_bytes()[:-30])
        with pytest.raises(CorruptDataError, match="end is missing"):
            ZipStore(path)

    def test_what_may_not_be_read(self, tmp_path: Path) -> None:
        with pytest.raises((AccessError, StoreError)):
            ZipStore(tmp_path)
        with pytest.raises(StoreError):
            ZipStore(tmp_path / "absent.zip")

    @given(data=st.data())
    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_any_damage_ends_in_our_error_or_in_the_right_bytes(
        self, tmp_path: Path, data: st.DataObject
    ) -> None:
        method = data.draw(st.sampled_from(PACKED))
        path = pack(tmp_path / "a.zip", {"a/zarr.json": b"{}" * 40, "a/c": bytes(99)}, method)
        raw = bytearray(path.read_bytes())
        for _ in range(data.draw(st.integers(1, 4))):
            raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
        path.write_bytes(raw)
        try:
            store = ZipStore(path)
            for key in list(store.list()):
                value = store.get(key)
                assert value is not None
                assert len(value) == store.head(key).size
                store.get(key, Suffix(3))
        except ZarrscopeError:
            pass


def test_an_archive_of_nothing(tmp_path: Path) -> None:
    assert list(ZipStore(pack(tmp_path / "a.zip", {})).list()) == []
