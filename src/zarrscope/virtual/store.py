"""A source presented as a store: documents invented, chunks made when they are asked for."""

from __future__ import annotations

from functools import cached_property
from heapq import merge
from math import prod
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from zarrscope import __version__
from zarrscope.errors import ArgumentError
from zarrscope.ledger.checksum import checksum
from zarrscope.spec.versions import zarr_format_of
from zarrscope.store.contracts import Info, Suffix
from zarrscope.store.keys import check_key, cut
from zarrscope.virtual.chunks import index_of, keys_of
from zarrscope.virtual.documents import Documents
from zarrscope.virtual.memory import empty

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType

    from numpy.typing import NDArray

    from zarrscope.store.contracts import Buffer, ByteRange, Request
    from zarrscope.types import Region, Shape
    from zarrscope.virtual.blocks import BlockCache, Counts
    from zarrscope.virtual.image import VirtualImage


class VirtualValue:
    """A chunk that was looked for; its pixels are here or not (see ``store.contracts.Value``).

    Parameters
    ----------
    info : Info
        Its size and tag.
    block : ndarray, optional
        Its pixels, where they need not be made. Others may wait for them to be let go of.
    chunks : tuple of int
        Shape of the chunk, into which the pixels are copied when they are asked for.
    """

    def __init__(self, info: Info, block: NDArray[Any] | None, chunks: Shape) -> None:
        self.info, self._block, self._chunks = info, block, chunks

    def at_once(self, start: int, stop: int) -> Buffer | None:
        """Return bytes without waiting, or None where they have to be made."""
        return None if self._block is None else _bytes(self._block, self._chunks)[start:stop]

    def close(self) -> None:
        """Let go of the pixels."""
        self._block = None


class VirtualStore:
    """An OME-Zarr that is made while it is read. Readable and Listable; a context manager.

    Every value is a pure function of the source: tags tell the state of its files, as it was when the first
    was asked for. Safe under threads.

    Parameters
    ----------
    images : sequence of VirtualImage
        One at the root, or several numbered ones.
    version : str
        Of OME-Zarr.
    cache : BlockCache
        Of all images.
    name : str
        What messages call the source.
    ome_xml : callable
        Gives the source's OME-XML.
    fingerprint : callable
        Gives a text that changes when the source does.
    closing : sequence of callables
        Called in this order when the store closes.
    again : tuple
        Function and arguments that open the store again in another process.
    made_from : str
        What people call the format of the source.
    notes : sequence of str
        Lines that a user should see: what was assumed of the source, what was left out.
    """

    def __init__(
        self,
        images: Sequence[VirtualImage],
        version: str,
        cache: BlockCache,
        name: str,
        *,
        ome_xml: Callable[[], str | None],
        fingerprint: Callable[[], str],
        closing: Sequence[Callable[[], None]],
        again: tuple[Callable[..., Any], tuple[Any, ...]],
        made_from: str = "",
        notes: Sequence[str] = (),
    ) -> None:
        self.images, self.version = tuple(images), version
        self._zarr_format = zarr_format_of(version)
        self._cache, self._name, self._again, self._made_from = cache, name, again, made_from
        self._documents = Documents(self.images, version, ome_xml)
        self.notes = tuple(notes)
        self._fingerprint, self._closing = fingerprint, list(closing)
        self._arrays = {
            level.path: (image, number) for image in images for number, level in enumerate(image.levels)
        }

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return self._again

    def __repr__(self) -> str:
        return f"<VirtualStore {self._name} OME-Zarr {self.version}, {len(self.images)} image(s)>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the source and let go of all pixels; a second call does nothing."""
        while self._closing:
            self._closing.pop(0)()
        self._cache.clear()

    @property
    def computed_levels(self) -> tuple[str, ...]:
        """Paths of the arrays that the source does not hold; all others are cheap to read in part."""
        return tuple(level.path for image in self.images for level in image.levels if level.computed)

    @property
    def counts(self) -> Counts:
        """How many blocks were decoded, computed and found, and what they take."""
        return self._cache.counts

    def source_bytes(self, path: str, region: Region | None = None) -> int:
        """Return how many bytes of pixels the source has to decode for a region of an array.

        Parameters
        ----------
        path : str
            Of the array.
        region : Region, optional
            All of it by default.

        Raises
        ------
        ArgumentError
            There is no such array.
        """
        if path not in self._arrays:
            known = ", ".join(list(self._arrays)[:10])
            raise ArgumentError(f"{self.url(path)}: there is no such array; there are {known}")
        image, number = self._arrays[path]
        return image.source_bytes(number, region)

    def told(self) -> dict[str, Any]:
        """Return, as JSON, what a viewer cannot learn from the documents: what it is, and what it costs."""
        images = [image.told() for image in self.images]
        return {"virtual": True, "format": self._made_from, "images": images}

    def url(self, key: str = "") -> str:
        """Return the address of a key for messages."""
        return f"{self._name}/{key}" if key else self._name

    def get(self, key: str, range: ByteRange = None, out: memoryview | None = None) -> Buffer | None:  # noqa: A002
        """Return the value, or the part of it that ``range`` names, or None where the key is absent.

        Raises
        ------
        CorruptDataError, SourceError, StoreError
            The source is damaged there, or cannot be read.
        """
        chunk = self._chunk(check_key(key))
        data: Buffer | None
        data = self._documents.get(key) if chunk is None else self._encoded(*chunk)
        if data is None:
            return None
        view = memoryview(data)
        if isinstance(range, Suffix):
            view = view[max(0, len(view) - range.length) :]
        elif range is not None:
            start, stop = cut(len(view), *range)
            view = view[start:stop]
        if out is None:
            return view
        out[: len(view)] = view
        return out[: len(view)]

    def get_many(self, requests: Sequence[Request]) -> list[Buffer | None]:
        """Return the values in the order of the requests."""
        return [self.get(*request) for request in requests]

    def head(self, key: str) -> Info | None:
        """Return size and tag, or None where the key is absent. No pixel is read for that of a chunk."""
        chunk = self._chunk(check_key(key))
        if chunk is not None:
            image, number, _ = chunk
            level = image.levels[number]
            size = prod(level.chunks) * image.pixels.dtype.itemsize
            return Info(size, self._tag(key))
        data = self._documents.get(key)
        return None if data is None else Info(len(data), self._tag(key))

    def look(self, key: str) -> VirtualValue | None:
        """Return a chunk, whose pixels may be here already (see ``store.contracts.Quick``).

        None where there is no such chunk, and for documents, which may have to be made.
        """
        chunk = self._chunk(check_key(key))
        if chunk is None:
            return None
        image, number, index = chunk
        level = image.levels[number]
        block = image.pixels.ready(number, level.chunk(index))
        size = prod(level.chunks) * image.pixels.dtype.itemsize
        return VirtualValue(Info(size, self._tag(key)), block, level.chunks)

    def list(self, prefix: str = "") -> Iterator[str]:
        """Yield the keys that begin with ``prefix`` in sorted order."""
        documents = (key for key in self._documents.keys() if key.startswith(prefix))
        chunks = (
            keys_of(path, image.levels[number].grid, self._zarr_format, prefix)
            for path, (image, number) in self._arrays.items()
        )
        yield from merge(documents, *chunks)

    def _chunk(self, key: str) -> tuple[VirtualImage, int, Shape] | None:
        """Return image, level and place of the chunk that a key names, or None."""
        depth = 2 if self.images[0].path else 1
        parts = key.split("/", depth)
        found = self._arrays.get("/".join(parts[:depth])) if len(parts) > depth else None
        if found is None:
            return None
        image, number = found
        index = index_of(parts[depth], image.levels[number].grid, self._zarr_format)
        return None if index is None else (image, number, index)

    def _encoded(self, image: VirtualImage, number: int, index: Shape) -> memoryview:
        level = image.levels[number]
        return _bytes(image.pixels.read(number, level.chunk(index)), level.chunks)

    def _tag(self, key: str) -> str:
        return f"{checksum(f'{self._state} {key}'.encode()):016x}"

    @cached_property
    def _state(self) -> str:
        return f"{__version__} {self.version} {self._fingerprint()}"


def _bytes(block: NDArray[Any], chunks: Shape) -> memoryview:
    """Return pixels as they stand in a chunk: all of it, little end first, zero beyond the image.

    They are a copy: who holds them for long must not hold a block of the cache, for which others may wait.
    """
    whole = empty(chunks, block.dtype.newbyteorder("<"))
    if block.shape != chunks:
        whole[...] = 0
    whole[tuple(slice(0, n) for n in block.shape)] = block
    return whole.reshape(-1).view(np.uint8).data.toreadonly()
