"""A process is told from others that have its number."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from zarrscope.store.processes import started

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="the system has no /proc")


def test_it_stays_the_same_while_the_process_lives() -> None:
    found = started(os.getpid())
    assert found is not None
    assert found == started(os.getpid())
    boot, ticks = found.split(" ")
    assert boot == Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    up = float(Path("/proc/uptime").read_text().split()[0])
    assert 0 < int(ticks) / os.sysconf("SC_CLK_TCK") <= up + 1, "in ticks since the machine was started"


def test_others_have_another_and_the_gone_none() -> None:
    code = "import sys; print(flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        assert started(other.pid) not in (None, started(os.getpid()))
        assert started(other.pid) == started(other.pid)
        other.communicate(b"")
    assert started(other.pid) is None


@pytest.mark.parametrize("name", ["a) 1 2", "x (y", " "])
def test_names_may_hold_anything(name: str) -> None:
    code = (
        "import sys; open('/proc/self/comm', 'w').write(sys.argv[1]); "
        "from zarrscope.store.processes import started; import os; print(started(os.getpid()))"
    )
    told = subprocess.run(
        [sys.executable, "-c", code, name], check=True, capture_output=True, text=True
    ).stdout.strip()
    mine = started(os.getpid())
    assert mine is not None
    assert told.split(" ")[0] == mine.split(" ")[0]
    assert int(told.split(" ")[1]) >= int(mine.split(" ")[1])


@pytest.mark.parametrize("number", [-1, 0, 2**40])
def test_no_process_has_such_a_number(number: int) -> None:
    assert started(number) is None
