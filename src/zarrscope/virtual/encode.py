"""Anything that can be read as a store."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast
from uuid import uuid4

from zarrscope.array.contracts import LazyArray
from zarrscope.array.foreign import ForeignArray
from zarrscope.errors import ArgumentError, ZarrscopeError
from zarrscope.executor import cores, crew
from zarrscope.model.description import ImageDescription
from zarrscope.model.naming import BY_NDIM, axis
from zarrscope.node.groups import ImageGroup
from zarrscope.node.image import Image
from zarrscope.source.contracts import Scene
from zarrscope.source.ordered import images_of
from zarrscope.source.registry import choose
from zarrscope.source.zarr import ZarrSource
from zarrscope.virtual.blocks import BlockCache
from zarrscope.virtual.completed import Completed, fits, lacking
from zarrscope.virtual.documents import VERSIONS
from zarrscope.virtual.image import image_of
from zarrscope.virtual.store import VirtualStore
from zarrscope.virtual.stored import Below

if TYPE_CHECKING:
    from collections.abc import Sequence

_A_THREAD = 1 << 28
"""Bytes of memory for one thread that decodes: a quarter of them may stay with it (see ``Pixels``)."""


class Shown(Protocol):
    """What is asked of a source here."""

    @property
    def scenes(self) -> Sequence[Scene]:
        """All images, associated pictures last."""

    @property
    def ome_xml(self) -> str | None:
        """The OME-XML that it holds."""

    def fingerprint(self) -> str:
        """Return a text that changes when it does."""

    def close(self) -> None:
        """Release all handles."""


def encode(
    thing: Any, *, version: str | None = None, memory: int = 1 << 30, workers: int | None = None
) -> VirtualStore | Below:
    """Present a source or a node as a store that any reader of OME-Zarr can read.

    Parameters
    ----------
    thing : Source, Image, ImageGroup, Scene, LazyArray or sequence of LazyArray
        What is shown; a source or an image that is stored as OME-Zarr passes through as it is, with computed
        levels on top where its coarsest one is large (see ``Completed``). The levels of an image, or one
        array (also of numpy), are shown with axes by their number. A source belongs to the store from now
        on: closing the store closes it.
    version : str, optional
        Of OME-Zarr, ``0.5`` or ``0.4``; by default what is stored stays as it is, and the rest is 0.5.
    memory : int
        Bytes that pixels may take.
    workers : int, optional
        Threads that decode; by default as many as processors, at most one for 256 MiB of memory.

    Returns
    -------
    VirtualStore or Below
        Readable (``Completed`` is a ``Below``), with ``close``, ``computed_levels`` and ``told``.

    Raises
    ------
    ArgumentError
        It is nothing of these, or there is no such version.
    UnsupportedError
        OME-Zarr cannot hold it.
    BudgetError
        The file decodes more at once than the memory holds.
    """
    if version not in (None, *VERSIONS):
        raise ArgumentError(f"OME-Zarr {version!r} is not served; choose one of {', '.join(VERSIONS)}")
    again = (_again, (thing, version, memory, workers))
    node = thing.node if isinstance(thing, ZarrSource) else thing
    if isinstance(node, Image | ImageGroup) and version in (None, node.version):
        stored = Below(node.document.store, node.document.path, thing.close if node is not thing else None)
        return _completed(node, stored, memory, workers, again) or stored
    source = _source(thing)
    return _made(source, thing, version or "0.5", memory, workers, again)


def _made(
    source: Shown, thing: Any, version: str, memory: int, workers: int | None, again: tuple[Any, ...]
) -> VirtualStore:
    """Return a store of all images of a source."""
    threads = crew(min(workers or cores(), max(1, memory // _A_THREAD)))
    cache, chosen = BlockCache(memory), images_of(source.scenes)
    images = [
        image_of(
            scene, number, "" if len(chosen) == 1 else str(number), version, cache, threads, memory,
            side_by_side=workers != 1,
        )
        for number, scene in enumerate(chosen)
    ]  # fmt: skip
    return VirtualStore(
        images, version, cache, _name(thing, images[0].description),
        ome_xml=lambda: source.ome_xml, fingerprint=source.fingerprint,
        closing=(partial(threads.shutdown, wait=False), source.close), again=again, made_from=_format(thing),
        notes=tuple(dict.fromkeys(note for scene in chosen for note in scene.notes)),
    )  # fmt: skip


def _completed(
    node: Image | ImageGroup, stored: Below, memory: int, workers: int | None, again: tuple[Any, ...]
) -> Completed | None:
    """Return a stored image with the levels that it lacks; None where it lacks none, or can have none."""
    if not isinstance(node, Image):
        return None
    lacks = {
        path: lack for path, lack in lacking(node).items() if _can_be_made(lack.scene, node.version, memory)
    }
    if not lacks:
        return None
    scenes = tuple(lack.scene for lack in lacks.values())
    made = _made(_Several(scenes), node, node.version, memory, workers, again)
    return Completed(stored, made, lacks, again)


def _can_be_made(scene: Scene, version: str, memory: int) -> bool:
    """Return whether coarser levels of a scene can be made that go with those that it has."""
    threads = crew(1)
    try:
        image = image_of(scene, 0, "", version, BlockCache(memory), threads, memory, side_by_side=False)
        return fits(image, scene)
    except ZarrscopeError:  # what is stored can be shown all the same
        return False
    finally:
        threads.shutdown(wait=False)


def _source(thing: Any) -> Shown:
    """Return what is to be shown as a source."""
    if isinstance(thing, Image | ImageGroup):
        document = thing.document
        return ZarrSource(Below(document.store, document.path) if document.path else document.store)
    if hasattr(thing, "scenes") and hasattr(thing, "fingerprint"):
        return cast("Shown", thing)
    if isinstance(thing, Scene):
        return _Several((thing,))
    levels = list(thing) if isinstance(thing, list | tuple) else [thing]
    arrays = [level if isinstance(level, LazyArray) else ForeignArray(level) for level in levels]
    if not arrays or len(arrays[0].shape) not in BY_NDIM or len({len(a.shape) for a in arrays}) > 1:
        raise ArgumentError(
            f"{type(thing).__name__}: give a source, an image, or arrays of one to five axes, finest first"
        )
    axes = tuple(axis(letter) for letter in BY_NDIM[len(arrays[0].shape)])
    return _Several((Scene(ImageDescription("", axes, (None,) * len(axes)), arrays),))


class _Several:
    """Scenes as a source; nobody knows when they change, so their tags hold for this store alone."""

    ome_xml: str | None = None

    def __init__(self, scenes: Sequence[Scene]) -> None:
        self.scenes, self._state = scenes, uuid4().hex

    def fingerprint(self) -> str:
        return self._state

    def close(self) -> None:
        """Do nothing: the arrays belong to somebody else."""


def _name(thing: Any, description: ImageDescription) -> str:
    """Return what messages call it."""
    paths = getattr(thing, "paths", None)
    if paths and not isinstance(thing, ImageGroup):
        return str(paths[0])
    return str(getattr(thing, "url", "") or description.name or "virtual")


def _format(thing: Any) -> str:
    """Return what people call the format of a source: that of the first file that pixels come from."""
    node = thing.node if isinstance(thing, ZarrSource) else thing
    if isinstance(node, Image | ImageGroup):
        return f"OME-Zarr {node.version}"
    if isinstance(thing, ZarrSource):
        return "Zarr"
    paths = getattr(thing, "paths", ())
    try:
        name = choose(Path(paths[0])).name if paths else "array"
    except (ZarrscopeError, OSError):
        return ""
    return "OME-TIFF" if name == "TIFF" and thing.ome_xml else name


def _again(thing: Any, version: str | None, memory: int, workers: int | None) -> VirtualStore | Below:
    return encode(thing, version=version, memory=memory, workers=workers)
