"""What a source is: anything that can be read as images.

A format is one row of data in the registry and one module that gives these two things.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from zarrscope.array.contracts import LazyArray
    from zarrscope.model.description import ImageDescription


@dataclass(frozen=True)
class Scene:
    """One image of a source: a series, a scene, a position.

    Parameters
    ----------
    description : ImageDescription
        Name, axes, scale, units and channels; its axes are those of ``levels[0]``.
    levels : sequence of LazyArray
        The image, then the coarser levels that the file itself holds (each with the same axes).
    associated : bool
        Whether this is a picture that accompanies another one (thumbnail, label, macro of a slide).
    """

    description: ImageDescription
    levels: Sequence[LazyArray]
    associated: bool = False
    notes: tuple[str, ...] = field(default=())
    """Lines that a user should see (what was assumed, what was left out)."""

    placements: tuple[tuple[tuple[float, ...], tuple[float, ...]], ...] | None = None
    """For each level, where the source says so: size of a pixel and centre of the first one, one number an
    axis, both in pixels of level 0. None where it does not, or places a level by more than that."""


class Source(Protocol):
    """An open file, folder or store. A context manager; pickles as a description."""

    @property
    def scenes(self) -> Sequence[Scene]:
        """All images, associated pictures last."""

    @property
    def ome_xml(self) -> str | None:
        """The OME-XML that the file holds, as it stands there."""

    def fingerprint(self) -> str:
        """Return a text that changes when the source does (size and time of its files; no pixels read)."""

    def close(self) -> None:
        """Release all handles."""

    def __enter__(self) -> Self:
        """Return itself."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
