"""Which reader opens what: a table of formats as data; a module is imported only once it is chosen."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from zarrscope.errors import (
    ArgumentError,
    MissingDependencyError,
    NotFoundError,
    SourceError,
    UnsupportedError,
)
from zarrscope.ledger.unfinished import PART, refuse_unfinished, refuse_unfinished_at
from zarrscope.source.foreign import told_foreign
from zarrscope.store.keys import without_secrets
from zarrscope.store.local import LocalStore
from zarrscope.store.resolve import is_remote, local_path

if TYPE_CHECKING:
    from zarrscope.source.contracts import Source

GROUP = "zarrscope.sources"
"""Entry point group: each entry loads to a `Format` or a sequence of them."""

_HEAD = 1 << 10
"""Bytes from the beginning of a file that magic may look at."""

_GLOB = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class Format:
    """One format.

    Parameters
    ----------
    name : str
        For people.
    suffixes : tuple of str
        Lower case, with the dot; ``.ome.tif`` may have several.
    magic : tuple of (int, bytes)
        Alternatives: bytes that stand at an offset. Empty where content tells nothing.
    module, function : str
        What opens it: ``function(path, **options)`` returns a Source.
    needs : str
        The extra that has to be installed, or empty.
    options : frozenset of str
        Names of the options that the function takes.
    markers : tuple of str
        Names of files that make a folder one of these.
    """

    name: str
    suffixes: tuple[str, ...]
    magic: tuple[tuple[int, bytes], ...]
    module: str
    function: str
    needs: str = ""
    options: frozenset[str] = frozenset({"axes"})
    markers: tuple[str, ...] = ()


_CACHING = frozenset({"axes", "cache"})

ZARR = Format(
    "Zarr",
    (".zarr", ".ome.zarr", ".ozx", ".zip"),
    (),
    "zarrscope.source.zarr",
    "open_zarr",
    markers=("zarr.json", ".zgroup", ".zarray"),
)
"""In a folder, in an archive, or at an address."""

FORMATS: tuple[Format, ...] = (
    Format(
        "OME companion",
        (".companion.ome",),
        (),
        "zarrscope.source.tiff.open",
        "open_companion",
        options=_CACHING,
    ),
    Format(
        "TIFF",
        (
            *(".ome.tif", ".ome.tiff", ".ome.tf2", ".ome.tf8", ".ome.btf", ".tif", ".tiff", ".btf", ".tf8"),
            *(".svs", ".ndpi", ".qptiff", ".scn", ".bif", ".lsm", ".stk", ".flex", ".gel"),
        ),
        ((0, b"II*\0"), (0, b"MM\0*"), (0, b"II+\0"), (0, b"MM\0+"), (0, b"EP*\0")),
        "zarrscope.source.tiff.open",
        "open_tiff",
        options=_CACHING,
    ),
    Format(
        "PNG",
        (".png",),
        ((0, b"\x89PNG\r\n\x1a\n"),),
        "zarrscope.source.planes",
        "open_picture",
        options=_CACHING,
    ),
    Format(
        "JPEG",
        (".jpg", ".jpeg"),
        ((0, b"\xff\xd8\xff"),),
        "zarrscope.source.planes",
        "open_picture",
        options=_CACHING,
    ),
    Format("numpy array", (".npy",), ((0, b"\x93NUMPY"),), "zarrscope.source.numpy", "open_npy"),
    Format("numpy archive", (".npz",), (), "zarrscope.source.numpy", "open_npz", options=_CACHING),
    ZARR,
)
"""The formats that come with zarrscope; where several suffixes fit, the longest is chosen."""

PLANES = Format("planes", (), (), "zarrscope.source.planes", "open_planes", options=_CACHING)
"""Folders and patterns of files that are one plane each."""


@functools.cache
def installed() -> tuple[Format, ...]:
    """Return the formats that other packages add through the entry point group `GROUP`."""
    found: list[Format] = []
    for entry in sorted(entry_points(group=GROUP), key=lambda e: e.name):
        rows = entry.load()
        found += [rows] if isinstance(rows, Format) else list(rows)
    return tuple(found)


def formats() -> tuple[Format, ...]:
    """Return every format that can be read: ours first, then those of other packages."""
    return FORMATS + installed()


def open_source(path: str | Path, *, axes: str | None = None, cache: int | None = None) -> Source:
    """Open anything that can be read, without reading pixels.

    Parameters
    ----------
    path : str or Path
        A file, a folder, a pattern of files (``img_*.tif``) or the address of a Zarr.
    axes : str, optional
        What the axes of the source are, in its own order, for example ``tzcyx``.
    cache : int, optional
        Bytes of decoded segments that a reader keeps for neighbouring regions, where it keeps any.

    Returns
    -------
    Source
        Its ``scenes`` are the images; close it, or use it as a context manager.

    Raises
    ------
    ArgumentError
        The path is empty.
    NotFoundError
        Nothing is there.
    IncompleteError
        A conversion to there is not finished.
    SourceError
        It is not what its name says, or damaged.
    UnsupportedError
        No reader knows it.
    MissingDependencyError
        Its reader needs an extra.
    """
    row, text = format_of(path)
    return _call(row, text, {"axes": axes, "cache": cache})


def format_of(path: str | Path) -> tuple[Format, str]:
    """Return the format of what stands at an address, and what its reader is told to open.

    Raises
    ------
    ArgumentError, NotFoundError, SourceError, UnsupportedError
        As for ``open_source``.
    """
    text = str(path)
    if not text:
        raise ArgumentError("the source is empty (''); name a file, a folder or an address")
    if is_remote(text):
        return _of_url(text), text
    local = local_path(text)
    place = Path(local)
    if place.is_dir():
        return _of_folder(place), str(place)
    if place.is_file() and place.suffix != PART:
        return choose(place), str(place)
    if _GLOB.search(local):
        return PLANES, local
    refuse_unfinished_at(str(place.absolute()))
    if place.is_file():
        return choose(place), str(place)
    raise NotFoundError(f"{local}: no such file or folder")


def choose(path: Path) -> Format:
    """Return the format of a file: by its first bytes, then by its suffix.

    Raises
    ------
    SourceError
        Its suffix promises a format whose first bytes it does not have.
    UnsupportedError
        Nothing here knows it.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
    named = by_suffix(path.name)
    meant = [row for row in formats() if any(head[at : at + len(text)] == text for at, text in row.magic)]
    for row in meant:
        if row in named:
            return row
    # A DICOM file may begin as a TIFF does: 128 bytes are free for whatever other programs look at.
    foreign = None if named else told_foreign(path.name, head)
    if meant and foreign is None:
        return meant[0]
    if not head:
        raise SourceError(f"{path} is empty (0 bytes); copy it again from its origin")
    for row in named:
        if row.magic:
            raise SourceError(
                f"{path} is named {path.suffix} but is no {row.name} (it begins with {head[:8]!r}); "
                "give it the suffix of what it is, or get it again from its origin"
            )
        return row
    if foreign is not None:
        raise UnsupportedError(f"{path} is {foreign}")
    known = ", ".join(row.name for row in formats())
    raise UnsupportedError(
        f"{path}: no reader knows this kind of file; readable are {known} and folders of planes "
        "(docs/reference/formats.md has all suffixes)"
    )


def by_suffix(name: str) -> list[Format]:
    """Return the formats whose suffix a name has, the longest suffix first."""
    lower = name.lower()
    fitting = [
        (max(len(suffix) for suffix in row.suffixes if lower.endswith(suffix)), row)
        for row in formats()
        if any(lower.endswith(suffix) for suffix in row.suffixes)
    ]
    return [row for _, row in sorted(fitting, key=lambda pair: -pair[0])]


def _of_url(url: str) -> Format:
    shown = without_secrets(url)
    for row in by_suffix(shown.rstrip("/")):
        if not row.markers:
            raise UnsupportedError(f"{shown}: {row.name} is read from local disks only; download it first")
    return ZARR


def _of_folder(folder: Path) -> Format:
    for row in formats():
        if any((folder / marker).is_file() for marker in row.markers):
            return row
    refuse_unfinished(LocalStore(folder))
    return PLANES


def _call(row: Format, path: str, options: dict[str, Any]) -> Source:
    """Import the module of a format and open a path with it."""
    try:
        function = getattr(import_module(row.module), row.function)
    except ModuleNotFoundError as error:
        if row.needs:
            raise MissingDependencyError(
                f"{path} is {row.name}: pip install 'zarrscope[{row.needs}]'"
            ) from error
        if error.name == row.module:
            raise UnsupportedError(f"{path} is {row.name}, which this version cannot read") from error
        raise
    accepted = {name: value for name, value in options.items() if name in row.options and value is not None}
    return cast("Source", function(path, **accepted))
