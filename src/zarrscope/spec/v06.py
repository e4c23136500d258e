"""Version 0.6: coordinate systems have names, transformations lead between them, scenes join images."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from zarrscope.errors import UnsupportedError
from zarrscope.model.axes import Axis, CoordinateSystem
from zarrscope.model.scene import Scene
from zarrscope.model.transforms import (
    Identity,
    Scale,
    Sequence,
    SystemReference,
    Transformation,
    Translation,
    composed,
)
from zarrscope.spec.reader import Fields
from zarrscope.spec.transformations06 import (
    decode_transformation,
    decode_transformations,
    encode_transformation,
)
from zarrscope.spec.v04 import KEYS
from zarrscope.spec.v05 import V05

if TYPE_CHECKING:
    from zarrscope.model.multiscales import Dataset, Multiscale
    from zarrscope.model.node import Node

INTRINSIC = "physical"
"""Name of the system that had none in older versions: the one that most official examples have."""

_STEPS = {"items": "transformations", "backward": "inverse", "rows": "affine", "axes": "mapAxis"}


class V06(V05):
    """What differs from 0.5."""

    version = "0.6"
    claims: ClassVar[tuple[str, ...]] = ("0.6", "0.6rc0")
    keys: ClassVar[tuple[str, ...]] = (*KEYS, "scene", "coordinateSystems", "coordinateTransformations")
    versioned: ClassVar[frozenset[str]] = frozenset()

    # --- decoding ------------------------------------------------------------------------------------

    def decode_systems(self, part: Fields) -> tuple[CoordinateSystem, ...]:
        """Read the coordinate systems of an image."""
        return tuple(map(self._system, part.items("coordinateSystems") or ()))

    def _system(self, item: Any) -> CoordinateSystem:
        entry = Fields(item if isinstance(item, dict) else {})
        return CoordinateSystem(entry.text("name") or "", self.decode_axes(entry), entry.extra)

    def decode_axis(self, item: Any) -> Axis:
        """Read one axis."""
        axis = super().decode_axis(item)
        entry = Fields(axis.extra)
        return replace(
            axis, discrete=entry.flag("discrete"), long_name=entry.text("longName"), extra=entry.extra
        )

    def decode_common(self, part: Fields) -> tuple[Transformation, ...]:
        """Read the transformations between the systems of an image."""
        found = decode_transformations(part.peek("coordinateTransformations"))
        if not found:
            return ()
        part.take("coordinateTransformations")
        return found

    def decode_placement(self, entry: Fields) -> Transformation:
        """Read the one transformation of a dataset."""
        found = entry.peek("coordinateTransformations")
        if not isinstance(found, list) or len(found) != 1 or not isinstance(found[0], dict):
            return Identity()
        entry.take("coordinateTransformations")
        return decode_transformation(found[0])

    def decode_scene(self, fields: Fields) -> Scene | None:
        """Read how several images lie to each other."""
        part = fields.object("scene")
        return None if part is None else self._scene(part)

    def decode_fragment(self, fields: Fields) -> Scene | None:
        """Read systems and transformations that stand alone."""
        known = {k: fields.take(k) for k in ("coordinateSystems", "coordinateTransformations") if k in fields}
        return self._scene(Fields(known)) if known else None

    def _scene(self, part: Fields) -> Scene:
        systems = part.items("coordinateSystems")
        return Scene(
            transformations=self.decode_common(part),
            systems=None if systems is None else tuple(map(self._system, systems)),
            extra=part.extra,
        )

    def pointer(self, path: str) -> str:
        """Return where a path of the model stands in the document."""
        steps: list[str] = []
        inside = False
        for step in path.replace("[", ".").replace("]", "").split("."):
            if inside:
                steps.append(_STEPS.get(step, step))
            elif step in ("transformation", "transformations"):
                inside = True
                steps += ["coordinateTransformations"] + ["0"] * (step == "transformation")
            elif step != "fragment":
                steps.append({"systems": "coordinateSystems", "long_name": "longName"}.get(step, step))
        return "/".join((self.root, *steps))

    # --- encoding ------------------------------------------------------------------------------------

    def encode_places(self, image: Multiscale) -> dict[str, Any]:
        """Return systems, datasets and transformations of an image.

        Transformations that follow those of every dataset (0.4, 0.5) are composed with them: every level
        keeps, to the last bit, the scale and translation that a reader of the older document computes.
        As an edge of the graph they would leave the datasets in a system that no longer is the physical
        one, for every reader that does not follow the graph.
        """
        body: dict[str, Any] = {"coordinateSystems": [self._encode_system(s) for s in image.systems]}
        body["datasets"] = [self._encode_dataset(d, image) for d in image.datasets]
        if image.edges:
            body["coordinateTransformations"] = [encode_transformation(t) for t in image.edges]
        return body

    def encode_scenes(self, node: Node) -> dict[str, Any]:
        """Return what says how several images lie to each other."""
        body = {} if node.scene is None else {"scene": self._encode_scene(node.scene)}
        return body if node.fragment is None else body | self._encode_scene(node.fragment)

    def _encode_scene(self, scene: Scene) -> dict[str, Any]:
        body: dict[str, Any] = {}
        if scene.systems is not None:
            body["coordinateSystems"] = [self._encode_system(s) for s in scene.systems]
        if scene.transformations:
            body["coordinateTransformations"] = [encode_transformation(t) for t in scene.transformations]
        return body | {k: v for k, v in scene.extra.items() if k not in body}

    def _encode_system(self, system: CoordinateSystem) -> dict[str, Any]:
        axes = [self.encode_axis(axis) for axis in system.axes]
        return {"name": system.name or INTRINSIC, "axes": axes} | dict(system.extra)

    def encode_axis(self, axis: Axis) -> dict[str, Any]:
        """Return one axis."""
        said = {"discrete": axis.discrete, "longName": axis.long_name}
        more = {k: v for k, v in said.items() if v is not None}
        return super().encode_axis(replace(axis, extra={})) | more | dict(axis.extra)

    def _encode_dataset(self, dataset: Dataset, image: Multiscale) -> dict[str, Any]:
        if "coordinateTransformations" in dataset.extra:
            return {"path": dataset.path} | dict(dataset.extra)
        step = dataset.transformation
        after = image.common
        if after or (step.input is None and step.output is None and not _canonical(step)):
            step = _composed([step, *after], len(image.axes))
        name = image.intrinsic.name if image.systems else ""
        step = replace(
            step,
            input=step.input or SystemReference(path=dataset.path),
            output=step.output or SystemReference(name or INTRINSIC),
        )
        return {"path": dataset.path, "coordinateTransformations": [encode_transformation(step)]} | dict(
            dataset.extra
        )


def _canonical(step: Transformation) -> bool:
    """Whether a dataset may be placed by this."""
    if isinstance(step, Sequence):
        return [type(part) for part in step.transformations] == [Scale, Translation]
    return isinstance(step, (Scale, Identity))


def _composed(steps: list[Transformation], ndim: int) -> Transformation:
    whole = composed(steps, ndim)
    if whole is None:
        raise UnsupportedError("the transformations of a dataset are more than one scale and translation")
    if not any(whole.translation):
        return Scale(whole.scale)
    return Sequence((Scale(whole.scale), Translation(whole.translation)))
