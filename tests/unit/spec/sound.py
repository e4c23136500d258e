"""Sound documents of every kind and version, without even a broken SHOULD."""

from __future__ import annotations

from typing import Any

VERSIONS = ("0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.9")
NAMES = ("t", "c", "z", "y", "x")
TYPES = ("time", "channel", "space", "space", "space")
UNITS = ("second", None, "micrometer", "micrometer", "micrometer")


def axes(version: str) -> list[Any]:
    if version == "0.3":
        return list(NAMES)
    found: list[dict[str, Any]] = [
        {"name": n, "type": t} | ({"unit": u} if u else {})
        for n, t, u in zip(NAMES, TYPES, UNITS, strict=True)
    ]
    if version >= "0.6":
        found[0] |= {"discrete": False, "longName": "time point"}
    if version == "0.9":
        found[4]["orientation"] = {"type": "anatomical", "value": "left-to-right"}
    return found


def steps(version: str, path: str, factor: float) -> list[Any]:
    scale = {"type": "scale", "scale": [1.0, 1.0, 1.0, factor, factor]}
    shift = {"type": "translation", "translation": [0.0, 0.0, 0.0, (factor - 1) / 2, (factor - 1) / 2]}
    if version < "0.6":
        return [scale, shift]
    ends = {"input": {"path": path}, "output": {"name": "physical"}}
    return [{"type": "sequence", "transformations": [scale, shift]} | ends]


def image(version: str) -> dict[str, Any]:
    one: dict[str, Any] = {"name": "cells", "type": "mean", "metadata": {"method": "m", "version": "1"}}
    if version <= "0.4":
        one["version"] = version
    one["datasets"] = [{"path": "0"}, {"path": "1"}]
    if version in ("0.3", "0.4", "0.5"):
        one["axes"] = axes(version)
    if version >= "0.4":
        for dataset, factor in zip(one["datasets"], (1.0, 2.0), strict=True):
            dataset["coordinateTransformations"] = steps(version, dataset["path"], factor)
    if version in ("0.4", "0.5"):
        one["coordinateTransformations"] = [{"type": "scale", "scale": [2.0] * 5}]
    if version >= "0.6":
        one["coordinateSystems"] = [{"name": n, "axes": axes(version)} for n in ("physical", "world")]
        edge = {"type": "scale", "scale": [2.0] * 5, "name": "to world"}
        ends = {"input": {"name": "physical"}, "output": {"name": "world"}}
        one["coordinateTransformations"] = [edge | ends]
    window = {"start": 0, "end": 255, "min": 0, "max": 65535}
    channel = {"color": "FF0000", "window": window, "label": "DAPI", "family": "linear", "active": True}
    return {"multiscales": [one], "omero": {"channels": [channel | {"inverted": False}]}}


def label(version: str) -> dict[str, Any]:
    own: dict[str, Any] = {"version": version} if version <= "0.5" else {}
    own["colors"] = [{"label-value": 1, "rgba": [1, 2, 3, 4]}, {"label-value": 2, "rgba": [1, 2, 3, 4]}]
    own["properties"] = [{"label-value": 1, "area": 5}, {"label-value": 2, "area": 6}]
    own["source"] = {"image": "../../"}
    return {"multiscales": image(version)["multiscales"], "image-label": own}


def plate(version: str) -> dict[str, Any]:
    own: dict[str, Any] = {"version": version} if version <= "0.5" else {}
    run = {"name": "one", "description": "d", "maximumfieldcount": 2, "starttime": 10, "endtime": 20}
    own |= {
        "name": "p",
        "field_count": 2,
        "rows": [{"name": "A"}, {"name": "B"}],
        "columns": [{"name": "1"}, {"name": "2"}],
        "wells": [
            {"path": "A/1", "rowIndex": 0, "columnIndex": 0},
            {"path": "B/2", "rowIndex": 1, "columnIndex": 1},
        ],
        "acquisitions": [{"id": 0} | run, {"id": 1} | run],
    }
    return {"plate": own}


def well(version: str) -> dict[str, Any]:
    own: dict[str, Any] = {"version": version} if version <= "0.5" else {}
    return {"well": own | {"images": [{"path": "0", "acquisition": 0}, {"path": "1", "acquisition": 1}]}}


def labels(version: str) -> dict[str, Any]:
    return {"labels": ["cells", "nuclei"]}


def layout(version: str) -> dict[str, Any]:
    return {"bioformats2raw.layout": 3}


def series(version: str) -> dict[str, Any]:
    return {"series": ["0", "1"]}


def scene(version: str) -> dict[str, Any]:
    edge = {
        "type": "translation",
        "translation": [0.0, 0.0, 1.0, 2.0, 3.0],
        "input": {"path": "tile", "name": "physical"},
        "output": {"name": "stage"},
    }
    systems = [{"name": "stage", "axes": axes(version)}]
    return {"scene": {"coordinateSystems": systems, "coordinateTransformations": [edge]}}


KINDS = {
    "image": image, "label": label, "plate": plate, "well": well, "labels": labels, "layout": layout,
    "series": series, "scene": scene,
}  # fmt: skip


def document(kind: str, version: str) -> dict[str, Any]:
    """Return the attributes of a sound group."""
    body = KINDS[kind](version)
    claimed = {"0.9": "0.9.dev1"}.get(version, version)
    return {"ome": {"version": claimed} | body} if version >= "0.5" else body


def has(kind: str, version: str) -> bool:
    """Whether a version has documents of a kind."""
    since = {"scene": "0.6", "layout": "0.4", "series": "0.4", "label": "0.2", "labels": "0.2"}
    return version >= since.get(kind, "0.1")
