"""One broken sentence of the text at a time, by hand: found, under its own rule, at its own place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.conformance import (
    hand_faults,
    hand_faults_06,
    hand_faults_labels,
    hand_faults_plates,
    hand_faults_scenes,
    sound_stores,
)
from tests.conformance.sound_stores import VERSIONS

import zarrscope
from zarrscope.report import Severity

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conformance.hand_faults import Fault

STORES = [
    *((version, name) for version in VERSIONS for name in ("image", "flat", "plate", "collection")),
    *(("0.6", name) for name in ("systems", "scene", "bound")),
]
FAULTS = [
    *hand_faults.LEVELS,
    *hand_faults.AXES,
    *hand_faults.TRANSFORMATIONS,
    *hand_faults_labels.OMERO,
    *hand_faults_labels.LABELS,
    *hand_faults_plates.PLATE,
    *hand_faults_plates.WELL,
    *hand_faults_plates.COLLECTION,
    *hand_faults_plates.HIERARCHY,
    *hand_faults_06.COORDINATE_SYSTEMS,
    *hand_faults_06.DATASETS,
    *hand_faults_06.KINDS,
    *hand_faults_06.GRAPH,
    *hand_faults_scenes.BOUND,
    *hand_faults_scenes.SCENES,
]
CASES = [
    pytest.param(fault, version, id=f"{version} {fault.store}: {fault.what}")
    for fault in FAULTS
    for version in fault.versions
]


@pytest.mark.parametrize(("version", "store"), STORES)
def test_the_stores_are_sound(version: str, store: str, tmp_path: Path) -> None:
    found = zarrscope.validate(getattr(sound_stores, store)(version).write(tmp_path / "sound.zarr"))
    assert [p for p in found.problems if p.severity is Severity.MUST] == []
    assert found.valid
    assert found.version == version


@pytest.mark.parametrize(("fault", "version"), CASES)
def test_a_broken_sentence_is_found(fault: Fault, version: str, tmp_path: Path) -> None:
    tree = getattr(sound_stores, fault.store)(version)
    fault.apply(tree)
    file, pointer = fault.place(tree)
    found = zarrscope.validate(tree.write(tmp_path / "broken.zarr"))
    assert not found.valid
    musts = [(p.rule, p.file, p.location) for p in found.problems if p.severity is Severity.MUST]
    assert any(r == fault.rule and f == file and near(p, pointer) for r, f, p in musts), musts


def near(found: str, wanted: str) -> bool:
    """Return whether a place is the one that was meant, inside it, or the object that it is a member of."""
    return found == wanted or found.startswith(wanted + "/") or found == wanted.rpartition("/")[0]
