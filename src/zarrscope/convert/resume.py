"""Taking up a conversion where an earlier run ended: what stands there, and whether it is the same one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from zarrscope.convert.plan import ConvertOptions, ScenePlan
from zarrscope.convert.told import (
    check_same_options,
    check_same_run,
    options_as_json,
    options_from_json,
    plans_in,
)
from zarrscope.errors import ArgumentError
from zarrscope.write.run import workers_within
from zarrscope.write.standing import FINISHED, forget, settle, standing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zarrscope.convert.plan import ConversionPlan
    from zarrscope.store.contracts import Writable


@dataclass(frozen=True)
class Wish:
    """What a user asks of a conversion.

    Parameters
    ----------
    options : ConvertOptions
        Form and meaning of the result, workers, memory.
    axes : str, optional
        What the axes of the source are.
    manifest : bool, optional
        Whether the manifest stays; None where it was not said.
    """

    options: ConvertOptions
    axes: str | None = None
    manifest: bool | None = None


@dataclass(frozen=True)
class Before:
    """What an earlier run has left.

    Parameters
    ----------
    wish : Wish
        What is asked for now, completed by what was asked for then.
    run : mapping
        What the run was; empty where there was none.
    finished : bool
        Whether the result is complete.
    place : str
        Where that is.
    """

    wish: Wish
    run: Mapping[str, Any]
    finished: bool = False
    place: str = ""

    @property
    def unfinished(self) -> bool:
        """Whether there is something to go on with."""
        return bool(self.run) and not self.finished


def given_options(wish: Wish) -> dict[str, Any]:
    """Return the options that are not the defaults, by name."""
    defaults = options_as_json(ConvertOptions(), None)
    chosen = options_as_json(wish.options, wish.axes)
    return {name: value for name, value in chosen.items() if value != defaults[name]}


def take_up(store: Writable, wish: Wish, given: Mapping[str, Any], *, look: bool = False) -> Before:
    """Return what an earlier run has left at a destination, to go on with.

    Parameters
    ----------
    store : Writable
        The destination.
    wish : Wish
        What is asked for now.
    given : mapping
        The options that were named; the others are taken from the first run.
    look : bool
        Only look: nothing is changed.

    Raises
    ------
    ArgumentError
        Other options than those of the first run were named.
    MetadataError
        The journal is damaged.
    """
    if not look:
        settle(store)
    found = standing(store)
    if not found.state:
        return Before(wish, {})
    told = found.run.get("options")
    if not isinstance(told, dict):
        if found.state == FINISHED:
            return Before(wish, found.run, finished=True, place=found.place)
        if not look:
            forget(store)
        return Before(wish, {})
    check_same_options(told, given, found.place)
    asked = wish.options
    memory = asked.pyramid.memory or found.run.get("memory")
    options, axes = options_from_json(told, memory, asked.workers)
    manifest = found.run.get("manifest", True) if wish.manifest is None else wish.manifest
    whole = Wish(options, axes, manifest)
    return Before(whole, found.run, finished=found.state == FINISHED, place=found.place)


def check_unchanged(before: Before, plan: ConversionPlan) -> None:
    """Refuse to go on with another source or other libraries.

    Raises
    ------
    ArgumentError
        The message says what has changed.
    """
    if before.run.get("fingerprint"):
        check_same_run(before.run, plan, before.place, finished=before.finished)


def same_cut(before: Before, plan: ConversionPlan) -> ConversionPlan:
    """Return a plan that cuts every image as the first run did, whatever memory it may use now.

    Raises
    ------
    ArgumentError
        The source has other images than then.
    BudgetError
        The first run's plan does not fit into the memory of this one.
    """
    known = plans_in(before.run, before.place)
    scenes: list[ScenePlan] = []
    for scene in plan.scenes:
        first = known.get(scene.path)
        if first is None or [one.shape for one in first.levels] != [
            one.shape for one in scene.pyramid.levels
        ]:
            raise ArgumentError(f"{before.place}: the source holds other images than when the run began; "
                                "begin again with --overwrite")  # fmt: skip
        scenes.append(replace(scene, pyramid=first))
    pyramids = [scene.pyramid for scene in scenes]
    workers = workers_within(pyramids, plan.options.workers, plan.options.pyramid)
    return replace(plan, scenes=tuple(scenes), workers=workers)
