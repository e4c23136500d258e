"""A source whose scenes are ready: what every reader of local files returns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from zarrscope.source.files import fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from types import TracebackType

    from zarrscope.source.contracts import Scene


class Opened:
    """An open source; see `zarrscope.source.contracts.Source`.

    Parameters
    ----------
    scenes : sequence of Scene
        Associated pictures last.
    paths : sequence of Path
        Every file that pixels come from.
    reopen : tuple
        Function and arguments that open it again in another process.
    ome_xml : str, optional
        As it stands in the file.
    closing : sequence of callables
        Called once, in this order, when it closes.
    """

    def __init__(
        self,
        scenes: Sequence[Scene],
        paths: Sequence[Path],
        reopen: tuple[Callable[..., Any], tuple[Any, ...]],
        *,
        ome_xml: str | None = None,
        closing: Sequence[Callable[[], None]] = (),
    ) -> None:
        self._scenes = tuple(scenes)
        self._paths = tuple(paths)
        self._reopen = reopen
        self._ome_xml = ome_xml
        self._closing = list(closing)

    @property
    def scenes(self) -> Sequence[Scene]:
        """All images, associated pictures last."""
        return self._scenes

    @property
    def ome_xml(self) -> str | None:
        """The OME-XML that the file holds, as it stands there."""
        return self._ome_xml

    @property
    def paths(self) -> Sequence[Path]:
        """Every file that pixels come from."""
        return self._paths

    def fingerprint(self) -> str:
        """Return a text that changes with the size or time of any of the files."""
        return fingerprint(self._paths)

    def close(self) -> None:
        """Release all handles; a second call does nothing."""
        while self._closing:
            self._closing.pop(0)()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return self._reopen
