"""Files that are no Zarr, through the server: clients of four kinds read what tifffile finds in the file."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tensorstore
import tifffile
import zarr
from obstore.store import HTTPStore
from zarr.storage import ObjectStore

import zarrscope

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from zarrscope.server.view import View

ROOT = Path(__file__).resolve().parents[2]
FILES = ("ome-tiff/4D-series.ome.tiff", "wsi/CMU-1-Small-Region.svs")


def pixels_of(path: Path) -> NDArray[Any]:
    """Return what tifffile finds, with axes in the order t, c, z, y, x."""
    with tifffile.TiffFile(path) as file:
        series = file.series[0]
        names, found = series.axes.replace("S", "C"), series.levels[0].asarray()
    kept = [name for name in "TCZYX" if name in names]
    return np.ascontiguousarray(found.transpose([names.index(name) for name in kept]))


@pytest.fixture(scope="module", params=FILES, ids=["ome-tiff", "svs"])
def served(request: pytest.FixtureRequest, shared: Path) -> Iterator[tuple[View, NDArray[Any]]]:
    path = shared / "data" / request.param
    with zarrscope.view(path) as shown:
        yield shown, pixels_of(path)


def checksum(pixels: NDArray[Any]) -> str:
    little = np.ascontiguousarray(pixels, pixels.dtype.newbyteorder("<"))
    return hashlib.sha256(little.tobytes()).hexdigest()


def test_zarr_python(served: tuple[View, NDArray[Any]]) -> None:
    shown, pixels = served
    store = ObjectStore(HTTPStore.from_url(shown.data, client_options={"allow_http": True}), read_only=True)
    assert np.array_equal(np.asarray(zarr.open_group(store, mode="r")["0"]), pixels)


def test_tensorstore(served: tuple[View, NDArray[Any]]) -> None:
    shown, pixels = served
    spec = {"driver": "zarr3", "kvstore": {"driver": "http", "base_url": f"{shown.data}0/"}}
    assert np.array_equal(tensorstore.open(spec).result().read().result(), pixels)


def test_ome_zarr_py(served: tuple[View, NDArray[Any]], judge: Callable[[str], Path]) -> None:
    shown, pixels = served
    run = subprocess.run(
        [judge("ome-zarr-py"), ROOT / "tests" / "judges" / "ome_zarr_py.py"],
        input=json.dumps([shown.data]), capture_output=True, text=True, timeout=300, check=True,
    )  # fmt: skip
    said = json.loads(run.stdout)["answers"][shown.data]
    assert said["images"][0]["sha256"] == checksum(pixels), said


def test_zarrita(served: tuple[View, NDArray[Any]]) -> None:
    if shutil.which("node") is None or not (ROOT / "web" / "node_modules" / "zarrita").is_dir():
        pytest.skip("zarrita is not run: no Node, or its packages are not installed (make web)")
    shown, pixels = served
    url = f"{shown.data}0"
    run = subprocess.run(
        ["node", ROOT / "tests" / "judges" / "zarrita.mjs"],
        input=json.dumps([url]), capture_output=True, text=True, timeout=300, check=True,
    )  # fmt: skip
    assert json.loads(run.stdout)[url] == {
        "shape": list(pixels.shape), "dtype": pixels.dtype.name, "sha256": checksum(pixels),
    }  # fmt: skip
