"""Verification of a zip archive by its own directory, which holds a CRC-32 of every member."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from zarrscope.check.verification import Finding
from zarrscope.errors import ZarrscopeError
from zarrscope.ledger.inventory import PIECE

if TYPE_CHECKING:
    from collections.abc import Generator

    from zarrscope.executor import Executor
    from zarrscope.store.zip import ZipStore


class ByArchive:
    """Every member is read whole, which checks it against its CRC-32. One large member at a time.

    Parameters
    ----------
    store : ZipStore
        The archive.
    """

    basis = "by the checksums of the archive"

    def __init__(self, store: ZipStore) -> None:
        self._store = store
        self._large = Lock()
        self.total = sum(info.size for key in store.list("") if (info := store.head(key)))
        self.notes: list[str] = []

    def findings(self, threads: Executor) -> Generator[Finding, None, None]:
        """Yield every member."""
        return threads.map(self._read, self._store.list(""))

    def _read(self, key: str) -> Finding:
        info = self._store.head(key)
        size = info.size if info else 0
        try:
            if size <= PIECE:
                self._store.get(key)
            else:
                with self._large:
                    self._store.get(key)
        except ZarrscopeError as error:
            return Finding(key, "unreadable", str(error), size)
        return Finding(key, "same", read=size)
