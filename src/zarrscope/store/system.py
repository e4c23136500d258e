"""What the system says when a file cannot be had, in our words."""

from __future__ import annotations

import errno
from contextlib import contextmanager
from typing import TYPE_CHECKING

from zarrscope.errors import AccessError, StoreError, ZarrscopeError

if TYPE_CHECKING:
    from collections.abc import Iterator

_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}


@contextmanager
def explained(url: str) -> Iterator[None]:
    """Turn the system's errors into ours: one line with the file and what to do."""
    try:
        yield
    except OSError as error:
        if isinstance(error, ZarrscopeError):
            raise
        reason = error.strerror or str(error)
        if error.errno in _FORBIDDEN:
            raise AccessError(f"{url}: {reason}; change its mode, or go where you may write") from error
        if error.errno in _FULL:
            raise StoreError(f"{url}: {reason}; free some space or choose another disk") from error
        raise StoreError(f"{url}: {reason}") from error
