"""Arrays in a store: found by their documents, made by writing them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zarrscope.array import metadata_v2, metadata_v3
from zarrscope.array.chunked import ChunkedArray
from zarrscope.array.describe import to_documents
from zarrscope.documents import dump_json, safe_json
from zarrscope.errors import MetadataError, NotFoundError
from zarrscope.store.bounds import DOCUMENT, document

if TYPE_CHECKING:
    from zarrscope.array.metadata import ArrayMetadata
    from zarrscope.store.contracts import Buffer, Readable, Writable


def open_array(store: Readable, path: str = "", zarr_format: int | None = None) -> ChunkedArray:
    """Return the array at a path; nothing is listed and no chunk is read.

    Parameters
    ----------
    store : Readable
        Where the bytes lie.
    path : str
        Key of the array's folder.
    zarr_format : int, optional
        Look for this version alone. Where both are there, 3 is taken and ``notes`` says so.

    Raises
    ------
    NotFoundError
        If there is no array.
    MetadataError, UnsupportedError
        If its document is wrong, or says something that cannot be read here.
    """
    prefix = f"{path}/" if path else ""
    names = [name for name, version in (("zarr.json", 3), (".zarray", 2)) if zarr_format in (None, version)]
    found = dict(zip(names, store.get_many([document(prefix + name) for name in names]), strict=True))
    if (data := found.get("zarr.json")) is not None:
        file = store.url(f"{prefix}zarr.json")
        value = parse(data, file)
        if not isinstance(value, dict) or value.get("node_type") != "group":
            notes = (f"{store.url(path)} has both zarr.json and .zarray; zarr.json is used",)
            both = found.get(".zarray") is not None
            return ChunkedArray(store, path, metadata_v3.decode(value, file), notes if both else ())
    if (data := found.get(".zarray")) is not None:
        file = store.url(f"{prefix}.zarray")
        attributes = read_attributes(store, f"{prefix}.zattrs")
        return ChunkedArray(store, path, metadata_v2.decode(parse(data, file), attributes, file))
    raise NotFoundError(f"{store.url(path)}: there is no array here (no {' or '.join(names)} of one)")


def create_array(store: Writable, path: str, metadata: ArrayMetadata) -> ChunkedArray:
    """Write the documents of an array and return it; what is there already is replaced."""
    array = ChunkedArray(store, path, metadata)
    for name, value in to_documents(metadata).items():
        store.put(f"{path}/{name}" if path else name, dump_json(value))
    return array


def read_attributes(store: Readable, key: str) -> dict[str, Any]:
    """Return the attributes of a ``.zattrs``; none where it is absent."""
    data = store.get(key, DOCUMENT)
    if data is None:
        return {}
    attributes = parse(data, store.url(key))
    if not isinstance(attributes, dict):
        raise MetadataError(f"{store.url(key)}: attributes must be an object")
    return attributes


def parse(data: Buffer, file: str) -> Any:
    """Return a document as what the published examples make it: bare NaN and comment lines are read."""
    return safe_json(bytes(data), file=file, allow_nan=True, comments=True)
