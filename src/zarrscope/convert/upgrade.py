"""From one version of OME-Zarr to another: documents alone where Zarr stays, else a new hierarchy."""

from __future__ import annotations

import os
from hashlib import blake2b
from typing import TYPE_CHECKING

from zarrscope.convert.rewrite import changes
from zarrscope.convert.run import check_apart
from zarrscope.convert.transfer import (
    old_documents,
    transfer_arrays,
    transfer_foreign,
    transfer_groups,
)
from zarrscope.convert.upgrade_plan import OURS, UpgradePlan, plan_upgrade
from zarrscope.errors import AccessError, ArgumentError, ConflictError, UnsupportedError
from zarrscope.node.open import open_node
from zarrscope.spec.versions import zarr_format_of
from zarrscope.store.contracts import Listable, Writable
from zarrscope.store.keys import join
from zarrscope.store.local import LocalStore
from zarrscope.store.resolve import resolve, resolve_writable
from zarrscope.store.staging import staging_of, unlisted_link
from zarrscope.write.destination import Destination, Job
from zarrscope.write.replace import apply

if TYPE_CHECKING:
    from collections.abc import Callable

    from zarrscope.node.groups import ImageGroup
    from zarrscope.node.image import Image
    from zarrscope.store.contracts import Readable


def upgrade(
    url: str | os.PathLike[str] | Writable,
    *,
    to: str | None = None,
    out: str | os.PathLike[str] | Writable | None = None,
    in_place: bool = False,
    overwrite: bool = False,
    workers: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> Image | ImageGroup:
    """Bring an OME-Zarr to another version: images, labels, plates and collections as a whole.

    Between versions on the same Zarr format (0.1 to 0.4, and from 0.5 on) documents are rewritten where they
    stand. From Zarr 2 to 3 pixels have to be written anew, to ``out`` or ``in_place``.

    Parameters
    ----------
    url : str, path-like or Writable
        Root of the OME-Zarr.
    to : str, optional
        Version; the newest by default.
    out : str, path-like or Writable, optional
        Write a new hierarchy there and leave the old one as it is.
    in_place : bool
        Let a new hierarchy take the place of the old one once it is complete; the disk has to hold both.
    overwrite : bool
        Replace a Zarr that stands at ``out``.
    workers : int, optional
        Threads; as many as processors by default.
    progress : callable, optional
        Receives the number of pixels of each piece once it is stored.

    Returns
    -------
    Image or ImageGroup
        The result, open for reading; what was there if it has that version already.

    Raises
    ------
    ArgumentError
        Pixels have to be written anew, and neither ``out`` nor ``in_place`` says where.
    UnsupportedError, MetadataError
        The version cannot hold it, or a document is broken; nothing was changed.
    AccessError, StoreError, CorruptDataError
        It failed midway; the old hierarchy is as it was.
    """
    plan = plan_upgrade(url, to)
    run_upgrade(plan, out=out, in_place=in_place, overwrite=overwrite, workers=workers, progress=progress)
    return open_node(plan.store if out is None else resolve(out))


def run_upgrade(
    plan: UpgradePlan,
    *,
    out: str | os.PathLike[str] | Writable | None = None,
    in_place: bool = False,
    overwrite: bool = False,
    workers: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> None:
    """Carry out a plan.

    Parameters
    ----------
    plan : UpgradePlan
        What to do.
    out, in_place, overwrite, workers, progress
        See ``upgrade``.
    """
    if out is not None and in_place:
        raise ArgumentError(
            "a new hierarchy either goes elsewhere or takes the place of the old one; choose one"
        )
    if plan.obstacles:
        more = f" (and {len(plan.obstacles) - 1} more; --dry-run lists them)" if plan.obstacles[1:] else ""
        raise UnsupportedError(f"{plan.obstacles[0]}{more}; nothing was changed")
    if out is not None:
        if isinstance(plan.store, LocalStore) and isinstance(out, str | os.PathLike):
            check_apart(plan.store.root, out)
        with Destination(resolve_writable(out), _job(plan), overwrite=overwrite) as place:
            _write_anew(plan, place.store, workers, progress)
    elif plan.copying:
        _replace(plan, in_place, workers, progress)
    elif plan.changed:
        store = _writable(plan.store)
        todo = changes(store, plan.hierarchy.parts, plan.changed)
        apply(store, todo, plan.folder, plan.hierarchy.root.group.zarr_format)


def _writable(store: Readable) -> Writable:
    if not isinstance(store, Writable):
        raise AccessError(f"{store.url()} can only be read; write the upgraded one elsewhere (--out, out=)")
    return store


def _replace(
    plan: UpgradePlan, in_place: bool, workers: int | None, progress: Callable[[int], None] | None
) -> None:
    """Write a new hierarchy beside the old one, which it replaces once it is complete."""
    if not in_place:
        raise ArgumentError(
            f"{plan.store.url()}: from {plan.before} to {plan.version} pixels are written anew; say where "
            "with --out (out=), or let the new one replace this one with --in-place (in_place=True)"
        )
    store = _writable(plan.store)
    if not isinstance(store, LocalStore) or staging_of(store) is None:
        raise AccessError(f"{store.url()}: nothing can be built beside it; write elsewhere (--out, out=)")
    _check_replaceable(plan, store)
    kept = {key: data for part in plan.hierarchy.parts for key, data in old_documents(part, store)}
    before = _states(store)
    with Destination(store, _job(plan), overwrite=True) as place:
        _write_anew(plan, place.store, workers, progress)
        for key, data in kept.items():
            place.store.put(join(plan.folder, key), data)
        if isinstance(place.store, Listable):
            place.store.sync(place.store.list())  # the old one is removed: the new one has to be on the disk
        if _states(store) != before:
            raise ConflictError(f"{store.url()} was changed by someone else meanwhile; run it again")


def _job(plan: UpgradePlan) -> Job:
    """Return what writing the new hierarchy comes to."""
    arrays = plan.arrays or {array.path: array.metadata for array in plan.hierarchy.arrays}
    return Job(tuple(arrays.items()), zarr_format_of(plan.version))


def _check_replaceable(plan: UpgradePlan, store: LocalStore) -> None:
    """Refuse a hierarchy of which something would be lost, or that others could no longer read."""
    link = unlisted_link(store)
    if link is not None:
        raise AccessError(
            f"{link} is a link that a new hierarchy would not have; put in its place what it leads to, "
            "or write elsewhere (--out, out=)"
        )
    old = plan.hierarchy.root.group.zarr_format
    above = LocalStore(store.root.parent)
    mark = "zarr.json" if old == 3 else ".zgroup"
    if zarr_format_of(plan.version) != old and above.head(mark) is not None:
        raise ArgumentError(
            f"{store.url()} is part of the Zarr {old} hierarchy in {above.url()}, whose readers would not "
            "find it any more; upgrade that one, or write elsewhere (--out, out=)"
        )


def _states(store: LocalStore) -> bytes:
    """Return a digest of all keys and tags; of millions of chunks nothing else is held."""
    digest = blake2b()
    for key in store.list():
        if info := store.head(key):
            digest.update(f"{key}\0{info.tag}\0".encode("utf-8", "surrogateescape"))
    return digest.digest()


def _write_anew(
    plan: UpgradePlan, target: Writable, workers: int | None, progress: Callable[[int], None] | None
) -> None:
    hierarchy = plan.hierarchy
    arrays = plan.arrays or {array.path: array.metadata for array in hierarchy.arrays}
    attributes = plan.attributes or {part.path: dict(part.group.attributes) for part in hierarchy.parts}
    transfer_foreign(hierarchy, target, OURS)
    transfer_arrays(hierarchy, arrays, target, workers, progress)
    transfer_groups(hierarchy, attributes, zarr_format_of(plan.version), target)
