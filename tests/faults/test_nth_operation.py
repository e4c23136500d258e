"""The N-th operation fails, for N = 1, 2, 3 ... until a run has no failure: around every path that writes.

After each: an error of ours (or the interrupt), the old state or nothing that anyone would take for a whole
image, and the same bytes as ever once it is done again. ``ZARRSCOPE_PROOF=1`` fails each operation in each
way; otherwise the ways take turns, and long runs fail at a share of their operations.
"""

from __future__ import annotations

import json
import random
import shutil
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile
from tests.conftest import PROOF
from tests.faults.failing import KINDS, Failing, Faults, failing_disks

import zarrscope
from zarrscope.check.fix import fix
from zarrscope.check.repair import accept, repair
from zarrscope.convert.copy import copy
from zarrscope.convert.copy_plan import CopyOptions
from zarrscope.convert.resume import Before, Wish, given_options, take_up
from zarrscope.convert.run import planned
from zarrscope.convert.run import run as run_plan
from zarrscope.convert.upgrade import upgrade
from zarrscope.errors import ZarrscopeError
from zarrscope.ledger import journal
from zarrscope.pyramid.plan import PlanOptions
from zarrscope.store.memory import MemoryStore
from zarrscope.store.resolve import resolve_writable
from zarrscope.write.standing import settle

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MOST = 1 << 30 if PROOF else 40
PIXELS = np.random.default_rng(5).integers(1, 999, (3, 24, 40), dtype="u2")
FORM = PlanOptions(chunks={"z": 1, "y": 8, "x": 16}, shards={"z": 1, "y": 16, "x": 32}, levels=2)
OPTIONS = zarrscope.ConvertOptions(pyramid=FORM, workers=2)


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the journal be written after every few units."""
    monkeypatch.setattr(journal, "BATCH", 4000)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source.tif"
    tifffile.imwrite(path, PIXELS, imagej=True, metadata={"axes": "ZYX"})
    return path


@pytest.fixture
def image(tmp_path: Path, source: Path) -> Path:
    """Return a finished image, with its manifest."""
    zarrscope.convert(source, tmp_path / "image.ome.zarr", OPTIONS)
    return tmp_path / "image.ome.zarr"


@pytest.fixture
def each(pytestconfig: pytest.Config) -> Each:
    return Each(random.Random(int(pytestconfig.option.hypothesis_seed)))


class Each:
    """Does something again and again, each time with another operation failing."""

    def __init__(self, draw: random.Random) -> None:
        self.draw = draw

    def __call__(
        self,
        prepare: Callable[[], Any],
        act: Callable[[Any, Faults], Any],
        look: Callable[[Any, BaseException | None], None],
        *,
        disks: bool = True,
    ) -> None:
        """Call ``look`` after every try with what ``prepare`` returned, and with the error."""

        def attempt(at: int, kind: str) -> bool:
            there, faults, error = prepare(), Faults(at, kind), None
            try:
                if disks:
                    with failing_disks(faults):
                        act(there, faults)
                else:
                    act(there, faults)
            except ZarrscopeError as caught:
                error = caught
                assert faults.happened, error
                assert "\n" not in str(error)
            except KeyboardInterrupt as caught:
                error = caught
                assert faults.kind == "interrupt"
            try:
                look(there, error)
            except BaseException as failed:
                failed.add_note(f"operation {at} ({faults.name}) of {faults.count}, {kind}: {error!r}")
                raise
            self.total = faults.count
            return faults.happened

        assert not attempt(0, "full")
        step = max(1, self.total // MOST)
        at = self.draw.randint(1, step)
        for number in count():
            kinds = KINDS if PROOF else (KINDS[number % len(KINDS)],)
            happened = [attempt(at, kind) for kind in kinds]
            if not any(happened):
                break
            at += step


def tree(folder: Path) -> dict[str, bytes]:
    """Return all files of a folder, our own notes aside; of an archive its bytes."""
    if folder.is_file():
        return {"": folder.read_bytes()}
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(one.relative_to(folder)): one.read_bytes() for one in files if ".zarrscope" not in one.parts}


def remove(*paths: Path) -> None:
    for path in paths:
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def beside(place: Path) -> list[Path]:
    """Return whatever has the name of a place in its own."""
    return [one for one in place.parent.iterdir() if place.name in one.name]


def seen(place: Any) -> bool:
    """Return whether an image is seen at a place."""
    try:
        zarrscope.open(place)
    except ZarrscopeError:
        return False
    return True


@pytest.mark.parametrize("suffix", ["zarr", "ozx"])
@pytest.mark.parametrize("task", ["convert", "copy", "recode"])
def test_what_can_be_resumed(each: Each, image: Path, source: Path, task: str, suffix: str) -> None:
    """A new result is there whole or not at all; ``resume`` brings the same bytes."""
    place = source.with_name(f"out.{suffix}")
    recode = CopyOptions(chunks={"z": 1, "y": 8, "x": 8}, shards={"z": 1, "y": 16, "x": 16}, codec="small")

    def run(*, resume: bool = False) -> None:
        if task == "convert":
            zarrscope.convert(source, place, OPTIONS, resume=resume)
        else:
            copy(image, place, recode if task == "recode" else None, resume=resume)

    run()
    want = tree(place)

    def look(_: object, error: BaseException | None) -> None:
        if place.exists():
            assert tree(place) == want
        else:
            assert error is not None
            assert not seen(place)
        run(resume=True)
        assert tree(place) == want
        assert set(beside(place)) <= {place, place.with_name(f"{place.name}.zarrscope")}
        assert zarrscope.verify(place).same

    each(lambda: remove(*beside(place)), lambda *_: run(), look)


@pytest.mark.parametrize("suffix", ["zarr", "ozx"])
@pytest.mark.parametrize("task", ["convert", "write"])
def test_what_replaces_another(each: Each, source: Path, task: str, suffix: str) -> None:
    """Over an old image there is the old one or the new one, and nothing between them."""
    place, kept = source.with_name(f"out.{suffix}"), source.with_name(f"kept.{suffix}")
    zarrscope.write(PIXELS[:2], place, axes="zyx", levels=1)
    old = tree(place)
    (shutil.copytree if place.is_dir() else shutil.copy)(place, kept)

    def prepare() -> None:
        remove(*beside(place))
        (shutil.copytree if kept.is_dir() else shutil.copy)(kept, place)

    def run() -> None:
        if task == "convert":
            zarrscope.convert(source, place, OPTIONS, overwrite=True)
        else:
            form = {"chunks": FORM.chunks, "shards": FORM.shards, "levels": 2}
            zarrscope.write(PIXELS, place, axes="zyx", overwrite=True, **form)

    run()
    want = tree(place)
    assert want != old

    def look(_: object, error: BaseException | None) -> None:
        assert tree(place) in ([old, want] if error else [want])
        settle(resolve_writable(place))  # what is complete beside its place is put there, not overwritten
        run()
        assert tree(place) == want

    each(prepare, lambda *_: run(), look)


@pytest.mark.parametrize("suffix", ["zarr", "ozx"])
def test_what_is_filled_plane_by_plane(each: Each, tmp_path: Path, suffix: str) -> None:
    """A failure takes away all that was put; where its very last step fails, the whole is there."""
    place = tmp_path / "planes" / f"out.{suffix}"
    place.parent.mkdir()

    def run() -> None:
        with zarrscope.create(place, PIXELS.shape, "u2", "zyx", chunks=FORM.chunks, levels=2) as writer:
            for region in writer.plan.regions():
                writer.put(region, PIXELS[region.slices])

    run()
    want = tree(place)

    def look(_: object, error: BaseException | None) -> None:
        if place.exists():
            assert tree(place) == want
            remove(*beside(place))
        else:
            assert error is not None
            assert not seen(place)
        settle(resolve_writable(place))
        if error is not None and beside(place):
            zarrscope.write(PIXELS, place, axes="zyx", overwrite=True)  # what is left is known as ours
            remove(*beside(place))
        run()
        assert tree(place) == want

    each(lambda: remove(*beside(place)), lambda *_: run(), look)


def into(store: Any, source: Path, *, resume: bool = False) -> None:
    """Convert into a store, as ``convert`` does into what it makes of an address."""
    wish = Wish(OPTIONS)
    before = take_up(store, wish, given_options(wish)) if resume else Before(wish, {})
    with planned(source, before.wish.options, None) as plan:
        if not before.finished:
            run_plan(plan, store, before)


def test_stores_that_move_nothing(each: Each, source: Path) -> None:
    """In place, the document that makes it an image comes last."""
    whole = MemoryStore()
    into(whole, source)

    def values(store: MemoryStore) -> dict[str, bytes]:
        return {
            key: bytes(store.get(key) or b"") for key in store.list() if not key.startswith(".zarrscope/")
        }

    def look(store: MemoryStore, error: BaseException | None) -> None:
        if seen(store):
            assert values(store) == values(whole)
        else:
            assert error is not None
        into(store, source, resume=True)
        assert values(store) == values(whole)

    each(MemoryStore, lambda store, faults: into(Failing(store, faults), source), look, disks=False)


@pytest.mark.parametrize("suffix", ["zarr", "memory"])
def test_update(each: Each, image: Path, tmp_path: Path, suffix: str) -> None:
    """Every unit is the old or the new one and can be read; done again, nothing is left of the failure."""
    kept, place = image, tmp_path / "patched.ome.zarr"
    region, block = np.s_[1:3, 5:20, 10:37], np.full((2, 15, 27), 7, "u2")
    after = PIXELS.copy()
    after[region] = block
    zarrscope.write(
        after, tmp_path / "want.ome.zarr", axes="zyx", chunks=FORM.chunks, shards=FORM.shards, levels=2
    )
    want = [level[...] for level in zarrscope.open(tmp_path / "want.ome.zarr").levels]

    def prepare() -> Any:
        if suffix == "memory":
            return MemoryStore(
                {str(f.relative_to(kept)): f.read_bytes() for f in kept.rglob("*") if f.is_file()}
            )
        remove(*beside(place))
        return shutil.copytree(kept, place)

    def act(there: Any, faults: Faults) -> None:
        zarrscope.update(Failing(there, faults) if suffix == "memory" else there, region, block)

    def look(there: Any, error: BaseException | None) -> None:
        levels = zarrscope.open(there).levels
        fine = levels[0][...]
        for z, y, x in np.ndindex(3, 2, 2):
            unit = np.s_[z, y * 16 : y * 16 + 16, x * 32 : x * 32 + 32]
            assert np.array_equal(fine[unit], after[unit]) or np.array_equal(fine[unit], PIXELS[unit])
        assert levels[1][...].shape == want[1].shape
        zarrscope.update(there, region, block)
        for level, right in zip(zarrscope.open(there).levels, want, strict=True):
            assert np.array_equal(level[...], right)
        assert zarrscope.verify(there).same

    each(prepare, act, look, disks=suffix != "memory")


@pytest.mark.parametrize("how", ["documents", "in place", "out"])
def test_upgrade(each: Each, tmp_path: Path, how: str) -> None:
    """The old version or the new one; where a killed process would leave both, a second run completes it."""
    kept, place, out = (tmp_path / name for name in ("kept.ome.zarr", "up.ome.zarr", "new.ome.zarr"))
    first = "0.5" if how == "documents" else "0.4"
    zarrscope.write(PIXELS, kept, axes="zyx", version=first, chunks=FORM.chunks, levels=2)
    to = "0.6" if how == "documents" else "0.5"
    old = tree(kept)

    def prepare() -> None:
        remove(*beside(place), *beside(out))
        shutil.copytree(kept, place)

    def run(*, overwrite: bool = False) -> None:
        if how == "out":
            upgrade(place, to=to, out=out, overwrite=overwrite)
        else:
            upgrade(place, to=to, in_place=how == "in place")

    prepare()
    run()
    new = tree(out if how == "out" else place)

    def look(_: object, error: BaseException | None) -> None:
        if how == "out":
            assert tree(place) == old
            assert tree(out) == new if out.exists() else error is not None
            if error is not None:
                run(overwrite=True)
        else:
            assert tree(place) in ([old, new] if error else [new])
            run()
        assert tree(out if how == "out" else place) == new

    each(prepare, lambda *_: run(), look)


def test_accept(each: Each, image: Path, tmp_path: Path) -> None:
    """The manifest is the old one, the new one, or none; it is accepted again."""
    place = tmp_path / "accepted.ome.zarr"

    def prepare() -> None:
        remove(*beside(place))
        shutil.copytree(image, place)
        (place / "added.txt").write_text("by somebody else")

    def look(_: object, error: BaseException | None) -> None:
        assert np.array_equal(zarrscope.open(place).levels[0][...], PIXELS)
        if error is None:
            assert zarrscope.verify(place).same
        assert accept(place).same
        assert zarrscope.verify(place).same

    each(prepare, lambda *_: accept(place), look)


def test_repair(each: Each, image: Path, tmp_path: Path) -> None:
    """Files are as they were, or mended."""
    place = tmp_path / "mended.ome.zarr"
    right = tree(image)
    lost, changed = [key for key in right if key.startswith("0/c/")][:2]
    wrong = {**{key: data for key, data in right.items() if key != lost}, changed: b"?" + right[changed][1:]}

    def prepare() -> None:
        remove(*beside(place))
        shutil.copytree(image, place)
        (place / lost).unlink()
        (place / changed).write_bytes(wrong[changed])

    def look(_: object, error: BaseException | None) -> None:
        for key, data in tree(place).items():
            assert data in (right[key], wrong.get(key))
        assert repair(place, image).same
        assert tree(place) == right

    each(prepare, lambda *_: repair(place, image), look)


def test_fix(each: Each, image: Path, tmp_path: Path) -> None:
    """All documents are the old ones, or the mended ones."""
    place = tmp_path / "fixed.ome.zarr"

    def prepare() -> None:
        remove(*beside(place))
        shutil.copytree(image, place)
        for name in ("zarr.json", "0/zarr.json"):
            document = json.loads((place / name).read_text())
            document.get("attributes", {}).get("ome", {}).pop("version", None)
            document.pop("dimension_names", None)
            (place / name).write_text(json.dumps(document))

    prepare()
    old = tree(place)
    assert len(fix(place)) > 1
    new = tree(place)

    def look(_: object, error: BaseException | None) -> None:
        assert tree(place) in ([old, new] if error else [new])
        fix(place)
        assert tree(place) == new

    each(prepare, lambda *_: fix(place), look)
