"""What all tests share: real data, the number of random examples, what a run says of itself."""

from __future__ import annotations

import os
import random
from pathlib import Path
from socketserver import StreamRequestHandler
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[1]
PROOF = os.environ.get("ZARRSCOPE_PROOF") == "1"
SHARED = Path(os.environ.get("ZARRSCOPE_SHARED") or ROOT.parent / "shared")
JUDGES = sorted(path.stem for path in (ROOT / "requirements" / "judges").glob("*.in"))

# Head and body of an answer are two packets: without this the second waits 40 ms for word of the first.
StreamRequestHandler.disable_nagle_algorithm = True

# Hypothesis would choose a profile with the same examples every time where CI is set: ours are random
# everywhere, and the seed is printed.
settings.register_profile(
    "reduced",
    max_examples=60,
    derandomize=False,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("proof", settings.get_profile("reduced"), max_examples=2000)
settings.load_profile("proof" if PROOF else "reduced")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Choose the seed of a run before hypothesis asks for it; worker processes are handed the same one."""
    if config.option.hypothesis_seed is None:
        config.option.hypothesis_seed = str(random.randrange(1 << 32))


def pytest_sessionstart(session: pytest.Session) -> None:
    """Say what is about to run, however quiet the run is."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or hasattr(session.config, "workerinput"):
        return
    examples = "full" if PROOF else "reduced"
    reporter.write_line(f"random examples: {examples} (ZARRSCOPE_PROOF=1 runs all of them)")
    reporter.write_line(f"seed: {session.config.option.hypothesis_seed} (make test SEED=... runs it again)")
    reporter.write_line(f"shared data: {SHARED if SHARED.is_dir() else f'none at {SHARED}'}")
    reporter.write_line(f"judges: {', '.join(map(standing, JUDGES))}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say at the end what could not run on this machine."""
    if not SHARED.is_dir():
        terminalreporter.write_line(f"NOT RUN: what needs shared data. {no_shared()}")
    if missing := [name for name in JUDGES if not judge_python(name).is_file()]:
        terminalreporter.write_line(f"NOT RUN: judges {', '.join(missing)}. `make judges` prepares them")


def no_shared() -> str:
    """Return why tests on shared data are skipped."""
    return f"No shared data at {SHARED}: set ZARRSCOPE_SHARED to their folder"


def judge_python(name: str) -> Path:
    """Return the interpreter of a judge's environment; it exists once the environment is complete."""
    folder = ROOT / ".envs" / name
    return folder / "bin" / "python" if (folder / ".ready").is_file() else folder / "not-ready"


def standing(name: str) -> str:
    """Return a judge's name and whether it can be asked."""
    return name if judge_python(name).is_file() else f"{name} (not installed)"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of the shared data; without it the test is skipped."""
    if not SHARED.is_dir():
        pytest.skip(no_shared())
    return SHARED


@pytest.fixture(scope="session")
def judge() -> Callable[[str], Path]:
    """Return a function from a judge's name to its interpreter; without it the test is skipped."""

    def ask(name: str) -> Path:
        if name not in JUDGES:
            raise LookupError(f"no judge {name!r} in requirements/judges: {', '.join(JUDGES)}")
        python = judge_python(name)
        if not python.is_file():
            pytest.skip(f"judge {name} is not installed: `make judges` prepares it")
        return python

    return ask
