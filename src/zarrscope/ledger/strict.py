"""A store that knows what must be there: a lost unit is an error, not background.

Nothing is asked of the ledger while everything is found. Only when a unit comes back absent, the manifest
is read, once; where it says that bytes stood there, they are lost.
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from zarrscope.errors import CorruptDataError
from zarrscope.ledger.folder import is_ours
from zarrscope.ledger.manifest import read_manifest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from zarrscope.ledger.manifest import Manifest
    from zarrscope.store.contracts import Buffer, ByteRange, Info, Readable, Request

DOCUMENTS = frozenset({"zarr.json", ".zgroup", ".zarray", ".zattrs", ".zmetadata"})
"""Names that may well be absent: whoever looks for a node asks for several of them."""

# What else an inner store may be able to do (Listable, Quick, Writable). It is handed on as it is, and only
# where it is there: what a store can do is told by what it has.
_MORE = ("list", "look", "put", "create", "sync", "delete")

_NOT_READ = object()


class Strict:
    """Reads through another store, and refuses to call absent what is lost. Safe under threads.

    What it cannot tell stays as it was: without a manifest at the root of the inner store, for units that
    are empty by design or of which nothing is known, and for what is no unit, absent is absent. ``head``
    only tells what is there. Pickles as the inner store.

    Parameters
    ----------
    inner : Readable
        Holds the hierarchy, from its root.
    """

    def __init__(self, inner: Readable) -> None:
        self.inner = inner
        self._lock = Lock()
        self._manifest: object = _NOT_READ
        for name in _MORE:
            if hasattr(inner, name):
                setattr(self, name, getattr(inner, name))

    def __reduce__(self) -> tuple[Callable[[Readable], Strict], tuple[Readable]]:
        return Strict, (self.inner,)

    def url(self, key: str = "") -> str:
        """Return the address of a key for messages."""
        return self.inner.url(key)

    def get(self, key: str, range: ByteRange = None, out: memoryview | None = None) -> Buffer | None:  # noqa: A002
        """Return the value, or the part of it that ``range`` names, or None where it is absent.

        Raises
        ------
        CorruptDataError
            It is absent, and the manifest says that it stood there.
        """
        value = self.inner.get(key, range, out)
        if value is None:
            self._missed(key)
        return value

    def get_many(self, requests: Sequence[Request]) -> list[Buffer | None]:
        """Return the values in the order of the requests (see ``get``)."""
        values = self.inner.get_many(requests)
        if None in values:
            for request, value in zip(requests, values, strict=True):
                if value is None:
                    self._missed(request.key)
        return values

    def head(self, key: str) -> Info | None:
        """Return size and tag, or None where the key is absent."""
        return self.inner.head(key)

    def _missed(self, key: str) -> None:
        """Raise where an absent key is a lost one."""
        if key.rpartition("/")[2] in DOCUMENTS or is_ours(key):
            return
        manifest = self._read_once()
        number = manifest.units.find(key) if manifest else None
        size = -1 if manifest is None or number is None else int(manifest.units.size[number])
        if size >= 0:
            raise CorruptDataError(
                f"{self.url(key)} is lost: the manifest says that {size} bytes stood here; "
                "'zarrscope verify' lists all that is lost, --repair mends it"
            )

    def _read_once(self) -> Manifest | None:
        with self._lock:
            if self._manifest is _NOT_READ:
                self._manifest = read_manifest(self.inner)
            return self._manifest  # type: ignore[return-value]


def strict(store: Readable) -> Readable:
    """Return a store that knows what must be there; one that does is returned as it is."""
    return store if isinstance(store, Strict) else Strict(store)
