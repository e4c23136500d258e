"""Verification by the manifest: every file that it lists is read whole and compared by size and checksum."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zarrscope.check.padding import same_when_trimmed
from zarrscope.check.stale import stale_notes
from zarrscope.check.verification import Finding, Tally
from zarrscope.errors import ZarrscopeError
from zarrscope.ledger.inventory import keys_of, measured
from zarrscope.ledger.table import UNKNOWN
from zarrscope.store.contracts import Listable

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from zarrscope.executor import Executor
    from zarrscope.ledger.manifest import Manifest
    from zarrscope.ledger.table import Entry
    from zarrscope.store.contracts import Readable

NOT_KNOWN = "{n} file(s) of which the manifest knows nothing: not compared"
NOT_LISTED = "extra files: not checked, what serves this cannot be asked for a list"


class ByManifest:
    """A comparison with the manifest.

    Parameters
    ----------
    store : Readable
        Holds the hierarchy.
    manifest : Manifest
        What must stand there.
    """

    basis = "by its manifest"

    def __init__(self, store: Readable, manifest: Manifest) -> None:
        self._store, self._manifest = store, manifest
        self._tally = Tally()
        unknown = sum(not entry.known for entry in manifest.documents.values())
        self._tally.counts[NOT_KNOWN] += unknown + int((manifest.units.size == UNKNOWN).sum())
        self._tally.lines += stale_notes(store)
        self.total = sum(max(e.size, 0) for e in manifest.documents.values()) + manifest.units.bytes

    @property
    def notes(self) -> list[str]:
        """What could not be told."""
        return self._tally.told()

    def findings(self, threads: Executor) -> Generator[Finding, None, None]:
        """Yield every file of the manifest, then those that it does not know."""
        yield from threads.map(self._compare, self._expected())
        if not isinstance(self._store, Listable):
            self._tally.lines.append(NOT_LISTED)
            return
        try:
            yield from self._extra(self._store)
        except ZarrscopeError as error:  # the files in there were told to be unreadable
            self._tally.lines.append(f"extra files: not checked ({error})")

    def _expected(self) -> Iterator[tuple[str, Entry]]:
        return ((key, entry) for key, entry in self._manifest if entry.size >= 0)

    def _compare(self, expected: tuple[str, Entry]) -> Finding:
        key, entry = expected
        try:
            found = measured(self._store, key, entry.size)
            if found is not None and found != entry and key in self._manifest.documents:
                found = entry if same_when_trimmed(self._store, key, entry) else found
        except ZarrscopeError as error:
            return Finding(key, "unreadable", str(error), entry.size)
        if found is None:
            return Finding(key, "missing", read=entry.size)
        return Finding(key, "same" if found == entry else "differs", read=entry.size)

    def _extra(self, store: Listable) -> Iterator[Finding]:
        for key in keys_of(store, self._tally.aside):
            entry = self._manifest.entry(key)
            if entry is None or entry.empty:
                yield Finding(key, "extra")
