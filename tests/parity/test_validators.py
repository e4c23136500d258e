"""Another validator, yaozarrs, in an environment of its own: where it and we must agree."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import zarrscope
from zarrscope.check.validate import validate
from zarrscope.convert.upgrade import upgrade

if TYPE_CHECKING:
    from collections.abc import Callable

SCRIPT = Path(__file__).resolve().parents[1] / "judges" / "yaozarrs.py"
AXES = ("yx", "zyx", "cyx", "tyx", "tczyx")
SIZES = {"t": 2, "c": 2, "z": 3, "y": 300, "x": 270}
STRICTER = {"fiji-java/bf2raw_dataset_v5.ome.zarr"}
"""Stores in which we find more: its OME-XML has TiffData, which yaozarrs does not look at."""

LAXER = "labels-group.labels List should have at least 1 item"
"""yaozarrs wants a list of labels to have an entry; the text does not."""


@pytest.fixture(scope="module")
def ask(judge: Callable[[str], Path]) -> Callable[[list[Path]], dict[str, str]]:
    python = judge("yaozarrs")

    def answers(stores: list[Path]) -> dict[str, str]:
        asked = json.dumps([str(store) for store in stores])
        run = subprocess.run([python, SCRIPT], input=asked, capture_output=True, text=True, check=True)
        found: dict[str, str] = json.loads(run.stdout)["answers"]
        return found

    return answers


def test_what_we_write_is_valid(ask: Callable[[list[Path]], dict[str, str]], tmp_path: Path) -> None:
    stores = []
    for version in ("0.4", "0.5"):
        for axes in AXES:
            place = tmp_path / f"{axes}-{version}.ome.zarr"
            zarrscope.write(np.zeros([SIZES[a] for a in axes], "u2"), place, axes=axes, version=version)
            stores.append(place)
        new = tmp_path / f"upgraded-{version}.ome.zarr"
        if version == "0.5":
            upgrade(tmp_path / "tczyx-0.4.ome.zarr", to="0.5", out=new)
            stores.append(new)
    assert set(ask(stores).values()) == {""}
    assert all(validate(store).valid for store in stores)


def test_what_it_rejects_we_reject(ask: Callable[[list[Path]], dict[str, str]], shared: Path) -> None:
    known = [path for form in ("zarr.json", ".zattrs") for path in (shared / "data").rglob(form)]
    roots = sorted({p.parent for p in known if p.parent.name.endswith(".zarr")})
    stores = [root for root in roots if validate(root).version in ("0.4", "0.5")]
    assert len(stores) > 10
    for store, complaint in ask(stores).items():
        ours = validate(store)
        assert not (complaint and ours.valid) or LAXER in " ".join(complaint.split()), f"{store}: {complaint}"
        if not complaint and not ours.valid:
            assert any(store.endswith(known) for known in STRICTER), f"{store}: {ours}"
