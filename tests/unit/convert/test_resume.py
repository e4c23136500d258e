"""A conversion that was stopped and is gone on with: to the same bytes, or refused by name."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile

import zarrscope
from zarrscope import ConvertOptions, PlanOptions
from zarrscope.convert.resume import Wish, given_options, take_up
from zarrscope.errors import ArgumentError, DestinationExistsError, StoreError
from zarrscope.ledger.record import versions
from zarrscope.store.resolve import resolve_writable

if TYPE_CHECKING:
    from pathlib import Path

PIXELS = np.random.default_rng(3).integers(0, 4000, (4, 260, 300), dtype="u2")
FORM = PlanOptions(chunks={"z": 1, "y": 64, "x": 64}, shards={"z": 1, "y": 128, "x": 128}, levels=3)
OPTIONS = ConvertOptions(pyramid=FORM)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    tifffile.imwrite(
        tmp_path / "a.tif", PIXELS, tile=(64, 64), photometric="minisblack", metadata={"axes": "ZYX"}
    )
    return tmp_path / "a.tif"


def stopped(
    source: Path, place: Path, options: ConvertOptions = OPTIONS, after: int = 2, **more: Any
) -> None:
    """Begin, and fail after some regions."""
    calls = []

    def fail(_: int) -> None:
        calls.append(1)
        if len(calls) >= after:
            raise StoreError("the cable is out")

    with pytest.raises(StoreError, match=r"the cable is out.*--resume goes on"):
        zarrscope.convert(source, place, options, progress=fail, **more)
    assert not place.exists()


def tree(place: Path) -> dict[str, bytes]:
    if place.is_file():
        return {"": place.read_bytes()}
    files = (path for path in place.rglob("*") if path.is_file() and ".zarrscope" not in path.parts)
    return {path.relative_to(place).as_posix(): path.read_bytes() for path in files}


@pytest.mark.parametrize("suffix", ["zarr", "ozx"])
@pytest.mark.parametrize("options", [
    OPTIONS, replace(OPTIONS, version="0.4", pyramid=replace(FORM, shards=None, sharded=False)),
    replace(OPTIONS, codec="small", pyramid=replace(FORM, kernel="gaussian")),
])  # fmt: skip
@pytest.mark.parametrize("after", [1, 5])
def test_to_the_same_bytes(
    source: Path, tmp_path: Path, suffix: str, options: ConvertOptions, after: int
) -> None:
    whole, place = tmp_path / f"x/a.{suffix}", tmp_path / f"a.{suffix}"
    options = replace(
        options, pyramid=replace(options.pyramid, memory=4 << 20)
    )  # so that there are many regions
    whole.parent.mkdir()
    zarrscope.convert(source, whole, options)
    stopped(source, place, options, after)
    image = zarrscope.convert(source, place, resume=True)  # without a word on the options
    assert np.array_equal(image.levels[0][...], PIXELS)
    assert tree(place) == tree(whole)
    assert zarrscope.verify(place).same


@pytest.mark.parametrize("memory", [3 << 20, 64 << 20, None])
def test_memory_and_workers_may_differ(source: Path, tmp_path: Path, memory: int | None) -> None:
    first = replace(OPTIONS, pyramid=replace(FORM, memory=4 << 20), workers=1)
    zarrscope.convert(source, tmp_path / "x" / "a.zarr", first)
    stopped(source, tmp_path / "a.zarr", first)
    zarrscope.convert(
        source,
        tmp_path / "a.zarr",
        ConvertOptions(pyramid=PlanOptions(memory=memory), workers=2),
        resume=True,
    )
    assert tree(tmp_path / "a.zarr") == tree(tmp_path / "x" / "a.zarr")


def test_options_are_compared_by_name(source: Path, tmp_path: Path) -> None:
    place = tmp_path / "a.zarr"
    stopped(source, place)
    before = sorted(path for path in tmp_path.rglob("*"))
    other = replace(OPTIONS, codec="small", pyramid=replace(FORM, levels=2))
    with pytest.raises(ArgumentError, match=r"--levels was 3, now 2; --codec was default, now small"):
        zarrscope.convert(source, place, other, resume=True)
    with pytest.raises(ArgumentError, match="--axes was None, now tyx"):
        zarrscope.convert(source, place, axes="tyx", resume=True)
    assert sorted(path for path in tmp_path.rglob("*")) == before, "nothing is touched"
    zarrscope.convert(source, place, OPTIONS, resume=True)
    with pytest.raises(ArgumentError, match="--codec"):
        zarrscope.convert(source, place, replace(OPTIONS, codec="none"), resume=True)


def test_options_come_from_the_journal(source: Path, tmp_path: Path) -> None:
    place = tmp_path / "a.zarr"
    form = replace(FORM, chunks={"y": 64, "x": 64}, shards=None, sharded=False)
    options = replace(OPTIONS, version="0.4", scale={"y": 0.5}, pyramid=form)
    stopped(source, place, options, axes="tyx", manifest=False)
    wish = Wish(ConvertOptions(workers=2))
    before = take_up(resolve_writable(place), wish, given_options(wish))
    assert before.unfinished
    assert before.wish.axes == "tyx"
    assert before.wish.manifest is False
    assert before.wish.options.scale == {"y": 0.5}
    assert (before.wish.options.version, before.wish.options.workers) == ("0.4", 2)
    assert before.wish.options.pyramid == form
    image = zarrscope.convert(source, place, resume=True)
    assert "".join(axis.name for axis in image.axes) == "tyx"
    assert not (place / ".zarrscope").exists()


def test_a_changed_source_is_refused(source: Path, tmp_path: Path) -> None:
    stopped(source, tmp_path / "a.zarr")
    kept = source.stat()
    os.utime(source, ns=(kept.st_atime_ns, kept.st_mtime_ns + 10**9))
    with pytest.raises(ArgumentError, match=r"the source .*a\.tif is not what the run began with"):
        zarrscope.convert(source, tmp_path / "a.zarr", resume=True)
    os.utime(source, ns=(kept.st_atime_ns, kept.st_mtime_ns))
    zarrscope.convert(source, tmp_path / "a.zarr", resume=True)


def test_other_libraries_are_refused(source: Path, tmp_path: Path) -> None:
    stopped(source, tmp_path / "a.zarr")
    plan = tmp_path / "a.zarr.part/.zarrscope/journal/plan.json"
    told = json.loads(plan.read_text())
    assert told["versions"] == versions()
    told["versions"]["numcodecs"] = "0.1"
    plan.write_text(json.dumps(told))
    with pytest.raises(ArgumentError, match=r"numcodecs was 0\.1"):
        zarrscope.convert(source, tmp_path / "a.zarr", resume=True)


@pytest.mark.parametrize("suffix", ["zarr", "ozx"])
def test_where_nothing_stands_it_begins_and_where_all_stands_it_ends(
    source: Path, tmp_path: Path, suffix: str
) -> None:
    place = tmp_path / f"a.{suffix}"
    zarrscope.convert(source, place, OPTIONS, resume=True)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    image = zarrscope.convert(source, place, resume=True)
    assert np.array_equal(image.levels[0][...], PIXELS)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before, "nothing was written"
    with pytest.raises(DestinationExistsError):
        zarrscope.convert(source, place, OPTIONS)


def test_a_finished_one_of_another_source_is_refused(source: Path, tmp_path: Path) -> None:
    zarrscope.convert(source, tmp_path / "a.zarr", OPTIONS)
    tifffile.imwrite(tmp_path / "b.tif", PIXELS[:2], photometric="minisblack")
    with pytest.raises(ArgumentError, match=r"b\.tif is not what the run began with"):
        zarrscope.convert(tmp_path / "b.tif", tmp_path / "a.zarr", resume=True)


def test_the_record_counts_how_often(source: Path, tmp_path: Path) -> None:
    place = tmp_path / "a.zarr"
    stopped(source, place)
    zarrscope.convert(source, place, resume=True)
    run = json.loads((place / ".zarrscope/zarr.json").read_text())["attributes"]["zarrscope"]["run"]
    assert run["resumed"] == 1
    assert run["units"] == len([key for key in tree(place) if "/c/" in key])
    assert run["bytes"] == sum(len(data) for key, data in tree(place).items() if "/c/" in key)
