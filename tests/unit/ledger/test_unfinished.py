"""What an interrupted run leaves is called what it is, by whatever is asked to read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile

import zarrscope
from zarrscope.errors import IncompleteError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

READERS: dict[str, Callable[[Path], object]] = {
    "info": zarrscope.info,
    "open": zarrscope.open,
    "open_source": zarrscope.open_source,
    "validate": zarrscope.validate,
    "verify": zarrscope.verify,
    "view": zarrscope.view,
    "copy": lambda place: zarrscope.copy(place, place.with_name("copied")),
    "convert": lambda place: zarrscope.convert(place, place.with_name("converted")),
}


def interrupted(folder: Path, name: str) -> Path:
    """Return where a conversion was interrupted."""

    def stop(_: int) -> None:
        raise KeyboardInterrupt

    tifffile.imwrite(folder / "a.tif", np.zeros((5, 300, 300), "u2"), metadata={"axes": "ZYX"})
    with pytest.raises(KeyboardInterrupt):
        zarrscope.convert(folder / "a.tif", folder / name, progress=stop)
    return folder / f"{name}.part"


@pytest.mark.parametrize("how", READERS)
def test_a_folder_that_is_being_written(tmp_path: Path, how: str) -> None:
    part = interrupted(tmp_path, "b.ome.zarr")
    with pytest.raises(
        IncompleteError, match=r"b\.ome\.zarr\.part is an unfinished run.*b\.ome\.zarr --resume'"
    ):
        READERS[how](part)
    zarrscope.convert(tmp_path / "a.tif", tmp_path / "b.ome.zarr", resume=True)
    if how == "verify":
        assert zarrscope.verify(tmp_path / "b.ome.zarr").same
    elif how != "view":
        READERS[how](tmp_path / "b.ome.zarr")


@pytest.mark.parametrize("how", ["info", "convert", "view", "open_source"])
def test_by_its_name_to_be(tmp_path: Path, how: str) -> None:
    for name in ("b.ome.zarr", "c.ozx"):
        part = interrupted(tmp_path, name)
        for place in (part, tmp_path / name):
            with pytest.raises(IncompleteError, match=rf"{name}\.part is an unfinished run"):
                READERS[how](place)
    with pytest.raises(NotFoundError):
        READERS[how](tmp_path / "absent.part")
