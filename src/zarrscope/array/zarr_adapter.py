"""One of our stores, as zarr-python sees stores. The only place where zarr-python is imported."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import zarr
from zarr.abc.store import OffsetByteRequest, RangeByteRequest, Store, SuffixByteRequest

from zarrscope.errors import UnsupportedError
from zarrscope.store.contracts import Suffix

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from zarrscope.store.contracts import ByteRange, Readable

_END = (1 << 63) - 1


def open_zarr(place: Any, path: str) -> Any:
    """Return a ``zarr.Array`` for reading, of a folder's name or of one of our stores."""
    store = place if isinstance(place, str) else ReadableStore(place)
    return zarr.open_array(store, path=path or None, mode="r")


class ReadableStore(Store):  # type: ignore[misc]
    """A Readable as a read-only ``zarr.abc.store.Store``.

    Parameters
    ----------
    readable : Readable
        Where the bytes lie.
    """

    supports_writes = False
    supports_deletes = False
    supports_listing = False

    def __init__(self, readable: Readable) -> None:
        super().__init__(read_only=True)
        self._readable = readable

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ReadableStore) and self._readable is other._readable

    def __hash__(self) -> int:
        return hash((ReadableStore, id(self._readable)))

    def with_read_only(self, read_only: bool = False) -> ReadableStore:
        """Return a store for reading; there is no other."""
        if not read_only:
            raise UnsupportedError("this store is for reading")
        return ReadableStore(self._readable)

    async def get(self, key: str, prototype: Any, byte_range: Any = None) -> Any:
        """Return a value or a part of it, None where it is absent."""
        data = await asyncio.to_thread(self._readable.get, key, _range(byte_range))
        return None if data is None else prototype.buffer.from_bytes(bytes(data))

    async def get_partial_values(self, prototype: Any, key_ranges: Iterable[tuple[str, Any]]) -> list[Any]:
        """Return parts of values."""
        return [await self.get(key, prototype, part) for key, part in key_ranges]

    async def exists(self, key: str) -> bool:
        """Return whether there is such a key."""
        return await asyncio.to_thread(self._readable.head, key) is not None

    async def set(self, key: str, value: Any) -> None:
        """Refuse."""
        raise UnsupportedError("this store is for reading")

    async def delete(self, key: str) -> None:
        """Refuse."""
        raise UnsupportedError("this store is for reading")

    async def list(self) -> AsyncIterator[str]:
        """Refuse: not every store can say what it holds."""
        raise UnsupportedError("this store cannot be listed")
        yield ""

    async def list_prefix(self, prefix: str) -> AsyncIterator[str]:
        """Refuse: not every store can say what it holds."""
        raise UnsupportedError("this store cannot be listed")
        yield ""

    async def list_dir(self, prefix: str) -> AsyncIterator[str]:
        """Refuse: not every store can say what it holds."""
        raise UnsupportedError("this store cannot be listed")
        yield ""


def _range(wanted: Any) -> ByteRange:
    if isinstance(wanted, RangeByteRequest):
        return wanted.start, wanted.end
    if isinstance(wanted, OffsetByteRequest):
        return wanted.offset, _END
    return Suffix(wanted.suffix) if isinstance(wanted, SuffixByteRequest) else None
