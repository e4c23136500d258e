"""Whether a result will fit where it is to stand: bytes and files, asked before the first one is written."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from zarrscope.budget import format_size
from zarrscope.errors import BudgetError
from zarrscope.store.contracts import Archive
from zarrscope.store.local import LocalStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from zarrscope.store.contracts import Writable


NOTES = 16
"""Files of our own, at most, beside those of the result."""


@dataclass(frozen=True)
class Free:
    """What a disk has left.

    Parameters
    ----------
    place : str
        A folder on it.
    bytes : int
        That may be written.
    files : int, optional
        That may be made; None where the file system sets no bound.
    """

    place: str
    bytes: int
    files: int | None


def free_at(store: Writable) -> Free | None:
    """Return what is left on the disk of a store; None where that is not on a disk."""
    if isinstance(store, Archive):
        path = Path(store.path).parent
    elif isinstance(store, LocalStore):
        path = store.root
    else:
        return None
    while not path.exists() and path != path.parent:
        path = path.parent
    if not hasattr(os, "statvfs"):  # Windows
        return Free(str(path), shutil.disk_usage(path).free, None)
    found = os.statvfs(path)
    return Free(str(path), found.f_bavail * found.f_frsize, found.f_favail if found.f_files else None)


def check_room(
    store: Writable, raw: int, files: int, ratio: Callable[[], float], *, compressed: bool = True
) -> None:
    """Refuse what will not fit on the disk.

    Parameters
    ----------
    store : Writable
        Where the result is to stand.
    raw : int
        Its bytes before compression.
    files : int
        How many there will be.
    ratio : callable
        Estimates what compression leaves of a byte, from a few samples; asked only where it matters.
    compressed : bool
        Whether there is any compression.

    Raises
    ------
    BudgetError
        It does not fit; the message has the numbers.
    """
    free = free_at(store)
    if free is None:
        return
    one = isinstance(store, Archive)
    if free.files is not None and not one and files > free.files:
        raise BudgetError(
            f"{free.place}: the result takes about {files} files, the disk has room for {free.files}; write "
            "shards (larger --shards), an archive (.ozx), or choose another disk"
        )
    if raw <= free.bytes:
        return
    share = ratio() if compressed else 1.0
    need = int(raw * share)
    if need > free.bytes:
        told = f" ({format_size(raw)} before compression)" if compressed else ""
        raise BudgetError(
            f"{free.place}: the result takes about {format_size(need)}{told}, {format_size(free.bytes)} are "
            "free; free some space, choose another disk, or try --codec small"
        )
