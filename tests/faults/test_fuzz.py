"""Random input ends in our errors only: mutated by hypothesis always, and by atheris where it is installed.

Runs of each target: 300 with hypothesis and 3,000 with atheris; 20,000 and 500,000 with ZARRSCOPE_PROOF=1.
The seed is that of the whole run, which pytest prints at its start.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.conftest import PROOF
from tests.faults.fuzzing import ROOT, TARGETS, clean, seeds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EXAMPLES = 20_000 if PROOF else 300
RUNS = 500_000 if PROOF else 3_000
TIMEOUT = 3600 if PROOF else 120

WORDS = st.sampled_from(
    """version multiscales axes datasets path coordinateTransformations type scale translation name unit omero
    channels window color plate wells rows columns well images labels image-label colors label-value rgba
    series ome attributes coordinateSystems input output
    affine rotation sequence transformations space 0.4 0.5 0.6 x y
    zarr_format node_type shape chunks dtype data_type compressor filters codecs fill_value chunk_grid
    chunk_key_encoding configuration chunk_shape id regular default bytes <u2 order dimension_separator group
    array storage_transformers dimension_names uint8""".split()
)
NUMBERS = st.one_of(
    st.integers(-3, 5), st.integers(), st.floats(), st.sampled_from([1 << 63, 1e308, 2**53 + 1])
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, st.text(max_size=5), WORDS),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(WORDS, inner, max_size=5)),
    max_leaves=30,
)
EDITS = st.lists(
    st.tuples(
        st.sampled_from(["set", "insert", "delete", "cut", "repeat", "full"]),
        st.floats(0, 1),
        st.binary(min_size=1, max_size=9),
    ),
    min_size=1,
    max_size=6,
)


def mutated(data: bytes, edits: list[tuple[str, float, bytes]]) -> bytes:
    """Return data with a few changes at places given as parts of the whole."""
    for what, where, piece in edits:
        at = int(where * len(data))
        if what == "set":
            data = data[:at] + piece + data[at + len(piece) :]
        elif what == "insert":
            data = data[:at] + piece + data[at:]
        elif what == "delete":
            data = data[:at] + data[at + len(piece) :]
        elif what == "cut":
            data = data[:at]
        elif what == "repeat":
            data = data[:at] + data[at : at + 60] * 2 + data[at + 60 :]
        else:
            data = data[:at] + b"\xff" * len(piece) + data[at + len(piece) :]
    return data


@pytest.fixture(scope="module", autouse=True)
def tidy() -> Iterator[None]:
    yield
    clean()


@pytest.mark.parametrize("target", TARGETS)
def test_seeds_are_sound(target: str) -> None:
    for data in seeds(target):
        TARGETS[target](data)


@pytest.mark.parametrize("target", TARGETS)
@given(data=st.data())
@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
def test_mutations(target: str, data: st.DataObject) -> None:
    TARGETS[target](mutated(data.draw(st.sampled_from(seeds(target))), data.draw(EDITS)))


@pytest.mark.parametrize("target", ["key", "xml", "zip", "chunk"])
@given(data=st.binary(max_size=300))
@settings(max_examples=EXAMPLES)
def test_any_bytes(target: str, data: bytes) -> None:
    TARGETS[target](data)


@given(VALUES)
@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
def test_any_document(value: object) -> None:
    TARGETS["model"](json.dumps(value).encode())


@given(
    st.lists(st.sampled_from(["a", "/", ".", "..", "\\", "%2e", "\0", "\u2025", "~", ":", " "]), max_size=9)
)
@settings(max_examples=EXAMPLES)
def test_any_key(parts: list[str]) -> None:
    TARGETS["key"]("".join(parts).encode())


@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="atheris is not installed here")
@pytest.mark.parametrize("target", TARGETS)
def test_what_coverage_finds(target: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    seed = int(request.config.getoption("hypothesis_seed")) % (1 << 31) or 1
    limits = [
        f"-runs={RUNS}",
        f"-seed={seed}",
        "-timeout=10",
        "-max_len=4096",
        "-rss_limit_mb=1024",
        f"-artifact_prefix={tmp_path}/",
    ]
    run = subprocess.run(
        [sys.executable, "-m", "tests.faults.fuzzing", target, str(corpus), *limits],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=TIMEOUT, errors="replace",
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])},
    )  # fmt: skip
    assert run.returncode == 0, (run.stdout + run.stderr)[-3000:]
    assert f"Done {RUNS} runs" in run.stderr
