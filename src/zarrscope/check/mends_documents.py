"""What can be mended within one document, by the rule that it breaks: only what the document itself tells.

A mend changes the document in place, or leaves it alone where the right value would have to be guessed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from zarrscope.model.units import canonical_unit, unit_type
from zarrscope.spec.dialects import migrated
from zarrscope.spec.judge import PARTS
from zarrscope.spec.rules import EVERY

if TYPE_CHECKING:
    from collections.abc import Callable

    from zarrscope.check.drafts import Case

    Mend = Callable[[Case], None]

_MEANT = re.compile(r"(?:'(?P<wrong>[^']+)' stands there: )?write '(?P<right>[^']+)'")
_HEX = re.compile(r"(#|0[xX])?([0-9A-Fa-f]{3}|[0-9A-Fa-f]{6}|[0-9A-Fa-f]{8})")
_IMAGE = re.compile(r"(.*/)?multiscales/\d+/coordinateTransformations")
_WELL_INDICES = (("rowIndex", "rows"), ("columnIndex", "columns"))


def migrate(case: Case) -> bool:
    """Bring a document of a draft of 0.6 into today's form, and return whether it was one."""
    if case.zarr_format != 3:
        return False
    dialect = migrated(case.attributes, case.zarr_format)
    if dialect is None or not dialect.name.startswith("0.6."):
        return False
    case.attributes.update(dialect.attributes)
    return True


def is_dialect(case: Case) -> bool:
    """Return whether a document is of a draft, or of a dialect that its own readers want as it is."""
    return migrated(case.attributes, case.zarr_format) is not None


def rename(case: Case) -> None:
    """Give a key the name that it must have meant, where nothing is broken by it."""
    meant = _MEANT.fullmatch(case.problem.hint)
    if meant is None:
        return
    if meant["wrong"]:
        holder, wrong = case.target(), meant["wrong"]
    else:
        found = case.holder()
        holder, wrong = found if found is not None else (None, "")
    right = meant["right"]
    if not isinstance(holder, dict) or wrong not in holder or right in holder:
        return
    before, broken = dict(holder), case.broken(case.document)
    _replace(holder, {right if key == wrong else key: value for key, value in before.items()})
    if case.broken(case.document) > broken:
        _replace(holder, before)


def stands_there(case: Case) -> bool:
    """Return whether a key that is missing stands there under another name."""
    meant = _MEANT.fullmatch(case.problem.hint)
    return meant is not None and meant["wrong"] is not None


def unit(case: Case) -> None:
    """Write the name that the specification has for a unit of space or time."""
    found = case.holder()
    if found is None or not isinstance(found[0], dict) or not isinstance(found[0].get("unit"), str):
        return
    axis = found[0]
    name = canonical_unit(axis["unit"])
    if name is not None and unit_type(name) == axis.get("type"):
        axis["unit"] = name


def no_null(case: Case) -> None:
    """Take away a key whose value is null: it says that nothing is known, as its absence does."""
    found = case.holder()
    if found is not None and isinstance(found[0], dict) and found[1] in found[0]:
        holder, key = found
        if holder[key] is None:
            del holder[key]


def color(case: Case) -> None:
    """Write a colour as six digits."""
    found = case.holder()
    text = case.target()
    match = _HEX.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None or match is None:
        return
    mark, digits = match[1], match[2]
    if len(digits) == 8:
        # red, green, blue, alpha as in CSS; without # only where another order makes no sense
        if mark != "#" and not (digits.upper().endswith("FF") and not digits.upper().startswith("FF")):
            return
        digits = digits[:6]
    found[0][found[1]] = "".join(d + d for d in digits) if len(digits) == 3 else digits


def version(case: Case) -> None:
    """Write the version of the document into a part that lacks it or contradicts it."""
    given = case.problem.rule.endswith("/version")
    found = case.holder() if given else (case.target(), "version")
    if found is None or not isinstance(found[0], dict) or case.version not in EVERY.split():
        return
    holder = found[0]
    if case.published is not None or _shows(case) or str(holder.get("version")) == case.version:
        holder["version"] = case.version


def ome_version(case: Case) -> None:
    """Write the version of the hierarchy into ``ome`` of a document that has none."""
    attributes = case.attributes
    ome = attributes.get("ome")
    if not isinstance(ome, dict) or isinstance(ome.get("version"), str):
        return
    said = str(ome.get("version"))
    known = said if said in EVERY.split() and said >= "0.5" else case.published or _of_axes(ome)
    if known is not None and known >= "0.5":
        rest = {key: value for key, value in ome.items() if key != "version"}
        _replace(ome, {"version": known, **rest})


def into_ome(case: Case) -> None:
    """Move what stands outside of ``ome`` into it, unless it holds something else of that name."""
    attributes = case.attributes
    parts = {key: attributes[key] for key in PARTS if key in attributes}
    if "ome" not in attributes:
        known = case.published or _of_parts(parts)
        if known is None or known < "0.5":
            return
        rest = {key: value for key, value in attributes.items() if key not in parts}
        _replace(attributes, {"ome": {"version": known}} | rest | parts)
    ome = attributes["ome"]
    if not isinstance(ome, dict):
        return
    for key, value in parts.items():
        if repr(ome.setdefault(key, value)) == repr(value):
            attributes.pop(key, None)


def well_index(case: Case) -> None:
    """Write the indices of a well that its path names."""
    well = case.target()
    plate = case.target(case.problem.location.rpartition("/wells/")[0])
    path = well.get("path") if isinstance(well, dict) else None
    if not isinstance(path, str) or not isinstance(plate, dict):
        return
    names = path.split("/")
    for place, (key, lines) in enumerate(_WELL_INDICES):
        listed = plate.get(lines)
        if len(names) != 2 or key in well or not isinstance(listed, list):
            continue
        known = [
            i for i, line in enumerate(listed) if isinstance(line, dict) and line.get("name") == names[place]
        ]
        if len(known) == 1:
            well[key] = known[0]


def transformations(case: Case) -> None:
    """Make a list of one transformation, and take away an empty list where none need be."""
    found, value = case.holder(), case.target()
    if found is None or not isinstance(found[0], dict):
        return
    if isinstance(value, dict) and isinstance(value.get("type"), str):
        found[0][found[1]] = [value]
    elif value == [] and _IMAGE.fullmatch(case.problem.location):
        del found[0][found[1]]


def _of_axes(ours: dict[str, Any]) -> str | None:
    """Return the version that the images of a document show: axes of their own end with 0.5."""
    images = ours.get("multiscales")
    known = isinstance(images, list) and images and all(isinstance(i, dict) and "axes" in i for i in images)
    return "0.5" if known else None


def _of_parts(parts: dict[str, Any]) -> str | None:
    said = [part.get("version") for part in parts.values() if isinstance(part, dict)]
    named = {v for v in said if isinstance(v, str) and v in EVERY.split() and v >= "0.5"}
    return named.pop() if len(named) == 1 else _of_axes(parts)


def _shows(case: Case) -> bool:
    """Return whether the form of a document tells its version, which it does not state."""
    images = case.attributes.get("multiscales")
    first = images[0] if isinstance(images, list) and images else None
    return isinstance(first, dict) and isinstance(first.get("axes"), list)


def _replace(holder: dict[str, Any], content: dict[str, Any]) -> None:
    """Give an object other members, in their order."""
    holder.clear()
    holder.update(content)


MENDS: dict[str, Mend] = {
    "document/spelling": rename,
    "axes/unit-known": unit,
    "axes/unit-text": no_null,
    "axes/orientation-null": no_null,
    "omero/color": color,
    "multiscales/version-given": version,
    "image-label/version-given": version,
    "plate/version-given": version,
    "well/version-given": version,
    "plate/version-required": version,
    "multiscales/version": version,
    "image-label/version": version,
    "plate/version": version,
    "well/version": version,
    "ome/version": ome_version,
    "labels/version": ome_version,
    "ome/outside": into_ome,
    "plate/well-index": well_index,
    "transformations/list": transformations,
}
"""By the name of the rule."""
