"""The verdict ``schema`` is that of the official schemas, for documents that nobody thought of."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.conformance.official import Case, cases, validator

from zarrscope.spec.rules import RULES
from zarrscope.spec.versions import decode, detect

SUITES: dict[tuple[str, str], list[Case]] = {}
for one in cases():
    if one.attributes is not None and (one.zarr_format == 2) == (one.version < "0.5"):
        SUITES.setdefault((one.version, one.kind), []).append(one)

WORDS = st.sampled_from(
    ["", "0.4", "0.5", "0.6rc0", "A", "A/1", "a b", "..", "__a", "x", "y", "z", "space", "time", "channel",
     "array", "scale", "translation", "identity", "sequence", "affine", "rotation", "mapAxis", "projectAxis",
     "byDimension", "bijection", "displacements", "linear", "cubic", "FF0000", "path", "name", "type",
     "axes", "version", "input", "output", "unit", "discrete", "rgba", "label-value", "transformations"]
)  # fmt: skip
NUMBERS = st.sampled_from([-1, 0, 1, 1.0, 2, 0.5, 3, 4, 5, 255, 256, 1e300, 10**30])
LEAVES = st.one_of(WORDS, NUMBERS, st.booleans(), st.none(), st.just([]), st.just({}))
VALUES = st.recursive(
    LEAVES, lambda x: st.lists(x, max_size=3) | st.dictionaries(WORDS, x, max_size=3), max_leaves=5
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the paths of all values below one."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [(*path, key) for key, _ in items] + [p for k, v in items for p in places(v, (*path, k))]


def held(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


@st.composite
def mutated(draw: st.DrawFn, version: str, kind: str) -> dict[str, Any]:
    known = SUITES[version, kind]
    sound = [case for case in known if case.valid]
    document = copy.deepcopy(draw(st.sampled_from(sound) | st.sampled_from(known)).attributes)
    assert document is not None
    for _ in range(draw(st.integers(1, 3))):
        there = places(document)
        if not there:
            break
        path = draw(st.sampled_from(there))
        parent, key = held(document, path[:-1]), path[-1]
        step = draw(st.sampled_from(["replace", "remove", "copy", "twice", "insert", "rename"]))
        if step == "replace":
            parent[key] = draw(VALUES)
        elif step == "remove":
            del parent[key]
        elif step == "copy":
            parent[key] = copy.deepcopy(held(document, draw(st.sampled_from(there))))
        elif isinstance(parent, list):
            parent.insert(key, copy.deepcopy(parent[key]) if step == "twice" else draw(VALUES))
        elif step == "rename":
            parent[draw(WORDS)] = parent.pop(key)
        else:
            parent[draw(WORDS)] = draw(VALUES)
    return document


def ours(document: dict[str, Any], case: Case) -> bool:
    """Return our verdict, but for what the suites test and the schemas cannot (see the errata)."""
    report = decode(document, zarr_format=2 if case.version < "0.5" else 3, kind=case.kind)[1]
    only_suite = {n for n, r in RULES.items() if case.version in r.suite.split()}
    return not any("schema" in p.fails and p.rule not in only_suite for p in report.problems)


@pytest.mark.parametrize(("version", "kind"), sorted(SUITES))
@given(data=st.data())
def test_mutations(version: str, kind: str, data: st.DataObject) -> None:
    document = data.draw(mutated(version, kind))
    first = SUITES[version, kind][0]
    claimed = {"0.6": "0.6rc0"}.get(version, version)
    assume(detect(document, 2 if version < "0.5" else 3) == claimed)
    assert ours(document, first) == validator(version, kind).is_valid(document)
