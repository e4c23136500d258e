"""Verification: every lost, truncated, changed or extra file is named, whatever it is compared with."""

from __future__ import annotations

import json
import tracemalloc
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile
import zarr

import zarrscope
from zarrscope.check.repair import accept, repair
from zarrscope.errors import (
    AccessError,
    ArgumentError,
    CorruptDataError,
    IncompleteError,
    MetadataError,
    NotFoundError,
    UnsupportedError,
)
from zarrscope.ledger.folder import FOLDER, MARK, found_group, told_by
from zarrscope.ledger.inventory import manifest_of
from zarrscope.ledger.manifest import write_manifest
from zarrscope.ledger.table import EMPTY, UNKNOWN
from zarrscope.store.local import LocalStore
from zarrscope.store.memory import MemoryStore

if TYPE_CHECKING:
    from pathlib import Path

FORMS = [("0.4", "none"), ("0.5", "none"), ("0.5", {"z": 2, "y": 64, "x": 64})]
PIXELS = np.random.default_rng(21).integers(1, 999, (2, 70, 80), dtype="u2")
KERNELS = ("mean", "median", "mode", "nearest", "min", "max", "gaussian")


class Served:
    """What a server can do: neither lists nor writes."""

    def __init__(self, store: Any) -> None:
        self.get, self.get_many, self.head, self.url = store.get, store.get_many, store.head, store.url


def image(
    store: Any, version: str = "0.5", shards: Any = "none", *, manifest: bool = True, **options: Any
) -> Any:
    """Write an image whose manifest is taken of what stands there, or that has none."""
    options = {"axes": "zyx", "levels": 2, "chunks": {"z": 1, "y": 32, "x": 32}, **options}
    zarrscope.write(options.pop("pixels", PIXELS), store, version=version, shards=shards, **options)
    remove_ledger(store)
    if manifest:
        write_manifest(store, manifest_of(store), 2 if version == "0.4" else 3)
    return store


def remove_ledger(store: Any) -> None:
    for key in list(store.list(f"{FOLDER}/")):
        store.delete(key)


def files(store: Any) -> list[str]:
    return [key for key in store.list() if not key.startswith(f"{FOLDER}/")]


def chunks(store: Any) -> list[str]:
    return [key for key in files(store) if key.rpartition("/")[2].isdecimal()]


def copy_of(store: Any) -> MemoryStore:
    return MemoryStore({key: bytes(store.get(key)) for key in store.list()})


def found(result: Any) -> list[tuple[str, str]]:
    return sorted((one.status, one.file) for one in result.files)


@pytest.mark.parametrize(("version", "shards"), FORMS)
def test_every_file_of_the_manifest(version: str, shards: Any) -> None:
    store = image(MemoryStore(), version, shards)
    sound = zarrscope.verify(store)
    assert (sound.same, sound.code, found(sound)) == (True, 0, [])
    assert sound.counts == {
        "same": len(files(store)),
        "differs": 0,
        "missing": 0,
        "extra": 0,
        "unreadable": 0,
    }
    for key in files(store):
        kept = bytes(store.get(key))
        middle = len(kept) // 2
        flipped = kept[:middle] + bytes([kept[middle] ^ 16]) + kept[middle + 1 :]
        for changed in (flipped, kept[:-1], kept[:middle], b"", kept + b"\0"):
            store.put(key, changed)
            result = zarrscope.verify(store)
            assert (found(result), result.same, result.code) == ([("differs", key)], False, 1)
        store.delete(key)
        assert found(zarrscope.verify(store)) == [("missing", key)]
        store.put(key, kept)
    assert zarrscope.verify(store).same


def test_what_the_manifest_does_not_know_is_extra() -> None:
    store = image(MemoryStore(), manifest=False)
    lost = chunks(store)[0]
    kept = bytes(store.get(lost))
    store.delete(lost)
    manifest = manifest_of(store)
    assert manifest.units.size[manifest.units.find(lost)] == EMPTY
    unknown = chunks(store)[3]
    manifest.units.size[manifest.units.find(unknown)] = UNKNOWN
    write_manifest(store, manifest, 3)
    assert zarrscope.verify(store).same
    assert "1 file(s) of which the manifest knows nothing" in zarrscope.verify(store).message
    for key in (".DS_Stores", "0/c/0/0/.nfs0001", "0/c/9/0/0", "0/.0.part", f"{FOLDER}x", lost):
        store.put(key, kept)
        result = zarrscope.verify(store)
        assert (found(result), result.code) == ([("extra", key)], 1)
        store.delete(key)
    store.put(f"{FOLDER}/upgrade-0.5/zarr.json", b"{}")
    assert zarrscope.verify(store).same


@pytest.mark.parametrize("how", ["manifest", "copy", "decoding"])
def test_what_desktops_leave_is_no_difference(how: str) -> None:
    store = image(MemoryStore(), manifest=how == "manifest")
    for key in (".DS_Store", "0/.DS_Store", "0/c/0/0/Thumbs.db", "desktop.ini", "1/c/._0", "0/._zarr.json"):
        store.put(key, b"\0\0\0\1Bud1")
    result = zarrscope.verify(store, image(MemoryStore()) if how == "copy" else None)
    assert (result.code, result.files) == (0, [])
    (note,) = [line for line in result.notes if "desktop" in line]
    assert all(name in note for name in ("2 .DS_Store", "Thumbs.db", "desktop.ini", "._0", "._zarr.json"))
    assert not [key for key, _ in manifest_of(store) if "DS_Store" in key or "Thumbs" in key]


def test_a_server_that_cannot_be_listed() -> None:
    store = image(MemoryStore())
    store.put("stranger", b"")
    store.delete(chunks(store)[2])
    result = zarrscope.verify(Served(store))
    assert [status for status, _ in found(result)] == ["missing"]
    assert "extra files: not checked" in result.message
    remove_ledger(store)
    result = zarrscope.verify(Served(store))
    assert result.same
    assert "1 unit(s) absent: cannot tell empty from lost" in result.message
    store.put("1/c/0/0/0", bytes(store.get("1/c/0/0/0"))[:-1])
    store.delete("0/zarr.json")
    assert found(zarrscope.verify(Served(store))) == [("missing", "0/zarr.json"), ("unreadable", "1/c/0/0/0")]


def test_a_damaged_manifest_is_an_error() -> None:
    store = image(MemoryStore())
    key = f"{FOLDER}/manifest/checksum/c/0"
    kept = bytes(store.get(key))
    store.put(key, kept[:20] + bytes([kept[20] ^ 1]) + kept[21:])
    with pytest.raises(CorruptDataError, match="checksum/c/0"):
        zarrscope.verify(store)
    store.delete(key)
    with pytest.raises(MetadataError, match="--accept"):
        zarrscope.verify(store)
    assert accept(store).same
    assert zarrscope.verify(store).same


@pytest.mark.parametrize(("version", "shards"), FORMS)
def test_without_a_manifest(version: str, shards: Any) -> None:
    store = image(MemoryStore(), version, shards, manifest=False)
    result = zarrscope.verify(store)
    assert result.same
    assert result.counts["same"] == len(files(store))
    assert ("not protected by a checksum" in result.message) == (version == "0.4")
    for key in chunks(store):
        kept = bytes(store.get(key))
        store.put(key, kept[:-1])
        assert found(zarrscope.verify(store)) == [("unreadable", key)]
        assert zarrscope.verify(store).code == 2
        store.delete(key)
        result = zarrscope.verify(store)
        assert result.same
        assert "1 unit(s) absent: cannot tell empty from lost" in result.message
        store.put(key, kept)
    name = ".zarray" if version == "0.4" else "zarr.json"
    kept = bytes(store.get(f"1/{name}"))
    store.delete(f"1/{name}")
    assert ("missing", f"1/{name}") in found(zarrscope.verify(store))
    for broken in (kept[:-5], b"{}", kept.replace(b'"shape"', b'"shade"')):
        store.put(f"1/{name}", broken)
        assert ("unreadable", f"1/{name}") in found(zarrscope.verify(store))


def test_arrays_that_no_document_names_are_decoded_too(tmp_path: Path) -> None:
    store = image(LocalStore(tmp_path / "a"), manifest=False)
    table = zarr.create_array(tmp_path / "a" / "table", shape=(9,), chunks=(3,), dtype="f8")
    table[...] = np.arange(9)
    assert zarrscope.verify(tmp_path / "a").same
    chunk = tmp_path / "a" / "table" / "c" / "1"
    chunk.write_bytes(chunk.read_bytes()[:-4])
    assert found(zarrscope.verify(tmp_path / "a")) == [("unreadable", "table/c/1")]
    assert store.head("table/zarr.json")


def test_a_link_out_of_the_folder_cannot_be_read(tmp_path: Path) -> None:
    image(LocalStore(tmp_path / "a"))
    chunk = tmp_path / "a" / "0" / "c" / "0" / "0" / "0"
    (tmp_path / "elsewhere").write_bytes(chunk.read_bytes())
    chunk.unlink()
    chunk.symlink_to(tmp_path / "elsewhere")
    result = zarrscope.verify(tmp_path / "a")
    assert found(result) == [("unreadable", "0/c/0/0/0")]
    assert result.code == 2
    assert "link out of" in result.files[0].reason


@pytest.mark.parametrize("kind", [(False, False), (True, False), (False, True), (True, True)])
def test_against_a_copy(kind: tuple[bool, bool]) -> None:
    good = image(MemoryStore(), "0.5", {"z": 2, "y": 64, "x": 64}, manifest=False)
    store = copy_of(good)

    def result() -> Any:
        return zarrscope.verify(
            *(Served(one) if only else one for one, only in zip((store, good), kind, strict=True))
        )

    assert found(result()) == []
    assert "file by file" in result().message
    keys = files(good)
    first, second, third = keys[1], keys[3], keys[4]
    store.delete(first)
    store.put(second, bytes(good.get(second))[:-1] + b"!")
    store.put(third, bytes(good.get(third)) + b"!")
    store.put("zzz", b"mine")
    expected = [("missing", first), ("differs", second), ("differs", third)]
    if kind[0]:
        assert "extra files: not checked" in result().message
    else:
        expected.append(("extra", "zzz"))
    assert found(result()) == sorted(expected)


def test_a_copy_is_known_by_its_form() -> None:
    good = image(MemoryStore(), manifest=False)
    store = copy_of(good)
    store.put("0/zarr.json", b"not json")
    store.delete("zarr.json")
    assert found(zarrscope.verify(store, good)) == [("differs", "0/zarr.json"), ("missing", "zarr.json")]
    other = image(MemoryStore(), "0.5", {"z": 2, "y": 64, "x": 64})
    result = zarrscope.verify(good, other)
    assert result.same
    assert "by pixels" in result.message


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize(("version", "shards"), FORMS)
def test_against_pixels(tmp_path: Path, kernel: str, version: str, shards: Any) -> None:
    pixels = np.random.default_rng(5).integers(1, 999, (2, 133, 141), dtype="u2")
    np.save(tmp_path / "a.npy", pixels)
    source = tmp_path / "a.npy"
    store = image(MemoryStore(), version, shards, manifest=False, pixels=pixels, levels=3, downsample=kernel)
    sound = zarrscope.verify(store, source)
    assert (found(sound), sound.counts["same"]) == ([], len(chunks(store)))
    for key in (chunks(store)[1], chunks(store)[-1]):
        kept = bytes(store.get(key))
        store.delete(key)
        assert found(zarrscope.verify(store, source)) == [("missing", key)]
        store.put(key, kept[:-3])
        assert found(zarrscope.verify(store, source)) == [("unreadable", key)]
        store.put(key, kept)
    changed = pixels.copy()
    changed[1, 100, 100] += 1
    other = image(MemoryStore(), version, shards, manifest=False, pixels=changed, levels=3, downsample=kernel)
    different = [key for key in chunks(store) if key.startswith("0/") and store.get(key) != other.get(key)]
    assert len(different) == 1
    store.put(different[0], other.get(different[0]))
    assert found(zarrscope.verify(store, source)) == [("differs", different[0])], (
        "and not what was made of it"
    )


def test_coarser_levels_are_made_anew(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", PIXELS)
    store = image(LocalStore(tmp_path / "a"), manifest=False, levels=3)
    level = zarr.open_array(tmp_path / "a" / "1", mode="r+")
    assert level.shape == (2, 35, 40)
    level[1, 34, 39] += 1
    assert found(zarrscope.verify(store, tmp_path / "a.npy")) == [("differs", "1/c/1/1/1")]


def test_pixels_that_are_no_integers(tmp_path: Path) -> None:
    pixels = PIXELS.astype("f4")
    pixels[0, 0, :5] = np.nan, np.inf, -np.inf, -0.0, 0.0
    np.save(tmp_path / "a.npy", pixels)
    store = image(MemoryStore(), manifest=False, pixels=pixels)
    assert zarrscope.verify(store, tmp_path / "a.npy").same
    pixels[0, 0, 3] = 0.0
    np.save(tmp_path / "a.npy", pixels)
    assert found(zarrscope.verify(store, tmp_path / "a.npy")) == [("differs", "0/c/0/0/0")]


def test_background_that_was_never_stored(tmp_path: Path) -> None:
    pixels = PIXELS.copy()
    pixels[0, :32, :32] = 0
    np.save(tmp_path / "a.npy", pixels)
    store = image(MemoryStore(), manifest=False, pixels=pixels, levels=1)
    store.delete("0/c/0/0/0")
    assert zarrscope.verify(store, tmp_path / "a.npy").same
    store.delete("0/c/0/0/1")
    assert found(zarrscope.verify(store, tmp_path / "a.npy")) == [("missing", "0/c/0/0/1")]


def test_several_images(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "a.ome.tif", ome=True) as tif:
        for number in range(3):
            tif.write(PIXELS[0] + number, metadata={"axes": "YX", "Name": f"s{number}"})
    zarrscope.convert(tmp_path / "a.ome.tif", tmp_path / "a")
    assert zarrscope.verify(tmp_path / "a", tmp_path / "a.ome.tif").same
    one, two = ((tmp_path / "a" / name / "0" / "c" / "0" / "0") for name in "01")
    one.write_bytes(two.read_bytes())
    assert found(zarrscope.verify(tmp_path / "a", tmp_path / "a.ome.tif")) == [("differs", "0/0/c/0/0")]
    zarrscope.convert(tmp_path / "a.ome.tif", tmp_path / "b", zarrscope.ConvertOptions(scene="2"))
    assert zarrscope.verify(tmp_path / "b", tmp_path / "a.ome.tif").same
    tifffile.imwrite(tmp_path / "other.tif", PIXELS[0, :40])
    with pytest.raises(ArgumentError, match="nothing tells which"):
        zarrscope.verify(tmp_path / "a", tmp_path / "other.tif")
    result = zarrscope.verify(tmp_path / "b", tmp_path / "other.tif")
    assert found(result) == [("differs", "0/zarr.json")]
    assert "[40, 80]" in result.files[0].reason


def test_levels_that_came_with_the_source(tmp_path: Path) -> None:
    source = image(LocalStore(tmp_path / "a"), manifest=False, levels=3, downsample="max")
    document = json.loads((tmp_path / "a" / "zarr.json").read_text())
    for name in ("type", "metadata"):
        document["attributes"]["ome"]["multiscales"][0].pop(name)
    (tmp_path / "a" / "zarr.json").write_text(json.dumps(document))
    options = zarrscope.ConvertOptions(keep_levels=True, version="0.4")
    zarrscope.convert(tmp_path / "a", tmp_path / "b", options)
    assert zarrscope.verify(tmp_path / "b", tmp_path / "a").same
    zarr.open_array(tmp_path / "b" / "2", mode="r+")[0, 0, 0] += 1
    assert found(zarrscope.verify(tmp_path / "b", tmp_path / "a")) == [("differs", "2/0/0/0")]
    np.save(tmp_path / "a.npy", PIXELS)
    assert source.head("2/zarr.json")
    assert "only decoded" in zarrscope.verify(tmp_path / "b", tmp_path / "a.npy").message


@pytest.mark.parametrize(("version", "shards"), FORMS)
def test_repair_from_a_copy(version: str, shards: Any) -> None:
    good = image(MemoryStore(), version, shards)
    store = copy_of(good)
    keys = files(store)
    for number, key in enumerate(keys):
        if number % 3 == 0:
            store.delete(key)
        elif number % 3 == 1:
            store.put(key, b"x" + bytes(store.get(key))[1:])
    store.put("stranger", b"")
    result = repair(store, good)
    assert found(result) == [("extra", "stranger")]
    assert f"{sum(n % 3 < 2 for n in range(len(keys)))} file(s) put back" in result.message
    assert {key: bytes(store.get(key)) for key in keys} == {key: bytes(good.get(key)) for key in keys}
    store.delete("stranger")
    assert zarrscope.verify(store).same


def test_a_copy_that_the_manifest_contradicts_is_not_taken() -> None:
    good = image(MemoryStore())
    store, key = copy_of(good), chunks(good)[0]
    good.put(key, b"rotten")
    store.put(key, b"rotten too")
    result = repair(store, good)
    assert "0 file(s) put back" in result.message
    assert "not what the manifest knows" in result.message
    assert bytes(store.get(key)) == b"rotten too"
    good.put("stranger", b"not in the manifest")
    assert ("missing", "stranger") in found(repair(store, good))
    assert store.head("stranger") is None
    remove_ledger(store)
    assert repair(store, good).same
    assert store.head("stranger")


def test_what_cannot_be_repaired(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", PIXELS)
    store = image(MemoryStore())
    with pytest.raises(UnsupportedError, match="no copy of the same form"):
        repair(store, tmp_path / "a.npy")
    with pytest.raises(AccessError, match="can only be read"):
        repair(Served(store), copy_of(store))
    with pytest.raises(AccessError, match="can only be read"):
        accept(Served(store))


def test_accept_tells_what_is_gone() -> None:
    store = MemoryStore()
    zarrscope.write(np.arange(1, 65, dtype="u1").reshape(8, 8), store, axes="yx", levels=1, shards="none",
                    chunks={"y": 4, "x": 4})  # fmt: skip
    assert accept(store).notes == []
    for key in ("0/c/0/1", "0/c/1/1"):
        store.delete(key)
    accepted = accept(store)
    assert "2 file(s) that the old manifest knew are gone, 2 of them units" in accepted.message
    assert "(0/c/0/1, 0/c/1/1)" in accepted.message
    assert accept(store).notes == [], "told once: now it is as it should be"


@pytest.mark.parametrize(("version", "shards"), FORMS)
def test_accept(version: str, shards: Any) -> None:
    store = image(MemoryStore(), version, shards)
    told = {"state": "finished", "run": {"id": "abc", "source": "cells.tif"}}
    found_group(store, 2 if version == "0.4" else 3, told)
    keys = chunks(store)
    rotten = bytes(store.get(keys[0]))
    store.put(keys[0], rotten[:-2])
    with pytest.raises(CorruptDataError, match=f"{keys[0]}.*nothing was accepted"):
        accept(store)
    assert found(zarrscope.verify(store)) == [("differs", keys[0])]
    store.delete(keys[0])
    store.put("notes.txt", b"mine")
    assert found(zarrscope.verify(store)) == [("extra", "notes.txt"), ("missing", keys[0])]
    accepted = accept(store)
    assert (accepted.same, accepted.counts["same"]) == (True, len(files(store)))
    assert zarrscope.verify(store).same
    after = told_by(store)
    assert {name: after[name] for name in told} == told
    assert after["accepted"].startswith("20")
    level = zarrscope.open(store).levels[0]
    assert not level[:1, :32, :32].any(), "what was accepted as absent is background"


def test_an_archive(tmp_path: Path) -> None:
    store = image(LocalStore(tmp_path / "a"), manifest=False)
    names = files(store)
    place = tmp_path / "a.ozx"
    with zipfile.ZipFile(place, "w") as archive:
        for key in names:
            archive.writestr(key, bytes(store.get(key)))
        offsets = {info.filename: info.header_offset for info in archive.infolist()}
    sound = zarrscope.verify(place)
    assert (sound.same, sound.counts["same"]) == (True, len(names))
    assert "checksums of the archive" in sound.message
    data = bytearray(place.read_bytes())
    key = chunks(store)[1]
    data[offsets[key] + 30 + len(key) + 40] ^= 4
    place.write_bytes(data)
    assert found(zarrscope.verify(place)) == [("unreadable", key)]
    assert found(zarrscope.verify(place, tmp_path / "a")) == [("unreadable", key)] or found(
        zarrscope.verify(place, tmp_path / "a")
    ) == [("differs", key)]
    with pytest.raises(AccessError, match="can only be read"):
        repair(place, tmp_path / "a")
    with pytest.raises(CorruptDataError, match="nothing was accepted"):
        accept(place)
    beside = LocalStore(f"{place}.zarrscope")
    write_manifest(beside, manifest_of(store), 3)
    result = zarrscope.verify(place)
    assert [file for _, file in found(result)] == [key]
    assert "manifest" in result.message
    place.write_bytes(data[:-30])
    with pytest.raises(CorruptDataError):
        zarrscope.verify(place)


def test_an_archive_is_accepted_beside_itself(tmp_path: Path) -> None:
    store = image(LocalStore(tmp_path / "a"), manifest=False)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for key in files(store):
            archive.writestr(key, bytes(store.get(key)))
    assert accept(tmp_path / "a.zip").same
    assert (tmp_path / "a.zip.zarrscope" / ".zarrscope" / "manifest" / "zarr.json").is_file()
    result = zarrscope.verify(tmp_path / "a.zip")
    assert result.same
    assert "manifest" in result.message


def test_unfinished_runs(tmp_path: Path) -> None:
    mark = {"state": "unfinished", "token": "0", "host": "elsewhere", "process": 1}
    with pytest.raises(NotFoundError):
        zarrscope.verify(tmp_path / "a")
    image(LocalStore(tmp_path / "a"))
    found_group(LocalStore(tmp_path / "a.part"), 3, mark)
    found_group(LocalStore(tmp_path / "b.part"), 3, mark)
    with pytest.raises(IncompleteError, match=r"b\.part is an unfinished run.*--resume"):
        zarrscope.verify(tmp_path / "b")
    with pytest.raises(IncompleteError, match="unfinished"):
        zarrscope.verify(f"{tmp_path / 'a'}/")
    store = image(MemoryStore())
    found_group(store, 3, mark)
    with pytest.raises(IncompleteError, match="unfinished"):
        zarrscope.verify(store)
    found_group(LocalStore(tmp_path / "b.ozx.zarrscope"), 3, mark)
    with pytest.raises(IncompleteError, match="unfinished"):
        zarrscope.verify(tmp_path / "b.ozx")
    image(LocalStore(tmp_path / "c"))
    (tmp_path / "c.part").mkdir()
    assert zarrscope.verify(tmp_path / "c").same, "a .part that is not ours says nothing"
    store.delete(MARK)


def test_no_zarr_at_all(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(NotFoundError, match="no Zarr here"):
        zarrscope.verify(tmp_path / "a")
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(UnsupportedError):
        zarrscope.verify(tmp_path / "a.txt")


def test_large_files_are_read_in_pieces(tmp_path: Path) -> None:
    store = image(LocalStore(tmp_path / "a"), manifest=False)
    with (tmp_path / "a" / "large").open("wb") as file:
        file.truncate(200 << 20)
    write_manifest(store, manifest_of(store), 3)
    tracemalloc.start()
    try:
        assert zarrscope.verify(tmp_path / "a", workers=2).same
        assert zarrscope.verify(tmp_path / "a", tmp_path / "a", workers=2).same
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 60 << 20
    with (tmp_path / "a" / "large").open("r+b") as file:
        file.seek(150 << 20)
        file.write(b"!")
    assert found(zarrscope.verify(tmp_path / "a")) == [("differs", "large")]
