"""One image on its way into a store: regions in, all levels out, the document last."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from zarrscope.array.describe import describe, to_documents
from zarrscope.array.group import Group, write_group
from zarrscope.array.open import open_array
from zarrscope.array.presets import preset
from zarrscope.documents import dump_json
from zarrscope.errors import ArgumentError, IncompleteError, MetadataError, UnsupportedError
from zarrscope.pyramid.cascade import Cascade, Part, Step
from zarrscope.pyramid.downsample import kernel
from zarrscope.spec.versions import limits, zarr_format_of
from zarrscope.store.keys import join
from zarrscope.types import Region
from zarrscope.write.admission import Admission
from zarrscope.write.contrast import Contrast
from zarrscope.write.documents import group_documents, image_attributes
from zarrscope.write.earlier import Earlier
from zarrscope.write.level import Encoded, LevelWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType
    from typing import Self

    from numpy.typing import NDArray

    from zarrscope.array.chunked import ChunkedArray
    from zarrscope.array.metadata import ArrayMetadata
    from zarrscope.ledger.journal import Journal
    from zarrscope.model.description import ImageDescription
    from zarrscope.pyramid.plan import LevelPlan, PyramidPlan
    from zarrscope.store.contracts import Writable
    from zarrscope.types import Shape


class Piece(NamedTuple):
    """One chunk, ready to be put into its shard."""

    level: int
    place: Shape
    encoded: Encoded


@dataclass(slots=True)
class Work:
    """What one region came to: chunks of several levels, and pixels that wait for their neighbours."""

    pieces: list[Piece] = field(default_factory=list)
    rest: Part | None = None


class ImageWriter:
    """Writes one image with all its levels in one pass.

    Either ``put`` regions, or, to use several threads, ``encode`` them side by side and ``place``
    the results one after the other. Then ``finish``. As a context manager it finishes by itself, and
    takes back what was written if something fails.

    Parameters
    ----------
    store : Writable
        Receives the image.
    path : str
        Of the image within the store; "" for the root.
    description : ImageDescription
        What the image is.
    dtype : numpy.dtype
        Of the pixels, native byte order.
    plan : PyramidPlan
        Levels, chunks, shards, kernel.
    version : str
        Of OME-Zarr: ``0.4`` or ``0.5``.
    codec : str
        What is done to each chunk, as ``zarrscope.array.presets`` names it.
    closing : callable, optional
        Called once: with True after all went well, with False after it was taken back.
    journal : Journal, optional
        Keeps what is finished: it is not written again, and not deleted when something fails.
    verify : bool
        Read every unit back once it is stored, and compare.

    Raises
    ------
    UnsupportedError
        The version cannot hold these axes, or the pixels are no real numbers.
    """

    def __init__(
        self,
        store: Writable,
        path: str,
        description: ImageDescription,
        dtype: np.dtype[Any],
        plan: PyramidPlan,
        version: str,
        codec: str = "default",
        closing: Callable[[bool], None] | None = None,
        journal: Journal | None = None,
        *,
        verify: bool = False,
    ) -> None:
        self._store, self._path, self._version = store, path, version
        self._description, self.dtype, self.plan = description, dtype, plan
        arrays = arrays_of(path, plan, check_form(description, dtype, plan, version, codec))
        self._kernel = kernel(plan.kernel or "mean", dtype)
        self._journal = journal
        earlier = Earlier(store, journal.table, arrays) if journal else None
        self._earlier = earlier if earlier and earlier.any else None
        self._levels = [
            LevelWriter(store, name, array, self._earlier.units[i] if self._earlier else None, verify=verify)
            for i, (name, array) in enumerate(arrays)
        ]
        steps = tuple(
            Step(level.shape, level.chunks, None if self._kernel.halo else level.factors)
            for level in plan.levels
        )
        shrink = tuple(self._kernel.step(level.factors) for level in plan.levels if level.factors)
        self._cascade = Cascade(steps, shrink, self._earlier)
        self._contrast = Contrast(description, dtype, plan.levels[-1].chunks)
        if journal:
            self._contrast.recall(journal.notes.get(self._noted, {}))
            journal.watch = self._notes
        self._admission = Admission(plan, steps[0])
        self._lock = Lock()
        self._documents: list[str] = []
        self._closing = closing
        self._ended = False

    @property
    def bytes_written(self) -> int:
        """Bytes of pixels, encoded, that were handed to the store."""
        return sum(level.bytes for level in self._levels)

    @property
    def _noted(self) -> str:
        return f"contrast {self._path}"

    def _notes(self) -> dict[str, Any]:
        return {self._noted: self._contrast.told()}

    def wants(self, region: Region, level: int = 0) -> bool:
        """Return whether the pixels of a region are needed; not where an earlier run has finished them."""
        return self._cascade.wants(level, region)

    def encode(self, region: Region, block: NDArray[Any] | None, level: int = 0) -> Work:
        """Turn the pixels of a region into chunks of this level and the coarser ones. Thread-safe.

        Chunks that stand alone are stored at once, those of shards by ``place``.

        Parameters
        ----------
        region : Region
            Of the level.
        block : ndarray, optional
            Its pixels; None where they are not wanted.
        level : int
            0 unless the finer levels were written before.
        """
        if block is not None and block.shape != region.shape:
            raise ArgumentError(f"a block of shape {block.shape} was given for a region of {region.shape}")
        work = Work()
        work.rest = self._cascade.feed(level, region, block, self._collector(work))
        return work

    def place(self, work: Work) -> None:
        """Store what ``encode`` made. In the order in which it is called, chunks enter their shards."""
        with self._lock:
            self._place(work)

    def put(self, region: Region, block: NDArray[Any]) -> None:
        """Write the pixels of a region of level 0.

        Parameters
        ----------
        region : Region
            Whole chunks or regions of the plan in any order, or planes in the order of the axes.
        block : ndarray
            Its pixels, in the order of the image's axes.

        Raises
        ------
        ArgumentError
            The region is none of these (the message names the nearest that is), overlaps another,
            or the block has another shape or dtype.
        """
        if block.dtype != self.dtype:
            raise ArgumentError(f"pixels of type {block.dtype} were given for an image of {self.dtype}")
        with self._lock:
            self._admission.check(region)
        self.place(self.encode(region, block))

    def finish(self) -> None:
        """Check that nothing is missing, then write the documents; only now is there an image.

        Raises
        ------
        IncompleteError
            Pixels are missing; nothing that looks like an image was written.
        """
        if self._ended:
            raise IncompleteError(f"{self._store.url(self._path)}: it was finished or given up before")
        for source in self.plan.sources:
            self._levels[source].finish()
        if self._cascade.open_cells:
            raise IncompleteError(f"{self._store.url(self._path)}: regions that overlap were written")
        if self._kernel.halo:
            self._build_with_halo()
        for level in self._levels:
            level.finish()
        for level in self._levels:
            self._put_documents(level)
        names = group_documents(zarr_format_of(self._version))
        self._documents += [join(self._path, name) for name in names]
        write_group(self._store, self._path, Group(zarr_format_of(self._version), self._document()))
        if self._journal:
            self._journal.notes.update(self._notes())
            self._journal.watch = None
        self._ended = True
        self._cascade.close()
        self._close(done=True)

    def abort(self) -> None:
        """Give up an image that is not finished, and delete what no journal keeps; harmless afterwards."""
        if not self._ended:
            self._ended = True
            if self._journal:
                for level in self._levels:
                    level.abort()
            else:
                self.remove()
            self._cascade.close()
            self._close(done=False)

    def remove(self) -> None:
        """Delete all that was written, documents first, so that no moment shows a broken image."""
        for key in reversed(self._documents):
            self._store.delete(key)
        for level in self._levels:
            level.remove()

    def _close(self, *, done: bool) -> None:
        closing, self._closing = self._closing, None
        if closing:
            closing(done)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None and not self._ended:
                self.finish()
        finally:
            self.abort()

    def _collector(self, work: Work) -> Callable[[int, Shape, NDArray[Any]], None]:
        """Return the function that takes a chunk as the cascade emits it."""
        last = len(self._levels) - 1

        def emit(level: int, index: Shape, block: NDArray[Any]) -> None:
            if level == last:
                self._contrast.see(index, block)
            encoded = self._levels[level].take(index, block)
            if encoded is not None:
                work.pieces.append(Piece(level, index, encoded))

        return emit

    def _place(self, work: Work) -> None:
        for piece in work.pieces:
            self._levels[piece.level].place(piece.place, piece.encoded)
        if work.rest is not None:
            more = Work()
            self._cascade.settle(work.rest, self._collector(more))
            self._place(more)

    def _build_with_halo(self) -> None:
        """Make the coarser levels of a kernel that looks at neighbours from the finer ones as stored.

        Level by level, each region read with its margin: memory stays that of a region.
        """
        for number, level in enumerate(self.plan.levels[:-1]):
            assert level.factors is not None  # noqa: S101 - only the last has none
            finer = self._levels[number]
            finer.finish()
            self._put_documents(finer)
            array = open_array(self._store, finer.path)
            step, target = self._kernel.step(level.factors), self.plan.levels[number + 1]
            for region in _units(target):
                if self._earlier and self._earlier.has(number + 1, region):
                    continue
                self.place(self.encode(region, step(_with_halo(array, region, level.factors)), number + 1))

    def _put_documents(self, level: LevelWriter) -> None:
        for name, document in to_documents(level.metadata).items():
            key = join(level.path, name)
            self._documents.append(key)
            self._store.put(key, dump_json(document))

    def _document(self) -> dict[str, Any]:
        label = self._description.label
        rendering = None if label else self._contrast.rendering()
        return image_attributes(self._description, self.plan, self._version, rendering)


def check_form(
    description: ImageDescription, dtype: np.dtype[Any], plan: PyramidPlan, version: str, codec: str
) -> list[ArrayMetadata]:
    """Return what the array of each level will be, after making sure that the image can be written.

    Whoever replaces something asks first, so that nothing is deleted for a wish that cannot be met.

    Parameters
    ----------
    description, dtype, plan, version, codec
        See ``ImageWriter``.

    Raises
    ------
    ArgumentError
        There is no such codec, kernel or version.
    UnsupportedError
        The version cannot hold these axes, or the pixels are no real numbers.
    """
    if obstacles := limits(version).obstacles(description.axes):
        raise UnsupportedError(f"OME-Zarr {version} cannot hold {'; '.join(obstacles)}")
    kernel(plan.kernel or "mean", dtype)
    try:
        dump_json(image_attributes(description, plan, version))
    except (MetadataError, ValueError) as error:
        raise ArgumentError(f"what is said of this image cannot be written: {error}") from error
    return [_metadata(level, dtype, description, version, codec) for level in plan.levels]


def arrays_of(
    path: str, plan: PyramidPlan, forms: Sequence[ArrayMetadata]
) -> list[tuple[str, ArrayMetadata]]:
    """Return the arrays of an image by their path in the store.

    Parameters
    ----------
    path : str
        Of the image.
    plan : PyramidPlan
        Names its levels.
    forms : sequence of ArrayMetadata
        From ``check_form``.
    """
    return [(join(path, level.path), form) for level, form in zip(plan.levels, forms, strict=True)]


def _metadata(
    level: LevelPlan, dtype: np.dtype[Any], description: ImageDescription, version: str, codec: str
) -> ArrayMetadata:
    zarr_format = zarr_format_of(version)
    return describe(
        level.shape,
        dtype,
        level.chunks,
        shards=level.shards,
        codecs=preset(codec, dtype, level.chunks, zarr_format=zarr_format),
        zarr_format=zarr_format,
        dimension_names=[axis.name for axis in description.axes] if zarr_format == 3 else None,
    )


def _units(level: LevelPlan) -> Iterator[Region]:
    """Yield the write units of a level, in C order."""
    grid = np.ndindex(*(-(-n // u) for n, u in zip(level.shape, level.unit, strict=True)))
    starts = (tuple(i * u for i, u in zip(index, level.unit, strict=True)) for index in grid)
    for start in starts:
        yield Region.of(start, level.unit).intersect(Region.whole(level.shape))


def _with_halo(array: ChunkedArray, region: Region, factors: Shape) -> NDArray[Any]:
    """Return the finer pixels below a region, and one more on both sides of each halved axis.

    Beyond the edge of the image its last pixel is repeated.
    """
    rows = list(zip(region.start, region.stop, factors, array.shape, strict=True))
    wanted = [(a * f - (f > 1), b * f + (f > 1)) for a, b, f, _ in rows]
    there = Region(
        tuple(max(a, 0) for a, _ in wanted),
        tuple(min(b, n) for (_, b), (*_, n) in zip(wanted, rows, strict=True)),
    )
    ends = [(c - a, b - d) for (a, b), c, d in zip(wanted, there.start, there.stop, strict=True)]
    return np.pad(array.read(there), ends, mode="edge")
