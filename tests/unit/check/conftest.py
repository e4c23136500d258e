"""Sound hierarchies, written by zarrscope as far as it writes them, for tests to break by hand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import zarrscope

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Tree:
    """A hierarchy in a folder whose documents can be changed."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def read(self, key: str) -> Any:
        return json.loads((self.root / key).read_text())

    def write(self, key: str, value: Any) -> None:
        path = self.root / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(value if isinstance(value, str) else json.dumps(value))

    def change(self, key: str, change: Callable[[Any], Any]) -> None:
        value = self.read(key)
        change(value)
        self.write(key, value)

    def group(self, path: str, ome: Any = None, version: str = "0.5") -> None:
        """Write a group of Zarr 3 (0.5) or 2 (0.4); ``ome`` are our keys."""
        prefix = f"{path}/" if path else ""
        if version == "0.5":
            attributes = {} if ome is None else {"ome": {"version": "0.5", **ome}}
            document = {"zarr_format": 3, "node_type": "group", "attributes": attributes}
            self.write(f"{prefix}zarr.json", document)
        else:
            self.write(f"{prefix}.zgroup", {"zarr_format": 2})
            self.write(f"{prefix}.zattrs", ome or {})

    def image(
        self, path: str = "", version: str = "0.5", shape: tuple[int, ...] = (2, 70, 90), levels: int = 2,
        downsample: str = "mean", pixels: Any = None,
    ) -> None:  # fmt: skip
        """Write an image."""
        if pixels is None:
            pixels = np.random.default_rng(1).integers(0, 4000, shape, dtype="u2")
        zarrscope.write(
            pixels, self.root / path, axes="czyx"[-pixels.ndim :], version=version, levels=levels,
            chunks={"y": 32, "x": 32}, shards="none" if version == "0.5" else None,
            scale={"y": 0.5, "x": 0.5}, unit="micrometer", downsample=downsample, overwrite=True,
        )  # fmt: skip

    def labels(self, version: str = "0.5", levels: int = 2) -> None:
        """Write a label image ``cells`` below the image at the root."""
        pixels = np.kron(np.arange(1, 36, dtype="u4").reshape(5, 7), np.ones((14, 13), "u4"))[:, :90]
        pixels = np.stack([pixels, pixels])
        self.image("labels/cells", version, levels=levels, downsample="mode", pixels=pixels)
        self.group("labels", {"labels": ["cells"]}, version)

        def mark(document: Any) -> None:
            ours = document["attributes"]["ome"] if version == "0.5" else document
            ours["image-label"] = {
                "version": version, "colors": [{"label-value": 1}], "source": {"image": "../../"}
            }  # fmt: skip
            ours.pop("omero", None)

        self.change(f"labels/cells/{'zarr.json' if version == '0.5' else '.zattrs'}", mark)

    def plate(self, version: str = "0.5") -> None:
        """Write a plate of two wells and three fields."""
        wells = [
            {"path": "A/1", "rowIndex": 0, "columnIndex": 0}, {"path": "B/2", "rowIndex": 1, "columnIndex": 1}
        ]  # fmt: skip
        plate = {
            "version": version, "name": "p", "field_count": 2, "rows": [{"name": "A"}, {"name": "B"}],
            "columns": [{"name": "1"}, {"name": "2"}], "wells": wells,
            "acquisitions": [{"id": i, "name": f"{i}", "maximumfieldcount": 1} for i in range(2)],
        }  # fmt: skip
        self.group("", {"plate": plate}, version)
        for well, fields in (("A/1", 2), ("B/2", 1)):
            self.group(well[0], None, version)
            images = [{"path": str(i), "acquisition": i} for i in range(fields)]
            self.group(well, {"well": {"version": version, "images": images}}, version)
            for i in range(fields):
                self.image(f"{well}/{i}", version)

    def collection(self) -> None:
        """Write two series with their OME-XML."""
        self.group("", {"bioformats2raw.layout": 3})
        self.group("OME", {"series": ["0", "1"]})
        image = "<Image ID='Image:{0}'><Pixels ID='Pixels:{0}'><MetadataOnly/></Pixels></Image>"
        namespace = "http://www.openmicroscopy.org/Schemas/OME/2016-06"
        inner = "".join(image.format(i) for i in range(2))
        self.write("OME/METADATA.ome.xml", f"<OME xmlns='{namespace}'>{inner}</OME>")
        for i in range(2):
            self.image(str(i))


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """Return an empty hierarchy."""
    return Tree(tmp_path / "a.ome.zarr")
