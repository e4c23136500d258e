"""What a user says of an image, laid over what is known of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from zarrscope.errors import ArgumentError
from zarrscope.model.rendering import Channel
from zarrscope.model.units import canonical_unit

if TYPE_CHECKING:
    from zarrscope.model.axes import Axis
    from zarrscope.model.description import ImageDescription

Numbers = Mapping[str, float] | Sequence[float | None] | None
"""One number an axis, by name or in the order of the axes."""


def by_axis(values: Numbers, names: Sequence[str], what: str) -> dict[str, float]:
    """Return numbers by axis name.

    Raises
    ------
    ArgumentError
        An axis that is not there, a wrong number of them, or a scale that is not above 0.
    """
    if values is None:
        return {}
    if not isinstance(values, Mapping | Sequence) or isinstance(values, str):
        raise ArgumentError(
            f"{what} {values!r:.40}: give numbers by axis, for example {what}={{'y': 0.1, 'x': 0.1}}"
        )
    if not isinstance(values, Mapping):
        if len(values) != len(names):
            raise ArgumentError(
                f"{what} has {len(values)} numbers for {len(names)} axes ({', '.join(names)})"
            )
        values = {n: v for n, v in zip(names, values, strict=True) if v is not None}
    _check_names(values, names, what)
    for name, value in values.items():
        if what == "scale" and not value > 0:
            raise ArgumentError(f"scale {name}={value}: a pixel's size is above 0; leave out what is unknown")
    return {name: float(value) for name, value in values.items()}


def calibrated(
    description: ImageDescription,
    *,
    scale: Mapping[str, float] | None = None,
    translation: Mapping[str, float] | None = None,
    unit: str | Mapping[str, str] | None = None,
    channels: Sequence[str | Channel] = (),
    channel_count: int = 1,
) -> ImageDescription:
    """Return the description with the user's words in place of what was known.

    Parameters
    ----------
    description : ImageDescription
        What is known.
    scale, translation : mapping, optional
        By axis name.
    unit : str or mapping, optional
        Of the spatial axes, or by axis name; any usual spelling.
    channels : sequence of str or Channel
        Names, or all there is to say of them; names keep the colours and windows that are known.
    channel_count : int
        How many channels the image has.

    Raises
    ------
    ArgumentError
        An axis that is not there, a unit that nobody knows, a wrong number of channels.
    """
    names = [axis.name for axis in description.axes]
    if isinstance(unit, str):
        unit = {axis.name: unit for axis in description.axes if axis.type == "space"}
    _check_names(unit or {}, names, "unit")
    sizes = tuple((scale or {}).get(n, s) for n, s in zip(names, description.scale, strict=True))
    places = description.translation
    if translation:
        before = places or (None,) * len(names)
        places = tuple(translation.get(n, p) for n, p in zip(names, before, strict=True))
    axes = tuple(_with_unit(axis, (unit or {}).get(axis.name)) for axis in description.axes)
    return replace(
        description,
        axes=axes,
        scale=sizes,
        translation=places,
        channels=_named(description.channels, channels, channel_count),
    )


def _check_names(values: Mapping[str, object], names: Sequence[str], what: str) -> None:
    for name in values:
        if name not in names:
            raise ArgumentError(f"{what}: there is no axis {name!r}; the axes are {', '.join(names)}")


def _with_unit(axis: Axis, unit: str | None) -> Axis:
    if unit is None:
        return axis
    known = canonical_unit(unit)
    if known is None:
        raise ArgumentError(
            f"unit {unit!r} of {axis.name} is not known; use for example micrometer or second"
        )
    return replace(axis, unit=known)


def _named(known: tuple[Channel, ...], wanted: Sequence[str | Channel], count: int) -> tuple[Channel, ...]:
    if not wanted:
        return known
    if len(wanted) != count:
        raise ArgumentError(f"{len(wanted)} channel names were given for {count} channels")
    before = known if len(known) == count else (Channel(),) * count
    return tuple(
        w if isinstance(w, Channel) else replace(b, label=str(w)) for w, b in zip(wanted, before, strict=True)
    )
