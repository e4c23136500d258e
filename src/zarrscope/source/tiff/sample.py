"""Writing an OME-TIFF for samples: the only module that writes with tifffile (`structure` reads with it)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import tifffile

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray


SOFTWARE = "zarrscope demo"


def software_of(path: Path) -> str:
    """Return which program a TIFF says it is from; "" where it says nothing, or is no TIFF."""
    try:
        with tifffile.TiffFile(path) as tif:
            return str(tif.pages.first.software)
    except (tifffile.TiffFileError, OSError, AttributeError):
        return ""


def write_ome_tiff(
    path: Path, pixels: NDArray[Any], axes: str, scale: Mapping[str, float], channels: Sequence[str]
) -> None:
    """Write pixels as a tiled OME-TIFF with zlib.

    Parameters
    ----------
    path : Path
        File to write.
    pixels : ndarray
        In the order of ``axes``.
    axes : str
        One letter an axis.
    scale : mapping
        Micrometers by axis.
    channels : sequence of str
        Names.
    """
    sizes = {f"PhysicalSize{name.upper()}": size for name, size in scale.items()}
    units = {f"PhysicalSize{name.upper()}Unit": "µm" for name in scale}
    metadata = {"axes": axes.upper(), **sizes, **units, "Channel": {"Name": list(channels)}}
    tifffile.imwrite(
        path, pixels, ome=True, tile=(256, 256), compression="zlib", metadata=metadata, software=SOFTWARE
    )
