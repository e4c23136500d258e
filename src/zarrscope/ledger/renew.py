"""Keeping the manifest true when documents of a finished hierarchy are changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zarrscope.documents import dump_json
from zarrscope.errors import ConflictError, MetadataError
from zarrscope.ledger.checksum import checksum
from zarrscope.ledger.entry import Entry
from zarrscope.ledger.folder import MANIFEST as PLACE
from zarrscope.ledger.folder import is_ours, parse_ours
from zarrscope.store.keys import join

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zarrscope.store.contracts import Writable

_TRIES = 20


def renew_documents(store: Writable, changed: Mapping[str, bytes | None]) -> None:
    """Write down size and checksum of documents that were changed; nothing where there is no manifest.

    Parameters
    ----------
    store : Writable
        Holds the hierarchy.
    changed : mapping
        New values by key; None where one was removed.

    Raises
    ------
    ConflictError
        Others change the manifest all the time.
    """
    todo = {key: data for key, data in changed.items() if not is_ours(key)}
    for name in ("zarr.json", ".zattrs"):
        key = join(PLACE, name)
        for _ in range(_TRIES):
            info = store.head(key)
            data = store.get(key) if info and todo else None
            if info is None or data is None:
                break
            try:
                store.put(
                    key,
                    dump_json(_renewed(parse_ours(data, store.url(key)), name, todo)),
                    info.tag,
                )
            except ConflictError:
                continue
            except (MetadataError, KeyError, TypeError, AttributeError):
                return  # a damaged one is for ``verify`` to tell of
            store.sync([key])
            return
        else:
            raise ConflictError(f"{store.url(key)} is changed by others all the time; try again")


def _renewed(
    document: dict[str, dict[str, dict[str, object]]], name: str, todo: Mapping[str, bytes | None]
) -> object:
    told = (document["attributes"] if name == "zarr.json" else document)["zarrscope"]
    documents = told["documents"]
    if not isinstance(documents, dict):
        raise TypeError("documents")
    for key, data in todo.items():
        if data is None:
            documents.pop(key, None)
        else:
            documents[key] = str(Entry(len(data), checksum(data)))
    return document
