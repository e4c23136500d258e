"""From an address to a store."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from zarrscope.errors import ArgumentError, DestinationExistsError, NotFoundError, UnsupportedError
from zarrscope.store.keys import without_secrets
from zarrscope.store.local import LocalStore

if TYPE_CHECKING:
    from zarrscope.store.contracts import Readable, Writable

_REMOTE = ("http", "https")
_ARCHIVES = (".zip", ".ozx")


def is_remote(url: str) -> bool:
    """Return whether an address leads over a network."""
    return "://" in url and urlsplit(url).scheme != "file"


def local_path(url: str | os.PathLike[str]) -> str:
    """Return the path that a local address (``file:...`` or a plain path) means.

    Raises
    ------
    ArgumentError
        The address is empty.
    """
    text = os.fspath(url)
    if not text:
        raise ArgumentError("'' is no address: the source or the destination is empty; name it")
    if text.startswith("file:"):
        return unquote(urlsplit(text).path)
    return os.path.expanduser(text)  # noqa: PTH111


def resolve(url: str | os.PathLike[str] | Readable) -> Readable:
    """Return the store of an address, for reading.

    Parameters
    ----------
    url : str, path-like or Readable
        A path of a folder or zip archive (``.zip``, ``.ozx``), ``file:``, ``http://`` or ``https://``; a
        store is returned as it is.

    Raises
    ------
    NotFoundError
        Nothing stands at a local address.
    UnsupportedError
        The scheme is not known, a file stands there that is no zip archive, or an archive on a server.
    CorruptDataError, InvalidKeyError
        The archive is damaged or malicious.
    """
    if not isinstance(url, str | os.PathLike):
        return url
    text = os.fspath(url)
    if not is_remote(text):
        path = local_path(text)
        if not os.path.lexists(path):
            raise NotFoundError(f"{path}: no such file or folder")
        if not os.path.isfile(path):  # noqa: PTH113
            return LocalStore(path)
        if not path.lower().endswith(_ARCHIVES):
            raise UnsupportedError(f"{path} is a file, not a Zarr; convert it with 'zarrscope convert'")
        from zarrscope.store.zip import ZipStore

        return ZipStore(path)
    scheme = urlsplit(text).scheme
    if scheme not in _REMOTE:
        raise UnsupportedError(
            f"{without_secrets(text)}: {scheme}:// is not supported; use a path, file:, http:// or https://"
        )
    if urlsplit(text).path.lower().endswith(_ARCHIVES):
        raise UnsupportedError(f"{without_secrets(text)}: archives are read from a disk; download it first")
    from zarrscope.store.remote import RemoteStore

    return RemoteStore(text)


def resolve_writable(url: str | os.PathLike[str] | Writable) -> Writable:
    """Return the store of an address, for writing.

    A path that ends in ``.zip`` or ``.ozx`` means an archive, which has to be begun (see ``ZipWriter``).

    Raises
    ------
    UnsupportedError
        The address cannot be written to.
    DestinationExistsError
        A file stands there.
    """
    if not isinstance(url, str | os.PathLike):
        return url
    if not os.fspath(url):
        raise ArgumentError("the destination is empty (''); name a folder to write")
    if is_remote(os.fspath(url)):
        raise UnsupportedError(
            f"{without_secrets(os.fspath(url))}: writing over a network is not supported; write to a folder"
        )
    path = local_path(url)
    if path.lower().endswith(_ARCHIVES) and not os.path.isdir(path):  # noqa: PTH112
        from zarrscope.store.zip_writer import ZipWriter

        return ZipWriter(path)
    if os.path.isfile(path):  # noqa: PTH113
        raise DestinationExistsError(f"{path} is a file; give the name of a folder to write")
    return LocalStore(path)
