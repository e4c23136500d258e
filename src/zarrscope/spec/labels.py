"""Label images as documents write them (section ``label-md``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zarrscope.model.labels import ImageLabel, LabelColor, LabelProperties, LabelSource
from zarrscope.spec.reader import Fields, integer

if TYPE_CHECKING:
    from collections.abc import Iterator


def decode_image_label(fields: Fields) -> ImageLabel:
    """Read an ``image-label`` object; entries without a label value are left out."""
    source = fields.object("source")
    return ImageLabel(
        colors=tuple(_color(value, entry) for value, entry in _values(fields.items("colors"))),
        properties=tuple(
            LabelProperties(value, entry.extra) for value, entry in _values(fields.items("properties"))
        ),
        source=None if source is None else LabelSource(source.text("image"), source.extra),
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


def _values(entries: list[Any] | None) -> Iterator[tuple[int, Fields]]:
    for item in entries or ():
        entry = Fields(item) if isinstance(item, dict) else None
        value = None if entry is None else entry.integer("label-value")
        if entry is not None and value is not None:
            yield value, entry


def _color(value: int, entry: Fields) -> LabelColor:
    rgba = entry.peek("rgba")
    parts = [integer(part) for part in rgba] if isinstance(rgba, list) else []
    whole = [part for part in parts if part is not None and 0 <= part <= 255]
    if len(parts) != 4 or len(whole) != 4:
        return LabelColor(value, None, entry.extra)
    entry.take("rgba")
    return LabelColor(value, (whole[0], whole[1], whole[2], whole[3]), entry.extra)
