"""Every document that we write obeys the official JSON schema of its version.

``strict`` schemas ask for more: a name, a type and metadata. They are passed wherever a name is known
and levels were computed; `NOT_STRICT` says what is missing elsewhere, and why that is not made up.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
import tifffile
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

import zarrscope
from zarrscope import Channel, ConvertOptions, PlanOptions, Window
from zarrscope.model.axes import Axis, CoordinateSystem
from zarrscope.model.dimensions import ByDimension, DimensionItem, MapAxis, ProjectAxis
from zarrscope.model.fields import Bijection, Coordinates, Displacements
from zarrscope.model.matrices import Affine, Rotation
from zarrscope.model.multiscales import Dataset, Multiscale
from zarrscope.model.node import Node
from zarrscope.model.scene import Scene
from zarrscope.model.transforms import (
    Identity,
    Scale,
    Sequence,
    SystemReference,
    Transformation,
    Translation,
)
from zarrscope.spec.versions import encode

SHARED = Path(os.environ.get("ZARRSCOPE_SHARED") or Path(__file__).resolve().parents[3] / "shared")
CONFORMANCE = SHARED / "conformance"
if not CONFORMANCE.is_dir():
    pytest.skip(f"no official schemas in {CONFORMANCE}: set ZARRSCOPE_SHARED", allow_module_level=True)

AXES = ("yx", "zyx", "cyx", "tyx", "czyx", "tcyx", "tzyx", "tczyx")
SIZES = {"t": 2, "c": 2, "z": 3, "y": 300, "x": 270}
VERSIONS = ("0.4", "0.5", "0.6")
FOLDERS = {"0.6": "ngff-zarr-0.50.0/spec-0.6"}
"""Where the released schemas stand, if not in those of the specification: its main branch had 0.6rc0."""
NOT_STRICT = {
    "one level": ("type", "where nothing was downsampled there is no kind of downsampling"),
    "kept levels": ("type", "how the levels of the source were made is not known"),
}
"""Kind of image: the first member that the strict schema misses, and why it is not there."""


@cache
def schema(version: str, name: str) -> jsonschema.protocols.Validator:
    folder = CONFORMANCE / FOLDERS.get(version, f"ome+ngff-spec@{version}") / "schemas"
    found = {path.stem: json.loads(path.read_bytes()) for path in folder.glob("*.schema")}
    registry = Registry().with_resources(
        (text["$id"], Resource(text, DRAFT202012)) for text in found.values() if "$id" in text
    )
    return jsonschema.Draft202012Validator(found[name], registry=registry)


def faults(version: str, name: str, document: Any) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in schema(version, name).iter_errors(document)]


def attributes(path: Path) -> Any:
    if (path / "zarr.json").is_file():
        return json.loads((path / "zarr.json").read_text())["attributes"]
    return json.loads((path / ".zattrs").read_text())


def put_attributes(path: Path, found: Any) -> None:
    place = path / ".zattrs"
    if (path / "zarr.json").is_file():
        place = path / "zarr.json"
        found = json.loads(place.read_text()) | {"attributes": found}
    place.write_text(json.dumps(found))


@pytest.mark.parametrize("axes", AXES)
@pytest.mark.parametrize("version", VERSIONS)
def test_images(tmp_path: Path, version: str, axes: str) -> None:
    pixels = np.random.default_rng(3).integers(0, 9999, [SIZES[a] for a in axes], dtype="u2")
    zarrscope.write(pixels, tmp_path / "plain", axes=axes, version=version)
    channels = [Channel("DAPI", "0000FF", Window(0, 900, 0, 9999)), Channel("GFP")] if "c" in axes else ()
    zarrscope.write(
        pixels, tmp_path / "full", axes=axes, version=version, name="cells", channels=channels,
        scale={a: 0.5 for a in axes if a != "c"}, translation={"y": 3.0, "x": -2.0},
        unit={a: "second" if a == "t" else "micrometer" for a in axes if a != "c"},
    )  # fmt: skip
    assert faults(version, "image", attributes(tmp_path / "plain")) == []
    assert faults(version, "image", attributes(tmp_path / "full")) == []
    assert faults(version, "strict_image", attributes(tmp_path / "full")) == []


@pytest.mark.parametrize("dtype", ["?", "i1", "u4", "i8", "u8", "f2", "f4", "f8"])
@pytest.mark.parametrize("version", VERSIONS)
def test_types_whose_windows_are_seen(tmp_path: Path, version: str, dtype: str) -> None:
    """Also where every pixel is equal, or where floats are not finite."""
    plane = np.random.default_rng(3).standard_normal((300, 280)) * 100
    blocks = {"noise": plane, "flat": plane * 0}
    if np.dtype(dtype).kind == "f":
        some = np.where(plane > 250, np.inf, np.where(plane < -250, np.nan, plane))
        signs = np.where(plane > 0, np.inf, -np.inf)
        blocks |= {"some": some, "nan": np.full((64, 64), np.nan), "signs": signs}
    for name, pixels in blocks.items():
        zarrscope.write(pixels.astype(dtype), tmp_path / name, version=version)
        document = attributes(tmp_path / name)
        assert faults(version, "image", document) == []
        ome = document if version == "0.4" else document["ome"]
        json.dumps(document, allow_nan=False)  # raises on NaN and Infinity, which are no JSON
        if name in ("nan", "signs"):
            assert "omero" not in ome  # nothing that a window could be made of
            continue
        (channel,) = ome["omero"]["channels"]
        window = channel["window"]
        assert window["min"] <= window["start"] < window["end"] <= window["max"]


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_not_strict(tmp_path: Path, version: str) -> None:
    pixels = np.random.default_rng(3).integers(0, 9999, (300, 270), dtype="u2")
    zarrscope.write(pixels, tmp_path / "one level", version=version, name="cells", levels=1)
    with tifffile.TiffWriter(tmp_path / "a.tif") as tif:
        tif.write(pixels, subifds=1, metadata=None)
        tif.write(pixels[::2, ::2], subfiletype=1, metadata=None)
    zarrscope.convert(
        tmp_path / "a.tif", tmp_path / "kept levels", ConvertOptions(version=version, keep_levels=True)
    )
    for name, (member, _) in NOT_STRICT.items():
        document = attributes(tmp_path / name)
        assert faults(version, "image", document) == []
        found = faults(version, "strict_image", document)
        assert any(f"'{member}' is a required property" in fault for fault in found), (name, found)


@pytest.mark.parametrize("version", VERSIONS)
def test_collections(tmp_path: Path, version: str) -> None:
    with tifffile.TiffWriter(tmp_path / "many.ome.tif", ome=True) as tif:
        for number in range(3):
            tif.write(
                np.full((300, 280 + number), number, "u2"), metadata={"axes": "YX", "Name": f"s {number}"}
            )
    place = tmp_path / "a.zarr"
    zarrscope.convert(tmp_path / "many.ome.tif", place, ConvertOptions(version=version))
    assert faults(version, "bf2raw", attributes(place)) == []
    assert faults(version, "ome", attributes(place / "OME")) == []
    for number in range(3):
        assert faults(version, "strict_image", attributes(place / str(number))) == []
    if version != "0.4":
        for path in (place, place / "OME", place / "0"):
            assert faults(version, "ome_zarr", attributes(path)) == []


@pytest.mark.parametrize("version", VERSIONS)
def test_a_group_beside_one_image_claims_nothing(tmp_path: Path, version: str) -> None:
    """The OME group of a single image holds the OME-XML alone: it lists no series and is no image."""
    tifffile.imwrite(tmp_path / "a.ome.tif", np.zeros((64, 64), "u1"), metadata={"axes": "YX", "Name": "one"})
    options = ConvertOptions(version=version, pyramid=PlanOptions(levels=2))
    zarrscope.convert(tmp_path / "a.ome.tif", tmp_path / "a.zarr", options)
    assert faults(version, "strict_image", attributes(tmp_path / "a.zarr")) == []
    group = tmp_path / "a.zarr" / "OME"
    assert (group / "METADATA.ome.xml").is_file()
    assert not (group / ".zattrs").exists()
    if version != "0.4":
        assert attributes(group) == {}


@pytest.mark.parametrize("version", VERSIONS)
def test_label_images(tmp_path: Path, version: str) -> None:
    """Also where they come from another version, with colours, properties and their image."""
    other = "0.4" if version != "0.4" else "0.5"
    values = np.zeros((300, 270), "u2")
    values[50:100, 50:100] = 7
    zarrscope.write(values, tmp_path / "cells", version=other, downsample="mode", name="cells")
    document = attributes(tmp_path / "cells")
    said = document if other == "0.4" else document["ome"]
    said["image-label"] = {
        "colors": [{"label-value": 7, "rgba": [255, 0, 0, 128]}, {"label-value": 9}],
        "properties": [{"label-value": 7, "area": 2500}],
        "source": {"image": "../../"},
    }
    put_attributes(tmp_path / "cells", document)
    zarrscope.write(zarrscope.open(tmp_path / "cells"), tmp_path / "again", version=version)
    zarrscope.upgrade(tmp_path / "cells", to=version, out=tmp_path / "other")
    for name in ("again", "other"):
        document = attributes(tmp_path / name)
        assert (document if version == "0.4" else document["ome"])["image-label"]["colors"]
        assert faults(version, "image", document) == []
        assert faults(version, "strict_label", document) == []


RIGHT = ((0.0, -1.0), (1.0, 0.0))
STEPS: dict[str, Transformation] = {
    "identity": Identity(),
    "scale": Scale((0.5, 0.25)),
    "translation": Translation((10.0, -20.0)),
    "rotation": Rotation(RIGHT),
    "rotation in an array": Rotation(path="rotation"),
    "affine": Affine(((1.0, 0.1, 5.0), (0.0, 2.0, -5.0))),
    "affine in an array": Affine(path="affine"),
    "mapAxis": MapAxis((1, 0)),
    "projectAxis": ProjectAxis((1,), (0,)),
    "sequence": Sequence((Scale((0.5, 0.25)), Translation((1.0, 2.0)))),
    "byDimension": ByDimension(
        (DimensionItem((0,), (1,), Scale((2.0,))), DimensionItem((1,), (0,), Translation((3.0,))))
    ),
    "displacements": Displacements("fields/d", "linear"),
    "coordinates": Coordinates("fields/c", "nearest"),
    "bijection": Bijection(Displacements("fields/d"), Displacements("fields/back")),
}
"""One of each type, between systems of two axes."""
YX = (Axis("y", "space", "micrometer"), Axis("x", "space", "micrometer"))


@pytest.mark.parametrize("kind", STEPS)
def test_scenes(kind: str) -> None:
    """The cases of the text: tiles that are placed in one world, and an image registered to another."""
    tiles = tuple(
        replace(
            STEPS[kind], name=f"to tile {number}", input=SystemReference("physical", f"tile_{number}"),
            output=SystemReference("world"),
        )
        for number in range(2)
    )  # fmt: skip
    document = encode(Node(scene=Scene(tiles, (CoordinateSystem("world", YX),))), "0.6")
    assert faults("0.6", "scene", document) == []
    registered = replace(
        STEPS[kind], input=SystemReference("physical", "moving"), output=SystemReference("physical", "fixed")
    )
    assert faults("0.6", "scene", encode(Node(scene=Scene((registered,))), "0.6")) == []


@pytest.mark.parametrize("kind", STEPS)
def test_images_of_several_systems(kind: str) -> None:
    ends = {"input": SystemReference("physical"), "output": SystemReference("world")}
    systems = (CoordinateSystem("physical", YX), CoordinateSystem("world", YX))
    image = Multiscale("cells", systems, (Dataset("0", Scale((0.5, 0.5))),), (replace(STEPS[kind], **ends),))
    assert faults("0.6", "image", encode(Node(multiscales=(image,)), "0.6")) == []


def test_the_schemas_can_refuse(tmp_path: Path) -> None:
    """A guard for the guards: a document with a fault does not pass."""
    zarrscope.write(np.zeros((64, 64), "u1"), tmp_path / "a")
    document = attributes(tmp_path / "a")
    document["ome"]["multiscales"][0]["axes"][0]["type"] = 3
    assert faults("0.5", "image", document)
    assert faults("0.5", "bf2raw", document)
    zarrscope.write(np.zeros((64, 64), "u1"), tmp_path / "b", version="0.6")
    document = attributes(tmp_path / "b")
    step = document["ome"]["multiscales"][0]["datasets"][0]["coordinateTransformations"][0]
    assert faults("0.6", "image", document) == []
    del step["output"]["name"]
    assert faults("0.6", "image", document)
    assert faults("0.6", "scene", document)
