"""Showing a link in the browser of this desktop, and nobody else's.

Every user of a machine can read the commands that run there, and so the address that a browser is started
with. So it is started with a file that only its owner can read, which leads on to the link with the token.
"""

from __future__ import annotations

import atexit
import os
import tempfile
import threading
import webbrowser
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SNAPS = Path("/snap")
_LEADS_ON = """\
<!doctype html>
<meta charset="utf-8">
<meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0; url={url}">
<title>zarrscope</title>
<a href="{url}">open the viewer</a>
"""


class Opening:
    """A link on its way to the browser; who asks for it is not kept waiting.

    Parameters
    ----------
    url : str
        The link.
    missing : callable, optional
        Called, from another thread, where there is no browser.
    """

    def __init__(self, url: str, missing: Callable[[], None] | None = None) -> None:
        self._missing, self._file = missing, _file_for(url)
        atexit.register(self.close)
        threading.Thread(target=self._open, name="zarrscope-browser", daemon=True).start()

    def close(self) -> None:
        """Remove the file: the browser has read it by now, or comes too late."""
        atexit.unregister(self.close)
        if self._file is not None:
            self._file.unlink(missing_ok=True)

    def _open(self) -> None:
        browser = _browser()
        shown = browser is not None and self._file is not None and browser.open(self._file.as_uri())
        if not shown and self._missing is not None:
            self._missing()


def _file_for(url: str) -> Path | None:
    """Write the file that leads on; None where there is no place for it."""
    for folder in _folders():
        try:
            number, name = tempfile.mkstemp(".html", "zarrscope-", folder)
        except OSError:
            continue
        with open(number, "w", encoding="utf-8") as file:  # noqa: PTH123 - mkstemp made it for its owner alone
            file.write(_LEADS_ON.format(url=escape(url)))
        return Path(name)
    return None


def _folders() -> Iterator[str | None]:
    """Yield folders for the file, the best first: a browser of a Snap package reads nothing but the home."""
    if _SNAPS.is_dir():
        yield os.path.expanduser("~")  # noqa: PTH111 - may stay as it is
    if own := os.environ.get("XDG_RUNTIME_DIR"):
        yield own
    yield None


def _browser() -> webbrowser.BaseBrowser | None:
    """Return the browser of this desktop; one that takes the terminal shows no pixels, and is none."""
    try:
        found = webbrowser.get()
    except webbrowser.Error:
        return None
    alike = tuple(getattr(webbrowser, name) for name in ("Elinks",) if hasattr(webbrowser, name))
    in_terminal = type(found) is webbrowser.GenericBrowser or isinstance(found, alike)
    return None if in_terminal and not os.environ.get("BROWSER") else found
