"""What updates have left behind: levels that may not show what finer ones do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zarrscope.ledger.folder import stale_levels

if TYPE_CHECKING:
    from zarrscope.store.contracts import Readable


def stale_notes(store: Readable) -> list[str]:
    """Return what our group tells of levels that are not made of what the finer ones hold now.

    Parameters
    ----------
    store : Readable
        Holds the hierarchy.
    """
    levels, updates = stale_levels(store)
    notes = []
    if levels:
        notes.append(f"level(s) {', '.join(levels)}: stale, they may not show what the finer ones do")
    if updates:
        notes.append(
            f"{updates} update(s) not ended: at work, or interrupted; in the latter case write these pixels "
            "again and take over what stands there with --accept"
        )
    return notes
