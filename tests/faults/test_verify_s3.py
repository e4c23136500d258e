"""Verification, strict reading and repair on an object store, against a real S3 server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile

import zarrscope
from zarrscope.check.repair import accept, repair
from zarrscope.errors import CorruptDataError
from zarrscope.store.resolve import resolve_writable

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.servers import S3

PIXELS = np.random.default_rng(3).integers(1, 999, (2, 60, 70), dtype="u2")


def test_lost_changed_and_put_back(s3_moto: S3, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    address = s3_moto.use(monkeypatch)
    tifffile.imwrite(tmp_path / "a.tif", PIXELS, imagej=True, metadata={"axes": "ZYX"})
    options = zarrscope.ConvertOptions(
        pyramid=zarrscope.PlanOptions(chunks={"z": 1, "y": 32, "x": 32}, levels=2)
    )
    for place in (f"{address}/a.ome.zarr", tmp_path / "good.ome.zarr"):
        zarrscope.convert(tmp_path / "a.tif", place, options)
    url = f"{address}/a.ome.zarr"
    for against in (None, tmp_path / "a.tif", tmp_path / "good.ome.zarr"):
        assert zarrscope.verify(url, against).same
    assert zarrscope.verify(tmp_path / "good.ome.zarr", url).same
    store = resolve_writable(url)
    keys = [key for key in store.list() if key.rpartition("/")[2].isdecimal() and not key.startswith(".")]
    lost, changed = keys[0], keys[-1]
    store.delete(lost)
    store.put(changed, b"!" + bytes(store.get(changed))[1:])
    store.put("stranger", b"")
    expected = {(changed, "differs"), (lost, "missing"), ("stranger", "extra")}
    for against in (None, tmp_path / "good.ome.zarr"):
        assert {(one.file, one.status) for one in zarrscope.verify(url, against).files} == expected
    with pytest.raises(CorruptDataError, match=f"{lost} is lost") as error:
        zarrscope.open(url).levels[0][...]
    assert s3_moto.secret_key not in str(error.value)
    result = repair(url, tmp_path / "good.ome.zarr")
    assert [(one.file, one.status) for one in result.files] == [("stranger", "extra")]
    assert accept(url).same
    assert zarrscope.verify(url).same
    assert np.array_equal(zarrscope.open(url).levels[0][...], PIXELS)
