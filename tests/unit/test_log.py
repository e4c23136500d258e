"""The log: one line or one object for each event, and never a secret in it."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from typing import TYPE_CHECKING
from unittest.mock import patch

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st

from zarrscope import log

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

letters = st.characters(codec="utf-8", exclude_characters="\0*", exclude_categories=("Cs",))
words = st.text(letters, min_size=6, max_size=20)
names = st.sampled_from(
    ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_SAS_KEY",
     "AZURE_STORAGE_KEY", "AZURE_STORAGE_MASTER_KEY", "AZURE_STORAGE_CONNECTION_STRING",
     "MY_PASSWORD", "token", "HTTP_SECRET", "PROXY_PASSWORD"]
)  # fmt: skip
plain = st.text("abcdefXYZ0189-._~!$&'()+,;=%", min_size=6, max_size=24)
schemes = st.sampled_from(["https", "s3", "gs", "az", "http", "abfs+x"])


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    yield
    log.setup()


@given(st.dictionaries(names, words, min_size=1), st.lists(words, max_size=3), st.data())
def test_no_secret_of_the_environment_is_shown(
    secrets: dict[str, str], others: list[str], data: st.DataObject
) -> None:
    parts = data.draw(st.permutations([*secrets.values(), *others, "https://u@h/p?q", " "]))
    text = data.draw(st.sampled_from(["", " ", "/", "?"])).join(parts)
    with patch.dict(os.environ, secrets):
        shown = log.redacted(text)
        line = log._Objects().format(_record("happened", place=text, more={"deep": [text]}))
    told = json.loads(line)
    for secret in secrets.values():
        assert secret not in shown
        assert secret not in told["place"]
        assert secret not in told["more"]["deep"][0]


@given(schemes, plain, plain, plain, st.sampled_from(["", "'", '"', "("]))
def test_no_userinfo_and_no_query(scheme: str, user: str, password: str, query: str, around: str) -> None:
    host = "bucket.example.org/a/b.zarr"
    text = f"see {around}{scheme}://{user}:{password}@{host}?{query}{around} there"
    shown = log.redacted(text)
    assert f"{scheme}://{host}" in shown
    assert shown.startswith(f"see {around}")
    assert shown.endswith(" there")
    for hidden in (f"{user}:", f":{password}", f"@{host}", f"?{query}", query):
        assert hidden not in shown.replace(host, "")


def test_addresses_whatever_stands_in_them() -> None:
    for address in ("https://me:pa@ss@host/a?sig=1", "https://host/it's?sig=1", "https://me@host/a#sig=1",
                    'https://host/a?x="sig=1', "https://host?sig=1"):  # fmt: skip
        shown = log.redacted(f"{address} failed")
        assert "sig" not in shown
        assert "me" not in shown
        assert "ss@" not in shown
        assert shown.endswith(" failed")
    for harmless in ("a question? yes", "C# and F#", "user@example.org", "/data/a?b#c", "s3://bucket/a@b/c"):
        assert log.redacted(harmless) == harmless


def test_short_values_and_names_of_no_secrets_stay() -> None:
    with patch.dict(
        os.environ, {"MY_TOKEN": "short", "AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "AKIA1234"}
    ):
        text = "a short way to eu-central-1 by AKIA1234"
        assert log.redacted(text) == text


def test_one_secret_may_begin_with_another() -> None:
    with patch.dict(os.environ, {"A_TOKEN": "abcdef", "B_TOKEN": "abcdefghijkl"}):
        assert log.redacted("x abcdefghijkl y abcdef z") == "x *** y *** z"


def _record(message: str, level: int = logging.INFO, **fields: object) -> logging.LogRecord:
    record = logging.LogRecord("zarrscope", level, "file", 1, message, (), None)
    record.fields = fields
    return record


def test_objects_are_json_a_line_each(tmp_path: Path) -> None:
    file = tmp_path / "log.jsonl"
    log.setup(json_file=str(file))
    log.info("begins", place='a "b"\nc', units=3, share=0.5, yes=True, none=None, path=tmp_path)
    log.debug("journal", segment="000000.units")
    log.event(logging.ERROR, "failed", told="äö")
    try:
        raise ValueError("https://u:p@host/?secret")
    except ValueError:
        log.LOGGER.exception("broke")
    log.setup()
    log.info("nobody hears this")
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert [line["message"] for line in lines] == ["begins", "journal", "failed", "broke"]
    assert [line["level"] for line in lines] == ["info", "debug", "error", "error"]
    assert {line["run"] for line in lines} == {log.run_id()}
    assert lines[0] | {"time": "", "run": ""} == {
        "time": "", "level": "info", "run": "", "message": "begins", "place": 'a "b"\nc', "units": 3,
        "share": 0.5, "yes": True, "none": None, "path": str(tmp_path),
    }  # fmt: skip
    assert lines[2]["told"] == "äö"
    assert lines[3]["error"] == "https://host/"
    assert lines[0]["time"].endswith("Z")
    assert len(lines[0]["time"]) == len("2024-01-02T03:04:05.678Z")


@pytest.mark.parametrize(("verbose", "seen"), [(0, []), (1, ["one", "three"]), (2, ["one", "two", "three"])])
def test_levels(capsys: pytest.CaptureFixture[str], verbose: int, seen: list[str]) -> None:
    log.setup(verbose)
    log.info("one", size=1)
    log.debug("two", size=2)
    log.event(logging.WARNING, "three", place="https://me@host/x?y")
    lines = capsys.readouterr().err.splitlines()
    assert [line.split()[2] for line in lines] == seen
    for line in lines:
        assert line.split()[1] == log.run_id()
    if seen:
        assert lines[0].endswith("one size=1")
        assert lines[-1].endswith("three place=https://host/x")


def test_a_run_has_one_id() -> None:
    assert log.run_id() == log.run_id()
    assert len(log.run_id()) == 12
    int(log.run_id(), 16)


def test_a_whole_run_tells_of_itself(tmp_path: Path) -> None:
    """Its id stands in every line, and in the record that stays with the result."""
    tifffile.imwrite(tmp_path / "a.tif", np.arange(6400, dtype="u2").reshape(80, 80))
    done = subprocess.run(
        [sys.executable, "-m", "zarrscope", "convert", tmp_path / "a.tif", tmp_path / "a.zarr", "-v",
         "--log-json", tmp_path / "log.jsonl"],
        capture_output=True, text=True, check=True, env={**os.environ, "MY_SECRET": str(tmp_path)},
    )  # fmt: skip
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [line["message"] for line in lines if line["level"] == "info"] == ["begins", "finished"]
    (run,) = {line["run"] for line in lines}
    record = json.loads((tmp_path / "a.zarr/.zarrscope/zarr.json").read_text())["attributes"]["zarrscope"]
    assert record["run"]["id"] == run
    assert record["run"]["units"] == lines[-1]["units"]
    assert run in done.stderr
    assert str(tmp_path) not in (tmp_path / "log.jsonl").read_text()
    assert str(tmp_path) not in done.stderr
