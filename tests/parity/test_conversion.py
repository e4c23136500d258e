"""Real files through the whole conversion, read back by zarr-python and TensorStore.

What must come out is computed here from ``truth.json``, tifffile and plain arithmetic; nothing of
zarrscope takes part in that.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import imageio.v3 as imageio
import numpy as np
import pytest
import tensorstore
import tifffile
import zarr

import zarrscope
from zarrscope import ConvertOptions, PlanOptions

if TYPE_CHECKING:
    from numpy.typing import NDArray

SHARED = Path(os.environ.get("ZARRSCOPE_SHARED") or Path(__file__).resolve().parents[3] / "shared")
DATA = SHARED / "data"
KINDS = ("tiff", "ome-multifile", "planes")
LOSSY = {"wsi/CMU-1-Small-Region.svs", "wsi/test3-DAPI-2-(387).ndpi", "tiff/olympus_SIS.tif", "jpeg",
         "skimage/retina.jpg"}  # fmt: skip
LARGE = {"wsi/CMU-1-Small-Region.svs", "wsi/test3-DAPI-2-(387).ndpi", "planes/drosophila_seq1"}
"""Converted in the default form alone."""

FORMS = {
    "sharded": ConvertOptions(associated=True),
    "chunked": ConvertOptions(associated=True, pyramid=PlanOptions(sharded=False)),
    "small-shards": ConvertOptions(
        associated=True, pyramid=PlanOptions(chunks={"y": 96, "x": 160}, shards={"y": 192, "x": 320})
    ),
    "v2": ConvertOptions(associated=True, version="0.4"),
}

FOLDERS = {
    "planes/mri-stack": "zyx",
    "planes/drosophila_seq1": "zcyx",
    "planes/fly_3ch": "cyx",
    "png": "cyx",
}
"""What a folder of planes becomes, from the names of its files (``_0000``, ``_D _F _R``, ``_G _R``)."""


@cache
def truth() -> dict[str, Any]:
    path = DATA / "truth.json"
    return json.loads(path.read_text()) if path.is_file() else {}


def entries(*kinds: str) -> list[Any]:
    """Return the names of the entries of these kinds, or one that is skipped by name."""
    found = [name for name, entry in truth().items() if entry["kind"] in kinds]
    skip = pytest.mark.skip(reason=f"no real data: {DATA} holds no truth.json (set ZARRSCOPE_SHARED)")
    return found or [pytest.param("", marks=skip)]


def jobs() -> list[Any]:
    skip = [job for job in entries(*KINDS) if not isinstance(job, str)]
    rows = [(n, f) for n in entries(*KINDS) if not skip for f in FORMS if f == "sharded" or n not in LARGE]
    return rows or [pytest.param("", "", marks=skip[0].marks)]


class Expected(NamedTuple):
    """One image that must come out: its axes, and its pixels in these."""

    axes: str
    pixels: NDArray[Any]
    exact: bool


def ordered(pixels: NDArray[Any], letters: str) -> tuple[str, NDArray[Any]]:
    """Apply the policy of axes by hand: Q is z; S becomes c, the fast half of it where C exists."""
    letters = letters.replace("Q", "Z")
    if "S" in letters and "C" in letters:
        pixels = np.moveaxis(pixels, letters.index("S"), -1)
        letters = letters.replace("S", "")
        at = letters.index("C")
        pixels = np.moveaxis(pixels, -1, at + 1)
        pixels = pixels.reshape(*pixels.shape[:at], -1, *pixels.shape[at + 2 :])
    letters = letters.replace("S", "C")
    order = [letter for letter in "TCZYX" if letter in letters]
    return "".join(order).lower(), pixels.transpose([letters.index(letter) for letter in order])


def checksum(pixels: NDArray[Any]) -> str:
    return hashlib.sha256(np.ascontiguousarray(pixels, pixels.dtype.newbyteorder("<")).tobytes()).hexdigest()


def place_of(name: str) -> Path:
    path = DATA / name
    if truth()[name]["kind"] == "ome-multifile":
        return sorted(path.glob("*.ome.tif*"))[0]
    files = truth()[name]["truth"].get("files", [])
    return path / files[0]["file"] if len(files) == 1 and path.is_dir() else path


def of_tiff(name: str) -> list[Expected]:
    """Return what tifffile sees, after making sure that it is what it saw when the truth was written."""
    found = []
    for number, seen in enumerate(truth()[name]["truth"]["series"]):
        pixels = tifffile.imread(place_of(name), series=number)
        assert (list(pixels.shape), pixels.dtype) == (seen["shape"], np.dtype(seen["dtype"]))
        if name not in LOSSY:
            assert checksum(pixels) == seen["sha256_c_order"]
        found.append(Expected(*ordered(pixels, seen["axes"]), name not in LOSSY))
    return found


def of_planes(name: str) -> list[Expected]:
    """Return what imageio and tifffile see in the files, stacked by their names."""
    files = truth()[name]["truth"]["files"]
    planes = []
    for file in files:
        path = DATA / name / file["file"] if len(files) > 1 else place_of(name)
        tiff = path.suffix.lower() in (".tif", ".tiff")
        pixels = tifffile.imread(path) if tiff else imageio.imread(path)
        if name not in LOSSY:
            assert checksum(pixels) == file["sha256_c_order"]
        planes.append(ordered(pixels, "YXS" if pixels.ndim == 3 else "YX"))
    if len(planes) == 1:
        return [Expected(*planes[0], name not in LOSSY)]
    stack = np.stack([pixels for _, pixels in planes])
    if name == "planes/fly_3ch":  # two positions of three channels each
        return [Expected("cyx", part, True) for part in np.split(stack, 2)]
    if name == "planes/drosophila_seq1":  # colours of each plane
        return [Expected("czyx", stack.swapaxes(0, 1), True)]
    return [Expected(FOLDERS[name], stack, True)]


def expected_of(name: str) -> list[Expected]:
    return of_planes(name) if truth()[name]["kind"] == "planes" else of_tiff(name)


def tensorstored(path: Path) -> NDArray[Any]:
    driver = "zarr3" if (path / "zarr.json").is_file() else "zarr"
    spec = {"driver": driver, "kvstore": {"driver": "file", "path": str(path)}}
    return np.asarray(tensorstore.open(spec, open=True, read=True).result().read().result())


def halved(pixels: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """Return the mean of every window, halves to even, by integer arithmetic."""
    total, count = pixels.astype(np.int64), np.ones(pixels.shape, np.int64)
    for number, coarse in enumerate(shape):
        if coarse != pixels.shape[number]:
            assert coarse == -(-pixels.shape[number] // 2)
            starts = np.arange(0, pixels.shape[number], 2)
            total, count = np.add.reduceat(total, starts, number), np.add.reduceat(count, starts, number)
    low, rest = np.divmod(total, count)
    return (low + ((2 * rest > count) | ((2 * rest == count) & (low % 2 == 1)))).astype(pixels.dtype)


def attributes(path: Path) -> dict[str, Any]:
    """Return the OME-Zarr document of a group, read as plain JSON."""
    if (path / "zarr.json").is_file():
        return json.loads((path / "zarr.json").read_text())["attributes"]["ome"]
    return json.loads((path / ".zattrs").read_text())


def images_in(place: Path, count: int) -> list[Path]:
    return [place] if count == 1 else [place / str(i) for i in range(count)]


@pytest.mark.parametrize(("name", "form"), jobs())
def test_every_pixel_of_every_level(name: str, form: str, tmp_path: Path) -> None:
    place = tmp_path / "result.ome.zarr"
    zarrscope.convert(place_of(name), place, FORMS[form])
    expected = expected_of(name)
    if len(expected) > 1:
        assert attributes(place)["bioformats2raw.layout"] == 3
        assert not (place / str(len(expected))).exists()
    for path, wanted in zip(images_in(place, len(expected)), expected, strict=True):
        (multiscale,) = attributes(path)["multiscales"]
        assert "".join(axis["name"] for axis in multiscale["axes"]) == wanted.axes
        finer = None
        for number, dataset in enumerate(multiscale["datasets"]):
            array = zarr.open_array(path / dataset["path"], mode="r")
            pixels = array[...]
            assert np.array_equal(tensorstored(path / dataset["path"]), pixels)
            if finer is None:
                assert array.dtype == wanted.pixels.dtype
                assert array.shape == wanted.pixels.shape
                if wanted.exact:
                    assert np.array_equal(pixels, wanted.pixels)
                else:
                    assert np.abs(pixels.astype(int) - wanted.pixels.astype(int)).max() <= 2
                mean, spread = pixels.mean(dtype=float), pixels.std(dtype=float)
            else:
                assert np.array_equal(pixels, halved(finer, array.shape))
                # the ragged edges weigh a little more in each level
                assert abs(pixels.mean(dtype=float) - mean) <= 0.02 + 0.01 * spread, number
            finer = pixels
        assert max(finer.shape[-2:]) <= 256
    shutil.rmtree(place)


def physical(name: str) -> tuple[dict[str, float], dict[str, str]]:
    """Return sizes and units by our axes, from the raw numbers of the truth by arithmetic."""
    entry = truth()[name]["truth"]
    if "ome" in entry:
        found = entry["ome"]["images"][0]["physical"]
        sizes = {axis.lower(): size for axis, (size, _) in found.items()}
        names = {"µm": "micrometer", "nm": "nanometer", "mm": "millimeter"}
        return sizes, {axis.lower(): names[unit] for axis, (_, unit) in found.items()}
    raw = entry.get("physical_raw", {})
    if name == "tiff/fei-sem-rbc.tif":
        with tifffile.TiffFile(place_of(name)) as tif:
            size = tif.fei_metadata["Scan"]["PixelWidth"]  # metre
        return {"y": size * 1e9, "x": size * 1e9}, {"y": "nanometer", "x": "nanometer"}
    if "mpp" in raw:
        return {"y": raw["mpp"], "x": raw["mpp"]}, {"y": "micrometer", "x": "micrometer"}
    sizes = {a: raw[f"{a.upper()}Resolution"][1] / raw[f"{a.upper()}Resolution"][0]
             for a in "yx" if raw.get(f"{a.upper()}Resolution", [0])[0]}  # fmt: skip
    if "imagej" in raw:
        known = raw["imagej"]
        if "unit" not in known:
            return {}, {}
        sizes |= {"z": known["spacing"]} if "spacing" in known and known.get("slices", 1) > 1 else {}
        units = dict.fromkeys(sizes, "micrometer")
        assert known["unit"].replace("\\u00B5", "µ") in ("µm", "micrometer")
        if "finterval" in known and known.get("frames", 1) > 1:
            return sizes | {"t": known["finterval"]}, units | {"t": "second"}
        return sizes, units
    inches = {2: 1.0, 3: 2.54}.get(raw.get("ResolutionUnit", 1))
    if inches is None or any(round(inches / size) in (72, 96) for size in sizes.values()):
        return {}, {}  # no unit, or the density of a screen: nobody measured that
    return {a: size * 25_400 / inches * inches / 2.54 for a, size in sizes.items()}, dict.fromkeys(
        sizes, "micrometer"
    )


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize("name", entries("tiff", "ome-multifile"))
def test_sizes_units_and_channels(name: str, version: str, tmp_path: Path) -> None:
    place = tmp_path / "result.ome.zarr"
    associated = name.startswith("tiff/")  # of slides the picture alone; the others are pixels enough
    options = ConvertOptions(version=version, associated=associated, pyramid=PlanOptions(levels=2), scene="0")
    zarrscope.convert(place_of(name), place, options)
    document = attributes(place)
    (multiscale,) = document["multiscales"]
    names = [axis["name"] for axis in multiscale["axes"]]
    sizes, units = physical(name)
    assert {a["name"]: a["unit"] for a in multiscale["axes"] if "unit" in a} == units
    scale = multiscale["datasets"][0]["coordinateTransformations"][0]["scale"]
    assert scale == pytest.approx([sizes.get(axis, 1.0) for axis in names], rel=1e-12)
    first, second = (zarr.open_array(place / d["path"], mode="r").shape for d in multiscale["datasets"])
    coarse = multiscale["datasets"][1]["coordinateTransformations"]
    factors = [1 if m == n else 2 for n, m in zip(first, second, strict=True)]
    assert coarse[0]["scale"] == pytest.approx([s * f for s, f in zip(scale, factors, strict=True)])
    assert coarse[1]["translation"] == pytest.approx(
        [s * (f - 1) / 2 for s, f in zip(scale, factors, strict=True)]
    )
    labels = [channel.get("label") for channel in document["omero"]["channels"]]
    seen = truth()[name]["truth"]
    series = seen["series"][0]
    if "ome" in seen:
        (image,) = seen["ome"]["images"]
        assert multiscale["name"] == image["name"]
        if any(image["channels"]):
            assert labels == image["channels"]
    if "S" in series["axes"] and "C" not in series["axes"]:
        assert labels == ["Red", "Green", "Blue"]
    assert len(labels) == (first[names.index("c")] if "c" in names else 1)
    xml = place / "OME" / "METADATA.ome.xml"
    if "ome" in seen:
        assert f'SizeX="{first[-1]}"' in xml.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "name",
    [
        n
        for n in entries("tiff")
        if not isinstance(n, str) or len(truth()[n]["truth"]["series"][0]["levels"]) > 1
    ],
)
def test_levels_that_are_kept_are_those_of_the_file(name: str, tmp_path: Path) -> None:
    place = tmp_path / "result.ome.zarr"
    zarrscope.convert(place_of(name), place, ConvertOptions(keep_levels=True, scene="0"))
    (multiscale,) = attributes(place)["multiscales"]
    with tifffile.TiffFile(place_of(name)) as tif:
        levels = tif.series[0].levels
        assert (
            len(multiscale["datasets"]) == len(levels) == len(truth()[name]["truth"]["series"][0]["levels"])
        )
        for dataset, level in zip(multiscale["datasets"], levels, strict=True):
            _, wanted = ordered(level.asarray(), level.axes)
            found = zarr.open_array(place / dataset["path"], mode="r")[...]
            assert found.shape == wanted.shape
            assert np.abs(found.astype(int) - wanted.astype(int)).max() <= (2 if name in LOSSY else 0)
            size = dataset["coordinateTransformations"][0]["scale"]
            first = multiscale["datasets"][0]["coordinateTransformations"][0]["scale"]
            ratio = [a / b for a, b in zip(size, first, strict=True)]
            full = ordered(levels[0].asarray(), levels[0].axes)[1].shape
            assert ratio == pytest.approx([factor(n, m) for n, m in zip(full, found.shape, strict=True)])


def factor(n: int, m: int) -> float:
    """Return the whole factor that leads from n to m pixels, rounded up, else the ratio."""
    whole = round(n / m)
    return whole if -(-n // whole) == m else n / m


@pytest.mark.parametrize("kernel", ["mode", "nearest"])
@pytest.mark.parametrize("name", [n for n in entries("tiff") if not isinstance(n, str) or "labels" in n])
def test_labels_get_no_new_ids(name: str, kernel: str, tmp_path: Path) -> None:
    place = tmp_path / "result.ome.zarr"
    options = ConvertOptions(pyramid=PlanOptions(kernel=kernel, levels=4))
    zarrscope.convert(place_of(name), place, options)
    ids = set(np.unique(tifffile.imread(place_of(name))).tolist())
    assert len(ids) > 10
    for number in range(4):
        found = zarr.open_array(place / str(number), mode="r")[...]
        assert set(np.unique(found).tolist()) <= ids
        if kernel == "nearest":
            assert np.array_equal(found, tifffile.imread(place_of(name))[..., :: 2**number, :: 2**number])


@pytest.mark.parametrize("name", entries("planes"))
def test_folders_of_planes_say_what_they_took_the_files_for(name: str, tmp_path: Path) -> None:
    if name not in FOLDERS:
        assert len(truth()[name]["truth"]["files"]) == 1
        return
    image = zarrscope.convert(DATA / name, tmp_path / "a.ome.zarr")
    first = image if isinstance(image, zarrscope.Image) else next(iter(image))
    labels = [channel.label for channel in first.channels]
    wanted = {"planes/fly_3ch": ["D", "F", "R"], "png": ["G", "R"],
              "planes/drosophila_seq1": ["Red", "Green", "Blue"]}  # fmt: skip
    assert labels == wanted.get(name, [None])


def test_no_entry_is_left_out() -> None:
    """Every entry of these kinds is converted; other kinds wait for a reader of theirs."""
    if not truth():
        pytest.skip(f"no real data: {DATA} holds no truth.json (set ZARRSCOPE_SHARED)")
    covered = {name for name, _ in jobs()}
    assert covered == {name for name, entry in truth().items() if entry["kind"] in KINDS}
    waiting = sorted({entry["kind"] for entry in truth().values()} - set(KINDS))
    print(f"kinds that no conversion covers yet: {', '.join(waiting)}")
