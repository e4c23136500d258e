"""Hostile keys, links, codecs and data types: refused, with nothing outside touched."""

from __future__ import annotations

import itertools
import json
import os
import pickle
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.faults.hostile import CHUNK, TRAVERSALS, array_v2, array_v3, names

import zarrscope
from zarrscope.errors import (
    CorruptDataError,
    InvalidKeyError,
    MetadataError,
    UnsupportedError,
)

if TYPE_CHECKING:
    from tests.faults.attack import Attacker

# --- keys ---------------------------------------------------------------------------------------------


class TestKeys:
    """No key leads out of its root, however it is written."""

    @pytest.mark.parametrize("kind", ["local", "memory", "zip", "writer"])
    def test_no_store_leaves_its_root(self, tmp_path: Path, attack: Attacker, kind: str) -> None:
        (tmp_path / "secret").write_text("secret")
        root = tmp_path / "root"
        root.mkdir()
        place = root if kind in ("local", "memory") else root / "a.zip"
        with zipfile.ZipFile(root / "a.zip", "w") as archive:
            archive.writestr("zarr.json", "{}")
        before = names(tmp_path)
        methods = [("get",), ("head",)]
        methods += [("put", "evil"), ("delete",), ("create",)] if kind != "zip" else []
        for key, (method, *words) in itertools.product(TRAVERSALS, methods):
            outcome = attack("store", place, kind, method, key, *words)
            outcome.check(root)
            assert outcome.result is None or "secret" not in str(outcome.result)
        for path in tmp_path.rglob("*"):
            assert path.read_text() != "evil" if path.is_file() and path.parent == tmp_path else True
        assert names(tmp_path) == before

    @pytest.mark.parametrize("path", [key for key in TRAVERSALS if "\ud800" not in key])
    def test_paths_in_documents(self, tmp_path: Path, attack: Attacker, path: str) -> None:
        root = tmp_path / "root" / "image.zarr"
        zarrscope.write(np.zeros((8, 8), "u1"), root, version="0.4")
        secret = zarrscope.write(np.full((8, 8), 77, "u1"), tmp_path / "secret", version="0.4")
        assert secret.levels[0][0, 0] == 77
        document = json.loads((root / ".zattrs").read_text())
        document["multiscales"][0]["datasets"][0]["path"] = path
        document["labels"] = [path]
        (root / ".zattrs").write_text(json.dumps(document))
        for action in ("pixel", "validate"):
            outcome = attack(action, root)
            outcome.check(root)
            assert "77" not in str(outcome.result)
        outcome = attack("upgrade", root, str(tmp_path / "root" / "out.zarr"))
        outcome.check(tmp_path / "root")
        assert names(tmp_path) == ["root", "secret"]

    @pytest.mark.parametrize("kind", ["plate", "well", "series", "labels"])
    def test_paths_of_groups(self, tmp_path: Path, attack: Attacker, kind: str) -> None:
        zarrscope.write(np.full((8, 8), 77, "u1"), tmp_path / "secret")
        root = tmp_path / "root"
        for path in (
            "../secret",
            "a/../../secret",
            "/" + str(tmp_path / "secret"),
            "..%2fsecret",
            "..\\secret",
        ):
            ome: dict[str, Any] = {"version": "0.5"}
            if kind == "plate":
                well = {"path": path, "rowIndex": 0, "columnIndex": 0}
                ome["plate"] = {"rows": [{"name": "A"}], "columns": [{"name": "1"}], "wells": [well]}
            elif kind == "well":
                ome["well"] = {"images": [{"path": path}]}
            else:
                ome[kind] = [path]
            root.mkdir(exist_ok=True)
            group = {"zarr_format": 3, "node_type": "group", "attributes": {"ome": ome}}
            (root / "zarr.json").write_text(json.dumps(group))
            for action in ("groups", "validate"):
                outcome = attack(action, root)
                outcome.check(root)
                assert "77" not in str(outcome.result)


class TestLinks:
    """Symbolic links are not followed out of the root."""

    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        zarrscope.write(np.full((8, 8), 77, "u1"), tmp_path / "secret", shards="none", codec="none")
        zarrscope.write(np.full((8, 8), 1, "u1"), tmp_path / "root", shards="none", codec="none")
        return tmp_path / "root"

    @pytest.mark.parametrize("key", ["zarr.json", "0/zarr.json", "0/c/0/0", "0/c/0", "0/c", "0"])
    @pytest.mark.parametrize("target", ["absolute", "relative", "chained", "dangling", "circle"])
    def test_links_out(self, root: Path, attack: Attacker, key: str, target: str) -> None:
        place = root / key
        secret = root.parent / "secret" / key
        if place.is_dir():
            place.rename(root.parent / "old")
        else:
            place.unlink()
        if target == "relative":
            secret = Path(os.path.relpath(secret, place.parent))
        elif target == "chained":
            (root / "hop").symlink_to(secret)
            secret = root / "hop"
        elif target == "dangling":
            secret = root.parent / "later" / "evil"
        elif target == "circle":
            secret = place
        place.symlink_to(secret)
        before = names(root.parent)
        for action in ("pixel", "validate"):
            outcome = attack(action, root)
            outcome.check(root)
            assert "77" not in str(outcome.result)
        for method, words in (("get", ()), ("head", ()), ("put", ("evil",)), ("create", ())):
            outcome = attack("store", root, "local", method, key + ("" if "." in key else "/new"), *words)
            outcome.check(root)
            assert "77" not in str(outcome.result)
        assert names(root.parent) == before
        assert bytes(zarrscope.open(root.parent / "secret")[...]) == b"\x4d" * 64

    def test_what_stands_behind_a_link_is_not_deleted(self, root: Path, attack: Attacker) -> None:
        (root / "link").symlink_to(root.parent / "secret")
        outcome = attack("store", root, "local", "delete", "link/zarr.json")
        outcome.refused(InvalidKeyError)
        assert (root.parent / "secret" / "zarr.json").exists()


# --- codecs and data types that are not allowed -------------------------------------------------------


class Evil:
    """Says where it was executed."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)

    def __reduce__(self) -> Any:
        return os.mkdir, (self.path,)


FORBIDDEN = [
    "pickle",
    "msgpack2",
    "json2",
    "categorize",
    "vlen-array",
    "vlen-bytes",
    "n5_wrapper",
    "zfpy",
    "snappy",
    "os.system",
    "__import__('os')",
    "",
    "PICKLE",
    "pickle\0",
    "../pickle",
    "numcodecs.pickle",
    "base64",
    "pcodec",
]


class TestForbidden:
    """Codecs and types outside of the lists are refused by name, before a byte is decoded."""

    @pytest.mark.parametrize("name", FORBIDDEN)
    @pytest.mark.parametrize("where", ["compressor", "filters", "behind strings", "before", "after"])
    @pytest.mark.parametrize("dtype", ["|u1", "|O"])
    def test_v2(self, tmp_path: Path, attack: Attacker, name: str, where: str, dtype: str) -> None:
        evil, good = {"id": name}, {"id": "zlib", "level": 1}
        more: dict[str, Any] = {
            "compressor": {"compressor": evil},
            "filters": {"filters": [evil]},
            "behind strings": {"filters": [{"id": "vlen-utf8"}, evil]},
            "before": {"filters": [evil], "compressor": good},
            "after": {"filters": [good], "compressor": evil},
        }[where]
        data = pickle.dumps(Evil(tmp_path / "executed"))
        folder = array_v2(tmp_path / "root", data, dtype=dtype, fill_value=None, **more)
        attack("array", folder).refused(UnsupportedError, MetadataError)
        assert not (tmp_path / "executed").exists()

    @pytest.mark.parametrize("name", FORBIDDEN)
    @pytest.mark.parametrize("where", ["last", "only", "first", "in shards", "index"])
    def test_v3(self, tmp_path: Path, attack: Attacker, name: str, where: str) -> None:
        plain: dict[str, Any] = {"name": "bytes"}
        evil: dict[str, Any] = {"name": name}
        shards: dict[str, Any] = {
            "chunk_shape": CHUNK,
            "codecs": [plain, evil] if where == "in shards" else [plain],
            "index_codecs": [plain, evil] if where == "index" else [plain],
        }
        codecs = {"last": [plain, evil], "only": [evil], "first": [evil, plain]}.get(
            where, [{"name": "sharding_indexed", "configuration": shards}]
        )
        data = pickle.dumps(Evil(tmp_path / "executed"))
        folder = array_v3(tmp_path / "root", [], data, chain=codecs)
        attack("array", folder).refused(UnsupportedError, MetadataError)
        assert not (tmp_path / "executed").exists()

    @pytest.mark.parametrize(
        "dtype",
        [
            "O",
            "<O8",
            "object",
            "<M8[ns]",
            "|S0",
            "|S99999999999",
            "|V1000000",
            "|U999999",
            "(1000,1000)u1",
            "u1,O",
            ["a", "b"],
            [["a", "|O"]],
            [["a", "<u1", [1000000, 1000000]]],
            [["a", [["b", "|O"]]]],
            [["a", "|u1"]] * 50_000,
            [[f"f{i}", "|V999999"] for i in range(5000)],
            {},
            None,
            5,
            True,
            [],
            [[]],
            "u1" * 100_000,
            [["a", "|u1"], ["a", "|u1"]],
            [["\ud800", "|u1"]],
        ],
    )
    def test_types_of_v2(self, tmp_path: Path, attack: Attacker, dtype: Any) -> None:
        folder = array_v2(tmp_path / "root", b"\0" * 4096, dtype=dtype, fill_value=None)
        outcome = attack("corner", folder)
        outcome.check(folder)

    @pytest.mark.parametrize(
        "dtype",
        [
            "object",
            "pickle",
            "r8388600",
            "r999999999999",
            "r7",
            "float1024",
            "",
            None,
            5,
            [],
            {},
            {"name": []},
            {"name": {}},
            {"name": "fixed_length_utf32"},
            {"name": "raw_bytes", "configuration": {"length_bytes": 1 << 40}},
            {"name": "raw_bytes", "configuration": []},
            {"name": "null_terminated_bytes", "configuration": {"length_bytes": True}},
            {"name": "structured", "configuration": {"fields": []}},
            "numpy.datetime64",
            "uint8" * 100_000,
        ],
    )
    def test_types_of_v3(self, tmp_path: Path, attack: Attacker, dtype: Any) -> None:
        folder = array_v3(tmp_path / "root", [], b"\0" * 4096, data_type=dtype)
        attack("corner", folder).refused(UnsupportedError, MetadataError, CorruptDataError)
