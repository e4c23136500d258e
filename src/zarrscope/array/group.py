"""Groups: their documents and attributes. Consolidated metadata is left alone and never relied on.

Sources: Zarr v3 core, "Group metadata"; Zarr v2, "Groups".
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from zarrscope.array.open import parse, read_attributes
from zarrscope.documents import dump_json
from zarrscope.errors import MetadataError, NotFoundError
from zarrscope.store.bounds import document as request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zarrscope.store.contracts import Readable, Writable


@dataclass(frozen=True)
class Group:
    """What the document of a group says.

    Parameters
    ----------
    zarr_format : int
        2 or 3.
    attributes : mapping
        User attributes.
    extra : mapping
        Other members of a v3 document (such as ``consolidated_metadata``).
    notes : tuple of str
        What was odd about it when it was read.
    """

    zarr_format: int
    attributes: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def read_group(store: Readable, path: str = "", zarr_format: int | None = None) -> Group:
    """Return the group at a path; version 3 where both are there.

    Raises
    ------
    NotFoundError
        If there is no group.
    MetadataError
        If its document is wrong.
    """
    prefix = f"{path}/" if path else ""
    names = [name for name, version in (("zarr.json", 3), (".zgroup", 2)) if zarr_format in (None, version)]
    found = dict(zip(names, store.get_many([request(prefix + name) for name in names]), strict=True))
    if (data := found.get("zarr.json")) is not None:
        document = parse(data, store.url(f"{prefix}zarr.json"))
        if not isinstance(document, dict) or document.get("node_type") != "array":
            group = decode_group(document, store.url(f"{prefix}zarr.json"))
            both = found.get(".zgroup") is not None
            note = f"{store.url(path)} has both zarr.json and .zgroup; zarr.json is used"
            return replace(group, notes=(note,)) if both else group
    if (data := found.get(".zgroup")) is not None:
        file = store.url(f"{prefix}.zgroup")
        document = parse(data, file)
        if not isinstance(document, dict) or document.get("zarr_format") != 2:
            raise MetadataError(f"{file}: zarr_format must be 2")
        return Group(2, read_attributes(store, f"{prefix}.zattrs"))
    raise NotFoundError(f"{store.url(path)}: there is no group here (no {' or '.join(names)} of one)")


def decode_group(document: Any, file: str = "zarr.json") -> Group:
    """Return what a parsed ``zarr.json`` of a group says."""
    if (
        not isinstance(document, dict)
        or document.get("zarr_format") != 3
        or document.get("node_type") != "group"
    ):
        raise MetadataError(f"{file}: zarr_format must be 3 and node_type 'group'")
    attributes = document.get("attributes", {})
    if not isinstance(attributes, dict):
        raise MetadataError(f"{file}: attributes must be an object")
    ours = {"zarr_format", "node_type", "attributes"}
    return Group(3, attributes, {name: value for name, value in document.items() if name not in ours})


def write_group(store: Writable, path: str, group: Group, if_tag: str | None = None) -> None:
    """Write the documents of a group.

    Parameters
    ----------
    store, path
        Where.
    group : Group
        What; ``extra`` is written in version 3 only.
    if_tag : str, optional
        Write the document that holds the attributes only over this state of it.
    """
    prefix = f"{path}/" if path else ""
    if group.zarr_format == 3:
        document = {
            "zarr_format": 3,
            "node_type": "group",
            "attributes": dict(group.attributes),
            **group.extra,
        }
        store.put(f"{prefix}zarr.json", dump_json(document), if_tag)
        return
    store.put(f"{prefix}.zgroup", dump_json({"zarr_format": 2}))
    if group.attributes or if_tag is not None:
        store.put(f"{prefix}.zattrs", dump_json(dict(group.attributes)), if_tag)
