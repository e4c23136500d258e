"""Label images as documents write them (section ``label-md``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zarrscope.model.labels import ImageLabel, LabelColor, LabelProperties, LabelSource
from zarrscope.report import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zarrscope.spec.reader import Cursor, Fields


def decode_image_label(fields: Fields) -> ImageLabel:
    """Read an ``image-label`` object."""
    if "colors" not in fields:
        fields.cursor.note("label/colors", "'colors' is missing", severity=Severity.SHOULD)
    colors = fields.take("colors")
    properties = fields.take("properties")
    return ImageLabel(
        colors=() if colors is None else tuple(_colors(colors)),
        properties=() if properties is None else tuple(_properties(properties)),
        source=_source(fields),
        extra=fields.extra,
    )


def encode_image_label(label: ImageLabel) -> dict[str, Any]:
    """Write an ``image-label`` object."""
    body: dict[str, Any] = {}
    if label.colors:
        body["colors"] = [
            {"label-value": c.value} | ({} if c.rgba is None else {"rgba": list(c.rgba)}) | dict(c.extra)
            for c in label.colors
        ]
    if label.properties:
        body["properties"] = [{"label-value": p.value} | dict(p.values) for p in label.properties]
    if label.source is not None:
        image = {} if label.source.image is None else {"image": label.source.image}
        body["source"] = image | dict(label.source.extra)
    return body | {k: v for k, v in label.extra.items() if k not in body}


def _values(cursor: Cursor, key: str) -> Iterator[tuple[int, Fields]]:
    """Yield every entry that has a label value, with the value."""
    seen: set[int] = set()
    for item in cursor.items(f"label/{key}", repr(key), least=1):
        entry = item.fields(f"label/{key}", f"an entry of {key!r}")
        if entry is None:
            continue
        if "label-value" not in entry:
            item.note(f"label/{key}-value", "'label-value' is missing")
        value = entry.integer("label-value", f"label/{key}-value")
        if value is None:
            continue
        if value in seen:
            item.note(f"label/{key}-unique", f"the label value {value} stands twice", at="label-value")
        seen.add(value)
        yield value, entry


def _colors(cursor: Cursor) -> Iterator[LabelColor]:
    for value, entry in _values(cursor, "colors"):
        rgba = entry.take("rgba")
        found = None
        if rgba is not None:
            parts = [c.integer() for c in rgba.items("label/rgba", "'rgba'")]
            whole = [p for p in parts if p is not None and 0 <= p <= 255]
            if len(parts) == len(whole) == 4:
                found = (whole[0], whole[1], whole[2], whole[3])
            else:
                rgba.note("label/rgba", "'rgba' must be four whole numbers from 0 to 255")
                entry.leave("rgba")
        yield LabelColor(value, found, entry.extra)


def _properties(cursor: Cursor) -> Iterator[LabelProperties]:
    for value, entry in _values(cursor, "properties"):
        yield LabelProperties(value, entry.extra)


def _source(fields: Fields) -> LabelSource | None:
    cursor = fields.take("source")
    source = cursor.fields("label/source", "'source'") if cursor else None
    if source is None:
        return None
    return LabelSource(source.text("image", "label/source"), source.extra)
