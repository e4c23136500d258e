"""Showing a link in the browser of this desktop, and nobody else's.

Every user of a machine can read the commands that run there, and so the address that a browser is started
with. So it is started with a file that only its owner can read, which leads on to the link with the token.
"""

from __future__ import annotations

import os
import tempfile
import threading
import webbrowser
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

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
        self._missing = missing
        own = os.environ.get("XDG_RUNTIME_DIR", "")
        number, name = tempfile.mkstemp(".html", "zarrscope-", own if os.access(own, os.W_OK) else None)
        self._file = Path(name)
        with open(number, "w", encoding="utf-8") as file:  # noqa: PTH123 - mkstemp made it for its owner alone
            file.write(_LEADS_ON.format(url=escape(url)))
        threading.Thread(target=self._open, name="zarrscope-browser", daemon=True).start()

    def close(self) -> None:
        """Remove the file: the browser has read it by now, or comes too late."""
        self._file.unlink(missing_ok=True)

    def _open(self) -> None:
        browser = _browser()
        if (browser is None or not browser.open(self._file.as_uri())) and self._missing is not None:
            self._missing()


def _browser() -> webbrowser.BaseBrowser | None:
    """Return the browser of this desktop; one that takes the terminal shows no pixels, and is none."""
    try:
        found = webbrowser.get()
    except webbrowser.Error:
        return None
    in_terminal = type(found) is webbrowser.GenericBrowser and not os.environ.get("BROWSER")
    return None if in_terminal else found
