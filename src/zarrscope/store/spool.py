"""A value that waits on a disk until it is sent."""

from __future__ import annotations

import mmap
import tempfile
from typing import TYPE_CHECKING

from zarrscope.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable

    from zarrscope.store.contracts import Buffer

IN_MEMORY = 1 << 20
"""Up to so many bytes are kept in memory; more go to a file without a name, in the folder of such files."""


class Spool:
    """An Upload that keeps what is written and hands it on as one buffer when it is committed.

    The file has no name: whatever happens to the process, nothing is left of it. It is mapped and not
    read, so that a value is never in memory as a whole.

    Parameters
    ----------
    send : callable
        What is to become of the value.
    url : str
        Its address, for messages.
    """

    def __init__(self, send: Callable[[Buffer], None], url: str) -> None:
        self._send, self._url = send, url
        self._file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)
        self.size = 0
        """Bytes that were written."""

    def write(self, data: Buffer) -> None:
        """Append."""
        view = memoryview(data).cast("B")
        try:
            self._file.write(view)
        except OSError as error:
            raise StoreError(
                f"{self._url}: {error.strerror} in {tempfile.gettempdir()}, where values wait until they are "
                "sent; free some space there, or name another folder in TMPDIR"
            ) from error
        self.size += len(view)

    def commit(self) -> None:
        """Send the value; it appears whole and at once."""
        try:
            self._send_all()
        finally:
            self.abort()

    def _send_all(self) -> None:
        if self.size <= IN_MEMORY:
            self._file.seek(0)
            self._send(self._file.read())
            return
        try:
            self._file.flush()
        except OSError as error:
            raise StoreError(f"{self._url}: {error.strerror} in {tempfile.gettempdir()}") from error
        # Not closed by hand: the client may let go of it a moment after it has answered.
        self._send(memoryview(mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)))

    def abort(self) -> None:
        """Forget it; harmless after ``commit``."""
        self._file.close()
