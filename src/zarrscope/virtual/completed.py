"""Stored OME-Zarr whose coarsest level is large: as it stands, with coarser levels that are computed."""

from __future__ import annotations

from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, replace
from heapq import merge
from math import isfinite, prod
from typing import TYPE_CHECKING, Any

from zarrscope.documents import dump_json, safe_json
from zarrscope.errors import ZarrscopeError
from zarrscope.ledger.checksum import checksum
from zarrscope.ledger.folder import FOLDER
from zarrscope.model.axes import channel_axis
from zarrscope.model.labels import ImageLabel
from zarrscope.pyramid.levels import spatial_axes
from zarrscope.source.zarr import ZarrSource
from zarrscope.spec.versions import zarr_format_of
from zarrscope.store.contracts import Info
from zarrscope.store.keys import check_key, join
from zarrscope.store.memory import MemoryStore
from zarrscope.store.resolve import is_remote
from zarrscope.virtual.documents import VERSIONS
from zarrscope.virtual.stored import Below

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from zarrscope.node.image import Image
    from zarrscope.source.contracts import Scene
    from zarrscope.store.contracts import Buffer, ByteRange, Readable, Request, Value
    from zarrscope.virtual.image import VirtualImage
    from zarrscope.virtual.store import VirtualStore

AT_ONCE = 64 << 20
"""Bytes of a plane, its channels together, that are there soon enough: no coarser level is missed."""

_DOCUMENT = {2: ".zattrs", 3: "zarr.json"}
_ODD = (LookupError, TypeError, AttributeError)
"""What comes of looking into a document that is not what it should be."""


@dataclass(frozen=True)
class Lack:
    """An image that lacks coarser levels.

    Parameters
    ----------
    scene : Scene
        The image, with the levels that are stored.
    key : str
        Of the document that lists them, below the first image.
    document : dict
        What it says.
    prefix : str
        What the added levels are called, with their number behind it.
    """

    scene: Scene
    key: str
    document: dict[str, Any]
    prefix: str


def lacking(image: Image) -> dict[str, Lack]:
    """Return those images that lack coarser levels and can be given some, by their path below the image.

    Parameters
    ----------
    image : Image
        It and its label images are looked at.
    """
    found: dict[str, Lack] = {}
    with suppress(ZarrscopeError):  # who looks at what cannot be read will be told
        found |= _lacking("", image, image)
    if is_remote(image.url) and not found:  # there each label image is a few requests more
        return found
    with suppress(ZarrscopeError):
        for name in image.labels:
            with suppress(ZarrscopeError):
                found |= _lacking(f"labels/{name}", image.label(name), image)
    return found


def _lacking(below: str, image: Image, root: Image) -> dict[str, Lack]:
    zarr_format, version = image.document.zarr_format, image.version
    known = version in VERSIONS and zarr_format == zarr_format_of(version) and version == root.version
    if not known or plane_bytes(image) <= AT_ONCE:
        return {}
    stored = Below(image.document.store, image.document.path)
    name = _DOCUMENT[zarr_format]
    document = safe_json(bytes(stored.get(name) or b"{}"), file=stored.url(name), allow_nan=True)
    datasets = _datasets(document, zarr_format)
    if not datasets or any(_placing(dataset, len(image.axes)) is None for dataset in datasets):
        return {}
    scene = ZarrSource(stored).scenes[0]
    if below and scene.description.label is None:  # it stands among labels: their numbers have no mean
        scene = replace(scene, description=replace(scene.description, label=ImageLabel()))
    prefix, array = "computed", "zarr.json" if zarr_format == 3 else ".zarray"
    while any(one["path"].startswith(prefix) for one in datasets) or stored.head(
        f"{prefix}{len(datasets)}/{array}"
    ):
        prefix += "_"
    return {below: Lack(scene, join(below, name), document, prefix)}


def plane_bytes(image: Image) -> int:
    """Return how many bytes of pixels a plane of the coarsest level is, its channels together.

    Parameters
    ----------
    image : Image
        As it is stored.
    """
    level = image.levels[-1]
    together = (*spatial_axes(image.axes)[-2:], channel_axis(image.axes))
    sides = [n for i, n in enumerate(level.shape) if i in together]
    return prod(sides) * int(level.dtype.itemsize)


class Completed(Below):
    """A stored image with coarser levels that are made while they are read. Safe under threads.

    What is stored is given as it stands, but for the document that lists the levels: it lists more of them,
    and has a window for each channel that came without. What knows nothing of the added levels is left out:
    the ledger, and consolidated documents.

    Parameters
    ----------
    stored : Below
        The image as it stands; closed with this.
    made : VirtualStore
        All levels of each image that lacks some.
    lacks : mapping of str to Lack
        These images, in the same order.
    again : tuple
        Function and arguments that open the store again in another process.
    """

    def __init__(
        self,
        stored: Below,
        made: VirtualStore,
        lacks: Mapping[str, Lack],
        again: tuple[Callable[..., Any], tuple[Any, ...]],
    ) -> None:
        super().__init__(stored.inner, stored.path, stored.close)
        self.stored = stored
        """The same without what was added."""
        self._made, self._again, self._format = made, again, zarr_format_of(made.version)
        self._images = {path: (lacks[path], image) for path, image in zip(lacks, made.images, strict=True)}
        self._amended = {lack.key: (lack, image) for lack, image in self._images.values()}
        self._above = {"zarr.json", "labels/zarr.json"} - set(self._amended) if self._format == 3 else set()
        self._documents = MemoryStore()
        self._levels = {
            join(path, f"{lack.prefix}{number}"): level.path
            for path, (lack, image) in self._images.items()
            for number, level in enumerate(image.levels)
            if level.computed
        }
        self.look = self._look

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return self._again

    def close(self) -> None:
        """Close what was made, and the store if it does not belong to somebody else."""
        self._made.close()
        super().close()

    @property
    def computed_levels(self) -> tuple[str, ...]:
        """Paths of the arrays that are not stored."""
        return tuple(self._levels)

    def told(self) -> dict[str, Any]:
        """Return, as JSON, what a viewer cannot learn from the documents: what the added levels cost."""
        images = []
        for path, (lack, image) in self._images.items():
            stored = [one["path"] for one in _datasets(lack.document, self._format) or ()]
            added = [f"{lack.prefix}{number}" for number in range(len(stored), len(image.levels))]
            told = image.told()
            names = [level["path"] for level in told["levels"]]
            paths = dict(zip(names, [join(path, one) for one in stored + added], strict=True))
            levels = [{**level, "path": paths[level["path"]]} for level in told["levels"]]
            first = {**told["first"], "level": paths[told["first"]["level"]]}
            images.append({**told, "path": path, "levels": levels, "first": first})
        return {"virtual": False, "images": images}

    def get(self, key: str, range: ByteRange = None, out: memoryview | None = None) -> Buffer | None:  # noqa: A002
        """Return the value, or the part of it that ``range`` names, or None where the key is absent."""
        store, there = self._where(key)
        return store.get(there, range, out)

    def get_many(self, requests: Sequence[Request]) -> list[Buffer | None]:
        """Return the values in the order of the requests."""
        if all(self._where(request.key)[0] is self.stored for request in requests):
            return self.stored.get_many(requests)
        return [self.get(*request) for request in requests]

    def head(self, key: str) -> Info | None:
        """Return size and tag, or None where the key is absent."""
        store, there = self._where(key)
        if store is not self._documents:
            return store.head(there)
        data = store.get(there)
        return None if data is None else Info(len(data), f"{checksum(bytes(data)):016x}")

    def _where(self, key: str) -> tuple[Readable, str]:
        """Return the store that has a value, and its key there."""
        check_key(key)
        if key in self._amended:
            if self._documents.head(key) is None:  # two threads may make it: it comes out alike
                self._documents.put(key, dump_json(self._amend(key), allow_nan=True))
            return self._documents, key
        if key in self._above:
            if self._documents.head(key) is None and (data := self.stored.get(key)) is not None:
                self._documents.put(key, _unconsolidated(bytes(data), self.url(key)))
            return self._documents, key
        if _knows_nothing(key):
            return self._documents, key
        for path, level in self._levels.items():
            if key.startswith(f"{path}/"):
                return self._made, level + key[len(path) :]
        return self.stored, key

    def _look(self, key: str) -> Value | None:
        if check_key(key) in self._amended or key in self._above:
            return None  # it may take a while to make
        store, there = self._where(key)
        look = getattr(store, "look", None)
        found: Value | None = look(there) if look else None
        return found

    def _list(self, prefix: str = "") -> Iterator[str]:
        stored = (key for key in self.stored.list(prefix) if not _knows_nothing(key))
        added = (
            key
            for path, level in sorted(self._levels.items())
            for key in (path + found[len(level) :] for found in self._made.list(f"{level}/"))
            if key.startswith(prefix)
        )
        yield from merge(stored, added)

    def _amend(self, key: str) -> Any:
        """Return the document of an image with the levels that were added."""
        lack, image = self._amended[key]
        name = join(image.path, _DOCUMENT[self._format])
        made = safe_json(bytes(self._made.get(name) or b"{}"), file=name)
        document = deepcopy(lack.document)
        document.pop("consolidated_metadata", None)
        listed, finer = (_datasets(one, self._format) or [] for one in (document, made))
        listed += _added(listed, finer, len(image.levels[0].shape), lack.prefix)
        if image.guessed:
            _with_windows(_ours(document, self._format), _ours(made, self._format)["omero"], image.guessed)
        return document


def fits(image: VirtualImage, scene: Scene) -> bool:
    """Return whether the axes of the levels that were made are those that are stored, in their order.

    Parameters
    ----------
    image : VirtualImage
        Made of the scene.
    scene : Scene
        As it is stored.
    """
    names = [[axis.name for axis in one.description.axes] for one in (image, scene)]
    return names[0] == names[1] and image.levels[-1].computed


def _knows_nothing(key: str) -> bool:
    """Return whether a value speaks of what is stored as if there were no more."""
    parts = key.split("/")
    return FOLDER in parts or parts[-1] == ".zmetadata"


def _unconsolidated(data: bytes, place: str) -> bytes:
    document = safe_json(data, file=place, allow_nan=True)
    if not isinstance(document, dict) or "consolidated_metadata" not in document:
        return data
    del document["consolidated_metadata"]
    return dump_json(document, allow_nan=True)


def _added(listed: list[Any], made: list[Any], ndim: int, prefix: str) -> list[Any]:
    """Return entries for the levels that were made beyond those that are listed.

    In pixels of the last listed level, so that the units of the two documents do not matter.
    """
    last, alike = _placing(listed[-1], ndim), _placing(made[len(listed) - 1], ndim)
    found = []
    for number, one in enumerate(made[len(listed) :], len(listed)):
        placed = _placing(one, ndim)
        if last is None or alike is None or placed is None:
            break
        scale = [s * (a / b) for s, a, b in zip(last[0], placed[0], alike[0], strict=True)]
        shifts = [(a - b) / c for a, b, c in zip(placed[1], alike[1], alike[0], strict=True)]
        translation = [t + s * d for t, s, d in zip(last[1], last[0], shifts, strict=True)]
        steps = [{"type": "scale", "scale": scale}, {"type": "translation", "translation": translation}]
        found.append({"path": f"{prefix}{number}", "coordinateTransformations": steps})
    return found


def _with_windows(ours: Any, made: Any, guessed: Sequence[int]) -> None:
    """Give windows to the channels that have none; whatever else is said of them stays."""
    known = ours.setdefault("omero", {})
    channels = known.setdefault("channels", []) if isinstance(known, dict) else None
    if not isinstance(channels, list) or not all(isinstance(one, dict) for one in channels):
        return
    for number, channel in enumerate(made["channels"]):
        if number >= len(channels):
            channels.append(channel)
        elif number in guessed:
            channels[number] = {**channel, **channels[number], "window": channel["window"]}


def _ours(document: Any, zarr_format: int) -> Any:
    """Return the part of a document that OME-Zarr speaks of."""
    return document["attributes"]["ome"] if zarr_format == 3 else document


def _datasets(document: Any, zarr_format: int) -> list[Any] | None:
    """Return the list of levels in a document; None where it is not what it should be."""
    try:
        found = _ours(document, zarr_format)["multiscales"][0]["datasets"]
        sound = isinstance(found, list) and all(isinstance(one["path"], str) for one in found)
    except _ODD:
        return None
    return found if sound else None


def _placing(dataset: Any, ndim: int) -> tuple[list[float], list[float]] | None:
    """Return scale and translation of a level; None where it is placed by anything else."""
    try:
        first, *more = dataset["coordinateTransformations"]
        kinds = [step["type"] for step in (first, *more)]
        scale = list(first["scale"])
        translation = list(more[0]["translation"]) if more else [0.0] * ndim
    except (*_ODD, ValueError):
        return None
    numbers = all(isinstance(n, int | float) and isfinite(n) for n in scale + translation)
    sizes = len(scale) == len(translation) == ndim and numbers and all(scale)
    return (scale, translation) if sizes and kinds in (["scale"], ["scale", "translation"]) else None
