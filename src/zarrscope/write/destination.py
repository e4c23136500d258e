"""Where something new may be written: what stands there, what may be replaced, what is left behind."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING

from zarrscope.documents import dump_json
from zarrscope.errors import DestinationExistsError, ZarrscopeError
from zarrscope.store.contracts import Listable

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from zarrscope.store.contracts import Writable

_FOLDER = ".zarrscope/"
_MARK = f"{_FOLDER}zarr.json"
_UPLOAD = re.compile(r"(?:^|/)\.[^/]+\.[0-9a-f]{8}\.part$")
_DOCUMENTS = ("zarr.json", ".zattrs", ".zgroup", ".zarray")


class Destination:
    """A place that is being written to, marked as unfinished until all went well.

    The mark is a Zarr group of its own, at which no reader stumbles. It lets a later
    ``overwrite`` recognise what a killed run left behind, and nobody else's files.

    Parameters
    ----------
    store : Writable
        The place.
    overwrite : bool
        Whether a Zarr, or an unfinished run, that stands there is to be replaced.

    Raises
    ------
    DestinationExistsError
        Something stands there that may not be replaced.
    """

    def __init__(self, store: Writable, *, overwrite: bool = False) -> None:
        self._store = store
        self._clear(overwrite)
        group = {"zarr_format": 3, "node_type": "group", "attributes": {"zarrscope": {"state": "unfinished"}}}
        try:
            store.put(_MARK, dump_json(group))
        except BaseException:
            with suppress(ZarrscopeError):
                self.close()  # not even an empty folder stays
                self._sweep()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        if kind is not None:
            self._sweep()

    def close(self) -> None:
        """Take the mark away: the writers have removed what failed, and finished what did not."""
        self._store.delete(_MARK)

    def _sweep(self) -> None:
        """Remove values whose upload was interrupted before anybody knew of it."""
        if isinstance(self._store, Listable):
            for key in [key for key in self._store.list() if _UPLOAD.search(key)]:
                self._store.delete(key)

    def _clear(self, overwrite: bool) -> None:
        if not isinstance(self._store, Listable):
            return
        first = next(self._store.list(), None)
        if first is None:
            return
        place = self._store.url()
        unfinished = self._store.head(_MARK) is not None
        unfinished = unfinished or all(key.startswith(_FOLDER) for key in self._store.list())
        if not overwrite:
            what = "what an interrupted run left behind" if unfinished else "something already"
            raise DestinationExistsError(f"{place} holds {what}; choose another place or use --overwrite")
        if not unfinished and all(self._store.head(name) is None for name in _DOCUMENTS):
            raise DestinationExistsError(
                f"{place} holds files that are no Zarr ({first} and perhaps more); zarrscope does not delete "
                "them, choose another place"
            )
        for name in _DOCUMENTS:  # first what makes it an image
            self._store.delete(name)
        for key in list(self._store.list()):
            self._store.delete(key)
