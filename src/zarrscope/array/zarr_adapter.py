"""One of our stores, as zarr-python sees stores. The only place where zarr-python is imported."""

from __future__ import annotations

import asyncio
import pickle
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import zarr
from zarr.abc.store import OffsetByteRequest, RangeByteRequest, Store, SuffixByteRequest
from zarr.core.buffer import default_buffer_prototype

from zarrscope.errors import ConflictError, UnsupportedError
from zarrscope.store.contracts import ABSENT, Listable, Request, Suffix, Writable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from zarrscope.store.contracts import Buffer, ByteRange, Readable

_END = (1 << 63) - 1


def open_zarr(place: Any, path: str) -> Any:
    """Return a ``zarr.Array`` for reading, of a folder's name or of one of our stores."""
    store = place if isinstance(place, str) else ZarrStore(place, read_only=True)
    return zarr.open_array(store, path=path or None, mode="r")


class ZarrStore(Store):  # type: ignore[misc]
    """One of our stores as a ``zarr.abc.store.Store``; it can do what ours can.

    Parameters
    ----------
    store : Readable
        Where the bytes lie.
    read_only : bool
        Refuse to write, whatever the store can do.
    """

    supports_partial_writes = False

    def __init__(self, store: Readable, *, read_only: bool = False) -> None:
        super().__init__(read_only=read_only or not isinstance(store, Writable))
        self._store = store

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ZarrStore):
            return False
        # Stores travel as their descriptions: two with the same one are at the same place.
        return self._store is other._store or (
            type(self._store) is type(other._store)
            and self._store.url() == other._store.url()
            and pickle.dumps(self._store) == pickle.dumps(other._store)
        )

    def __hash__(self) -> int:
        return hash((ZarrStore, self._store.url()))

    def __repr__(self) -> str:
        return f"ZarrStore({self._store.url()!r})"

    @property
    def supports_writes(self) -> bool:
        """Whether it can be written to."""
        return isinstance(self._store, Writable)

    @property
    def supports_deletes(self) -> bool:
        """Whether values can be removed."""
        return isinstance(self._store, Writable)

    @property
    def supports_listing(self) -> bool:
        """Whether it can say what it holds."""
        return isinstance(self._store, Listable)

    def with_read_only(self, read_only: bool = False) -> ZarrStore:
        """Return the same store, for reading only or for writing too."""
        if not read_only and not self.supports_writes:
            raise UnsupportedError("this store is for reading")
        return ZarrStore(self._store, read_only=read_only)

    def get_sync(self, key: str, *, prototype: Any = None, byte_range: Any = None) -> Any:
        """Return a value or a part of it, None where it is absent."""
        data = self._store.get(key, _range(byte_range))
        return (
            None if data is None else (prototype or default_buffer_prototype()).buffer.from_bytes(bytes(data))
        )

    def set_sync(self, key: str, value: Any) -> None:
        """Write a value."""
        self._writable().put(key, memoryview(value.as_numpy_array()).cast("B"))

    def delete_sync(self, key: str) -> None:
        """Remove a value; harmless where it is absent."""
        self._writable().delete(key)

    async def get(self, key: str, prototype: Any, byte_range: Any = None) -> Any:
        """Return a value or a part of it, None where it is absent."""
        return await asyncio.to_thread(self.get_sync, key, prototype=prototype, byte_range=byte_range)

    async def get_partial_values(self, prototype: Any, key_ranges: Iterable[tuple[str, Any]]) -> list[Any]:
        """Return parts of values."""
        requests = [Request(key, _range(part)) for key, part in key_ranges]
        found = await asyncio.to_thread(self._store.get_many, requests)
        return [None if data is None else _buffer(data, prototype) for data in found]

    async def exists(self, key: str) -> bool:
        """Return whether there is such a key."""
        return await asyncio.to_thread(self._store.head, key) is not None

    async def getsize(self, key: str) -> int:
        """Return the size of a value in bytes."""
        info = await asyncio.to_thread(self._store.head, key)
        if info is None:
            raise FileNotFoundError(key)
        return info.size

    async def set(self, key: str, value: Any) -> None:
        """Write a value."""
        self._check_writable()
        await asyncio.to_thread(self.set_sync, key, value)

    async def set_if_not_exists(self, key: str, value: Any) -> None:
        """Write a value where there is none, in one step."""
        store = self._writable()
        with suppress(ConflictError):
            data = memoryview(value.as_numpy_array()).cast("B")
            await asyncio.to_thread(store.put, key, data, ABSENT)

    async def delete(self, key: str) -> None:
        """Remove a value; harmless where it is absent."""
        self._check_writable()
        await asyncio.to_thread(self.delete_sync, key)

    async def list(self) -> AsyncIterator[str]:
        """Yield all keys."""
        async for key in self.list_prefix(""):
            yield key

    async def list_prefix(self, prefix: str) -> AsyncIterator[str]:
        """Yield the keys that begin with a prefix."""
        store = self._store
        if not isinstance(store, Listable):
            raise UnsupportedError("this store cannot be listed")
        for key in await asyncio.to_thread(lambda: [*store.list(prefix)]):
            yield key

    async def list_dir(self, prefix: str) -> AsyncIterator[str]:
        """Yield the names directly below a folder."""
        folder = f"{prefix.rstrip('/')}/" if prefix.strip("/") else ""
        seen: set[str] = set()
        async for key in self.list_prefix(folder):
            name = key[len(folder) :].partition("/")[0]
            if name not in seen:
                seen.add(name)
                yield name

    def _writable(self) -> Writable:
        self._check_writable()
        assert isinstance(self._store, Writable)  # noqa: S101 - else it is read only
        return self._store


def _buffer(data: Buffer, prototype: Any) -> Any:
    return prototype.buffer.from_bytes(bytes(data))


def _range(wanted: Any) -> ByteRange:
    if wanted is None:
        return None
    if isinstance(wanted, RangeByteRequest):
        return wanted.start, wanted.end
    if isinstance(wanted, OffsetByteRequest):
        return wanted.offset, _END
    if isinstance(wanted, SuffixByteRequest):
        return Suffix(wanted.suffix)
    raise ValueError(f"Unexpected byte_range, got {wanted!r:.100}")
