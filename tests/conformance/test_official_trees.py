"""The official trees of 0.6 through the front door, as the official driver calls it: a path, and no more."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from tests.conformance.official import CONFORMANCE, FOLDERS, cases

from zarrscope.cli.main import main

TESTS = CONFORMANCE / FOLDERS["0.6"] / "tests"


@pytest.mark.parametrize(
    ("strict", "right"), [(False, {"attributes": 130, "zarr": 67}), (True, {"attributes": 13, "zarr": 8})]
)
def test_the_command_judges_as_the_suites_do(
    strict: bool, right: dict[str, int], capsys: pytest.CaptureFixture[str]
) -> None:
    asked = [case for case in cases() if case.version == "0.6" and case.strict == strict]
    places = [str(TESTS / case.name.removeprefix("0.6/").removesuffix("/zarr.json")) for case in asked]
    code = main(["validate", *places, "--json", "--verdict", "strict" if strict else "schema"])
    assert code == 1
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["path"] for one in said] == places
    agreed = Counter(case.form for case, one in zip(asked, said, strict=True) if one["valid"] == case.valid)
    assert agreed == right
    for case, one in zip(asked, said, strict=True):
        assert one["valid"] == case.valid or case.is_stale
        if case.is_stale:
            assert "0.6.dev3" in " ".join(p["message"] for p in one["problems"])


def test_what_is_not_there_breaks_the_text(capsys: pytest.CaptureFixture[str]) -> None:
    tree = TESTS / "zarr" / "strict" / "valid" / "well" / "strict_acquisitions.ome.zarr"
    assert main(["validate", str(tree), "--json", "--verdict", "strict"]) == 0
    assert "judged the document alone" in json.loads(capsys.readouterr().out)["unchecked"][0]
    assert main(["validate", str(tree), "--json"]) == 1
    assert "there is no image" in json.loads(capsys.readouterr().out)["message"]
