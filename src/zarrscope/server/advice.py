"""What to tell somebody before the page is open: what it cannot show, or slowly, and which command helps."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from zarrscope.budget import format_size
from zarrscope.node.groups import ImageGroup
from zarrscope.node.image import Image
from zarrscope.source.zarr import ZarrSource
from zarrscope.store.keys import without_secrets
from zarrscope.store.resolve import ARCHIVES, is_remote
from zarrscope.viewer.placing import laid_over
from zarrscope.virtual.completed import AT_ONCE, plane_bytes

if TYPE_CHECKING:
    from zarrscope.source.contracts import Source
    from zarrscope.virtual.store import VirtualStore
    from zarrscope.virtual.stored import Below


def advice(source: Source, address: str, store: VirtualStore | Below) -> tuple[str, ...]:
    """Return lines for somebody who opens a source.

    Parameters
    ----------
    source : Source
        What was opened.
    address : str
        As it was given.
    store : VirtualStore or Below
        What is served of it.
    """
    node = source.node if isinstance(source, ZarrSource) else None
    where = without_secrets(address).rstrip("/")
    if isinstance(node, ImageGroup) and node.kind in ("plate", "well"):
        return (_one_field(node, where),)
    if isinstance(node, Image):
        # over a network this would be a request or more for every label image before anything is shown
        return (*_coarser(node, where, store), *(() if is_remote(address) else laid_over(node)))
    return ()


def _one_field(node: ImageGroup, where: str) -> str:
    plate, first = node.document.model.plate, node.first
    wells = f" of {len(plate.wells)} wells" if plate else ""
    told = f"{where} is a {node.kind}{wells}, which is not shown as a whole yet"
    if first is None:
        return f"{told}, and no field of it is there"
    unpacked, command = where, ""
    if where.lower().endswith(ARCHIVES):
        unpacked = f"{where.rpartition('.')[0].removesuffix('.ome.zarr').removesuffix('.zarr')}.ome.zarr"
        command = f"zarrscope copy {quote(where)} {quote(unpacked)} && "
    return f"{told}; one field: {command}zarrscope view {quote(f'{unpacked}/{first}')}"


def _coarser(image: Image, where: str, store: VirtualStore | Below) -> tuple[str, ...]:
    """Return what helps where all of a large plane has to be read to show it."""
    size = plane_bytes(image)
    if size <= AT_ONCE:
        return ()
    made = any("/" not in path for path in store.computed_levels)  # of the image, not of its labels
    added = "are computed while you look" if made else "are missed: all of it comes slowly"
    return (
        f"{where} has no level with less than {format_size(size)} a plane; coarser ones {added}. "
        f"To store them: zarrscope convert {quote(where)} NEW.ome.zarr",
    )
