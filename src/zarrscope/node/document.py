"""The document of a group, read and decoded: the first step of opening anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from zarrscope.array.group import read_group
from zarrscope.errors import UnsupportedError
from zarrscope.spec.dialects import migrated
from zarrscope.spec.versions import decode, detect
from zarrscope.store.keys import join

if TYPE_CHECKING:
    from zarrscope.model.node import Node
    from zarrscope.report import Report
    from zarrscope.store.contracts import Readable


class NoMetadataError(UnsupportedError):
    """A group says nothing of OME-Zarr."""


@dataclass(frozen=True)
class Document:
    """What one group says of itself.

    Parameters
    ----------
    store : Readable
        Where it was found.
    path : str
        Of the group within the store.
    zarr_format : int
        2 or 3.
    version : str
        Of OME-Zarr, as it stands there.
    model : Node
        What it says, without a version.
    report : Report
        What is wrong with it.
    notes : tuple of str
        What was odd about it when it was read.
    """

    store: Readable
    path: str
    zarr_format: int
    version: str
    model: Node
    report: Report
    notes: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        """Address of the group."""
        return self.store.url(self.path)

    def child(self, path: str) -> str:
        """Return the path, within the store, of something below this group."""
        return join(self.path, path)


def read_document(store: Readable, path: str = "", zarr_format: int | None = None) -> Document:
    """Read the document of a group.

    Parameters
    ----------
    store : Readable
        Where to look.
    path : str
        Of the group.
    zarr_format : int, optional
        Look for this version of Zarr alone, which halves the requests.

    Raises
    ------
    NotFoundError
        There is no Zarr group.
    UnsupportedError
        There is one, but it says nothing of OME-Zarr.
    MetadataError
        Its document cannot be parsed.
    """
    group = read_group(store, path, zarr_format)
    model, report = decode(group.attributes, zarr_format=group.zarr_format)
    if model is None:
        raise NoMetadataError(
            f"{store.url(path)} is a Zarr group without OME-Zarr metadata; open an image below it"
        )
    version = detect(group.attributes, group.zarr_format)
    dialect = migrated(group.attributes, group.zarr_format)
    old = () if dialect is None else tuple(f"{store.url(path)}: {dialect.name}: {n}" for n in dialect.notes)
    return Document(store, path, group.zarr_format, version, model, report, (*group.notes, *old))
