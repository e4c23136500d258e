"""What can be mended in a hierarchy, by the rule that it breaks: names of dimensions, lists, copies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zarrscope.check.documents import Documents
from zarrscope.check.images import multiscale_of
from zarrscope.store.keys import join

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from zarrscope.check.drafts import Case, Drafts

    Mend = Callable[[Case], None]

_LABELS = "labels"
_EMPTY_V3 = {"zarr_format": 3, "node_type": "group", "attributes": {}}
_OURS = ".zarrscope/"


def dimension_names(case: Case) -> None:
    """Name the dimensions of an array that has no names like the axes of its image."""
    axes, found = _axes(case), case.document
    if axes is None or not isinstance(found, dict):
        return
    said = found.get("dimension_names")
    if said is None or (isinstance(said, list) and not any(name is not None for name in said)):
        found["dimension_names"] = axes


def array_dimensions(case: Case) -> None:
    """Write the axes of the image into the attributes of an array (0.3)."""
    axes = _axes(case)
    if axes is None or (case.document is not None and not isinstance(case.document, dict)):
        return
    found = {} if case.document is None else case.document
    if found.get("_ARRAY_DIMENSIONS") is None:
        found["_ARRAY_DIMENSIONS"] = axes
        case.drafts.write(case.problem.file, found)


def _axes(case: Case) -> list[str] | None:
    place = case.place
    if place is None or place.namer is None or place.role != "level":
        return None
    image = multiscale_of(place.namer, place.link.place[0])
    return [axis.name for axis in image.axes] if image is not None else None


def label_list(case: Case) -> None:
    """List the label images below the group ``labels`` where it has no list; a list that is there stays."""
    place = case.place
    if place is None or place.document.state != "group":
        return
    if place.role != _LABELS:
        _new_label_list(case)
        return
    holder = case.attributes
    if case.zarr_format == 3:
        holder = holder.setdefault("ome", {"version": case.version})
    if isinstance(holder, dict) and "labels" not in holder:
        holder["labels"] = _label_images(case.drafts, place.path, case.zarr_format)


def _new_label_list(case: Case) -> None:
    """Write the documents of a group ``labels`` that lies below an image and has none."""
    path = join(case.place.path if case.place else "", _LABELS)
    found = _label_images(case.drafts, path, case.zarr_format)
    if not found:
        return
    if case.zarr_format == 3:
        attributes = {"ome": {"version": case.version, "labels": found}}
        case.drafts.write(join(path, "zarr.json"), _EMPTY_V3 | {"attributes": attributes})
    else:
        case.drafts.write(join(path, ".zgroup"), {"zarr_format": 2})
        case.drafts.write(join(path, ".zattrs"), {"labels": found})


def _label_images(drafts: Drafts, path: str, zarr_format: int) -> list[str]:
    """Return the paths, from a group on, of the topmost images below it."""
    name = "/zarr.json" if zarr_format == 3 else "/.zattrs"
    keys = [key for key in drafts.store.list(f"{path}/") if key.endswith(name)]
    below = sorted((key[: -len(name)] for key in keys), key=lambda one: one.split("/"))
    documents = Documents(drafts.store).probe([one for one in below if one != path], zarr_format)
    found: list[str] = []
    for one, document in zip((one for one in below if one != path), documents, strict=True):
        inner = any(one.startswith(f"{path}/{other}/") for other in found)
        if document.state == "group" and "multiscales" in document.ours and not inner:
            found.append(one[len(path) + 1 :])
    return found


def row_group(case: Case) -> None:
    """Write the group of a row of a plate, if one of its wells is there."""
    said = case.target()
    if case.place is not None and isinstance(said, str) and "/" in said:
        path = join(case.place.path, said.partition("/")[0])
        wells = [well for well in case.place.of("well") if well.document.state == "group"]
        if not any(well.path.startswith(f"{path}/") for well in wells):
            return
        if case.zarr_format == 3:
            case.drafts.write(join(path, "zarr.json"), dict(_EMPTY_V3))
        else:
            case.drafts.write(join(path, ".zgroup"), {"zarr_format": 2})


def zgroup(case: Case) -> None:
    """Write a ``.zgroup`` that is missing beside the attributes of a group."""
    file = case.problem.file
    folder = file.removesuffix(".zgroup")
    missing = case.document is None and file.endswith(".zgroup")
    if missing and case.drafts.store.get(f"{folder}.zarray") is None:
        case.drafts.write(file, {"zarr_format": 2})


def one_version(case: Case) -> None:
    """Write 0.6 into all documents of a hierarchy of which one was brought from a draft to 0.6."""
    root = case.place
    while root is not None and root.parent is not None:
        root = root.parent
    if root is None or case.place is None:
        return
    for file in (root.file, case.place.file):
        document = case.drafts.value(file)
        ome = document.get("attributes", {}).get("ome") if isinstance(document, dict) else None
        if not isinstance(ome, dict) or not str(ome.get("version")).startswith("0.6"):
            return
    for file in (root.file, case.place.file):
        case.drafts.value(file)["attributes"]["ome"]["version"] = "0.6"


def consolidate(case: Case) -> None:
    """Write the copies of all documents anew; those that are true stay as they are."""
    document, store = case.document, case.drafts.store
    holder = document.get("consolidated_metadata") if case.zarr_format == 3 else document
    if not isinstance(holder, dict) or not isinstance(holder.get("metadata"), dict):
        return
    names = ("zarr.json",) if case.zarr_format == 3 else (".zarray", ".zattrs", ".zgroup")
    keys = [
        key
        for key in store.list("")
        if key.rpartition("/")[2] in names and key != "zarr.json" and not key.startswith(_OURS)
    ]
    holder["metadata"] = _copies(case, keys, holder["metadata"])


def _copies(case: Case, keys: Iterable[str], old: dict[str, Any]) -> dict[str, Any]:
    values = {
        key.removesuffix("/zarr.json") if case.zarr_format == 3 else key: case.drafts.value(key)
        for key in keys
    }
    order = [*(key for key in old if key in values), *(key for key in values if key not in old)]
    found = {}
    for key in order:
        value = values[key]
        if case.zarr_format == 3 and isinstance(value, dict):
            value = {k: v for k, v in value.items() if k != "consolidated_metadata"}
            extra = old[key].get("consolidated_metadata") if isinstance(old.get(key), dict) else None
            value |= {} if extra is None else {"consolidated_metadata": extra}
        if value is not None:
            found[key] = value
    return found


MENDS: dict[str, Mend] = {
    "levels/dimension-names": dimension_names,
    "levels/array-dimensions": array_dimensions,
    "labels/listed": label_list,
    "labels/all-listed": label_list,
    "plate/row-groups": row_group,
    "document/zarr": zgroup,
    "hierarchy/one-version": one_version,
}
"""By the name of the rule."""

LAST: dict[str, Mend] = {"files/consolidated": consolidate}
"""Those that have to wait until all documents are as they should be."""
