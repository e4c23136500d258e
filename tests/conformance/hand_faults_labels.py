"""Faults by hand in what belongs to an image: its channels and its label images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.conformance.hand_faults import GONE, IMAGE, NEW, OLD, act, at, dtype, twice, without

if TYPE_CHECKING:
    from tests.conformance.sound_stores import Tree

CHANNEL = "/omero/channels/1"
MARK = "/image-label"

OMERO = [
    at("image", "", "/omero/channels", GONE, "omero/channels"),
    at("image", "", "/omero/channels", {}, "omero/channels"),
    at("image", "", CHANNEL + "/color", GONE, "omero/channel-color"),
    at("image", "", CHANNEL + "/color", "#00FF00", "omero/color"),
    at("image", "", CHANNEL + "/color", "00GG00", "omero/color"),
    at("image", "", CHANNEL + "/color", "0F0", "omero/color"),
    at("image", "", CHANNEL + "/color", 65280, "omero/color-text"),
    at("image", "", CHANNEL + "/window", GONE, "omero/channel-window"),
    at("image", "", CHANNEL + "/window", [0, 1], "omero/window"),
    at("image", "", CHANNEL + "/window/min", GONE, "omero/window-limits"),
    at("image", "", CHANNEL + "/window/max", GONE, "omero/window-limits"),
    at("image", "", CHANNEL + "/window/start", GONE, "omero/window-ends"),
    at("image", "", CHANNEL + "/window/end", GONE, "omero/window-ends"),
]

LABELS = [
    at("image", "labels", "/labels", GONE, "labels/listed"),
    at("image", "labels", "/labels", "cells", "labels/list"),
    at("image", "labels", "/labels", [0], "labels/path"),
    at("image", "labels", "/labels", ["cells", "nuclei"], "labels/exist"),
    act(
        "label images without a group",
        "image",
        without("labels/cells"),
        "labels",
        "/labels/0",
        "labels/exist",
    ),
    *(
        act(
            "float labels",
            "image",
            dtype("labels/cells/0", "<f4", "float32"),
            "labels/cells/0",
            member,
            "labels/integer",
            versions,
            array=True,
        )
        for member, versions in (("/dtype", ("0.4",)), ("/data_type", NEW))
    ),
    *(
        act(
            "float labels, coarse",
            "image",
            dtype("labels/cells/1", "<f8", "float64"),
            "labels/cells/1",
            member,
            "labels/integer",
            versions,
            array=True,
        )
        for member, versions in (("/dtype", ("0.4",)), ("/data_type", NEW))
    ),
    *(
        act(
            "boolean labels",
            "image",
            dtype("labels/cells/0", "|b1", "bool"),
            "labels/cells/0",
            member,
            "labels/integer",
            versions,
            array=True,
        )
        for member, versions in (("/dtype", ("0.4",)), ("/data_type", NEW))
    ),
    at("image", "labels/cells", IMAGE + "/datasets", lambda d: d[:1], "labels/level-count"),
    at("image", "labels/cells", "/multiscales", GONE, "labels/exist"),
    at("image", "labels/cells", MARK + "/colors", {}, "label/colors"),
    at("image", "labels/cells", MARK + "/colors/0/label-value", GONE, "label/color"),
    at("image", "labels/cells", MARK + "/colors/0/label-value", "1", "label/color"),
    at("image", "labels/cells", MARK + "/colors/0/label-value", 1.5, "label/color-value-whole"),
    at("image", "labels/cells", MARK + "/colors/0/label-value", True, "label/color"),
    at("image", "labels/cells", MARK + "/colors/0/rgba", [255, 0, 0], "label/rgba"),
    at("image", "labels/cells", MARK + "/colors/0/rgba", [256, 0, 0, 255], "label/rgba"),
    at("image", "labels/cells", MARK + "/colors/0/rgba", [-1, 0, 0, 255], "label/rgba"),
    at("image", "labels/cells", MARK + "/colors/0/rgba", [0.5, 0, 0, 1], "label/rgba"),
    at("image", "labels/cells", MARK + "/colors/0/rgba", "#FF0000", "label/rgba"),
    at("image", "labels/cells", MARK + "/colors", twice, "label/unique-colors"),
    at("image", "labels/cells", MARK + "/properties", {"1": {}}, "label/properties"),
    at("image", "labels/cells", MARK + "/properties/1/label-value", GONE, "label/property"),
    at("image", "labels/cells", MARK + "/properties/1/label-value", "two", "label/property"),
    at("image", "labels/cells", MARK + "/source", "../../", "label/source"),
    at("image", "labels/cells", MARK + "/source/image", 0, "label/source-image"),
    at("image", "labels/cells", MARK + "/version", 0.5, "image-label/version", OLD),
]


def nested(tree: Tree) -> None:
    """Move the label image one group down, into a group with metadata."""
    moved = {f"labels/by/{k[7:]}" if k.startswith("labels/cells") else k: v for k, v in tree.files.items()}
    tree.files = moved
    tree.ome("labels")["labels"] = ["by/cells"]
    tree.group("labels/by", {"labels": ["cells"]})


LABELS.append(
    act("metadata between labels and label image", "image", nested, "labels/by", "", "labels/bare-groups")
)
