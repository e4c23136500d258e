"""Opening: from an address to an image or a group of images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zarrscope.node.document import read_document
from zarrscope.node.groups import ImageGroup
from zarrscope.node.image import Image
from zarrscope.store.resolve import resolve

if TYPE_CHECKING:
    import os

    from zarrscope.store.contracts import Readable


def open_node(url: str | os.PathLike[str] | Readable, path: str = "") -> Image | ImageGroup:
    """Open an OME-Zarr. One or two documents are read, no pixels, and nothing is listed.

    Parameters
    ----------
    url : str, path-like or Readable
        A folder, ``file:``, ``http://`` or ``https://`` address, or a store.
    path : str
        Of the image within it.

    Returns
    -------
    Image or ImageGroup
        An image (or label image), else a collection, plate, well or list of labels.

    Raises
    ------
    NotFoundError
        Nothing stands there.
    UnsupportedError
        It is no OME-Zarr.
    MetadataError
        Its document is broken beyond use.
    """
    document = read_document(resolve(url), path)
    return Image(document) if document.model.kind in ("image", "label") else ImageGroup(document)
