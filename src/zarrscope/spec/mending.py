"""Transformations of older drafts, one by one, in the form that they have today."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

Names = list[str]
"""Of the axes of a system, in their order."""

DEEPEST = 64
"""How many transformations may stand inside each other; what lies deeper stays as it is."""


class Mender:
    """Rewrites what is old-fashioned and remembers, in words, what it was.

    Attributes
    ----------
    strings : bool
        Whether a string stood where an object belongs, which no draft after 0.6.dev3 allowed.
    """

    def __init__(self) -> None:
        self.strings = False
        self._notes: dict[str, None] = {}

    @property
    def notes(self) -> tuple[str, ...]:
        """What was old-fashioned, each once."""
        return tuple(self._notes)

    def note(self, text: str) -> None:
        """Remember what was old-fashioned."""
        self._notes[text] = None

    def ends(self, step: dict[str, Any], *, key: str = "name") -> dict[str, Any]:
        """Return a transformation whose input and output are objects.

        Parameters
        ----------
        step : dict
            The transformation.
        key : str
            What a string as input means: the ``name`` of a system, or the ``path`` of an array.
        """
        found = dict(step)
        for end, meaning in (("input", key), ("output", "name")):
            if isinstance(found.get(end), str):
                self.strings = True
                self.note("input and output are strings (as in 0.6.dev3)")
                found[end] = {meaning: found[end]}
        return found

    def edges(self, steps: Any, systems: Mapping[str, Names]) -> Any:
        """Return a list of transformations between named systems."""
        if not isinstance(steps, list):
            return steps
        return [self.edge(step, systems) if isinstance(step, dict) else step for step in steps]

    def edge(self, step: dict[str, Any], systems: Mapping[str, Names]) -> dict[str, Any]:
        """Return a transformation between named systems, whose axes may be named."""
        found = self.ends(step)
        names = [systems.get(_name(found.get(end)) or "") for end in ("input", "output")]
        return self.body(found, names[0], names[1])

    def body(
        self, step: dict[str, Any], inputs: Names | None, outputs: Names | None, depth: int = 0
    ) -> dict[str, Any]:
        """Return a transformation with today's keys, and so those inside it.

        Parameters
        ----------
        step : dict
            The transformation.
        inputs, outputs : list of str, optional
            Names of the axes of both ends, where they are known.
        depth : int
            How many others it stands in.
        """
        kind, inner = step.get("type"), step.get("transformations")
        if depth > DEEPEST:
            return step
        if kind == "mapAxis" and isinstance(step.get("mapAxis"), dict):
            return self._map_axis(step, inputs, outputs)
        if kind == "sequence" and isinstance(inner, list):
            return step | {"transformations": self._steps(inner, inputs, outputs, depth)}
        if kind == "byDimension" and isinstance(inner, list):
            items = [self._item(i, inputs, outputs, depth) if isinstance(i, dict) else i for i in inner]
            return step | {"transformations": items}
        if kind == "bijection":
            both = (("forward", inputs, outputs), ("inverse", outputs, inputs))
            for key, first, last in both:
                if isinstance(step.get(key), dict):
                    part = self.body(self.ends(step[key]), first, last, depth + 1)
                    step = step | {key: part}
        return step

    def _steps(self, steps: list[Any], inputs: Names | None, outputs: Names | None, depth: int) -> list[Any]:
        found = []
        for index, step in enumerate(steps):
            # axes between the steps have no names, unless nothing changes them
            last = outputs if index == len(steps) - 1 else inputs
            part = self.body(self.ends(step), inputs, last, depth + 1) if isinstance(step, dict) else step
            found.append(part)
            if isinstance(step, dict) and step.get("type") not in ("identity", "scale", "translation"):
                inputs = None
        return found

    def _map_axis(self, step: dict[str, Any], inputs: Names | None, outputs: Names | None) -> dict[str, Any]:
        by_name = step["mapAxis"]
        order = [by_name.get(name) for name in outputs or ()]
        if inputs is None or not order or not all(name in inputs for name in order):
            return step
        self.note("mapAxis names its axes")
        return step | {"mapAxis": [inputs.index(name) for name in order]}

    def _item(
        self, item: dict[str, Any], inputs: Names | None, outputs: Names | None, depth: int
    ) -> dict[str, Any]:
        found = dict(item)
        for old, new in (("input_axes", "inputAxes"), ("output_axes", "outputAxes")):
            if old in found and new not in found:
                self.note("byDimension says input_axes and output_axes (as until 0.6.dev4)")
                found[new] = found.pop(old)
        for key, names in (("inputAxes", inputs), ("outputAxes", outputs)):
            axes = found.get(key)
            if names is not None and isinstance(axes, list) and axes and all(a in names for a in axes):
                self.note("byDimension names its axes")
                found[key] = [names.index(axis) for axis in axes]
        if "transformation" not in found and "type" in found:
            self.note("a part of byDimension is a transformation with axes, not one that holds one")
            places = {key: found.pop(key) for key in ("inputAxes", "outputAxes") if key in found}
            found = {"transformation": found} | places
        if isinstance(found.get("transformation"), dict):
            parts = (_chosen(inputs, found.get("inputAxes")), _chosen(outputs, found.get("outputAxes")))
            found["transformation"] = self.body(self.ends(found["transformation"]), *parts, depth + 1)
        return found


def axis_names(systems: Any) -> dict[str, Names]:
    """Return the names of the axes of each coordinate system, by the name of the system."""
    found = {}
    for system in dicts(systems):
        names = [axis.get("name") for axis in dicts(system.get("axes"))]
        if isinstance(system.get("name"), str) and all(isinstance(name, str) for name in names):
            found[system["name"]] = [str(name) for name in names]
    return found


def dicts(value: Any) -> list[dict[str, Any]]:
    """Return the objects of a list; none where it is no list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _name(end: Any) -> str | None:
    name = end.get("name") if isinstance(end, dict) else None
    # a system of another document has axes that nobody here knows
    return name if isinstance(name, str) and not end.get("path") else None


def _chosen(names: Names | None, places: Any) -> Names | None:
    if names is None or not isinstance(places, list):
        return None
    known = [names[i] for i in places if isinstance(i, int) and 0 <= i < len(names)]
    return known if len(known) == len(places) else None
