"""Single files of a conversion made anew from its source: as they were to the last bit, or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile

import zarrscope
from zarrscope import ConvertOptions, PlanOptions
from zarrscope.check.repair import repair
from zarrscope.convert.redo import redo
from zarrscope.errors import CorruptDataError, NotFoundError, UnsupportedError
from zarrscope.store.local import LocalStore

if TYPE_CHECKING:
    from pathlib import Path

PIXELS = np.random.default_rng(3).integers(0, 4000, (2, 140, 200), dtype="u2")
FORM = PlanOptions(chunks={"y": 32, "x": 32}, shards={"y": 64, "x": 64}, levels=3)


def converted(folder: Path, version: str = "0.5", **more: Any) -> tuple[Path, Path]:
    """Convert; that the first axis is time stands in the record, and nobody has to say it again."""
    source, place = folder / "a.tif", folder / "a.zarr"
    tifffile.imwrite(source, PIXELS, photometric="minisblack", metadata={"axes": "ZYX"})
    form = FORM if version == "0.5" else PlanOptions(chunks=FORM.chunks, sharded=False, levels=3)
    zarrscope.convert(source, place, ConvertOptions(version=version, pyramid=form), axes="tyx", **more)
    return source, place


def tree(place: Path) -> dict[str, tuple[bytes, int]]:
    files = (path for path in place.rglob("*") if path.is_file())
    return {p.relative_to(place).as_posix(): (p.read_bytes(), p.stat().st_mtime_ns) for p in files}


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_any_file_is_made_anew(tmp_path: Path, version: str) -> None:
    source, place = converted(tmp_path, version)
    before = tree(place)
    keys = [key for key in before if not key.startswith(".zarrscope")]
    rng = np.random.default_rng(1)
    for chosen in [[key] for key in rng.choice(keys, 6, replace=False)] + [keys]:
        for number, key in enumerate(chosen):
            if number % 2:
                (place / key).write_bytes(b"damaged")
            else:
                (place / key).unlink()
        redo(LocalStore(place), source, chosen)
        after = tree(place)
        assert {key: data for key, (data, _) in after.items()} == {
            key: data for key, (data, _) in before.items()
        }
        untouched = set(keys) - set(chosen)
        assert all(after[key] == before[key] for key in untouched)
        before = after
    assert zarrscope.verify(place, against=source).same


def test_another_source_is_not_taken(tmp_path: Path) -> None:
    _, place = converted(tmp_path)
    other = PIXELS.copy()
    other[0, 0, 0] += 1
    tifffile.imwrite(tmp_path / "b.tif", other, photometric="minisblack", metadata={"axes": "ZYX"})
    key = "0/c/0/0/0"
    (place / key).write_bytes(b"damaged")
    before = tree(place)
    with pytest.raises(CorruptDataError, match=rf"{key}: the source does not give what stood here"):
        redo(LocalStore(place), tmp_path / "b.tif", [key])
    assert tree(place) == before


def test_only_conversions_with_their_manifest(tmp_path: Path) -> None:
    source, place = converted(tmp_path)
    with pytest.raises(UnsupportedError, match=r"notes\.txt: converting .*a\.tif makes no such"):
        redo(LocalStore(place), source, ["notes.txt"])
    zarrscope.write(PIXELS, tmp_path / "w.zarr", axes="zyx")
    (tmp_path / "x").mkdir()
    converted(tmp_path / "x", manifest=False)
    for other in (tmp_path / "w.zarr", tmp_path / "x/a.zarr"):
        with pytest.raises(UnsupportedError, match="only a conversion by zarrscope with its manifest"):
            redo(LocalStore(other), source, ["0/c/0/0/0"])


@pytest.mark.parametrize("shape", [(2, 300, 200), (2, 100, 200)])
def test_a_source_of_another_shape(tmp_path: Path, shape: tuple[int, ...]) -> None:
    """The source is to blame, and named: its files would be others."""
    _, place = converted(tmp_path)
    (place / "1/c/0/0/0").unlink()
    before = tree(place)
    tifffile.imwrite(tmp_path / "b.tif", np.zeros(shape, "u2"), photometric="minisblack")
    sizes = " x ".join(map(str, shape))
    for go in (
        lambda: redo(LocalStore(place), tmp_path / "b.tif", ["1/c/0/0/0"]),
        lambda: repair(place, tmp_path / "b.tif", redo=redo),
    ):
        with pytest.raises(UnsupportedError, match=rf"b\.tif is not what .*a\.zarr was made of: .*{sizes}"):
            go()
    assert tree(place) == before


def test_what_cannot_be_a_source_is_told_first(tmp_path: Path) -> None:
    _, place = converted(tmp_path, manifest=False)
    with pytest.raises(NotFoundError, match=r"absent\.tif: no such file"):
        repair(place, tmp_path / "absent.tif", redo=redo)
    with pytest.raises(UnsupportedError, match=r"which files of .*a\.zarr .*it has no manifest"):
        repair(place, tmp_path / "a.tif", redo=redo)
