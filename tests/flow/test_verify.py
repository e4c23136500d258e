"""``zarrscope verify`` as it is called: letters, exit codes, JSON, what can be mended."""

from __future__ import annotations

import functools
import http.server
import json
import shutil
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile

import zarrscope
from zarrscope.cli.main import main
from zarrscope.errors import CorruptDataError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PIXELS = np.random.default_rng(8).integers(1, 999, (2, 90, 100), dtype="u2")
FORMS = {
    "0.4": ["--version", "0.4", "--chunks", "z=1,y=32,x=32"],
    "0.5": ["--chunks", "z=1,y=32,x=32", "--shards", "none"],
    "0.5-sharded": ["--chunks", "z=1,y=32,x=32", "--shards", "z=1,y=64,x=64"],
}


@pytest.fixture(params=FORMS)
def converted(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return what ``convert`` makes of ``a.tif``, with its manifest."""
    tifffile.imwrite(tmp_path / "a.tif", PIXELS, imagej=True, metadata={"axes": "ZYX"})
    place = tmp_path / "a.ome.zarr"
    form = [*FORMS[request.param], "--levels", "2"]
    assert main(["convert", str(tmp_path / "a.tif"), str(place), *form]) == 0
    return place


def keys_of(place: Path) -> list[str]:
    keys = (path.relative_to(place).as_posix() for path in place.rglob("*") if path.is_file())
    return sorted(key for key in keys if not key.startswith(".zarrscope/"))


def told(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, list[str]]:
    capsys.readouterr()
    code = main(["verify", *words])
    seen = capsys.readouterr()
    assert "Traceback" not in seen.err
    return code, seen.out.splitlines()


def as_json(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, Any]:
    code, lines = told(capsys, *words, "--json")
    assert len(lines) == 1
    value = json.loads(lines[0])
    assert list(value) == ["path", "same", "message", "counts", "files"]
    assert list(value["counts"]) == ["same", "differs", "missing", "extra", "unreadable"]
    assert isinstance(value["message"], str)
    assert "\n" not in value["message"]
    assert value["same"] == (code == 0)
    return code, value


def test_each_file_that_is_lost_is_named_and_never_read_as_background(
    converted: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for key in keys_of(converted)[::3] + keys_of(converted)[-1:]:
        kept = (converted / key).read_bytes()
        (converted / key).unlink()
        code, lines = told(capsys, str(converted))
        assert code == 1
        assert lines[0] == f"- {key}"
        assert lines[1].startswith(f"{converted}: not the same (by its manifest): 1 missing, ")
        if key[0] in "01" and key.rpartition("/")[2].isdecimal():
            with pytest.raises(CorruptDataError, match=f"{key} is lost"):
                zarrscope.open(converted).levels[int(key[0])][...]
        (converted / key).write_bytes(kept)
    code, lines = told(capsys, str(converted))
    assert (code, len(lines)) == (0, 1)
    code, lines = told(capsys, str(converted), "--all")
    assert sorted(lines[:-1]) == [f"= {key}" for key in keys_of(converted)]


def test_letters_and_json(converted: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    chunks = [key for key in keys_of(converted) if key.rpartition("/")[2].isdecimal()]
    lost, changed, linked = chunks[0], chunks[1], chunks[2]
    total = len(keys_of(converted))
    (converted / lost).unlink()
    data = (converted / changed).read_bytes()
    (converted / changed).write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    (tmp_path / "elsewhere").write_bytes(b"x")
    (converted / linked).unlink()
    (converted / linked).symlink_to(tmp_path / "elsewhere")
    (converted / "odd\nname\x1b[2J").write_bytes(b"")
    code, lines = told(capsys, str(converted))
    assert code == 2
    assert sorted(lines[:-1]) == sorted([f"- {lost}", f"* {changed}", f"! {linked}", "+ odd\\nname\\x1b[2J"])
    code, value = as_json(capsys, str(converted))
    assert code == 2
    assert value["path"] == str(converted)
    assert value["counts"] == {"same": total - 3, "differs": 1, "missing": 1, "extra": 1, "unreadable": 1}
    assert sorted((one["status"], one["file"]) for one in value["files"]) == [
        ("differs", changed), ("extra", "odd\nname\x1b[2J"), ("missing", lost), ("unreadable", linked)
    ]  # fmt: skip


def test_against_the_source_and_a_copy(
    converted: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    source, copy = str(tmp_path / "a.tif"), tmp_path / "copy"
    shutil.copytree(converted, copy)
    assert told(capsys, str(converted), "--against", source)[0] == 0
    assert told(capsys, str(converted), "--against", str(copy))[0] == 0
    chunk = next(key for key in keys_of(converted) if key.startswith("1/") and key.rpartition("/")[2] == "0")
    (converted / chunk).unlink()
    for other in (source, str(copy)):
        code, value = as_json(capsys, str(converted), "--against", other)
        assert (code, value["files"]) == (1, [{"file": chunk, "status": "missing"}])
    code, lines = told(capsys, str(converted), "--against", str(copy), "--repair")
    assert code == 0
    assert lines[0] == f"- {chunk}"
    assert "1 file(s) put back" in lines[-1]
    assert told(capsys, str(converted))[0] == 0
    (converted / chunk).unlink()
    code, value = as_json(capsys, str(converted), "--against", str(copy), "--repair")
    assert (code, value["files"]) == (0, [])


def test_repair_from_the_source(converted: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    before = {key: (converted / key).read_bytes() for key in keys_of(converted)}
    for number, key in enumerate(before):
        if number % 2:
            (converted / key).unlink()
        else:
            (converted / key).write_bytes(before[key][:-1])
    code, lines = told(capsys, str(converted), "--against", str(tmp_path / "a.tif"), "--repair")
    assert code == 0
    assert len(lines) == len(before) + 1
    assert f"{len(before)} file(s) made anew" in lines[-1]
    assert {key: (converted / key).read_bytes() for key in keys_of(converted)} == before
    chunk = next(key for key in before if key.startswith("0/") and key.rpartition("/")[2].isdecimal())
    (converted / chunk).unlink()
    tifffile.imwrite(tmp_path / "other.tif", PIXELS + 1, imagej=True, metadata={"axes": "ZYX"})
    code, lines = told(capsys, str(converted), "--against", str(tmp_path / "other.tif"), "--repair")
    assert code == 2
    assert "the source does not give what stood here" in lines[-1]
    assert not (converted / chunk).exists()
    shutil.rmtree(converted / ".zarrscope")
    code, lines = told(capsys, str(converted), "--against", str(tmp_path / "a.tif"), "--repair")
    assert code == 2
    assert "no copy of the same form" in lines[-1]


def test_accept(converted: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (converted / "notes.txt").write_text("mine")
    assert told(capsys, str(converted))[0] == 1
    code, value = as_json(capsys, str(converted), "--accept")
    assert (code, value["counts"]["same"]) == (0, len(keys_of(converted)))
    assert told(capsys, str(converted))[0] == 0
    name = "zarr.json" if (converted / "zarr.json").exists() else ".zattrs"
    group = json.loads((converted / ".zarrscope" / name).read_text())
    record = (group["attributes"] if name == "zarr.json" else group)["zarrscope"]
    assert record["state"] == "finished"
    assert record["run"]["source"].endswith("a.tif")
    assert record["accepted"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["{0}/none"], 2, "no such file"),
        (["{0}/text.txt"], 2, "is a file"),
        (["{0}/empty"], 2, "no Zarr here"),
        (["{0}/a", "--repair"], 2, "--against"),
        (["{0}/a", "--accept", "--repair", "--against", "b"], 2, "--accept"),
        ([], 2, "URL"),
        (["{0}/a", "--workers", "0"], 2, "--workers"),
        (["{0}/a", "--against", "{0}/none.tif"], 2, "no such file"),
    ],
)
def test_wrong_use_and_what_is_not_there(
    words: list[str], code: int, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "text.txt").write_text("x")
    (tmp_path / "empty").mkdir()
    zarrscope.write(PIXELS, tmp_path / "a", axes="zyx")
    assert main(["verify", *(word.format(tmp_path) for word in words)]) == code
    seen = capsys.readouterr()
    assert said in seen.out + seen.err
    assert len((seen.out + seen.err).splitlines()) == 1


def test_an_unfinished_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    writer = zarrscope.create(tmp_path / "a.ome.zarr", (2, 64, 64), "u2", "zyx")
    try:
        code, lines = told(capsys, str(tmp_path / "a.ome.zarr"))
        assert code == 1
        assert len(lines) == 1
        assert "unfinished run" in lines[0]
        assert "--resume" in lines[0]
        code, value = as_json(capsys, str(tmp_path / "a.ome.zarr"))
        assert (code, value["files"]) == (1, [])
    finally:
        writer.abort()


def test_an_archive(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tifffile.imwrite(tmp_path / "a.tif", PIXELS, imagej=True, metadata={"axes": "ZYX"})
    for name in ("a.ozx", "a.ome.zarr"):
        assert main(["convert", str(tmp_path / "a.tif"), str(tmp_path / name)]) == 0
    archive = tmp_path / "a.ozx"
    for words in ([], ["--against", str(tmp_path / "a.tif")], ["--against", str(tmp_path / "a.ome.zarr")]):
        assert told(capsys, str(archive), *words)[0] == 0, words
    assert told(capsys, str(tmp_path / "a.ome.zarr"), "--against", str(archive))[0] == 0
    data = bytearray(archive.read_bytes())
    chunk = (tmp_path / "a.ome.zarr" / "0" / "c" / "0" / "0" / "0").read_bytes()
    data[data.index(chunk) + 50] ^= 1
    archive.write_bytes(data)
    code, value = as_json(capsys, str(archive))
    assert code != 0
    assert [one["file"] for one in value["files"]] == ["0/c/0/0/0"]
    shutil.rmtree(tmp_path / "a.ozx.zarrscope")
    code, value = as_json(capsys, str(archive))
    assert (code, value["files"]) == (2, [{"file": "0/c/0/0/0", "status": "unreadable"}])


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """Serve a folder over HTTP, and note what is asked for."""
    asked: list[str] = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, form: str, *arguments: Any) -> None:
            asked.append(self.path)

    class Server(http.server.ThreadingHTTPServer):
        request_queue_size = 128  # with five, the sixth connection at a time waits for a second

    server = Server(("127.0.0.1", 0), functools.partial(Handler, directory=folder))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_over_http(converted: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(converted, copy)
    with served(tmp_path) as (address, asked):
        image = zarrscope.open(f"{address}/a.ome.zarr")
        assert np.array_equal(image.levels[0][...], PIXELS)
        assert not [path for path in asked if ".zarrscope" in path]
        code, lines = told(capsys, f"{address}/a.ome.zarr")
        assert code == 0
        assert "extra files: not checked" in lines[-1]
        chunk = next(k for k in keys_of(converted) if k.startswith("0/") and k.rpartition("/")[2] == "0")
        (converted / chunk).unlink()
        code, lines = told(capsys, f"{address}/a.ome.zarr")
        assert (code, lines[0]) == (1, f"- {chunk}")
        with pytest.raises(CorruptDataError, match="is lost"):
            zarrscope.open(f"{address}/a.ome.zarr").levels[0][...]
        code, lines = told(capsys, str(converted), "--against", f"{address}/copy", "--repair")
        assert code == 0
        assert told(capsys, f"{address}/a.ome.zarr")[0] == 0
        assert told(capsys, f"{address}/a.ome.zarr", "--accept")[0] == 2
