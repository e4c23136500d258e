"""What to tell somebody before the page is open: what it cannot show, or slowly, and which command helps."""

from __future__ import annotations

from math import prod
from shlex import quote
from typing import TYPE_CHECKING

from zarrscope.budget import format_size
from zarrscope.node.groups import ImageGroup
from zarrscope.node.image import Image
from zarrscope.pyramid.levels import spatial_axes
from zarrscope.source.zarr import ZarrSource
from zarrscope.store.keys import without_secrets
from zarrscope.store.resolve import ARCHIVES, is_remote
from zarrscope.viewer.placing import laid_over

if TYPE_CHECKING:
    from zarrscope.source.contracts import Source

_AT_ONCE = 64 << 20
"""Bytes of a plane that are there soon enough, so that no coarser level is missed."""


def advice(source: Source, address: str) -> tuple[str, ...]:
    """Return lines for somebody who opens a source.

    Parameters
    ----------
    source : Source
        What was opened.
    address : str
        As it was given.
    """
    node = source.node if isinstance(source, ZarrSource) else None
    where = without_secrets(address).rstrip("/")
    if isinstance(node, ImageGroup) and node.kind in ("plate", "well"):
        return (_one_field(node, where),)
    if isinstance(node, Image):
        # over a network this would be a request or more for every label image before anything is shown
        return (*_coarser(node, where), *(() if is_remote(address) else laid_over(node)))
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


def _coarser(image: Image, where: str) -> tuple[str, ...]:
    """Return what helps where all of a large plane has to be read to show it."""
    if len(image.multiscale.datasets) > 1:
        return ()
    level = image.levels[0]
    plane = prod(level.shape[i] for i in spatial_axes(image.axes)[-2:]) * int(level.dtype.itemsize)
    if plane <= _AT_ONCE:
        return ()
    return (
        f"{where} has one level only, and {format_size(plane)} a plane: showing all of it is slow; "
        f"this adds coarser ones: zarrscope convert {quote(where)} NEW.ome.zarr",
    )
