"""From an address to a store."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit, urlunsplit

from zarrscope.errors import ArgumentError, DestinationExistsError, NotFoundError, UnsupportedError
from zarrscope.store.credentials import KINDS
from zarrscope.store.keys import without_secrets
from zarrscope.store.local import LocalStore

if TYPE_CHECKING:
    from zarrscope.store.contracts import Readable, Writable

_HTTP = ("http", "https")
_KNOWN = "a path, file:, http://, https://, s3://, gs://, az:// or abfs://"
ARCHIVES = (".zip", ".ozx")


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
    """Return the store of an address, for reading. Nothing is asked yet, except what an archive holds.

    Parameters
    ----------
    url : str, path-like or Readable
        A path, ``file:``, ``http://``, ``https://``, ``s3://BUCKET/FOLDER``, ``gs://BUCKET/FOLDER``,
        ``az://CONTAINER/FOLDER`` or ``abfs://CONTAINER@ACCOUNT.dfs.core.windows.net/FOLDER``, of a folder
        or of a zip archive (``.zip``, ``.ozx``); a store is returned as it is.

    Raises
    ------
    NotFoundError
        Nothing stands at a local address, or no archive where one was named.
    UnsupportedError
        The scheme is not known, or a file stands there that is no zip archive.
    ArgumentError
        The address names no place, or the credentials for it are incomplete.
    CorruptDataError, InvalidKeyError
        The archive is damaged or malicious.
    """
    if not isinstance(url, str | os.PathLike):
        return url
    text = os.fspath(url)
    if is_remote(text):
        archive = _archive_in(text)
        return _remote(text) if archive is None else _remote_archive(*archive)
    path = local_path(text)
    if not os.path.lexists(path):
        raise NotFoundError(f"{path}: no such file or folder")
    if not os.path.isfile(path):  # noqa: PTH113
        return LocalStore(path)
    if not path.lower().endswith(ARCHIVES):
        raise UnsupportedError(f"{path} is a file, not a Zarr; convert it with 'zarrscope convert'")
    from zarrscope.store.zip import ZipStore

    return ZipStore(path)


def resolve_writable(url: str | os.PathLike[str] | Writable) -> Writable:
    """Return the store of an address, for writing.

    Raises
    ------
    UnsupportedError
        The address cannot be written to.
    DestinationExistsError
        A file stands there.
    """
    if not isinstance(url, str | os.PathLike):
        return url
    text = os.fspath(url)
    if not text:
        raise ArgumentError("the destination is empty (''); name a folder to write")
    if is_remote(text):
        return _remote_writable(text)
    path = local_path(url)
    if path.lower().endswith(ARCHIVES) and not os.path.isdir(path):  # noqa: PTH112
        from zarrscope.store.zip_writer import ZipWriter

        return ZipWriter(path)
    if os.path.isfile(path):  # noqa: PTH113
        raise DestinationExistsError(f"{path} is a file; give the name of a folder to write")
    return LocalStore(path)


def _remote_writable(text: str) -> Writable:
    shown = without_secrets(text)
    if _scheme(text) in _HTTP:
        raise UnsupportedError(
            f"{shown}: an HTTP server cannot be written to; write to a folder or to s3://, gs:// or az://"
        )
    if _archive_in(text) is not None:
        raise UnsupportedError(f"{shown}: archives are written on a disk; write it there and upload it")
    store: Writable = _remote(text)  # type: ignore[assignment]
    return store


def _remote(text: str) -> Readable:
    scheme = _scheme(text)
    if scheme not in _HTTP and scheme not in KINDS:
        raise UnsupportedError(f"{without_secrets(text)}: {scheme}:// is not supported; use {_KNOWN}")
    from zarrscope.store import remote

    return remote.RemoteStore(text) if scheme in _HTTP else remote.ObjectStore(text)


def _scheme(text: str) -> str:
    return text.partition("://")[0].lower()


def _archive_in(text: str) -> tuple[str, str] | None:
    """Return the folder of an archive that an address names, and its key there; None where it names none."""
    if _scheme(text) in _HTTP:  # there, and only there, a query may follow, and names are quoted
        parts = urlsplit(text)
        folder, _, name = parts.path.rstrip("/").rpartition("/")
        name, folder = unquote(name), urlunsplit(parts._replace(path=folder))
    else:
        folder, _, name = text.rstrip("/").rpartition("/")
    return (folder, name) if name.lower().endswith(ARCHIVES) and not folder.endswith("/") else None


def _remote_archive(folder: str, name: str) -> Readable:
    from zarrscope.store.zip import ZipStore
    from zarrscope.store.zip_remote import StoredFile

    return ZipStore(StoredFile(_remote(folder), name))
