"""Faults by hand in scenes, and in what places label images (0.6)."""

from __future__ import annotations

from tests.conformance.hand_faults import GONE, act, put, without
from tests.conformance.hand_faults_06 import AXES, IMAGE, ONLY, six
from tests.conformance.sound_stores import add_field

SCENE = "/scene/coordinateTransformations"

BOUND = [
    six(
        "bound", IMAGE + "/coordinateTransformations/0/output/path", "../cells", "transformations/end-exists"
    ),
    six(
        "bound",
        IMAGE + "/coordinateTransformations/0/output/path",
        "labels/none",
        "transformations/end-exists",
    ),
    six("bound", IMAGE + "/coordinateTransformations/0/output/name", "none", "transformations/end-exists"),
    six("bound", IMAGE + "/coordinateTransformations/0/input/name", "none", "transformations/declared"),
    six(
        "bound",
        IMAGE + "/coordinateTransformations/0",
        lambda t: {"type": "mapAxis", "mapAxis": [0, 1, 3, 2], "input": t["input"], "output": t["output"]},
        "transformations/label-kind",
    ),
    six("bound", IMAGE + "/coordinateTransformations/0/scale", [1, 1, 1], "transformations/vector-length"),
]

SCENES = [
    act(
        "an affine of two rows into 3-D",
        "scene",
        lambda t: put(t.ome(), SCENE + "/4/affine", [[1, 0, 0], [0, 1, 0]]),
        "",
        SCENE + "/4/affine",
        "transformations/matrix-size",
        ONLY,
    ),
    six("scene", SCENE, GONE, "scene/transformations"),
    six("scene", SCENE, {}, "transformations/list"),
    six("scene", "/scene/coordinateSystems", {}, "systems/list"),
    six("scene", "/scene/coordinateSystems/0/name", GONE, "systems/name"),
    six("scene", "/scene/coordinateSystems/0/axes", GONE, "systems/axes"),
    six("scene", "/scene/coordinateSystems/2/name", "volume", "systems/unique-names"),
    six("scene", "/scene/coordinateSystems/0/axes/1/name", "y", "axes/unique-names"),
    six("scene", SCENE + "/0/input", GONE, "transformations/ends"),
    six("scene", SCENE + "/0/input", "left", "transformations/ends"),
    six("scene", SCENE + "/0/input/name", GONE, "transformations/end-name"),
    six("scene", SCENE + "/0/input/name", "intrinsic", "transformations/end-exists"),
    six("scene", SCENE + "/0/input/path", GONE, "transformations/declared"),
    six("scene", SCENE + "/0/input/path", "middle", "scene/members-exist"),
    six("scene", SCENE + "/0/input/path", 0, "transformations/end-text"),
    six("scene", SCENE + "/0/output/name", "worlds", "transformations/declared"),
    six("scene", SCENE + "/0/path", "coordinateTransformations/none", "transformations/parameters-exist"),
    six("scene", SCENE + "/1/path", "coordinateTransformations/none", "transformations/parameters-exist"),
    six("scene", SCENE + "/2/createdOutputs", GONE, "transformations/project-axis"),
    six("scene", SCENE + "/2/createdOutputs", [0, 0], "transformations/project-axis"),
    six("scene", SCENE + "/2/createdOutputs", [3], "transformations/project-axis-indices"),
    six("scene", SCENE + "/2/createdOutputs", [0, 1], "transformations/output-dimensions"),
    six("scene", SCENE + "/2/createdOutputs", ["z"], "transformations/project-axis"),
    six("scene", SCENE + "/3/droppedInputs", [0, 0], "transformations/project-axis"),
    six("scene", SCENE + "/3/droppedInputs", [3], "transformations/project-axis-indices"),
    six("scene", SCENE + "/3/droppedInputs", [0, 1], "transformations/output-dimensions"),
    six("scene", SCENE + "/2/output/name", "floor", "transformations/output-dimensions", SCENE + "/2"),
    act(
        "systems of the scene that nothing reaches",
        "scene",
        lambda t: put(t.ome(), SCENE, t.ome()["scene"]["coordinateTransformations"][:2]),
        "",
        "/scene/coordinateSystems",
        "systems/connected",
        ONLY,
    ),
    act(
        "an image that is not there",
        "scene",
        without("right"),
        "",
        SCENE + "/1/output/path",
        "scene/members-exist",
        ONLY,
    ),
    act(
        "an image without levels",
        "scene",
        without("right/0"),
        "right",
        IMAGE + "/datasets/0/path",
        "levels/exist",
        ONLY,
    ),
    act(
        "an image without axes",
        "scene",
        lambda t: put(t.ome("right"), AXES, GONE),
        "right",
        AXES,
        "systems/axes",
        ONLY,
    ),
    act(
        "an image of another version",
        "scene",
        lambda t: put(t.ome("right"), "/version", "0.5"),
        "right",
        "/version",
        "hierarchy/one-version",
        ONLY,
    ),
    act(
        "a field of coordinates taken for displacements",
        "scene",
        lambda t: add_field(t, "coordinateTransformations/warp", "coordinate"),
        "",
        SCENE + "/1/path",
        "transformations/field-axes",
        ONLY,
    ),
]
