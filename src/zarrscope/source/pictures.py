"""PNG and JPEG: one plane a file, decoded whole by imagecodecs (the only module that imports it)."""

from __future__ import annotations

import struct
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import imagecodecs
import numpy as np

from zarrscope.errors import CorruptDataError, SourceError
from zarrscope.source.cache import SegmentCache
from zarrscope.source.regions import receiver

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from zarrscope.source.cache import Piece
    from zarrscope.types import Region, Shape

_SAMPLES = {0: 1, 2: 3, 4: 2, 6: 4}
"""Samples a pixel of a PNG by its colour type; 3 is a palette."""

_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
"""JPEG markers that begin a frame and hold its size."""

_LARGEST = 1 << 32
"""Bytes of pixels that one picture may promise."""


@dataclass(frozen=True, slots=True)
class PictureInfo:
    """Size of a picture: rows, columns, samples a pixel, and their type."""

    height: int
    width: int
    samples: int
    dtype: np.dtype[Any]


def picture_info(path: Path) -> PictureInfo:
    """Read the size of a PNG or JPEG file from its head, without decoding it.

    Raises
    ------
    SourceError
        It is neither, or cut off.
    """
    with path.open("rb") as file:
        head = file.read(1 << 16)
        if head[:8] == b"\x89PNG\r\n\x1a\n":
            found = _png(path, head)
        elif head[:2] == b"\xff\xd8":
            found = _jpeg(path, head + file.read((1 << 20) - len(head)))
        else:
            said = "empty" if not head else f"no picture (it begins with {head[:8]!r})"
            raise SourceError(f"{path} is named {path.suffix} but is {said}; get it again from its origin")
    if (
        found.height * found.width * found.samples * found.dtype.itemsize > _LARGEST
        or not found.width * found.height
    ):
        raise SourceError(f"{path} claims {found.height} x {found.width} pixels; it is damaged")
    return found


def _png(path: Path, head: bytes) -> PictureInfo:
    if len(head) < 33 or head[12:16] != b"IHDR":
        raise SourceError(f"{path} is a damaged PNG; get it again from its origin")
    width, height, depth, colour = struct.unpack(">IIBB", head[16:26])
    dtype = np.dtype(np.uint16 if depth == 16 else np.uint8)
    before = head.partition(b"IDAT")[0]
    if colour in _SAMPLES and b"tRNS" not in before:
        return PictureInfo(height, width, _SAMPLES[colour], dtype)
    if width * height > _LARGEST // 8:
        raise SourceError(f"{path} claims {height} x {width} pixels; it is damaged")
    pixels = decode_picture(path)  # palettes and transparency: only the decoder knows what comes out
    return PictureInfo(height, width, pixels.shape[2], pixels.dtype)


def _jpeg(path: Path, head: bytes) -> PictureInfo:
    at = 2
    while at + 9 <= len(head) and head[at] == 0xFF:
        marker, size = head[at + 1], int.from_bytes(head[at + 2 : at + 4], "big")
        if marker == 0xFF:
            at += 1
            continue
        if marker in _FRAMES:
            depth, height, width, samples = struct.unpack(">BHHB", head[at + 4 : at + 10])
            return PictureInfo(height, width, samples, np.dtype(np.uint8 if depth <= 8 else np.uint16))
        at += 2 + size
    raise SourceError(f"{path} is a damaged JPEG; get it again from its origin")


def decode_picture(path: Path) -> NDArray[Any]:
    """Decode a PNG or JPEG file.

    Returns
    -------
    ndarray
        Rows, columns, samples; native byte order.

    Raises
    ------
    CorruptDataError
        It does not decode.
    """
    data = path.read_bytes()
    try:
        decode = imagecodecs.png_decode if data[:4] == b"\x89PNG" else imagecodecs.jpeg_decode
        pixels: NDArray[Any] = decode(data)
    except Exception as error:
        reason = str(error).splitlines()
        raise CorruptDataError(
            f"{path} does not decode ({reason[0] if reason else 'no reason'}); it is damaged"
        ) from error
    return pixels if pixels.ndim == 3 else pixels[:, :, None]


class PictureLevel:
    """A LazyArray over one PNG or JPEG file: rows and columns, before them the samples where it has several.

    Parameters
    ----------
    path : Path
        The file.
    info : PictureInfo
        From `picture_info`.
    cache : SegmentCache
        Keeps the decoded picture while parts of it are still to be read.
    """

    def __init__(self, path: Path, info: PictureInfo, cache: SegmentCache) -> None:
        self._path = path
        self._info = info
        self._cache = cache

    @property
    def shape(self) -> Shape:
        """Samples where there are several, rows, columns."""
        size = (self._info.height, self._info.width)
        return size if self._info.samples == 1 else (self._info.samples, *size)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of a pixel."""
        return self._info.dtype

    @property
    def chunks(self) -> Shape:
        """The whole picture."""
        return self.shape

    def __reduce__(self) -> tuple[Any, ...]:
        return _picture_again, (self._path, self._info, self._cache.budget)

    def read(self, region: Region, out: NDArray[Any] | None = None) -> NDArray[Any]:
        """Return the pixels of a region; see `zarrscope.array.contracts.LazyArray`."""
        out = receiver(self, region, out)
        offer: Piece = Future()
        try:
            piece, make = self._cache.claim(self._path, region.size, offer)
            if make:
                pixels = self._decode()
                self._cache.settle(self._path, pixels, pixels.size - region.size)
        except BaseException as error:
            self._cache.abandon(self._path, error, offer)
            raise
        pixels = piece.result()
        found = pixels[:, :, 0] if self._info.samples == 1 else pixels.transpose(2, 0, 1)
        out[...] = found[region.slices]
        return out

    def _decode(self) -> NDArray[Any]:
        pixels = decode_picture(self._path)
        promised = (self._info.height, self._info.width, self._info.samples)
        if pixels.shape != promised or pixels.dtype != self._info.dtype:
            raise CorruptDataError(
                f"{self._path} decodes to {pixels.dtype} {pixels.shape} where its head promises "
                f"{self._info.dtype} {promised}; it is damaged"
            )
        return pixels


def _picture_again(path: Path, info: PictureInfo, budget: int) -> PictureLevel:
    return PictureLevel(path, info, SegmentCache(budget))
