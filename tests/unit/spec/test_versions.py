"""Detection, decoding with located problems, and what a version refuses to hold."""

from __future__ import annotations

from typing import Any

import pytest

from zarrscope.errors import ArgumentError, UnsupportedError
from zarrscope.model.axes import Axis, CoordinateSystem
from zarrscope.model.collection import Collection
from zarrscope.model.multiscales import Dataset, Multiscale
from zarrscope.model.node import Node
from zarrscope.model.plate import Plate, PlateLine, PlateWell
from zarrscope.model.transforms import Identity, Scale, SystemReference, Translation
from zarrscope.report import Severity
from zarrscope.spec.rules import EVERY, RULES
from zarrscope.spec.versions import decode, detect, encode, limits, zarr_format_of

AXES = [
    {"name": "y", "type": "space", "unit": "micrometer"},
    {"name": "x", "type": "space", "unit": "micrometer"},
]
LEVEL = {"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [0.5, 1]}]}
IMAGE = {"version": "0.4", "name": "a", "axes": AXES, "datasets": [LEVEL], "type": "mean", "metadata": {}}


def image(**changes: Any) -> dict[str, Any]:
    return {"multiscales": [{k: v for k, v in (IMAGE | changes).items() if v is not ...}]}


def problems(attributes: dict[str, Any], zarr_format: int = 2) -> list[tuple[str, str, str]]:
    report = decode(attributes, zarr_format=zarr_format)[1]
    return [(p.severity.name, p.location, p.rule) for p in report.problems]


@pytest.mark.parametrize(
    ("attributes", "zarr_format", "version"),
    [
        (image(), 2, "0.4"),
        (image(version=...), 2, "0.4"),
        (image(version=..., axes=["y", "x"]), 2, "0.3"),
        (image(version=..., axes=..., datasets=[{"path": "0"}]), 2, "0.1"),
        (image(version="0.2", axes=...), 2, "0.2"),
        ({"plate": {"version": "0.3"}}, 2, "0.3"),
        ({"labels": ["a"]}, 2, "0.4"),
        ({"ome": {"version": "0.5"}}, 3, "0.5"),
        ({"ome": {"version": "0.6rc0"}}, 3, "0.6rc0"),
        ({"ome": {}}, 3, "0.5"),
        ({}, 3, "0.5"),
        ({"ome": {"version": ""}}, 3, ""),
        ({"ome": {"version": "0.5"}}, 2, "0.5"),
    ],
)
def test_detect(attributes: dict[str, Any], zarr_format: int, version: str) -> None:
    assert detect(attributes, zarr_format) == version


def test_a_sound_document_has_no_problems() -> None:
    assert problems(image()) == []
    node, _ = decode(image(), zarr_format=2)
    assert node is not None
    assert node.multiscales[0].scale(0) == (0.5, 1)
    assert node.kind == "image"


@pytest.mark.parametrize(
    ("changes", "location", "rule"),
    [
        ({"axes": ...}, "/multiscales/0", "axes/list"),
        ({"axes": [{"name": "y"}, 5]}, "/multiscales/0/axes/1", "axes/object"),
        ({"axes": AXES[:1] * 2}, "/multiscales/0/axes/1/name", "axes/unique-names"),
        ({"axes": AXES[:1]}, "/multiscales/0/axes", "axes/count"),
        ({"axes": [*AXES, {"name": "t", "type": "time"}]}, "/multiscales/0/axes", "axes/order"),
        ({"datasets": []}, "/multiscales/0/datasets", "multiscales/datasets"),
        ({"datasets": [LEVEL, {"path": "1"}]}, "/multiscales/0/datasets/1", "multiscales/transformations"),
        (
            {"datasets": [LEVEL | {"coordinateTransformations": [{"type": "scale", "scale": [1, 1, 1]}]}]},
            "/multiscales/0/datasets/0/coordinateTransformations",
            "transformations/length",
        ),
        (
            {"datasets": [LEVEL | {"coordinateTransformations": [{"type": "scale", "scale": [1, "a"]}]}]},
            "/multiscales/0/datasets/0/coordinateTransformations/0/scale/1",
            "transformations/scale",
        ),
        (
            {
                "datasets": [
                    LEVEL,
                    LEVEL
                    | {"path": "1", "coordinateTransformations": [{"type": "scale", "scale": [0.1, 1]}]},
                ]
            },
            "/multiscales/0/datasets/1/coordinateTransformations",
            "multiscales/finest-first",
        ),
        ({"version": "0.3"}, "/multiscales/0/axes/0", "axes/letter"),
    ],
)
def test_problems_are_located(changes: dict[str, Any], location: str, rule: str) -> None:
    assert ("MUST", location, rule) in problems(image(**changes))


def test_advice() -> None:
    axes = [
        {"name": "y", "type": "space", "unit": "um"},
        {"name": "x", "units": "micrometer", "type": "space"},
    ]
    report = decode(image(axes=axes), zarr_format=2)[1]
    assert report.valid
    assert [(p.location, p.rule, p.hint) for p in report.problems] == [
        ("/multiscales/0/axes/1/units", "document/spelling", "write 'unit'"),
        ("/multiscales/0/axes/1", "axes/unit", ""),
        ("/multiscales/0/axes/0/unit", "axes/unit-known", "write 'micrometer'"),
    ]


def test_locations_in_zarr_json() -> None:
    bad = image(version=..., axes=AXES[:1])
    found = problems({"ome": {"version": "0.5"} | bad}, 3)
    assert ("MUST", "/attributes/ome/multiscales/0/axes", "axes/count") in found
    assert ("MUST", "/attributes/ome", "ome/version") in problems({"ome": bad}, 3)


def test_versions_in_the_wrong_zarr() -> None:
    found = problems({"ome": {"version": "0.5"} | image(version=...)}, 2)
    assert found == [("MUST", "/ome/version", "version/zarr-format")]
    old = problems({"ome": {"version": "0.4"} | image()}, 3)
    assert ("MUST", "/attributes/ome/version", "version/zarr-format") in old


def test_unknown_versions_are_read_where_they_can_be() -> None:
    document = {"ome": {"version": "0.5.dev1"} | image(version=...)}
    assert problems(document, 3) == [("MUST", "/attributes/ome/version", "version/known")]
    node, _ = decode(document, zarr_format=3)
    assert node is not None
    assert node.multiscales[0].axes[0].name == "y"
    later = {"ome": {"version": "0.7", "multiscales": [{"coordinateSystems": [], "datasets": []}]}}
    assert ("MUST", "/attributes/ome/version", "version/known") in problems(later, 3)
    assert decode(later, zarr_format=3)[0] is None


def test_what_is_not_understood_goes_back_as_it_came() -> None:
    strange = [{"type": "affine", "affine": [[1, 0, 0], [0, 1, 0]]}]
    document = image(
        coordinateTransformations=strange, datasets=[LEVEL, {"path": "1", "coordinateTransformations": []}]
    )
    node, report = decode(document, zarr_format=2)
    assert node is not None
    assert not report.valid
    assert encode(node, "0.4") == document


def test_edges_of_a_graph_are_no_steps() -> None:
    edges = [{"type": "scale", "scale": [2, 2], "input": {"name": "yx"}, "output": {"name": "global"}}]
    node, report = decode(image(coordinateTransformations=edges), zarr_format=2)
    assert node is not None
    assert [p.rule for p in report.problems] == ["transformations/early-ends"]
    assert node.multiscales[0].scale(0) == (0.5, 1)
    assert encode(node, "0.4") == image(coordinateTransformations=edges)


def test_nothing_of_ours() -> None:
    for attributes in ({}, {"foo": 1}, {"ome": 5}):
        assert decode(attributes, zarr_format=3)[0] is None
    assert decode({"foo": 1}, zarr_format=2)[0] is None


def test_unknown_keys_find_their_way_back() -> None:
    old = image(vendor={"a": [1]}) | {
        "mine": 1,
        "omero": {"channels": [], "rdefs": {}, "id": 3, "version": "0.5-dev"},
    }
    node, _ = decode(old, zarr_format=2)
    assert node is not None
    assert dict(node.attributes) == {"mine": 1}
    assert encode(node, "0.4") == old
    new = encode(node, "0.5")
    assert new["mine"] == 1
    assert "version" not in new["ome"]["multiscales"][0]
    back, _ = decode({"ome": new["ome"] | {"x": 1}, "y": 2}, zarr_format=3)
    assert back is not None
    assert (dict(back.extra), dict(back.attributes)) == ({"x": 1}, {"y": 2})


def test_collections() -> None:
    assert encode(Node(collection=Collection(layout=3)), "0.4") == {"bioformats2raw.layout": 3}
    series = {"ome": {"version": "0.5", "series": ["0", "1"]}}
    assert encode(Node(collection=Collection(series=("0", "1"))), "0.5") == series
    node, report = decode(series, zarr_format=3)
    assert node == Node(collection=Collection(None, ("0", "1")))
    assert report.valid
    assert ("MUST", "/bioformats2raw.layout", "layout/value") in problems({"bioformats2raw.layout": 2})


def test_labels_and_kinds() -> None:
    node, report = decode({"labels": ["a", 5]}, zarr_format=2)
    assert node is not None
    assert (node.kind, node.labels) == ("labels", ("a",))
    assert [p.location for p in report.problems] == ["/labels/1"]
    plate = Plate("p", (PlateLine("A"),), (PlateLine("1"),), (PlateWell("A/1", 0, 0),))
    both = Node(plate=plate, collection=Collection(layout=3))
    assert both.kind == "plate"
    assert encode(both, "0.5")["ome"]["plate"]["version"] == "0.5"
    assert decode(image() | {"image-label": {"version": "0.4"}}, zarr_format=2)[0].kind == "label"  # type: ignore[union-attr]


def built(axes: str, transformation: Any = None) -> Node:
    kinds = {"t": "time", "c": "channel", "z": "space", "y": "space", "x": "space", "s": "spectrum"}
    system = CoordinateSystem("", tuple(Axis(a, kinds[a]) for a in axes))
    own = transformation or Scale((1.0,) * len(axes))
    return Node(multiscales=(Multiscale("", (system,), (Dataset("0", own),)),))


@pytest.mark.parametrize(
    ("axes", "words"),
    [
        ("tsczyx", "6 axes"),
        ("x", "1 axes"),
        ("scyx", "neither space nor time"),
        ("yxc", "order"),
        ("tcx", "1 axes of space"),
    ],
)
def test_what_a_version_cannot_hold(axes: str, words: str) -> None:
    for version in ("0.4", "0.5"):
        assert limits(version).obstacles(built(axes).multiscales[0].axes)
        with pytest.raises(UnsupportedError, match=words) as caught:
            encode(built(axes), version)
        assert version in str(caught.value)


def test_transformations_are_written_as_scale_and_translation() -> None:
    def written(transformation: Any) -> Any:
        document = encode(built("yx", transformation), "0.4")
        return document["multiscales"][0]["datasets"][0]["coordinateTransformations"]

    assert written(Identity()) == [{"type": "scale", "scale": [1, 1]}]
    assert written(Translation((1.0, 2.0))) == [
        {"type": "scale", "scale": [1, 1]},
        {"type": "translation", "translation": [1, 2]},
    ]
    with pytest.raises(UnsupportedError, match="named"):
        written(Scale((1.0, 1.0), output=SystemReference("w")))


def test_versions_by_name() -> None:
    assert [zarr_format_of(v) for v in ("0.1", "0.4", "0.5")] == [2, 2, 3]
    for call in (zarr_format_of, limits, lambda v: encode(built("yx"), v)):
        with pytest.raises(ArgumentError, match=r"0\.7"):
            call("0.7")


def test_the_table_of_rules() -> None:
    for name, entry in RULES.items():
        assert name == entry.name
        assert entry.text.endswith(".")
        assert entry.weight is Severity.NOTE or entry.section
        assert any(entry.holds_in(version) for version in EVERY.split())
        official = f"{entry.schema} {entry.suite} {entry.strict} {entry.disputed}".split()
        assert set(official) <= set(EVERY.split())
        assert entry.since in EVERY.split() and entry.until in EVERY.split()


def test_weights_follow_the_version() -> None:
    document = {"plate": {"rows": [{"name": "A"}], "columns": [{"name": "1"}], "wells": [{"path": "1/A"}]}}
    old = decode({"plate": document["plate"] | {"version": "0.2"}}, zarr_format=2)[1]
    assert old.valid  # indices and names that agree are demanded since 0.4
    new = decode({"plate": document["plate"] | {"version": "0.4"}}, zarr_format=2)[1]
    assert {p.rule for p in new.problems if "spec" in p.fails} == {"plate/well-index", "plate/well-names"}
    # the official suite of 0.4 calls exchanged rows and columns valid, that of 0.5 does not
    assert {p.rule for p in new.problems if "schema" in p.fails} == {"plate/well-index"}
    newest = decode({"ome": {"version": "0.5"} | document}, zarr_format=3)[1]
    assert "plate/well-names" in {p.rule for p in newest.problems if "schema" in p.fails}


def test_a_document_must_be_what_it_is_called() -> None:
    report = decode({"ome": {"version": "0.5"} | image(version=...)}, zarr_format=3, kind="plate")[1]
    assert [(p.rule, p.location) for p in report.problems if p.severity is Severity.MUST] == [
        ("document/plate", "/attributes/ome")
    ]
    label = {"ome": {"version": "0.5", "image-label": {"version": "0.5", "colors": {}}, "multiscales": []}}
    rules = {p.rule: p.fails for p in decode(label, zarr_format=3, kind="label")[1].problems}
    assert rules["label/colors"] == {"schema", "spec", "strict"}
    assert rules["multiscales/list"] == {"spec", "strict"}  # the label schema looks at image-label alone


def test_metadata_outside_of_ome_are_told() -> None:
    found = problems({"labels": ["a"], "ome": {"version": "0.5"}}, 3)
    assert found == [("MUST", "/attributes/labels", "ome/outside")]
    node, _ = decode({"labels": ["a"], "ome": {"version": "0.5"}}, zarr_format=3)
    assert node is not None
    assert node.labels == ("a",)


def test_a_wrong_number_in_zarr_2_is_only_that() -> None:
    found = problems(image(version="0.5"))
    assert found == [("MUST", "/multiscales/0/version", "multiscales/version")]
    node, _ = decode(image(version="0.5"), zarr_format=2)
    assert node is not None
    assert node.multiscales[0].scale(0) == (0.5, 1)


def test_a_key_that_is_near_the_missing_one_is_named() -> None:
    plate = {"version": "0.4", "rows": [{"name": "A"}], "columns": [{"name": "1"}], "wels": []}
    hints = {p.rule: p.hint for p in decode({"plate": plate}, zarr_format=2)[1].problems}
    assert hints["plate/wells"] == "'wels' stands there: write 'wells'"
