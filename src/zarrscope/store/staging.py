"""Folders that are built beside their final place and moved there whole: nobody ever sees half of one."""

from __future__ import annotations

import os
import re
import secrets
import shutil
from contextlib import suppress
from pathlib import Path

from zarrscope.errors import DestinationExistsError, StoreError
from zarrscope.store.local import LocalStore
from zarrscope.store.placed import sync_folder

SUFFIX = ".part"


def staging_of(final: LocalStore) -> LocalStore | None:
    """Return the folder beside a folder in which to build it, ``NAME.part``.

    Parameters
    ----------
    final : LocalStore
        The final place; it need not exist.

    Returns
    -------
    LocalStore or None
        None where nothing can be moved to the final place: it is the root of a disk, or the folder
        above it is not ours to write to.
    """
    root = _real(final)
    above = root.parent
    if os.path.ismount(root) or root == above:
        return None
    if above.is_dir() and not os.access(above, os.W_OK | os.X_OK):
        return None
    return LocalStore(f"{root}{SUFFIX}")


def publish(staging: LocalStore, final: LocalStore, *, overwrite: bool = False) -> None:
    """Move a finished folder to its place; what stands there is removed once the new one is durably there.

    Parameters
    ----------
    staging, final : LocalStore
        Where it is, and where it is to be.
    overwrite : bool
        Whether what stands there may be replaced; an empty folder always may.

    Raises
    ------
    DestinationExistsError
        Something stands there that may not be replaced.
    StoreError
        It cannot be moved; both folders are as they were.
    """
    root, old = _real(final), None
    try:
        if root.exists() and not (overwrite or _is_empty(root)):
            raise DestinationExistsError(
                f"{root} has appeared meanwhile; move it elsewhere, then --resume puts the result there, "
                f"which stands complete in {staging.root}"
            )
        if root.exists():
            old = root.with_name(f".{root.name}.{secrets.token_hex(4)}.old")
            root.rename(old)
        try:
            staging.root.rename(root)
        except OSError:
            if old is not None:
                old.rename(root)
            raise
        sync_folder(str(root.parent))
    except DestinationExistsError:
        raise
    except OSError as error:
        raise StoreError(f"{root}: {error.strerror}; the result stands complete in {staging.root}") from error
    for folder in _replaced(root):
        shutil.rmtree(folder, ignore_errors=True)


def restore(final: LocalStore) -> None:
    """Put back what a run was about to replace when it was killed between two steps."""
    root = _real(final)
    old = _replaced(root)
    if old and not root.exists():
        old[-1].rename(root)


def _replaced(root: Path) -> list[Path]:
    """Return what was moved aside to be replaced, the oldest first."""
    name = re.compile(rf"\.{re.escape(root.name)}\.[0-9a-f]{{8}}\.old")
    try:
        found = [path for path in root.parent.iterdir() if name.fullmatch(path.name)]
    except OSError:
        return []
    return sorted(found, key=lambda path: path.stat().st_mtime_ns)


def _is_empty(folder: Path) -> bool:
    return folder.is_dir() and not any(folder.iterdir())


def unlisted_link(final: LocalStore) -> str | None:
    """Return the first link below a folder that leads to a folder or nowhere; None where there is none.

    Such links are not listed: a folder that is built anew from what is listed does not have them.
    """
    for folder, folders, files in os.walk(_real(final)):
        for name in sorted((*folders, *files)):
            path = Path(folder, name)
            if path.is_symlink() and not path.is_file():
                return str(path)
    return None


def discard(staging: LocalStore, last: str) -> None:
    """Remove a folder that did not become anything, with what tells whose it was last of all."""
    clear(staging, last)
    shutil.rmtree(staging.root, ignore_errors=True)


def clear(staging: LocalStore, kept: str) -> None:
    """Remove all that lies in a folder but one file.

    Parameters
    ----------
    staging : LocalStore
        The folder; it need not exist.
    kept : str
        Key of the file; it lies in a folder of its own, or at the top.
    """
    above, _, name = kept.rpartition("/")
    for folder, stays in ((staging.root, above or name), (staging.root / above, name)):
        if not folder.is_dir():
            continue
        for entry in sorted(os.listdir(folder)):  # noqa: PTH208 - names are enough
            path = folder / entry
            if entry == stays:
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                with suppress(OSError):
                    path.unlink()


def alive(process: int) -> bool:
    """Return whether a process of this machine still runs; False where that cannot be told."""
    if os.name != "posix":  # there, signal 0 would end the process
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # somebody else's
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="latin-1").rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return True
    return state != "Z"  # killed, and only waiting for its parent to take note


def _real(store: LocalStore) -> Path:
    """Return the folder itself where the root is a link to one: links stay."""
    return store.root.resolve() if store.root.is_symlink() else store.root
