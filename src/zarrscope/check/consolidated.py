"""Consolidated metadata: a copy of all documents in one, which is of use only while it is true."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from zarrscope.check import rules
from zarrscope.check.documents import is_key
from zarrscope.check.rules import problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from zarrscope.check.documents import Documents
    from zarrscope.report import Problem

FILE_V2 = ".zmetadata"
_SHOWN = 10


def consolidated(documents: Documents, zarr_format: int) -> Mapping[str, Any] | None:
    """Return the copies by key, None where the hierarchy has none."""
    key = "zarr.json" if zarr_format == 3 else FILE_V2
    parsed = documents.texts([key])[0]
    value = parsed.value if parsed is not None else None
    if zarr_format == 3 and isinstance(value, dict):
        value = value.get("consolidated_metadata")
    copies = value.get("metadata") if isinstance(value, dict) else None
    if not isinstance(copies, dict):
        return None
    if zarr_format == 3:
        return {f"{path}/zarr.json" if path else "zarr.json": copy for path, copy in copies.items()}
    return copies


def judge_consolidated(
    copies: Mapping[str, Any], documents: Documents, zarr_format: int, version: str
) -> Iterator[Problem]:
    """Yield where the copies differ from the documents. Those that were not read yet are read.

    Parameters
    ----------
    copies : mapping
        Documents by key, as the consolidated metadata has them.
    documents : Documents
        Where the true ones are; ``kept`` holds those that were read.
    zarr_format : int
        2 or 3.
    version : str
        Of OME-Zarr.
    """
    kept = documents.kept or {}
    documents.texts([key for key in copies if key not in kept and is_key(key)])
    file = "zarr.json" if zarr_format == 3 else FILE_V2
    faults = []
    for key, copy in copies.items():
        if key in documents.refused or (key not in kept and not copy):
            continue  # attributes that nobody wrote are the same as none
        if key not in kept:
            faults.append((key, f"{key} is not there any more"))
        elif _plain(copy) != _plain(kept[key]):
            faults.append((key, f"{key} has changed since"))
    names = ("zarr.json",) if zarr_format == 3 else (".zarray", ".zattrs", ".zgroup")
    own = [key for key in kept if key not in copies and key.rpartition("/")[2] in names]
    faults += [(key, f"{key} is missing") for key in own if key != "zarr.json"]
    hint = "consolidate the metadata again, or delete the copy"
    for key, message in faults[:_SHOWN]:
        yield problem(rules.CONSOLIDATED, version, file, _pointer(key, zarr_format), message, hint)
    if len(faults) > _SHOWN:
        message = f"{len(faults) - _SHOWN} more documents differ from their copies"
        yield problem(rules.CONSOLIDATED, version, file, "", message, hint)


def _pointer(key: str, zarr_format: int) -> str:
    name = key.removesuffix("/zarr.json") if zarr_format == 3 else key
    start = "/consolidated_metadata/metadata/" if zarr_format == 3 else "/metadata/"
    return start + name.replace("~", "~0").replace("/", "~1")


def _plain(value: Any) -> str:
    """Return a document without what need not be written, as text: NaN is equal to itself then."""
    if isinstance(value, dict):
        value = {k: v for k, v in value.items() if k != "consolidated_metadata" and v not in ({}, [], None)}
        encoding = value.get("chunk_key_encoding")
        name = encoding.get("name") if isinstance(encoding, dict) else encoding
        for usual, separator in (("default", "/"), ("v2", ".")):
            if name == usual and encoding in (
                name, {"name": name}, {"name": name, "configuration": {"separator": separator}},
            ):  # fmt: skip
                value["chunk_key_encoding"] = name
        if value.get("dimension_separator") == ".":
            del value["dimension_separator"]
    return json.dumps(value, sort_keys=True)
