"""What stands in a finished hierarchy: size and checksum of every unit and every document.

Form: the group ``.zarrscope/manifest``. Its attribute ``zarrscope`` holds ``algorithm`` (of all
checksums), ``arrays`` (a text each: path, prefix and separator of the keys, grid, with tabs between them;
units are numbered array by array in C order) and ``documents`` (key: "size checksum", the latter in
hexadecimal). The arrays ``size`` (int64; -1: absent by design, -2: not known) and ``checksum`` (uint64)
below it have one entry a unit.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from zarrscope.array.describe import describe, to_documents
from zarrscope.array.group import Group, decode_group, write_group
from zarrscope.array.open import create_array, open_array
from zarrscope.array.presets import preset
from zarrscope.errors import CorruptDataError, MetadataError, NotFoundError, UnsupportedError
from zarrscope.ledger.checksum import ALGORITHM
from zarrscope.ledger.folder import MANIFEST as PLACE
from zarrscope.ledger.folder import read_ours
from zarrscope.ledger.table import Entry, UnitTable
from zarrscope.store.keys import join
from zarrscope.types import Region

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from zarrscope.store.contracts import Readable, Writable

_CHUNK = 1 << 18
_ARRAYS = ("size", "checksum")


@dataclass
class Manifest:
    """Units and documents of a hierarchy.

    Parameters
    ----------
    units : UnitTable
        Every write unit of every array.
    documents : dict
        Every other value, by key.
    """

    units: UnitTable
    documents: dict[str, Entry] = field(default_factory=dict)

    def entry(self, key: str) -> Entry | None:
        """Return what is said of a key; None where the hierarchy has no such key."""
        if (found := self.documents.get(key)) is not None:
            return found
        number = self.units.find(key)
        return None if number is None else self._unit(number)

    def __iter__(self) -> Iterator[tuple[str, Entry]]:
        """Yield every key with what is said of it: documents, then units array by array."""
        yield from sorted(self.documents.items())
        for number in range(len(self.units)):
            yield self.units.key(number), self._unit(number)

    def _unit(self, number: int) -> Entry:
        return Entry(int(self.units.size[number]), int(self.units.sums[number]))


def write_manifest(store: Writable, manifest: Manifest, zarr_format: int) -> list[str]:
    """Write a manifest, and return the keys that were written.

    Parameters
    ----------
    store : Writable
        Holds the hierarchy (or, of an archive, what lies beside it).
    manifest : Manifest
        What to write.
    zarr_format : int
        Of the hierarchy, 2 or 3.
    """
    keys = []
    columns = zip(_ARRAYS, (manifest.units.size, manifest.units.sums), strict=True)
    for name, values in columns:
        chunk = (max(1, min(_CHUNK, len(values))),)
        codecs = preset("default", values.dtype, chunk, zarr_format=zarr_format)
        metadata = describe(values.shape, values.dtype, chunk, codecs=codecs, zarr_format=zarr_format)
        array = create_array(store, join(PLACE, name), metadata)
        if len(values):
            array.write(Region.whole(values.shape), values)
        keys += [join(PLACE, name, one) for one in to_documents(metadata)]
        keys += [array.key((i,)) for i in range(-(-len(values) // chunk[0]))]
    told = {
        "algorithm": ALGORITHM,
        "arrays": manifest.units.describe(),
        "documents": {key: str(entry) for key, entry in sorted(manifest.documents.items())},
    }
    write_group(store, PLACE, Group(zarr_format, {"zarrscope": told}))
    return [
        *keys,
        *(join(PLACE, n) for n in (("zarr.json",) if zarr_format == 3 else (".zgroup", ".zattrs"))),
    ]


def read_manifest(store: Readable) -> Manifest | None:
    """Return the manifest of a hierarchy; None where it has none.

    Raises
    ------
    MetadataError, CorruptDataError
        It is damaged; ``zarrscope verify --accept`` makes a new one of what stands there.
    """
    group = _group(store)
    if group is None:
        return None
    place = store.url(PLACE)
    try:
        told: Mapping[str, Any] = group.attributes["zarrscope"]
        if told["algorithm"] != ALGORITHM:
            raise UnsupportedError(f"{place}: checksums of kind {told['algorithm']!r:.40} are not known here")
        manifest = Manifest(UnitTable.described(told["arrays"]))
        for key, text in told["documents"].items():
            manifest.documents[key] = Entry.parse(text)
        for name, values in zip(_ARRAYS, (manifest.units.size, manifest.units.sums), strict=True):
            array = open_array(store, join(PLACE, name), group.zarr_format)
            if array.shape != values.shape or array.dtype != values.dtype:
                raise ValueError(f"{name} is {array.shape} {array.dtype}, not {values.shape} {values.dtype}")
            _read_whole(array, values)
    except (KeyError, TypeError, ValueError, AttributeError, NotFoundError) as error:
        if isinstance(error, CorruptDataError):
            raise
        raise MetadataError(f"{place}: the manifest is damaged ({error}); 'zarrscope verify --accept' "
                            "makes a new one of what stands there") from error  # fmt: skip
    return manifest


def read_table(store: Readable) -> UnitTable | None:
    """Return which units a manifest knows, none of their sizes; None where there is no manifest.

    Raises
    ------
    MetadataError
        It is damaged.
    """
    group = _group(store)
    try:
        return None if group is None else UnitTable.described(group.attributes["zarrscope"]["arrays"])
    except (KeyError, TypeError, ValueError) as error:
        raise MetadataError(f"{store.url(PLACE)}: the manifest is damaged ({error})") from error


def _group(store: Readable) -> Group | None:
    """Return the group of the manifest; None where there is none."""
    document = read_ours(store, join(PLACE, "zarr.json"))
    if document is not None:
        return decode_group(document, store.url(join(PLACE, "zarr.json")))
    if store.head(join(PLACE, ".zgroup")) is None:
        return None
    attributes = read_ours(store, join(PLACE, ".zattrs"))
    if not isinstance(attributes, dict):
        raise MetadataError(f"{store.url(PLACE)}: the manifest is damaged: it has no attributes")
    return Group(2, attributes)


def _read_whole(array: Any, values: Any) -> None:
    """Read all entries; a part of a manifest that is gone is damage, not "nothing known"."""
    for number in range(-(-len(values) // array.chunks[0])):
        if array.store.head(array.key((number,))) is None:
            raise ValueError(f"{array.key((number,))} is missing")
    array.read(Region.whole(values.shape), np.asarray(values))
