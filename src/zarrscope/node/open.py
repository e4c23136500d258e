"""Opening: from an address to an image or a group of images."""

from __future__ import annotations

from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING

from zarrscope.errors import MetadataError, NotFoundError, UnsupportedError, ZarrscopeError
from zarrscope.ledger.strict import strict
from zarrscope.ledger.unfinished import refuse_unfinished
from zarrscope.node.document import NoMetadataError, read_document
from zarrscope.node.groups import ImageGroup
from zarrscope.node.image import Image
from zarrscope.node.scene import Scene
from zarrscope.store.bounds import document
from zarrscope.store.contracts import Listable
from zarrscope.store.keys import join
from zarrscope.store.resolve import resolve

if TYPE_CHECKING:
    import os

    from zarrscope.store.contracts import Readable

_LISTED, _READ = 5000, 50
"""Keys and documents that are looked at to name an image in an error."""


def open_node(url: str | os.PathLike[str] | Readable, path: str = "") -> Image | ImageGroup:
    """Open an OME-Zarr. One or two documents are read, no pixels, and nothing is listed.

    Only of a group that says nothing it is looked up what lies below it, to name an image in the error.

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
    except NoMetadataError as error:
        if (found := _image_below(store, path)) is None:
            raise
        raise NoMetadataError(f"{error}, such as {store.url(found)}") from None
    if document.model.kind in ("image", "label"):
        return Image(document)
    return ImageGroup(document) if document.model.scene is None else Scene(document)


def _image_below(store: Readable, path: str) -> str | None:
    """Return the path of an image below a group, as far as one is found soon."""
    if not isinstance(store, Listable):
        return None
    keys = islice(store.list(f"{path}/" if path else ""), _LISTED)
    documents = (key.rpartition("/") for key in keys if key.endswith(("/.zattrs", "/zarr.json")))
    for below, _, _ in islice(documents, _READ):
        with suppress(ZarrscopeError):
            if "labels" not in below.split("/") and read_document(store, below).model.kind != "label":
                return below
    return None


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
