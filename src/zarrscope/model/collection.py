"""Several images in one hierarchy: the layout that bioformats2raw introduced."""

from __future__ import annotations

from dataclasses import dataclass

LAYOUT = 3
"""The one value of ``bioformats2raw.layout`` that the specification knows."""

SERIES_GROUP = "OME"
"""Group below the root that lists the images and may hold ``METADATA.ome.xml``."""


@dataclass(frozen=True, slots=True)
class Collection:
    """What a document says of several images (section ``bf2raw`` of the specification).

    Parameters
    ----------
    layout : int, optional
        Stands in the root group: 3.
    series : tuple of str, optional
        Stands in the group ``OME``: paths of the images relative to the root, in the order of the
        OME-XML. Where nobody says it, the images are ``0``, ``1``, ``2`` and so on.
    """

    layout: int | None = None
    series: tuple[str, ...] | None = None
