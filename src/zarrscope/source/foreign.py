"""Formats that are not read yet: how they are recognised, and the way that leads from them to OME-Zarr.

Signatures are those of the formats' own descriptions, as far as there are such.
"""

from __future__ import annotations

from dataclasses import dataclass

_OTHERS = "convert it with bioformats2raw, which writes OME-Zarr"


@dataclass(frozen=True, slots=True)
class Foreign:
    """A format that is known, but not read.

    Parameters
    ----------
    name : str
        For people.
    suffixes : tuple of str
        Lower case, with the dot.
    magic : tuple of (int, bytes)
        Alternatives: bytes that stand at an offset.
    way : str
        What to do.
    """

    name: str
    suffixes: tuple[str, ...]
    magic: tuple[tuple[int, bytes], ...]
    way: str


def _made_by(program: str) -> str:
    return f"export it as OME-TIFF with {program}, or {_OTHERS}"


def _read_by(package: str) -> str:
    return f"read it with the Python package {package}, and write its array with zarrscope.write"


FOREIGN: tuple[Foreign, ...] = (
    Foreign("Zeiss CZI", (".czi",), ((0, b"ZISRAWFILE"),), _made_by("ZEN")),
    Foreign("Nikon ND2", (".nd2",), ((0, b"\xda\xce\xbe\x0a"),), _made_by("NIS-Elements")),
    Foreign("Leica LIF", (".lif", ".lof", ".xlif", ".xlef"), (), _made_by("LAS X")),
    Foreign("an Olympus file", (".vsi", ".oif", ".oir"), ((0, b"OLYMPUSRAWFORMAT"),), _made_by("cellSens")),
    Foreign("Imaris", (".ims",), (), _made_by("Imaris")),
    Foreign("DeltaVision", (".dv", ".r3d"), (), _OTHERS),
    Foreign("SlideBook", (".sld", ".sldy"), (), _made_by("SlideBook")),
    Foreign("MIRAX", (".mrxs",), (), _OTHERS),
    Foreign("DICOM", (".dcm", ".dicom"), ((128, b"DICM"),), _OTHERS),
    Foreign("NIfTI", (".nii", ".nii.gz"), ((344, b"n+1\0"), (344, b"ni1\0")), _read_by("nibabel")),
    Foreign("MRC", (".mrc", ".mrcs", ".rec"), ((208, b"MAP "),), _read_by("mrcfile")),
    Foreign("NRRD", (".nrrd", ".nhdr"), ((0, b"NRRD000"),), _read_by("pynrrd")),
    Foreign("MetaImage", (".mha", ".mhd"), (), _read_by("SimpleITK")),
    Foreign("FITS", (".fits",), ((0, b"SIMPLE  ="),), _read_by("astropy")),
    Foreign("HDF5", (".h5", ".hdf5", ".hdf"), ((0, b"\x89HDF\r\n\x1a\n"),), _read_by("h5py")),
    Foreign(
        "an OLE container (OIB, ZVI, IPW)",
        (".oib", ".zvi", ".ipw"),
        ((0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),),
        _OTHERS,
    ),
    Foreign("JPEG 2000", (".jp2", ".j2k"), ((0, b"\0\0\0\x0cjP  \r\n\x87\n"),), "save it as TIFF or PNG"),
    Foreign("a picture", (".gif", ".bmp", ".webp"), ((0, b"GIF8"),), "save it as TIFF or PNG"),
)
"""Where a suffix stands for one of them, it goes before what all files of a container have in common."""


def told_foreign(name: str, head: bytes) -> str | None:
    """Return what a file is and what to do with it, None where it is none of the formats that are known.

    Parameters
    ----------
    name : str
        Of the file.
    head : bytes
        Its beginning.
    """
    lower = name.lower()
    named = (row for row in FOREIGN if lower.endswith(row.suffixes))
    meant = (row for row in FOREIGN if any(head[at : at + len(text)] == text for at, text in row.magic))
    row = next(named, None) or next(meant, None)
    return None if row is None else f"{row.name}, which zarrscope does not read yet; {row.way}"
