"""All official cases of all versions: our verdicts, and what explains every difference."""

from __future__ import annotations

from collections import Counter

import pytest
from tests.conformance.official import Case, cases

from zarrscope.spec.errata import errata
from zarrscope.spec.versions import decode

ALL = list(cases())
COUNTS = {"0.1": 26, "0.2": 14, "0.3": 20, "0.4": 92, "0.5": 86, "0.6": 228}


def test_every_case_is_here() -> None:
    assert Counter(case.version for case in ALL) == COUNTS
    assert sum(case.is_stale for case in ALL) == 10


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in ALL])
def test_verdicts(case: Case) -> None:
    attributes = case.attributes
    if attributes is None:  # no JSON, which the validator tells
        assert not case.valid
        return
    _, report = decode(attributes, zarr_format=case.zarr_format, kind=case.kind)
    verdict = report.passes("strict" if case.strict else "schema")
    assert verdict == (case.valid and not case.is_stale), str(report)
    if report.passes("spec") == case.valid or case.strict:
        return
    # where the text says otherwise, a line of the errata says so
    version = case.version
    verdicts = {"spec"} if case.valid else {"schema"}
    blamed = {p.rule for p in report.problems if p.fails & verdicts}
    explained = {one.rule for one in errata() if version in one.versions}
    assert case.is_stale or blamed <= explained, blamed - explained
