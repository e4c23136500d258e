"""Upgrades in place lose nothing: what they cannot carry over they refuse, and say why."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import zarr

import zarrscope.convert.upgrade as module
from zarrscope.array.open import open_array
from zarrscope.convert.transfer import transfer_groups, units
from zarrscope.convert.upgrade import upgrade
from zarrscope.convert.upgrade_plan import plan_upgrade
from zarrscope.errors import (
    AccessError,
    ArgumentError,
    ConflictError,
    InvalidKeyError,
    StoreError,
    UnsupportedError,
)
from zarrscope.store.local import LocalStore
from zarrscope.write.destination import Destination

if TYPE_CHECKING:
    from pathlib import Path

    from zarrscope.store.contracts import Buffer


def image(folder: Path, datasets: Any = None, **more: Any) -> np.ndarray[Any, Any]:
    """Write an image of version 0.4 by zarr-python and plain JSON, and return its pixels."""
    pixels = np.arange(21 * 30, dtype="u2").reshape(21, 30)
    group = zarr.open_group(folder, mode="w", zarr_format=2)
    encoding = {"name": "v2", "separator": "/"}
    group.create_array("0", data=pixels, chunks=(8, 16), chunk_key_encoding=encoding)
    step = {"type": "scale", "scale": [1.0, 1.0]}
    levels = [{"path": "0", "coordinateTransformations": [step]}] if datasets is None else datasets
    axes = [{"name": name, "type": "space"} for name in "yx"]
    said = {"multiscales": [{"version": "0.4", "axes": axes, "datasets": levels}], **more}
    (folder / ".zattrs").write_text(json.dumps(said))
    return pixels


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize("in_place", [True, False])
def test_what_lies_in_the_folder_of_a_level_is_kept(tmp_path: Path, in_place: bool) -> None:
    place = tmp_path / "a.zarr"
    pixels = image(place)
    (place / "0" / "notes.txt").write_text("mine")
    (place / "0" / "tables").mkdir()
    (place / "0" / "tables" / ".zgroup").write_text('{"zarr_format": 2}')
    plan = plan_upgrade(place, "0.5")
    assert set(plan.foreign) == {"0/notes.txt", "0/tables/.zgroup"}
    assert [note.partition(" ")[0] for note in plan.notes] == ["0/tables"]
    out = None if in_place else tmp_path / "b.zarr"
    upgrade(place, to="0.5", out=out, in_place=in_place)
    new = out or place
    assert (new / "0" / "notes.txt").read_text() == "mine"
    assert (new / "0" / "tables" / ".zgroup").is_file()
    assert not (new / "0" / ".zarray").exists()
    np.testing.assert_array_equal(zarr.open_group(new, mode="r", zarr_format=3)["0"][...], pixels)


def test_chunks_of_another_format_do_not_come_back(tmp_path: Path) -> None:
    """Beside a Zarr 3 hierarchy may lie the Zarr 2 one it was made of; its chunks are not its successor's."""
    place = tmp_path / "a.zarr"
    image(place)
    upgrade(place, to="0.5", out=tmp_path / "b.zarr")
    new = tmp_path / "b.zarr"
    (new / "0" / "c" / "0" / "0").unlink()  # all zeros by now
    for key, data in files(place).items():
        (new / key).parent.mkdir(parents=True, exist_ok=True)
        (new / key).write_bytes(data)
    upgrade(new, to="0.4", in_place=True)
    assert not zarr.open_group(new, mode="r", zarr_format=2)["0"][...].any()


@pytest.mark.parametrize("goal", ["../elsewhere", "0", "nowhere"])
def test_a_link_that_would_be_lost(tmp_path: Path, goal: str) -> None:
    place = tmp_path / "a.zarr"
    image(place)
    (tmp_path / "elsewhere").mkdir()
    (place / "more").symlink_to(goal)
    before = files(tmp_path)
    with pytest.raises(AccessError, match=r"a\.zarr/more is a link"):
        upgrade(place, to="0.5", in_place=True)
    assert files(tmp_path) == before
    upgrade(place, to="0.5", out=tmp_path / "b.zarr")


def test_a_part_of_a_hierarchy(tmp_path: Path) -> None:
    zarr.open_group(tmp_path / "plate", mode="w", zarr_format=2)
    image(tmp_path / "plate" / "0")
    before = files(tmp_path)
    with pytest.raises(ArgumentError, match=r"part of the Zarr 2 hierarchy in .*/plate, whose readers"):
        upgrade(tmp_path / "plate" / "0", to="0.5", in_place=True)
    assert files(tmp_path) == before


def test_what_somebody_else_writes_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "a.zarr"
    image(place)
    transfer = transfer_groups

    def meanwhile(*what: Any) -> None:
        (place / "labels").mkdir()
        (place / "labels" / ".zgroup").write_text('{"zarr_format": 2}')
        transfer(*what)

    monkeypatch.setattr(module, "transfer_groups", meanwhile)
    with pytest.raises(ConflictError, match="changed by someone else meanwhile"):
        upgrade(place, to="0.5", in_place=True)
    assert (place / "labels" / ".zgroup").is_file()
    assert (place / ".zattrs").is_file()
    assert [path.name for path in tmp_path.iterdir()] == ["a.zarr"]


def test_old_documents_are_kept_before_the_old_one_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "a.zarr"
    image(place)
    before = files(place)

    def killed(self: Destination, *, done: bool) -> None:
        close(self, done=done)
        raise KeyboardInterrupt

    close = Destination.close
    monkeypatch.setattr(Destination, "close", killed)
    with pytest.raises(KeyboardInterrupt):
        upgrade(place, to="0.5", in_place=True)
    for key in (".zattrs", ".zgroup", "0/.zarray"):
        assert (place / ".zarrscope" / "replaced-0.4" / key).read_bytes() == before[key]


@pytest.mark.parametrize("broken", [17, "x", None, {"0": {}}])
@pytest.mark.parametrize("where", ["multiscales", "datasets"])
def test_lists_that_are_none(tmp_path: Path, where: str, broken: Any) -> None:
    """Beside an image that is whole, so that the root is one; the other must not be made shorter."""
    place = tmp_path / "a.zarr"
    image(place)
    (place / "labels").mkdir()
    (place / "labels" / ".zgroup").write_text('{"zarr_format": 2}')
    (place / "labels" / ".zattrs").write_text('{"labels": ["cells"]}')
    image(place / "labels" / "cells", **{"image-label": {"version": "0.4"}})
    said = json.loads((place / "labels" / "cells" / ".zattrs").read_text())
    (said if where == "multiscales" else said["multiscales"][0])[where] = broken
    (place / "labels" / "cells" / ".zattrs").write_text(json.dumps(said))
    with pytest.raises(UnsupportedError, match=r"labels/cells/\.zattrs: the document is broken"):
        upgrade(place, to="0.5", out=tmp_path / "b.zarr")


def test_more_chunks_than_anybody_has(tmp_path: Path) -> None:
    place = tmp_path / "a.zarr"
    image(place)
    said = json.loads((place / "0" / ".zarray").read_text())
    (place / "0" / ".zarray").write_text(json.dumps(said | {"shape": [10**18, 10**18]}))
    with pytest.raises(UnsupportedError, match=r"a\.zarr/0 has \d+ chunks; the limit is"):
        upgrade(place, to="0.5", out=tmp_path / "b.zarr")


@pytest.mark.parametrize("path", ["..", "../b", "./0", "a//b"])
def test_paths_that_lead_out_are_told_with_the_document(tmp_path: Path, path: str) -> None:
    place = tmp_path / "a.zarr"
    image(place)
    (place / "labels").mkdir()
    (place / "labels" / ".zgroup").write_text('{"zarr_format": 2}')
    (place / "labels" / ".zattrs").write_text(json.dumps({"labels": [path]}))
    with pytest.raises(InvalidKeyError, match=r"a\.zarr/labels names a path that cannot be followed"):
        plan_upgrade(place, "0.5")


def test_units_are_counted_one_by_one(tmp_path: Path) -> None:
    image(tmp_path / "a.zarr")
    array = open_array(LocalStore(tmp_path / "a.zarr"), "0", 2)
    # 21 rows in eights, 30 columns in sixteens
    assert list(units(array)) == [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1)]


class Full(LocalStore):
    """A disk on which nothing fits any more after so many values."""

    left = 0

    def put(self, key: str, data: Buffer, if_tag: str | None = None) -> None:
        self.left -= 1
        if self.left < 0:
            raise StoreError(f"{key}: No space left on device")
        super().put(key, data, if_tag)


def test_a_disk_too_full_to_put_anything_back(tmp_path: Path) -> None:
    place = tmp_path / "a.zarr"
    image(place)
    labels = place / "labels"
    image(labels / "cells", **{"image-label": {"version": "0.4"}})
    (labels / ".zgroup").write_text('{"zarr_format": 2}')
    (labels / ".zattrs").write_text('{"labels": ["cells"]}')
    for document in (place / ".zattrs", labels / "cells" / ".zattrs"):
        document.write_text(document.read_text().replace('"0.4"', '"0.2"'))
    store = Full(place)
    store.left = 4  # the group of ours, two old documents, one new one
    with pytest.raises(StoreError, match=r"device; labels/cells/\.zattrs could not be put back, run it"):
        upgrade(store, to="0.4")
    upgrade(place, to="0.4")
    for document in (place / ".zattrs", labels / "cells" / ".zattrs"):
        assert json.loads(document.read_text())["multiscales"][0]["version"] == "0.4"
