"""Files put back from a copy, and a manifest made anew: what verification does where it is asked to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xxhash import xxh3_64

from zarrscope.errors import CorruptDataError, NotFoundError
from zarrscope.ledger.folder import MANIFEST as PLACE
from zarrscope.ledger.folder import found_group, stale_levels, told_by
from zarrscope.ledger.inventory import pieces
from zarrscope.ledger.manifest import write_manifest
from zarrscope.ledger.record import now
from zarrscope.store.contracts import Listable

if TYPE_CHECKING:
    from zarrscope.ledger.manifest import Manifest
    from zarrscope.ledger.table import Entry
    from zarrscope.store.contracts import Readable, Writable


def put_back(store: Writable, copy: Readable, key: str, expected: Entry | None = None) -> None:
    """Replace one value by that of a copy: whole, at once, and durably.

    Parameters
    ----------
    store : Writable
        Where it is wrong.
    copy : Readable
        Where it is right.
    key : str
        Its key in both.
    expected : Entry, optional
        What it has to be; a copy that holds something else is not taken.

    Raises
    ------
    NotFoundError, CorruptDataError
        The copy does not have it, or has something else; nothing was changed.
    """
    info = copy.head(key)
    if info is None:
        raise NotFoundError(f"{copy.url(key)}: it is not in the copy either")
    upload, hashed, size = store.create(key), xxh3_64(), 0
    try:
        for piece in pieces(copy, key, info.size):
            upload.write(piece)
            hashed.update(piece)
            size += len(piece)
        right = expected is None or (size, hashed.intdigest()) == (expected.size, expected.checksum)
        if size != info.size or not right:
            raise CorruptDataError(f"{copy.url(key)} is not what the manifest knows; it was not taken over")
        upload.commit()
    finally:
        upload.abort()
    store.sync([key])


def replace_manifest(store: Writable, manifest: Manifest, zarr_format: int) -> None:
    """Write a manifest instead of the old one, and note in the record of the run when that was.

    Parameters
    ----------
    store : Writable
        Holds the hierarchy (or, of an archive, what lies beside it).
    manifest : Manifest
        What stands there.
    zarr_format : int
        Of the hierarchy, 2 or 3.
    """
    told = {"state": "finished", **told_by(store), "accepted": now()}
    if stale := stale_levels(store)[0]:
        told["stale"] = stale  # it is accepted as it stands, but made of the finer levels it is not
    told.pop("updates", None)
    if isinstance(store, Listable):
        # The group first: without it there is no manifest, and never a mixture of two.
        names = (f"{PLACE}/zarr.json", f"{PLACE}/.zgroup", f"{PLACE}/.zattrs")
        for key in (*names, *list(store.list(f"{PLACE}/"))):
            store.delete(key)
    keys = write_manifest(store, manifest, zarr_format)
    keys += found_group(store, zarr_format, told)
    store.sync(keys)
