"""The record of a run: what it was, and what it took."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

import pytest

from zarrscope.ledger.record import Record, now, peak_memory, versions
from zarrscope.log import TALLY


def test_versions_are_those_that_are_installed() -> None:
    assert versions() == {name: version(name) for name in ("zarrscope", "numcodecs", "numpy", "crc32c")}


def test_time_is_utc_to_the_second() -> None:
    moment = datetime.fromisoformat(now())
    assert moment.utcoffset() == timedelta(0)
    assert moment.microsecond == 0
    assert abs(datetime.now(UTC) - moment) < timedelta(seconds=5)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells it in /proc")
def test_peak_memory_is_what_the_system_tells() -> None:
    before = peak_memory()
    assert before is not None
    block = bytearray(100 << 20)
    block[::4096] = b"x" * len(block[::4096])
    after = peak_memory()
    assert after is not None
    told = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    resident = int(told["VmRSS"].split()[0]) * 1024
    assert after >= max(before, resident - (1 << 20))
    assert resident >= 100 << 20
    del block
    kept = peak_memory()
    assert kept is not None
    assert kept >= after - (1 << 20), "a peak stays, as far as the system counts pages"


def test_what_a_finished_run_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TALLY, "retries", 3)
    told = {
        "id": "of the journal",
        "source": "a.tif",
        "images": ["large"],
        "arrays": ["large"],
        "kind": "copy",
    }
    record = Record("abc", told)
    record.resumed = 2
    found = record.finished(7, 4096)
    expected = {
        "id": "abc", "source": "a.tif", "kind": "copy", "units": 7, "bytes": 4096, "retries": 3, "resumed": 2
    }  # fmt: skip
    assert {name: found[name] for name in expected} == expected
    assert not {"images", "arrays"} & set(found), "the plan stays with the journal"
    assert found["began"] == record.began
    assert found["began"] <= found["ended"]
    assert found["versions"] == versions()


def test_the_first_run_of_several_began_it() -> None:
    began = "2024-01-02T03:04:05+00:00"
    assert Record("a", {"began": began}).finished(0, 0)["began"] == began
