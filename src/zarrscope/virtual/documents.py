"""The documents of a virtual store: written by the same encoder as those of a conversion, once asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from zarrscope.array.describe import describe, to_documents
from zarrscope.array.group import Group, write_group
from zarrscope.documents import dump_json
from zarrscope.model.collection import SERIES_GROUP
from zarrscope.omexml.beside import beside
from zarrscope.omexml.write import ImageEntry
from zarrscope.pyramid.downsample import offset
from zarrscope.pyramid.plan import LevelPlan, PyramidPlan, covering
from zarrscope.spec.versions import zarr_format_of
from zarrscope.store.keys import join
from zarrscope.store.memory import MemoryStore
from zarrscope.virtual.windows import rendering
from zarrscope.write.documents import (
    collection_attributes,
    image_attributes,
    series_attributes,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from zarrscope.array.metadata import ArrayMetadata
    from zarrscope.pyramid.plan import Placement
    from zarrscope.virtual.image import VirtualImage

METADATA = f"{SERIES_GROUP}/METADATA.ome.xml"

VERSIONS = ("0.4", "0.5")
"""Of OME-Zarr, in which documents are invented."""


def metadata_of(image: VirtualImage, version: str) -> tuple[ArrayMetadata, ...]:
    """Return what the arrays of an image are: pixels as they are, little end first, nothing packed.

    Parameters
    ----------
    image : VirtualImage
        Names its levels.
    version : str
        Of OME-Zarr.
    """
    zarr_format = zarr_format_of(version)
    names = [axis.name for axis in image.description.axes] if zarr_format == 3 else None
    return tuple(
        describe(
            level.shape,
            image.pixels.dtype,
            level.chunks,
            zarr_format=zarr_format,
            dimension_names=names,
        )
        for level in image.levels
    )


@dataclass
class Documents:
    """Documents by key, made when they are asked for, and kept. Safe under threads.

    Parameters
    ----------
    images : sequence of VirtualImage
        One stands at the root, several are a collection.
    version : str
        Of OME-Zarr.
    ome_xml : callable
        Gives the source's OME-XML.
    """

    images: Sequence[VirtualImage]
    version: str
    ome_xml: Callable[[], str | None]
    _made: MemoryStore = field(default_factory=MemoryStore)
    _done: set[str] = field(default_factory=set)

    def get(self, key: str) -> bytes | None:
        """Return a document, or None where there is none of that name."""
        data = self._made.get(key)
        if data is None and self._make(key.rpartition("/")[0]):
            data = self._made.get(key)
        return None if data is None else bytes(data)

    def keys(self) -> Iterator[str]:
        """Yield the keys of all documents; makes all of them."""
        for folder in ["", SERIES_GROUP, *(image.path for image in self.images), *self._arrays()]:
            self._make(folder)
        yield from self._made.list()

    def _arrays(self) -> Iterator[str]:
        return (level.path for image in self.images for level in image.levels)

    def _make(self, folder: str) -> bool:
        """Make the documents of a folder, unless they are made; False where there are none.

        Two threads may make the same ones at once: they come out alike.
        """
        if folder in self._done:
            return True
        several = len(self.images) > 1
        image = next((one for one in self.images if one.path == folder), None)
        owner = next((one for one in self.images if any(v.path == folder for v in one.levels)), None)
        if image is not None:
            self._image(image)
        elif owner is not None:
            self._array(owner, folder)
        elif folder == SERIES_GROUP:
            self._beside()
        elif several and folder == "":
            self._group("", collection_attributes(self.version))
        else:
            return False
        self._done.add(folder)
        return True

    def _group(self, path: str, attributes: dict[str, object]) -> None:
        write_group(self._made, path, Group(zarr_format_of(self.version), attributes))

    def _image(self, image: VirtualImage) -> None:
        shown = rendering(image.description, image.pixels, image.levels, image.sample_bytes)
        self._group(image.path, image_attributes(image.description, plan_of(image), self.version, shown))

    def _array(self, image: VirtualImage, path: str) -> None:
        number = next(i for i, level in enumerate(image.levels) if level.path == path)
        for name, document in to_documents(metadata_of(image, self.version)[number]).items():
            self._made.put(join(path, name), dump_json(document))

    def _beside(self) -> None:
        entries = [ImageEntry(i.description, i.levels[0].shape, str(i.pixels.dtype)) for i in self.images]
        xml = beside(self.ome_xml(), entries)
        if xml is not None:
            self._made.put(METADATA, xml.encode())
        if xml is not None or len(self.images) > 1:
            self._group(SERIES_GROUP, series_attributes([i.path for i in self.images], self.version))


def plan_of(image: VirtualImage) -> PyramidPlan:
    """Return the levels of an image as those see them who write documents."""
    places = _places(image)
    levels = tuple(
        LevelPlan(
            level.path.rpartition("/")[2], level.shape, level.chunks, None, None, size, first,
            level.chunks, level.chunks,
        )
        for level, (size, first) in zip(image.levels, places, strict=True)
    )  # fmt: skip
    alone = sum(not level.computed for level in image.levels) == 1
    return PyramidPlan(levels, image.kernel if alone else "", image.pixels.dtype.itemsize, ())


def _places(image: VirtualImage) -> list[Placement]:
    """Return size and centre of the first pixel of each level, in pixels of level 0."""
    stored = [level for level in image.levels if not level.computed]
    places = list(image.placements or [covering(stored[0].shape, level.shape) for level in stored])
    for level in image.levels[len(stored) :]:
        size, first = places[-1]
        shift = offset(image.kernel, tuple(float(f) for f in level.factors))
        places.append(
            (
                tuple(s * f for s, f in zip(size, level.factors, strict=True)),
                tuple(o + d * s for o, d, s in zip(first, shift, size, strict=True)),
            )
        )
    return places
