"""Arrays of numpy: ``.npy`` mapped into memory, ``.npz`` with one array.

Files do not name their axes: the user does, or the number of dimensions decides
(`zarrscope.model.naming.BY_NDIM`).
"""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from zarrscope.budget import format_size
from zarrscope.errors import NotFoundError, SourceError, UnsupportedError
from zarrscope.model.description import ImageDescription
from zarrscope.model.naming import BY_NDIM, axis, check_letters, permutation
from zarrscope.source.contracts import Scene
from zarrscope.source.names import printable
from zarrscope.source.opened import Opened
from zarrscope.source.regions import receiver

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zarrscope.types import Region, Shape

_BAND = 1 << 20
"""Bytes that are called a unit of reading."""

_LARGEST_MEMBER = 256 << 20
"""Bytes that the array of an archive may take in memory unless the caller says otherwise."""


class NumpyLevel:
    """A LazyArray over an array, its axes brought into our order.

    Parameters
    ----------
    array : ndarray
        In memory or mapped, in our order.
    again : tuple
        Path, axes and bound that open it in another process.
    """

    direct = True

    def __init__(self, array: NDArray[Any], again: tuple[str, str | None, int | None]) -> None:
        self._array = array
        self._again = again

    @property
    def shape(self) -> Shape:
        """Number of pixels along each axis."""
        return self._array.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of a pixel, in native byte order."""
        return self._array.dtype.newbyteorder("=")

    @property
    def chunks(self) -> Shape:
        """About a megabyte that lies together in the file."""
        chunk = [1] * self._array.ndim
        room = max(1, _BAND // max(1, self._array.itemsize))
        for k in sorted(range(self._array.ndim), key=lambda k: abs(self._array.strides[k])):
            chunk[k] = min(self._array.shape[k], room)
            room = max(1, room // max(1, chunk[k]))
        return tuple(max(1, n) for n in chunk)

    def __reduce__(self) -> tuple[Any, ...]:
        return _level_again, self._again

    def read(self, region: Region, out: NDArray[Any] | None = None) -> NDArray[Any]:
        """Return the pixels of a region; see `zarrscope.array.contracts.LazyArray`."""
        out = receiver(self, region, out)
        out[...] = self._array[region.slices]
        return out


def open_npy(path: str | Path, *, axes: str | None = None) -> Opened:
    """Open a ``.npy`` file; its pixels are read from the disk when a region is asked for.

    Raises
    ------
    NotFoundError, SourceError, UnsupportedError, ArgumentError
        No such file; damaged; objects, or more than five dimensions without ``axes``; axes that do not fit.
    """
    path = Path(path)
    if not path.is_file():
        raise NotFoundError(f"{path}: no such file")
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        text = str(error)
        if "object" in text.lower() or "pickle" in text.lower():
            raise UnsupportedError(
                f"{path} holds Python objects, which are never loaded; save plain numbers"
            ) from error
        raise SourceError(f"{path} is a damaged .npy file ({text.splitlines()[0]}); save it again") from error
    return _opened(path, axes, array)


def open_npz(path: str | Path, *, axes: str | None = None, cache: int | None = None) -> Opened:
    """Open a ``.npz`` archive that holds one array; it is loaded into memory.

    Parameters
    ----------
    path : str or Path
        The file.
    axes : str, optional
        The user's word.
    cache : int, optional
        Bytes that the array may take; 256 MiB where not given.

    Raises
    ------
    UnsupportedError
        It holds several arrays, or one that is larger.
    """
    path = Path(path)
    if not path.is_file():
        raise NotFoundError(f"{path}: no such file")
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except zipfile.BadZipFile as error:
        raise SourceError(f"{path} is named .npz but is no archive of numpy; save it again") from error
    if len(members) != 1:
        raise UnsupportedError(
            f"{path} holds {len(members)} arrays; save the one to convert as a .npy file of its own"
        )
    bound = _LARGEST_MEMBER if cache is None else cache
    if members[0].file_size > bound:
        raise UnsupportedError(
            f"{path} can only be loaded whole, and its {format_size(members[0].file_size)} are more than the "
            f"{format_size(bound)} that it may take; save it with np.save as a .npy file, which is read in "
            "pieces"
        )
    try:
        with np.load(path, allow_pickle=False) as arrays:
            array = arrays[arrays.files[0]]
    except (ValueError, EOFError, OSError, MemoryError, zipfile.BadZipFile, zlib.error) as error:
        raise SourceError(f"{path} is damaged, or holds Python objects; save it again") from error
    return _opened(path, axes, array, cache)


def _opened(path: Path, axes: str | None, array: NDArray[Any], cache: int | None = None) -> Opened:
    names = _axes(path, axes, array.ndim)
    array = array.transpose(permutation(names))
    order = "".join(names[k] for k in permutation(names))
    notes = (
        ()
        if axes is not None
        else (f"a numpy array names no axes: taken as {order}; say otherwise with --axes (axes=)",)
    )
    description = ImageDescription(printable(path.stem), tuple(axis(a) for a in order), (None,) * len(order))
    again = (str(path), axes, cache)
    scene = Scene(description, [NumpyLevel(array, again)], notes=notes)
    return Opened([scene], [path], (_source_again, again))


def _axes(path: Path, axes: str | None, ndim: int) -> str:
    if axes is not None:
        text = check_letters(axes, ndim, path.name)
        return text.replace("s", "c") if "c" not in text else text
    if ndim not in BY_NDIM:
        raise UnsupportedError(f"{path} has {ndim} dimensions; an image has 1 to 5")
    return BY_NDIM[ndim]


def _source_again(path: str, axes: str | None, cache: int | None) -> Opened:
    if zipfile.is_zipfile(path):
        return open_npz(path, axes=axes, cache=cache)
    return open_npy(path, axes=axes)


def _level_again(path: str, axes: str | None, cache: int | None) -> Any:
    return _source_again(path, axes, cache).scenes[0].levels[0]
