"""``zarrscope.create``: an image that is filled region by region, as the pixels come."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from zarrscope.errors import ArgumentError
from zarrscope.model.axes import channel_count
from zarrscope.model.calibrate import Numbers, by_axis, calibrated
from zarrscope.model.description import ImageDescription
from zarrscope.model.naming import ORDER, axis, check_letters
from zarrscope.pyramid.plan import PlanOptions, plan_pyramid
from zarrscope.store.local import LocalStore
from zarrscope.store.resolve import resolve_writable
from zarrscope.write.destination import Destination
from zarrscope.write.documents import image_job
from zarrscope.write.image import ImageWriter, arrays_of, check_form

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from zarrscope.model.rendering import Channel
    from zarrscope.store.contracts import Writable


def create(
    url: str | os.PathLike[str] | Writable,
    shape: Sequence[int],
    dtype: Any,
    axes: str,
    *,
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
    overwrite: bool = False,
) -> ImageWriter:
    """Begin an image, to be filled with ``put`` and closed with ``finish``.

    Parameters
    ----------
    url : str, path-like or Writable
        Where the image is to stand.
    shape : sequence of int
        Pixels of level 0, in the order of ``axes``.
    dtype : dtype-like
        Of the pixels.
    axes : str
        One letter an axis, in the order t, c, z, y, x.
    scale, unit, translation, channels, name, version, chunks, shards, codec, levels, downsample, memory
        As for ``zarrscope.write``.
    overwrite : bool
        Replace a Zarr that stands there.

    Returns
    -------
    ImageWriter
        As a context manager it finishes by itself, and removes what was written if something fails.

    Raises
    ------
    ArgumentError, UnsupportedError, BudgetError, DestinationExistsError
        What is asked for cannot be; nothing was written.

    Examples
    --------
    >>> import numpy as np, zarrscope
    >>> with zarrscope.create("planes.ome.zarr", (8, 64, 64), "u2", "zyx") as writer:
    ...     for region in writer.plan.regions():
    ...         writer.put(region, np.zeros(region.shape, "u2"))
    """
    pixel = np.dtype(dtype).newbyteorder("=")
    letters = check_letters(axes, len(shape), "the image")
    if letters != "".join(letter for letter in ORDER if letter in letters):
        raise ArgumentError(f"axes {axes!r}: regions are put in the order t, c, z, y, x; order the axes so")
    count = len(letters)
    store = resolve_writable(url)
    named = tuple(map(axis, letters))
    description = calibrated(
        ImageDescription(name or name_of(store), named, (None,) * count),
        scale=by_axis(scale, letters, "scale"),
        translation=by_axis(translation, letters, "translation"),
        unit=unit,
        channels=channels,
        channel_count=channel_count(named, shape),
    )
    options = plan_options(version, chunks, shards, levels, downsample, memory)
    size = tuple(int(n) for n in shape)
    plan = plan_pyramid(size, pixel.itemsize, description.axes, description.scale, options)
    arrays = arrays_of("", plan, check_form(description, pixel, plan, version, codec))
    job = image_job("", description, pixel, plan, version, arrays)
    destination = Destination(store, job, overwrite=overwrite)
    try:
        destination.begin()
        return ImageWriter(
            destination.store, "", description, pixel, plan, version, codec,
            closing=lambda done: destination.close(done=done),
        )  # fmt: skip
    except BaseException:
        destination.close(done=False)
        raise


def name_of(store: Writable) -> str:
    """Return what an image is called that nobody named: like its folder."""
    if not isinstance(store, LocalStore):
        return ""
    return store.root.name.removesuffix(".zarr").removesuffix(".ome")


def plan_options(
    version: str,
    chunks: Mapping[str, int] | None,
    shards: Mapping[str, int] | str | None,
    levels: int | None,
    downsample: str | None,
    memory: int | None,
) -> PlanOptions:
    """Return what a caller asks for as options of a plan.

    Parameters
    ----------
    version, chunks, shards, levels, downsample, memory
        See ``zarrscope.write``.

    Raises
    ------
    ArgumentError
        Shards that are no sizes, or where the version has none.
    """
    for what, sizes in (("chunks", chunks), ("shards", None if shards == "none" else shards)):
        if sizes is not None and not isinstance(sizes, Mapping):
            raise ArgumentError(f"{what} {sizes!r:.40}: give pixels by axis, for example {what}={{'y': 512}}")
    if version == "0.4" and isinstance(shards, Mapping):
        raise ArgumentError("OME-Zarr 0.4 is Zarr v2, which has no shards; leave them out or write 0.5")
    return PlanOptions(
        chunks=dict(chunks) if chunks else None,
        shards=dict(shards) if isinstance(shards, Mapping) else None,
        sharded=shards != "none" and version != "0.4",
        levels=levels,
        kernel=downsample,
        memory=memory,
    )
