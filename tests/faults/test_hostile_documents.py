"""Hostile documents and archives: each ends in an error of ours, in under 2 s and 200 MiB."""

from __future__ import annotations

import io
import json
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.faults.hostile import BOMB, TRAVERSALS, names, zeros_through

import zarrscope
from zarrscope.errors import (
    CorruptDataError,
    InvalidKeyError,
    MetadataError,
    NotFoundError,
    UnsupportedError,
    ZarrscopeError,
)
from zarrscope.store.zip_writer import ZipWriter

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.attack import Attacker

# --- documents ----------------------------------------------------------------------------------------

MIB = 1 << 20


def hard_json(size: int) -> dict[str, bytes]:
    """Return documents that are hard to read, of at most so many bytes."""
    return {
        "deep lists": b"[" * size,
        "deep objects": b'{"a":' * (size // 5),
        "deep and closed": b"[" * (size // 2) + b"]" * (size // 2),
        "129 deep": b"[" * 129 + b"]" * 129,
        "a long integer": b"1" * size,
        "many long integers": b"[" + b"9" * 299 + b"]",
        "a long fraction": b"0." + b"1" * (size - 2),
        "an exponent": b"1e" + b"9" * 290,
        "infinite": b"1e999",
        "spaces": b" " * (size - 2) + b"{}",
        "one string": b'"' + b"a" * (size - 2) + b'"',
        "one wide string": b'"' + b"a" * (size - 6) + "\U0001f600".encode() + b'"',
        "emoji": b'"' + "\U0001f600".encode() * ((size - 2) // 4) + b'"',
        "brackets in a string": b'"' + b"[{" * (size // 2 - 2) + b'"',
        "brackets and a string": b"[" * 100 + b'"' + b"[" * (size - 300) + b'"' + b"]" * 100,
        "quotes": b'"' * size,
        "escaped quotes without an end": b'["' + b'\\"' * (size // 2 - 2),
        "backslashes": b'["' + b"\\\\" * (size // 2 - 4) + b'"]',
        "escapes": b'["' + b"\\u0041" * (size // 6 - 2) + b'"]',
        "surrogates": b'["' + b"\\ud83d\\ude00" * (size // 12 - 2) + b'"]',
        "surrogates, one alone": b'["' + b"\\ud83d\\ude00" * (size // 12 - 3) + b'\\ud800"]',
        "comments": b"//\n" * (size // 3),
        "comments between values": b"[" + b"\n//\n1," * (size // 6 - 1) + b"1]",
        "integers": b"[" + b"1," * (size // 2 - 2) + b"1]",
        "integers within bounds": b"[" + b"123456," * 599_990 + b"1]",
        "fractions within bounds": b"[" + b"1.2345678901234567," * 599_990 + b"1]",
        "objects within bounds": b"[" + b"{}," * 299_990 + b"1]",
        "objects of one key": b"[" + b'{"a":1},' * 299_990 + b"1]",
        "lists within bounds": b"[" + b"[1]," * 299_990 + b"1]",
        "keys within bounds": b"{" + b",".join(b'"%015d":1' % i for i in range(599_990)) + b"}",
        "one key again and again": b"{" + b",".join([b'"a":1'] * 599_990) + b"}",
        "keys and a surrogate": b'{"a":"\\ud83d\\ude00"'
        + b"".join(b',"%015d":1' % i for i in range(599_980))
        + b"}",
        "no UTF-8": b'"' + b"\xff" * size,
        "UTF-16": ("[" * (size // 2)).encode("utf-16"),
        "NUL": b"\0" * size,
        "NaN": b"NaN",
        "nothing": b"",
        "tabs and slashes": (b"\t" * 1000 + b"/") * (size // 1001),
    }  # fmt: skip


JSON_NAMES = list(hard_json(1000))


class TestDocuments:
    """Documents are read to a bounded size, in bounded time and memory."""

    @pytest.mark.parametrize("name", JSON_NAMES)
    @pytest.mark.parametrize("size", [32 * MIB, MIB])
    def test_json(self, tmp_path: Path, attack: Attacker, name: str, size: int) -> None:
        path = tmp_path / "a.json"
        path.write_bytes(hard_json(size)[name][: 32 * MIB])
        attack("json", path).check()

    @pytest.mark.parametrize("name", ["zarr.json", ".zattrs", ".zgroup", ".zarray"])
    @pytest.mark.parametrize("fill", ["hole", "spaces"])
    def test_ten_gigabytes(self, tmp_path: Path, attack: Attacker, name: str, fill: str) -> None:
        root = tmp_path / "a.zarr"
        version = "0.5" if name == "zarr.json" else "0.4"
        zarrscope.write(np.zeros((8, 8), "u1"), root, version=version)
        place = root / "0" / name if name == ".zarray" else root / name
        with place.open("r+b") as file:
            file.seek(0, 2)
            file.write(b" " * (40 * MIB if fill == "spaces" else 1))
            file.truncate(10 << 30)
        for action in ("open", "pixel", "validate"):
            attack(action, root).check(root)
        assert attack("pixel", root).error == "MetadataError"
        attack("validate", place).check(root)

    def test_in_an_archive(self, tmp_path: Path, attack: Attacker) -> None:
        path = tmp_path / "a.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            with archive.open("zarr.json", "w") as file:
                for _ in range(400):
                    file.write(b" " * MIB)
        for action in ("open", "validate"):
            attack(action, path).check()

    @pytest.mark.parametrize("count", [1000, 20_000])
    @pytest.mark.parametrize(
        "what",
        [
            "datasets",
            "axes",
            "wells",
            "rows",
            "images",
            "labels",
            "series",
            "transformations",
            "colors",
            "channels",
            "multiscales",
            "matrix",
        ],
    )
    def test_long_lists(self, tmp_path: Path, attack: Attacker, what: str, count: int) -> None:
        folder = tmp_path / "a"
        folder.mkdir()
        group = {"zarr_format": 3, "node_type": "group", "attributes": {"ome": _long(what, count)}}
        (folder / "zarr.json").write_text(json.dumps(group))
        attack("open", folder).check()

    @pytest.mark.parametrize(
        "name",
        [
            "elements",
            "attributes",
            "attributes of one element",
            "one attribute each",
            "deep",
            "text",
            "wide text",
            "doctype",
            "entities",
            "external",
            "planes",
            "long names",
            "namespaces",
            "comments",
            "cdata",
            "instructions",
            "references",
        ],
    )
    def test_xml(self, tmp_path: Path, attack: Attacker, name: str) -> None:
        size = 32 * MIB - 200
        inside = {
            "elements": b"<a/>" * 499_000,
            "attributes": (b"<a " + b" ".join(b'a%d="1"' % i for i in range(1000)) + b"/>") * 990,
            "attributes of one element": b"<a " + b" ".join(b'a%d="1"' % i for i in range(2_700_000)) + b"/>",
            "one attribute each": b"".join(b'<a b="%06d"/>' % i for i in range(333_000)),
            "deep": b"<a>" * 100_000,
            "text": b"a" * size,
            "wide text": b"a" * (size - 10) + "\U0001f600".encode(),
            "planes": b"".join(
                b'<Plane TheZ="%d" TheT="%d" TheC="%d" DeltaT="%d.5" PositionX="%d.5" PositionY="%d.5"/>'
                % (*[i] * 6,)
                for i in range(125_000)
            ),
            "long names": (b"<" + b"a" * 1000 + b"/>") * (size // 1010),
            "namespaces": b"".join(b'<a xmlns="u%d"/>' % i for i in range(333_000)),
            "comments": b"<!---->" * (size // 7),
            "cdata": b"<![CDATA[a]]>" * (size // 13),
            "instructions": b"<?a?>" * (size // 5),
            "references": b"&#65;" * (size // 5),
        }.get(name, b"")
        head = {
            "doctype": b"<!DOCTYPE OME>",
            "entities": b'<!DOCTYPE OME [<!ENTITY a "aaaaaaaaaa">'
            + b"".join(
                b'<!ENTITY a%d "%s">' % (i, (b"&a%d;" % (i - 1) if i else b"&a;") * 10) for i in range(20)
            )
            + b"]>",
            "external": b'<!DOCTYPE OME [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        }.get(name, b"")
        path = tmp_path / "a.xml"
        path.write_bytes(
            head + b'<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">' + inside + b"</OME>"
        )
        outcome = attack("xml", path)
        outcome.check(tmp_path)


def _long(what: str, count: int) -> dict[str, Any]:
    """Return metadata with one list that is long."""
    axes = [{"name": "y", "type": "space"}, {"name": "x", "type": "space"}]
    scale = {"type": "scale", "scale": [1.0, 1.0]}
    datasets = [{"path": "0", "coordinateTransformations": [scale]}]
    image: dict[str, Any] = {"axes": axes, "datasets": datasets}
    ome: dict[str, Any] = {"version": "0.5", "multiscales": [image]}
    plate: dict[str, Any] = {"rows": [{"name": "A"}], "columns": [{"name": "1"}],
                             "wells": [{"path": "A/1", "rowIndex": 0, "columnIndex": 0}]}  # fmt: skip
    if what == "datasets":
        image["datasets"] = [{"path": str(i), "coordinateTransformations": [scale]} for i in range(count)]
    elif what == "axes":
        image["axes"] = [{"name": f"a{i}", "type": "space"} for i in range(count)]
    elif what == "transformations":
        datasets[0]["coordinateTransformations"] = [scale] * count
    elif what == "matrix":
        datasets[0]["coordinateTransformations"] = [{"type": "affine", "affine": [[0.0] * count] * 3}]
    elif what == "multiscales":
        ome["multiscales"] = [image] * count
    elif what == "channels":
        ome["omero"] = {"channels": [{"label": str(i), "color": "FFFFFF"} for i in range(count)]}
    elif what == "colors":
        ome["image-label"] = {"colors": [{"label-value": i, "rgba": [1, 2, 3, 4]} for i in range(count)]}
    elif what == "wells":
        plate["wells"] = [{"path": f"A/{i}", "rowIndex": 0, "columnIndex": i} for i in range(count)]
        ome = {"version": "0.5", "plate": plate}
    elif what == "rows":
        plate["rows"] = [{"name": f"A{i}"} for i in range(count)]
        ome = {"version": "0.5", "plate": plate}
    elif what == "images":
        ome = {"version": "0.5", "well": {"images": [{"path": str(i)} for i in range(count)]}}
    else:
        ome = {"version": "0.5", what: [f"p{i}" for i in range(count)]}
    return ome


# --- archives -----------------------------------------------------------------------------------------


class TestArchives:
    """Zip bombs and archives that lie."""

    @pytest.mark.parametrize("name", ["zarr.json", "0/c/0/0", "big"])
    def test_members_that_inflate(self, tmp_path: Path, attack: Attacker, name: str) -> None:
        path = tmp_path / "a.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            with archive.open(name, "w", force_zip64=True) as file:
                for _ in range(BOMB >> 20):
                    file.write(bytes(MIB))
        attack("members", path).refused(UnsupportedError)
        attack("open", path).check()

    def test_an_archive_of_archives(self, tmp_path: Path, attack: Attacker) -> None:
        data = bytes(10 * MIB)
        for level in range(5):
            packed = io.BytesIO()
            with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
                for i in range(16):
                    archive.writestr(f"{level}-{i}.zip", data)
            data = packed.getvalue()
        (tmp_path / "a.zip").write_bytes(data)
        attack("members", tmp_path / "a.zip").check()
        attack("validate", tmp_path / "a.zip").check()

    @pytest.mark.filterwarnings("ignore:Duplicate name")
    def test_members_of_one_name(self, tmp_path: Path, attack: Attacker) -> None:
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
            archive.writestr("zarr.json", b"{}")
            archive.writestr("zarr.json", b"[]")
        for action in ("members", "open", "validate"):
            attack(action, tmp_path / "a.zip").refused(CorruptDataError)

    def test_members_that_overlap(self, tmp_path: Path, attack: Attacker) -> None:
        # The bomb of D. Fifield: every entry of the directory points to one kernel.
        kernel = zeros_through(zlib.compressobj(9, zlib.DEFLATED, -15), 16 << 20)
        checksum, size = zlib.crc32(bytes(16 << 20)), 16 << 20
        facts = (checksum, len(kernel), size, 5, 0)
        body = struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 8, 0, 33, *facts) + b"00000" + kernel
        entries = b"".join(
            struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, 8, 0, 33, *facts, 0, 0, 0, 0, 0) + b"%05d" % i
            for i in range(20_000)
        )
        end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 20_000, 20_000, len(entries), len(body), 0)
        (tmp_path / "a.zip").write_bytes(body + entries + end)
        for action in ("members", "open", "validate"):
            attack(action, tmp_path / "a.zip").refused(CorruptDataError)

    @pytest.mark.parametrize("name", [key for key in TRAVERSALS if key and key.isascii() and len(key) < 1000])
    def test_names(self, tmp_path: Path, attack: Attacker, name: str) -> None:
        root = tmp_path / "root"
        root.mkdir()
        (tmp_path / "secret").write_text("secret")
        store = ZipWriter(root / "a.zip")
        store.begin([])
        store.put("x" * len(name), b"evil")
        store.finish()
        data = (root / "a.zip").read_bytes().replace(b"x" * len(name), name.encode())
        (root / "a.zip").write_bytes(data)
        for action in ("members", "open", "validate"):
            attack(action, root / "a.zip").check(root)
        (root / "b.zip.part").write_bytes(data[: data.index(b"PK\1\2")])
        assert names(tmp_path) == ["root", "secret"]

    def test_a_directory_that_claims_much(self, tmp_path: Path, attack: Attacker) -> None:
        for number, (count, length, start) in enumerate(
            [
                (1 << 62, 1 << 40, 0),
                (1 << 62, 1000, 0),
                (2, (1 << 64) - 1, 10),
                (0, 0, 1 << 63),
                (1 << 32, 256 << 20, 0),
            ]
        ):
            path = tmp_path / f"{number}.zip"
            with path.open("wb") as file:
                file.truncate(1 << 40 if number != 1 else 1000)  # a hole
                at = file.seek(0, 2)
                file.write(
                    struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, length, start)
                )
                file.write(struct.pack("<4sLQL", b"PK\6\7", 0, at, 1))
                file.write(
                    struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
                )
            attack("members", path).refused(CorruptDataError, UnsupportedError)

    def test_not_an_archive(self, tmp_path: Path, attack: Attacker) -> None:
        for number, data in enumerate((b"", b"PK", b"PK\5\6" * 20_000, bytes(10**6), b"PK\3\4" + bytes(100))):
            path = tmp_path / f"{number}.zip"
            path.write_bytes(data)
            attack("members", path).refused(CorruptDataError, UnsupportedError)


def test_errors_are_of_two_kinds() -> None:
    """What the tests above accept is what a caller can catch."""
    for error in (CorruptDataError, InvalidKeyError, MetadataError, NotFoundError, UnsupportedError):
        assert issubclass(error, ZarrscopeError)
