"""Files that are not what they say: one line that names the file, what is wrong and what to do."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile

from zarrscope.errors import CorruptDataError, NotFoundError, SourceError, ZarrscopeError
from zarrscope.source.registry import open_source
from zarrscope.source.tiff.open import open_tiff
from zarrscope.types import Region

if TYPE_CHECKING:
    from pathlib import Path

DATA = np.arange(6 * 50 * 40, dtype=np.uint16).reshape(6, 50, 40)


def written(path: Path, **options: Any) -> Path:
    tifffile.imwrite(path, DATA, photometric="minisblack", **options)
    return path


def refused(path: Path, *words: str) -> None:
    """Check that opening fails with one line that holds the name of the file and these words."""
    with pytest.raises(SourceError) as caught:
        open_source(path)
    text = str(caught.value)
    assert "\n" not in text
    assert path.name in text
    for word in words:
        assert word in text


def test_a_text_named_tif(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    path.write_text("x,y\n1,2\n")
    refused(path, "is no TIFF", "begins with", "suffix")


def test_an_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    path.touch()
    refused(path, "empty", "again")


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no such file"):
        open_source(tmp_path / "a.tif")
    with pytest.raises(NotFoundError, match="no files there"):
        open_source(tmp_path / "a_*.tif")


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"compression": "zlib"},
        {"metadata": None},
        {"tile": (16, 16)},
        {"bigtiff": True},
    ],
)
@pytest.mark.parametrize("part", [0.3, 0.6, 0.95, 0.999])
def test_a_file_that_was_cut(tmp_path: Path, options: dict[str, Any], part: float) -> None:
    path = written(tmp_path / "a.tif", **options)
    data = path.read_bytes()
    path.write_bytes(data[: int(part * len(data))])
    refused(path)


def test_an_imagej_stack_that_was_cut(tmp_path: Path) -> None:
    path = written(tmp_path / "a.tif", imagej=True)
    data = path.read_bytes()
    path.write_bytes(data[:-10])  # the end of the last directory; ImageJ needs the first one only
    with open_tiff(path) as source:
        np.testing.assert_array_equal(source.scenes[0].levels[0].read(Region.whole(DATA.shape)), DATA)
    path.write_bytes(data[: int(0.9 * len(data))])
    refused(path, "truncated")
    path.write_bytes(data[:22_000])
    refused(path, "truncated")


@pytest.mark.parametrize("seed", range(40))
def test_noise_in_the_head_is_an_error_or_an_image(tmp_path: Path, seed: int) -> None:
    path = written(tmp_path / "a.tif", compression="zlib", metadata=None)
    data = bytearray(path.read_bytes())
    random = np.random.default_rng(seed)
    for at in random.integers(4, 260, 6):
        data[at] = int(random.integers(0, 256))
    path.write_bytes(data)
    try:
        with open_tiff(path) as source:
            level = source.scenes[0].levels[0]
            stop = tuple(min(n, 8) for n in level.shape)
            level.read(Region((0,) * len(stop), stop))
    except ZarrscopeError as error:
        assert "\n" not in str(error)


def test_a_damaged_segment_is_found_when_it_is_read(tmp_path: Path) -> None:
    path = written(tmp_path / "a.tif", compression="zlib", rowsperstrip=50)
    with tifffile.TiffFile(path) as tif:
        offset = tif.pages[2].dataoffsets[0]
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(b"\xff" * 16)
    with open_tiff(path) as source:
        level = source.scenes[0].levels[0]
        np.testing.assert_array_equal(level.read(Region((0, 0, 0), (2, 50, 40))), DATA[:2])
        for _ in range(2):
            with pytest.raises(CorruptDataError, match=r"a\.tif: segment 0 of page 2 does not decode"):
                level.read(Region((2, 0, 0), (3, 20, 40)))


def test_a_file_cut_while_it_is_open(tmp_path: Path) -> None:
    path = written(tmp_path / "a.tif")
    with open_tiff(path) as source:
        with path.open("r+b") as file:
            file.truncate(2000)
        with pytest.raises(CorruptDataError, match="ended at byte 2000"):
            source.scenes[0].levels[0].read(Region.whole(DATA.shape))


def test_a_closed_source_reads_no_more(tmp_path: Path) -> None:
    source = open_tiff(written(tmp_path / "a.tif"))
    source.close()
    source.close()
    with pytest.raises(SourceError, match="closed"):
        source.scenes[0].levels[0].read(Region.whole(DATA.shape))


def test_a_segment_that_cannot_come_out_of_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, DATA[0], compression="zlib", rowsperstrip=50, metadata=None)
    data = bytearray(path.read_bytes())
    with tifffile.TiffFile(path) as tif:
        tags = tif.pages[0].tags
        places = [(tags[code].valueoffset, tags[code].dtype) for code in (256, 257, 278)]
    for offset, kind in places:
        form = "<H" if int(kind) == 3 else "<I"
        struct.pack_into(form, data, offset, 60_000)
    path.write_bytes(data)
    refused(path, "cannot come out")


def test_a_missing_file_of_a_set_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.ome.tif"
    uuids = [f"urn:uuid:00000000-0000-0000-0000-00000000000{i}" for i in range(2)]
    planes = "".join(
        f'<TiffData FirstZ="{i}" IFD="0" PlaneCount="1"><UUID FileName="{name}">{uuid}</UUID></TiffData>'
        for i, (name, uuid) in enumerate(zip(["a.ome.tif", "other.ome.tif"], uuids, strict=True))
    )
    xml = (
        '<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" '
        f'UUID="{uuids[0]}"><Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint16" '
        'SizeX="40" SizeY="50" SizeZ="2" SizeC="1" SizeT="1"><Channel ID="Channel:0:0" SamplesPerPixel="1"/>'
        f"{planes}</Pixels></Image></OME>"
    )
    tifffile.imwrite(path, DATA[0], description=xml, metadata=None)
    refused(path, "other.ome.tif", "missing")
    other = xml.replace(uuids[0], uuids[1], 1)
    tifffile.imwrite(tmp_path / "other.ome.tif", DATA[1], description=other, metadata=None)
    with open_source(path) as source:
        np.testing.assert_array_equal(source.scenes[0].levels[0].read(Region.whole((2, 50, 40))), DATA[:2])
    with open_source(tmp_path) as source:
        assert [scene.levels[0].shape for scene in source.scenes] == [(2, 50, 40)]
    for name in ("../other.ome.tif", "/etc/passwd"):
        outside = tmp_path / "b.ome.tif"
        tifffile.imwrite(outside, DATA[0], description=xml.replace("other.ome.tif", name), metadata=None)
        refused(outside, "outside of its own folder")


def test_a_document_type_is_not_followed(tmp_path: Path) -> None:
    path = tmp_path / "a.ome.tif"
    xml = '<!DOCTYPE OME [<!ENTITY a "b">]><OME><Image/></OME>'
    tifffile.imwrite(path, DATA[0], description='<?xml version="1.0"?>' + xml, metadata=None)
    refused(path, "document type")


def test_the_terminal_stays_quiet(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path / "a.tif")
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(SourceError):
        open_source(path)
    assert capfd.readouterr() == ("", "")
