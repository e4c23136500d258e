"""Profiles: one hierarchy that each consumer takes, and each of its demands broken once."""

from __future__ import annotations

import functools
import http.server
import shutil
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile

import zarrscope
from zarrscope.check.rules_profiles import PROFILES
from zarrscope.convert.plan import ConvertOptions
from zarrscope.errors import ArgumentError
from zarrscope.pyramid.plan import PlanOptions
from zarrscope.report import VERDICTS
from zarrscope.spec.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from conftest import Tree

XML = "OME/METADATA.ome.xml"


def told(root: Any, profile: Any) -> list[tuple[str, str]]:
    """Return which demands are broken, and where."""
    found = zarrscope.validate(root, profile=profile)
    broken = [p for p in found.problems if p.rule.startswith("profile-")]
    assert all(p.rule.startswith(f"profile-{profile}/") and p.fails == set(VERDICTS) for p in broken)
    assert not broken or not any(found.passes(verdict) for verdict in VERDICTS)
    return [(p.rule.partition("/")[2], p.file) for p in broken]


def names(root: Any, profile: Any) -> list[str]:
    return sorted({name for name, _ in told(root, profile)})


def axes_of(tree: Tree, key: str = "0/.zattrs") -> str:
    return "".join(axis["name"] for axis in tree.read(key)["multiscales"][0]["axes"])


@pytest.fixture
def five(tree: Tree, tmp_path: Path) -> Tree:
    """Return two series of five axes each, with the OME-XML that tifffile wrote for them."""
    source = tmp_path / "two.ome.tif"
    with tifffile.TiffWriter(source, ome=True) as file:
        for number in range(2):
            pixels = np.random.default_rng(number).integers(0, 999, (2, 2, 3, 150, 170), dtype="u2")
            file.write(pixels, metadata={"axes": "TCZYX"}, photometric="minisblack")
    zarrscope.convert(source, tree.root, ConvertOptions("0.4", PlanOptions(levels=3)))
    assert axes_of(tree) == "tczyx"
    return tree


@pytest.mark.parametrize("profile", ["omero", "bioformats2raw"])
def test_what_zarrscope_converts_for_them_is_taken(five: Tree, profile: Any) -> None:
    found = zarrscope.validate(five.root, profile=profile)
    assert found.valid and told(five.root, profile) == [], found
    assert found.profile == profile and found.to_json()["profile"] == profile


def first(change: Callable[[Any], Any]) -> Callable[[Any], None]:
    def inner(document: Any) -> None:
        change(document["multiscales"][0])

    return inner


class TestOmero:
    """Each demand broken once."""

    def test_version(self, tree: Tree) -> None:
        tree.collection()  # 0.5, and an OME-XML without sizes
        assert {"version", "ome-xml"} == set(names(tree.root, "omero"))

    def test_axes(self, five: Tree) -> None:
        for name, key in (("q", "0"), ("Y", "1")):
            five.change(f"{key}/.zattrs", first(lambda i, name=name: i["axes"][3].update(name=name)))
        assert [t for t in told(five.root, "omero") if t[0] == "axes"] == [
            ("axes", "0/.zattrs"),
            ("axes", "1/.zattrs"),
        ]

    @pytest.mark.parametrize("order", ["yx", "tyx", "cyx", "zyx", "tcyx", "tzyx", "czyx", "tczyx"])
    def test_orders_of_axes_that_are_taken(self, five: Tree, order: str) -> None:
        shutil.rmtree(five.root / "0")
        shape = tuple({"t": 2, "c": 2, "z": 3, "y": 150, "x": 170}[name] for name in order)
        zarrscope.write(np.ones(shape, "u2"), five.root / "0", axes=order, version="0.4", levels=3)
        xml = (five.root / XML).read_text()
        for name in "tcz":
            if name not in order:  # an axis that is not there has the size 1
                size = {"t": 2, "c": 2, "z": 3}[name]
                xml = xml.replace(f'Size{name.upper()}="{size}"', f'Size{name.upper()}="1"', 1)
        (five.root / XML).write_text(xml)
        assert told(five.root, "omero") == []

    def test_factors(self, five: Tree) -> None:
        five.change("0/.zattrs", first(lambda image: image["datasets"].pop(1)))
        assert told(five.root, "omero") == [("factors", "0/.zattrs")] * 2  # y and x

    def test_dtype(self, five: Tree) -> None:
        shutil.rmtree(five.root / "1")
        zarrscope.write(np.ones((2, 2, 3, 150, 170), "i8"), five.root / "1", axes="tczyx", version="0.4")
        assert names(five.root, "omero") == ["dtype", "ome-xml"]

    def test_layout(self, five: Tree) -> None:
        five.write(".zattrs", {"bioformats2raw.layout": 4})
        assert ("layout", ".zattrs") in told(five.root, "omero")

    def test_one_image_has_no_layout(self, tree: Tree) -> None:
        tree.image(version="0.4")
        assert names(tree.root, "omero") == ["layout", "ome-xml"]

    def test_a_plain_group(self, tree: Tree) -> None:
        tree.group("", None, "0.4")
        tree.image("a", version="0.4")
        assert told(tree.root, "omero") == [("layout", ".zattrs"), ("ome-xml", ".zattrs")]

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ('SizeX="170"', 'SizeX="171"'),
            ('SizeZ="3"', 'SizeZ="1"'),
            ('Type="uint16"', 'Type="uint8"'),
            ("<OME", "<"),
        ],
    )
    def test_xml_that_tells_something_else(self, five: Tree, old: str, new: str) -> None:
        text = (five.root / XML).read_text()
        assert old in text
        (five.root / XML).write_text(text.replace(old, new, 1))
        assert told(five.root, "omero") == [("ome-xml", XML)]

    def test_xml_of_another_number_of_images(self, five: Tree) -> None:
        five.write("OME/.zattrs", {"series": ["0"]})
        assert told(five.root, "omero") == [("ome-xml", XML)]

    def test_no_xml(self, five: Tree) -> None:
        (five.root / XML).unlink()
        assert told(five.root, "omero") == [("ome-xml", ".zattrs")]

    def test_a_plate(self, tree: Tree) -> None:
        tree.plate("0.4")
        assert names(tree.root, "omero") == ["ome-xml"]


class TestBioformats2raw:
    """Each demand broken once."""

    def test_version(self, tree: Tree) -> None:
        tree.collection()
        assert names(tree.root, "bioformats2raw") == ["axes", "version"]

    def test_layout(self, five: Tree) -> None:
        five.write(".zattrs", {"bioformats2raw.layout": 2})
        assert ("layout", ".zattrs") in told(five.root, "bioformats2raw")

    def test_xml(self, five: Tree) -> None:
        (five.root / XML).unlink()
        assert told(five.root, "bioformats2raw") == [("ome-xml", ".zattrs")]

    def test_series(self, five: Tree) -> None:
        five.write("1/.zattrs", {})
        assert told(five.root, "bioformats2raw") == [("series", "1/.zattrs")]
        five.write("OME/.zattrs", {"series": []})
        assert ("series", ".zattrs") in told(five.root, "bioformats2raw")

    def test_axes(self, five: Tree) -> None:
        shutil.rmtree(five.root / "1")
        zarrscope.write(np.ones((3, 150, 170), "u2"), five.root / "1", axes="zyx", version="0.4")
        assert told(five.root, "bioformats2raw") == [("axes", "1/.zattrs")]


@contextmanager
def served(folder: Path) -> Iterator[str]:
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class TestDandi:
    """Each demand broken once."""

    @pytest.mark.parametrize("version", ["0.4", "0.5"])
    def test_an_image_is_taken(self, tree: Tree, version: str) -> None:
        tree.image(version=version)
        assert told(tree.root, "dandi") == []
        with served(tree.root.parent) as url:
            assert told(f"{url}/{tree.root.name}", "dandi") == []

    def test_suffix(self, tree: Tree) -> None:
        tree.image()
        other = tree.root.rename(tree.root.with_name("cells.ome"))
        assert told(other, "dandi") == [("suffix", "zarr.json")]
        assert told(other.rename(other.with_name("cells.ngff")), "dandi") == []

    def test_empty(self, tree: Tree) -> None:
        tree.group("", {"multiscales": []})
        assert told(tree.root, "dandi") == [("empty", "zarr.json")]

    @pytest.mark.parametrize("listed", [True, False])
    def test_depth(self, tree: Tree, listed: bool) -> None:
        """A field of a plate with nested chunks of four axes has eight parts: A/1/0/0/c/z/y/x."""
        tree.plate("0.4")

        def found() -> list[tuple[str, str]]:
            if listed:
                return told(tree.root, "dandi")
            with served(tree.root.parent) as url:
                return told(f"{url}/{tree.root.name}", "dandi")

        assert found() == []  # three axes: seven parts
        shutil.rmtree(tree.root / "A/1/0")
        zarrscope.write(np.ones((2, 3, 64, 64), "u2"), tree.root / "A/1/0", axes="czyx", version="0.4")
        deepest = max(len(p.relative_to(tree.root).parts) for p in tree.root.rglob("*") if p.is_file())
        assert deepest == 8
        assert found() == [("depth", ".zattrs")]


@pytest.fixture
def blobs(shared: Path, tmp_path: Path) -> Path:
    """Return a container that SpatialData itself wrote."""
    place = tmp_path / "blobs.zarr"
    shutil.copytree(shared / "data/spatialdata/blobs.zarr", place)
    return place


class TestSpatialData:
    """Each demand broken once."""

    def test_what_it_wrote_is_taken(self, blobs: Path) -> None:
        assert told(blobs, "spatialdata") == []

    def test_its_newer_container_is_taken(self, tree: Tree) -> None:
        """A container of Zarr 3 as its format describes it, with labels that zarrscope wrote."""
        self.container(tree)
        assert told(tree.root, "spatialdata") == []

    def container(self, tree: Tree) -> None:
        root = {"spatialdata_attrs": {"version": "0.2"}}
        tree.write("zarr.json", {"zarr_format": 3, "node_type": "group", "attributes": root})
        tree.group("labels", {"labels": ["cells"]})
        tree.image("labels/cells", pixels=np.ones((60, 70), "u4"), downsample="mode")

        def change(document: Any) -> None:
            ome = document["attributes"]["ome"]
            axes = ome["multiscales"][0]["axes"]
            ome["multiscales"][0]["coordinateTransformations"] = [
                {
                    "type": "identity",
                    "input": {"name": "yx", "axes": axes},
                    "output": {"name": "global", "axes": axes},
                }
            ]
            ome["version"] = "0.5-dev-spatialdata"
            ome["image-label"] = {}
            document["attributes"]["spatialdata_attrs"] = {"version": "0.3"}

        tree.change("labels/cells/zarr.json", change)

    def test_container(self, tree: Tree) -> None:
        self.container(tree)
        tree.change("zarr.json", lambda d: d["attributes"]["spatialdata_attrs"].update(version="0.1"))
        assert told(tree.root, "spatialdata") == [("container", "zarr.json")]
        tree.change("zarr.json", lambda d: d["attributes"].clear())
        assert told(tree.root, "spatialdata") == [("container", "zarr.json")]

    def test_elements(self, tree: Tree) -> None:
        tree.image(version="0.4")
        assert told(tree.root, "spatialdata") == [("elements", ".zattrs")]
        tree.group("", None, "0.4")
        shutil.rmtree(tree.root / "0")
        shutil.rmtree(tree.root / "1")
        assert told(tree.root, "spatialdata") == [("elements", ".zattrs")]

    @pytest.mark.parametrize(
        "path", ["images/blobs_image", "labels/blobs_labels", "points/blobs_points", "shapes/blobs_circles"]
    )
    def test_version(self, blobs: Path, path: str) -> None:
        file = blobs / path / ".zattrs"
        file.write_text(
            file.read_text().replace('"version": "0.1"', '"version": "7"').replace('"0.2"', '"7"')
        )
        assert ("version", f"{path}/.zattrs") in told(blobs, "spatialdata")

    def test_version_of_a_table(self, blobs: Path) -> None:
        file = blobs / "tables/table/.zattrs"
        file.write_text(file.read_text().replace('"version": "0.1"', '"version": "7"'))
        assert told(blobs, "spatialdata") == [("version", "tables/table/.zattrs")]

    @pytest.mark.parametrize("path", ["images/blobs_image", "shapes/blobs_circles"])
    def test_global(self, blobs: Path, path: str) -> None:
        file = blobs / path / ".zattrs"
        file.write_text(file.read_text().replace('"global"', '"local"'))
        assert told(blobs, "spatialdata") == [("global", f"{path}/.zattrs")]

    def test_integer(self, blobs: Path) -> None:
        file = blobs / "labels/blobs_labels/0/.zarray"
        file.write_text(file.read_text().replace('"<i2"', '"<f2"'))
        assert [name for name, _ in told(blobs, "spatialdata")] == ["integer"]


@pytest.mark.parametrize("profile", PROFILES)
def test_without_a_profile_nothing_is_demanded(tree: Tree, profile: Any) -> None:
    tree.image()
    found = zarrscope.validate(tree.root)
    assert found.valid and not [p for p in found.problems if p.rule.startswith("profile-")]
    assert profile == "dandi" or told(tree.root, profile)


def test_what_cannot_be_asked(tree: Tree) -> None:
    tree.image()
    ask: Any = zarrscope.validate
    with pytest.raises(ArgumentError, match="omero, dandi"):
        ask(tree.root, profile="odd")
    with pytest.raises(ArgumentError, match="hierarchy"):
        ask(tree.root, profile="omero", depth="documents")
    with pytest.raises(ArgumentError, match="hierarchy"):
        ask(tree.root / "zarr.json", profile="omero")


def test_each_demand_is_in_the_table() -> None:
    demands = {name for name in RULES if name.startswith("profile-")}
    assert {name.partition("/")[0].removeprefix("profile-") for name in demands} == set(PROFILES)
    assert all(RULES[name].section.startswith("profile ") for name in demands)
