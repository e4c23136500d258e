"""Version 0.4: the full codec. Later and earlier versions are lists of what differs from it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

from zarrscope.errors import UnsupportedError
from zarrscope.model.axes import Axis, CoordinateSystem
from zarrscope.model.collection import Collection
from zarrscope.model.multiscales import Dataset, Multiscale
from zarrscope.model.node import Node
from zarrscope.model.transforms import Identity
from zarrscope.spec import labels, plates, rendering
from zarrscope.spec.reader import Fields
from zarrscope.spec.transformations import decode_list, encode_list

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zarrscope.model.scene import Scene
    from zarrscope.model.transforms import Transformation

KNOWN_VERSIONS = ("0.1", "0.2", "0.3", "0.4", "0.5", "0.6")
KEYS = ("multiscales", "omero", "image-label", "labels", "plate", "well", "bioformats2raw.layout", "series")


class V04:
    """Reads and writes the attributes of one group.

    Every difference between versions is one attribute or one method here.
    """

    version: ClassVar[str] = "0.4"
    claims: ClassVar[tuple[str, ...]] = ("0.4",)
    """Versions that documents of this one claim."""
    keys: ClassVar[tuple[str, ...]] = KEYS
    """What stands in a document of ours."""
    zarr_format: ClassVar[int] = 2
    root: ClassVar[str] = ""
    """JSON pointer of our keys inside the document of the group."""
    versioned: ClassVar[frozenset[str]] = frozenset({"multiscales", "omero", "image-label", "plate", "well"})
    """Objects that may carry the version themselves."""
    indexed_wells: ClassVar[bool] = True

    # --- decoding ------------------------------------------------------------------------------------

    def open(self, attributes: Mapping[str, Any]) -> tuple[dict[str, Any], Mapping[str, Any]]:
        """Return our keys, and the attributes that are none of our business."""
        ours = {k: v for k, v in attributes.items() if k in KEYS}
        return ours, {k: v for k, v in attributes.items() if k not in KEYS}

    def decode(self, attributes: Mapping[str, Any]) -> Node | None:
        """Return what the attributes say, or None where they say nothing of ours."""
        ours, others = self.open(attributes)
        if not any(key in ours for key in self.keys):
            return None
        fields = Fields(ours)
        silent: set[str] = set()
        label = self._part(fields, "image-label", silent)
        plate = self._part(fields, "plate", silent)
        well = self._part(fields, "well", silent)
        omero = self._part(fields, "omero", silent)
        return Node(
            multiscales=self._multiscales(fields, silent),
            rendering=None if omero is None else rendering.decode_rendering(omero),
            image_label=None if label is None else labels.decode_image_label(label),
            labels=_paths(fields, "labels"),
            plate=None if plate is None else plates.decode_plate(plate, indexed=self.indexed_wells),
            well=None if well is None else plates.decode_well(well),
            collection=_collection(fields),
            scene=self.decode_scene(fields),
            fragment=self.decode_fragment(fields),
            unversioned=frozenset(silent),
            extra=fields.extra,
            attributes=others,
        )

    def _part(self, fields: Fields, key: str, silent: set[str]) -> Fields | None:
        part = fields.object(key)
        if part is not None and key in self.versioned:
            self._take_version(part, key, silent)
        return part

    def _take_version(self, part: Fields, place: str, silent: set[str]) -> None:
        """Take the version out of an object: all of a document have the same, so the model needs none."""
        if "version" not in part:
            silent.add(f"{self.version}/{place}")
        elif part.peek("version") == self.version:
            part.take("version")

    def _multiscales(self, fields: Fields, silent: set[str]) -> tuple[Multiscale, ...]:
        found = []
        for index, item in enumerate(fields.items("multiscales") or ()):
            part = Fields(item if isinstance(item, dict) else {})
            if "multiscales" in self.versioned:
                self._take_version(part, f"multiscales/{index}", silent)
            found.append(self._multiscale(part))
        return tuple(found)

    def _multiscale(self, part: Fields) -> Multiscale:
        metadata = part.object("metadata")
        return Multiscale(
            name=part.text("name"),
            systems=self.decode_systems(part),
            datasets=tuple(map(self._dataset, part.items("datasets") or ())),
            transformations=self.decode_common(part),
            type=part.text("type"),
            metadata=None if metadata is None else dict(metadata.extra),
            extra=part.extra,
        )

    def decode_scene(self, fields: Fields) -> Scene | None:
        """Read how several images lie to each other: nothing before 0.6."""
        return None

    def decode_fragment(self, fields: Fields) -> Scene | None:
        """Read systems and transformations that stand alone: nothing before 0.6."""
        return None

    def decode_systems(self, part: Fields) -> tuple[CoordinateSystem, ...]:
        """Read the coordinate systems of an image: before 0.6 one, without a name."""
        return (CoordinateSystem("", self.decode_axes(part)),)

    def decode_axes(self, part: Fields) -> tuple[Axis, ...]:
        """Read the axes of an image."""
        return tuple(map(self.decode_axis, part.items("axes") or ()))

    def decode_axis(self, item: Any) -> Axis:
        """Read one axis; one that cannot be read keeps its place."""
        entry = Fields(item if isinstance(item, dict) else {})
        return Axis(entry.text("name") or "", entry.text("type"), entry.text("unit"), extra=entry.extra)

    def decode_common(self, part: Fields) -> tuple[Transformation, ...]:
        """Read the transformations of all datasets together."""
        found = decode_list(part.peek("coordinateTransformations"))
        if found is None:
            return ()
        part.take("coordinateTransformations")
        return (found,)

    def _dataset(self, item: Any) -> Dataset:
        entry = Fields(item if isinstance(item, dict) else {})
        path = entry.text("path") or ""
        transformation = self.decode_placement(entry)
        return Dataset(path, transformation, entry.extra)

    def decode_placement(self, entry: Fields) -> Transformation:
        """Read the transformations of a dataset."""
        found = decode_list(entry.peek("coordinateTransformations"))
        if found is None:
            return Identity()
        entry.take("coordinateTransformations")
        return found

    def pointer(self, path: str) -> str:
        """Return where a path of the model stands in the document."""
        steps = re.sub(r"\.systems\[\d+\]", "", path)
        steps = re.sub(r"\btransformations?\b", "coordinateTransformations", steps)
        return self.root + "/" + steps.replace("[", "/").replace("]", "").replace(".", "/")

    # --- encoding ------------------------------------------------------------------------------------

    def encode(self, node: Node) -> dict[str, Any]:
        """Return the attributes of the group."""
        body: dict[str, Any] = {}
        if node.collection is not None and node.collection.layout is not None:
            body["bioformats2raw.layout"] = node.collection.layout
        if node.plate is not None:
            plate = plates.encode_plate(node.plate, indexed=self.indexed_wells)
            body["plate"] = self._versioned(plate, "plate", node)
        if node.well is not None:
            body["well"] = self._versioned(plates.encode_well(node.well), "well", node)
        if node.multiscales:
            body["multiscales"] = [
                self._versioned(self._encode_image(image), "multiscales", node, f"multiscales/{index}")
                for index, image in enumerate(node.multiscales)
            ]
        if node.rendering is not None:
            body["omero"] = self._versioned(rendering.encode_rendering(node.rendering), "omero", node)
        if node.image_label is not None:
            label = labels.encode_image_label(node.image_label)
            body["image-label"] = self._versioned(label, "image-label", node)
        if node.labels is not None:
            body["labels"] = list(node.labels)
        if node.collection is not None and node.collection.series is not None:
            body["series"] = list(node.collection.series)
        return self.close(body | self.encode_scenes(node), node)

    def encode_scenes(self, node: Node) -> dict[str, Any]:
        """Return what says how several images lie to each other: nothing before 0.6."""
        return {}

    def close(self, body: dict[str, Any], node: Node) -> dict[str, Any]:
        """Put our keys where this version has them."""
        return dict(node.attributes) | dict(node.extra) | body

    def _versioned(self, body: dict[str, Any], key: str, node: Node, place: str = "") -> dict[str, Any]:
        held = body.get("version")
        if key == "omero" and held is not None and held not in KNOWN_VERSIONS:
            return body
        rest = {k: v for k, v in body.items() if k != "version"}
        if key in self.versioned and f"{self.version}/{place or key}" not in node.unversioned:
            return {"version": self.version} | rest
        return rest if held in KNOWN_VERSIONS else body

    def _encode_image(self, image: Multiscale) -> dict[str, Any]:
        body: dict[str, Any] = {} if image.name is None else {"name": image.name}
        body |= self.encode_places(image)
        if image.type is not None:
            body["type"] = image.type
        if image.metadata is not None:
            body["metadata"] = dict(image.metadata)
        return body | {k: v for k, v in image.extra.items() if k not in body}

    def encode_places(self, image: Multiscale) -> dict[str, Any]:
        """Return axes, datasets and transformations of an image."""
        if len(image.systems) > 1:
            raise UnsupportedError(
                f"version {self.version} holds one coordinate system, not {len(image.systems)}"
            )
        ndim = len(image.axes)
        body: dict[str, Any] = {"axes": [self.encode_axis(axis) for axis in image.axes]}
        body["datasets"] = [
            {"path": d.path, "coordinateTransformations": encode_list((d.transformation,), ndim)}
            | dict(d.extra)
            for d in image.datasets
        ]
        if image.transformations:
            body["coordinateTransformations"] = encode_list(image.transformations, ndim)
        return body

    def encode_axis(self, axis: Axis) -> dict[str, Any]:
        """Return one axis."""
        said = {"name": axis.name, "type": axis.type, "unit": axis.unit}
        return {k: v for k, v in said.items() if v is not None} | dict(axis.extra)


def _paths(fields: Fields, key: str) -> tuple[str, ...] | None:
    found = fields.items(key)
    return None if found is None else tuple(path for path in found if isinstance(path, str))


def _collection(fields: Fields) -> Collection | None:
    layout = fields.integer("bioformats2raw.layout")
    series = _paths(fields, "series")
    return None if layout is None and series is None else Collection(layout, series)
