"""The graph of coordinate systems, against ways worked out by hand."""

from __future__ import annotations

import pytest

from zarrscope.errors import ArgumentError, UnsupportedError
from zarrscope.model.axes import Axis, CoordinateSystem
from zarrscope.model.fields import Bijection, Displacements
from zarrscope.model.graph import Edge, Graph, Place, graph_of_image, graph_of_scene, normal_path
from zarrscope.model.multiscales import Dataset, Multiscale
from zarrscope.model.orientation import PAIRS, VALUES, opposite
from zarrscope.model.scene import Scene
from zarrscope.model.transforms import Identity, Scale, Sequence, SystemReference, Transformation, Translation

YX = (Axis("y", "space"), Axis("x", "space"))


def to(name: str, path: str | None = None) -> SystemReference:
    return SystemReference(name, path)


def image(*more: Transformation, names: tuple[str, ...] = ("physical",)) -> Multiscale:
    return Multiscale(
        name=None,
        systems=tuple(CoordinateSystem(name, YX) for name in names),
        datasets=(
            Dataset("s0", Scale((0.5, 0.5), input=SystemReference(path="s0"), output=to("physical"))),
            Dataset("s1", Sequence((Scale((1.0, 1.0)), Translation((0.25, 0.25))), output=to("physical"))),
        ),
        transformations=more,
    )


def test_from_level_to_level_through_the_intrinsic_system() -> None:
    graph = graph_of_image(image())
    assert graph.places == (Place("", "physical"), Place("s0", None), Place("s1", None))
    way = graph.between(Place("s1", None), ("s0", None))
    # pixel 4 of s1 has its centre at 4.25, which is 8.5 in pixels of s0
    assert way.apply((4, 4)) == (8.5, 8.5)
    assert way.input == SystemReference(None, "s1")
    assert graph.between("physical", "physical").apply((1, 2)) == (1, 2)
    assert len(graph.components) == 1


def test_a_version_without_names_has_a_graph_too() -> None:
    old = Multiscale(
        None,
        (CoordinateSystem("", YX),),
        (Dataset("0", Scale((2.0, 3.0))),),
        (Translation((10.0, 20.0)), Scale((2.0, 2.0))),
    )
    graph = graph_of_image(old)
    assert graph.between(("0", None), "").apply((1, 1)) == ((2 + 10) * 2, (3 + 20) * 2)


def test_the_shortest_way_is_taken_and_the_first_of_equals() -> None:
    def edge(a: str, b: str, by: float) -> Edge:
        return Edge(Place("", a), Place("", b), Translation((by,)))

    graph = Graph(
        (edge("a", "b", 1), edge("b", "c", 1), edge("a", "d", 5), edge("d", "c", 5), edge("c", "e", 1))
    )
    assert graph.between("a", "e").apply((0,)) == (3,)
    assert graph.between("e", "a").apply((3,)) == (0,)
    direct = Graph((*graph.edges, edge("e", "a", -7)))
    assert direct.between("a", "e").apply((0,)) == (7,)
    assert len(direct.between("a", "e").transformations) == 1


def test_a_scene_joins_the_graphs_of_its_images() -> None:
    world = CoordinateSystem("world", YX)
    shifts = tuple(
        Translation((0.0, 348.0 * i), input=to("physical", f"tile_{i}"), output=to("world")) for i in range(2)
    )
    scene = Scene(shifts, (world,))
    assert scene.paths == ("tile_0", "tile_1")
    graph = graph_of_scene(scene, {path: [image()] for path in scene.paths})
    way = graph.between(("tile_1/s0", None), ("tile_0/s0", None))
    # 0.5 a pixel: 348 units are 696 pixels
    assert way.apply((3, 4)) == (3, 4 + 696)
    assert graph.systems[Place("", "world")] == world
    assert len(graph.components) == 1
    with pytest.raises(ArgumentError, match=r"several .*'tile_0', 'tile_1'"):
        graph.between("physical", "world")
    assert graph.between(("tile_1", "physical"), "world").apply((0, 0)) == (0, 348)


def test_what_cannot_be_reached_is_named() -> None:
    field = Displacements("f", input=to("physical"), output=to("bent"))
    lone = image(field, names=("physical", "bent", "alone"))
    graph = graph_of_image(lone)
    assert [len(part) for part in graph.components] == [4, 1]
    with pytest.raises(ArgumentError, match="no transformation connects 'physical' with 'alone'"):
        graph.between("physical", "alone")
    assert graph.between("physical", "bent").transformations == (field,)
    with pytest.raises(UnsupportedError, match="no inverse in closed form \\(Displacements\\)"):
        graph.between("bent", ("s0", None))
    for unknown in ("nowhere", ("s9", None), ("s0", "physical")):
        with pytest.raises(ArgumentError, match="there is no coordinate system"):
            graph.between("physical", unknown)
    pair = Bijection(field, Identity(), input=to("physical"), output=to("bent"))
    both = graph_of_image(image(pair, names=("physical", "bent")))
    assert both.between("bent", "physical").apply((1, 2)) == (1, 2)


def test_paths_lead_where_they_lead() -> None:
    assert normal_path() == ""
    assert normal_path("a", "b/../c/") == "a/c"
    assert normal_path("", "./s0") == "s0"
    child = Identity(input=to("physical", "labels/cells"), output=to("physical"))
    graph = graph_of_image(image(child), "sub")
    assert Place("sub/labels/cells", "physical") in graph.places


def test_the_terms_of_orientation() -> None:
    assert len(PAIRS) == 12
    assert len(set(VALUES)) == 24
    assert all(opposite(opposite(v)) == v and opposite(v) in VALUES and opposite(v) != v for v in VALUES)
