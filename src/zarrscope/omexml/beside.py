"""The OME-XML that stands beside images: the source's own where it tells the truth, else one made anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zarrscope.errors import MetadataError, UnsupportedError
from zarrscope.omexml.read import read
from zarrscope.omexml.write import metadata_only, write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zarrscope.omexml.schema import OME
    from zarrscope.omexml.write import ImageEntry


def beside(own: str | None, images: Sequence[ImageEntry]) -> str | None:
    """Return the OME-XML for a collection of images.

    Parameters
    ----------
    own : str, optional
        What the source says; taken where it has these images, each of these sizes.
    images : sequence of ImageEntry
        In the order of their series.

    Returns
    -------
    str or None
        None where OME-XML cannot say it: it has no 64-bit integers, for example.
    """
    if own is not None:
        try:
            if _agrees(read(own, file="OME-XML"), images):
                return metadata_only(own)
        except (MetadataError, UnsupportedError):
            pass  # what is known of the images is still good
    try:
        return write(images)
    except UnsupportedError:
        return None


def _agrees(ome: OME, images: Sequence[ImageEntry]) -> bool:
    """Return whether an OME-XML has these images, each of these sizes."""
    if len(ome.images) != len(images):
        return False
    for image, entry in zip(ome.images, images, strict=True):
        sizes = dict(zip([axis.name for axis in entry.description.axes], entry.shape, strict=True))
        if any(sizes.get(name.lower(), 1) != size for name, size in image.pixels.sizes.items()):
            return False
    return True
