"""Object stores against real S3 servers, started here: moto and OpenStack Swift."""

from __future__ import annotations

import pickle
import secrets
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.faults.servers import S3, counted

import zarrscope
from zarrscope.errors import AccessError, ConflictError, StoreError, UnsupportedError
from zarrscope.store.contracts import ABSENT, Listable, Readable, Request, Suffix, Writable
from zarrscope.store.memory import MemoryStore
from zarrscope.store.remote import ObjectStore
from zarrscope.store.resolve import resolve, resolve_writable

if TYPE_CHECKING:
    from pathlib import Path

VALUE = bytes(range(256)) * 40
KEYS = ["a", "a b", "a/b/c", "a/b/d", "a%20b", "ab", "b+c&d=e", "c/.zattrs", "ü/ö"]


def text(data: object) -> bytes | None:
    return None if data is None else bytes(data)


@pytest.fixture(params=["s3_moto", "s3_swift"])
def server(request: pytest.FixtureRequest) -> S3:
    return request.getfixturevalue(request.param)


@pytest.fixture
def address(server: S3, monkeypatch: pytest.MonkeyPatch) -> str:
    return server.use(monkeypatch)


@pytest.fixture
def store(address: str) -> ObjectStore:
    return ObjectStore(address)


def test_values_ranges_and_absence(store: ObjectStore) -> None:
    assert isinstance(store, Readable)
    assert isinstance(store, Writable)
    assert isinstance(store, Listable)
    assert store.get("v") is None
    assert store.head("v") is None
    store.put("v", VALUE)
    assert text(store.get("v")) == VALUE
    assert store.head("v").size == len(VALUE)
    size = len(VALUE)
    for start, stop in [(0, 1), (5, 300), (size - 1, size), (size - 5, size + 50), (size, size + 1), (7, 7)]:
        assert text(store.get("v", (start, stop))) == VALUE[start:stop]
    for length in (1, 20, size, size + 9):
        assert text(store.get("v", Suffix(length))) == VALUE[-length:]
    assert text(store.get("v", Suffix(0))) == b""
    room = bytearray(10)
    assert text(store.get("v", None, memoryview(room))) == VALUE[:10]
    assert bytes(room) == VALUE[:10]
    store.put("empty", b"")
    assert (
        text(store.get("empty"))
        == text(store.get("empty", (0, 5)))
        == text(store.get("empty", Suffix(3)))
        == b""
    )
    store.put("v", b"other")
    assert text(store.get("v")) == b"other"
    store.delete("v")
    store.delete("v")
    assert store.get("v") is None


def test_all_keys_come_back_in_order(store: ObjectStore) -> None:
    for key in KEYS:
        store.put(key, key.encode())
    assert list(store.list()) == sorted(KEYS)
    assert list(store.list("a/")) == ["a/b/c", "a/b/d"]
    assert list(store.list("a/b/d")) == ["a/b/d"]
    assert list(store.list("a")) == ["a", "a b", "a%20b", "a/b/c", "a/b/d", "ab"]
    assert list(store.list("no/")) == []
    requests = [Request(key) for key in KEYS] + [
        Request("no"),
        Request("ü/ö", (0, 2)),
        Request("ab", Suffix(1)),
    ]
    assert list(map(text, store.get_many(requests))) == [
        *(k.encode() for k in KEYS),
        None,
        "ü".encode(),
        b"b",
    ]


def test_more_than_a_page_is_listed(store: ObjectStore) -> None:
    from zarrscope.executor import wait_together

    keys = [f"n/{number:04d}" for number in range(1003)]
    wait_together(lambda key: store.put(key, b"1"), keys)
    assert list(store.list("n/")) == keys


def test_a_value_grows_and_is_sent_at_once(store: ObjectStore) -> None:
    data = np.random.default_rng(1).bytes(5 << 20)
    upload = store.create("big")
    for start in range(0, len(data), 1 << 20):
        upload.write(data[start : start + (1 << 20)])
    assert store.get("big") is None
    upload.commit()
    upload.abort()
    assert text(store.get("big")) == data
    assert text(store.get("big", (3_000_000, 3_000_100))) == data[3_000_000:3_000_100]
    forgotten = store.create("no")
    forgotten.write(b"x")
    forgotten.abort()
    assert store.get("no") is None
    store.sync(["big"])


def test_a_value_larger_than_one_part(store: ObjectStore) -> None:
    data = np.random.default_rng(2).bytes(1 << 20) * 130  # beyond what is sent in one request
    upload = store.create("large")
    for start in range(0, len(data), 16 << 20):
        upload.write(memoryview(data)[start : start + (16 << 20)])
    upload.commit()
    assert store.head("large").size == len(data)
    for start in (0, 64 << 20, len(data) - 99):
        assert text(store.get("large", (start, start + 99))) == data[start : start + 99]
    assert text(store.get("large")) == data


def test_what_exists_is_not_created_again(store: ObjectStore) -> None:
    store.put("new", b"1", ABSENT)
    with pytest.raises(ConflictError, match="new was changed"):
        store.put("new", b"2", ABSENT)
    upload = store.create("new", ABSENT)
    upload.write(b"3")
    with pytest.raises(ConflictError):
        upload.commit()
    assert text(store.get("new")) == b"1"


def test_only_the_known_state_is_replaced(store: ObjectStore, server: S3) -> None:
    store.put("doc", b"1")
    tag = store.head("doc").tag
    if server.name == "swift":  # it does not know If-Match, and says so
        with pytest.raises(UnsupportedError, match="one process at a time"):
            store.put("doc", b"2", tag)
        assert text(store.get("doc")) == b"1"
        return
    store.put("doc", b"2", tag)
    with pytest.raises(ConflictError):
        store.put("doc", b"3", tag)
    with pytest.raises(ConflictError):
        store.put("gone", b"3", tag)
    assert text(store.get("doc")) == b"2"
    assert store.get("gone") is None


def test_a_wrong_secret_is_refused(s3_swift: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    address = s3_swift.use(monkeypatch)
    ObjectStore(address).put("v", VALUE)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong-and-secret")
    store = ObjectStore(address)
    for call in (
        lambda: store.get("v"), lambda: store.head("v"), lambda: store.put("w", b""),
        lambda: store.put("w", b"", ABSENT), lambda: store.delete("v"),
    ):  # fmt: skip
        with pytest.raises(AccessError, match="refuses access") as caught:
            call()
        assert "wrong-and-secret" not in str(caught.value)
    with pytest.raises(AccessError):
        list(store.list())
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    with pytest.raises(StoreError, match="answered 400"):  # so does Swift tell who comes without a signature
        ObjectStore(address).get("v")


def test_a_missing_bucket_is_an_error(address: str) -> None:
    store = ObjectStore(f"s3://no-{secrets.token_hex(4)}/folder")
    for call in (
        lambda: store.get("zarr.json"), lambda: store.put("v", b""), lambda: store.put("v", b"", ABSENT),
        lambda: list(store.list()),
    ):  # fmt: skip
        with pytest.raises(StoreError, match=r"no such bucket|NoSuchBucket"):
            call()


def test_keys_of_a_profile(server: S3, address: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ObjectStore(address).put("v", VALUE)
    for name in server.environment:
        monkeypatch.delenv(name)
    (tmp_path / "credentials").write_text(
        f"[default]\naws_access_key_id = no\naws_secret_access_key = no\n[lab]\n"
        f"aws_access_key_id = {server.access_key}\naws_secret_access_key = {server.secret_key}\n"
    )
    (tmp_path / "config").write_text(f"[profile lab]\nregion = us-east-1\nendpoint_url = {server.endpoint}\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_PROFILE", "lab")
    store = ObjectStore(address)
    assert text(store.get("v")) == VALUE
    data = pickle.dumps(store)
    assert server.secret_key.encode() not in data
    assert text(pickle.loads(data).get("v")) == VALUE  # noqa: S301


def image(store: Any, **more: Any) -> np.ndarray:
    pixels = np.random.default_rng(3).integers(0, 4096, (2, 300, 280), dtype="u2")
    zarrscope.write(pixels, store, axes="cyx", chunks={"y": 64, "x": 64}, **more)
    return pixels


def test_an_image_is_written_and_read(address: str) -> None:
    pixels = image(resolve_writable(f"{address}/a.ome.zarr"))
    read = zarrscope.open(f"{address}/a.ome.zarr")
    assert np.array_equal(read.levels[0][...], pixels)


@pytest.mark.parametrize(("version", "opening", "level"), [("0.5", 2, 1), ("0.4", 3, 2)])
def test_an_image_costs_the_requests_that_are_stated(
    server: S3, address: str, monkeypatch: pytest.MonkeyPatch, version: str, opening: int, level: int
) -> None:
    """As docs/how-to/remote-stores.md says; nothing is listed."""
    there = MemoryStore()
    pixels = image(there, version=version)
    store = ObjectStore(f"{address}/a.ome.zarr")
    for key in there.list():
        store.put(key, there.get(key))
    with counted(server) as proxy:
        for name, value in proxy.s3.environment.items():
            monkeypatch.setenv(name, value)

        def asked() -> int:
            methods = {method for method, path, _ in proxy.asked}
            assert methods == {"GET"}
            assert not [path for _, path, _ in proxy.asked if "list" in path or "prefix" in path]
            number = len(proxy.asked)
            proxy.asked.clear()
            return number

        found = zarrscope.open(f"{address}/a.ome.zarr")
        assert asked() == opening
        levels = found.levels
        assert asked() == level * len(levels)
        sharded = version == "0.5"
        assert np.array_equal(levels[0][0, 64:128, 64:128], pixels[0, 64:128, 64:128])
        assert asked() == 1 + sharded  # the index of the shard, then the chunk
        assert np.array_equal(levels[0][1, 64:128, 64:128], pixels[1, 64:128, 64:128])
        assert asked() == 1
        assert np.array_equal(levels[0][...], pixels)
        assert asked() == (1 if sharded else 50)


def test_an_archive_is_read_in_place(
    server: S3, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import zipfile

    there = MemoryStore()
    pixels = image(there)
    with zipfile.ZipFile(tmp_path / "a.ozx", "w") as archive:
        for key in sorted(there.list(), key=lambda key: (not key.endswith("zarr.json"), key)):
            archive.writestr(key, bytes(there.get(key)))
    ObjectStore(address).put("a.ozx", (tmp_path / "a.ozx").read_bytes())
    with counted(server) as proxy:
        for name, value in proxy.s3.environment.items():
            monkeypatch.setenv(name, value)
        store = resolve(f"{address}/a.ozx")
        assert len(proxy.asked) == 2
        found = zarrscope.open(store)
        assert np.array_equal(found.levels[0][...], pixels)
