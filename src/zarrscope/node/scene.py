"""Scenes: images that lie to each other in known ways."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from zarrscope.errors import (
    ArgumentError,
    InvalidKeyError,
    MetadataError,
    NotFoundError,
    UnsupportedError,
)
from zarrscope.model.graph import Graph, Place, normal_path
from zarrscope.node.document import read_document
from zarrscope.node.graphs import graph_of_document
from zarrscope.node.groups import ImageGroup

if TYPE_CHECKING:
    from zarrscope.model.axes import CoordinateSystem
    from zarrscope.model.transforms import Transformation
    from zarrscope.node.document import Document
    from zarrscope.node.image import Image


class Scene(ImageGroup):
    """A group whose document says how the images below it lie to each other.

    It is a group of images like others; ``paths`` are those of the images that its transformations name.

    Parameters
    ----------
    document : Document
        Of the group.
    """

    @property
    def systems(self) -> tuple[CoordinateSystem, ...]:
        """Spaces that the images share; the first is the one to show them in."""
        scene = self.document.model.scene
        return (scene.systems if scene else None) or ()

    @cached_property
    def graph(self) -> Graph:
        """All coordinate systems of the scene and its images. The first use reads their documents."""
        return graph_of_document(self.document)

    def find(self, path: str) -> Image | None:
        """Return an image, or None where none can be opened: a scene may name other scenes, or gaps.

        Parameters
        ----------
        path : str
            One of ``paths``.
        """
        try:
            return self.image(path)
        except (NotFoundError, UnsupportedError, MetadataError, InvalidKeyError):
            return None

    def _below(self, path: str) -> Document:
        # unlike those of other groups, paths of a scene may lead upwards
        place = normal_path(self.document.path, path)
        return read_document(self.document.store, place, self.document.zarr_format)

    def transform(self, path: str, to: str | None = None, level: int = 0) -> Transformation:
        """Return the way from the pixels of an image to a coordinate system.

        Parameters
        ----------
        path : str
            One of ``paths``.
        to : str, optional
            Name of the system; without it the first of the scene.
        level : int
            Of the image; a pixel's centre is a whole number.

        Raises
        ------
        ArgumentError
            There is no such system, or nothing connects the image with it.
        UnsupportedError
            The way leads against a transformation that has no inverse in closed form, or whose numbers
            cannot be read.
        """
        if to is None and not self.systems:
            raise ArgumentError(f"{self.url}: this scene has no coordinate system of its own; name one")
        dataset = self.image(path).multiscale.datasets[level]
        start = Place(normal_path(path, dataset.path), None)
        return self.graph.between(start, self.systems[0].name if to is None else to)
