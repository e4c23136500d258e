"""Axes: the names, types and units of an image's dimensions, and the systems that they span."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


class _Nothing(Mapping[str, Any]):
    """The empty mapping: frozen, hashable and, unlike a mapping proxy, picklable."""

    __slots__ = ()

    def __getitem__(self, key: str) -> Any:
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __hash__(self) -> int:
        return 0

    def __repr__(self) -> str:
        return "{}"

    def __reduce__(self) -> str:
        return "NOTHING"


NOTHING: Mapping[str, Any] = _Nothing()


@dataclass(frozen=True, slots=True)
class Orientation:
    """Which way of a body an axis runs (RFC-4); the terms stand in ``model.orientation``.

    Parameters
    ----------
    type : str, optional
        ``anatomical``.
    value : str, optional
        From where coordinates are low to where they are high, for example ``left-to-right``.
    extra : mapping
        Keys of the document that the specification does not name.
    """

    type: str | None = None
    value: str | None = None
    extra: Mapping[str, Any] = field(default=NOTHING)


@dataclass(frozen=True, slots=True)
class Axis:
    """One dimension of an image.

    Parameters
    ----------
    name : str
        Unique within an image, for example ``t``, ``c``, ``z``, ``y``, ``x``.
    type : str, optional
        ``space``, ``time``, ``channel`` or any other word.
    unit : str, optional
        Full name from the lists of the specification, for example ``micrometer``.
    discrete : bool, optional
        Whether positions between two pixels have no meaning (0.6).
    long_name : str, optional
        A name for people (0.6).
    orientation : Orientation, optional
        Which way of a body the axis runs (0.9).
    extra : mapping
        Keys of the document that the specification does not name, kept for the way back.
    """

    name: str
    type: str | None = None
    unit: str | None = None
    discrete: bool | None = None
    long_name: str | None = None
    orientation: Orientation | None = None
    extra: Mapping[str, Any] = field(default=NOTHING)


@dataclass(frozen=True, slots=True)
class CoordinateSystem:
    """A space that points live in.

    Parameters
    ----------
    name : str
        Unique within a document; "" in versions before 0.6, which have one nameless system.
    axes : tuple of Axis
        In the order of the coordinates of a point.
    extra : mapping
        Keys of the document that the specification does not name.
    """

    name: str
    axes: tuple[Axis, ...]
    extra: Mapping[str, Any] = field(default=NOTHING)


_CHANNEL_NAMES = ("c", "channel")


def channel_axis(axes: Sequence[Axis]) -> int | None:
    """Return which axis the channels lie along, or None: the one rule for all who read or write them.

    It is the first axis of type ``channel``. Types are only a SHOULD (section ``axes`` of the specification),
    so an axis without one is taken at its name, ``c`` or ``channel``; what says to be of another type is
    believed. The viewer in the browser does the same (``web/src/ome/multiscale.ts``).
    """
    return next((i for i, axis in enumerate(axes) if _is_channel(axis)), None)


def channel_count(axes: Sequence[Axis], shape: Sequence[int]) -> int:
    """Return how many channels pixels of a shape have: 1 where there is no such axis."""
    at = channel_axis(axes)
    return 1 if at is None else shape[at]


def _is_channel(axis: Axis) -> bool:
    return axis.type == "channel" or (axis.type is None and axis.name in _CHANNEL_NAMES)
