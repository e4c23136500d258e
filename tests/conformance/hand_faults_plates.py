"""Faults by hand in plates, wells, collections and in what holds a hierarchy together."""

from __future__ import annotations

from tests.conformance.hand_faults import (
    GONE,
    NEW,
    OLD,
    act,
    at,
    edit_xml,
    plain,
    put,
    raw,
    renumber,
    version_below,
    without,
)
from tests.conformance.sound_stores import Tree

XML = "OME/METADATA.ome.xml"

PLATE = [
    *(
        at("plate", "", f"/plate/{list_}", value, f"plate/{list_}")
        for list_ in ("rows", "columns", "wells")
        for value in (GONE, {})
    ),
    *(
        at("plate", "", f"/plate/{list_}/1/name", value, rule)
        for list_ in ("rows", "columns")
        for value, rule in ((GONE, "plate/line"), (2, "plate/line"), ("", "plate/line-name"))
    ),
    at("plate", "", "/plate/rows/1/name", "B 1", "plate/line-name"),
    at("plate", "", "/plate/columns/1/name", "02_", "plate/line-name"),
    act(
        "two rows of one name",
        "plate",
        lambda t: t.ome()["plate"]["rows"].append({"name": "A"}),
        "",
        "/plate/rows/2/name",
        "plate/unique-lines",
    ),
    act(
        "two columns of one name",
        "plate",
        lambda t: t.ome()["plate"]["columns"].append({"name": "2"}),
        "",
        "/plate/columns/2/name",
        "plate/unique-lines",
    ),
    at("plate", "", "/plate/wells/1/path", GONE, "plate/well"),
    at("plate", "", "/plate/wells/1/path", 12, "plate/well"),
    at("plate", "", "/plate/wells/1/path", "2/B", "plate/well-names"),
    at("plate", "", "/plate/wells/1/path", "B2", "plate/well-path"),
    at("plate", "", "/plate/wells/1/path", "B/2/", "plate/well-path"),
    at("plate", "", "/plate/wells/1/path", "./B/2", "plate/well-path"),
    at("plate", "", "/plate/wells/1/path", "b/2", "plate/well-names"),
    at("plate", "", "/plate/wells/1/path", "C/2", "plate/well-names"),
    *(
        at("plate", "", f"/plate/wells/1/{key}", value, rule)
        for key in ("rowIndex", "columnIndex")
        for rule, values in (("plate/well-index", (GONE, "1", -1, 0.5)), ("plate/well-indices", (0, 2)))
        for value in values
    ),
    at("plate", "", "/plate/acquisitions", {}, "plate/acquisitions"),
    at("plate", "", "/plate/acquisitions/1/id", GONE, "plate/acquisition"),
    at("plate", "", "/plate/acquisitions/1/id", "2", "plate/acquisition"),
    at("plate", "", "/plate/acquisitions/1/id", -2, "plate/acquisition-id"),
    at("plate", "", "/plate/acquisitions/1/id", 1, "plate/unique-acquisitions"),
    at("plate", "", "/plate/acquisitions/1/name", 2, "plate/acquisition-text"),
    at("plate", "", "/plate/acquisitions/1/maximumfieldcount", 0, "plate/maximumfieldcount"),
    at("plate", "", "/plate/acquisitions/1/maximumfieldcount", 1.5, "plate/maximumfieldcount-whole"),
    at("plate", "", "/plate/acquisitions/1/description", ["no"], "plate/acquisition-text"),
    at("plate", "", "/plate/acquisitions/1/starttime", "2024-01-01", "plate/starttime-number"),
    at("plate", "", "/plate/acquisitions/1/endtime", 1.5, "plate/time"),
    at("plate", "", "/plate/field_count", 0, "plate/field-count"),
    at("plate", "", "/plate/field_count", "2", "plate/field-count"),
    at("plate", "", "/plate/name", 7, "plate/name-text"),
    at("plate", "", "/plate/version", GONE, "plate/version-required", ("0.5",)),
    at("plate", "", "/plate/version", 0.5, "plate/version", OLD),
]

WELL = [
    at("plate", "B/2", "/well/images", GONE, "well/images"),
    at("plate", "B/2", "/well/images", {}, "well/images"),
    at("plate", "B/2", "/well/images/1/path", GONE, "well/image"),
    at("plate", "B/2", "/well/images/1/path", 1, "well/image"),
    at("plate", "B/2", "/well/images/1/path", "0", "well/unique-images"),
    *(
        at("plate", "B/2", "/well/images/1/path", value, rule, versions)
        for value in ("", "../2/1", "field 1", "..", "__1")
        for rule, versions in (("well/image-path", OLD), ("well/image-key", ("0.6",)))
    ),
    at("plate", "B/2", "/well/images/1/path", "field_1", "well/image-path", OLD),
    at("plate", "B/2", "/well/images/1/path", "fänger", "well/image-key", ("0.6",)),
    at("plate", "B/2", "/well/images/1/acquisition", GONE, "well/acquisition-given"),
    at("plate", "B/2", "/well/images/1/acquisition", 7, "well/acquisition-known"),
    at("plate", "B/2", "/well/images/1/acquisition", "2", "well/acquisition"),
    at("plate", "B/2", "/well/version", 0.5, "well/version", OLD),
    act("a well that is not there", "plate", without("B/2"), "", "/plate/wells/1/path", "plate/wells-exist"),
    act("a well without metadata", "plate", plain("B/2"), "B/2", "", "plate/wells-exist"),
    act(
        "a well that holds an image",
        "plate",
        lambda t: t.files.update({t.key("B/2"): t.files[t.key("B/2/0")]}),
        "B/2",
        "",
        "plate/wells-exist",
    ),
    act(
        "a field that is not there",
        "plate",
        without("B/2/1"),
        "B/2",
        "/well/images/1/path",
        "well/fields-exist",
    ),
    act("a field without metadata", "plate", plain("B/2/1"), "B/2/1", "", "well/fields-exist"),
    at("plate", "B/2/1", "/multiscales/0/datasets", GONE, "multiscales/datasets"),
]

COLLECTION = [
    at("collection", "", "/bioformats2raw.layout", 2, "layout/value"),
    at("collection", "", "/bioformats2raw.layout", None, "layout/value"),
    at("collection", "OME", "/series", "0", "layout/series"),
    at("collection", "OME", "/series", [0, 1], "layout/series"),
    at("collection", "OME", "/series", ["0", "2"], "bf2raw/series-exist"),
    at("collection", "OME", "/series", ["0"], "bf2raw/series-order", file=XML),
    act(
        "binary data in OME-XML",
        "collection",
        edit_xml("<MetadataOnly/>", '<BinData BigEndian="false" Length="0"/>'),
        "OME",
        "",
        "bf2raw/metadata-only",
        file=XML,
    ),
    act(
        "TiffData in OME-XML",
        "collection",
        edit_xml("<MetadataOnly/>", "<TiffData/>"),
        "OME",
        "",
        "bf2raw/metadata-only",
        file=XML,
    ),
    act(
        "OME-XML that is no XML",
        "collection",
        edit_xml("</OME>", "</OMG>"),
        "OME",
        "",
        "bf2raw/xml",
        file=XML,
    ),
    act(
        "XML that is no OME-XML",
        "collection",
        raw("OME/METADATA.ome.xml", b"<svg/>"),
        "OME",
        "",
        "bf2raw/xml",
        file=XML,
    ),
    act("an image that is not there", "collection", without("1"), "OME", "/series/1", "bf2raw/series-exist"),
    act("images 0 and 2 without a list", "collection", renumber, "", "", "bf2raw/series-order", file=XML),
    act("a series that is no image", "collection", plain("1"), "1", "", "bf2raw/series-exist"),
]


def nothing(tree: Tree) -> None:
    """Leave an image's group without ``ome``."""
    document = tree.files["zarr.json"]
    document["attributes"] = document["attributes"]["ome"]


def other_format(tree: Tree) -> None:
    """Say Zarr 2 for the arrays of an image whose groups are of Zarr 3."""
    old = Tree("0.4")
    old.array("1", [3, 8, 8], "uint16", [])
    tree.remove("1")
    tree.files.update(old.files)


def version_3(tree: Tree) -> None:
    """Write the documents of 0.4 as Zarr 3 has them."""
    ome = tree.ome()
    tree.files = {"zarr.json": {"zarr_format": 3, "node_type": "group", "attributes": ome}}
    new = Tree("0.5")
    new.array("0", [3, 16, 16], "uint16", ["t", "y", "x"])
    new.array("1", [3, 8, 8], "uint16", ["t", "y", "x"])
    tree.files.update(new.files)


def version_2(tree: Tree) -> None:
    """Write the documents of 0.5 and 0.6 as Zarr 2 has them."""
    ome = tree.ome()
    old = Tree("0.4")
    old.group("", {"ome": ome})
    old.array("0", [3, 16, 16], "uint16", [])
    old.array("1", [3, 8, 8], "uint16", [])
    tree.files = old.files


HIERARCHY = [
    at("image", "", "/version", GONE, "ome/version", ("0.6",)),
    at("image", "", "/version", 0.5, "ome/version", NEW),
    at("image", "", "/version", "7.3", "version/known", NEW),
    act(
        "no ome in the attributes",
        "flat",
        nothing,
        "",
        "",
        "ome/outside",
        NEW,
        file="zarr.json",
        told="/attributes/multiscales",
    ),
    act(
        "ome is a list",
        "flat",
        lambda t: put(t.files["zarr.json"], "/attributes/ome", []),
        "",
        "",
        "ome/object",
        NEW,
    ),
    act(
        "an array of Zarr 2", "flat", other_format, "", "", "hierarchy/one-zarr-format", NEW, file="1/.zarray"
    ),
    act(
        "0.4 in Zarr 3",
        "flat",
        version_3,
        "",
        "",
        "ome/outside",
        ("0.4",),
        file="zarr.json",
        told="/attributes/multiscales",
    ),
    act(
        "0.5 and 0.6 in Zarr 2",
        "flat",
        version_2,
        "",
        "",
        "version/zarr-format",
        NEW,
        file=".zattrs",
        told="/ome/version",
    ),
    *(
        act(
            f"{store}: {path} of another version",
            store,
            version_below(path, "0.5" if n else "0.6"),
            path,
            "/version",
            "hierarchy/one-version",
            (v,),
        )
        for n, v in ((0, "0.5"), (1, "0.6"))
        for store, path in (
            ("image", "labels"),
            ("image", "labels/cells"),
            ("plate", "B/2"),
            ("plate", "B/2/1"),
            ("collection", "OME"),
            ("collection", "1"),
        )
    ),
    at("flat", "1", "/dimension_names", GONE, "levels/dimension-names", ("0.5",), array=True),
    at("flat", "1", "/dimension_names", ["t", "x", "y"], "levels/dimension-names", ("0.5",), array=True),
    at("flat", "1", "/dimension_names", ["t", "y", None], "levels/dimension-names", ("0.5",), array=True),
    at("flat", "1", "/dimension_names", ["y", "x"], "levels/dimension-names", ("0.5",), array=True),
    at(
        "image",
        "labels/cells/0",
        "/dimension_names",
        ["c", "x", "y", "z"],
        "levels/dimension-names",
        ("0.5",),
        array=True,
    ),
]
