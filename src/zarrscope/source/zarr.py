"""Zarr and OME-Zarr as sources: every image of a group is a scene."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

from xxhash import xxh3_64

from zarrscope.array.foreign import Transposed
from zarrscope.array.open import open_array
from zarrscope.errors import NotFoundError, UnsupportedError
from zarrscope.model.axes import channel_axis
from zarrscope.model.description import ImageDescription
from zarrscope.model.naming import BY_NDIM, ORDER, axis, check_letters, permutation
from zarrscope.node.groups import ImageGroup
from zarrscope.node.image import Image
from zarrscope.node.open import open_node
from zarrscope.source.contracts import Scene
from zarrscope.store.local import LocalStore
from zarrscope.store.resolve import resolve

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from zarrscope.array.chunked import ChunkedArray
    from zarrscope.array.contracts import LazyArray
    from zarrscope.model.axes import Axis
    from zarrscope.store.contracts import Readable


_PLATE = "a plate becomes a collection of its fields; rows and columns stand in the names only"


def open_zarr(url: str, *, axes: str | None = None) -> ZarrSource:
    """Open an OME-Zarr image or group of images, or a plain Zarr array.

    Parameters
    ----------
    url : str
        A folder or an address.
    axes : str, optional
        What the axes are, in the order of the array.

    Raises
    ------
    NotFoundError, UnsupportedError, MetadataError
        Nothing is there, it holds no image, or its documents are broken.
    """
    return ZarrSource(url, axes)


class ZarrSource:
    """An OME-Zarr or a Zarr array as a source. Of a group the images are opened once somebody asks for them.

    Parameters
    ----------
    url : str or Readable
        A folder or an address, or a store.
    axes : str, optional
        The user's word on the axes.
    """

    def __init__(self, url: str | Readable, axes: str | None = None) -> None:
        self._url, self._axes = url, axes
        self._store = resolve(url)
        try:
            self._found = self._open()
            if not isinstance(self._found, ImageGroup):
                _ = self.scenes
        except BaseException:
            self.close()
            raise

    @property
    def node(self) -> Image | ImageGroup | None:
        """What stands there, where it is an OME-Zarr of which the user says nothing else."""
        return self._found if self._axes is None and isinstance(self._found, Image | ImageGroup) else None

    @property
    def ome_xml(self) -> str | None:
        """The OME-XML beside a collection."""
        return self._found.ome_xml if isinstance(self._found, ImageGroup) else None

    @cached_property
    def scenes(self) -> Sequence[Scene]:
        """All images.

        Raises
        ------
        UnsupportedError
            It is a group without images.
        """
        found = self._found
        if isinstance(found, Image):
            return (_scene(found, self._axes, ""),)
        if not isinstance(found, ImageGroup):
            return (_plain(found, self._axes, self._store.url()),)
        scenes = tuple(_scene(found.image(path), self._axes, path) for path in found.paths)
        if found.kind == "plate":
            scenes = tuple(replace(s, notes=(*s.notes, _PLATE)) for s in scenes)
        if not scenes:
            raise UnsupportedError(f"{found.url} is an OME-Zarr {found.kind} without images")
        return scenes

    def __reduce__(self) -> tuple[Any, ...]:
        return ZarrSource, (self._url, self._axes)

    def fingerprint(self) -> str:
        """Return a text that changes when the documents of the source do; in a folder, when any file does."""
        if isinstance(self._store, LocalStore):
            digest = xxh3_64()
            for key in self._store.list():
                digest.update(f"{key} {self._store.head(key)}\n".encode())
            return digest.hexdigest()
        names = ("zarr.json", ".zattrs", ".zgroup", ".zarray")
        return xxh3_64(repr([self._store.head(name) for name in names]).encode()).hexdigest()

    def close(self) -> None:
        """Close the archive, where the address leads to one; a store that was given is somebody else's."""
        if self._store is not self._url and (close := getattr(self._store, "close", None)) is not None:
            close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _open(self) -> Image | ImageGroup | ChunkedArray:
        try:
            return open_node(self._store)
        except (UnsupportedError, NotFoundError):
            array = _array(self._store)
            if array is None:
                raise
            return array


def _array(store: Readable) -> ChunkedArray | None:
    try:
        return open_array(store)
    except NotFoundError:
        return None


def _scene(image: Image, axes: str | None, path: str) -> Scene:
    """Return an image as a scene; a scale of 1 without a unit is what stands for "unknown"."""
    first, count = image.levels[0], len(image.axes)
    scale = tuple(
        None if s == 1 and a.unit is None else s
        for s, a in zip(first.scale or (1.0,) * count, image.axes, strict=True)
    )
    labels = ", ".join(image.labels)
    scene = Scene(
        ImageDescription(
            image.name or path, image.axes, scale, first.translation, image.channels,
            image.document.model.image_label,
        ),
        [level.array for level in image.levels],
        notes=(f"the label images {labels} stay behind; convert them one by one",) if labels else (),
        placements=_placements(image),
    )  # fmt: skip
    return scene if axes is None else _renamed(scene, check_letters(axes, count, image.url))


def _placements(image: Image) -> tuple[tuple[tuple[float, ...], tuple[float, ...]], ...] | None:
    """Return size and first centre of the pixels of each level, in pixels of level 0."""
    first = image.levels[0]
    if first.scale is None or first.translation is None or 0 in first.scale:
        return None
    found = []
    for level in image.levels:
        if level.scale is None or level.translation is None:
            return None
        factors = tuple(s / one for s, one in zip(level.scale, first.scale, strict=True))
        moved = zip(level.translation, first.translation, first.scale, strict=True)
        found.append((factors, tuple((t - origin) / one for t, origin, one in moved)))
    return tuple(found)


def _renamed(scene: Scene, letters: str) -> Scene:
    """Return a scene with the user's axes in our order; what an axis of another type had is left out."""
    known = scene.description
    kept = [_type(old) == axis(letter).type for old, letter in zip(known.axes, letters, strict=True)]
    renamed = [
        replace(old, name=letter, type=axis(letter).type) if keep else axis(letter)
        for old, letter, keep in zip(known.axes, letters, kept, strict=True)
    ]
    notes = [
        f"the axis {old.name} is taken as {letter}: its pixel size of {size:g} {old.unit or ''}".rstrip()
        + " is left out"
        for old, letter, size, keep in zip(known.axes, letters, known.scale, kept, strict=True)
        if not keep and size is not None
    ]
    channels, at = known.channels, channel_axis(known.axes)
    if channels and (at is None or letters[at] != "c"):
        channels = ()
        notes.append("the axis of the channels is taken as another one: their names and colours are left out")
    order = permutation(letters)
    moved = known.translation or (None,) * len(letters)
    description = replace(
        known,
        axes=tuple(renamed[i] for i in order),
        scale=tuple(known.scale[i] if kept[i] else None for i in order),
        translation=tuple(moved[i] if kept[i] else None for i in order),
        channels=channels,
    )
    return replace(
        scene,
        description=description,
        levels=[_turned(level, order) for level in scene.levels],
        notes=(*scene.notes, *notes),
        placements=scene.placements
        and tuple(
            (tuple(factors[i] for i in order), tuple(offset[i] for i in order))
            for factors, offset in scene.placements
        ),
    )


def _type(one: Axis) -> str | None:
    """Return the type of an axis, by its name where the document does not say."""
    name = one.name.lower()
    return one.type or (axis(name).type if name in ORDER else None)


def _turned(array: LazyArray, order: tuple[int, ...]) -> LazyArray:
    return array if order == tuple(range(len(order))) else Transposed(array, order)


def _plain(array: ChunkedArray, axes: str | None, where: str) -> Scene:
    """Return an array that says little of itself, with the axes that the user, it, or custom names."""
    names = [name.lower() for name in array.metadata.dimension_names or () if name]
    count = len(array.shape)
    guess = "".join(names) if len(names) == count and all(len(n) == 1 for n in names) else None
    if axes is None and guess is None and count not in BY_NDIM:
        raise UnsupportedError(
            f"{where}: an array of {count} axes is no image; name at most five with --axes (axes=)"
        )
    letters = check_letters(axes or guess or BY_NDIM[count], count, where)
    order = permutation(letters)
    described = tuple(axis(letters[i]) for i in order)
    note = () if axes or guess else (f"{where} does not name its axes; they are taken as {letters}",)
    return Scene(ImageDescription("", described, (None,) * count), [_turned(array, order)], notes=note)
