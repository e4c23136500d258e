"""Faults by hand in what 0.6 brought: coordinate systems, transformations between them, scenes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.conformance.hand_faults import (
    GONE,
    Fault,
    act,
    at,
    backwards,
    dtype,
    put,
    shape,
    twice,
    without,
)
from tests.conformance.sound_stores import INDEX, Tree, add_matrix, axes, system

if TYPE_CHECKING:
    from collections.abc import Callable

ONLY = ("0.6",)
IMAGE = "/multiscales/0"
SYSTEMS = "/multiscales/0/coordinateSystems"
AXES = "/multiscales/0/coordinateSystems/0/axes"
LEVEL = "/multiscales/0/datasets/1/coordinateTransformations"
FIELD = "coordinateTransformations/displacements"


def six(store: str, pointer: str, value: Any, rule: str, told: str | None = None) -> Fault:
    """Return a fault that is one value in a document of 0.6."""
    return at(store, "", pointer, value, rule, ONLY, told=told)


def beyond(name: str, pointer: str, value: Any, rule: str, told: str | None = None) -> Fault:
    """Return a fault in one of the transformations of the image with one of every kind."""
    place = f"{IMAGE}/coordinateTransformations/{INDEX[name]}"
    return six("systems", place + pointer, value, rule, None if told is None else place + told)


def target(name: str, new: dict[str, Any]) -> Callable[[Tree], None]:
    """Return what puts another coordinate system behind a transformation."""
    return lambda tree: put(tree.ome(), f"{SYSTEMS}/{INDEX[name] + 1}", new)


COORDINATE_SYSTEMS = [
    six("flat", SYSTEMS, GONE, "systems/list"),
    six("flat", SYSTEMS, [], "systems/list"),
    six("flat", SYSTEMS, {}, "systems/list"),
    six("flat", SYSTEMS + "/0/name", GONE, "systems/name"),
    six("flat", SYSTEMS + "/0/name", "", "systems/name-empty"),
    six("flat", SYSTEMS + "/0/name", 1, "systems/name"),
    six("systems", SYSTEMS + "/2/name", "after identity", "systems/unique-names"),
    six("flat", AXES, GONE, "systems/axes"),
    six("flat", AXES, {}, "systems/axes"),
    six("flat", AXES, [], "axes/count"),
    six("flat", AXES + "/1/name", GONE, "axes/name"),
    six("flat", AXES + "/1/name", "", "axes/name-empty"),
    six("flat", AXES + "/1/name", 2, "axes/name"),
    six("flat", AXES + "/1/name", "x", "axes/unique-names", AXES),
    six("flat", AXES + "/1/discrete", "no", "axes/discrete"),
    six("flat", AXES + "/1/longName", 7, "axes/long-name"),
    six("flat", AXES + "/1/type", "time", "axes/one-time", AXES),
    six("flat", AXES + "/2/type", "channel", "axes/space-count", AXES),
    six("image", AXES + "/1/type", "channel", "axes/one-channel", AXES),
    six("image", AXES + "/1/type", "angle", "axes/one-channel", AXES),
    six("image", AXES + "/1/type", GONE, "axes/one-channel", AXES),
    six("image", AXES + "/1/type", "time", "axes/order", AXES),
    six("image", AXES + "/0/type", "space", "axes/space-count", AXES),
    six("image", AXES, lambda a: [a[1], a[0], *a[2:]], "axes/order"),
    six("image", AXES, lambda a: a[1:], "transformations/vector-length", LEVEL),
    six("image", AXES, lambda a: a[:1], "axes/count"),
    six("systems", SYSTEMS + "/1/axes", axes("zyx"), "systems/same-dimensions"),
    six("systems", SYSTEMS + "/1/axes", axes("tx"), "axes/space-count"),
]

DATASETS = [
    six("image", LEVEL, [], "transformations/one"),
    six("image", LEVEL, twice, "transformations/one"),
    six("image", LEVEL + "/0/type", "affine", "transformations/dataset-type"),
    six("image", LEVEL + "/0/type", GONE, "transformations/dataset-type-given"),
    six("image", LEVEL + "/0/type", "zoom", "transformations/dataset-type"),
    six("image", LEVEL + "/0/type", "translation", "transformations/dataset-type"),
    six("image", LEVEL + "/0/transformations", GONE, "transformations/sequence"),
    six("image", LEVEL + "/0/transformations", [], "transformations/dataset-type"),
    six("image", LEVEL + "/0/transformations", backwards, "transformations/dataset-order"),
    six("image", LEVEL + "/0/transformations", twice, "transformations/dataset-order"),
    six("image", LEVEL + "/0/transformations/1", {"type": "identity"}, "transformations/dataset-type"),
    six("image", LEVEL + "/0/transformations/0/scale", [1.0, 1.0, 1.0], "transformations/vector-length"),
    six("image", LEVEL + "/0/transformations/1/translation", [0.0] * 5, "transformations/vector-length"),
    six("image", LEVEL + "/0/transformations/0/scale", ["1", 1, 1, 1], "transformations/scale"),
    six("image", LEVEL + "/0/input", GONE, "transformations/ends"),
    six("image", LEVEL + "/0/input", "1", "transformations/ends"),
    six("image", LEVEL + "/0/input", {"name": "1"}, "transformations/input-path"),
    six("image", LEVEL + "/0/input/path", "0", "transformations/dataset-input"),
    six("image", LEVEL + "/0/output", GONE, "transformations/ends"),
    six("image", LEVEL + "/0/output", "physical", "transformations/ends"),
    six("image", LEVEL + "/0/output", {}, "transformations/output-name"),
    six("image", LEVEL + "/0/output/name", "world", "transformations/dataset-output"),
    six("systems", LEVEL + "/0/output/name", "after scale", "transformations/dataset-output"),
    act(
        "levels of two data types",
        "flat",
        dtype("1", "", "uint8"),
        "1",
        "/data_type",
        "levels/same-dtype",
        ONLY,
        array=True,
    ),
]

KINDS = [
    beyond("scale", "/type", GONE, "transformations/type"),
    beyond("scale", "/type", "zoom", "transformations/type"),
    beyond("scale", "/input", GONE, "transformations/ends"),
    beyond("scale", "/output", GONE, "transformations/ends"),
    beyond("scale", "/input", "physical", "transformations/ends"),
    beyond("scale", "/output/name", "nowhere", "transformations/declared"),
    beyond("scale", "/input/name", "nowhere", "transformations/declared"),
    beyond("scale", "/input/name", "after mapAxis", "transformations/intrinsic-side", ""),
    beyond("scale", "/output", {"name": "physical", "path": "labels/none"}, "transformations/end-exists"),
    beyond("scale", "/scale", GONE, "transformations/scale"),
    beyond("scale", "/scale", [2.0], "transformations/vector-length"),
    beyond("scale", "/scale", [1, 2, 3], "transformations/vector-length"),
    beyond("scale", "/scale", 2, "transformations/scale"),
    beyond("translation", "/translation", GONE, "transformations/translation"),
    beyond("translation", "/translation", [0.0, 1, 2], "transformations/vector-length"),
    beyond("mapAxis", "/mapAxis", GONE, "transformations/map-axis"),
    beyond("mapAxis", "/mapAxis", [0], "transformations/vector-length"),
    beyond("mapAxis", "/mapAxis", [1, 1], "transformations/map-axis"),
    beyond("mapAxis", "/mapAxis", [1, 2], "transformations/map-axis-permutation"),
    beyond("mapAxis", "/mapAxis", [-1, 0], "transformations/map-axis"),
    beyond("mapAxis", "/mapAxis", ["y", "x"], "transformations/map-axis"),
    beyond("affine", "/affine", GONE, "transformations/affine"),
    beyond("affine", "/affine", [[1.0, 0.5, 3]], "transformations/matrix-size"),
    beyond("affine", "/affine", [[1.0, 0.5], [0, 2]], "transformations/matrix-size"),
    beyond("affine", "/affine", [[1.0, 0.5, 3], [0, 2]], "transformations/affine-rows"),
    beyond("affine", "/affine", [1, 0, 0, 0, 1, 0], "transformations/affine"),
    beyond("affine", "/affine", [["1", 0, 0], [0, 1, 0]], "transformations/affine"),
    beyond("affine by path", "/path", "coordinateTransformations/none", "transformations/parameters-exist"),
    beyond("rotation", "/rotation", GONE, "transformations/rotation"),
    beyond("rotation", "/rotation", [[1, 0], [0, -1]], "transformations/rotation-orthonormal"),
    beyond("rotation", "/rotation", [[2, 0], [0, 0.5]], "transformations/rotation-orthonormal"),
    beyond("rotation", "/rotation", [[1, 0, 0], [0, 1, 0], [0, 0, 1]], "transformations/matrix-size"),
    beyond("rotation", "/rotation", [1, 0, 0, 1], "transformations/rotation"),
    beyond("rotation by path", "/path", "coordinateTransformations/none", "transformations/parameters-exist"),
    beyond("sequence", "/transformations", GONE, "transformations/sequence"),
    beyond("sequence", "/transformations", [], "transformations/sequence-empty"),
    beyond("sequence", "/transformations/0/scale", [2, 2, 2], "transformations/vector-length"),
    beyond(
        "sequence", "/transformations/1/rotation", [[0.0, 1], [1, 0]], "transformations/rotation-orthonormal"
    ),
    beyond("sequence", "/transformations/1/type", "spin", "transformations/type"),
    beyond("displacements", "/path", GONE, "transformations/field-path"),
    beyond("displacements", "/path", "coordinateTransformations/none", "transformations/parameters-exist"),
    beyond("displacements", "/path", "coordinateTransformations/coordinates", "transformations/field-axes"),
    beyond("displacements", "/path", "coordinateTransformations/affine", "transformations/parameters-exist"),
    beyond("coordinates", "/path", GONE, "transformations/field-path"),
    beyond("coordinates", "/path", "coordinateTransformations/none", "transformations/parameters-exist"),
    beyond("byDimension", "/transformations", GONE, "transformations/by-dimension"),
    beyond("byDimension", "/transformations/1", GONE, "transformations/by-dimension-cover", ""),
    beyond("byDimension", "/transformations/1/inputAxes", GONE, "transformations/by-dimension-axes"),
    beyond("byDimension", "/transformations/1/outputAxes", GONE, "transformations/by-dimension-axes"),
    beyond("byDimension", "/transformations/1/transformation", GONE, "transformations/by-dimension"),
    beyond("byDimension", "/transformations/1/outputAxes", [1], "transformations/by-dimension-cover", ""),
    beyond("byDimension", "/transformations/1/outputAxes", [2], "transformations/by-dimension-range"),
    beyond("byDimension", "/transformations/1/inputAxes", [2], "transformations/by-dimension-range"),
    beyond("byDimension", "/transformations/1/inputAxes", ["x"], "transformations/by-dimension-axes"),
    beyond(
        "byDimension",
        "/transformations/1/transformation/translation",
        [1, 2],
        "transformations/vector-length",
    ),
    beyond("bijection", "/forward", GONE, "transformations/bijection"),
    beyond("bijection", "/inverse", GONE, "transformations/bijection"),
    beyond("bijection", "/forward/affine", [[1, 0, 0, 0], [0, 1, 0, 0]], "transformations/matrix-size"),
    beyond("bijection", "/inverse", {"type": "scale", "scale": [1, 1, 1]}, "transformations/vector-length"),
    beyond("bijection", "/inverse/type", GONE, "transformations/type"),
]


def loose(tree: Tree) -> None:
    """Add a system that no transformation reaches."""
    tree.ome()["multiscales"][0]["coordinateSystems"].append(system("island", "yx"))


def island(tree: Tree) -> None:
    """Add two systems that only lead to one another."""
    found = tree.ome()["multiscales"][0]
    found["coordinateSystems"] += [system("island", "yx"), system("reef", "yx")]
    found["coordinateTransformations"].append(
        {"type": "identity", "input": {"name": "island"}, "output": {"name": "reef"}}
    )


def matrix(path: str, rows: list[list[float]]) -> Callable[[Tree], None]:
    """Return what stores another matrix."""
    return lambda tree: add_matrix(tree, path, rows)


def field(pointer: str, value: Any) -> Callable[[Tree], None]:
    """Return what changes the metadata of the field of displacements."""
    return lambda tree: put(tree.ome(FIELD), pointer, value)


def vectors_last(tree: Tree) -> None:
    """Store the field with its vectors as the last axis."""
    found = tree.ome(FIELD)["multiscales"][0]["coordinateSystems"][0]
    found["axes"] = [*found["axes"][1:], found["axes"][0]]
    tree.array(f"{FIELD}/0", [8, 8, 2], "float32", ["y", "x", "d"])


def line(name: str) -> str:
    """Return where a transformation of the image with one of every kind stands."""
    return f"{IMAGE}/coordinateTransformations/{INDEX[name]}"


GRAPH = [
    act("a system that nothing reaches", "systems", loose, "", SYSTEMS, "systems/connected", ONLY),
    act("two systems on an island", "systems", island, "", SYSTEMS, "systems/connected", ONLY),
    act(
        "a stored affine of 3 x 3",
        "systems",
        matrix("coordinateTransformations/affine", [[1, 0, 0], [0, 1, 0], [0, 0, 1]]),
        "",
        line("affine by path") + "/path",
        "transformations/stored-matrix-size",
        ONLY,
    ),
    act(
        "a stored affine of one dimension",
        "systems",
        shape("coordinateTransformations/affine", [6]),
        "",
        line("affine by path") + "/path",
        "transformations/stored-matrix-size",
        ONLY,
    ),
    act(
        "a stored rotation of 2 x 3",
        "systems",
        matrix("coordinateTransformations/rotation", [[1, 0, 0], [0, 1, 0]]),
        "",
        line("rotation by path") + "/path",
        "transformations/stored-matrix-size",
        ONLY,
    ),
    act(
        "a field with three components",
        "systems",
        shape(f"{FIELD}/0", [3, 8, 8]),
        "",
        line("displacements") + "/path",
        "transformations/field-length",
        ONLY,
    ),
    act(
        "a field of displacements without such an axis",
        "systems",
        field(AXES + "/0/type", "channel"),
        "",
        line("displacements") + "/path",
        "transformations/field-axes",
        ONLY,
    ),
    act(
        "a vector axis that is not discrete",
        "systems",
        field(AXES + "/0/discrete", False),
        "",
        line("displacements") + "/path",
        "transformations/field-axes",
        ONLY,
    ),
    act(
        "vectors last",
        "systems",
        vectors_last,
        "",
        line("displacements") + "/path",
        "transformations/field-axes",
        ONLY,
    ),
    act(
        "a field without a level",
        "systems",
        without(f"{FIELD}/0"),
        FIELD,
        IMAGE + "/datasets/0/path",
        "levels/exist",
        ONLY,
    ),
    act(
        "coordinates with three components",
        "systems",
        shape("coordinateTransformations/coordinates/0", [3, 8, 8]),
        "",
        line("coordinates") + "/path",
        "transformations/field-length",
        ONLY,
    ),
]
