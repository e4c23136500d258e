"""Fragments: transformations that stand alone, judged without the systems that nobody declares."""

from __future__ import annotations

from typing import Any

import pytest

from zarrscope.spec.versions import decode

IDENTITY = {"type": "identity", "input": {"name": "a"}, "output": {"name": "b"}}
AXES = [{"name": "y", "type": "space"}, {"name": "x", "type": "space"}]
SYSTEMS = [{"name": "a", "axes": AXES}, {"name": "b", "axes": AXES}]


def broken(fragment: dict[str, Any]) -> set[str]:
    report = decode(fragment, zarr_format=3, kind="transformation")[1]
    return {p.rule for p in report.problems if "spec" in p.fails or "schema" in p.fails}


@pytest.mark.parametrize("version", [{}, {"version": "0.6"}, {"version": "0.6rc0"}])
@pytest.mark.parametrize("systems", [{}, {"coordinateSystems": SYSTEMS}])
def test_sound_fragments(version: dict[str, Any], systems: dict[str, Any]) -> None:
    body = version | systems | {"coordinateTransformations": [IDENTITY]}
    assert broken({"ome": body}) == set()
    if not version:
        assert broken(body) == set()


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"coordinateTransformations": ...}, "document/coordinateTransformations"),
        ({"coordinateTransformations": [IDENTITY, IDENTITY]}, "transformations/twice"),
        ({"coordinateTransformations": [IDENTITY | {"type": "affin"}]}, "transformations/type"),
        ({"coordinateTransformations": [IDENTITY | {"input": "a"}]}, "transformations/ends"),
        ({"coordinateSystems": [{"name": "a"}]}, "systems/axes"),
    ],
)
def test_broken_fragments(change: dict[str, Any], rule: str) -> None:
    body = {"coordinateTransformations": [IDENTITY]} | change
    assert rule in broken({"ome": {k: v for k, v in body.items() if v is not ...}})
