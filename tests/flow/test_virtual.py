"""Real files as virtual stores: what other readers find there is what others found in the file."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import imagecodecs
import numpy as np
import pytest
import tensorstore
import tifffile
import zarr
from tests.conftest import ROOT
from tests.parity.test_sources import DATA, LOSSY, checksum, entries, place_of, truth, undone
from tests.unit.virtual.arrays import halved

import zarrscope
from zarrscope.array.zarr_adapter import ZarrStore
from zarrscope.check.validate import validate
from zarrscope.report import Severity
from zarrscope.source.registry import open_source
from zarrscope.virtual import completed
from zarrscope.virtual.encode import encode

if TYPE_CHECKING:
    from collections.abc import Callable

SLIDES = ("wsi/CMU-1-Small-Region.svs", "wsi/test3-DAPI-2-(387).ndpi", "generated/ome-tiff")


def levels(group: Any, image: Any) -> list[np.ndarray[Any, Any]]:
    return [group[level.path][:] for level in image.levels]


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize("name", entries("tiff", "ome-multifile"))
def test_every_pixel_of_every_series(name: str, version: str) -> None:
    path = place_of(name)
    series = [one for one in truth()[name]["truth"]["series"]
              if one["name"] not in {"Thumbnail", "Label", "Macro", "Map"}]  # fmt: skip
    with encode(open_source(path), version=version) as store, tifffile.TiffFile(path) as tif:
        assert len(store.images) == len(series)
        group = zarr.open_group(ZarrStore(store), mode="r")
        for image, seen in zip(store.images, series, strict=True):
            found, shape = levels(group, image), tuple(seen["shape"])
            stored = [pixels for pixels, one in zip(found, image.levels, strict=True) if not one.computed]
            own = tif.series[truth()[name]["truth"]["series"].index(seen)]
            assert len(stored) == len(seen["levels"])
            if name not in LOSSY:
                assert checksum(undone(stored[0], seen["axes"], shape)) == seen["sha256_c_order"]
            for number, pixels in enumerate(stored):
                expected = own.levels[number].asarray()
                there = undone(pixels, seen["axes"], tuple(seen["levels"][number]))
                assert np.abs(there.astype(int) - expected.astype(int)).max() <= (2 if name in LOSSY else 0)
            for below, here in pairwise(found[len(stored) - 1 :]):
                np.testing.assert_array_equal(here, halved(below))


@pytest.mark.parametrize(
    "name", ["png/0_1_N_G.png", "png/0_1_N_R.png", "skimage/cell.png", "skimage/retina.jpg"]
)
def test_pictures(shared: Path, name: str) -> None:
    data = (shared / "data" / name).read_bytes()
    expected = imagecodecs.jpeg_decode(data) if name.endswith("jpg") else imagecodecs.png_decode(data)
    with encode(open_source(shared / "data" / name)) as store:
        found = zarr.open_group(ZarrStore(store), mode="r")["0"][:]
    np.testing.assert_array_equal(found if expected.ndim == 2 else np.moveaxis(found, 0, -1), expected)


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize("name", entries("tiff", "ome-multifile", "planes"))
def test_documents_break_no_rule(name: str, version: str) -> None:
    with encode(open_source(place_of(name)), version=version) as store:
        assert not [p for p in validate(store).problems if p.severity is Severity.MUST]


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize("name", SLIDES)
def test_written_out_others_read_it(
    shared: Path, tmp_path: Path, judge: Callable[[str], Path], name: str, version: str
) -> None:
    driver = "zarr" if version == "0.4" else "zarr3"
    with encode(open_source(shared / "data" / name), version=version) as store:
        for key in store.list():
            place = tmp_path / "out" / key
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(store.get(key))
        seen = {}
        for image in store.images:
            for number, level in enumerate(image.levels):
                kvstore = {"driver": "file", "path": f"{tmp_path}/out/{level.path}/"}
                spec = {"driver": driver, "kvstore": kvstore}
                pixels = tensorstore.open(spec, read=True).result().read().result()
                if number == 0:
                    seen[image.path] = (pixels, [list(one.shape) for one in image.levels])
                np.testing.assert_array_equal(
                    pixels, zarr.open_group(ZarrStore(store), mode="r")[level.path][:]
                )
    places = json.dumps([str(tmp_path / "out" / path) for path in seen])
    script = ROOT / "tests" / "judges" / "ome_zarr_py.py"
    done = subprocess.run(
        [judge("ome-zarr-py"), script], input=places, capture_output=True, text=True, check=True
    )
    answers = json.loads(done.stdout)["answers"]
    for path, (pixels, shapes) in seen.items():
        (image,) = answers[str(tmp_path / "out" / path)]["images"]
        assert image["shapes"] == shapes
        assert image["sha256"] == hashlib.sha256(np.ascontiguousarray(pixels)).hexdigest()


@pytest.mark.parametrize(
    "name", ["ome-zarr/ome-zarr-py_v0.1.zarr", "generated/ome-zarr-py/mri_v0.4_zyx.zarr"]
)
def test_what_is_stored_passes_to_the_byte(name: str) -> None:
    folder = DATA / name
    if not folder.is_dir():
        pytest.skip(f"no test data: {folder}")
    with encode(open_source(folder)) as store:
        names = [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]
        assert sorted(store.list()) == sorted(names)
        for key in names[:200]:
            assert bytes(store.get(key) or b"") == (folder / key).read_bytes()


SIXTEEN = """
import sys, threading, numpy as np
from zarrscope.node.open import open_node
from zarrscope.source.registry import open_source
from zarrscope.virtual.encode import encode

def anonymous():
    lines = open("/proc/self/status").read().splitlines()
    return int(next(line for line in lines if line.startswith("RssAnon")).split()[1]) * 1024

peak, done = 0, threading.Event()

def watch():
    global peak
    while not done.wait(0.002):
        peak = max(peak, anonymous())

def work(store, seed):
    dice = np.random.default_rng(seed)
    levels = open_node(store).levels[:4]
    for _ in range(8):
        level = levels[dice.integers(4)]
        grid = [-(-n // c) for n, c in zip(level.shape, level.chunks)]
        store.get("/".join([level.path, "c", *(str(dice.integers(n)) for n in grid)]))

with encode(open_source(sys.argv[1], axes=sys.argv[3] or None), memory=int(sys.argv[2])) as store:
    before = anonymous()
    threads = [threading.Thread(target=work, args=(store, seed)) for seed in range(16)]
    threads.append(threading.Thread(target=watch))
    for thread in threads:
        thread.start()
    for thread in threads[:-1]:
        thread.join()
    done.set()
    print(peak - before, store.counts.decoded if hasattr(store, "counts") else len(store.computed_levels))
"""


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="only Linux says what a process takes")
def test_sixteen_at_once_stay_within_memory(tmp_path: Path) -> None:
    plane = np.add.outer(np.arange(3000), np.arange(3000)).astype("u2")
    pages = (np.roll(plane, 7 * k) for k in range(16))
    tifffile.imwrite(
        tmp_path / "pages.tif", pages, shape=(16, 3000, 3000), dtype="u2", compression="zlib",
        rowsperstrip=3000, metadata={"axes": "ZYX"},
    )  # fmt: skip
    memory = 150_000_000  # eight pages of 16
    command = [sys.executable, "-c", SIXTEEN, tmp_path / "pages.tif", str(memory), "zyx"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    peak, decoded = map(int, done.stdout.split())
    assert decoded >= 16
    assert peak <= memory


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="only Linux says what a process takes")
def test_levels_that_are_added_stay_within_memory(tmp_path: Path) -> None:
    pixels = np.random.default_rng(1).integers(0, 4000, (2, 7000, 7000), dtype="u2")
    zarrscope.write(pixels, tmp_path / "a.ome.zarr", axes="cyx", levels=1)
    memory = 100_000_000  # half of them
    command = [sys.executable, "-c", SIXTEEN, tmp_path / "a.ome.zarr", str(memory), ""]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    peak, added = map(int, done.stdout.split())
    assert added == 5
    assert peak <= memory, peak


@pytest.mark.parametrize(
    "name",
    [
        "ome-zarr/ome-zarr-examples/valid/image-01.zarr",
        "ome-zarr/ome-zarr-examples/valid/plate-01.zarr/A/1/0",
        "ome-zarr/ome-zarr-models/v04_hcs_example.ome.zarr/B/03/0",
    ],
)
def test_stored_images_of_others_get_the_levels_that_they_lack(
    shared: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(completed, "AT_ONCE", 0)  # they are small
    folder = shared / "data" / name
    with encode(open_source(folder)) as store:
        stored, found = (zarr.open_group(one, mode="r") for one in (folder, ZarrStore(store)))
        last = stored.attrs["multiscales"][0]["datasets"][-1]["path"]
        before = stored[last][...]
        assert store.computed_levels
        for path in store.computed_levels:
            np.testing.assert_array_equal(found[path][...], before := halved(before))
        assert not [one for one in validate(store).problems if one.severity is Severity.MUST]
