"""Which process a number means: numbers are used again, by others, after a while or a restart."""

from __future__ import annotations

from pathlib import Path

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_STARTED = 19
"""Place of the start time (field 22) behind the name, which is field 2 and may hold anything."""


def started(process: int) -> str | None:
    """Return what tells a process from all others that have had, or will have, its number.

    Parameters
    ----------
    process : int
        Its number.

    Returns
    -------
    str or None
        When it was started: the name of this start of the machine, and the time since. None where the
        process is gone, or the system does not tell.
    """
    try:
        boot = _BOOT.read_text(encoding="ascii").strip()
        fields = Path(f"/proc/{process}/stat").read_text(encoding="latin-1").rpartition(")")[2].split()
        return f"{boot} {int(fields[_STARTED])}"
    except (OSError, IndexError, ValueError):
        return None
