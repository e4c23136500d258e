"""Formats that are not read: what they are is told by their first bytes or their suffix, and a way out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import tifffile
from tests.parity.test_sources import DATA, entries, truth

from zarrscope.errors import UnsupportedError
from zarrscope.source.registry import choose, open_source

if TYPE_CHECKING:
    from pathlib import Path

NAMES = {
    "czi": "Zeiss CZI",
    "nd2": "Nikon ND2",
    "lif": "Leica LIF",
    "nifti": "NIfTI",
    "mrc": "MRC",
    "h5": "HDF5",
    "bdv-h5": "HDF5",
    **dict.fromkeys(("dicom-wsi", "dicom-frames", "dicom-series"), "DICOM"),
}


@pytest.mark.parametrize("name", entries(*NAMES))
def test_real_files(name: str, tmp_path: Path) -> None:
    place, kind = DATA / name, truth()[name]["kind"]
    want = (
        rf"is {NAMES[kind]}, which zarrscope does not read yet; (export it as|convert it with|read it with)"
    )
    with pytest.raises(UnsupportedError, match=want):
        open_source(place)
    if (
        place.is_file() and kind not in ("lif",) and place.suffix != ".gz"
    ):  # these have nothing but their suffix
        unnamed = tmp_path / "unnamed"
        unnamed.symlink_to(place)
        with pytest.raises(UnsupportedError, match=want):
            open_source(unnamed)


@pytest.mark.parametrize(
    ("name", "head", "told"),
    [
        ("a.ims", b"\x89HDF\r\n\x1a\n", "Imaris.*export it as OME-TIFF"),
        ("a.h5", b"\x89HDF\r\n\x1a\n", "HDF5.*h5py"),
        ("a.OIB", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "OLE.*bioformats2raw"),
        ("a.gif", b"GIF89a", "save it as TIFF or PNG"),
        ("a", b"II*\0" + bytes(124) + b"DICM", "DICOM"),  # the preamble of such files may look like a TIFF
        ("a.dcm", b"II*\0" + bytes(124) + b"DICM", "DICOM"),
    ],
)
def test_what_files_begin_with(tmp_path: Path, name: str, head: bytes, told: str) -> None:
    (tmp_path / name).write_bytes(head + bytes(400))
    with pytest.raises(UnsupportedError, match=told):
        choose(tmp_path / name)
    with pytest.raises(UnsupportedError, match=f"could be a plane; {name} is .*{told}"):
        open_source(tmp_path)


def test_a_tiff_that_says_so_is_one(tmp_path: Path) -> None:
    """Both at once is allowed, and its suffix says as which it is meant."""
    tifffile.imwrite(tmp_path / "a.tif", [[1, 2], [3, 4]])
    data = bytearray((tmp_path / "a.tif").read_bytes())
    data[128:132] = b"DICM"
    (tmp_path / "a.tif").write_bytes(data)
    assert choose(tmp_path / "a.tif").name == "TIFF"
