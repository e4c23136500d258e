"""``zarrscope validate`` as it is called: verdicts, exit codes, formats, many targets in one process."""

from __future__ import annotations

import functools
import http.server
import json
import os
import shutil
import subprocess
import sys
import threading
import zipfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import numpy as np
import pytest

import zarrscope
from zarrscope.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Iterator

AREAS = ("basic", "simple", "axis_dependent", "nonlinear", "user_stories")

MUST = {
    "generated/ome-zarr-py/mitosis_v0.3.zarr": {"levels/array-dimensions"},
    "generated/ome-zarr-py/mri_v0.3_zyx.zarr": {"levels/array-dimensions"},
    "ome-zarr/fiji-java/bf2raw_dataset_v5.ome.zarr": {"bf2raw/metadata-only"},
    "ome-zarr/mobie/mri-stack.ome.zarr": {"transformations/list", "transformations/one-scale"},
    "ome-zarr/ome-zarr-examples/valid/plate-01.zarr": {"plate/well-indices"},
    "ome-zarr/ome-zarr-examples/invalid/image-01.zarr": {"document/nothing"},
    "ome-zarr/ome-zarr-examples/invalid/image-02.zarr": {"multiscales/list"},
    "ome-zarr/viv/bioformats-zarr/data.zarr": {"layout/value"},
    "ome-zarr/viv/blobs_image_v04.ome.zarr": {"omero/channel-color", "omero/channel-window", "omero/label"},
    "spatialdata/blobs.zarr": {"omero/channel-color", "omero/channel-window", "omero/label"},
}
"""Published stores that break a MUST of the text, and which; all others are sound."""


@pytest.fixture
def image(tmp_path: Path) -> Path:
    place = tmp_path / "cells.ome.zarr"
    pixels = np.random.default_rng(2).integers(0, 999, (2, 120, 130), dtype="u2")
    zarrscope.write(pixels, place, axes="cyx", scale={"y": 0.5, "x": 0.5}, unit="micrometer", levels=2)
    return place


@pytest.fixture
def broken(image: Path) -> Path:
    place = image.with_name("broken.ome.zarr")
    shutil.copytree(image, place)
    shutil.rmtree(place / "1")
    return place


def lines(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines()]


def test_exit_codes(image: Path, broken: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", str(image)]) == 0
    assert main(["validate", str(broken)]) == 1
    assert main(["validate", str(broken), str(image)]) == 1
    assert main(["validate", str(image.with_name("none.zarr")), str(broken)]) == 2
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--verdict", "odd", "x"],
        ["--depth", "odd", "x"],
        ["--kind", "odd", "x"],
        ["--format", "odd", "x"],
    ],
)
def test_wrong_usage(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", *words]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_help_has_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["validate", "--help"])
    assert "zarrscope validate cells.ome.zarr" in capsys.readouterr().out


def test_text(image: Path, broken: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["validate", str(image)])
    first = capsys.readouterr().out.splitlines()
    assert first[0] == f"{image}: valid (image, OME-Zarr 0.5, 3 documents; verdict spec)"
    verify = "'zarrscope verify' holds every file against the manifest that is here"
    assert first[-2:] == ["  not checked:", f"    pixels: none was read; {verify}"]
    shutil.rmtree(image / ".zarrscope")
    main(["validate", str(image)])
    assert capsys.readouterr().out.splitlines()[-1] == "    pixels: none was read"
    main(["validate", str(broken)])
    told = capsys.readouterr().out.splitlines()
    assert "not valid" in told[0] and "\x1b" not in told[0]
    place = "/attributes/ome/multiscales/0/datasets/1/path"
    line = f"    must   {place}: there is no array at '1' [levels/exist]"
    assert line in told
    assert told[told.index(line) + 1].strip().startswith("-> ")


def test_equal_problems_of_many_files_are_told_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "plate.zarr"
    place.mkdir()
    wells = [{"path": f"A/{c}", "rowIndex": 0, "columnIndex": c - 1} for c in range(1, 11)]
    columns = [{"name": str(c)} for c in range(1, 11)]
    plate: dict[str, object] = {"version": "0.5", "rows": [{"name": "A"}], "columns": columns, "wells": wells}
    plate["acquisitions"] = [{"id": 1, "name": "first", "maximumfieldcount": 1}]
    group(place, {"plate": plate})
    group(place / "A", None)
    for well in wells:
        group(place / well["path"], {"well": {"version": "0.5", "images": [{"path": "0", "acquisition": 3}]}})
        zarrscope.write(np.zeros((64, 64), "u1"), place / well["path"] / "0")
    assert main(["validate", str(place)]) == 1
    told = capsys.readouterr().out
    assert told.count("there is no acquisition 3") == 1
    assert "10 files (A/1/zarr.json, A/2/zarr.json, A/3/zarr.json, ...)" in told


def group(place: Path, ome: Any) -> None:
    place.mkdir(parents=True, exist_ok=True)
    attributes = {} if ome is None else {"ome": {"version": "0.5", **ome}}
    document = {"zarr_format": 3, "node_type": "group", "attributes": attributes}
    (place / "zarr.json").write_text(json.dumps(document))


def test_one_json_object_a_line(image: Path, broken: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = image.with_name("none.zarr")
    assert main(["validate", str(image), str(missing), str(broken), "--json"]) == 2
    sound, absent, wrong = lines(capsys.readouterr().out)
    assert (sound["path"], sound["valid"], sound["version"], sound["kind"]) == (
        str(image),
        True,
        "0.5",
        "image",
    )
    assert absent["valid"] is False and "no such file" in absent["message"] and absent["problems"] == []
    assert wrong["valid"] is False and isinstance(wrong["message"], str)
    (problem,) = [p for p in wrong["problems"] if p["weight"] == "MUST"]
    assert set(problem) == {"rule", "weight", "file", "pointer", "message", "hint"}
    assert problem["rule"] == "levels/exist" and wrong["unchecked"]


def test_a_list_on_standard_input(
    image: Path, broken: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import io

    names = [str(image), "", str(broken)] * 200
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n".join(names)))
    assert main(["validate", "-", "--format", "json"]) == 1
    found = lines(capsys.readouterr().out)
    assert [one["valid"] for one in found] == [True, False] * 200


def test_each_line_is_there_as_soon_as_it_is_known(image: Path) -> None:
    command = [sys.executable, "-m", "zarrscope", "validate", "-", "--json"]
    environment = {**os.environ, "PYTHONPATH": str(Path(zarrscope.__file__).parents[1])}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdin and process.stdout
        for _ in range(3):
            process.stdin.write(f"{image}\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["valid"]
        process.stdin.close()
        assert process.wait(30) == 0


def test_junit(image: Path, broken: Path, capsys: pytest.CaptureFixture[str]) -> None:
    odd = broken.with_name("odd\x01<&>.zarr")
    broken.rename(odd)
    assert main(["validate", str(image), str(odd), str(image / "none"), "--format", "junit"]) == 2
    root = ElementTree.fromstring(capsys.readouterr().out)  # noqa: S314 - our own
    suites = root.findall("testsuite")
    assert [(s.get("tests"), s.get("failures"), s.get("errors")) for s in suites] == [
        ("3", "0", "0"), ("2", "1", "0"), ("1", "0", "1")
    ]  # fmt: skip
    assert [c.get("name") for c in suites[0].findall("testcase")] == [
        "zarr.json",
        "0/zarr.json",
        "1/zarr.json",
    ]
    (failure,) = suites[1].iter("failure")
    assert failure.get("type") == "levels/exist" and "there is no array" in (failure.text or "")


def test_markdown(broken: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = json.loads((broken / "zarr.json").read_text())
    document["attributes"]["ome"]["multiscales"][0]["datasets"][1]["path"] = "a|b*c"
    (broken / "zarr.json").write_text(json.dumps(document))
    assert main(["validate", str(broken), "--format", "markdown"]) == 1
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith("## ") and told[0].endswith(": not valid")
    rows = [line for line in told if line.startswith("| MUST")]
    assert len(rows) == 1 and rows[0].replace("\\|", "").count("|") == 6 and "a\\|b\\*c" in rows[0]


def test_verdicts(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = json.loads((image / "zarr.json").read_text())
    del document["attributes"]["ome"]["multiscales"][0]["name"]  # a SHOULD
    (image / "zarr.json").write_text(json.dumps(document))
    assert main(["validate", str(image)]) == 0
    assert main(["validate", str(image), "--verdict", "schema"]) == 0
    assert main(["validate", str(image), "--verdict", "strict"]) == 1
    capsys.readouterr()


@contextmanager
def served(folder: Path) -> Iterator[str]:
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_over_http(image: Path, broken: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with served(image.parent) as address:
        assert main(["validate", f"{address}/{image.name}", "--depth", "pixels"]) == 0
        assert main(["validate", f"{address}/{broken.name}"]) == 1
        assert main(["validate", f"{address}/{image.name}/zarr.json", "--json"]) == 0
        assert main(["validate", f"{address}/none.zarr"]) == 2
    told = capsys.readouterr().out
    assert "files that no document mentions" in told


def test_no_secret_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with served(tmp_path) as address:
        url = f"{address.replace('//', '//user:secret@')}/none.zarr?token=secret"
        for form in ("text", "json", "junit", "markdown"):
            assert main(["validate", url, "--format", form]) == 2
            told = capsys.readouterr()
            assert "secret" not in told.out + told.err and "127.0.0.1" in told.out + told.err


def test_zipped(image: Path, broken: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for folder, code in ((image, 0), (broken, 1)):
        archive = folder.with_suffix(".ozx")
        with zipfile.ZipFile(archive, "w") as made:
            for path in sorted(folder.rglob("*")):
                if path.is_file():
                    made.write(path, path.relative_to(folder).as_posix())
        assert main(["validate", str(archive)]) == code
    capsys.readouterr()


def test_the_command_starts_without_numpy(image: Path) -> None:
    code = (
        "import sys\nfrom zarrscope.cli.main import main\n"
        f"code = main(['validate', {str(image)!r}])\n"
        "heavy = {'numpy', 'numcodecs', 'obstore', 'numba', 'rich', 'asyncio'} & set(sys.modules)\n"
        "assert not heavy, heavy\nsys.exit(code)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert run.returncode == 0, run.stderr


def test_a_hostile_document_ends_soon_and_in_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "a.zarr"
    place.mkdir()
    for text in ("[" * 100_000, '{"a": ' + "9" * 50_000_000 + "}", '{"a": 1, "a": 2}', '{"a": NaN}'):
        (place / "zarr.json").write_text(text)
        assert main(["validate", str(place)]) == 1
    told = capsys.readouterr()
    assert told.err == "" and max(map(len, told.out.splitlines())) < 500


# --- published stores --------------------------------------------------------------------------------


def roots(shared: Path) -> Iterator[str]:
    for part in ("generated", "ome-zarr", "spatialdata"):
        for folder, inner, files in os.walk(shared / "data" / part):
            name = Path(folder).relative_to(shared / "data").as_posix()
            if name.startswith(("ome-zarr/rfc5", "ome-zarr/ngff-spec_0.6dev")):
                inner.clear()  # documents of drafts of 0.6, with no arrays
            elif {".zattrs", ".zgroup", "zarr.json"} & set(files):
                inner.clear()
                yield name


def test_published_stores(shared: Path) -> None:
    names = sorted(roots(shared))
    assert len(names) > 25
    wrong = {}
    for name in names:
        found = zarrscope.validate(shared / "data" / name, depth="pixels")
        rules = {p.rule for p in found.problems if "spec" in p.fails}
        if rules != MUST.get(name, set()):
            wrong[name] = rules
    assert not wrong


def test_published_stores_in_one_run(shared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = sorted(roots(shared))
    assert main(["validate", *(str(shared / "data" / name) for name in names), "--json"]) == 1
    assert [one["path"] for one in lines(capsys.readouterr().out)] == [
        str(shared / "data" / n) for n in names
    ]


def test_a_published_zip(shared: Path) -> None:
    found = zarrscope.validate(shared / "data/generated/ngff-zarr/migration_v0.5.ozx", depth="pixels")
    assert found.valid and found.kind == "image", found


def test_trees_of_drafts_are_whole(shared: Path) -> None:
    folder = shared / "conformance" / "jo-mueller+ngff-rfc5-coordinate-transformation-examples"
    trees = sorted(path.parent for path in folder.rglob("zarr.json") if path.parent.parent.name in AREAS)
    assert len(trees) >= 35
    structural = ("levels", "labels", "scene", "hierarchy", "document")
    for tree in trees:
        found = zarrscope.validate(tree)
        rules = {p.rule for p in found.problems if p.rule.partition("/")[0] in structural}
        assert rules <= {"hierarchy/one-version"}, (tree, found)  # some hold images of an earlier draft
        assert not [p for p in found.problems if p.rule == "transformations/parameters-exist"]
        assert len(found.files) > 1


def faulty(image: Path) -> dict[str, bytes]:
    """Take names of dimensions away and misspell a unit; return all files as they are then."""
    level = json.loads((image / "0/zarr.json").read_text())
    del level["dimension_names"]
    (image / "0/zarr.json").write_text(json.dumps(level))
    root = (image / "zarr.json").read_text().replace('"micrometer"', '"micron"')
    (image / "zarr.json").write_text(root)
    return files(image)


def files(root: Path) -> dict[str, bytes]:
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def test_fix(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = faulty(image)
    assert main(["validate", str(image), "--fix", "--dry-run"]) == 1
    shown = capsys.readouterr().out.splitlines()
    assert files(image) == before
    assert main(["validate", str(image), "--fix"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert shown[0] == (
        f"{image}: would make 3 changes in 2 documents; what stood there would be kept in .zarrscope/fix-1"
    )
    assert told[1:6] == shown[1:6]
    assert told[:6] == [
        f"{image}: 3 changes in 2 documents; what stood there is kept in .zarrscope/fix-1",
        "  zarr.json",
        '    /attributes/ome/multiscales/0/axes/1/unit: "micron" -> "micrometer"',
        '    /attributes/ome/multiscales/0/axes/2/unit: "micron" -> "micrometer"',
        "  0/zarr.json",
        '    /dimension_names: nothing -> ["c", "y", "x"]',
    ]  # fmt: skip
    assert told[6].startswith(f"{image}: valid (")
    after = files(image)
    documents = {"zarr.json", "0/zarr.json"}
    assert {key for key in before if after[key] != before[key]} <= {
        *documents,
        ".zarrscope/manifest/zarr.json",
    }
    assert zarrscope.verify(image).same  # the manifest knows what stands there now
    kept = {f".zarrscope/fix-1/{key}": before[key] for key in documents}
    assert {key: after[key] for key in after if key not in before} == kept
    assert main(["validate", str(image), "--fix"]) == 0
    assert "nothing that can be mended without guessing" in capsys.readouterr().out
    assert files(image) == after


def test_what_is_mended_does_not_stand_between_json(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    faulty(image)
    assert main(["validate", str(image), "--fix", "--json"]) == 0
    out, err = capsys.readouterr()
    assert lines(out)[0]["valid"] is True and "3 changes" in err


def test_fix_and_what_cannot_be_mended(image: Path, broken: Path, capsys: pytest.CaptureFixture[str]) -> None:
    archive = image.with_name("a.zip")
    with zipfile.ZipFile(archive, "w") as file:
        for key, data in files(image).items():
            file.writestr(key, data)
    assert main(["validate", str(broken), "--fix"]) == 1
    assert "nothing that can be mended" in capsys.readouterr().out
    assert main(["validate", str(archive), str(image), "--fix"]) == 2
    out, err = capsys.readouterr()
    assert "can only be read" in err and len(err.splitlines()) == 1 and f"{image}: valid" in out
    assert main(["validate", str(image), "--dry-run"]) == 2
    assert "--fix" in capsys.readouterr().err


def test_profile(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", str(image), "--profile", "dandi"]) == 0
    assert "verdict spec, profile dandi)" in capsys.readouterr().out
    for verdict in ("spec", "schema", "strict"):
        assert main(["validate", str(image), "--profile", "omero", "--verdict", verdict, "--json"]) == 1
        (found,) = lines(capsys.readouterr().out)
        assert found["profile"] == "omero" and found["valid"] is False
        assert "profile-omero/version" in {p["rule"] for p in found["problems"]}
    assert main(["validate", str(image), "--profile", "odd"]) == 2
    assert main(["validate", str(image), "--profile", "omero", "--depth", "documents"]) == 2
