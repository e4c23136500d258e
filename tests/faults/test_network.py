"""Every failure of servers and networks: the right error or the right bytes, in bounded requests and time."""

from __future__ import annotations

import os
import time
import traceback
from typing import TYPE_CHECKING

import pytest

from zarrscope.errors import AccessError, ConflictError, StoreError, UnsupportedError
from zarrscope.executor import WIDE
from zarrscope.store.contracts import ABSENT, Request, Suffix
from zarrscope.store.limits import Limits
from zarrscope.store.remote import ObjectStore, RemoteStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.faults.faulty import FaultyServer

    from zarrscope.store.contracts import Buffer

LIMITS = Limits(connect=2, stall=0.4, longest=20, retries=2, patience=10, pause=0.01, longest_pause=0.05)
ATTEMPTS = LIMITS.retries + 1
VALUE = os.urandom(200_000)
SECRETS = ("login0", "password1", "token2", "access3", "secret4", "session5")
READS: dict[str, tuple[Callable[[RemoteStore], Buffer | None], bytes]] = {
    "whole": (lambda store: store.get("a/v"), VALUE),
    "range": (lambda store: store.get("a/v", (1000, 150_000)), VALUE[1000:150_000]),
    "suffix": (lambda store: store.get("a/v", Suffix(90_000)), VALUE[-90_000:]),
    "into": (lambda store: store.get("a/v", (7, 99_000), memoryview(bytearray(99_000))), VALUE[7:99_000]),
    "many": (lambda store: store.get_many([Request("a/v", (5, 9)), Request("a/v", (50, 90_000))])[1],
             VALUE[50:90_000]),
}  # fmt: skip
LASTING = [
    429,
    500,
    502,
    503,
    "reset",
    "silent",
    "stalled",
    "truncated",
    "short",
    "long",
    "elsewhere",
    "redirect",
]
PASSING = [429, 500, 503, "reset", "silent", "stalled", "truncated"]


def can_be_told(mode: int | str, how: str) -> bool:
    """Return whether an answer contradicts itself; nobody can tell another value from the right one here."""
    return (how, mode) not in {
        ("whole", "short"),
        ("whole", "long"),
        ("whole", "elsewhere"),
        ("suffix", "elsewhere"),
    }


@pytest.fixture(params=["http", "s3"])
def store(
    request: pytest.FixtureRequest, faulty: FaultyServer, monkeypatch: pytest.MonkeyPatch
) -> RemoteStore:
    faulty.values["a/v"] = VALUE
    if request.param == "http":
        return RemoteStore(secretly(faulty.host), LIMITS)
    return s3(faulty, monkeypatch)


def secretly(host: str) -> str:
    """Return an address with secrets in all places that have room for them."""
    return f"http://{SECRETS[0]}:{SECRETS[1]}@{host}/base?sig={SECRETS[2]}"


@pytest.fixture
def objects(faulty: FaultyServer, monkeypatch: pytest.MonkeyPatch) -> ObjectStore:
    return s3(faulty, monkeypatch)


def s3(faulty: FaultyServer, monkeypatch: pytest.MonkeyPatch) -> ObjectStore:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{faulty.host}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "access3")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret4")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "session5")
    return ObjectStore("s3://base", LIMITS)


@pytest.fixture(autouse=True)
def in_time() -> Iterator[None]:
    """No test here may take longer than what its limits allow."""
    begun = time.monotonic()
    yield
    assert time.monotonic() - begun < 8


def refused(call: Callable[[], object], kind: type[Exception] = StoreError, key: str = "a/v") -> str:
    """Return the message of the error that a call ends with, which shows no secret, nor does its history."""
    with pytest.raises(kind) as caught:
        call()
    told = str(caught.value)
    assert f"base/{key}: " in told or f"base/{key} " in told
    assert "\n" not in told
    assert len(told) < 300
    shown = "".join(traceback.format_exception(caught.value, chain=True))
    assert not [word for word in SECRETS if word in shown]
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    return told


@pytest.mark.parametrize("how", READS)
@pytest.mark.parametrize("code", [401, 403])
def test_who_is_refused_is_told_at_once(
    faulty: FaultyServer, store: RemoteStore, code: int, how: str
) -> None:
    faulty.fail(code)
    refused(lambda: READS[how][0](store), AccessError)
    assert len(faulty.seen) == 1
    refused(lambda: store.head("a/v"), AccessError)


@pytest.mark.parametrize("how", READS)
def test_absent_is_only_what_the_server_says_is(faulty: FaultyServer, store: RemoteStore, how: str) -> None:
    del faulty.values["a/v"]
    assert READS[how][0](store) is None
    assert len(faulty.seen) == 1
    faulty.fail(503, times=2)
    assert READS[how][0](store) is None


@pytest.mark.parametrize("tags", [True, False], ids=["tags", "no-tags"])
@pytest.mark.parametrize(
    ("mode", "how"), [(mode, how) for mode in LASTING for how in READS if can_be_told(mode, how)]
)
def test_what_does_not_pass_is_an_error(
    faulty: FaultyServer, store: RemoteStore, mode: int | str, how: str, tags: bool
) -> None:
    faulty.tags = tags
    faulty.fail(mode)
    told = refused(lambda: READS[how][0](store))
    if isinstance(mode, int):
        assert f"answered {mode}" in told
    assert len(faulty.seen) <= (11 if mode == "redirect" else ATTEMPTS)


@pytest.mark.parametrize("tags", [True, False], ids=["tags", "no-tags"])
@pytest.mark.parametrize("how", READS)
@pytest.mark.parametrize("mode", PASSING)
def test_what_passes_is_read(
    faulty: FaultyServer, store: RemoteStore, mode: int | str, how: str, tags: bool
) -> None:
    faulty.tags = tags
    faulty.fail(mode, times=ATTEMPTS - 1)
    read, right = READS[how]
    assert bytes(read(store) or b"") == right
    assert len(faulty.seen) == ATTEMPTS


@pytest.mark.parametrize("mode", PASSING[:5])
def test_a_head_is_as_patient(faulty: FaultyServer, store: RemoteStore, mode: int | str) -> None:
    faulty.fail(mode, times=ATTEMPTS - 1)
    assert store.head("a/v").size == len(VALUE)
    faulty.fail(mode)
    refused(lambda: store.head("a/v"))


@pytest.mark.parametrize("how", ["whole", "range"])
def test_what_is_slow_but_moves_is_waited_for(faulty: FaultyServer, store: RemoteStore, how: str) -> None:
    """One second in all, where 0.4 without a byte would be a stall."""
    faulty.fail("drip")
    read, right = READS[how]
    assert bytes(read(store) or b"") == right
    assert len(faulty.seen) == 1


def test_nobody_listens() -> None:
    refused(lambda: RemoteStore(secretly("127.0.0.1:9"), LIMITS).get("a/v"))


def test_requests_go_side_by_side_and_not_too_many(faulty: FaultyServer, store: RemoteStore) -> None:
    faulty.values |= {f"k/{number}": str(number).encode() for number in range(100)}
    faulty.delay = 0.1
    begun = time.monotonic()
    found = store.get_many([Request(f"k/{number}") for number in range(100)])
    taken = time.monotonic() - begun
    assert [bytes(data or b"") for data in found] == [str(number).encode() for number in range(100)]
    assert 8 < faulty.busiest <= WIDE
    assert taken < 5  # one after the other they would take ten seconds


def test_ranges_that_lie_close_are_one_request(faulty: FaultyServer, store: RemoteStore) -> None:
    wanted = [(90_000, 91_000), (0, 10), (500, 600), (550, 700), (0, 10)]
    found = store.get_many([Request("a/v", part) for part in wanted])
    assert [bytes(data or b"") for data in found] == [VALUE[start:stop] for start, stop in wanted]
    assert [seen.range for seen in faulty.seen] == ["bytes=0-90999"]


class TestWriting:
    """A value is there whole, or not; and who is told that somebody else was first, is told the truth."""

    @pytest.mark.parametrize("condition", [None, ABSENT])
    @pytest.mark.parametrize("mode", [429, 500, 503])
    def test_what_passes_is_written(
        self, faulty: FaultyServer, objects: ObjectStore, mode: int | str, condition: str | None
    ) -> None:
        faulty.fail(mode, times=ATTEMPTS - 1)
        objects.put("a/n", VALUE, condition)
        assert faulty.values["a/n"] == VALUE
        assert len(faulty.seen) == ATTEMPTS

    @pytest.mark.parametrize("condition", [None, ABSENT])
    @pytest.mark.parametrize("mode", [403, 429, 500, 503, "reset", "redirect"])
    def test_what_does_not_pass_is_an_error(
        self, faulty: FaultyServer, objects: ObjectStore, mode: int | str, condition: str | None
    ) -> None:
        faulty.fail(mode)
        refused(
            lambda: objects.put("a/n", VALUE, condition), AccessError if mode == 403 else StoreError, "a/n"
        )
        assert "a/n" not in faulty.values
        assert len(faulty.seen) <= (11 if mode == "redirect" else ATTEMPTS)

    @pytest.mark.parametrize("condition", [None, ABSENT])
    def test_a_silent_server_is_not_waited_for_forever(
        self, faulty: FaultyServer, monkeypatch: pytest.MonkeyPatch, condition: str | None
    ) -> None:
        s3(faulty, monkeypatch)
        faulty.fail("silent")
        store = ObjectStore("s3://base", Limits(stall=0.1, retries=1, pause=0.01, patience=5))
        refused(lambda: store.put("a/n", b"some", condition), StoreError, "a/n")
        assert len(faulty.seen) <= 2

    @pytest.mark.parametrize("condition", [None, ABSENT])
    def test_sending_may_take_longer_than_a_stall(
        self, faulty: FaultyServer, objects: ObjectStore, condition: str | None
    ) -> None:
        faulty.fail("drip", times=1)
        objects.put("a/n", VALUE, condition)
        assert faulty.values["a/n"] == VALUE
        assert len(faulty.seen) == 1

    @pytest.mark.parametrize("mode", ["lost", "reset"])
    @pytest.mark.parametrize("exists", [False, True])
    def test_a_lost_answer_is_no_conflict(
        self, faulty: FaultyServer, objects: ObjectStore, mode: str, exists: bool
    ) -> None:
        """Neither when creating nor when replacing: what stands there is what was sent."""
        if exists:
            objects.put("a/n", b"old")
        tag = objects.head("a/n").tag if exists else ABSENT
        faulty.fail(mode, times=1, method="PUT")
        objects.put("a/n", VALUE, tag)
        assert faulty.values["a/n"] == VALUE

    def test_a_conflict_after_a_lost_answer_is_one(self, faulty: FaultyServer, objects: ObjectStore) -> None:
        other = bytes(len(VALUE))
        faulty.meanwhile = lambda: faulty.values.update({"a/n": other})
        faulty.fail("lost", times=1, method="PUT")
        refused(lambda: objects.put("a/n", VALUE, ABSENT), ConflictError, "a/n")
        assert faulty.values["a/n"] == other

    def test_a_plain_conflict_is_told_at_once(self, faulty: FaultyServer, objects: ObjectStore) -> None:
        """Also where the very same value stands there: somebody else wrote it."""
        objects.put("a/n", VALUE, ABSENT)
        faulty.seen.clear()
        refused(lambda: objects.put("a/n", VALUE, ABSENT), ConflictError, "a/n")
        assert len(faulty.seen) == 1

    def test_who_cannot_compare_says_so(self, faulty: FaultyServer, objects: ObjectStore) -> None:
        faulty.fail(501, method="PUT")
        refused(lambda: objects.put("a/v", VALUE, "tag"), UnsupportedError)
        assert len(faulty.seen) == 1

    def test_a_broken_upload_leaves_nothing(self, faulty: FaultyServer, objects: ObjectStore) -> None:
        faulty.fail(503)
        upload = objects.create("a/n", ABSENT)
        for _ in range(30):
            upload.write(VALUE)
        refused(upload.commit, StoreError, "a/n")
        upload.abort()
        assert "a/n" not in faulty.values

    def test_what_is_deleted_may_be_gone(self, faulty: FaultyServer, objects: ObjectStore) -> None:
        faulty.fail(404, times=1)
        objects.delete("a/v")
        faulty.fail(503, times=1)
        objects.delete("a/v")
        assert "a/v" not in faulty.values
        faulty.fail(403)
        refused(lambda: objects.delete("a/v"), AccessError)
