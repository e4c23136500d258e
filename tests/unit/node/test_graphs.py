"""Graphs, matrices and fields in stores, against numpy; what is missing is told."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import zarr

import zarrscope
from zarrscope.errors import (
    ArgumentError,
    CorruptDataError,
    InvalidKeyError,
    MetadataError,
    NotFoundError,
    UnsupportedError,
)
from zarrscope.model.graph import Place
from zarrscope.node.parameters import StoredParameters
from zarrscope.node.scene import Scene
from zarrscope.store.local import LocalStore

if TYPE_CHECKING:
    from pathlib import Path

RNG = np.random.default_rng(3)


def axes(names: str, **types: str) -> list[dict[str, str]]:
    return [{"name": name, "type": types.get(name, "space")} for name in names]


def placed(path: str, step: Any, name: str = "physical") -> dict[str, Any]:
    ends = {"input": {"path": path}, "output": {"name": name}}
    return {"path": path, "coordinateTransformations": [step | ends]}


def group(folder: Path, version: str = "0.6", **ome: Any) -> None:
    zarr.create_group(folder, attributes={"ome": {"version": version} | ome}, zarr_format=3)


def array(folder: Path, values: Any, chunks: Any = None, **attributes: Any) -> None:
    made = zarr.create_array(
        folder, shape=values.shape, dtype=values.dtype, chunks=chunks or values.shape, zarr_format=3,
        attributes=attributes or None,
    )  # fmt: skip
    made[...] = values


def write_field(folder: Path, values: Any, step: Any, kind: str = "displacement", chunks: Any = None) -> None:
    names = "czyx"[:1] + "zyx"[-(values.ndim - 1) :]
    system = {"name": "physical", "axes": axes(names, c=kind)}
    group(folder, multiscales=[{"coordinateSystems": [system], "datasets": [placed("0", step)]}])
    array(folder / "0", values, chunks)


def by_hand(field: Any, index: Any) -> Any:
    """Read a field linearly, one axis after the other; outside it goes on as at its edge."""
    if field.ndim == 1:
        return float(np.interp(index[0], np.arange(len(field)), field))
    lines = np.apply_along_axis(lambda line: np.interp(index[-1], np.arange(len(line)), line), -1, field)
    return by_hand(lines, index[:-1])


@pytest.mark.parametrize("ndim", [1, 2, 3])
@pytest.mark.parametrize("interpolation", [None, "linear", "nearest"])
def test_fields_of_displacements(tmp_path: Path, ndim: int, interpolation: str | None) -> None:
    shape = (5, 7, 6)[:ndim]
    values = RNG.normal(size=(ndim, *shape))
    scale, shift = RNG.uniform(0.5, 3, ndim), RNG.normal(size=ndim)
    step = {"type": "sequence", "transformations": [
        {"type": "scale", "scale": [1, *scale]}, {"type": "translation", "translation": [0, *shift]},
    ]}  # fmt: skip
    write_field(tmp_path / "f", values, step, chunks=(1, *(3,) * ndim))
    field = StoredParameters(LocalStore(tmp_path)).field("f", interpolation)
    for point in RNG.uniform(-4, 20, (40, ndim)):
        index = (point - shift) / scale
        if interpolation == "nearest":
            place = [min(max(int(np.floor(i + 0.5)), 0), n - 1) for i, n in zip(index, shape, strict=True)]
            expected = values[(slice(None), *place)]
        else:
            expected = [by_hand(part, index) for part in values]
        assert field(tuple(point)) == pytest.approx(expected, abs=1e-12)
    again = pickle.loads(pickle.dumps(field))  # noqa: S301
    assert again((1.0,) * ndim) == field((1.0,) * ndim)
    with pytest.raises(ArgumentError, match="coordinates"):
        field((1.0,) * (ndim + 1))
    with pytest.raises(ArgumentError, match="no place"):
        field((float("nan"),) * ndim)


def test_vectors_of_drafts_lie_last_in_arrays(tmp_path: Path) -> None:
    values = RNG.normal(size=(4, 5, 2))
    system = {"name": "s", "axes": axes("yxd", d="displacement")}
    step = {"type": "scale", "scale": [2, 3, 1], "output": {"name": "s"}}
    array(
        tmp_path / "f",
        values,
        (2, 2, 2),
        ome={"coordinateSystems": [system], "coordinateTransformations": [step]},
    )
    field = StoredParameters(LocalStore(tmp_path)).field("f", "linear")
    assert field((2, 6)) == pytest.approx(values[1, 2])
    assert field((3, 6)) == pytest.approx((values[1, 2] + values[2, 2]) / 2)


def test_the_example_of_the_text_has_numbers_for_points_only(tmp_path: Path) -> None:
    values = RNG.normal(size=(2, 4, 5))
    write_field(tmp_path / "f", values, {"type": "scale", "scale": [2.0, 2.0]})
    field = StoredParameters(LocalStore(tmp_path)).field("f", None)
    assert field((2.0, 4.0)) == pytest.approx(values[:, 1, 2])
    assert field((1.0, 0.0)) == pytest.approx((values[:, 0, 0] + values[:, 1, 0]) / 2)


class Watched(LocalStore):
    """A store that tells which chunks were read."""

    def __init__(self, root: Any) -> None:
        super().__init__(root)
        self.keys: list[str] = []

    def get(self, key: str, *rest: Any, **more: Any) -> Any:
        self.keys.append(key)
        return super().get(key, *rest, **more)

    def get_many(self, requests: Any) -> Any:
        self.keys.extend(request.key for request in requests)
        return super().get_many(requests)


def test_a_few_points_read_a_few_chunks_once(tmp_path: Path) -> None:
    values = RNG.normal(size=(2, 64, 64))
    write_field(tmp_path / "f", values, {"type": "identity"}, chunks=(2, 8, 8))
    store = Watched(tmp_path)
    field = StoredParameters(store).field("f", None)
    assert not [key for key in store.keys if "/c/" in key]
    for _ in range(5):
        assert field((3.5, 60.25)) == pytest.approx([by_hand(part, (3.5, 60.25)) for part in values])
    assert [key for key in store.keys if "/c/" in key] == ["f/0/c/0/0/7"]
    field((7.5, 7.5))
    assert len([key for key in store.keys if "/c/" in key]) == 5


def test_fields_of_positions(tmp_path: Path) -> None:
    y, x = np.mgrid[0:4, 0:5].astype(float)
    write_field(tmp_path / "f", np.stack([10 * x, y, x + y]), {"type": "identity"}, "coordinate", (3, 2, 5))
    field = StoredParameters(LocalStore(tmp_path)).field("f", None)
    assert field((1.5, 2.5)) == pytest.approx((25, 1.5, 4))
    (tmp_path / "f" / "0" / "c" / "0" / "1" / "0").unlink()
    with pytest.raises(CorruptDataError, match="c/0/1/0 is missing"):
        StoredParameters(LocalStore(tmp_path)).field("f", None)((2.0, 0.0))


def test_a_missing_chunk_of_displacements_is_the_fill_value(tmp_path: Path) -> None:
    write_field(tmp_path / "f", np.zeros((2, 4, 5)), {"type": "identity"})
    assert not (tmp_path / "f" / "0" / "c").exists()
    assert StoredParameters(LocalStore(tmp_path)).field("f", None)((1, 1)) == (0, 0)


def test_what_is_no_field(tmp_path: Path) -> None:
    ask = StoredParameters(LocalStore(tmp_path)).field
    write_field(tmp_path / "f", np.ones((2, 3, 3)), {"type": "identity"})
    for way in ("bspline-cubic", "cubic", "magic"):
        with pytest.raises(UnsupportedError, match=f"'{way}' cannot be done"):
            ask("f", way)
    with pytest.raises(NotFoundError):
        ask("nothing", None)
    write_field(tmp_path / "plain", np.ones((2, 3, 3)), {"type": "identity"}, "channel")
    with pytest.raises(MetadataError, match="displacement or coordinate"):
        ask("plain", None)
    write_field(tmp_path / "flat", np.ones((2, 3, 3)), {"type": "scale", "scale": [1, 0, 1]})
    with pytest.raises(MetadataError, match="no inverse"):
        ask("flat", None)
    array(tmp_path / "bare", np.ones((3, 3)))
    with pytest.raises(MetadataError, match="where the vectors"):
        ask("bare", None)
    write_field(tmp_path / "empty", np.ones((2, 3, 0)), {"type": "identity"}, chunks=(2, 3, 1))
    with pytest.raises(MetadataError, match="no samples"):
        ask("empty", None)
    write_field(tmp_path / "complex", np.ones((2, 3, 3), "c8"), {"type": "identity"})
    with pytest.raises(UnsupportedError, match="real numbers"):
        ask("complex", None)


def test_matrices(tmp_path: Path) -> None:
    parameters = StoredParameters(LocalStore(tmp_path), "sub")
    matrix = RNG.normal(size=(2, 3))
    array(tmp_path / "sub" / "m", matrix, (1, 3))
    assert np.array_equal(parameters.matrix("./m"), matrix)
    assert np.array_equal(parameters.matrix("../sub/m"), matrix)
    (tmp_path / "sub" / "m" / "c" / "1" / "0").unlink()
    with pytest.raises(CorruptDataError, match=r"m/c/1/0 is missing: a matrix needs"):
        parameters.matrix("m")
    wrong = {"one": np.ones(3), "large": np.ones((300, 300)), "complex": np.ones((2, 2), "c8")}
    for name, values in wrong.items():
        array(tmp_path / "sub" / name, values)
        with pytest.raises(MetadataError, match="is no matrix"):
            parameters.matrix(name)
    array(tmp_path / "sub" / "nan", np.full((2, 2), np.nan))
    with pytest.raises(CorruptDataError, match=r"missing|finite"):
        parameters.matrix("nan")
    with pytest.raises(NotFoundError):
        parameters.matrix("nothing")


def image(
    folder: Path, *edges: Any, names: tuple[str, ...] = ("physical", "world"), size: float = 0.5
) -> None:
    systems = [{"name": name, "axes": axes("yx")} for name in names]
    more = {"coordinateTransformations": list(edges)} if edges else {}
    step = {"type": "scale", "scale": [size, size]}
    group(folder, multiscales=[{"coordinateSystems": systems, "datasets": [placed("0", step)]} | more])
    array(folder / "0", np.zeros((8, 9), "u1"))


def between(step: Any, source: Any = None, target: Any = None) -> dict[str, Any]:
    ends = {"input": source or {"name": "physical"}, "output": target or {"name": "world"}}
    found: dict[str, Any] = step | ends
    return found


def test_an_image_knows_its_systems(tmp_path: Path) -> None:
    image(tmp_path / "a", between({"type": "affine", "path": "matrices/m"}))
    array(tmp_path / "a" / "matrices" / "m", np.array([[0.0, 2, 5], [3, 0, 7]]))
    found = zarrscope.open(tmp_path / "a")
    assert isinstance(found, zarrscope.Image)
    assert [system.name for system in found.systems] == ["physical", "world"]
    assert found.transform().apply((2, 4)) == (1, 2)
    assert found.transform("world").apply((2, 4)) == (2 * 2 + 5, 3 * 1 + 7)
    back = found.graph.between("world", ("0", None))
    assert back.apply((9, 10)) == pytest.approx((2, 4))
    with pytest.raises(ArgumentError, match="no coordinate system 'moon'"):
        found.transform("moon")


def test_what_cannot_be_read_is_told_only_to_those_who_ask(tmp_path: Path) -> None:
    image(tmp_path / "a", between({"type": "affine", "path": "nothing"}))
    found = zarrscope.open(tmp_path / "a")
    assert isinstance(found, zarrscope.Image)
    assert found.transform().apply((2, 4)) == (1, 2)
    with pytest.raises(UnsupportedError, match=r"an? affine cannot be applied: .*nothing"):
        found.transform("world").apply((2, 4))
    with pytest.raises(UnsupportedError, match="nothing"):
        found.graph.between("world", "physical")


def test_older_images_have_a_graph(tmp_path: Path) -> None:
    zarrscope.write(
        np.zeros((9, 9), "u1"), tmp_path / "a", axes="yx", scale={"y": 2.0, "x": 3.0}, version="0.4"
    )
    found = zarrscope.open(tmp_path / "a")
    assert isinstance(found, zarrscope.Image)
    assert found.transform().apply((1, 1)) == (2, 3)
    assert [system.name for system in found.systems] == [""]


def test_0_6_is_written_like_others(tmp_path: Path) -> None:
    pixels = RNG.integers(0, 99, (300, 400)).astype("u1")
    zarrscope.write(pixels, tmp_path / "a", axes="yx", scale={"y": 0.5, "x": 0.25}, unit="um", version="0.6")
    found = zarrscope.open(tmp_path / "a")
    assert isinstance(found, zarrscope.Image)
    assert found.version == "0.6"
    assert not found.document.report.problems
    assert [system.name for system in found.systems] == ["physical"]
    assert found.scale == (0.5, 0.25)
    # the finer axis is reduced first: the centre of its first pixel moves by half of the old ones
    assert found.transform(level=1).apply((0, 0)) == (0, 0.125)
    assert np.array_equal(np.asarray(found), pixels)


def test_labels_that_an_image_names_are_part_of_its_graph(tmp_path: Path) -> None:
    shift = {"type": "translation", "translation": [1, 2]}
    image(
        tmp_path / "a",
        between(shift, {"name": "seg", "path": "labels/cells"}, {"name": "physical"}),
        names=("physical",),
    )
    image(
        tmp_path / "a" / "labels" / "cells",
        between({"type": "identity"}, None, {"name": "seg"}),
        names=("physical", "seg"),
        size=2,
    )
    found = zarrscope.open(tmp_path / "a")
    assert isinstance(found, zarrscope.Image)
    way = found.graph.between(("labels/cells/0", None), ("0", None))
    assert way.apply((3, 4)) == ((6 + 1) / 0.5, (8 + 2) / 0.5)
    assert len(found.graph.components) == 1


def test_scenes(tmp_path: Path) -> None:
    step = {"type": "translation", "translation": [10, 20]}
    edges = [
        between(step, {"name": "physical", "path": "a"}),
        between({"type": "rotation", "rotation": [[0, -1], [1, 0]]}, {"name": "world", "path": "b"}),
        between({"type": "identity"}, {"name": "physical", "path": "gone"}),
    ]
    group(
        tmp_path,
        scene={
            "coordinateTransformations": edges,
            "coordinateSystems": [{"name": "world", "axes": axes("yx")}],
        },
    )
    image(tmp_path / "a", names=("physical",))
    image(tmp_path / "b", between({"type": "affine", "path": "m"}))
    array(tmp_path / "b" / "m", np.array([[1.0, 0, 100], [0, 1, 200]]))
    scene = zarrscope.open(tmp_path)
    assert isinstance(scene, Scene)
    assert repr(scene).startswith("<scene ")
    assert scene.paths == ("a", "b", "gone")
    assert scene.transform("a").apply((2, 4)) == (11, 22)
    # b: pixels halved, its own affine read from its own array, then turned
    assert scene.transform("b", "world").apply((2, 4)) == (-202, 101)
    assert scene.graph.between(("a/0", None), ("b/0", None)).apply((0, 0)) == pytest.approx((-160, -420))
    assert Place("gone", "physical") in scene.graph.places
    with pytest.raises(NotFoundError):
        scene.image("gone")
    group(
        tmp_path / "bare",
        scene={
            "coordinateTransformations": [
                between(step, {"name": "physical", "path": "../a"}, {"name": "x", "path": "../b"})
            ]
        },
    )
    bare = zarrscope.open(LocalStore(tmp_path), "bare")
    assert isinstance(bare, Scene)
    assert bare.image("../a").shape == (8, 9)
    with pytest.raises(ArgumentError, match="name one"):
        bare.transform("../a")
    # seen from its own folder the images lie outside of all that was opened
    alone = zarrscope.open(tmp_path / "bare")
    assert isinstance(alone, Scene)
    assert len(alone.graph.systems) == 0
    with pytest.raises(InvalidKeyError):
        alone.image("../a")


def test_notes_tell_of_drafts(tmp_path: Path) -> None:
    image(tmp_path / "a", between({"type": "identity"}) | {"input": "physical"})
    found = zarrscope.open(tmp_path / "a")
    assert isinstance(found, zarrscope.Image)
    assert any("0.6.dev3: input and output are strings" in note for note in found.document.notes)
    assert found.transform("world").apply((2, 2)) == (1, 1)
