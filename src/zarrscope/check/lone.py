"""One document alone: a ``zarr.json``, a ``.zattrs``, or a file with nothing but the attributes."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from zarrscope.check import rules
from zarrscope.check.documents import Document, Parsed, parse
from zarrscope.check.rules import problem
from zarrscope.errors import NotFoundError
from zarrscope.store.bounds import DOCUMENT
from zarrscope.store.local import LocalStore
from zarrscope.store.resolve import is_remote, local_path, resolve

if TYPE_CHECKING:
    from zarrscope.check.validation import Validation
    from zarrscope.store.contracts import Readable

_ENDS = (".json", ".zattrs")


def document_at(url: str | os.PathLike[str] | Readable) -> tuple[Readable, str] | None:
    """Return store and key where an address is that of one document, None where it is that of a hierarchy."""
    if not isinstance(url, str | os.PathLike):
        return None
    text = os.fspath(url)
    if not text.endswith(_ENDS):
        return None
    if is_remote(text):
        base, _, name = text.rpartition("/")
        return resolve(base), name
    path = os.path.abspath(local_path(text))  # noqa: PTH100
    if not os.path.isfile(path):  # noqa: PTH113
        return None
    return LocalStore(os.path.dirname(path)), os.path.basename(path)  # noqa: PTH119, PTH120


def judge_alone(found: Validation, store: Readable, key: str, kind: str | None) -> None:
    """Judge one document, whole or its attributes alone; lines that begin with // are skipped.

    Parameters
    ----------
    found : Validation
        Receives all that is wrong.
    store, key
        Where the document is.
    kind : str, optional
        What it has to describe.

    Raises
    ------
    NotFoundError
        It is not there.
    """
    data = store.get(key, DOCUMENT)
    if data is None:
        raise NotFoundError(f"{store.url(key)}: there is no such document")
    found.files.append(key)
    found.unchecked.append("arrays, and whether all that is named is there: the document stands alone")
    parsed = parse(bytes(data), key, comments=True)
    value = parsed.value
    for reason in filter(None, (parsed.error, parsed.lenient)):
        found.add(problem(rules.JSON, "0.5", key, "", reason))
    if parsed.error:
        return
    if not isinstance(value, dict):
        found.add(problem(rules.ZARR, "0.5", key, "", "the document must be an object"))
        return
    whole = "zarr_format" in value or "node_type" in value
    if whole:
        _judge_envelope(found, value, key)
    attributes = value.get("attributes", {}) if whole else value
    _judge_attributes(found, attributes if isinstance(attributes, dict) else {}, key, kind, whole=whole)


def _judge_envelope(found: Validation, value: dict[str, object], key: str) -> None:
    """Judge what stands around the attributes in a ``zarr.json``."""
    message = ""
    if value.get("zarr_format") != 3:
        message = "'zarr_format' must be 3"
    elif value.get("node_type") != "group":
        message = "'node_type' must be 'group': only groups carry OME-Zarr metadata"
    elif not isinstance(value.get("attributes", {}), dict):
        message = "'attributes' must be an object"
    if message:
        found.add(problem(rules.ZARR, "0.5", key, "", message))


def _judge_attributes(
    found: Validation, attributes: dict[str, object], key: str, kind: str | None, *, whole: bool
) -> None:
    if kind == "transformation" and not whole and "ome" not in attributes:
        _judge_fragment(found, attributes, key)
        return
    zarr_format = 3 if whole or "ome" in attributes else 2
    content = Parsed({"attributes": attributes} if zarr_format == 3 else attributes)
    document = Document("group", zarr_format, key, content)
    node, problems, unchecked = document.judged(kind)
    start = "/attributes" if zarr_format == 3 and not whole else ""
    found.merge(replace(p, file=key, location=p.location.removeprefix(start)) for p in problems)
    found.unchecked += unchecked
    if node is not None:
        found.kind, found.version = node.kind, document.version()


def _judge_fragment(found: Validation, fragment: dict[str, object], key: str) -> None:
    """Judge systems and transformations that stand for themselves: of 0.6, where they do not say.

    The text wants axes of space of the systems of an image, and only the schemas want them of all.
    """
    document = Document("group", 3, key, Parsed({"attributes": {"ome": fragment}}))
    _, problems, unchecked = document.judged("transformation", "0.6")
    of_all = found.verdict == "schema"
    told = [p for p in problems if of_all or p.rule != "axes/space-count"]
    found.merge(replace(p, file=key, location=p.location.removeprefix("/attributes/ome")) for p in told)
    found.unchecked += unchecked
    found.kind, found.version = "transformation", document.version("0.6")
