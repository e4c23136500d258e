"""The graph of coordinate systems: from any of them to any other, along the transformations between."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from functools import cached_property
from posixpath import normpath
from typing import TYPE_CHECKING, NamedTuple

from zarrscope.errors import ArgumentError, UnsupportedError
from zarrscope.model.fields import Unavailable
from zarrscope.model.transforms import Sequence, SystemReference, Transformation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from zarrscope.model.axes import CoordinateSystem
    from zarrscope.model.multiscales import Multiscale
    from zarrscope.model.scene import Scene


class Place(NamedTuple):
    """A node of the graph.

    Parameters
    ----------
    path : str
        Of the group that declares the system, or of the array, relative to the root of the graph; "" for
        the root itself.
    name : str or None
        Of the system ("" before 0.6, when it had none); None for the indices of an array.
    """

    path: str
    name: str | None

    def __str__(self) -> str:
        if self.name is None:
            return f"the array {self.path!r}"
        return f"{self.name!r} of {self.path!r}" if self.path else repr(self.name)


class Edge(NamedTuple):
    """A transformation between two nodes, as the document gives it."""

    source: Place
    target: Place
    transformation: Transformation


@dataclass(frozen=True)
class Graph:
    """Systems and the transformations between them.

    Parameters
    ----------
    edges : tuple of Edge
        In the order of the documents.
    systems : mapping of Place to CoordinateSystem
        What is declared; a transformation may lead to places that nobody declares.
    """

    edges: tuple[Edge, ...]
    systems: Mapping[Place, CoordinateSystem] = field(default_factory=dict)

    @cached_property
    def places(self) -> tuple[Place, ...]:
        """All nodes: the declared systems, then what the transformations name besides."""
        ends = (place for edge in self.edges for place in edge[:2])
        return tuple(dict.fromkeys((*self.systems, *ends)))

    @cached_property
    def components(self) -> tuple[frozenset[Place], ...]:
        """The parts that nothing connects, whichever way the transformations run; one where all is well."""
        seen: set[Place] = set()
        found = []
        for place in self.places:
            if place not in seen:
                found.append(self._reached(place))
                seen |= found[-1]
        return tuple(found)

    def place(self, name: str | Place | tuple[str, str | None]) -> Place:
        """Return a node by its name, or check one.

        Parameters
        ----------
        name : str or Place
            A name alone means the system of the root, else the only one of that name.

        Raises
        ------
        ArgumentError
            There is none, or more than one.
        """
        if not isinstance(name, str):
            place = Place(normal_path(name[0]), name[1])
            if place in self.places:
                return place
            raise ArgumentError(f"there is no coordinate system {place}; there are {self._known()}")
        found = [place for place in self.places if place.name == name]
        if Place("", name) in found:
            return Place("", name)
        if len(found) == 1:
            return found[0]
        if found:
            paths = ", ".join(repr(place.path) for place in found[:9])
            raise ArgumentError(f"several coordinate systems are called {name!r}; say which: of {paths}")
        raise ArgumentError(f"there is no coordinate system {name!r}; there are {self._known()}")

    def between(
        self, source: str | Place | tuple[str, str | None], target: str | Place | tuple[str, str | None]
    ) -> Sequence:
        """Return the shortest way from one system to another.

        Parameters
        ----------
        source, target : str, or path and name
            As for ``place``.

        Returns
        -------
        Sequence
            Of as few transformations as can be, some of them inverted; of several ways of that length the
            one whose transformations stand first. Empty where source and target are one.

        Raises
        ------
        ArgumentError
            One of them does not exist, or nothing connects them.
        UnsupportedError
            They are connected, but only against a transformation that has no inverse in closed form.
        """
        start, end = self.place(source), self.place(target)
        steps = self._way(start, end)
        if steps is None:
            raise self._no_way(start, end)
        ends = SystemReference(start.name, start.path or None), SystemReference(end.name, end.path or None)
        return Sequence(tuple(steps), input=ends[0], output=ends[1])

    def _way(self, start: Place, end: Place) -> list[Transformation] | None:
        before: dict[Place, tuple[Place, Transformation]] = {}
        queue = deque([start])
        seen = {start}
        while queue and end not in seen:
            here = queue.popleft()
            for there, step in self._steps(here):
                if there not in seen and step is not None:
                    seen.add(there)
                    before[there] = here, step
                    queue.append(there)
        if end not in seen:
            return None
        steps: list[Transformation] = []
        while end != start:
            end, step = before[end]
            steps.append(step)
        return steps[::-1]

    def _steps(self, here: Place) -> Iterator[tuple[Place, Transformation | None]]:
        """Yield where one step leads; ways along the arrows first, None where an arrow has no way back."""
        mine = self._edges_at.get(here, ())
        for edge in mine:
            if edge.source == here:
                yield edge.target, edge.transformation
        for edge in mine:
            if edge.target == here:
                yield edge.source, edge.transformation.inverse()

    @cached_property
    def _edges_at(self) -> dict[Place, list[Edge]]:
        found: dict[Place, list[Edge]] = {}
        for edge in self.edges:
            for place in dict.fromkeys(edge[:2]):
                found.setdefault(place, []).append(edge)
        return found

    def _reached(self, start: Place) -> frozenset[Place]:
        seen = {start}
        queue = [start]
        while queue:
            for edge in self._edges_at.get(queue.pop(), ()):
                new = {edge.source, edge.target} - seen
                seen |= new
                queue.extend(new)
        return frozenset(seen)

    def _no_way(self, start: Place, end: Place) -> ArgumentError | UnsupportedError:
        if end not in self._reached(start):
            return ArgumentError(f"no transformation connects {start} with {end}")
        unread = [e.transformation for e in self.edges if isinstance(e.transformation, Unavailable)]
        if unread:
            return UnsupportedError(f"the way from {start} to {end} is not known: {unread[0].reason}")
        kinds = sorted(
            {type(e.transformation).__name__ for e in self.edges if e.transformation.inverse() is None}
        )
        return UnsupportedError(
            f"the way from {start} to {end} leads against a transformation that has no inverse in closed "
            f"form ({', '.join(kinds)}); only the way back can be computed"
        )

    def _known(self) -> str:
        names = [str(place) for place in self.places]
        return ", ".join(names[:12]) + (" ..." if len(names) > 12 else "") if names else "none"


def graph_of_image(image: Multiscale, path: str = "") -> Graph:
    """Return the graph of one multiscale image.

    Parameters
    ----------
    image : Multiscale
        Its levels are nodes too: ``Place(path of the array, None)``.
    path : str
        Of the image relative to the root of the graph.
    """
    systems = {Place(normal_path(path), system.name): system for system in image.systems}
    after = image.common
    named = [t for t in image.edges if t.input is not None and t.output is not None]
    intrinsic = Place(normal_path(path), image.intrinsic.name if image.systems else "")
    edges = []
    for dataset in image.datasets:
        step = dataset.transformation
        own = step.output is None or step.output.name is None
        target = intrinsic if own else _end(path, step.output, intrinsic)
        # transformations of all levels that name no system (0.4, 0.5) are applied after each
        whole = Sequence((step, *after)) if after else step
        edges.append(Edge(Place(normal_path(path, dataset.path), None), target, whole))
    edges += [Edge(_end(path, t.input, intrinsic), _end(path, t.output, intrinsic), t) for t in named]
    return Graph(tuple(edges), systems)


def graph_of_scene(scene: Scene, images: Mapping[str, Iterable[Multiscale]], path: str = "") -> Graph:
    """Return the graph of a scene and of the images that it names.

    Parameters
    ----------
    scene : Scene
        The transformations between the images.
    images : mapping of str to iterable of Multiscale
        By their paths relative to the group of the scene.
    path : str
        Of the scene relative to the root of the graph.
    """
    root = normal_path(path)
    own = {Place(root, system.name): system for system in scene.systems or ()}
    nowhere = Place(root, "")
    edges = [
        Edge(_end(path, t.input, nowhere), _end(path, t.output, nowhere), t) for t in scene.transformations
    ]
    parts = [
        graph_of_image(image, normal_path(path, place)) for place, found in images.items() for image in found
    ]
    return joined((Graph(tuple(edges), own), *parts))


def joined(graphs: Iterable[Graph]) -> Graph:
    """Return one graph of several that speak of the same root."""
    systems: dict[Place, CoordinateSystem] = {}
    edges: list[Edge] = []
    for graph in graphs:
        systems |= graph.systems
        edges += graph.edges
    return Graph(tuple(edges), systems)


def normal_path(*parts: str) -> str:
    """Return the path that parts one below the other lead to; "" for the root."""
    whole = normpath("/".join(part.strip("/") for part in parts if part.strip("/")) or ".")
    return "" if whole == "." else whole


def _end(path: str, reference: SystemReference | None, default: Place) -> Place:
    if reference is None or (reference.name is None and reference.path is None):
        return default
    return Place(normal_path(path, reference.path or ""), reference.name)
