"""From one version of OME-Zarr to another: documents alone where Zarr stays, else a new hierarchy."""

from __future__ import annotations

import os
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
from zarrscope.errors import AccessError, ArgumentError, UnsupportedError
from zarrscope.node.open import open_node
from zarrscope.spec.versions import zarr_format_of
from zarrscope.store.contracts import Writable
from zarrscope.store.local import LocalStore
from zarrscope.store.resolve import resolve, resolve_writable
from zarrscope.store.staging import staging_of
from zarrscope.write.destination import Destination
from zarrscope.write.replace import apply, keep

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
        _write_anew(plan, resolve_writable(out), overwrite, workers, progress)
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
    kept = {key: data for part in plan.hierarchy.parts for key, data in old_documents(part, store)}
    _write_anew(plan, store, True, workers, progress)
    keep(store, kept, plan.folder, zarr_format_of(plan.version))


def _write_anew(
    plan: UpgradePlan,
    store: Writable,
    overwrite: bool,
    workers: int | None,
    progress: Callable[[int], None] | None,
) -> None:
    hierarchy = plan.hierarchy
    arrays = plan.arrays or {array.path: array.metadata for array in hierarchy.arrays}
    attributes = plan.attributes or {part.path: dict(part.group.attributes) for part in hierarchy.parts}
    with Destination(store, overwrite=overwrite) as place:
        transfer_foreign(hierarchy, place.store, OURS)
        transfer_arrays(hierarchy, arrays, place.store, workers, progress)
        transfer_groups(hierarchy, attributes, zarr_format_of(plan.version), place.store)
