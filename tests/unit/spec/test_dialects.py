"""Dialects: drafts of 0.6 and what SpatialData writes, beside today's form written by hand."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from zarrscope.model.dimensions import ByDimension, MapAxis
from zarrscope.model.graph import graph_of_image
from zarrscope.model.transforms import Scale, Unknown
from zarrscope.spec.dialects import migrated
from zarrscope.spec.versions import decode, encode

ZYX = [{"name": name, "type": "space"} for name in "zyx"]
CAB = [{"name": name, "type": "space"} for name in "cab"]


def draft(version: str, *edges: Any, **more: Any) -> dict[str, Any]:
    image: dict[str, Any] = {
        "coordinateSystems": [{"name": "in", "axes": ZYX}, {"name": "out", "axes": CAB}],
        "datasets": [
            {
                "path": "0",
                "coordinateTransformations": [
                    {"type": "identity", "input": {"path": "0"}, "output": {"name": "in"}}
                ],
            }
        ],
    }
    if edges:
        image["coordinateTransformations"] = list(edges)
    return {"ome": {"version": version, "multiscales": [image | more]}, "other": 1}


ENDS = {"input": {"name": "in"}, "output": {"name": "out"}}
ITEM = {"transformation": {"type": "scale", "scale": [2, 3]}}
REST = {"transformation": {"type": "identity"}, "inputAxes": [0], "outputAxes": [2]}


def many(kind: str, *parts: Any) -> dict[str, Any]:
    return ENDS | {"type": kind, "transformations": list(parts)}


NAMED = {"type": "mapAxis", "mapAxis": {"c": "x", "a": "z", "b": "y"}}
COUNTED = {"type": "mapAxis", "mapAxis": [2, 0, 1]}
BACK_NAMED = {"type": "mapAxis", "mapAxis": {"x": "c", "z": "a", "y": "b"}}
BACK_COUNTED = {"type": "mapAxis", "mapAxis": [1, 2, 0]}
ITEM_NEW = ITEM | {"inputAxes": [2, 1], "outputAxes": [0, 1]}
SCALE = {"type": "scale", "scale": [1, 1, 1]}
ALL_AXES = {"inputAxes": [0, 1, 2], "outputAxes": [0, 1, 2]}
SYSTEMS_OLD = {"input": "in", "output": "?"}
SYSTEMS_NEW = {"input": {"name": "in"}, "output": {"name": "?"}}

CASES: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"input": "in", "output": "out", "type": "identity"}, ENDS | {"type": "identity"}, "strings"),
    (
        many("byDimension", ITEM | {"input_axes": [2, 1], "output_axes": [0, 1]}, REST),
        many("byDimension", ITEM_NEW, REST),
        "input_axes",
    ),
    (
        many("byDimension", ITEM | {"input_axes": ["x", "y"], "output_axes": ["c", "a"]}, REST),
        many("byDimension", ITEM_NEW, REST),
        "names its axes",
    ),
    (
        many("byDimension", SCALE | ALL_AXES),
        many("byDimension", {"transformation": SCALE} | ALL_AXES),
        "with axes",
    ),
    (ENDS | NAMED, ENDS | COUNTED, "mapAxis names"),
    (
        many("sequence", SCALE | SYSTEMS_OLD, NAMED),
        many("sequence", SCALE | SYSTEMS_NEW, COUNTED),
        "strings",
    ),
    (
        ENDS | {"type": "bijection", "forward": NAMED, "inverse": BACK_NAMED},
        ENDS | {"type": "bijection", "forward": COUNTED, "inverse": BACK_COUNTED},
        "mapAxis names",
    ),
]


@pytest.mark.parametrize(("old", "new", "note"), CASES, ids=[f"{i}-{c[2]}" for i, c in enumerate(CASES)])
@pytest.mark.parametrize("version", ["0.6.dev1", "0.6.dev4", "0.6rc0", "0.6"])
def test_old_forms_of_transformations(old: Any, new: Any, note: str, version: str) -> None:
    document = draft(version, old)
    before = copy.deepcopy(document)
    found = migrated(document, 3)
    assert document == before
    assert found is not None
    assert found.attributes == draft("0.6", new)
    assert any(note in text for text in found.notes)
    if version.startswith("0.6.dev"):
        assert found.name == version
    else:
        assert found.name == ("0.6.dev3" if "strings" in " ".join(found.notes) else "0.6.dev4")
    node, report = decode(document, zarr_format=3)
    assert node is not None
    assert encode(node, "0.6") == draft("0.6", new)
    assert ("version/draft" in {p.rule for p in report.problems}) == (found.name == version)
    # what was published is judged as it stands, drafts as they would be today
    assert report.valid == (version.startswith("0.6.dev") or note in ("mapAxis",))


def test_a_draft_in_todays_form_is_named_only() -> None:
    found = migrated(draft("0.6.dev2"), 3)
    assert found is not None
    assert (found.name, found.notes) == ("0.6.dev2", ())
    _, report = decode(draft("0.6.dev2"), zarr_format=3)
    told = [p for p in report.problems if p.rule == "version/draft"]
    assert len(told) == 1
    assert "'0.6.dev2' is a draft" in told[0].message
    assert told[0].location == "/attributes/ome/version"


@pytest.mark.parametrize("version", ["0.6", "0.6rc0", "0.5", "0.9.dev1", 5, None])
def test_what_is_no_dialect(version: Any) -> None:
    assert migrated(draft(version), 3) is None


@pytest.mark.parametrize(
    "ome", [None, 5, [], {}, {"version": "0.6.dev1"}, {"multiscales": 5, "version": "0.6.dev1"}]
)
def test_broken_documents_do_no_harm(ome: Any) -> None:
    for zarr_format in (2, 3):
        migrated({"ome": ome}, zarr_format)
        decode({"ome": ome}, zarr_format=zarr_format)


BAD = [
    5, {}, {"type": "byDimension", "transformations": [5, {}]}, {"type": "mapAxis", "mapAxis": {"c": "?"}},
    {"type": "sequence", "transformations": [5, {"type": []}]}, {"type": "bijection", "forward": 5},
    {"type": "byDimension", "transformations": [{"inputAxes": [99, "z"], "transformation": SCALE}]},
]  # fmt: skip


@pytest.mark.parametrize("edge", BAD, ids=str)
def test_broken_transformations_do_no_harm(edge: Any) -> None:
    node, report = decode(draft("0.6.dev3", edge), zarr_format=3)
    assert node is not None
    assert not report.valid
    deep = edge
    for _ in range(200):
        deep = {"type": "sequence", "transformations": [deep]}
    decode(draft("0.6.dev3", deep), zarr_format=3)


def test_datasets_of_drafts() -> None:
    steps = [{"type": "scale", "scale": [1, 2, 3]}, {"type": "translation", "translation": [4, 5, 6]}]
    old = {
        "coordinateSystems": [{"name": "in", "axes": ZYX}],
        "datasets": [
            {"path": "a", "coordinateTransformations": [{"type": "identity", "input": "a", "output": "in"}]},
            {"path": "b", "coordinateTransformations": steps},
            {"path": "c", "coordinateTransformations": [{"type": "identity", "input": {"path": "c"}}]},
        ],
    }
    found = migrated({"ome": {"version": "0.6.dev1", "multiscales": [old]}}, 3)
    assert found is not None
    ends = [{"input": {"path": path}, "output": {"name": "in"}} for path in "abc"]
    assert [
        d["coordinateTransformations"] for d in found.attributes["ome"]["multiscales"][0]["datasets"]
    ] == [
        [{"type": "identity"} | ends[0]],
        [{"type": "sequence", "transformations": steps} | ends[1]],
        [{"type": "identity"} | ends[2]],
    ]
    assert len(found.notes) == 4


def test_axes_instead_of_systems() -> None:
    document = draft("0.6.dev1", axes=ZYX)
    image = document["ome"]["multiscales"][0]
    del image["coordinateSystems"]
    found = migrated(document, 3)
    assert found is not None
    new = found.attributes["ome"]["multiscales"][0]
    assert new["coordinateSystems"] == [{"name": "in", "axes": ZYX}]
    assert "axes" not in new


def test_transformations_beside_nothing_are_a_scene_where_they_join_images() -> None:
    edge = {"type": "identity", "input": {"path": "a", "name": "s"}, "output": {"name": "w"}}
    systems = [{"name": "w", "axes": ZYX}]
    inner = {"coordinateTransformations": [edge], "coordinateSystems": systems}
    found = migrated({"ome": {"version": "0.6.dev1"} | inner}, 3)
    assert found is not None
    assert found.attributes == {"ome": {"version": "0.6", "scene": inner}}
    alone = {"coordinateTransformations": [edge | {"input": {"name": "s"}}]}
    found = migrated({"ome": {"version": "0.6.dev4"} | alone}, 3)
    assert found is not None
    assert found.attributes == {"ome": {"version": "0.6"} | alone}


# --- SpatialData ------------------------------------------------------------------------------------------


def system(name: str, axes: str) -> dict[str, Any]:
    return {"name": name, "axes": [{"name": a, "type": "space", "unit": "unit"} for a in axes]}


def spatialdata(*edges: dict[str, Any], version: str = "0.4-dev-spatialdata") -> dict[str, Any]:
    return {
        "multiscales": [
            {
                "version": version,
                "axes": [{"name": "y", "type": "space"}, {"name": "x", "type": "space"}],
                "datasets": [
                    {"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [1, 1]}]},
                    {"path": "1", "coordinateTransformations": [{"type": "scale", "scale": [2, 2]}]},
                ],
                "coordinateTransformations": list(edges),
            }
        ],
        "spatialdata_attrs": {"version": "0.1"},
        "omero": {"channels": [{"label": 0}]},
    }


def ends(source: str = "yx", target: str = "yx", name: str = "global") -> dict[str, Any]:
    return {"input": system("yx", source), "output": system(name, target)}


@pytest.mark.parametrize("container", [2, 3])
def test_spatialdata_has_a_graph(container: int) -> None:
    inner = {"type": "sequence", "transformations": [
        {"type": "scale", "scale": [3, 2]} | ends(),
        {"type": "translation", "translation": [-50, 10]} | ends(),
    ]}  # fmt: skip
    document = spatialdata(
        {"type": "identity"} | ends(),
        inner | ends(name="moved"),
        {"type": "affine", "affine": [[20, 10, 30], [50, 40, 60], [0, 0, 1]]} | ends("yx", "xy", "bent"),
        {"type": "mapAxis", "mapAxis": {"x": "y", "y": "x"}} | ends(name="swapped"),
        {"type": "byDimension", "transformations": [
            {"type": "scale", "scale": [7], "input": system("", "x"), "output": system("", "x")},
            {"type": "identity", "input": system("", "y"), "output": system("", "y")},
        ]} | ends(name="apart"),
    )  # fmt: skip
    if container == 3:
        rest = {"spatialdata_attrs": document.pop("spatialdata_attrs")}
        document = rest | {"ome": document | {"version": "0.5-dev-spatialdata"}}
    found = migrated(document, container)
    assert found is not None
    assert found.name == "spatialdata"
    node, report = decode(document, zarr_format=container)
    assert node is not None
    assert not report.valid
    assert node.attributes == {"spatialdata_attrs": {"version": "0.1"}}
    image = node.multiscales[0]
    assert [s.name for s in image.systems] == ["yx", "global", "moved", "bent", "swapped", "apart"]
    assert image.intrinsic.name == "yx"
    assert image.axes[0].unit is None
    graph = graph_of_image(image)
    point = (4, 5)  # of level 1, whose pixels are twice as large: 8, 10
    expected = {
        "global": (8, 10),
        "moved": (3 * 8 - 50, 2 * 10 + 10),
        "bent": (20 * 8 + 10 * 10 + 30, 50 * 8 + 40 * 10 + 60),
        "swapped": (10, 8),
        "apart": (8, 70),
    }
    for name, place in expected.items():
        assert graph.between(("1", None), name).apply(point) == place
    assert graph.between("bent", "yx").apply(expected["bent"]) == pytest.approx((8, 10))
    kinds = {type(t) for t in image.transformations}
    assert {MapAxis, ByDimension} < kinds
    assert Unknown not in kinds


def test_spatialdata_that_calls_itself_0_4_is_recognised() -> None:
    document = spatialdata({"type": "identity"} | ends(), version="0.4")
    assert migrated(document, 2) is not None
    assert migrated(spatialdata(version="0.4"), 2) is None
    node, _ = decode(document, zarr_format=2)
    assert node is not None
    assert isinstance(node.multiscales[0].datasets[1].transformation, Scale)
    assert node.multiscales[0].scale(1) == (2, 2)
