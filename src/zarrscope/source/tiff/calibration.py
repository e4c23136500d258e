"""What the flavours of TIFF know of an image: pixel sizes, times, channels."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from zarrscope.model.rendering import Channel, Window
from zarrscope.source.channels import colour_channels, full_window
from zarrscope.source.tiff.collected import Collected
from zarrscope.source.tiff.ome import read_ome

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from zarrscope.omexml.schema import OME
    from zarrscope.source.axes import Assignment

_SCREENS = (72.0, 96.0, 150.0, 300.0)
"""Dots per inch that programs write when they know nothing."""

_COARSEST = 254.0
"""Micrometers: larger pixels are those of screens and printers, not of an image of something small."""

_MICROMETERS = {2: 25400.0, 3: 10000.0}
"""Micrometers in an inch and a centimeter, by the value of ResolutionUnit."""


@dataclass(frozen=True)
class Facts:
    """What is known of an image, by axis; an axis that is not there is unknown.

    Parameters
    ----------
    name : str
        Empty where unknown.
    scale, unit, translation : mapping
        By our axis.
    channels : tuple of Channel
        One for each index of c, or empty.
    notes : tuple of str
        For the user.
    """

    name: str = ""
    scale: Mapping[str, float] = field(default_factory=dict)
    unit: Mapping[str, str] = field(default_factory=dict)
    translation: Mapping[str, float] = field(default_factory=dict)
    channels: tuple[Channel, ...] = ()
    notes: tuple[str, ...] = ()


def facts_of(
    tif: Any, series: Any, number: int, assignment: Assignment, guess: Assignment, ome: OME | None
) -> Facts:
    """Collect what is known of a series.

    Parameters
    ----------
    tif, series : TiffFile, TiffPageSeries
        Open.
    number : int
        Index of the series in the file.
    assignment, guess : Assignment
        What its axes are, and what they would be without the user's word: what the file says of an axis
        that the
        user calls otherwise is not believed.
    ome : OME, optional
        What the OME-XML says.
    """
    found = Collected((series.name or "").strip())
    count = _channels(series, assignment)
    if ome is not None and series.kind == "ome":
        read_ome(ome, number, series, assignment.order, found)
    for read in _FLAVOURS.get(series.kind, ()):
        read(tif, series, found, count)
    _instrument(series.keyframe, found)
    if series.kind not in ("imagej", "ome", "lsm"):
        _resolution(series.keyframe, found)
    samples = int(series.keyframe.samplesperpixel)
    if "s" in assignment.names or (samples > 1 and count % samples == 0 and "c" in assignment.names):
        found.channels = _colours(series, found.channels, count, samples)
    if series.keyframe.photometric == 3 and not found.channels:
        found.notes.append("a palette image: the indices are kept, its colours are not")
    if len(found.channels) != count:
        found.channels = ()
    kept = {
        ours
        for ours, usual in zip(assignment.names, guess.names, strict=True)
        if ours is not None and ours == usual
    }
    return Facts(
        found.name,
        {k: v for k, v in found.scale.items() if k in kept},
        {k: v for k, v in found.unit.items() if k in kept},
        {k: v for k, v in found.translation.items() if k in kept and k in found.scale},
        found.channels,
        tuple(found.notes),
    )


def _channels(series: Any, assignment: Assignment) -> int:
    """Return the length of c, 1 where there is none."""
    lengths = [n for n, name in zip(series.shape, assignment.names, strict=True) if name in ("c", "s")]
    return int(np.prod(lengths)) if lengths else 1


def _colours(series: Any, channels: tuple[Channel, ...], count: int, samples: int) -> tuple[Channel, ...]:
    """Return the channels that colour samples make, each of several channels divided into its samples."""
    key = series.keyframe
    if key.photometric not in (2, 6):
        return channels if len(channels) == count else ()
    if len(channels) == count and count != samples:
        return channels
    colours = colour_channels(samples, series.dtype, alpha=any(int(e) in (1, 2) for e in key.extrasamples))
    if len(channels) == len(colours) == count:  # ImageJ knows what range is worth looking at
        return tuple(
            replace(c, window=known.window or c.window) for c, known in zip(colours, channels, strict=True)
        )
    if count == samples or not colours:
        return colours
    outer = channels if len(channels) * samples == count else (Channel(),) * (count // samples)
    return tuple(
        Channel(
            f"{one.label} {colour.label}" if one.label else colour.label, colour.color, colour.window, True
        )
        for one in outer
        for colour in colours
    )


def _resolution(page: Any, found: Collected) -> None:
    """Believe the resolution tags where they name a real unit and no screen or printer."""
    unit = page.tags.valueof(296)
    if unit not in _MICROMETERS:
        return
    for axis, tag in (("x", 282), ("y", 283)):
        value = page.tags.valueof(tag)
        if not isinstance(value, tuple) or len(value) != 2 or 0 in value or value[0] == value[1]:
            continue
        per_unit = value[0] / value[1]
        dots = per_unit * 25400 / _MICROMETERS[unit]
        size = _MICROMETERS[unit] / per_unit
        if size < _COARSEST and not any(abs(dots - screen) < 0.01 * screen for screen in _SCREENS):
            found.size(axis, size, "micrometer")


def _instrument(page: Any, found: Collected) -> None:
    """Read the pixel sizes that electron microscopes and Olympus programs write into tags of their own."""
    fei = page.tags.valueof(34680) or page.tags.valueof(34682)
    if isinstance(fei, dict):
        scan = fei.get("Scan") or fei.get("EScan") or {}
        _meters(found, x=scan.get("PixelWidth"), y=scan.get("PixelHeight"))
    sis = page.tags.valueof(33560)
    if isinstance(sis, dict):
        _meters(found, x=sis.get("pixelsizex"), y=sis.get("pixelsizey"))


def _meters(found: Collected, **sizes: Any) -> None:
    """Take sizes in meters, as micrometers or, below ten nanometers, as nanometers."""
    for axis, value in sizes.items():
        if isinstance(value, (int, float)) and value > 0:
            small = value < 1e-8
            found.size(
                axis, float(f"{value * (1e9 if small else 1e6):.12g}"), "nanometer" if small else "micrometer"
            )


def _imagej(tif: Any, series: Any, found: Collected, count: int) -> None:
    """Read what ImageJ writes: unit, spacing, interval, origin, labels, lookup tables, display ranges."""
    meta: Mapping[str, Any] = tif.imagej_metadata or {}
    page = series.keyframe
    unit = meta.get("unit")
    for axis, tag, other in (("x", 282, "unit"), ("y", 283, "yunit")):
        value = page.tags.valueof(tag)
        if isinstance(value, tuple) and 0 not in value:
            found.size(axis, value[1] / value[0], str(meta.get(other, unit)))
    spacing = meta.get("spacing")
    if isinstance(spacing, (int, float)):
        found.size("z", abs(spacing), str(meta.get("zunit", unit)))
    interval, rate = meta.get("finterval"), meta.get("fps")
    if isinstance(interval, (int, float)) and interval > 0:
        found.size("t", interval, str(meta.get("tunit", "second")))
    elif isinstance(rate, (int, float)) and rate > 0:
        found.size("t", 1 / rate, "second")
    for axis in "xyz":
        origin = meta.get(f"{axis}origin")
        if isinstance(origin, (int, float)) and origin and axis in found.scale:
            found.translation[axis] = -float(origin) * found.scale[axis]
    found.channels = _imagej_channels(meta, count, series.dtype)


def _imagej_channels(meta: Mapping[str, Any], count: int, dtype: np.dtype[Any]) -> tuple[Channel, ...]:
    labels = meta.get("Labels")
    names = list(labels) if isinstance(labels, (list, tuple)) and len(labels) == count else [None] * count
    tables = meta.get("LUTs")
    colors: list[str | None] = [None] * count
    if isinstance(tables, list) and len(tables) == count and meta.get("mode") != "grayscale":
        colors = [_lut_color(table) for table in tables]
    ranges = meta.get("Ranges")
    if not isinstance(ranges, tuple) and count == 1 and "min" in meta and "max" in meta:
        ranges = (meta["min"], meta["max"])
    windows: list[Window | None] = [None] * count
    if isinstance(ranges, tuple) and len(ranges) == 2 * count:
        whole = full_window(dtype)
        low, high = (whole.min, whole.max) if whole else (None, None)
        windows = [
            Window(float(a), float(b), low, high) if a < b else None
            for a, b in zip(ranges[::2], ranges[1::2], strict=True)
        ]
    rows = list(zip(names, colors, windows, strict=True))
    if not any(item is not None for row in rows for item in row):
        return ()
    return tuple(Channel(str(name) if name else None, color, window) for name, color, window in rows)


def _lut_color(table: Any) -> str | None:
    """Return the brightest colour of a lookup table as six hexadecimal digits."""
    array = np.asarray(table)
    if array.shape != (3, 256):
        return None
    last = array[:, 255] if array[:, 255].any() else array[:, 0]
    return "".join(f"{int(v):02X}" for v in last)


def _svs(tif: Any, series: Any, found: Collected, count: int) -> None:
    """Read the micrometers per pixel of an Aperio slide."""
    text = tif.pages.first.description or ""
    match = re.search(r"\bMPP\s*=\s*([0-9.eE+-]+)", text)
    if match and series.name == "Baseline":
        found.size("x", float(match[1]), "micrometer")
        found.size("y", float(match[1]), "micrometer")


def _qpi(tif: Any, series: Any, found: Collected, count: int) -> None:
    """Read channel names and colours of an Akoya (PerkinElmer) slide."""
    names, colors = [], []
    for number in range(min(count, len(series))):
        page = series[number]
        text = page.aspage().description if page is not None else ""
        name = re.search(r"<Name>([^<]*)</Name>", text)
        color = re.search(r"<Color>\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)", text)
        names.append(name[1].strip() if name else None)
        colors.append("".join(f"{min(255, int(v)):02X}" for v in color.groups()) if color else None)
    if any(names) or any(colors):
        found.channels = tuple(Channel(n, c) for n, c in zip(names, colors, strict=True))


def _lsm(tif: Any, series: Any, found: Collected, count: int) -> None:
    """Read voxel size, interval and channels of a Zeiss LSM file."""
    meta: Mapping[str, Any] = tif.lsm_metadata or {}
    _meters(found, x=meta.get("VoxelSizeX"), y=meta.get("VoxelSizeY"), z=meta.get("VoxelSizeZ"))
    found.size("t", meta.get("TimeIntervall"), "second")
    colours = meta.get("ChannelColors") or {}
    names: Sequence[Any] = colours.get("ColorNames") or ()
    values: Sequence[Any] = colours.get("Colors") or ()
    if len(names) == count:
        rgb: list[str | None] = ["".join(f"{int(v):02X}" for v in value[:3]) for value in values]
        padded = rgb if len(rgb) == count else [None] * count
        found.channels = tuple(Channel(str(n), c) for n, c in zip(names, padded, strict=True))


def _micromanager(tif: Any, series: Any, found: Collected, count: int) -> None:
    """Read pixel size, z step, interval and channels of a Micro-Manager stack."""
    meta: Mapping[str, Any] = (tif.micromanager_metadata or {}).get("Summary") or {}
    for axis, key in (("x", "PixelSize_um"), ("y", "PixelSize_um"), ("z", "z-step_um")):
        value = meta.get(key)
        found.size(axis, abs(value) if isinstance(value, (int, float)) else None, "micrometer")
    found.size("t", meta.get("Interval_ms"), "millisecond")
    names = meta.get("ChNames")
    if isinstance(names, list) and len(names) == count:
        colors = meta.get("ChColors")
        rgb = [f"{int(v) & 0xFFFFFF:06X}" for v in colors] if isinstance(colors, list) else []
        padded: list[str | None] = [*rgb] if len(rgb) == count else [None] * count
        found.channels = tuple(Channel(str(n), c) for n, c in zip(names, padded, strict=True))


def _stk(tif: Any, series: Any, found: Collected, count: int) -> None:
    """Read the calibration of a MetaMorph stack."""
    meta: Mapping[str, Any] = tif.stk_metadata or {}
    unit = meta.get("CalibrationUnits")
    if meta.get("SpatialCalibration"):
        found.size("x", meta.get("XCalibration"), unit)
        found.size("y", meta.get("YCalibration"), unit)


_FLAVOURS: Mapping[str, tuple[Callable[[Any, Any, Collected, int], None], ...]] = {
    "imagej": (_imagej,),
    "svs": (_svs,),
    "qpi": (_qpi,),
    "lsm": (_lsm,),
    "mmstack": (_micromanager,),
    "ndtiff": (_micromanager,),
    "stk": (_stk,),
}
