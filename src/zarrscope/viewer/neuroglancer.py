"""The state of Neuroglancer that shows an image rightly: all of it, since what is left out it guesses.

An OME-Zarr that Neuroglancer opens by itself comes with its axes in the order of the file and one channel.
What is named here (dimensions, sources, controls) is as its client reads OME-Zarr 0.4 and 0.5: axes keep
their names, those of type ``channel`` get a prime and belong to a layer; a position counts pixels of level 0
from the corner of the first one, while OME-Zarr places centres.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from zarrscope.errors import ArgumentError, UnsupportedError
from zarrscope.model.axes import channel_axis
from zarrscope.model.units import conversion
from zarrscope.viewer.channels import channel_looks, displayed_axes, one_picture
from zarrscope.viewer.neuroglancer_documents import readable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from zarrscope.model.axes import Axis
    from zarrscope.node.image import Image
    from zarrscope.viewer.channels import ChannelLook
    from zarrscope.viewer.state import Look

LAYOUTS = {"plane": "xy", "ortho": "4panel"}
"""By the names of ours."""

_PIXELS = frozenset({"u1", "i1", "u2", "i2", "u4", "i4", "u8", "f4"})
_SHADER = """#uicontrol vec3 color color
#uicontrol invlerp normalized
#uicontrol float gamma slider(min=0.1, max=4.0, default=1.0)
void main() { emitRGB(color * pow(normalized(), gamma)); }
"""
_RGB_SHADER = """#uicontrol invlerp red(channel=0)
#uicontrol invlerp green(channel=1)
#uicontrol invlerp blue(channel=2)
void main() { emitRGB(vec3(red(), green(), blue())); }
"""
_ROOM = (1200, 640)
"""Screen pixels that the panels have at least, in a window of a small notebook."""

_MARGIN = 1.1
_DEPTH = 1.6
"""The near side of a box in perspective is larger than its middle."""


def neuroglancer_state(
    image: Image,
    address: str,
    *,
    channels: Sequence[int] | Mapping[int, Look] | None = None,
    dims: Mapping[str, int] | None = None,
    layout: str | None = None,
) -> dict[str, Any]:
    """Return the state of Neuroglancer that shows an image with its channels and labels.

    Parameters
    ----------
    image : Image
        With a document that it reads (see ``retold``).
    address : str
        Where its group is served.
    channels : sequence of int, or mapping, optional
        The channels to show, or for some of them how, as ``zarrscope.view`` takes it.
    dims : mapping of str to int, optional
        Index along other axes, such as ``z`` and ``t``; the middle of space and the first of all else.
    layout : {"plane", "ortho"}, optional
        One plane, or the three planes of a stack; what the image has, by default.

    Returns
    -------
    dict
        JSON, for ``neuroglancer.Viewer.set_state`` or the address of any Neuroglancer.

    Raises
    ------
    UnsupportedError
        Neuroglancer cannot read such an image.
    ArgumentError
        There is no such channel or layout.
    """
    _check(image, layout)
    shown, chosen = displayed_axes(image), dict(dims or {})
    others = [i for i in range(len(image.axes)) if i not in shown and not _is_channel(image.axes[i])]
    order = [*shown, *others]
    flat = len(shown) < 3 or image.shape[shown[2]] == 1
    arrangement = LAYOUTS[layout] if layout and len(shown) > 2 else "xy" if flat else "4panel"
    layers = _image_layers(image, address, channels, chosen) if image.kind != "label" else []
    return {
        "dimensions": {image.axes[i].name: _step(image, i) for i in order},
        "displayDimensions": [image.axes[i].name for i in shown],
        "position": [_position(image, i, chosen) for i in order],
        "crossSectionScale": _scale(image, shown, arrangement),
        "projectionScale": _DEPTH * max(_extents(image, shown)),
        "crossSectionBackgroundColor": "#000000",
        "projectionBackgroundColor": "#000000",
        "layers": [*layers, *_label_layers(image, address)],
        "layout": arrangement,
    }


def _check(image: Image, layout: str | None) -> None:
    if layout not in (None, *LAYOUTS):
        raise ArgumentError(f"there is no layout {layout!r}; choose {' or '.join(LAYOUTS)}")
    if not readable(image):
        raise UnsupportedError(f"{image.url}: Neuroglancer does not read its document; serve it as retold")
    if len(displayed_axes(image)) < 2:
        raise UnsupportedError(f"{image.url}: Neuroglancer shows planes; this has one axis alone")
    kind = f"{image.dtype.kind}{image.dtype.itemsize}"
    if kind not in _PIXELS:
        raise UnsupportedError(f"{image.url}: Neuroglancer shows no pixels of type {image.dtype}")


def _is_channel(axis: Axis) -> bool:
    return axis.type == "channel"


def _placed(image: Image) -> tuple[tuple[float, ...], tuple[float, ...]]:
    level = image.levels[0]
    if level.scale is None or level.translation is None:
        raise UnsupportedError(f"{image.url}: Neuroglancer shows only images placed by scale and translation")
    return level.scale, level.translation


def _step(image: Image, at: int) -> list[Any]:
    """Return the size of a pixel in metres or seconds, or as it stands where it has no unit."""
    unit, size = image.axes[at].unit, _placed(image)[0][at]
    for base, symbol in (("meter", "m"), ("second", "s")):
        if unit is not None and (factor := conversion(unit, base)) is not None:
            return [size * factor, symbol]
    return [size, ""]


def _position(image: Image, at: int, dims: Mapping[str, int]) -> float:
    """Return the centre of the pixel that is looked at; a half-pixel before it is its corner."""
    scale, translation = _placed(image)
    name, count = image.axes[at].name, image.shape[at]
    index = dims.get(name, count // 2 if at in displayed_axes(image) else 0)
    if not 0 <= index < count:
        raise ArgumentError(f"{name} has {count} planes, counted from 0; there is no {index}")
    return translation[at] / scale[at] + index


def _extents(image: Image, shown: Sequence[int]) -> list[float]:
    """Return how large the image is along the displayed axes, in units of the smallest step of these."""
    steps = [float(_step(image, i)[0]) for i in shown]
    return [image.shape[i] * step / min(steps) for i, step in zip(shown, steps, strict=True)]


def _scale(image: Image, shown: Sequence[int], layout: str) -> float:
    """Return how many smallest steps one screen pixel takes, so that every panel holds the whole image."""
    across, down, *depth = _extents(image, shown)
    width, height = _ROOM
    if layout == "4panel":
        width, height = width // 2, height // 2
        across, down = max(across, *depth, 0), max(down, *depth, 0)
    return _MARGIN * max(across / width, down / height)


def _source(image: Image, address: str) -> str:
    return f"{address.rstrip('/')}/|zarr{image.document.zarr_format}:"


def _image_layers(
    image: Image, address: str, channels: Sequence[int] | Mapping[int, Look] | None, dims: Mapping[str, int]
) -> list[dict[str, Any]]:
    at, layers, names = channel_axis(image.axes), [], set[str]()
    looks = channel_looks(image, channels, dims)
    if at is not None and one_picture(image, looks) and _together(image, at):
        return [_rgb_layer(image, address, at, looks)]
    for index, look in enumerate(looks):
        name = look.name if look.name not in names else f"{look.name} ({index})"
        names.add(name)
        layer = {
            "type": "image",
            "name": name,
            "source": _source(image, address),
            "visible": look.visible,
            "opacity": look.opacity,
            "blend": "additive",
            "shader": _SHADER,
            "shaderControls": _controls(image, look),
        }
        layers.append(layer | _channel(image, at, index))
    return layers


def _together(image: Image, at: int) -> bool:
    """Return whether every chunk holds all channels: a shader sees no others than those of its chunk."""
    return all(level.chunks[at] >= image.shape[at] for level in image.levels)


def _rgb_layer(image: Image, address: str, at: int, looks: Sequence[ChannelLook]) -> dict[str, Any]:
    """Return one layer whose shader sees red, green and blue at once: their axis has the mark ``^``."""
    channel = f"{image.axes[at].name}^"
    output = {
        channel if i == at else f"{axis.name}'" if _is_channel(axis) else axis.name: _step(image, i)
        for i, axis in enumerate(image.axes)
    }
    samples = zip(("red", "green", "blue"), looks, strict=True)
    controls = {name: _range(image, look) | {"channel": [i]} for i, (name, look) in enumerate(samples)}
    return {
        "type": "image",
        "name": image.name or "image",
        "source": {"url": _source(image, address), "transform": {"outputDimensions": output}},
        "channelDimensions": {channel: output[channel]},
        "blend": "additive",
        "opacity": 1.0,
        "shader": _RGB_SHADER,
        "shaderControls": controls,
    }


def _channel(image: Image, at: int | None, index: int) -> dict[str, Any]:
    if at is None:
        return {}
    scale, translation = _placed(image)
    name = f"{image.axes[at].name}'"
    return {
        "localDimensions": {name: [scale[at], ""]},
        "localPosition": [translation[at] / scale[at] + index],
    }


def _controls(image: Image, look: ChannelLook) -> dict[str, Any]:
    return {"color": f"#{look.color}", "normalized": _range(image, look), "gamma": look.gamma}


def _range(image: Image, look: ChannelLook) -> dict[str, Any]:
    def ends(pair: tuple[float, float]) -> list[Any]:
        if image.dtype.kind == "f":
            return list(pair)
        whole = [round(end) for end in pair]
        return [str(end) for end in whole] if image.dtype.itemsize > 4 else whole  # JSON has no 64 bits

    return {"range": ends(look.window), "window": ends(look.limits)}


def _label_layers(image: Image, address: str) -> list[dict[str, Any]]:
    """Return the label images, the first one switched on; one that is looked at by itself is opaque."""
    if image.kind == "label":
        return [_label_layer(image, address, image.name or "labels", visible=True, alpha=1.0)]
    layers: list[dict[str, Any]] = []
    for name in image.labels:
        place = f"{address.rstrip('/')}/labels/{quote(name)}"
        layers.append(_label_layer(image.label(name), place, name, visible=not layers, alpha=0.5))
    return layers


def _label_layer(image: Image, address: str, name: str, *, visible: bool, alpha: float) -> dict[str, Any]:
    label = image.document.model.image_label
    colors = {
        str(one.value): "#{:02x}{:02x}{:02x}".format(*one.rgba[:3])
        for one in (label.colors if label else ())
        if one.rgba is not None and one.value != 0
    }
    layer = {
        "type": "segmentation",
        "name": f"labels: {name}",
        "source": _source(image, address),
        "visible": visible,
        "selectedAlpha": alpha,
        "notSelectedAlpha": 0,
        "segments": [],
    }
    at = channel_axis(image.axes)
    return layer | ({"segmentColors": colors} if colors else {}) | _channel(image, at, 0)
