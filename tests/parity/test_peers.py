"""What we write, opened by the libraries that people use today, each in an environment of its own.

A judge is one script in ``tests/judges``: it gets a JSON list of stores and answers, for each image,
the shapes of all levels, the axes, the names of channels and the checksum of level 0. ``make judges``
prepares the environments; ZARRSCOPE_ENVS names another folder of them.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest
import tifffile

import zarrscope
from zarrscope import ConvertOptions

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

SCRIPTS = {
    "ome-zarr-py": "ome_zarr_py.py",
    "ngff-zarr": "ngff_zarr.py",
    "bioio": "bioio.py",
    "ngio": "ngio.py",
}
REFUSALS: dict[tuple[str, str], tuple[str, str, str]] = {
    ("ome-zarr-py", "collection"): (
        "0.16.0",
        "no image",
        "its reader does not know the layout of bioformats2raw; the series open one by one",
    ),
    ("ngff-zarr", "collection"): (
        "0.50.0",
        "is a bioformats2raw container with 3 images",
        "it knows the layout, and asks for one of the series by its path",
    ),
    ("bioio", "collection"): (
        "3.8.1",
        "does *not* support reading stores using this format",
        "it knows the layout, and declines it",
    ),
    ("ngio", "collection"): (
        "1.1.3",
        "Failed to decode NGIO NgioImageMeta metadata",
        "it does not know the layout; the series open one by one",
    ),
}
"""Judge and kind of store: the version that was seen to refuse, part of its words, and the reason."""

AXES = ("yx", "zyx", "cyx", "tyx", "czyx", "tcyx", "tzyx", "tczyx")
SIZES = {"t": 2, "c": 2, "z": 3, "y": 300, "x": 270}
STEPS = {"t": 2.0, "z": 0.5, "y": 0.25, "x": 0.25}
UNITS = {"t": "second", "z": "micrometer", "y": "micrometer", "x": "micrometer"}
DTYPES = ("?", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8")
CODECS = ("none", "fast", "small", "zstd:5", "gzip:3", "blosc-zlib", "blosc-lz4hc")


class Wanted(NamedTuple):
    """What a judge must see in a store; ``channels`` is None where names are up to it."""

    axes: str
    pixels: NDArray[Any]
    channels: list[str] | None
    kind: str = "image"


def python_of(name: str, judge: Callable[[str], Path]) -> Path:
    """Return the interpreter of a judge; without one the test is skipped and says whose it is."""
    if "ZARRSCOPE_ENVS" not in os.environ:
        return judge(name)
    python = Path(os.environ["ZARRSCOPE_ENVS"]) / name / "bin" / "python"
    if not python.is_file():
        pytest.skip(f"judge {name} is not installed: there is no {python}")
    return python


def checksum(pixels: NDArray[Any]) -> str:
    little = np.ascontiguousarray(pixels, pixels.dtype.newbyteorder("<"))
    return hashlib.sha256(little.tobytes()).hexdigest()


def halvings(shape: list[int], axes: str) -> list[list[int]]:
    """Return the shapes of all levels: y and x (and z of cubes) halved until the longest is at most 256."""
    shapes = [shape]
    while max(shapes[-1][-2:]) > 256:
        shapes.append([-(-n // 2) if a in "yx" else n for n, a in zip(shapes[-1], axes, strict=True)])
    return shapes


def written(folder: Path) -> dict[str, Wanted]:
    """Write images of all axes, types and codecs, and return what is in them."""
    rng = np.random.default_rng(20)
    found = {}
    for version, axes, calibrated in itertools.product(("0.4", "0.5"), AXES, (False, True)):
        pixels = rng.integers(0, 60_000, [SIZES[a] for a in axes], dtype="u2")
        names = ["DAPI", "GFP"] if calibrated and "c" in axes else None
        for sharded in (False, True) if version == "0.5" else (False,):
            place = folder / f"{axes}-{version}-{calibrated}-{sharded}.ome.zarr"
            zarrscope.write(
                pixels,
                place,
                axes=axes,
                version=version,
                chunks={"y": 128, "x": 128},
                shards=None if sharded else "none",
                scale={a: STEPS[a] for a in axes if a in STEPS} if calibrated else None,
                unit={a: UNITS[a] for a in axes if a in UNITS} if calibrated else None,
                channels=names or (),
                name="cells" if calibrated else "",
            )
            found[str(place)] = Wanted(axes, pixels, names)
    plane = rng.standard_normal((300, 280)) * 20
    for version, dtype in itertools.product(("0.4", "0.5"), DTYPES):
        place = folder / f"type-{np.dtype(dtype)}-{version}.ome.zarr"
        zarrscope.write(plane.astype(dtype), place, version=version)
        found[str(place)] = Wanted("yx", plane.astype(dtype), None)
    for version, codec in itertools.product(("0.4", "0.5"), CODECS):
        place = folder / f"codec-{codec.replace(':', '-')}-{version}.ome.zarr"
        zarrscope.write(plane.astype("i2"), place, version=version, codec=codec)
        found[str(place)] = Wanted("yx", plane.astype("i2"), None)
    assert all(Path(place, ".zarrscope").is_dir() for place in found)  # readers are not to stumble over it
    return found


def converted(folder: Path) -> dict[str, Wanted]:
    """Convert colours, an OME-TIFF (its OME group stands beside one image) and a collection of series."""
    rng = np.random.default_rng(21)
    colours = rng.integers(0, 255, (300, 280, 3), dtype="u1")
    stack = rng.integers(0, 60_000, (2, 3, 300, 280), dtype="u2")
    sizes = {"PhysicalSizeX": 0.1, "PhysicalSizeY": 0.1, "PhysicalSizeZ": 0.3}
    tifffile.imwrite(folder / "rgb.tif", colours, photometric="rgb")
    tifffile.imwrite(
        folder / "one.ome.tif", stack, metadata={"axes": "CZYX", "Channel": {"Name": ["a", "b"]}, **sizes}
    )
    with tifffile.TiffWriter(folder / "many.ome.tif", ome=True) as tif:
        for number in range(3):
            tif.write(stack[0, number], metadata={"axes": "YX", "Name": f"series {number}"})
    found = {}
    for version in ("0.4", "0.5"):
        for name, wanted in {
            "rgb.tif": Wanted("cyx", colours.transpose(2, 0, 1), ["Red", "Green", "Blue"]),
            "one.ome.tif": Wanted("czyx", stack, ["a", "b"]),
            "many.ome.tif": Wanted("yx", stack[0], None, "collection"),
        }.items():
            place = folder / f"{name}-{version}.ome.zarr"
            zarrscope.convert(folder / name, place, ConvertOptions(version=version))
            found[str(place)] = wanted
            if wanted.kind == "collection":
                found |= {f"{place}/{i}": Wanted("yx", stack[0, i], None) for i in range(3)}
    return found


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Wanted]:
    folder = tmp_path_factory.mktemp("stores")
    return written(folder) | converted(folder)


def differences(wanted: Wanted, answer: dict[str, Any]) -> str:
    """Return in which way an answer is wrong, or nothing."""
    if "error" in answer:
        return str(answer["error"])
    if wanted.kind == "collection":
        return "" if len(answer["images"]) == len(wanted.pixels) else f"no image: {answer['images']}"
    (image,) = answer["images"]
    expected = {
        "axes": wanted.axes,
        "dtype": str(wanted.pixels.dtype),
        "shapes": halvings(list(wanted.pixels.shape), wanted.axes),
        "sha256": checksum(wanted.pixels),
    }
    if wanted.channels is not None:
        expected["channels"] = wanted.channels
    return ", ".join(
        f"{key}: {image[key]} for {value}" for key, value in expected.items() if image[key] != value
    )


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_peer_sees_the_same_images(
    name: str, judge: Callable[[str], Path], stores: dict[str, Wanted], tmp_path: Path
) -> None:
    python = python_of(name, judge)
    script = Path(__file__).resolve().parents[1] / "judges" / SCRIPTS[name]
    run = subprocess.run(
        [python, script], input=json.dumps(list(stores)), capture_output=True, text=True, timeout=600,
        env={**os.environ, "HOME": str(tmp_path)}, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr[-2000:]
    said = json.loads(run.stdout)
    assert set(said["answers"]) == set(stores)
    wrong, refused = [], set()
    for url, wanted in stores.items():
        found = differences(wanted, said["answers"][url])
        known = REFUSALS.get((name, wanted.kind))
        if found and known and known[1] in found:
            refused.add((name, wanted.kind))
        elif found:
            wrong.append(f"{url}: {found[:300]}")
    assert not wrong, f"{name} {said['version']}:\n" + "\n".join(wrong)
    expected = {key for key in REFUSALS if key[0] == name}
    assert refused == expected, (
        f"{name} {said['version']} no longer refuses {expected - refused}: "
        "take the line out of the table, or say from which version on"
    )


def test_every_judge_has_a_script() -> None:
    folder = Path(__file__).resolve().parents[2] / "requirements" / "judges"
    others = {"yaozarrs", "moto", "swift"}  # a judge of documents, and servers: other tests start them
    assert {path.stem for path in folder.glob("*.in")} == {*SCRIPTS, *others}
