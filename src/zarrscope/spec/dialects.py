"""Dialects: documents of the drafts of 0.6, and of tools that ran ahead of it, brought into today's form.

Only the form changes: old keys, strings where objects stand now, axes named where they are counted now.
What the document says stays what it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from zarrscope.spec.dialect_spatialdata import is_spatialdata, mend_image
from zarrscope.spec.mending import Mender, axis_names, dicts

if TYPE_CHECKING:
    from collections.abc import Mapping

_IMAGE_KEYS = ("multiscales", "omero", "image-label", "labels", "bioformats2raw.layout", "series")


class Migration(NamedTuple):
    """A document in today's form.

    Parameters
    ----------
    name : str
        Of the dialect: ``0.6.dev1`` to ``0.6.dev4``, or ``spatialdata``.
    attributes : mapping
        As a document of 0.6 has them (``ome`` and what stands beside it), whatever the version of Zarr.
    notes : tuple of str
        What was old-fashioned, in words; empty where only the name of the version was.
    """

    name: str
    attributes: Mapping[str, Any]
    notes: tuple[str, ...]


def migrated(attributes: Mapping[str, Any], zarr_format: int) -> Migration | None:
    """Return a document of a dialect in the form of 0.6; None where it is of no dialect.

    Parameters
    ----------
    attributes : mapping
        The whole of ``.zattrs``, or ``attributes`` of ``zarr.json``; it is not changed.
    zarr_format : int
        2 or 3.
    """
    ome = attributes.get("ome")
    if zarr_format == 3 and not isinstance(ome, dict):
        return None
    ours: Mapping[str, Any] = ome if isinstance(ome, dict) else attributes
    if is_spatialdata(ours):
        return _spatialdata(attributes, ours)
    version = ours.get("version")
    if ours is attributes or not isinstance(version, str) or not version.startswith("0.6"):
        return None
    return _draft(attributes, ours, version)


def _spatialdata(attributes: Mapping[str, Any], ours: Mapping[str, Any]) -> Migration:
    mender = Mender()
    mender.note("transformations with whole coordinate systems in them, as SpatialData writes them")
    found = {k: v for k, v in ours.items() if ours is not attributes or k in _IMAGE_KEYS}
    found["multiscales"] = [mend_image(image, mender) for image in dicts(ours["multiscales"])]
    label = found.get("image-label")
    if isinstance(label, dict):
        found["image-label"] = {k: v for k, v in label.items() if k != "version"}
    rest = {k: v for k, v in attributes.items() if k != "ome" and (ours is not attributes or k not in found)}
    return Migration("spatialdata", rest | {"ome": found | {"version": "0.6"}}, mender.notes)


def _draft(attributes: Mapping[str, Any], ours: Mapping[str, Any], version: str) -> Migration | None:
    mender = Mender()
    found = dict(ours)
    if isinstance(ours.get("multiscales"), list):
        images = ours["multiscales"]
        found["multiscales"] = [_image(i, mender) if isinstance(i, dict) else i for i in images]
    if isinstance(ours.get("scene"), dict):
        found["scene"] = _scene(ours["scene"], mender)
    if "coordinateTransformations" in ours and not {"multiscales", "scene"} & ours.keys():
        found = _alone(found, mender)
    if not version.startswith("0.6.dev"):
        if not mender.notes:
            return None
        version = "0.6.dev3" if mender.strings else "0.6.dev4"
    return Migration(version, dict(attributes) | {"ome": found | {"version": "0.6"}}, mender.notes)


def _image(image: dict[str, Any], mender: Mender) -> dict[str, Any]:
    found = dict(image)
    if "coordinateSystems" not in image and isinstance(image.get("axes"), list):
        mender.note("'axes' instead of 'coordinateSystems'")
        found["coordinateSystems"] = [{"name": _target(image) or "physical", "axes": found.pop("axes")}]
    systems = axis_names(found.get("coordinateSystems"))
    intrinsic = _target(image) or next(iter(systems), None)
    if isinstance(image.get("datasets"), list):
        found["datasets"] = [
            _dataset(d, mender, intrinsic) if isinstance(d, dict) else d for d in image["datasets"]
        ]
    if "coordinateTransformations" in image:
        found["coordinateTransformations"] = mender.edges(image["coordinateTransformations"], systems)
    return found


def _target(image: dict[str, Any]) -> str | None:
    """Return the name of the system that the datasets lead to, however it is written."""
    for dataset in dicts(image.get("datasets")):
        for step in dicts(dataset.get("coordinateTransformations")):
            output = step.get("output")
            name = output.get("name") if isinstance(output, dict) else output
            if isinstance(name, str):
                return name
    return None


def _dataset(dataset: dict[str, Any], mender: Mender, intrinsic: str | None) -> dict[str, Any]:
    steps = dataset.get("coordinateTransformations")
    if not isinstance(steps, list) or not steps or not all(isinstance(step, dict) for step in steps):
        return dataset
    if len(steps) == 1:
        one = mender.ends(steps[0], key="path")
    elif [step.get("type") for step in steps] == ["scale", "translation"]:
        mender.note("scale and translation of a dataset side by side instead of in a sequence")
        bare = [{k: v for k, v in step.items() if k not in ("input", "output")} for step in steps]
        first, last = steps[0].get("input"), steps[1].get("output")
        outer = {key: end for key, end in (("input", first), ("output", last)) if end}
        one = mender.ends({"type": "sequence", "transformations": bare} | outer, key="path")
    else:
        return dataset
    if "output" not in one and intrinsic is not None:
        mender.note("the transformation of a dataset has no output")
        one["output"] = {"name": intrinsic}
    if "input" not in one:
        mender.note("the transformation of a dataset has no input")
        one["input"] = {"path": dataset.get("path")}
    return dataset | {"coordinateTransformations": [one]}


def _scene(scene: dict[str, Any], mender: Mender) -> dict[str, Any]:
    if "coordinateTransformations" not in scene:
        return scene
    systems = axis_names(scene.get("coordinateSystems"))
    return scene | {"coordinateTransformations": mender.edges(scene["coordinateTransformations"], systems)}


def _alone(ours: dict[str, Any], mender: Mender) -> dict[str, Any]:
    """Mend systems and transformations beside nothing else; between images they are a scene today."""
    found = _scene(ours, mender)
    edges = dicts(found["coordinateTransformations"])
    ends = [edge.get(key) for edge in edges for key in ("input", "output")]
    if not any(isinstance(end, dict) and end.get("path") for end in ends):
        return found
    mender.note("the transformations between images stand outside of 'scene'")
    keys = ("coordinateSystems", "coordinateTransformations")
    inner = {key: found.pop(key) for key in keys if key in found}
    return found | {"scene": inner}
