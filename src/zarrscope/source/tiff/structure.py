"""What is in a TIFF file, as tifffile sees it: the only module that reads with it."""

from __future__ import annotations

import logging
import re
from contextlib import contextmanager
from contextvars import ContextVar
from html import unescape
from math import prod
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np
import tifffile

from zarrscope.errors import NotFoundError, SourceError, UnsupportedError, ZarrscopeError
from zarrscope.source.tiff.layout import parts_of
from zarrscope.source.tiff.storage import Decoder, Storage, whole_runs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from zarrscope.types import Shape

_heard: ContextVar[list[str] | None] = ContextVar("tifffile_messages", default=None)

_JPEG = {6, 7, 34892, 33007}
_RATIO = {5: 4096, 8: 1100, 32946: 1100, 32773: 128}
"""Most bytes that one encoded byte can become (LZW, Deflate, PackBits), checked before decoding."""

_BROKEN = ("invalid page offset", "invalid offset to", "corrupted tag list", "invalid circular reference")
_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"EP*\0")
_FILE_NAME = re.compile(r"<(?:\w+:)?UUID\b[^>]*?\bFileName\s*=\s*[\"']([^\"']*)[\"']")
_METADATA_FILE = re.compile(r"<(?:\w+:)?BinaryOnly\b[^>]*?\bMetadataFile\s*=\s*[\"']([^\"']*)[\"']")


def _listen(record: logging.LogRecord) -> bool:
    """Keep what tifffile says while we open a file away from the user's terminal; it becomes notes."""
    messages = _heard.get()
    if messages is None:
        return True
    if record.levelno >= logging.WARNING:
        messages.append(record.getMessage())
    return False


logging.getLogger("tifffile").addFilter(_listen)


@contextmanager
def tiff_file(path: Path, companion: str | None = None) -> Iterator[tuple[Any, list[str]]]:
    """Open a TIFF file for its structure: yields the TiffFile and the list of what tifffile complains of.

    Raises
    ------
    SourceError
        The file is empty, no TIFF, or damaged so that its structure cannot be read.
    """
    check_magic(path)
    messages: list[str] = []
    token = _heard.set(messages)
    try:
        with tifffile.TiffFile(path, omexml=companion) as tif:
            yield tif, messages
    except (ZarrscopeError, MemoryError):
        raise
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error}") from error
    except Exception as error:
        text = str(error).splitlines()
        raise SourceError(
            f"{path} is damaged: its TIFF structure cannot be read "
            f"({text[0] if text else type(error).__name__}); "
            "copy it again from its origin"
        ) from error
    finally:
        _heard.reset(token)


def check_magic(path: Path) -> None:
    """Raise a SourceError where a file does not begin like a TIFF."""
    if not path.is_file():
        raise NotFoundError(f"{path}: no such file")
    with path.open("rb") as file:
        head = file.read(8)
    if not head:
        raise SourceError(f"{path} is empty (0 bytes); copy it again from its origin")
    if head[:4] not in _MAGIC:
        raise SourceError(
            f"{path} is named {path.suffix or 'like a TIFF'} but is no TIFF (it begins with {head!r}); "
            "give it the suffix of what it is"
        )


def companion_of(tif: Any, path: Path) -> str | None:
    """Return the OME-XML of the companion file that a TIFF file refers to, or None.

    Raises
    ------
    SourceError
        The companion file is missing.
    """
    if not tif.is_ome:
        return None
    match = _METADATA_FILE.search(tif.ome_metadata or "")
    if match is None:
        return None
    other = path.parent / plain_name(unescape(match[1]), path)
    if not other.is_file():
        raise SourceError(
            f"{path} keeps its metadata in {other.name}, which is missing; put it beside the file"
        )
    if other.suffix.lower() in {".tif", ".tiff"}:
        with tiff_file(other) as (master, _):
            return str(master.ome_metadata) if master.is_ome else None
    return other.read_text(encoding="utf-8", errors="replace")


def plain_name(name: str, path: Path) -> str:
    """Return a file name out of a document if it stays in its folder, else raise a SourceError."""
    pure = PurePosixPath(name.replace("\\", "/"))
    if not name or pure.is_absolute() or ".." in pure.parts or ":" in pure.parts[0]:
        raise SourceError(f"{path} refers to {name!r} outside of its own folder; this is not followed")
    return str(pure)


def check_ome(xml: str, path: Path) -> None:
    """Check what an OME-XML asks for before anybody follows it.

    Raises
    ------
    SourceError
        It declares a document type, or names files that are missing or outside of the folder.
    """
    if "<!DOCTYPE" in xml or "<!ENTITY" in xml:
        raise SourceError(f"{path}: its OME-XML declares a document type, which is not followed")
    for name in dict.fromkeys(unescape(found) for found in _FILE_NAME.findall(xml)):
        other = path.parent / plain_name(name, path)
        if name.lower() != path.name.lower() and not other.is_file():
            raise SourceError(
                f"{path} is one of several files and {name!r} is missing; put it beside the others"
            )


def check_chain(tif: Any, messages: Sequence[str], path: Path) -> None:
    """Raise a SourceError where the chain of pages breaks, or a stack is shorter than it says."""
    for message in messages:
        if any(word in message for word in _BROKEN):
            raise SourceError(
                f"{path} is truncated or damaged: its list of pages breaks after page {len(tif.pages)}; "
                "copy it again from its origin"
            )
    if not tif.series:
        raise SourceError(f"{path} holds no image")
    stacks = tif.imagej_metadata if tif.is_imagej else None
    if stacks and tif.series[0].kind not in ("imagej", "ome", "mmstack"):
        said = int(stacks.get("images", 1))
        held = sum(len(series) for series in tif.series)
        if said > held:
            raise SourceError(
                f"{path} is truncated: ImageJ wrote {said} images, {held} are whole; copy it again from "
                "its origin"
            )


class FileTable:
    """The files of a source, each with an index."""

    def __init__(self, path: Path) -> None:
        self.paths = [path]
        self._index = {str(path.absolute()): 0}
        self._last: tuple[Any, int] = (None, 0)

    def index(self, page: Any) -> int:
        """Return the index of the file that a page lies in."""
        if page.parent is not self._last[0]:  # pages come file by file, and paths cost more than all else
            self._last = (page.parent, self._of(page.parent.filehandle.path))
        return self._last[1]

    def _of(self, path: str) -> int:
        name = str(Path(path).absolute())
        if name not in self._index:
            self._index[name] = len(self.paths)
            self.paths.append(Path(name))
        return self._index[name]


def storage_of(series: Any, files: FileTable) -> tuple[Storage, tuple[str, ...]]:
    """Return where the pages of a series lie, and notes for the user.

    Raises
    ------
    SourceError
        The file is truncated, or its tables contradict each other.
    UnsupportedError
        The pixels are of a kind that nothing here can decode.
    """
    key = series.keyframe
    if key.dtype is None or series.dtype != key.dtype or series.transform is not None:
        raise UnsupportedError(
            f"{files.paths[0]}: pixels of {key.bitspersample} bits, sample format {key.sampleformat}, "
            f"in a series of kind {series.kind!r} are not supported"
        )
    page = tuple(int(n) for n in key.shaped)
    if 0 in page or 0 in series.shape:
        raise SourceError(f"{files.paths[0]} describes an image of no pixels; the file is damaged")
    parts = parts_of(series.shape, page)
    count = prod(part.length for part in parts if part.slot == "P")
    offset = None if series.is_multifile else series.dataoffset
    if offset is not None and key.is_final:
        order = key.parent.byteorder
        found = Storage(
            page, page[1:], False, key.dtype.newbyteorder(order), True,
            np.array([[offset]], np.int64), np.zeros((1, 1), np.int64), key.nbytes,
            None if (own := files.index(key)) == 0 else np.full(count, own, np.int32),
        )  # fmt: skip
        _check_end(files.paths[own], offset + count * key.nbytes)
        return found, ()
    return _tabulate(series, files, page, count)


def _tabulate(series: Any, files: FileTable, page: Shape, count: int) -> tuple[Storage, tuple[str, ...]]:
    """Collect the positions of all segments of all pages."""
    key = series.keyframe
    segment = _segment(key, page)
    grid = [-(-n // s) for n, s in zip(page[1:4], segment[:3], strict=True)]
    width = page[0] * prod(grid)
    if len(series) != count:
        raise SourceError(
            f"{files.paths[0]}: {len(series)} pages where {count} are described; the file is damaged"
        )
    if len(key.dataoffsets) < width:
        raise SourceError(
            f"{files.paths[0]}: a page lists {len(key.dataoffsets)} of {width} segments; it is damaged"
        )
    offsets, counts = np.zeros((count, width), np.int64), np.zeros((count, width), np.int64)
    owner = np.zeros(count, np.int32)
    keys: dict[int, Any] = {}
    options: dict[int, dict[str, Any]] = {}
    missing = 0
    for number, frame in enumerate(series):
        if frame is None:
            missing += 1
            continue
        if len(frame.dataoffsets) < width or len(frame.databytecounts) < width:
            raise SourceError(f"{files.paths[0]}: page {number} lists too few segments; the file is damaged")
        offsets[number] = frame.dataoffsets[:width]
        counts[number] = frame.databytecounts[:width]
        owner[number] = files.index(frame)
        keys.setdefault(int(owner[number]), frame.keyframe)
        if key.compression in _JPEG:
            _keep_options(options, number, frame, keys[int(owner[number])])
    counts[offsets <= 0] = 0
    orders = {frame.parent.byteorder for frame in keys.values()}
    raw = _is_raw(key) and len(orders) == 1
    notes = (
        (f"{missing} of {count} planes are missing in the file and read as {key.nodata}",) if missing else ()
    )
    if raw and whole_runs(offsets, counts, page, segment, key.dtype.itemsize):
        offsets, segment = offsets[:, :1].copy(), page[1:]
        counts = np.full((count, 1), prod(page) * key.dtype.itemsize, np.int64)
    _check_segments(files, offsets, counts, owner, raw, segment, key)
    decoders = () if raw else tuple(_decoder(keys.get(index, key)) for index in range(len(files.paths)))
    dtype = key.dtype.newbyteorder(orders.pop()) if raw else key.dtype
    many = owner if owner.any() else None
    return Storage(
        page, segment, bool(key.is_tiled), dtype, raw, offsets, counts, 0, many, decoders, options, key.nodata
    ), notes  # fmt: skip


def _segment(key: Any, page: Shape) -> Shape:
    """Return depth, length, width and contiguous samples of the tiles or strips of a page."""
    if key.is_tiled:
        segment = (key.tiledepth or 1, key.tilelength, key.tilewidth, page[4])
    else:
        segment = (1, min(key.rowsperstrip or page[2], page[2]), page[3], page[4])
    if min(segment) < 1:
        raise SourceError("a tile or strip of no pixels is described; the file is damaged")
    return tuple(int(n) for n in segment)


def _is_raw(key: Any) -> bool:
    """Tell whether the bytes of a page are its pixels."""
    return bool(
        key.compression == 1
        and key.predictor == 1
        and key.fillorder == 1
        and not key.is_subsampled
        and key.sampleformat != 5
        and key.bitspersample in (8, 16, 32, 64)
        and key.bitspersample == 8 * key.dtype.itemsize
    )


def _decoder(key: Any) -> Decoder:
    """Return the function that decodes a segment of a page; it holds neither the file nor its pages."""
    decode: Decoder = key.decode
    return decode


def _keep_options(options: dict[int, dict[str, Any]], number: int, frame: Any, key: Any) -> None:
    """Remember the JPEG tables of a page, once for all where they are the same."""
    found = {"jpegtables": frame.jpegtables, "jpegheader": key.jpegheader}
    if options.setdefault(-1, found) != found:
        options[number] = found


def _check_end(path: Path, end: int) -> None:
    size = path.stat().st_size
    if end > size:
        raise SourceError(
            f"{path} is truncated: its pixels should end at byte {end}, the file at {size}; "
            "copy it again from its origin"
        )


def _check_segments(
    files: FileTable, offsets: Any, counts: Any, owner: Any, raw: bool, segment: Shape, key: Any
) -> None:
    """Compare the tables with the sizes of the files and with what a segment can hold."""
    ends = np.where(counts > 0, offsets + counts, 0).max(axis=1, initial=0)
    for index, path in enumerate(files.paths):
        _check_end(path, int(ends[owner == index].max(initial=0)))
    size = prod(segment) * key.dtype.itemsize
    ratio = _RATIO.get(key.compression)
    if ratio is not None and size > (64 << 20) and size > ratio * int(counts.max(initial=0)):
        raise SourceError(
            f"{files.paths[0]}: segments of {size} bytes cannot come out of so few; the file is damaged"
        )
    if raw and key.is_tiled and segment != tuple(key.shaped[1:]) and ((counts > 0) & (counts < size)).any():
        raise SourceError(f"{files.paths[0]}: a tile holds less than {size} bytes; the file is damaged")
