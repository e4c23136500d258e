"""Documents as Neuroglancer reads them, for images whose own it does not: the pixels stay where they are.

It knows OME-Zarr 0.4 and 0.5 alone, refuses units that the specification does not list, and needs a scale
for every level, which versions before 0.4 do not have.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from zarrscope.array.group import read_group
from zarrscope.check.overlay import Overlay
from zarrscope.documents import dump_json
from zarrscope.errors import UnsupportedError
from zarrscope.model.axes import channel_axis
from zarrscope.model.units import SPACE_UNITS, TIME_UNITS
from zarrscope.store.contracts import Info
from zarrscope.store.keys import join
from zarrscope.viewer.placing import as_it_stands, placing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zarrscope.node.image import Image, Level
    from zarrscope.store.contracts import Readable
    from zarrscope.viewer.placing import Placing

_READ = {2: "0.4", 3: "0.5"}
_UNITS = SPACE_UNITS | TIME_UNITS


class Retold(Overlay):
    """A store whose images have other documents; closing it closes the store.

    Parameters
    ----------
    below : Readable
        Holds them.
    documents : mapping of str to bytes
        The others, by their keys.
    """

    def __init__(self, below: Readable, documents: Mapping[str, bytes]) -> None:
        super().__init__(below)
        self.values.update(documents)

    def head(self, key: str) -> Info | None:
        """Return size and tag, or None where the key is absent."""
        value = self.values.get(key)
        return (
            super().head(key) if value is None else Info(len(value), hashlib.sha256(value).hexdigest()[:16])
        )

    def close(self) -> None:
        """Close the store below."""
        if (close := getattr(self.below, "close", None)) is not None:
            close()


def readable(image: Image) -> bool:
    """Return whether Neuroglancer reads the document of an image as it stands."""
    channel = channel_axis(image.axes)
    return (
        image.version == _READ[image.document.zarr_format]
        and image.scale is not None
        and all(axis.unit is None or axis.unit in _UNITS for axis in image.axes)
        and (channel is None or image.axes[channel].type == "channel")
    )


def retold(store: Readable, image: Image) -> Readable:
    """Return a store in which Neuroglancer can read an image and its labels, which lie where they belong.

    Parameters
    ----------
    store : Readable
        Holds them; returned as it is where it will do.
    image : Image
        Of that store.

    Raises
    ------
    UnsupportedError
        One of them is placed by more than scale and translation.
    """
    placed = [(image, as_it_stands(image))]
    placed += [(label, placing(label, image)) for label in map(image.label, image.labels)]
    other = dict(_document(*one) for one in placed if not readable(one[0]) or one[1] != as_it_stands(one[0]))
    return Retold(store, other) if other else store


def _document(image: Image, place: Placing) -> tuple[str, bytes]:
    """Return the key of an image's document, and the document with its first multiscales written anew."""
    zarr_format, path = image.document.zarr_format, image.document.path
    group = read_group(image.document.store, path, zarr_format)
    attributes, version = dict(group.attributes), _READ[zarr_format]
    multiscales: dict[str, Any] = {
        "axes": _axes(image, place),
        "datasets": [
            {"path": dataset.path, "coordinateTransformations": _placed(image, level, place)}
            for dataset, level in zip(image.multiscale.datasets, image.levels, strict=True)
        ],
    }
    if image.name:
        multiscales["name"] = image.name
    if zarr_format == 2:
        attributes["multiscales"] = [{"version": version, **multiscales}]
        return join(path, ".zattrs"), dump_json(attributes)
    attributes["ome"] = {**attributes.get("ome", {}), "version": version, "multiscales": [multiscales]}
    whole = {**group.extra, "zarr_format": 3, "node_type": "group", "attributes": attributes}
    return join(path, "zarr.json"), dump_json(whole)


def _axes(image: Image, place: Placing) -> list[dict[str, str]]:
    channel, found = channel_axis(image.axes), []
    for number, (axis, unit) in enumerate(zip(image.axes, place.units, strict=True)):
        kind = "channel" if number == channel else axis.type
        found.append(
            {"name": axis.name}
            | ({"type": kind} if kind else {})
            | ({"unit": unit} if unit in _UNITS and unit is not None else {})
        )
    return found


def _placed(image: Image, level: Level, place: Placing) -> list[dict[str, Any]]:
    """Return where a level lies; one as large as level 0 that has fewer pixels was never placed."""
    first = image.levels[0]
    if level.scale is None or level.translation is None or first.scale is None:
        raise UnsupportedError(f"{image.url}: Neuroglancer shows only images placed by scale and translation")
    scale, translation = level.scale, level.translation
    if level.shape != first.shape and scale == first.scale:
        factors = [_factor(a, b) for a, b in zip(first.shape, level.shape, strict=True)]
        scale = tuple(s * f for s, f in zip(scale, factors, strict=True))
        shift = [s * (f - 1) / 2 for s, f in zip(first.scale, factors, strict=True)]
        translation = tuple(t + d for t, d in zip(translation, shift, strict=True))
    return [
        {"type": "scale", "scale": list(place.scale(scale))},
        {"type": "translation", "translation": list(place.translation(translation))},
    ]


def _factor(fine: int, coarse: int) -> float:
    """Return how many pixels became one: a whole number where only the last pixel is not full."""
    factor = fine / max(1, coarse)
    whole = max(1, round(factor))
    return float(whole) if abs(whole * coarse - fine) < whole else factor
