"""The indices of shards that were read lately."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING

from zarrscope.errors import CorruptDataError

if TYPE_CHECKING:
    from zarrscope.array.sharding import ShardIndex, ShardLayout
    from zarrscope.store.contracts import Readable

_KEPT_BYTES = 16 << 20


class IndexCache:
    """Fetches the index of a shard once; the least lately used give way. Safe under threads.

    Parameters
    ----------
    store : Readable
        Where the shards lie.
    layout : ShardLayout
        How they are laid out.
    """

    def __init__(self, store: Readable, layout: ShardLayout) -> None:
        self._store, self._layout = store, layout
        self._kept: OrderedDict[str, ShardIndex] = OrderedDict()
        self._most = max(1, _KEPT_BYTES // layout.index_size)
        self._lock = Lock()

    def get(self, key: str) -> ShardIndex | None:
        """Return the index of a shard, or None where there is no such shard (which is not remembered).

        Raises
        ------
        CorruptDataError
            If the index is cut short or its checksum does not match.
        """
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
                return found
        data = self._store.get(key, self._layout.index_range)
        if data is None:
            return None
        try:
            index = self._layout.decode_index(data)
        except CorruptDataError as error:
            raise CorruptDataError(f"{self._store.url(key)}: {error}") from error
        with self._lock:
            self._kept[key] = index
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return index

    def forget(self, key: str) -> None:
        """Drop the index of a shard that is being written."""
        with self._lock:
            self._kept.pop(key, None)
