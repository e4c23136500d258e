"""What the ledger says of one value: its size and its checksum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

EMPTY = -1
"""Size of a unit that is absent by design: all its pixels are the fill value."""

UNKNOWN = -2
"""Size of a unit of which nothing is known (not written yet, or changed by others)."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What the ledger says of one key.

    Parameters
    ----------
    size : int
        Bytes; -1 where the unit is absent by design, -2 where nothing is known of it.
    checksum : int
        Of the bytes (``checksum.ALGORITHM``).
    """

    size: int
    checksum: int

    @property
    def empty(self) -> bool:
        """Whether the key is absent by design."""
        return self.size == EMPTY

    @property
    def known(self) -> bool:
        """Whether anything is known of the key."""
        return self.size != UNKNOWN

    def __str__(self) -> str:
        return f"{self.size} {self.checksum:016x}"

    @classmethod
    def parse(cls, text: Any) -> Entry:
        """Return the entry that ``str`` has written.

        Raises
        ------
        TypeError, ValueError
            It has not.
        """
        if not isinstance(text, str):
            raise TypeError(f"{text!r:.40} is no entry")
        size, total = text.split(" ")
        return cls(int(size), int(total, 16))
