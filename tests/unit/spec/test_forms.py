"""Forms: each piece is told where it stands, and equality is that of JSON."""

from __future__ import annotations

from typing import Any

import pytest

from zarrscope.spec import forms
from zarrscope.spec.forms import Form, Notes, escaped, kind_of, same

RULE = "multiscales/object"
OTHER = "multiscales/list"
CASES: list[tuple[Form, Any, list[tuple[str, str]]]] = [
    (forms.text(RULE), "a", []),
    (forms.text(RULE), 5, [("/x", RULE)]),
    (forms.text(RULE, least=OTHER), "", [("/x", OTHER)]),
    (forms.text(RULE, choices=("a",), pattern_rule=OTHER), "b", [("/x", OTHER)]),
    (forms.numeric(RULE), True, [("/x", RULE)]),
    (forms.numeric(RULE, above=0, above_rule=OTHER), 0.0, [("/x", OTHER)]),
    (forms.whole(RULE), 1.0, []),
    (forms.whole(RULE), 1.5, [("/x", RULE)]),
    (forms.whole(RULE, least=0, range_rule=OTHER), -1, [("/x", OTHER)]),
    (forms.whole(RULE, most=3), 4, [("/x", RULE)]),
    (forms.flag(RULE), 1, [("/x", RULE)]),
    (forms.items(RULE, forms.flag(OTHER)), [True, 5], [("/x/1", OTHER)]),
    (forms.items(RULE, forms.flag(OTHER)), {}, [("/x", RULE)]),
    (forms.items(RULE, forms.anything, least=1), [], [("/x", RULE)]),
    (forms.items(RULE, forms.anything, most=1, count_rule=OTHER), [1, 2], [("/x", OTHER)]),
    (forms.items(RULE, forms.anything, unique=OTHER), [{"a": 1}, {"a": 1.0}], [("/x/1", OTHER)]),
    (forms.items(RULE, forms.anything, unique=OTHER), [1, True, "1", [1], None], []),
    (forms.members(RULE, {"a/b": forms.flag(OTHER)}), {"a/b": 5}, [("/x/a~1b", OTHER)]),
    (forms.members(RULE, {}, {"a": OTHER}), {}, [("/x", OTHER)]),
    (forms.members(RULE, {"unit": forms.anything}), {"Units": 1}, [("/x/Units", "document/spelling")]),
]


@pytest.mark.parametrize(("form", "value", "expected"), CASES)
def test_forms(form: Form, value: Any, expected: list[tuple[str, str]]) -> None:
    notes = Notes("0.4")
    form(value, "/x", notes)
    assert [(p.location, p.rule) for p in notes.problems] == expected


def test_pointers_are_escaped() -> None:
    assert escaped("a/b~c") == "a~1b~0c"


def test_messages_stay_short() -> None:
    assert kind_of("a" * 1000).endswith("...")
    assert kind_of(10**5000) == "a huge number"
    assert [kind_of(x) for x in (None, True, {}, [], 5)] == ["null", "true", "an object", "a list", "5"]


def test_equality_is_that_of_json() -> None:
    assert same(1, 1.0) and same({"a": [1, 2]}, {"a": [1.0, 2]})
    assert not same(1, True) and not same([1, 2], [2, 1]) and not same("1", 1)


def test_rules_of_other_versions_are_passed_over() -> None:
    notes = Notes("0.3")
    forms.text("axes/name")(5, "", notes)  # since 0.4
    assert notes.problems == []
