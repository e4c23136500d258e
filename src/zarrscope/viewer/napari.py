"""Images as layers of napari: one a channel with colour and window, labels above; pixels read lazily."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zarrscope.array.optional import needed
from zarrscope.errors import MissingDependencyError
from zarrscope.model.axes import channel_axis
from zarrscope.viewer.channels import FULL, channel_looks, one_picture
from zarrscope.viewer.placing import as_it_stands, placing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from zarrscope.node.image import Image
    from zarrscope.viewer.placing import Placing
    from zarrscope.viewer.state import Look


def add_to(
    viewer: Any, image: Image, *, channels: Sequence[int] | Mapping[int, Look] | None = None
) -> list[Any]:
    """Add an image and its labels to a viewer of napari, and return the layers.

    Parameters
    ----------
    viewer : napari.Viewer
        Or its model.
    image : Image
        Its pixels are read when they are looked at, at the level that is asked for.
    channels : sequence of int, or mapping, optional
        The channels to show, or for some of them how, as ``zarrscope.view`` takes it.

    Raises
    ------
    ArgumentError
        There is no such channel.
    MissingDependencyError
        dask is not installed; napari brings it.
    """
    if image.kind == "label":
        return [viewer.add_labels(**_label_layer(image, image.name or "labels", image), opacity=1.0)]
    layers = [viewer.add_image(**layer) for layer in _image_layers(image, channels)]
    for number, name in enumerate(image.labels):
        layer = _label_layer(image.label(name), name, image)
        layers.append(viewer.add_labels(**layer, opacity=0.5, visible=number == 0))
    return layers


def open_in_napari(
    image: Image,
    *,
    channels: Sequence[int] | Mapping[int, Look] | None = None,
    dims: Mapping[str, int] | None = None,
) -> None:
    """Show an image in a window of napari, and return when it is closed.

    Parameters
    ----------
    image : Image
        Anything that is an image.
    channels : sequence of int, or mapping, optional
        The channels to show, or for some of them how.
    dims : mapping of str to int, optional
        Index along other axes, such as ``z`` and ``t``.

    Raises
    ------
    MissingDependencyError
        napari is not installed.
    """
    napari = _napari()
    viewer = napari.Viewer(title=image.name or "zarrscope")
    add_to(viewer, image, channels=channels)
    rest = [axis.name for i, axis in enumerate(image.axes) if i != channel_axis(image.axes)]
    for name, index in (dims or {}).items():
        if name in rest:
            viewer.dims.set_current_step(rest.index(name), index)
    napari.run()


def _napari() -> Any:
    """Import napari, a program of its own with a choice of windows that is not ours to make."""
    try:
        return needed("napari", "napari")
    except MissingDependencyError as error:
        raise MissingDependencyError(
            "napari is not installed beside zarrscope: pip install 'napari[all]' into the same environment"
        ) from error


def _image_layers(image: Image, channels: Sequence[int] | Mapping[int, Look] | None) -> list[dict[str, Any]]:
    at = channel_axis(image.axes)
    levels = [level.to_dask() for level in image.levels]
    looks, layers = channel_looks(image, channels), []
    if at == len(image.axes) - 1 and one_picture(image, looks) and all(one.window == FULL for one in looks):
        return [
            {
                **_data(levels),
                "name": image.name or "image",
                "rgb": True,
                **_place(image, at, as_it_stands(image)),
            }
        ]
    for index, look in enumerate(looks):
        layers.append(
            {
                **_data([_at(level, at, index) for level in levels]),
                "name": look.name,
                "colormap": f"#{look.color}",
                "contrast_limits": look.window,
                "blending": "additive",
                "visible": look.visible,
                "gamma": look.gamma,
                "opacity": look.opacity,
                **_place(image, at, as_it_stands(image)),
            }
        )
    return layers


def _label_layer(label: Image, name: str, image: Image) -> dict[str, Any]:
    """Return a label image as a layer; without channels, so that it lies over all of them."""
    at = channel_axis(label.axes)
    levels = [level.to_dask() for level in label.levels]
    return {
        **_data([_at(level, at, 0) for level in levels]),
        "name": name,
        **_place(label, at, placing(label, image)),
    }


def _data(levels: list[Any]) -> dict[str, Any]:
    """Return pixels as napari takes them: one level alone is no pyramid, of labels it would lose an axis."""
    return (
        {"data": levels[0], "multiscale": False} if len(levels) == 1 else {"data": levels, "multiscale": True}
    )


def _at(level: Any, axis: int | None, index: int) -> Any:
    """Return a level without its channels."""
    return level if axis is None else level[(slice(None),) * axis + (index,)]


def _place(image: Image, without: int | None, place: Placing) -> dict[str, Any]:
    """Return scale, translation, units and names of the axes that a layer has.

    Labels have the units of their main image: napari measures all layers alike, or in pixels.
    """
    keep = [i for i in range(len(image.axes)) if i != without]
    level = image.levels[0]
    found: dict[str, Any] = {"axis_labels": tuple(image.axes[i].name for i in keep)}
    if level.scale is not None and level.translation is not None:
        scale, translation = place.scale(level.scale), place.translation(level.translation)
        found["scale"] = tuple(scale[i] for i in keep)
        found["translate"] = tuple(translation[i] for i in keep)
        found["units"] = tuple(place.units[i] or "pixel" for i in keep)
    return found
