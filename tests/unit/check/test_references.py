"""Matrices and fields that stand deep inside transformations, and references that cannot be judged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.conformance.sound_stores import INDEX, add_field, add_matrix, bound, scene, systems

import zarrscope
from zarrscope.report import Severity

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conformance.sound_stores import Tree

AFFINE = {"type": "affine", "path": "coordinateTransformations/affine"}
WARP = {"type": "displacements", "path": "coordinateTransformations/displacements"}
IDENTITY = {"type": "identity"}


def musts(tree: Tree, folder: Path) -> list[tuple[str, str]]:
    """Return rules and places of what is wrong, the place below the first transformation of the image."""
    found = zarrscope.validate(tree.write(folder / "a.zarr"))
    start = f"/attributes/ome/multiscales/0/coordinateTransformations/{INDEX['identity']}"
    return [(p.rule, p.location.removeprefix(start)) for p in found.problems if p.severity is Severity.MUST]


def replaced(entry: dict[str, Any]) -> Tree:
    tree = systems()
    old = tree.ome()["multiscales"][0]["coordinateTransformations"][INDEX["identity"]]
    old.update(entry)
    return tree


@pytest.mark.parametrize(
    ("entry", "place"),
    [
        ({"type": "sequence", "transformations": [AFFINE, IDENTITY]}, "/transformations/0/path"),
        ({"type": "sequence", "transformations": [IDENTITY, AFFINE]}, "/transformations/1/path"),
        ({"type": "bijection", "forward": AFFINE, "inverse": IDENTITY}, "/forward/path"),
        ({"type": "bijection", "forward": IDENTITY, "inverse": AFFINE}, "/inverse/path"),
        (
            {
                "type": "byDimension",
                "transformations": [{"inputAxes": [1, 0], "outputAxes": [0, 1], "transformation": AFFINE}],
            },
            "/transformations/0/transformation/path",
        ),
    ],
)
def test_a_stored_matrix_deep_inside(entry: dict[str, Any], place: str, tmp_path: Path) -> None:
    assert musts(replaced(entry), tmp_path / "sound") == []
    tree = replaced(entry)
    add_matrix(tree, "coordinateTransformations/affine", [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]])
    found = musts(tree, tmp_path / "broken")
    assert ("transformations/stored-matrix-size", place) in found
    assert {rule for rule, _ in found} == {"transformations/stored-matrix-size"}


def test_a_field_that_several_transformations_name(tmp_path: Path) -> None:
    tree = replaced({"type": "sequence", "transformations": [WARP, IDENTITY]})
    assert musts(tree, tmp_path / "sound") == []
    tree.array("coordinateTransformations/displacements/0", [3, 8, 8], "float32", list("dyx"))
    assert [rule for rule, _ in musts(tree, tmp_path / "broken")] == [
        "transformations/field-length",
        "transformations/field-length",
    ]


def test_the_middle_of_a_sequence_is_not_guessed(tmp_path: Path) -> None:
    entry = {"type": "sequence", "transformations": [IDENTITY, AFFINE, IDENTITY]}
    assert musts(replaced(entry), tmp_path) == []


def test_drafts_wrote_otherwise(tmp_path: Path) -> None:
    tree = scene()
    add_field(tree, "coordinateTransformations/warp", "coordinate")
    for key, document in tree.files.items():
        if key.endswith("zarr.json") and "ome" in document["attributes"]:
            document["attributes"]["ome"]["version"] = "0.6.dev4"
    assert "transformations/field-axes" not in {rule for rule, _ in musts(tree, tmp_path)}


def test_a_label_image_that_no_list_names_can_be_referred_to(tmp_path: Path) -> None:
    tree = bound()
    tree.ome("labels")["labels"] = []
    assert musts(tree, tmp_path) == []
