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
_OVERHEAD = 256  # bytes that an index takes beside its own

_SMALL = 448
"""Bytes of an index that Python keeps apart from the rest of the memory, as all objects up to 512 bytes.

What is kept between the buffers that codecs take and give back leaves holes that these do not fit into any
more: without this the memory grows by one such buffer a shard. Small ones are kept as they came, therefore.
"""

_MOST_LARGE = 1024


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
        self._kept: OrderedDict[str, ShardIndex | bytes] = OrderedDict()
        self._small = layout.index_size <= _SMALL
        self._most = max(1, _KEPT_BYTES // (layout.index_size + _OVERHEAD))
        if not self._small:
            self._most = min(self._most, _MOST_LARGE)
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
                return self._layout.decode_index(found) if isinstance(found, bytes) else found
        data = self._store.get(key, self._layout.index_range)
        if data is None:
            return None
        try:
            index = self._layout.decode_index(data)
        except CorruptDataError as error:
            raise CorruptDataError(f"{self._store.url(key)}: {error}") from error
        with self._lock:
            self._kept[key] = bytes(data) if self._small else index
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return index

    def forget(self, key: str) -> None:
        """Drop the index of a shard that is being written."""
        with self._lock:
            self._kept.pop(key, None)
