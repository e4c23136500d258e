"""Archives that we write: others read them, the same content gives the same bytes, a killed run goes on."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import signal
import struct
import subprocess
import sys
import threading
import zipfile
import zlib
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import zarr
import zarr.storage
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import zarrscope
from zarrscope.errors import (
    AccessError,
    ArgumentError,
    ConflictError,
    CorruptDataError,
    DestinationExistsError,
    IncompleteError,
    InvalidKeyError,
    NotFoundError,
    StoreError,
    UnsupportedError,
)
from zarrscope.store.contracts import ABSENT, Listable, Readable, Request, Suffix, Writable
from zarrscope.store.local import LocalStore
from zarrscope.store.resolve import resolve_writable
from zarrscope.store.zip import ZipStore
from zarrscope.store.zip_records import ozx_comment
from zarrscope.store.zip_spool import BLOCK, Blocks, Waiting
from zarrscope.store.zip_writer import ZipWriter

SOURCE = str(Path(zarrscope.__file__).parents[1])
BIG = np.random.default_rng(1).bytes(3 * BLOCK + 17)
VALUES = {"0/c/0/0": b"first", "0/c/0/1": BIG, "0/c/1/0": b"", "ü/ö": b"umlaut" * 1000}
DOCUMENTS = [("zarr.json", 200), ("0/zarr.json", 64)]


def written(path: Path, values: dict[str, bytes] = VALUES, piece: int = 1000) -> ZipWriter:
    store = ZipWriter(path, comment=ozx_comment("0.5"))
    store.begin(DOCUMENTS)
    for key, data in values.items():
        upload = store.create(key)
        for at in range(0, len(data), piece):
            upload.write(data[at : at + piece])
        upload.commit()
    store.put("0/zarr.json", b'{"zarr_format": 3}')
    store.put("zarr.json", b'{"zarr_format": 3, "node_type": "group"}')
    return store


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    written(tmp_path / "a.ozx").finish()
    return tmp_path / "a.ozx"


class TestReadBack:
    """By others and by us."""

    def test_it_is_a_store_for_writing(self, tmp_path: Path) -> None:
        store = ZipWriter(tmp_path / "a.zip")
        assert isinstance(store, Readable)
        assert isinstance(store, Writable)
        assert isinstance(store, Listable)
        assert store.in_order
        assert list(tmp_path.iterdir()) == []

    def test_the_standard_library_reads_it(self, archive: Path) -> None:
        with zipfile.ZipFile(archive) as found:
            assert found.testzip() is None
            assert found.namelist() == ["zarr.json", "0/zarr.json", *VALUES]
            assert {key: found.read(key) for key in VALUES} == VALUES
            assert json.loads(found.read("zarr.json")) == {"zarr_format": 3, "node_type": "group"}
            assert len(found.read("zarr.json")) == 200
            assert found.read("zarr.json").rstrip(b" ") == b'{"zarr_format": 3, "node_type": "group"}'
            for info in found.infolist():
                assert info.compress_type == zipfile.ZIP_STORED
                assert info.date_time == (1980, 1, 1, 0, 0, 0)
                assert info.flag_bits == 0x800
                assert info.external_attr >> 16 == 0o100644
                assert not info.extra
            assert json.loads(found.comment) == {
                "ome": {"version": "0.5", "zipFile": {"centralDirectory": {"jsonFirst": True}}}
            }

    def test_the_records_of_zip64_are_there(self, archive: Path) -> None:
        data = archive.read_bytes()
        end = data.rindex(b"PK\5\6")
        assert data[end - 20 : end - 16] == b"PK\6\7"
        assert data[end - 76 : end - 72] == b"PK\6\6"
        assert struct.unpack_from("<Q", data, end - 76 + 32) == (6,)

    @pytest.mark.skipif(not shutil.which("unzip"), reason="unzip is not installed")
    def test_unzip_finds_no_fault(self, archive: Path) -> None:
        run = subprocess.run(["unzip", "-t", str(archive)], capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stdout + run.stderr
        assert "No errors detected" in run.stdout

    def test_our_store_reads_it(self, archive: Path) -> None:
        store = ZipStore(archive)
        assert list(store.list()) == sorted([*VALUES, "zarr.json", "0/zarr.json"])
        assert {key: bytes(store.get(key)) for key in VALUES} == VALUES

    @pytest.mark.parametrize("shards", [None, {"y": 128, "x": 128}])
    def test_an_image_goes_into_an_archive(self, tmp_path: Path, shards: dict[str, int] | None) -> None:
        pixels = np.random.default_rng(1).integers(0, 999, (3, 300, 280), dtype="u2")
        zarrscope.write(pixels, tmp_path / "a.zarr", chunks={"y": 64, "x": 64}, shards=shards, axes="cyx")
        source = LocalStore(tmp_path / "a.zarr")
        keys = list(source.list())
        documents = sorted((k for k in keys if k.endswith("zarr.json")), key=lambda k: (k.count("/"), k))
        store = ZipWriter(tmp_path / "b.ozx", comment=ozx_comment("0.5"))
        store.begin([(key, source.head(key).size + 100) for key in documents])
        for key in [key for key in keys if key not in documents] + documents[::-1]:
            store.put(key, source.get(key))
        store.finish()
        np.testing.assert_array_equal(zarrscope.open(tmp_path / "b.ozx")[...], pixels)
        with zarr.storage.ZipStore(tmp_path / "b.ozx", mode="r") as found:
            group = zarr.open_group(found, mode="r")
            assert "multiscales" in group.attrs["ome"]
            np.testing.assert_array_equal(group["0"][...], pixels)
        with zipfile.ZipFile(tmp_path / "b.ozx") as found:
            assert found.namelist()[: len(documents)] == documents
        run = subprocess.run(
            [sys.executable, "-m", "zarrscope", "validate", str(tmp_path / "b.ozx")],
            capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": SOURCE},
        )  # fmt: skip
        assert run.returncode == 0, run.stdout + run.stderr

    def test_what_is_committed_can_be_read_before_and_after_the_end(self, tmp_path: Path) -> None:
        store = written(tmp_path / "a.zip")
        for _ in range(2):
            assert {key: bytes(store.get(key)) for key in VALUES} == VALUES
            assert bytes(store.get("0/c/0/1", (5, 500_000))) == BIG[5:500_000]
            assert bytes(store.get("0/c/0/1", Suffix(9))) == BIG[-9:]
            out = bytearray(20)
            assert bytes(store.get("0/c/0/1", (7, 20), memoryview(out))) == BIG[7:20] == bytes(out[:13])
            assert store.get_many([Request("0/c/0/0", (1, 3)), Request("no")]) == [b"ir", None]
            assert store.head("0/c/0/1").size == len(BIG)
            assert store.head("no") is None
            assert list(store.list("0/c/0/")) == ["0/c/0/0", "0/c/0/1"]
            if (tmp_path / "a.zip.part").exists():
                store.finish()
        with pytest.raises(StoreError, match="is finished"):
            store.put("more", b"x")

    def test_threads_read_while_one_writes(self, tmp_path: Path) -> None:
        store = written(tmp_path / "a.zip")
        stop, wrong = threading.Event(), []

        def read() -> None:
            while not stop.is_set():
                if bytes(store.get("ü/ö")) != VALUES["ü/ö"] or not bytes(store.get("zarr.json")).startswith(
                    b"{"
                ):
                    wrong.append(1)

        threads = [threading.Thread(target=read) for _ in range(4)]
        for thread in threads:
            thread.start()
        for i in range(300):
            store.put(f"more/{i}", b"%d" % i * 1000)
            store.put("zarr.json", b'{"i": %d}' % i)
        stop.set()
        for thread in threads:
            thread.join()
        assert not wrong


class TestBytes:
    """What is the same is the same to the last byte."""

    def test_however_they_were_spooled(self, tmp_path: Path, archive: Path) -> None:
        expected = archive.read_bytes()
        for number, piece in enumerate((7, BLOCK - 1, BLOCK, BLOCK + 1, 10 * BLOCK)):
            written(tmp_path / f"{number}.ozx", piece=piece).finish()
            assert (tmp_path / f"{number}.ozx").read_bytes() == expected
        store = ZipWriter(tmp_path / "put.ozx", comment=ozx_comment("0.5"))
        store.begin(DOCUMENTS)
        uploads = {key: store.create(key) for key in VALUES}  # all at a time, in turns
        for at in range(0, len(BIG), 50_000):
            for key, upload in uploads.items():
                upload.write(VALUES[key][at : at + 50_000])
        store.put("zarr.json", b"something else first, which is longer than what comes in the end")
        for upload in uploads.values():
            upload.commit()
            upload.abort()
        store.put("zarr.json", b'{"zarr_format": 3, "node_type": "group"}')
        store.put("0/zarr.json", b'{"zarr_format": 3}')
        store.finish()
        assert (tmp_path / "put.ozx").read_bytes() == expected

    def test_nothing_else_is_left(self, archive: Path) -> None:
        assert names(archive.parent) == ["a.ozx"]

    @given(st.lists(st.binary(max_size=300), max_size=8), st.integers(1, 90))
    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_what_zipfile_says(self, tmp_path: Path, values: list[bytes], room: int) -> None:
        path = tmp_path / "h.zip"
        store = ZipWriter(path)
        store.begin([("zarr.json", room)])
        for i, data in enumerate(values):
            store.put(f"c/{i}", data)
        store.put("zarr.json", b"{}"[:room])
        store.finish(overwrite=True)
        with zipfile.ZipFile(path) as found:
            assert [found.read(name) for name in found.namelist()[1:]] == values
            assert found.read("zarr.json") == b"{}"[:room].ljust(room)


class TestRules:
    """What is refused, and that all is as it was then."""

    def test_names_stand_once(self, tmp_path: Path) -> None:
        store = written(tmp_path / "a.zip")
        for attempt in (lambda: store.put("ü/ö", b"x"), lambda: store.create("ü/ö")):
            with pytest.raises(ConflictError, match="was written already"):
                attempt()
        one, two = store.create("new"), store.create("new")
        two.write(b"2")
        two.commit()
        with pytest.raises(ConflictError):
            one.commit()
        store.finish()
        assert ZipStore(tmp_path / "a.zip").get("new") == b"2"

    def test_tags(self, tmp_path: Path) -> None:
        store = written(tmp_path / "a.zip")
        tag = store.head("zarr.json").tag
        store.put("zarr.json", b"[1]", tag)
        with pytest.raises(ConflictError):
            store.put("zarr.json", b"[2]", tag)
        with pytest.raises(ConflictError):
            store.put("zarr.json", b"[2]", ABSENT)
        store.put("other", b"x", ABSENT)
        with pytest.raises(ConflictError):
            store.put("another", b"x", tag)
        assert bytes(store.get("zarr.json")).rstrip() == b"[1]"

    def test_a_document_without_room(self, tmp_path: Path) -> None:
        store = written(tmp_path / "a.zip")
        store.put("0/zarr.json", b"x" * 64)
        with pytest.raises(StoreError, match=r"65 bytes of 0/zarr\.json do not fit into the 64"):
            store.put("0/zarr.json", b"y" * 65)
        assert store.get("0/zarr.json") == b"x" * 64

    def test_a_document_is_absent_until_it_is_written(self, tmp_path: Path) -> None:
        store = ZipWriter(tmp_path / "a.zip")
        store.begin(DOCUMENTS)
        assert store.get("zarr.json") is None
        assert store.head("zarr.json") is None
        assert list(store.list()) == []
        store.put("zarr.json", b"{}", ABSENT)
        assert list(store.list()) == ["zarr.json"]
        with pytest.raises(IncompleteError, match=r"0/zarr\.json was never written"):
            store.finish()
        store.delete("zarr.json")
        assert store.get("zarr.json") is None
        assert not (tmp_path / "a.zip").exists()

    def test_only_the_last_can_be_deleted(self, tmp_path: Path) -> None:
        store = written(tmp_path / "a.zip", {"0": b"0", "1": b"1", "2": b"2"})
        store.delete("never there")
        with pytest.raises(UnsupportedError, match="others stand behind it"):
            store.delete("1")
        before = store.offset
        store.delete("2")
        assert store.offset < before
        store.delete("1")
        store.put("1", b"one")
        store.finish()
        with zipfile.ZipFile(tmp_path / "a.zip") as found:
            assert found.testzip() is None
            assert found.namelist()[2:] == ["0", "1"]
            assert found.read("1") == b"one"

    @pytest.mark.parametrize("key", ["", "/a", "../a", "a/../b", "a\\b", "a\0", "a\n", "\ud800"])
    def test_keys_obey_the_grammar(self, tmp_path: Path, key: str) -> None:
        store = ZipWriter(tmp_path / "a.zip")
        store.begin([])
        for attempt in (lambda: store.put(key, b""), lambda: _commit(store, key)):
            with pytest.raises(InvalidKeyError):
                attempt()
        assert store.offset == 0

    def test_before_it_is_begun(self, tmp_path: Path) -> None:
        store = ZipWriter(tmp_path / "a.zip")
        for attempt in (
            lambda: store.get("a"),
            lambda: store.put("a", b""),
            lambda: list(store.list()),
            store.finish,
        ):
            with pytest.raises(StoreError, match="has to be begun"):
                attempt()
        store.abort()
        assert store.offset == 0

    def test_what_stands_there_is_not_touched(self, tmp_path: Path) -> None:
        path = tmp_path / "a.zip"
        path.write_bytes(b"mine")
        store = written(path)
        with pytest.raises(DestinationExistsError):
            store.finish()
        assert path.read_bytes() == b"mine"
        with pytest.raises(DestinationExistsError, match="interrupted run"):
            ZipWriter(path).begin([])
        with pytest.raises(DestinationExistsError, match="written by another run"):
            ZipWriter(path).resume(0)
        store.finish(overwrite=True)
        assert zipfile.is_zipfile(path)

    def test_an_aborted_one_is_gone(self, tmp_path: Path) -> None:
        store = written(tmp_path / "a.zip")
        store.create("open").write(BIG)
        store.abort()
        store.abort()
        assert not names(tmp_path)
        store.begin([])
        store.finish()
        store.abort()
        assert zipfile.ZipFile(tmp_path / "a.zip").namelist() == []

    def test_a_link_stays_a_link(self, tmp_path: Path) -> None:
        (tmp_path / "disk").mkdir()
        (tmp_path / "a.zip").symlink_to(tmp_path / "disk" / "b.zip")
        written(tmp_path / "a.zip").finish()
        assert (tmp_path / "a.zip").is_symlink()
        assert zipfile.is_zipfile(tmp_path / "disk" / "b.zip")

    def test_a_part_that_is_a_link_is_not_followed(self, tmp_path: Path) -> None:
        (tmp_path / "mine").write_bytes(b"mine")
        (tmp_path / "a.zip.part").symlink_to(tmp_path / "mine")
        with pytest.raises(DestinationExistsError):
            ZipWriter(tmp_path / "a.zip").begin([])
        with pytest.raises(StoreError):
            ZipWriter(tmp_path / "a.zip").resume(0)
        assert (tmp_path / "mine").read_bytes() == b"mine"

    def test_it_travels_as_its_description(self, tmp_path: Path) -> None:
        store = written(tmp_path / "a.zip")
        data = pickle.dumps(store)
        other = pickle.loads(data)  # noqa: S301
        assert len(data) < 300
        assert (other.path, other.comment, other.offset) == (store.path, store.comment, 0)

    def test_where_nobody_may_write(self, tmp_path: Path) -> None:
        with pytest.raises(StoreError, match=r"a\.zip\.part"):
            ZipWriter(tmp_path / "no" / "a.zip").begin([])
        if os.geteuid():
            tmp_path.chmod(0o500)
            with pytest.raises(AccessError):
                ZipWriter(tmp_path / "a.zip").begin([])

    def test_odd_arguments(self, tmp_path: Path) -> None:
        for size in (0, -1, 1 << 32):
            with pytest.raises(ArgumentError):
                ZipWriter(tmp_path / "a.zip").begin([("a", size)])
        with pytest.raises(ConflictError):
            ZipWriter(tmp_path / "a.zip").begin([("a", 5), ("a", 5)])
        assert not names(tmp_path)
        store = ZipWriter(tmp_path / "a.zip", comment=b"x" * 65_536)
        store.begin([])
        with pytest.raises(ArgumentError, match="comment"):
            store.finish()


def _commit(store: ZipWriter, key: str) -> None:
    upload = store.create(key)
    upload.write(b"x")
    upload.commit()


class TestResume:
    """A killed run goes on, to the same bytes."""

    def test_what_was_not_committed_is_cut_off(self, tmp_path: Path, archive: Path) -> None:
        store = ZipWriter(tmp_path / "b.ozx", comment=ozx_comment("0.5"))
        store.begin(DOCUMENTS)
        store.put("zarr.json", b"an older one, of which nothing stays")
        keys = list(VALUES)
        for key in keys[:2]:
            store.put(key, VALUES[key])
        offset = store.offset
        store.put(keys[2], b"lost again")
        store.sync([])
        store.close()
        other = ZipWriter(tmp_path / "b.ozx", comment=ozx_comment("0.5"))
        other.resume(offset)
        assert other.offset == offset
        assert bytes(other.get(keys[1])) == BIG
        for key in keys[2:]:
            other.put(key, VALUES[key])
        other.put("zarr.json", b'{"zarr_format": 3, "node_type": "group"}')
        with pytest.raises(IncompleteError):
            other.finish()
        other.put("0/zarr.json", b'{"zarr_format": 3}')
        other.finish()
        assert (tmp_path / "b.ozx").read_bytes() == archive.read_bytes()

    def test_wrong_offsets_and_damage(self, tmp_path: Path) -> None:
        store = written(tmp_path / "a.zip")
        offset = store.offset
        store.close()
        part = tmp_path / "a.zip.part"
        data = part.read_bytes()
        for wrong in (offset + 1, offset - 1, 10, 1 << 40):
            with pytest.raises(CorruptDataError, match=r"a\.zip\.part"):
                ZipWriter(tmp_path / "a.zip").resume(wrong)
            assert part.read_bytes() == data
        for change in (
            lambda d: d.replace(b"0/c/0/1", b"0/c/0/0"),
            lambda d: d.replace(b"0/c/0/1", b"../../x"),
            lambda d: d.replace(b"0/c/0/1", b"\xff/c/0/1"),
            lambda d: d[:-1],
            lambda d: b"PK\3\5" + d[4:],
        ):
            part.write_bytes(change(data))
            with pytest.raises(CorruptDataError):
                ZipWriter(tmp_path / "a.zip").resume(offset)
        part.unlink()
        with pytest.raises(NotFoundError):
            ZipWriter(tmp_path / "a.zip").resume(0)

    def test_killed_at_every_write(self, tmp_path: Path) -> None:
        run(tmp_path / "whole.ozx")
        expected = (tmp_path / "whole.ozx").read_bytes()
        (tmp_path / "whole.ozx.journal").unlink()
        calls, killed = 0, 0
        while True:  # every other time half of what was to be written comes on the disk
            path = tmp_path / "killed.ozx"
            status = child(path, calls)
            assert status in (0, -signal.SIGKILL)
            if status == 0:
                break
            assert not path.exists()
            with pytest.raises(zipfile.BadZipFile):
                zipfile.ZipFile(tmp_path / "killed.ozx.part")
            run(path)
            assert path.read_bytes() == expected, calls
            for one in (path, path.with_name(f"{path.name}.journal")):
                one.unlink()
            killed += 1
            calls += 1
        assert killed > 20


MEMBERS = [(f"0/c/{i}", bytes([65 + i]) * (1 + i * 70_000)) for i in range(6)]


def run(path: Path) -> None:
    """Write an archive, or go on where the journal says that an earlier run left off."""
    store, journal = ZipWriter(path, comment=ozx_comment("0.5")), path.with_name(f"{path.name}.journal")
    told = journal.read_bytes().splitlines(keepends=True) if journal.exists() else []
    done = [int(line) for line in told if line.endswith(b"\n")]
    if done:
        store.resume(done[-1])
    else:
        path.with_name(f"{path.name}.part").unlink(missing_ok=True)
        store.begin(DOCUMENTS)
        journal.write_text(f"{store.offset}\n")
        done = [store.offset]
    for key, data in MEMBERS[len(done) - 1 :]:
        upload = store.create(key)
        for at in range(0, len(data), 100_000):
            upload.write(data[at : at + 100_000])
        upload.commit()
        store.sync([key])
        with journal.open("a") as file:
            file.write(f"{store.offset}\n")
    store.put("0/zarr.json", b'{"zarr_format": 3}')
    store.put("zarr.json", b'{"zarr_format": 3, "node_type": "group"}')
    store.finish()


def child(path: Path, calls: int) -> int:
    """Write an archive in a process that is killed in its N-th write, and return how it ended."""
    pid = os.fork()
    if pid == 0:
        _die_in_write(path, calls)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _die_in_write(path: Path, calls: int) -> None:
    """In the forked process: write, and be killed before, or in the middle of, the N-th write."""
    from zarrscope.store.placed import PlacedFile

    left, write = [calls], PlacedFile.write

    def dying(self: PlacedFile, start: int, data: bytes) -> int:
        if left[0] == 0:
            if calls % 2:
                write(self, start, memoryview(data)[: len(data) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        left[0] -= 1
        return write(self, start, data)

    try:
        PlacedFile.write = dying  # type: ignore[method-assign]
        run(path)
    except BaseException:
        os._exit(3)
    os._exit(0)


class TestSizes:
    """Large and many."""

    def test_beyond_four_gigabytes(self, tmp_path: Path) -> None:
        # A hole takes no room on the disk: the first member, of 4 GiB and a bit, is one.
        size, name, part = (4 << 30) + 1000, b"big", tmp_path / "a.zip.part"
        checksum = 0x12345678
        with part.open("wb") as file:
            full = 0xFFFFFFFF
            file.write(struct.pack("<4s5H3L2H", b"PK\3\4", 45, 0x800, 0, 0, 33, checksum, full, full, 3, 20))
            file.write(name + struct.pack("<2H2Q", 1, 16, size, size))
            file.truncate(file.tell() + size)
            offset = file.seek(0, 2)
        store = ZipWriter(tmp_path / "a.zip")
        store.resume(offset)
        assert store.head("big").size == size
        store.put("small", b"behind the wall")
        assert store.offset > 1 << 32
        store.finish()
        with zipfile.ZipFile(tmp_path / "a.zip") as found:
            big, small = found.infolist()
            assert (big.filename, big.file_size, big.CRC, big.header_offset) == ("big", size, checksum, 0)
            assert (small.filename, small.header_offset) == ("small", offset)
            assert found.read("small") == b"behind the wall"
            with found.open("big") as file:
                assert file.read(100) == bytes(100)
        again = ZipStore(tmp_path / "a.zip")
        assert again.head("big").size == size
        assert again.get("small") == b"behind the wall"
        if shutil.which("unzip"):
            told = subprocess.run(
                ["unzip", "-p", str(tmp_path / "a.zip"), "small"], capture_output=True, check=False
            )
            assert told.stdout == b"behind the wall"

    def test_more_members_than_two_bytes_count(self, tmp_path: Path) -> None:
        store = ZipWriter(tmp_path / "a.zip")
        store.begin([])
        for i in range(70_000):
            store.put(f"c/{i}", b"%d" % i)
        offset = store.offset
        store.close()
        store.resume(offset)
        store.finish()
        with zipfile.ZipFile(tmp_path / "a.zip") as found:
            assert len(found.namelist()) == 70_000
            assert found.read("c/69999") == b"69999"
        assert ZipStore(tmp_path / "a.zip").get("c/65536") == b"65536"

    def test_big_members_take_little_memory(self, tmp_path: Path) -> None:
        told = subprocess.run(
            [sys.executable, "-c", MUCH, str(tmp_path / "a.zip")],
            capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": SOURCE},
        ).stdout.split()  # fmt: skip
        assert int(told[0]) < 16 << 20
        with zipfile.ZipFile(tmp_path / "a.zip") as found:
            assert {info.CRC for info in found.infolist()} == {int(told[1])}
            assert found.testzip() is None


MUCH = """
import resource, sys, zlib
from zarrscope.store.zip_writer import ZipWriter
store = ZipWriter(sys.argv[1])
store.begin([])
block, checksum = bytes(range(256)) * 4096, 0
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
uploads = [store.create(f"c/{i}") for i in range(4)]
for _ in range(64):
    checksum = zlib.crc32(block, checksum)
    for upload in uploads:
        upload.write(block)
for upload in uploads:
    upload.commit()
store.finish()
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024, checksum)
"""


class TestSpool:
    """Values that wait."""

    @given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2 * BLOCK)), max_size=12))
    @settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_values_in_turns(self, tmp_path: Path, pieces: list[tuple[int, int]]) -> None:
        blocks = Blocks(str(tmp_path))
        values, wanted = [Waiting(blocks) for _ in range(4)], [bytearray() for _ in range(4)]
        for number, (which, length) in enumerate(pieces):
            data = bytes([number]) * length
            values[which].write(data)
            wanted[which] += data
        for value, data in zip(values, wanted, strict=True):
            assert value.value() == data
            assert (value.size, value.checksum) == (len(data), zlib.crc32(data))
            value.forget()
        assert not names(tmp_path)

    def test_blocks_are_used_again(self, tmp_path: Path) -> None:
        blocks = Blocks(str(tmp_path))
        kept = Waiting(blocks)
        kept.write(bytes(BLOCK))
        for _ in range(10):
            value = Waiting(blocks)
            value.write(bytes(3 * BLOCK))
            value.forget()
        numbers = [blocks.take()[1] for _ in range(3)]
        assert sorted(numbers) == [1, 2, 3]
        assert all(b > a for a, b in pairwise(numbers))


class TestAddresses:
    """What a path means."""

    @pytest.mark.parametrize("name", ["a.zip", "a.ozx", "A.OZX"])
    def test_an_archive(self, tmp_path: Path, name: str) -> None:
        store = resolve_writable(tmp_path / name)
        assert isinstance(store, ZipWriter)
        assert store.path == str(tmp_path / name)
        assert isinstance(resolve_writable(f"file:{tmp_path / name}"), ZipWriter)

    def test_a_folder_stays_one(self, tmp_path: Path) -> None:
        (tmp_path / "a.zip").mkdir()
        assert isinstance(resolve_writable(tmp_path / "a.zip"), LocalStore)
