"""What a copy will do: what goes over as bytes, what is encoded anew, which documents there will be."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from hashlib import sha256
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from zarrscope.array import metadata_v2, metadata_v3
from zarrscope.array.describe import to_documents
from zarrscope.array.open import parse
from zarrscope.convert.hierarchy import survey
from zarrscope.convert.reform import becomes, with_levels
from zarrscope.convert.transfer import old_documents, transfer_groups
from zarrscope.convert.upgrade_plan import OURS, plan_upgrade
from zarrscope.documents import dump_json
from zarrscope.errors import AccessError, CorruptDataError, MetadataError, NotFoundError, UnsupportedError
from zarrscope.ledger.inventory import keys_of, zarr_format_of
from zarrscope.ledger.manifest import Manifest, read_manifest
from zarrscope.ledger.strict import Strict, strict
from zarrscope.ledger.table import UnitTable
from zarrscope.ledger.unfinished import refuse_unfinished
from zarrscope.spec.versions import detect
from zarrscope.spec.versions import zarr_format_of as format_of_version
from zarrscope.store.contracts import Listable
from zarrscope.store.keys import join
from zarrscope.store.local import LocalStore
from zarrscope.store.memory import MemoryStore
from zarrscope.store.staging import unlisted_link

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from zarrscope.array.chunked import ChunkedArray
    from zarrscope.array.metadata import ArrayMetadata
    from zarrscope.convert.hierarchy import Hierarchy
    from zarrscope.store.contracts import Readable

_DOCUMENTS = ("zarr.json", ".zgroup", ".zattrs", ".zarray", ".zmetadata")
_LITTER = re.compile(r"(?:^|/)(?:\.nfs[^/]*|\.[^/]+\.[0-9a-f]{8}\.part)$")


@dataclass(frozen=True, slots=True)
class CopyOptions:
    """What a copy is to change on the way; None leaves it as it is.

    Parameters
    ----------
    version : str, optional
        Of OME-Zarr.
    chunks : mapping, optional
        Pixels of a chunk by axis name.
    shards : mapping or str, optional
        Pixels of a shard by axis name, or ``none``.
    codec : str, optional
        Name of a codec preset; ``default`` where chunks or shards change.
    levels : int, optional
        Keep the finest so many.
    workers : int, optional
        Threads.
    memory : int, optional
        Bytes that buffers may take.
    """

    version: str | None = None
    chunks: dict[str, int] | None = None
    shards: dict[str, int] | str | None = None
    codec: str | None = None
    levels: int | None = None
    workers: int | None = None
    memory: int | None = None

    @property
    def form(self) -> dict[str, Any]:
        """The options that bear upon the result, by name."""
        names = ("version", "chunks", "shards", "codec", "levels")
        return {name: getattr(self, name) for name in names}

    @property
    def anew(self) -> bool:
        """Whether anything changes."""
        return any(value is not None for value in self.form.values())


@dataclass(frozen=True)
class CopyPlan:
    """All that is decided before the first value is copied.

    Parameters
    ----------
    source : Readable
        What is copied.
    options : CopyOptions
        What changes.
    documents : mapping
        Every document of the result.
    arrays : mapping
        Every array of the result, by path.
    old : mapping
        The arrays that they are made of; empty where all goes over as bytes.
    fingerprint : str
        State of the source.
    zarr_format, version
        Of the result.
    count : int
        How many values are copied, as far as is known.
    notes : tuple of str
        What is lost or left.
    """

    source: Readable
    options: CopyOptions
    documents: Mapping[str, bytes]
    arrays: Mapping[str, ArrayMetadata]
    old: Mapping[str, ChunkedArray] = field(default_factory=dict)
    fingerprint: str = ""
    zarr_format: int = 3
    version: str = ""
    count: int = 0
    notes: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()
    manifest: Manifest | None = None
    listed: int = 0

    @property
    def bytes(self) -> int:
        """Bytes that go over, as far as the manifest or the disk tells; 0 where neither does."""
        if self.old:
            return 0  # what another codec leaves of them cannot be told
        if self.manifest is not None:
            return self.manifest.units.bytes + sum(entry.size for entry in self.manifest.documents.values())
        return self.listed

    def __str__(self) -> str:
        lines = [f"{self.source.url()}: {self.count} values, {len(self.arrays)} array(s)"]
        for path, metadata in self.arrays.items():
            shards = f", shards {'x'.join(map(str, metadata.shards))}" if metadata.shards else ""
            how = "encoded anew" if self.old else "as bytes"
            sizes = [" x ".join(map(str, shape)) for shape in (metadata.shape, metadata.chunks)]
            lines.append(f"  {path or '.'}: {sizes[0]} {metadata.dtype}, chunks {sizes[1]}{shards}, {how}")
        return "\n".join(lines)

    def values(self) -> Iterator[str]:
        """Yield the keys that go over as bytes, in sorted order, documents aside."""
        if self.old:
            yield from self.foreign
        elif isinstance(self.source, Listable):
            yield from (key for key in keys_of(self.source) if key not in self.documents and not _litter(key))
        elif self.manifest is not None:
            yield from (k for k, e in self.manifest if e.size >= 0 and k not in self.documents)
        else:
            yield from self.foreign
            for path, metadata in self.arrays.items():
                grid = [-(-n // u) for n, u in zip(metadata.shape, metadata.unit, strict=True)]
                yield from (join(path, metadata.key(unit)) for unit in _places(grid))


def plan_copy(source: Readable, options: CopyOptions) -> CopyPlan:
    """Plan a copy; documents are read, no pixels.

    Parameters
    ----------
    source : Readable
        An OME-Zarr, or any Zarr where nothing is to change.
    options : CopyOptions
        What is to change.

    Raises
    ------
    NotFoundError
        There is no Zarr.
    UnsupportedError, ArgumentError
        The new form cannot hold it.
    """
    if isinstance(source, LocalStore) and (link := unlisted_link(source)):
        raise AccessError(f"{link} is a link that a copy would not have; put in its place what it leads to")
    return _anew(strict(source), options) if options.anew else _as_it_is(source, options)


def _as_it_is(source: Readable, options: CopyOptions) -> CopyPlan:
    manifest = read_manifest(source)
    notes: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()
    documents: dict[str, bytes] = {}
    state, count, listed = sha256(), 0, 0
    if isinstance(source, Listable):
        there = _Seen(manifest)
        for key in keys_of(source):
            count += 1
            size, tag = _state(source, key)
            listed += size
            state.update(key.encode() + tag)
            if manifest is not None:
                there.note(key)
            if key.rpartition("/")[2] in _DOCUMENTS and (data := source.get(key)) is not None:
                documents[key] = bytes(data)
    elif manifest is not None:
        for key in manifest.documents:
            data = source.get(key) if key.rpartition("/")[2] in _DOCUMENTS else None
            if data is not None:
                documents[key] = bytes(data)
        count = len(manifest.units) + len(manifest.documents)
    else:
        hierarchy = survey(source)
        for part in hierarchy.parts:
            documents.update(old_documents(part, source))
        foreign = tuple(hierarchy.foreign())
        notes = ("this place cannot be listed: only what documents name is copied",)
    if manifest is not None and isinstance(source, Listable) and (lost := there.lost()):
        more = f", and {len(lost) - 1} more" if lost[1:] else ""
        raise CorruptDataError(
            f"{source.url(lost[0])} is lost, as its manifest tells{more}; "
            "'zarrscope verify' lists them, --repair mends them, --accept takes over what stands there"
        )
    if not any(name in documents for name in _DOCUMENTS):
        refuse_unfinished(source)
        raise NotFoundError(
            f"{source.url()}: there is no Zarr here (no zarr.json, .zgroup or .zarray at its root)"
        )
    for key in sorted(documents):
        state.update(key.encode() + documents[key])
    arrays = dict(_arrays(documents, source))
    version = _version(documents)
    return CopyPlan(
        source, options, documents, arrays, {}, state.hexdigest()[:32], zarr_format_of(source), version,
        count, notes, foreign, manifest, listed,
    )  # fmt: skip


def _anew(source: Readable, options: CopyOptions) -> CopyPlan:
    """Return the plan of a copy in another form; what belongs to it is found by following documents."""
    upgrade = plan_upgrade(source, options.version) if options.version else None
    if upgrade and upgrade.obstacles:
        raise UnsupportedError(upgrade.obstacles[0])
    hierarchy = upgrade.hierarchy if upgrade else survey(source)
    version = options.version or hierarchy.versions[-1]
    attributes = {part.path: dict(part.group.attributes) for part in hierarchy.parts}
    if upgrade:
        attributes.update(upgrade.attributes)
    zarr_format = format_of_version(version) if options.version else hierarchy.root.group.zarr_format
    old, arrays = {}, {}
    for part in hierarchy.parts:
        kept, attributes[part.path] = with_levels(part, attributes[part.path], options.levels)
        for array in kept:
            form = (upgrade.arrays if upgrade else {}).get(array.path, array.metadata)
            old[array.path] = array
            arrays[array.path] = becomes(form, part, array.path, options)
    foreign = tuple(key for key in hierarchy.foreign() if not key.startswith(OURS))
    documents = _documents(hierarchy, attributes, arrays, zarr_format)
    state = sha256()
    for part in hierarchy.parts:
        for key, data in old_documents(part, source):
            state.update(key.encode() + data)
    if isinstance(source, Strict) and isinstance(source.inner, LocalStore):
        for key in keys_of(source.inner):
            state.update(key.encode() + _state(source.inner, key)[1])
    count = len(foreign) + sum(_units(metadata) for metadata in arrays.values())
    return CopyPlan(
        source, options, documents, arrays, old, state.hexdigest()[:32], zarr_format, version, count,
        upgrade.notes if upgrade else hierarchy.notes, foreign, read_manifest(source),
    )  # fmt: skip


class _Seen:
    """Which of the files that a manifest knows are there."""

    def __init__(self, manifest: Manifest | None) -> None:
        self._manifest = manifest or Manifest(UnitTable(()))
        self._missing = self._manifest.units.size >= 0
        self._documents = set(self._manifest.documents)

    def note(self, key: str) -> None:
        """Take note of a file that is there."""
        self._documents.discard(key)
        if (number := self._manifest.units.find(key)) is not None:
            self._missing[number] = False

    def lost(self) -> list[str]:
        """Return the keys of those that are not."""
        units = [self._manifest.units.key(int(number)) for number in np.flatnonzero(self._missing)]
        return [*sorted(self._documents), *units]


def _units(metadata: ArrayMetadata) -> int:
    return prod(-(-n // u) for n, u in zip(metadata.shape, metadata.unit, strict=True))


def _documents(
    hierarchy: Hierarchy,
    attributes: Mapping[str, dict[str, Any]],
    arrays: Mapping[str, ArrayMetadata],
    zarr_format: int,
) -> dict[str, bytes]:
    """Return all documents of the new hierarchy."""
    made = MemoryStore()
    for path, metadata in arrays.items():
        for name, document in to_documents(metadata).items():
            made.put(join(path, name), dump_json(document))
    transfer_groups(hierarchy, attributes, zarr_format, made)
    return {key: bytes(made.get(key) or b"") for key in made.list()}


def _arrays(documents: Mapping[str, bytes], source: Readable) -> Iterator[tuple[str, ArrayMetadata]]:
    """Yield the arrays that can be understood; the chunks of others are files like any others."""
    for key, data in documents.items():
        path, _, name = key.rpartition("/")
        if name not in ("zarr.json", ".zarray"):
            continue
        try:
            document = parse(data, source.url(key))
            if name == "zarr.json" and document.get("node_type") == "array":
                yield path, metadata_v3.decode(document, source.url(key))
            elif name == ".zarray" and join(path, "zarr.json") not in documents:
                yield path, metadata_v2.decode(document, {}, source.url(key))
        except (MetadataError, UnsupportedError, AttributeError):
            continue


def _version(documents: Mapping[str, bytes]) -> str:
    """Return the version of OME-Zarr that the root tells of, for the comment of an archive."""
    try:
        document = parse(documents.get("zarr.json", b"{}"), "zarr.json")
        return str(detect(document["attributes"], zarr_format=3))
    except (MetadataError, UnsupportedError, KeyError, TypeError):
        return ""


def _state(source: Readable, key: str) -> tuple[int, bytes]:
    """Return size of a file, and what tells of its change, where that costs no request."""
    info = source.head(key) if isinstance(source, LocalStore) else None
    return (info.size, info.tag.encode()) if info else (0, b"")


def _litter(key: str) -> bool:
    return _LITTER.search(key) is not None


def _places(grid: list[int]) -> Iterator[tuple[int, ...]]:
    """Yield all places of a grid in C order, none of them held."""
    if not grid:
        yield ()
        return
    for first in range(grid[0]):
        for rest in _places(grid[1:]):
            yield (first, *rest)
