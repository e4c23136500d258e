"""``zarrscope.write``: an array of any library becomes an OME-Zarr image."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from zarrscope.array.foreign import ForeignArray, Transposed
from zarrscope.errors import ArgumentError
from zarrscope.model.axes import channel_count
from zarrscope.model.calibrate import Numbers, by_axis, calibrated
from zarrscope.model.description import ImageDescription
from zarrscope.model.naming import BY_NDIM, ORDER, axis, check_letters, permutation
from zarrscope.node.image import Image, Level
from zarrscope.node.open import open_node
from zarrscope.pyramid.plan import plan_pyramid
from zarrscope.store.resolve import resolve_writable
from zarrscope.write.create import name_of, plan_options
from zarrscope.write.destination import Destination
from zarrscope.write.documents import image_job
from zarrscope.write.image import arrays_of, check_form
from zarrscope.write.run import workers_within, write_image

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence

    from zarrscope.array.contracts import LazyArray
    from zarrscope.model.rendering import Channel
    from zarrscope.store.contracts import Writable


def write(
    array: Any,
    url: str | os.PathLike[str] | Writable,
    *,
    axes: str | Sequence[str] | None = None,
    scale: Numbers = None,
    unit: str | Mapping[str, str] | None = None,
    translation: Numbers = None,
    channels: Sequence[str | Channel] = (),
    name: str = "",
    version: str = "0.5",
    chunks: Mapping[str, int] | None = None,
    shards: Mapping[str, int] | str | None = None,
    codec: str = "default",
    levels: int | None = None,
    downsample: str | None = None,
    memory: int | None = None,
    workers: int | None = None,
    overwrite: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Image:
    """Write an array as an OME-Zarr image with all its levels, in one pass and bounded memory.

    Parameters
    ----------
    array : array-like
        numpy, dask, xarray, zarr, h5py, a level of an open image, or anything with ``shape``,
        ``dtype`` and slicing; real numbers or booleans. It is read region by region.
    url : str, path-like or Writable
        Where the image is to stand.
    axes : str or sequence of str, optional
        One letter of ``tczyx`` an axis, in the order of the array; it is stored in the order t, c, z,
        y, x. By default the names that the array has, else ``yx``, ``zyx``, ``czyx`` or ``tczyx``.
    scale, translation : mapping or sequence, optional
        Size of a pixel and centre of the first one, by axis name, or one an axis in the order of the
        array (None where unknown). What is left out is unknown, not 1.
    unit : str or mapping, optional
        Unit of the spatial axes, or of each axis by name: ``micrometer``, ``um``, ``second`` ...
    channels : sequence of str or Channel, optional
        Names (or names, colours and windows) of the channels.
    name : str, optional
        Of the image.
    version : str
        ``0.5`` (Zarr v3, shards) or ``0.4`` (Zarr v2).
    chunks, shards : mapping, optional
        Pixels by axis name; ``shards="none"`` writes every chunk to a file of its own.
    codec : str
        ``default``, ``fast``, ``small``, ``none`` or a name such as ``blosc-zstd:5``.
    levels : int, optional
        Number of levels in all.
    downsample : str, optional
        Kernel: ``mean``, ``median``, ``mode``, ``nearest``, ``min``, ``max`` or ``gaussian``; by default
        ``mean``, and ``mode`` where a label image is written again. For labels take ``mode``.
    memory : int, optional
        Bytes that buffers may take.
    workers : int, optional
        Threads; as many as processors by default.
    overwrite : bool
        Replace a Zarr that stands there.
    progress : callable, optional
        Receives the number of pixels of each region once it is stored.

    Returns
    -------
    Image
        The image, open for reading.

    Raises
    ------
    ArgumentError, UnsupportedError, BudgetError, DestinationExistsError
        What is asked for cannot be; nothing was written.
    AccessError, StoreError
        Writing failed; what had been written was removed.

    Examples
    --------
    >>> import numpy as np, zarrscope
    >>> image = zarrscope.write(np.zeros((2, 64, 64), "u2"), "zeros.ome.zarr", axes="cyx")
    >>> image.levels[0].shape
    (2, 64, 64)
    """
    store = resolve_writable(url)
    named = name or str(getattr(array, "name", "") or "") or name_of(store)
    pixels, description = _described(array, axes, scale, unit, translation, channels, named)
    kernel = downsample or ("mode" if description.label else None)
    options = plan_options(version, chunks, shards, levels, kernel, memory)
    plan = plan_pyramid(
        pixels.shape, pixels.dtype.itemsize, description.axes, description.scale, options, _tile(pixels)
    )
    arrays = arrays_of("", plan, check_form(description, pixels.dtype, plan, version, codec))
    threads = workers_within([plan], workers, options)
    job = image_job("", description, pixels.dtype, plan, version, arrays)
    with Destination(store, job, overwrite=overwrite) as place:
        write_image(place.store, "", description, [pixels], plan, version, codec, threads, progress)
    image = open_node(store)
    assert isinstance(image, Image)  # noqa: S101 - it was just written
    return image


def _tile(pixels: LazyArray) -> tuple[int, ...] | None:
    """Return the array's own blocks where it has some: numpy arrays have single pixels, which say nothing."""
    return pixels.chunks if any(n > 1 for n in pixels.chunks) else None


def _described(
    array: Any,
    axes: str | Sequence[str] | None,
    scale: Numbers,
    unit: str | Mapping[str, str] | None,
    translation: Numbers,
    channels: Sequence[str | Channel],
    name: str,
) -> tuple[LazyArray, ImageDescription]:
    """Return the array in our order of axes, and what is known of it."""
    label = array.document.model.image_label if isinstance(array, Image) else None
    if isinstance(array, Image):
        channels, name, array = channels or array.channels, name or array.name, array.levels[0]
    facts = _level_facts(array) if isinstance(array, Level) else _xarray_facts(array)
    pixels: LazyArray = ForeignArray(array)
    count = len(pixels.shape)
    if count not in BY_NDIM:
        raise ArgumentError(f"an array of {count} axes is no image; axes are {ORDER!r}")
    letters = check_letters("".join(axes or facts.letters or BY_NDIM[count]), count, "the array")
    order = permutation(letters)
    named = tuple(letters[i] for i in order)
    known = ImageDescription(name, tuple(map(axis, named)), (None,) * count, label=label)
    description = calibrated(
        known,
        scale={**facts.scale, **by_axis(scale, letters, "scale")},
        translation={**facts.translation, **by_axis(translation, letters, "translation")},
        unit={**facts.units, **_units(unit, letters)},
        channels=channels or facts.channels,
        channel_count=channel_count(tuple(map(axis, letters)), pixels.shape),
    )
    return (pixels if order == tuple(range(count)) else Transposed(pixels, order)), description


def _units(unit: str | Mapping[str, str] | None, letters: str) -> Mapping[str, str]:
    """Return units by axis; one unit alone is that of the spatial axes."""
    return {n: unit for n in "zyx" if n in letters} if isinstance(unit, str) else unit or {}


@dataclass(frozen=True)
class _Facts:
    """What an array says of its own axes: letters in its order, the rest by letter."""

    letters: str | None = None
    scale: Mapping[str, float] = field(default_factory=dict)
    translation: Mapping[str, float] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    channels: tuple[str, ...] = ()


def _level_facts(level: Level) -> _Facts:
    names = [a.name for a in level.axes]
    units = {a.name: a.unit for a in level.axes if a.unit}
    scale = {n: s for n, s in zip(names, level.scale or (), strict=False) if n in units or s != 1}
    return _Facts("".join(names), scale, dict(zip(names, level.translation or (), strict=False)), units)


def _xarray_facts(array: Any) -> _Facts:
    """Return names, steps and units of an xarray.DataArray, and nothing of any other array."""
    if not hasattr(array, "dims") or not hasattr(array, "coords"):
        return _Facts()
    letters = [_LONG.get(str(dim).lower(), str(dim).lower()) for dim in array.dims]
    scale, translation, units = {}, {}, {}
    channels: tuple[str, ...] = ()
    for letter, dim in zip(letters, array.dims, strict=True):
        if dim not in array.coords:
            continue
        if letter == "c":
            values = array.coords[dim].values
            channels = tuple(map(str, values)) if values.dtype.kind in "OUT" else ()
            continue
        values, attributes = array.coords[dim].values, array.coords[dim].attrs
        step = _step(values)
        if step is not None:
            scale[letter], translation[letter] = step, float(values[0])
        if "units" in attributes:
            units[letter] = str(attributes["units"])
    return _Facts("".join(letters), scale, translation, units, channels)


_LONG = {"time": "t", "channel": "c"}


def _step(values: Any) -> float | None:
    """Return the distance of evenly spaced, rising coordinates, else None."""
    if len(values) < 2 or values.dtype.kind not in "iuf":
        return None
    step = float(values[-1] - values[0]) / (len(values) - 1)
    even = all(abs(values[0] + step * i - value) <= 1e-3 * step for i, value in enumerate(values))
    return step if step > 0 and even else None
