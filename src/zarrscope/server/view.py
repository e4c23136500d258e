"""``zarrscope.view``: one call from anything that can be read to a picture in the browser."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote, unquote, urlsplit

from zarrscope.errors import ArgumentError, NotFoundError
from zarrscope.model.axes import channel_count
from zarrscope.node.image import Image
from zarrscope.node.open import open_node
from zarrscope.server.advice import advice
from zarrscope.server.browser import Opening
from zarrscope.server.hosts import LOOPBACK
from zarrscope.server.serve import Server
from zarrscope.server.wishes import check_wishes
from zarrscope.source.registry import open_source
from zarrscope.store.keys import without_secrets
from zarrscope.viewer import state as states
from zarrscope.viewer.channels import displayed_axes
from zarrscope.viewer.neuroglancer import neuroglancer_state
from zarrscope.viewer.neuroglancer_client import neuroglancer_link
from zarrscope.viewer.neuroglancer_documents import retold
from zarrscope.viewer.placing import laid_over
from zarrscope.virtual.encode import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType

    from zarrscope.server.wishes import Channels
    from zarrscope.store.contracts import Readable
    from zarrscope.viewer.state import Look

MEMORY = 1 << 30
"""Bytes that the pixels of a view may take in this process."""

VIEWERS = ("browser", "neuroglancer")
"""In what a served image can be shown."""


class View:
    """An image that is being served, and the link that shows it. A context manager.

    Parameters
    ----------
    server : Server
        Serves it.
    name : str
        Of the store within the server.
    url : str
        The link.
    notes : sequence of str
        Lines that a user should see: what was assumed of the source, what was left out.
    """

    def __init__(self, server: Server, name: str, url: str, notes: Sequence[str] = ()) -> None:
        self._server, self.name, self.url, self.notes = server, name, url, tuple(notes)
        self._openings: list[Opening] = []
        _OPEN.append(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<View {self.url}>"

    def _repr_html_(self) -> str:
        """Show the link in a notebook."""
        return f'<a href="{self.url}" target="_blank" rel="noopener">open the viewer</a>'

    @property
    def data(self) -> str:
        """Address of the image as OME-Zarr, for any other program that can reach the server."""
        return self._server.data(self.name)

    @property
    def elsewhere(self) -> tuple[str, ...]:
        """The same link for other machines, where they can reach the server."""
        here, *others = self._server.urls
        return tuple(other + self.url[len(here) :] for other in others if self.url.startswith(here))

    @property
    def alone(self) -> bool:
        """Whether this machine alone can reach the server."""
        return self._server.alone

    @property
    def store(self) -> Readable:
        """What is served."""
        return self._server.app.stores[self.name]

    def show(self, missing: Callable[[], None] | None = None) -> None:
        """Open the link in the browser of this desktop, without waiting for it.

        Parameters
        ----------
        missing : callable, optional
            Called, from another thread, where there is none.
        """
        self._openings.append(Opening(self.url, missing))

    def wait(self) -> None:
        """Return once the view is closed by another thread; Ctrl-C interrupts it."""
        self._server.wait()

    def close(self) -> None:
        """Stop serving, and release the files."""
        if self in _OPEN:
            _OPEN.remove(self)
            for opening in self._openings:
                opening.close()
            self._server.close()
            for store in self._server.app.stores.values():
                _close(store)


_OPEN: list[View] = []
"""Views live until they are closed, whether or not somebody holds them: the browser does."""


def view(
    thing: Any,
    *,
    channels: Channels = None,
    z: int | None = None,
    t: int | None = None,
    layout: str | None = None,
    state: Mapping[str, Any] | None = None,
    viewer: str = "browser",
    axes: str | None = None,
    memory: int = MEMORY,
    port: int = 0,
    host: str = LOOPBACK,
    browser: bool = False,
) -> View:
    """Serve an image and return the link that shows it. Nothing is converted, nothing is written.

    Parameters
    ----------
    thing : str, path-like, Source, Image, array or sequence of arrays
        An OME-Zarr at any address, a file or folder that can be converted, or pixels in memory (arrays of one
        to five axes in the order t, c, z, y, x; the levels of a pyramid finest first).
    channels : int, str, sequence of these, or mapping, optional
        The channels to show, counted from 0 or by name; or for some of them how:
        ``{0: {"color": "00ff00", "window": (100, 4000), "gamma": 0.7, "opacity": 1.0, "visible": True}}``.
    z, t : int, optional
        Which plane, counted from 0; the middle and the first by default.
    layout : {"plane", "ortho"}, optional
        One plane, or the three orthogonal planes of a stack.
    state : mapping, optional
        The state of the viewer as it stands in the address of its page, in full or in part.
    viewer : {"browser", "neuroglancer"}
        What the link opens: our viewer, or Neuroglancer (the extra ``neuroglancer``), offline too. Both show
        it in a browser.
    axes : str, optional
        What the axes of the source are, where it does not say, for example ``tzcyx``.
    memory : int
        Bytes that pixels may take in this process.
    port : int
        0 takes a free one.
    host : str
        Address to listen at; by default only this machine can reach it.
    browser : bool
        Open it in a browser.

    Returns
    -------
    View
        Has ``url`` (the link), ``data`` (the address as OME-Zarr) and ``close``.

    Raises
    ------
    NotFoundError, SourceError, UnsupportedError, MetadataError
        It cannot be read.
    ArgumentError
        There is no such channel, plane, time point, layout or viewer.
    MissingDependencyError
        The extra that brings the viewer is not installed.
    StoreError, AccessError
        The port cannot be had.
    """
    if viewer not in VIEWERS:
        raise ArgumentError(f"there is no viewer {viewer!r}; choose {' or '.join(VIEWERS)}")
    if state and viewer != "browser":
        raise ArgumentError(f"a state is for our own viewer; {viewer} takes channels, z, t and layout")
    store, name, notes = _store(thing, axes, memory)
    dims = {axis: index for axis, index in (("z", z), ("t", t)) if index is not None}
    with ExitStack() as undo:
        undo.callback(_close, store)
        image = None if channels is None and not dims and layout != "ortho" else first_image(store)
        chosen = None if image is None else check_wishes(image, channels, dims)
        if image is not None and layout == "ortho" and len(displayed_axes(image)) < 3:
            notes = (*notes, "layout ortho: the image has no depth; its one plane is shown")
        if viewer == "neuroglancer":
            main = first_image(store)
            store, notes = retold(store, main), tuple(dict.fromkeys((*notes, *laid_over(main))))
            server = undo.enter_context(Server({name: store}, port=port, host=host))
            url = _neuroglancer_link(server, name, chosen, dims, layout)
        else:
            count = 0 if image is None else channel_count(image.axes, image.shape)
            found = states.state(channels=chosen, count=count, dims=dims, layout=layout, more=state)
            server = undo.enter_context(Server({name: store}, port=port, host=host))
            url = states.link(server.url, found)
        undo.pop_all()
    shown = View(server, name, url, notes)
    if browser:
        shown.show()
    return shown


def first_image(store: Readable) -> Image:
    """Return the image of a store, the first one of a collection or plate.

    Parameters
    ----------
    store : Readable
        As ``View.store``.

    Raises
    ------
    NotFoundError, UnsupportedError, MetadataError
        There is none that can be read.
    """
    node = open_node(store)
    if isinstance(node, Image):
        return node
    if node.first is None:
        raise NotFoundError(f"{node.url}: there is no image in this {node.kind}")
    return node.image(node.first)


def _close(store: Any) -> None:
    if (close := getattr(store, "close", None)) is not None:
        close()


def _neuroglancer_link(
    server: Server,
    name: str,
    channels: list[int] | dict[int, Look] | None,
    dims: Mapping[str, int],
    layout: str | None,
) -> str:
    image = first_image(server.app.stores[name])
    address = server.data(name) + quote(image.document.path)
    found = neuroglancer_state(image, address, channels=channels, dims=dims, layout=layout)
    return neuroglancer_link(found, server.host)


def _store(thing: Any, axes: str | None, memory: int) -> tuple[Any, str, tuple[str, ...]]:
    """Return the store of a thing, what it is called, and what is to be told of it."""
    if not isinstance(thing, str | os.PathLike):
        store = encode(thing, memory=memory)
        return store, getattr(thing, "name", "") or "image", store.notes
    text = os.fspath(thing)
    source = open_source(text, axes=axes, cache=memory // 4)
    try:
        store = encode(source, memory=memory)
        return store, _name(text), (*store.notes, *advice(source, text, store))
    except BaseException:
        source.close()
        raise


def _name(text: str) -> str:
    """Return the last part of an address, which names the store for people and in the address of its data."""
    path = unquote(urlsplit(without_secrets(text)).path) if "://" in text else os.path.abspath(text)  # noqa: PTH100
    name = "".join(c if c.isprintable() and c not in "/\\?#%" else "_" for c in PurePath(path).name)
    return name or "image"
