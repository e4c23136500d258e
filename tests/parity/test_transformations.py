"""Transformations of 0.6, computed by ngff-zarr and ITK too.

ngff-zarr (0.50.0) has all twelve types as data. It computes nothing itself: what it can express it hands to
ITK, which then says where points and boxes go. What it cannot do:

- ``projectAxis``, and whatever has not as many coordinates on both sides (``DECLINED``), it only reads and
  writes. A ``projectAxis`` inside of another transformation ends it with a TypeError: here it stands alone.
- It inverts nothing. Our inverses are written into documents, and ITK goes back by them.
- Of fields it knows linear interpolation alone. Outside of a field its points stay where they are, while ours
  move as they do at its edge (the specification says nothing of it): here all points lie inside.
- Of axes that are not of space it computes nothing, and it declines what mixes them with those that are.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import zarr

import zarrscope
from zarrscope.model.boxes import Box
from zarrscope.model.dimensions import ByDimension, DimensionItem, MapAxis, ProjectAxis
from zarrscope.model.fields import Bijection, Coordinates, Displacements
from zarrscope.model.matrices import Affine, Rotation
from zarrscope.model.transforms import Identity, Scale, Sequence, Transformation, Translation
from zarrscope.spec.transformations06 import encode_transformation

if TYPE_CHECKING:
    from collections.abc import Callable

    from zarrscope.model.rows import Point

SCRIPT = Path(__file__).resolve().parents[1] / "judges" / "ngff_zarr_transforms.py"
AXES = ("yx", "zyx", "tyx", "tczyx")
TYPES = {"t": "time", "c": "channel"}
NAMES = {2: "yx", 3: "zyx", 4: "czyx", 5: "tczyx"}
SHAPE, STEP, START = (4, 3, 5), (1.5, 0.5, 2.0), (-2.0, 1.0, 0.25)
COMPUTED = (
    "identity", "scale", "translation", "rotation", "affine", "mapAxis", "byDimension", "sequence",
    "bijection",
)  # fmt: skip
"""Types of which ngff-zarr makes matrices for ITK; of both kinds of fields it makes fields."""
DECLINED = ("projectAxis", "affine of other length", "byDimension of other length")
"""What has not as many coordinates on both sides, which ngff-zarr hands to nobody."""
ROUNDS = 4


def own(ndim: int, rng: Any) -> dict[str, Transformation]:
    """Return a transformation of each kind that changes all coordinates, every one invertible."""
    turn = np.linalg.qr(rng.normal(size=(ndim, ndim)))[0]
    turn[0] *= np.sign(np.linalg.det(turn))
    skew = np.diag(rng.uniform(0.5, 2, ndim)) + rng.uniform(-0.2, 0.2, (ndim, ndim))
    found: dict[str, Transformation] = {
        "identity": Identity(),
        "scale": Scale(tuple(rng.uniform(0.5, 3, ndim))),
        "translation": Translation(tuple(rng.normal(size=ndim) * 20)),
        "affine": Affine(rows(np.column_stack([skew, rng.normal(size=ndim) * 20]))),
    }
    if ndim == 1:
        return found
    axes = tuple(map(int, rng.permutation(ndim)))
    return found | {"rotation": Rotation(rows(turn)), "mapAxis": MapAxis(axes)}


def rows(matrix: Any) -> tuple[Point, ...]:
    return tuple(tuple(map(float, row)) for row in matrix)


def chosen(ndim: int, rng: Any) -> Transformation:
    found = own(ndim, rng)
    return found[str(rng.choice(list(found)))]


def parted(axes: str, rng: Any) -> ByDimension:
    """Return one that treats two groups of axes of space apart, and every other axis by itself."""
    space = [i for i, axis in enumerate(axes) if axis not in TYPES]
    inputs, outputs = (tuple(map(int, rng.permutation(space))) for _ in range(2))
    cut = int(rng.integers(1, len(space)))
    items = [
        DimensionItem(inputs[part], outputs[part], chosen(len(inputs[part]), rng))
        for part in (slice(cut), slice(cut, None))
    ]
    items += [DimensionItem((i,), (i,), chosen(1, rng)) for i in range(len(axes)) if i not in space]
    return ByDimension(tuple(items))


def of_space(axes: str, step: Transformation) -> Transformation:
    """Return the same for all axes; those that are not of space stay what they are."""
    space = tuple(i for i, axis in enumerate(axes) if axis not in TYPES)
    if len(space) == len(axes):
        return step
    rest = tuple(i for i in range(len(axes)) if i not in space)
    return ByDimension((DimensionItem(space, space, step), DimensionItem(rest, rest, Identity())))


def kinds(axes: str, rng: Any) -> dict[str, Transformation]:
    """Return transformations of all types that ngff-zarr can hand to ITK, by what they are."""
    ndim = sum(axis not in TYPES for axis in axes)
    found = {kind: of_space(axes, step) for kind, step in own(ndim, rng).items()}
    found["byDimension"] = parted(axes, rng)
    found["sequence"] = Sequence(tuple(found[str(k)] for k in rng.permutation(list(found))[:3]))
    forward = Sequence((of_space(axes, chosen(ndim, rng)), parted(axes, rng)))
    back = forward.inverse()
    assert back is not None
    found["bijection"] = Bijection(forward, back)
    inner = Sequence((found["bijection"], of_space(axes, chosen(ndim, rng))))
    found["sequence in sequence"] = Sequence((parted(axes, rng), inner, found["byDimension"]))
    return found


def declined(axes: str, rng: Any) -> dict[str, Transformation]:
    """Return those with another number of coordinates on both sides."""
    ndim = len(axes)
    count = ndim - 1 if ndim == 5 else ndim + 1
    last = (ndim - 2, ndim - 1), (ndim - 2,)
    inputs, outputs = last if count < ndim else last[::-1]
    if count > ndim:
        inputs, outputs = (ndim - 1,), (ndim - 1, ndim)
    rest = tuple(range(inputs[0]))
    items = [DimensionItem(inputs, outputs, Affine(rows(rng.normal(size=(len(outputs), len(inputs) + 1)))))]
    items += [DimensionItem(rest, rest, Identity())]
    project = ProjectAxis(dropped=(1,)) if count < ndim else ProjectAxis(created=(1,))
    affine = Affine(rows(rng.normal(size=(count, ndim + 1))))
    return dict(zip(DECLINED, (project, affine, ByDimension(tuple(items))), strict=True))


def document(axes: str, steps: dict[str, Transformation]) -> dict[str, Any]:
    """Return what an image says of systems and of the transformations between them."""
    systems, edges = [], []
    for number, (kind, step) in enumerate(steps.items()):
        name, ndim = f"system {number}", step.dims(len(axes))
        assert ndim is not None
        systems.append({"name": name, "axes": described(NAMES[ndim])})
        ends = {"input": {"name": "physical"}, "output": {"name": name}}
        edges.append(encode_transformation(step) | ends | {"name": kind})
        back = step.inverse()
        if back is not None:
            ends = {"input": {"name": name}, "output": {"name": "physical"}}
            edges.append(encode_transformation(back) | ends | {"name": f"{kind}, back"})
    return {"systems": systems, "coordinateTransformations": edges}


def described(axes: str) -> list[dict[str, str]]:
    return [{"name": axis, "type": TYPES.get(axis, "space")} for axis in axes]


def write_image(place: Path, axes: str, steps: dict[str, Transformation]) -> None:
    zarrscope.write(np.zeros((2,) * len(axes), "u1"), place, axes=axes, version="0.6", levels=1)
    said = json.loads((place / "zarr.json").read_text())
    (image,) = said["attributes"]["ome"]["multiscales"]
    found = document(axes, steps)
    image["coordinateSystems"] += found.pop("systems")
    image |= found
    (place / "zarr.json").write_text(json.dumps(said))


def write_field(place: Path, axes: str, kind: str, rng: Any) -> None:
    """Write a field that reaches a little further than the points that are asked."""
    ndim = len(axes)
    shape = tuple(int(n * step / 0.9) + 4 for n, step in zip(SHAPE, STEP, strict=True))[:ndim]
    start = [s - 1.3 for s in START[:ndim]]
    steps = [
        {"type": "scale", "scale": [1, *[0.9] * ndim]},
        {"type": "translation", "translation": [0, *start]},
    ]
    ends = {"input": {"path": "0"}, "output": {"name": "physical"}}
    system = {"name": "physical", "axes": [{"name": "c", "type": kind, "discrete": True}, *described(axes)]}
    dataset = {
        "path": "0",
        "coordinateTransformations": [{"type": "sequence", "transformations": steps} | ends],
    }
    image = {"name": kind, "coordinateSystems": [system], "datasets": [dataset]}
    zarr.create_group(place, attributes={"ome": {"version": "0.6", "multiscales": [image]}}, zarr_format=3)
    values = rng.normal(size=(ndim, *shape)) * 5
    made = zarr.create_array(place / "0", shape=values.shape, dtype="f8", chunks=values.shape, zarr_format=3)
    made[...] = values


@pytest.fixture(scope="module")
def python(judge: Callable[[str], Path]) -> Path:
    if "ZARRSCOPE_ENVS" not in os.environ:
        return judge("ngff-zarr")
    found = Path(os.environ["ZARRSCOPE_ENVS"]) / "ngff-zarr" / "bin" / "python"
    if not found.is_file():
        pytest.skip(f"judge ngff-zarr is not installed: there is no {found}")
    return found


def asked(python: Path, questions: list[dict[str, Any]], home: Path) -> list[list[dict[str, Any]]]:
    run = subprocess.run(
        [python, SCRIPT], input=json.dumps(questions), capture_output=True, text=True, timeout=600,
        env={**os.environ, "HOME": str(home)}, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr[-2000:]
    said = json.loads(run.stdout)
    found: list[list[dict[str, Any]]] = said["answers"]
    return found


def question(place: Path, ndim: int, **more: str) -> dict[str, Any]:
    grid = {"shape": SHAPE[:ndim], "scale": STEP[:ndim], "translation": START[:ndim]}
    return {"url": str(place)} | grid | more


def points(axes: str) -> Any:
    """Return the points of the grid; along axes that are not of space they lie at 7."""
    space = [i for i, axis in enumerate(axes) if axis not in TYPES]
    index = np.indices(SHAPE[: len(space)]).reshape(len(space), -1).T
    found = np.full((len(index), len(axes)), 7.0)
    found[:, space] = index * STEP[: len(space)] + START[: len(space)]
    return found


def space_of(values: Any, axes: str) -> Any:
    return np.asarray(values)[:, [i for i, axis in enumerate(axes) if axis not in TYPES]]


def same(found: Any, expected: Any) -> bool:
    return np.allclose(found, expected, rtol=0, atol=1e-9)


def test_points_and_boxes_go_where_itk_takes_them(python: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    rounds = [(axes, number) for axes in AXES for number in range(ROUNDS)]
    steps = {key: kinds(key[0], rng) for key in rounds}
    for axes, number in rounds:
        write_image(tmp_path / f"{axes}{number}", axes, steps[axes, number])
    sizes = {axes: sum(axis not in TYPES for axis in axes) for axes in AXES}
    questions = [question(tmp_path / f"{axes}{number}", sizes[axes]) for axes, number in rounds]
    for (axes, number), answers in zip(rounds, asked(python, questions, tmp_path), strict=True):
        image = zarrscope.open(tmp_path / f"{axes}{number}")
        assert isinstance(image, zarrscope.Image)
        wanted = steps[axes, number]
        assert [a["name"] for a in answers] == [name for kind in wanted for name in (kind, f"{kind}, back")]
        before = points(axes)
        box = Box(tuple(before.min(axis=0)), tuple(before.max(axis=0)))
        for i, kind in enumerate(wanted):
            there, back = answers[2 * i : 2 * i + 2]
            way = image.graph.between("physical", f"system {i}")
            after = [way.apply(point) for point in before]
            assert same(space_of(after, axes), there["places"]), (axes, kind)
            assert same(space_of(way.apply_box(box), axes), there["box"]), (axes, kind)
            # ITK goes back by the inverse that we wrote; our way there must lead to where it came from
            source = before.copy()
            source[:, [a not in TYPES for a in axes]] = back["places"]
            again = [way.apply(point) for point in source]
            assert same(space_of(again, axes), space_of(before, axes)), (axes, kind)


def test_fields_take_points_where_itk_takes_them(python: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    steps: dict[str, Transformation] = {
        "displacements": Displacements("fields/d"),
        "displacements, linear": Displacements("fields/d", "linear"),
        "coordinates": Coordinates("fields/c"),
    }
    for axes in ("yx", "zyx"):
        write_image(tmp_path / axes, axes, steps)
        write_field(tmp_path / axes / "fields" / "d", axes, "displacement", rng)
        write_field(tmp_path / axes / "fields" / "c", axes, "coordinate", rng)
    questions = [question(tmp_path / axes, len(axes)) for axes in ("yx", "zyx")]
    for axes, answers in zip(("yx", "zyx"), asked(python, questions, tmp_path), strict=True):
        image = zarrscope.open(tmp_path / axes)
        assert isinstance(image, zarrscope.Image)
        assert [answer["name"] for answer in answers] == list(steps)
        for i, answer in enumerate(answers):
            way = image.graph.between("physical", f"system {i}")
            assert same([way.apply(point) for point in points(axes)], answer["places"]), answer["name"]


def test_what_it_writes_anew_is_the_same(python: Path, tmp_path: Path) -> None:
    """Matrices then stand in arrays: ngff-zarr moves them there."""
    rng = np.random.default_rng(8)
    other = {axes: declined(axes, rng) for axes in AXES}
    steps = {axes: kinds(axes, rng) | other[axes] for axes in AXES}
    questions = []
    for axes in AXES:
        write_image(tmp_path / axes, axes, steps[axes])
        ndim = sum(axis not in TYPES for axis in axes)
        questions.append(question(tmp_path / axes, ndim, out=str(tmp_path / f"{axes} anew")))
    for axes, answers in zip(AXES, asked(python, questions, tmp_path), strict=True):
        refused = {answer["name"] for answer in answers if "error" in answer}
        assert refused == set(DECLINED), "it computes more, or less, than the table DECLINED says"
        if not TYPES.keys() & set(axes):  # elsewhere most stand in a byDimension
            assert {answer["type"] for answer in answers} == {*COMPUTED, "projectAxis"}
        anew = tmp_path / f"{axes} anew"
        assert list((anew / "coordinateTransformations").iterdir())
        before, after = zarrscope.open(tmp_path / axes), zarrscope.open(anew)
        assert isinstance(before, zarrscope.Image)
        assert isinstance(after, zarrscope.Image)
        for i, kind in enumerate(steps[axes]):
            ways = [image.graph.between("physical", f"system {i}") for image in (before, after)]
            assert ways[0].matrix(len(axes)) == ways[1].matrix(len(axes)) is not None, kind
            assert [step.name for step in ways[1].transformations] == [kind]
