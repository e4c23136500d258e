"""What a run is, as JSON: all options come back as they were, and what differs is named."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zarrscope.convert.plan import ConvertOptions
from zarrscope.convert.run import planned
from zarrscope.convert.told import (
    check_same_options,
    check_same_run,
    options_as_json,
    options_from_json,
    plans_in,
    run_as_json,
)
from zarrscope.errors import ArgumentError, MetadataError
from zarrscope.ledger.record import versions
from zarrscope.pyramid.plan import PlanOptions

if TYPE_CHECKING:
    from pathlib import Path

axes = st.sampled_from("tczyx")
counts = st.dictionaries(axes, st.integers(1, 1 << 20), min_size=1, max_size=5)
sizes = st.dictionaries(axes, st.floats(1e-9, 1e9), min_size=1, max_size=5)
names = st.text(max_size=8)


@st.composite
def options(draw: st.DrawFn) -> ConvertOptions:
    """Return any options; there are sizes of shards only where there are shards."""
    sharded = draw(st.booleans())
    pyramid = PlanOptions(
        chunks=draw(st.none() | counts),
        shards=draw(st.none() | counts) if sharded else None,
        sharded=sharded,
        levels=draw(st.none() | st.integers(1, 12)),
        kernel=draw(st.none() | st.sampled_from(["mean", "mode", "gaussian"])),
        memory=draw(st.none() | st.integers(1, 1 << 50)),
    )
    return ConvertOptions(
        version=draw(st.sampled_from(["0.4", "0.5", "0.6"])),
        pyramid=pyramid,
        keep_levels=draw(st.booleans()),
        codec=draw(st.sampled_from(["default", "none", "zstd:7"])),
        scene=draw(st.none() | names),
        associated=draw(st.booleans()),
        scale=draw(st.none() | sizes),
        unit=draw(st.none() | names | st.dictionaries(axes, names, min_size=1)),
        channel_names=tuple(draw(st.lists(names, max_size=3))),
        workers=draw(st.none() | st.integers(1, 64)),
    )


@given(options(), st.none() | names)
def test_options_come_back_as_they_were(chosen: ConvertOptions, axes: str | None) -> None:
    told = json.loads(json.dumps(options_as_json(chosen, axes)))
    assert options_from_json(told, chosen.pyramid.memory, chosen.workers) == (chosen, axes)
    assert options_from_json(told)[0].workers is None
    check_same_options(told, options_as_json(chosen, axes), "there")


def test_no_option_is_forgotten() -> None:
    """But how many workers there are, and how much memory they have: these change no byte."""
    told = set(options_as_json(ConvertOptions(), None))
    shape = {"chunks", "shards", "levels", "downsample"}
    assert told == {field.name for field in fields(ConvertOptions)} - {"workers", "pyramid"} | shape | {
        "axes"
    }


@given(options(), options())
def test_all_that_differs_is_named(one: ConvertOptions, two: ConvertOptions) -> None:
    told, given = (json.loads(json.dumps(options_as_json(chosen, None))) for chosen in (one, two))
    differ = [name for name in told if told[name] != given[name]]
    if not differ:
        check_same_options(told, given, "there")
        return
    with pytest.raises(ArgumentError) as error:
        check_same_options(told, given, "there")
    message = str(error.value)
    for name in differ:
        assert f"--{name.replace('_', '-')} was " in message
    assert message.startswith("there: the run began with other options")
    check_same_options(told, {name: given[name] for name in told if name not in differ}, "there")


def test_values_as_they_are_written_on_the_command_line() -> None:
    told = options_as_json(ConvertOptions(pyramid=PlanOptions(chunks={"y": 64, "x": 32})), None)
    given = {"chunks": {"y": 16}, "scale": {"z": 0.5}, "channel_names": ("a", "b")}
    with pytest.raises(ArgumentError) as error:
        check_same_options(told, given, "there")
    for words in (
        "--chunks was y=64,x=32, now y=16",
        "--scale was None, now z=0.5",
        "--channel-names was , now a,b",
    ):
        assert words in str(error.value)


def a_run(tmp_path: Path, number: int = 1, **more: Any) -> tuple[Any, Any]:
    np.save(tmp_path / "a.npy", np.full((50, 60), number, "u2"))
    with planned(tmp_path / "a.npy", ConvertOptions(pyramid=PlanOptions(levels=2)), None) as plan:
        told = json.loads(json.dumps(run_as_json(plan, "abc", manifest=True)))
    return plan, {**told, **more}


def test_what_a_run_is(tmp_path: Path) -> None:
    plan, told = a_run(tmp_path)
    assert (told["id"], told["manifest"], told["memory"]) == ("abc", True, None)
    assert told["source"] == str(tmp_path / "a.npy")
    assert told["versions"] == versions()
    assert plans_in(told, "there") == {scene.path: scene.pyramid for scene in plan.scenes}
    check_same_run(told, plan, "there")


def test_another_source_is_refused(tmp_path: Path) -> None:
    plan, told = a_run(tmp_path)
    with pytest.raises(ArgumentError, match=r"there: the source .*a\.npy is not what the run began with"):
        check_same_run({**told, "fingerprint": "another"}, plan, "there", finished=True)


def test_other_libraries_are_refused_while_something_is_left(tmp_path: Path) -> None:
    plan, told = a_run(tmp_path, versions={**versions(), "numcodecs": "0.1"})
    with pytest.raises(ArgumentError, match=r"other versions \(numcodecs was 0\.1, now "):
        check_same_run(told, plan, "there")
    check_same_run(told, plan, "there", finished=True)


@pytest.mark.parametrize("images", [None, 3, [3], [{}], [{"path": ""}], [{"path": "", "plan": {}}],
                                    [{"path": "", "plan": {"levels": [{}]}}]])  # fmt: skip
def test_damaged_plans_are_told_of(images: Any) -> None:
    with pytest.raises(MetadataError, match="there: the journal is damaged"):
        plans_in({"images": images}, "there")
    with pytest.raises(MetadataError, match="damaged"):
        plans_in({}, "there")
