"""What an older version cannot hold: found, named, and left out where that is wanted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from zarrscope.model.axes import NOTHING, Axis, CoordinateSystem
from zarrscope.model.transforms import Sequence

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zarrscope.model.multiscales import Dataset, Multiscale
    from zarrscope.model.node import Node
    from zarrscope.model.scene import Scene
    from zarrscope.model.transforms import SystemReference, Transformation


def losses(node: Node, version: str) -> list[str]:
    """Return, one line each, what a version cannot hold; empty where nothing would be lost.

    Parameters
    ----------
    node : Node
        What is to be written.
    version : str
        In which it is to be written.
    """
    return reduced(node, version)[1]


def reduced(node: Node, version: str) -> tuple[Node, list[str]]:
    """Leave out what a version cannot hold.

    Parameters
    ----------
    node : Node
        What is to be written.
    version : str
        In which it is to be written.

    Returns
    -------
    node : Node
        What is left, which ``encode`` takes. Numbers and orders of axes are never changed: where they do
        not fit, ``encode`` still refuses. The name of the one system that is left is not kept before 0.6,
        which has no place for it and needs none.
    lost : list of str
        What was left out, one line each.
    """
    lost: list[str] = []
    images = tuple(_image(image, version, lost) for image in node.multiscales)
    node = replace(node, multiscales=images)
    scenes = (_scene(scene, version, lost) for scene in (node.scene, node.fragment))
    return replace(node, scene=next(scenes), fragment=next(scenes)), lost


def _scene(scene: Scene | None, version: str, lost: list[str]) -> Scene | None:
    if scene is None or version >= "0.9":
        return scene
    if version >= "0.6":
        return replace(scene, systems=scene.systems and _systems(scene.systems, version, lost))
    count = len(scene.transformations)
    lost.append(f"the scene: {count} transformation{'s' * (count != 1)} between coordinate systems")
    return None


def _image(image: Multiscale, version: str, lost: list[str]) -> Multiscale:
    if version >= "0.9":
        return image
    if version >= "0.6":
        return replace(image, systems=_systems(image.systems, version, lost))
    intrinsic = image.intrinsic if image.systems else CoordinateSystem("", ())
    others = [system.name for system in image.systems if system is not intrinsic]
    if others:
        lost.append(f"the coordinate system{'s' * (len(others) > 1)} {', '.join(map(repr, others))}")
    for edge in image.edges:
        kind = type(edge).__name__.lower()
        lost.append(f"the transformation ({kind}) from {_end(edge.input)} to {_end(edge.output)}")
    if intrinsic.extra:
        lost.append(f"{', '.join(map(repr, intrinsic.extra))} of the coordinate system {intrinsic.name!r}")
    own = _systems((intrinsic,), version, lost)[0]
    return replace(
        image,
        systems=(replace(own, name="", extra=NOTHING),) if image.systems else (),
        datasets=tuple(_dataset(dataset, intrinsic.name, lost) for dataset in image.datasets),
        transformations=image.common,
    )


def _systems(
    systems: Iterable[CoordinateSystem], version: str, lost: list[str]
) -> tuple[CoordinateSystem, ...]:
    found = []
    for system in systems:
        _name_axes(system.axes, version, lost)
        found.append(replace(system, axes=tuple(_axis(axis, version) for axis in system.axes)))
    return tuple(found)


def _axis(axis: Axis, version: str) -> Axis:
    if version >= "0.6":
        return replace(axis, orientation=None)
    return replace(axis, orientation=None, discrete=None, long_name=None)


def _name_axes(axes: Iterable[Axis], version: str, lost: list[str]) -> None:
    own = ("orientation",) if version >= "0.6" else ("orientation", "discrete", "long_name")
    words = {"orientation": "the orientation", "discrete": "'discrete'", "long_name": "the long name"}
    for key in own:
        names = [axis.name for axis in axes if _says(axis, key)]
        if names:
            lost.append(f"{words[key]} of the ax{'e' if len(names) > 1 else 'i'}s {', '.join(names)}")


def _says(axis: Axis, key: str) -> bool:
    """Whether the axis says something by this that a reader of the older version would not assume."""
    if key == "discrete":
        # between channels there is nothing in any version, and every other axis is a line unless it says so
        return axis.discrete is True and axis.type != "channel"
    return getattr(axis, key) is not None


def _dataset(dataset: Dataset, intrinsic: str, lost: list[str]) -> Dataset:
    step = dataset.transformation
    away = step.output is not None and step.output.name not in (None, intrinsic)
    other = step.input is not None and step.input.path not in (None, dataset.path)
    if away or other:
        # where it leads elsewhere it does not say where the level lies in the system that is left
        lost.append(
            f"where {dataset.path!r} lies: it is placed from {_end(step.input)} to {_end(step.output)}"
        )
    names = _names(step)
    if names:
        lost.append(f"the name {', '.join(map(repr, names))} of the transformation of {dataset.path!r}")
    return replace(dataset, transformation=_plain(step))


def _names(step: Transformation) -> list[str]:
    inner = step.transformations if isinstance(step, Sequence) else ()
    return [*([] if step.name is None else [step.name]), *(name for part in inner for name in _names(part))]


def _plain(step: Transformation) -> Transformation:
    step = replace(step, name=None, input=None, output=None)
    if not isinstance(step, Sequence):
        return step
    return replace(step, transformations=tuple(map(_plain, step.transformations)))


def _end(end: SystemReference | None) -> str:
    if end is None:
        return "its place"
    where = f" of {end.path!r}" if end.name is not None and end.path else ""
    return f"the array {end.path!r}" if end.name is None else f"the system named {end.name!r}{where}"
