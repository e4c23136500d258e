"""Opening: from an address to an image or a group of images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zarrscope.errors import MetadataError, NotFoundError, UnsupportedError
from zarrscope.ledger.strict import strict
from zarrscope.ledger.unfinished import refuse_unfinished
from zarrscope.node.document import read_document
from zarrscope.node.groups import ImageGroup
from zarrscope.node.image import Image
from zarrscope.node.scene import Scene
from zarrscope.store.bounds import document
from zarrscope.store.keys import join
from zarrscope.store.resolve import resolve

if TYPE_CHECKING:
    import os

    from zarrscope.store.contracts import Readable


def open_node(url: str | os.PathLike[str] | Readable, path: str = "") -> Image | ImageGroup:
    """Open an OME-Zarr. One or two documents are read, no pixels, and nothing is listed.

    Where the manifest of a hierarchy says that a chunk must be there, reading it fails if it is not.

    Parameters
    ----------
    url : str, path-like or Readable
        A folder or zip archive (``.zip``, ``.ozx``), a ``file:``, ``http://`` or ``https://`` address, or a
        store.
    path : str
        Of the image within it.

    Returns
    -------
    Image or ImageGroup
        An image (or label image), else a collection, plate, well, list of labels or scene (``Scene``).

    Raises
    ------
    NotFoundError
        Nothing stands there.
    IncompleteError
        What stands there is an unfinished run.
    UnsupportedError
        It is no OME-Zarr.
    MetadataError
        Its document is broken beyond use.
    """
    store = strict(resolve(url))
    try:
        document = read_document(store, path)
    except NotFoundError:
        _explain_absence(store, path)
        raise
    if document.model.kind in ("image", "label"):
        return Image(document)
    return ImageGroup(document) if document.model.scene is None else Scene(document)


def _explain_absence(store: Readable, path: str) -> None:
    """Raise a more helpful error where something else than a group stands there."""
    refuse_unfinished(store)
    names = [join(path, name) for name in ("zarr.json", ".zarray", ".zattrs")]
    zarr, zarray, zattrs = store.get_many([document(name) for name in names])
    if zarray is not None or zarr is not None:
        raise UnsupportedError(f"{store.url(path)} is a Zarr array, not an image; open the group above it")
    if zattrs is not None:
        raise MetadataError(
            f'{store.url(path)}: .zgroup is missing beside .zattrs; write {{"zarr_format": 2}} into it'
        )
