"""How programs are measured: each in a process of its own, from outside, several in turn.

CPU is what the kernel counted for the whole process, start and imports included. Memory is the
peak of its anonymous pages, sampled every few milliseconds, above that of a bare interpreter.
"""

from __future__ import annotations

import json
import mmap
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from statistics import median
from tempfile import TemporaryFile

BENCH = Path(__file__).parent.parent
OUT = BENCH / "out"
_TICK = 0.004


@dataclass(frozen=True)
class Usage:
    """What a run took; ``said`` is the JSON object in the last line that it printed, if any."""

    cpu: float
    wall: float
    memory: float
    said: dict = field(default_factory=dict)


class FailedError(RuntimeError):
    """A program ended with an error."""


def surroundings() -> dict[str, str]:
    """Return the environment of what is measured: compiled modules are kept, in a folder of our own."""
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": str(OUT / "compiled")}


def run(command: list[str | Path], env: dict[str, str] | None = None) -> Usage:
    """Run a program and return CPU seconds, wall seconds and peak anonymous memory in MB."""
    words = [str(word) for word in command]
    with TemporaryFile() as said:
        begun = time.perf_counter()
        process = subprocess.Popen(words, stdout=said, stderr=subprocess.STDOUT, env=env or surroundings())
        status, peak = Path(f"/proc/{process.pid}/status"), 0
        while True:
            peak = max(peak, _anonymous(status))
            done, code, used = os.wait4(process.pid, os.WNOHANG)
            if done:
                break
            time.sleep(_TICK)
        wall = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(code)
        said.seek(0)
        text = said.read().decode(errors="replace").strip()
    if process.returncode:
        raise FailedError(f"{' '.join(words[:3])} ...: {text[-600:]}")
    last = text.rpartition("\n")[2]
    return Usage(used.ru_utime + used.ru_stime, wall, peak / 1e6, json.loads(last) if last[:1] == "{" else {})


def _anonymous(status: Path) -> int:
    """Return the anonymous bytes of a process that may just have ended."""
    try:
        for line in status.read_text().splitlines():
            if line.startswith("RssAnon"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


@lru_cache(maxsize=1)
def bare() -> Usage:
    """Return what an interpreter takes that does nothing (CPU: median of 11)."""
    runs = [run([sys.executable, "-c", "pass"]) for _ in range(11)]
    waiting = run([sys.executable, "-c", "import time; time.sleep(0.1)"])
    return Usage(median(r.cpu for r in runs), median(r.wall for r in runs), waiting.memory)


def in_turn(
    subjects: dict[str, list[str | Path]], repeat: int, between=lambda name: None
) -> dict[str, Usage]:
    """Run all programs in turn, ``repeat`` times, and return the median of each; one that fails is named.

    Parameters
    ----------
    subjects : dict
        Command by name.
    repeat : int
        Rounds.
    between : callable
        Called with the name before each run.
    """
    runs: dict[str, list[Usage]] = {}
    failed: set[str] = set()
    for _ in range(repeat):
        for name, command in subjects.items():
            if name in failed:
                continue
            between(name)
            try:
                runs.setdefault(name, []).append(run(command))
            except FailedError as error:
                failed.add(name)
                print(f"not run: {name}: {error}", flush=True)
    return {name: _middle(found) for name, found in runs.items() if name not in failed}


def _middle(runs: list[Usage]) -> Usage:
    peak = max(run.memory for run in runs) - bare().memory
    numbers = {
        k: median(r.said[k] for r in runs) for k, v in runs[-1].said.items() if isinstance(v, int | float)
    }
    said = {**runs[-1].said, **numbers}
    return Usage(median(r.cpu for r in runs), median(r.wall for r in runs), peak, said)


def environment(name: str) -> Path | None:
    """Return the Python of a peer's environment (``.envs/NAME``), or None and say that it is not there."""
    folder = Path(os.environ.get("ZARRSCOPE_ENVS", BENCH.parent / ".envs"))
    python = folder / name / "bin" / "python"
    if python.exists():
        return python
    print(f"not run: {name} (no environment {folder / name}; see bench/README.md)", flush=True)
    return None


def report(subject: str, rows: list[dict[str, object]]) -> None:
    """Print a table, then the same as one line of JSON a row."""
    names = list(dict.fromkeys(key for row in rows for key in row))
    cells = [names, *[[_text(row.get(name, "")) for name in names] for row in rows]]
    widths = [max(len(line[i]) for line in cells) for i in range(len(names))]
    print(f"\n{subject}")
    for line in cells:
        print(
            "  ".join(
                word.ljust(w) if i == 0 else word.rjust(w)
                for i, (word, w) in enumerate(zip(line, widths, strict=True))
            )
        )
    for row in rows:
        print(json.dumps({"bench": subject, **row}))
    sys.stdout.flush()


def _text(value: object) -> str:
    return (
        f"{value:.3g}"
        if isinstance(value, float) and abs(value) < 100
        else f"{value:.0f}"
        if isinstance(value, float)
        else str(value)
    )


def size(folder: Path) -> tuple[float, int]:
    """Return megabytes and number of files below a folder."""
    files = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return sum(files) / 1e6, len(files)


def fresh(folder: Path) -> Path:
    """Return a folder that does not exist; what stood there is removed."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    return folder


def warm(share: float = 0.5) -> None:
    """Touch much of the memory that is free, and give it back.

    On a virtual machine the first touch of a page by the guest costs about 10 microseconds of system
    time, a multiple of a usual one, and would be booked to whoever comes first.
    """
    page = mmap.PAGESIZE
    free = os.sysconf("SC_AVPHYS_PAGES") * page
    touched = bytes(page)
    blocks = []
    for _ in range(int(free * share) >> 28):
        block = mmap.mmap(-1, 1 << 28)
        for _ in range((1 << 28) // page):
            block.write(touched)
        blocks.append(block)
    for block in blocks:
        block.close()
