"""Rules on transformations and systems since 0.6: each with documents that keep it and that break it."""

from __future__ import annotations

from typing import Any

import pytest

from zarrscope.spec.rules import RULES
from zarrscope.spec.versions import decode

YX = [{"name": name, "type": "space"} for name in "yx"]
ZYX = [{"name": name, "type": "space"} for name in "zyx"]
ENDS = {"input": {"name": "physical"}, "output": {"name": "world"}}
HALF = 0.70710678


def system(name: str, axes: Any = YX) -> dict[str, Any]:
    return {"name": name, "axes": axes}


def placed(path: str = "0", step: Any = None, name: str = "physical", source: Any = None) -> dict[str, Any]:
    ends = {"input": source or {"path": path}, "output": {"name": name}}
    return {"path": path, "coordinateTransformations": [(step or {"type": "identity"}) | ends]}


def image(*edges: Any, systems: Any = None, datasets: Any = None, version: str = "0.6") -> dict[str, Any]:
    found: dict[str, Any] = {
        "coordinateSystems": systems or [system("physical"), system("world")],
        "datasets": datasets or [placed()],
    }
    if edges:
        found["coordinateTransformations"] = [ENDS | edge for edge in edges]
    return {"ome": {"version": version, "multiscales": [found]}}


def scene(*edges: Any, systems: Any = None) -> dict[str, Any]:
    part = {"coordinateTransformations": list(edges)}
    return {
        "ome": {"version": "0.6", "scene": part | ({} if systems is None else {"coordinateSystems": systems})}
    }


def fragment(*edges: Any, systems: Any = None) -> dict[str, Any]:
    part = {"coordinateTransformations": list(edges)}
    return {"ome": {"version": "0.6"} | part | ({} if systems is None else {"coordinateSystems": systems})}


def by(*parts: tuple[list[int], list[int], Any]) -> dict[str, Any]:
    items = [{"inputAxes": i, "outputAxes": o, "transformation": t} for i, o, t in parts]
    return {"type": "byDimension", "transformations": items}


def sequence(*steps: Any) -> dict[str, Any]:
    return {"type": "sequence", "transformations": list(steps)}


def scale(*numbers: float) -> dict[str, Any]:
    return {"type": "scale", "scale": list(numbers)}


def shift(*numbers: float) -> dict[str, Any]:
    return {"type": "translation", "translation": list(numbers)}


def affine(*rows: list[float]) -> dict[str, Any]:
    return {"type": "affine", "affine": list(rows)}


def rotation(*rows: list[float]) -> dict[str, Any]:
    return {"type": "rotation", "rotation": list(rows)}


def project(dropped: list[int], created: list[int]) -> dict[str, Any]:
    return {"type": "projectAxis", "droppedInputs": dropped, "createdOutputs": created}


def axes(*values: Any, kind: str = "space") -> list[dict[str, Any]]:
    return [
        {"name": f"a{i}", "type": kind} | ({"orientation": {"type": "anatomical", "value": v}} if v else {})
        for i, v in enumerate(values)
    ]


def oriented(*values: Any, kind: str = "space") -> dict[str, Any]:
    return image(systems=[system("physical", axes(*values, kind=kind))], version="0.9.dev1")


SAME = {"type": "identity"}
LABEL = {"input": {"name": "s", "path": "labels/a"}, "output": {"name": "physical"}}
ROOT = "/attributes/ome/multiscales/0"
SYSTEM = f"{ROOT}/coordinateSystems"
EDGE = "/attributes/ome/multiscales/0/coordinateTransformations/0"
SET = "/attributes/ome/multiscales/0/datasets/0/coordinateTransformations/0"
A, B, W = {"name": "s", "path": "a"}, {"name": "s", "path": "b"}, {"name": "w"}
TO_W = SAME | {"input": A, "output": W}
DFIELD = {"type": "displacements", "path": "f"}
MIXED = [system("physical"), system("world", ZYX)]

# rule, a document that keeps it, one that breaks it, where it is told
CASES: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("map-axis-permutation", image({"type": "mapAxis", "mapAxis": [1, 0]}),
     image({"type": "mapAxis", "mapAxis": [0, 2]}), EDGE),
    ("map-axis-permutation", image(sequence({"type": "mapAxis", "mapAxis": [0, 1]})),
     image(sequence(SAME, {"type": "mapAxis", "mapAxis": [1, 2]})), f"{EDGE}/transformations/1"),
    ("rotation-orthonormal", image(rotation([HALF, -HALF], [HALF, HALF])),
     image(rotation([1, 0], [0, 2])), EDGE),
    ("rotation-orthonormal", image(rotation([0.707, -0.707], [0.707, 0.707])),
     image(rotation([0, 1], [1, 0])), EDGE),
    ("rotation-orthonormal", image({"type": "rotation", "path": "p"}),
     image({"type": "bijection", "forward": SAME, "inverse": rotation([1, 1], [0, 1])}), f"{EDGE}/inverse"),
    ("vector-length", image(scale(1, 2)), image(scale(1, 2, 3)), EDGE),
    ("vector-length", image(shift(1, 2)), image(sequence(SAME, shift(1))), f"{EDGE}/transformations/1"),
    ("vector-length", image({"type": "mapAxis", "mapAxis": [1, 0]}),
     image({"type": "mapAxis", "mapAxis": [1, 0, 2]}), EDGE),
    ("vector-length", image(datasets=[placed(step=scale(1, 2))]),
     image(datasets=[placed(step=scale(1))]), SET),
    ("vector-length", image(by(([1, 0], [0, 1], scale(1, 2)))),
     image(by(([0], [0], scale(1, 2)), ([1], [1], SAME))), f"{EDGE}/transformations/0/transformation"),
    ("vector-length", scene(shift(1, 2) | {"input": A, "output": W}, systems=[system("w")]),
     scene(shift(1, 2) | {"input": A, "output": W}, systems=[system("w", ZYX)]),
     "/attributes/ome/scene/coordinateTransformations/0"),
    ("matrix-size", image(affine([1, 0, 0], [0, 1, 0])), image(affine([1, 0], [0, 1])), EDGE),
    ("matrix-size", image(affine([1, 0, 0], [0, 1, 0], [0, 0, 1]), systems=MIXED),
     image(affine([1, 0, 0], [0, 1, 0], [0, 0, 1])), EDGE),
    ("matrix-size", image(sequence(rotation([1, 0], [0, 1]))),
     image(sequence(rotation([1, 0, 0], [0, 1, 0], [0, 0, 1]))), f"{EDGE}/transformations/0"),
    ("project-axis-indices", image({"type": "projectAxis", "createdOutputs": [2]}, systems=MIXED),
     image({"type": "projectAxis", "createdOutputs": [3]}, systems=MIXED), EDGE),
    ("project-axis-indices", image(sequence(project([1], [0]))), image(sequence(project([2], [0]))),
     f"{EDGE}/transformations/0"),
    ("by-dimension-range", image(by(([0], [1], SAME), ([1], [0], SAME))),
     image(by(([0], [1], SAME), ([2], [0], SAME))), f"{EDGE}/transformations/1"),
    ("by-dimension-range", image(by(([0, 1], [0, 1], SAME))),
     image(by(([0, 1], [0, 2], SAME))), f"{EDGE}/transformations/0"),
    ("by-dimension-cover", image(by(([0], [1], SAME), ([1], [0], SAME))),
     image(by(([0], [1], SAME), ([1], [1], SAME))), EDGE),
    ("by-dimension-cover", image(by(([0], [0], SAME), ([0], [1], SAME))), image(by(([0], [0], SAME))), EDGE),
    ("output-dimensions", image({"type": "projectAxis", "createdOutputs": [0]}, systems=MIXED),
     image({"type": "projectAxis", "createdOutputs": [0]}), EDGE),
    ("output-dimensions", image(SAME), image(SAME, systems=MIXED), EDGE),
    ("output-dimensions", image(sequence(scale(1, 2), affine([1, 2, 3]), affine([1, 2], [3, 4]))),
     image(sequence(scale(1, 2), affine([1, 2, 3]))), EDGE),
    ("field-dimensions", image(DFIELD), image(DFIELD, systems=MIXED), EDGE),
    ("field-dimensions", image({"type": "bijection", "forward": DFIELD, "inverse": DFIELD}),
     image({"type": "bijection", "forward": {"type": "coordinates", "path": "f"},
            "inverse": {"type": "coordinates", "path": "g"}}, systems=MIXED), EDGE),
    ("systems/unique-names", image(SAME), image(SAME, systems=[system("physical"), system("physical")]),
     f"{SYSTEM}/1/name"),
    ("systems/unique-names", scene(TO_W, systems=[system("w")]),
     scene(TO_W, systems=[system("w"), system("w", ZYX)]),
     "/attributes/ome/scene/coordinateSystems/1/name"),
    ("systems/same-dimensions", image(SAME), image(SAME, systems=MIXED),
     f"{SYSTEM}/1/axes"),
    ("declared", image(SAME), image(SAME | {"output": {"name": "nowhere"}}), f"{EDGE}/output"),
    ("declared", image(SAME | {"input": {"name": "any", "path": "labels/a"}}),
     image(datasets=[placed(name="nowhere")]), f"{SET}/output"),
    ("declared", scene(TO_W, systems=[system("w")]),
     scene(TO_W), "/attributes/ome/scene/coordinateTransformations/0/output"),
    ("declared", fragment(SAME | ENDS), fragment(SAME | ENDS, systems=[system("physical")]),
     "/attributes/ome/coordinateTransformations/0/output"),
    ("dataset-input", image(datasets=[placed("s/0")]), image(datasets=[placed("s/0", source={"path": "s0"})]),
     f"{SET}/input"),
    ("dataset-ends", image(datasets=[placed()]), image(datasets=[placed(source={"path": "0", "name": "n"})]),
     f"{SET}/input"),
    ("dataset-output", image(datasets=[placed(), placed("1")]),
     image(SAME, datasets=[placed(), placed("1", name="world")]),
     "/attributes/ome/multiscales/0/datasets/1/coordinateTransformations/0/output"),
    ("dataset-order", image(datasets=[placed(step=sequence(scale(1, 2), shift(3, 4)))]),
     image(datasets=[placed(step=sequence(shift(3, 4), scale(1, 2)))]), SET),
    ("intrinsic-side", image(SAME),
     image(SAME, SAME | {"input": {"name": "world"}, "output": {"name": "far"}},
           systems=[system(name) for name in ("physical", "world", "far")]), EDGE[:-1] + "1"),
    ("label-kind", image(shift(1, 2) | LABEL), image(rotation([1, 0], [0, 1]) | LABEL), EDGE),
    ("systems/connected", image(SAME), image(), f"{SYSTEM}/1"),
    ("systems/connected", image(DFIELD),
     image(SAME, systems=[system(name) for name in ("physical", "world", "far")]),
     f"{SYSTEM}/2"),
    ("systems/connected",
     scene(TO_W, SAME | {"input": B | {"name": "t"}, "output": A | {"name": "u"}}, systems=[system("w")]),
     scene(TO_W, SAME | {"input": B, "output": B | {"name": "t"}}, systems=[system("w")]),
     "/attributes/ome/scene"),
    ("axes/orientation-space", oriented("left-to-right", None),
     oriented("left-to-right", None, kind="time"), f"{SYSTEM}/0/axes/0/orientation"),
    ("axes/orientation-once", oriented("left-to-right", "dorsal-to-ventral", "dorsal-to-palmar"),
     oriented("left-to-right", "dorsal-to-ventral", "right-to-left"),
     f"{SYSTEM}/0/axes/2/orientation"),
    ("axes/orientation-once", oriented(None, None), oriented("apex-to-base", "apex-to-base"),
     f"{SYSTEM}/0/axes/1/orientation"),
]  # fmt: skip


def told(document: dict[str, Any], name: str) -> list[str]:
    kind = "transformation" if "coordinateTransformations" in document["ome"] else None
    _, report = decode(document, zarr_format=3, kind=kind)
    return [problem.location for problem in report.problems if problem.rule == name]


@pytest.mark.parametrize(
    ("name", "good", "bad", "where"), CASES, ids=[f"{i}-{c[0]}" for i, c in enumerate(CASES)]
)
def test_rules(name: str, good: dict[str, Any], bad: dict[str, Any], where: str) -> None:
    full = name if "/" in name else f"transformations/{name}"
    assert told(good, full) == []
    assert where in told(bad, full)


def test_every_rule_of_sense_has_both_documents() -> None:
    own = {
        name
        for name, entry in RULES.items()
        if entry.check is not None
        and entry.check.__module__.rpartition(".")[2] in ("rules_transformations", "rules_systems")
    }
    assert own == {name if "/" in name else f"transformations/{name}" for name, *_ in CASES}


def test_older_versions_are_not_judged_by_them() -> None:
    steps = [scale(1, 1)]
    old = {"axes": YX, "datasets": [{"path": "0", "coordinateTransformations": steps}]}
    _, report = decode({"ome": {"version": "0.5", "multiscales": [old]}}, zarr_format=3)
    assert report.valid
    assert all(not RULES[p.rule].since >= "0.6" for p in report.problems)


def test_broken_documents_are_judged_without_harm() -> None:
    for edge in (5, {}, {"type": "sequence", "transformations": [{}]}, by(([-1], [0], {}))):
        document = image()
        document["ome"]["multiscales"][0]["coordinateTransformations"] = [edge]
        _, report = decode(document, zarr_format=3)
        assert not report.valid
