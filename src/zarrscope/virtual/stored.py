"""Stored OME-Zarr as it stands: a view of its folder, documents and chunks untouched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from zarrscope.store.keys import check_key, join

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType

    from zarrscope.store.contracts import Buffer, ByteRange, Info, Readable, Request, Value


class Below:
    """The part of a store below a path, with nothing else in reach.

    Listable and Quick where the store is.

    Parameters
    ----------
    inner : Readable
        The store.
    path : str
        Of the folder; "" for all of it.
    closing : callable, optional
        Closes the store, where it belongs to this one.
    """

    notes: tuple[str, ...] = ()
    """Lines that a user should see: none, nothing was assumed."""

    def __init__(self, inner: Readable, path: str, closing: Callable[[], None] | None = None) -> None:
        self.inner, self.path, self._closing = inner, path, closing
        if hasattr(inner, "list"):
            self.list = self._list
        if hasattr(inner, "look"):
            self.look = self._look

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return type(self), (self.inner, self.path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the store, if it does not belong to somebody else."""
        if self._closing is not None:
            self._closing()

    @property
    def computed_levels(self) -> tuple[str, ...]:
        """None: everything is stored."""
        return ()

    def told(self) -> dict[str, Any]:
        """Return, as JSON, what a viewer cannot learn from the documents."""
        return {"virtual": False, "images": []}

    def url(self, key: str = "") -> str:
        """Return the address of a key for messages."""
        return self.inner.url(join(self.path, key))

    def get(self, key: str, range: ByteRange = None, out: memoryview | None = None) -> Buffer | None:  # noqa: A002
        """Return the value, or the part of it that ``range`` names, or None where the key is absent."""
        return self.inner.get(self._key(key), range, out)

    def get_many(self, requests: Sequence[Request]) -> list[Buffer | None]:
        """Return the values in the order of the requests."""
        return self.inner.get_many([request._replace(key=self._key(request.key)) for request in requests])

    def head(self, key: str) -> Info | None:
        """Return size and tag, or None where the key is absent."""
        return self.inner.head(self._key(key))

    def _key(self, key: str) -> str:
        return f"{self.path}/{check_key(key)}" if self.path else key

    def _look(self, key: str) -> Value | None:
        found: Value | None = self.inner.look(self._key(key))  # type: ignore[attr-defined]
        return found

    def _list(self, prefix: str = "") -> Iterator[str]:
        start = f"{self.path}/" if self.path else ""
        return (key[len(start) :] for key in self.inner.list(start + prefix))  # type: ignore[attr-defined]
