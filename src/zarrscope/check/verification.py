"""What a verification found: one status a file, in the manner of ``rclone check``."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, get_args

if TYPE_CHECKING:
    from collections.abc import Generator

    from zarrscope.executor import Executor

Status = Literal["same", "differs", "missing", "extra", "unreadable"]
STATUSES: tuple[Status, ...] = get_args(Status)

LETTERS: dict[Status, str] = {"same": "=", "differs": "*", "missing": "-", "extra": "+", "unreadable": "!"}
"""One letter for each status."""


_NAMES = 5
"""So many names of files that desktops leave are told."""


class Finding(NamedTuple):
    """What became of one file.

    Parameters
    ----------
    file : str
        Its key.
    status : str
        One of ``STATUSES``.
    reason : str
        Why it cannot be read, or what differs where that is not its bytes.
    read : int
        Bytes that were read for it.
    """

    file: str
    status: Status
    reason: str = ""
    read: int = 0


class Comparison(Protocol):
    """One way of telling whether a hierarchy is what it should be."""

    basis: str
    """With what it is compared, in words."""

    total: int
    """Bytes that are going to be read; 0 where that is not known."""

    @property
    def notes(self) -> list[str]:
        """What could not be told; complete once all findings were."""

    def findings(self, threads: Executor) -> Generator[Finding, None, None]:
        """Yield every file, also those that are as they should be."""


@dataclass(slots=True)
class Verification:
    """The result of ``zarrscope.verify``.

    Parameters
    ----------
    path : str
        Address of what was verified, without secrets.
    basis : str
        With what it was compared, in words.
    files : list of Finding
        Every file that is not as it should be.
    counts : dict
        Number of files of each status.
    notes : list of str
        What could not be told.
    failure : str
        Why nothing could be compared; "" where it could.
    unreadable : bool
        Whether that was for want of anything that can be read.
    """

    path: str
    basis: str = ""
    files: list[Finding] = field(default_factory=list)
    counts: dict[Status, int] = field(default_factory=lambda: dict.fromkeys(STATUSES, 0))
    notes: list[str] = field(default_factory=list)
    failure: str = ""
    unreadable: bool = False

    @property
    def same(self) -> bool:
        """Whether every file is as it should be."""
        return not self.failure and not any(n for status, n in self.counts.items() if status != "same")

    @property
    def code(self) -> int:
        """Exit code: 0 same, 1 differs, 2 not readable."""
        return 2 if self.unreadable or self.counts["unreadable"] else 0 if self.same else 1

    @property
    def message(self) -> str:
        """The result in one line."""
        if self.failure:
            return self.failure
        wrong = [f"{n} {status}" for status, n in self.counts.items() if n and status != "same"]
        told = ", ".join([*wrong, f"{self.counts['same']} same"])
        verdict = "same" if self.same else "not the same"
        return "; ".join([f"{verdict} ({self.basis}): {told}", *self.notes])

    def to_json(self) -> dict[str, Any]:
        """Return the result as what ``json.dumps`` takes."""
        return {
            "path": self.path,
            "same": self.same,
            "message": self.message,
            "counts": dict(self.counts),
            "files": [{"file": one.file, "status": one.status} for one in self.files],
        }


class Tally:
    """Counts notes of which there may be one a file, so that each is told once."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.lines: list[str] = []
        self.aside: list[str] = []
        """Keys of files that desktops leave: no difference, but nothing is kept back."""

    def told(self) -> list[str]:
        """Return the notes; ``{n}`` in one stands for how often it was counted."""
        counted = [text.format(n=number) for text, number in self.counts.items() if number]
        names = Counter(key.rpartition("/")[2] for key in self.aside)
        left = ", ".join(f"{n} {name}" if n > 1 else name for name, n in names.most_common(_NAMES))
        more = f" and {len(names) - _NAMES} other names" if len(names) > _NAMES else ""
        aside = [f"left aside, as a desktop leaves them behind: {left}{more}"] if names else []
        return [*self.lines, *counted, *aside]
