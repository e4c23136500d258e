"""What is fuzzed: functions of bytes that may end in errors of ours and in nothing else.

As a program (``python -m tests.faults.fuzzing TARGET CORPUS -runs=N -seed=S``) it lets atheris choose the
bytes by what they make our code do; ``test_fuzz`` runs it, and chooses bytes of its own with hypothesis.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import warnings
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]
SHAPE = (16, 16)


def fuzz_model(data: bytes) -> None:
    """Text of a document to what it means, as a group and as an array of both formats of Zarr."""
    from zarrscope.array import metadata_v2, metadata_v3
    from zarrscope.array.chain import chunk_chain, unit_chain
    from zarrscope.documents import dump_json, safe_json
    from zarrscope.errors import ZarrscopeError
    from zarrscope.spec.versions import decode

    try:
        value = safe_json(data, file="a.json", allow_nan=True, comments=True)
    except ZarrscopeError:
        return
    again = safe_json(dump_json(value, allow_nan=True), file="b.json", allow_nan=True)
    assert repr(again) == repr(value)
    if not isinstance(value, dict):
        return
    attributes = value.get("attributes", value)
    if isinstance(attributes, dict):
        for zarr_format in (2, 3):
            _, report = decode(attributes, zarr_format=zarr_format)
            report.to_json()
    for read in (metadata_v2.decode, metadata_v3.decode):
        try:
            metadata = read(value)
            chunk_chain(metadata)
            unit_chain(metadata)
        except ZarrscopeError:
            continue


def fuzz_xml(data: bytes) -> None:
    """Text of an OME-XML to what it means."""
    from zarrscope.errors import ZarrscopeError
    from zarrscope.omexml.read import read

    try:
        read(data, file="a.xml")
    except ZarrscopeError:
        pass


def fuzz_zip(data: bytes) -> None:
    """Open an archive, list it, and read all of it, whole and in part."""
    from zarrscope.errors import ZarrscopeError
    from zarrscope.store.contracts import Suffix
    from zarrscope.store.keys import check_key
    from zarrscope.store.zip import ZipStore

    path = _scratch("fuzzed.zip", data)
    try:
        with ZipStore(path) as store:
            for key in store.list():
                check_key(key)
                for wanted in (None, (1, 5), Suffix(3)):
                    try:
                        value = store.get(key, wanted)
                        assert value is not None
                        if wanted is None:
                            assert len(value) == store.head(key).size
                    except ZarrscopeError:
                        continue
    except ZarrscopeError:
        pass


def fuzz_part(data: bytes) -> None:
    """Take up an unfinished archive where an offset says; what was refused is as it was."""
    from zarrscope.errors import ZarrscopeError
    from zarrscope.store.zip_writer import ZipWriter

    offset = int.from_bytes(data[:2], "little")
    path = _scratch("fuzzed.ozx.part", data[2:])
    store = ZipWriter(path.removesuffix(".part"))
    try:
        store.resume(offset)
    except ZarrscopeError:
        assert Path(path).read_bytes() == data[2:]
        return
    for key in store.list():
        try:
            store.get(key)
        except ZarrscopeError:
            continue
    store.close()
    assert Path(path).read_bytes() == data[2 : 2 + offset]


def chains() -> list[Any]:
    """Return an array of 16 x 16 for every codec, alone and in combination, and for shards."""
    from zarrscope.array.codecs import V2
    from zarrscope.array.describe import describe
    from zarrscope.array.metadata import Codec

    needs = {"delta": {"dtype": "<u2"}, "fixedscaleoffset": {"offset": 1, "scale": 2, "dtype": "<u2"},
             "astype": {"encode_dtype": "<u2", "decode_dtype": "<u2"}}  # fmt: skip
    floats = {"quantize": {"digits": 2}, "bitround": {"keepbits": 9}}
    made = []
    for name in sorted(V2):
        dtype = "float32" if name in floats else "bool" if name == "packbits" else "uint16"
        options = needs.get(name) or floats.get(name) or {}
        made.append(describe(SHAPE, dtype, SHAPE, zarr_format=2, codecs=(Codec(name, options),)))
    for codecs in (("crc32c",), ("zstd", "crc32c"), ("blosc", "gzip"), ("gzip", "zstd", "gzip")):
        made.append(describe(SHAPE, "uint16", SHAPE, codecs=tuple(map(Codec, codecs))))
    made += [describe(SHAPE, "uint16", (4, 4), shards=SHAPE, codecs=(Codec(n),)) for n in ("gzip", "crc32c")]
    return made


def fuzz_chunk(data: bytes) -> None:
    """Read a chunk or shard whole and in part; the first byte chooses the codec."""
    import numpy as np

    from zarrscope.array.open import create_array, open_array
    from zarrscope.errors import ZarrscopeError
    from zarrscope.store.memory import MemoryStore
    from zarrscope.types import Region

    if not _CHAINS:
        _CHAINS.extend(chains())
    metadata = _CHAINS[data[0] % len(_CHAINS)] if data else _CHAINS[0]
    store = MemoryStore()
    array = create_array(store, "a", metadata)
    store.put(array.key((0, 0)), data[1:])
    for region in (Region((0, 0), SHAPE), Region((3, 2), (4, 9))):
        try:
            found = open_array(store, "a").read(region)
            assert found.shape == region.shape
            assert found.dtype == np.dtype(metadata.dtype)
        except ZarrscopeError:
            continue


_CHAINS: list[Any] = []


def fuzz_key(data: bytes) -> None:
    """Demand of a key which the grammar takes that it stays below its root, alone and joined."""
    from zarrscope.errors import InvalidKeyError
    from zarrscope.store.keys import check_key, join
    from zarrscope.store.local import LocalStore
    from zarrscope.store.memory import MemoryStore

    root = f"{tempfile.gettempdir()}/nowhere/root"
    for key in (
        data.decode("utf-8", "surrogateescape"),
        data.decode("utf-16-le", "surrogatepass" if len(data) % 2 == 0 else "replace"),
    ):
        for text in (key, join("a", key)):
            try:
                check_key(text)
            except InvalidKeyError as error:
                assert "\n" not in str(error)
                for store in (LocalStore(root), MemoryStore()):
                    try:
                        store.get(text)
                    except InvalidKeyError:
                        continue
                    raise AssertionError(f"{text!r} was taken") from error
                continue
            assert os.path.normpath(f"{root}/{text}") == f"{root}/{text}"
            assert LocalStore(root).get(text) is None or not text
            assert MemoryStore().get(text) is None


TARGETS: dict[str, Callable[[bytes], None]] = {
    "model": fuzz_model,
    "xml": fuzz_xml,
    "zip": fuzz_zip,
    "part": fuzz_part,
    "chunk": fuzz_chunk,
    "key": fuzz_key,
}


def seeds(target: str) -> list[bytes]:
    """Return valid inputs, from which mutations begin."""
    import io

    import numpy as np

    if target == "model":
        from zarrscope.array.describe import to_documents

        axes = [{"name": "y", "type": "space", "unit": "micrometer"}, {"name": "x", "type": "space"}]
        step = {"type": "scale", "scale": [1.5, 2.0]}
        image = {
            "version": "0.4",
            "axes": axes,
            "datasets": [{"path": "0", "coordinateTransformations": [step]}],
        }
        plate = {"rows": [{"name": "A"}], "columns": [{"name": "1"}], "version": "0.4", "field_count": 1,
                 "wells": [{"path": "A/1", "rowIndex": 0, "columnIndex": 0}]}  # fmt: skip
        systems = [{"name": "s", "axes": axes}]
        channels = {"channels": [{"color": "FFFFFF", "window": {"min": 0, "max": 9}}]}
        colors = {"colors": [{"label-value": 1}]}
        whole: list[Any] = [
            {"multiscales": [image], "omero": channels},
            {"plate": plate}, {"well": {"images": [{"path": "0", "acquisition": 1}]}}, {"labels": ["a"]},
            {"ome": {"version": "0.5", "multiscales": [image], "image-label": colors}},
            {"ome": {"version": "0.6", "multiscales": [{"coordinateSystems": systems, "datasets": [
                {"path": "0", "coordinateTransformations": [step | {"input": "0", "output": "s"}]}]}]}},
            {"ome": {"version": "0.5", "series": ["0"], "bioformats2raw.layout": 3}},
            *(d for m in chains() for n, d in to_documents(m).items() if n in ("zarr.json", ".zarray")),
        ]  # fmt: skip
        return [json.dumps(document).encode() for document in whole]
    if target == "xml":
        return [
            b'<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">'
            b'<Image ID="Image:0" Name="a"><Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint16" '
            b'SizeX="4" SizeY="4" SizeZ="1" SizeC="2" SizeT="1" PhysicalSizeX="0.5" PhysicalSizeXUnit="nm">'
            b'<Channel ID="Channel:0:0" Color="-1" SamplesPerPixel="2"/><TiffData IFD="0"/>'
            b'<Plane TheZ="0" TheT="0" TheC="0" DeltaT="1.5"/></Pixels></Image></OME>'
        ]
    if target == "zip":
        made = []
        for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            for force in (False, True):
                archive = io.BytesIO()
                with zipfile.ZipFile(archive, "w", method) as written:
                    for name in ("zarr.json", "0/c/0", "ü"):
                        with written.open(name, "w", force_zip64=force) as file:
                            file.write(name.encode() * 9)
                    written.comment = b'{"ome": {}}'
                made.append(archive.getvalue())
        return made
    if target == "part":
        from zarrscope.store.zip_writer import ZipWriter

        path = _scratch("seed.ozx.part", b"")
        Path(path).unlink()
        store = ZipWriter(path.removesuffix(".part"))
        store.begin([("zarr.json", 40), ("0/zarr.json", 30)])
        store.put("zarr.json", b"{}")
        store.put("0/c/0", b"pixels")
        offset = store.offset
        store.close()
        data = Path(path).read_bytes()
        Path(path).unlink()
        return [offset.to_bytes(2, "little") + data, offset.to_bytes(2, "little") + data + b"torn"]
    if target == "chunk":
        from zarrscope.array.open import create_array
        from zarrscope.store.memory import MemoryStore
        from zarrscope.types import Region

        made = []
        for number, metadata in enumerate(chains()):
            store = MemoryStore()
            array = create_array(store, "a", metadata)
            array.write(Region((0, 0), SHAPE), np.arange(256).reshape(SHAPE).astype(metadata.dtype))
            made.append(bytes([number]) + bytes(store.get(array.key((0, 0)))))
        return made
    return [
        b"0/c/0/0",
        b"../a",
        "a/ü".encode(),
        b"a//b",
        b"c:\\a",
        b"%2e%2e/a",
        "\ud800/..".encode("utf-16-le", "surrogatepass"),
    ]


def _scratch(name: str, data: bytes) -> str:
    """Write a file into memory, where the system has such a place, and return its path."""
    folder = Path("/dev/shm" if os.path.isdir("/dev/shm") else tempfile.gettempdir())  # noqa: PTH112, S108
    path = folder / f"zarrscope-{os.getpid()}-{name}"
    path.write_bytes(data)
    return str(path)


def clean() -> None:
    """Remove what ``_scratch`` wrote."""
    for folder in (Path("/dev/shm"), Path(tempfile.gettempdir())):  # noqa: S108
        for path in folder.glob(f"zarrscope-{os.getpid()}-*"):
            path.unlink()


def main() -> None:
    """Let atheris choose."""
    import atheris

    warnings.simplefilter("error")
    target, corpus = sys.argv[1:3]
    with atheris.instrument_imports(include=["zarrscope"]):
        for data in seeds(target):
            TARGETS[target](data)
    for number, data in enumerate(seeds(target)):
        (Path(corpus) / f"seed-{number}").write_bytes(data)
    atheris.Setup([sys.argv[0], corpus, *sys.argv[3:]], TARGETS[target])
    import atexit

    atexit.register(clean)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
