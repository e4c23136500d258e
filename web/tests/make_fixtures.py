"""Make the small stores that the viewer's tests read: ``python web/tests/make_fixtures.py``.

Every pixel follows from its place (``ramp``), so that the tests know the values without asking anybody.
The images are written by zarrscope, the arrays of many types and codecs by zarr-python and TensorStore.
"""

from __future__ import annotations

import base64
import json
import tempfile
from pathlib import Path
from typing import Any

import numcodecs
import numpy as np
import tensorstore
import zarr
from zarr.codecs import BloscCodec, BytesCodec, Crc32cCodec, GzipCodec, TransposeCodec, ZstdCodec

import zarrscope

HERE = Path(__file__).parent / "fixtures"
SHAPE, CHUNKS = (10, 13), (4, 5)
SCALE = {"z": 1.5, "y": 0.5, "x": 0.25}


def ramp(shape: tuple[int, ...], dtype: Any = "u1") -> np.ndarray:
    """Return ``(... + c * 31 + z * 17 + y * 5 + x) % 251`` along the last axes."""
    steps = (101, 31, 17, 5, 1)[-len(shape) :]
    places = np.indices(shape)
    return (sum(s * p for s, p in zip(steps, places, strict=True)) % 251).astype(dtype)


def images(folder: Path) -> None:
    """Write images of several levels."""
    pixels = ramp((2, 6, 40, 52), "u2")
    common: dict[str, Any] = {"axes": "czyx", "scale": SCALE, "unit": "micrometer", "downsample": "nearest"}
    chunks = {"c": 1, "z": 3, "y": 16, "x": 16}
    names = [zarrscope.Channel("one", "00FF00", zarrscope.Window(0, 200, 0, 255)), "two"]
    zarrscope.write(
        pixels, folder / "sharded.ome.zarr", chunks=chunks, shards={"c": 2, "z": 6, "y": 48, "x": 64},
        channels=names, levels=3, name="ramp", **common,
    )  # fmt: skip
    zarrscope.write(
        pixels, folder / "plain.ome.zarr", chunks=chunks, channels=names, levels=3, version="0.4", **common
    )


def arrays_v2(folder: Path) -> None:
    """Write arrays of Zarr 2: types, byte orders, compressors, filters."""
    for dtype in ("|b1", "|i1", ">u2", "<i2", ">i4", "<u4", "<i8", ">u8", "<f2", ">f2", ">f4", "<f8"):
        name = f"v2-{'big' if dtype[0] == '>' else 'little'}-{dtype[1:]}"
        _v2(folder / name, dtype, compressors=None)
    packed = {f"blosc-{c}": numcodecs.Blosc(c, 5, s) for c, s in (("lz4", 1), ("zstd", 2), ("blosclz", 0))}
    packed |= {"zlib": numcodecs.Zlib(), "gzip": numcodecs.GZip(), "zstd": numcodecs.Zstd()}
    packed |= {"lz4": numcodecs.LZ4(), "bz2": numcodecs.BZ2()}
    for name, codec in packed.items():
        _v2(folder / f"v2-{name}", "<u2", compressors=codec)
    _v2(folder / "v2-fortran", "<u2", order="F", compressors=numcodecs.Zlib())
    _v2(folder / "v2-delta", "<i2", filters=[numcodecs.Delta("<i2")], compressors=numcodecs.Zlib())


def _v2(path: Path, dtype: str, **options: Any) -> None:
    array = zarr.create_array(
        path, shape=SHAPE, chunks=CHUNKS, dtype=dtype, zarr_format=2, fill_value=1,
        chunk_key_encoding={"name": "v2", "separator": "/"}, **options,
    )  # fmt: skip
    _fill(array)


def arrays_v3(folder: Path) -> None:
    """Write arrays of Zarr 3: types, codecs, shards, and what TensorStore writes differently."""
    for dtype in ("bool", "int8", "uint16", "int64", "uint64", "float16", "float32", "float64"):
        _v3(folder / f"v3-{dtype}", dtype, compressors=ZstdCodec())
    _v3(folder / "v3-big", "uint16", serializer=BytesCodec(endian="big"), compressors=None)
    _v3(folder / "v3-transposed", "uint16", filters=[TransposeCodec(order=(1, 0))], compressors=None)
    _v3(folder / "v3-gzip-crc", "uint16", compressors=[GzipCodec(), Crc32cCodec()])
    _v3(folder / "v3-blosc", "uint16", compressors=BloscCodec(cname="zstd", shuffle="bitshuffle"))
    _v3(folder / "v3-shards", "uint16", shards=(8, 10), compressors=[ZstdCodec(), Crc32cCodec()])
    codecs: list[Any] = [{"name": "bytes"}, {"name": "zstd"}]
    inner = {"chunk_shape": CHUNKS, "codecs": codecs, "index_location": "start"}
    spec = {
        "driver": "zarr3",
        "kvstore": {"driver": "file", "path": str(folder / "v3-tensorstore")},
        "metadata": {
            "shape": SHAPE,
            "data_type": "uint16",
            "fill_value": 1,
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": (8, 10)}},
            "codecs": [{"name": "sharding_indexed", "configuration": inner}],
        },
    }
    _fill(tensorstore.open(spec, create=True).result())


def _v3(path: Path, dtype: str, **options: Any) -> None:
    _fill(zarr.create_array(path, shape=SHAPE, chunks=CHUNKS, dtype=dtype, fill_value=1, **options))


def _fill(array: Any) -> None:
    """Write the ramp (halves for floats), but not the last chunk, which is to be absent."""
    dtype = np.dtype(getattr(array.dtype, "numpy_dtype", array.dtype))
    values = (
        ramp(SHAPE, "f8") / 2 if dtype.kind == "f" else ramp(SHAPE, "i8") % (2 if dtype.kind == "b" else 251)
    )
    if dtype == np.int8:
        values = values - 128
    array[:8, :] = values[:8].astype(dtype)
    array[8:, :10] = values[8:, :10].astype(dtype)


def main() -> None:
    """Write all stores into one file: a mapping from keys to bytes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        images(folder)
        arrays_v2(folder)
        arrays_v3(folder)
        files = sorted(p for p in folder.rglob("*") if p.is_file() and ".zarrscope" not in p.parts)
        packed = {p.relative_to(folder).as_posix(): base64.b64encode(p.read_bytes()).decode() for p in files}
    HERE.mkdir(exist_ok=True)
    (HERE / "stores.json").write_text(json.dumps(packed, indent=0) + "\n")


if __name__ == "__main__":
    main()
