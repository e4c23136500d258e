"""Copies between stores: all goes over, to the byte; and in another form with the same pixels."""

from __future__ import annotations

import json
import zipfile
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import zarr
from tests.unit.check.conftest import Tree

import zarrscope
from zarrscope.check.repair import accept
from zarrscope.convert.copy import copy, run_copy
from zarrscope.convert.copy_plan import CopyOptions, plan_copy
from zarrscope.errors import (
    ArgumentError,
    BudgetError,
    CorruptDataError,
    DestinationExistsError,
    NotFoundError,
    StoreError,
    UnsupportedError,
)
from zarrscope.ledger.manifest import read_manifest
from zarrscope.ledger.table import EMPTY
from zarrscope.store.local import LocalStore
from zarrscope.store.memory import MemoryStore
from zarrscope.store.resolve import resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

PIXELS = np.random.default_rng(1).integers(0, 4000, (2, 70, 90), dtype="u2")


def values(place: Any) -> dict[str, bytes]:
    """Return all values but our own notes; documents without the white space that archives put behind."""
    if isinstance(place, MemoryStore):
        found = {key: bytes(place.get(key) or b"") for key in place.list()}
    elif Path(place).is_file():
        with zipfile.ZipFile(place) as archive:
            found = {name: archive.read(name) for name in archive.namelist()}
    else:
        files = (path for path in Path(place).rglob("*") if path.is_file())
        found = {path.relative_to(place).as_posix(): path.read_bytes() for path in files}
    documents = ("zarr.json", ".zattrs", ".zgroup", ".zarray")
    return {
        key: data.rstrip() if key.rpartition("/")[2] in documents else data
        for key, data in found.items()
        if not key.startswith(".zarrscope/")
    }


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path / "a.ome.zarr")


def everything(tree: Tree, kind: str) -> Tree:
    """Write a hierarchy of a kind, with files of others in it."""
    if kind == "plate":
        tree.plate()
    elif kind == "collection":
        tree.collection()
    else:
        version = "0.4" if kind == "0.4" else "0.5"
        tree.image(version=version, levels=3, pixels=PIXELS)
        tree.labels(version)
    (tree.root / "notes").mkdir()
    (tree.root / "notes" / "read me.txt").write_text("mine")
    (tree.root / ".hidden").write_bytes(b"\0")
    (tree.root / "empty").write_bytes(b"")
    return tree


KINDS = ("0.4", "0.5", "plate", "collection")


@pytest.mark.parametrize("kind", KINDS)
def test_round_the_stores(tree: Tree, tmp_path: Path, kind: str) -> None:
    """Folder, archive, memory, folder: the same values everywhere."""
    everything(tree, kind)
    before = values(tree.root)
    assert {"notes/read me.txt", ".hidden", "empty"} <= set(before)
    copy(tree.root, tmp_path / "b.ozx")
    assert values(tmp_path / "b.ozx") == before
    memory = MemoryStore()
    run_copy(plan_copy(resolve(tmp_path / "b.ozx"), CopyOptions()), memory)
    assert values(memory) == before
    again = LocalStore(tmp_path / "c.ome.zarr")
    run_copy(plan_copy(memory, CopyOptions(workers=1)), again)
    assert values(again.root) == before
    for place in (tmp_path / "c.ome.zarr", tmp_path / "b.ozx"):
        assert zarrscope.verify(place, against=tree.root).same
        assert zarrscope.validate(place).valid == zarrscope.validate(tree.root).valid


def test_litter_stays_behind(tree: Tree, tmp_path: Path) -> None:
    tree.image()
    before = values(tree.root)
    for name in (".DS_Store", "0/.DS_Store", "Thumbs.db", ".nfs000123", "0/.0.0123abcd.part"):
        (tree.root / name).write_bytes(b"x")
    copy(tree.root, tmp_path / "b")
    assert values(tmp_path / "b") == before


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("separator", [".", "/"])
def test_any_zarr_stays_sparse(tmp_path: Path, zarr_format: int, separator: str) -> None:
    """Also one that is no image, with dots in its keys and consolidated metadata; what is empty stays so."""
    group = zarr.create_group(tmp_path / "a", zarr_format=zarr_format)
    name = "v2" if zarr_format == 2 else "default"
    array = group.create_array(
        "deep/x", shape=(9, 40), chunks=(2, 10), dtype="f4", fill_value=7,
        chunk_key_encoding={"name": name, "separator": separator},
    )  # fmt: skip
    array[2:4, 10:25] = 1
    group.create_array("one", shape=(), chunks=(), dtype="i8")[...] = 5
    if zarr_format == 2:
        zarr.consolidate_metadata(tmp_path / "a", zarr_format=2)
    run_copy(plan_copy(LocalStore(tmp_path / "a"), CopyOptions()), LocalStore(tmp_path / "b"))
    assert values(tmp_path / "b") == values(tmp_path / "a")
    manifest = read_manifest(LocalStore(tmp_path / "b"))
    assert manifest is not None
    assert (manifest.units.size == EMPTY).sum() == 20 - 2
    assert len(manifest.units) == 21
    copied = zarr.open_group(tmp_path / "b", mode="r", zarr_format=zarr_format)
    assert np.array_equal(copied["deep/x"][...], array[...])


FORMS = [
    ("0.5", CopyOptions(version="0.4"), 2, (2, 32, 32), None),
    ("0.4", CopyOptions(version="0.5"), 3, (2, 32, 32), (2, 96, 96)),
    ("0.4", CopyOptions(version="0.5", shards="none"), 3, (2, 32, 32), None),
    ("0.5", CopyOptions(chunks={"y": 16, "z": 2}), 3, (2, 16, 32), None),
    ("0.5", CopyOptions(shards={"y": 64, "x": 96}), 3, (2, 32, 32), (2, 64, 96)),
    ("0.5", CopyOptions(codec="gzip:3"), 3, (2, 32, 32), None),
    ("0.4", CopyOptions(codec="none", chunks={"x": 45}), 2, (2, 32, 45), None),
    ("0.5", CopyOptions(levels=2), 3, (2, 32, 32), None),
]


@pytest.mark.parametrize("suffix", ["zarr", "ozx"])
@pytest.mark.parametrize(("first", "options", "zarr_format", "chunks", "shards"), FORMS)
def test_other_forms_have_the_same_pixels(
    tree: Tree, tmp_path: Path, first: str, options: CopyOptions, zarr_format: int, chunks: Any, shards: Any,
    suffix: str,
) -> None:  # fmt: skip
    tree.image(version=first, levels=3, pixels=PIXELS)
    place = tmp_path / f"b.{suffix}"
    image = copy(tree.root, place, options, verify=True)
    store = zarr.storage.ZipStore(place, mode="r") if suffix == "ozx" else place
    kept = options.levels or 3
    for level in range(kept):
        array = zarr.open_array(store, path=str(level), mode="r", zarr_format=zarr_format)
        before = zarr.open_array(tree.root, path=str(level), mode="r")
        assert np.array_equal(array[...], before[...])
        if level == 0:
            assert array.chunks == chunks
            assert array.shards == shards or (shards is not None and options.shards is None and array.shards)
    assert len(image.levels) == kept
    assert not [key for key in values(place) if key.startswith(f"{kept}/")]
    assert zarrscope.validate(place).valid
    assert zarrscope.verify(place).same


def test_labels_follow_and_stay_sparse(tree: Tree, tmp_path: Path) -> None:
    everything(tree, "0.4")
    (tree.root / "labels/cells/0/0/0/0").unlink()
    # A chunk that is written though it holds nothing but the fill value stays one that is written.
    group = copy(tree.root, tmp_path / "b", CopyOptions(version="0.5", shards="none"))
    assert group.labels == ("cells",)
    old = zarr.open_array(tree.root / "labels/cells/0", mode="r")
    assert np.array_equal(zarr.open_array(tmp_path / "b/labels/cells/0", mode="r")[...], old[...])
    assert not (tmp_path / "b/labels/cells/0/c/0/0/0").exists()
    assert (tmp_path / "b/labels/cells/0/c/0/0/1").exists()


@pytest.mark.parametrize(("options", "error", "words"), [
    (CopyOptions(chunks={"q": 4}), ArgumentError, "no axis 'q'"),
    (CopyOptions(chunks={"y": 0}), ArgumentError, "at least 1"),
    (CopyOptions(levels=9), ArgumentError, "2 level"),
    (CopyOptions(version="0.4", shards={"y": 64}), ArgumentError, "no shards"),
    (CopyOptions(codec="lzma"), ArgumentError, "lzma"),
    (CopyOptions(codec="fast", memory=100), BudgetError, "--memory"),
])  # fmt: skip
def test_what_cannot_be_is_refused(
    tree: Tree, tmp_path: Path, options: CopyOptions, error: Any, words: str
) -> None:
    tree.image()
    with pytest.raises((error, UnsupportedError), match=words):
        copy(tree.root, tmp_path / "b", options)
    assert not (tmp_path / "b").exists()


def test_what_is_no_zarr(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.txt").write_text("x")
    with pytest.raises(NotFoundError, match="there is no Zarr here"):
        copy(tmp_path / "a", tmp_path / "b")
    with pytest.raises(ArgumentError, match="inside one another"):
        copy(tmp_path / "a", tmp_path / "a" / "b")


@pytest.mark.parametrize("damage", ["lost", "cut", "flipped"])
def test_a_damaged_source_is_refused(tree: Tree, tmp_path: Path, damage: str) -> None:
    """Its manifest knows what stood there."""
    tree.image()
    unit = tree.root / "0/c/0/1/1"
    data = unit.read_bytes()
    if damage == "lost":
        unit.unlink()
    else:
        unit.write_bytes(data[:-1] if damage == "cut" else bytes([data[0] ^ 1]) + data[1:])
    for place in (tmp_path / "b", tmp_path / "b.ozx"):
        with pytest.raises(CorruptDataError, match=r"0/c/0/1/1"):
            copy(tree.root, place)
        assert not place.exists()
        unit.write_bytes(data)
        copy(tree.root, place, overwrite=True)
        assert values(place) == values(tree.root)
        if place.suffix != ".ozx":
            unit.unlink() if damage == "lost" else unit.write_bytes(data[:-1])


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder as a plain web server does: it cannot be listed."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            pass

        def do_GET(self) -> None:
            path = folder / self.path.lstrip("/")
            data = path.read_bytes() if path.is_file() else None
            code, headers = (404, {}) if data is None else (200, {"ETag": f'"{hash(data):x}"'})
            body, asked = data or b"", self.headers.get("Range")
            if data is not None and asked:
                first, last = asked.removeprefix("bytes=").split("-")
                start = int(first) if first else max(0, len(data) - int(last))
                stop = min(len(data), int(last) + 1 if first and last else len(data))
                if start >= len(data):
                    code, body = 416, b""
                else:
                    code, body = 206, data[start:stop]
                    headers["Content-Range"] = f"bytes {start}-{stop - 1}/{len(data)}"
            self.send_response(code)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        do_HEAD = do_GET

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize("manifest", [True, False])
@pytest.mark.parametrize("options", [None, CopyOptions(codec="small")])
def test_a_place_that_cannot_be_listed(tree: Tree, tmp_path: Path, manifest: bool, options: Any) -> None:
    """What is there is told by its manifest, or by its documents."""
    tree.image(levels=2, pixels=PIXELS)
    tree.labels()
    for path in (tree.root / "0/c/0/0/0", tree.root / "0/c/0/2/2"):
        path.unlink()
    for place in (tree.root / ".zarrscope", tree.root / "labels/cells/.zarrscope"):
        for path in sorted(place.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        place.rmdir()
    if manifest:
        accept(tree.root)
    with served(tmp_path) as url:
        plan = plan_copy(resolve(f"{url}a.ome.zarr"), options or CopyOptions())
        if options is None:
            assert any("cannot be listed" in note for note in plan.notes) == (not manifest)
        copy(f"{url}a.ome.zarr", tmp_path / "b", options)
    if options is None:
        assert values(tmp_path / "b") == values(tree.root)
    for level in ("0", "1", "labels/cells/0"):
        found, before = (zarr.open_array(root / level, mode="r") for root in (tmp_path / "b", tree.root))
        assert np.array_equal(found[...], before[...])
    assert not (tmp_path / "b/0/c/0/2/2").exists()
    assert zarrscope.verify(tmp_path / "b").same


@pytest.mark.parametrize("suffix", ["zarr", "ozx"])
@pytest.mark.parametrize("options", [None, CopyOptions(chunks={"y": 16}, codec="small")])
def test_it_can_be_gone_on_with(tree: Tree, tmp_path: Path, options: Any, suffix: str) -> None:
    everything(tree, "0.5")
    copy(tree.root, tmp_path / f"whole.{suffix}", options)
    place, count = tmp_path / f"b.{suffix}", [0]

    def fail(_: int) -> None:
        count[0] += 1
        if count[0] == 16:  # after the files of others
            raise StoreError("the cable is out")

    with pytest.raises(StoreError, match=r"the cable is out.*--resume goes on"):
        copy(tree.root, place, options, progress=fail)
    assert not place.exists()
    with pytest.raises(DestinationExistsError, match="--resume"):
        copy(tree.root, place, options)
    with pytest.raises(ArgumentError, match="--levels was None, now 1"):
        copy(tree.root, place, CopyOptions(levels=1), resume=True)
    copy(tree.root, place, resume=True)
    assert values(place) == values(tmp_path / f"whole.{suffix}")
    if suffix == "ozx":
        assert place.read_bytes() == (tmp_path / "whole.ozx").read_bytes()
    again = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    copy(tree.root, place, resume=True)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == again, "nothing was left to do"
    document = json.loads((tree.root / "zarr.json").read_text())
    document["attributes"]["more"] = 1
    (tree.root / "zarr.json").write_text(json.dumps(document))
    with pytest.raises(ArgumentError, match="has changed since the copy began"):
        copy(tree.root, place, resume=True)


def test_what_a_conversion_began_is_no_copy(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", PIXELS[0])
    zarrscope.convert(tmp_path / "a.npy", tmp_path / "b")
    copy(tmp_path / "b", tmp_path / "c", resume=True)
    with pytest.raises(ArgumentError, match="not begun by a copy"):
        copy(tmp_path / "c", tmp_path / "b", resume=True)
