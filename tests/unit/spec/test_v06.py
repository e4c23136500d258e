"""0.6 beside its neighbours: what is upgraded, what is left out on the way down, what cannot be read."""

from __future__ import annotations

from typing import Any

import pytest

from zarrscope.errors import ArgumentError, UnsupportedError
from zarrscope.model.axes import Axis, CoordinateSystem, Orientation
from zarrscope.model.build import LevelPlacement, multiscale_of
from zarrscope.model.description import ImageDescription
from zarrscope.model.multiscales import Dataset, Multiscale
from zarrscope.model.node import Node
from zarrscope.model.transforms import Identity, Scale, Sequence, Transformation, Translation, Unknown
from zarrscope.spec.reduction import losses, reduced
from zarrscope.spec.v06 import V06
from zarrscope.spec.versions import VERSIONS_WRITTEN, decode, encode, limits, zarr_format_of

YX = [{"name": "y", "type": "space"}, {"name": "x", "type": "space"}]
ENDS = {"input": {"name": "physical"}, "output": {"name": "world"}}


def document(**more: Any) -> dict[str, Any]:
    """Return 0.6 with two levels and two systems."""
    image = {
        "coordinateSystems": [{"name": "physical", "axes": YX}, {"name": "world", "axes": YX}],
        "datasets": [place("0", {"type": "scale", "scale": [0.5, 0.5]}), place("1", {"type": "identity"})],
        "coordinateTransformations": [
            {
                "type": "translation",
                "translation": [1, 2],
                "input": {"name": "physical"},
                "output": {"name": "world"},
            }
        ],
    }
    return {"ome": {"version": "0.6", "multiscales": [image | more]}}


def place(path: str, step: dict[str, Any]) -> dict[str, Any]:
    ends = {"input": {"path": path}, "output": {"name": "physical"}}
    return {"path": path, "coordinateTransformations": [step | ends]}


def read(attributes: dict[str, Any]) -> Node:
    node, _ = decode(attributes, zarr_format=3)
    assert node is not None
    return node


def old(*common: dict[str, Any]) -> dict[str, Any]:
    both = [{"type": "scale", "scale": [0.1, 0.3]}, {"type": "translation", "translation": [0.7, 5]}]
    image: dict[str, Any] = {"axes": YX, "datasets": [{"path": "a/0", "coordinateTransformations": both}]}
    if common:
        image["coordinateTransformations"] = list(common)
    return {"ome": {"version": "0.5", "multiscales": [image]}}


def test_an_upgrade_names_the_system_and_both_ends() -> None:
    node = read(old())
    image = encode(node, "0.6")["ome"]["multiscales"][0]
    assert image["coordinateSystems"] == [{"name": "physical", "axes": YX}]
    both = old()["ome"]["multiscales"][0]["datasets"][0]["coordinateTransformations"]
    assert image["datasets"] == [place("a/0", {"type": "sequence", "transformations": both})]
    # there and back: nothing of what 0.5 said is lost
    assert encode(read(encode(node, "0.6")), "0.5") == old()


def test_an_upgrade_keeps_every_number_that_a_reader_computes() -> None:
    node = read(old({"type": "scale", "scale": [3, 7]}, {"type": "translation", "translation": [0.1, 0.2]}))
    new = read(encode(node, "0.6")).multiscales[0]
    # 0.5 is scale, translation, scale, translation in turn: bit for bit, not only nearly
    assert new.scale(0) == node.multiscales[0].scale(0) == (0.1 * 3, 0.3 * 7)
    assert new.translation(0) == (0.7 * 3 + 0.1, 5 * 7 + 0.2)
    assert new.transformations == ()


def test_older_images_that_say_nothing_of_their_places_are_upgraded() -> None:
    node, _ = decode({"multiscales": [{"version": "0.1", "datasets": [{"path": "0"}]}]}, zarr_format=2)
    assert node is not None
    image = encode(node, "0.6")["ome"]["multiscales"][0]
    assert [a["name"] for a in image["coordinateSystems"][0]["axes"]] == list("tczyx")
    assert image["datasets"] == [place("0", {"type": "identity"})]


BACKWARD = Sequence((Translation((1.0, 2.0)), Scale((3.0, 4.0))))


@pytest.mark.parametrize("step", [BACKWARD, Translation((1.0, 2.0))])
def test_what_no_dataset_may_have_is_composed(step: Transformation) -> None:
    axes = (Axis("y", "space"), Axis("x", "space"))
    image = Multiscale(None, (CoordinateSystem("", axes),), (Dataset("0", step),))
    node = Node(multiscales=(image,))
    written = read(encode(node, "0.6")).multiscales[0]
    assert isinstance(written.datasets[0].transformation, Sequence)
    assert written.placement(0) == step.placement(2)


def test_a_downgrade_names_what_is_lost() -> None:
    axes = [YX[0] | {"discrete": True}, YX[1] | {"longName": "across"}]
    node = read(
        document(coordinateSystems=[{"name": "physical", "axes": axes}, {"name": "world", "axes": YX}])
    )
    lost = losses(node, "0.5")
    assert lost == [
        "the coordinate system 'world'",
        "the transformation (translation) from the system named 'physical' to the system named 'world'",
        "'discrete' of the axis y",
        "the long name of the axis x",
    ]
    for version in ("0.4", "0.5"):
        with pytest.raises(UnsupportedError, match="'world'"):
            encode(node, version)
    less, told = reduced(node, "0.5")
    assert told == lost
    assert losses(less, "0.5") == []
    assert encode(less, "0.5")["ome"]["multiscales"] == [
        {
            "axes": YX,
            "datasets": [
                {"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [0.5, 0.5]}]},
                {"path": "1", "coordinateTransformations": [{"type": "scale", "scale": [1, 1]}]},
            ],
        }
    ]
    assert losses(node, "0.6") == losses(node, "0.9") == []


@pytest.mark.parametrize(
    ("kind", "discrete", "lost"),
    [
        ("space", False, []),
        ("channel", True, []),
        ("channel", False, []),
        ("time", True, ["'discrete' of the axis a"]),
        (None, True, ["'discrete' of the axis a"]),
    ],
)
def test_only_what_nobody_would_assume_of_an_axis_is_lost(
    kind: str | None, discrete: bool, lost: list[str]
) -> None:
    axes = (Axis("a", kind, discrete=discrete), Axis("y", "space", discrete=False), Axis("x", "space"))
    image = Multiscale(None, (CoordinateSystem("", axes),), (Dataset("0", Identity()),))
    node = Node(multiscales=(image,))
    less, told = reduced(node, "0.5")
    assert told == losses(node, "0.5") == lost
    assert losses(node, "0.6") == []
    (written,) = encode(less, "0.5")["ome"]["multiscales"]
    assert written["axes"] == [{"name": "a"} | ({"type": kind} if kind else {}), *YX]


def test_a_downgrade_names_scenes_and_names() -> None:
    step = {"type": "identity", "input": {"name": "a", "path": "i"}, "output": {"name": "b"}}
    scene = read({"ome": {"version": "0.6", "scene": {"coordinateTransformations": [step]}}})
    assert losses(scene, "0.5") == ["the scene: 1 transformation between coordinate systems"]
    named = document(coordinateSystems=[{"name": "physical", "axes": YX}])
    image = named["ome"]["multiscales"][0]
    del image["coordinateTransformations"]
    assert losses(read(named), "0.4") == []
    image["datasets"][0]["coordinateTransformations"][0]["name"] = "fine"
    assert losses(read(named), "0.4") == ["the name 'fine' of the transformation of '0'"]


def test_orientation_is_lost_before_its_version() -> None:
    axes = (Axis("y", "space", orientation=Orientation("anatomical", "left-to-right")), Axis("x", "space"))
    node = Node(multiscales=(Multiscale(None, (CoordinateSystem("", axes),), (Dataset("0", Identity()),)),))
    assert losses(node, "0.6") == ["the orientation of the axis y"]
    assert (
        encode(reduced(node, "0.6")[0], "0.6")["ome"]["multiscales"][0]["coordinateSystems"][0]["axes"] == YX
    )
    written = encode(node, "0.9")["ome"]
    assert written["version"] == "0.9.dev1"
    assert written["multiscales"][0]["coordinateSystems"][0]["axes"][0]["orientation"] == {
        "type": "anatomical",
        "value": "left-to-right",
    }


def test_what_each_version_holds() -> None:
    assert "0.6" in VERSIONS_WRITTEN
    assert "0.9" not in VERSIONS_WRITTEN
    assert zarr_format_of("0.6") == zarr_format_of("0.9") == 3
    arrays = tuple(Axis(f"dim_{i}", "array") for i in range(2))
    assert limits("0.6").obstacles(arrays) == []
    assert limits("0.5").obstacles(arrays)
    many = tuple(Axis(f"a{i}") for i in range(9))
    assert limits("0.9").obstacles(many) == []
    assert limits("0.9").obstacles((*many, many[0]))
    assert limits("0.6").obstacles(many)
    with pytest.raises(ArgumentError, match=r"0\.7"):
        encode(Node(), "0.7")


def test_what_a_writer_makes_has_no_fault() -> None:
    axes = (Axis("y", "space", "micrometer"), Axis("x", "space", "micrometer"))
    levels = [LevelPlacement("0", (1, 1), (0, 0)), LevelPlacement("1", (2, 2), (0.5, 0.5))]
    image = multiscale_of(ImageDescription("a", axes, (0.5, 0.5)), levels, "mean", {"by": "test"})
    for version in ("0.6", "0.9"):
        node, report = decode(encode(Node(multiscales=(image,)), version), zarr_format=3)
        assert node is not None
        assert node.multiscales[0].translation(1) == (0.25, 0.25)
        assert [p for p in report.problems if p.rule not in ("version/draft", "version/known")] == []


BROKEN: list[dict[str, Any]] = [
    {"type": "warp", "by": 7},
    {},
    {"type": 5},
    {"type": "scale"},
    {"type": "scale", "scale": [1, "2"]},
    {"type": "scale", "path": "array", "name": "n"},
    {"type": "translation", "translation": [float("inf")]},
    {"type": "mapAxis", "mapAxis": [0.5]},
    {"type": "projectAxis"},
    {"type": "projectAxis", "droppedInputs": "0", "createdOutputs": [1]},
    {"type": "affine"},
    {"type": "affine", "affine": []},
    {"type": "affine", "affine": [[1, 2], [3]]},
    {"type": "affine", "affine": [5], "path": "p"},
    {"type": "rotation", "rotation": [[1, 0, 0], [0, 1, 0]]},
    {"type": "sequence"},
    {"type": "sequence", "transformations": [5]},
    {"type": "byDimension", "transformations": [{"type": "scale", "scale": [1]}]},
    {
        "type": "byDimension",
        "transformations": [{"inputAxes": ["y"], "outputAxes": [0], "transformation": {}}],
    },
    {"type": "displacements"},
    {"type": "bijection", "forward": {"type": "identity"}},
]


@pytest.mark.parametrize("step", BROKEN, ids=str)
def test_what_cannot_be_understood_is_kept(step: dict[str, Any]) -> None:
    codec = V06()
    whole = step | {"input": {"name": "physical", "x": 1}, "output": {"name": "world", "path": None}}
    attributes = document(coordinateTransformations=[whole])
    node = codec.decode(attributes)
    assert node is not None
    found = node.multiscales[0].transformations[0]
    assert isinstance(found, Unknown)
    with pytest.raises(UnsupportedError):
        found.apply((1, 2))
    assert found.inverse() is None
    assert found.dims(2) is None
    assert codec.encode(node) == attributes
    outer = {"type": "sequence", "transformations": [step]}
    inside = codec.decode(document(coordinateTransformations=[outer]))
    assert inside is not None
    kept = codec.encode(inside)["ome"]["multiscales"][0]["coordinateTransformations"]
    assert kept == [outer]


@pytest.mark.parametrize("value", [[5], "text", [], {"a": 1}, None], ids=str)
def test_lists_that_are_none_are_kept_whole(value: Any) -> None:
    attributes = document(coordinateTransformations=value)
    assert encode(read(attributes), "0.6") == attributes
    scene = {"ome": {"version": "0.6", "scene": {"coordinateTransformations": value, "k": [1]}}}
    assert encode(read(scene), "0.6") == scene
    placed = document(datasets=[{"path": "0", "coordinateTransformations": value, "k": 1}])
    assert encode(read(placed), "0.6") == placed


def test_odd_but_legal_forms_come_back() -> None:
    steps = [
        {"type": "projectAxis", "droppedInputs": [1], "createdOutputs": []},
        {"type": "affine", "affine": [[1, 0, 0], [0, 1, 0]], "path": "both"},
        {"type": "identity", "input": "physical", "output": {}},
        {"type": "coordinates", "path": "f", "interpolation": 5, "inputAxes": ["i"]},
        {"type": "sequence", "transformations": []},
    ]
    codec = V06()
    attributes = document(coordinateTransformations=steps)
    node = codec.decode(attributes)
    assert node is not None
    assert codec.encode(node) == attributes


def test_nothing_nests_without_end() -> None:
    step: dict[str, Any] = {"type": "identity"}
    for _ in range(60):
        step = {"type": "sequence", "transformations": [step]}
    attributes = document(coordinateTransformations=[step])
    assert encode(read(attributes), "0.6") == attributes


def test_pointers_lead_to_the_place_in_the_document() -> None:
    pointer = V06().pointer
    root = "/attributes/ome/multiscales/0"
    assert pointer("multiscales[0].systems[1].axes[2].name") == f"{root}/coordinateSystems/1/axes/2/name"
    assert (
        pointer("multiscales[0].datasets[1].transformation")
        == f"{root}/datasets/1/coordinateTransformations/0"
    )
    inside = "multiscales[0].transformations[1].transformations[0].items[2].transformation.backward"
    end = "coordinateTransformations/1/transformations/0/transformations/2/transformation/inverse"
    assert pointer(inside) == f"{root}/{end}"
    assert (
        pointer("scene.transformations[0].input") == "/attributes/ome/scene/coordinateTransformations/0/input"
    )
    assert pointer("scene.systems[0].name") == "/attributes/ome/scene/coordinateSystems/0/name"
    assert pointer("fragment.transformations[0]") == "/attributes/ome/coordinateTransformations/0"
