"""Which way of a body an axis runs: the vocabulary of the proposal for anatomical orientation (RFC-4)."""

from __future__ import annotations

TYPE = "anatomical"
"""The one type of orientation that exists."""

PAIRS = (
    ("left", "right"),
    ("anterior", "posterior"),
    ("inferior", "superior"),
    ("dorsal", "ventral"),
    ("dorsal", "palmar"),
    ("dorsal", "plantar"),
    ("rostral", "caudal"),
    ("cranial", "caudal"),
    ("proximal", "distal"),
    ("superficial", "deep"),
    ("apical", "basal"),
    ("apex", "base"),
)
"""The ends of each direction."""

VALUES = tuple(f"{a}-to-{b}" for pair in PAIRS for a, b in (pair, pair[::-1]))
"""All terms: from where coordinates are low to where they are high."""


def opposite(value: str) -> str:
    """Return the term for the same direction run the other way.

    Examples
    --------
    >>> opposite("left-to-right")
    'right-to-left'
    """
    start, _, end = value.partition("-to-")
    return f"{end}-to-{start}"
