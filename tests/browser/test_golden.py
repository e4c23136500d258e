"""Golden pixels: the canvas in Chromium against the same picture computed from the arrays, within 2/255."""

from __future__ import annotations

import itertools
import json
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import imagecodecs
import numpy as np
import pytest
import tifffile
import zarr
from tests.browser.canvas import Layer, View, picture, with_labels

import zarrscope
from zarrscope.server.serve import Server
from zarrscope.source.registry import open_source
from zarrscope.store.resolve import resolve
from zarrscope.virtual.encode import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray
    from tests.browser.page import Page

    Show = Callable[..., tuple[NDArray[Any], dict[str, Any]]]

TOLERANCE = 2
WIDTH, HEIGHT = 900, 600
COLORS = ("00ff00", "ff00ff", "ffaa00")


@pytest.fixture(scope="module")
def show(browser: Page) -> Iterator[Callable[..., Any]]:
    """Serve a store, open it with a state, and return the canvas and what the page says is in effect."""
    with ExitStack() as stack:

        def shown(store: Any, **state: Any) -> tuple[NDArray[Any], dict[str, Any]]:
            server = stack.enter_context(Server({"image": store}))
            document = {"v": 1, "source": "data/image/", "minimap": False, "scaleBar": False, **state}
            browser.open(f"{server.url}#{quote(json.dumps(document))}", width=WIDTH, height=HEIGHT)
            found = browser.pixels(), browser.evaluate("zarrscope.resolved()")
            assert browser.complaints() == []
            return found

        yield shown


def same(canvas: NDArray[Any], want: NDArray[Any], covered: NDArray[Any]) -> None:
    """Compare where the image is; around it lies the background, which is dark."""
    apart = np.abs(canvas.astype("f8") - want)[covered]
    assert covered.any()
    assert apart.max() <= TOLERANCE, (apart.max(), np.argwhere(np.abs(canvas - want).max(-1) > TOLERANCE)[:5])
    assert canvas[~covered].max(initial=0) <= 40


def ramp(shape: tuple[int, ...], dtype: str) -> NDArray[Any]:
    """Return values that differ from pixel to pixel over much of what a type can hold."""
    kind = np.dtype(dtype)
    grid = sum(step * axis for step, axis in zip((7, 3, 5, 11, 13), np.indices(shape), strict=False))
    if kind.kind == "b":
        return grid % 3 == 0
    if kind.kind == "f":
        return ((grid % 251) / 251 * 4 - 1).astype(kind)
    info = np.iinfo(kind)
    step = (int(info.max) - int(info.min)) // 251
    return (np.array(int(info.min)) + (grid % 251).astype(object) * step).astype(kind)


def span(pixels: NDArray[Any]) -> tuple[float, float]:
    low, high = float(pixels.min()), float(pixels.max())
    return low + 0.1 * (high - low), low + 0.8 * (high - low)


def multiscales(axes: str) -> list[dict[str, Any]]:
    """Return what stands in a document of 0.4 for one level."""
    scale = {"type": "scale", "scale": [1.0] * len(axes)}
    named = [{"name": name, "type": "channel" if name == "c" else "space"} for name in axes]
    return [
        {"version": "0.4", "axes": named, "datasets": [{"path": "0", "coordinateTransformations": [scale]}]}
    ]


AXES = ("yx", "zyx", "cyx", "tczyx")


@pytest.mark.parametrize(
    ("axes", "version", "shards"),
    [*itertools.product(AXES, ("0.4", "0.5"), (None,)), ("tczyx", "0.5", True), ("cyx", "0.5", True)],
)
def test_axes(show: Show, tmp_path: Path, axes: str, version: str, shards: bool | None) -> None:
    """Several levels, sharded and not, at two zooms: the finest level, and a coarser one."""
    sizes = {"t": 2, "c": 2, "z": 3, "y": 300, "x": 340}
    pixels = ramp(tuple(sizes[a] for a in axes), "u2")
    form: dict[str, Any] = {"chunks": {"y": 64, "x": 96}, "levels": 3, "version": version}
    if version == "0.5":
        form["shards"] = {"y": 128, "x": 192} if shards else None
    place = tmp_path / "image.ome.zarr"
    zarrscope.write(pixels, place, axes=axes, **form)
    group = zarr.open_group(place, mode="r")
    dims = {a: 1 for a in axes if a in "tz"}
    stored = [np.asarray(group[name]) for name in sorted(group.array_keys(), key=int)]
    count = sizes["c"] if "c" in axes else 1
    layers = []
    for channel in range(count):
        index = tuple(1 if a in "tz" else channel if a == "c" else slice(None) for a in axes)
        planes = [level[index] for level in stored]
        layers.append(Layer(planes, span(pixels), COLORS[channel], 0.5 + channel, 0.75))
    told = [
        {"channel": i, "window": list(x.window), "color": x.color, "gamma": x.gamma, "opacity": x.opacity}
        for i, x in enumerate(layers)
    ]
    for zoom in (2.0, 0.4):
        view = View(150.25, 170.125, zoom, 1, (1, 2, 4))
        state = {"view": {"y": view.y, "x": view.x, "zoom": zoom}, "dims": dims, "layers": told}
        canvas, _ = show(resolve(place), **state)
        same(canvas, *picture(layers, view, *canvas.shape[:2]))


@pytest.mark.parametrize("dtype", "?,u1,i1,u2,i2,u4,i4,u8,i8,f2,f4,f8".split(","))
@pytest.mark.parametrize("order", ["<", ">"])
def test_types(show: Show, tmp_path: Path, dtype: str, order: str) -> None:
    """Every type of pixel, little and big-endian, as zarr-python writes it."""
    pixels = ramp((120, 150), dtype)
    place = tmp_path / "image.zarr"
    group = zarr.open_group(place, mode="w", zarr_format=2)
    stored = pixels.dtype.newbyteorder(order)
    group.create_array("0", shape=pixels.shape, chunks=(50, 64), dtype=stored)[...] = pixels
    group.attrs["multiscales"] = multiscales("yx")
    window = (0.0, 1.0) if dtype == "?" else span(pixels)
    layer = Layer([pixels], window, "ffffff")
    view = View(60.3, 75.2, 3.0)
    canvas, _ = show(
        resolve(place),
        view={"y": view.y, "x": view.x, "zoom": view.zoom},
        layers=[{"channel": 0, "window": window, "color": "ffffff"}],
    )
    same(canvas, *picture([layer], view, *canvas.shape[:2]))


def test_order_xyc(show: Show, tmp_path: Path) -> None:
    """Axes in an order that the specification forbids and programs write: x is still across."""
    pixels = ramp((130, 110, 2), "u1")
    place = tmp_path / "image.zarr"
    group = zarr.open_group(place, mode="w", zarr_format=2)
    group.create_array("0", shape=pixels.shape, chunks=(50, 64, 2), dtype="u1")[...] = pixels
    group.attrs["multiscales"] = multiscales("xyc")
    layers = [Layer([pixels[..., c].T], (20, 220), COLORS[c]) for c in range(2)]
    view = View(55.3, 65.2, 3.0)
    told = [{"channel": c, "window": [20, 220], "color": COLORS[c]} for c in range(2)]
    canvas, _ = show(resolve(place), view={"y": view.y, "x": view.x, "zoom": view.zoom}, layers=told)
    same(canvas, *picture(layers, view, *canvas.shape[:2]))


def test_anisotropic_pixels_keep_their_proportions(show: Show, tmp_path: Path) -> None:
    pixels = ramp((100, 200), "u1")
    place = tmp_path / "image.ome.zarr"
    zarrscope.write(pixels, place, axes="yx", scale={"y": 3.0, "x": 1.0}, levels=1)
    view = View(50.3, 100.2, 2.0, ratio=3)
    canvas, _ = show(
        resolve(place),
        view={"y": view.y, "x": view.x, "zoom": view.zoom},
        layers=[{"channel": 0, "window": [0, 250], "color": "ffffff"}],
    )
    same(canvas, *picture([Layer([pixels], (0, 250))], view, *canvas.shape[:2]))


@pytest.mark.parametrize("blending", ["add", "max", "over"])
def test_blending(show: Show, tmp_path: Path, blending: str) -> None:
    pixels = ramp((3, 90, 120), "u1")
    place = tmp_path / "image.ome.zarr"
    zarrscope.write(pixels, place, axes="cyx", levels=1)
    layers = [Layer([pixels[c]], (0, 200), COLORS[c], 1.0, 0.6) for c in range(3)]
    told = [{"channel": c, "window": [0, 200], "color": COLORS[c], "opacity": 0.6} for c in range(3)]
    view = View(45.3, 60.2, 4.0)
    canvas, _ = show(
        resolve(place), view={"y": view.y, "x": view.x, "zoom": view.zoom}, layers=told, blending=blending
    )
    same(canvas, *picture(layers, view, *canvas.shape[:2], blending=blending))


@pytest.mark.parametrize("outline", [False, True])
def test_labels(show: Show, tmp_path: Path, outline: bool) -> None:
    """Labels are found by themselves; colours by the formula, and those of the metadata."""
    pixels = ramp((150, 160), "u1")
    place = tmp_path / "image.ome.zarr"
    zarrscope.write(pixels, place, axes="yx", levels=1, version="0.4")
    ids = ((np.indices((150, 160)) // 25).sum(0) * 1000003 % 5).astype("u4") * 70001
    labels = zarr.open_group(place, mode="a", zarr_format=2).create_group("labels")
    labels.attrs["labels"] = ["cells"]
    cells = labels.create_group("cells")
    cells.create_array("0", shape=ids.shape, chunks=(64, 64), dtype="u4")[...] = ids
    cells.attrs["multiscales"] = multiscales("yx")
    color = {"label-value": 70001, "rgba": [10, 200, 90, 255]}
    cells.attrs["image-label"] = {"version": "0.4", "colors": [color]}
    view = View(75.3, 80.2, 3.0)
    canvas, _ = show(
        resolve(place),
        view={"y": view.y, "x": view.x, "zoom": view.zoom},
        layers=[{"channel": 0, "window": [0, 250], "color": "ffffff"}],
        labels=[{"path": "labels/cells", "visible": True, "opacity": 0.5, "outline": outline}],
    )
    base, covered = picture([Layer([pixels], (0, 250))], view, *canvas.shape[:2])
    same(canvas, with_labels(base, ids, view, 0.5, {70001: (10, 200, 90)}, outline=outline), covered)


@pytest.mark.parametrize("factor", [1, 2])
def test_labels_of_a_part(show: Show, tmp_path: Path, factor: int) -> None:
    """A label image of half the extent that begins 20 rows and 30 columns inside: its document says where."""
    pixels = ramp((150, 160), "u1")
    place = tmp_path / "image.ome.zarr"
    zarrscope.write(
        pixels, place, axes="yx", levels=1, version="0.4", scale={"y": 0.5, "x": 0.5}, unit="micrometer"
    )
    ids = (np.indices((75 // factor, 80 // factor)) // 9).sum(0).astype("u2") + 1
    labels = zarr.open_group(place, mode="a", zarr_format=2).create_group("labels")
    labels.attrs["labels"] = ["cells"]
    cells = labels.create_group("cells")
    cells.create_array("0", shape=ids.shape, chunks=(32, 32), dtype="u2")[...] = ids
    step = 0.5 * factor
    edge = [20 * 0.5 - 0.25, 30 * 0.5 - 0.25]  # of the image, whose first pixel has its centre at 0
    told = multiscales("yx")
    told[0]["axes"] = [{"name": n, "type": "space", "unit": "micrometer"} for n in "yx"]
    told[0]["datasets"][0]["coordinateTransformations"] = [
        {"type": "scale", "scale": [step, step]},
        {"type": "translation", "translation": [at + step / 2 for at in edge]},
    ]
    cells.attrs["multiscales"] = told
    cells.attrs["image-label"] = {"version": "0.4"}
    view = View(75.3, 80.2, 3.0)
    canvas, _ = show(
        resolve(place),
        view={"y": view.y, "x": view.x, "zoom": view.zoom},
        layers=[{"channel": 0, "window": [0, 250], "color": "ffffff"}],
        labels=[{"path": "labels/cells", "visible": True, "opacity": 0.5}],
    )
    base, covered = picture([Layer([pixels], (0, 250))], view, *canvas.shape[:2])
    same(canvas, with_labels(base, ids, view, 0.5, factor=factor, corner=(20, 30)), covered)


def test_rgb(show: Show, tmp_path: Path) -> None:
    """A colour TIFF is shown in its colours, with nobody choosing anything."""
    pixels = np.random.default_rng(3).integers(0, 255, (140, 180, 3)).astype("u1")
    tifffile.imwrite(tmp_path / "rgb.tif", pixels, photometric="rgb")
    view = View(70.3, 90.2, 3.0)
    with encode(open_source(tmp_path / "rgb.tif")) as store:
        canvas, _ = show(store, view={"y": view.y, "x": view.x, "zoom": view.zoom})
    layers = [
        Layer([pixels[..., c]], (0, 255), color) for c, color in enumerate(("ff0000", "00ff00", "0000ff"))
    ]
    same(canvas, *picture(layers, view, *canvas.shape[:2]))


def test_windows_and_colours_of_the_metadata(show: Show, tmp_path: Path) -> None:
    pixels = ramp((2, 90, 120), "u2")
    place = tmp_path / "image.ome.zarr"
    channels = [
        zarrscope.Channel("one", "00ffcc", zarrscope.Window(1000, 40000)),
        zarrscope.Channel("two", "ff3300", zarrscope.Window(0, 65535)),
    ]
    zarrscope.write(pixels, place, axes="cyx", levels=1, channels=channels)
    layers = [Layer([pixels[0]], (1000, 40000), "00ffcc"), Layer([pixels[1]], (0, 65535), "ff3300")]
    view = View(45.3, 60.2, 4.0)
    canvas, _ = show(resolve(place), view={"y": view.y, "x": view.x, "zoom": view.zoom})
    same(canvas, *picture(layers, view, *canvas.shape[:2]))


FILES = (
    "ome-tiff/4D-series.ome.tiff",
    "imagej/hela-cells.tif",
    "imagej/mri-stack-calibrated.tif",
    "imagej/xyzct-mitosis.tif",
    "tiff/maize_clsm.tif",
    "tiff/fei-sem-rbc.tif",
    "skimage/ihc.png",
    "wsi/CMU-1-Small-Region.svs",
    "wsi/test3-DAPI-2-(387).ndpi",
)


@pytest.mark.parametrize("path", FILES)
def test_real_files_on_the_fly(show: Show, shared: Path, path: str) -> None:
    """A piece of the finest level, at twice its size, against what tifffile (or imagecodecs) finds there."""
    file = shared / "data" / path
    with encode(open_source(file)) as store:
        image = (
            next(iter(found)) if isinstance(found := zarrscope.open(store), zarrscope.ImageGroup) else found
        )
        axes = [axis.name for axis in image.axes]
        sizes = dict(zip(axes, image.shape, strict=True))
        dims = {name: size // 2 for name, size in sizes.items() if name in "zt"}
        y, x = sizes["y"] // 2 + 0.25, sizes["x"] // 2 + 0.25
        planes = plane_of(file, dims, sizes.get("c", 1))
        rgb = len(planes) == 3 and planes[0].dtype == np.uint8 and "c" in sizes
        colors = ("ff0000", "00ff00", "0000ff") if rgb else COLORS
        layers = [
            Layer([plane], (0, 255) if rgb else span(plane), colors[c]) for c, plane in enumerate(planes)
        ]
        told = [{"channel": c, "window": list(x.window), "color": x.color} for c, x in enumerate(layers)]
        view = View(y, x, 2.0)
        canvas, _ = show(store, view={"y": y, "x": x, "zoom": 2.0}, dims=dims, layers=[] if rgb else told)
    same(canvas, *picture(layers, view, *canvas.shape[:2]))


def plane_of(file: Path, dims: dict[str, int], channels: int) -> list[NDArray[Any]]:
    """Return one plane a channel, read by other libraries."""
    if file.suffix == ".png":
        whole = imagecodecs.imread(file)
        return [whole[..., c] for c in range(channels)] if whole.ndim == 3 else [whole]
    with tifffile.TiffFile(file) as tiff:
        series = tiff.series[0]
        names = series.axes.replace("S", "C").replace("I", "Z").replace("Q", "Z")
        whole = series.asarray()
    found = []
    for channel in range(channels):
        index = tuple(
            slice(None) if name in "YX" else channel if name == "C" else dims.get(name.lower(), 0)
            for name in names
        )
        found.append(whole[index])
    return found


OTHERS = (
    "ome-zarr/ome-zarr-py_v0.2.zarr",
    "generated/ome-zarr-py",
    "generated/ngff-zarr",
)


@pytest.mark.parametrize("folder", OTHERS)
def test_images_that_others_wrote(show: Show, shared: Path, folder: str) -> None:
    """Every image below a folder, a piece of its finest level, against zarr-python."""
    done = 0
    for place in images_below(shared / "data" / folder):
        image = zarrscope.open(place)
        axes = [axis.name for axis in image.axes]
        if not {"y", "x"} <= set(axes) or image.kind != "image":
            continue
        whole = zarr.open_array(place / image.multiscale.datasets[0].path, mode="r")
        sizes = dict(zip(axes, whole.shape, strict=True))
        dims = {name: size // 2 for name, size in sizes.items() if name not in "cyx"}
        planes = [
            np.asarray(whole[tuple(c if name == "c" else dims.get(name, slice(None)) for name in axes)])
            for c in range(min(3, sizes.get("c", 1)))
        ]
        layers = [Layer([plane], span(plane), COLORS[c]) for c, plane in enumerate(planes)]
        hidden = [{"channel": c, "visible": False} for c in range(len(planes), sizes.get("c", 1))]
        told = [
            {
                "channel": c,
                "window": list(x.window),
                "color": x.color,
                "visible": True,
                "gamma": 1,
                "opacity": 1,
            }
            for c, x in enumerate(layers)
        ]
        steps = dict(zip(axes, image.scale or (1,) * len(axes), strict=True))
        y, x = sizes["y"] / 2 + 0.26, sizes["x"] / 2 + 0.26
        labels = [{"path": f"labels/{name}", "visible": False} for name in image.labels]
        canvas, _ = show(
            resolve(place), view={"y": y, "x": x, "zoom": 2.0}, dims=dims, layers=told + hidden, labels=labels
        )
        same(canvas, *picture(layers, View(y, x, 2.0, steps["y"] / steps["x"]), *canvas.shape[:2]))
        done += 1
    assert done


def images_below(folder: Path) -> list[Path]:
    """Return the folders that hold an image, but no label images."""
    found = []
    for name in (".zattrs", "zarr.json"):
        for document in folder.rglob(name):
            said = json.loads(document.read_text())
            said = said.get("attributes", said)
            said = said.get("ome", said)
            if "multiscales" in said and "labels" not in document.parts:
                found.append(document.parent)
    return sorted(found)[:6]


def test_three_planes_of_a_stack(show: Show, tmp_path: Path) -> None:
    """Below lies x and z, to the right z and y, all through the same point; the depth with its own step."""
    pixels = ramp((20, 150, 180), "u1")
    place = tmp_path / "image.ome.zarr"
    zarrscope.write(
        pixels,
        place,
        axes="zyx",
        scale={"z": 4.0, "y": 1.0, "x": 1.0},
        levels=1,
        chunks={"z": 8, "y": 64, "x": 64},
    )
    zoom, at = 1.5, {"z": 7, "y": 60, "x": 75}
    canvas, _found = show(
        resolve(place),
        view={"y": 75.3, "x": 90.2, "z": 10.15, "zoom": zoom},
        layout="ortho",
        dims=at,
        layers=[{"channel": 0, "window": [0, 250], "color": "ffffff"}],
    )
    height, width = canvas.shape[:2]
    right = round(width * min(0.85, max(0.5, 180 / (180 + 80)))) - 2
    below = round(height * min(0.85, max(0.5, 150 / (150 + 80)))) - 2
    seen = [
        (pixels[7], View(75.3, 90.2, zoom), (0, below), (0, right)),
        (pixels[:, 60], View(10.15, 90.2, zoom, ratio=4), (below + 2, height), (0, right)),
        (pixels[:, :, 75].T, View(75.3, 10.15, 4 * zoom, ratio=0.25), (0, below), (right + 2, width)),
    ]
    for plane, view, rows, columns in seen:
        part = canvas[rows[0] : rows[1], columns[0] : columns[1]]
        same(part, *picture([Layer([plane], (0, 250))], view, *part.shape[:2]))
