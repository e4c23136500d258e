"""The client of the Python package ``neuroglancer``, served by its own server on this machine, offline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zarrscope.array.optional import needed

if TYPE_CHECKING:
    from collections.abc import Mapping

_PAGES: list[Any] = []
"""They live until the process ends, and with them their server: the package holds them only weakly."""


def neuroglancer_link(state: Mapping[str, Any], host: str) -> str:
    """Serve a page of Neuroglancer, and return the link, which holds a random token.

    Parameters
    ----------
    state : mapping
        What it shows, as JSON (see ``neuroglancer_state``).
    host : str
        Address to listen at. There is one server for all pages of a process, at the address of the first.

    Raises
    ------
    MissingDependencyError
        The extra ``neuroglancer`` is not installed.
    """
    neuroglancer = needed("neuroglancer", "neuroglancer")
    if not neuroglancer.is_server_running():
        neuroglancer.set_server_bind_address(host)
    # The page may not ask for credentials of this user: all it shows comes from our server.
    page = neuroglancer.Viewer(allow_credentials=False)
    page.set_state(dict(state))
    _PAGES.append(page)
    return str(page.get_viewer_url())
