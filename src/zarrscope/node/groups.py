"""Groups of images: collections of series, plates, wells, lists of labels, scenes."""

from __future__ import annotations

from functools import cached_property
from itertools import count
from typing import TYPE_CHECKING

from zarrscope.errors import NotFoundError, UnsupportedError
from zarrscope.executor import fan_out
from zarrscope.node.document import Document, read_document
from zarrscope.node.image import Image
from zarrscope.store.bounds import DOCUMENT, document
from zarrscope.store.keys import join

if TYPE_CHECKING:
    from collections.abc import Iterator


class ImageGroup:
    """A group that holds images: a collection of series, a plate, a well or a list of labels.

    Parameters
    ----------
    document : Document
        Of the group.
    """

    def __init__(self, document: Document) -> None:
        self.document = document

    def __repr__(self) -> str:
        return f"<{self.kind} {self.url}>"

    @property
    def url(self) -> str:
        """Address of the group."""
        return self.document.url

    @property
    def kind(self) -> str:
        """``collection``, ``plate``, ``well``, ``labels`` or ``scene``."""
        return self.document.model.kind

    @property
    def version(self) -> str:
        """Of OME-Zarr."""
        return self.document.version

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """Paths of the images, relative to the group, in its order. Reads the documents it needs."""
        model = self.document.model
        if model.plate is not None:
            return self._fields()
        if model.well is not None:
            return tuple(field.path for field in model.well.fields)
        if model.labels is not None:
            return model.labels
        if model.collection is None and model.scene is not None:
            return model.scene.paths
        return self._series()

    def image(self, path: str) -> Image:
        """Return one of the images.

        Parameters
        ----------
        path : str
            One of ``paths``.
        """
        return Image(self._below(path))

    @property
    def first(self) -> str | None:
        """Path of the first image, or None; of a plate no more wells are read than it takes."""
        plate = self.document.model.plate
        if plate is None:
            return next(iter(self.paths), None)
        return next((path for well in plate.wells for path in self._fields_of(well.path)), None)

    def __iter__(self) -> Iterator[Image]:
        return map(self.image, self.paths)

    def __len__(self) -> int:
        return len(self.paths)

    @cached_property
    def ome_xml(self) -> str | None:
        """The OME-XML that stands beside a collection, None where there is none."""
        data = self.document.store.get(self.document.child("OME/METADATA.ome.xml"), DOCUMENT)
        return None if data is None else bytes(data).decode("utf-8", errors="replace")

    def _below(self, path: str) -> Document:
        store, zarr_format = self.document.store, self.document.zarr_format
        return read_document(store, self.document.child(path), zarr_format)

    def _fields(self) -> tuple[str, ...]:
        """Return well by well the fields of view; wells that are not there are left out."""
        plate = self.document.model.plate
        wells = [well.path for well in plate.wells] if plate else []
        return tuple(path for found in fan_out(self._fields_of, wells) for path in found)

    def _fields_of(self, path: str) -> list[str]:
        """Return the fields of the well at a path, none where it is not there."""
        try:
            well = self._below(path).model.well
        except (NotFoundError, UnsupportedError):
            return []
        return [join(path, field.path) for field in well.fields] if well else []

    def _series(self) -> tuple[str, ...]:
        """Return the series that the ``OME`` group lists, else 0, 1, 2 ... until one is absent."""
        store = self.document.store
        try:
            listed = self._below("OME").model.collection
        except (NotFoundError, UnsupportedError):
            listed = None
        if listed is not None and listed.series is not None:
            return listed.series
        found: list[str] = []
        name = "zarr.json" if self.document.zarr_format == 3 else ".zattrs"
        for number in count():
            if store.get_many([document(self.document.child(f"{number}/{name}"))])[0] is None:
                return tuple(found)
            found.append(str(number))
        raise AssertionError  # pragma: no cover - count() does not end
