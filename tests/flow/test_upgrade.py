"""Old stores of other tools, upgraded from the command line: every pixel, every document, every reader."""

from __future__ import annotations

import functools
import http.server
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import numpy as np
import pytest
import tensorstore
import zarr
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

import zarrscope
from zarrscope.spec.versions import VERSIONS_WRITTEN, zarr_format_of

if TYPE_CHECKING:
    from collections.abc import Iterator

ENV = {**os.environ, "PYTHONPATH": str(Path(zarrscope.__file__).parents[1])}
STORES = (
    "generated/ome-zarr-py/mitosis_v0.1.zarr",
    "generated/ome-zarr-py/mitosis_v0.2.zarr",
    "generated/ome-zarr-py/mitosis_v0.3.zarr",
    "generated/ome-zarr-py/mri_v0.3_zyx.zarr",
    "generated/ome-zarr-py/mri_v0.4_zyx.zarr",
    "generated/ome-zarr-py/maize_v0.4_labels.zarr",
    "generated/ome-zarr-py/plate_v0.4.zarr",
    "generated/ngio/fractal_plate_v0.4.zarr",
    "ome-zarr/ome-zarr-py_v0.1.zarr",
    "ome-zarr/ome-zarr-py_v0.2.zarr",
    "ome-zarr/fiji-java/5d_dataset_v4.ome.zarr",
    "ome-zarr/mobie/segmentation_2dt.ome.zarr",
    "ome-zarr/neuroglancer/simple_0.4",
)
SCHEMA = {"plate": "plate", "well": "well", "image-label": "label", "multiscales": "image"}


def run(*words: Any, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "zarrscope", "upgrade", *map(str, words)],
        capture_output=True, text=True, timeout=120, env=ENV, check=False,
    )  # fmt: skip
    assert done.returncode == code, (done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    return done


def arrays(place: Path) -> dict[str, Any]:
    """Return the pixels of all arrays of numbers, by path, as zarr-python reads them."""
    marks = [*place.rglob(".zarray"), *place.rglob("zarr.json")]
    found = {}
    for mark in marks:
        document = json.loads(mark.read_text())
        name = mark.parent.relative_to(place).as_posix()
        if "shape" in document and not name.startswith(".zarrscope") and "tables" not in name:
            found[name] = zarr.open_array(mark.parent, mode="r")[...]
    return found


def documents(place: Path) -> dict[str, Any]:
    """Return the attributes of all groups, by path."""
    if (place / "zarr.json").is_file():
        files = {path: json.loads(path.read_text()) for path in place.rglob("zarr.json")}
        rows = {path: said["attributes"] for path, said in files.items() if said["node_type"] == "group"}
    else:
        groups = [path for path in place.rglob(".zattrs") if (path.parent / ".zgroup").is_file()]
        rows = {path: json.loads(path.read_text()) for path in groups}
    told = {path.parent.relative_to(place).as_posix(): said for path, said in rows.items()}
    return {
        name: said
        for name, said in told.items()
        if not name.startswith(".zarrscope") and "tables" not in name
    }


@cache
def schemas(folder: Path) -> dict[str, jsonschema.Draft202012Validator]:
    found = {path.stem: json.loads(path.read_bytes()) for path in folder.glob("*.schema")}
    registry = Registry().with_resources(
        (text["$id"], Resource(text, DRAFT202012)) for text in found.values() if "$id" in text
    )
    return {name: jsonschema.Draft202012Validator(text, registry=registry) for name, text in found.items()}


def faults(conformance: Path, version: str, said: Any) -> list[str]:
    """Return what the official schemas of a version find wrong with the attributes of a group."""
    folder = next(
        (p for p in sorted(conformance.glob(f"ome+ngff-spec@*{version}*")) if (p / "schemas").is_dir()), None
    )
    assert folder is not None
    known = schemas(folder / "schemas")
    body = said.get("ome", said)
    names = [name for key, name in SCHEMA.items() if key in body and name in known]
    found = [e for name in names[:1] for e in known[name].iter_errors(said)]
    # A snapshot of a draft asks for the draft's own name of the version.
    return [f"{e.json_path}: {e.message}" for e in found if e.json_path != "$.ome.version"]


@pytest.fixture(params=STORES, ids=lambda name: Path(name).name)
def old(request: pytest.FixtureRequest, shared: Path, tmp_path: Path) -> Path:
    place = tmp_path / "old.zarr"
    shutil.copytree(shared / "data" / request.param, place, ignore=shutil.ignore_patterns("*.zarrscope"))
    for path in (place, *place.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return place


@pytest.mark.parametrize("to", VERSIONS_WRITTEN)
def test_pixels_and_documents_of_other_tools(old: Path, to: str, shared: Path, tmp_path: Path) -> None:
    before, place = arrays(old), tmp_path / "new.zarr"
    first = documents(old)
    shown = run(old, "--to", to, "--dry-run").stdout
    assert not place.exists()
    done = run(old, "--to", to, "--out", place)
    assert f"OME-Zarr {to}" in done.stdout
    after = arrays(place)
    assert after.keys() == before.keys()
    for name, pixels in before.items():
        np.testing.assert_array_equal(after[name], pixels)
        assert after[name].dtype == pixels.dtype.newbyteorder("=")
    new = documents(place)
    assert new.keys() >= {name for name, said in first.items() if said}
    judged = 0
    for said in new.values():
        assert faults(shared / "conformance", to, said) == []
        judged += any(key in said.get("ome", said) for key in SCHEMA)
    assert judged
    assert (f" to {to}" in shown) or "already" in shown
    assert run(place, "--to", to).stdout.endswith(f"already OME-Zarr {to}; nothing to do\n")


def test_in_place_and_every_reader(old: Path) -> None:
    before = arrays(old)
    run(old, "--in-place")
    assert arrays(old).keys() == before.keys()
    assert not list(old.parent.glob("*.part"))
    for name, pixels in before.items():
        spec = {"driver": "zarr3", "kvstore": {"driver": "file", "path": str(old / name)}}
        np.testing.assert_array_equal(tensorstore.open(spec, read=True).result().read().result(), pixels)
    image = zarrscope.open(old)
    assert image.version == "0.5"
    assert not [
        p for p in image.document.report.problems if p.severity.name == "MUST" and "version" in p.rule
    ]


def test_from_the_oldest_to_the_newest_step_by_step(shared: Path, tmp_path: Path) -> None:
    place = tmp_path / "a.zarr"
    shutil.copytree(shared / "data/generated/ome-zarr-py/mitosis_v0.1.zarr", place)
    before = arrays(place)
    for to in VERSIONS_WRITTEN:
        run(place, "--to", to, "--in-place")
        assert zarrscope.open(place).version == to
    after = arrays(place)
    assert all(np.array_equal(after[name], before[name]) for name in before)
    assert (place / ".zarrscope/upgrade-0.1/.zattrs").is_file()
    assert zarr_format_of(VERSIONS_WRITTEN[-1]) == 3


def test_wrong_calls_are_told_in_one_line(shared: Path, tmp_path: Path) -> None:
    place = tmp_path / "a.zarr"
    shutil.copytree(shared / "data/generated/ome-zarr-py/mitosis_v0.3.zarr", place)
    before = {p: p.read_bytes() for p in place.rglob("*") if p.is_file()}
    for words, code, said in (
        ([place], 2, "--in-place"),
        ([place, "--to", "0.3"], 2, "--to"),
        ([place, "--in-place", "--out", tmp_path / "b"], 2, "not allowed with"),
        ([tmp_path / "absent.zarr"], 1, "no such file"),
        ([tmp_path], 1, "no group here"),
        ([place / "s0"], 1, "open the group above it"),
        ([place, "--out", place / "inside.zarr"], 2, "inside one another"),
        (["http://127.0.0.1:9/a.zarr", "--in-place"], 1, "127.0.0.1"),
    ):
        lines = run(*words, code=code).stderr.splitlines()
        assert len([line for line in lines if not line.startswith("note: ")]) == 1, lines
        assert said in lines[-1], lines
    assert {p: p.read_bytes() for p in place.rglob("*") if p.is_file()} == before


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as served:
        threading.Thread(target=served.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{served.server_address[1]}"
        served.shutdown()


def test_over_http(shared: Path, tmp_path: Path, server: str) -> None:
    shutil.copytree(shared / "data/generated/ome-zarr-py/maize_v0.4_labels.zarr", tmp_path / "a.zarr")
    done = run(f"{server}/a.zarr", "--out", tmp_path / "b.zarr")
    assert "only what documents name is copied" in done.stderr
    before, after = arrays(tmp_path / "a.zarr"), arrays(tmp_path / "b.zarr")
    assert before.keys() == after.keys()
    assert all(np.array_equal(after[name], before[name]) for name in before)
    run(f"{server}/a.zarr", "--in-place", code=1)


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_stopped_run_leaves_the_old_one(tmp_path: Path, kind: signal.Signals) -> None:
    place = tmp_path / "a.zarr"
    pixels = np.random.default_rng(1).integers(0, 9999, (40, 1024, 1024), dtype="u2")
    zarrscope.write(pixels, place, axes="zyx", version="0.4", levels=1, chunks={"z": 1, "y": 256, "x": 256})
    before = {p: p.stat().st_mtime_ns for p in place.rglob("*") if p.is_file()}
    words = [sys.executable, "-m", "zarrscope", "upgrade", str(place), "--in-place", "--workers", "1"]
    with subprocess.Popen(words, env=ENV, stderr=subprocess.PIPE, text=True) as process:
        while not list(tmp_path.glob("a.zarr.part/0/c/*/*/*")) and not list(
            tmp_path.glob("a.zarr.part/0/c/*/*/.*")
        ):
            assert process.poll() is None
        process.send_signal(kind)
        _, said = process.communicate(timeout=60)
    assert {p: p.stat().st_mtime_ns for p in place.rglob("*") if p.is_file()} == before
    if kind is signal.SIGKILL:
        assert (tmp_path / "a.zarr.part").is_dir()
    else:
        assert process.returncode in (130, -signal.SIGINT), said
        assert "the old one is as it was" in said
        assert [p.name for p in tmp_path.iterdir()] == ["a.zarr"]
    run(place, "--in-place")
    np.testing.assert_array_equal(zarrscope.open(place)[...], pixels)
    assert [p.name for p in tmp_path.iterdir()] == ["a.zarr"]


@pytest.mark.parametrize(
    "name",
    [
        "data/ome-zarr/rfc5/2d/basic/scale_multiscale.zarr",
        "data/ome-zarr/rfc5/2d/simple/affineParams.zarr",
        "conformance/jo-mueller+ngff-rfc5-coordinate-transformation-examples/user_stories/human_organ_atlas.zarr",
        "conformance/jo-mueller+ngff-rfc5-coordinate-transformation-examples/user_stories/SCAPE.zarr",
    ],
    ids=lambda name: Path(name).stem,
)
def test_a_draft_becomes_what_it_was_a_draft_of(shared: Path, tmp_path: Path, name: str) -> None:
    """Scenes with all their images too; by default, though a release before it is what others become."""
    place = tmp_path / "a.zarr"
    shutil.copytree(shared / name, place)
    first, files = documents(place), {p: p.read_bytes() for p in place.rglob("*") if p.is_file()}
    drafts = {path for path, said in first.items() if "version" in said.get("ome", {})}
    assert {first[path]["ome"]["version"][:7] for path in drafts} == {"0.6.dev"}
    done = run(place)
    assert "OME-Zarr 0.6 (from 0.6.dev" in done.stdout
    for path, said in documents(place).items():
        if path in drafts:
            assert said["ome"]["version"] == "0.6"
            assert faults(shared / "conformance", "0.6", said) == []
    changed = {p.relative_to(place).parent.as_posix() for p, data in files.items() if p.read_bytes() != data}
    assert changed == drafts
    assert "nothing to do" in run(place).stdout
