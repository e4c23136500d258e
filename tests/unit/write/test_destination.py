"""A place that is written to: what is seen of it before, after, and when something goes wrong."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.write.places import (
    KINDS,
    ROOT,
    VALUES,
    Place,
    Stopped,
    go_on,
    job,
    killed,
    notes_of,
    run,
    stop,
    values,
    write_documents,
    write_units,
)

import zarrscope
from zarrscope.errors import ConflictError, DestinationExistsError
from zarrscope.ledger.folder import MARK, told_by
from zarrscope.ledger.journal import PLAN
from zarrscope.ledger.manifest import read_manifest
from zarrscope.store.local import LocalStore
from zarrscope.store.processes import started
from zarrscope.store.resolve import resolve
from zarrscope.write.destination import Destination
from zarrscope.write.standing import FINISHED, UNFINISHED, forget, leftover, settle, standing

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Return a place of each kind, where nothing stands."""
    return Place(request.param, tmp_path)


def readable(place: Place) -> Any:
    return place.final() if place.kind == "memory" else resolve(place.path)


def ledger(place: Place) -> Any:
    """Return where manifest and record of a finished run lie."""
    return LocalStore(f"{place.path}.zarrscope") if place.kind == "archive" else readable(place)


def seen(place: Place) -> bool:
    """Return whether the document of the root stands at the place."""
    return place.final().head("zarr.json") is not None if place.kind == "memory" else place.path.exists()


def finished(place: Place) -> None:
    assert values(readable(place)) == (VALUES.tolist(), ROOT)
    names = {"folder": ["a.zarr"], "memory": [], "archive": ["a.ozx", "a.ozx.zarrscope"]}
    assert place.beside == names[place.kind]
    assert ledger(place).head(PLAN) is None
    assert told_by(ledger(place))["state"] == FINISHED


def test_a_run(place: Place) -> None:
    assert standing(place.final()) == ("", {}, standing(place.final()).place)
    with Destination(place.final(), job()) as there:
        write_units(there.store)
        assert not seen(place)
        write_documents(there.store)
        assert not seen(place), "nothing before it is complete"
        assert standing(place.final()).state == UNFINISHED
    finished(place)
    found = standing(place.final())
    assert found.state == FINISHED
    assert {name: found.run[name] for name in ("id", "units", "resumed")} == {
        "id": "abc",
        "units": 4,
        "resumed": 0,
    }
    manifest = read_manifest(ledger(place))
    assert manifest is not None
    assert manifest.units.complete
    assert set(manifest.documents) == {"zarr.json", "0/zarr.json"}
    if place.kind != "archive":
        assert zarrscope.verify(readable(place)).same


def test_without_a_manifest(place: Place) -> None:
    run(place, manifest=False)
    assert values(readable(place)) == (VALUES.tolist(), ROOT)
    if place.kind == "memory":
        assert not [key for key in place.keys if key.startswith(".zarrscope")]
    elif place.kind == "folder":
        assert not (place.path / ".zarrscope").exists()
    else:
        assert place.beside == ["a.ozx"]


def test_a_failure_keeps_what_can_be_resumed(place: Place) -> None:
    stop(place)
    assert not seen(place)
    found = standing(place.final())
    assert (found.state, found.run["id"]) == (UNFINISHED, "abc")
    assert "--resume goes on, --overwrite begins again" in leftover(place.final())
    with pytest.raises(DestinationExistsError, match=r"interrupted run.*--resume.*--overwrite"):
        Destination(place.final(), job())
    assert go_on(place) == [2, 3]
    finished(place)
    assert standing(place.final()).run["resumed"] == 1


def test_it_can_fail_again_and_again(place: Place) -> None:
    stop(place, [3] if place.kind != "archive" else [0])
    for number in (1, 2):
        with pytest.raises(Stopped), Destination(place.final(), job(), resume=True) as there:
            write_units(there.store, [number])
            raise Stopped
    assert go_on(place) == ([0] if place.kind != "archive" else [3])
    finished(place)
    assert standing(place.final()).run["resumed"] == 3


@pytest.mark.parametrize("journal", [True, False])
def test_a_failure_leaves_nothing_that_is_of_no_use(place: Place, journal: bool) -> None:
    """Without a journal, or before the first unit."""
    stop(place, [] if journal else (0, 1), journal=journal)
    if place.kind == "memory" and not journal:
        assert [key for key in place.keys if not key.startswith("0/c/")] == [], (
            "units are for the writer to remove"
        )
    else:
        assert place.nothing
    assert leftover(place.final()) == "what had been written was removed"


def test_what_a_killed_process_leaves(place: Place) -> None:
    killed(place, mark={"process": 2**22 + 1})
    assert not seen(place)
    with pytest.raises(DestinationExistsError, match="--resume"):
        Destination(place.final(), job())
    assert go_on(place) == [2, 3]
    finished(place)


def test_overwrite_begins_again(place: Place) -> None:
    killed(place, mark={"process": 2**22 + 1})
    run(place, overwrite=True)
    finished(place)


def test_a_run_that_is_replaced_leaves_nothing_to_its_successor(place: Place) -> None:
    """Three parts of a journal, then one: the two others are not read with it."""
    killed(place, (), mark={"process": 2**22 + 1})
    stores = Destination(place.final(), job(), resume=True)
    stores.begin()
    for number in (0, 1, 2):
        write_units(stores.store, [number])
        stores.journal.flush()
    stores.close(done=False)
    stop(place, [0], overwrite=True)
    assert go_on(place) == [1, 2, 3]
    finished(place)


def test_notes_whose_archive_is_gone(tmp_path: Path) -> None:
    place = Place("archive", tmp_path)
    run(place)
    place.path.unlink()
    run(place)
    finished(place)


def test_without_a_journal_there_is_nothing_to_resume(place: Place) -> None:
    killed(place, mark={"process": 2**22 + 1}, journal=False)
    assert "--overwrite begins again" in leftover(place.final())
    assert "--resume" not in leftover(place.final())
    with pytest.raises(DestinationExistsError, match="--overwrite"):
        Destination(place.final(), job())
    with (
        pytest.raises(DestinationExistsError, match="does not belong to this run"),
        Destination(place.final(), job(), resume=True),
    ):
        raise AssertionError
    forget(place.final())
    assert not [key for key in place.keys if not key.startswith("0/")]
    assert place.beside == []
    if place.kind != "memory":
        run(place)
        finished(place)


def test_a_run_that_goes_on_is_left_alone(place: Place) -> None:
    """A process that lives, here or (for all that can be told) elsewhere."""
    with subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE
    ) as other:
        killed(place, mark={"process": other.pid, "started": started(other.pid)})
        for options in ({"overwrite": True}, {"resume": True}):
            with (
                pytest.raises(DestinationExistsError, match=rf"being written by process {other.pid}"),
                Destination(place.final(), job(), **options),
            ):
                raise AssertionError
        with pytest.raises(DestinationExistsError):
            forget(place.final())
        assert other.stdin is not None
        other.stdin.close()
        other.wait()
    assert go_on(place) == [2, 3], "now it is dead"
    finished(place)


def test_a_number_that_another_process_has_by_now(place: Place) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE
    ) as other:
        killed(place, mark={"process": other.pid, "started": "before the machine was started again"})
        assert go_on(place) == [2, 3]
        finished(place)
        assert other.stdin is not None
        other.stdin.close()


def test_the_quicker_of_two_wins(place: Place) -> None:
    first, second = (Destination(place.final(), job()) for _ in range(2))
    with first:
        with pytest.raises(DestinationExistsError), second:
            raise AssertionError
        write_units(first.store)
        write_documents(first.store)
    finished(place)


@pytest.mark.parametrize("kind", ["folder", "memory"])
def test_whoever_was_taken_over_publishes_nothing(tmp_path: Path, kind: str) -> None:
    place = Place(kind, tmp_path)
    slow = Destination(place.final(), job())
    with pytest.raises(ConflictError, match="another run has taken this place over"), slow:
        write_units(slow.store)
        mark = {"process": 2**22 + 1, "host": socket.gethostname(), "token": "another"}
        told = told_by(notes_of(place)) | mark
        notes_of(place).put(
            MARK, zarrscope.documents.dump_json(
                {"zarr_format": 3, "node_type": "group", "attributes": {"zarrscope": told}}
            )
        )  # fmt: skip
        write_documents(slow.store)
    assert not seen(place)
    assert told_by(notes_of(place))["token"] == "another"  # noqa: S105


def test_what_stands_there_is_replaced_only_at_the_end(place: Place) -> None:
    run(place)
    with pytest.raises(DestinationExistsError, match="holds something already"):
        Destination(place.final(), job())
    stop(place, overwrite=True, told={"id": "second"})
    if place.kind != "memory":
        assert values(readable(place)) == (VALUES.tolist(), ROOT), "the old one"
    found = standing(place.final())
    assert (found.state, found.run["id"]) == (UNFINISHED, "second")
    assert go_on(place, told={"id": "second"}) == [2, 3], "the first run was told to replace"
    finished(place)
    assert standing(place.final()).run["id"] == "second"


def test_what_is_no_zarr_stays(place: Place) -> None:
    if place.kind == "archive":
        pytest.importorskip("zipfile").ZipFile(place.path, "w").close()
    else:
        place.final().put("thesis.txt", b"mine")
    for overwrite in (False, True):
        with pytest.raises(DestinationExistsError):
            run(place, overwrite=overwrite)
    assert place.kind == "archive" or place.final().get("thesis.txt") == b"mine"
    assert place.beside == ([] if place.kind == "memory" else [place.path.name])


def test_a_part_of_somebody_else_stays(tmp_path: Path) -> None:
    place = Place("folder", tmp_path)
    (tmp_path / "a.zarr.part").mkdir()
    (tmp_path / "a.zarr.part" / "film.mov").write_text("mine")
    for overwrite in (False, True):
        with pytest.raises(DestinationExistsError, match="in the way and not ours"):
            run(place, overwrite=overwrite)
    assert (tmp_path / "a.zarr.part" / "film.mov").read_text() == "mine"


def test_units_that_somebody_changed_are_written_again(tmp_path: Path) -> None:
    place = Place("folder", tmp_path)
    killed(place, [0, 1, 2], mark={"process": 2**22 + 1})
    part = tmp_path / "a.zarr.part"
    (part / "0/c/0").write_bytes(b"short")
    (part / "0/c/1").unlink()
    (part / "0/c/.3.0123abcd.part").write_bytes(b"not complete when its writer was killed")
    assert go_on(place) == [0, 1, 3]
    finished(place)
    assert not list(place.path.rglob("*.part"))


def test_a_result_that_only_had_to_appear(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run was killed just before the very last step."""
    there = Destination(place.final(), job())
    there.begin()
    write_units(there.store)
    write_documents(there.store)
    final = there._final
    with monkeypatch.context() as patch:
        if place.kind == "folder":
            patch.setattr("zarrscope.write.destination.publish", _stopped)
        elif place.kind == "archive":
            patch.setattr(final, "finish", _stopped, raising=False)
        else:
            patch.setattr(there.store, "release", _stopped)
        with pytest.raises(Stopped):
            there.close(done=True)
    assert not seen(place)
    settle(place.final())
    finished(place)
    settle(place.final())
    finished(place)


def _stopped(*_: Any, **__: Any) -> None:
    raise Stopped


def test_the_mark_tells_who_writes(place: Place) -> None:
    with Destination(place.final(), job()) as there:
        told = told_by(notes_of(place))
        assert (told["process"], told["host"], told["state"]) == (
            os.getpid(),
            socket.gethostname(),
            UNFINISHED,
        )
        write_units(there.store)
        write_documents(there.store)
