"""Checksums around encoded bytes. They are always verified."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from crc32c import crc32c
from numcodecs import fletcher32
from numcodecs.jenkins import jenkins_lookup3

from zarrscope.array.stages import Data, Extent, check_size
from zarrscope.errors import CorruptDataError

if TYPE_CHECKING:
    from collections.abc import Callable

    from zarrscope.array.scratch import Bytes


def crc32c_of(data: Any) -> int:
    """Return the crc32c of a buffer, which is not copied."""
    value: int = crc32c(data)
    return value


_SUMS: dict[str, Callable[[Any], int]] = {
    "crc32c": crc32c,
    "crc32": zlib.crc32,
    "adler32": zlib.adler32,
    "jenkins_lookup3": lambda data: int(jenkins_lookup3(np.frombuffer(data, np.uint8), 0)),
}


@dataclass(frozen=True)
class Checksum:
    """Four bytes, little endian, before or behind the data."""

    extent: Extent
    algorithm: str
    at_end: bool

    @property
    def after(self) -> Extent:
        """See :class:`Stage`."""
        exact, most, _ = self.extent
        return Extent(None if exact is None else exact + 4, most + 4, 1)

    def sum(self, data: Data) -> bytes:
        """Return the checksum as it is stored."""
        return _SUMS[self.algorithm](data).to_bytes(4, "little")

    def encode(self, data: Data) -> Data:
        """See :class:`Stage`."""
        return b"".join((data, self.sum(data)) if self.at_end else (self.sum(data), data))

    def decode(self, data: Data, out: Bytes | None) -> Data:
        """Return what is covered, as a view; always verified."""
        if len(data) < 4:
            raise CorruptDataError(f"{len(data)} bytes are too few to hold a {self.algorithm} checksum")
        kept, found = (data[:-4], data[-4:]) if self.at_end else (data[4:], data[:4])
        if _SUMS[self.algorithm](kept) != int.from_bytes(found, "little"):
            raise CorruptDataError(
                f"{self.algorithm} checksum does not match: the data was changed or damaged"
            )
        if self.extent.exact is not None:
            check_size(self.extent, len(kept), self.algorithm)
        return kept


@dataclass(frozen=True)
class Fletcher32:
    """The checksum of HDF5, behind the data."""

    extent: Extent

    @property
    def after(self) -> Extent:
        """See :class:`Stage`."""
        exact, most, _ = self.extent
        return Extent(None if exact is None else exact + 4, most + 4, 1)

    def encode(self, data: Data) -> Data:
        """See :class:`Stage`."""
        sealed: bytes = fletcher32.Fletcher32().encode(data)
        return sealed

    def decode(self, data: Data, out: Bytes | None) -> Data:
        """See :class:`Stage`."""
        if len(data) < 5:  # of nothing, the library cannot make one
            raise CorruptDataError(f"{len(data)} bytes are too few to hold a fletcher32 checksum")
        try:
            kept: Data = fletcher32.Fletcher32().decode(data)
        except RuntimeError as error:
            raise CorruptDataError(f"fletcher32 checksum does not match: {error}") from None
        return np.frombuffer(kept, np.uint8)
