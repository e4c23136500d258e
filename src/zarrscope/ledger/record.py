"""The record of a run: when, with what, how much. It stays with the result."""

from __future__ import annotations

import sys
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zarrscope.log import TALLY

if TYPE_CHECKING:
    from collections.abc import Mapping

_PACKAGES = ("zarrscope", "numcodecs", "numpy", "crc32c")


def versions() -> dict[str, str]:
    """Return the versions of all that bears upon the bytes that are written."""
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # run from a folder that was never installed
            found[name] = "unknown"
    return found


def peak_memory() -> int | None:
    """Return the most bytes of memory that this process has had, where the system tells."""
    with suppress(OSError, StopIteration):  # Linux; its getrusage begins with what the parent had
        lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
        return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) * 1024
    try:
        import resource
    except ImportError:  # pragma: no cover - Windows
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def now() -> str:
    """Return the time, as ISO 8601 in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


@dataclass
class Record:
    """What is known of a run while it goes.

    Parameters
    ----------
    run : str
        Its id, also in every line of the log.
    told : mapping
        Source and options, as JSON.
    """

    run: str
    told: Mapping[str, Any] = field(default_factory=dict)
    began: str = field(default_factory=now)
    resumed: int = 0

    def finished(self, units: int, size: int) -> dict[str, Any]:
        """Return the record as JSON.

        Parameters
        ----------
        units : int
            Write units that are stored.
        size : int
            Their bytes.
        """
        told = {name: value for name, value in self.told.items() if name not in ("images", "arrays")}
        return {
            **told,
            "id": self.run,
            "began": told.get("began", self.began),
            "ended": now(),
            "resumed": self.resumed,
            "units": units,
            "bytes": size,
            "retries": TALLY["retries"],
            "peak_memory": peak_memory(),
            "versions": versions(),
        }
