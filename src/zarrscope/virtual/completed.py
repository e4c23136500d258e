"""Stored OME-Zarr whose coarsest level is large: as it stands, with coarser levels that are computed."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from heapq import merge
from math import prod
from typing import TYPE_CHECKING, Any

from zarrscope.documents import dump_json, safe_json
from zarrscope.errors import ZarrscopeError
from zarrscope.ledger.folder import FOLDER
from zarrscope.model.axes import channel_axis
from zarrscope.model.labels import ImageLabel
from zarrscope.pyramid.levels import spatial_axes
from zarrscope.source.zarr import ZarrSource
from zarrscope.store.keys import check_key, join
from zarrscope.store.memory import MemoryStore
from zarrscope.store.resolve import is_remote
from zarrscope.virtual.stored import Below

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from zarrscope.node.image import Image
    from zarrscope.source.contracts import Scene
    from zarrscope.store.contracts import Buffer, ByteRange, Info, Readable, Request, Value
    from zarrscope.virtual.image import VirtualImage
    from zarrscope.virtual.store import VirtualStore

AT_ONCE = 64 << 20
"""Bytes of a plane, its channels together, that are there soon enough: no coarser level is missed."""

_NAME = "computed"
"""What the added levels are called, with their number behind it."""


def lacking(image: Image) -> dict[str, Scene]:
    """Return those images that lack coarser levels, by the path of their groups below the image.

    Parameters
    ----------
    image : Image
        It and its label images are looked at.
    """
    found = _lacking("", image)
    if found or not is_remote(image.url):  # there each label image is a few requests more
        for name in image.labels:
            with suppress(ZarrscopeError):  # who looks at it will be told
                found |= _lacking(f"labels/{name}", image.label(name))
    return found


def _lacking(below: str, image: Image) -> dict[str, Scene]:
    if plane_bytes(image) <= AT_ONCE:
        return {}
    stored = Below(image.document.store, image.document.path)
    datasets = _multiscale(_read(stored, _name(stored)))["datasets"]
    if not all(map(_placing, datasets)):
        return {}
    scene = ZarrSource(stored).scenes[0]
    if below and scene.description.label is None:  # it stands among labels: their numbers have no mean
        scene = replace(scene, description=replace(scene.description, label=ImageLabel()))
    return {below: scene}


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
    and has a window for each channel that came without. The ledger is left out, which knows nothing of that.

    Parameters
    ----------
    stored : Below
        The image as it stands; closed with this.
    made : VirtualStore
        All levels of each image that lacks some.
    groups : sequence of str
        The paths of these images' groups below the image, in the same order.
    again : tuple
        Function and arguments that open the store again in another process.
    """

    def __init__(
        self,
        stored: Below,
        made: VirtualStore,
        groups: Sequence[str],
        again: tuple[Callable[..., Any], tuple[Any, ...]],
    ) -> None:
        super().__init__(stored.inner, stored.path, stored.close)
        self.stored = stored
        """The same without what was added."""
        self._made, self._again = made, again
        self._images = dict(zip(groups, made.images, strict=True))
        name = _name(stored)
        self._amended = {join(group, name): (image, name) for group, image in self._images.items()}
        self._documents = MemoryStore()
        listed = {key: _multiscale(_read(stored, key))["datasets"] for key in self._amended}
        self._stored_levels = [[one["path"] for one in datasets] for datasets in listed.values()]
        self._levels = {
            join(group, f"{_NAME}{number}"): level.path
            for group, image in self._images.items()
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
        for (group, image), stored in zip(self._images.items(), self._stored_levels, strict=True):
            added = [f"{_NAME}{number}" for number in range(len(stored), len(image.levels))]
            told = image.told()
            names = [level["path"] for level in told["levels"]]
            paths = dict(zip(names, [join(group, path) for path in stored + added], strict=True))
            levels = [{**level, "path": paths[level["path"]]} for level in told["levels"]]
            first = {**told["first"], "level": paths[told["first"]["level"]]}
            images.append({**told, "path": group, "levels": levels, "first": first})
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
        return store.head(there)

    def _where(self, key: str) -> tuple[Readable, str]:
        """Return the store that has a value, and its key there."""
        if check_key(key) in self._amended:
            if self._documents.head(key) is None:
                self._documents.put(key, dump_json(self._amend(key), allow_nan=True))
            return self._documents, key
        if FOLDER in key.split("/"):
            return self._documents, key
        for path, level in self._levels.items():
            if key.startswith(f"{path}/"):
                return self._made, level + key[len(path) :]
        return self.stored, key

    def _look(self, key: str) -> Value | None:
        if check_key(key) in self._amended and self._documents.head(key) is None:
            return None  # it takes a while to make
        store, there = self._where(key)
        look = getattr(store, "look", None)
        found: Value | None = look(there) if look else None
        return found

    def _list(self, prefix: str = "") -> Iterator[str]:
        stored = (key for key in self.stored.list(prefix) if FOLDER not in key.split("/"))
        added = (
            key
            for path, level in sorted(self._levels.items())
            for key in (path + found[len(level) :] for found in self._made.list(f"{level}/"))
            if key.startswith(prefix)
        )
        yield from merge(stored, added)

    def _amend(self, key: str) -> Any:
        """Return the document of an image with the levels that were added."""
        image, name = self._amended[key]
        document, made = _read(self.stored, key), _read(self._made, join(image.path, name))
        document.pop("consolidated_metadata", None)  # knows nothing of the levels that were added
        listed, finer = _multiscale(document)["datasets"], _multiscale(made)["datasets"]
        count = len(listed)
        size, first = _placing(listed[-1]) or ([], [])
        (of, origin) = _placing(finer[count - 1]) or ([], [])
        for number, one in enumerate(finer[count:], count):
            larger, moved = _placing(one) or ([], [])
            # in pixels of the last stored level, whatever the units of either document
            factors = [a / b for a, b in zip(larger, of, strict=True)]
            shifts = [(a - b) / c for a, b, c in zip(moved, origin, of, strict=True)]
            scale = [s * f for s, f in zip(size, factors, strict=True)]
            translation = [t + s * d for t, s, d in zip(first, size, shifts, strict=True)]
            steps = [{"type": "scale", "scale": scale}, {"type": "translation", "translation": translation}]
            listed.append({"path": f"{_NAME}{number}", "coordinateTransformations": steps})
        if image.guessed:
            _with_windows(_ours(document), _ours(made)["omero"], image.guessed)
        return document


def fits(image: VirtualImage, scene: Scene) -> bool:
    """Return whether the axes of the levels that were made are those that are stored, in their order."""
    names = [[axis.name for axis in one.description.axes] for one in (image, scene)]
    return names[0] == names[1] and image.levels[-1].computed


def _with_windows(ours: Any, made: Any, guessed: Sequence[int]) -> None:
    """Give windows to the channels that have none; whatever else is said of them stays."""
    known = ours.setdefault("omero", {})
    channels = known.get("channels") or []
    for number, channel in enumerate(made["channels"]):
        if number >= len(channels):
            channels.append(channel)
        elif number in guessed:
            channels[number] = {**channel, **channels[number], "window": channel["window"]}
    known["channels"] = channels


def _name(stored: Below) -> str:
    """Return what the document of an image is called there."""
    return "zarr.json" if stored.head("zarr.json") else ".zattrs"


def _read(store: Readable, key: str) -> Any:
    return safe_json(bytes(store.get(key) or b"{}"), file=store.url(key), allow_nan=True)


def _ours(document: Any) -> Any:
    """Return the part of a document that OME-Zarr speaks of."""
    return document["attributes"]["ome"] if "attributes" in document else document


def _multiscale(document: Any) -> Any:
    return _ours(document)["multiscales"][0]


def _placing(dataset: Any) -> tuple[list[float], list[float]] | None:
    """Return scale and translation of a level; None where it is placed by anything else."""
    steps = dataset.get("coordinateTransformations", [])
    kinds = [step.get("type") for step in steps]
    if kinds not in (["scale"], ["scale", "translation"]) or "scale" not in steps[0]:
        return None
    scale = list(steps[0]["scale"])
    return scale, list(steps[1].get("translation", ())) if len(steps) > 1 else [0.0] * len(scale)
