"""A virtual store as a store: values, sizes, tags, ranges, keys."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tensorstore
import tifffile
import zarr
from tests.unit.virtual.arrays import Tiles, halved, noise

from zarrscope.array.zarr_adapter import ZarrStore
from zarrscope.check.validate import validate
from zarrscope.errors import ArgumentError, CorruptDataError, InvalidKeyError, SourceError
from zarrscope.report import Severity
from zarrscope.source.registry import open_source
from zarrscope.store.contracts import Listable, Quick, Readable, Request, Suffix
from zarrscope.types import Region
from zarrscope.virtual.encode import encode

if TYPE_CHECKING:
    from pathlib import Path

PIXELS = noise((2, 300, 700))


@pytest.fixture
def tiff(tmp_path: Path) -> Path:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, PIXELS, tile=(256, 256), compression="zlib", metadata={"axes": "ZYX"})
    return path


def store_of(path: Path, version: str = "0.5") -> Any:
    return encode(open_source(path, axes="zyx"), version=version)


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_it_is_what_it_says(tiff: Path, version: str) -> None:
    with store_of(tiff, version) as store:
        assert isinstance(store, Readable)
        assert isinstance(store, Listable)
        keys = list(store.list())
        assert keys == sorted(set(keys))
        for key in keys:
            data, info = store.get(key), store.head(key)
            assert info.size == len(data)
        assert len({store.head(key).tag for key in keys}) == len(keys)
        chunks = [key for key in keys if key[-1].isdigit() and key[:2] != "OM"]
        assert len(chunks) == 2 * (2 * 3 + 1 * 2 + 1)


def test_a_chunk_is_its_pixels_little_end_first_zero_beyond_the_image(tiff: Path) -> None:
    with store_of(tiff) as store:
        found = np.frombuffer(store.get("0/c/1/1/2"), "<u2").reshape(1, 256, 256)
        expected = np.zeros((1, 256, 256), "u2")
        expected[0, :44, :188] = PIXELS[1, 256:, 512:]
        np.testing.assert_array_equal(found, expected)
        assert json.loads(bytes(store.get("0/zarr.json")))["codecs"] == [
            {"name": "bytes", "configuration": {"endian": "little"}}
        ]


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize("key", ["zarr.json", ".zattrs", "1/c/1/0/1", "1/1/0/1"])
def test_ranges(tiff: Path, version: str, key: str) -> None:
    with store_of(tiff, version) as store:
        if (key in ("zarr.json", "1/c/1/0/1")) != (version == "0.5"):
            assert store.get(key) is None
            assert store.head(key) is None
            return
        data = bytes(store.get(key))
        for asked, expected in [
            ((0, 10), data[:10]), ((5, 10**9), data[5:]), ((10**9, 10**9 + 1), b""), (Suffix(7), data[-7:]),
            (Suffix(10**9), data),
        ]:  # fmt: skip
            assert bytes(store.get(key, asked)) == expected
        out = bytearray(20)
        assert bytes(store.get(key, (3, 13), memoryview(out))) == data[3:13] == bytes(out[:10])
        assert [bytes(v) for v in store.get_many([Request(key, (0, 4)), Request(key)])] == [data[:4], data]


@pytest.mark.parametrize(
    "key", ["3/zarr.json", "0/c/2/0/0", "0/c/0/0", "0", "c/0/0/0", "OME", "0/c/0/0/0/0", "x/y", "0/.zattrs",
            "OME/x", ".zgroup", "0/c/0/0/00"],
)  # fmt: skip
def test_absent(tiff: Path, key: str) -> None:
    with store_of(tiff) as store:
        assert store.get(key) is None
        assert store.head(key) is None
        assert store.look(key) is None


@pytest.mark.parametrize("key", ["", "../a.tif", "0//c", "/etc/passwd", "0/c/../zarr.json", "a\x00b"])
def test_no_keys(tiff: Path, key: str) -> None:
    with store_of(tiff) as store, pytest.raises(InvalidKeyError):
        store.get(key)


def test_tags_stay_while_the_source_does(tiff: Path) -> None:
    keys = ("zarr.json", "0/zarr.json", "0/c/0/0/0", "1/c/0/0/0")
    with store_of(tiff) as one, store_of(tiff) as two:
        tags = [one.head(key).tag for key in keys]
        assert tags == [two.head(key).tag for key in keys]
    with store_of(tiff, "0.4") as other:
        assert other.head("0/0/0/0").tag not in tags
    os.utime(tiff, ns=(1, 1))
    with store_of(tiff) as changed:
        assert not set(tags) & {changed.head(key).tag for key in keys}


def test_the_size_of_a_chunk_is_known_without_pixels() -> None:
    tiles = Tiles(PIXELS, (1, 256, 256))
    with encode(tiles) as store:
        assert store.head("0/c/0/0/0").size == 256 * 256 * 2
        assert store.head("3/c/0/0/0") is None
        assert not tiles.decoded
        value = store.look("0/c/0/0/0")
        assert isinstance(store, Quick)
        assert value.info == store.head("0/c/0/0/0")
        assert value.at_once(0, 10) is None
        assert not tiles.decoded
        data = store.get("0/c/0/0/0")
        here = store.look("0/c/0/0/0")
        assert here.at_once(3, 8) == data[3:8]
        here.close()
        assert sum(tiles.decoded.values()) == 1


def test_two_gets_decode_once() -> None:
    tiles = Tiles(PIXELS, (1, 300, 700))
    with encode(tiles) as store:
        for key in ("0/c/0/0/0", "0/c/0/0/1", "1/c/0/0/0", "0/c/0/0/0"):
            store.get(key)
        assert tiles.decoded == {(0, 0, 0): 1}
        assert store.counts[:2] == (1, 1)


def test_damage_is_told_where_it_is_and_hides_nothing_else() -> None:
    broken = Tiles(PIXELS, (1, 256, 256), broken=[(0, 0, 0), (1, 0, 1)])
    with encode(broken) as store:
        assert store.get("zarr.json") is not None  # the sample for its window is broken as well
        with pytest.raises(CorruptDataError, match=r"unit \(0, 0, 0\)"):
            store.get("0/c/0/0/0")
        with pytest.raises(CorruptDataError):
            store.get("1/c/0/0/0")
        assert len(store.get("0/c/0/0/1")) == 256 * 256 * 2


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_readers_of_others(tiff: Path, tmp_path: Path, version: str) -> None:
    with store_of(tiff, version) as store:
        group: Any = zarr.open_group(ZarrStore(store), mode="r")
        seen = [group[str(number)][:] for number in range(3)]
        for key in store.list():
            place = tmp_path / "out" / key
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(store.get(key))
    driver = "zarr3" if version == "0.5" else "zarr"
    for number, expected in enumerate((PIXELS, halved(PIXELS), halved(halved(PIXELS)))):
        np.testing.assert_array_equal(seen[number], expected)
        spec = {"driver": driver, "kvstore": {"driver": "file", "path": f"{tmp_path}/out/{number}/"}}
        np.testing.assert_array_equal(tensorstore.open(spec, read=True).result().read().result(), expected)


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_our_validator_finds_nothing(tiff: Path, version: str) -> None:
    with store_of(tiff, version) as store:
        found = validate(store).problems
    assert not [p for p in found if p.severity is Severity.MUST]
    assert {p.rule for p in found} <= {"axes/unit"}  # nobody knows the size of a pixel


def test_what_a_region_costs(tiff: Path) -> None:
    with store_of(tiff) as store:
        tile = 256 * 256 * 2
        assert store.source_bytes("0", Region((0, 0, 0), (1, 256, 256))) == tile
        assert store.source_bytes("0", Region((0, 10, 250), (1, 20, 260))) == 2 * tile
        assert store.source_bytes("0") == PIXELS.nbytes
        assert (
            store.source_bytes("1", Region((1, 0, 0), (2, 1, 1))) == 300 * 512 * 2
        )  # four tiles, as far as they go
        assert store.source_bytes("2", Region((1, 0, 0), (2, 1, 1))) == PIXELS[0].nbytes
        with pytest.raises(ArgumentError, match="no such array; there are 0, 1, 2"):
            store.source_bytes("3")


def test_closing_closes_the_source_once() -> None:
    class Closing:
        scenes = open_scenes = ()
        ome_xml = None
        closed = 0

        def fingerprint(self) -> str:
            return ""

        def close(self) -> None:
            self.closed += 1

    from zarrscope.model.description import ImageDescription
    from zarrscope.model.naming import axis
    from zarrscope.source.contracts import Scene

    source = Closing()
    description = ImageDescription("", (axis("y"), axis("x")), (None, None))
    source.scenes = (Scene(description, [Tiles(PIXELS[0], (256, 256))]),)
    with encode(source) as store:
        store.get("0/c/0/0")
        assert store.counts.nbytes > 0
    store.close()
    assert source.closed == 1
    assert store.counts.nbytes == 0
    with pytest.raises(SourceError, match="was closed"):
        store.get("0/c/0/0")
