"""What a conversion will do: decided, and printable, before the first pixel is read."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from zarrscope.budget import format_size
from zarrscope.errors import ArgumentError, UnsupportedError
from zarrscope.model.axes import channel_count
from zarrscope.model.calibrate import by_axis, calibrated
from zarrscope.pyramid.downsample import kernel
from zarrscope.pyramid.plan import PlanOptions, PyramidPlan, plan_kept, plan_pyramid
from zarrscope.source.ordered import images_of, ordered
from zarrscope.spec.versions import limits
from zarrscope.write.image import check_form
from zarrscope.write.run import workers_within

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from zarrscope.array.contracts import LazyArray
    from zarrscope.model.description import ImageDescription
    from zarrscope.source.contracts import Scene, Source
    from zarrscope.types import Shape


@dataclass(frozen=True, slots=True)
class ConvertOptions:
    """What a user may ask for; None stands for the default.

    Parameters
    ----------
    version : str
        Of OME-Zarr: ``0.5`` or ``0.4``.
    pyramid : PlanOptions
        Chunks, shards, levels, kernel, memory.
    keep_levels : bool
        Take the coarser levels of the source as they are instead of computing them.
    codec : str
        Name of a codec preset.
    scene : str, optional
        Convert this one alone: its number, from 0, or its name.
    associated : bool
        Convert the pictures that accompany a slide as well. A label may name a patient.
    scale, unit : mapping, optional
        By axis name, instead of what the source says.
    channel_names : tuple of str
        Instead of what the source says.
    workers : int, optional
        Threads.
    """

    version: str = "0.5"
    pyramid: PlanOptions = field(default_factory=PlanOptions)
    keep_levels: bool = False
    codec: str = "default"
    scene: str | None = None
    associated: bool = False
    scale: dict[str, float] | None = None
    unit: str | dict[str, str] | None = None
    channel_names: tuple[str, ...] = ()
    workers: int | None = None


@dataclass(frozen=True, slots=True)
class ScenePlan:
    """One image of a conversion: where it goes, what it is, how it is cut."""

    path: str
    description: ImageDescription
    levels: Sequence[LazyArray]
    pyramid: PyramidPlan
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ConversionPlan:
    """All images of a conversion.

    ``path`` of a single image is "" (the root); several are numbered. ``workers`` is how many
    threads the memory allows. ``source``, ``fingerprint`` and ``axes`` tell what is converted, its
    state, and the user's word on its axes; ``state`` asks for its state anew.
    """

    scenes: tuple[ScenePlan, ...]
    options: ConvertOptions
    ome_xml: str | None
    workers: int
    source: str = ""
    fingerprint: str = ""
    axes: str | None = None
    state: Callable[[], str] = str

    @property
    def pixels(self) -> int:
        """How many pixels are read from the source."""
        return sum(scene.pyramid.source_pixels for scene in self.scenes)

    @property
    def raw_bytes(self) -> int:
        """Bytes of all levels before compression."""
        return sum(scene.pyramid.raw_bytes for scene in self.scenes)

    @property
    def files(self) -> int:
        """How many files hold pixels."""
        return sum(scene.pyramid.units for scene in self.scenes)

    @property
    def memory(self) -> int:
        """The most bytes that buffers take."""
        return max(scene.pyramid.memory(self.workers) for scene in self.scenes)

    def __str__(self) -> str:
        lines = []
        for scene in self.scenes:
            lines += _scene_lines(scene)
        lines.append(
            f"OME-Zarr {self.options.version}, codec {self.options.codec}: {self.files} files, at most "
            f"{format_size(self.raw_bytes)} before compression"
        )
        lines.append(f"memory: at most {format_size(self.memory)} for buffers, {self.workers} worker(s)")
        return "\n".join(lines)


def plan_conversion(source: Source, options: ConvertOptions) -> ConversionPlan:
    """Plan the conversion of a source.

    Raises
    ------
    ArgumentError
        No such scene, axis or kernel.
    UnsupportedError
        An image that the version cannot hold, or whose pixels are no real numbers.
    BudgetError
        It does not fit into the memory it may use.
    """
    if options.version == "0.4" and options.pyramid.shards:
        raise ArgumentError("OME-Zarr 0.4 is Zarr v2, which has no shards; leave --shards out or write 0.5")
    if options.version == "0.4":
        options = replace(options, pyramid=replace(options.pyramid, sharded=False))
    chosen = _chosen(source.scenes, options)
    one = len(chosen) == 1
    scenes = tuple(_plan_scene(scene, "" if one else str(i), options) for i, scene in enumerate(chosen))
    workers = workers_within([scene.pyramid for scene in scenes], options.workers, options.pyramid)
    return ConversionPlan(
        scenes, options, source.ome_xml, workers, fingerprint=source.fingerprint(), state=source.fingerprint
    )


def _chosen(scenes: Sequence[Scene], options: ConvertOptions) -> list[Scene]:
    """Return the scenes to convert."""
    wanted = options.scene
    if wanted is None:
        return list(scenes) if options.associated else images_of(scenes)
    named = [scene for scene in scenes if scene.description.name == wanted]
    if not named and wanted.isdecimal() and int(wanted) < len(scenes):
        named = [scenes[int(wanted)]]
    if len(named) != 1:
        listed = ", ".join(f"{i} ({s.description.name or 'no name'})" for i, s in enumerate(scenes[:20]))
        what = "more than one scene is called" if named else "there is no scene"
        raise ArgumentError(f"{what} {wanted!r}; choose by number: {listed}{' ...' * (len(scenes) > 20)}")
    return named


def _plan_scene(scene: Scene, path: str, options: ConvertOptions) -> ScenePlan:
    scene = ordered(replace(scene, description=_described(scene, options)))
    description, levels = scene.description, scene.levels
    if obstacles := limits(options.version).obstacles(description.axes):
        raise UnsupportedError(f"OME-Zarr {options.version} cannot hold {'; '.join(obstacles)}")
    first = levels[0]
    asked = options.pyramid
    if scene.description.label and asked.kernel is None:
        asked = replace(asked, kernel="mode")  # the mean of two labels is a third one
    kernel(asked.kernel or "mean", first.dtype)  # refuses what cannot be downsampled
    itemsize = first.dtype.itemsize
    if options.keep_levels:
        shapes, tiles = [level.shape for level in levels], [level.chunks for level in levels]
        pyramid = plan_kept(shapes, itemsize, description.axes, asked, tiles, scene.placements or None)
    else:
        tile = first.chunks
        axes, scale = description.axes, description.scale
        pyramid = plan_pyramid(first.shape, itemsize, axes, scale, asked, tile)
    check_form(description, first.dtype, pyramid, options.version, options.codec)
    unknown = [] if scene.associated else _unknown(description)
    return ScenePlan(path, description, levels, pyramid, (*scene.notes, *unknown))


def _unknown(description: ImageDescription) -> list[str]:
    """Return a line on what is not known of the size of a pixel, and how to say it."""
    rows = [(a, s) for a, s in zip(description.axes, description.scale, strict=True) if a.type == "space"]
    sizes = [axis.name for axis, size in rows if size is None]
    units = [axis.name for axis, size in rows if size is not None and axis.unit is None]
    lines = []
    if sizes:
        said = ",".join(f"{name}=..." for name in sizes)
        lines.append(
            f"the size of a pixel along {', '.join(sizes)} is unknown; --scale {said} --unit ... says it"
        )
    if units:
        lines.append(f"the unit of {', '.join(units)} is unknown; --unit micrometer, for example, says it")
    return lines


def _described(scene: Scene, options: ConvertOptions) -> ImageDescription:
    names = [axis.name for axis in scene.description.axes]
    return calibrated(
        scene.description,
        scale=by_axis(options.scale, names, "scale"),
        unit=options.unit,
        channels=options.channel_names,
        channel_count=channel_count(scene.description.axes, scene.levels[0].shape),
    )


def _scene_lines(scene: ScenePlan) -> list[str]:
    axes = "".join(axis.name for axis in scene.description.axes)
    title = " ".join(part for part in (scene.path, scene.description.name) if part) or "image"
    lines = [f"{title}: {axes}, {_calibration(scene.description)}"]
    lines += [f"  note: {note}" for note in scene.notes]
    for level in scene.pyramid.levels:
        shards = f", shards {_times(level.shards)}" if level.shards else ""
        lines.append(
            f"  level {level.path}: {_times(level.shape)}, chunks {_times(level.chunks)}{shards}, "
            f"{level.units} file(s)"
        )
    return lines


def _calibration(description: ImageDescription) -> str:
    known = [
        f"{axis.name} {size:g} {axis.unit or ''}".rstrip()
        for axis, size in zip(description.axes, description.scale, strict=True)
        if size is not None
    ]
    return f"pixel {', '.join(known)}" if known else "pixel size unknown"


def _times(shape: Shape) -> str:
    return " x ".join(map(str, shape))
