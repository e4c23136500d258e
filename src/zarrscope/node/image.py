"""Images: levels of pixels, and what their document says of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from zarrscope.array.open import open_array
from zarrscope.errors import ArgumentError, MetadataError, NotFoundError, UnsupportedError
from zarrscope.executor import fan_out
from zarrscope.model.graph import Place, normal_path
from zarrscope.node.document import Document, read_document
from zarrscope.node.graphs import graph_of_document
from zarrscope.report import Severity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zarrscope.array.chunked import ChunkedArray
    from zarrscope.model.axes import Axis, CoordinateSystem
    from zarrscope.model.graph import Graph
    from zarrscope.model.multiscales import Multiscale
    from zarrscope.model.rendering import Channel
    from zarrscope.model.transforms import Transformation
    from zarrscope.types import Region, Shape


@dataclass(frozen=True)
class Level:
    """One resolution of an image: a lazy array that knows where its pixels lie.

    Parameters
    ----------
    array : ChunkedArray
        The pixels.
    axes : tuple of Axis
        In the order of the array.
    scale, translation : tuple of float, or None
        Size of a pixel and centre of the first one, in the units of the axes; None where the level
        is placed by more than that.
    """

    array: ChunkedArray
    axes: tuple[Axis, ...]
    scale: tuple[float, ...] | None
    translation: tuple[float, ...] | None

    @property
    def path(self) -> str:
        """Of the array within its store."""
        return self.array.path

    @property
    def shape(self) -> Shape:
        """Number of pixels along each axis."""
        return self.array.shape

    @property
    def dtype(self) -> Any:
        """Type of a pixel (numpy), in native byte order."""
        return self.array.dtype

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return self.array.ndim

    @property
    def size(self) -> int:
        """Number of pixels."""
        return self.array.size

    @property
    def nbytes(self) -> int:
        """Size of all pixels in memory."""
        return self.array.nbytes

    def __len__(self) -> int:
        """Return the length of the first axis."""
        if not self.shape:
            raise TypeError("an array without axes has no length")
        return self.shape[0]

    @property
    def chunks(self) -> Shape:
        """Shape of the unit of decoding."""
        return self.array.chunks

    @property
    def shards(self) -> Shape | None:
        """Shape of the unit of storage where it holds several chunks."""
        return self.array.shards

    def read(self, region: Region, out: NDArray[Any] | None = None) -> NDArray[Any]:
        """Return the pixels of a region (see ``LazyArray.read``)."""
        return self.array.read(region, out)

    def __getitem__(self, index: Any) -> NDArray[Any]:
        """Return the pixels that a numpy index of integers, slices and ``...`` selects.

        Raises
        ------
        IndexError
            An integer outside of the array, or more indices than axes.
        ArgumentError
            Any other index, such as a list, an array or None.
        """
        return self.array[index]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """Return all pixels: numpy asks for this in ``np.asarray(level)``."""
        return self.array.__array__(dtype, copy)

    def to_zarr(self) -> Any:
        """Return the level as an array of zarr-python.

        Raises
        ------
        MissingDependencyError
            zarr is not installed.
        """
        from zarrscope.array.interop import to_zarr

        return to_zarr(self.array)

    def to_dask(self) -> Any:
        """Return the level as a dask array, one task a shard (or chunk).

        Raises
        ------
        MissingDependencyError
            dask is not installed.
        """
        from zarrscope.array.interop import to_dask

        return to_dask(self.array)

    def to_xarray(self) -> Any:
        """Return the level as an xarray DataArray with its axes, coordinates and units, lazily by dask.

        Raises
        ------
        MissingDependencyError
            xarray or dask is not installed.
        """
        from zarrscope.array.interop import to_xarray

        return to_xarray(self.array, [axis.name for axis in self.axes], self._coordinates())

    def _coordinates(self) -> dict[str, Any]:
        """Return the positions of all pixels along each axis of space and time, as xarray takes them."""
        if self.scale is None or self.translation is None:
            return {}
        found = {}
        for axis, count, step, first in zip(self.axes, self.shape, self.scale, self.translation, strict=True):
            if axis.type in ("space", "time"):
                attributes = {"units": axis.unit} if axis.unit else {}
                found[axis.name] = (axis.name, [first + step * i for i in range(count)], attributes)
        return found


class Image:
    """One image at several resolutions. Opening it reads documents only.

    Parameters
    ----------
    document : Document
        Of its group; the first of its multiscales is taken.

    Raises
    ------
    MetadataError
        The document names no level.
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        datasets = document.model.multiscales[0].datasets if document.model.multiscales else ()
        if not datasets or not all(dataset.path for dataset in datasets):
            grave = [p.message for p in document.report.problems if p.severity is Severity.MUST]
            reason = grave[0] if grave else "multiscales is empty"
            raise MetadataError(f"{document.url}: this image names no level ({reason})")

    def __repr__(self) -> str:
        axes = "".join(axis.name for axis in self.axes)
        return f"<Image {self.url} {axes} {'x'.join(map(str, self.levels[0].shape))} {self.levels[0].dtype}>"

    @property
    def url(self) -> str:
        """Address of the image."""
        return self.document.url

    @property
    def kind(self) -> str:
        """``image`` or ``label``."""
        return self.document.model.kind

    @property
    def version(self) -> str:
        """Of OME-Zarr."""
        return self.document.version

    @property
    def multiscale(self) -> Multiscale:
        """What the document says of axes and levels."""
        return self.document.model.multiscales[0]

    @property
    def systems(self) -> tuple[CoordinateSystem, ...]:
        """Coordinate systems that the document declares; one without a name before 0.6."""
        return self.multiscale.systems

    @cached_property
    def graph(self) -> Graph:
        """All coordinate systems and the transformations between them.

        The first use reads matrices that stand in arrays, and the documents of label images that the
        transformations name.
        """
        return graph_of_document(self.document)

    def transform(self, to: str | None = None, level: int = 0) -> Transformation:
        """Return the way from the pixels of a level to a coordinate system.

        Parameters
        ----------
        to : str, optional
            Name of the system; without it the one that all levels are placed in.
        level : int
            Index of the level; a pixel's centre is a whole number.

        Raises
        ------
        ArgumentError
            There is no such level or system, or nothing connects them.
        UnsupportedError
            The way leads against a transformation that has no inverse in closed form, or whose numbers
            cannot be read.
        """
        count = len(self.multiscale.datasets)
        if not -count <= level < count:
            raise ArgumentError(f"{self.url} has {count} levels, counted from 0; there is no level {level}")
        start = Place(normal_path(self.multiscale.datasets[level].path), None)
        return self.graph.between(start, self.multiscale.intrinsic.name if to is None else to)

    @property
    def name(self) -> str:
        """For people; may be empty."""
        return self.multiscale.name or ""

    @cached_property
    def axes(self) -> tuple[Axis, ...]:
        """In the order of the pixels."""
        return self.multiscale.axes

    @property
    def shape(self) -> Shape:
        """Number of pixels of level 0 along each axis."""
        return self.levels[0].shape

    @property
    def dtype(self) -> Any:
        """Type of a pixel (numpy), in native byte order."""
        return self.levels[0].dtype

    @property
    def scale(self) -> tuple[float, ...] | None:
        """Size of a pixel of level 0 along each axis, in the unit of the axis."""
        return self.levels[0].scale

    @property
    def channels(self) -> tuple[Channel, ...]:
        """Labels, colours and windows; empty where the document has none."""
        rendering = self.document.model.rendering
        return rendering.channels if rendering else ()

    @cached_property
    def levels(self) -> tuple[Level, ...]:
        """All resolutions, finest first. The first use reads one document for each."""
        return tuple(fan_out(self._level, range(len(self.multiscale.datasets))))

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """Names of the label images that belong to the image. The first use reads one document."""
        try:
            document = self._below("labels")
        except (NotFoundError, UnsupportedError):
            return ()
        return document.model.labels or ()

    def label(self, name: str) -> Image:
        """Return a label image by name.

        Raises
        ------
        NotFoundError
            There is none of that name.
        """
        return Image(self._below(f"labels/{name}"))

    def __getitem__(self, index: Any) -> NDArray[Any]:
        """Return the pixels of level 0 that an index selects (see ``Level``)."""
        return self.levels[0][index]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """Return all pixels of level 0."""
        return self.levels[0].__array__(dtype, copy)

    def _below(self, path: str) -> Document:
        store, zarr_format = self.document.store, self.document.zarr_format
        return read_document(store, self.document.child(path), zarr_format)

    def _level(self, number: int) -> Level:
        dataset = self.multiscale.datasets[number]
        path = self.document.child(dataset.path)
        array = open_array(self.document.store, path, self.document.zarr_format)
        placement = self.multiscale.placement(number)
        scale, translation = (placement.scale, placement.translation) if placement else (None, None)
        return Level(array, self.axes, scale, translation)
