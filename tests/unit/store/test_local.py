"""A folder as a store: whole values or none, nothing outside, and what several processes do at once."""

from __future__ import annotations

import functools
import operator
import os
import pickle
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import zarrscope
from zarrscope.errors import AccessError, ConflictError, InvalidKeyError, StoreError
from zarrscope.store.contracts import ABSENT, Listable, Request, Suffix, Writable
from zarrscope.store.keys import check_key, join
from zarrscope.store.local import LocalStore
from zarrscope.store.memory import MemoryStore

ENV = {**os.environ, "PYTHONPATH": str(Path(zarrscope.__file__).parents[1])}
STORES = ("local", "memory")


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Writable:
    return LocalStore(tmp_path / "root") if request.param == "local" else MemoryStore()


def text(data: object) -> bytes | None:
    return None if data is None else bytes(data)


class TestBoth:
    """What folders and memory have in common."""

    def test_they_are_stores(self, store: Writable) -> None:
        assert isinstance(store, Writable)
        assert isinstance(store, Listable)

    def test_a_value_comes_back(self, store: Writable) -> None:
        for data in (b"", b"x", bytes(range(256)) * 5000):
            store.put("a/b", data)
            assert text(store.get("a/b")) == data
            assert store.head("a/b").size == len(data)

    @pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
    def test_any_buffer_is_taken(self, store: Writable, kind: type) -> None:
        store.put("a", kind(b"hello"))
        upload = store.create("b")
        upload.write(kind(b"hel"))
        upload.write(kind(b"lo"))
        upload.commit()
        assert text(store.get("a")) == text(store.get("b")) == b"hello"

    def test_what_is_absent_is_none(self, store: Writable) -> None:
        store.put("a/b", b"x")
        for key in ("b", "a", "a/c", "a/b/c", "c/d/e"):
            assert store.get(key) is None
            assert store.get(key, (0, 1)) is None
            assert store.get(key, Suffix(1)) is None
            assert store.head(key) is None
        assert list(map(text, store.get_many([Request("a/b"), Request("no"), Request("a/b")]))) == [
            b"x", None, b"x",
        ]  # fmt: skip

    @given(data=st.binary(max_size=40), start=st.integers(0, 50), length=st.integers(0, 50))
    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_ranges_are_those_of_slices(self, store: Writable, data: bytes, start: int, length: int) -> None:
        store.put("k", data)
        assert text(store.get("k", (start, start + length))) == data[start : start + length]
        assert text(store.get("k", Suffix(length))) == (data[-length:] if length else b"")

    @given(data=st.binary(min_size=1, max_size=40), start=st.integers(0, 50), length=st.integers(0, 50))
    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_a_buffer_receives_a_range(self, store: Writable, data: bytes, start: int, length: int) -> None:
        store.put("k", data)
        out = bytearray(b"#" * 64)
        got = store.get("k", (start, start + length), memoryview(out))
        wanted = data[start : start + length]
        assert text(got) == wanted
        assert bytes(out) == wanted + b"#" * (64 - len(wanted))

    def test_conditions(self, store: Writable) -> None:
        store.put("k", b"1", if_tag=ABSENT)
        first = store.head("k").tag
        with pytest.raises(ConflictError):
            store.put("k", b"2", if_tag=ABSENT)
        store.put("k", b"22", if_tag=first)
        with pytest.raises(ConflictError):
            store.put("k", b"3", if_tag=first)
        upload = store.create("k", if_tag=first)
        upload.write(b"4")
        with pytest.raises(ConflictError):
            upload.commit()
        upload.abort()
        assert text(store.get("k")) == b"22"
        with pytest.raises(ConflictError):
            store.put("new", b"5", if_tag=first)
        assert list(store.list()) == ["k"]

    def test_an_upload_appears_when_it_is_committed(self, store: Writable) -> None:
        upload = store.create("a/k")
        upload.write(b"half")
        assert store.get("a/k") is None
        upload.write(b" and half")
        upload.commit()
        upload.abort()  # harmless
        assert text(store.get("a/k")) == b"half and half"
        lost = store.create("a/lost")
        lost.write(b"x")
        lost.abort()
        lost.abort()
        assert store.get("a/lost") is None
        assert list(store.list()) == ["a/k"]

    def test_delete(self, store: Writable) -> None:
        store.put("a/b/c", b"x")
        store.put("a/d", b"x")
        store.delete("a/b/c")
        store.delete("a/b/c")
        store.delete("never/was")
        assert list(store.list()) == ["a/d"]

    def test_lists_are_sorted_and_by_prefix(self, store: Writable) -> None:
        keys = ["a", "a.b", "a/b", "a/b.c", "a/bc/d", "b/1", "b/10", "b/2", "zarr.json"]
        for key in reversed(keys):
            if key != "a" or isinstance(store, MemoryStore):  # a file is no folder
                store.put(key, b"")
        there = [key for key in keys if key != "a" or isinstance(store, MemoryStore)]
        assert list(store.list()) == sorted(there)
        for prefix in ("a/", "a/b", "b/1", "b/", "c/", "z"):
            assert list(store.list(prefix)) == sorted(key for key in there if key.startswith(prefix))

    @pytest.mark.parametrize(
        "key",
        ["", "/", "/a", "a/", "a//b", ".", "..", "a/./b", "a/../b", "../a", "a/..", "a\\b", "a\0b", "a\nb"],
    )
    def test_keys_against_the_grammar_are_refused_everywhere(self, store: Writable, key: str) -> None:
        calls = [
            lambda: store.get(key), lambda: store.head(key), lambda: store.put(key, b""),
            lambda: store.create(key), lambda: store.delete(key), lambda: store.get_many([Request(key)]),
        ]  # fmt: skip
        for call in calls:
            with pytest.raises(InvalidKeyError):
                call()

    def test_it_pickles(self, store: Writable) -> None:
        store.put("a", b"x")
        assert text(pickle.loads(pickle.dumps(store)).get("a")) == b"x"  # noqa: S301

    def test_sync_takes_what_is_there(self, store: Writable) -> None:
        store.put("a/b/c", b"x")
        store.put("d", b"x")
        store.sync(["a/b/c", "d"])
        store.sync([])

    def test_threads_see_whole_values(self, store: Writable) -> None:
        values = [bytes([i]) * 100_000 for i in range(8)]
        store.put("k", values[0])
        stop, torn = threading.Event(), []

        def read() -> None:
            while not stop.is_set():
                data = text(store.get("k"))
                if data not in values:
                    torn.append(len(data or b""))

        readers = [threading.Thread(target=read) for _ in range(2)]
        for thread in readers:
            thread.start()
        for _ in range(20):
            for value in values:
                store.put("k", value)
        stop.set()
        for thread in readers:
            thread.join()
        assert not torn


PARTS = st.text(st.characters(blacklist_categories=["Cs"]), max_size=6) | st.sampled_from(
    [".", "..", "...", "", "a", "c", "0", ".zattrs", "zarr.json", "~", "%2e%2e", "a\\b", "con", " ", "-"]
)


@given(parts=st.lists(PARTS, max_size=6), absolute=st.booleans())
@example(parts=["..", "a"], absolute=False)
def test_no_key_leads_out_of_the_root(
    parts: list[str], absolute: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    key = "/" * absolute + "/".join(parts)
    allowed = (
        all(part not in ("", ".", "..") for part in key.split("/"))
        and not any(ord(c) < 32 or ord(c) == 127 or c == "\\" for c in key)
        and len(key) <= 1024
    )
    if not allowed:
        with pytest.raises(InvalidKeyError):
            check_key(key)
        return
    assert check_key(key) == key
    root = tmp_path_factory.mktemp("root")
    LocalStore(root).put(key, b"x")
    (found,) = (path for path in root.rglob("*") if path.is_file())
    assert str(found) == os.path.join(root, key)  # noqa: PTH118
    assert os.path.realpath(found).startswith(f"{os.path.realpath(root)}/")
    assert list(LocalStore(root).list()) == [key]


def test_a_key_may_be_as_long_as_object_stores_take() -> None:
    assert check_key("a" * 1024)
    with pytest.raises(InvalidKeyError, match="1025"):
        check_key("a" * 1025)


def test_join_leaves_out_what_is_empty() -> None:
    assert join("", "a/", "", "/b") == "a/b"
    assert join("", "") == ""


class TestLinks:
    """Symbolic links are followed inside the root only."""

    @pytest.fixture
    def places(self, tmp_path: Path) -> tuple[LocalStore, Path, Path]:
        root, outside = tmp_path / "root", tmp_path / "outside"
        (root / "real").mkdir(parents=True)
        (root / "real" / "k").write_bytes(b"inside")
        outside.mkdir()
        (outside / "secret").write_bytes(b"secret")
        return LocalStore(root), root, outside

    def test_a_link_out_is_refused(self, places: tuple[LocalStore, Path, Path]) -> None:
        store, root, outside = places
        (root / "file").symlink_to(outside / "secret")
        (root / "folder").symlink_to(outside)
        (root / "up").symlink_to("..")
        for key in ("file", "folder/secret", "up/outside/secret"):
            for call in (store.get, store.head, lambda k: store.get(k, (0, 1))):
                with pytest.raises(InvalidKeyError, match="not followed"):
                    call(key)
        for key in ("folder/new", "up/new", "folder/deep/new"):
            with pytest.raises(InvalidKeyError):
                store.put(key, b"x")
            with pytest.raises(InvalidKeyError):
                store.delete(key)
        assert sorted(p.name for p in outside.rglob("*")) == ["secret"]

    def test_writing_over_a_link_replaces_the_link(self, places: tuple[LocalStore, Path, Path]) -> None:
        store, root, outside = places
        (root / "file").symlink_to(outside / "secret")
        store.put("file", b"mine")
        assert (outside / "secret").read_bytes() == b"secret"
        assert text(store.get("file")) == b"mine"

    def test_deleting_a_link_leaves_what_it_names(self, places: tuple[LocalStore, Path, Path]) -> None:
        store, root, outside = places
        (root / "file").symlink_to(outside / "secret")
        store.delete("file")
        assert (outside / "secret").exists()
        assert not (root / "file").is_symlink()

    def test_a_link_inside_is_followed(self, places: tuple[LocalStore, Path, Path]) -> None:
        store, root, _ = places
        (root / "alias").symlink_to(root / "real" / "k")
        (root / "room").symlink_to("real")
        assert text(store.get("alias")) == text(store.get("room/k")) == b"inside"

    def test_the_root_may_be_a_link(self, places: tuple[LocalStore, Path, Path], tmp_path: Path) -> None:
        (tmp_path / "link").symlink_to(tmp_path / "root")
        store = LocalStore(tmp_path / "link")
        assert text(store.get("real/k")) == b"inside"
        store.put("real/new", b"x")
        assert (tmp_path / "root" / "real" / "new").exists()

    def test_a_dangling_link_is_absent(self, places: tuple[LocalStore, Path, Path]) -> None:
        store, root, _ = places
        (root / "gone").symlink_to(root / "nothing")
        assert store.get("gone") is None


class TestFolder:
    """What only a folder has."""

    def test_a_failed_put_leaves_nothing(self, tmp_path: Path) -> None:
        store = LocalStore(tmp_path)
        (tmp_path / "k").mkdir()
        (tmp_path / "k" / "inside").write_bytes(b"x")
        with pytest.raises(StoreError):
            store.put("k", b"over a folder")
        assert sorted(p.name for p in tmp_path.rglob("*")) == ["inside", "k"]

    def test_a_file_where_a_folder_is_needed(self, tmp_path: Path) -> None:
        (tmp_path / "k").write_bytes(b"x")
        with pytest.raises(StoreError, match=str(tmp_path)):
            LocalStore(tmp_path).put("k/below", b"y")
        assert LocalStore(tmp_path).get("k/below") is None

    def test_delete_prunes_empty_folders_and_no_others(self, tmp_path: Path) -> None:
        store = LocalStore(tmp_path / "root")
        store.put("a/b/c/d", b"x")
        (tmp_path / "root" / "a" / "other.txt").write_text("x")
        store.delete("a/b/c/d")
        assert sorted(p.name for p in (tmp_path / "root").rglob("*")) == ["a", "other.txt"]
        store.put("a/b/c/d", b"again")  # folders are made anew
        assert text(store.get("a/b/c/d")) == b"again"
        assert tmp_path.is_dir()

    def test_a_folder_that_others_delete_is_made_again(self, tmp_path: Path) -> None:
        one, two = LocalStore(tmp_path / "root"), LocalStore(tmp_path / "root")
        one.put("a/b", b"x")
        two.delete("a/b")
        assert one.get("a/b") is None
        one.put("a/b", b"y")
        assert text(two.get("a/b")) == b"y"

    def test_a_pipe_is_not_waited_for(self, tmp_path: Path) -> None:
        if not hasattr(os, "mkfifo"):
            pytest.skip("this system has no named pipes")
        os.mkfifo(tmp_path / "k")
        assert LocalStore(tmp_path).head("k") is None
        with pytest.raises(StoreError, match="k"):
            LocalStore(tmp_path).get("k", (0, 5))

    def test_a_place_where_nothing_may_be_written(self) -> None:
        place = Path("/proc/zarrscope-test")
        if not place.parent.is_dir():
            pytest.skip("there is no /proc here")
        with pytest.raises((AccessError, StoreError), match="/proc/zarrscope-test"):
            LocalStore(place).put("a", b"x")

    def test_processes_create_a_key_once(self, tmp_path: Path) -> None:
        """Of several processes that create the same keys at once, one wins each."""
        code = (
            "import sys\n"
            "from zarrscope.store.local import LocalStore\n"
            "from zarrscope.errors import ConflictError\n"
            "store, won = LocalStore(sys.argv[1]), []\n"
            "sys.stdin.readline()\n"
            "for i in range(60):\n"
            "    try:\n"
            "        store.put(f'k/{i}', sys.argv[2].encode(), if_tag='')\n"
            "        won.append(i)\n"
            "    except ConflictError:\n"
            "        pass\n"
            "print(*won)\n"
        )
        runs = [
            subprocess.Popen([sys.executable, "-c", code, str(tmp_path), str(i)], text=True, env=ENV,
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            for i in range(3)
        ]  # fmt: skip
        for run in runs:
            run.stdin.write("go\n")
            run.stdin.flush()
        won = [list(map(int, run.communicate(timeout=60)[0].split())) for run in runs]
        assert sorted(functools.reduce(operator.iadd, won, [])) == list(range(60))
        store = LocalStore(tmp_path)
        for number, keys in enumerate(won):
            assert all(text(store.get(f"k/{i}")) == str(number).encode() for i in keys)
        assert len(list(store.list())) == 60

    def test_processes_count_together(self, tmp_path: Path) -> None:
        """Compare-and-set: no increment of a shared number is lost."""
        code = (
            "import sys\n"
            "from zarrscope.store.local import LocalStore\n"
            "from zarrscope.errors import ConflictError\n"
            "store = LocalStore(sys.argv[1])\n"
            "for _ in range(40):\n"
            "    while True:\n"
            "        tag, number = store.head('n').tag, int(bytes(store.get('n')))\n"
            "        try:\n"
            "            store.put('n', str(number + 1).encode(), if_tag=tag)\n"
            "            break\n"
            "        except ConflictError:\n"
            "            pass\n"
        )
        LocalStore(tmp_path).put("n", b"0")
        runs = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], env=ENV) for _ in range(3)]
        assert [run.wait(timeout=120) for run in runs] == [0, 0, 0]
        assert text(LocalStore(tmp_path).get("n")) == b"120"

    def test_a_killed_writer_leaves_no_value(self, tmp_path: Path) -> None:
        code = (
            "import os, sys\n"
            "from zarrscope.store.local import LocalStore\n"
            "upload = LocalStore(sys.argv[1]).create('a/k')\n"
            "upload.write(b'half')\n"
            "os._exit(9)\n"
        )
        assert (
            subprocess.run([sys.executable, "-c", code, str(tmp_path)], env=ENV, check=False).returncode == 9
        )
        assert LocalStore(tmp_path).get("a/k") is None


@pytest.mark.skipif(os.name == "nt", reason="Windows has no modes of files")
def test_who_may_not_read_is_told_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    (tmp_path / "a").chmod(0)
    store, user = LocalStore(tmp_path), os.geteuid()
    try:
        if user == 0:
            os.seteuid(65534)  # the administrator may read everything
        with pytest.raises(AccessError, match="change its mode"):
            store.get("a")
    finally:
        os.seteuid(user)


def test_folders_that_become_empty_do_not_stop_those_who_write_there(tmp_path: Path) -> None:
    """Deleting the last value of a folder removes it, while others begin values there."""
    store, wrong = LocalStore(tmp_path / "root"), []

    def work(number: int) -> None:
        try:
            for _ in range(300):
                store.put(f"a/b/c/{number}", b"1")
                store.delete(f"a/b/c/{number}")
        except Exception as error:
            wrong.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert not list(store.list())
