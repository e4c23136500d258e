"""What SpatialData writes: 0.4 or 0.5 with transformations between systems, of before 0.6 had them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zarrscope.spec.mending import Mender, Names, dicts

if TYPE_CHECKING:
    from collections.abc import Mapping

TAG = "-dev-spatialdata"
"""End of the versions that it invents."""


def is_spatialdata(ours: Mapping[str, Any]) -> bool:
    """Whether a document has systems inside its transformations, or says that SpatialData wrote it.

    Parameters
    ----------
    ours : mapping
        What holds ``multiscales``: the attributes, or ``ome`` in them.
    """
    images = dicts(ours.get("multiscales"))
    edges = [edge for image in images for edge in dicts(image.get("coordinateTransformations"))]
    ends = [edge.get(key) for edge in edges for key in ("input", "output")]
    versions = [ours.get("version"), *(image.get("version") for image in images)]
    tagged = any(isinstance(version, str) and version.endswith(TAG) for version in versions)
    named = any(isinstance(end, dict) and isinstance(end.get("axes"), list) for end in ends)
    return bool(images) and (named or (tagged and all("axes" in image for image in images)))


def mend_image(image: dict[str, Any], mender: Mender) -> dict[str, Any]:
    """Return an entry of ``multiscales`` as 0.6 has it.

    The system that the datasets lead to is the one that its transformations start from; it keeps the axes
    of the image, because those in the transformations have no true units.
    """
    found = {k: v for k, v in image.items() if k not in ("axes", "version")}
    edges = image.get("coordinateTransformations")
    starts = [edge["input"] for edge in dicts(edges) if isinstance(edge.get("input"), dict)]
    first: dict[str, Any] = starts[0] if starts else {}
    name = first.get("name")
    intrinsic = name if isinstance(name, str) else "physical"
    systems = {intrinsic: {"name": intrinsic, "axes": image.get("axes", first.get("axes"))}}
    for edge in dicts(edges):
        for end in (edge.get("input"), edge.get("output")):
            if isinstance(end, dict) and isinstance(end.get("name"), str):
                systems.setdefault(end["name"], {"name": end["name"], "axes": end.get("axes", [])})
    found["coordinateSystems"] = list(systems.values())
    if isinstance(image.get("datasets"), list):
        found["datasets"] = [_dataset(d, intrinsic) if isinstance(d, dict) else d for d in image["datasets"]]
    if isinstance(edges, list):
        found["coordinateTransformations"] = [_edge(e, mender) if isinstance(e, dict) else e for e in edges]
    return found


def _dataset(dataset: dict[str, Any], intrinsic: str) -> dict[str, Any]:
    steps = dataset.get("coordinateTransformations")
    if not isinstance(steps, list) or not steps or not all(isinstance(step, dict) for step in steps):
        return dataset
    bare = [{k: v for k, v in step.items() if k not in ("input", "output")} for step in steps]
    one = bare[0] if len(bare) == 1 else {"type": "sequence", "transformations": bare}
    ends = {"input": {"path": dataset.get("path")}, "output": {"name": intrinsic}}
    return dataset | {"coordinateTransformations": [one | ends]}


def _edge(edge: dict[str, Any], mender: Mender) -> dict[str, Any]:
    ends = {k: _named(edge[k]) for k in ("input", "output") if k in edge}
    return _body(edge, mender) | ends


def _body(step: dict[str, Any], mender: Mender, depth: int = 0) -> dict[str, Any]:
    """Return a transformation without the systems inside it."""
    inputs, outputs = _axes(step.get("input")), _axes(step.get("output"))
    bare = {k: v for k, v in step.items() if k not in ("input", "output")}
    inner = step.get("transformations")
    if depth > 32:
        return bare
    if step.get("type") == "sequence" and isinstance(inner, list):
        return bare | {"transformations": [_body(s, mender, depth + 1) for s in dicts(inner)]}
    if step.get("type") == "byDimension" and isinstance(inner, list):
        parts = [_part(s, inputs, outputs, mender, depth) for s in dicts(inner)]
        return bare | {"transformations": parts}
    if step.get("type") == "affine" and isinstance(step.get("affine"), list):
        return bare | {"affine": _without_last_row(step["affine"], outputs)}
    return mender.body(bare, inputs, outputs)


def _part(
    step: dict[str, Any], inputs: Names | None, outputs: Names | None, mender: Mender, depth: int
) -> dict[str, Any]:
    """Return a part of ``byDimension``: which axes it takes and gives stands in its own systems."""
    found: dict[str, Any] = {"transformation": _body(step, mender, depth + 1)}
    for key, own, all_ in (
        ("inputAxes", _axes(step.get("input")), inputs),
        ("outputAxes", _axes(step.get("output")), outputs),
    ):
        if own is not None and all_ is not None and all(name in all_ for name in own):
            found[key] = [all_.index(name) for name in own]
    return found


def _without_last_row(rows: list[Any], outputs: Names | None) -> list[Any]:
    """Return an affine matrix without the row 0 ... 0 1 that some versions wrote."""
    last = rows[-1] if rows else None
    if outputs is None or len(rows) != len(outputs) + 1 or not isinstance(last, list):
        return rows
    return rows[:-1] if last == [0] * (len(last) - 1) + [1] else rows


def _named(end: Any) -> Any:
    return {k: v for k, v in end.items() if k != "axes"} if isinstance(end, dict) else end


def _axes(end: Any) -> Names | None:
    axes = dicts(end.get("axes")) if isinstance(end, dict) else []
    names = [axis.get("name") for axis in axes]
    return [str(name) for name in names] if names and all(isinstance(n, str) for n in names) else None
