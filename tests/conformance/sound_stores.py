"""Sound stores of every version, made of nothing but JSON: what the faults by hand are broken out of.

Each function returns a :class:`Tree`, which holds the documents as plain dictionaries until it is written.
No writer of ours has a hand in them: they follow the sentences of the text. Chunks are never stored, so all
pixels are the fill value.
"""

from __future__ import annotations

import copy
import json
import struct
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

VERSIONS = ("0.4", "0.5", "0.6")
DTYPES = {"uint16": "<u2", "uint8": "|u1", "int32": "<i4", "float32": "<f4", "float64": "<f8"}
XML = """<?xml version="1.0" encoding="UTF-8"?>
<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">
%s</OME>
"""
XML_IMAGE = """<Image ID="Image:%d" Name="series %d"><Pixels ID="Pixels:%d" DimensionOrder="XYZCT"
 Type="uint16" SizeX="16" SizeY="16" SizeZ="1" SizeC="1" SizeT="1">
<Channel ID="Channel:%d:0" SamplesPerPixel="1"/><MetadataOnly/></Pixels></Image>
"""


class Tree:
    """A hierarchy that is not written yet.

    Parameters
    ----------
    version : str
        Of OME-Zarr, which decides where things stand.

    Attributes
    ----------
    files : dict of str
        By key; JSON values are written as such, bytes as they are.
    """

    def __init__(self, version: str) -> None:
        self.version = version
        self.files: dict[str, Any] = {}

    def key(self, path: str, *, array: bool = False) -> str:
        """Return the key of a group's or an array's document."""
        name = "zarr.json" if self.version != "0.4" else ".zarray" if array else ".zattrs"
        return f"{path}/{name}".strip("/")

    def group(self, path: str, ome: dict[str, Any] | None = None) -> None:
        """Put a group there; without metadata it is a plain one."""
        if self.version == "0.4":
            self.files[f"{path}/.zgroup".strip("/")] = {"zarr_format": 2}
            if ome is not None:
                self.files[self.key(path)] = ome
            return
        attributes = {} if ome is None else {"ome": {"version": self.version, **ome}}
        self.files[self.key(path)] = {"zarr_format": 3, "node_type": "group", "attributes": attributes}

    def array(self, path: str, shape: list[int], dtype: str, names: list[str]) -> None:
        """Put an array there that holds nothing but its fill value."""
        if self.version == "0.4":
            self.files[f"{path}/.zarray"] = {
                "zarr_format": 2,
                "shape": shape,
                "chunks": shape,
                "dtype": DTYPES[dtype],
                "compressor": None,
                "fill_value": 0,
                "filters": None,
                "order": "C",
                "dimension_separator": "/",
            }
            return
        self.files[f"{path}/zarr.json"] = {
            "zarr_format": 3,
            "node_type": "array",
            "shape": shape,
            "data_type": dtype,
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": shape}},
            "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
            "fill_value": 0,
            "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}],
            "attributes": {},
            "dimension_names": names,
        }

    def ome(self, path: str = "") -> Any:
        """Return the OME-Zarr metadata of a group, to be changed."""
        document = self.files[self.key(path)]
        return document if self.version == "0.4" else document["attributes"]["ome"]

    def remove(self, path: str) -> None:
        """Take away a group or an array with all below it."""
        self.files = {k: v for k, v in self.files.items() if not f"/{k}".startswith(f"/{path}/")}

    def write(self, folder: Path) -> Path:
        """Write the hierarchy into a folder, which is returned."""
        for key, value in self.files.items():
            place = folder / key
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(value if isinstance(value, bytes) else json.dumps(value, indent=1).encode())
        return folder


def axes(names: str) -> list[dict[str, Any]]:
    """Return the axes of single-letter names."""
    units = {"space": "micrometer", "time": "second"}
    kinds = [{"t": "time", "c": "channel"}.get(name, "space") for name in names]
    return [
        {"name": name, "type": kind} | ({"unit": units[kind]} if kind in units else {})
        for name, kind in zip(names, kinds, strict=True)
    ]


def system(name: str, names: str) -> dict[str, Any]:
    """Return a coordinate system of 0.6."""
    return {"name": name, "axes": axes(names)}


def factors(names: str, level: int) -> list[float]:
    """Return the scale of a level: halved in y and x (and z), pixels of 0.5 units."""
    return [0.5 * 2**level if name in "zyx" else 1.0 for name in names]


def multiscale(version: str, names: str, levels: int) -> dict[str, Any]:
    """Return the metadata of a multiscale image with levels ``0``, ``1`` ..."""
    shift = [[0.25 * (2**n - 1) if name in "zyx" else 0.0 for name in names] for n in range(levels)]
    if version != "0.6":
        datasets: list[dict[str, Any]] = [
            {
                "path": str(n),
                "coordinateTransformations": [
                    {"type": "scale", "scale": factors(names, n)},
                    {"type": "translation", "translation": shift[n]},
                ],
            }
            for n in range(levels)
        ]
        found = {"name": "made by hand", "axes": axes(names), "datasets": datasets}
        return {"version": "0.4", **found} if version == "0.4" else found
    ends = [{"input": {"path": str(n)}, "output": {"name": "physical"}} for n in range(levels)]
    parts = [
        [
            {"type": "scale", "scale": factors(names, n)},
            {"type": "translation", "translation": shift[n]},
        ]
        for n in range(levels)
    ]
    datasets = [
        {
            "path": str(n),
            "coordinateTransformations": [
                {"type": "sequence", "transformations": parts[n], **ends[n]}
                if n
                else {"type": "scale", "scale": factors(names, n), **ends[n]}
            ],
        }
        for n in range(levels)
    ]
    return {"name": "made by hand", "coordinateSystems": [system("physical", names)], "datasets": datasets}


def add_image(
    tree: Tree, path: str, names: str, shape: list[int], levels: int, dtype: str = "uint16", **more: Any
) -> None:
    """Put an image there: a group and its levels."""
    tree.group(path, {"multiscales": [multiscale(tree.version, names, levels)], **more})
    for n in range(levels):
        smaller = [
            max(1, size >> n) if name in "zyx" else size for name, size in zip(names, shape, strict=True)
        ]
        tree.array(f"{path}/{n}".strip("/"), smaller, dtype, list(names))


def image(version: str) -> Tree:
    """Return an image of c, z, y, x with two levels, two channels and one label image."""
    tree = Tree(version)
    window = {"min": 0, "max": 65535, "start": 10, "end": 4000}
    channels = [
        {"label": label, "color": color, "active": True, "window": dict(window)}
        for label, color in (("DAPI", "0000FF"), ("GFP", "00ff00"))
    ]
    omero = {"channels": channels, "rdefs": {"model": "color"}}
    add_image(tree, "", "czyx", [2, 4, 16, 16], 2, omero=omero)
    tree.group("labels", {"labels": ["cells"]})
    colors = [{"label-value": 1, "rgba": [255, 0, 0, 255]}, {"label-value": 2, "rgba": [0, 255, 0, 128]}]
    properties = [{"label-value": 1, "class": "nucleus"}, {"label-value": 2, "area": 12.5}]
    marker: dict[str, Any] = {"colors": colors, "properties": properties, "source": {"image": "../../"}}
    if version != "0.6":
        marker["version"] = version
    add_image(tree, "labels/cells", "czyx", [1, 4, 16, 16], 2, "int32", **{"image-label": marker})
    return tree


def flat(version: str) -> Tree:
    """Return an image of t, y, x with two levels, and nothing else."""
    tree = Tree(version)
    add_image(tree, "", "tyx", [3, 16, 16], 2)
    return tree


def plate(version: str) -> Tree:
    """Return a plate of two rows and two columns, two wells, two fields a well, two acquisitions."""
    tree = Tree(version)
    found: dict[str, Any] = {
        "name": "screen",
        "columns": [{"name": "1"}, {"name": "2"}],
        "rows": [{"name": "A"}, {"name": "B"}],
        "wells": [
            {"path": "A/1", "rowIndex": 0, "columnIndex": 0},
            {"path": "B/2", "rowIndex": 1, "columnIndex": 1},
        ],
        "field_count": 2,
        "acquisitions": [
            {"id": 1, "name": "first", "maximumfieldcount": 1, "starttime": 1343731272000},
            {"id": 2, "name": "second", "maximumfieldcount": 1, "endtime": 1343737645000},
        ],
    }
    if version != "0.6":
        found["version"] = version
    tree.group("", {"plate": found})
    for row, well in (("A", "A/1"), ("B", "B/2")):
        tree.group(row)
        fields = [{"path": "0", "acquisition": 1}, {"path": "1", "acquisition": 2}]
        tree.group(well, {"well": {"images": fields} | ({} if version == "0.6" else {"version": version})})
        for field in "01":
            add_image(tree, f"{well}/{field}", "yx", [16, 16], 1)
    return tree


def collection(version: str) -> Tree:
    """Return a collection of two images with its OME-XML and its list of series."""
    tree = Tree(version)
    tree.group("", {"bioformats2raw.layout": 3})
    tree.group("OME", {"series": ["0", "1"]})
    tree.files["OME/METADATA.ome.xml"] = (XML % "".join(XML_IMAGE % ((n,) * 4) for n in range(2))).encode()
    for n in range(2):
        add_image(tree, str(n), "tczyx", [1, 1, 1, 16, 16], 1)
    return tree


def add_field(tree: Tree, path: str, kind: str) -> None:
    """Put a field of vectors there: 2-D, one level, vectors first."""
    add_image(tree, path, "dyx", [2, 8, 8], 1, "float32")
    found = tree.ome(path)["multiscales"][0]
    found["coordinateSystems"][0]["axes"][0] = {"name": "d", "type": kind, "discrete": True}
    found["datasets"][0]["coordinateTransformations"][0]["scale"] = [1.0, 1.0, 1.0]


TRANSFORMATIONS: dict[str, dict[str, Any]] = {
    "identity": {},
    "scale": {"scale": [2.0, 3.0]},
    "translation": {"translation": [-1.5, 4]},
    "mapAxis": {"mapAxis": [1, 0]},
    "affine": {"affine": [[1.0, 0.5, 3], [0, 2, -1.0]]},
    "affine by path": {"type": "affine", "path": "coordinateTransformations/affine"},
    "rotation": {"rotation": [[0.6, -0.8], [0.8, 0.6]]},
    "rotation by path": {"type": "rotation", "path": "coordinateTransformations/rotation"},
    "sequence": {
        "transformations": [
            {"type": "scale", "scale": [2, 2]},
            {"type": "rotation", "rotation": [[0.0, -1.0], [1.0, 0.0]]},
        ]
    },
    "displacements": {"path": "coordinateTransformations/displacements", "interpolation": "linear"},
    "coordinates": {"path": "coordinateTransformations/coordinates", "interpolation": "nearest"},
    "byDimension": {
        "transformations": [
            {"inputAxes": [0], "outputAxes": [1], "transformation": {"type": "scale", "scale": [2.0]}},
            {
                "inputAxes": [1],
                "outputAxes": [0],
                "transformation": {"type": "translation", "translation": [1]},
            },
        ]
    },
    "bijection": {
        "forward": {"type": "affine", "affine": [[1.0, 1, 0], [0, 1, 0]]},
        "inverse": {"type": "affine", "affine": [[1.0, -1, 0], [0, 1, 0]]},
    },
}
"""One of every kind, of y and x; where the name is longer than the kind, ``type`` has it.

``projectAxis`` is not among them: all coordinate systems of an image have as many axes as its arrays, so it
belongs to scenes.
"""

INDEX = {name: n for n, name in enumerate(TRANSFORMATIONS)}
"""Where each of them stands among the transformations of :func:`systems`."""


def systems(version: str = "0.6") -> Tree:
    """Return an image of y and x with a coordinate system beyond every kind of transformation."""
    tree = Tree(version)
    add_image(tree, "", "yx", [16, 16], 2)
    tree.group("coordinateTransformations")
    add_field(tree, "coordinateTransformations/displacements", "displacement")
    add_field(tree, "coordinateTransformations/coordinates", "coordinate")
    add_matrix(tree, "coordinateTransformations/affine", [[1, 0, 0], [0, 1, 0]])
    add_matrix(tree, "coordinateTransformations/rotation", [[0, 1], [-1, 0]])
    found = tree.ome()["multiscales"][0]
    found["coordinateTransformations"] = []
    for name, members in TRANSFORMATIONS.items():
        found["coordinateSystems"].append(system(f"after {name}", "yx"))
        ends = {"input": {"name": "physical"}, "output": {"name": f"after {name}"}}
        found["coordinateTransformations"].append({"type": name, **copy.deepcopy(members), **ends})
    return tree


def add_matrix(tree: Tree, path: str, rows: list[list[float]]) -> None:
    """Put an array of 64-bit floats there whose one chunk holds a matrix."""
    tree.array(path, [len(rows), len(rows[0])], "float64", ["row", "column"])
    numbers = [value for row in rows for value in row]
    tree.files[f"{path}/c/0/0"] = struct.pack(f"<{len(numbers)}d", *numbers)


def scene(version: str = "0.6") -> Tree:
    """Return a scene: two images, a field and a matrix in arrays, systems of its own in 2-D and 3-D."""
    tree = Tree(version)
    add_image(tree, "left", "yx", [16, 16], 2)
    add_image(tree, "right", "yx", [16, 16], 1)
    tree.group("coordinateTransformations")
    add_matrix(tree, "coordinateTransformations/left-to-world", [[1, 0, 10], [0, 1, 20]])
    add_field(tree, "coordinateTransformations/warp", "displacement")
    transformations: list[dict[str, Any]] = [
        {
            "type": "affine",
            "name": "left to world",
            "path": "coordinateTransformations/left-to-world",
            "input": {"path": "left", "name": "physical"},
            "output": {"name": "world"},
        },
        {
            "type": "displacements",
            "path": "coordinateTransformations/warp",
            "input": {"path": "left", "name": "physical"},
            "output": {"path": "right", "name": "physical"},
        },
        {
            "type": "projectAxis",
            "createdOutputs": [0],
            "input": {"name": "world"},
            "output": {"name": "volume"},
        },
        {
            "type": "projectAxis",
            "droppedInputs": [0],
            "input": {"name": "volume"},
            "output": {"name": "floor"},
        },
        {
            "type": "affine",
            "affine": [[0, 0, 5], [1, 0, 0], [0, 1, 0]],
            "input": {"name": "floor"},
            "output": {"name": "volume"},
        },
    ]
    own = [system("world", "yx"), system("volume", "zyx"), system("floor", "yx")]
    found = {"coordinateSystems": own, "coordinateTransformations": transformations}
    tree.group("", {"scene": found})
    return tree


def bound(version: str = "0.6") -> Tree:
    """Return the image of 0.6 whose label image is placed by a transformation."""
    tree = image(version)
    link = {
        "type": "scale",
        "scale": [1.0, 1, 1, 1],
        "input": {"name": "physical"},
        "output": {"name": "physical", "path": "labels/cells"},
    }
    tree.ome()["multiscales"][0]["coordinateTransformations"] = [link]
    return tree
