"""Validating a plate of 96 wells, 2 fields, 2 levels (681 documents), against json.loads and yaozarrs."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from itertools import product
from pathlib import Path

from measure import BENCH, OUT, environment, fresh, in_turn, report

EXAMPLE = "example: python bench/validate.py --repeat 9"
ROWS, COLUMNS = "ABCDEFGH", range(1, 13)


def main():
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE)
    parser.add_argument("--repeat", type=int, default=5, help="processes of each")
    parser.add_argument("--fields", type=int, default=2)
    parser.add_argument("--levels", type=int, default=2)
    parser.add_argument("--out", type=Path, default=OUT)
    chosen = parser.parse_args()
    place = fresh(chosen.out / "plate.ome.zarr")
    plate(place, chosen.fields, chosen.levels)
    subjects = {
        "json.loads": [sys.executable, BENCH / "validators" / "read.py", place],
        "zarrscope, documents": [sys.executable, BENCH / "validators" / "ours.py", place, "documents"],
        "zarrscope": [sys.executable, BENCH / "validators" / "ours.py", place, "structure"],
    }
    if peer := environment("yaozarrs"):
        subjects["yaozarrs"] = [peer, BENCH / "validators" / "yao.py", place]
    used = in_turn(subjects, chosen.repeat)
    base = used["json.loads"].said["cpu"]
    rows = [
        {
            "what": name,
            "documents": usage.said["documents"],
            "ms": usage.said["cpu"] * 1000,
            "times_json": usage.said["cpu"] / base,
            "whole_process_s": usage.cpu,
        }
        for name, usage in used.items()
    ]
    shutil.rmtree(place)
    report("validate a plate: CPU within a warm process (smallest of 9 runs), and of a whole process", rows)


def plate(root, fields, levels):
    """Write the documents of a plate, with the standard library alone; there are no chunks."""
    wells = [
        {"path": f"{row}/{column:02}", "rowIndex": i, "columnIndex": j}
        for (i, row), (j, column) in product(enumerate(ROWS), enumerate(COLUMNS))
    ]
    described = {
        "version": "0.5",
        "name": "bench",
        "field_count": fields,
        "acquisitions": [{"id": 0, "name": "first", "maximumfieldcount": fields}],
        "rows": [{"name": row} for row in ROWS],
        "columns": [{"name": f"{column:02}"} for column in COLUMNS],
        "wells": wells,
    }
    group(root, {"plate": described})
    for row in ROWS:
        group(root / row, None)
    for number, well in enumerate(wells):
        images = [{"path": str(field), "acquisition": 0} for field in range(fields)]
        group(root / well["path"], {"well": {"version": "0.5", "images": images}})
        for field in range(fields):
            image(root / well["path"] / str(field), f"{well['path']} field {field}", number, levels)


def image(root, name, number, levels):
    """Write the documents of one image; no two are alike."""
    axes = [{"name": "c", "type": "channel"}]
    axes += [{"name": axis, "type": "space", "unit": "micrometer"} for axis in "yx"]
    datasets = [
        {
            "path": str(level),
            "coordinateTransformations": [
                {"type": "scale", "scale": [1.0, 0.65 * 2**level, 0.65 * 2**level]},
                {"type": "translation", "translation": [0.0, 0.325 * (2**level - 1), 0.325 * (2**level - 1)]},
            ],
        }
        for level in range(levels)
    ]
    window = {"min": 0, "max": 65535, "start": 100, "end": 4000 + number}
    shown = {"color": "00FF00", "active": True, "window": window}
    channels = [{"label": label, **shown} for label in ("DAPI", "GFP")]
    made = {"type": "mean", "metadata": {"method": "mean"}}
    multiscale = {"name": name, **made, "axes": axes, "datasets": datasets}
    group(root, {"multiscales": [multiscale], "omero": {"channels": channels}})
    for level in range(levels):
        array = {
            "zarr_format": 3,
            "node_type": "array",
            "shape": [2, 2160 >> level, 2560 >> level],
            "data_type": "uint16",
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [1, 1080, 1280]}},
            "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
            "fill_value": 0,
            "codecs": [
                {"name": "bytes", "configuration": {"endian": "little"}},
                {"name": "zstd", "configuration": {"level": 1, "checksum": False}},
            ],
            "attributes": {},
            "dimension_names": ["c", "y", "x"],
        }
        write(root / str(level), array)


def group(folder, ome):
    attributes = {} if ome is None else {"ome": {"version": "0.5", **ome}}
    write(folder, {"zarr_format": 3, "node_type": "group", "attributes": attributes})


def write(folder, document):
    folder.mkdir(parents=True)
    (folder / "zarr.json").write_text(json.dumps(document, indent=2))


if __name__ == "__main__":
    main()
