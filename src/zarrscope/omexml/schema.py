"""The part of the OME data model that pixels need, as values (schemas 2003-FC to 2016-06)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from zarrscope.model.axes import NOTHING

if TYPE_CHECKING:
    from collections.abc import Mapping

NAMESPACE = "http://www.openmicroscopy.org/Schemas/OME/2016-06"

TYPES = {
    "int8": "int8", "int16": "int16", "int32": "int32",
    "uint8": "uint8", "uint16": "uint16", "uint32": "uint32",
    "float": "float32", "double": "float64", "bit": "bool",
    "complex": "complex64", "double-complex": "complex128",
}  # fmt: skip
"""OME pixel types and their names in numpy."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its unit.

    Parameters
    ----------
    value : float
        As written.
    unit : str, optional
        Name that OME-Zarr uses (``micrometer``); None where it has none.
    symbol : str
        As OME writes it (``µm``, ``reference frame``).
    """

    value: float
    unit: str | None
    symbol: str


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel: colour as six hexadecimal digits, wavelengths with their units."""

    id: str
    name: str | None = None
    color: str | None = None
    samples_per_pixel: int = 1
    emission: Quantity | None = None
    excitation: Quantity | None = None


@dataclass(frozen=True, slots=True)
class Plane:
    """One plane: its indices, when it was taken, and where the stage stood (keys X, Y, Z)."""

    z: int
    c: int
    t: int
    delta: Quantity | None = None
    exposure: Quantity | None = None
    position: Mapping[str, Quantity] = field(default=NOTHING)


@dataclass(frozen=True, slots=True)
class Pixels:
    """The pixels of an image.

    Parameters
    ----------
    sizes : mapping
        Number of pixels along X, Y, Z, C and T.
    order : str
        The axes, fastest first, for example ``XYZCT``.
    type : str
        OME's name; see ``TYPES``.
    physical : mapping
        Size of a pixel along X, Y and Z, where known.
    time_increment : Quantity, optional
        Time between two frames.
    channels : tuple of Channel
        With more than one sample a pixel there are fewer than ``sizes["C"]``.
    planes : tuple of Plane
        Those that the document describes.
    """

    sizes: Mapping[str, int]
    order: str
    type: str
    physical: Mapping[str, Quantity] = field(default=NOTHING)
    time_increment: Quantity | None = None
    channels: tuple[Channel, ...] = ()
    planes: tuple[Plane, ...] = ()

    @property
    def dtype(self) -> str | None:
        """The numpy name of the type, or None where there is none."""
        return TYPES.get(self.type.lower())


@dataclass(frozen=True, slots=True)
class Image:
    """One image; ``stage`` is the position of its stage label (keys X, Y, Z)."""

    id: str
    name: str | None
    pixels: Pixels
    stage: Mapping[str, Quantity] = field(default=NOTHING)


@dataclass(frozen=True, slots=True)
class OME:
    """A document: its images, its schema, and the companion file where it only points there."""

    images: tuple[Image, ...]
    namespace: str = NAMESPACE
    metadata_file: str | None = None
