"""What a conversion is, as JSON: for its journal, for the record that stays, and to take it up again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zarrscope.convert.plan import ConvertOptions
from zarrscope.errors import ArgumentError, MetadataError
from zarrscope.ledger.record import now, versions
from zarrscope.pyramid.plan import PlanOptions, PyramidPlan
from zarrscope.pyramid.record import from_json, to_json
from zarrscope.store.keys import without_secrets

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zarrscope.convert.plan import ConversionPlan

# How an option is called on the command line, where that is not its own name.
_SPOKEN = {"keep_levels": "--keep-levels", "channel_names": "--channel-names"}


def options_as_json(options: ConvertOptions, axes: str | None) -> dict[str, Any]:
    """Return all options that bear upon the result, by name.

    Parameters
    ----------
    options : ConvertOptions
        Of a run.
    axes : str, optional
        The user's word on the axes of the source.
    """
    pyramid = options.pyramid
    return {
        "version": options.version,
        "chunks": pyramid.chunks,
        "shards": pyramid.shards if pyramid.sharded else "none",
        "levels": pyramid.levels,
        "downsample": pyramid.kernel,
        "keep_levels": options.keep_levels,
        "codec": options.codec,
        "scene": options.scene,
        "associated": options.associated,
        "axes": axes,
        "scale": options.scale,
        "unit": options.unit,
        "channel_names": list(options.channel_names),
    }


def options_from_json(
    told: Mapping[str, Any], memory: int | None = None, workers: int | None = None
) -> tuple[ConvertOptions, str | None]:
    """Return options, and the word on the axes, as ``options_as_json`` tells of them."""
    shards = told.get("shards")
    pyramid = PlanOptions(
        chunks=told.get("chunks"),
        shards=None if shards == "none" else shards,
        sharded=shards != "none",
        levels=told.get("levels"),
        kernel=told.get("downsample"),
        memory=memory,
    )
    options = ConvertOptions(
        version=told.get("version") or "0.5",
        pyramid=pyramid,
        keep_levels=bool(told.get("keep_levels")),
        codec=told.get("codec") or "default",
        scene=told.get("scene"),
        associated=bool(told.get("associated")),
        scale=told.get("scale"),
        unit=told.get("unit"),
        channel_names=tuple(told.get("channel_names") or ()),
        workers=workers,
    )
    return options, told.get("axes")


def run_as_json(plan: ConversionPlan, run: str, *, manifest: bool) -> dict[str, Any]:
    """Return what a run is.

    Parameters
    ----------
    plan : ConversionPlan
        What it does.
    run : str
        Its id.
    manifest : bool
        Whether the manifest stays.
    """
    return {
        "id": run,
        "source": without_secrets(plan.source),
        "fingerprint": plan.fingerprint,
        "options": options_as_json(plan.options, plan.axes),
        "memory": plan.options.pyramid.memory,
        "manifest": manifest,
        "began": now(),
        "versions": versions(),
        "images": [{"path": scene.path, "plan": to_json(scene.pyramid)} for scene in plan.scenes],
    }


def check_same_options(told: Mapping[str, Any], given: Mapping[str, Any], place: str) -> None:
    """Refuse options that are not those of the run that is taken up.

    Parameters
    ----------
    told : mapping
        The options of the first run.
    given : mapping
        Those that the user names now; the others are taken from the first run.
    place : str
        For the message.

    Raises
    ------
    ArgumentError
        Some differ; the message names them all.
    """
    changed = [name for name, value in given.items() if name in told and told[name] != _plain(value)]
    if changed:
        rows = [f"{_SPOKEN.get(n, f'--{n}')} was {_said(told[n])}, now {_said(given[n])}" for n in changed]
        raise ArgumentError(
            f"{place}: the run began with other options ({'; '.join(rows)}); leave them out to go on, or "
            "begin again with --overwrite"
        )


def check_same_run(
    run: Mapping[str, Any], plan: ConversionPlan, place: str, *, finished: bool = False
) -> None:
    """Refuse to go on with another source, or with libraries that may write other bytes.

    Parameters
    ----------
    run : mapping
        What the first run was.
    plan : ConversionPlan
        What this one is.
    place : str
        For the message.
    finished : bool
        Whether nothing is left to write, so that libraries do not matter.

    Raises
    ------
    ArgumentError
        The message says what has changed.
    """
    if run.get("fingerprint") != plan.fingerprint:
        raise ArgumentError(
            f"{place}: the source {without_secrets(plan.source)} is not what the run began with: its name, "
            "size or time has changed; begin again with --overwrite"
        )
    if finished:
        return
    before, here = dict(run.get("versions") or {}), versions()
    if changed := [name for name in here if before.get(name) != here[name]]:
        rows = [f"{name} was {before.get(name)}, now {here[name]}" for name in changed]
        raise ArgumentError(
            f"{place}: the run began with other versions ({', '.join(rows)}), which may write other bytes; "
            "install those to go on, or begin again with --overwrite"
        )


def plans_in(run: Mapping[str, Any], place: str) -> dict[str, PyramidPlan]:
    """Return the plans of a run by the path of the image.

    Raises
    ------
    MetadataError
        There are none.
    """
    try:
        return {str(image["path"]): from_json(image["plan"]) for image in run["images"]}
    except (KeyError, TypeError) as error:
        raise MetadataError(
            f"{place}: the journal is damaged ({error!r}); begin again with --overwrite"
        ) from error


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _said(value: Any) -> str:
    if isinstance(value, dict):
        return ",".join(
            f"{name}={size:g}" if isinstance(size, float) else f"{name}={size}"
            for name, size in value.items()
        )
    return ",".join(value) if isinstance(value, list | tuple) else str(value)
