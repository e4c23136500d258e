"""A store whose documents can be changed without changing the store: what would be, before it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zarrscope.store.contracts import Suffix
from zarrscope.store.keys import cut

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from zarrscope.store.contracts import Buffer, ByteRange, Info, Listable, Readable, Request


class Overlay:
    """A store that holds a store, and some values that hide those below.

    Parameters
    ----------
    below : Readable
        Also listable; it is never changed.
    """

    def __init__(self, below: Readable) -> None:
        self.below = below
        self.values: dict[str, bytes] = {}
        """What stands above, by key."""

    def url(self, key: str = "") -> str:
        """Return the address of a key for messages."""
        return self.below.url(key)

    def get(self, key: str, range: ByteRange = None, out: memoryview | None = None) -> Buffer | None:  # noqa: A002
        """Return the value, or the part of it that ``range`` names, or None where the key is absent."""
        value = self.values.get(key)
        if value is None:
            return self.below.get(key, range, out)
        data = memoryview(value)
        if isinstance(range, Suffix):
            data = data[max(0, len(data) - range.length) :]
        elif range is not None:
            start, stop = cut(len(data), *range)
            data = data[start:stop]
        if out is None:
            return data
        out[: len(data)] = data
        return out[: len(data)]

    def get_many(self, requests: Sequence[Request]) -> list[Buffer | None]:
        """Return the values in the order of the requests."""
        if not self.values:
            return self.below.get_many(requests)
        rest = [request for request in requests if request.key not in self.values]
        fetched = iter(self.below.get_many(rest))
        return [self.get(*r) if r.key in self.values else next(fetched) for r in requests]

    def head(self, key: str) -> Info | None:
        """Return size and tag as they are below; nobody writes here by tag."""
        return self.below.head(key)

    def list(self, prefix: str = "") -> Iterator[str]:
        """Yield the keys that begin with ``prefix``, in sorted order."""
        below: Listable = self.below  # type: ignore[assignment]  # whoever makes an overlay sees to it
        new = {key for key in self.values if key.startswith(prefix)}
        if not new:
            yield from below.list(prefix)
        else:
            yield from sorted({*below.list(prefix), *new})
