"""Array to array: the codecs that turn or change pixels before they become bytes.

Sources: Zarr v3, transpose codec; the filters of numcodecs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from zarrscope.array.scratch import flat

if TYPE_CHECKING:
    from zarrscope.array.stages import Filter
    from zarrscope.types import Shape

Block = NDArray[Any]


class ArrayStage(Protocol):
    """One array-to-array codec."""

    def encode(self, block: Block) -> Block:
        """Return the encoded array, perhaps a view."""

    def decode(self, block: Block) -> Block:
        """Return the decoded array, perhaps a view."""


@dataclass(frozen=True)
class Transpose:
    """Axis i of what is stored is axis ``order[i]`` of the array (Zarr v3, transpose codec)."""

    order: Shape

    def encode(self, block: Block) -> Block:
        """Return a view with the axes in stored order."""
        return block.transpose(self.order)

    def decode(self, block: Block) -> Block:
        """Return a view with the axes in the order of the array."""
        return block.transpose(np.argsort(self.order))


@dataclass(frozen=True)
class FilterStage:
    """A numcodecs filter between arrays: items in C order go through it."""

    stage: Filter
    before: np.dtype[Any]
    after: np.dtype[Any]
    shape: Shape
    shape_after: Shape

    def encode(self, block: Block) -> Block:
        """Return the filtered items."""
        made = self.stage.encode(flat(np.ascontiguousarray(block, self.before)))
        return np.frombuffer(made, self.after).reshape(self.shape_after)

    def decode(self, block: Block) -> Block:
        """Return the items as they were."""
        made = self.stage.decode(flat(np.ascontiguousarray(block, self.after)), None)
        return np.frombuffer(made, self.before).reshape(self.shape)
