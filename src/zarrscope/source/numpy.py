"""Arrays of numpy: ``.npy`` mapped into memory, ``.npz`` with one array.

Files do not name their axes: the user does, or the number of dimensions decides
(`zarrscope.model.naming.BY_NDIM`).
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from zarrscope.errors import NotFoundError, SourceError, UnsupportedError
from zarrscope.model.description import ImageDescription
from zarrscope.model.naming import BY_NDIM, axis, check_letters, permutation
from zarrscope.source.contracts import Scene
from zarrscope.source.opened import Opened
from zarrscope.source.regions import receiver

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from zarrscope.types import Region, Shape

_BAND = 1 << 20
"""Bytes that are called a unit of reading."""

_LARGEST_MEMBER = 2 << 30
"""Bytes that the array of an archive may take in memory."""


class NumpyLevel:
    """A LazyArray over an array, its axes brought into our order.

    Parameters
    ----------
    path : str
        The file.
    axes : str, optional
        The user's word.
    array : ndarray
        In memory or mapped, in our order.
    """

    def __init__(self, path: str, axes: str | None, array: NDArray[Any]) -> None:
        self._path = path
        self._axes = axes
        self._array = array

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
        return _level_again, (self._path, self._axes)

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
    return _opened(path, axes, array, open_npy)


def open_npz(path: str | Path, *, axes: str | None = None) -> Opened:
    """Open a ``.npz`` archive that holds one array; it is loaded into memory.

    Raises
    ------
    UnsupportedError
        It holds several arrays, or one of more than 2 GiB.
    """
    path = Path(path)
    if not path.is_file():
        raise NotFoundError(f"{path}: no such file")
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except zipfile.BadZipFile as error:
        raise SourceError(f"{path} is named .npz but is no archive of numpy; save it again") from error
    if len(members) != 1 or members[0].file_size > _LARGEST_MEMBER:
        raise UnsupportedError(
            f"{path} holds {len(members)} arrays; save the one to convert as a .npy file of its own"
        )
    try:
        with np.load(path, allow_pickle=False) as arrays:
            array = arrays[arrays.files[0]]
    except (ValueError, EOFError, OSError, zipfile.BadZipFile) as error:
        raise SourceError(f"{path} is damaged, or holds Python objects; save it again") from error
    return _opened(path, axes, array, open_npz)


def _opened(path: Path, axes: str | None, array: NDArray[Any], function: Any) -> Opened:
    names = _axes(path, axes, array.ndim)
    array = array.transpose(permutation(names))
    order = "".join(names[k] for k in permutation(names))
    notes = (
        ()
        if axes is not None
        else (f"a numpy array names no axes: taken as {order}; say otherwise with axes",)
    )
    description = ImageDescription(path.stem, tuple(axis(a) for a in order), (None,) * len(order))
    scene = Scene(description, [NumpyLevel(str(path), axes, array)], notes=notes)
    return Opened([scene], [path], (_source_again, (str(path), axes, function.__name__)))


def _axes(path: Path, axes: str | None, ndim: int) -> str:
    if axes is not None:
        text = check_letters(axes, ndim, path.name)
        return text.replace("s", "c") if "c" not in text else text
    if ndim not in BY_NDIM:
        raise UnsupportedError(f"{path} has {ndim} dimensions; an image has 1 to 5")
    return BY_NDIM[ndim]


def _source_again(path: str, axes: str | None, name: str) -> Opened:
    return (open_npz if name == "open_npz" else open_npy)(path, axes=axes)


def _level_again(path: str, axes: str | None) -> Any:
    opener = open_npz if path.lower().endswith(".npz") else open_npy
    return opener(path, axes=axes).scenes[0].levels[0]
